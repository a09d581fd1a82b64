"""Weights of training rows: what each does to the optimum and to the cells, with errors, and which matter most."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import NormalClasses, normalise, normalise_slope
from scipy import sparse
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import confusion_matrix
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from support import needs
from test_features import DESIGNS, HOWS, design_of
from test_objectives import off_gauge, parameters_of, whole

import conjac as cj
from conjac.density import velocity
from conjac.density.velocity import Velocity
from conjac.engines import weights
from conjac.engines.decided import decide
from conjac.engines.implicit import pushed, speeds
from conjac.errors import InvalidInputError, NotSupportedError, UnknownMetricError
from conjac.inference import directions
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.drift_joint import DriftJoint
from conjac.models import bind
from conjac.motion import DriftMotion
from conjac.objectives import Design, Factored, Fitted, RowEffects, mixed
from conjac.testing import check_jacobian
from conjac.validation import TrainingData

FIGURES = ("jacobian", "center", "stderr")
N = 120


def logistic(**options):
    return LogisticRegression(**{"solver": "newton-cholesky", "tol": 1e-13, "max_iter": 500, "C": 0.1, **options})


def ridge(**options):
    return RidgeClassifier(**{"alpha": 5.0, "solver": "cholesky", **options})


def machine(**options):
    return LinearSVC(**{"C": 0.05, "dual": False, "tol": 1e-13, "max_iter": 10**5, **options})


MADE = {
    "logistic": (logistic, 2),
    "softmax": (lambda: logistic(class_weight={1: 2.0}), 3),
    "softmax, no penalty": (lambda: logistic(C=np.inf), 3),
    "ridge": (lambda: ridge(class_weight={0: 3.0}), 2),
    "ridge, classes": (lambda: ridge(class_weight={0: 3.0}), 3),
    "machine": (lambda: machine(class_weight={1: 2.0}), 2),
    "machine, classes": (lambda: machine(class_weight={1: 2.0}), 3),
    "rest": (lambda: OneVsRestClassifier(logistic()), 3),
}
made = pytest.mark.parametrize("name", MADE)


@cache
def trained(name):
    """Return a classifier, its training rows with their weights, and rows to evaluate."""
    make, n_classes = MADE[name]
    rng, population = np.random.default_rng(11), NormalClasses.of(n_classes)
    X, y = population.draw(rng, N)
    weight = None if name == "rest" else rng.exponential(size=N).round(2) + 0.1
    return fit(make(), X, y, weight), (X, y, weight), population.draw(np.random.default_rng(12), 1500)


def fit(estimator, X, y, weight=None):
    return estimator.fit(X, y) if weight is None else estimator.fit(X, y, sample_weight=weight)


@cache
def effects_of(name):
    estimator, training, _ = trained(name)
    problem = Fitted.of(estimator, TrainingData(*training)).solution.problem
    return RowEffects(problem, Factored.of(problem))


def motions(effects, change):
    """Return how changes of rows move the parameters, array of shape (n_rows, n_parameters)."""
    return effects.coordinates(change) @ effects.basis.T


def moved(name, **options):
    estimator, training, (X, y) = trained(name)
    return rows_moved(estimator, X, y, training, **options)


def rows_moved(estimator, X, y, training, wrt="training_weights", **options):
    return cj.ConfusionJacobian.from_estimator(estimator, X, y, wrt=wrt, training_data=training, **options)


# --- the optimum


def by_hand(problem, change, bend=None):
    """Return one Newton step for each row's change, by dense algebra."""
    q, found, hessian = len(problem.parameters), [], whole(problem)
    gauge = problem.gauge @ problem.gauge.T * np.trace(hessian)
    for i, row in enumerate(np.vstack([rows for _, rows in problem.design.blocks()])):
        bent = 0 if bend is None else np.kron(bend[i], np.outer(row, row))
        found.append(-np.linalg.solve(hessian + gauge + bent, np.kron(change[i], row)))
    return np.array([off_gauge(problem, motion).ravel() for motion in found]).reshape(
        -1, q * problem.parameters.shape[1]
    )


def bends(problem):
    """Return each row's second derivatives by its predictors, unweighted by the row."""
    own = problem.class_weight[problem.label]
    found = (own * problem.loss.curvature(problem.predictors, problem.target))[:, :, None] * np.eye(
        len(problem.parameters)
    )
    if problem.loss.coupling is not None:
        coupling = problem.loss.coupling(problem.predictors, problem.target)
        found = found - own[:, :, None] * coupling[:, :, None] * coupling[:, None, :]
    return found


