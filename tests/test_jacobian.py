"""The confusion matrix with its Jacobian: the worked example by hand, defaults, views and estimates."""

import json
import pickle

import numpy as np
import pytest
from oracles import corrected_density, gauss, influence_of_rows, logits, normal_rows, wilson
from scipy.special import expit, logit
from scipy.stats import norm
from support import needs

import conjac as cj
from conjac.testing import check_jacobian


def worked_example():
    """Return 200 rows, 100 of each class: TP 80, FP 10, FN 20, TN 90 at a half."""
    found = np.linspace(0.1, 2.5, 80)
    missed = np.linspace(-1.5, -0.05, 20)
    alarms = np.linspace(0.05, 1.2, 10)
    quiet = np.linspace(-3.0, -0.1, 90)
    y = np.repeat([1, 1, 0, 0], [80, 20, 10, 90])
    return y, expit(np.concatenate([found, missed, alarms, quiet]))


# --- the worked example, by hand


def test_the_worked_example_s_matrix_and_metrics():
    J = cj.confusion_jacobian(*worked_example())
    assert J.matrix.tolist() == [[90, 10], [20, 80]]
    assert J.threshold == 0.5
    by_hand = {
        "precision": 80 / 90,
        "recall": 0.8,
        "f1": 160 / 190,
        "accuracy": 0.85,
        "specificity": 0.9,
        "balanced_accuracy": 0.85,
        "youden_j": 0.7,
        "jaccard": 80 / 110,
        "npv": 90 / 110,
        "matthews_corrcoef": (80 * 90 - 10 * 20) / np.sqrt(90 * 100 * 100 * 110),
        "alert_rate": 0.45,
        "prevalence": 0.5,
        "lift": (80 / 90) / 0.5,
    }
    for name, value in by_hand.items():
        assert J.of(name).value == pytest.approx(value, abs=1e-12), name
    assert J.of("f1").value == pytest.approx(0.842105, abs=5e-7)


def test_the_worked_example_s_intervals():
    J = cj.confusion_jacobian(*worked_example())
    # Wilson's interval of 80 of 100 is [.711, .867], of 80 of 90 [.807, .939].
    assert J.of("recall").value_confint() == pytest.approx((0.711, 0.867), abs=5e-4)
    assert J.of("recall").value_confint() == pytest.approx(wilson(80, 100), rel=1e-9)
    assert J.of("precision").value_confint() == pytest.approx((0.807, 0.938), abs=1e-3)
    assert J.of("precision").value_confint() == pytest.approx(wilson(80, 90), rel=1e-9)
    # 80 of all 200 rows, told as a count.
    lower, upper = J.matrix_confint()
    assert (lower[1, 1], upper[1, 1]) == pytest.approx(tuple(200 * x for x in wilson(80, 200)), rel=1e-9)
    assert J.matrix_stderr[1, 1] == pytest.approx(np.sqrt(200 * 0.4 * 0.6))
    # F1: gradient (60, -160, -160) / 190^2 in TP, FP, FN; variance (80 60^2 + 30 160^2) / 190^4.
    stderr = np.sqrt(80 * 60**2 + 30 * 160**2) / 190**2
    assert J.of("f1").value_stderr == pytest.approx(stderr, rel=1e-9)
    assert stderr == pytest.approx(0.028466, abs=1e-6)
    half = 1.959964 * stderr / (160 / 190 * 30 / 190)
    told = expit(logit(160 / 190) + np.array([-half, half]))
    assert J.of("f1").value_confint() == pytest.approx(tuple(told), rel=1e-6)
    assert J.of("f1").value_confint() == pytest.approx((0.778, 0.890), abs=1e-3)


