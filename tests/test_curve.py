"""Every threshold at once: shapes, bounds, merging, coordinates."""

import pickle

import numpy as np
import pytest
from oracles import NormalLogits, count, finite_difference, normal_rows
from scipy.special import expit, logit

import conjac as cj
from conjac.testing import check_merge

from_predictions = cj.ConfusionCurve.from_predictions


@pytest.fixture(scope="module")
def data():
    return normal_rows(0, 2000)


@pytest.fixture(scope="module")
def curve(data):
    return from_predictions(*data)


@pytest.mark.parametrize("shape", [(), (1,), (5,), (0,), (2, 3), (2, 0, 3)])
def test_arrays_of_any_shape(curve, shape):
    t = np.random.default_rng(0).uniform(0.1, 0.9, shape)
    for at in (curve.matrix_at, curve.jacobian_at, curve.center_at, curve.stderr_at):
        assert at(t).shape == (*shape, 2, 2)
    for side in curve.confint_at(t):
        assert side.shape == (*shape, 2, 2)
    assert curve.bound_at(t).shape == (*shape, 2)
    for estimate in (curve.metric_at("f1", t), curve.metric_slope_at("f1", t)):
        for part in (estimate.value, estimate.stderr, estimate.bound, *estimate.confint()):
            assert np.shape(part) == shape


def test_matrix_at_counts_by_brute_force(curve, data):
    y, p = data
    t = np.concatenate([p[:20], np.nextafter(p[:20], 1), [-1, 0, 0.5, 1, 2]])
    np.testing.assert_array_equal(curve.matrix_at(t), [count(y == 1, p, x) for x in t])
    assert curve.matrix_at(t).dtype.kind == "i"
    np.testing.assert_array_equal(curve.matrix_at(t, exact=True), curve.matrix_at(t))
    assert not curve.bound_at(t).any()


def test_cutoffs_are_every_set_that_a_threshold_can_alert(curve, data):
    cutoffs = curve.cutoffs()
    np.testing.assert_array_equal(cutoffs[:-1], np.unique(data[1]))
    assert cutoffs[-1] == np.inf
    alerts = curve.matrix_at(cutoffs)[:, :, 1].sum(axis=1)
    assert (np.diff(alerts) < 0).all()
    assert alerts[0] == 2000
    assert alerts[-1] == 0


def test_slopes_are_near_the_population_s(curve):
    population = NormalLogits()
    t = np.array([0.2, 0.5, 0.8])
    truth = 2000 * np.array([population.slope(x) for x in t])
    error = curve.stderr_at(t)
    assert (np.abs(curve.center_at(t) - truth) < 3.5 * error).all()
    assert (error < 0.2 * np.abs(truth).max(axis=(1, 2), keepdims=True)).all()


def test_the_ends_of_the_domain_are_nan(curve):
    assert np.isnan(curve.jacobian_at([0.0, 1.0, -1.0, 2.0])).all()
    assert np.isnan(curve.stderr_at([0.0, 1.0])).all()
    assert np.isfinite(curve.jacobian_at([0.0, 0.5])[1]).all()


@pytest.mark.parametrize("coordinate", ["probability", "logit", "score", "percentile"])
def test_told_inverts_score_of(data, coordinate):
    curve = from_predictions(*data, coordinate=coordinate)
    assert curve.coordinate == coordinate
    cutoffs = curve.cutoffs()[1:-1]
    np.testing.assert_allclose(curve.score_of(curve.told(cutoffs)), cutoffs, rtol=1e-12)


def test_percentile_means_the_share_alerted(data):
    curve = from_predictions(*data, coordinate="percentile")
    share = np.array([0.0, 0.1, 0.25, 1.0])
    np.testing.assert_allclose(curve.matrix_at(share)[:, :, 1].sum(axis=1) / 2000, share)
    slope = curve.jacobian_at(0.3)
    np.testing.assert_allclose(slope[:, 1].sum(), 2000)


def test_labels_in_the_metric_s_name(data):
    y, p = data
    curve = from_predictions(np.array(["ham", "spam"])[y], p)
    np.testing.assert_allclose(curve.metric_at("recall[ham]", 0.5).value, curve.metric_at("specificity", 0.5).value)
    assert curve.labels == ("ham", "spam")


def test_a_metric_s_bound_is_zero_where_counts_are_exact(curve):
    t = np.array([0.3, 2.0])
    for name in ("f1", "precision", "matthews_corrcoef"):
        np.testing.assert_array_equal(curve.metric_at(name, t).bound, 0)


def test_a_metric_s_bound_covers_the_exact_value(data):
    y, p = data
    tally = cj.Tally.zero("logit", 0.5).add(y, p)
    rough, exact = cj.ConfusionCurve.from_tally(tally), from_predictions(y, p)
    t = np.linspace(0.05, 0.95, 50)
    for name in ("recall", "accuracy", "fpr"):  # linear in the cells: the bound is no approximation
        told = rough.metric_at(name, t)
        assert (np.abs(told.value - exact.metric_at(name, t).value) <= told.bound + 1e-12).all()
    assert rough.metric_at("recall", t).bound.max() > 0


@pytest.mark.parametrize("cost", [None, 0.2])
def test_net_benefit_keeps_its_own_probability_fixed(curve, cost):
    metric = cj.metrics.net_benefit(cost or 0.3)
    slope = curve.metric_slope_at(metric, 0.4).value
    cells, motion = curve.matrix_at(0.4).astype(float), curve.jacobian_at(0.4)
    np.testing.assert_allclose(slope, finite_difference(lambda e: metric.value(cells + e * motion), 1e-4), rtol=1e-6)