def pulls(problem):
    return problem.class_weight[problem.label] * problem.loss.gradient(problem.predictors, problem.target)


@made
def test_rows_move_the_optimum_as_dense_algebra_says(name):
    effects = effects_of(name)
    problem = effects.problem
    weight, own = problem.row_weight[:, None], pulls(problem)
    other = problem.relabelled((problem.label + 1) % len(problem.targets))
    expected = {
        "weight": by_hand(problem, own),
        "removed": by_hand(problem, -weight * own, -weight[:, :, None] * bends(problem)),
        "relabelled": by_hand(
            problem, weight * (pulls(other) - own), weight[:, :, None] * (bends(other) - bends(problem))
        ),
    }
    found = {
        "weight": effects.pulls,
        "removed": effects.removed(),
        "relabelled": effects.relabelled(other.label),
    }
    for way, change in found.items():
        told = [off_gauge(problem, motion).ravel() for motion in motions(effects, change)]
        size = np.abs(expected[way]).max()
        np.testing.assert_allclose(told, expected[way], rtol=1e-6, atol=1e-9 * size, err_msg=way)
    newton = off_gauge(problem, effects.basis @ effects.newton)
    assert np.abs(newton).max() < 1e-6
    beside = problem.at(problem.parameters + 0.01)
    again = RowEffects(beside, Factored.of(beside))
    step = Factored.of(beside).solve(-beside.gradient.reshape(-1, 1))
    np.testing.assert_allclose(off_gauge(beside, again.basis @ again.newton).ravel(), step[:, 0], rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["logistic", "softmax", "ridge, classes", "machine"])
def test_rows_move_the_optimum_as_refits_do(name):
    estimator, (X, y, weight), _ = trained(name)
    effects = effects_of(name)
    told = motions(effects, effects.pulls)
    for row in (3, 17, 60):
        step = 1e-3 * (np.arange(N) == row)
        sides = [parameters_of(fit(clone(estimator), X, y, weight + h * step)) for h in (1, -1)]
        expected = off_gauge(effects.problem, np.subtract(*sides) / 2e-3).ravel()
        np.testing.assert_allclose(told[row], expected, rtol=1e-3, atol=1e-3 * np.abs(told).max())


@made
def test_all_rows_together_are_a_weaker_penalty_and_those_of_a_class_its_weight(name):
    estimator, training, _ = trained(name)
    found, effects = Fitted.of(estimator, TrainingData(*training)), effects_of(name)
    problem, each = effects.problem, effects.problem.row_weight[:, None] * motions(effects, effects.pulls)

    def motion(lever):
        return -effects.curvature.solve(mixed(problem, lever).reshape(-1, 1))[:, 0]

    size = np.abs(each).max()
    if "C" in found.levers:  # the intercept's penalty is there, or is not, for both
        np.testing.assert_allclose(each.sum(axis=0), motion(found.levers["C"]), rtol=1e-5, atol=1e-6 * size)
    elif "alpha" in found.levers:
        np.testing.assert_allclose(each.sum(axis=0), -motion(found.levers["alpha"]), rtol=1e-7, atol=1e-7 * size)
    else:
        np.testing.assert_allclose(each.sum(axis=0), 0, atol=1e-7 * size)
    q, p = problem.parameters.shape
    for k, label in enumerate(estimator.classes_):
        lever = found.levers.get(f"class_weight[{label}]")
        if lever is None:
            continue
        of_class, told = each[problem.label == k].sum(axis=0).reshape(q, p), motion(lever).reshape(q, p)
        if lever.weight.shape[1] > 1:  # a machine's own problem alone feels it
            of_class, told = of_class[k], told[k]
        np.testing.assert_allclose(of_class, told, rtol=1e-5, atol=1e-6 * size)


