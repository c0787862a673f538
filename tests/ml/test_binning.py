"""Bins: what they promise on any column, and how they compare with optbinning's."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optbinning import OptimalBinning

from ml.binning import BinningError, BinningOptions, bin_categorical, bin_numeric
from ml.bins import GROUP, MISSING, OTHER, RANGE, SPECIAL, index_of, woe_iv

SMALL = BinningOptions(min_special_count=5, min_category_count=5)


def noisy(rows: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=rows)
    return x, (generator.random(rows) < 1 / (1 + np.exp(1.5 - x))).astype(int)


def rates(binning, kind=RANGE):
    return [entry.bad_rate for entry in binning.bins if entry.kind == kind]


columns = st.lists(
    st.tuples(
        st.one_of(st.none(), st.floats(allow_nan=False), st.integers(-9, 5).map(float)),
        st.booleans(),
    ),
    min_size=4,
    max_size=120,
).filter(lambda rows: len({bad for _, bad in rows}) == 2)


@settings(deadline=None)
@given(columns, st.sampled_from(["auto", "ascending", "descending", "none"]))
def test_every_row_finds_one_bin_and_the_table_counts_it(rows, trend):
    values = np.array([np.nan if v is None else v for v, _ in rows])
    y = np.array([int(bad) for _, bad in rows])
    binning = bin_numeric(values, y, trend=trend, specials=[-9.0, -8.0], options=SMALL)
    index = index_of(values, binning)
    for place, entry in enumerate(binning.bins):
        assert entry.count == (index == place).sum()
        assert entry.bads == y[index == place].sum()
    assert list(binning.thresholds) == sorted(set(binning.thresholds))
    assert [e.kind for e in binning.bins] == (
        [RANGE] * (len(binning.thresholds) + 1) + [SPECIAL] * 2 + [MISSING]
    )
    kinds = np.array([entry.kind for entry in binning.bins])[index]
    assert ((kinds == MISSING) == np.isnan(values)).all()
    assert ((kinds == SPECIAL) == np.isin(values, [-9.0, -8.0])).all()
    steps = np.diff(rates(binning))
    if trend == "ascending":
        assert (steps > 0).all()
    if trend == "descending":
        assert (steps < 0).all()


@settings(deadline=None)
@given(columns)
def test_iv_is_the_sum_over_judged_bins_and_never_negative(rows):
    values = np.array([np.nan if v is None else v for v, _ in rows])
    y = np.array([int(bad) for _, bad in rows])
    binning = bin_numeric(values, y, options=SMALL)
    total = 0.0
    for entry in binning.bins:
        if entry.neutral:
            assert (entry.woe, entry.iv) == (0.0, 0.0)
            continue
        goods = entry.count - entry.bads
        extra = 0.5 if not entry.bads or not goods else 0.0
        p = (goods + extra) / (y == 0).sum()
        q = (entry.bads + extra) / y.sum()
        assert entry.woe == pytest.approx(math.log(p / q))
        total += (p - q) * math.log(p / q)
    assert binning.iv == pytest.approx(total)
    assert binning.iv >= 0.0


def test_bins_hold_their_smallest_share_and_number():
    x, y = noisy()
    binning = bin_numeric(x, y, options=BinningOptions(min_bin_share=0.15, max_bins=4))
    counts = [entry.count for entry in binning.bins if entry.kind == RANGE]
    assert len(counts) <= 4
    assert min(counts) >= 0.15 * 4000
    assert binning.trend == "ascending"
    fewest = BinningOptions(min_bin_share=0.01, min_bin_rows=900)
    counts = [e.count for e in bin_numeric(x, y, options=fewest).bins if e.kind == RANGE]
    assert min(counts) >= 900


def test_a_forced_trend_against_the_data_leaves_one_range():
    x, y = noisy()
    binning = bin_numeric(x, y, trend="descending")
    assert len(rates(binning)) == 1
    assert binning.iv == pytest.approx(0.0, abs=1e-12)


def test_auto_takes_a_valley_only_when_it_pays():
    generator = np.random.default_rng(3)
    x = generator.uniform(-2, 2, 6000)
    y = (generator.random(6000) < 0.05 + 0.12 * x**2).astype(int)
    valley = bin_numeric(x, y)
    assert valley.trend == "valley"
    found = rates(valley)
    turn = found.index(min(found))
    assert found[: turn + 1] == sorted(found[: turn + 1], reverse=True)
    assert found[turn:] == sorted(found[turn:])
    assert bin_numeric(x, y, trend="none").iv >= valley.iv
    assert bin_numeric(*noisy()).trend == "ascending"


def test_informative_missing_and_special_codes_get_their_own_worth():
    x, y = noisy()
    x = x.copy()
    x[:400], y[:400] = np.nan, np.tile([1, 0], 200)
    x[400:800], y[400:800] = -9.0, np.tile([0, 0, 0, 0, 1], 80)
    x[800:810] = -8.0
    binning = bin_numeric(x, y, specials=[-9, -8])
    nine, eight, missing = (e for e in binning.bins if e.kind in (SPECIAL, MISSING))
    assert [e.label for e in binning.bins[-3:]] == ["special -9", "special -8", "missing"]
    assert missing.bad_rate == 0.5
    assert missing.woe < -0.5
    assert nine.bad_rate == 0.2
    assert (eight.count, eight.woe, eight.neutral) == (10, 0.0, True)
    assert binning.bins[0].label.startswith("(-inf, ")
    assert -9.0 not in binning.thresholds


def test_infinities_and_huge_numbers_are_ends_of_the_scale():
    x, y = noisy()
    binning = bin_numeric(x, y)
    last = len(binning.thresholds)
    odd = np.array([np.inf, 1e308, -np.inf, -1e308, np.nan])
    assert index_of(odd, binning).tolist() == [last, last, 0, 0, last + 1]
    with_inf = bin_numeric(np.append(x, [np.inf, -np.inf]), np.append(y, [1, 0]))
    assert np.isfinite(with_inf.thresholds).all()


def test_a_value_on_a_threshold_belongs_to_the_lower_range():
    values = np.repeat([1.0, 2.0], 50)
    y = np.concatenate([np.tile([1, 0, 0, 0, 0], 10), np.tile([1, 1, 0, 0, 0], 10)])
    binning = bin_numeric(values, y)
    assert binning.thresholds == (1.5,)
    assert index_of(np.array([1.5, np.nextafter(1.5, 2)]), binning).tolist() == [0, 1]


def test_neighbouring_floats_are_still_told_apart():
    low, high = 1.0, np.nextafter(1.0, 2.0)
    values = np.repeat([low, high], 50)
    y = np.concatenate([np.tile([1, 0, 0, 0, 0], 10), np.tile([1, 1, 0, 0, 0], 10)])
    assert index_of(np.array([low, high]), bin_numeric(values, y)).tolist() == [0, 1]


@pytest.mark.parametrize("trend", ["ascending", "none"])
def test_information_is_not_below_optbinnings_on_the_same_cells(trend):
    x, y = noisy()
    ours = bin_numeric(x, y, trend=trend)
    cells = np.quantile(x, np.linspace(0, 1, 41)[1:-1])
    theirs = OptimalBinning(
        user_splits=cells,
        monotonic_trend=None if trend == "none" else trend,
        min_bin_size=0.05,
        max_n_bins=10,
    ).fit(x, y)
    table = theirs.binning_table.build()
    assert ours.iv >= float(table.loc["Totals", "IV"]) - 2e-3


def texts(rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(9)
    names = np.array(["a", "b", "c", "d", "e"], dtype=object)
    place = generator.integers(0, 5, rows)
    y = (generator.random(rows) < np.array([0.1, 0.11, 0.3, 0.5, 0.52])[place]).astype(int)
    return names[place], y


def test_categories_of_like_risk_are_grouped_and_rare_ones_are_other():
    x, y = texts()
    x[:3], x[3:200] = "rare", None
    binning = bin_categorical(x, y)
    assert {frozenset(group) for group in binning.groups} >= {frozenset("c")}
    assert sorted(itertools.chain(*binning.groups)) == list("abcde")
    other, missing = binning.bins[-2:]
    assert (other.kind, other.count, other.neutral) == (OTHER, 3, True)
    assert (missing.kind, missing.count, missing.neutral) == (MISSING, 197, False)
    known = len(binning.groups)
    odd = np.array(["never seen", None, "rare"], dtype=object)
    assert index_of(odd, binning).tolist() == [known, known + 1, known]
    assert rates(binning, GROUP) == sorted(rates(binning, GROUP))


def test_a_special_text_is_a_bin_of_its_own():
    x, y = texts()
    x[:100] = "N/A"
    binning = bin_categorical(x, y, specials=["N/A"])
    assert [e.label for e in binning.bins if e.kind == SPECIAL] == ["special N/A"]
    assert all("N/A" not in group for group in binning.groups)


def test_near_unique_text_is_refused():
    y = np.tile([0, 1], 500)
    names = np.array([f"customer {i}" for i in range(1000)], dtype=object)
    with pytest.raises(BinningError) as caught:
        bin_categorical(names, y)
    assert caught.value.code == "near_unique_text"


def test_a_numeric_column_with_words_in_it_is_refused_with_a_hint():
    y = np.tile([0, 1], 500)
    values = np.array([str(i * 3.5) for i in range(1000)], dtype=object)
    values[:50] = "unknown"
    with pytest.raises(BinningError, match="95% of them are numbers and 50 are words"):
        bin_categorical(values, y)


def test_few_distinct_texts_are_welcome_even_when_rare():
    y = np.tile([0, 1], 40)
    binning = bin_categorical(np.array([f"t{i % 20}" for i in range(80)], dtype=object), y)
    assert binning.groups == ()
    assert binning.iv == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("y", [[], [0, 0, 0], [1, 1]])
def test_one_outcome_cannot_be_binned(y):
    with pytest.raises(BinningError) as caught:
        bin_numeric(np.zeros(len(y)), np.array(y))
    assert caught.value.code == "one_outcome"


def test_an_unknown_trend_is_refused():
    with pytest.raises(BinningError) as caught:
        bin_numeric(*noisy(100), trend="sideways")
    assert caught.value.code == "unknown_trend"


def test_woe_is_positive_where_the_bin_is_safer():
    assert woe_iv(1, 9, 50, 50)[0] == pytest.approx(math.log(9))
    assert woe_iv(0, 10, 50, 50)[0] == pytest.approx(math.log(10.5 / 0.5))
