"""Which threshold to take: told apart, with intervals, flatness and plain words."""

import json

import numpy as np
import pytest
from oracles import NormalLogits, normal_rows, wilson
from scipy.special import logit
from scipy.stats import norm

import conjac as cj
from conjac.decisions import Constraint


@pytest.fixture(scope="module")
def curve():
    return cj.ConfusionCurve.from_predictions(*normal_rows(0, 3000))


def test_a_target_and_an_optimum_are_told_apart(curve):
    target, optimum = curve.solve(recall=0.9), curve.maximize("f1")
    assert (target.kind, optimum.kind) == ("target", "argmax")
    assert "slope holds 0" in optimum.diagnostics["interval"]
    assert "holds the target" in target.diagnostics["interval"]
    assert optimum.in_sample
    assert "optimistic" in optimum.diagnostics["value"]


def test_a_decision_carries_what_it_gives(curve):
    decision = curve.maximize("f1")
    np.testing.assert_array_equal(decision.matrix, curve.matrix_at(decision.threshold))
    np.testing.assert_allclose(decision.jacobian, curve.jacobian_at(decision.threshold), rtol=1e-2)
    told = curve.metric_at("f1", decision.threshold)
    assert decision.value == pytest.approx(float(told.value))
    assert decision.value_stderr == pytest.approx(float(told.stderr))
    lower, upper = decision.value_confint()
    assert lower < decision.value < upper
    lower, upper = decision.confint()
    assert lower < decision.threshold < upper
    narrow = decision.confint(0.5)
    assert lower < narrow.lower < narrow.upper < upper
    assert "f1" in repr(decision)
    assert f"{decision.threshold:.6g}" in repr(decision)


def test_the_smooth_optimum_is_near_the_population_s():
    """F1 of N(-+1, 1) with even classes is best where its slope is 0; Youden's J at the densities' crossing, 0."""
    found = [
        cj.ConfusionCurve.from_predictions(*normal_rows(seed, 4000)).maximize("youden_j").threshold
        for seed in range(20)
    ]
    assert abs(np.mean(logit(found))) < 0.06
    assert np.std(logit(found)) < 0.2
    exact = [
        cj.ConfusionCurve.from_predictions(*normal_rows(seed, 4000)).maximize("youden_j", method="exact").threshold
        for seed in range(20)
    ]
    assert np.std(logit(found)) < np.std(logit(exact))


def test_a_cost_is_least_where_densities_balance():
    """Expected cost with costs 1 and c is least where c f1 = f0: at log-odds -log(c) / 2 for N(-+1, 1)."""
    curve = cj.ConfusionCurve.from_predictions(*normal_rows(1, 40_000))
    for c in (0.5, 1.0, 4.0):
        decision = curve.maximize(cj.metrics.expected_cost([[0, 1], [c, 0]]))
        assert logit(decision.threshold) == pytest.approx(-np.log(c) / 2, abs=0.15)
        assert decision.flatness["tolerance"] == pytest.approx(0.01 * decision.value, rel=0.02)


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
def test_decisions_are_the_same_in_every_coordinate(coordinate):
    y, p = normal_rows(2, 1500)
    plain = cj.ConfusionCurve.from_predictions(y, p)
    curve = cj.ConfusionCurve.from_predictions(y, p, coordinate=coordinate)
    for decide in (lambda c: c.solve(recall=0.8), lambda c: c.maximize("f1", method="exact")):
        a, b = decide(plain), decide(curve)
        np.testing.assert_array_equal(a.matrix, b.matrix)
        assert b.rule.threshold == pytest.approx(a.rule.threshold, rel=1e-12)
        assert b.coordinate == coordinate
        assert curve.score_of(b.threshold) == pytest.approx(a.threshold, rel=1e-12)
        assert min(b.flatness["lower"], b.flatness["upper"]) >= 0
        np.testing.assert_array_equal(a.predict(p), b.predict(p))
    ends = curve.score_of(np.array(curve.solve(recall=0.8).confint()))
    np.testing.assert_allclose(np.sort(ends), plain.solve(recall=0.8).confint(), rtol=1e-9)