@pytest.mark.parametrize("name", ["ridge", "ridge, classes"])
def test_leaving_out_and_relabelling_are_exact_where_the_loss_is_quadratic(name):
    estimator, (X, y, weight), _ = trained(name)
    effects, here = effects_of(name), parameters_of(estimator)
    other = np.roll(effects.problem.label, 1)
    removed, relabelled = (motions(effects, change) for change in (effects.removed(), effects.relabelled(other)))
    for row in range(0, N, 7):
        kept = np.arange(N) != row
        without = parameters_of(fit(clone(estimator), X[kept], y[kept], weight[kept]))
        np.testing.assert_allclose(removed[row], (without - here).ravel(), rtol=1e-6, atol=1e-9)
        labels = np.where(kept, y, other[row])
        turned = parameters_of(fit(clone(estimator), X, labels, weight))
        np.testing.assert_allclose(relabelled[row], (turned - here).ravel(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["logistic", "softmax"])
def test_leaving_out_a_row_is_close_and_closer_than_its_weight_alone(name):
    estimator, (X, y, weight), _ = trained(name)
    effects, here = effects_of(name), parameters_of(estimator)
    removed = motions(effects, effects.removed())
    linear = -weight[:, None] * motions(effects, effects.pulls)
    errors, sizes = [], []
    for row in range(0, N, 5):
        kept = np.arange(N) != row
        exact = off_gauge(effects.problem, parameters_of(fit(clone(estimator), X[kept], y[kept], weight[kept])) - here)
        errors.append([np.abs(way[row] - exact.ravel()).max() for way in (removed, linear)])
        sizes.append(np.abs(exact).max())
    newton, influence = np.median(errors, axis=0) / np.median(sizes)
    assert newton < 0.01
    assert newton < influence / 2


@given(scale=st.floats(1e-6, 1e6), place=st.integers(0, 1))
@settings(max_examples=15)
def test_the_scale_of_a_column_changes_no_row_s_effect(scale, place):
    for name in ("logistic", "softmax, no penalty"):
        plain, by = effects_of(name), np.ones(3)
        by[place] = scale
        problem = plain.problem
        scaled = replace(
            problem,
            design=Design(problem.design.columns * by[:2], True),
            parameters=problem.parameters / by,
            penalty=problem.penalty * by**2,
        )
        other = RowEffects(scaled, Factored.of(scaled))
        q = len(problem.parameters)
        assert other.basis.shape == plain.basis.shape
        for way in ("pulls", "removed"):
            changes = [effects.pulls if way == "pulls" else effects.removed() for effects in (plain, other)]
            told, again = motions(plain, changes[0]), motions(other, changes[1]) * np.tile(by, q)
            np.testing.assert_allclose(again, told, rtol=1e-5, atol=1e-7 * np.abs(told).max())


def test_a_row_that_alone_tells_a_coefficient_cannot_be_left_out():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 2)), np.arange(60) % 2
    X = np.column_stack([X, np.arange(60) == 7])
    estimator = ridge(alpha=0.0).fit(X, y)
    found = rows_moved(
        estimator, np.tile(rng.normal(size=(900, 1)), 3) + rng.normal(size=(900, 3)), np.arange(900) % 2, (X, y)
    )
    rows = found.influential_rows("recall")
    assert np.isnan(rows.removed.value[7])
    assert np.isnan(rows.removed.stderr[7])
    assert np.isfinite(np.delete(rows.removed.value, 7)).all()
    assert np.isfinite(rows.weight.value).all()
    assert rows.top(by="removed")[-1] == 7
    for rising in (True, False):
        assert 7 not in rows.top(by="removed", rising=rising)
    assert np.isnan(rows.to_columns(by="removed")["removed_lower"][-1])


def test_a_row_that_pulls_on_nothing_pulls_under_another_label():
    rng = np.random.default_rng(0)
    X, y = NormalClasses.of(2).draw(rng, 80)
    X = np.column_stack([X, np.arange(80) == 7])
    X[7, :2], y[7] = [9.0, 9.0], 1  # far on its own side, and the only one with the third input
    problem = Fitted.of(machine(C=1.0).fit(X, y), TrainingData(X, y, None)).solution.problem
    effects, other = RowEffects(problem, Factored.of(problem)), problem.relabelled(1 - problem.label)
    assert problem.pulls[7] == 0
    told = motions(effects, effects.relabelled(other.label))[7]
    expected = by_hand(problem, pulls(other) - pulls(problem), bends(other) - bends(problem))[7]
    assert abs(expected[2]) > 0.1
    np.testing.assert_allclose(told, expected, rtol=1e-5)


def test_sparse_rows_have_the_effects_of_dense_ones():
    X, y = NormalClasses.of(3).draw(np.random.default_rng(0), 90)
    X = np.where(np.abs(X) < 0.4, 0, X)
    found = []
    for rows in (X, sparse.csr_array(X)):
        problem = Fitted.of(logistic().fit(rows, y), TrainingData(rows, y, None)).solution.problem
        effects = RowEffects(problem, Factored.of(problem))
        found.append([motions(effects, change) for change in (effects.pulls, effects.removed())])
    np.testing.assert_allclose(*found, rtol=1e-6, atol=1e-9)


# --- the cells


