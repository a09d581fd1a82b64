"""What rows add to slopes: laws of sums, signs and reach, and recounts row by row."""

import copy
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

import conjac as cj
from conjac.density.local import REACH
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError, UnknownMetricError

BINNING = 2e-3
"""Relative: rows count by their bins in the estimate, and by themselves in what they add."""
pytestmark = pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")


def two(seed, n, weighted=False):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1.2)))
    return y, score, rng.uniform(0.2, 3, n) if weighted else None


def several(seed, k, n, weighted=False):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    u = rng.normal(size=(n, k)) + 1.5 * np.eye(k)[y]
    return y, np.exp(u) / np.exp(u).sum(axis=1, keepdims=True), rng.uniform(0.2, 3, n) if weighted else None


def table(seed=0, n=3000, k=2):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    return rng.normal(size=(n, 3)) + y[:, None] * np.array([1.0, 0.5, 0.0]), y


def slope_of(J, metric, place):
    """Return the centre of a cell's or a metric's interval."""
    cells = {"tn": (0, 0), "fp": (0, 1), "fn": (1, 0), "tp": (1, 1)}
    if metric in cells:
        return np.atleast_1d(J.center[cells[metric]])[place]
    if isinstance(metric, tuple):
        return J.center[metric][place]
    return np.atleast_1d(J.of(metric).center)[place]


# Sums


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    n=st.sampled_from([200, 1000, 5000]),
    weighted=st.booleans(),
    grouped=st.booleans(),
    coordinate=st.sampled_from(["probability", "logit", "percentile"]),
    normalize=st.sampled_from([None, "true", "pred", "all"]),
    metric=st.sampled_from(["fn", "fp", "tp", "tn", "recall", "precision", "balanced_accuracy"]),
    at=st.floats(0.3, 0.7),
)
def test_under_a_threshold_they_sum_to_the_centre(seed, n, weighted, grouped, coordinate, normalize, metric, at):
    y, score, weight = two(seed, n, weighted)
    groups = np.arange(n) // 4 if grouped else None
    J = cj.confusion_jacobian(
        y, score, threshold=at, coordinate=coordinate, sample_weight=weight, groups=groups, normalize=normalize
    )
    assume(J.method == "tangent")
    found = J.contributions(metric)
    assert found.slope == pytest.approx(slope_of(J, metric, 0), rel=1e-12)
    size = np.abs(found.contribution).sum()
    assert abs(found.contribution.sum() - found.slope) <= BINNING * size
    assert found.diagnostics["sum"] == found.contribution.sum()


@settings(max_examples=20)
@given(
    seed=st.integers(0, 10**6),
    k=st.integers(2, 5),
    weighted=st.booleans(),
    normalize=st.sampled_from([None, "true", "pred", "all"]),
    rounded=st.booleans(),
    data=st.data(),
)
def test_under_offsets_they_sum_exactly(seed, k, weighted, normalize, rounded, data):
    y, p, weight = several(seed, k, 1500, weighted)
    score = np.round(np.log(p)) if rounded else p
    J = cj.confusion_jacobian(y, score, wrt="offsets", sample_weight=weight, normalize=normalize)
    assert J.method == ("secant" if rounded else "tangent")
    i, j, place = (data.draw(st.integers(0, k - 1)) for _ in range(3))
    for metric, name in (((i, j), f"cell[{i}, {j}]"), ("accuracy", "accuracy")):
        found = J.contributions(name, f"offset[{place}]")
        assert found.slope == pytest.approx(slope_of(J, metric, place), rel=1e-9, abs=1e-12)
        assert found.contribution.sum() == pytest.approx(found.slope, rel=1e-9, abs=1e-12)


