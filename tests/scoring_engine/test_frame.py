"""Training frames: what they take, and the outcome they are built from."""

import numpy as np
import pytest

from scoring.engine.errors import FrameError
from scoring.engine.frame import TrainingFrame, outcome_of

Y = np.array([0, 1, 0, 1])
NUMBERS = np.array([1.0, np.nan, 3.0, 4.0])
TEXTS = np.array(["a", None, "b", "a"], dtype=object)


def made(**changes) -> TrainingFrame:
    given = {"columns": {"n": NUMBERS, "t": TEXTS}, "y": Y, **changes}
    return TrainingFrame(**given)


@pytest.mark.parametrize(
    "changes",
    [
        {"y": np.array([0, 0, 0, 0])},
        {"y": np.array([0, 1, 2, 1])},
        {"columns": {"n": NUMBERS[:3]}},
        {"columns": {"n": [1.0, 2.0, 3.0, 4.0]}},
        {"columns": {"n": np.array([1, 2, 3, 4])}},
        {"columns": {"n": NUMBERS.astype(np.float32)}},
        {"columns": {"n": NUMBERS.reshape(2, 2)}},
        {"columns": {"t": np.array(["a", 1, "b", None], dtype=object)}},
        {"columns": {"t": np.array(["a", "b", "c", "d"])}},
        {"time": np.array([1, 2, 3])},
        {"time": np.array([1.0, 2.0, 3.0, 4.0])},
        {"time": np.array(["2024-01", "NaT", "2024-02", "2024-03"], dtype="datetime64[M]")},
        {"part": np.array([0, 1, 2, 3])},
        {"part": np.array([0, 1])},
    ],
)
def test_data_of_another_shape_or_type_are_refused(changes):
    with pytest.raises(FrameError):
        made(**changes)


def test_fingerprint_depends_on_every_part_and_not_on_the_order_of_columns():
    first = made().fingerprint()
    assert made(columns={"t": TEXTS, "n": NUMBERS}).fingerprint() == first
    others = [
        made(columns={"n": NUMBERS, "u": TEXTS}),
        made(columns={"n": np.array([1.0, 0.0, 3.0, 4.0]), "t": TEXTS}),
        made(columns={"n": NUMBERS, "t": np.array(["a", "", "b", "a"], dtype=object)}),
        made(columns={"n": NUMBERS, "t": np.array(["a", None, "ba", ""], dtype=object)}),
        made(y=np.array([1, 1, 0, 1])),
        made(time=np.array([1, 2, 3, 4])),
        made(part=np.array([0, 1, 2, 0])),
    ]
    prints = [other.fingerprint() for other in others]
    assert len({first, *prints}) == 1 + len(others)


def test_outcome_compares_numbers_by_value():
    y, resolved = outcome_of(np.array([1.0, 0.0, np.nan, 1.0]), bad_value="1")
    assert y.tolist() == [1, 0, 0, 1]
    assert resolved.tolist() == [True, True, False, True]
    texts = np.array(["1", "0", None, "1.0"], dtype=object)
    assert outcome_of(texts, bad_value="1")[0].tolist() == [1, 0, 0, 1]


def test_outcome_may_be_turned_round_and_a_third_value_left_unresolved():
    values = np.array(["good", "bad", "open", "good"], dtype=object)
    y, resolved = outcome_of(values, bad_value="good", good_value="bad")
    assert y.tolist() == [1, 0, 0, 1]
    assert resolved.tolist() == [True, True, False, True]


def test_a_target_without_bads_is_refused():
    with pytest.raises(FrameError, match="'yes'"):
        outcome_of(np.array(["no", "no"], dtype=object), bad_value="yes")
    with pytest.raises(FrameError):
        outcome_of(np.array(["yes", "yes"], dtype=object), bad_value="yes")
