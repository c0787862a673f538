"""Nothing but `core.outgoing` opens a connection to somebody else's host (ADR 0007)."""

import re

from tests.architecture.test_house import ROOT, SOURCES

CLIENTS = re.compile(
    r"^\s*(?:import|from)\s+(httpx|httpcore|requests|urllib3|aiohttp|http\.client|urllib\.request|pycurl|botocore)\b",
    re.MULTILINE,
)
# The story talks to the web process that it shows; the object store is named by the operator, never by a bank.
ALLOWED = (
    "platform/core/outgoing/",
    "platform/core/storage/objects/",
    "platform/config/story/",
    "platform/embedded/",
)


def test_no_other_http_client_is_imported():
    found = {
        str(path.relative_to(ROOT)): match
        for path in SOURCES
        for match in CLIENTS.findall(path.read_text())
    }
    assert {p for p in found if not p.startswith(ALLOWED)} == set()
    assert any(p.startswith("platform/core/outgoing/") for p in found)