def test_the_worked_example_as_shares():
    y, score = worked_example()
    shares = cj.confusion_jacobian(y, score, normalize="true")
    assert shares.matrix.tolist() == [[0.9, 0.1], [0.2, 0.8]]
    lower, upper = shares.matrix_confint()
    assert (lower[1, 1], upper[1, 1]) == pytest.approx((0.711, 0.867), abs=5e-4)
    fixed = cj.confusion_jacobian(y, score, condition_on="class")
    lower, upper = fixed.matrix_confint()
    assert (lower[1, 1], upper[1, 1]) == pytest.approx((71.1, 86.7), abs=5e-2)
    assert fixed.matrix_stderr[1, 1] == pytest.approx(np.sqrt(100 * 0.8 * 0.2))
    np.testing.assert_allclose(cj.confusion_jacobian(y, score, normalize="pred").matrix[:, 1], [10 / 90, 80 / 90])
    np.testing.assert_allclose(cj.confusion_jacobian(y, score, normalize="all").matrix.sum(), 1)


def test_the_worked_example_s_slopes_come_from_its_rows():
    y, score = worked_example()
    J = cj.confusion_jacobian(y, score)
    assert J.method == "tangent"
    tangents = cj.ConfusionCurve.from_predictions(y, score).density.tangents
    for true, tangent in enumerate(tangents):
        h = J.diagnostics["bandwidth"][str(true)]
        mine = logits(score)[y == true], np.ones(100), h, tangent
        center = corrected_density(*mine)
        assert J.center[true, 1] == pytest.approx(-4 * center, rel=3e-3)
        # The sum's variance over 200 independent rows, and half a row at the boundary for what was not seen.
        variance = (influence_of_rows(*mine) ** 2).sum() - center**2 / 200 + 0.5 * (1.5 * gauss(0) / h) ** 2
        assert J.stderr[true, 1] == pytest.approx(4 * np.sqrt(variance), rel=5e-3)
    lower, upper = J.confint()
    np.testing.assert_allclose(upper - J.center, norm.ppf(0.975) * J.stderr, rtol=1e-9)
    np.testing.assert_allclose(J.center - lower, norm.ppf(0.975) * J.stderr, rtol=1e-9)


def test_the_worked_example_s_exchange_rate():
    y, score = worked_example()
    J = cj.confusion_jacobian(y, score)
    rate = J.exchange_rate()
    assert rate.gradient == pytest.approx(J.jacobian[0, 1] / J.jacobian[1, 1])
    assert rate.metric == "fp per tp"
    # The log of a ratio of two densities of separate rows: relative variances add, and both share the total's.
    relative = np.sqrt(((J.stderr[:, 1] / J.center[:, 1]) ** 2).sum() + 2 / 200)
    assert rate.stderr / rate.center == pytest.approx(relative, rel=1e-3)
    lower, upper = rate.confint()
    assert np.log(upper / lower) == pytest.approx(2 * norm.ppf(0.975) * relative, rel=1e-3)
    # F1 stays level where one more true positive is worth 2 / F1 - 1 = 1.375 false positives.
    assert cj.metrics.resolve("f1", [0, 1]).exchange_rate(J.matrix) == pytest.approx(1.375)
    gains = J.of("f1").gradient < 0  # a lower threshold raises F1
    assert gains == (rate.gradient < 1.375)


def test_the_secant_is_a_recount_over_its_step():
    rng = np.random.default_rng(0)
    y = np.arange(2000) % 2
    score = np.round(expit(rng.normal(2 * y - 1, 1)), 2)
    for t in (0.3, 0.5, 0.605):
        J = cj.confusion_jacobian(y, score, threshold=t)
        assert J.method == "secant"
        d = J.diagnostics["step"]
        for true in (0, 1):
            mine = score[y == true]
            lost = (mine >= t - d).sum() - (mine >= t + d).sum()
            assert J.jacobian[true, 1] == pytest.approx(-lost / (2 * d), rel=1e-9)
            share = lost / 2000
            variance = 2000 * share * (1 - share) + 0.5
            assert J.stderr[true, 1] == pytest.approx(np.sqrt(variance) / (2 * d), rel=1e-9)
        # The ends lie between atoms, half a lattice step away from each.
        for end in (t - d, t + d):
            assert abs(100 * end - np.floor(100 * end) - 0.5) < 1e-6