def test_a_reject_option_is_an_offset_like_any_other():
    y, p, _ = several(1, 3, 4000)
    J = cj.confusion_jacobian(y, p, offsets=[0, 0, 0, np.log(0.6)])
    found = J.contributions("cell[1, reject]", "offset[reject]")
    assert found.contribution.sum() == pytest.approx(J.center[1, 3, 3])
    assert set(found.flips_to[found.predicted != "reject"]) == {"reject"}
    assert J.contributions("coverage", "offset[reject]").contribution.sum() == pytest.approx(J.of("coverage").center[3])


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("make", [LogisticRegression, lambda: MLPClassifier((8,), max_iter=60, random_state=0)])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_features_sum_to_the_centre(k, make):
    X, y = table(k=k)
    J = cj.ConfusionJacobian.from_estimator(make().fit(X, y), X, y, wrt="features", sample_weight=1 + y)
    assert J.method == "tangent"
    for place, name in enumerate(J.parameters):
        found = J.contributions("cell[1, 0]", name)
        assert found.slope == J.center[1, 0, place]
        # one row's worth of a flat line is added to the regression on margins
        assert abs(found.contribution.sum() - found.slope) <= 2e-3 * np.abs(found.contribution).sum()


def test_hyper_parameters_that_an_optimum_follows_are_served():
    X, y = table()
    J = cj.ConfusionJacobian.from_estimator(
        LogisticRegression().fit(X, y), X, y, wrt=cj.Hyperparameters("C"), training_data=(X, y)
    )
    found = J.contributions("fn")
    assert found.contribution.sum() == pytest.approx(J.center[1, 0, 0], rel=1e-2)


# Recounts, row by row


@settings(max_examples=25)
@given(
    seed=st.integers(0, 10**6),
    digits=st.integers(1, 2),
    weighted=st.booleans(),
    at=st.sampled_from([0.3, 0.45, 0.5, 0.55, 0.62]),
    raw=st.booleans(),
)
def test_a_secant_is_the_recount_row_by_row(seed, digits, weighted, at, raw):
    y, score, weight = two(seed, 800, weighted)
    score = np.round(score, digits) + (2 if raw else 0)
    t = at + (2 if raw else 0)
    J = cj.confusion_jacobian(y, score, threshold=t, sample_weight=weight)
    assume(J.method == "secant" and np.isfinite(J.center).all())
    step, w = J.diagnostics["step"], np.ones(len(y)) if weight is None else weight
    flips = (score >= t - step) & ~(score >= t + step)  # predicted otherwise at the two ends
    for metric, sign, true in (("fn", 1, 1), ("tp", -1, 1), ("fp", -1, 0), ("tn", 1, 0)):
        expected = sign * w * (flips & (y == true)) / (2 * step)
        found = J.contributions(metric)
        np.testing.assert_allclose(found.contribution, expected, rtol=1e-9, atol=0)
        assert found.contribution.sum() == pytest.approx(found.slope, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("k", [2, 3])
def test_trees_are_recounted_row_by_row(k):
    X, y = table(k=k)
    tree = DecisionTreeClassifier(max_depth=5, random_state=0).fit(X[:1000], y[:1000])
    J = cj.ConfusionJacobian.from_estimator(tree, X, y, wrt="features", sample_weight=1.0 + y)
    for place, name in enumerate(J.parameters):
        step, unit = J.diagnostics["step"][name], J.diagnostics["spread"][name]
        below, above = (tree.predict(X + by * np.eye(3)[place]) for by in (-step, step))
        expected = (y == 1) * 2.0 * ((above == 0) * 1.0 - (below == 0)) * unit / (2 * step)
        found = J.contributions("cell[1, 0]", name)
        np.testing.assert_allclose(found.contribution, expected, rtol=1e-9)
        assert found.contribution.sum() == pytest.approx(J.center[1, 0, place])
        at = tree.predict(X)
        assert set(found.next_to_flip()) == set(np.flatnonzero(above != at))
        assert set(found.next_to_flip(rising=False)) == set(np.flatnonzero(below != at))


# What standard errors are made of


def test_their_squares_are_those_of_standard_errors_by_the_threshold():
    y, score, weight = two(3, 3000, True)
    J = cj.confusion_jacobian(y, score, sample_weight=weight)
    flux, rate = J._motion.flux, J._motion.rate[0]
    for metric, true in (("fp", 0), ("fn", 1)):
        squares = (J.contributions(metric).contribution ** 2).sum() / rate**2
        assert squares == pytest.approx(flux.square[0, true, true], rel=5e-3)


def test_their_squares_are_those_of_standard_errors_by_features():
    X, y = table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MLPClassifier((8,), max_iter=60, random_state=0).fit(X, y)
    J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt="features")
    for place, name in enumerate(J.parameters):
        squares = (J.contributions("fn", name).contribution ** 2).sum()
        assert squares == pytest.approx(J._motion.joint.sums.square[1, place], rel=1e-9)


