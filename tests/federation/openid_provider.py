"""A small OpenID provider in a process of its own, honest or lying as it is told.

    python -m tests.federation.openid_provider      # prints its port; POST /control sets what it does

It stands on nothing of the code under test: tokens are made by hand (`tests.jwts`).
"""

import base64
import hashlib
import json
import secrets
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

from tests.jwts import Signer, by_hmac, unsigned

CLIENT, SECRET = "panorama", "s3cret/with:odd+signs"


class State:
    """What it does, and what it has given out."""

    def __init__(self) -> None:
        self.signer = Signer("ES256", kid="first")
        self.published = [self.signer]
        self.codes: dict[str, dict[str, str]] = {}
        self.orders: dict[str, Any] = {}
        self.seen: list[dict[str, str]] = []

    def obey(self, orders: dict[str, Any]) -> None:
        if orders.pop("rotate", False):
            self.signer = Signer("RS256", kid=secrets.token_hex(4))
            self.published = [self.signer]
        self.orders = orders


class Handler(BaseHTTPRequestHandler):
    state: State

    def log_message(self, *args: Any) -> None:
        """Silence."""

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = dict(parse_qsl(parts.query))
        if self.state.orders.get("down"):
            self._json({"error": "down"}, 503)
        elif parts.path == "/.well-known/openid-configuration":
            self._json(
                {
                    "issuer": self.state.orders.get("discovered_issuer", self.issuer),
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "jwks_uri": f"{self.issuer}/keys",
                    "end_session_endpoint": f"{self.issuer}/end",
                    "authorization_response_iss_parameter_supported": True,
                    **self.state.orders.get("discovery", {}),
                }
            )
        elif parts.path == "/keys":
            self._json({"keys": [signer.public() for signer in self.state.published]})
        elif parts.path == "/authorize":
            self._authorize(asked)
        else:
            self._json({"error": "not_found"}, 404)

    def _authorize(self, asked: dict[str, str]) -> None:
        """The person has logged in already and agrees."""
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.state.codes[code] = asked
        back = {"code": code, "state": asked["state"], "iss": self.issuer}
        back |= self.state.orders.get("answer", {})
        back = {name: value for name, value in back.items() if value is not None}
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{urlencode(back)}")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/control":
            self.state.obey(json.loads(body))
            self._json({"seen": self.state.seen})
        elif self.path == "/sign":
            self._json({"token": self.state.signer.sign(json.loads(body))})
        elif self.path == "/token":
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            self._token(form)

    def _token(self, form: dict[str, str]) -> None:
        self.state.seen.append(form)
        asked = self.state.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not self._is_our_client(form):
            self._json({"error": "invalid_client"}, 401)
        elif (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form.get("redirect_uri")
        ):
            self._json({"error": "invalid_grant"}, 400)
        else:
            token = self._id_token(asked)
            self._json({"access_token": "x", "token_type": "Bearer", "id_token": token})

    def _is_our_client(self, form: dict[str, str]) -> bool:
        header = self.headers.get("Authorization", "")
        if header.startswith("Basic "):
            name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, SECRET)
        if "client_assertion" in form:
            return form["client_assertion"].count(".") == 2
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)

    def _id_token(self, asked: dict[str, str]) -> str:
        moment = int(time.time())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "sub-1", "nonce": asked["nonce"],
            "iat": moment, "exp": moment + 300, "sid": "sid-1",
        }  # fmt: skip
        claims |= self.state.orders.get("claims", {})
        claims = {name: value for name, value in claims.items() if value is not None}
        match self.state.orders.get("sign"):
            case "none":
                return unsigned(claims)
            case "hmac":
                return by_hmac(claims, SECRET.encode())
            case "other":
                return Signer("ES256", kid=self.state.signer.kid).sign(claims)
        return self.state.signer.sign(claims)

    def _json(self, body: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main() -> None:
    Handler.state = State()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(main())
