"""Whom a request came from: `X-Forwarded-For` is believed only from proxies that are listed."""

from ipaddress import ip_address

import pytest
from django.test import RequestFactory

from core.client_address import client_address, is_in, networks

PROXIES = ["10.0.0.0/8", "fd00::/8"]


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "expected"),
    [
        ([], "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ([], "10.0.0.1", "198.51.100.1", "10.0.0.1"),
        (PROXIES, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (PROXIES, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        # What the caller wrote stands left of what the proxy saw.
        (PROXIES, "10.0.0.1", "192.0.2.1, 198.51.100.1", "198.51.100.1"),
        (PROXIES, "10.0.0.1", "192.0.2.1, 198.51.100.1, 10.2.3.4", "198.51.100.1"),
        (PROXIES, "10.0.0.1", "", "10.0.0.1"),
        (PROXIES, "10.0.0.1", "nonsense", None),
        (PROXIES, "fd00::1", "[2001:db8::7]:443", "2001:db8::7"),
        (PROXIES, "::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        (PROXIES, "10.0.0.1", "198.51.100.1:5000", "198.51.100.1"),
        (PROXIES, "", "198.51.100.1", None),
    ],
)
def test_client_address(settings, proxies, remote, forwarded, expected):
    settings.TRUSTED_PROXIES = proxies
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().get("/", REMOTE_ADDR=remote, **headers)
    assert client_address(request) == (ip_address(expected) if expected else None)


def test_unknown_address_is_in_no_network():
    listed = networks(("198.51.100.0/24", "2001:db8::/32"))
    assert is_in(ip_address("198.51.100.255"), listed)
    assert is_in(ip_address("2001:db8::1"), listed)
    assert not is_in(ip_address("198.51.101.0"), listed)
    assert not is_in(None, listed)