def test_the_interval_of_a_target_is_wilson_s_inverted(curve):
    decision = curve.solve(recall=0.9)
    lower, upper = decision.confint()
    for t, side in ((lower, 1), (upper, 0)):
        matrix = curve.matrix_at(t)
        limit = wilson(matrix[1, 1], matrix[1].sum())
        assert limit[0] <= 0.9 <= limit[1]
        past = curve.matrix_at(np.nextafter(t, 2) if side == 0 else t)
        assert past.sum() == matrix.sum()
    assert lower < decision.threshold < upper


def test_constraints_say_whether_they_bind(curve):
    free = curve.maximize("precision", subject_to="recall >= 0.1")
    bound = curve.maximize("specificity", subject_to="recall >= 0.9")
    assert bound.diagnostics["binding"] == ["recall >= 0.9"]
    assert "half" in bound.diagnostics["constraints"]
    np.testing.assert_allclose(bound.threshold, curve.solve(recall=0.9).threshold)
    np.testing.assert_allclose(bound.confint(), curve.solve(recall=0.9).confint(), atol=5e-3)
    assert free.matrix[1, 1] / free.matrix[1].sum() >= 0.1
    safe = curve.maximize("specificity", subject_to="recall >= 0.9", confidence=0.95)
    assert "0.95" in safe.diagnostics["constraints"]
    assert safe.threshold < bound.threshold


@pytest.mark.parametrize("text", ["recall >= .9", "recall>=0.9", " recall  >=  9e-1 "])
def test_constraints_are_read_from_text(text):
    constraint = Constraint.parse(text, [0, 1])
    assert (constraint.metric.name, constraint.sign, constraint.bound) == ("recall", ">=", 0.9)
    assert str(constraint) == "recall >= 0.9"
    np.testing.assert_allclose(constraint.shortfall(np.array([0.8, 0.9, 1.0, np.nan])), [0.1, 0, 0, np.inf])


def test_constraints_may_be_objects_and_of_one_label(curve):
    constraint = Constraint(cj.metrics.fbeta(2), ">=", 0.8)
    for bounds in (constraint, [constraint], ["recall[1] >= 0.8", constraint]):
        decision = curve.maximize("precision", subject_to=bounds)
        assert float(cj.metrics.fbeta(2).value(decision.matrix)) >= 0.8


@pytest.mark.parametrize("text", ["recall > .9", "recall = .9", "recall", "", ">= .9", "recall >= high", 3])
def test_constraints_that_are_not_constraints(curve, text):
    with pytest.raises(cj.InvalidInputError, match=r"subject_to=.*expected 'metric >= number'"):
        curve.maximize("f1", subject_to=[text])


def test_constraints_on_an_unknown_metric(curve):
    with pytest.raises(cj.UnknownMetricError, match=r"recal.*recall"):
        curve.maximize("f1", subject_to="recal >= .9")


@pytest.mark.parametrize("confidence", [0.2, 1.0, 1.5, -1, float("nan")])
def test_confidence_out_of_range(curve, confidence):
    with pytest.raises(cj.InvalidInputError, match=r"confidence=.*expected a number.*\.5"):
        curve.maximize("f1", subject_to="recall >= .5", confidence=confidence)


def test_infeasible_requests_name_the_nearest(curve):
    with pytest.raises(cj.InfeasibleError, match=r"no threshold meets recall >= 0.999 and precision >= 0.999") as error:
        curve.maximize("f1", subject_to=["recall >= 0.999", "precision >= 0.999"])
    assert set(error.value.nearest) == {"threshold", "recall", "precision"}
    assert 0 <= error.value.nearest["threshold"] <= 1
    worse = cj.ConfusionCurve.from_predictions(np.arange(200) % 2, np.linspace(0.99, 0.01, 200) ** 2)
    with pytest.raises(cj.InfeasibleError, match=r"no threshold reaches precision 0.9") as error:
        worse.solve(precision=0.9)
    assert set(error.value.nearest) == {"threshold", "precision"}


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda c: c.solve(), "one metric"),
        (lambda c: c.solve(recall=0.9, precision=0.9), "one metric.*subject_to"),
        (lambda c: c.solve(recall=1.2), r"recall=1.2.*\[0, 1\]"),
        (lambda c: c.solve(recall=float("nan")), "recall=nan"),
        (lambda c: c.solve(recal=0.9), "recal"),
        (lambda c: c.maximize("f1", method="best"), "method='best'.*smooth.*exact"),
        (lambda c: c.maximize("f2"), "f2"),
        (lambda c: c.maximize(3), "metric is 3"),
        (lambda c: c.solve({"recall[2]": 0.5}), "no such class"),
    ],
)
def test_bad_requests(curve, call, told):
    with pytest.raises(cj.InvalidInputError, match=told):
        call(curve)


