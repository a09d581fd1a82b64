"""A metric's slope with its error; exchange rates."""

import numpy as np
import pytest
from oracles import NormalLogits, normal_rows
from scipy.stats import norm

import conjac as cj


@pytest.fixture(scope="module", name="J")
def _jacobian():
    return cj.confusion_jacobian(*normal_rows(0, 5000), threshold=0.6)


@pytest.mark.parametrize(
    "name", ["f1", "precision", "recall", "matthews_corrcoef", "accuracy", "youden_j", "alert_rate"]
)
def test_slopes_are_near_the_population_s(J, name):
    told = J.of(name)
    truth = NormalLogits().metric_slope(name, 0.6)
    assert abs(told.center - truth) < 3.5 * told.stderr
    assert abs(told.value - NormalLogits().metric(name, 0.6)) < 3.5 * told.value_stderr
    assert told.stderr < 0.3


def test_recall_moves_as_its_cell(J):
    told = J.of("recall")
    positives = J.matrix[1].sum()
    assert told.gradient == pytest.approx(J.jacobian[1, 1] / positives)
    fixed = cj.confusion_jacobian(*normal_rows(0, 5000), threshold=0.6, condition_on="class")
    assert fixed.of("recall").stderr == pytest.approx(fixed.stderr[1, 1] / positives)


def test_a_metric_that_does_not_move_is_known_to_stand_still(J):
    told = J.of("prevalence")
    assert told.gradient == 0
    assert told.stderr == pytest.approx(0, abs=1e-9)


def test_the_interval_of_a_slope_is_symmetric_and_the_value_s_stays_in_its_domain(J):
    told = J.of("f1")
    lower, upper = told.confint(0.9)
    assert upper - told.center == pytest.approx(norm.ppf(0.95) * told.stderr)
    assert told.center - lower == pytest.approx(norm.ppf(0.95) * told.stderr)
    low, high = told.value_confint(0.999999)
    assert 0 < low < told.value < high < 1


def test_elasticity(J):
    told = J.of("f1")
    assert told.elasticity == pytest.approx(told.gradient / told.value)
    nothing = cj.confusion_jacobian(*normal_rows(0, 100), threshold=2.0).of("recall")
    assert nothing.value == 0
    assert np.isnan(nothing.elasticity)


def test_undefined_metrics_are_nan_in_their_slope():
    told = cj.confusion_jacobian(*normal_rows(0, 100), threshold=2.0).of("precision")
    assert told.value == 0  # scikit-learn's zero_division
    assert np.isnan(told.gradient)
    assert np.isnan(told.value_confint()).all()


@pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")  # the negatives end at the threshold
@pytest.mark.parametrize(("false_alarms", "known"), [(0, False), (2, False), (40, True)])
def test_two_false_alarms_do_not_carry_the_slope_of_a_likelihood_ratio(false_alarms, known):
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 300)
    p = np.where(y == 1, rng.uniform(0.3, 0.9, 600), rng.uniform(0.3, 0.5, 600))
    p[:false_alarms] = rng.uniform(0.5, 0.6, false_alarms)
    told = cj.confusion_jacobian(y, p).of("positive_likelihood_ratio")
    assert np.isfinite(told.stderr) == known
    assert np.isnan(told.confint()).any() != known


def test_exchange_rate_against_the_population(J):
    rate = J.exchange_rate()
    truth = NormalLogits().exchange_rate(0.6)
    lower, upper = rate.confint(0.999)
    assert lower < truth < upper
    assert rate.units == ("tp gained",)
    assert rate.value == rate.gradient
    assert rate.value_confint() == rate.confint()


@pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
@pytest.mark.parametrize("seed", range(5))
def test_an_exchange_rate_of_little_evidence_is_wide_or_unknown(seed):
    """A flux beside zero makes a ratio of any size: no overflow, and no false precision."""
    y, p = normal_rows(seed, 60, mean=2.5)
    for t in (0.01, 0.05, 0.5, 0.95, 0.99):
        rate = cj.confusion_jacobian(y, p, threshold=t).exchange_rate()
        lower, upper = rate.confint()
        assert np.isnan(lower) or upper > lower


def test_groups_use_student_s_t():
    y, p = normal_rows(0, 900)
    J = cj.confusion_jacobian(y, p, groups=np.arange(900) % 6)
    lower, upper = J.confint()
    wider = (upper - lower) / (2 * J.stderr)
    assert (wider > norm.ppf(0.975) * 1.2).all()
    np.testing.assert_allclose(wider, wider[0, 0])
    assert "6 clusters" in J.diagnostics["sampling"]
