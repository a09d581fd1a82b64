"""Metrics by example: the worked figures, names and labels, factories, domains, bad input."""

import dataclasses
import fractions

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import conjac.metrics
from conjac import metrics
from conjac.errors import InvalidInputError, UnknownMetricError

CELLS = np.array([[90, 10], [20, 80]])
ANIMALS = ["cat", "dog", "newt"]
THREE = np.array([[5, 1, 2], [0, 7, 3], [4, 1, 6]])


def value(name, cells=CELLS, labels=(0, 1)):
    return float(metrics.resolve(name, labels).value(cells))


# --- worked figures


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", "17/20"),
        ("precision", "8/9"),
        ("recall", "4/5"),
        ("f1", "16/19"),
        ("jaccard", "8/11"),
        ("specificity", "9/10"),
        ("npv", "9/11"),
        ("fpr", "1/10"),
        ("fnr", "1/5"),
        ("prevalence", "1/2"),
        ("alert_rate", "9/20"),
        ("balanced_accuracy", "17/20"),
        ("youden_j", "7/10"),
        ("markedness", "70/99"),
        ("lift", "16/9"),
        ("positive_likelihood_ratio", "8"),
        ("negative_likelihood_ratio", "2/9"),
        ("cohen_kappa", "7/10"),
        ("recall[0]", "9/10"),
        ("precision[0]", "9/11"),
    ],
)
def test_worked_values(name, expected):
    assert value(name) == pytest.approx(float(fractions.Fraction(expected)), rel=1e-14)


def test_roots_of_products():
    assert value("g_mean") == pytest.approx(0.72**0.5, rel=1e-14)
    assert value("matthews_corrcoef") == pytest.approx((0.7 * 70 / 99) ** 0.5, rel=1e-14)


def test_f1_breaks_even_at_1_375_false_positives_a_true_positive():
    f1 = metrics.resolve("f1", [0, 1])
    assert f1.exchange_rate(CELLS) == pytest.approx(1.375, rel=1e-12)
    assert f1.exchange_rate(CELLS) == pytest.approx(2 / float(f1.value(CELLS)) - 1, rel=1e-12)
    step = 1e-4
    moved = CELLS + step * np.array([[-1.375, 1.375], [-1, 1]])
    assert float(f1.value(moved) - f1.value(CELLS)) == pytest.approx(0, abs=1e-3 * step)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("accuracy", 1),
        ("recall", np.inf),
        ("fnr", np.inf),
        ("specificity", 0),
        ("fpr", 0),
        ("alert_rate", -1),
        ("prevalence", np.nan),
        ("precision", 1 / 8),
        ("youden_j", 1),
        (metrics.expected_cost([[0, 2], [14, 0]]), 7),
        (metrics.net_benefit(0.1), 9),
    ],
)
def test_exchange_rates(metric, expected):
    rate = metrics.resolve(metric, [0, 1]).exchange_rate(CELLS)
    np.testing.assert_allclose(rate, expected, rtol=1e-9, atol=0)
    assert not np.signbit(rate) or expected < 0 or np.isnan(expected)


def test_exchange_rates_are_vectorised():
    rates = metrics.resolve("f1", [0, 1]).exchange_rate([CELLS, 2 * CELLS, 0 * CELLS])
    np.testing.assert_allclose(rates, [1.375, 1.375, np.nan])


def test_three_classes_have_no_exchange_rate():
    with pytest.raises(InvalidInputError, match=r"3 classes.*needs 2"):
        metrics.resolve("accuracy", ANIMALS).exchange_rate(THREE)


# --- names and labels


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("mcc", "matthews_corrcoef"),
        ("kappa", "cohen_kappa"),
        ("sensitivity", "recall"),
        ("tpr", "recall"),
        ("tnr", "specificity"),
        ("ppv", "precision"),
        ("youden", "youden_j"),
        ("tpr[1]", "recall[1]"),
    ],
)
def test_aliases(typed, canonical):
    assert metrics.resolve(typed, [0, 1]).name == canonical


