"""Laws that every metric obeys, and the proof that none escapes them."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as skm
from sklearn.exceptions import UndefinedMetricWarning

from conjac import metrics
from conjac.metrics.lookup import ALIASES, BINARY, MULTICLASS

CLASSES = (2, 4)
EVERY = [pytest.param(name, k, id=f"{name}-{k}") for k in CLASSES for name in metrics.names(k)]
# Metrics with parameters have no name; they obey the same laws.
MADE = [
    (metrics.fbeta(0.5), 2),
    (metrics.fbeta(2), 2),
    *((metrics.fbeta(2, average=average), k) for average in ("macro", "micro", "weighted") for k in CLASSES),
    (metrics.expected_cost([[0, 1], [5, 0]]), 2),
    (metrics.expected_cost([[-1, 2, 0.5], [5, 0, 1], [1, 1, -3]]), 3),
    (metrics.net_benefit(0.2), 2),
]
EVERY_ROW = EVERY + [pytest.param(metric, k, id=f"{metric.name}-{k}") for metric, k in MADE]
every_row = pytest.mark.parametrize(("metric", "k"), EVERY_ROW)
few = settings(max_examples=10)
LESS = {"fpr", "fnr", "negative_likelihood_ratio", "expected_cost"}


def row(metric, k, **options):
    return metrics.resolve(metric, range(k), **options)


def tables(k, least=0.0, zeros=True):
    """Strategy for confusion matrices: whole or broken counts, empty cells, rows and columns."""
    counts = st.integers(0 if zeros else 1, 60).map(float) | st.floats(max(least, 1e-3), 50)
    keep = arrays(float, (2, k), elements=st.sampled_from([0.0, 1.0, 1.0, 1.0] if zeros else [1.0]))
    cells = arrays(float, (k, k), elements=counts)
    return st.builds(lambda c, m: c * m[0][:, None] * m[1][None, :], cells, keep)


def busy(k, seed=0):
    """Return tables without an empty cell, of shape (6, k, k)."""
    return np.random.default_rng(seed).uniform(1, 40, (6, k, k))


def finite_differences(value, cells, step=1e-4):
    gradient = np.empty(cells.shape)
    for at in np.ndindex(cells.shape[-2:]):
        e = np.zeros(cells.shape[-2:])
        e[at] = step
        far = (value(cells + 2 * e) - value(cells - 2 * e)) / (4 * step)
        gradient[..., *at] = (4 * (value(cells + e) - value(cells - e)) / (2 * step) - far) / 3
    return gradient


def complex_step(value, cells, step=1e-30):
    gradient = np.empty(cells.shape)
    for at in np.ndindex(cells.shape[-2:]):
        e = np.zeros(cells.shape[-2:])
        e[at] = step
        gradient[..., *at] = value(cells + 1j * e).imag / step
    return gradient


def assert_gradient(metric, cells):
    gradient = metric.gradient(cells)
    scale = np.abs(gradient).max()
    np.testing.assert_allclose(gradient, finite_differences(metric.value, cells), rtol=1e-6, atol=1e-8 * scale)
    np.testing.assert_allclose(gradient, complex_step(metric.value, cells), rtol=1e-9, atol=1e-13 * scale)


# --- scikit-learn


def from_table(score, **options):
    """Turn a scikit-learn metric into a function of the cells: one row a cell, weighted by it."""

    def value(cells):
        k = len(cells)
        true, predicted = (index.ravel() for index in np.indices((k, k)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UndefinedMetricWarning)
            warnings.filterwarnings("ignore", "y_pred contains classes not in y_true")
            warnings.filterwarnings("ignore", "(invalid value|divide by zero) encountered in scalar divide")
            return score(true, predicted, sample_weight=cells.ravel(), **options)

    return value


def likelihood_ratio(side):
    return from_table(lambda *a, **o: skm.class_likelihood_ratios(*a, labels=[0, 1], **o)[side])


SCORES = {"precision": skm.precision_score, "recall": skm.recall_score, "f1": skm.f1_score}
SCORES["jaccard"] = skm.jaccard_score
# A rate of the negative class is one of the positive class with the classes swapped.
RATES = {
    "specificity": ("recall", 0, False),
    "npv": ("precision", 0, False),
    "fpr": ("recall", 0, True),
    "fnr": ("recall", 1, True),
}


def oracle(name, k):
    """scikit-learn's own figure as a function of the cells, or None where it has none."""
    base, _, rest = name.partition("[")
    labels = list(range(k))
    plain = {
        "accuracy": from_table(skm.accuracy_score),
        "balanced_accuracy": from_table(skm.balanced_accuracy_score),
        "matthews_corrcoef": from_table(skm.matthews_corrcoef),
        "cohen_kappa": from_table(skm.cohen_kappa_score),
        "positive_likelihood_ratio": likelihood_ratio(0),
        "negative_likelihood_ratio": likelihood_ratio(1),
    }
    if name in plain:
        return plain[name]
    if base in SCORES and not rest:
        return from_table(SCORES[base], pos_label=1)
    if base in SCORES:
        return from_table(SCORES[base], labels=[int(rest[:-1])], average="macro")
    if k == 2 and base in RATES:
        same, side, complement = RATES[base]
        label = side if rest in ("", "1]") else 1 - side
        score = from_table(SCORES[same], pos_label=label, zero_division=1.0 if complement else 0.0)
        return (lambda cells: 1 - score(cells)) if complement else score
    score, _, average = name.rpartition("_")
    if score in SCORES:
        return from_table(SCORES[score], labels=labels, average=average)
    return None


