"""Which addresses of the internet may be called: public unicast ones, said in their plain form."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# IANA's special-purpose registries (RFC 6890 and its updates), and the few public addresses that clouds give
# their metadata services. `is_global` of the standard library knows most; what it has called global in one
# release or another stands here by name.
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
        "168.63.129.16/32",  # Azure's wire server
        "::/96",  # unspecified, loopback, IPv4-compatible
        "::ffff:0:0/96", "::ffff:0:0:0/96",  # IPv4-mapped and -translated
        "64:ff9b::/96", "64:ff9b:1::/48",  # NAT64
        "100::/64", "100:0:0:1::/64",
        "2001::/23",  # Teredo, benchmarking, ORCHID and other protocol assignments
        "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16",
        "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
)  # fmt: skip


def is_public(address: Address) -> bool:
    """True for an address that a call may go to. Forms that wrap an IPv4 address in IPv6 never are."""
    if any(address in network for network in _REFUSED if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


def parse_address(text: str) -> Address:
    """The address as it is written, without a zone; nothing is unwrapped. Raises ValueError."""
    return ip_address(text.partition("%")[0])
