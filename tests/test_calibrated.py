"""Scores taken as calibrated: the pooled density shared out, and what the labels say against it."""

import warnings

import numpy as np
import pytest
from oracles import gauss
from scipy.optimize import minimize
from scipy.special import expit, logit
from scipy.stats import norm
from support import draws

import conjac as cj
from conjac.density import Calibration
from conjac.density.tangent import Tangent

SD = 1.5


def rows(seed, n, *, mean=0.0, shift=0.0):
    """Return labels whose log-odds are those of the scores and a shift, and the scores."""
    rng = np.random.default_rng(seed)
    u = rng.normal(mean, SD, n)
    y = (rng.random(n) < expit(u + shift)).astype(int)
    y[:2] = 0, 1
    return y, expit(u)


def slope(t, n, *, mean=0.0, shift=0.0):
    """Return dTP/dt of the population."""
    return -n * expit(logit(t) + shift) * norm.pdf(logit(t), mean, SD) / (t * (1 - t))


def assumed(y, p, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        return cj.confusion_jacobian(y, p, assume_calibrated=True, **options)


@pytest.mark.parametrize("t", [0.2, 0.5, 0.7])
def test_the_pooled_density_is_shared_out(t):
    y, p = rows(0, 3000)
    J, curve = assumed(y, p, threshold=t), cj.ConfusionCurve.from_predictions(y, p, assume_calibrated=True)
    pooled = Tangent.of(curve.tally, 0, 1).at(np.array([logit(t)]))
    unit = 1 / (t * (1 - t))
    assert J.jacobian[:, 0].sum() == pytest.approx(unit * pooled["value"][0])
    assert J.center[:, 0].sum() == pytest.approx(unit * pooled["center"][0])
    told = J.diagnostics["calibration"]
    assert J.center[1, 0] / J.center[:, 0].sum() == pytest.approx(expit(logit(t) + told["shift"]))
    kept = max(0, 1 - told["stderr"] ** 2 / told["shift"] ** 2) * told["shift"]
    assert J.jacobian[1, 0] / J.jacobian[:, 0].sum() == pytest.approx(expit(logit(t) + kept))
    np.testing.assert_allclose(curve.jacobian_at(t), J.jacobian)
    np.testing.assert_allclose(curve.stderr_at(t), J.stderr)
    assert "calibrated" in J.diagnostics["assumes"]
    assert "calibration" not in cj.confusion_jacobian(y, p, threshold=t).diagnostics


@pytest.mark.parametrize("weighted", [False, True])
def test_the_shift_is_that_of_most_local_likelihood(weighted):
    """Row by row, with the half row that is calibrated at the cut; its variance is the sandwich's."""
    y, p = rows(1, 1500, shift=0.4)
    u, w = logit(p), np.random.default_rng(2).exponential(size=1500) if weighted else np.ones(1500)
    curve = cj.ConfusionCurve.from_predictions(y, p, sample_weight=w if weighted else None)
    cut = 0.3
    found = Calibration.at(curve.tally, np.array([cut]))
    mean = np.average(u, weights=w)
    quartile = [np.interp(q, np.cumsum(w[np.argsort(u)]) / w.sum(), np.sort(u)) for q in (0.25, 0.75)]
    width = 1.5 * min(np.sqrt(np.average((u - mean) ** 2, weights=w)), (quartile[1] - quartile[0]) / 1.349)
    x, kernel = (u - cut) / width, w * gauss((u - cut) / width)
    prior = 0.5 * w.mean() * gauss(0)

    def loss(a):
        eta = expit(u + a[0] + a[1] * x)
        own = prior * (np.logaddexp(0, cut + a[0]) - expit(cut) * (cut + a[0])) + prior * a[1] ** 2 / 2
        return own - kernel @ (y * np.log(eta) + (1 - y) * np.log1p(-eta))

    best = minimize(loss, [0.0, 0.0], method="BFGS", options={"gtol": 1e-8}).x
    assert found.shift[0] == pytest.approx(best[0], abs=4e-3)
    eta = expit(u + best[0] + best[1] * x)
    design = np.stack([np.ones(1500), x])
    information = (design * (kernel * eta * (1 - eta))) @ design.T
    information += prior * np.diag([expit(cut + best[0]) * (1 - expit(cut + best[0])), 1])
    adds = np.linalg.inv(information)[0] @ (design * (kernel * (y - eta)))
    assert found.stderr[0] == pytest.approx(np.sqrt(adds @ adds), rel=0.02)
    sides = [[((y == k) & ((u >= cut) == side)) for side in (False, True)] for k in (0, 1)]
    cross = [[(w * adds)[rows_].sum() for rows_ in row] for row in sides]
    # The bin at the cut counts on one side.
    np.testing.assert_allclose(found.cross[0], cross, atol=0.08 * np.abs(cross).max())


def test_a_rare_class_borrows_strength():
    """1 row in 85 is positive: the error falls by a third and more, and the interval still holds."""
    n, t = 5000, 0.1
    errors, inside = [], []
    for seed in range(60):
        y, p = rows(seed, n, mean=-6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cj.ConjacWarning)
            plain = cj.confusion_jacobian(y, p, threshold=t)
        J = assumed(y, p, threshold=t)
        truth = slope(t, n, mean=-6)
        errors.append([plain.jacobian[1, 1] / truth - 1, J.jacobian[1, 1] / truth - 1])
        low, high = J.confint()
        inside.append(low[1, 1] <= truth <= high[1, 1])
    alone, shared = np.sqrt(np.mean(np.square(errors), axis=0))
    assert shared < 0.75 * alone
    assert np.mean(inside) >= 0.88


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.1, 0.15])
def test_the_interval_carries_a_miscalibration_that_cannot_be_seen(shift):
    """Of 0 to 3 standard errors: a pre-test would believe the scores in most of these samples, and miss."""
    n, t = 2000, 0.5
    inside, center, stderr = [], [], []
    for seed in range(60):
        J = assumed(*rows(seed, n, shift=shift), threshold=t)
        low, high = J.confint()
        truth = slope(t, n, shift=shift)
        inside.append(low[1, 1] <= truth <= high[1, 1])
        center.append(J.center[1, 1] / truth)
        stderr.append(J.stderr[1, 1] / -truth)
    assert np.mean(inside) >= 0.88
    assert np.mean(center) == pytest.approx(1, abs=0.02)
    assert 0.85 < np.mean(stderr) / np.std(center) < 1.3


