"""Training problems of fitted classifiers: the optimum, the Hessian, what the optimum follows, and what is refused."""

from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import sparse
from scipy.linalg import block_diag
from scipy.special import softmax
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, RidgeClassifier, SGDClassifier
from sklearn.model_selection import FixedThresholdClassifier, GridSearchCV, TunedThresholdClassifierCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac.errors import ConvergenceError, NotDifferentiableError, NotSupportedError, SingularJacobianError
from conjac.objectives import Factored, Fitted, MatrixFree, curvature, curvature_of, mixed
from conjac.objectives.linear import BLOCK, Design
from conjac.objectives.losses import LOSSES
from conjac.validation import TrainingData

N, STEP = 240, 1e-4
NAMES = np.array(["ant", "bee", "cat"])


def logistic(**options):
    return LogisticRegression(**{"solver": "newton-cholesky", "tol": 1e-12, "max_iter": 500, **options})


def lbfgs(**options):
    return LogisticRegression(**{"tol": 1e-12, "max_iter": 5000, **options})


def liblinear(**options):
    return LogisticRegression(**{"solver": "liblinear", "tol": 1e-13, "max_iter": 5000, **options})


def machine(**options):
    return LinearSVC(**{"dual": False, "tol": 1e-13, "max_iter": 50000, **options})


def ridge(**options):
    return RidgeClassifier(**{"solver": "cholesky", **options})


@dataclass(frozen=True)
class Case:
    """A classifier and how many classes it is fitted on."""

    make: Any
    n_classes: int = 2
    weighted: bool = False
    sparse: bool = False
    frame: bool = False

    def rows(self):
        rng = np.random.default_rng(3)
        y = rng.integers(0, self.n_classes, N)
        y[: self.n_classes] = range(self.n_classes)
        X = rng.normal(size=(N, 3)) * [1.0, 2.0, 0.7] + 0.8 * np.eye(3)[y] - 0.3 * (y == 0)[:, None]
        weight = rng.exponential(size=N) if self.weighted else None
        if self.frame:
            X = needs("pandas").DataFrame(X, columns=["age", "size", "rate"]).assign(town=NAMES[rng.integers(0, 3, N)])
        if self.sparse:
            X = sparse.csr_array(np.where(np.abs(X) < 0.5, 0, X))
        return X, NAMES[y], weight


def searched():
    return GridSearchCV(make_pipeline(StandardScaler(), logistic()), {"logisticregression__C": [0.3, 3.0]}, cv=2)


def columns_of_frame(last):
    numbers = make_column_transformer(
        (StandardScaler(), ["age", "rate"]), (OneHotEncoder(), ["town"]), remainder="passthrough"
    )
    return make_pipeline(numbers, last)