# --- defaults, and what the result says of itself


def test_defaults_read_probabilities_and_raw_scores():
    y, p = normal_rows(0, 300)
    J = cj.confusion_jacobian(y, p)
    assert (J.coordinate, J.threshold, J.units, J.parameters) == (
        "probability",
        0.5,
        ("1.0 of probability",),
        ("threshold",),
    )
    assert J.labels == (0, 1)
    raw = cj.confusion_jacobian(y, logit(p))
    assert (raw.coordinate, raw.threshold, raw.units) == ("score", 0.0, ("1 unit of score",))
    np.testing.assert_array_equal(raw.matrix, J.matrix)
    assert "by default" in J.diagnostics["coordinate"]
    assert "as asked" in cj.confusion_jacobian(y, p, coordinate="logit").diagnostics["coordinate"]
    assert J.diagnostics["n_samples"] == 300
    assert "1" in str(J.diagnostics["pos_label"])
    assert "last label" in J.diagnostics["pos_label"]
    assert "independent" in J.diagnostics["sampling"]


def test_the_three_ways_in_are_one():
    y, p = normal_rows(0, 300)
    a, b = cj.confusion_jacobian(y, p, threshold=0.3), cj.ConfusionJacobian.from_predictions(y, p, threshold=0.3)
    c = cj.confusion_jacobian(y, p, threshold=0.3, wrt=cj.Threshold(), random_state=0)
    d = cj.confusion_jacobian(y, p, threshold=0.3, wrt="threshold")
    for other in (b, c, d):
        np.testing.assert_array_equal(a.matrix, other.matrix)
        np.testing.assert_array_equal(a.stderr, other.stderr)


def test_shapes_and_signs():
    y, p = normal_rows(0, 500)
    J = cj.confusion_jacobian(y, p, threshold=0.4)
    for array in (J.matrix, J.matrix_stderr, J.jacobian, J.center, J.stderr, *J.confint(), *J.matrix_confint()):
        assert array.shape == (2, 2)
    # A higher threshold moves rows to the left: fewer alerts of either class.
    assert (J.jacobian[:, 1] < 0).all()
    assert (J.jacobian[:, 0] > 0).all()
    assert J.matrix.dtype == np.int64
    share = cj.confusion_jacobian(y, p, threshold=0.4, coordinate="percentile")
    assert (share.jacobian[:, 1] > 0).all()


def test_scores_of_exactly_zero_and_one_are_legal_and_counted():
    y, p = normal_rows(0, 400)
    p[:10], p[10:25] = 0.0, 1.0
    J = cj.confusion_jacobian(y, p)
    assert J.diagnostics["exact_zeros"] == 10
    assert J.diagnostics["exact_ones"] == 15
    assert np.isfinite(J.stderr).all()


@pytest.mark.parametrize("t", [0.0, -3.0, 1.5])
def test_past_the_end_of_the_domain_the_matrix_is_exact_and_the_slope_unknown(t):
    y, p = normal_rows(0, 100)
    J = cj.confusion_jacobian(y, p, threshold=t)
    assert J.matrix[:, int(t > 1)].sum() == 0
    assert np.isnan(J.jacobian).all()
    assert np.isnan(J.of("recall").gradient)
    assert J.of("recall").value == float(t <= 0)
    assert "end of the domain" in J.diagnostics["reason"]


def test_at_one_only_certain_scores_are_positive():
    J = cj.confusion_jacobian([0, 1, 0, 1], [0.2, 1.0, 0.5, 0.9], threshold=1.0)
    assert J.matrix.tolist() == [[2, 0], [1, 1]]
    assert np.isnan(J.jacobian).all()


