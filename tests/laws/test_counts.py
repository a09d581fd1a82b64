"""The matrix is scikit-learn's, whatever the labels, weights, ties and dtypes; and no row is lost."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracles import count
from scipy.special import expit
from sklearn.metrics import confusion_matrix
from strategies import FLOATS, INTEGERS, LABELS, Rows, rows, thresholds
from support import needs

import conjac as cj

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
KINDS = pytest.mark.parametrize("kind", ["probability", "score"])


def jacobian(r, **options):
    return cj.confusion_jacobian(r.y_true, r.y_score, sample_weight=r.sample_weight, **options)


def curve(r, **options):
    return cj.ConfusionCurve.from_predictions(r.y_true, r.y_score, sample_weight=r.sample_weight, **options)


def scikit_learns(r, t):
    true, predicted = r.y_true, r.labels[(r.y_score >= t).astype(int)]
    if r.labels.dtype.kind == "f":  # scikit-learn takes labels with a fraction for a regression's
        true, predicted = (4 * true).astype(int), (4 * predicted).astype(int)
    return confusion_matrix(true, predicted, labels=np.unique(true), sample_weight=r.sample_weight)


def assert_counts(found, expected, weighted):
    if weighted:
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * expected.sum())
    else:
        assert found.dtype.kind == "i"
        np.testing.assert_array_equal(found, expected)


@KINDS
@given(data=st.data())
@settings(max_examples=100)
def test_matrix_is_scikit_learns(kind, data):
    r = data.draw(rows(kind=kind, dtypes=FLOATS + INTEGERS))
    t = data.draw(thresholds(r.y_score))
    expected = scikit_learns(r, t)
    np.testing.assert_array_equal(expected, count(r.positive, r.y_score, t, r.sample_weight))
    J = jacobian(r, threshold=t, coordinate=kind)
    assert list(J.labels) == r.labels.tolist()
    assert_counts(J.matrix, expected, r.sample_weight is not None)
    assert_counts(curve(r, coordinate=kind).matrix_at(t), expected, r.sample_weight is not None)


@given(data=st.data())
def test_matrix_in_log_odds(data):
    r = data.draw(rows())
    t = data.draw(st.floats(-30, 30) | st.sampled_from([-800.0, 0.0, 800.0]))
    J = jacobian(r, threshold=t, coordinate="logit")
    expected = scikit_learns(r, float(expit(t)))
    assert_counts(J.matrix, expected, r.sample_weight is not None)
    assert_counts(curve(r, coordinate="logit").matrix_at(t), expected, r.sample_weight is not None)


@given(data=st.data())
def test_a_percentile_alerts_at_least_its_share_and_no_score_more(data):
    r = data.draw(rows())
    share = data.draw(st.floats(0, 1) | st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    weight = np.ones(len(r)) if r.sample_weight is None else r.sample_weight
    J = jacobian(r, threshold=share, coordinate="percentile")
    alerted = J.matrix[:, 1].sum() / J.matrix.sum()
    assert alerted >= share - 1e-9
    if share == 0:
        assert alerted == 0
    # Of the sets that a threshold can alert, the next smaller one falls short.
    shares = np.array([weight[r.y_score >= s].sum() for s in np.unique(r.y_score)]) / weight.sum()
    smaller = shares[shares < alerted - 1e-9]
    assert (smaller < share).all()
    assert_counts(curve(r, coordinate="percentile").matrix_at(share), J.matrix, r.sample_weight is not None)


@given(data=st.data())
def test_ends_of_the_domain(data):
    r = data.draw(rows())
    below = data.draw(st.floats(-1e300, 0))
    above = data.draw(st.floats(1, 1e300, exclude_min=True, width=64).filter(lambda t: t > 1.001))
    everything, nothing = jacobian(r, threshold=below), jacobian(r, threshold=above)
    for J, empty in ((everything, 0), (nothing, 1)):
        assert (J.matrix[:, empty] == 0).all()
        assert np.isnan(J.jacobian).all()
        assert np.isnan(J.stderr).all()
        assert J.method == "undefined"
        assert "end of the domain" in J.diagnostics["reason"]


@KINDS
@given(data=st.data())
def test_rows_of_the_matrix_keep_their_totals(kind, data):
    r = data.draw(rows(kind=kind))
    t = np.array(data.draw(st.lists(thresholds(r.y_score), min_size=1, max_size=8)))
    matrix = curve(r, coordinate=kind).matrix_at(t)
    weight = np.ones(len(r)) if r.sample_weight is None else r.sample_weight
    totals = [weight[~r.positive].sum(), weight[r.positive].sum()]
    np.testing.assert_allclose(matrix.sum(axis=-1), np.broadcast_to(totals, (len(t), 2)), rtol=1e-12)
    assert (matrix >= -1e-12 * sum(totals)).all()


@KINDS
@given(data=st.data())
@settings(max_examples=30)
def test_order_and_shape_of_thresholds_change_nothing(kind, data):
    r = data.draw(rows(kind=kind, min_size=3))
    t = np.array(data.draw(st.lists(thresholds(r.y_score), min_size=2, max_size=6)))
    order = data.draw(st.permutations(range(len(t))))
    c = curve(r, coordinate=kind)
    for at in (c.matrix_at, c.jacobian_at, c.stderr_at, lambda x: c.metric_at("f1", x).value):
        together = at(t)
        np.testing.assert_allclose(at(t[list(order)]), together[list(order)], rtol=1e-9)
        np.testing.assert_allclose(at(np.sort(t)[::-1]), at(np.sort(t))[::-1], rtol=1e-9)
        np.testing.assert_array_equal(at(t[:, None])[:, 0], together)
        np.testing.assert_allclose(together, [at(x) for x in t], rtol=1e-9, atol=1e-12)


@KINDS
@given(data=st.data())
@settings(max_examples=40)
def test_the_curve_equals_the_jacobian_at_each_threshold(kind, data):
    r = data.draw(rows(kind=kind))
    t = data.draw(thresholds(r.y_score))
    c, J = curve(r, coordinate=kind), jacobian(r, threshold=t, coordinate=kind)
    np.testing.assert_allclose(c.jacobian_at(t), J.jacobian, rtol=1e-9)
    np.testing.assert_allclose(c.center_at(t), J.center, rtol=1e-9)
    np.testing.assert_allclose(c.stderr_at(t), J.stderr, rtol=1e-9)
    for side, expected in zip(c.confint_at(t, 0.9), J.confint(0.9), strict=True):
        np.testing.assert_allclose(side, expected, rtol=1e-9)
    for name in ("f1", "recall", "matthews_corrcoef"):
        estimate, told, slope = c.metric_at(name, t), J.of(name), c.metric_slope_at(name, t)
        np.testing.assert_allclose(estimate.value, told.value, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(estimate.stderr, told.value_stderr, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(slope.value, told.gradient, rtol=1e-6)
        np.testing.assert_allclose(slope.stderr, told.stderr, rtol=1e-6)
        np.testing.assert_allclose(slope.confint(0.8), told.confint(0.8), rtol=1e-6, atol=1e-9)


@given(data=st.data())
@settings(max_examples=40)
def test_two_columns_equal_the_positive_one(data):
    r = data.draw(rows(dtypes=(np.float32, np.float64), weighted=False))
    t = data.draw(thresholds(r.y_score))
    columns = np.stack([1 - r.y_score, r.y_score], axis=1)
    first, last = r.labels.tolist()
    one = jacobian(r, threshold=t)
    for y_score in (r.y_score[:, None], columns):
        np.testing.assert_array_equal(
            cj.confusion_jacobian(r.y_true, y_score, threshold=t, coordinate="probability").matrix, one.matrix
        )
    flipped = cj.confusion_jacobian(r.y_true, columns, threshold=t, pos_label=first)
    assert flipped.labels == (last, first)
    np.testing.assert_array_equal(flipped.matrix, count(~r.positive, 1 - r.y_score, t))
    alone = cj.confusion_jacobian(r.y_true, 1 - r.y_score, threshold=t, pos_label=first, coordinate="probability")
    np.testing.assert_array_equal(alone.matrix, flipped.matrix)
    named = cj.confusion_jacobian(r.y_true, r.y_score, threshold=t, labels=[first, last])
    np.testing.assert_array_equal(named.matrix, one.matrix)
    turned = cj.confusion_jacobian(r.y_true, r.y_score, threshold=t, labels=[last, first])
    assert turned.labels == (last, first)
    np.testing.assert_array_equal(turned.matrix, one.matrix[::-1])


@given(data=st.data())
def test_two_columns_of_raw_scores_are_their_difference(data):
    r = data.draw(rows(kind="score", dtypes=(np.float64,), weighted=False))
    shift = data.draw(st.floats(-5, 5))
    columns = np.stack([np.full(len(r), shift), r.y_score], axis=1)
    assume(columns.min() < 0 or columns.max() > 1)
    t = data.draw(st.floats(-10, 10))
    J = cj.confusion_jacobian(r.y_true, columns, threshold=t, coordinate="score")
    np.testing.assert_array_equal(J.matrix, count(r.positive, r.y_score - shift, t))
    assert "difference" in J.diagnostics["score"]


@given(data=st.data())
@settings(max_examples=30)
def test_lists_are_arrays(data):
    r = data.draw(rows(dtypes=(np.float64,)))
    weight = None if r.sample_weight is None else r.sample_weight.tolist()
    listed = cj.confusion_jacobian(r.y_true.tolist(), r.y_score.tolist(), sample_weight=weight)
    np.testing.assert_array_equal(listed.matrix, jacobian(r).matrix)


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("labels", ["ints", "strings", "bools", "floats"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_series_are_arrays(library, labels, dtype):
    module = needs(library)
    series = module.array if library == "pyarrow" else module.Series
    rng = np.random.default_rng(0)
    positive = np.arange(30) % 3 == 0
    r = Rows(LABELS[labels][positive.astype(int)], rng.random(30).astype(dtype), rng.random(30), LABELS[labels])
    found = cj.confusion_jacobian(series(r.y_true), series(r.y_score), sample_weight=series(r.sample_weight))
    np.testing.assert_array_equal(found.matrix, jacobian(r).matrix)
    assert found.labels == jacobian(r).labels


def test_pandas_nullable_and_categorical_columns_and_any_index():
    pandas = needs("pandas")
    rng = np.random.default_rng(1)
    y, score = np.arange(40) % 2, rng.random(40)
    expected = cj.confusion_jacobian(y, score).matrix
    shuffled = rng.permutation(40)
    for labels in ("Int64", "Float64", "boolean", "category", "object"):
        for scores in ("Float64", "Float32", "float64", "object"):
            found = cj.confusion_jacobian(
                pandas.Series(y, index=shuffled).astype(labels), pandas.Series(score).astype(scores)
            )
            np.testing.assert_array_equal(found.matrix, expected)


def test_float16_float32_and_float64_compare_in_their_own_dtype():
    y = np.array([0, 1, 0, 1])
    for dtype in FLOATS:
        score = np.array([0.1, 0.1, 0.7, 0.7], dtype)
        for t in (0.1, 0.7):
            np.testing.assert_array_equal(cj.confusion_jacobian(y, score, threshold=t).matrix, count(y == 1, score, t))
            assert cj.confusion_jacobian(y, score, threshold=t).matrix[1, 1] == (2 if t == 0.1 else 1)


def test_weights_add_up_past_the_precision_of_float32():
    y, score = np.array([0, 1, 1, 1, 1]), np.array([0.1, 0.9, 0.9, 0.9, 0.2])
    weight = np.array([1, 2**24, 1, 1, 1], dtype=np.float32)
    c = cj.ConfusionCurve.from_predictions(y, score, sample_weight=weight)
    for matrix in (
        cj.confusion_jacobian(y, score, sample_weight=weight).matrix,
        c.matrix_at(0.5),
        cj.ConfusionCurve.from_tally(c.tally).matrix_at(0.5),
    ):
        assert matrix.tolist() == [[1, 0], [1, 2**24 + 2]]