@pytest.mark.parametrize(
    ("labels", "asked"),
    [
        ([3, 7], "7"),
        ((False, True), "True"),
        (np.array([3, 7]), "7"),
        (np.array(["a", "b"]), "b"),
        ([0.0, 1.0], "1.0"),
        (["x[0]", "x[1]"], "x[1]"),
        (["", "two words\nand a line"], "two words\nand a line"),
    ],
)
def test_a_class_is_named_by_its_text(labels, asked):
    metric = metrics.resolve(f"recall[{asked}]", labels)
    assert metric.name == f"recall[{asked}]"
    assert float(metric.value(CELLS)) == 0.8


@pytest.mark.parametrize("rate", ["precision", "recall", "f1", "jaccard", "specificity", "npv", "fpr", "fnr"])
@pytest.mark.parametrize("at", range(3))
def test_one_class_against_the_rest(rate, at):
    rest = np.arange(3) != at
    right, missed, alarms = THREE[at, at], THREE[at, rest].sum(), THREE[rest, at].sum()
    folded = [[THREE[np.ix_(rest, rest)].sum(), alarms], [missed, right]]
    assert value(f"{rate}[{ANIMALS[at]}]", THREE, ANIMALS) == pytest.approx(value(rate, folded), rel=1e-14)


def test_an_unknown_class_lists_the_classes():
    with pytest.raises(InvalidInputError, match=r"'recall\[cow\]'.*'cat', 'dog', 'newt'"):
        metrics.resolve("recall[cow]", ANIMALS)


def test_many_classes_are_not_all_listed():
    with pytest.raises(InvalidInputError, match=r"'19', \.\.\. \(100 in all\)"):
        metrics.resolve("recall[cow]", range(100))


def test_two_classes_of_one_text_are_ambiguous():
    with pytest.raises(InvalidInputError, match="more than one such class"):
        metrics.resolve("recall[1]", [1, "1"])


@pytest.mark.parametrize(
    ("name", "labels", "message"),
    [
        ("f1", ANIMALS, r"two classes.*'f1_macro', 'f1_micro', 'f1_weighted', 'f1\[cat\]'"),
        ("specificity", ANIMALS, r"two classes.*'specificity\[cat\]'"),
        ("youden", ANIMALS, "'youden_j' is for two classes.*'balanced_accuracy'"),
        ("f1_marco", [0, 1], r"unknown.*'f1_macro'.*names\(2\)"),
        ("precison", [0, 1], "'precision'"),
        ("Recall", [0, 1], "'recall'"),
        ("roc_auc", [0, 1], r"unknown; conjac\.metrics\.names\(2\)"),
        ("recal[1]", [0, 1], r"'recall\[1\]'"),
        ("accuracy[1]", [0, 1], "one class against the rest can be asked of precision, recall"),
        ("recall[1", [0, 1], "unknown"),
        ("", [0, 1], "unknown"),
    ],
)
def test_names_that_are_not_there(name, labels, message):
    with pytest.raises(UnknownMetricError, match=message):
        metrics.resolve(name, labels)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((7, [0, 1]), {}, "metric is 7.*name such as 'f1'"),
        (("f1", [1]), {}, "at least two classes"),
        (("f1", [0, 1]), {"zero_division": "warn"}, "zero_division is 'warn'"),
        (("f1", [0, 1]), {"zero_division": True}, "zero_division is True"),
        ((metrics.fbeta(2), ANIMALS), {}, r"'fbeta\(2\)' is for 2 classes, and there are 3.*average"),
        ((metrics.expected_cost(np.eye(3)), [0, 1]), {}, "for 3 classes, and there are 2"),
    ],
)
def test_what_resolve_refuses(arguments, options, message):
    with pytest.raises(InvalidInputError, match=message):
        metrics.resolve(*arguments, **options)


