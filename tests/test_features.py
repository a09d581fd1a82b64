"""Two classes whose inputs drift: against the threshold, closed forms, rows by hand, and what must not change."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import normalise, normalise_slope
from scipy.special import expit
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix

import conjac as cj
from conjac.models import Model

HOWS = (None, "true", "pred", "all")
COEF = np.array([0.8, -0.5, 0.3])
few = settings(max_examples=15)


def linear(X):
    """Return log-odds, linear in the inputs."""
    return np.asarray(X) @ COEF[: np.shape(X)[1]] - 0.2


def bent(X):
    """Return log-odds that bend."""
    X = np.asarray(X)
    return 1.2 * np.tanh(X[:, 0]) + 0.5 * X[:, 1] + 0.3 * X[:, 0] * X[:, 1] + 0.3 * np.sin(X[:, 2])


def bent_pull(X, cotangent):
    slope = 1.2 / np.cosh(X[:, 0]) ** 2 + 0.3 * X[:, 1], 0.5 + 0.3 * X[:, 0], 0.3 * np.cos(X[:, 2])
    return np.stack(slope, axis=1) * cotangent


def model_of(score, pull, classes=(0, 1)):
    return Model(score, classes=classes, pull=pull, derivative="by hand")


LINEAR = model_of(linear, lambda X, c: np.broadcast_to(COEF * np.ravel(c)[:1, None], X.shape))
BENT = model_of(bent, bent_pull)


def rows_of(seed, n):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3)) * [1.0, 1.5, 0.7]
    return X, (rng.random(n) < expit(bent(X))).astype(int)


def drift(model, X, y, *, features=None, **options):
    return cj.ConfusionJacobian.from_estimator(model, X, y, wrt=features or cj.Features(), **options)


DESIGNS = {
    "plain": lambda *_: {},
    "weights": lambda rng, y: {"sample_weight": rng.exponential(size=len(y))},
    "groups": lambda _, y: {"groups": np.arange(len(y)) // 3},
    "class": lambda *_: {"condition_on": "class"},
    "weighted groups within classes": lambda rng, y: {
        "condition_on": "class",
        "groups": np.arange(len(y)) // 4,
        "sample_weight": rng.exponential(size=len(y)),
    },
}


def design_of(name, y):
    return DESIGNS[name](np.random.default_rng(7), y)


# --- a linear model is a threshold that moves


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("t", [-0.7, 0.4])
def test_drift_of_a_linear_score_is_a_threshold_that_moves(design, how, t):
    X, y = rows_of(0, 1500)
    same = {"threshold": t, "normalize": how, **design_of(design, y)}
    within_a_class = "groups" in same and "condition_on" in same  # clusters of both classes: there they are independent
    by_drift = drift(LINEAR, X, y, **same)
    by_threshold = cj.confusion_jacobian(y, linear(X), **same)
    sd = list(by_drift.diagnostics["spread"].values())
    np.testing.assert_allclose(sd, np.sqrt(np.cov(X.T, aweights=same.get("sample_weight"), ddof=0).diagonal()))
    np.testing.assert_allclose(by_drift.jacobian, -by_threshold.jacobian[..., None] * COEF * sd, rtol=1e-9)
    np.testing.assert_allclose(by_drift.center, -by_threshold.center[..., None] * COEF * sd, rtol=1e-9)
    errors = by_threshold.stderr[..., None] * np.abs(COEF) * sd
    if how != "pred" or not within_a_class:
        np.testing.assert_allclose(by_drift.matrix_stderr, by_threshold.matrix_stderr)
        np.testing.assert_allclose(by_drift.stderr, errors, rtol=0.03 if "groups" in same else 0.01)
    np.testing.assert_array_equal(by_drift.matrix, by_threshold.matrix)
    for metric in ("recall",) if within_a_class else ("recall", "precision", "f1", "matthews_corrcoef"):
        one, other = by_drift.of(metric), by_threshold.of(metric)
        assert one.value == pytest.approx(other.value)
        np.testing.assert_allclose(one.gradient, -other.gradient * COEF * sd, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            one.stderr, other.stderr * np.abs(COEF) * sd, rtol=0.03 if "groups" in same else 0.01
        )


def test_half_a_row_counts_where_rows_are_few():
    X, y = rows_of(12, 150)
    by_drift, by_threshold = drift(LINEAR, X, y, features=cj.Features(unit="raw")), cj.confusion_jacobian(y, linear(X))
    np.testing.assert_allclose(by_drift.stderr, by_threshold.stderr[..., None] * np.abs(COEF), rtol=2e-3)


def test_a_linear_model_costs_no_regression_whichever_columns_drift():
    X, y = rows_of(0, 800)
    X = np.column_stack([X, np.ones(len(X))])
    flat = model_of(lambda X: linear(X[:, :3]), lambda X, c: np.broadcast_to([*COEF, 0.0] * np.ravel(c)[:1], X.shape))
    found = drift(flat, X, y)
    assert found.parameters == ("x0", "x1", "x2")
    assert found._motion.joint.sums.rows.strides[1] == 0
    np.testing.assert_array_equal(found.jacobian, drift(LINEAR, X[:, :3], y).jacobian)


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
def test_the_coordinate_tells_where_and_not_how_fast(coordinate):
    X, y = rows_of(1, 1500)
    told = {"probability": expit(0.3), "logit": 0.3, "score": expit(0.3)}
    told["percentile"] = (linear(X) >= 0.3).mean()
    found = drift(lambda X: expit(linear(X)), X, y, coordinate=coordinate, threshold=told[coordinate])
    odds = drift(lambda X: expit(linear(X)), X, y, coordinate="logit", threshold=0.3)
    np.testing.assert_array_equal(found.matrix, odds.matrix)
    np.testing.assert_allclose(found.jacobian, odds.jacobian, rtol=0.06 if coordinate == "score" else 0.005)


# --- laws


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("design", DESIGNS)
def test_rows_or_columns_add_to_zero_and_shares_follow_the_quotient_rule(how, design):
    X, y = rows_of(2, 1200)
    found = drift(BENT, X, y, normalize=how, **design_of(design, y))
    np.testing.assert_allclose(found.jacobian.sum(axis=0 if how == "pred" else 1), 0, atol=1e-9)
    plain = replace(found, normalize=None)
    np.testing.assert_allclose(found.matrix, normalise(plain.matrix, how))
    np.testing.assert_allclose(found.jacobian, normalise_slope(plain.matrix, plain.jacobian, how), atol=1e-9)
    np.testing.assert_allclose(found.center, normalise_slope(plain.matrix, plain.center, how), atol=1e-9)
    along_it, cells = np.array([0.3, -1.0, 2.0]), np.array([[1.0, 2.0], [-3.0, 0.5]])
    np.testing.assert_allclose(found.jvp(along_it), found.jacobian @ along_it)
    np.testing.assert_allclose(found.vjp(cells), np.einsum("yk,ykp->p", cells, found.jacobian))


def test_a_share_and_the_metric_that_it_is_have_one_slope_and_one_error():
    X, y = rows_of(2, 1200)
    for design in DESIGNS:
        found = drift(BENT, X, y, **design_of(design, y))
        for metric, how in (("recall", "true"), ("precision", "pred")):
            share, told = replace(found, normalize=how), found.of(metric)
            np.testing.assert_allclose(told.gradient, share.jacobian[1, 1])
            np.testing.assert_allclose(told.stderr, share.stderr[1, 1], rtol=1e-6)


@given(st.floats(0.1, 50), st.sampled_from(list(DESIGNS)))
@few
def test_units_and_scales_of_a_column(c, design):
    X, y = rows_of(3, 400)
    same = design_of(design, y)
    sd, raw = drift(BENT, X, y, **same), drift(BENT, X, y, features=cj.Features(unit="raw"), **same)
    spread = np.array(list(sd.diagnostics["spread"].values()))
    np.testing.assert_allclose(raw.jacobian * spread, sd.jacobian, rtol=1e-9)
    np.testing.assert_allclose(raw.stderr * spread, sd.stderr, rtol=1e-9)
    assert (sd.units, raw.units) == (("1 sd",) * 3, ("1 of x0", "1 of x1", "1 of x2"))
    factor = np.array([c, 1, 1])
    scaled = drift(
        model_of(lambda X: bent(X / factor), lambda X, g: bent_pull(X / factor, g) / factor), X * factor, y, **same
    )
    np.testing.assert_allclose(scaled.jacobian, sd.jacobian, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(scaled.stderr, sd.stderr, rtol=1e-7)


@given(st.floats(1e-3, 1e3))
@few
def test_weights_times_c_scale_everything_by_c(c):
    X, y = rows_of(4, 500)
    weight = np.random.default_rng(0).exponential(size=500)
    one, many = (drift(BENT, X, y, sample_weight=w) for w in (weight, c * weight))
    for name in ("matrix", "jacobian", "center", "stderr"):
        np.testing.assert_allclose(getattr(many, name), c * getattr(one, name), rtol=1e-6, err_msg=name)


def test_rows_of_weight_0_are_no_rows():
    X, y = rows_of(5, 700)
    weight = np.where(np.arange(700) % 3, 1.0, 0.0)
    kept = weight > 0
    one, other = drift(BENT, X, y, sample_weight=weight), drift(BENT, X[kept], y[kept], sample_weight=weight[kept])
    np.testing.assert_allclose(one.jacobian, other.jacobian, rtol=1e-4)
    np.testing.assert_allclose(one.stderr, other.stderr, rtol=0.01)


def test_the_other_class_may_be_the_positive_one():
    X, y = rows_of(6, 900)
    for model in (BENT, LINEAR, LogisticRegression().fit(X, y)):
        one, other = drift(model, X, y), drift(model, X, y, pos_label=0)
        named = drift(model, X, y, labels=[1, 0])
        assert other.labels == named.labels == (1, 0)
        for name in ("matrix", "jacobian", "stderr"):
            np.testing.assert_allclose(getattr(other, name), getattr(one, name)[::-1, ::-1], rtol=1e-6, err_msg=name)
            np.testing.assert_array_equal(getattr(named, name), getattr(other, name))


# --- slices


@pytest.mark.parametrize("model", [LINEAR, BENT], ids=["linear", "bent"])
def test_slices_add_up(model):
    X, y = rows_of(7, 3000)
    part = np.random.default_rng(0).random(3000) < 0.4
    whole, one, other = (drift(model, X, y, features=cj.Features(where=w)) for w in (None, part, ~part))
    tolerance = 1e-9 * abs(whole.jacobian).max() if model is LINEAR else 0.3 * whole.stderr.max()
    np.testing.assert_allclose(one.jacobian + other.jacobian, whole.jacobian, atol=tolerance)
    assert one.diagnostics["rows_that_drift"] + other.diagnostics["rows_that_drift"] == 3000


def test_a_slice_is_a_mask_a_function_or_a_class():
    X, y = rows_of(7, 2000)
    mask, function, whole = (
        drift(BENT, X, y, features=cj.Features(where=w)) for w in (X[:, 1] > 0, lambda X: X[:, 1] > 0, None)
    )
    np.testing.assert_array_equal(mask.jacobian, function.jacobian)
    for label in (0, 1):
        found = drift(BENT, X, y, features=cj.Features(where=label))
        np.testing.assert_allclose(found.jacobian[label], whole.jacobian[label])
        np.testing.assert_array_equal(found.jacobian[1 - label], 0)
        assert np.isnan(found.stderr[1 - label]).all()
        names = ("recall", "accuracy", "f1", "matthews_corrcoef") if label else ("accuracy", "precision", "f1")
        for name in names:
            told, row = found.of(name), cj.metrics.resolve(name, found.labels)
            gradient = np.array(row.gradient(found.matrix.astype(float)))
            np.testing.assert_allclose(told.gradient, np.einsum("yk,ykp->p", gradient, found.jacobian), atol=1e-12)
            assert np.isfinite(told.stderr).all(), name
    assert np.isnan(drift(BENT, X, y, features=cj.Features(where=0)).of("recall").stderr).all()


# --- derivatives by a formula or by differences


def test_differences_are_the_formula_and_are_told():
    X, y = rows_of(8, 1500)
    formula, differences = drift(BENT, X, y), drift(bent, X, y)
    assert formula.diagnostics["derivative"].startswith("by hand, checked on 16 rows")
    assert differences.diagnostics["derivative"].startswith("central differences over 0.01 sd")
    np.testing.assert_allclose(differences.jacobian, formula.jacobian, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(differences.stderr, formula.stderr, rtol=1e-3)
    wrong = drift(model_of(bent, lambda X, c: 2 * bent_pull(X, c)), X, y)
    assert "not used" in wrong.diagnostics["derivative"]
    np.testing.assert_array_equal(wrong.jacobian, differences.jacobian)


def test_a_formula_of_probabilities_and_one_of_scores_are_the_same():
    X, y = rows_of(8, 1500)
    p = Model(lambda X: expit(bent(X)), pull=bent_pull, scale="logit", derivative="by hand")
    slope = Model(
        lambda X: expit(bent(X)), pull=lambda X, c: bent_pull(X, c * (s := expit(bent(X))[:, None]) * (1 - s))
    )
    both = Model(lambda X: np.stack([1 - expit(bent(X)), expit(bent(X))], axis=1), pull=bent_pull, scale="logit")
    for model in (slope, both):
        np.testing.assert_allclose(drift(model, X, y).jacobian, drift(p, X, y).jacobian, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(drift(model, X, y).stderr, drift(p, X, y).stderr, rtol=1e-6)
    raw = drift(BENT, X, y)
    np.testing.assert_allclose(raw.jacobian, drift(p, X, y).jacobian, rtol=1e-4, atol=1e-6)


def test_rows_looked_at_some_at_a_time_are_the_rows_looked_at_together(monkeypatch):
    X, y = rows_of(9, 1500)
    same = {"sample_weight": np.random.default_rng(0).exponential(size=1500), "groups": np.arange(1500) // 5}
    whole = [drift(model, X, y, **same) for model in (BENT, bent)]
    monkeypatch.setattr("conjac.engines.speeds.HELD", 999)
    monkeypatch.setattr("conjac.inputs.inputs.AT_ONCE", 101)
    for one, found in zip((BENT, bent), whole, strict=True):
        again = drift(one, X, y, **same)
        np.testing.assert_allclose(again.jacobian, found.jacobian, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(again.stderr, found.stderr, rtol=1e-9)


def test_raw_scores_are_read_alike_in_all_blocks(monkeypatch):
    X, y = rows_of(9, 1500)
    two = Model(lambda X: np.stack([np.zeros(len(X)), bent(X)], axis=1), classes=(0, 1))
    for model in (two, BENT):
        whole = drift(model, X, y, pos_label=0)
        with monkeypatch.context() as patch:
            patch.setattr("conjac.inputs.inputs.AT_ONCE", 3)
            np.testing.assert_array_equal(drift(model, X, y, pos_label=0).matrix, whole.matrix)


# --- the population's slopes


def test_a_linear_score_of_normal_inputs_has_the_closed_form():
    rng, n, gap = np.random.default_rng(0), 60_000, np.array([0.9, 0.0, 0.4])
    y = rng.integers(0, 2, n)
    X = rng.normal(size=(n, 3)) + np.outer(y, gap)
    found = drift(LINEAR, X, y, normalize="true", threshold=0.3, features=cj.Features(unit="raw"))
    size = np.sqrt(COEF @ COEF)
    density = norm.pdf((0.3 + 0.2 - np.array([0, gap @ COEF])) / size) / size
    truth = density[:, None, None] * np.array([-1, 1])[:, None] * COEF
    assert np.abs((found.center - truth) / found.stderr).max() < 3
    np.testing.assert_allclose(found.jacobian, truth, rtol=0.06)


def test_a_step_that_is_asked_for_counts_rows_again_whatever_the_model():
    rng = np.random.default_rng(5)
    y = rng.integers(0, 2, 3000)
    X = rng.normal(size=(3000, 2)) + np.outer(y, [1.0, 0.5])
    model = LogisticRegression().fit(X, y)
    J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt=cj.Features(step=0.2))
    assert J.method == "secant"
    assert "asked for" in J.diagnostics["derivative"]
    for place, sd in enumerate(X.std(axis=0)):
        moved = np.zeros(2)
        moved[place] = 0.2 * sd
        up, down = (confusion_matrix(y, model.predict(X + side * moved)) for side in (1, -1))
        np.testing.assert_allclose(J.jacobian[..., place], (up - down) / 0.4)
        assert J.diagnostics["step"][f"x{place}"] == pytest.approx(0.2 * sd)
    smooth = cj.ConfusionJacobian.from_estimator(model, X, y, wrt="features")
    assert (np.abs(smooth.center - J.center) < 3 * np.hypot(smooth.stderr, J.stderr)).all()


@pytest.mark.parametrize("step", [0, -0.1, np.inf, np.nan, "wide"])
def test_a_step_is_a_positive_number(step):
    with pytest.raises(cj.InvalidInputError, match=r"step=.*expected (a positive number of units|one number)"):
        cj.Features(step=step)


def test_rows_far_off_do_not_make_a_smooth_function_a_step():
    rng = np.random.default_rng(6)
    y = rng.integers(0, 2, 4000)
    X = rng.normal(size=(4000, 2)) + np.outer(y, [1.0, 0.5])
    X[:5, 0] = 1e5
    J = cj.ConfusionJacobian.from_estimator(
        lambda X: np.tanh(X[:, 0] + X[:, 1] - 0.7), X, y, wrt=cj.Features(unit="raw")
    )
    assert J.method == "tangent"
