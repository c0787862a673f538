"""The same for whole processes: twenty banks' systems call the web tier while it and PostgreSQL are killed."""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.story.http import Api
from tests.stack import Stack, StackBank

pytestmark = pytest.mark.soak
BANKS, CALLS, THREADS = 20, 20_000, 8
KILL_EVERY_SECONDS = 6.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    started = Stack.start(Path(tmp_path_factory.mktemp("processes")))
    yield started
    started.stop()


def mark(bank: StackBank) -> None:
    """Two rows that bear the bank's name."""
    for number in range(2):
        bank.api().call("POST", "/api/v1/datasets", {"name": f"{bank.slug}-{number}"}, expect=201)


def call_often(banks: list[StackBank], calls: int, seed: int, seen: Counter[str]) -> None:
    draw = random.Random(seed)
    apis: dict[str, Api] = {}
    for _ in range(calls):
        bank = draw.choice(banks)
        try:
            api = apis.setdefault(bank.slug, bank.api())
            rows = api.call("GET", "/api/v1/datasets")["results"]
        except (OSError, http.client.HTTPException, RuntimeError):
            apis.pop(bank.slug, None)
            seen["no answer"] += 1
            time.sleep(0.05)
            continue
        right = {row["name"] for row in rows} == {f"{bank.slug}-0", f"{bank.slug}-1"}
        seen["right" if right else f"wrong: {bank.slug} saw {rows}"] += 1


def test_no_call_is_answered_for_another_bank(stack):
    banks = [stack.bank(f"mix{number}") for number in range(BANKS)]
    for bank in banks:
        mark(bank)
    counts = [Counter[str]() for _ in range(THREADS)]
    threads = [
        threading.Thread(target=call_often, args=(banks, CALLS // THREADS, seed, counts[seed]))
        for seed in range(THREADS)
    ]
    for thread in threads:
        thread.start()
    kills = 0
    while any(thread.is_alive() for thread in threads):
        threads[0].join(timeout=KILL_EVERY_SECONDS)
        name = ("web", "postgres")[kills % 2]
        stack.wait_for_new(name, stack.kill(name))
        kills += 1
    seen = sum(counts, Counter[str]())
    assert [text for text in seen if text.startswith("wrong")] == []
    assert sum(seen.values()) == CALLS
    assert kills > 3
    assert seen["right"] > CALLS * 0.8
