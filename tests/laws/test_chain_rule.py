"""Every slope is the same slope in another unit: coordinates, normalisations and metrics obey the chain rule."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import finite_difference, normal_rows, normalise
from scipy.special import expit, logit
from strategies import rows

import conjac as cj
from conjac.metrics import names, resolve
from conjac.testing import check_jacobian

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
FIGURES = ("jacobian", "center", "stderr")
POINTS = pytest.mark.parametrize("t", [0.203, 0.352, 0.5, 0.797])
DESIGNS = pytest.mark.parametrize("design", ["plain", "weights", "groups", "class", "rounded"])
MADE = (cj.metrics.fbeta(2), cj.metrics.expected_cost([[0, 1], [5, 0]]), cj.metrics.net_benefit(0.2))


def sample(design, seed=0, n=1200):
    """Return arguments of `confusion_jacobian` under one design."""
    y, p = normal_rows(seed, n, sd=0.9, mean=0.7)
    options = {}
    if design == "weights":
        options["sample_weight"] = np.random.default_rng(9).exponential(size=n)
    if design == "groups":
        options["groups"] = np.arange(n) // 8
    if design == "class":
        options["condition_on"] = "class"
    return (y, np.round(p, 2) if design == "rounded" else p), options


@POINTS
@DESIGNS
def test_logit_is_probability_times_t_one_minus_t(design, t):
    data, options = sample(design)
    probability = cj.confusion_jacobian(*data, threshold=t, **options)
    log_odds = cj.confusion_jacobian(*data, threshold=logit(t), coordinate="logit", **options)
    assert probability.coordinate == "probability"
    assert (probability.jacobian[1] != 0).all()
    for name in FIGURES:
        np.testing.assert_allclose(getattr(log_odds, name), getattr(probability, name) * t * (1 - t), rtol=1e-6)
    for name in ("f1", "matthews_corrcoef"):
        np.testing.assert_allclose(
            log_odds.of(name).stderr, probability.of(name).stderr * t * (1 - t), rtol=1e-6, err_msg=name
        )
    np.testing.assert_allclose(log_odds.exchange_rate().gradient, probability.exchange_rate().gradient, rtol=1e-6)


@POINTS
@DESIGNS
def test_percentile_is_probability_over_the_share_s_own_slope(design, t):
    data, options = sample(design)
    t = float(np.sort(data[1])[int(t * len(data[1]))])
    probability = cj.confusion_jacobian(*data, threshold=t, **options)
    share = probability.matrix[:, 1].sum() / probability.matrix.sum()
    percentile = cj.confusion_jacobian(*data, threshold=share, coordinate="percentile", **options)
    np.testing.assert_allclose(percentile.matrix, probability.matrix, rtol=1e-12)
    for name in ("jacobian", "center"):
        slope = getattr(probability, name)
        of_share = slope[:, 1].sum() / probability.matrix.sum()
        np.testing.assert_allclose(getattr(percentile, name), slope / of_share, rtol=1e-9)
        # Every further row alerted is a positive or a negative.
        np.testing.assert_allclose(getattr(percentile, name)[:, 1].sum(), probability.matrix.sum(), rtol=1e-9)
    assert (percentile.jacobian[:, 1] > 0).all()


@POINTS
def test_percentile_s_error_is_that_of_a_ratio_of_densities_and_of_the_cut(t):
    data, _ = sample("plain")
    n = len(data[0])
    t = float(np.sort(data[1])[int(t * n)])
    log_odds = cj.confusion_jacobian(*data, threshold=logit(t), coordinate="logit")
    negative, positive = -log_odds.center[:, 1]
    variance_negative, variance_positive = log_odds.stderr[:, 1] ** 2
    # Rows fall in one class or the other, so that the densities' covariance is that of a multinomial.
    covariance = -negative * positive / n
    parts = negative**2 * variance_positive + positive**2 * variance_negative - 2 * negative * positive * covariance
    ratio = n * np.sqrt(parts) / (negative + positive) ** 2
    share = np.mean(data[1] >= t)
    percentile = cj.confusion_jacobian(*data, threshold=share, coordinate="percentile")
    # One more alert is a positive or a negative: what one class gains the other does not.
    np.testing.assert_allclose(percentile.stderr, percentile.stderr[0, 0])
    # The cut is a sample quantile, of variance share (1 - share) / n over the density's square; eta moves with it.
    assert (percentile.stderr > 0.95 * ratio).all()
    cut = np.sqrt(share * (1 - share) / n) * n / (negative + positive)
    assert (percentile.stderr < np.hypot(ratio, n * cut) + 0.1 * ratio).all()
    # The share itself is as it was asked for.
    assert percentile.of("alert_rate").value_stderr < 1e-9


@POINTS
@DESIGNS
def test_scores_in_log_odds_equal_probabilities_told_in_log_odds(design, t):
    (y, p), options = sample(design)
    if design == "rounded":
        pytest.skip("a lattice of probabilities is none of log-odds")
    tau = logit(t)
    score = cj.confusion_jacobian(y, logit(p), threshold=tau, coordinate="score", **options)
    log_odds = cj.confusion_jacobian(y, p, threshold=tau, coordinate="logit", **options)
    np.testing.assert_array_equal(score.matrix, log_odds.matrix)
    for name in FIGURES:
        np.testing.assert_allclose(getattr(score, name), getattr(log_odds, name), rtol=1e-5)


@pytest.mark.parametrize("how", ["true", "pred", "all"])
@POINTS
@DESIGNS
def test_normalised_slope_is_that_of_the_normalised_matrix(design, t, how):
    data, options = sample(design)
    counts = cj.confusion_jacobian(*data, threshold=t, **options)
    shares = cj.confusion_jacobian(*data, threshold=t, normalize=how, **options)
    np.testing.assert_allclose(shares.matrix, normalise(counts.matrix.astype(float), how), rtol=1e-12)
    for name in ("jacobian", "center"):
        motion = getattr(counts, name)
        expected = finite_difference(lambda e: normalise(counts.matrix + e * motion, how), 1e-4)  # noqa: B023
        found = getattr(shares, name)
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-8 * np.abs(expected).max())
    if how == "all":
        np.testing.assert_allclose(shares.stderr, counts.stderr / counts.matrix.sum(), rtol=1e-9)
    check_jacobian(shares)


@given(data=st.data())
@settings(max_examples=60)
def test_every_jacobian_passes_the_shipped_check(data):
    r = data.draw(rows(kind=data.draw(st.sampled_from(["probability", "score"]))))
    inside = bool(r.y_score.min() >= 0 and r.y_score.max() <= 1)
    coordinate = data.draw(st.sampled_from(["probability", "logit", "percentile", "score"] if inside else ["score"]))
    J = cj.confusion_jacobian(
        r.y_true,
        r.y_score,
        threshold=data.draw(st.floats(0, 1)),
        coordinate=coordinate,
        sample_weight=r.sample_weight,
        groups=data.draw(st.sampled_from([None, np.arange(len(r)) % 5])) if len(r) > 1 else None,
        normalize=data.draw(st.sampled_from([None, "true", "pred", "all"])),
        condition_on=data.draw(st.sampled_from([None, "class"])),
    )
    check_jacobian(J)


@pytest.mark.parametrize("metric", [*names(2), *MADE], ids=lambda m: m if isinstance(m, str) else m.name)
@pytest.mark.parametrize("design", ["plain", "weights", "groups"])
def test_a_metric_s_slope_is_its_gradient_times_the_cells_motion(metric, design):
    data, options = sample(design)
    J = cj.confusion_jacobian(*data, threshold=0.4, **options)
    told, row = J.of(metric), resolve(metric, J.labels)
    cells = J.matrix.astype(float)
    assert told.metric == row.name
    np.testing.assert_allclose(told.value, row.value(cells), rtol=1e-12)
    if isinstance(metric, cj.metrics.Metric) and metric.name.startswith("net_benefit"):
        pytest.skip("held by test_curve")
    for found, motion in ((told.gradient, J.jacobian), (told.center, J.center)):
        by_hand = (row.gradient(cells) * motion).sum()
        scale = np.abs(row.gradient(cells) * motion).sum()
        differences = finite_difference(lambda e: row.value(cells + e * motion), 1e-4)  # noqa: B023
        np.testing.assert_allclose(found, by_hand, rtol=1e-9, atol=1e-12 * scale)
        np.testing.assert_allclose(found, differences, rtol=1e-6, atol=1e-9 * scale)
    np.testing.assert_allclose(told.elasticity, told.gradient / told.value)
    assert told.units == J.units
    assert np.shape(told.gradient) == ()
    lower, upper = told.confint()
    np.testing.assert_allclose((lower + upper) / 2, told.center, rtol=1e-9, atol=1e-12)
    low, high = told.value_confint()
    assert low <= told.value <= high


@POINTS
@DESIGNS
def test_exchange_rates_are_ratios_of_slopes_and_invert_each_other(design, t):
    data, options = sample(design)
    J = cj.confusion_jacobian(*data, threshold=t, **options)
    rate, back = J.exchange_rate("fp", "tp"), J.exchange_rate("tp", "fp")
    np.testing.assert_allclose(rate.gradient, J.jacobian[0, 1] / J.jacobian[1, 1])
    np.testing.assert_allclose(rate.center, J.center[0, 1] / J.center[1, 1])
    np.testing.assert_allclose(rate.gradient * back.gradient, 1)
    np.testing.assert_allclose(rate.stderr / rate.center, back.stderr / back.center, rtol=1e-9)
    lower, upper = rate.confint()
    inverted = back.confint()
    np.testing.assert_allclose([lower, upper], [1 / inverted.upper, 1 / inverted.lower])
    assert 0 < lower < rate.center < upper
    # More alerts: a true positive gained is a false negative lost.
    np.testing.assert_allclose(J.exchange_rate("fp", "fn").gradient, -rate.gradient)


@given(direction=st.floats(-5, 5), cotangent=st.lists(st.floats(-5, 5), min_size=4, max_size=4))
@settings(max_examples=30)
def test_forward_and_backward_products_agree(direction, cotangent):
    data, _ = sample("plain", n=200)
    J = cj.confusion_jacobian(*data)
    weights = np.reshape(cotangent, (2, 2))
    np.testing.assert_allclose((J.jvp(direction) * weights).sum(), J.vjp(weights) * direction, rtol=1e-9, atol=1e-9)
    operator = J.as_linear_operator()
    assert operator.shape == (4, 1)
    np.testing.assert_allclose(operator @ [direction], J.jvp(direction).ravel())
    np.testing.assert_allclose(operator.T @ weights.ravel(), [J.vjp(weights)], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose((operator @ np.eye(1)).ravel(), J.jacobian.ravel())


def test_the_end_of_the_chain_is_expit():
    data, _ = sample("plain")
    for tau in (-1.0, 0.3):
        curve = cj.ConfusionCurve.from_predictions(*data, coordinate="logit")
        by_probability = cj.ConfusionCurve.from_predictions(*data)
        t = expit(tau)
        np.testing.assert_allclose(
            curve.metric_slope_at("f1", tau).value, by_probability.metric_slope_at("f1", t).value * t * (1 - t)
        )