def test_names_are_sorted_and_distinct():
    for k in (2, 3, 5):
        names = metrics.names(k)
        assert list(names) == sorted(set(names))
    assert set(metrics.names(3)) - set(metrics.names(2)) == {n for n in metrics.names(3) if n.endswith("[2]")}
    with pytest.raises(InvalidInputError, match="n_classes is 1"):
        metrics.names(1)


def test_public_names():
    assert sorted(conjac.metrics.__all__) == sorted(set(conjac.metrics.__all__))
    assert all(hasattr(conjac.metrics, name) for name in conjac.metrics.__all__)


def test_what_is_a_proportion():
    """Those whose intervals are Wilson's: micro averages and weighted recall are the accuracy."""
    found = {n for n in metrics.names(2) if "proportion" in metrics.resolve(n, [0, 1]).traits and "[" not in n}
    averages = {"f1_micro", "precision_micro", "recall_micro", "recall_weighted"}
    rates = {"precision", "recall", "specificity", "npv", "fpr", "fnr", "jaccard", "prevalence", "alert_rate"}
    assert found == {"accuracy"} | averages | rates
    bound = metrics.resolve(metrics.fbeta(2, average="micro"), ANIMALS)
    assert "proportion" in bound.traits
    np.testing.assert_array_equal(bound.numerator, np.eye(3))
    np.testing.assert_array_equal(bound.denominator, np.ones((3, 3)))


def test_masks_of_a_proportion():
    precision = metrics.resolve("precision[dog]", ANIMALS)
    np.testing.assert_array_equal(precision.numerator, [[0, 0, 0], [0, 1, 0], [0, 0, 0]])
    np.testing.assert_array_equal(precision.denominator, [[0, 1, 0], [0, 1, 0], [0, 1, 0]])


def test_a_metric_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        metrics.resolve("f1", [0, 1]).undefined = 1.0


# --- 0/0


def test_zero_division():
    silent = [[5, 0], [3, 0]]
    assert value("precision", silent) == 0
    assert float(metrics.resolve("precision", [0, 1], zero_division=1).value(silent)) == 1
    assert np.isnan(metrics.resolve("precision", [0, 1], zero_division=np.nan).value(silent))
    assert float(metrics.resolve("precision", [0, 1]).replace(undefined=0.5).value(silent)) == 0.5


def test_balanced_accuracy_leaves_an_absent_class_out():
    absent = [[6, 2, 0], [0, 0, 0], [1, 0, 3]]
    assert value("balanced_accuracy", absent, ANIMALS) == 0.75
    assert value("recall_macro", absent, ANIMALS) == 0.5
    balanced = metrics.resolve("balanced_accuracy", ANIMALS)
    np.testing.assert_array_equal(np.isnan(balanced.gradient(absent)), [[0] * 3, [1] * 3, [0] * 3])
    # Nothing moves in the absent class: the slope is that of the two recalls.
    motion = [[-1, 0, 1], [0, 0, 0], [1, 0, -1]]
    assert float(balanced.slope(absent, motion)) == pytest.approx((-1 / 8 - 1 / 4) / 2)
    motion[1] = [1, 0, 0]
    assert np.isnan(balanced.slope(absent, motion))


def test_no_gradient_at_the_root_of_zero():
    g_mean = metrics.resolve("g_mean", [0, 1])
    assert float(g_mean.value([[5, 5], [3, 0]])) == 0
    assert np.isnan(g_mean.gradient([[5, 5], [3, 0]])).all()


# --- metrics with parameters


def test_fbeta():
    np.testing.assert_allclose(metrics.fbeta(1).value(CELLS), 16 / 19)
    np.testing.assert_allclose(metrics.fbeta(0).value(CELLS), 8 / 9)
    np.testing.assert_allclose(metrics.fbeta(np.int64(3)).value(CELLS), 10 * 80 / (10 * 80 + 9 * 20 + 10))
    assert metrics.fbeta(2, average="macro").name == "fbeta(2)_macro"


@pytest.mark.parametrize("beta", [-1, np.inf, np.nan, "2", True, None])
def test_beta_must_be_a_finite_number(beta):
    with pytest.raises(InvalidInputError, match="beta is"):
        metrics.fbeta(beta)


