"""Surfaces over two things: nodes by brute force, gradients as the Jacobian's, interpolation against dense grids."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import norm
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import confusion_matrix, f1_score, recall_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.class_weight import compute_class_weight
from support import needs

import conjac as cj
from conjac.training.surfaces.interpolate import Interpolant

LOGISTIC = LogisticRegression(tol=1e-8, max_iter=1000)
TRAIN, TEST = slice(0, 600), slice(600, 2600)


def make(n_classes=2, n=2600, seed=0):
    """Return rows of normal classes, told apart a little."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    X = rng.normal(size=(n, 3)) * [1, 2, 1] + np.eye(n_classes, 3)[y] * 1.2
    return X, y


X2, Y2 = make()
X3, Y3 = make(3)
HELD2, HELD3 = (X2[TRAIN], Y2[TRAIN]), (X3[TRAIN], Y3[TRAIN])


def summed(X):
    """Score rows by the sum of their first two columns."""
    return X[:, 0] + X[:, 1]


def agrees(surface, i, j, told, axis, parameter=0):
    """Say that a node and its gradient by an axis are those of a Jacobian's metric."""
    parts = [np.atleast_1d(part)[parameter] for part in (told.gradient, told.stderr)]
    assert surface.value[i, j] == pytest.approx(told.value, rel=1e-12)
    assert surface.stderr[i, j] == pytest.approx(told.value_stderr, rel=1e-9)
    assert surface.gradient[i, j, axis] == pytest.approx(parts[0], rel=1e-6)
    assert surface.gradient_stderr[i, j, axis] == pytest.approx(parts[1], rel=1e-6)


def test_threshold_and_regularisation_equal_refits_and_the_jacobian():
    C, at = [0.01, 0.1, 1.0], [0.35, 0.5, 0.6]
    found = cj.surface(LOGISTIC, X2[TEST], Y2[TEST], {"C": C, "threshold": at}, "f1", HELD2)
    assert found.methods == ("implicit", "tangent")
    assert found.units == ("1 of log C", "1.0 of probability")
    assert found.scales == ("log", "linear")
    for i, c in enumerate(C):
        fit = clone(LOGISTIC).set_params(C=c).fit(*HELD2)
        p = fit.predict_proba(X2[TEST])[:, 1]
        for j, t in enumerate(at):
            assert found.value[i, j] == pytest.approx(f1_score(Y2[TEST], p >= t), rel=1e-12)
            same = {"training_data": HELD2, "threshold": t}
            J = cj.ConfusionJacobian.from_estimator(fit, X2[TEST], Y2[TEST], wrt=cj.Hyperparameters("C"), **same)
            agrees(found, i, j, J.of("f1"), 0)
            J = cj.ConfusionJacobian.from_estimator(fit, X2[TEST], Y2[TEST], threshold=t)
            agrees(found, i, j, J.of("f1"), 1)


def test_the_order_of_the_axes_does_not_matter():
    over = {"C": [0.01, 1.0], "threshold": [0.4, 0.5, 0.6]}
    one = cj.surface(LOGISTIC, X2[TEST], Y2[TEST], over, "f1", HELD2)
    other = cj.surface(LOGISTIC, X2[TEST], Y2[TEST], dict(reversed(over.items())), "f1", HELD2)
    assert np.array_equal(one.value, other.value.T)
    assert np.array_equal(one.gradient, np.swapaxes(other.gradient, 0, 1)[..., ::-1])


def test_threshold_and_drift_equal_recounts_and_the_jacobian():
    fit, at, by = clone(LOGISTIC).fit(*HELD2), [0.4, 0.5], [-1.0, 0.0, 0.5]
    found = cj.surface(fit, X2[TEST], Y2[TEST], {"threshold": at, "drift[x0]": by}, "recall")
    assert found.units[1] == "1 sd"
    sd = X2[TEST, 0].std()
    for j, step in enumerate(by):
        moved = X2[TEST] + np.array([step * sd, 0, 0])
        for i, t in enumerate(at):
            predicted = fit.predict_proba(moved)[:, 1] >= t
            assert found.value[i, j] == pytest.approx(recall_score(Y2[TEST], predicted), rel=1e-12)
            J = cj.ConfusionJacobian.from_estimator(fit, moved, Y2[TEST], threshold=t, wrt=cj.Features("x0"))
            agrees(found, i, j, J.of("recall"), 1)
            J = cj.ConfusionJacobian.from_estimator(fit, moved, Y2[TEST], threshold=t)
            agrees(found, i, j, J.of("recall"), 0)


def test_two_drifts_are_one_of_both_columns():
    fit = clone(LOGISTIC).fit(*HELD2)
    found = cj.surface(fit, X2[TEST], Y2[TEST], {"drift[x0]": [0.0, 1.0], "drift[2]": [-1.0, 0.5]}, "fp")
    sd = X2[TEST].std(axis=0)
    moved = X2[TEST] + np.array([sd[0], 0, 0.5 * sd[2]])
    J = cj.ConfusionJacobian.from_estimator(fit, moved, Y2[TEST], wrt=cj.Features(["x0", "x2"]))
    assert found.value[1, 1] == J.matrix[0, 1]
    assert found.gradient[1, 1] == pytest.approx(J.jacobian[0, 1], rel=1e-6)


