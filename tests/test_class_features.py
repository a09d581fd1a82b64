"""Several classes whose inputs drift: against offsets, recounts and two classes, and what must not change."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import normalise, normalise_slope
from sklearn.linear_model import LogisticRegression
from test_feature_errors import scores_of
from test_features import DESIGNS, HOWS, design_of

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError
from conjac.models import Model

few = settings(max_examples=10)
SLOPES = np.array([[0.0, 0.0], [1.1, 0.2], [0.2, 1.0]])
OFFSETS = [0.1, -0.2, 0.0]


def rows_of(seed, n):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n)
    y[:3] = 0, 1, 2
    return rng.normal(size=(n, 2)) + np.array([[0, 0], [1.2, 0], [0, 1.2]])[y], y


def drift(model, X, y, *, features=None, **options):
    return cj.ConfusionJacobian.from_estimator(model, X, y, wrt=features or cj.Features(), **options)


def softmax(score):
    p = np.exp(score - score.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def linear(X):
    return X @ SLOPES.T


def linear_pull(_X, cotangent):
    return np.atleast_2d(cotangent) @ SLOPES


LINEAR = Model(linear, classes=(0, 1, 2), pull=linear_pull, derivative="by hand")
PROBABILITIES = Model(
    lambda X: softmax(linear(X)), classes=(0, 1, 2), pull=linear_pull, scale="logit", derivative="by hand"
)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("design", DESIGNS)
def test_a_drift_that_moves_one_class_s_score_is_that_class_s_offset(design, how):
    X, y = rows_of(0, 1500)
    one = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # the first input is the second class's score
    model = Model(lambda X: X @ one.T, classes=(0, 1, 2), pull=lambda _, c: np.atleast_2d(c) @ one)
    same = {"offsets": OFFSETS, "normalize": how, **design_of(design, y)}
    by_drift = drift(model, X, y, features=cj.Features(unit="raw"), **same)
    by_offset = cj.confusion_jacobian(y, X @ one.T, **same)
    np.testing.assert_array_equal(by_drift.matrix, by_offset.matrix)
    np.testing.assert_allclose(by_drift.matrix_stderr, by_offset.matrix_stderr)
    np.testing.assert_allclose(by_drift.jacobian, by_offset.jacobian[..., 1:], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(by_drift.stderr, by_offset.stderr[..., 1:], rtol=0.01)
    for metric in ("f1_macro", "recall[1]", "accuracy", "precision_macro"):
        told, other = by_drift.of(metric), by_offset.of(metric)
        np.testing.assert_allclose(told.gradient, other.gradient[1:], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(told.stderr, other.stderr[1:], rtol=0.01)


@pytest.mark.parametrize("how", HOWS)
def test_sums_products_and_the_quotient_rule(how):
    X, y = rows_of(1, 1500)
    found = drift(scores_of, X, y, normalize=how, offsets=OFFSETS)
    plain = replace(found, normalize=None)
    np.testing.assert_allclose(found.jacobian.sum(axis=0 if how == "pred" else 1), 0, atol=1e-9)
    np.testing.assert_allclose(found.matrix, normalise(plain.matrix, how))
    np.testing.assert_allclose(found.jacobian, normalise_slope(plain.matrix, plain.jacobian, how), atol=1e-9)
    np.testing.assert_allclose(found.jvp([0.5, -2.0]), found.jacobian @ [0.5, -2.0])
    cells = np.arange(9.0).reshape(3, 3)
    np.testing.assert_allclose(found.vjp(cells), np.einsum("yk,ykp->p", cells, found.jacobian))
    assert found.jacobian.shape == (3, 3, 2)


def test_the_slope_is_that_of_a_recount():
    X, y = rows_of(2, 60_000)
    found = drift(scores_of, X, y, normalize="all")
    for j, sd in enumerate(found.diagnostics["spread"].values()):
        step = 0.1 * sd * np.eye(2)[j]
        up, down = (np.histogram2d(y, scores_of(X + by).argmax(axis=1), bins=3)[0] for by in (step, -step))
        quotient = (up - down) / 0.2 / len(y)
        assert np.abs(found.jacobian[..., j] - quotient).max() < 4 * found.stderr[..., j].max()
        np.testing.assert_allclose(found.jacobian[..., j], quotient, atol=0.05 * np.abs(quotient).max())


def test_formulas_of_scores_of_probabilities_and_differences_are_the_same():
    X, y = rows_of(3, 1500)
    wanted = drift(LINEAR, X, y)

    def pull(X, cotangent):
        p = softmax(linear(X))
        moved = p * np.atleast_2d(cotangent)
        return (moved - p * moved.sum(axis=1, keepdims=True)) @ SLOPES

    of_scores = Model(lambda X: softmax(linear(X)), classes=(0, 1, 2), pull=pull)
    for model in (PROBABILITIES, of_scores, linear, lambda X: softmax(linear(X))):
        found = drift(model, X, y)
        np.testing.assert_array_equal(found.matrix, wanted.matrix)
        np.testing.assert_allclose(found.jacobian, wanted.jacobian, rtol=1e-3, atol=1e-3)
        np.testing.assert_allclose(found.stderr, wanted.stderr, rtol=1e-3)
    as_scores = [drift(model, X, y, coordinate="score") for model in (PROBABILITIES, of_scores)]
    np.testing.assert_allclose(as_scores[0].jacobian, as_scores[1].jacobian, rtol=1e-6, atol=1e-9)
    fitted = LogisticRegression().fit(X, y)
    analytic, differences = drift(fitted, X, y), drift(fitted.predict_proba, X, y)
    assert analytic.diagnostics["derivative"].startswith("formula of LogisticRegression")
    assert differences.diagnostics["derivative"].startswith("central differences")
    np.testing.assert_allclose(differences.jacobian, analytic.jacobian, rtol=1e-3, atol=1e-3)
    scores = drift(fitted, X, y, output="scores")
    np.testing.assert_allclose(scores.jacobian, analytic.jacobian, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("order", list(permutations(range(3)))[1:])
def test_labels_may_come_in_any_order(order):
    X, y = rows_of(4, 900)
    names = np.array(["ash", "birch", "elm"])
    fitted = LogisticRegression().fit(X, names[y])
    place, asked = list(order), names[list(order)].tolist()
    one = drift(fitted, X, names[y], offsets=OFFSETS)
    other = drift(fitted, X, names[y], labels=asked, offsets=np.array(OFFSETS)[place])
    assert other.labels == tuple(asked)
    for name in ("matrix", "jacobian", "stderr"):
        expected = getattr(one, name)[np.ix_(place, place)]
        np.testing.assert_allclose(getattr(other, name), expected, rtol=1e-6, atol=1e-9, err_msg=name)
    assert other.diagnostics["derivative"].startswith("formula of LogisticRegression, checked on 16 rows: at most")


@given(st.floats(0.01, 100))
@few
def test_scales_of_weights_and_of_columns(c):
    X, y = rows_of(5, 600)
    weight = np.random.default_rng(0).exponential(size=600)
    one, many = (drift(LINEAR, X, y, sample_weight=w) for w in (weight, c * weight))
    for name in ("matrix", "jacobian", "stderr"):
        np.testing.assert_allclose(getattr(many, name), c * getattr(one, name), rtol=1e-6, err_msg=name)
    scaled = Model(lambda Z: linear(Z / [c, 1]), pull=lambda Z, g: linear_pull(Z, g) / [c, 1], classes=(0, 1, 2))
    other = drift(scaled, X * [c, 1], y, sample_weight=weight)
    np.testing.assert_allclose(other.jacobian, one.jacobian, rtol=1e-6, atol=1e-9)
    raw = drift(LINEAR, X, y, sample_weight=weight, features=cj.Features(unit="raw"))
    np.testing.assert_allclose(raw.jacobian * list(one.diagnostics["spread"].values()), one.jacobian, rtol=1e-9)


def test_a_class_alone_drifts_in_its_own_row():
    X, y = rows_of(6, 1500)
    whole = drift(scores_of, X, y)
    for label in range(3):
        found = drift(scores_of, X, y, features=cj.Features(where=label))
        np.testing.assert_allclose(found.jacobian[label], whole.jacobian[label], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(found.stderr[label], whole.stderr[label], rtol=1e-6)
        np.testing.assert_array_equal(np.delete(found.jacobian, label, axis=0), 0)
        for metric in ("f1_macro", "accuracy", f"recall[{label}]"):
            assert np.isfinite(found.of(metric).stderr).all(), metric
        assert np.isnan(found.of(f"recall[{(label + 1) % 3}]").stderr).all()
    linear_whole, *parts = (drift(LINEAR, X, y, features=cj.Features(where=w)) for w in (None, 0, 1, 2))
    np.testing.assert_allclose(sum(part.jacobian for part in parts), linear_whole.jacobian, rtol=1e-9)


def test_a_reject_option_takes_rows_too():
    X, y = rows_of(7, 3000)
    offsets = [0.0, 0.1, -0.1, -0.9]
    by_formula, by_difference = (drift(m, X, y, offsets=offsets) for m in (PROBABILITIES, lambda X: softmax(linear(X))))
    assert by_formula.jacobian.shape == (3, 4, 2)
    assert by_formula.matrix[:, 3].all()
    np.testing.assert_allclose(by_formula.jacobian.sum(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(by_difference.jacobian, by_formula.jacobian, rtol=1e-3, atol=1e-2)

    def counted(by):
        compared = np.column_stack([np.log(softmax(linear(X + by))), np.zeros(len(X))]) + offsets
        return np.histogram2d(y, compared.argmax(axis=1), bins=(3, 4))[0]

    for j, sd in enumerate(by_formula.diagnostics["spread"].values()):
        step = 0.15 * sd * np.eye(2)[j]
        quotient = (counted(step) - counted(-step)) / 0.3
        assert np.abs(by_formula.jacobian[..., j] - quotient).max() < 4 * np.nanmax(by_formula.stderr[..., j])


def test_rows_looked_at_some_at_a_time_are_the_rows_looked_at_together(monkeypatch):
    X, y = rows_of(8, 1500)
    same = {"sample_weight": np.random.default_rng(0).exponential(size=1500), "groups": np.arange(1500) // 5}
    whole = drift(scores_of, X, y, **same)
    monkeypatch.setattr("conjac.engines.speeds.HELD", 999)
    monkeypatch.setattr("conjac.inputs.inputs.AT_ONCE", 101)
    again = drift(scores_of, X, y, **same)
    np.testing.assert_allclose(again.jacobian, whole.jacobian, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(again.stderr, whole.stderr, rtol=1e-9)


def test_where_no_row_is_near_nothing_is_known():
    X, y = rows_of(9, 300)
    with pytest.warns(ConjacWarning, match="effective rows cross as 'x0', 'x1' move"):
        found = drift(LogisticRegression().fit(X, y), X, y, offsets=[0, 500, -500])
    np.testing.assert_array_equal(found.matrix[:, 1], np.bincount(y))
    np.testing.assert_array_equal(found.jacobian, 0)
    assert np.isnan(found.stderr).all()
    assert np.isnan(found.of("f1_macro").stderr).all()
    assert found.diagnostics["bandwidth"] == {}


@given(st.integers(4, 14), st.integers(0, 10**6))
@settings(max_examples=20)
@pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")
def test_few_rows_never_raise(n, seed):
    X, y = rows_of(seed, n)
    for model in (LINEAR, PROBABILITIES, scores_of):
        found = drift(model, X, y, groups=np.arange(n) // 2)
        for how in HOWS:
            replace(found, normalize=how).confint()
        assert np.isfinite(found.jacobian).all()
        found.of("f1_macro").confint()
        repr(found), found.to_dict()


def test_bad_input():
    X, y = rows_of(0, 60)
    for options, error, message in (
        ({"threshold": 0.5}, NotSupportedError, "threshold=0.5 is for the threshold of two classes"),
        ({"pos_label": 1}, NotSupportedError, "pos_label=1"),
        ({"labels": [1, 2]}, InvalidInputError, r"labels=\[1, 2\]: the classifier knows \[0, 1, 2\]"),
        ({"offsets": [0, 1]}, InvalidInputError, "offsets"),
        ({"coordinate": "probability"}, InvalidInputError, "offsets are told in"),
    ):
        with pytest.raises(error, match=message):
            drift(LINEAR, X, y, **options)
    with pytest.raises(InvalidInputError, match=r"scores have shape \(60, 2\); expected \(n_rows, 3\)"):
        drift(lambda X: X, X, y)
    with pytest.raises(InvalidInputError, match=r"scores have shape \(60,\); expected \(n_rows, 3\)"):
        drift(lambda X: X[:, 0], X, y)
