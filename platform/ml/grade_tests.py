"""Was the predicted PD of a grade too low? Tests of realised defaults against predicted ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from ml.intervals import Estimate, jeffreys


@dataclass(frozen=True, slots=True)
class GradeTest:
    """One grade or score band: `count` resolved cases, `bads` defaults, mean `predicted` PD, all of the same cases.

    p-values are one-sided, of "the PD is not too low": a small one says that more defaulted than predicted.
    """

    name: str
    count: int
    bads: int
    predicted: float
    observed: Estimate
    binomial_p: float
    jeffreys_p: float


def binomial_p(bads: int, count: int, predicted: float) -> float:
    """P(X >= bads) for X binomial(count, predicted).

    Source: Basel Committee, Studies on the validation of internal rating systems, Working Paper 14, 2005. It takes
    defaults as independent, which makes it reject too often when they are not.
    """
    if count <= 0:
        return 1.0
    return float(stats.binom.sf(bads - 1, count, predicted))


def jeffreys_p(bads: int, count: int, predicted: float) -> float:
    """P(rate <= predicted) where the rate is Beta(bads + 1/2, goods + 1/2).

    Source: European Central Bank, Instructions for reporting the validation results of internal models, 2019, 2.5.3.
    """
    if count <= 0:
        return 1.0
    return float(stats.beta.cdf(predicted, bads + 0.5, count - bads + 0.5))


def grade_test(name: str, flags: Sequence[int], predicted: Sequence[float]) -> GradeTest:
    """Both tests and the interval of one grade; `flags` are 1 for default, one a case, as `predicted`."""
    if len(flags) != len(predicted):
        raise ValueError("flags and predictions are of different cases")
    count, bads = len(flags), int(sum(flags))
    mean = float(np.mean(predicted)) if count else 0.0
    return GradeTest(
        name=name,
        count=count,
        bads=bads,
        predicted=mean,
        observed=jeffreys(bads, count),
        binomial_p=binomial_p(bads, count, mean),
        jeffreys_p=jeffreys_p(bads, count, mean),
    )


def hosmer_lemeshow(tests: Sequence[GradeTest]) -> tuple[float, float]:
    """(statistic, p-value) over all grades with cases; degrees of freedom are their number, as nothing was fitted.

    Source: Hosmer and Lemeshow, Goodness of fit tests for the multiple logistic regression model, 1980.
    """
    used = [t for t in tests if t.count and 0.0 < t.predicted < 1.0]
    if not used:
        return 0.0, 1.0
    statistic = sum(
        (t.bads - t.count * t.predicted) ** 2 / (t.count * t.predicted * (1.0 - t.predicted))
        for t in used
    )
    return float(statistic), float(stats.chi2.sf(statistic, len(used)))