def test_two_offsets_equal_the_argmax_and_the_jacobian():
    fit, one, two = clone(LOGISTIC).fit(*HELD3), [-1.0, 0.0, 0.7], [-0.5, 0.5]
    found = cj.surface(fit, X3[TEST], Y3[TEST], {"offset[1]": one, "offset[2]": two}, "cell[0, 2]")
    p = fit.predict_proba(X3[TEST])
    for i, a in enumerate(one):
        for j, b in enumerate(two):
            predicted = (np.log(p) + np.array([0, a, b])).argmax(axis=1)
            assert found.value[i, j] == confusion_matrix(Y3[TEST], predicted)[0, 2]
            J = cj.confusion_jacobian(Y3[TEST], p, offsets=[0, a, b])
            assert found.gradient[i, j] == pytest.approx(J.jacobian[0, 2, 1:], rel=1e-9)
            assert found.gradient_stderr[i, j] == pytest.approx(J.stderr[0, 2, 1:], rel=1e-9)
    assert found.methods == ("tangent", "tangent")


def test_the_first_class_has_an_offset_too():
    fit = clone(LOGISTIC).fit(*HELD3)
    found = cj.surface(fit, X3[TEST], Y3[TEST], {"offset[0]": [-1.0, 0.5], "offset[2]": [0.0, 1.0]}, "f1_macro")
    J = cj.confusion_jacobian(Y3[TEST], fit.predict_proba(X3[TEST]), offsets=[0.5, 0, 1.0])
    assert found.value[1, 1] == J.of("f1_macro").value
    assert found.gradient[1, 1] == pytest.approx(J.of("f1_macro").gradient[[0, 2]], rel=1e-9)


@pytest.mark.parametrize("axis", ["offset[2]", "drift[x1]"])
def test_of_three_classes_a_hyperparameter_meets_offsets_and_drifts(axis):
    found = cj.surface(LOGISTIC, X3[TEST], Y3[TEST], {axis: [0.0, 0.4], "C": [0.01, 1.0]}, "f1_macro", HELD3)
    fit = clone(LOGISTIC).set_params(C=0.01).fit(*HELD3)
    offsets, moved = [0, 0, 0], X3[TEST].copy()
    if axis == "offset[2]":
        offsets[2] = 0.4
    else:
        moved[:, 1] += 0.4 * moved[:, 1].std()
    wrt = cj.Hyperparameters("C")
    J = cj.ConfusionJacobian.from_estimator(fit, moved, Y3[TEST], offsets=offsets, wrt=wrt, training_data=HELD3)
    agrees(found, 1, 0, J.of("f1_macro"), 1)


@pytest.mark.parametrize("balance", [None, {0: 2.0}, "balanced"])
def test_two_hyperparameters_are_a_fit_a_node(balance):
    model = clone(LOGISTIC).set_params(class_weight=balance)
    C, weight = [0.01, 1.0], [0.5, 3.0]
    found = cj.surface(model, X2[TEST], Y2[TEST], {"C": C, "class_weight[1]": weight}, "recall", HELD2)
    held = compute_class_weight("balanced", classes=np.array([0, 1]), y=HELD2[1])[0] if balance == "balanced" else 1.0
    other = 2.0 if balance == {0: 2.0} else held
    for i, c in enumerate(C):
        for j, w in enumerate(weight):
            fit = clone(LOGISTIC).set_params(C=c, class_weight={0: other, 1: w}).fit(*HELD2)
            wrt = cj.Hyperparameters("C", "class_weight[1]")
            J = cj.ConfusionJacobian.from_estimator(fit, X2[TEST], Y2[TEST], wrt=wrt, training_data=HELD2)
            for axis in (0, 1):
                agrees(found, i, j, J.of("recall"), axis, axis)
    assert found.diagnostics["n_fits"] == 4


def test_a_tree_has_values_and_no_slope_by_its_depth():
    tree = DecisionTreeClassifier(random_state=0, min_samples_leaf=5)
    depths, at = [1, 2, 4, 8], [0.3, 0.5, 0.7]
    found = cj.surface(tree, X2[TEST], Y2[TEST], {"max_depth": depths, "threshold": at}, "f1", HELD2)
    for i, depth in enumerate(depths):
        p = clone(tree).set_params(max_depth=depth).fit(*HELD2).predict_proba(X2[TEST])[:, 1]
        assert found.value[i] == pytest.approx([f1_score(Y2[TEST], p >= t) for t in at], rel=1e-12)
    assert found.methods == ("refit", "secant")
    assert np.isnan(found.gradient[..., 0]).all()
    assert np.isfinite(found.gradient[..., 1]).all()
    assert found.diagnostics["nodes_without_slope"] == {"max_depth": 12, "threshold": 0}
    between = found.at(np.linspace(2, 4, 21), 0.5).value
    low, high = sorted([found.value[1, 1], found.value[2, 1]])
    assert low - 1e-12 <= between.min() <= between.max() <= high + 1e-12