def test_their_squares_are_those_of_standard_errors_by_offsets():
    y, p, _ = several(3, 3, 3000)
    J = cj.confusion_jacobian(y, p)
    found = J.contributions("cell[1, 2]", "offset[0]")  # the rows that the first class takes from the third, and gives
    second = J._motion.joint._row_sums.second
    assert (found.contribution**2).sum() == pytest.approx(second[1, 0, 2] + second[1, 2, 0])


# Signs, reach, equivariance


@settings(max_examples=15)
@given(seed=st.integers(0, 10**6), n=st.sampled_from([300, 3000]))
def test_rows_near_the_boundary_lose_what_the_class_loses_and_far_ones_nothing(seed, n):
    y, score, _ = two(seed, n)
    J = cj.confusion_jacobian(y, score)
    width = np.array([J.diagnostics["bandwidth"][str(k)] for k in (0, 1)])
    fn, fp = J.contributions("fn"), J.contributions("fp")
    assert not fn.contribution[y == 0].any()
    assert not fp.contribution[y == 1].any()
    distance = np.abs(fn.margin) / width[y]
    very_near = distance < 0.25
    assert (fn.contribution[very_near & (y == 1)] > 0).all()
    assert (fp.contribution[very_near & (y == 0)] < 0).all()
    # widths are those at the cut, on a scale that bends
    far = distance > 2 * REACH
    assert not fn.contribution[far].any()
    assert not fp.contribution[far].any()


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), factor=st.floats(0.1, 10), offsets=st.booleans())
def test_weights_scale_them_and_order_does_not_matter(seed, factor, offsets):
    y, score, weight = several(seed, 3, 1000, True) if offsets else two(seed, 1000, True)
    metric, parameter = ("cell[1, 2]", "offset[2]") if offsets else ("fn", "threshold")

    def adds(rows, w):
        return cj.confusion_jacobian(y[rows], score[rows], sample_weight=w[rows]).contributions(metric, parameter)

    rows = np.arange(1000)
    plain = adds(rows, weight)
    scale = np.abs(plain.contribution).max()
    scaled = adds(rows, factor * weight).contribution / factor
    np.testing.assert_allclose(scaled, plain.contribution, rtol=1e-4, atol=1e-5 * scale)
    order = np.random.default_rng(seed).permutation(1000)
    other = adds(order, weight)
    np.testing.assert_allclose(other.contribution, plain.contribution[order], rtol=1e-4, atol=1e-5 * scale)
    np.testing.assert_array_equal(other.flips_to, plain.flips_to[order])
    without = np.where(rows % 7 == 0, 0.0, weight)
    assert not adds(rows, without).contribution[::7].any()


