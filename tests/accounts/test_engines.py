"""One-time codes against the vectors of RFC 4226 and RFC 6238, delays, networks, recovery codes."""

import pytest

from accounts.engine import one_time_code, recovery
from accounts.engine.network import network_of
from accounts.engine.pacing import Pace, delay_after, tries_within
from accounts.services.attempts import (
    ALL_STRANGERS,
    ALL_STRANGERS_CODE,
    ONE_NETWORK,
    OWN_DEVICE,
    WHOLE_NETWORK,
)

SHA1, SHA256, SHA512 = (b"1234567890" * 7)[:20], (b"1234567890" * 7)[:32], (b"1234567890" * 7)[:64]
# RFC 6238, appendix B.
TOTP = [
    (59, "94287082", "46119246", "90693936"),
    (1111111109, "07081804", "68084774", "25091201"),
    (1111111111, "14050471", "67062674", "99943326"),
    (1234567890, "89005924", "91819424", "93441116"),
    (2000000000, "69279037", "90698825", "38618901"),
    (20000000000, "65353130", "77737706", "47863826"),
]
# RFC 4226, appendix D.
HOTP = [
    "755224",
    "287082",
    "359152",
    "969429",
    "338314",
    "254676",
    "287922",
    "162583",
    "399871",
    "520489",
]
DAY = 86_400.0


@pytest.mark.parametrize(("seconds", "sha1", "sha256", "sha512"), TOTP)
def test_codes_are_those_of_the_standard(seconds, sha1, sha256, sha512):
    step = one_time_code.step_at(seconds)
    given = ((SHA1, "sha1", sha1), (SHA256, "sha256", sha256), (SHA512, "sha512", sha512))
    for secret, algorithm, code in given:
        assert one_time_code.code_of_step(secret, step, digits=8, algorithm=algorithm) == code


def test_counter_codes_are_those_of_the_standard():
    assert [one_time_code.code_of_step(SHA1, count) for count in range(10)] == HOTP


@pytest.mark.parametrize(
    ("off", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_clock_may_be_one_step_off(off, taken):
    at = 1_111_111_111.0
    step = one_time_code.step_at(at) + off
    code = one_time_code.code_of_step(SHA1, step)
    found = one_time_code.matching_step(SHA1, code, at=at, after=0)
    assert found == (step if taken else None)


def test_no_step_is_taken_at_or_before_the_last():
    at = 1_111_111_111.0
    step = one_time_code.step_at(at)
    code = one_time_code.code_of_step(SHA1, step)
    assert one_time_code.matching_step(SHA1, code, at=at, after=step - 1) == step
    assert one_time_code.matching_step(SHA1, code, at=at, after=step) is None
    assert one_time_code.matching_step(SHA1, "½½½½½½", at=at, after=0) is None


def test_enrolment_address_says_what_apps_need():
    uri = one_time_code.enrolment_uri(SHA1, issuer="Alpha & Co", account="a@b.test")
    assert uri == (
        "otpauth://totp/Alpha%20%26%20Co:a@b.test?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
        "&issuer=Alpha%20%26%20Co&algorithm=SHA1&digits=6&period=30"
    )


def test_delays_double_to_the_longest():
    pace = Pace(free=3, first_seconds=2, longest_seconds=10)
    assert [delay_after(pace, n) for n in range(8)] == [0, 0, 0, 2, 4, 8, 10, 10]
    assert delay_after(pace, 10_000) == 10
    # Tries at 0, 0, 0, 2, 6, 14, 24, 34.
    assert [tries_within(pace, s) for s in (0, 1, 2, 13.9, 14, 24, 33.9)] == [3, 3, 4, 5, 6, 7, 7]


def test_the_stated_bounds_of_guessing_hold():
    """The figures of docs/identity.md and THREAT_MODEL.md."""
    assert tries_within(ALL_STRANGERS, DAY) <= 320
    assert tries_within(ALL_STRANGERS_CODE, DAY) <= 120
    assert tries_within(ONE_NETWORK, DAY) <= 115
    assert tries_within(OWN_DEVICE, DAY) <= 305
    assert tries_within(WHOLE_NETWORK, DAY) <= 1_500
    # Three steps are open at any time, so a guess hits with 3 in a million.
    assert tries_within(ALL_STRANGERS_CODE, DAY) * 3e-6 < 0.0004


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_network(address, network):
    assert network_of(address) == network


def test_recovery_codes_are_told_apart_by_owner_and_typed_as_one_likes():
    codes = recovery.new_codes()
    assert len(set(codes)) == 10
    code = codes[0]
    typed = f" {code.lower().replace('-', ' ')} "
    assert recovery.hash_of(typed, owner="1") == recovery.hash_of(code, owner="1")
    assert recovery.hash_of(code, owner="1") != recovery.hash_of(code, owner="2")