def test_whole_numbers_stay_whole():
    tree = DecisionTreeClassifier(random_state=0)
    over = {"max_depth": cj.Between(1, 6), "threshold": [0.3, 0.5]}
    found = cj.surface(tree, X2[TEST], Y2[TEST], over, "f1", HELD2, tolerance=1e-9)
    assert found.values[0].tolist() == [1, 2, 3, 4, 5, 6]
    assert found.diagnostics["stopped"]["max_depth"] == "every whole number"


def test_a_regularisation_of_zero_is_told_as_it_is():
    model = RidgeClassifier(alpha=1.0)
    over = {"alpha": [0.0, 10.0, 100.0], "threshold": [-0.2, 0.2]}
    found = cj.surface(model, X2[TEST], Y2[TEST], over, "recall", HELD2)
    assert (found.units[0], found.scales[0]) == ("1 of alpha", "linear")
    assert np.isnan(found.gradient[0, :, 0]).all()
    fit = RidgeClassifier(alpha=100.0).fit(*HELD2)
    wrt = cj.Hyperparameters("alpha", unit="raw")
    J = cj.ConfusionJacobian.from_estimator(fit, X2[TEST], Y2[TEST], threshold=0.2, wrt=wrt, training_data=HELD2)
    agrees(found, 2, 1, J.of("recall"), 0)


@pytest.mark.parametrize("name", ["C", "logisticregression__C"])
def test_a_pipeline_on_a_weighted_frame(name):
    pd = needs("pandas")
    frame = pd.DataFrame(X2, columns=["a", "b", "c"])
    rng = np.random.default_rng(1)
    w_train, w_test = rng.uniform(0.2, 3, 600), rng.uniform(0.2, 3, 2000)
    pipe = make_pipeline(StandardScaler(), clone(LOGISTIC))
    held = frame[TRAIN], Y2[TRAIN], w_train
    over = {name: [0.002, 0.5], "drift[b]": [-1.0, 1.0]}
    found = cj.surface(pipe, frame[TEST], Y2[TEST], over, "f1", held, sample_weight=w_test, threshold=0.4)
    fit = clone(pipe).set_params(logisticregression__C=0.002)
    fit.fit(held[0], held[1], logisticregression__sample_weight=w_train)
    x = frame["b"][TEST].to_numpy()
    sd = np.sqrt(np.average((x - np.average(x, weights=w_test)) ** 2, weights=w_test))
    moved = frame[TEST].assign(b=x + sd)
    predicted = fit.predict_proba(moved)[:, 1] >= 0.4
    assert found.value[0, 1] == pytest.approx(f1_score(Y2[TEST], predicted, sample_weight=w_test), rel=1e-12)
    same = {"training_data": held, "sample_weight": w_test, "threshold": 0.4}
    wrt = cj.Hyperparameters("logisticregression__C")
    told = cj.ConfusionJacobian.from_estimator(fit, moved, Y2[TEST], wrt=wrt, **same).of("f1")
    agrees(found, 0, 1, told, 0)
    assert found.methods == ("implicit", "tangent")


def test_a_step_before_the_classifier_has_no_slope_by_a_name_of_the_classifiers():
    from sklearn.feature_selection import SelectFromModel

    pipe = make_pipeline(SelectFromModel(clone(LOGISTIC), max_features=2), clone(LOGISTIC))
    over = {"selectfrommodel__estimator__C": [0.01, 1.0], "logisticregression__C": [0.01, 1.0]}
    found = cj.surface(pipe, X2[TEST], Y2[TEST], over, "f1", HELD2)
    assert found.methods == ("refit", "implicit")
    assert np.isnan(found.gradient[..., 0]).all()


class Counted(ClassifierMixin, BaseEstimator):
    """A classifier that counts how often it is fitted, and how often all rows are scored."""

    fits = scores = 0

    def __init__(self, scale=1.0):
        self.scale = scale

    def fit(self, X, y):
        del X
        Counted.fits += 1
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        Counted.scores += 1
        return self.scale * summed(X)


def test_each_setting_is_fitted_once_and_scored_once():
    Counted.fits = Counted.scores = 0
    over = {"threshold": np.linspace(-1, 3, 9), "scale": [0.5, 1.0, 2.0]}
    found = cj.surface(Counted(), X2[TEST], Y2[TEST], over, "f1", HELD2)
    assert Counted.fits == found.diagnostics["n_fits"] == 3
    assert Counted.scores == 3 + 1  # the first is scored to learn what the scores are
    Counted.fits = Counted.scores = 0
    over = {"threshold": cj.Between(-1.0, 3.0), "scale": cj.Between(0.5, 2.0)}
    found = cj.surface(Counted(), X2[TEST], Y2[TEST], over, "f1", HELD2)
    assert Counted.fits == len(found.values[1])
    assert Counted.scores == Counted.fits + 1
    assert len(found.values[0]) > 5