# Which flip next


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n_flips=st.integers(1, 20), rising=st.booleans(), percentile=st.booleans())
def test_the_next_to_flip_are_those_that_a_moved_threshold_turns(seed, n_flips, rising, percentile):
    y, score, _ = two(seed, 300)
    J = cj.confusion_jacobian(y, score, coordinate="percentile" if percentile else None)
    found = J.contributions("fn")
    first = found.next_to_flip(n_flips, rising)
    up = rising != percentile  # alerting a larger share takes a lower threshold
    ends = np.sort(score[first])
    t = np.nextafter(ends[-1], 2) if up else ends[0]
    turned = (score >= t) != (score >= 0.5)
    assert set(np.flatnonzero(turned)) == set(first)
    assert (np.diff(np.abs(found.margin[first])) >= 0).all()
    positives = found.next_to_flip(rising=rising, changing=True)
    assert positives.tolist() == [row for row in found.next_to_flip(rising=rising) if y[row] == 1]


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), k=st.integers(2, 4), n_flips=st.integers(1, 10), rising=st.booleans())
def test_the_next_to_flip_are_those_that_a_moved_offset_turns(seed, k, n_flips, rising):
    y, p, _ = several(seed, k, 300)
    offsets = np.random.default_rng(seed).normal(0, 0.3, k)
    J = cj.confusion_jacobian(y, p, offsets=offsets)
    found = J.contributions("cell[1, 0]", f"offset[{k - 1}]")
    first = found.next_to_flip(n_flips, rising)
    assume(len(first) == n_flips)
    u = np.log(p) + offsets
    moved = u + np.eye(k)[k - 1] * (1 if rising else -1) * (np.abs(found.margin[first[-1]]) + 1e-9)
    turned = moved.argmax(axis=1) != u.argmax(axis=1)
    assert set(np.flatnonzero(turned)) == set(first)
    assert (moved.argmax(axis=1)[first] == found.flips_to[first]).all()
    assert (found.predicted == u.argmax(axis=1)).all()


def test_the_next_to_flip_are_those_that_a_drift_turns():
    X, y = table()
    model = LogisticRegression().fit(X, y)
    J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt="features")
    speed = model.coef_[0] * X.std(axis=0)
    for place, name in enumerate(J.parameters):
        found = J.contributions("fn", name)
        for rising in (True, False):
            first = found.next_to_flip(5, rising)
            far = np.abs(found.margin[first[-1]] / speed[place]) * X.std(axis=0)[place] * (1 + 1e-9)
            moved = model.predict(X + np.eye(3)[place] * (far if rising else -far))
            assert set(np.flatnonzero(moved != model.predict(X))) == set(first)


def test_margins_are_told_towards_the_later_class():
    y, p, _ = several(5, 3, 500)
    found = cj.confusion_jacobian(y, p).contributions("accuracy", "offset[1]")
    u = np.log(p)
    rows = np.arange(500)
    own, other = found.codes[1], found.codes[2]
    gap = u[rows, np.maximum(own, other)] - u[rows, np.minimum(own, other)]
    np.testing.assert_allclose(found.margin, gap)
    y, score, _ = two(5, 500)
    np.testing.assert_allclose(
        cj.confusion_jacobian(y, score, threshold=0.3).contributions("fn").margin,
        np.log(score / (1 - score)) - np.log(0.3 / 0.7),
    )


# The result


def test_it_names_rows_strongest_first():
    y, score, _ = two(7, 500)
    labels = np.array(["no", "yes"])
    found = cj.confusion_jacobian(labels[y], score).contributions("f1")
    strongest = found.top()
    assert len(strongest) == np.count_nonzero(found.contribution) == found.diagnostics["rows_that_add"]
    assert (np.diff(np.abs(found.contribution[strongest])) <= 0).all()
    rising, falling = found.top(rising=True), found.top(rising=False)
    assert (found.contribution[rising] > 0).all()
    assert (found.contribution[falling] < 0).all()
    assert sorted([*rising, *falling]) == sorted(strongest)
    columns = found.to_columns(4)
    assert columns["row"] == found.top(4).tolist()
    assert columns["true"] == found.label[found.top(4)].tolist()
    assert set(columns["flips_to"]) <= {"no", "yes"}
    assert found.to_frame("pyarrow").num_rows == len(strongest)
    assert len(found) == 500
    assert f"row {strongest[0]}: " in repr(found)
    assert "of f1 by threshold" in repr(found)


