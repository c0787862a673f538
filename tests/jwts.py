"""JSON Web Tokens made by hand from RFC 7515 and RFC 7518, with nothing of the library that reads them."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8, "big"))


@dataclass
class Signer:
    """A key pair: RS256, PS256, ES256 or EdDSA."""

    algorithm: str
    kid: str = "k1"
    bits: int = 2048
    key: Any = field(init=False)

    def __post_init__(self) -> None:
        if self.algorithm in ("RS256", "PS256"):
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=self.bits)
        elif self.algorithm == "ES256":
            self.key = ec.generate_private_key(ec.SECP256R1())
        else:
            self.key = ed25519.Ed25519PrivateKey.generate()

    def public(self) -> dict[str, Any]:
        """The key as a JWK."""
        common = {"kid": self.kid, "alg": self.algorithm, "use": "sig"}
        public = self.key.public_key()
        if self.algorithm in ("RS256", "PS256"):
            numbers = public.public_numbers()
            return {**common, "kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}
        if self.algorithm == "ES256":
            numbers = public.public_numbers()
            point = {"x": number(numbers.x, 32), "y": number(numbers.y, 32)}
            return {**common, "kty": "EC", "crv": "P-256", **point}
        raw = public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return {**common, "kty": "OKP", "crv": "Ed25519", "x": b64(raw)}

    def key_set(self) -> dict[str, Any]:
        return {"keys": [self.public()]}

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        head = {"typ": "JWT", "alg": self.algorithm, "kid": self.kid, **header}
        text = ".".join(b64(json.dumps(part).encode()) for part in (head, claims))
        return f"{text}.{b64(self._signature(text.encode()))}"

    def _signature(self, data: bytes) -> bytes:
        if self.algorithm == "RS256":
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        if self.algorithm == "PS256":
            salted = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
            return self.key.sign(data, salted, hashes.SHA256())
        if self.algorithm == "ES256":
            r, s = decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        return self.key.sign(data)

    def pem(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def unsigned(claims: dict[str, Any], algorithm: str = "none") -> str:
    return f"{b64(json.dumps({'alg': algorithm}).encode())}.{b64(json.dumps(claims).encode())}."


def by_hmac(claims: dict[str, Any], secret: bytes, **header: Any) -> str:
    """HS256: the trick of signing with a public key as the secret."""
    head = {"alg": "HS256", **header}
    text = ".".join(b64(json.dumps(part).encode()) for part in (head, claims))
    return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"
