"""Ticks that go through banks take a few at a time, and come by all of them."""

from core.rounds import BankRound
from core.tenancy import BankContext, bank_directory


def bank(number: int) -> BankContext:
    schema = f"bank_{number:04}"
    return BankContext(schema=schema, role="r", name="n", state="active", modules=frozenset())


def test_round_comes_by_all_banks_a_few_at_a_time(monkeypatch):
    there = [bank(number) for number in range(10)]
    monkeypatch.setattr(
        type(bank_directory()),
        "active_after",
        lambda self, schema, most: [b for b in there if b.schema > schema][:most],
    )
    rounds = BankRound(most=4)
    seen = [[b.schema for b in rounds.next()] for _ in range(4)]
    assert [len(part) for part in seen] == [4, 4, 2, 4]
    assert [*seen[0], *seen[1], *seen[2]] == [b.schema for b in there]
    assert seen[3] == seen[0]


def test_directory_gives_the_next_active_banks(db):
    assert [b.schema for b in bank_directory().active_after("", 1)] == ["bank_alpha"]
    assert [b.schema for b in bank_directory().active_after("bank_alpha", 9)] == ["bank_beta"]
    assert bank_directory().active_after("bank_beta", 9) == []