def test_past_the_end_of_the_domain_they_are_undefined():
    y, score, _ = two(8, 300)
    found = cj.confusion_jacobian(y, score, threshold=1.5).contributions("fn")
    assert np.isnan(found.slope)
    assert np.isnan(found.contribution).all()
    assert len(found.next_to_flip(5)) == len(found.top()) == 0


def test_scores_are_referred_to_and_not_copied():
    y, score, weight = two(9, 300, True)
    J = cj.confusion_jacobian(y, score, sample_weight=weight)
    assert np.shares_memory(J._outcomes.score, score)
    assert not J._outcomes.score.flags.writeable
    found = J.contributions("fn")
    for array in (found.contribution, found.margin, found.codes):
        assert not array.flags.writeable
    score[0] = 1 - score[0]
    with pytest.raises(InvalidInputError, match="was changed since they were counted"):
        J.contributions("fn")


@pytest.mark.parametrize("offsets", [False, True])
def test_results_by_scores_can_be_saved(offsets):
    y, score, _ = several(9, 3, 500) if offsets else two(9, 500)
    metric, parameter = ("cell[1, 2]", "offset[2]") if offsets else ("fn", None)
    J = cj.confusion_jacobian(y, score)
    again = pickle.loads(pickle.dumps(J)).contributions(metric, parameter)
    np.testing.assert_array_equal(again.contribution, J.contributions(metric, parameter).contribution)
    assert pickle.loads(pickle.dumps(again)).slope == again.slope


@pytest.mark.parametrize("model", [LogisticRegression(), DecisionTreeClassifier(max_depth=3)])
def test_results_by_features_can_be_saved_without_their_model(model):
    X, y = table(n=500)
    J = cj.ConfusionJacobian.from_estimator(model.fit(X, y), X, y, wrt="features")
    again = pickle.loads(pickle.dumps(J))
    np.testing.assert_array_equal(again.jacobian, J.jacobian)
    with pytest.raises(NotSupportedError, match="was saved, and the model with its rows was not: make it again"):
        again.contributions("fn", "x0")
    for copied in (copy.copy(J), copy.deepcopy(J)):
        np.testing.assert_array_equal(
            copied.contributions("fn", "x0").contribution, J.contributions("fn", "x0").contribution
        )


# What cannot be


def test_what_has_no_rows_of_its_own_is_refused_with_a_way_out():
    y, score, _ = two(10, 400)
    X, labels = table(n=400)
    model = LogisticRegression().fit(X, labels)
    make = cj.ConfusionJacobian.from_estimator
    refits = cj.Hyperparameters("alpha", step=0.5)
    sgd = SGDClassifier(random_state=0).fit(X, labels)
    refused = {
        "a mix moves weights": cj.confusion_jacobian(y, score, wrt=cj.Mix("class")),
        "ask for influential_rows": make(model, X, labels, wrt="training_weights", training_data=(X, labels)),
        "leave it out": cj.confusion_jacobian(y, score, assume_calibrated=True),
        "method='implicit'": make(sgd, X, labels, wrt=refits, training_data=(X, labels), random_state=0),
    }
    for why, J in refused.items():
        with pytest.raises(NotSupportedError, match=why):
            J.contributions("fn")


def test_parameters_and_figures_are_named():
    y, p, _ = several(11, 3, 300)
    J = cj.confusion_jacobian(y, p)
    with pytest.raises(InvalidInputError, match=r"parameter=None: expected one of offset\[0\], offset\[1\]"):
        J.contributions("accuracy")
    with pytest.raises(InvalidInputError, match="parameter='C'"):
        J.contributions("accuracy", "C")
    with pytest.raises(UnknownMetricError, match="is a cell of two classes"):
        J.contributions("fn", "offset[0]")
    assert J.fastest("cell[0, 2]") in ("offset[0]", "offset[2]")


def test_nothing_warns_that_the_result_did_not():
    y, score, _ = two(12, 2000)
    J = cj.confusion_jacobian(y, score)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConjacWarning)
        J.contributions("fn")