def test_a_fit_that_has_not_converged_keeps_its_values_and_loses_its_slope():
    rough = LogisticRegression(max_iter=1)
    with pytest.warns(ConvergenceWarning):
        found = cj.surface(rough, X2[TEST], Y2[TEST], {"C": [0.5, 50.0], "threshold": [0.4, 0.5]}, "f1", HELD2)
    with pytest.warns(ConvergenceWarning):
        p = clone(rough).set_params(C=50.0).fit(*HELD2).predict_proba(X2[TEST])[:, 1]
    assert found.value[1, 0] == pytest.approx(f1_score(Y2[TEST], p >= 0.4), rel=1e-12)
    assert np.isnan(found.gradient[1, :, 0]).all()
    assert "has not converged" in " ".join(found.diagnostics["cautions"])


def test_a_fit_that_has_hardly_converged_is_told_of_once():
    over = {"C": [0.5, 50.0], "threshold": [0.4, 0.5]}
    found = cj.surface(LogisticRegression(tol=0.03), X2[TEST], Y2[TEST], over, "f1", HELD2)
    (told,) = found.diagnostics["cautions"]
    assert told.startswith("one Newton step of the training problem moves a cell by 0.")
    assert np.isfinite(found.gradient).all()


def test_luck_is_said():
    over = {"max_depth": [2, 3], "threshold": [0.4, 0.5]}
    found = cj.surface(DecisionTreeClassifier(), X2[TEST], Y2[TEST], over, "f1", HELD2)
    assert found.diagnostics["cautions"] == ["random_state is None, so fits may differ by luck; set it; at 4 nodes"]
    assert (
        cj.surface(DecisionTreeClassifier(random_state=0), X2[TEST], Y2[TEST], over, "f1", HELD2).diagnostics[
            "cautions"
        ]
        == []
    )