WEIGHTS = {"ant": 2.0, "bee": 0.5}
CASES = {
    "logistic": Case(lambda: logistic(C=0.7)),
    "logistic, lbfgs": Case(lambda: lbfgs(C=0.7)),
    "logistic, no intercept": Case(lambda: logistic(fit_intercept=False)),
    "logistic, class weights": Case(lambda: logistic(class_weight=WEIGHTS)),
    "logistic, balanced": Case(lambda: logistic(class_weight="balanced"), weighted=True),
    "logistic, weighted": Case(lambda: logistic(C=2.0), weighted=True),
    "logistic, sparse": Case(lambda: lbfgs(C=0.5), sparse=True, weighted=True),
    "logistic, no penalty": Case(lambda: logistic(C=np.inf)),
    "liblinear": Case(lambda: liblinear(C=0.4, intercept_scaling=3.0)),
    "liblinear, no intercept": Case(lambda: liblinear(fit_intercept=False, class_weight=WEIGHTS), weighted=True),
    "softmax": Case(lambda: logistic(C=0.7), 3),
    "softmax, lbfgs": Case(lambda: lbfgs(C=0.3, class_weight={"cat": 3.0}), 3, weighted=True),
    "softmax, no intercept": Case(lambda: logistic(fit_intercept=False, class_weight="balanced"), 3),
    "softmax, no penalty": Case(lambda: logistic(C=np.inf), 3, weighted=True),
    "softmax, sparse": Case(lambda: lbfgs(C=0.7), 3, sparse=True),
    "ridge": Case(lambda: ridge(alpha=3.0)),
    "ridge, no penalty": Case(lambda: ridge(alpha=0.0, class_weight=WEIGHTS)),
    "ridge, classes": Case(lambda: ridge(alpha=30.0, class_weight=WEIGHTS), 3, weighted=True),
    "ridge, balanced": Case(lambda: ridge(class_weight="balanced", fit_intercept=False), 3, weighted=True),
    "machine": Case(lambda: machine(C=0.2, intercept_scaling=2.0)),
    "machine, weighted": Case(lambda: machine(C=0.2, class_weight=WEIGHTS), weighted=True),
    "machine, classes": Case(lambda: machine(C=0.3, class_weight={**WEIGHTS, "cat": 3.0}), 3, weighted=True),
    "machine, balanced": Case(lambda: machine(class_weight="balanced", fit_intercept=False), 3),
    "machine, sparse": Case(lambda: machine(C=0.3), 3, sparse=True),
    "rest, logistic": Case(lambda: OneVsRestClassifier(logistic(C=0.4, class_weight="balanced")), 3),
    "rest, liblinear": Case(lambda: OneVsRestClassifier(liblinear(C=2.0)), 3),
    "rest, ridge": Case(lambda: OneVsRestClassifier(ridge(alpha=5.0)), 3),
    "rest, machine": Case(lambda: OneVsRestClassifier(machine(C=0.2)), 3),
    "scaled": Case(lambda: make_pipeline(StandardScaler(), logistic())),
    "pipeline in a pipeline": Case(
        lambda: Pipeline([("a", StandardScaler()), ("b", Pipeline([("a", StandardScaler()), ("c", ridge())]))]), 3
    ),
    "frame": Case(lambda: columns_of_frame(logistic(C=0.5)), frame=True),
    "frame, classes": Case(lambda: columns_of_frame(logistic(C=0.5)), 3, frame=True),
    "searched": Case(searched),
    "rest in a pipeline": Case(lambda: make_pipeline(StandardScaler(), OneVsRestClassifier(logistic())), 3),
    "fixed threshold": Case(lambda: FixedThresholdClassifier(logistic(), threshold=0.3)),
    "tuned threshold": Case(lambda: TunedThresholdClassifierCV(make_pipeline(StandardScaler(), logistic()), cv=2)),
    "tuned decision": Case(lambda: cj.TunedDecisionClassifier(logistic(), cv=2), 3),
    "search of tuned": Case(
        lambda: GridSearchCV(cj.TunedDecisionClassifier(logistic(), cv=2), {"estimator__C": [0.1, 1.0]}, cv=2)
    ),
}
cases = pytest.mark.parametrize("name", CASES)


@cache
def fitted(name):
    """Return the training problem of a case, and its rows."""
    case = CASES[name]
    X, y, weight = case.rows()
    estimator = case.make().fit(X, y, **({} if weight is None else {"sample_weight": weight}))
    return Fitted.of(estimator, TrainingData(X, y, weight)), y, weight


def parameters_of(estimator):
    if isinstance(estimator, OneVsRestClassifier):
        return np.concatenate([parameters_of(each) for each in estimator.estimators_])
    coef = np.atleast_2d(estimator.coef_)
    return np.column_stack([coef, np.ravel(estimator.intercept_)]) if estimator.fit_intercept else coef


def refitted(name, lever, h):
    """Return scikit-learn's own parameters with one hyper-parameter multiplied by exp(h)."""
    found, y, weight = fitted(name)
    last, columns, value = clone(found.estimator), found.solution.problem.design.columns, found.levers[lever].value
    inner = last.estimator if isinstance(last, OneVsRestClassifier) else last
    back = np.ones(found.solution.problem.parameters.shape[1])
    kind, _, label = lever.rstrip("]").partition("[")
    if kind == "penalty":  # a column that is multiplied, and its coefficient
        back[found.names.index(label)] = np.exp(-h / 2)
        scale = back[: columns.shape[1]]
        columns = columns @ sparse.diags_array(scale) if sparse.issparse(columns) else columns * scale
    elif kind == "class_weight":
        of_class = {each: found.levers[f"class_weight[{each}]"].value for each in found.estimator.classes_}
        inner.set_params(class_weight={**of_class, label: value * np.exp(h)})
    else:
        inner.set_params(**{lever: value * np.exp(h)})
    last.fit(columns, y, **({} if weight is None else {"sample_weight": weight}))
    return polished(Fitted.of(last, TrainingData(columns, y, weight)).solution.problem) * back


