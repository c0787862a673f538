"""Time-based one-time codes: RFC 6238 (TOTP) over RFC 4226 (HOTP), as authenticator apps make them."""

import base64
import hmac
import secrets
from urllib.parse import quote

STEP_SECONDS = 30
DIGITS = 6
# A clock may be off by one step either way, so a code lives 90 seconds at most.
DRIFT_STEPS = 1
SECRET_BYTES = 20


def new_secret() -> bytes:
    """160 random bits, the length RFC 4226 (section 4, R6) recommends."""
    return secrets.token_bytes(SECRET_BYTES)


def code_of_step(secret: bytes, step: int, *, digits: int = DIGITS, algorithm: str = "sha1") -> str:
    """HOTP of a counter (RFC 4226, section 5.3): `digits` decimal digits, zeros in front kept."""
    mac = hmac.digest(secret, step.to_bytes(8, "big"), algorithm)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_at(seconds: float) -> int:
    """The step that a moment (seconds since 1970) lies in."""
    return int(seconds // STEP_SECONDS)


def matching_step(secret: bytes, code: str, *, at: float, after: int) -> int | None:
    """The step whose code this is, within the drift and later than `after`; None when there is none.

    Whoever keeps the step of the last accepted code as `after` takes no code twice (RFC 6238, section 5.2).
    """
    middle = step_at(at)
    found = None
    for step in range(middle - DRIFT_STEPS, middle + DRIFT_STEPS + 1):
        same = hmac.compare_digest(code_of_step(secret, step).encode(), code.encode())
        if same and step > after:
            found = step
    return found


def shown_secret(secret: bytes) -> str:
    """Base32 in groups of four, for typing into an app."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[i : i + 4] for i in range(0, len(text), 4))


def enrolment_uri(secret: bytes, *, issuer: str, account: str) -> str:
    """`otpauth://` address for the square code that apps scan (Google's key URI format)."""
    text = base64.b32encode(secret).decode().rstrip("=")
    label = f"{quote(issuer, safe='')}:{quote(account, safe='@')}"
    return (
        f"otpauth://totp/{label}?secret={text}&issuer={quote(issuer, safe='')}"
        f"&algorithm=SHA1&digits={DIGITS}&period={STEP_SECONDS}"
    )