@pytest.fixture
def one_width(monkeypatch):
    """Let velocities be smoothed at one bandwidth alone, so that motions are linear in directions."""
    monkeypatch.setattr(velocity, "WIDTHS", np.array([1.0]))
    monkeypatch.setattr(velocity, "WIDEST", 0)
    monkeypatch.setattr(directions, "WIDEST", 0)


def pushed_along(name, along, **options):
    """Return the motion of the cells along directions of the parameters, as hyper-parameters move them."""
    estimator, training, (X, y) = trained(name)
    found = Fitted.of(estimator, TrainingData(*training))
    decided = decide(pushed(bind(estimator), found, along), X, y, **options)
    how = speeds(decided, along.shape[1])
    return DriftMotion(
        DriftJoint(decided.cells, CrossingSums.of(decided.crossing, decided.rows.weight, decided.rows.block, how))
    )


@pytest.mark.usefixtures("one_width")
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", ["logistic", "machine", "softmax", "rest"])
def test_columns_are_the_motions_along_each_row_s_direction(name, design):
    _, _, (_, y) = trained(name)
    same, effects = design_of(design, y), effects_of(name)
    found = moved(name, **same)
    some = np.flatnonzero(np.abs(effects.pulls).max(axis=1) > 0)[:30]  # of no motion there is no error to compare
    expected = pushed_along(name, motions(effects, effects.pulls)[some].T, **same)
    binary = len(found.labels) == 2
    close = {"rtol": 1e-6} if binary else {"rtol": 0.05}  # of pairs of facets: see `conjac.inference.drift_joint`
    for how in HOWS:
        told, wanted = replace(found, normalize=how), expected.slopes(how)
        for figure, each in zip(FIGURES, wanted[:3], strict=True):
            each = np.moveaxis(each, 0, -1)
            told_each = getattr(told, figure)[..., some]
            loose = close if figure == "stderr" else {"rtol": 1e-6}
            np.testing.assert_allclose(
                told_each, each, **loose, atol=1e-9 * np.abs(each).max(), err_msg=f"{how} {figure}"
            )
    for metric in ("f1_macro", "recall[1]", "accuracy"):
        row = cj.metrics.resolve(metric, found.labels)
        value, center, stderr, _ = expected.metric_slope(row)
        told = found.of(metric)
        np.testing.assert_allclose(told.gradient[some], value, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(told.center[some], center, rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(told.stderr[some], stderr, **close)


@pytest.mark.parametrize("design", ["plain", "weights", "class"])
@pytest.mark.parametrize("name", ["logistic", "ridge", "softmax"])
def test_an_intercept_that_moves_is_a_threshold_that_moves_back_or_an_offset(name, design):
    estimator, _, (X, y) = trained(name)
    same, n_classes = design_of(design, y), MADE[name][1]
    intercepts = np.eye(3 * (n_classes if n_classes > 2 else 1))[:, 2::3]
    moving = pushed_along(name, intercepts, **same)
    tell = estimator.predict_proba if hasattr(estimator, "predict_proba") else estimator.decision_function
    score = tell(X)[:, 1] if n_classes == 2 and "logistic" in name else tell(X)
    told = {"coordinate": "logit", "threshold": 0.0} if name == "logistic" else {}
    expected = cj.confusion_jacobian(y, score, **told, **same)
    for figure, each in zip(FIGURES, moving.slopes(None)[:3], strict=True):
        wanted = getattr(expected, figure)
        if n_classes == 2:
            wanted = wanted[..., None] * (1 if figure == "stderr" else -1)
        each = np.moveaxis(each, 0, -1)
        np.testing.assert_allclose(each, wanted, rtol=0.01 if figure == "stderr" else 1e-6, atol=1e-9 * wanted.max())


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("name", ["logistic", "ridge", "softmax"])
def test_the_covariance_has_the_variances_of_coordinates_on_its_diagonal(name, design):
    _, _, (_, y) = trained(name)
    motion = moved(name, **design_of(design, y))._motion
    figures = [
        motion.basis.of_metric(cj.metrics.resolve(metric, motion_labels(name))) for metric in ("f1_macro", "recall[1]")
    ]
    by_class = [False, False]
    for how in HOWS:
        each, bent, _ = motion.basis.of_cells(how)
        figures.append((each, bent))
        by_class.append(how == "true")
    for (gradient, bent), known in zip(figures, by_class, strict=True):
        covariance = motion.directions.covariance(gradient, bent, by_class=known)
        variance = motion.joint.variance(gradient, bent, by_class=known)
        told = np.diagonal(covariance, axis1=1, axis2=2).T
        rtol = 1e-8 if len(motion_labels(name)) == 2 else 0.1
        np.testing.assert_allclose(told, variance, rtol=rtol, atol=1e-9 * variance.max())
        np.testing.assert_allclose(covariance, np.swapaxes(covariance, 1, 2), rtol=1e-9, atol=1e-9 * covariance.max())
        assert np.linalg.eigvalsh(covariance).min() > -1e-9 * covariance.max()


def motion_labels(name):
    return tuple(range(MADE[name][1]))


@pytest.mark.usefixtures("one_width")
@pytest.mark.parametrize("name", ["logistic", "softmax", "ridge, classes"])
def test_cells_follow_all_rows_as_they_follow_the_penalty(name):
    estimator, training, (X, y) = trained(name)
    lever = "alpha" if "ridge" in name else "C"
    whole_set = rows_moved(estimator, X, y, training, cj.Hyperparameters(lever))
    turn = -1 if lever == "alpha" else 1
    found = moved(name)
    np.testing.assert_allclose(found.jvp(training[2]), turn * whole_set.jacobian[..., 0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(found.center @ training[2], turn * whole_set.center[..., 0], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ["logistic", "softmax"])
def test_cells_follow_all_rows_about_as_they_follow_the_penalty_at_a_bandwidth_of_its_own(name):
    estimator, training, (X, y) = trained(name)
    penalty, found = rows_moved(estimator, X, y, training, cj.Hyperparameters("C")), moved(name)
    off = np.abs(found.center @ training[2] - penalty.center[..., 0])
    assert (off < 1.0 * penalty.stderr[..., 0]).all()


@pytest.mark.parametrize("name", ["logistic", "softmax"])
@pytest.mark.parametrize("design", DESIGNS)
def test_rows_or_columns_add_to_zero_and_shares_follow_the_quotient_rule(name, design):
    _, _, (_, y) = trained(name)
    plain = moved(name, **design_of(design, y))
    n_classes = len(plain.labels)
    assert plain.jacobian.shape == (n_classes, n_classes, N)
    for how in HOWS:
        found = replace(plain, normalize=how)
        np.testing.assert_allclose(found.jacobian.sum(axis=0 if how == "pred" else 1), 0, atol=1e-9)
        np.testing.assert_allclose(found.jacobian, normalise_slope(plain.matrix, plain.jacobian, how), atol=1e-9)
        np.testing.assert_allclose(found.center, normalise_slope(plain.matrix, plain.center, how), atol=1e-9)
        np.testing.assert_allclose(found.matrix, normalise(plain.matrix, how))
    if n_classes == 2:
        check_jacobian(replace(plain, normalize="true"))
    for metric, how in (("recall[1]", "true"), ("precision[1]", "pred")):
        share = replace(plain, normalize=how)
        np.testing.assert_allclose(plain.of(metric).gradient, share.jacobian[1, 1])
        np.testing.assert_allclose(plain.of(metric).stderr, share.stderr[1, 1], rtol=1e-6)


def test_rows_that_repeat_share_their_effect():
    X, y = NormalClasses.of(3).draw(np.random.default_rng(0), 100)
    twice = np.vstack([X, X[:10]]), np.append(y, y[:10])
    weight = np.append(np.where(np.arange(100) < 10, 0.5, 1.0), np.full(10, 0.5))
    rows = NormalClasses.of(3).draw(np.random.default_rng(1), 1500)
    found = rows_moved(logistic().fit(*twice, weight), *rows, (*twice, weight))
    once = rows_moved(logistic().fit(X, y), *rows, (X, y))
    for figure in FIGURES:
        told = getattr(found, figure)
        np.testing.assert_allclose(told[..., 100:], told[..., :10], rtol=1e-9)
        np.testing.assert_allclose(
            told[..., :100], getattr(once, figure), rtol=1e-4, atol=1e-6 * np.nanmax(np.abs(told))
        )


def test_texts_in_a_column_of_a_frame_go_through_sparse_columns():
    pandas, rng = needs("pandas"), np.random.default_rng(0)
    words, y = np.array([f"w{i}" for i in range(40)]), np.arange(900) % 2
    odds = 1 + 0.8 * np.arange(40) / 40 * np.array([[0], [1]])
    texts = [" ".join(rng.choice(words, 12, p=odds[k] / odds[k].sum())) for k in y]
    frame = pandas.DataFrame({"text": texts, "length": rng.normal(size=900)})
    columns = make_column_transformer((TfidfVectorizer(), "text"), ("passthrough", ["length"]), sparse_threshold=1.0)
    estimator, training = make_pipeline(columns, logistic(C=5.0, solver="lbfgs")), (frame[:250], y[:250])
    estimator.fit(*training)
    assert sparse.issparse(estimator[:-1].transform(frame))
    found = rows_moved(estimator, frame[250:], y[250:], training)
    np.testing.assert_array_equal(found.matrix, confusion_matrix(y[250:], estimator.predict(frame[250:])))
    penalty = rows_moved(estimator, frame[250:], y[250:], training, cj.Hyperparameters("C"))
    off = np.abs(found.center.sum(axis=-1) - penalty.center[..., 0])
    assert (off < 1.0 * penalty.stderr[..., 0]).all()
    assert found.diagnostics["held"] == ["ColumnTransformer as fitted"]


def test_rows_of_no_weight_would_count_and_are_not_missed():
    X, y = NormalClasses.of(2).draw(np.random.default_rng(0), 100)
    weight = np.where(np.arange(100) < 5, 0.0, 1.0)
    rows = NormalClasses.of(2).draw(np.random.default_rng(1), 1500)
    found = rows_moved(logistic().fit(X, y, weight), *rows, (X, y, weight)).influential_rows("recall")
    assert (np.abs(found.weight.value[:5]) > 0).all()
    assert (found.removed.value[:5] == 0).all()
    assert (found.relabelled.value[:5] == 0).all()


def test_labels_in_another_order_arrange_the_cells_of_each_row():
    estimator, training, (X, y) = trained("softmax")
    order = (2, 0, 1)
    found, other = (rows_moved(estimator, X, y, training, labels=labels) for labels in ((0, 1, 2), order))
    for figure in FIGURES:
        expected = getattr(found, figure)[np.ix_(order, order)]
        np.testing.assert_allclose(getattr(other, figure), expected, rtol=1e-8, atol=1e-9)
    for metric in ("recall[1]", "cell[2, 0]"):
        one, two = (each.influential_rows(metric) for each in (found, other))
        np.testing.assert_allclose(one.removed.value, two.removed.value, rtol=1e-8)
        np.testing.assert_array_equal(one.other, two.other)


# --- populations


@pytest.mark.parametrize("name", ["logistic", "ridge, classes"])
def test_errors_are_as_large_as_they_are_said_to_be(name):
    estimator, training, _ = trained(name)
    effects, population = effects_of(name), NormalClasses.of(MADE[name][1])
    here, each = parameters_of(estimator), motions(effects, effects.pulls)
    exact = np.stack([population.slope(here, motion.reshape(here.shape)) for motion in each[::4]], axis=-1)
    z = []
    for seed in range(40):
        X, y = population.draw(np.random.default_rng(seed), 2500)
        found = rows_moved(estimator, X, y, training, normalize="all")
        z.append((found.center[..., ::4] - exact) / found.stderr[..., ::4])
    z = np.array(z)
    assert np.sqrt((z**2).mean()) == pytest.approx(1, abs=0.2)
    assert (np.sqrt((z**2).mean(axis=0)) < 1.6).all()
    assert (np.abs(z.mean(axis=0)) < 0.7).all()


@pytest.mark.parametrize("n_classes", [2, 3])
def test_rows_that_are_left_out_move_the_population_as_they_are_said_to(n_classes):
    population = NormalClasses.of(n_classes)
    X, y = population.draw(np.random.default_rng(0), 80)
    estimator = logistic().fit(X, y)
    found = rows_moved(estimator, *population.draw(np.random.default_rng(1), 40_000), (X, y), normalize="all")
    rows = found.influential_rows("cell[1, 0]")
    here = population.rates(parameters_of(estimator))[1, 0]
    kept = [np.arange(80) != row for row in range(80)]
    exact = [population.rates(parameters_of(logistic().fit(X[keep], y[keep])))[1, 0] - here for keep in kept]
    told = rows.removed.value / 40_000
    assert np.corrcoef(told, exact)[0, 1] > 0.99
    assert np.polyfit(exact, told, 1)[0] == pytest.approx(1, abs=0.1)
    other = [np.where(keep, y, turned) for keep, turned in zip(kept, rows.other, strict=True)]
    exact = [population.rates(parameters_of(logistic().fit(X, labels)))[1, 0] - here for labels in other]
    told = rows.relabelled.value / 40_000
    assert np.corrcoef(told, exact)[0, 1] > 0.97
    assert np.polyfit(exact, told, 1)[0] == pytest.approx(1, abs=0.2)


# --- the rows that matter most


def named():
    """Return training weights of a classifier of names, and the labels."""
    X, y = NormalClasses.of(3).draw(np.random.default_rng(0), N)
    rows = NormalClasses.of(3).draw(np.random.default_rng(1), 1500)
    names = np.array(["ant", "bee", "cat"])
    scaled = make_pipeline(StandardScaler(), logistic()).fit(X, names[y])
    return rows_moved(scaled, rows[0], names[rows[1]], (X, names[y])), names[y], scaled, X


def test_the_effect_by_weight_is_the_jacobian_s():
    found, labels, scaled, X = named()
    for metric in (
        "recall[bee]",
        "accuracy",
        "f1_macro",
    ):
        rows, told = found.influential_rows(metric), found.of(metric)
        for mine, figure in zip(rows.weight[:3], ("gradient", "center", "stderr"), strict=True):
            np.testing.assert_array_equal(mine, getattr(told, figure))
        assert (rows.metric, rows.value) == (told.metric, told.value)
    cell = found.influential_rows("cell[ant, cat]")
    np.testing.assert_allclose(cell.weight.value, found.jacobian[0, 2])
    np.testing.assert_allclose(cell.weight.stderr, found.stderr[0, 2], rtol=1e-9)
    assert cell.value == found.matrix[0, 2]
    np.testing.assert_array_equal(cell.label, labels)
    p = scaled.predict_proba(X)
    p[np.arange(N), np.searchsorted(scaled.classes_, labels)] = -1
    np.testing.assert_array_equal(cell.other, scaled.classes_[p.argmax(axis=1)])


def test_two_classes_have_the_other_one_and_short_names_of_cells():
    found = moved("logistic")
    for cell, place in {"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1)}.items():
        rows = found.influential_rows(cell)
        np.testing.assert_allclose(rows.weight.value, found.jacobian[place])
        np.testing.assert_array_equal(rows.other, 1 - rows.label)
    np.testing.assert_allclose(
        found.influential_rows("recall").weight.value,
        -found.influential_rows("fn").weight.value / found.matrix[1].sum(),
    )


@pytest.mark.parametrize("way", ["weight", "removed", "relabelled"])
def test_the_strongest_come_first_and_rise_or_fall(way):
    rows = moved("logistic").influential_rows("recall")
    value = rows.effect(way).value
    order = rows.top(by=way)
    assert sorted(order) == list(range(N))
    assert (np.diff(np.abs(value[order])) <= 0).all()
    np.testing.assert_array_equal(rows.top(7, way), order[:7])
    rising, falling = (rows.top(by=way, rising=side) for side in (True, False))
    assert (value[rising] > 0).all()
    assert (value[falling] < 0).all()
    assert len(rising) + len(falling) == N
    assert (np.diff(np.abs(value[falling])) <= 0).all()
    lower, upper = rows.confint(way, 0.9)
    effect = rows.effect(way)
    np.testing.assert_allclose((lower + upper) / 2, effect.center, atol=1e-12)
    np.testing.assert_allclose((upper - lower) / 2, 1.6448536 * effect.stderr, rtol=1e-6)


def test_rows_that_do_nothing_neither_rise_nor_fall():
    X, y = NormalClasses.of(2).draw(np.random.default_rng(0), 80)
    X[:20] += np.where(y[:20] == 1, 20.0, -20.0)[:, None]  # beyond the margin
    estimator = machine(C=1.0).fit(X, y)
    rows = rows_moved(estimator, *NormalClasses.of(2).draw(np.random.default_rng(1), 1500), (X, y)).influential_rows(
        "fn"
    )
    idle = np.flatnonzero(rows.weight.value == 0)
    assert set(range(20)) <= set(idle)
    assert (rows.removed.value[idle] == 0).all()
    for rising in (True, False):
        assert not set(rows.top(rising=rising)) & set(idle)


def test_intervals_of_clusters_are_wider_by_student_s_quantile():
    _, _, (_, y) = trained("logistic")
    groups = np.arange(len(y)) % 12
    rows = moved("logistic", groups=groups).influential_rows("recall")
    lower, upper = rows.confint()
    half = (upper - lower) / 2 / rows.weight.stderr
    np.testing.assert_allclose(half, half[0])
    assert half[0] > 2.1


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_the_strongest_go_out_as_frames(backend):
    needs(backend)
    rows = named()[0].influential_rows("recall[ant]")
    frame, columns = rows.to_frame(backend, n=8, by="removed", level=0.5), rows.to_columns(8, "removed", 0.5)
    assert frame.shape == (8, 15)
    names = frame.column_names if backend == "pyarrow" else list(frame.columns)
    assert names == list(columns)
    assert columns["row"] == rows.top(8, "removed").tolist()
    assert columns["label"] == rows.label[columns["row"]].tolist()
    np.testing.assert_array_equal(columns["relabelled"], rows.relabelled.value[columns["row"]])
    lower, upper = rows.confint("removed", 0.5)
    np.testing.assert_array_equal(columns["removed_lower"], lower[columns["row"]])
    np.testing.assert_array_equal(columns["removed_upper"], upper[columns["row"]])
    json.dumps(columns)


def test_the_text_shows_the_strongest_ten():
    rows = named()[0].influential_rows("recall[ant]")
    lines = repr(rows).splitlines()
    assert lines[0] == f"What training rows do to recall[ant] = {rows.value:.4g}, strongest first"
    assert [int(line.split()[1].rstrip(",")) for line in lines[1:]] == rows.top(10).tolist()
    assert f"{rows.weight.value[rows.top(1)[0]]:+.3g}" in lines[1]
    assert "np." not in repr(rows)


# --- what is told, and what is refused


def test_the_result_says_how_it_was_made():
    found = named()[0]
    assert found.parameters[:2] == ("weight[0]", "weight[1]")
    assert set(found.units) == {"1 of weight"}
    told = found.diagnostics
    assert told["derivative"] == "implicit function theorem, by one Cholesky factorisation; log loss of the softmax"
    assert told["held"] == ["StandardScaler as fitted"]
    assert (told["training_rows"], told["training_parameters"]) == (N, 9)
    assert set(told["effective_rows"]) == {"a training row"}
    assert told["cautions"] == []
    assert found.to_frame().shape[0] == 9 * N
    assert len(found.to_dict()["parameters"]) == N
    assert "weight" in repr(found)


def test_the_matrix_is_scikit_learn_s():
    estimator, _, (X, y) = trained("ridge, classes")
    np.testing.assert_array_equal(moved("ridge, classes").matrix, confusion_matrix(y, estimator.predict(X)))


def test_more_than_one_factorisation_serves_is_refused(monkeypatch):
    monkeypatch.setattr(weights, "LARGEST", 2)
    with pytest.raises(NotSupportedError, match="120 rows and 3 parameters: at most 2 parameters"):
        moved("logistic")
    monkeypatch.undo()
    monkeypatch.setattr(weights, "MOST", 3 * N - 1)
    with pytest.raises(NotSupportedError, match="pass fewer rows"):
        moved("logistic")


def test_influential_rows_are_of_training_rows_alone():
    estimator, training, (X, y) = trained("logistic")
    by_threshold = cj.ConfusionJacobian.from_estimator(estimator, X, y)
    by_penalty = rows_moved(estimator, X, y, training, "hyperparameters")
    for other in (by_threshold, by_penalty):
        with pytest.raises(NotSupportedError, match="wrt='training_weights'"):
            other.influential_rows("recall")


def test_figures_and_ways_that_are_none_are_refused():
    found = moved("logistic")
    with pytest.raises(UnknownMetricError, match="recal"):
        found.influential_rows("recal")
    with pytest.raises(UnknownMetricError, match="cell"):
        found.influential_rows("cell[0, 7]")
    rows = found.influential_rows("recall")
    for ask in (rows.effect, lambda by: rows.top(by=by), lambda by: rows.confint(by)):
        with pytest.raises(InvalidInputError, match="by='loss': expected one of"):
            ask("loss")


def test_one_bandwidth_serves_all_coordinates():
    motion = moved("softmax")._motion
    assert (np.ptp(motion.directions.velocity.width, axis=1) == 0).all()
    assert isinstance(motion.directions.velocity, Velocity)


def test_rows_are_summed_alike_by_whatever_blocks(monkeypatch):
    found = moved("softmax")
    monkeypatch.setattr("conjac.engines.speeds.HELD", 2000)
    monkeypatch.setattr("conjac.objectives.linear.BLOCK", 7)
    monkeypatch.setattr("conjac.motion.weighted.AT_A_TIME", 5)
    again = moved("softmax")
    for figure in FIGURES:
        np.testing.assert_allclose(getattr(again, figure), getattr(found, figure), rtol=1e-8, atol=1e-9)


def test_the_text_lists_the_rows_that_move_it_the_most():
    found = moved("logistic")
    lines = repr(found).splitlines()
    gradient = np.abs(found.of("recall").gradient)
    assert [line.split()[0] for line in lines[3:-1]] == [f"weight[{row}]" for row in np.argsort(-gradient)[:20]]
    assert lines[-1] == f"  and {len(gradient) - 20} more, which move it less"