def polished(problem):
    """Return the parameters after one small Newton step: what solvers leave is much, divided by a step of 1e-4."""
    step = np.linalg.lstsq(whole(problem), problem.gradient.ravel(), rcond=1e-14)[0]
    assert np.abs(step).max() < 1e-5 * np.abs(problem.parameters).max()
    return problem.parameters - step.reshape(problem.parameters.shape)


def whole(problem):
    """Return the Hessian, array of shape (n_parameters, n_parameters)."""
    return block_diag(*problem.hessian())


def off_gauge(problem, motion):
    flat = np.ravel(motion)
    return (flat - problem.gauge @ (problem.gauge.T @ flat)).reshape(problem.parameters.shape)


def motion_of(problem, lever, solve):
    return -solve(mixed(problem, lever).reshape(-1, 1)).reshape(problem.parameters.shape)


def test_the_cases_hold_every_loss_and_every_kind_of_lever():
    problems = [fitted(name)[0] for name in CASES]
    assert {found.solution.problem.loss.name for found in problems} == {loss.name for loss in LOSSES}
    kinds = {lever.partition("[")[0] for found in problems for lever in found.levers}
    assert kinds == {"C", "alpha", "intercept_scaling", "class_weight", "penalty"}


@cases
def test_the_fit_is_where_the_gradient_is_none(name):
    problem = fitted(name)[0].solution.problem
    size = Design(abs(problem.design.columns), problem.design.intercept).sums(np.abs(problem.pulls))
    assert np.abs(problem.gradient / size).max() < 1e-6


@cases
def test_the_gradient_is_the_objective_s_and_the_hessian_the_gradient_s(name):
    problem = fitted(name)[0].solution.problem
    rng = np.random.default_rng(0)
    problem = problem.at(problem.parameters + 0.1 * rng.normal(size=problem.parameters.shape))
    q, p = problem.parameters.shape
    hessian, columns = whole(problem), []
    for place in range(q * p):
        step = 1e-5 * np.eye(q * p)[place].reshape(q, p)
        above, below = problem.at(problem.parameters + step), problem.at(problem.parameters - step)
        assert (above.value - below.value) / 2e-5 == pytest.approx(problem.gradient.flat[place], rel=1e-5, abs=1e-4)
        columns.append(((above.gradient - below.gradient) / 2e-5).ravel())
        assert problem.diagonal().flat[place] == pytest.approx(columns[-1][place], rel=1e-4)
    np.testing.assert_allclose(hessian, np.transpose(columns), rtol=1e-5, atol=1e-5 * hessian.max())
    direction = rng.normal(size=(q, p))
    np.testing.assert_allclose(problem.product(direction).ravel(), hessian @ direction.ravel(), rtol=1e-9, atol=1e-9)


@cases
def test_the_optimum_follows_each_lever_as_refits_do(name):
    found, _, _ = fitted(name)
    problem = found.solution.problem
    solve = Factored.of(problem).solve
    for lever in found.levers:
        expected = off_gauge(problem, (refitted(name, lever, STEP) - refitted(name, lever, -STEP)) / (2 * STEP))
        told = motion_of(problem, found.levers[lever], solve)
        np.testing.assert_allclose(told, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max(), err_msg=lever)


@cases
def test_products_alone_solve_as_one_factorisation_does(name):
    found, _, _ = fitted(name)
    problem = found.solution.problem
    right = np.stack([mixed(problem, lever).ravel() for lever in found.levers.values()], axis=1)
    by_factors, by_products = Factored.of(problem).solve(right), MatrixFree(problem).solve(right)
    np.testing.assert_allclose(by_products, by_factors, rtol=1e-6, atol=1e-8 * np.abs(by_factors).max())


