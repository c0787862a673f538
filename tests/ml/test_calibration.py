"""Regression and calibration against scikit-learn."""

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from ml.calibration import FitError, fit_isotonic, fit_logistic, fit_platt, rounded, sigmoid


def data(rows: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 3))
    chance = sigmoid(-1.0 + x @ np.array([0.8, -0.5, 0.0]))
    return x, (generator.random(rows) < chance).astype(float)


@pytest.mark.parametrize("ridge", [0.01, 1.0, 50.0])
def test_logistic_regression_is_scikit_learns(ridge):
    x, y = data()
    found = fit_logistic(x, y, ridge=ridge)
    other = LogisticRegression(C=1.0 / ridge, tol=1e-10, max_iter=1000).fit(x, y)
    assert found.coefficients == pytest.approx(other.coef_[0], abs=1e-5)
    assert found.intercept == pytest.approx(other.intercept_[0], abs=1e-5)


def test_standard_errors_shrink_with_the_root_of_the_rows():
    small, large = (fit_logistic(*data(rows)).standard_errors for rows in (2000, 8000))
    assert large / small == pytest.approx(np.full(4, 0.5), rel=0.1)


def test_constant_column_is_survived():
    x, y = data()
    found = fit_logistic(np.column_stack([x, np.zeros(len(x))]), y, ridge=1.0)
    assert found.coefficients[3] == pytest.approx(0.0, abs=1e-9)


def test_separable_outcome_without_ridge_is_refused():
    x = np.arange(20.0)[:, None]
    with pytest.raises(FitError):
        fit_logistic(x, (x[:, 0] > 9.5).astype(float))


def test_platt_recovers_a_distorted_scale():
    generator = np.random.default_rng(2)
    true = generator.normal(-1.5, 1.0, 60_000)
    y = (generator.random(60_000) < sigmoid(true)).astype(int)
    intercept, slope = fit_platt((true + 0.7) / 2.0, y)
    assert slope == pytest.approx(2.0, abs=0.06)
    assert intercept == pytest.approx(-0.7, abs=0.06)


def test_platt_refuses_a_measure_that_points_the_wrong_way():
    generator = np.random.default_rng(2)
    y = generator.integers(0, 2, 500)
    with pytest.raises(FitError, match="no signal"):
        fit_platt(-(y + generator.normal(size=500)), y)


def test_platt_refuses_one_outcome():
    with pytest.raises(FitError, match="both outcomes"):
        fit_platt(np.arange(5.0), np.ones(5))


def test_isotonic_is_scikit_learns():
    generator = np.random.default_rng(4)
    values = generator.integers(0, 40, 800).astype(float)
    y = (generator.random(800) < values / 60).astype(int)
    seen, rate = fit_isotonic(values, y)
    other = IsotonicRegression().fit(values, y).predict(seen)
    assert rate == pytest.approx(other, abs=1e-12)
    assert (np.diff(rate) >= 0).all()


def test_sigmoid_does_not_overflow():
    assert sigmoid(np.array([-1e9, 0.0, 1e9])).tolist() == pytest.approx([0.0, 0.5, 1.0])


def test_rounding_drops_the_last_bits():
    assert rounded(0.1 + 0.2) == 0.3
    assert rounded(123456.7890123456) == 123456.789012