# --- tallies and merging


def test_a_merged_curve_needs_no_rows(data):
    y, p = data
    parts = [from_predictions(y[i::4], p[i::4], thresholds=[0.3, 0.5]) for i in range(4)]
    merged = parts[0].merge(parts[1]).merge(parts[2]).merge(parts[3])
    whole = from_predictions(y, p)
    np.testing.assert_array_equal(merged.matrix_at([0.3, 0.5], exact=True), whole.matrix_at([0.3, 0.5]))
    assert merged.diagnostics["n_samples"] == 2000
    assert "bound" in merged.diagnostics["counts"]
    np.testing.assert_allclose(merged.jacobian_at(0.4), whole.jacobian_at(0.4), rtol=1e-3)
    with pytest.raises(cj.InexactError, match="named thresholds and bin edges"):
        merged.matrix_at(np.nextafter(p[0], 1), exact=True)
    assert merged.bound_at(np.nextafter(p[0], 1)).any()
    assert not merged.bound_at(0.3).any()
    decision = merged.solve(recall=0.9)
    recall = decision.matrix[1, 1] / decision.matrix[1].sum()
    assert recall >= 0.9
    np.testing.assert_allclose(decision.threshold, whole.solve(recall=0.9).threshold, atol=2e-3)
    np.testing.assert_allclose(merged.maximize("f1").threshold, whole.maximize("f1").threshold, atol=2e-3)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"labels": ["a", "b"]}, "labels"),
        ({"coordinate": "logit"}, "coordinate"),
        ({"condition_on": "class"}, "condition_on"),
        ({"coordinate": "score"}, "coordinate"),
        ({"thresholds": [0.5]}, "thresholds"),
        ({"groups": np.arange(2000) % 9}, "clustered"),
    ],
)
def test_curves_of_different_kinds_do_not_merge(curve, data, change, told):
    y, p = data
    if "labels" in change:
        y = np.array(["a", "b"])[y]
    other = from_predictions(y, p, **change)
    with pytest.raises(cj.InvalidInputError, match=told):
        curve.merge(other)


@pytest.mark.parametrize("coordinate", ["logit", "percentile"])
def test_a_curve_from_a_tally_in_another_coordinate(data, coordinate):
    curve = from_predictions(*data, coordinate=coordinate)
    again = cj.ConfusionCurve.from_tally(cj.Tally.from_arrays(curve.tally.to_arrays()), coordinate=coordinate)
    t = 0.25
    np.testing.assert_allclose(again.jacobian_at(t), curve.jacobian_at(t), rtol=1e-2)
    with pytest.raises(cj.InvalidInputError, match="does not fit"):
        cj.ConfusionCurve.from_tally(curve.tally, coordinate="score")


def test_named_thresholds_are_in_the_curve_s_coordinate(data):
    curve = from_predictions(*data, coordinate="logit", thresholds=[-1.0, 0.25])
    np.testing.assert_allclose(curve.tally.thresholds, expit([-1.0, 0.25]))
    binned = cj.ConfusionCurve.from_tally(curve.tally, coordinate="logit")
    np.testing.assert_array_equal(binned.matrix_at([-1.0, 0.25], exact=True), curve.matrix_at([-1.0, 0.25]))
    with pytest.raises(cj.InvalidInputError, match="percentile"):
        from_predictions(*data, coordinate="percentile", thresholds=[0.5])


def test_the_shipped_check_of_merging(data):
    y, p = data
    w = np.random.default_rng(0).exponential(size=2000)

    def make(y, p, w):
        return from_predictions(y, p, sample_weight=w, thresholds=[0.2, 0.7])

    check_merge(make, [(y[i::3], p[i::3], w[i::3]) for i in range(3)])


# --- what it says


def test_repr_and_pickle(curve):
    assert "probability" in repr(curve)
    again = pickle.loads(pickle.dumps(curve))
    np.testing.assert_array_equal(again.matrix_at(0.3), curve.matrix_at(0.3))
    np.testing.assert_array_equal(again.stderr_at(0.3), curve.stderr_at(0.3))
    assert dict(again.diagnostics) == dict(curve.diagnostics)


@pytest.mark.parametrize(("t", "told"), [(np.nan, "nan"), ([0.5, np.nan], "nan")], ids=["scalar", "array"])
def test_a_threshold_of_nan_is_refused(curve, t, told):
    for at in (curve.matrix_at, curve.jacobian_at):
        with pytest.raises(cj.InvalidInputError, match=told):
            at(t)


@pytest.mark.parametrize("t", [-0.1, 1.1, [0.5, 2.0]])
def test_a_percentile_lies_between_0_and_1(data, t):
    curve = from_predictions(*data, coordinate="percentile")
    with pytest.raises(cj.InvalidInputError, match=r"percentile.*\[0, 1\]"):
        curve.matrix_at(t)


def test_raw_scores_and_log_odds_agree(data):
    y, p = data
    raw, told = from_predictions(y, logit(p)), from_predictions(y, p, coordinate="logit")
    assert raw.coordinate == "score"
    t = np.array([-1.0, 0.0, 0.7])
    np.testing.assert_array_equal(raw.matrix_at(t), told.matrix_at(t))
    np.testing.assert_allclose(raw.jacobian_at(t), told.jacobian_at(t), rtol=1e-2)