def test_average_must_be_known():
    with pytest.raises(InvalidInputError, match=r"average is 'samples'.*'macro', 'micro', 'weighted'"):
        metrics.fbeta(2, average="samples")


def test_expected_cost_is_per_row():
    cost = metrics.expected_cost([[0, 1], [5, -2]])
    assert float(cost.value(CELLS)) == (10 + 5 * 20 - 2 * 80) / 200
    assert not cost.greater_is_better
    assert cost.domain is metrics.REAL
    assert metrics.expected_cost([[0, 1], [5, 0]]).domain is metrics.RATIO


@pytest.mark.parametrize(
    ("costs", "message"),
    [
        ([1, 2], r"shape \(2,\)"),
        ([[1, 2, 3, 4], [4, 5, 6, 7]], r"shape \(2, 4\)"),
        ([[1]], "2 or more"),
        ([[0, np.nan], [1, 0]], r"cost_matrix\[0, 1\] is nan"),
        ([[0, "dear"], [1, 0]], "expected numbers"),
        ([[0, 1], [1]], "expected numbers"),
    ],
)
def test_bad_costs(costs, message):
    with pytest.raises(InvalidInputError, match=message):
        metrics.expected_cost(costs)


@pytest.mark.parametrize("p", [0, 1, -0.1, np.nan, "0.1", None])
def test_bad_threshold_probability(p):
    with pytest.raises(InvalidInputError, match="threshold_probability is"):
        metrics.net_benefit(p)


def smooth_curve(t):
    """Return cells and their slopes at t: the scores s of the classes have densities 2(1 - s) and 2s."""
    t = np.asarray(t, dtype=float)
    below, d_below = np.stack([2 * t - t**2, t**2], -1), np.stack([2 - 2 * t, 2 * t], -1)
    total = np.array([70.0, 30.0])
    cells = np.stack([below * total, (1 - below) * total], -1)
    return cells, np.stack([d_below * total, -d_below * total], -1)


def test_slope_of_a_decision_curve():
    def net_benefit(t):
        cells, _ = smooth_curve(t)
        return (cells[..., 1, 1] - cells[..., 0, 1] * t / (1 - t)) / 100

    t, step = np.linspace(0.05, 0.9, 12), 1e-5
    found = metrics.decision_curve_slope(*smooth_curve(t), t)
    np.testing.assert_allclose(found, (net_benefit(t + step) - net_benefit(t - step)) / (2 * step), rtol=1e-6)
    # The metric at a fixed threshold probability has the first of the two terms.
    cells, motion = smooth_curve(0.3)
    fixed = metrics.net_benefit(0.3)
    explicit = -cells[0, 1] / 100 / 0.7**2
    np.testing.assert_allclose(
        metrics.decision_curve_slope(cells, motion, 0.3), fixed.slope(cells, motion) + explicit, rtol=1e-12
    )
    grown = motion + np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(
        metrics.decision_curve_slope(cells, grown, 0.3), fixed.slope(cells, grown) + explicit, rtol=1e-12
    )


def test_slope_of_a_decision_curve_refuses():
    with pytest.raises(InvalidInputError, match=r"threshold is 1\.0"):
        metrics.decision_curve_slope(CELLS, CELLS, 1.0)
    with pytest.raises(InvalidInputError, match="cells_slope has shape"):
        metrics.decision_curve_slope(CELLS, THREE, 0.5)
    assert np.isnan(metrics.decision_curve_slope(0 * CELLS, CELLS, 0.5))


# --- the small door


def test_a_metric_of_your_own():
    errors_per_hit = metrics.ratio("errors_per_hit", [[0, 1], [1, 0]], [[0, 0], [0, 1]], greater_is_better=False)
    assert float(errors_per_hit.value(CELLS)) == 30 / 80
    assert errors_per_hit.domain is metrics.RATIO
    assert metrics.ratio("gain", [[0, -1], [0, 1]], np.ones((2, 2))).domain is metrics.REAL
    assert metrics.ratio("f_half", [[0, 0], [0, 5]], [[0, 4], [1, 5]]).domain is metrics.UNIT
    assert metrics.resolve(errors_per_hit, ["no", "yes"]) is errors_per_hit


