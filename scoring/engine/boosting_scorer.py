"""Scores with boosted trees: our own evaluator of the text model, and exact TreeSHAP for reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.lightgbm_text import ModelTextError, parse
from ml.trees import raw_one, raw_rows
from ml.treeshap import contributions_one, shap_arrays, shap_tables
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
from scoring.engine.kernels import expand, expand_rows, gather, to_score, to_scores, top
from scoring.engine.pd_lookup import PdLookup
from scoring.engine.results import (
    BatchReasons,
    BatchScores,
    FeatureInfo,
    Reason,
    ScoreResult,
    reason_slots,
)
from scoring.engine.scale import factor, offset, score_range
from scoring.engine.spec import BOOSTING, CATEGORICAL, NUMERIC, ScaleSpec

Floats = NDArray[np.float64]
CHUNK = 65_536


class BoostingScorer:
    """Loaded boosted trees. Reasons are positive TreeSHAP contributions to the log-odds of bad."""

    kind = BOOSTING

    def __init__(self, reader: Reader, model_hash: str) -> None:
        """Checks and lays out the model. Raises ArtifactError."""
        self.model_hash = model_hash
        read = [_feature(entry) for entry in reader.children("features")]
        self._encodings = tuple(encoding for encoding, _, _ in read)
        self.features = tuple(info for _, info, _ in read)
        self.names = tuple(info.name for info in self.features)
        if not read or len(set(self.names)) != len(self.names):
            raise ArtifactError("features must be there and differ in name")
        specials = [codes for _, _, codes in read]
        self._specials = np.array([code for codes in specials for code in codes], dtype=np.float64)
        self._s_first = np.concatenate([[0], np.cumsum([len(c) for c in specials])]).astype(int)
        self._owners = np.repeat(np.arange(len(read)), [1 + len(codes) for codes in specials])
        try:
            self._trees = parse(reader.text("trees"), expected_features=len(self._owners))
        except ModelTextError as error:
            raise ArtifactError(f"artifact.trees: {error}") from error
        self._shap = shap_tables(self._trees)
        self._read_scale(reader)

    def _read_scale(self, reader: Reader) -> None:
        given = reader.child("scale")
        scale = ScaleSpec(
            base_score=given.integer("base_score", 0, 10_000),
            base_odds=given.number("base_odds", 0.01, 1e6),
            points_to_double=given.integer("points_to_double", 1, 500),
        )
        calibration = reader.child("calibration")
        low, high = score_range(scale)
        self._to_score = (
            calibration.number("intercept", -1e6, 1e6),
            calibration.number("slope", 1e-9, 1e6),
            offset(scale),
            factor(scale),
            float(low),
            float(high),
        )
        self._pd = PdLookup(reader.child("pd"))
        if self._pd.range != (low, high):
            raise ArtifactError(f"the PD table must cover the scores {low} to {high} exactly")
        self.score_range = (low, high)

    def score_one(self, values: Mapping[str, Value], *, reasons: int = 0) -> ScoreResult:
        """Score and PD of a row, with up to ``reasons`` reasons."""
        row = self._row(values)
        score = int(to_score(raw_one(row, *self._trees.arrays), *self._to_score))
        found = self._reasons(row, reasons) if reasons else ()
        return ScoreResult(score, self._pd.one(score), found)

    def score_batch(self, columns: Columns, *, reasons: int = 0) -> BatchScores:
        """Score and PD of every row, with up to ``reasons`` reasons each.

        Reasons cost about twenty times the score: ask for them where somebody will read them.
        """
        rows = row_count(columns, self._encodings)
        score = np.empty(rows, dtype=np.int32)
        features, amounts = reason_slots(rows if reasons else 0, reasons or 1)
        for first, matrix in self._chunks(columns, None):
            part = slice(first, first + len(matrix))
            raw = np.empty(len(matrix))
            raw_rows(matrix, raw, *self._trees.arrays)
            to_scores(raw, score[part], *self._to_score)
            if reasons:
                self._rank_rows(matrix, features[part], amounts[part])
        found = BatchReasons(self.names, features, amounts) if reasons else None
        return BatchScores(score, self._pd.many(score), found)

    def raw_batch(self, columns: Columns) -> Floats:
        """Uncalibrated log-odds of bad of every row, LightGBM's raw score, shape (n,)."""
        raw = np.empty(row_count(columns, self._encodings))
        for first, matrix in self._chunks(columns, None):
            raw_rows(matrix, raw[first : first + len(matrix)], *self._trees.arrays)
        return raw

    def reasons_one(self, values: Mapping[str, Value], k: int = 4) -> tuple[str, ...]:
        """Names of the features with the largest positive contributions."""
        return tuple(reason.feature for reason in self._reasons(self._row(values), k))

    def reasons_batch(
        self, columns: Columns, rows: NDArray[np.generic] | None = None, k: int = 4
    ) -> BatchReasons:
        """The same for chosen rows."""
        count = row_count(columns, self._encodings)
        chosen = np.arange(count) if rows is None else np.arange(count)[rows]
        features, amounts = reason_slots(chosen.size, k)
        for first, matrix in self._chunks(columns, chosen):
            part = slice(first, first + len(matrix))
            self._rank_rows(matrix, features[part], amounts[part])
        return BatchReasons(self.names, features, amounts)

    def contributions_one(self, values: Mapping[str, Value]) -> dict[str, float]:
        """TreeSHAP value of each feature; with ``bias`` they sum to the raw log-odds."""
        amounts = self._contributions(self._row(values)).tolist()
        return dict(zip(self.names, amounts, strict=True))

    def contributions_batch(self, columns: Columns) -> Floats:
        """The same of every row, shape (n, features) in the order of ``features``."""
        out = np.empty((row_count(columns, self._encodings), len(self.names)))
        for first, matrix in self._chunks(columns, None):
            for place, row in enumerate(matrix, start=first):
                out[place] = self._contributions(row)
        return out

    @property
    def bias(self) -> float:
        """Expected raw log-odds over the training rows."""
        return self._shap.bias

    def _reasons(self, row: Floats, k: int) -> tuple[Reason, ...]:
        features, amounts = reason_slots(k)
        top(self._contributions(row), features, amounts)
        pairs = zip(features.tolist(), amounts.tolist(), strict=True)
        return tuple(Reason(self.names[place], amount) for place, amount in pairs if place >= 0)

    def _rank_rows(self, matrix: Floats, features: NDArray[np.int16], amounts: Floats) -> None:
        for place, row in enumerate(matrix):
            top(self._contributions(row), features[place], amounts[place])

    def _contributions(self, row: Floats) -> Floats:
        by_column = np.empty(self._owners.size)
        contributions_one(
            row,
            by_column,
            *self._shap.workspace(),
            *self._shap.arrays,
            *shap_arrays(self._trees),
        )
        by_feature = np.empty(len(self.names))
        gather(by_column, self._owners, by_feature)
        return by_feature

    def _row(self, values: Mapping[str, Value]) -> Floats:
        row = np.empty(self._owners.size)
        expand(np.array(encode_row(values, self._encodings)), row, self._s_first, self._specials)
        return row

    def _chunks(
        self, columns: Columns, chosen: NDArray[Any] | None
    ) -> Iterator[tuple[int, Floats]]:
        encoded = [encode_column(columns, encoding) for encoding in self._encodings]
        if chosen is not None:
            encoded = [column[chosen] for column in encoded]
        for first in range(0, len(encoded[0]), CHUNK):
            part = np.column_stack([column[first : first + CHUNK] for column in encoded])
            matrix = np.empty((len(part), self._owners.size))
            expand_rows(part, matrix, self._s_first, self._specials)
            yield first, matrix


def _feature(reader: Reader) -> tuple[FeatureEncoding, FeatureInfo, list[float]]:
    name = reader.text("name")
    if reader.text("type", (NUMERIC, CATEGORICAL)) == NUMERIC:
        specials = reader.numbers("specials")
        if len(set(specials)) != len(specials):
            raise ArtifactError(f"{reader.place}: a special code stands twice")
        return FeatureEncoding(name), FeatureInfo(name, NUMERIC, tuple(specials), ()), specials
    known = reader.texts("categories")
    codes = {text: place for place, text in enumerate(known)}
    encoding = FeatureEncoding(name, codes, len(known), len(known) + 1)
    return encoding, FeatureInfo(name, CATEGORICAL, (), tuple(known)), []
