"""Curves from scores alone: what is expected, of whom, and what is not claimed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import beta

import conjac as cj

SHARES = st.floats(0, 1, allow_subnormal=False)


@given(
    hnp.arrays(float, st.integers(1, 40), elements=SHARES),
    st.sampled_from([0.0, 0.2, 0.5, 1.0, 1.5]),
    st.booleans(),
    st.data(),
)
def test_the_matrix_is_the_sum_of_the_scores(p, t, weighted, data):
    w = data.draw(hnp.arrays(float, len(p), elements=st.floats(0.01, 5))) if weighted else np.ones(len(p))
    curve = cj.ConfusionCurve.from_scores(p, sample_weight=w if weighted else None)
    above = (p >= t) if t > 0 else np.ones(len(p), bool)
    expected = [
        [(w * (1 - p))[~above].sum(), (w * (1 - p))[above].sum()],
        [(w * p)[~above].sum(), (w * p)[above].sum()],
    ]
    np.testing.assert_allclose(curve.matrix_at(t), expected, rtol=1e-9, atol=1e-9)
    low, high = curve.realized_confint_at(t)
    noise = (w**2 * p * (1 - p))[above].sum()
    if noise == 0:
        assert high[1, 1] == pytest.approx(low[1, 1])
    assert (low <= np.array(expected) + 1e-9).all()
    assert (high >= np.array(expected) - 1e-9).all()


def population(n, t):
    """Return the matrix expected of n rows with scores Beta(2, 5), and its derivative at t."""
    x = np.linspace(0, 1, 20001)
    parts = [[(x < t) * (1 - x), (x >= t) * (1 - x)], [(x < t) * x, (x >= t) * x]]
    matrix = n * np.array([[np.trapezoid(part * beta.pdf(x, 2, 5), x) for part in row] for row in parts])
    rate = n * beta.pdf(t, 2, 5) * np.array([1 - t, t])
    return matrix, np.stack([rate, -rate], axis=-1)


def test_intervals_are_of_what_they_say():
    """The expected matrix and its slopes; and, of these very rows, the cells that their labels would make."""
    n, t = 1500, 0.5
    matrix, rate = population(n, t)
    inside = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        p = rng.beta(2, 5, n)
        y = rng.random(n) < p
        shown = np.array([[((p >= t) == side)[y == k].sum() for side in (False, True)] for k in (False, True)])
        curve = cj.ConfusionCurve.from_scores(p)
        limits = curve.matrix_confint_at(t), curve.confint_at(t), curve.realized_confint_at(t)
        inside.append(
            [(low <= truth) & (truth <= high) for (low, high), truth in zip(limits, (matrix, rate, shown), strict=True)]
        )
    assert (np.mean(inside, axis=0) >= 0.9).all()
    realized = np.diff(curve.realized_confint_at(t), axis=0)[0, 1, 1]
    assert realized == pytest.approx(2 * 1.96 * np.sqrt((p * (1 - p))[p >= t].sum()), rel=1e-3)


def test_of_scores_that_are_not_calibrated_the_matrix_is_wrong_and_nothing_says_so():
    """Labels of probability p squared: the expected true positives are out by a half, in every interval's face."""
    rng = np.random.default_rng(0)
    p = rng.beta(2, 5, 20_000)
    y = (rng.random(20_000) < p**2).astype(int)
    curve = cj.ConfusionCurve.from_scores(p)
    found = (y[p >= 0.5]).sum()
    assert curve.matrix_at(0.5)[1, 1] > 1.4 * found
    assert curve.realized_confint_at(0.5).lower[1, 1] > found
    assert curve.diagnostics["assumes"].startswith("calibration")
    assert "not checked" in curve.diagnostics["assumes"]
    with pytest.raises(cj.InvalidInputError, match="cannot be told from scores alone"):
        curve.calibration_at(0.5)
    tested = cj.ConfusionCurve.from_scores(p[1000:], labelled=(y[:1000], p[:1000]))
    assert "tested by 1000 labelled rows" in tested.diagnostics["assumes"]
    assert "not checked" not in tested.diagnostics["assumes"]
    low, high = tested.calibration_at(0.5).confint()
    assert high < 0  # log-odds of p squared are lower
    assert low < -np.log(3) < high  # log-odds of 1 / 4


def test_calibrated_scores_pass_their_own_test():
    inside = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        p = rng.beta(2, 5, 2000)
        y = (rng.random(2000) < p).astype(int)
        low, high = cj.ConfusionCurve.from_scores(p, labelled=(y, p)).calibration_at(0.4).confint()
        inside += low <= 0 <= high
    assert inside >= 54


def test_merging():
    rng = np.random.default_rng(1)
    p, y = rng.beta(2, 5, 3000), None
    whole, a, b = (cj.ConfusionCurve.from_scores(part) for part in (p, p[:1000], p[1000:]))
    merged = a.merge(b)
    np.testing.assert_allclose(merged.jacobian_at(0.4), whole.jacobian_at(0.4), rtol=5e-3)
    np.testing.assert_allclose(merged.realized_confint_at(0.5), whole.realized_confint_at(0.5), rtol=2e-2)
    assert merged.diagnostics["n_samples"] == 3000
    assert "not checked" in merged.diagnostics["assumes"]
    y = (rng.random(3000) < p).astype(int)
    with pytest.raises(cj.InvalidInputError, match="do not merge"):
        a.merge(cj.ConfusionCurve.from_predictions(y, p))
    with pytest.raises(cj.InvalidInputError, match="these rows have labels"):
        cj.ConfusionCurve.from_predictions(y, p).realized_confint_at(0.5)


def test_decisions_and_columns():
    p = np.random.default_rng(2).beta(2, 5, 4000)
    curve = cj.ConfusionCurve.from_scores(p, labels=("ham", "spam"))
    assert curve.labels == ("ham", "spam")
    found = curve.maximize("youden_j")
    assert found.threshold == pytest.approx(2 / 7, abs=0.03)  # calibrated scores are best cut at the prevalence
    two = cj.ConfusionCurve.from_scores(np.column_stack([1 - p, p]))
    np.testing.assert_allclose(two.matrix_at(0.3), curve.matrix_at(0.3))


@pytest.mark.parametrize(
    ("p", "message"),
    [([0.2, 1.5], "y_score\\[1\\]"), ([0.2, np.nan], "y_score"), ([-0.1, 0.5], "probabilities"), ([], "y_score")],
)
def test_bad_scores(p, message):
    with pytest.raises(cj.InvalidInputError, match=message):
        cj.ConfusionCurve.from_scores(p)