COMPARED = [p for p in EVERY if oracle(*p.values) is not None]


@pytest.mark.parametrize(("name", "k"), COMPARED)
@settings(max_examples=20)
@given(data=st.data())
def test_equals_scikit_learn(name, k, data):
    cells = data.draw(tables(k))
    if not cells.any():
        return
    expected = oracle(name, k)(cells)
    np.testing.assert_allclose(row(name, k).value(cells), expected, rtol=1e-10, atol=1e-12)


def test_scikit_learn_is_asked_about_all_that_it_has():
    without = {p.values[0].partition("[")[0] for p in EVERY} - {p.values[0].partition("[")[0] for p in COMPARED}
    assert without == {"alert_rate", "g_mean", "lift", "markedness", "prevalence", "youden_j"}


@pytest.mark.parametrize("average", ["macro", "micro", "weighted"])
@pytest.mark.parametrize("zero_division", [0.0, 1.0, np.nan])
@pytest.mark.parametrize("score", ["precision", "recall", "f1"])
@settings(max_examples=25)
@given(cells=tables(3))
def test_zero_division_in_an_average(score, zero_division, average, cells):
    if not cells.any():
        return
    expected = from_table(SCORES[score], labels=[0, 1, 2], average=average, zero_division=zero_division)(cells)
    found = row(f"{score}_{average}", 3, zero_division=zero_division).value(cells)
    if np.isnan(found) and average == "weighted":
        # Where no class that is defined has rows, scikit-learn falls back to equal weights.
        assert not (cells.sum(axis=1) * cells.sum(axis=0)).any()
        return
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("average", [None, "macro", "micro", "weighted"])
@pytest.mark.parametrize("beta", [0, 0.5, 1, 3])
@settings(max_examples=25)
@given(cells=tables(2))
def test_fbeta_equals_scikit_learn(beta, average, cells):
    if not cells.any():
        return
    expected = from_table(skm.fbeta_score, beta=beta, average=average or "binary", labels=[0, 1])(cells)
    found = row(metrics.fbeta(beta, average=average), 2).value(cells)
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


# --- laws


@every_row
def test_gradient_is_the_derivative(metric, k):
    assert_gradient(row(metric, k), busy(k))


@every_row
@few
@given(data=st.data())
def test_gradient_at_empty_cells(metric, k, data):
    """With empty cells, rows and columns the gradient is nan or the derivative of the value."""
    metric, cells = row(metric, k), data.draw(tables(k))
    gradient = metric.gradient(cells)
    known = ~np.isnan(gradient)
    slopes = complex_step(metric.value, cells)
    scale = np.abs(gradient[known]).max(initial=0.0)
    np.testing.assert_allclose(gradient[known], slopes[known], rtol=1e-8, atol=1e-9 * scale + 1e-15)
    np.testing.assert_array_equal(np.isnan(metric.gradient(cells + 0j).imag), ~known)
    # In an average the classes that are 0/0 take `undefined`, and the average itself stays defined.
    judge = metric if "average" in metric.traits else metric.replace(undefined=np.nan)
    if np.isnan(judge.value(cells)):
        assert not known.any()


@every_row
def test_a_law_of_gradients_can_fail(metric, k):
    """The comparison sees an error of 0.1 % in one entry."""
    metric, cells = row(metric, k), busy(k)

    class Wrong:
        value = staticmethod(metric.value)

        @staticmethod
        def gradient(cells):
            gradient = metric.gradient(cells).copy()
            largest = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
            gradient[largest] *= 1.001
            return gradient

    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        assert_gradient(Wrong, cells)


@every_row
@few
@given(data=st.data(), factor=st.sampled_from([1e-6, 0.3, 7.0, 1e9]))
def test_scale_changes_nothing(metric, k, data, factor):
    metric, cells = row(metric, k), data.draw(tables(k))
    value, gradient = metric.value(cells), metric.gradient(cells)
    np.testing.assert_allclose(metric.value(factor * cells), value, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        metric.gradient(factor * cells) * factor,
        gradient,
        rtol=1e-7,
        atol=1e-10 * np.abs(np.nan_to_num(gradient)).max(),
    )
    # Euler: a function of degree 0 does not change along the cells themselves.
    euler = metric.slope(cells, cells)
    assert np.isnan(euler) or abs(euler) <= 1e-10 * max(1.0, np.abs(np.nan_to_num(gradient * cells)).max())


@every_row
@few
@given(data=st.data())
def test_values_lie_in_the_domain(metric, k, data):
    metric, cells = row(metric, k), data.draw(tables(k))
    value = metric.value(cells)
    assert value in metric.domain or (np.isnan(value) and np.isnan(metric.undefined))


