"""Scores with a scorecard: an integer sum of one integer-points table."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from scoring.engine.artifact import Reader
from scoring.engine.encoding import (
    Columns,
    FeatureEncoding,
    Value,
    encode_column,
    encode_row,
    row_count,
)
from scoring.engine.errors import ArtifactError
from scoring.engine.kernels import bin_column, bin_row, sum_points, top, top_losses
from scoring.engine.pd_lookup import PdLookup
from scoring.engine.results import (
    BatchReasons,
    BatchScores,
    FeatureInfo,
    Reason,
    ScoreResult,
    reason_slots,
)
from scoring.engine.spec import CATEGORICAL, NUMERIC, SCORECARD

MAX_POINTS = 1_000_000
CHUNK = 8_192


class ScorecardScorer:
    """A loaded scorecard.

    Reasons: a feature's contribution is the points its bin lies below the average points of all
    training rows for that feature, the second method of the official interpretation of Regulation B
    (12 CFR part 1002, supplement I, comment 9(b)(2)-5).
    """

    kind = SCORECARD

    def __init__(self, reader: Reader, model_hash: str) -> None:
        """Checks and lays out the table. Raises ArtifactError."""
        self.model_hash = model_hash
        features = [_Characteristic(entry) for entry in reader.children("features")]
        if not features:
            raise ArtifactError("a scorecard needs a feature")
        self.features = tuple(feature.info for feature in features)
        self.names = tuple(info.name for info in self.features)
        if len(set(self.names)) != len(self.names):
            raise ArtifactError("a feature stands twice")
        self._encodings = tuple(feature.encoding for feature in features)
        self._base = reader.integer("base_points", -MAX_POINTS, MAX_POINTS)
        self._lay_out(features)
        low = self._base + sum(min(feature.points) for feature in features)
        high = self._base + sum(max(feature.points) for feature in features)
        self._pd = PdLookup(reader.child("pd"))
        if self._pd.range != (low, high):
            raise ArtifactError(f"the PD table must cover the scores {low} to {high} exactly")
        self.score_range = (low, high)

    def _lay_out(self, features: list[_Characteristic]) -> None:
        self._kinds = np.array([int(f.encoding.codes is not None) for f in features], np.int64)
        self._t_first = _offsets([len(feature.thresholds) for feature in features])
        self._s_first = _offsets([len(feature.specials) for feature in features])
        self._b_first = _offsets([len(feature.points) for feature in features])
        self._thresholds = np.array([t for f in features for t in f.thresholds], np.float64)
        self._specials = np.array([s for f in features for s in f.specials], np.float64)
        self._points = np.array([p for f in features for p in f.points], np.int32)
        self._losses = np.array([f.average - p for f in features for p in f.points], np.float64)

    def score_one(self, values: Mapping[str, Value], *, reasons: int = 0) -> ScoreResult:
        """Score and PD of a row, with up to ``reasons`` reasons."""
        bins = self._bins_of_row(values)
        score = self._base + int(self._points[bins].sum())
        found = self._reasons(bins, reasons) if reasons else ()
        return ScoreResult(score, self._pd.one(score), found)

    def score_batch(self, columns: Columns, *, reasons: int = 0) -> BatchScores:
        """Score and PD of every row, with up to ``reasons`` reasons each."""
        rows = row_count(columns, self._encodings)
        score = np.empty(rows, dtype=np.int32)
        features, amounts = reason_slots(rows if reasons else 0, reasons or 1)
        for first, bins in self._chunks(columns, None):
            part = slice(first, first + bins.shape[1])
            sum_points(bins, self._points, self._base, score[part])
            if reasons:
                top_losses(bins, self._losses, features[part], amounts[part])
        found = BatchReasons(self.names, features, amounts) if reasons else None
        return BatchScores(score, self._pd.many(score), found)

    def reasons_one(self, values: Mapping[str, Value], k: int = 4) -> tuple[str, ...]:
        """Names of the features that lost most points against the average."""
        return tuple(reason.feature for reason in self._reasons(self._bins_of_row(values), k))

    def reasons_batch(
        self, columns: Columns, rows: NDArray[np.generic] | None = None, k: int = 4
    ) -> BatchReasons:
        """The same for chosen rows."""
        count = row_count(columns, self._encodings)
        chosen = None if rows is None else np.arange(count)[rows]
        features, amounts = reason_slots(count if chosen is None else chosen.size, k)
        for first, bins in self._chunks(columns, chosen):
            part = slice(first, first + bins.shape[1])
            top_losses(bins, self._losses, features[part], amounts[part])
        return BatchReasons(self.names, features, amounts)

    def contributions_one(self, values: Mapping[str, Value]) -> dict[str, float]:
        """Points lost against the average by each feature; negative where points were won."""
        losses = self._losses[self._bins_of_row(values)].tolist()
        return dict(zip(self.names, losses, strict=True))

    def contributions_batch(self, columns: Columns) -> NDArray[np.float64]:
        """The same of every row, shape (n, features) in the order of ``features``."""
        out = np.empty((row_count(columns, self._encodings), len(self.names)))
        for first, bins in self._chunks(columns, None):
            out[first : first + bins.shape[1]] = self._losses[bins].T
        return out

    def _reasons(self, bins: NDArray[np.int32], k: int) -> tuple[Reason, ...]:
        features, amounts = reason_slots(k)
        top(self._losses[bins], features, amounts)
        pairs = zip(features.tolist(), amounts.tolist(), strict=True)
        return tuple(Reason(self.names[place], amount) for place, amount in pairs if place >= 0)

    def _bins_of_row(self, values: Mapping[str, Value]) -> NDArray[np.int32]:
        bins = np.empty(len(self.names), dtype=np.int32)
        bin_row(
            np.array(encode_row(values, self._encodings)),
            bins,
            self._kinds,
            self._t_first,
            self._thresholds,
            self._s_first,
            self._specials,
            self._b_first,
        )
        return bins

    def _chunks(
        self, columns: Columns, chosen: NDArray[np.int64] | None
    ) -> Iterator[tuple[int, NDArray[np.int32]]]:
        """First row and bins, int32 of shape (features, rows), of so many rows as fit a cache."""
        encoded = [encode_column(columns, encoding) for encoding in self._encodings]
        if chosen is not None:
            encoded = [column[chosen] for column in encoded]
        for first in range(0, len(encoded[0]), CHUNK):
            parts = [column[first : first + CHUNK] for column in encoded]
            bins = np.empty((len(parts), len(parts[0])), dtype=np.int32)
            for place, part in enumerate(parts):
                bin_column(
                    part,
                    bins[place],
                    self._kinds[place],
                    self._t_first[place],
                    self._t_first[place + 1],
                    self._thresholds,
                    self._s_first[place],
                    self._s_first[place + 1],
                    self._specials,
                    self._b_first[place],
                )
            yield first, bins


class _Characteristic:
    """One feature of the artifact, checked: bins stand in the order of ml.bins."""

    def __init__(self, reader: Reader) -> None:
        name = reader.text("name")
        self.points = reader.integers("points", -MAX_POINTS, MAX_POINTS)
        self.average = reader.number("average_points", -MAX_POINTS, MAX_POINTS)
        self.thresholds: list[float] = []
        self.specials: list[float] = []
        if reader.text("type", (NUMERIC, CATEGORICAL)) == NUMERIC:
            self.encoding, self.info = self._numeric(reader, name)
        else:
            self.encoding, self.info = self._categorical(reader, name)

    def _numeric(self, reader: Reader, name: str) -> tuple[FeatureEncoding, FeatureInfo]:
        self.thresholds, self.specials = reader.numbers("thresholds"), reader.numbers("specials")
        if not _rises(self.thresholds) or not _rises(self.specials):
            raise ArtifactError(f"{reader.place}: thresholds and specials must rise")
        if len(self.points) != len(self.thresholds) + 1 + len(self.specials) + 1:
            raise ArtifactError(f"{reader.place}: points must fit the bins")
        info = FeatureInfo(name, NUMERIC, tuple(self.specials), ())
        return FeatureEncoding(name), info

    def _categorical(self, reader: Reader, name: str) -> tuple[FeatureEncoding, FeatureInfo]:
        groups, specials = reader.lists_of_texts("groups"), reader.texts("specials")
        codes = {text: place for place, group in enumerate(groups) for text in group}
        codes |= {text: len(groups) + place for place, text in enumerate(specials)}
        missing = len(groups) + len(specials) + 1
        if len(codes) != sum(map(len, groups)) + len(specials):
            raise ArtifactError(f"{reader.place}: a text stands twice")
        if len(self.points) != missing + 1:
            raise ArtifactError(f"{reader.place}: points must fit the bins")
        known = tuple(sorted(text for group in groups for text in group))
        info = FeatureInfo(name, CATEGORICAL, tuple(specials), known)
        return FeatureEncoding(name, codes, missing - 1, missing), info


def _offsets(sizes: list[int]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def _rises(values: list[float]) -> bool:
    return all(a < b for a, b in itertools.pairwise(values))
