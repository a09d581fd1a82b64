"""The Jacobian of class scores in the inputs: against differences and closed forms, row by row and whole."""

import numpy as np
import pytest
from oracles import finite_difference
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac import scores
from conjac.errors import InvalidInputError, NotDifferentiableError


def rows_of(n_classes, n=600):
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, n)
    return rng.normal(size=(n, 3)) + np.eye(3)[y], y


def differences(function, X):
    """Return the derivative of scores (n_rows, n_classes) by each column, of shape (n_rows, n_classes, n_columns)."""
    return np.stack([finite_difference(lambda t, e=e: function(X + t * e)) for e in np.eye(X.shape[1])], axis=-1)


MODELS = {
    "linear": LogisticRegression(),
    "network": MLPClassifier((5,), activation="tanh", max_iter=30, random_state=0),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("name", MODELS)
def test_derivatives_of_probabilities_are_differences(name, n_classes):
    X, y = rows_of(n_classes)
    model = MODELS[name].fit(X, y)
    found = cj.score_jacobian(model, X)
    assert found.shape == (600, n_classes, 3)
    assert (found.columns, found.response) == (("x0", "x1", "x2"), "predict_proba")
    assert "formula of" in found.derivative
    np.testing.assert_allclose(np.asarray(found), differences(model.predict_proba, X), atol=1e-8)
    np.testing.assert_allclose(np.asarray(found).sum(axis=1), 0, atol=1e-12)
    by_differences = cj.score_jacobian(model.predict_proba, X)
    assert by_differences.derivative.startswith("central differences")
    np.testing.assert_allclose(np.asarray(by_differences), np.asarray(found), atol=1e-4)


def test_raw_scores_of_a_linear_model_are_its_coefficients():
    X, y = rows_of(3)
    model = LogisticRegression().fit(X, y)
    found = np.asarray(cj.score_jacobian(model, X, output="scores"))
    np.testing.assert_allclose(found, np.broadcast_to(model.coef_, (600, 3, 3)))
    binary = LogisticRegression().fit(X, y == 1)
    told = np.broadcast_to([np.zeros(3), binary.coef_[0]], (600, 2, 3))
    np.testing.assert_allclose(np.asarray(cj.score_jacobian(binary, X, output="scores")), told)


def test_raw_scores_between_0_and_1_are_no_probabilities():
    X, y = rows_of(2)
    model = LogisticRegression().fit(X, y)
    model.intercept_[:] = 0.5
    some = 1e-3 * X
    assert 0 < model.decision_function(some).min() < model.decision_function(some).max() < 1
    np.testing.assert_allclose(cj.score_jacobian(model, some, output="scores")[0], [[0, 0, 0], model.coef_[0]])

    def stretched(X):
        return np.where(X[:, 0] > 100, 5.0, expit(X[:, 1]))

    one_far = np.vstack([X, [[200.0, 0, 0]]])  # past the rows looked at first, and raw scores all the same
    slope = expit(X[0, 1]) * expit(-X[0, 1])
    np.testing.assert_allclose(cj.score_jacobian(stretched, one_far)[0], [[0, 0, 0], [0, slope, 0]], atol=1e-5)


def test_functions_of_one_column_of_two_and_of_probabilities():
    X, _ = rows_of(2)
    slope = np.array([3.0, -2.0, 0.0])
    for function, truth in (
        (lambda X: X @ slope, [0 * slope, slope]),
        (lambda X: (X @ slope)[:, None], [0 * slope, slope]),
        (lambda X: np.stack([X[:, 1], X @ slope], axis=1), [0 * slope, slope - [0, 1, 0]]),  # less the first's
    ):
        np.testing.assert_allclose(cj.score_jacobian(function, X)[4], truth, atol=1e-8)

    def p(X):
        return expit(X @ slope)

    def both(X):
        return np.stack([1 - p(X), p(X)], axis=1)

    for function in (p, both):
        np.testing.assert_allclose(np.asarray(cj.score_jacobian(function, X)), differences(both, X), atol=1e-3)


def test_rows_slices_and_batches_are_parts_of_the_whole(monkeypatch):
    X, y = rows_of(3)
    found = cj.score_jacobian(LogisticRegression().fit(X, y), X)
    whole = np.asarray(found)
    assert len(found) == 600
    for rows in (0, -1, slice(5, 9), [3, 1, 3], X[:, 0] > 0, np.array([], dtype=int)):
        assert found[rows].shape == whole[rows].shape
        np.testing.assert_allclose(found[rows], whole[rows], atol=1e-12)
    with pytest.raises(IndexError):
        found[600]
    assert np.asarray(found, dtype=np.float32).dtype == np.float32
    monkeypatch.setattr(scores, "AT_ONCE", 9 * 7)
    sizes = []
    for part, table in found.batches():
        sizes.append(len(table))
        np.testing.assert_allclose(table, whole[part], atol=1e-12)
    assert (max(sizes), sum(sizes)) == (7, 600)
    np.testing.assert_allclose(np.asarray(found), whole, atol=1e-12)


def test_too_many_derivatives_are_made_in_batches_only(monkeypatch):
    X, y = rows_of(3)
    found = cj.score_jacobian(LogisticRegression().fit(X, y), X)
    monkeypatch.setattr(scores, "MOST", 600 * 9 - 1)
    with pytest.raises(InvalidInputError, match=r"\(600, 3, 3\) makes 5400 derivatives; take rows, or batches\(\)"):
        np.asarray(found)
    assert found[:10].shape == (10, 3, 3)
    wide = cj.score_jacobian(lambda X: X[:, 0] * 2, np.zeros((3, 10)) + np.arange(3.0)[:, None])
    monkeypatch.setattr(scores, "MOST", 10**8)
    object.__setattr__(wide, "shape", (10**7, 2, 10))
    with pytest.raises(InvalidInputError, match="makes 200000000 derivatives"):
        np.asarray(wide)


def test_columns_that_hold_no_numbers_have_no_derivative():
    pandas = needs("pandas")
    X, y = rows_of(2)
    frame = pandas.DataFrame(X, columns=["a", "b", "c"]).assign(kind="u")
    model = LogisticRegression().fit(X, y)
    found = cj.score_jacobian(lambda X: model.predict_proba(X[["a", "b", "c"]].to_numpy()), frame)
    assert found.columns == ("a", "b", "c", "kind")
    table = np.asarray(found)
    assert np.isnan(table[..., 3]).all()
    np.testing.assert_allclose(table[..., :3], np.asarray(cj.score_jacobian(model, X)), atol=1e-4)


def test_steps_have_no_derivative():
    X, y = rows_of(2)
    with pytest.raises(NotDifferentiableError, match="predict_proba of DecisionTreeClassifier is a step function"):
        cj.score_jacobian(DecisionTreeClassifier(max_depth=3).fit(X, y), X)
    for function in (lambda X: (X[:, 0] > 0) * 1.0, lambda X: np.round(X[:, 0], 1), lambda X: np.full(len(X), 0.5)):
        with pytest.raises(NotDifferentiableError, match="is a step function, or rougher than differences resolve"):
            cj.score_jacobian(function, X)


def test_bad_input():
    X, y = rows_of(2)
    model = LogisticRegression().fit(X, y)
    for bad, message in (
        (X[:0], "at least one row"),
        (X[:, 0], "expected .n_samples, n_features."),
        (X[:, :2], "the model fails on X, a ndarray of shape .600, 2.|of shape .*, 2."),
    ):
        with pytest.raises(InvalidInputError, match=message):
            cj.score_jacobian(model, bad)
    with pytest.raises(InvalidInputError, match="object has no predict_proba"):
        cj.score_jacobian(object(), X)
    with pytest.raises(InvalidInputError, match="the model scores row 0 of X as nan"):
        cj.score_jacobian(lambda X: X[:, 0] * np.nan, X)
