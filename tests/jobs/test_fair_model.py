"""The rule itself, by simulated floods: nobody starves, shares hold, a newcomer is near the front."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.jobs.fair_model import FairQueue

banks = st.integers(1, 12)


def run_workers(queue: FairQueue, workers: int, seconds: dict[str, float], until: float):
    """Workers that take what was sent; yields (moment, bank, job) as each job begins."""
    moment, number = 0.0, 0
    sent: list[tuple[str, int]] = []
    busy: list[tuple[float, int, str, int]] = []
    while moment < until:
        sent += queue.pump()
        while sent and len(busy) < workers:
            bank, job = sent.pop(0)
            queue.claim(bank, job)
            number += 1
            busy.append((moment + seconds[bank], number, bank, job))
            yield moment, bank, job
            sent += queue.pump()
        if not busy:
            return
        busy.sort()
        moment, _, bank, job = busy.pop(0)
        queue.end(bank, job, seconds[bank])


@settings(max_examples=30, deadline=None)
@given(
    flooders=banks,
    workers=st.integers(1, 4),
    share=st.integers(1, 3),
    lengths=st.lists(st.sampled_from([0.1, 1.0, 5.0, 60.0]), min_size=12, max_size=12),
    length=st.sampled_from([0.1, 1.0]),
)
def test_a_newcomer_waits_one_turn_of_each_other_at_most(flooders, workers, share, lengths, length):
    queue = FairQueue(share=share)
    seconds = {f"flood{number:02}": lengths[number] for number in range(flooders)}
    for number, bank in enumerate(seconds):
        for job in range(120):
            queue.add(bank, number * 1000 + job)
    seconds["small"] = length
    begun_before = 0
    arrived = None
    for moment, bank, _job in run_workers(queue, workers, seconds, 1_000.0):
        if arrived is None and moment >= 5.0:
            arrived = moment
            queue.add("small", 999_999)
        elif arrived is not None:
            if bank == "small":
                break
            begun_before += 1
    else:
        pytest.fail("The small bank's job never began.") if arrived is not None else None
    # What was sent already, and at most one job of each other bank that stood at the same pass.
    assert begun_before <= queue.most_ahead + flooders


@settings(max_examples=12, deadline=None)
@given(
    lengths=st.lists(st.sampled_from([0.2, 1.0, 10.0]), min_size=2, max_size=6),
    workers=st.integers(1, 3),
)
def test_time_of_workers_is_shared_evenly_whatever_the_jobs_take(lengths, workers):
    queue = FairQueue(share=4)
    seconds = {f"bank{number}": length for number, length in enumerate(lengths)}
    for number, bank in enumerate(seconds):
        for job in range(1600):
            queue.add(bank, number * 10_000 + job)
    used: Counter[str] = Counter()
    for _moment, bank, _job in run_workers(queue, workers, seconds, 100.0):
        used[bank] += seconds[bank]
    longest = max(lengths)
    assert max(used.values()) - min(used.values()) <= longest * (workers + queue.most_ahead + 2)


def test_weight_gives_turns_in_proportion():
    queue = FairQueue(most_ahead=1, share=9)
    for job in range(400):
        queue.add("double", job)
        queue.add("single", 1000 + job)
    queue.lanes["double"].weight = 2.0
    seconds = {"double": 1.0, "single": 1.0}
    begun = Counter(bank for _, bank, _ in run_workers(queue, 1, seconds, 300.0))
    assert begun["double"] / begun["single"] == pytest.approx(2.0, rel=0.05)


def test_idle_time_saves_nothing_up():
    queue = FairQueue(most_ahead=1, share=9)
    queue.add("idle", 0)
    seconds = {"idle": 1.0, "busy": 1.0}
    for job in range(1, 300):
        queue.add("busy", job)
    begun = []
    for moment, bank, _job in run_workers(queue, 1, seconds, 120.0):
        if moment == 100.0:
            for job in range(1000, 1100):
                queue.add("idle", job)
        begun += [bank] if moment > 100.0 else []
    assert 8 <= begun.count("busy") <= 12


@settings(max_examples=80, deadline=None)
@given(
    moves=st.lists(
        st.tuples(
            st.sampled_from(["add", "claim", "end", "hold", "pump"]),
            st.integers(0, 3),
            st.integers(0, 9),
        ),
        max_size=120,
    )
)
def test_shares_and_the_number_ahead_are_never_passed(moves):
    queue = FairQueue(most_ahead=3, share=2)
    number = 0
    for move, which, choice in moves:
        bank = f"bank{which}"
        lane = queue.lanes.get(bank)
        if move == "add":
            number += 1
            queue.add(bank, number, priority=choice)
        elif move == "pump":
            for sent_bank, _ in queue.pump():
                assert not queue.lanes[sent_bank].held
        elif move == "hold":
            queue.hold(bank, choice < 5)
        elif lane and lane.in_flight:
            job = sorted(lane.in_flight)[choice % len(lane.in_flight)]
            queue.claim(bank, job) if move == "claim" else queue.end(bank, job, 1.0)
        assert len(queue.ahead) <= 3
        assert all(len(lane.in_flight) <= lane.share for lane in queue.lanes.values())
