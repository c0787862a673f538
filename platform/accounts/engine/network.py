"""The network a visitor comes from: what one outsider has many addresses of counts as one."""

import ipaddress

V4_PREFIX, V6_PREFIX = 24, 64
NOWHERE = "unknown"


def network_of(address: str) -> str:
    """`203.0.113.0/24` or `2001:db8:1:2::/64`; an IPv4 address written as IPv6 counts as IPv4."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return NOWHERE
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    prefix = V4_PREFIX if parsed.version == 4 else V6_PREFIX
    return str(ipaddress.ip_network((parsed, prefix), strict=False))
