"""A small HTTP client: one kept connection, a bank's Host, a bearer token that is renewed."""

import http.client
import json
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode


class StoryFailed(RuntimeError):
    """A step of the story did not do what it should."""


@dataclass
class Api:
    """Calls one bank's API at `address`:`port` under its Host."""

    port: int
    host: str
    client_id: str
    client_secret: str
    address: str = "127.0.0.1"
    _token: str = field(default="", repr=False)
    _expires: float = 0.0
    _connection: http.client.HTTPConnection | None = field(default=None, repr=False)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        expect: int = 200,
    ) -> Any:
        """One request with a JSON body; the decoded answer. Raises `StoryFailed` on another status."""
        data = None if body is None else json.dumps(body).encode()
        status, answer = self.send(
            method, path, data, headers={"Content-Type": "application/json", **(headers or {})}
        )
        if status != expect:
            raise StoryFailed(f"{method} {path} at {self.host} answered {status}: {answer[:500]!r}")
        return json.loads(answer) if answer else None

    def upload(self, path: str, file: Path, *, expect: int = 202) -> Any:
        """Send a file as the raw body, streamed."""
        with file.open("rb") as handle:
            headers = {
                "Content-Type": "application/octet-stream",
                "Content-Length": str(file.stat().st_size),
            }
            status, answer = self.send(
                "POST", f"{path}?{urlencode({'filename': file.name})}", handle, headers=headers
            )
        if status != expect:
            raise StoryFailed(f"POST {path} at {self.host} answered {status}: {answer[:500]!r}")
        return json.loads(answer)

    def wait_for_job(self, job_id: str, *, seconds: float = 600) -> dict[str, Any]:
        """Follow a job to its end. Raises `StoryFailed` unless it succeeded."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            job: dict[str, Any] = self.call("GET", f"/api/v1/jobs/{job_id}")
            if job["finished"]:
                if job["state"] != "succeeded":
                    raise StoryFailed(
                        f"Job {job['kind']} {job['state']}: {job['error_code']} {job['error']}"
                    )
                return job
            time.sleep(0.2)
        raise StoryFailed(f"Job {job_id} did not end within {seconds:.0f} s.")

    def send(
        self, method: str, path: str, body: Any, *, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        """One raw request: status and body."""
        authorization = (
            {} if path.endswith("/oauth/token") else {"Authorization": f"Bearer {self.token()}"}
        )
        return self._exchange(method, path, body, {"Host": self.host, **authorization, **headers})

    def _exchange(
        self, method: str, path: str, body: Any, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self.address, self.port, timeout=120)
            try:
                self._connection.request(method, path, body, headers)
                answer = self._connection.getresponse()
                return answer.status, answer.read()
            except (http.client.HTTPException, ConnectionError):
                # The server closes an idle connection; one fresh try is what any client does.
                self._connection.close()
                self._connection = None
                if attempt == 2 or hasattr(body, "read"):
                    raise
        raise AssertionError("unreachable")

    def token(self) -> str:
        """A bearer token that holds for another minute at least."""
        if time.monotonic() > self._expires:
            form = {
                "grant_type": "client_credentials",
                "client_id": self.client_id,
                "client_secret": self.client_secret,
            }
            status, answer = self._exchange(
                "POST",
                "/api/v1/oauth/token",
                urlencode(form),
                {"Host": self.host, "Content-Type": "application/x-www-form-urlencoded"},
            )
            if status != 200:
                raise StoryFailed(f"No token at {self.host}: {status} {answer[:300]!r}")
            token = json.loads(answer)
            self._token, self._expires = (
                token["access_token"],
                time.monotonic() + token["expires_in"] - 60,
            )
        return self._token


def new_key() -> str:
    """A fresh idempotency key."""
    return secrets.token_hex(16)
