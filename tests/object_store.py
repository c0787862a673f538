"""A local S3 server in a process of its own, for tests: `python -m tests.object_store PORT [HOST]` runs one."""

import os
import subprocess
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from botocore.config import Config
from botocore.session import Session

from tests.stack import ROOT, free_port, wait_for

BUCKET = "panorama-test"
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
START_SECONDS = 120.0


@dataclass
class ObjectStore:
    """One running server with one bucket. `stop` ends it."""

    port: int
    process: subprocess.Popen[bytes]
    host: str = "127.0.0.1"

    @classmethod
    def start(cls) -> "ObjectStore":
        port = free_port()
        store = cls(port, run_server(port))
        store.wait()
        return store

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    def url(self, prefix: str = "") -> str:
        """For `STORAGE_URL`."""
        query = urlencode({"endpoint_url": self.endpoint, "region": "us-east-1"})
        return f"s3://{BUCKET}/{prefix}?{query}"

    @cached_property
    def client(self) -> Any:
        """A plain client beside ours, with the whole bucket before it."""
        return Session().create_client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}),
        )

    def wait(self) -> None:
        """Until it answers; then the bucket is there."""
        wait_for(self._answers, seconds=START_SECONDS, what="the S3 server")
        self.client.create_bucket(Bucket=BUCKET)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answers(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError("The S3 server ended.")
        try:
            urllib.request.urlopen(self.endpoint, timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True


def run_server(
    port: int, *, host: str = "127.0.0.1", prefix: tuple[str, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start the process; `prefix` is a command that runs it elsewhere, in a network namespace for one."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "platform")))
    environment = {**os.environ, "PYTHONPATH": paths}
    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "tests.object_store", str(port), host],
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


if __name__ == "__main__":
    from moto.server import main

    main(["-p", sys.argv[1], "-H", sys.argv[2]])