def normal_rows(n, shift=1.0, seed=0):
    """Return rows of two normal classes of a known population."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    return rng.normal(size=(n, 2)) + (2 * y - 1)[:, None] * shift / 2, y


def normal_f1(t, d, shift=1.0):
    """Return the F1 of that population where `summed` is cut at t, and the first column has drifted by d sd."""
    cut = t - d * np.sqrt(1 + shift**2 / 4)
    tp, fp = (0.5 * norm.sf((cut - side * shift) / np.sqrt(2)) for side in (1, -1))
    return 2 * tp / (tp + fp + 0.5)


def test_gradients_interpolate_a_population_far_better_than_lines():
    X, y = normal_rows(100_000)
    at, by = np.linspace(-3, 3, 5), np.linspace(-1.5, 1.5, 5)
    found = cj.surface(summed, X, y, {"threshold": at, "drift[x0]": by}, "f1")
    t, d = np.linspace(-3, 3, 41)[:, None], np.linspace(-1.5, 1.5, 41)
    true = normal_f1(t, d)
    told = found.at(t, d)
    straight = RegularGridInterpolator((at, by), found.value)(np.stack(np.broadcast_arrays(t, d), axis=-1))
    error, of_lines = (np.sqrt(np.mean((part - true) ** 2)) for part in (told.value, straight))
    assert error < of_lines / 8
    step = 1e-5
    slope = (normal_f1(t + step, d) - normal_f1(t - step, d)) / (2 * step)
    assert np.abs(told.gradient[..., 0] - slope).mean() < 0.1 * np.abs(slope).mean()


def test_gradients_interpolate_refits_better_than_lines():
    X, y = make(n=20_600)
    held = X[TRAIN], y[TRAIN]
    C, at = np.geomspace(0.003, 3, 4), np.linspace(0.35, 0.65, 3)
    found = cj.surface(LOGISTIC, X[600:], y[600:], {"C": C, "threshold": at}, "recall", held)
    dense, t = np.geomspace(0.003, 3, 13), np.linspace(0.35, 0.65, 9)
    p = [clone(LOGISTIC).set_params(C=c).fit(*held).predict_proba(X[600:][y[600:] == 1])[:, 1] for c in dense]
    true = np.array([[(of >= cut).mean() for cut in t] for of in p])
    points = np.stack(np.meshgrid(np.log(dense), t, indexing="ij"), axis=-1)
    lines = RegularGridInterpolator((np.log(C), at), found.value, bounds_error=False, fill_value=None)
    error, of_lines = (
        np.sqrt(np.mean((part - true) ** 2)) for part in (found.at(dense[:, None], t).value, lines(points))
    )
    assert error < of_lines / 3


def test_adaptive_points_serve_a_dense_grid_of_a_population():
    X, y = normal_rows(60_000)
    over = {"threshold": cj.Between(-3.0, 3.0), "drift[x0]": cj.Between(-1.5, 1.5)}
    found = cj.surface(summed, X, y, over, "f1", tolerance=0.005)
    t, d = np.linspace(-3, 3, 61)[:, None], np.linspace(-1.5, 1.5, 61)
    off = np.abs(found.at(t, d).value - normal_f1(t, d))
    assert off.max() < 0.005 * np.ptp(found.value) + 4 * found.stderr.max()
    assert set(found.diagnostics["stopped"].values()) == {"interpolation serves"}
    assert max(map(len, found.values)) < 33


def test_points_gather_where_the_surface_bends():
    rng = np.random.default_rng(0)
    n = 10_000
    y = np.arange(n) % 2
    X = np.column_stack([np.where(y == 1, rng.normal(5, 0.15, n), rng.uniform(0, 10, n)), rng.normal(size=n)])
    over = {"threshold": cj.Between(0.0, 10.0), "drift[x1]": cj.Between(-2.0, 2.0)}
    found = cj.surface(lambda X: X[:, 0] + 0 * X[:, 1], X, y, over, "recall", tolerance=0.03)
    at, by = found.values
    near = np.abs(at - 5) < 1
    assert near.mean() > 2 * 0.2
    assert np.diff(at[near]).min() < np.diff(at[at < 3]).min() / 2
    assert len(by) == 9  # nothing happens along it: five to begin with, and the middles that said so
    assert found.diagnostics["stopped"]["threshold"] == "interpolation serves"
    assert found.diagnostics["largest_error_seen"]["drift[x1]"] == 0


class Pinched(ClassifierMixin, BaseEstimator):
    """A classifier whose scores crowd together where a parameter is near .375, and nowhere else."""

    def __init__(self, a=0.5):
        self.a = a

    def fit(self, X, y):
        del X
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return summed(X) * (1 - 0.9 * np.exp(-(((self.a - 0.375) / 0.04) ** 2)))


def test_lines_of_one_axis_show_where_the_other_one_bends():
    X, y = normal_rows(8000)
    over = {"threshold": cj.Between(-3.0, 3.0), "a": [0.0, 0.25, 0.5]}
    plain = cj.surface(Pinched(), X, y, over, "recall", (X[:10], y[:10]))
    over["a"] = cj.Between(0.0, 1.0)  # .375 is none of the five to begin with
    found = cj.surface(Pinched(), X, y, over, "recall", (X[:10], y[:10]))
    assert len(plain.values[0]) == 9
    assert len(found.values[0]) > 12
    t = np.linspace(-3, 3, 241)
    true = norm.sf((t / 0.1 - 1) / np.sqrt(2))
    assert np.abs(found.at(t, 0.375).value - true).max() < 0.01 + 4 * found.stderr.max()


@pytest.mark.parametrize("n", [150, 1500])
def test_noise_is_not_chased(n):
    X, y = normal_rows(n)
    over = {"threshold": cj.Between(-2.0, 2.0), "drift[x0]": cj.Between(-1.0, 1.0)}
    found = cj.surface(summed, X, y, over, "f1", tolerance=1e-6)
    assert max(map(len, found.values)) <= 17


def test_at_most_so_many_points_and_it_says_so():
    X, y = normal_rows(20_000)
    over = {"threshold": cj.Between(-6.0, 6.0), "drift[x0]": [0.0, 0.5]}
    found = cj.surface(summed, X, y, over, "tp", tolerance=1e-6, max_points=7)
    assert len(found.values[0]) == 7
    assert found.diagnostics["stopped"]["threshold"].startswith("at most 7 points, with ")
    assert found.diagnostics["stopped"]["drift[x0]"] == "as given"


@given(st.lists(st.floats(-3, 3), min_size=8, max_size=8), st.floats(0, 1), st.floats(0, 1))
def test_cubics_of_each_axis_and_products_of_squares_are_exact(c, a, b):
    u, v = np.array([0.0, 0.3, 1.0])[:, None], np.array([-0.5, 0.1, 0.2, 1.0])

    def f(u, v):
        return c[0] + c[1] * u**3 + c[2] * v**3 + c[3] * u * v + c[4] * u + c[5] * v + c[6] * (u * v) ** 2 + c[7] * v**2

    def slopes(u, v):
        by_u = 3 * c[1] * u**2 + c[3] * v + c[4] + 2 * c[6] * u * v**2
        by_v = 3 * c[2] * v**2 + c[3] * u + c[5] + 2 * c[6] * u**2 * v + 2 * c[7] * v
        return np.stack(np.broadcast_arrays(by_u, by_v), axis=-1)

    found = Interpolant.of(u.ravel(), v, f(u, v), slopes(u, v))
    b = 1.5 * b - 0.5
    assert found.value(a, b) == pytest.approx(f(a, b), abs=1e-9)
    assert found.gradient(a, b) == pytest.approx(slopes(a, b), abs=1e-8)


@given(st.integers(0, 2**32 - 1))
def test_nodes_and_their_gradients_are_kept_whatever_they_are(seed):
    rng = np.random.default_rng(seed)
    u, v = np.cumsum(rng.uniform(0.1, 1, 4)), np.cumsum(rng.uniform(0.1, 1, 3))
    value, gradient = rng.normal(size=(4, 3)), rng.normal(size=(4, 3, 2))
    gradient[rng.random(gradient.shape) < 0.3] = np.nan
    found = Interpolant.of(u, v, value, gradient)
    assert found.value(u[:, None], v) == pytest.approx(value, abs=1e-9)
    told, known = found.gradient(u[:, None], v), np.isfinite(gradient)
    assert told[known] == pytest.approx(gradient[known], abs=1e-8)


def test_a_value_that_is_not_defined_spoils_the_rectangles_around_it_alone():
    u = np.arange(4.0)
    value = np.add.outer(u, u)
    value[1, 1] = np.nan
    found = Interpolant.of(u, u, value, np.ones((4, 4, 2)))
    middles = found.value(u[:-1, None] + 0.5, u[:-1] + 0.5)
    assert np.isnan(middles[:2, :2]).all()
    assert np.isfinite(middles).sum() == 5


def test_without_gradients_values_tell_the_slopes():
    u, v = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0])
    value = 2 * u[:, None] - v
    none, by_v = np.full((3, 2, 2), np.nan), np.full((3, 2, 2), np.nan)
    by_v[..., 1] = -1
    for gradient in (none, by_v):
        found = Interpolant.of(u, v, value, gradient)
        assert found.value(2.2, 0.7) == pytest.approx(3.7)
        assert found.gradient(2.2, 0.7) == pytest.approx([2, -1])


def test_the_log_axis_is_interpolated_by_its_logarithm():
    found = cj.surface(LOGISTIC, X2[TEST], Y2[TEST], {"C": [0.001, 0.1], "threshold": [0.4, 0.5]}, "tp", HELD2)
    middle = found.at(0.01, 0.45)
    f, g = found.value, found.gradient
    h = np.log(100)
    side = [f[0, j] / 2 + f[1, j] / 2 + h * (g[0, j, 0] - g[1, j, 0]) / 8 for j in (0, 1)]
    assert found.at(0.01, 0.4).value == pytest.approx(side[0], rel=1e-9)
    assert found.at(0.01, 0.5).value == pytest.approx(side[1], rel=1e-9)
    assert middle.gradient.shape == (2,)


def test_the_end_of_the_domain_has_a_value_and_no_slope():
    fit = clone(LOGISTIC).fit(*HELD2)
    found = cj.surface(fit, X2[TEST], Y2[TEST], {"threshold": [0.0, 0.5, 1.0], "drift[x0]": [0.0, 1.0]}, "tp")
    assert found.value[[0, 2]].tolist() == [[Y2[TEST].sum()] * 2, [0, 0]]
    assert np.isnan(found.gradient[[0, 2], :, 0]).all()
    assert np.isfinite(found.gradient[1]).all()
    assert np.isfinite(found.at(0.25, 0.5).value)


def test_one_row_near_a_facet_of_a_linear_model():
    fit = clone(LOGISTIC).fit(*HELD2)
    score = fit.decision_function(X2[TEST])
    t = score.max() + np.linspace(0, 3, 40)  # somewhere on the way just one row is near
    found = cj.surface(fit, X2[TEST], Y2[TEST], {"threshold": t, "drift[x0]": [0.0, 0.1]}, "tp", output="scores")
    assert np.isfinite(found.value).all()


def surface_of_two():
    """Return a small surface with a node that is clearly best."""
    X, y = normal_rows(2000)
    return cj.surface(summed, X, y, {"threshold": [-2.0, 0.0, 2.0], "drift[x0]": [-1.0, 0.0]}, "accuracy")


def test_the_best_node_is_told_with_what_it_is_worth():
    found = surface_of_two()
    best = found.best()
    assert best.value == found.value.max() == found.value[1, 1]
    assert best.values == {"threshold": 0.0, "drift[x0]": 0.0}
    assert (best.n_nodes, best.n_alike, best.note) == (6, 0, "in-sample; no other within one standard error")
    X, y = normal_rows(2000)
    errors = cj.surface(summed, X, y, {"threshold": [-2.0, 0.0, 0.01], "drift[x0]": [-1.0, 0.0]}, "fn")
    assert errors.best().value == errors.value.min()
    flat = cj.surface(summed, X, y, {"threshold": [0.0, 0.001], "drift[x0]": [0.0, 0.001]}, "f1")
    assert flat.best().n_alike == 3


def test_results_as_tables_and_text():
    found = surface_of_two()
    frame = found.to_frame("pandas" if needs("pandas") else "")
    assert len(frame) == 6
    row = frame[(frame["threshold"] == 2.0) & (frame["drift[x0]"] == -1.0)].iloc[0]
    assert row["value"] == found.value[2, 0]
    assert row["gradient by drift[x0]"] == found.gradient[2, 0, 1]
    assert row["stderr of gradient by threshold"] == found.gradient_stderr[2, 0, 0]
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["schema"] == "conjac.surface/1"
    assert np.shape(told["gradient"]) == (3, 2, 2)
    assert [axis["name"] for axis in told["axes"]] == ["threshold", "drift[x0]"]
    assert repr(found).startswith("Surface of accuracy over threshold (3) x drift[x0] (2): ")
    with pytest.raises(ValueError, match="read-only"):
        found.value[0, 0] = 1


def test_progress_is_told():
    shares = []
    over = {"threshold": cj.Between(-2.0, 2.0), "drift[x0]": [-1.0, 0.0, 1.0]}
    X, y = normal_rows(500)
    cj.surface(summed, X, y, over, "f1", progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) > 3


def test_options_of_the_decision_are_kept():
    y = np.array(["ham", "spam"])[Y2]
    fit = clone(LOGISTIC).fit(X2[TRAIN], y[TRAIN])
    over = {"threshold": [-0.5, 0.5], "drift[x2]": [0.0, 1.0]}
    same = {"coordinate": "logit", "pos_label": "ham", "condition_on": "class", "groups": np.arange(2000) % 90}
    found = cj.surface(fit, X2[TEST], y[TEST], over, "cell[ham, spam]", **same)
    J = cj.ConfusionJacobian.from_estimator(fit, X2[TEST], y[TEST], threshold=0.5, **same)
    assert J.labels == ("spam", "ham")
    assert found.value[1, 0] == J.matrix[1, 0]
    assert found.gradient[1, 0, 0] == pytest.approx(J.jacobian[1, 0], rel=1e-9)
    assert found.gradient_stderr[1, 0, 0] == pytest.approx(J.stderr[1, 0], rel=1e-9)
    assert found.units[0] == "1 unit of log-odds"


def test_one_coordinate_serves_all_nodes():
    rng = np.random.default_rng(0)
    y = np.arange(1000) % 2
    X = np.column_stack([rng.uniform(0, 0.8, 1000) + 0.2 * y, rng.normal(size=1000)])
    over = {"threshold": [0.3, 0.5], "drift[x0]": [0.0, 1.0]}
    with pytest.raises(cj.InvalidInputError, match="pass coordinate='score'"):  # a drift takes them past 1
        cj.surface(lambda X: X[:, 0], X, y, over, "f1")
    found = cj.surface(lambda X: X[:, 0], X, y, over, "f1", coordinate="score")
    assert found.value[1, 1] == pytest.approx(f1_score(y, X[:, 0] + X[:, 0].std() >= 0.5), rel=1e-12)


LINES = {"threshold": [0.4, 0.5]}
C = {"C": [0.1, 1.0]}


@pytest.mark.parametrize(
    ("over", "complaint"),
    [
        ([("C", [1, 2])], "over is a list; expected a mapping of two names"),
        (LINES, r"over names 1 things \('threshold'\); a surface is over two"),
        (LINES | C | {"tol": [0.1, 0.2]}, "over names 3 things"),
        (LINES | {3: [0.1, 0.2]}, "3 is no name"),
        (LINES | {"gamma": [0.1, 0.2]}, r"over\['gamma'\]: unknown; expected 'threshold'.*C, "),
        (LINES | {"solver": [1, 2]}, "'lbfgs' is no number"),
        (LINES | {"penalty[x0]": [1, 2]}, r"wrt=conjac.Hyperparameters\('penalty\[x0\]'\)"),
        (LINES | {"class_weight[7]": [1, 2]}, r"no such class; expected one of \['0', '1'\]"),
        (LINES | {"C": [1.0, 0.1]}, "0.1 follows 1; expected increasing"),
        (LINES | {"C": [1.0, 1.0]}, "1 follows 1; expected increasing"),
        (LINES | {"C": [1.0]}, r"shape \(1,\); expected two or more"),
        (LINES | {"C": 1.0}, r"shape \(\); expected two or more"),
        (LINES | {"C": [1.0, np.nan]}, r"over\['C'\]\[1\] is nan"),
        (LINES | {"C": [1.0, np.inf]}, r"over\['C'\]\[1\] is inf"),
        (LINES | {"C": "low"}, "expected increasing numbers"),
        (LINES | {"C": [-1.0, 1.0]}, "cannot be fitted at C=-1"),
        (C | {"threshold": [0.5, 1.5]}, r"1.5 lies outside \[0, 1\], a probability"),
        (C | {"offset[1]": [0, 1]}, "two classes have a threshold, and no offsets; take 'threshold'"),
        (C | {"drift[x9]": [0, 1]}, "X has no column 'x9'; expected one of x0, x1, x2"),
        ({"drift[x0]": [0, 1], "drift[0]": [0, 1]}, "are the same thing"),
        (C | {"drift[]": [0, 1]}, "X has no column ''"),
    ],
)
def test_errors_name_the_way_out(over, complaint):
    fit = clone(LOGISTIC).fit(*HELD2)
    held = None if isinstance(over, dict) and set(over) == {"drift[x0]", "drift[0]"} else HELD2
    with pytest.raises(cj.ConjacError, match=complaint):
        cj.surface(fit, X2[TEST], Y2[TEST], over, "f1", held)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"over": LINES | C}, r"over\['C'\] is a hyper-parameter.*pass training_data=\(X, y\)"),
        ({"over": LINES | {"drift[x0]": [0, 1]}, "training_data": HELD2}, "neither axis is a hyper-parameter"),
        ({"over": LINES | C, "training_data": HELD2, "threshold": 0.3}, "threshold is an axis, and is passed as well"),
        ({"over": LINES | C, "training_data": HELD2, "coordinate": "percentile"}, "a share alerted moves"),
        ({"over": LINES | C, "training_data": HELD2, "tolerance": 0}, "tolerance=0: expected a positive"),
        ({"over": LINES | C, "training_data": HELD2, "max_points": 1}, "max_points=1: expected a whole number of 2"),
        ({"over": LINES | C, "training_data": HELD2, "metric": "f2"}, "f2"),
    ],
)
def test_arguments_that_do_not_go_together(arguments, complaint):
    fit = clone(LOGISTIC).fit(*HELD2)
    with pytest.raises(cj.ConjacError, match=complaint):
        cj.surface(fit, X2[TEST], Y2[TEST], **arguments)


def test_other_errors():
    fit3 = clone(LOGISTIC).fit(*HELD3)
    with pytest.raises(cj.InvalidInputError, match=r"there are 3 classes.*take their offsets, such as 'offset\[2\]'"):
        cj.surface(fit3, X3[TEST], Y3[TEST], LINES | {"drift[x0]": [0, 1]}, "f1_macro")
    with pytest.raises(cj.InvalidInputError, match=r"no such class; expected one of \['0', '1', '2'\]"):
        cj.surface(fit3, X3[TEST], Y3[TEST], {"offset[5]": [0, 1], "drift[x0]": [0, 1]}, "f1_macro")
    with pytest.raises(cj.InvalidInputError, match="has no hyper-parameters"):
        cj.surface(summed, X2[TEST], Y2[TEST], LINES | C, "f1", HELD2)
    search = GridSearchCV(clone(LOGISTIC), {"C": [0.1, 1]}, cv=2).fit(*HELD2)
    with pytest.raises(cj.InvalidInputError, match="pass its best_estimator_"):
        cj.surface(search, X2[TEST], Y2[TEST], LINES | {"estimator__C": [0.1, 1]}, "f1", HELD2)
    pipe = make_pipeline(DecisionTreeClassifier(), clone(LOGISTIC))
    with pytest.raises(cj.InvalidInputError, match="several steps have one; name it in full"):
        cj.surface(pipe, X2[TEST], Y2[TEST], LINES | {"random_state": [1, 2]}, "f1", HELD2)
    same = {"C": [0.1, 1], "logisticregression__C": [0.1, 1]}
    pipe = make_pipeline(StandardScaler(), clone(LOGISTIC))
    with pytest.raises(cj.InvalidInputError, match="'C' and 'logisticregression__C' are the same thing"):
        cj.surface(pipe, X2[TEST], Y2[TEST], same, "f1", HELD2)
    weighted = (*HELD2, np.ones(600))
    model = clone(LOGISTIC).set_params(class_weight="balanced")
    with pytest.raises(cj.NotSupportedError, match="set class_weight to a dict"):
        cj.surface(model, X2[TEST], Y2[TEST], LINES | {"class_weight[1]": [1, 2]}, "f1", weighted)
    flat = np.column_stack([X2[TEST], np.ones(2000)])
    with pytest.raises(cj.InvalidInputError, match="one value in all rows"):
        cj.surface(summed, flat, Y2[TEST], {"threshold": [0, 1], "drift[x3]": [0, 1]}, "f1")
    for low, high in [(1, 1), (2, 1), (0, np.inf)]:
        with pytest.raises(cj.InvalidInputError, match="expected finite numbers, the lower one first"):
            cj.Between(low, high)


@pytest.mark.parametrize("point", [(0.3, 0.0), (0.45, 2.0), (np.nan, 0.0)])
def test_nothing_is_extrapolated(point):
    fit = clone(LOGISTIC).fit(*HELD2)
    found = cj.surface(fit, X2[TEST], Y2[TEST], LINES | {"drift[x0]": [0.0, 1.0]}, "f1")
    with pytest.raises(cj.InvalidInputError, match="nothing is extrapolated"):
        found.at(*point)
    with pytest.raises(cj.InvalidInputError, match="do not broadcast"):
        found.at([0.4, 0.45], [0.0, 0.5, 1.0])
