"""The bare handler to compare with: one WSGI callable, the same scorer, one durable insert, and nothing else.

No token, no bank, no policy, no reasons, no encryption, no seal, no idempotency: what is left is what any service has
to do that scores a row and keeps the answer.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import psycopg
import uuid_utils.compat

from scoring.engine.loading import load_scorer

_INSERT = "INSERT INTO public.bare_decision (id, application, inputs, score, pd) VALUES (%s, %s, %s, %s, %s)"
_here = threading.local()
_scorer = load_scorer(Path(os.environ["BARE_ARTIFACT"]).read_bytes())


def _connection() -> psycopg.Connection[Any]:
    """One autocommitting connection a thread, its statement prepared at first use."""
    if not hasattr(_here, "connection"):
        _here.connection = psycopg.connect(
            os.environ["BARE_DATABASE"], autocommit=True, prepare_threshold=0
        )
    return _here.connection  # type: ignore[no-any-return]


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Score the body's inputs, keep the answer, say it."""
    given = orjson.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    found = _scorer.score_one(given["inputs"])
    key = uuid_utils.compat.uuid7()
    inputs = orjson.dumps(given["inputs"]).decode()
    _connection().execute(_INSERT, (key, given["application"], inputs, found.score, found.pd))
    answer = orjson.dumps({"id": str(key), "score": found.score, "pd": found.pd})
    start_response(
        "201 Created",
        [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))],
    )
    return [answer]


# As in `config.wsgi`: the comparison is of the work, not of the collector.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 50, 100)