@pytest.mark.parametrize("name", ["recall", "specificity"])
def test_an_optimum_at_an_end_is_a_threshold_that_can_be_used(name):
    """Recall is best with every alert, specificity with none: finite enough to tell, store and apply."""
    y, p = normal_rows(3, 300)
    curve = cj.ConfusionCurve.from_predictions(y, p)
    for method in ("exact", "smooth"):
        decision = curve.maximize(name, method=method)
        assert decision.value == 1
        assert decision.flatness["lower"] >= 0
        assert decision.flatness["upper"] >= 0
        json.dumps(decision.to_dict(), allow_nan=False)
        np.testing.assert_array_equal(curve.matrix_at(decision.threshold), decision.matrix)


def test_ties_are_broken_alike_every_time():
    y, score = np.array([0, 1, 0, 1, 0, 1]), np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    order = [5, 0, 3, 1, 4, 2]
    decisions = [
        cj.ConfusionCurve.from_predictions(y[i], score[i]).maximize("accuracy", method="exact")
        for i in (slice(None), order, slice(None, None, -1))
    ]
    assert len({d.threshold for d in decisions}) == 1
    assert decisions[0].threshold == 0.6


def test_scores_on_atoms_fall_back_to_the_counts_and_say_so():
    y, p = normal_rows(4, 3000)
    curve = cj.ConfusionCurve.from_predictions(y, np.round(p, 1))
    decision = curve.maximize("f1")
    assert "atoms" in decision.diagnostics["method"]
    assert decision.threshold == curve.maximize("f1", method="exact").threshold


def test_predict_takes_lists_and_columns(curve):
    decision = curve.solve(recall=0.9)
    assert decision.predict([0.01, 0.99]).tolist() == [0, 1]
    assert decision.predict([[0.01], [0.99]]).tolist() == [0, 1]
    assert decision.predict([]).tolist() == []
    assert decision.predict([[0.1, 0.9]]).tolist() == [1]
    with pytest.raises(cj.InvalidInputError, match=r"y_score has shape .*expected one score a row"):
        decision.predict([[0.1, 0.2, 0.7]])
    with pytest.raises(cj.InvalidInputError, match="two columns of raw scores"):
        decision.predict([[-1.0, 3.0]])
    y, p = normal_rows(0, 300)
    both = cj.ConfusionCurve.from_predictions(y, np.stack([1 - p, p], axis=1)).solve(recall=0.9)
    assert both.predict([[0.99, 0.01], [0.01, 0.99]]).tolist() == [0, 1]
    with pytest.raises(cj.InvalidInputError, match="expected both classes"):
        both.predict([0.01, 0.99])


@pytest.mark.parametrize("score", [[np.nan, 0.5], [None, 0.5], [np.inf, 0.2]])
def test_predict_refuses_missing_scores(curve, score):
    with pytest.raises(cj.InvalidInputError, match="y_score"):
        curve.solve(recall=0.9).predict(score)


def test_a_target_s_interval_covers():
    """The threshold at which recall is .9 is a quantile: its interval is valid, n = 500."""
    truth = 1 / (1 + np.exp(-NormalLogits().recall_threshold(0.9)))
    inside = []
    for seed in range(300):
        lower, upper = cj.ConfusionCurve.from_predictions(*normal_rows(1000 + seed, 500)).solve(recall=0.9).confint()
        inside.append(lower <= truth <= upper)
    assert 0.91 <= np.mean(inside) <= 0.99


@pytest.mark.parametrize(("confidence", "low", "high"), [(None, 0.35, 0.68), (0.9, 0.82, 0.98)])
def test_confidence_keeps_its_promise_in_new_rows(confidence, low, high):
    population = NormalLogits()
    kept = []
    for seed in range(150):
        curve = cj.ConfusionCurve.from_predictions(*normal_rows(5000 + seed, 800))
        decision = curve.maximize("specificity", subject_to="recall >= 0.8", confidence=confidence, method="exact")
        kept.append(norm.sf(logit(decision.threshold), population.mean[1]) >= 0.8)
    assert low <= np.mean(kept) <= high