def test_scores_that_are_plainly_off_are_told():
    y, p = rows(0, 4000, shift=1.0)
    with pytest.warns(cj.ConjacWarning, match="not what calibrated scores say"):
        J = cj.confusion_jacobian(y, p, assume_calibrated=True)
    assert J.diagnostics["doubts"] == {"0": "calib", "1": "calib"}
    assert J.diagnostics["calibration"]["shift"] == pytest.approx(1, abs=0.2)
    assert J.jacobian[1, 1] == pytest.approx(slope(0.5, 4000, shift=1.0), rel=0.1)  # the slope follows the labels


def test_clusters_and_metrics():
    y, p = rows(3, 3000)
    alone, grouped = assumed(y, p), assumed(y, p, groups=np.arange(3000))
    np.testing.assert_allclose(grouped.stderr, alone.stderr, rtol=0.35)
    for metric in ("f1", "precision", "youden_j"):
        assert grouped.of(metric).stderr == pytest.approx(alone.of(metric).stderr, rel=0.35)
        assert alone.of(metric).stderr < cj.confusion_jacobian(y, p).of(metric).stderr


def test_a_share_of_alerts():
    """In percentiles dTP/da is n eta: with calibrated scores, what the score says."""
    y, p = rows(4, 5000)
    t = 0.3
    cut = np.quantile(p, 1 - t)
    J = assumed(y, p, threshold=t, coordinate="percentile")
    assert J.jacobian[1, 1] == pytest.approx(5000 * cut, rel=0.06)
    low, high = J.confint()
    assert low[1, 1] < 5000 * cut < high[1, 1]


def test_curves_merge_if_they_assume_the_same():
    y, p = rows(5, 3000)
    whole = cj.ConfusionCurve.from_predictions(y, p, assume_calibrated=True)
    parts = [slice(0, 1000), slice(1000, None)]
    a, b = (cj.ConfusionCurve.from_predictions(y[k], p[k], assume_calibrated=True) for k in parts)
    merged = a.merge(b)
    assert merged.assume_calibrated
    np.testing.assert_allclose(merged.jacobian_at(0.4), whole.jacobian_at(0.4), rtol=5e-3)
    np.testing.assert_allclose(merged.stderr_at(0.4), whole.stderr_at(0.4), rtol=2e-2)
    with pytest.raises(cj.InvalidInputError, match="assume_calibrated"):
        a.merge(cj.ConfusionCurve.from_predictions(y, p))


def test_the_optimum_is_nearer():
    """Youden's J of calibrated scores is best at the prevalence."""
    error = []
    for seed in range(draws(40)):
        rng = np.random.default_rng(seed)
        y = np.arange(400) % 2
        u = 2 * rng.normal(2.0 * y, 1) - 2
        error.append(
            [
                cj.ConfusionCurve.from_predictions(y, expit(u), coordinate="logit", assume_calibrated=told)
                .maximize("youden_j")
                .threshold
                for told in (False, True)
            ]
        )
    alone, shared = np.sqrt(np.mean(np.square(error), axis=0))
    assert shared < 0.8 * alone


def test_refusals():
    y, p = rows(6, 300)
    with pytest.raises(cj.InvalidInputError, match="raw scores are no probabilities"):
        cj.confusion_jacobian(y, logit(p), assume_calibrated=True)
    with pytest.raises(cj.InvalidInputError, match="condition_on"):
        cj.confusion_jacobian(y, p, assume_calibrated=True, condition_on="class")
    with pytest.raises(cj.InvalidInputError, match="raw scores are no probabilities"):
        cj.ConfusionCurve.from_predictions(y, logit(p)).calibration_at(0.0)


def test_calibration_at_is_told_of_any_curve_of_probabilities():
    y, p = rows(7, 4000, shift=0.5)
    found = cj.ConfusionCurve.from_predictions(y, p).calibration_at(np.array([[0.3, 0.5]]))
    assert found.value.shape == (1, 2)
    low, high = found.confint()
    assert (low < 0.5).all()
    assert (high > 0.5).all()
    assert (low > 0).all()


def test_few_labels_of_a_class_make_a_wide_fit_and_no_error():
    rng = np.random.default_rng(8)
    p = expit(rng.normal(-8, 1, 2000))
    y = np.zeros(2000, int)
    y[np.argmax(p)] = 1
    J = assumed(y, p, threshold=0.01)
    assert np.isfinite(J.jacobian).all()
    assert J.diagnostics["calibration"]["stderr"] > 0.5


def test_where_rows_are_counted_nothing_is_assumed_and_that_is_told():
    y, p = rows(9, 2000)
    J = assumed(y, p.round(1))
    assert J.method == "secant"
    assert J.diagnostics["assumes"].startswith("nothing")
    assert "calibration" not in J.diagnostics
    np.testing.assert_allclose(J.jacobian, cj.confusion_jacobian(y, p.round(1)).jacobian)