@pytest.mark.parametrize("name", [name for name in CASES if CASES[name].n_classes == 3 and "softmax" in name])
def test_what_all_outputs_share_is_taken_out_and_moves_no_probability(name):
    found, _, _ = fitted(name)
    problem = found.solution.problem
    free = (problem.penalty == 0).all(axis=0)
    assert problem.gauge.shape == (problem.n_parameters, free.sum())
    np.testing.assert_allclose(problem.gauge.T @ problem.gauge, np.eye(free.sum()), atol=1e-12)
    for lever in found.levers.values():
        motion = motion_of(problem, lever, Factored.of(problem).solve)
        np.testing.assert_allclose(motion[:, free].sum(axis=0), 0, atol=1e-12)
        shifted = problem.at(problem.parameters + free * 0.7)
        moved = [softmax(p.at(p.parameters + 1e-3 * motion).predictors, axis=1) for p in (problem, shifted)]
        np.testing.assert_allclose(moved[1], moved[0], rtol=1e-12)
        again = motion_of(shifted, lever, Factored.of(shifted).solve)
        np.testing.assert_allclose(again, motion, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("make", [machine, ridge])
def test_a_class_weight_is_felt_by_its_own_problem_alone_in_a_machine_and_by_all_in_ridge(make):
    X, y, _ = Case(make, 3).rows()
    found = Fitted.of(make().fit(X, y), TrainingData(X, y, None))
    problem = found.solution.problem
    motion = motion_of(problem, found.levers["class_weight[bee]"], Factored.of(problem).solve)
    moves = np.abs(motion).max(axis=1) > 1e-9
    assert moves.tolist() == ([False, True, False] if make is machine else [True, True, True])


def test_a_class_of_no_weight_has_no_logarithm_of_one():
    X, y, _ = Case(ridge, 3).rows()
    found = Fitted.of(ridge(class_weight={"bee": 0.0}).fit(X, y), TrainingData(X, y, None))
    assert list(found.solution.levers) == ["alpha", "class_weight[ant]", "class_weight[cat]"]


@cases
def test_solutions_are_written_back(name):
    found, _, _ = fitted(name)
    other = deepcopy(found.estimator)
    wanted = np.random.default_rng(1).normal(size=found.solution.problem.parameters.shape)
    found.solution.write(other, wanted)
    np.testing.assert_array_equal(parameters_of(other), wanted)
    for part in ("coef_", "intercept_"):
        assert np.shape(getattr(other, part, 0)) == np.shape(getattr(found.estimator, part, 0))


# --- where the Hessian says nothing, and where columns differ in scale


def problem_of(estimator, X, y, weight=None):
    return Fitted.of(estimator.fit(X, y), TrainingData(X, y, weight)).solution.problem


FLAT = {
    "repeated": (lambda X: np.column_stack([X, X[:, 1]]), True, "column 1, column 3"),
    "constant": (lambda X: np.column_stack([X, np.full(N, 5.0)]), True, "column 3, the intercept"),
    "zeros": (lambda X: np.column_stack([X, np.zeros(N)]), True, "column 3"),
    "a sum": (lambda X: np.column_stack([X, X @ [1.0, -1.0, 0.0]]), False, "column 0, column 1, column 3"),
}


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("flat", FLAT)
def test_a_direction_that_training_leaves_open_is_named(flat, n_classes):
    X, y, _ = Case(logistic, n_classes).rows()
    spoil, intercept, named = FLAT[flat]
    found = problem_of(logistic(fit_intercept=intercept), spoil(X), y)
    Factored.of(found)  # any penalty settles it
    unsettled = replace(found, penalty=np.zeros_like(found.penalty))
    with pytest.raises(SingularJacobianError, match=f"coefficients of {named}: .* add a penalty"):
        Factored.of(unsettled)
    kept = [0, 1, 2, 4][: 3 + intercept]
    parameters, penalty = unsettled.parameters[:, kept], unsettled.penalty[:, kept]
    Factored.of(replace(unsettled, design=Design(X, intercept), parameters=parameters, penalty=penalty))


@pytest.mark.parametrize("C", [0.5, np.inf])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_scale_of_columns_changes_nothing(n_classes, C):
    X, y, _ = Case(logistic, n_classes).rows()
    scale = np.array([1e6, 1e-4, 1.0])
    plain = problem_of(logistic(C=C), X, y)
    over = np.append(scale, 1.0)
    scaled = replace(
        plain, design=Design(X * scale, True), parameters=plain.parameters / over, penalty=plain.penalty * over**2
    )
    found = [Factored.of(problem) for problem in (plain, scaled)]
    right = np.random.default_rng(0).normal(size=plain.parameters.shape)
    right -= (n_classes > 2 and not np.isfinite(C)) * right.mean(axis=0)
    alike = [
        each.solve((right * by).reshape(-1, 1)).reshape(right.shape) * by
        for each, by in zip(found, (1, over), strict=True)
    ]
    np.testing.assert_allclose(off_gauge(plain, alike[1]), off_gauge(plain, alike[0]), rtol=1e-8)


def test_the_intercept_of_the_softmax_is_told_beside_large_columns():
    X, y, _ = Case(logistic, 3).rows()
    plain = Factored.of(problem_of(logistic(C=np.inf), X, y)).problem
    scaled = replace(plain, design=Design(X * 1e7, True), parameters=plain.parameters / [1e7, 1e7, 1e7, 1])
    label = np.eye(3)[:, [1]]
    told = [
        motion_of(problem, cj.objectives.Lever(1.0, np.zeros(1), label), Factored.of(problem).solve)[:, -1]
        for problem in (plain, scaled)
    ]
    np.testing.assert_allclose(told[1], told[0], rtol=1e-6)


# --- how it is solved


def test_many_parameters_are_solved_by_products_and_few_by_factors(monkeypatch):
    found = fitted("softmax")[0].solution.problem
    assert isinstance(curvature_of(found, 1), Factored)
    monkeypatch.setattr(curvature, "CYCLES", found.n_parameters // 2)
    assert isinstance(curvature_of(found, 1), MatrixFree)
    assert isinstance(curvature_of(found, 2), Factored)
    monkeypatch.setattr(curvature, "LARGEST", 3)
    assert isinstance(curvature_of(found, 2), MatrixFree)
    open_ = fitted("softmax, no penalty")[0].solution.problem
    with pytest.raises(NotSupportedError, match="12 parameters without a penalty"):
        curvature_of(open_, 2)


def test_outputs_of_their_own_are_factorised_one_by_one(monkeypatch):
    found = fitted("ridge, classes")[0].solution.problem
    monkeypatch.setattr(curvature, "LARGEST", 4)  # of each class, not of all three
    assert isinstance(curvature_of(found, 1), Factored)


def test_products_that_do_not_arrive_say_what_to_do():
    found = fitted("logistic")[0].solution.problem
    with pytest.raises(ConvergenceError, match="StandardScaler"):
        MatrixFree(found, tolerance=0.0).solve(np.ones((4, 1)))


def test_blocks_of_rows_hold_all_rows_once():
    columns = np.arange(2.0 * (2 * BLOCK + 5)).reshape(-1, 2)
    for made in (columns, sparse.csr_array(columns)):
        parts = list(Design(made, True).blocks())
        np.testing.assert_array_equal(
            np.concatenate([rows for _, rows in parts]), np.column_stack([columns, 0 * columns[:, 0] + 1])
        )
        assert [part.start for part, _ in parts] == [0, BLOCK, 2 * BLOCK]


# --- what is read, and what is refused


def test_names_are_those_of_the_columns_that_the_classifier_sees():
    assert fitted("logistic")[0].names == ("x0", "x1", "x2")
    assert fitted("frame")[0].names[:3] == ("standardscaler__age", "standardscaler__rate", "onehotencoder__town_ant")
    assert fitted("searched")[0].names == ("x0", "x1", "x2")


def test_what_is_held_is_told():
    assert fitted("frame")[0].held == ("ColumnTransformer as fitted",)
    assert fitted("pipeline in a pipeline")[0].held == ("StandardScaler as fitted",) * 2
    found, y, weight = fitted("logistic, balanced")
    (held,) = found.held
    of_class = {label: weight.sum() / (2 * weight[y == label].sum()) for label in ("ant", "bee")}
    assert held.startswith("class_weight='balanced' at ")
    assert {label: found.levers[f"class_weight[{label}]"].value for label in of_class} == pytest.approx(of_class)
    assert fitted("logistic")[0].held == ()


AGE = "penalty[standardscaler__age]"
LONG = {
    "logistic": {"C": ["C"]},
    "scaled": {"C": ["C", "logisticregression__C"]},
    "pipeline in a pipeline": {"alpha": ["alpha", "c__alpha", "b__c__alpha"]},
    "searched": {"C": ["C", "logisticregression__C", "estimator__logisticregression__C"]},
    "rest, logistic": {"C": ["C", "estimator__C"]},
    "rest in a pipeline": {"C": ["C", "estimator__C", "onevsrestclassifier__estimator__C"]},
    "tuned decision": {"C": ["estimator__C"]},
    "search of tuned": {"C": ["estimator__C", "estimator__estimator__C"]},
    "frame": {AGE: [AGE], "C": ["logisticregression__C"]},
}


@pytest.mark.parametrize("name", LONG)
def test_long_names_are_those_of_the_last_step_alone(name):
    found = fitted(name)[0]
    for own, names in LONG[name].items():
        for long in names:
            assert found.lever(long).value == found.levers[own].value
    for other in ("selectfrommodel__estimator__C", "n__C", "a__alpha", "__C", "scaled__C", "tol", "r__estimator__C"):
        assert found.lever(other) is None


class Louder(LogisticRegression):
    def predict_proba(self, X):
        return super().predict_proba(X) ** 2


class Renamed(LogisticRegression):
    """A subclass that scores as its parent does."""


REFUSED = {
    "l1": (lambda: LogisticRegression(l1_ratio=1.0, solver="liblinear"), 2, "L1"),
    "elastic net": (lambda: LogisticRegression(l1_ratio=0.5, solver="saga", max_iter=5000), 2, "L1"),
    "hinge": (lambda: LinearSVC(loss="hinge", max_iter=10**5), 2, "kink to kink"),
    "l1 machine": (lambda: LinearSVC(penalty="l1", dual=False), 2, "penalty='l1'"),
    "crammer_singer": (lambda: LinearSVC(multi_class="crammer_singer", max_iter=10**5), 3, "crammer_singer"),
    "positive": (lambda: RidgeClassifier(positive=True), 2, "stop at 0"),
    "choosing": (
        lambda: LogisticRegressionCV(l1_ratios=(0.0,), use_legacy_attributes=False, scoring="accuracy"),
        2,
        "C_",
    ),
    "tree": (lambda: DecisionTreeClassifier(), 2, "DecisionTreeClassifier"),
    "stochastic": (lambda: SGDClassifier(random_state=0), 2, "SGDClassifier"),
    "other scores": (lambda: Louder(), 2, "Louder.predict_proba"),
    "other scores, within": (lambda: make_pipeline(StandardScaler(), Louder()), 3, "Louder.predict_proba"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_training_that_is_no_smooth_problem_is_refused_and_says_why(name):
    make, n_classes, why = REFUSED[name]
    X, y, _ = Case(make, n_classes).rows()
    with pytest.raises(NotDifferentiableError, match=why):
        Fitted.of(make().fit(X, y), TrainingData(X, y, None))


def test_a_subclass_that_scores_alike_is_taken():
    X, y, _ = Case(Renamed).rows()
    assert problem_of(Renamed(), X, y).n_parameters == 4


def test_frames_fitted_by_name_are_read_without_a_warning():
    pandas = needs("pandas")
    X, y, _ = Case(logistic).rows()
    frame = pandas.DataFrame(X, columns=["a", "b", "c"])
    assert Fitted.of(logistic().fit(frame, y), TrainingData(frame, y, None)).names == ("a", "b", "c")
    named = make_pipeline(StandardScaler(), logistic()).set_output(transform="pandas").fit(frame, y)
    assert Fitted.of(named, TrainingData(frame, y, None)).names == ("a", "b", "c")


def test_a_fit_that_stopped_early_is_off_its_optimum():
    X, y, _ = Case(logistic).rows()
    with pytest.warns(ConvergenceWarning):
        problem = problem_of(lbfgs(max_iter=2), X, y)
    assert np.abs(problem.gradient).max() > 0.1
