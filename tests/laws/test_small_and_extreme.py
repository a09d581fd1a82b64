"""Few rows and extreme scores never raise, and warn of nothing but what `ConjacWarning` says."""

import contextlib
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import rows, thresholds

import conjac as cj
from conjac.testing import check_jacobian

COORDINATES = ["probability", "logit", "percentile", "score"]


def everything(y, score, *, threshold=None, coordinate=None, **options):
    """Ask for every figure that there is; ConjacWarning may be given, any other warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        J = cj.confusion_jacobian(y, score, threshold=threshold, coordinate=coordinate, **options)
        check_jacobian(J)
        J.exchange_rate().confint()
        J.to_dict()
        repr(J)
        curve = cj.ConfusionCurve.from_predictions(y, score, coordinate=coordinate, **options)
        t = np.array([J.threshold, curve.told(float(score[0]))])
        curve.matrix_at(t), curve.stderr_at(t), curve.confint_at(t)
        for name in ("f1", "precision", "matthews_corrcoef", "positive_likelihood_ratio"):
            curve.metric_at(name, t).confint()
            curve.metric_slope_at(name, t).confint()
        for decide in (
            lambda c: c.maximize("f1"),
            lambda c: c.maximize("youden_j", method="exact"),
            lambda c: c.maximize("precision", subject_to="recall >= .5"),
            lambda c: c.solve(recall=0.5),
        ):
            with contextlib.suppress(cj.InfeasibleError):
                decision = decide(curve)
                decision.confint(), decision.value_confint(), decision.to_dict(), repr(decision)
        merged = curve.merge(curve)
        merged.matrix_at(t), merged.stderr_at(t), merged.maximize("f1")
        repr(merged)
    return J


@given(data=st.data())
@settings(max_examples=20)
def test_small_samples_never_raise(data):
    r = data.draw(rows(max_size=8, dtypes=(np.float32, np.float64, np.int64)))
    everything(
        r.y_true,
        r.y_score,
        threshold=data.draw(st.none() | st.floats(0, 1)),
        coordinate=data.draw(st.sampled_from(COORDINATES)),
        sample_weight=r.sample_weight,
        condition_on=data.draw(st.sampled_from([None, "class"])),
        groups=data.draw(st.sampled_from([None, np.arange(len(r))])),
    )


@given(data=st.data())
@settings(max_examples=12)
def test_small_samples_of_raw_scores_never_raise(data):
    r = data.draw(rows(kind="score", max_size=8))
    t = data.draw(thresholds(r.y_score))
    everything(r.y_true, r.y_score, threshold=t, coordinate="score", sample_weight=r.sample_weight)


@pytest.mark.parametrize("n", [2, 3, 4, 6])
@pytest.mark.parametrize("score", [0.0, 0.5, 1.0, 1e-9, 1 - 1e-9])
def test_scores_all_alike(n, score):
    everything(np.arange(n) % 2, np.full(n, score), coordinate="probability")
    everything(np.arange(n) % 2, np.full(n, score), coordinate="score")


@pytest.mark.parametrize("t", [0.125, 0.5, 0.9])
@pytest.mark.parametrize("far", [0.0, 1e-300, 1e-12, 1.0, 1 - 2**-53])
def test_a_class_far_from_the_cut(far, t):
    everything(np.array([0, 1, 0]), np.array([0.125, far, 0.3]), threshold=t)
    everything(np.array([0, 1]), np.array([far, 0.125]), threshold=t)


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e9, 1e30])
def test_scores_of_any_size(scale):
    rng = np.random.default_rng(0)
    y = np.arange(200) % 2
    unit = rng.normal(2 * y - 1, 1)
    J = everything(y, unit * scale)
    one = everything(y, unit)
    np.testing.assert_array_equal(J.matrix, one.matrix)
    np.testing.assert_allclose(J.jacobian * scale, one.jacobian, rtol=1e-2)


@pytest.mark.parametrize(
    "score", [[0.0, 1e-20], [0.0, 6.7e-73], [1.0, 1 + 2**-52], [-1e-15, 1e-15, 0.0], [5e-324, 0.5]]
)
def test_scores_that_hardly_differ(score):
    score = np.array(score)
    everything(np.arange(len(score)) % 2, score, coordinate="score")


TOO_WILD = pytest.mark.xfail(strict=True, reason="bins as wide as the outlier asks: a secant, and it says so")


@pytest.mark.parametrize("outlier", [1e3, -1e6, 1e9, pytest.param(1e12, marks=TOO_WILD)])
def test_one_wild_score_changes_one_row(outlier):
    rng = np.random.default_rng(1)
    y = np.arange(4000) % 2
    score = rng.normal(2 * y - 1, 1)
    plain = cj.confusion_jacobian(y, score)
    score[1 if outlier > 0 else 0] = outlier
    J = everything(y, score)
    assert J.method == "tangent"
    np.testing.assert_allclose(J.jacobian, plain.jacobian, rtol=0.1)


@given(
    score=arrays(np.float64, 6, elements=(st.floats(-1e6, 1e6) | st.floats(-1e-3, 1e-3)).map(lambda x: round(x, 9))),
    t=st.floats(-1e6, 1e6),
)
@settings(max_examples=10)
def test_scores_of_mixed_size(score, t):
    everything(np.arange(6) % 2, score, threshold=t, coordinate="score")


@pytest.mark.parametrize("true", [0, 1])
def test_a_class_without_weight(true):
    y, score = np.arange(60) % 2, np.linspace(0.01, 0.99, 60)
    with pytest.raises(cj.InvalidInputError, match=rf"one class only: no row is {true} with a positive weight"):
        cj.confusion_jacobian(y, score, sample_weight=(y != true).astype(float))


@pytest.mark.parametrize("n_positive", [1, 2, 5])
def test_rare_classes(n_positive):
    rng = np.random.default_rng(2)
    y = (np.arange(3000) < n_positive).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(y, 1)))
    J = everything(y, score)
    assert np.isnan(J.stderr[1]).all()
    assert np.isfinite(J.stderr[0]).all()


def test_few_rows_at_the_boundary_are_told():
    y, score = np.array([0, 1, 0, 1]), np.array([0.2, 0.4, 0.6, 0.8])
    with pytest.warns(cj.ConjacWarning, match=r"fewer than 5 effective rows of class 0, 1 at the threshold.* nan"):
        J = cj.confusion_jacobian(y, score)
    assert np.isfinite(J.jacobian).all()
    assert np.isnan(J.stderr).all()
    assert np.isnan(J.confint()).all()
    assert set(J.diagnostics["effective_rows"]) == {"0", "1"}


def test_no_interval_has_length_zero_because_nothing_was_seen():
    y = np.repeat([0, 1], 100)
    score = np.concatenate([np.linspace(0.01, 0.2, 100), np.linspace(0.8, 0.99, 100)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        J = cj.confusion_jacobian(y, score)
    for normalize in (None, "true", "pred", "all"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cj.ConjacWarning)
            lower, upper = cj.confusion_jacobian(y, score, normalize=normalize).matrix_confint()
        assert (upper - lower > 0).all()
    lower, upper = J.confint()
    assert (np.isnan(lower) | (upper > lower)).all()
    for name in cj.metrics.names(2):
        low, high = J.of(name).value_confint()
        assert np.isnan(low) or high > low, name


@pytest.mark.parametrize("n_clusters", [2, 3, 5])
def test_few_clusters_never_give_a_length_of_zero(n_clusters):
    """Keys that fall in one block cannot be told apart: that is said, and no error is zero."""
    from conjac.validation import block_of

    keys = range(100_000)
    block = block_of(keys[0])
    same_block = [key for key in keys if block_of(key) == block][:n_clusters]
    y = np.arange(600) % 2
    score = 1 / (1 + np.exp(-np.random.default_rng(0).normal(2 * y - 1, 1)))
    groups = np.array(same_block)[np.arange(600) % n_clusters]
    with pytest.raises(cj.InvalidInputError, match=rf"groups: the {n_clusters} clusters share one .*more clusters"):
        cj.confusion_jacobian(y, score, groups=groups)
    groups[:300] = next(key for key in keys if block_of(key) != block)
    J = cj.confusion_jacobian(y, score, groups=groups)
    assert (J.matrix_stderr > 0).all()
    lower, upper = J.matrix_confint()
    assert (upper > lower).all()
    assert J.of("f1").value_stderr > 0