def test_results_cannot_be_changed():
    y, p = normal_rows(0, 300)
    J = cj.confusion_jacobian(y, p)
    with pytest.raises(AttributeError):
        J.threshold = 0.1
    with pytest.raises(TypeError):
        J.diagnostics["n_samples"] = 0
    for name in ("matrix", "jacobian", "center", "stderr", "matrix_stderr"):
        with pytest.raises(ValueError, match="read-only"):
            getattr(J, name)[0, 0] = -1


def test_pickle_gives_the_same_figures():
    y, p = normal_rows(0, 300)
    J = cj.confusion_jacobian(y, p, groups=np.arange(300) // 3)
    again = pickle.loads(pickle.dumps(J))
    np.testing.assert_array_equal(again.stderr, J.stderr)
    assert again.to_dict() == J.to_dict()
    check_jacobian(again)


# --- views


def test_to_dict_is_json():
    y, p = normal_rows(0, 300)
    plain = cj.confusion_jacobian(np.array(["no", "yes"])[y], p).to_dict(level=0.9)
    text = json.loads(json.dumps(plain, allow_nan=False))
    assert text["labels"] == ["no", "yes"]
    assert text["level"] == 0.9
    assert text["schema"].startswith("conjac.")
    at_the_end = cj.confusion_jacobian(y, p, threshold=2.0).to_dict()
    assert json.loads(json.dumps(at_the_end, allow_nan=False))["jacobian"] == [[None, None], [None, None]]


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_to_frame_is_tidy(backend):
    needs(backend)
    y, p = normal_rows(0, 300)
    J = cj.confusion_jacobian(np.array(["no", "yes"])[y], p)
    columns = J.to_columns(level=0.9)
    frame = J.to_frame(backend, level=0.9)
    assert type(frame).__module__.split(".")[0] == backend
    read = {name: list(frame[name].to_pylist() if backend == "pyarrow" else frame[name]) for name in columns}
    assert read == columns
    assert read["true"] == ["no", "no", "yes", "yes"]
    assert read["predicted"] == ["no", "yes", "no", "yes"]
    assert read["matrix"] == J.matrix.ravel().tolist()
    assert read["upper"] == J.confint(0.9).upper.ravel().tolist()


def test_repr_shows_matrix_slope_and_method():
    y, p = normal_rows(0, 300)
    J = cj.confusion_jacobian(y, p)
    text = repr(J)
    for part in ("probability 0.5", "tangent", str(J.matrix[1, 1]), "true 1"):
        assert part in text


def test_products_refuse_other_shapes():
    y, p = normal_rows(0, 300)
    J = cj.confusion_jacobian(y, p)
    np.testing.assert_array_equal(J.jvp(), J.jacobian)
    with pytest.raises(cj.InvalidInputError, match="direction"):
        J.jvp([1.0, 2.0])
    with pytest.raises(cj.InvalidInputError, match="cotangent"):
        J.vjp([1.0, 2.0])
    with pytest.raises(cj.InvalidInputError, match=r"tpp.*expected one of.*tp"):
        J.exchange_rate("tpp")


def test_conditioning_on_the_class_removes_the_noise_of_the_totals():
    y, p = normal_rows(0, 2000)
    free, fixed = (cj.confusion_jacobian(y, p, condition_on=c) for c in (None, "class"))
    np.testing.assert_array_equal(free.matrix, fixed.matrix)
    n = fixed.matrix.sum(axis=1, keepdims=True)
    share = fixed.matrix / n
    np.testing.assert_allclose(fixed.matrix_stderr, np.sqrt(n * share * (1 - share)))
    whole = free.matrix / 2000
    np.testing.assert_allclose(free.matrix_stderr, np.sqrt(2000 * whole * (1 - whole)))
    assert (fixed.stderr < free.stderr).all()
    assert "fixed by design" in fixed.diagnostics["sampling"]
    np.testing.assert_allclose(fixed.of("recall").value_stderr, free.of("recall").value_stderr, rtol=1e-9)
    assert fixed.of("precision").value_stderr < free.of("precision").value_stderr
