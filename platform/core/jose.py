"""Signed tokens of others (JWS in compact form, RFC 7515): one strict reader for client assertions and ID tokens.

Only asymmetric algorithms are taken, each only with its own kind of key; keys come from the caller, never from the
token's header. What a token claims is checked by `check_times` and by the caller.
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import jwt

TOKEN_LENGTH = 16_384
KEYS_AT_MOST = 40
RSA_BITS = (2048, 8192)
# algorithm -> (key type, curve)
ALGORITHMS = {
    "RS256": ("RSA", ""),
    "PS256": ("RSA", ""),
    "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
Key = Mapping[str, Any]


class TokenRefused(Exception):
    """The token is not taken; the text says why, for the log and for whoever sent it."""


class UnknownKey(TokenRefused):
    """No key fits: the sender may have changed its keys since they were fetched."""


def check_key_set(document: object) -> list[dict[str, Any]]:
    """The public keys of a JWK set (RFC 7517) that we can use. Raises ValueError, also for a private key."""
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, dict) for key in keys):
        raise ValueError("A key set is an object with a list of keys.")
    if len(keys) > KEYS_AT_MOST:
        raise ValueError(f"At most {KEYS_AT_MOST} keys are taken.")
    usable = []
    for key in keys:
        if _PRIVATE & set(key):
            raise ValueError("The set holds a private or secret key: give the public part only.")
        if key.get("use", "sig") != "sig" or not _fitting(key, ALGORITHMS):
            continue
        _loaded(key, _fitting(key, ALGORITHMS)[0])
        usable.append(dict(key))
    if not usable:
        raise ValueError("The set holds no signing key for " + ", ".join(ALGORITHMS) + ".")
    return usable


def verified_claims(
    token: str, keys: Sequence[Key], *, algorithms: Iterable[str] = tuple(ALGORITHMS)
) -> dict[str, Any]:
    """The claims of a token whose signature one of `keys` made. Raises `TokenRefused`, `UnknownKey`."""
    header = _header(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in set(algorithms) & set(ALGORITHMS):
        raise TokenRefused("The signature's algorithm is not among those taken.")
    if "crit" in header or header.get("b64") is False:
        raise TokenRefused("The header asks for an extension that is not known.")
    for key in _candidates(keys, header.get("kid"), algorithm):
        try:
            claims = jwt.decode(
                token,
                key=_loaded(key, algorithm),
                algorithms=[algorithm],
                options={
                    "verify_signature": True, "verify_exp": False, "verify_nbf": False, "verify_iat": False,
                    "verify_aud": False, "verify_iss": False, "verify_sub": False, "verify_jti": False,
                },
            )  # fmt: skip
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise TokenRefused("The token is malformed.") from error
        return dict(claims)
    raise UnknownKey("No key that is known made the signature.")


def check_times(
    claims: Mapping[str, Any], *, moment: datetime, skew: float, lifetime: float
) -> datetime:
    """When the token ends. `exp` must lie ahead, by no more than `lifetime`; `iat` and `nbf` not. Seconds.

    `skew` is how far the two clocks may differ. Raises `TokenRefused`.
    """
    here = moment.timestamp()
    ends = _seconds(claims, "exp")
    if ends is None:
        raise TokenRefused("The token has no time at which it ends.")
    if ends <= here - skew:
        raise TokenRefused("The token has expired.")
    if ends > here + lifetime + skew:
        raise TokenRefused(f"The token may end at most {lifetime:.0f} seconds ahead.")
    for name in ("iat", "nbf"):
        given = _seconds(claims, name)
        if given is not None and given > here + skew:
            raise TokenRefused("The token is from the future: compare the clocks.")
    return datetime.fromtimestamp(ends, moment.tzinfo)


def only_audience(claims: Mapping[str, Any]) -> str:
    """The one audience. Several would let one receiver use the token at another. Raises `TokenRefused`."""
    given = claims.get("aud")
    found = given[0] if isinstance(given, list) and len(given) == 1 else given
    if not isinstance(found, str):
        raise TokenRefused("The token must be meant for exactly one audience.")
    return found


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    given = claims.get(name)
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 2**40:
        raise TokenRefused(f"The claim {name} is no time.")
    return float(given)


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token says, to find out whose keys to ask; nothing of it may be believed. Raises `TokenRefused`."""
    _header(token)
    return _part(token, 1)


def _header(token: str) -> dict[str, Any]:
    if len(token) > TOKEN_LENGTH or token.count(".") != 2 or not token.isascii():
        raise TokenRefused("The token is malformed or too long.")
    return _part(token, 0)


def _part(token: str, place: int) -> dict[str, Any]:
    part = token.split(".")[place]
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError) as error:
        raise TokenRefused("The token is malformed.") from error
    if not isinstance(found, dict):
        raise TokenRefused("The token is malformed.")
    return found


def _fitting(key: Key, algorithms: Iterable[str]) -> list[str]:
    """Algorithms this key may be used with."""
    named = key.get("alg")
    return [
        name
        for name in algorithms
        if (key.get("kty"), key.get("crv", "")) == ALGORITHMS[name]
        and (named is None or named == name)
    ]


def _candidates(keys: Sequence[Key], kid: object, algorithm: str) -> list[Key]:
    """Keys to try: the one named, or all that fit when the token names none."""
    if kid is not None and not isinstance(kid, str):
        raise TokenRefused("The key's name is no text.")
    fitting = [key for key in keys if _fitting(key, [algorithm])]
    return fitting if kid is None else [key for key in fitting if key.get("kid") in (kid, None)]


def _loaded(key: Key, algorithm: str) -> Any:
    """The key as cryptography has it. Raises ValueError for one that is broken or too weak."""
    try:
        loaded = jwt.PyJWK(dict(key), algorithm=algorithm).key
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise ValueError("A key of the set is broken.") from error
    size = getattr(loaded, "key_size", 0)
    if key.get("kty") == "RSA" and not RSA_BITS[0] <= size <= RSA_BITS[1]:
        raise ValueError(f"An RSA key has between {RSA_BITS[0]} and {RSA_BITS[1]} bits.")
    return loaded