@pytest.mark.parametrize(
    ("above", "below", "message"),
    [
        (np.eye(2), np.eye(3), "shapes"),
        ([1, 2], [1, 2], "shapes"),
        ([[np.inf, 0], [0, 1]], np.ones((2, 2)), "finite"),
        (np.eye(2), -np.eye(2), "negative"),
        (np.eye(2), np.zeros((2, 2)), "zeros only"),
    ],
)
def test_bad_ratios(above, below, message):
    with pytest.raises(InvalidInputError, match=message):
        metrics.ratio("mine", above, below)


def test_bad_compositions():
    f1, newt = metrics.resolve("f1", [0, 1]), metrics.resolve("f1[newt]", ANIMALS)
    for parts in ((), (f1, newt)):
        with pytest.raises(InvalidInputError, match="parts are"):
            metrics.compose("mine", lambda *x: x, *parts, domain=metrics.UNIT)
    anything = metrics.resolve("accuracy", [0, 1]), metrics.resolve("matthews_corrcoef", [0, 1])
    assert metrics.compose("mine", lambda x, y: (x * y, (y, x)), *anything, domain=metrics.REAL).n_classes == 2


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([1, 2], r"shape \(2,\)"),
        ([[1, 2, 3, 4], [4, 5, 6, 7]], r"shape \(2, 4\)"),
        (THREE, "'f1' was made for 2"),
        ([["a", "b"], ["c", "d"]], "dtype"),
    ],
)
def test_cells_of_another_shape(cells, message):
    f1 = metrics.resolve("f1", [0, 1])
    for ask in (f1.value, f1.gradient, f1.exchange_rate):
        with pytest.raises(InvalidInputError, match=message):
            ask(cells)
    with pytest.raises(InvalidInputError, match="motion has"):
        f1.slope(CELLS, cells)


# --- domains

DOMAINS = [metrics.UNIT, metrics.SIGNED, metrics.RATIO, metrics.REAL]
every_domain = pytest.mark.parametrize("domain", DOMAINS, ids=lambda domain: domain.scale)


@every_domain
@given(z=st.floats(-8, 8))
def test_a_link_and_its_inverse(domain, z):
    x = domain.inverse(z)
    assert x in domain
    np.testing.assert_allclose(domain.link(x), z, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(domain.inverse(domain.link(x)), x, rtol=1e-12)


@every_domain
@given(z=st.floats(-3, 3))
def test_derivative_of_a_link(domain, z):
    x, step = domain.inverse(z), 1e-5
    change = (domain.link(x * (1 + step)) - domain.link(x * (1 - step))) / (2 * step)
    np.testing.assert_allclose(domain.derivative(x) * x, change, rtol=1e-4, atol=1e-7)


@every_domain
def test_ends_of_a_domain(domain):
    ends = np.array([domain.lower, domain.upper])
    np.testing.assert_array_equal(domain.link(ends), [-np.inf, np.inf])
    np.testing.assert_array_equal(domain.inverse([-np.inf, np.inf]), ends)
    np.testing.assert_array_equal(domain.inverse([-1e4, 1e4]), ends if domain is not metrics.REAL else [-1e4, 1e4])
    assert np.isinf(domain.derivative(ends)[np.isfinite(ends)]).all()
    assert np.isnan(domain.link(np.nan))
    assert np.isnan(domain.derivative(np.nan))
    assert np.nan not in domain


def test_rounding_does_not_leave_a_domain():
    assert metrics.SIGNED.link(1 + 2e-16) == np.inf
    assert metrics.UNIT.link(-1e-17) == -np.inf
    assert np.isnan(metrics.UNIT.link(1.01))
    assert np.isnan(metrics.UNIT.derivative(-0.01))
    assert 1.01 not in metrics.UNIT
