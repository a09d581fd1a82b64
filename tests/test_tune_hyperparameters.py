"""Hyper-parameters tuned by gradients: what each round tells, where the search goes, and what it refuses."""

import json
import pickle
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from support import needs

import conjac as cj
from conjac.training.between import shares
from conjac.training.foretold import Foretold
from conjac.training.given import course_of
from conjac.training.search import averaged, nearby

BOTH = {"C": (1e-3, 1e3), "class_weight[1]": (0.1, 10.0)}
MODEL = LogisticRegression(solver="newton-cholesky", tol=1e-8, max_iter=200)


def drawn(n, seed=0, share=0.15):
    """Rows of a rare class that overlaps the other, by five columns of which two tell something."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < share).astype(int)
    X = rng.normal(size=(n, 5))
    X[:, 0] += 1.2 * y
    X[:, 1] += 0.8 * y * rng.normal(1, 1, n)
    return X, y


@pytest.fixture(scope="module")
def rows():
    return drawn(1500)


@pytest.fixture(scope="module")
def tuned(rows):
    return cj.tune_hyperparameters(MODEL, *rows, BOTH, "f1")


def at(model, X, y, over, metric="f1", **options):
    """The start, and nothing else."""
    return cj.tune_hyperparameters(model, X, y, over, metric, max_points=1, **options).path[0]


def course(model, X, y, over, metric="f1"):
    given = dict.fromkeys(("pos_label", "sample_weight", "groups", "n_jobs", "random_state", "threshold", "offsets"))
    return course_of(model, X, y, over, metric, cv=4, response_method="auto", **given)


# What a round tells.


def test_the_value_is_that_of_the_pooled_held_out_rows(rows, tuned):
    X, y = rows
    model = LogisticRegression(**MODEL.get_params()).set_params(**tuned.params)
    predicted = cross_val_predict(model, X, y, cv=StratifiedKFold(5))
    assert tuned.value == f1_score(y, predicted)
    J = cj.confusion_jacobian(y, cross_val_predict(model, X, y, cv=StratifiedKFold(5), method="predict_proba"))
    assert tuned.value_stderr == pytest.approx(J.of("f1").value_stderr)
    assert tuned.value_confint(0.9) == J.of("f1").value_confint(0.9)


@pytest.mark.parametrize("metric", ["f1", "recall", "matthews_corrcoef"])
def test_gradients_are_the_differences_of_refits(metric):
    X, y = drawn(30_000, 1)
    step = 0.3
    told = at(MODEL, X, y, BOTH | {"C": (1e-9, 1e3)}, metric)
    for place, change in enumerate(({"C": 1.0}, {"class_weight": {0: 1.0, 1: 1.0}})):
        sides = []
        for by in (-step, step):
            moved = {
                name: value * np.exp(by) if name == "C" else {0: 1.0, 1: np.exp(by)} for name, value in change.items()
            }
            sides.append(at(LogisticRegression(**(MODEL.get_params() | moved)), X, y, BOTH, metric).value)
        difference = (sides[1] - sides[0]) / (2 * step)
        assert told.gradient[place] == pytest.approx(difference, abs=5 * told.gradient_stderr[place] + 6e-4)
    assert abs(told.gradient[1]) > 8 * told.gradient_stderr[1]


def test_gradients_by_a_strong_penalty_are_the_differences_of_refits():
    X, y = drawn(30_000, 2, share=0.4)
    start, step = 1e-4, 0.1
    model = LogisticRegression(**(MODEL.get_params() | {"C": start}))
    told = at(model, X, y, {"C": (1e-6, 1.0)})
    sides = [at(model.set_params(C=start * np.exp(by)), X, y, {"C": (1e-6, 1.0)}).value for by in (-step, step)]
    model.set_params(C=start)
    assert told.gradient[0] > 20 * told.gradient_stderr[0]
    assert told.gradient[0] == pytest.approx((sides[1] - sides[0]) / (2 * step), abs=5 * told.gradient_stderr[0])


@pytest.mark.parametrize(
    ("model", "over"),
    [
        (MODEL, BOTH),
        (RidgeClassifier(alpha=3.0), {"alpha": (0.01, 100.0), "class_weight[1]": (0.1, 10.0)}),
        (LinearSVC(C=0.3, tol=1e-10, max_iter=100_000), {"C": (0.01, 10.0), "class_weight[0]": (0.1, 10.0)}),
        (OneVsRestClassifier(MODEL), {"C": (1e-3, 1e3)}),
    ],
    ids=lambda given: type(given).__name__,
)
def test_speeds_are_the_derivatives_of_held_out_margins(model, over):
    X, y = drawn(400, 3)
    if isinstance(model, OneVsRestClassifier):
        y = y + (X[:, 2] > 0.5)
    rounds = course(model, X, y, over, "balanced_accuracy")
    start, step = rounds.space.start, 1e-3
    here = rounds.at(start)
    for place in range(len(start)):
        up, down = (rounds.at(start + by * np.eye(len(start))[place]).margin for by in (step, -step))
        moved = (up - down) / (2 * step)
        speed = here.speed[:, :, place]
        if moved.shape[1] > 1:  # up to what all classes of a row share
            moved, speed = (part - part[:, :1] for part in (moved, speed))
        np.testing.assert_allclose(speed, moved, atol=2e-3 * np.abs(moved).max())


def test_scaling_both_class_weights_is_scaling_c(rows):
    every = {"C": (1e-3, 1e3), "class_weight[0]": (0.1, 10.0), "class_weight[1]": (0.1, 10.0)}
    told = at(MODEL, *rows, every)
    assert told.gradient[0] == pytest.approx(told.gradient[1] + told.gradient[2], rel=0.01)
    C, weight = (
        LogisticRegression(**(MODEL.get_params() | own)) for own in ({"C": 3.0}, {"class_weight": {0: 3, 1: 3}})
    )
    assert at(C, *rows, BOTH).value == at(weight, *rows, BOTH).value


def test_sampling_weights_serve_the_fits_and_the_metric(rows):
    X, y = rows
    twice = at(MODEL, X, y, BOTH, sample_weight=np.full(len(y), 2.0))
    other = at(LogisticRegression(**(MODEL.get_params() | {"C": 2.0})), X, y, BOTH)
    assert twice.value == pytest.approx(other.value, abs=1e-12)
    np.testing.assert_allclose(twice.gradient, other.gradient, rtol=1e-4)
    weight = np.random.default_rng(0).uniform(0.2, 3, len(y))
    predicted = cross_val_predict(MODEL, X, y, cv=StratifiedKFold(5), params={"sample_weight": weight})
    weighted = at(MODEL, X, y, BOTH, sample_weight=weight)
    assert weighted.value == pytest.approx(f1_score(y, predicted, sample_weight=weight), abs=1e-12)


def test_weights_reach_the_last_step_of_a_pipeline(rows):
    X, y = rows
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    scaled = make_pipeline(StandardScaler(with_mean=False, with_std=False), MODEL)
    piped, plain = (at(model, X, y, BOTH, sample_weight=weight) for model in (scaled, MODEL))
    assert piped.value == plain.value
    np.testing.assert_allclose(piped.gradient, plain.gradient)


def test_groups_stay_whole_and_errors_are_theirs(rows):
    X, y = rows
    X, y, groups = np.repeat(X, 3, axis=0), np.repeat(y, 3), np.repeat(np.arange(len(y)), 3)
    X = X + np.random.default_rng(0).normal(0, 0.05, X.shape)
    held = at(MODEL, X, y, BOTH, groups=groups)
    loose = at(MODEL, X, y, BOTH)
    assert 1.5 < held.stderr / loose.stderr < 2.0  # rows that count once, of three


def test_scores_on_atoms_have_no_gradient_and_are_tuned_all_the_same():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 2, size=(2000, 3)).astype(float)
    y = (rng.random(2000) < 0.1 + 0.25 * X[:, 0]).astype(int)
    with pytest.warns(cj.ConjacWarning, match="no gradient"):
        found = cj.tune_hyperparameters(MODEL, X, y, BOTH, "f1")
    assert np.isnan(found.path[0].gradient).all()
    assert found.value > found.path[0].value + 0.1


# Between the points.


@given(st.integers(1, 3), st.integers(1, 4), st.integers(0, 100))
def test_what_is_between_goes_through_values_and_derivatives(n_axes, n_points, seed):
    rng = np.random.default_rng(seed)
    points = 3 * np.arange(n_points)[:, None] + rng.uniform(-1, 1, (n_points, n_axes))
    value, slope = rng.normal(size=n_points), rng.normal(size=(n_points, n_axes))
    known = np.column_stack([value, slope])
    told = np.einsum("wpk,pk->w", shares(points, points), known)
    np.testing.assert_allclose(told, value, atol=2e-3)
    for axis, step in enumerate(1e-3 * np.eye(n_axes)):
        up, down = (np.einsum("wpk,pk->w", shares(points, points + by), known) for by in (step, -step))
        np.testing.assert_allclose((up - down) / 2e-3, slope[:, axis], atol=5e-3)


@given(st.integers(1, 3), st.integers(0, 100))
def test_planes_are_found_again(n_axes, seed):
    rng = np.random.default_rng(seed)
    points, wanted = rng.uniform(-5, 5, (3, n_axes)), rng.uniform(-9, 9, (4, n_axes))
    slope = rng.normal(size=n_axes)
    known = np.column_stack([2 + points @ slope, np.tile(slope, (3, 1))])
    np.testing.assert_allclose(np.einsum("wpk,pk->w", shares(points, wanted), known), 2 + wanted @ slope, atol=1e-4)


def test_margins_between_points_are_those_of_refits(rows):
    rounds = course(MODEL, *rows, BOTH)
    points = np.array([[0.0, 0.0], [-2.0, 1.0]])
    known = [rounds.at(point) for point in points]
    wanted = np.array([[-1.0, 0.5]])
    every = np.stack([np.column_stack([each.margin, each.speed[:, 0]]) for each in known])
    told = np.einsum("pk,pnk->n", shares(points, wanted)[0], every)
    fitted = rounds.at(wanted[0]).margin[:, 0]
    assert np.abs(told - fitted).max() < 0.01 * fitted.std()


def test_cells_foretold_at_a_point_that_was_fitted_are_counts(rows):
    X, y = rows
    weight = np.random.default_rng(1).uniform(0.2, 3, len(y))
    given = {"pos_label": None, "groups": None, "n_jobs": None, "random_state": None}
    rounds = course_of(
        MODEL,
        X,
        y,
        BOTH,
        "f1",
        cv=4,
        response_method="auto",
        sample_weight=weight,
        threshold=0.3,
        offsets=None,
        **given,
    )
    known = [rounds.at(np.array(point)) for point in ([0.0, 0.0], [1.0, -0.5])]
    foretold = Foretold.of(known, np.array([each.point for each in known]))
    for place, each in enumerate(known):
        np.testing.assert_allclose(foretold.cells()[place], each.decided.cells.weight[0])
        np.testing.assert_array_equal(foretold.outcomes(place).predicted, each.decided.outcomes.predicted)


def test_points_looked_at_are_within_bounds_and_reach():
    visited, bounds = np.array([[0.0, 0.0], [4.0, 1.0]]), np.array([[-1.0, -0.5], [5.0, 1.5]])
    near = nearby(visited, bounds)
    assert len(near) > 500
    assert (near >= bounds[0]).all()
    assert (near <= bounds[1]).all()
    assert (np.abs(near[:, None] - visited).max(axis=2).min(axis=1) <= np.log(10)).all()


def test_averages_keep_constants_and_lower_peaks():
    points = np.linspace(-3, 3, 200)[:, None]
    np.testing.assert_allclose(averaged(points, np.full(200, 0.7)), 0.7)
    peak = np.exp(-(points[:, 0] ** 2))
    assert 0.8 < averaged(points, peak).max() < 0.95


# The search.


@settings(max_examples=15)
@given(st.integers(0, 1000))
def test_the_best_is_judged_no_worse_than_the_start_and_lies_within_bounds(seed):
    rng = np.random.default_rng(seed)
    X, y = drawn(300, seed, share=rng.uniform(0.1, 0.6))
    low, high = sorted(np.exp(rng.uniform(-3, 3, 2)))
    over = {"C": (min(low, 1.0), max(high, 1.0) + 0.1), "class_weight[1]": (0.5, 2.0)}
    found = cj.tune_hyperparameters(MODEL, X, y, over, "f1", cv=3, max_points=3)
    best = next(visit for visit in found.path if visit.at["C"] == found.params["C"] and visit.value == found.value)
    assert best.judged == max(visit.judged for visit in found.path)
    for visit in found.path:
        for name, (least, most) in over.items():
            assert least <= visit.at[name] <= most


def test_tuning_gains_beyond_noise(tuned):
    assert tuned.value > tuned.path[0].value + tuned.value_stderr
    assert tuned.params["class_weight"][1] > 1.5
    assert tuned.in_sample


@pytest.mark.parametrize("max_points", [1, 2, 5])
def test_every_fit_is_counted(rows, max_points):
    counted = []

    class Counted(LogisticRegression):
        def fit(self, *args, **kwargs):
            counted.append(1)
            return super().fit(*args, **kwargs)

    found = cj.tune_hyperparameters(Counted(), *rows, BOTH, "f1", cv=4, max_points=max_points)
    assert found.n_fits == len(counted) == 4 * len(found.path) + 1
    assert len(found.path) <= max_points
    assert sum(visit.n_fits for visit in found.path) == found.n_fits - 1


def test_what_stopped_it_is_said(rows, tuned):
    assert "beyond its standard error" in tuned.stopped
    short = cj.tune_hyperparameters(MODEL, *rows, BOTH, "f1", max_points=1)
    assert "max_points" in short.stopped
    assert len(short.path) == 1
    assert short.params["C"] == 1.0


def test_the_same_input_gives_the_same_result(rows, tuned):
    with parallel_config(backend="threading"):
        again = cj.tune_hyperparameters(MODEL, *rows, BOTH, "f1", n_jobs=2)
    assert again.to_dict() == tuned.to_dict()
    shuffled = [cj.tune_hyperparameters(MODEL, *rows, BOTH, "f1", random_state=3).to_dict() for _ in range(2)]
    assert shuffled[0] == shuffled[1]
    assert shuffled[0] != tuned.to_dict()


def test_the_estimator_is_fitted_on_all_rows_and_the_given_one_is_left_alone(rows, tuned):
    X, y = rows
    fitted = LogisticRegression(**MODEL.get_params()).set_params(**tuned.params).fit(X, y)
    np.testing.assert_allclose(tuned.estimator.coef_, fitted.coef_)
    assert not hasattr(MODEL, "coef_")
    assert MODEL.class_weight is None


def test_costs_are_made_least(rows):
    costs = cj.metrics.expected_cost([[0, 1], [8, 0]])
    found = cj.tune_hyperparameters(MODEL, *rows, BOTH, costs)
    assert found.value < found.path[0].value
    assert found.params["class_weight"][1] > 2


def test_thresholds_move_what_is_best(rows):
    low = cj.tune_hyperparameters(MODEL, *rows, BOTH, "f1", threshold=0.15)
    high = cj.tune_hyperparameters(MODEL, *rows, BOTH, "f1", threshold=0.7)
    assert low.params["class_weight"][1] < high.params["class_weight"][1]


def test_the_positive_class_may_be_the_first(rows):
    X, y = rows
    named = np.where(y == 1, "a", "b")
    over = {"class_weight[a]": (0.1, 10.0)}
    found = cj.tune_hyperparameters(MODEL, X, named, over, "f1", pos_label="a")
    other = cj.tune_hyperparameters(MODEL, X, y, {"class_weight[1]": (0.1, 10.0)}, "f1")
    assert found.value == pytest.approx(other.value)
    assert found.params["class_weight"]["a"] == pytest.approx(other.params["class_weight"][1])


def test_several_classes_have_a_weight_each():
    rng = np.random.default_rng(4)
    y = rng.choice(["a", "b", "c"], size=1500, p=[0.8, 0.12, 0.08])
    X = rng.normal(size=(1500, 4))
    X[:, :3] += 1.3 * np.eye(3)[np.searchsorted(["a", "b", "c"], y)]
    over = {"C": (1e-2, 1e2), "class_weight[b]": (0.1, 10.0), "class_weight[c]": (0.1, 10.0)}
    found = cj.tune_hyperparameters(MODEL.__class__(max_iter=500, tol=1e-8), X, y, over, "f1_macro")
    assert found.value > found.path[0].value + found.value_stderr
    assert found.params["class_weight"]["a"] == 1.0
    assert min(found.params["class_weight"][name] for name in "bc") > 1.2
    predicted = found.estimator.predict(X)
    assert f1_score(y, predicted, average="macro") > found.path[0].value


def test_balanced_weights_are_where_it_starts(rows):
    X, y = rows
    balanced = LogisticRegression(class_weight="balanced")
    start = at(balanced, X, y, {"class_weight[1]": (0.1, 10.0)}).at["class_weight[1]"]
    assert start == pytest.approx(len(y) / (2 * y.sum()))


# Pipelines and frames.


def test_frames_pipelines_and_names_in_short(rows):
    pd = needs("pandas")
    X, y = rows
    frame = pd.DataFrame(100 * X, columns=list("abcde"), index=np.arange(len(y))[::-1])
    piped = make_pipeline(StandardScaler(), MODEL)
    short = cj.tune_hyperparameters(piped, frame, pd.Series(y, index=frame.index), BOTH, "f1")
    full = {f"logisticregression__{name}": bounds for name, bounds in BOTH.items()}
    named = cj.tune_hyperparameters(piped, 100 * X, y, full, "f1")
    assert set(short.params) == {"logisticregression__C", "logisticregression__class_weight"}
    assert short.params == named.params
    assert short.value == named.value
    assert list(named.path[0].at) == list(full)
    piped.set_params(**short.params)


def test_the_path_is_a_frame_a_point_a_row(tuned):
    needs("pandas")
    frame = tuned.to_frame()
    assert len(frame) == len(tuned.path)
    assert {"C", "class_weight[1]", "value", "stderr", "judged", "gradient[C]", "n_fits"} <= set(frame.columns)
    assert frame["value"].iloc[0] == tuned.path[0].value


def test_the_result_is_plain_frozen_and_readable(tuned):
    assert json.loads(json.dumps(tuned.to_dict()))["schema"] == "conjac.tuned_hyperparameters/1"
    assert "f1" in repr(tuned)
    assert f"{tuned.n_fits} fits" in repr(tuned)
    with pytest.raises(FrozenInstanceError):
        tuned.value = 1.0
    with pytest.raises(ValueError, match="read-only"):
        tuned.path[0].gradient[0] = 0.0


def test_results_can_be_pickled(tuned):
    again = pickle.loads(pickle.dumps(tuned))
    assert again.to_dict() == tuned.to_dict()
    assert again.value_confint() == tuned.value_confint()


def test_sparse_columns_are_as_good(rows, tuned):
    X, y = rows
    found = cj.tune_hyperparameters(MODEL, sparse.csr_array(X), y, BOTH, "f1")
    assert found.value == pytest.approx(tuned.value, abs=0.01)


def test_progress_rises(rows):
    told = []
    cj.tune_hyperparameters(MODEL, *rows, BOTH, "f1", progress=told.append)
    assert told == sorted(told)
    assert told[0] > 0
    assert told[-1] == 1


# What is refused.


@pytest.mark.parametrize(
    ("over", "options", "complaint"),
    [
        ({}, {}, "expected names with their bounds"),
        ({"gamma": (0.1, 1)}, {}, "no such parameter"),
        ({3: (0.1, 1)}, {}, "is no name"),
        ({"C": (10, 0.1)}, {}, "0 < low < high"),
        ({"C": (0, 10)}, {}, "0 < low < high"),
        ({"C": (1, np.inf)}, {}, "0 < low < high"),
        ({"C": 3}, {}, r"expected \(low, high\)"),
        ({"C": (2, 10)}, {}, "outside of its bounds"),
        ({"class_weight": (0.1, 10)}, {}, "a weight a class"),
        ({"class_weight[7]": (0.1, 10)}, {}, "the classes of y are"),
        ({"penalty[x0]": (0.1, 10)}, {}, "tune C, alpha or class_weight"),
        ({"max_iter": (10, 1000)}, {}, "GridSearchCV"),
        ({"intercept_scaling": (0.1, 10)}, {}, "follows C, .* GridSearchCV"),
        ({"C": ("a", 10)}, {}, "expected one number"),
        (BOTH, {"metric": "nonsense"}, "nonsense"),
        (BOTH, {"cv": 1}, "expected 2 folds or more"),
        (BOTH, {"cv": KFold(2)}, "fold 0 is fitted without a row of class 0"),
        (BOTH, {"max_points": 0}, "expected 1 or more"),
        (BOTH, {"response_method": "predict"}, "response_method"),
        (BOTH, {"pos_label": 5}, "not among the classes"),
        (BOTH, {"sample_weight": [-1.0] * 60}, "must not be negative"),
    ],
)
def test_what_cannot_be_tuned_is_refused(over, options, complaint):
    X, y = drawn(60, 5)
    y = np.arange(60) >= 30 if isinstance(options.get("cv"), KFold) else np.arange(60) % 2
    with pytest.raises(cj.InvalidInputError, match=complaint):
        cj.tune_hyperparameters(LogisticRegression(), X, y.astype(int), over, **({"metric": "f1"} | options))


def test_a_name_that_two_steps_have_is_asked_for_in_full():
    X, y = drawn(200, 6)
    both = make_pipeline(StandardScaler(), LinearSVC(), memory=None)
    both.steps.insert(1, ("inner", make_pipeline(StandardScaler())))
    with pytest.raises(cj.InvalidInputError, match="give it in full"):
        cj.tune_hyperparameters(both, X, y, {"with_mean": (0.1, 1)})
    with pytest.raises(cj.InvalidInputError, match="named twice"):
        cj.tune_hyperparameters(both, X, y, {"C": (0.1, 10), "linearsvc__C": (0.1, 10)})


def test_training_that_is_not_smooth_is_told_where_to_go():
    X, y = drawn(200, 7)
    forest = RandomForestClassifier(5, ccp_alpha=0.01)
    with pytest.raises(cj.NotDifferentiableError, match="GridSearchCV or RandomizedSearchCV"):
        cj.tune_hyperparameters(forest, X, y, {"ccp_alpha": (1e-4, 1)})


@pytest.mark.filterwarnings("ignore:lbfgs failed")
def test_fits_far_from_their_optimum_are_refused():
    X, y = drawn(2000, 8)
    hasty = LogisticRegression(max_iter=1, tol=1.0)
    with pytest.raises(cj.InvalidInputError, match=r"at \{'C': 1.0.*max_iter"):
        cj.tune_hyperparameters(hasty, X * [1, 50, 1, 1, 1], y, BOTH)


def test_weights_that_a_fit_does_not_take_are_refused(rows):
    class Plain(LogisticRegression):
        def fit(self, X, y):
            return super().fit(X, y)

    with pytest.raises(cj.InvalidInputError, match="takes none"):
        cj.tune_hyperparameters(Plain(), *rows, BOTH, sample_weight=np.ones(1500))


def test_a_reject_option_is_refused():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(200, 2)), rng.integers(0, 3, 200)
    with pytest.raises(cj.NotSupportedError, match="reject"):
        cj.tune_hyperparameters(MODEL, X, y, {"C": (0.1, 10)}, "accuracy", offsets=[0, 0, 0, 0])
