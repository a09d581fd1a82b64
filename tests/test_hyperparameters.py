"""Hyper-parameters by the implicit function theorem: drifts of an extra input, closed forms, laws, and what is told."""

import json
import warnings
from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import NormalClasses, normalise, normalise_slope
from scipy.special import expit, logit, softmax
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import confusion_matrix
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from support import needs
from test_features import DESIGNS, HOWS, design_of

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError, NotDifferentiableError, SingularJacobianError
from conjac.models import Model
from conjac.objectives import Factored, Fitted, mixed
from conjac.testing import check_jacobian
from conjac.validation import TrainingData

few = settings(max_examples=10)
FIGURES = ("jacobian", "center", "stderr")


def logistic(**options):
    return LogisticRegression(**{"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 500, "C": 0.1, **options})


MADE = {
    "logistic": logistic,
    "scaled": lambda: make_pipeline(StandardScaler(), logistic()),
    "ridge": lambda: RidgeClassifier(alpha=20.0, solver="cholesky"),
    "machine": lambda: LinearSVC(C=0.05, dual=False, tol=1e-12, class_weight="balanced", max_iter=10**4),
    "rest": lambda: OneVsRestClassifier(logistic(C=0.05)),
}


@cache
def trained(name, n_classes, n=160):
    """Return a classifier, its training rows, and other rows."""
    rng, population = np.random.default_rng(5), NormalClasses.of(n_classes)
    training = population.draw(rng, n)
    return MADE[name]().fit(*training), training, population.draw(np.random.default_rng(6), 1500)


def moved(estimator, X, y, training, wrt="hyperparameters", **options):
    return cj.ConfusionJacobian.from_estimator(estimator, X, y, wrt=wrt, training_data=training, **options)


def directions_of(estimator, training, levers=None):
    """Return the problem, and how its parameters move with the logarithms of hyper-parameters, by name."""
    found = Fitted.of(estimator, TrainingData(*training, None))
    problem = found.solution.problem
    solve = Factored.of(problem).solve
    return found, {
        name: -solve(mixed(problem, lever).reshape(-1, 1)).reshape(problem.parameters.shape)
        for name, lever in (found.solution.levers if levers is None else levers).items()
    }


# --- the chain rule


def drifting(estimator, training):
    """Return the classifier with inputs more that each move its scores as a hyper-parameter does, and their names.

    By differences of what scikit-learn makes of parameters on either side. An input comes with where it stands.
    """
    found, directions = directions_of(estimator, training)
    n, n_inputs = len(directions), training[0].shape[1]
    odds, two = hasattr(estimator, "predict_proba"), len(estimator.classes_) == 2

    def compared(X, parameters):
        other = deepcopy(estimator)
        found.solution.write(other[-1] if hasattr(other, "steps") else other, parameters)
        told = np.log(other.predict_proba(X)) if odds else other.decision_function(X).reshape(len(X), -1)
        return told[:, 1:] - told[:, :1] if odds and two else told

    def speeds(X):
        here = found.solution.problem.parameters
        sides = [[compared(X[:, :n_inputs], here + h * each) for each in directions.values()] for h in (1e-4, -1e-4)]
        return np.moveaxis(np.subtract(*sides) / 2e-4, 0, 2)

    def scores(X):
        step = X[:, n_inputs : n_inputs + n] - X[:, n_inputs + n :]
        told = compared(X[:, :n_inputs], found.solution.problem.parameters) + (speeds(X) @ step[:, :, None])[:, :, 0]
        told = told if not odds else expit(told) if two else softmax(told, axis=1)
        return told[:, 0] if two else told

    def pull(X, cotangent):
        pulled = np.zeros(X.shape)
        pulled[:, n_inputs : n_inputs + n] = (np.atleast_2d(cotangent)[:, :, None] * speeds(X)).sum(axis=1)
        return pulled

    scale = "logit" if odds else "score"
    model = Model(scores, classes=tuple(estimator.classes_), pull=pull, scale=scale, derivative="by hand")
    return model, list(directions)


@pytest.mark.parametrize(
    ("name", "n_classes"),
    [(name, n_classes) for name in MADE for n_classes in (2, 3) if (name, n_classes) != ("rest", 2)],
)
@pytest.mark.parametrize("design", ["plain", "weighted groups within classes"])
def test_a_hyper_parameter_is_an_input_that_moves_scores_alike(design, name, n_classes):
    estimator, training, (X, y) = trained(name, n_classes)
    same = design_of(design, y) | ({"threshold": 0.45} if n_classes == 2 else {"offsets": 0.1 * np.arange(n_classes)})
    found = moved(estimator, X, y, training, **same)
    model, names = drifting(estimator, training)
    standing = np.random.default_rng(1).normal(size=(len(X), len(names)))
    more, inputs = np.hstack([X, standing, standing]), cj.Features(2 + np.arange(len(names)), unit="raw")
    expected = cj.ConfusionJacobian.from_estimator(model, more, y, wrt=inputs, **same)
    assert list(found.parameters) == names
    np.testing.assert_array_equal(found.matrix, expected.matrix)
    for how in HOWS:
        for figure in FIGURES:
            told, wanted = (getattr(replace(each, normalize=how), figure) for each in (found, expected))
            np.testing.assert_allclose(told, wanted, rtol=1e-5, atol=1e-6 * np.nanmax(np.abs(wanted)))
    for metric in ("accuracy", "f1_macro", f"recall[{estimator.classes_[-1]}]"):
        for figure in ("gradient", "center", "stderr"):
            told, wanted = (getattr(each.of(metric), figure) for each in (found, expected))
            np.testing.assert_allclose(told, wanted, rtol=1e-5, atol=1e-9)


# --- closed forms


def slope_of(n_classes, estimator, training, name):
    """Return the population's matrix and its derivative by the logarithm of a hyper-parameter, by refits."""
    value, population = estimator.get_params()[name], NormalClasses.of(n_classes)
    fits = [clone(estimator).set_params(**{name: value * np.exp(h)}).fit(*training) for h in (-1e-3, 1e-3)]
    low, high = (np.column_stack([fit.coef_, fit.intercept_]) for fit in fits)
    return population.slope((low + high) / 2, (high - low) / 2e-3)


def test_the_population_s_slope_is_that_of_a_large_sample():
    for n_classes, name in ((2, "C"), (3, "C"), (3, "alpha")):
        estimator, training, _ = trained("ridge" if name == "alpha" else "logistic", n_classes)
        X, y = NormalClasses.of(n_classes).draw(np.random.default_rng(8), 200_000)
        found = moved(estimator, X, y, training, cj.Hyperparameters(name), normalize="all")
        exact = slope_of(n_classes, estimator, training, name)
        assert np.abs(exact).max() > 20 * found.stderr.max()
        assert np.abs((found.center[..., 0] - exact) / found.stderr[..., 0]).max() < 4
        recall = found.of("recall[1]")
        assert abs(recall.center[0] - exact[1, 1] / NormalClasses.of(n_classes).share[1]) < 4 * recall.stderr[0]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_errors_are_as_large_as_they_are_said_to_be(n_classes):
    estimator, training, _ = trained("logistic", n_classes)
    exact, z = slope_of(n_classes, estimator, training, "C"), []
    for seed in range(60):
        X, y = NormalClasses.of(n_classes).draw(np.random.default_rng(seed), 2500)
        found = moved(estimator, X, y, training, cj.Hyperparameters("C"), normalize="all")
        z.append((found.center[..., 0] - exact) / found.stderr[..., 0])
    z = np.array(z)
    rms = np.sqrt((z**2).mean(axis=0))
    assert (rms > 0.65).all()
    assert (rms < 1.35).all()
    assert (np.abs(z.mean(axis=0)) < 0.5).all()
    assert np.sqrt((z**2).mean()) == pytest.approx(1, abs=0.2)


# --- laws


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("design", DESIGNS)
def test_rows_or_columns_add_to_zero_and_products_are_products(design, n_classes):
    estimator, training, (X, y) = trained("logistic", n_classes)
    plain = moved(estimator, X, y, training, **design_of(design, y))
    for how in HOWS:
        found = moved(estimator, X, y, training, normalize=how, **design_of(design, y))
        if n_classes == 2 and how in (None, "pred"):
            check_jacobian(found)
        np.testing.assert_allclose(found.jacobian.sum(axis=0 if how == "pred" else 1), 0, atol=1e-9)
        np.testing.assert_allclose(found.matrix, normalise(plain.matrix, how))
        np.testing.assert_allclose(found.jacobian, normalise_slope(plain.matrix, plain.jacobian, how), atol=1e-9)
        np.testing.assert_allclose(found.center, normalise_slope(plain.matrix, plain.center, how), atol=1e-9)
        rng = np.random.default_rng(0)
        step, cells = rng.normal(size=found.jacobian.shape[2:]), rng.normal(size=found.matrix.shape)
        np.testing.assert_allclose(found.jvp(step), found.jacobian @ step)
        np.testing.assert_allclose(found.vjp(cells), np.einsum("yk,ykp->p", cells, found.jacobian))
    metrics = {"recall[1]": "true", "precision[1]": "pred"}
    for metric, how in metrics.items():
        share = replace(plain, normalize=how)
        np.testing.assert_allclose(plain.of(metric).gradient, share.jacobian[1, 1])
        np.testing.assert_allclose(plain.of(metric).stderr, share.stderr[1, 1], rtol=1e-6)


def test_the_matrix_is_scikit_learn_s_and_the_estimator_stays():
    for name in ("logistic", "machine"):
        estimator, training, (X, y) = trained(name, 3)
        before = {key: np.array(value) for key, value in vars(estimator).items()}
        found = moved(estimator, X, y, training)
        np.testing.assert_array_equal(found.matrix, confusion_matrix(y, estimator.predict(X)))
        assert before.keys() == vars(estimator).keys()
        assert all(np.array_equal(before[key], value) for key, value in vars(estimator).items())


@pytest.mark.parametrize("order", [(0, 2, 1), (2, 0, 1)])
@pytest.mark.parametrize("name", ["logistic", "ridge"])
def test_labels_in_another_order_arrange_the_cells(name, order):
    estimator, training, (X, y) = trained(name, 3)
    found, other = (moved(estimator, X, y, training, labels=labels) for labels in ((0, 1, 2), order))
    for figure in ("matrix", *FIGURES):
        expected = getattr(found, figure)[np.ix_(order, order)]
        np.testing.assert_allclose(getattr(other, figure), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["logistic", "ridge"])
def test_the_other_positive_label_turns_the_matrix(name):
    estimator, training, (X, y) = trained(name, 2)
    found = moved(estimator, X, y, training)
    for other in (moved(estimator, X, y, training, pos_label=0), moved(estimator, X, y, training, labels=[1, 0])):
        assert other.labels == (1, 0)
        for figure in ("matrix", *FIGURES):
            np.testing.assert_allclose(getattr(other, figure), getattr(found, figure)[::-1, ::-1], rtol=1e-6)


@given(scale=st.floats(0.1, 50), design=st.sampled_from(["weights", "weighted groups within classes"]))
@few
def test_the_scale_of_test_weights_counts_in_counts_alone(scale, design):
    estimator, training, (X, y) = trained("logistic", 3)
    same = design_of(design, y)
    found, other = (
        moved(estimator, X, y, training, **{**same, "sample_weight": same["sample_weight"] * by}) for by in (1, scale)
    )
    for figure in FIGURES:
        np.testing.assert_allclose(getattr(other, figure), scale * getattr(found, figure), rtol=1e-6, atol=1e-9)
        shares = (getattr(replace(each, normalize="true"), figure) for each in (found, other))
        np.testing.assert_allclose(*shares, rtol=1e-6, atol=1e-12)


def test_rows_of_no_weight_are_no_rows():
    estimator, training, (X, y) = trained("logistic", 2)
    weight = np.where(np.arange(len(y)) % 3 == 0, 0.0, 1.0)
    found = moved(estimator, X, y, training, sample_weight=weight)
    other = moved(estimator, X[weight > 0], y[weight > 0], training, sample_weight=weight[weight > 0])
    for figure in FIGURES:
        expected = getattr(other, figure)
        np.testing.assert_allclose(getattr(found, figure), expected, rtol=0, atol=3e-3 * expected.max())


def test_training_weights_are_those_of_the_fit():
    rng = np.random.default_rng(0)
    _, (X, y), (X_test, y_test) = trained("logistic", 2)
    times = rng.integers(0, 3, len(y))
    weighted = moved(
        logistic().fit(X, y, times), X_test, y_test, (X, y, times), cj.Hyperparameters("C", "class_weight[1]")
    )
    repeated = np.repeat(X, times, axis=0), np.repeat(y, times)
    found = moved(logistic().fit(*repeated), X_test, y_test, repeated, cj.Hyperparameters("C", "class_weight[1]"))
    for figure in FIGURES:
        np.testing.assert_allclose(getattr(weighted, figure), getattr(found, figure), rtol=1e-6)


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
def test_the_coordinate_tells_where_and_not_how_fast(coordinate):
    estimator, training, (X, y) = trained("logistic", 2)
    p = estimator.predict_proba(X)[:, 1]
    told = {"probability": 0.4, "logit": logit(0.4), "percentile": (p >= 0.4).mean(), "score": 0.4}[coordinate]
    found = moved(estimator, X, y, training, coordinate=coordinate, threshold=told)
    odds = moved(estimator, X, y, training, coordinate="logit", threshold=logit(0.4))
    np.testing.assert_array_equal(found.matrix, odds.matrix)
    np.testing.assert_allclose(
        found.jacobian,
        odds.jacobian,
        rtol=0,
        atol=np.abs(odds.jacobian).max() * (0.1 if coordinate == "score" else 0.005),
    )
    assert found.coordinate == coordinate


def test_log_odds_as_scores_move_as_probabilities_do():
    estimator, training, (X, y) = trained("logistic", 2)
    found, odds = (
        moved(estimator, X, y, training, output=output, threshold=cut)
        for output, cut in (("probabilities", 0.3), ("scores", logit(0.3)))
    )
    assert found.diagnostics["response_method"] == "predict_proba"
    assert odds.diagnostics["response_method"] == "decision_function"
    for figure in FIGURES:
        np.testing.assert_allclose(getattr(odds, figure), getattr(found, figure), rtol=1e-6)


# --- names and units


def test_all_levers_are_taken_and_the_raw_unit_is_the_logarithm_s_over_the_value():
    estimator, training, (X, y) = trained("machine", 3)
    found = moved(estimator, X, y, training)
    names = ("C", *(f"class_weight[{k}]" for k in range(3)), "intercept_scaling")
    assert found.parameters == names
    assert found.units == tuple(f"1 of log {name}" for name in names)
    assert found.jacobian.shape == (3, 3, 5)
    raw = moved(estimator, X, y, training, cj.Hyperparameters(unit="raw"))
    assert raw.units == tuple(f"1 of {name}" for name in names)
    counts = np.bincount(training[1])
    values = np.array([0.05, *(counts.sum() / (3 * counts)), 1.0])
    assert list(found.diagnostics["values"].values()) == pytest.approx(values)
    for figure in FIGURES:
        np.testing.assert_allclose(getattr(raw, figure), getattr(found, figure) / values, rtol=1e-9)
    np.testing.assert_allclose(raw.of("accuracy").gradient, found.of("accuracy").gradient / values)


def test_names_are_short_or_long_and_give_their_own_columns():
    estimator, training, (X, y) = trained("scaled", 3)
    whole = moved(estimator, X, y, training)
    assert whole.parameters == ("C", "class_weight[0]", "class_weight[1]", "class_weight[2]")
    for names in (["class_weight[2]", "C"], ["class_weight[2]", "logisticregression__C"]):
        found = moved(estimator, X, y, training, cj.Hyperparameters(*names))
        assert found.parameters == tuple(names)
        for figure in FIGURES:
            np.testing.assert_allclose(getattr(found, figure), getattr(whole, figure)[..., [3, 0]], rtol=1e-9)
    penalties = [f"penalty[x{j}]" for j in range(2)]
    each = moved(estimator, X, y, training, cj.Hyperparameters(*penalties))
    assert np.abs(each.jacobian).max() > 0
    found, directions = directions_of(
        estimator,
        training,
        {name: Fitted.of(estimator, TrainingData(*training, None)).levers[name] for name in penalties},
    )
    together = sum(directions.values())
    np.testing.assert_allclose(together, -directions_of(estimator, training)[1]["C"], rtol=1e-9)


@pytest.mark.parametrize("wrong", ["gamma", "standardscaler__C", "class_weight[7]", "penalty[x9]", "solver"])
def test_what_the_optimum_does_not_follow_is_refused_with_what_it_does(wrong):
    estimator, training, (X, y) = trained("scaled", 2)
    with pytest.raises(NotDifferentiableError, match=r"follows C, class_weight\[0\].* pass method='refit'"):
        moved(estimator, X, y, training, cj.Hyperparameters(wrong, method="implicit"))


def test_a_problem_without_hyper_parameters_says_so():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.arange(60) % 2
    rest = OneVsRestClassifier(RidgeClassifier(alpha=0.0, solver="cholesky")).fit(X, np.arange(60) % 3)
    with pytest.raises(InvalidInputError, match="has none"):
        moved(rest, X, np.arange(60) % 3, (X, np.arange(60) % 3))
    flat = np.column_stack([X, X[:, 0]])
    fit = RidgeClassifier(alpha=0.0, solver="lsqr").fit(flat, y)
    with pytest.raises(SingularJacobianError, match="column 0, column 2"):
        moved(fit, flat, y, (flat, y))


# --- what is told


def test_the_result_says_how_it_was_made():
    estimator, training, (X, y) = trained("scaled", 3)
    told = moved(estimator, X, y, training).diagnostics
    assert told["derivative"] == "implicit function theorem, by one Cholesky factorisation; log loss of the softmax"
    assert told["held"] == ["StandardScaler as fitted"]
    assert (told["training_rows"], told["training_parameters"]) == (160, 9)
    assert "log loss of the softmax" in told["assumes"]
    assert told["model"].startswith("trained anew")
    assert told["values"]["C"] == 0.1
    assert told["cautions"] == []
    assert set(told["effective_rows"]) == {"C", *(f"class_weight[{k}]" for k in range(3))}
    machine = moved(*trained_of("machine", 2)).diagnostics
    assert "kink" in machine["assumes"]
    assert machine["held"][0].startswith("class_weight='balanced' at {0: ")


def trained_of(name, n_classes):
    estimator, training, (X, y) = trained(name, n_classes)
    return estimator, X, y, training


@pytest.mark.parametrize("n_classes", [2, 3])
def test_results_go_out_as_frames_plain_types_and_text(n_classes):
    found = moved(*trained_of("logistic", n_classes))
    n_parameters = 1 + n_classes
    for backend in ("pandas", "polars", "pyarrow"):
        needs(backend)
        frame = found.to_frame(backend)
        assert frame.shape[0] == n_classes**2 * n_parameters
    columns = found.to_columns()
    assert columns["parameter"][:n_parameters] == list(found.parameters)
    np.testing.assert_array_equal(np.reshape(columns["jacobian"], found.jacobian.shape), found.jacobian)
    told = json.loads(json.dumps(found.to_dict()))
    assert told["parameters"] == list(found.parameters)
    np.testing.assert_allclose(told["jacobian"], found.jacobian)
    assert "per 1 of log C" in repr(found) or "C " in repr(found)


# --- fits that are not at their optimum


def stopped(max_iter):
    _, training, _ = trained("logistic", 3, 3000)
    with pytest.warns(ConvergenceWarning):
        early = LogisticRegression(C=10.0, max_iter=max_iter).fit(*training)
    return early, *NormalClasses.of(3).draw(np.random.default_rng(7), 5000), training


def newton_step(found):
    return float(found.diagnostics["newton_step"].split()[4])


def test_a_fit_that_stopped_early_is_told_by_how_much_and_a_converged_one_is_not():
    assert newton_step(moved(*trained_of("logistic", 3))) < 1e-6
    steps = []
    for max_iter in (5, 6, 8):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = moved(*stopped(max_iter))
        steps.append(newton_step(found))
        assert (steps[-1] > 0.1) == bool(found.diagnostics["cautions"]) == bool(caught)
    assert steps[0] > 0.1 > steps[-1]
    with pytest.warns(ConjacWarning, match="has not converged.* higher max_iter"):
        moved(*stopped(4))
    with pytest.raises(InvalidInputError, match=r"standard errors: the fit has not converged.* pass those, fit with"):
        moved(*stopped(1))


def test_the_newton_step_is_told_in_standard_errors_of_cells():
    estimator, X, y, training = stopped(4)
    with pytest.warns(ConjacWarning):
        found = moved(estimator, X, y, training)
    problem = Fitted.of(estimator, TrainingData(*training, None)).solution.problem
    step = -Factored.of(problem).solve(problem.gradient.reshape(-1, 1)).reshape(problem.parameters.shape)
    other = deepcopy(estimator)
    other.coef_, other.intercept_ = problem.parameters[:, :2] + step[:, :2], problem.parameters[:, 2] + step[:, 2]
    counted = confusion_matrix(y, other.predict(X)) - found.matrix
    assert newton_step(found) == pytest.approx(np.abs(counted / found.matrix_stderr).max(), rel=0.5)


def test_other_training_rows_than_those_of_the_fit_are_told():
    estimator, training, (X, y) = trained("logistic", 2)
    others = NormalClasses.of(2).draw(np.random.default_rng(99), 160)
    with pytest.raises(InvalidInputError, match="training_data are not the rows"):
        moved(estimator, X, y, others)
    with pytest.warns(ConjacWarning, match="training_data are not the rows"):
        moved(estimator, X, y, (training[0][4:], training[1][4:]))
    with pytest.raises(InvalidInputError, match="training_data are not the rows"):
        moved(estimator, X, y, (*training, np.where(training[1] == 1, 2.0, 1.0)))


# --- scores without a density, and subclasses


class Rounded(LogisticRegression):
    def predict_proba(self, X):
        return np.round(super().predict_proba(X), 1)


def test_a_subclass_with_scores_of_its_own_is_refused():
    _, training, (X, y) = trained("logistic", 2)
    for wrt in (cj.Hyperparameters("C", method="implicit"), "training_weights"):
        with pytest.raises(NotDifferentiableError, match=r"Rounded.predict_proba does not give the scores"):
            moved(Rounded().fit(*training), X, y, training, wrt)


def test_scores_on_atoms_have_no_derivative_here():
    lattice = np.round(np.random.default_rng(0).normal(size=(3000, 1)) * 2) / 2
    y = (np.random.default_rng(1).random(3000) < expit(lattice[:, 0])).astype(int)
    fit = logistic().fit(lattice[:200], y[:200])
    for wrt in (cj.Hyperparameters("C", method="implicit"), "training_weights"):
        with pytest.raises(NotDifferentiableError, match=r"sit on atoms near the boundary.* method='refit'"):
            moved(fit, lattice, y, (lattice[:200], y[:200]), wrt)


def test_rows_all_far_from_the_threshold_move_nothing_and_have_no_interval():
    estimator, training, (X, y) = trained("logistic", 2)
    far = X + np.where(y == 1, 9.0, -9.0)[:, None]
    with pytest.warns(ConjacWarning, match="effective rows"):
        found = moved(estimator, far, y, training)
    np.testing.assert_allclose(found.jacobian, 0, atol=1e-6)
    assert np.isnan(found.stderr).all()


def test_texts_pass_through_a_pipeline():
    rng = np.random.default_rng(0)
    label, words = rng.integers(0, 2, 600), list("abcdefgh")
    free = np.where(rng.random(600) < 0.3 + 0.4 * label, " free", "")
    texts = np.array([" ".join(rng.choice(words, 6)) + word for word in free])
    piped = make_pipeline(CountVectorizer(token_pattern=r"\w+"), LogisticRegression(tol=1e-10))
    piped.fit(texts[:200], label[:200])
    counts, tell = piped[0].transform(texts).toarray(), cj.ConfusionJacobian.from_estimator
    move, test = cj.Hyperparameters("C"), label[200:]
    training = texts[:200].tolist(), label[:200]
    told = tell(piped, texts[200:].tolist(), test, wrt=move, training_data=training)
    expected = tell(piped[1], counts[200:], test, wrt=move, training_data=(counts[:200], label[:200]))
    np.testing.assert_allclose(told.jacobian, expected.jacobian, rtol=1e-9)
    np.testing.assert_allclose(told.stderr, expected.stderr, rtol=1e-9)
    with pytest.raises(cj.InvalidInputError, match="X has no numeric column that can drift"):
        cj.ConfusionJacobian.from_estimator(piped, texts[200:], label[200:], wrt="features")


@pytest.mark.parametrize("wrt", ["hyperparameters", "training_weights"])
def test_past_the_end_of_the_domain_the_fit_is_not_judged(wrt):
    estimator, training, test = trained("logistic", 2)
    told = moved(estimator, *test, training, wrt, threshold=1.0)
    assert np.isnan(told.jacobian).all()
    assert told.diagnostics["newton_step"] == "not judged: cells have no slope here"
