"""No call reaches a private, loopback or metadata address, also after a redirect or a changed DNS answer."""

import socket
from ipaddress import ip_address

import httpcore
import pytest

from core.outgoing import Limits, OutgoingFailed, OutgoingRefused, Policy, call
from core.outgoing.addresses import is_public
from core.outgoing.client import system_resolver
from tests.outgoing.servers import answering, listening

# {} is the trap's port. Names below `.test` are given the address before them by the resolver of the test.
FORMS = [
    "https://127.0.0.1:{}/", "https://127.0.0.1:{}/latest/meta-data", "https://localhost:{}/",
    "https://LOCALHOST:{}/", "https://localhost.:{}/", "https://127.1:{}/", "https://127.0.1:{}/",
    "https://2130706433:{}/", "https://0x7f000001:{}/", "https://0x7f.0.0.1:{}/",
    "https://0177.0.0.1:{}/", "https://017700000001:{}/", "https://127.0.0.1.:{}/",
    "https://127.255.255.254:{}/", "https://0.0.0.0:{}/", "https://0:{}/", "https://[::1]:{}/",
    "https://[::]:{}/", "https://[0:0:0:0:0:0:0:1]:{}/", "https://[::ffff:127.0.0.1]:{}/",
    "https://[::ffff:7f00:1]:{}/", "https://[::127.0.0.1]:{}/", "https://[64:ff9b::127.0.0.1]:{}/",
    "https://[64:ff9b:1::7f00:1]:{}/", "https://[2002:7f00:1::]:{}/", "https://[2001::7f00:1]:{}/",
    "https://[fe80::1]:{}/", "https://[fe80::1%25lo]:{}/", "https://[::1%25lo]:{}/",
    "https://[fc00::1]:{}/", "https://[fd00:ec2::254]:{}/", "https://[ff02::1]:{}/",
    "https://10.0.0.1:{}/", "https://172.16.0.1:{}/", "https://172.31.255.255:{}/",
    "https://192.168.0.1:{}/", "https://169.254.169.254:{}/", "https://169.254.170.2:{}/",
    "https://100.100.100.200:{}/", "https://100.64.0.1:{}/", "https://168.63.129.16:{}/",
    "https://192.0.0.192:{}/", "https://198.18.0.1:{}/", "https://224.0.0.1:{}/",
    "https://255.255.255.255:{}/", "https://240.0.0.1:{}/", "https://user@127.0.0.1:{}/",
    "https://public.test@127.0.0.1:{}/", "https://public.test:443@127.0.0.1:{}/",
    "https://127.0.0.1:{}\\@public.test/", "https://public.test\\@127.0.0.1:{}/",
    "https://public.test#@127.0.0.1:{}/", "https://127.0.0.1%2f:{}/", "https://127。0。0。1:{}/",
    "https://①②⑦.⓪.⓪.①:{}/", "https://127.0.0.1:{}\t/", " https://127.0.0.1:{}/",
    "https:127.0.0.1:{}/", "https:///127.0.0.1:{}/", "//127.0.0.1:{}/", "http://127.0.0.1:{}/",
    "ftp://127.0.0.1:{}/", "gopher://127.0.0.1:{}/_x", "file:///etc/passwd#{}",
    "https://inside.test:{}/", "https://mixed.test:{}/", "https://six.test:{}/",
    "https://mapped.test:{}/", "https://metadata.test:{}/", "https://inside.test:0{}/",
]  # fmt: skip
NAMES = {
    "public.test": ["93.184.216.34"],
    "inside.test": ["127.0.0.1"],
    "mixed.test": ["93.184.216.34", "127.0.0.1"],
    "six.test": ["::1"],
    "mapped.test": ["::ffff:127.0.0.1"],
    "metadata.test": ["169.254.169.254"],
}


def resolve(host: str, port: int):
    if host in NAMES:
        return [ip_address(text) for text in NAMES[host]]
    return system_resolver(host, port)


@pytest.fixture
def no_outside(monkeypatch):
    """Addresses outside are noted, not called: the suite needs no network."""
    tried: list[str] = []
    real = socket.create_connection

    def connect(address, *args, **kwargs):
        tried.append(address[0])
        if not ip_address(address[0]).is_loopback:
            raise OSError("no network in tests")
        return real(address, *args, **kwargs)

    monkeypatch.setattr(socket, "create_connection", connect)
    return tried


def test_there_are_sixty_forms():
    assert len(set(FORMS)) >= 60


@pytest.mark.parametrize("form", FORMS)
def test_form_never_reaches_the_trap(no_outside, form):
    with listening() as trap:
        policy = Policy(ports=frozenset({trap.port, 443}))
        with pytest.raises((OutgoingRefused, OutgoingFailed)):
            call("GET", form.format(trap.port), policy=policy, resolve=resolve)
        assert trap.connections == 0
    assert not [a for a in no_outside if not is_public(ip_address(a))]


def test_no_form_reaches_the_trap_after_a_redirect(no_outside):
    with listening() as trap:
        for form in FORMS:
            place = form.format(trap.port).replace("\t", "%09").encode("utf-8").decode("latin-1")
            with listening(answering("302 Found", Location=place)) as front:
                policy = Policy(
                    ports=frozenset({trap.port, 443}),
                    local_hosts=frozenset({f"127.0.0.1:{front.port}"}),
                )
                with pytest.raises((OutgoingRefused, OutgoingFailed)):
                    call(
                        "GET", f"http://127.0.0.1:{front.port}/", policy=policy, resolve=resolve,
                        limits=Limits(seconds=3, redirects=2),
                    )  # fmt: skip
        assert trap.connections == 0


def test_a_changed_dns_answer_changes_nothing(no_outside):
    """First a public address, from then on the trap: asked once, and connected to what was checked."""
    asked = []

    def changing(host, port):
        asked.append(host)
        return [ip_address("93.184.216.34" if len(asked) == 1 else "127.0.0.1")]

    with listening() as trap:
        policy = Policy(ports=frozenset({trap.port}))
        with pytest.raises(OutgoingFailed):
            call("GET", f"https://changing.test:{trap.port}/", policy=policy, resolve=changing)
        assert (asked, no_outside, trap.connections) == (["changing.test"], ["93.184.216.34"], 0)


def test_the_trap_works(monkeypatch):
    """Without the check the trap is reached: the tests above can fail."""
    monkeypatch.setattr("core.outgoing.client.is_public", lambda address: True)
    with listening() as trap:
        policy = Policy(ports=frozenset({trap.port}))
        with pytest.raises((OutgoingFailed, httpcore.ConnectError)):
            call("GET", f"https://127.0.0.1:{trap.port}/", policy=policy)
        assert trap.connections == 1


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("8.8.8.8", True), ("93.184.216.34", True), ("2606:2800:220:1::1", True),
        ("172.15.255.255", True), ("172.32.0.0", True), ("9.255.255.255", True), ("11.0.0.0", True),
        ("100.63.255.255", True), ("100.128.0.0", True), ("192.167.255.255", True),
        ("172.16.0.0", False), ("172.31.255.255", False), ("100.127.255.255", False),
        ("2001:db8::1", False), ("::ffff:8.8.8.8", False), ("64:ff9b::808:808", False),
        ("2002:808:808::", False), ("2001:0:808:808::", False), ("::8.8.8.8", False),
    ],
)  # fmt: skip
def test_borders_of_the_refused_networks(text, public):
    assert is_public(ip_address(text)) is public