@every_row
def test_leading_axes_are_only_stacked(metric, k):
    metric = row(metric, k)
    cells = np.stack([busy(k, seed) for seed in range(4)])  # (4, 6, k, k)
    cells[0, 0] = 0
    cells[1, 1, 0] = 0
    cells[2, 2, :, 0] = 0
    value, gradient = metric.value(cells), metric.gradient(cells)
    assert value.shape == (4, 6)
    assert gradient.shape == cells.shape
    for at in np.ndindex(4, 6):
        np.testing.assert_array_equal(value[at], metric.value(cells[at]))
        np.testing.assert_allclose(gradient[at], metric.gradient(cells[at]), rtol=1e-14)
    np.testing.assert_array_equal(metric.slope(cells, cells[3, 0]).shape, (4, 6))


@every_row
def test_whole_numbers_are_accepted_and_left_alone(metric, k):
    metric, cells = row(metric, k), busy(k).astype(int)
    before = cells.copy()
    np.testing.assert_array_equal(metric.value(cells), metric.value(cells.astype(float)))
    np.testing.assert_array_equal(metric.gradient(cells), metric.gradient(cells.astype(float)))
    np.testing.assert_array_equal(cells, before)
    assert metric.value(cells).dtype == metric.gradient(cells).dtype == np.float64


@every_row
def test_the_gradient_takes_complex_cells(metric, k):
    """The delta method differentiates the gradient by the complex step, also where there is no gradient."""
    metric, cells = row(metric, k), busy(k)
    motion = np.random.default_rng(1).normal(size=(k, k))
    found = metric.gradient(cells + 1e-30j * motion).imag / 1e-30
    step = 1e-4
    expected = (metric.gradient(cells + step * motion) - metric.gradient(cells - step * motion)) / (2 * step)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6 * np.abs(expected).max())
    empty = metric.gradient(np.zeros((k, k)) + 0j)
    assert np.isnan(empty.real).all()
    assert np.isnan(empty.imag).all()


@every_row
def test_an_empty_table_is_undefined(metric, k):
    metric = row(metric, k)
    np.testing.assert_array_equal(metric.value(np.zeros((k, k))), metric.undefined)
    np.testing.assert_array_equal(row(metric, k, zero_division=0.5).value(np.zeros((k, k))), 0.5)
    assert np.isnan(metric.gradient(np.zeros((k, k)))).all()
    assert np.isnan(metric.slope(np.zeros((k, k)), np.zeros((k, k))))


@every_row
def test_traits(metric, k):
    metric, cells = row(metric, k), busy(k)
    assert metric.traits <= {"ratio", "proportion", "average", "label"}
    if "proportion" not in metric.traits:
        assert metric.numerator is None
        assert metric.denominator is None
        return
    above, below = metric.numerator, metric.denominator
    assert above.shape == below.shape == (k, k)
    assert not (above & ~below).any()
    assert metric.domain == metrics.UNIT
    expected = (cells * above).sum(axis=(-2, -1)) / (cells * below).sum(axis=(-2, -1))
    np.testing.assert_allclose(metric.value(cells), expected, rtol=1e-14)


@every_row
def test_more_right_is_not_worse(metric, k):
    """Where most is right, moving an error to the diagonal never worsens a metric that has a direction."""
    metric, cells = row(metric, k), busy(k) + 200 * np.eye(k)
    base = metric.name.partition("[")[0]
    assert metric.greater_is_better == (base not in LESS)
    if base in {"prevalence", "alert_rate"} or base == "expected_cost":
        return
    gradient = metric.gradient(cells) * (1 if metric.greater_is_better else -1)
    for i in range(k):
        assert (gradient[..., i, i, None] - gradient[..., i, :] >= -1e-12).all()


@every_row
def test_a_metric_is_a_value(metric, k):
    metric = row(metric, k)
    again = pickle.loads(pickle.dumps(metric))
    assert again == metric == metric.replace(undefined=float(metric.undefined))
    assert hash(again) == hash(metric)
    np.testing.assert_array_equal(again.gradient(busy(k)), metric.gradient(busy(k)))


# --- none escapes


def test_every_name_is_under_the_laws():
    covered = {(p.values[0], p.values[1]) for p in EVERY_ROW if isinstance(p.values[0], str)}
    assert covered == {(name, k) for k in CLASSES for name in metrics.names(k)}


@pytest.mark.parametrize("k", CLASSES)
def test_every_row_of_the_tables_has_a_name(k):
    tables = {**MULTICLASS, **BINARY} if k == 2 else MULTICLASS
    assert set(tables) <= set(metrics.names(k))
    assert len(tables) == len(MULTICLASS) + (len(BINARY) if k == 2 else 0)
    for name, entry in tables.items():
        assert name == entry.name == row(name, k).name
    assert not set(ALIASES) & set(metrics.names(2))
    assert set(ALIASES.values()) <= set(metrics.names(2))


@every_row
def test_resolving_twice_changes_nothing(metric, k):
    once = row(metric, k)
    assert row(once, k) is once
    if isinstance(metric, str):
        assert once.name == metric
