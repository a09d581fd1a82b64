"""Units of the threshold: maps, velocities and domains."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import finite_difference
from scipy.special import expit, logit

import conjac as cj
from conjac.coordinates import COORDINATES, choose, margins, scores_of


@pytest.mark.parametrize("name", ["probability", "logit", "score"])
@given(t=st.floats(0.02, 0.98))
def test_the_velocity_is_the_derivative_of_the_cut(name, t):
    unit = COORDINATES[name]
    told = float(logit(t)) if name == "logit" else t

    def cut(step):
        return float(margins(np.array([unit.to_score(told + step)]), unit.scale)[0])

    np.testing.assert_allclose(unit.cut.derivative(np.array([told]))[0], finite_difference(cut, 1e-4), rtol=1e-5)


@given(t=st.floats(1e-6, 1 - 1e-6))
def test_to_score_and_back(t):
    for name in ("probability", "score"):
        assert COORDINATES[name].from_score(COORDINATES[name].to_score(t)) == t
    np.testing.assert_allclose(COORDINATES["logit"].from_score(COORDINATES["logit"].to_score(t)), t, rtol=1e-9)


@given(st.floats(0, 1))
def test_log_odds_come_back_to_the_same_score_or_barely_less(score):
    unit = COORDINATES["logit"]
    back = float(unit.to_score(unit.from_score(np.array(score))))
    assert back <= score
    assert back == pytest.approx(score, rel=1e-12, abs=1e-300)


@given(score=st.floats(2.0**-39, 1 - 2.0**-39))
def test_margins_invert(score):
    np.testing.assert_allclose(scores_of(margins(np.array([score]), "logit"), "logit"), score, rtol=1e-9)
    np.testing.assert_allclose(margins(np.array([score]), "logit"), logit(score), rtol=1e-9, atol=1e-12)


def test_margins_are_finite_at_the_ends_and_symmetric():
    found = margins(np.array([0.0, 1e-300, 0.5, 1 - 2**-53, 1.0]), "logit")
    assert np.isfinite(found).all()
    assert found[0] == found[1] == -found[4]
    assert found[2] == 0
    np.testing.assert_allclose(found[4], 40 * np.log(2))


def test_float32_is_cast_before_it_is_clipped():
    """1 - 2e-9 is 1 in float32, and a clip in float32 would do nothing."""
    assert margins(np.array([1.0], np.float32), "logit")[0] == margins(np.array([1.0]), "logit")[0]
    assert margins(np.array([0.75], np.float32), "logit").dtype == np.float64


def test_the_velocity_is_unknown_at_the_ends():
    velocity = COORDINATES["probability"].cut.derivative(np.array([-1.0, 0.0, 0.25, 1.0, 2.0]))
    np.testing.assert_array_equal(np.isnan(velocity), [True, True, False, True, True])
    np.testing.assert_allclose(velocity[2], 16 / 3)


@pytest.mark.parametrize(
    ("score", "expected"),
    [([0.0, 1.0], "probability"), ([0.2, 0.3], "probability"), ([-1e-9, 0.5], "score"), ([0.5, 1.0001], "score")],
)
def test_the_default_follows_the_scores(score, expected):
    assert choose(np.array(score), None).name == expected
    assert choose(np.array(score), "score").name == "score"


@pytest.mark.parametrize("name", ["probability", "logit", "percentile"])
@pytest.mark.parametrize("score", [[0.5, 1.5, 0.2], [0.5, -0.5, 3.0]])
def test_probabilities_are_needed(name, score):
    y = [0, 1, 0]
    with pytest.raises(
        cj.InvalidInputError, match=rf"coordinate='{name}' takes scores in \[0, 1\].*y_score\[1\].*coordinate='score'"
    ):
        cj.confusion_jacobian(y, score, coordinate=name)
    with pytest.raises(cj.InvalidInputError, match=r"y_score\[1\]"):
        cj.ConfusionCurve.from_predictions(y, score, coordinate=name)


def test_units_are_told():
    assert {c.name: c.unit for c in COORDINATES.values()} == {
        "probability": "1.0 of probability",
        "logit": "1 unit of log-odds",
        "percentile": "1.0 of the rows alerted",
        "score": "1 unit of score",
    }


@pytest.mark.parametrize(("coordinate", "default"), [("probability", 0.5), ("logit", 0.0), ("score", 0.0)])
def test_default_thresholds(coordinate, default):
    y, p = np.arange(400) % 2, np.linspace(0.01, 0.99, 400)
    J = cj.confusion_jacobian(y, p - 0.5 if coordinate == "score" else p, coordinate=coordinate)
    assert J.threshold == default
    if coordinate == "logit":
        assert J.matrix[:, 1].sum() == (p >= expit(0.0)).sum()


def test_the_default_percentile_is_the_share_at_a_half():
    rng = np.random.default_rng(0)
    y, p = np.arange(400) % 2, rng.beta(2, 5, 400)
    J = cj.confusion_jacobian(y, p, coordinate="percentile")
    assert J.threshold == np.mean(p >= 0.5)
    np.testing.assert_array_equal(J.matrix, cj.confusion_jacobian(y, p).matrix)
