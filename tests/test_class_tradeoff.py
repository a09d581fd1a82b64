"""What one metric pays for another where offsets of several classes move: rates, sign maps, fronts."""

import pickle
from functools import cache, partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import NormalScores, finite_difference, normal_rows

import conjac as cj
from conjac.decisions.formulas import WeightedSum
from conjac.decisions.front import undominated
from conjac.decisions.offsets.trace import SHARES, Searches
from conjac.metrics import REAL, Metric, expected_cost
from conjac.metrics.cells import figure
from conjac.motion import DirectedMotion, Exchange, Pair
from conjac.tuning import read

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
POPULATION = NormalScores.of(3)
OFFSETS = np.array(POPULATION.offsets)
COST = expected_cost(np.array([[0.0, 1, 2], [3, 0, 1], [8, 2, 0]]))
PAIRS = [
    ("cell[0, 1]", "cell[1, 1]"),
    ("cell[2, 1]", "cell[0, 1]"),
    ("precision[1]", "recall[1]"),
    ("recall[0]", "accuracy"),
    ("cell[0, 2]", "f1_macro"),
    (COST, "recall[2]"),
]
NAMES = np.array(["ant", "bee", "cat"])


def told_as(pair):
    return " per ".join(name if isinstance(name, str) else name.name for name in pair)


def of_three(name):
    return figure(name, (0, 1, 2), 3)


def value_of(name, offsets):
    return float(of_three(name).value(POPULATION.rates(offsets)))


def truth_of(pair, offsets=OFFSETS):
    """Return the rates of the population by each offset, by differences of the quadrature."""

    def slope(name, k):
        return finite_difference(lambda step: value_of(name, offsets + step * np.eye(3)[k]), 1e-3)

    return np.array([slope(pair[0], k) / slope(pair[1], k) for k in range(3)])


def drawn(n=3000, seed=0):
    return POPULATION.draw(np.random.default_rng(seed), n)


def by_design(design, n):
    rng = np.random.default_rng(99)
    return {
        "plain": {},
        "weighted": {"sample_weight": rng.uniform(0.5, 2, n)},
        "grouped": {"groups": np.arange(n) % 40},
        "stratified": {"condition_on": "class"},
    }[design]


DESIGNS = ("plain", "weighted", "grouped", "stratified")


@pytest.fixture(scope="module")
def data():
    return drawn()


@pytest.fixture(scope="module", name="J")
def _jacobian(data):
    return cj.confusion_jacobian(*data, offsets=OFFSETS)


# --- cells by their names


@pytest.mark.parametrize(("name", "place"), [("cell[0, 1]", (0, 1)), ("cell[2,0]", (2, 0)), ("cell[ 1 , 1 ]", (1, 1))])
def test_a_cell_is_a_count_with_its_gradient(name, place):
    cells = np.arange(9.0).reshape(3, 3)
    row = of_three(name)
    assert float(row.value(cells)) == cells[place]
    assert np.argwhere(row.gradient(cells)).tolist() == [list(place)]
    assert row.greater_is_better == (place[0] == place[1])


def test_labels_may_hold_commas_unless_that_leaves_a_doubt():
    assert float(figure("cell[a, b, c]", ["a, b", "c", "d"], 3).value(np.arange(9.0).reshape(3, 3))) == 1
    with pytest.raises(cj.UnknownMetricError, match=r"more than one such cell \(2\)"):
        figure("cell[a, b, c]", ["a, b", "c", "a", "b, c"], 4)


def test_a_cell_of_the_reject_option_has_its_column_and_no_row():
    y, u = drawn(600)
    J = cj.confusion_jacobian(y, u, offsets=[0, 0, 0, 1.0])
    found = J.exchange_rate("cell[0, reject]", "coverage")
    np.testing.assert_allclose(found.gradient, J.jacobian[0, 3] / J.of("coverage").gradient)
    with pytest.raises(cj.UnknownMetricError, match="no such cell"):
        J.exchange_rate("cell[reject, 0]", "coverage")


def test_two_classes_have_short_names_for_their_cells():
    J = cj.confusion_jacobian(*normal_rows(0, 2000))
    for short, long in (("fp", "cell[0, 1]"), ("fn", "cell[1, 0]")):
        a, b = J.exchange_rate(short, "tp"), J.exchange_rate(long, "cell[1, 1]")
        assert a.gradient == b.gradient
        assert a.confint() == b.confint()


# --- rates by each offset


@pytest.mark.parametrize("pair", PAIRS, ids=told_as)
def test_a_rate_is_the_ratio_of_the_jacobian_s_own_slopes(J, pair):
    found = J.exchange_rate(*pair)
    paid, gained = (J.of(of_three(name)) for name in pair)
    np.testing.assert_allclose(found.gradient, paid.gradient / gained.gradient, rtol=1e-12)
    np.testing.assert_array_equal(found.value, found.gradient)
    assert found.gradient.shape == found.stderr.shape == found.center.shape == (3,)
    assert found.metric == told_as(pair)
    assert len(found.units) == 3
    lower, upper = found.confint(0.9)
    known = ~np.isnan(lower)
    assert (lower < found.center)[known].all()
    assert (found.center < upper)[known].all()
    wider = found.confint(0.99)
    still = ~np.isnan(wider.lower)
    assert (wider.lower < lower)[still].all()
    assert (upper < wider.upper)[still].all()


@pytest.mark.parametrize("pair", PAIRS[:4], ids=told_as)
def test_rates_invert_and_multiply(J, pair):
    rate, back = J.exchange_rate(*pair), J.exchange_rate(*pair[::-1])
    np.testing.assert_allclose(rate.gradient * back.gradient, 1)
    by_way = J.exchange_rate(pair[0], "f1_weighted").gradient * J.exchange_rate("f1_weighted", pair[1]).gradient
    np.testing.assert_allclose(by_way, rate.gradient)
    (lower, upper), (low, high) = rate.confint(), back.confint()
    known = ~(np.isnan(lower) | np.isnan(low)) & (lower * upper > 0)
    assert known.any()
    np.testing.assert_allclose(1 / high[known], lower[known], rtol=1e-6)
    np.testing.assert_allclose(1 / low[known], upper[known], rtol=1e-6)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_covariance_of_two_slopes_is_that_of_their_sum(data, design):
    """Var(a + 2b) = Var(a) + 4 Cov(a, b) + 4 Var(b), the left side from one metric's own error."""
    J = cj.confusion_jacobian(*data, offsets=OFFSETS, **by_design(design, 3000))
    rows = of_three("precision[1]"), of_three("recall[0]")
    both = J.of(Metric("sum", WeightedSum(rows, (1.0, 2.0)), REAL))
    covariance = J._motion.slope_covariance(rows)
    np.testing.assert_allclose(both.stderr**2, np.einsum("i,nij,j->n", [1, 2], covariance, [1, 2]), rtol=1e-8)
    for i, row in enumerate(rows):
        np.testing.assert_allclose(covariance[:, i, i], J.of(row).stderr ** 2, rtol=1e-9)
        own = np.diag(J._motion.metric_slope_covariance(row))
        np.testing.assert_allclose(covariance[:, i, i], own, rtol=1e-9)
    rate = J.exchange_rate(*rows)
    contrast = np.stack([np.ones(3), -rate.center], axis=1)
    slope = J.of(rows[1]).center
    np.testing.assert_allclose(
        (rate.stderr * slope) ** 2, np.einsum("ni,nij,nj->n", contrast, covariance, contrast), rtol=1e-9
    )


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_the_unit_of_the_weights_moves_no_rate_between_a_cell_and_a_metric_but_by_itself(data, factor):
    weight = np.random.default_rng(1).uniform(0.5, 2, 3000)
    one, many = (
        cj.confusion_jacobian(*data, offsets=OFFSETS, sample_weight=w).exchange_rate("cell[0, 1]", "recall[1]")
        for w in (weight, factor * weight)
    )
    np.testing.assert_allclose(many.gradient, factor * one.gradient)
    np.testing.assert_allclose(many.stderr, factor * one.stderr, rtol=1e-6)
    np.testing.assert_allclose(many.confint(), factor * np.array(one.confint()), rtol=1e-6)


@settings(max_examples=10)
@given(constant=st.floats(-3, 3))
def test_a_constant_added_to_all_offsets_moves_no_rate(data, J, constant):
    found = cj.confusion_jacobian(*data, offsets=OFFSETS + constant).exchange_rate("precision[1]", "recall[1]")
    own = J.exchange_rate("precision[1]", "recall[1]")
    for name in ("gradient", "center", "stderr"):
        np.testing.assert_allclose(getattr(found, name), getattr(own, name), rtol=1e-6)
    np.testing.assert_allclose(found.confint(), own.confint(), rtol=1e-6)


@pytest.mark.parametrize("order", [(1, 0, 2), (1, 2, 0), (2, 1, 0)])
def test_the_order_of_the_classes_moves_no_rate(data, order):
    y, u = data
    order = np.array(order)
    there = cj.confusion_jacobian(NAMES[y], u[:, order], offsets=OFFSETS[order], labels=NAMES[order])
    here = cj.confusion_jacobian(NAMES[y], u, offsets=OFFSETS)
    for pair in (("cell[ant, cat]", "cell[cat, cat]"), ("recall[bee]", "precision[cat]")):
        a, b = here.exchange_rate(*pair), there.exchange_rate(*pair)
        # Quartiles of margins that change their sign may fall to the next row.
        assert (np.abs(b.gradient - a.gradient[order]) < 0.1 * a.stderr[order]).all()
        np.testing.assert_allclose(b.stderr, a.stderr[order], rtol=0.05)


def test_figures_that_move_as_one_have_an_exact_rate(J):
    rows = J.matrix[1].sum()
    same = J.exchange_rate("recall[1]", "cell[1, 1]")
    np.testing.assert_allclose(same.gradient, 1 / rows)
    opposite = cj.confusion_jacobian(*drawn(900), offsets=OFFSETS, condition_on="class")
    rate = opposite.exchange_rate("recall[1]", "cell[1, 1]")
    np.testing.assert_allclose(rate.stderr, 0, atol=1e-7 * np.abs(rate.gradient).max())


def test_a_rate_to_what_may_stand_still_has_no_interval(data):
    best = cj.maximize(*data, "f1_macro", coordinate="score").offsets
    there = cj.confusion_jacobian(*data, offsets=best).exchange_rate("recall[1]", "f1_macro")
    assert np.isnan(there.confint()).all()
    still = cj.confusion_jacobian(*data).exchange_rate("accuracy", expected_cost(np.ones((3, 3))))
    assert np.isnan(still.gradient).all()
    assert np.isnan(still.confint()).all()


def test_a_rate_on_few_rows_has_no_interval():
    y, u = drawn(2000)
    far = y != 2
    far[np.flatnonzero(y == 0)[:4]] = False  # few rows of class 0 are near the facets of class 2, and none of class 1
    u[:, 2] -= 30 * far
    J = cj.confusion_jacobian(y, u)
    for pair in (("cell[0, 2]", "cell[2, 2]"), ("cell[2, 2]", "cell[0, 2]"), ("recall[1]", "precision[2]")):
        found = J.exchange_rate(*pair)
        unknown = np.any([np.isnan(J.of(of_three(name)).stderr) for name in pair], axis=0)
        assert unknown[2]
        assert np.isnan(found.stderr)[unknown].all()
        assert np.isnan(found.confint())[:, unknown].all()
    few = cj.confusion_jacobian(*drawn(12)).exchange_rate("recall[0]", "recall[1]")
    assert np.isnan(few.confint()).all()


@pytest.mark.parametrize("digits", [None, 2], ids=["tangent", "secant"])
def test_two_classes_by_offsets_or_by_threshold_have_one_rate_within_its_error(digits):
    """The estimators differ, and so do the steps on atoms; what they estimate is the same."""
    y, p = normal_rows(0, 20_000)
    p = p if digits is None else np.round(p, digits)
    t = cj.confusion_jacobian(y, p, threshold=0.6)
    b = cj.confusion_jacobian(y, np.stack([1 - p, p], axis=1), wrt="offsets", offsets=[0, -np.log(0.6 / 0.4)])
    np.testing.assert_array_equal(t.matrix, b.matrix)
    for pair in (("fp", "tp"), ("precision", "recall"), ("f1", "fn")):
        one, other = t.exchange_rate(*pair), b.exchange_rate(*pair)
        assert (np.abs(other.center - one.center) < 3 * one.stderr).all()
        np.testing.assert_allclose(other.stderr, one.stderr, rtol=0.25)
        np.testing.assert_allclose(other.gradient[0], other.gradient[1])
        if digits is None:  # to the bias of two bandwidths
            np.testing.assert_allclose(other.center, one.center, rtol=0.02)
            np.testing.assert_allclose(other.stderr, one.stderr, rtol=0.02)
    for J in (t, b):  # nothing is estimated in this one
        np.testing.assert_allclose(J.exchange_rate("recall", "tp").gradient, 1 / (y == 1).sum())


# --- rates against the population's


@pytest.mark.parametrize("pair", PAIRS, ids=told_as)
def test_rates_are_the_population_s_within_their_errors(pair):
    y, u = drawn(100_000, seed=5)
    found = cj.confusion_jacobian(y, u, offsets=OFFSETS).exchange_rate(*pair)
    truth = truth_of(pair)
    if isinstance(pair[0], str) and pair[0].startswith("cell") and not str(pair[1]).startswith("cell"):
        truth = truth * len(y)  # a count per unit of a share
    assert (np.abs(found.center - truth) < 3.5 * found.stderr).all()
    assert np.nanmedian(found.stderr / np.abs(truth)) < 0.15


def test_intervals_of_rates_hold_the_population_s_as_often_as_they_claim():
    pairs = [("cell[0, 1]", "cell[1, 1]"), ("precision[1]", "recall[1]"), ("recall[0]", "recall[2]")]
    truths = [truth_of(pair) for pair in pairs]
    inside, scores = [], []
    for seed in range(250):
        J = cj.confusion_jacobian(*drawn(2500, seed), offsets=OFFSETS)
        for place, (pair, truth) in enumerate(zip(pairs, truths, strict=True)):
            found = J.exchange_rate(*pair)
            lower, upper = found.confint(0.9)
            known = ~np.isnan(lower)
            inside += [(place, k, lower[k] <= truth[k] <= upper[k]) for k in np.flatnonzero(known)]
            scores += [(place, (found.center[k] - truth[k]) / found.stderr[k]) for k in np.flatnonzero(known)]
    inside, scores = np.array(inside), np.array(scores)
    for place in range(len(pairs)):
        covered = inside[inside[:, 0] == place, 2]
        assert len(covered) > 480  # at the third offset a slope may not be told from 0
        assert 0.87 < covered.mean() < 0.935
        assert 0.85 < scores[scores[:, 0] == place, 1].std() < 1.15


# --- along one offset


@pytest.mark.parametrize("pair", PAIRS, ids=told_as)
@pytest.mark.parametrize("design", DESIGNS)
def test_along_an_offset_everything_is_the_jacobian_s(data, pair, design):
    options = by_design(design, 3000)
    values = np.array([-0.4, 0.3, 1.0])
    found = cj.tradeoff(*data, *pair, along=1, offsets=OFFSETS, values=values, **options)
    assert found.parameter == "offset[1]"
    assert found.coordinate == "score"
    trends = []
    for i, value in enumerate(values):
        offsets = OFFSETS - OFFSETS[0]
        offsets[1] = value
        J = cj.confusion_jacobian(*data, offsets=offsets, **options)
        rate = J.exchange_rate(*pair)
        for name, course in zip(pair, (found.first, found.second), strict=True):
            own = J.of(of_three(name))
            assert course.value.value[i] == pytest.approx(own.value, rel=1e-12)
            assert course.value.stderr[i] == pytest.approx(own.value_stderr, rel=1e-9)
            assert course.slope.value[i] == pytest.approx(own.gradient[1], rel=1e-9)
            np.testing.assert_allclose(
                [side[i] for side in course.slope.confint(0.8)], np.array(own.confint(0.8))[:, 1]
            )
            np.testing.assert_allclose([side[i] for side in course.value.confint(0.8)], own.value_confint(0.8))
            lower, upper = (side[1] for side in own.confint())
            better = 1 if of_three(name).greater_is_better else -1
            trends.append(better * (1 if lower > 0 else -1 if upper < 0 else 0))
        assert found.exchange_rate.value[i] == pytest.approx(rate.gradient[1], rel=1e-9)
        assert found.exchange_rate.stderr[i] == pytest.approx(rate.stderr[1], rel=1e-6)
        np.testing.assert_allclose([side[i] for side in found.confint()], np.array(rate.confint())[:, 1], rtol=1e-6)
    words = {(1, 1): "both improve", (-1, -1): "both worsen", (-1, 1): "first pays", (1, -1): "second pays"}
    assert found.signs.tolist() == [words.get(pair, "unsure") for pair in zip(trends[::2], trends[1::2], strict=True)]


def test_who_pays_is_told_for_better_and_worse(data):
    along = partial(cj.tradeoff, *data, along=2, values=[-0.5, 0.5])
    assert set(along("recall[2]", "precision[2]").signs) == {"second pays"}
    assert set(along("recall[0]", "recall[2]").signs) == {"first pays"}
    assert set(along("cell[0, 2]", "cell[1, 2]").signs) == {"both worsen"}
    assert set(along("cell[2, 0]", "recall[2]").signs) == {"both improve"}
    turns = along("f1_macro", "recall[2]", values=[-1.5, 2.0])
    assert turns.signs.tolist() == ["both improve", "first pays"]


def test_values_by_default_follow_the_rows_that_turn():
    y, u = drawn(1000)
    found = cj.tradeoff(y, u, "recall[1]", "precision[1]", along=1, offsets=OFFSETS)
    moved = u + OFFSETS - OFFSETS[0]
    turns = np.sort(np.delete(moved, 1, axis=1).max(axis=1) - u[:, 1])
    assert len(found.values) == 41
    assert (np.diff(found.values) > 0).all()
    assert np.isin(found.values.round(9), turns.round(9)).all()
    ranks = np.searchsorted(turns, found.values - 1e-9)
    assert np.abs(np.diff(ranks) - 1000 / 41).max() <= 1
    alike = cj.tradeoff(y, np.full_like(u, 2.0), "recall[1]", "precision[1]", along=1)
    assert len(alike.values) == 1


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_scores_in_another_unit_get_values_in_that_unit(scale):
    y, u = drawn(800)
    one, other = (cj.tradeoff(y, c * u, "recall[1]", "accuracy", along=1) for c in (1.0, scale))
    np.testing.assert_allclose(other.values, scale * one.values)
    np.testing.assert_allclose(other.exchange_rate.value, one.exchange_rate.value, rtol=1e-6)


@pytest.mark.parametrize("along", ["ant", "cat"])
@pytest.mark.parametrize("order", [(1, 2, 0), (2, 1, 0)])
def test_the_order_of_the_classes_moves_no_course(data, along, order):
    y, u = data
    order = np.array(order)
    pair = "recall[bee]", "cell[ant, cat]"
    here = cj.tradeoff(NAMES[y], u, *pair, along=along, offsets=OFFSETS, values=[-1.0, 0.2])
    k = NAMES.tolist().index(along)
    offsets = OFFSETS - OFFSETS[0]
    there = []
    for value in here.values:  # told less the first label's, which may be the one that moves
        offsets[k] = value
        moved = offsets[order] - offsets[order][0]
        at = moved[int(np.argmax(order == k))]
        there.append(
            cj.tradeoff(NAMES[y], u[:, order], *pair, along=along, offsets=moved, values=at, labels=NAMES[order])
        )
    value, stderr = (
        np.concatenate([getattr(each.exchange_rate, name) for each in there]) for name in ("value", "stderr")
    )
    # Quartiles of margins that change their sign may fall to the next row.
    assert (np.abs(value - here.exchange_rate.value) < 0.1 * stderr).all()
    np.testing.assert_allclose(stderr, here.exchange_rate.stderr, rtol=0.05)


def test_two_classes_have_the_curve_s_own_tradeoff():
    y, p = normal_rows(0, 1500)
    curve = cj.ConfusionCurve.from_predictions(y, p)
    for score in (p, np.stack([1 - p, p], axis=1)):
        for values in (None, [0.3, 0.6]):
            found = cj.tradeoff(y, score, "precision", "tp", values=values)
            own = curve.tradeoff("precision", "tp", values)
            assert str(found.to_columns()) == str(own.to_columns())  # nan is not itself
            assert found.parameter == "threshold"
            np.testing.assert_array_equal(found.thresholds, own.values)
            np.testing.assert_array_equal(found.front.thresholds, own.front.thresholds)
    front = cj.pareto_front(y, p, "precision", "recall")
    np.testing.assert_array_equal(front.matrix, curve.tradeoff("precision", "recall", 0.5).front.matrix)


def test_the_offset_of_a_reject_option_moves_too():
    y, p = drawn(1500)
    p = np.exp(p) / np.exp(p).sum(axis=1, keepdims=True)
    held = np.array([0, 0, 0, np.log(0.5)])
    found = cj.tradeoff(y, p, "coverage", "selective_accuracy", along="reject", offsets=held, values=np.log([0.5, 0.7]))
    assert found.parameter == "offset[reject]"
    assert found.first.value.value[0] > found.first.value.value[1]
    assert set(found.signs) == {"first pays"}


def test_a_course_is_a_table_that_can_be_stored(data):
    found = cj.tradeoff(*data, "recall[1]", "precision[1]", along=1, values=[0.0, 0.5], offsets=OFFSETS, level=0.8)
    columns = found.to_columns()
    assert next(iter(columns)) == "offset[1]"
    assert columns["offset[1]"] == [0.0, 0.5]
    assert columns["level"] == [0.8, 0.8]
    assert {len(column) for column in columns.values()} == {2}
    again = pickle.loads(pickle.dumps(found))
    assert again.to_columns() == columns
    assert "offset[1]" in repr(found)
    assert found.diagnostics["held"] == {"0": 0.0, "2": OFFSETS[2] - OFFSETS[0]}
    with pytest.raises(ValueError, match="read-only"):
        found.values[0] = 1
    with pytest.raises(AttributeError, match=r"offset\[1\] moves here"):
        found.thresholds  # noqa: B018


# --- the front of all offsets


def softmax(u):
    p = np.exp(u - u.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def counted_on_a_grid(y, u):
    """Return the matrices of a dense grid of offsets."""
    axis, cells = np.arange(-5, 5.01, 0.1), []
    for b in axis:
        moved = np.stack([u + np.array([0, b, c]) for c in axis])
        code = moved.argmax(axis=2) + 3 * y + 9 * np.arange(len(axis))[:, None]
        cells.append(np.bincount(code.ravel(), minlength=9 * len(axis)).reshape(-1, 3, 3))
    return np.concatenate(cells).astype(float)


@pytest.fixture(scope="module")
def rows():
    return drawn(400, seed=3)


@pytest.fixture(scope="module")
def grid(rows):
    return counted_on_a_grid(*rows)


FRONTS = [
    ("f1_macro", "recall[2]"),
    ("recall[1]", "recall[2]"),
    ("precision[2]", "recall[2]"),
    ("cell[0, 2]", "recall[2]"),
    ("matthews_corrcoef", COST),
]


@pytest.fixture(scope="module")
def front_of(rows):
    return cache(lambda *pair: cj.pareto_front(*rows, *pair, n_points=10))


@pytest.mark.parametrize("pair", FRONTS, ids=told_as)
def test_nothing_on_a_dense_grid_beats_the_front(front_of, grid, pair):
    front = front_of(*pair)
    better = [1 if of_three(name).greater_is_better else -1 for name in pair]
    x, y = (s * of_three(name).value(grid) for s, name in zip(better, pair, strict=True))
    unit = np.ptp(x)
    lacks = [
        max(0.0, x[y >= held - 1e-12].max(initial=-np.inf) - reached) / unit
        for reached, held in zip(better[0] * front.first, better[1] * front.second, strict=True)
    ]
    assert max(lacks) <= 0.01
    assert np.mean(lacks) <= 0.001
    assert (better[0] * front.first).max() >= x.max() - 0.01 * unit
    assert (better[1] * front.second).max() >= y.max() - 0.01 * np.ptp(y)


@pytest.mark.parametrize("pair", FRONTS, ids=told_as)
def test_a_front_is_undominated_and_counted(rows, front_of, pair):
    (y, u), front = rows, front_of(*pair)
    better = [1 if of_three(name).greater_is_better else -1 for name in pair]
    assert undominated(better[0] * front.first, better[1] * front.second).all()
    assert 2 <= len(front) <= 10
    assert (np.diff(front.second) > 0).all()
    assert front.metrics == tuple(of_three(name).name for name in pair)
    for place in range(len(front)):
        J = cj.confusion_jacobian(y, u, offsets=front.offsets[place])
        np.testing.assert_array_equal(J.matrix, front.matrix[place])
        np.testing.assert_allclose(J.jacobian, front.jacobian[place], rtol=1e-12)
        paid, gained = (J.of(of_three(name)).gradient for name in pair)
        if gained.any():
            assert front.exchange_rate.value[place] == pytest.approx(paid @ gained / (gained @ gained), rel=1e-6)
            cosine = paid @ gained / np.linalg.norm(paid) / np.linalg.norm(gained)
            assert front.alignment[place] == pytest.approx(cosine, rel=1e-6)
        for told, name in ((front.first, pair[0]), (front.second, pair[1])):
            assert told[place] == pytest.approx(float(of_three(name).value(J.matrix)), rel=1e-12)


@pytest.mark.parametrize("pair", FRONTS, ids=told_as)
def test_between_two_points_a_weighted_sum_is_above_the_chord_and_bounds_are_met(rows, pair):
    given = read(*rows, None, coordinate=None, labels=None, sample_weight=None, groups=None, condition_on=None)
    searches = Searches(given, tuple(of_three(name) for name in pair))
    left, right = searches.end(0), searches.end(1)
    assert left.first > right.first
    assert left.second < right.second
    weighted, *bounded = searches.between(left, right)
    share = (weighted.second - left.second) / (right.second - left.second)
    assert weighted.first >= (1 - share) * left.first + share * right.first - 1e-9
    assert left.second < weighted.second < right.second
    for point, share in zip(bounded, SHARES, strict=True):
        assert point.second >= left.second + share * (right.second - left.second) - 1e-9
        assert point.first > right.first
    assert searches.done == 7


def test_the_same_rows_get_the_same_front(rows):
    one, other = (cj.pareto_front(*rows, "recall[1]", "accuracy", n_points=4) for _ in range(2))
    np.testing.assert_array_equal(one.offsets, other.offsets)


def test_a_front_of_weighted_rows_in_groups_is_that_of_their_matrices(rows):
    y, u = rows
    design = {"sample_weight": np.random.default_rng(0).uniform(0.5, 2, len(y)), "groups": np.arange(len(y)) % 30}
    front = cj.pareto_front(y, u, "recall[0]", "recall[2]", n_points=5, **design)
    assert undominated(front.first, front.second).all()
    for place in range(len(front)):
        J = cj.confusion_jacobian(y, u, offsets=front.offsets[place], **design)
        np.testing.assert_allclose(front.matrix[place], J.matrix, rtol=1e-12)
        gained = J.of("recall[2]").gradient
        if gained.any():
            contrast = DirectedMotion(J._motion, gained / np.linalg.norm(gained))
            row = of_three("recall[0]"), of_three("recall[2]")
            rate, (lower, upper) = Exchange.of_slopes(Pair.of(row, contrast)), front.exchange_rate.confint()
            np.testing.assert_allclose(front.exchange_rate.stderr[place], rate.stderr[0], rtol=1e-6)
            np.testing.assert_allclose((lower[place], upper[place]), np.array(rate.limits(0.95))[:, 0], rtol=1e-6)
    plain = cj.pareto_front(y, u, "recall[0]", "recall[2]", n_points=5)
    assert (plain.first != front.first).any()


def test_along_the_front_gradients_are_parallel_and_the_rate_is_the_front_s_own_slope():
    y, u = drawn(40_000, seed=2)
    front = cj.pareto_front(y, u, "recall[1]", "recall[2]", n_points=12)
    middle = (front.first > 0.4) & (front.second > 0.4)
    assert middle.sum() >= 5
    assert (front.alignment[middle] < -0.97).all()
    rate = front.exchange_rate
    chords = np.diff(front.first) / np.diff(front.second)
    for i in np.flatnonzero(middle)[1:-1]:  # the front is concave: its slope lies between those of its chords
        lower, upper = (side[i] for side in rate.confint(0.99))
        assert lower < chords[i - 1]
        assert chords[i] < upper
        assert lower < rate.value[i] < upper < 0


def test_the_rate_along_the_front_is_the_population_s_within_its_error():
    """The offsets are told apart by chance; the rate is the population's in the direction that was followed."""
    y, u = drawn(40_000, seed=2)
    front = cj.pareto_front(y, u, "accuracy", "recall[2]", n_points=8)
    for place in np.flatnonzero((front.second > 0.6) & (front.second < 0.97)):
        offsets = front.offsets[place]
        gradient = cj.confusion_jacobian(y, u, offsets=offsets).of("recall[2]").gradient
        paid, gained = (
            finite_difference(lambda s, name=name, b=offsets, g=gradient: value_of(name, b + s * g), 1e-2)
            for name in ("accuracy", "recall[2]")
        )
        assert abs(front.exchange_rate.value[place] - paid / gained) < 3.5 * front.exchange_rate.stderr[place]


def test_the_order_of_the_classes_moves_no_front():
    y, u = drawn(800, seed=4)
    order = np.array([2, 0, 1])
    here = cj.pareto_front(NAMES[y], u, "recall[ant]", "recall[cat]", n_points=12)
    there = cj.pareto_front(NAMES[y], u[:, order], "recall[ant]", "recall[cat]", n_points=12, labels=NAMES[order])
    at = np.linspace(0.5, 0.9, 9)
    one, other = (np.interp(at, front.second, front.first) for front in (here, there))
    np.testing.assert_allclose(one, other, atol=0.03)
    assert here.first.max() == there.first.max()
    assert here.second.max() == there.second.max()


def test_the_front_of_a_tradeoff_is_that_of_all_offsets(rows, monkeypatch):
    monkeypatch.setattr("conjac.decisions.offsets.path.N_POINTS", 7)
    found = cj.tradeoff(*rows, "recall[1]", "recall[2]", along=2, values=[0.0, 1.0])
    own = cj.pareto_front(*rows, "recall[1]", "recall[2]", n_points=7)
    np.testing.assert_array_equal(found.front.offsets, own.offsets)
    for i in range(2):  # no point of the line beats it
        at = found.second.value.value[i]
        assert np.interp(at, own.second, own.first) >= found.first.value.value[i] - 0.03


def test_a_front_is_a_table_that_can_be_stored(rows):
    y, u = rows
    p = softmax(u)
    front = cj.pareto_front(NAMES[y], p, "recall[bee]", "recall[cat]", n_points=4)
    assert front.coordinate == "logit"
    assert front.labels == ("ant", "bee", "cat")
    columns = front.to_columns()
    assert {len(column) for column in columns.values()} == {len(front)}
    assert columns["offset[ant]"] == [0.0] * len(front)
    again = pickle.loads(pickle.dumps(front))
    assert str(again.to_columns()) == str(columns)
    assert "recall[bee] against recall[cat]" in repr(front)
    assert "optimistic" in front.diagnostics["front"]
    assert front.diagnostics["searches"] >= 4
    with pytest.raises(ValueError, match="read-only"):
        front.offsets[0, 0] = 1


@pytest.mark.parametrize("case", ["six", "equal", "absent", "one metric twice"])
def test_fronts_and_courses_of_rows_that_tell_little(case):
    y = np.array([0, 0, 1, 1, 2, 2])
    u = np.random.default_rng(0).normal(size=(6, 3)) + np.eye(3)[y]
    options = {}
    if case == "equal":
        u = np.full_like(u, 2.0)
    elif case == "absent":
        y, options = np.where(y == 2, 0, y), {"labels": [0, 1, 2]}
    pair = ("accuracy", "accuracy") if case == "one metric twice" else ("precision[0]", "recall[1]")
    front = cj.pareto_front(y, u, *pair, n_points=3, **options)
    assert len(front) >= 1
    assert front.jacobian.shape == (len(front), 3, 3, 3)
    assert len(front.to_columns()["lower"]) == len(front)
    found = cj.tradeoff(y, u, *pair, along=1, **options)
    assert set(found.signs) == {"unsure"}
    assert np.isnan(found.confint()).all()


def test_where_a_metric_is_undefined_there_is_no_front():
    y, u = np.array([0, 1] * 20), np.random.default_rng(0).normal(size=(40, 3))
    front = cj.pareto_front(y, u, "recall[2]", "accuracy", n_points=3, labels=[0, 1, 2])
    assert len(front) == 0
    assert front.jacobian.shape == (0, 3, 3, 3)
    assert front.exchange_rate.value.shape == front.alignment.shape == (0,)


# --- what cannot be asked for


def along_one(y, u, **options):
    return cj.tradeoff(y, u, *options.pop("pair", ("recall[0]", "recall[1]")), **{"along": 1, **options})


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"along": None}, cj.InvalidInputError, r"along=None: name the class whose offset moves, one of '0', '1', '2'"),
        ({"along": 7}, cj.InvalidInputError, r"along=7: name the class.*'0', '1', '2'"),
        ({"offsets": [0, 1]}, cj.InvalidInputError, r"offsets has shape \(2,\)"),
        ({"offsets": [0, 1, np.inf]}, cj.InvalidInputError, r"offsets\[2\] is inf"),
        ({"values": [0, np.nan]}, cj.InvalidInputError, r"values\[1\] is nan"),
        ({"values": []}, cj.InvalidInputError, "values is empty"),
        ({"values": "high"}, cj.InvalidInputError, "values"),
        ({"level": 1.0}, cj.InvalidInputError, r"level=1\.0"),
        ({"pos_label": 1}, cj.NotSupportedError, "pos_label=1 is for two classes"),
        (
            {"pair": ("fp", "tp")},
            cj.UnknownMetricError,
            r"'fp' is a cell of two classes, and there are 3.*cell\[0, 1\]",
        ),
        ({"pair": ("recal[0]", "accuracy")}, cj.UnknownMetricError, r"recal.*cell\[true, predicted\]"),
        ({"pair": ("cell[0, 9]", "accuracy")}, cj.UnknownMetricError, r"cell\[0, 9\].*no such cell.*'0', '1', '2'"),
        ({"pair": ("cell[0]", "accuracy")}, cj.UnknownMetricError, r"cell\[0\].*no such cell"),
        ({"pair": (3, "accuracy")}, cj.InvalidInputError, "metric is 3"),
        ({"coordinate": "probability"}, cj.InvalidInputError, "coordinate"),
        ({"condition_on": "group"}, cj.InvalidInputError, "condition_on"),
    ],
)
def test_what_cannot_be_asked_of_a_course_says_the_way_out(options, error, told):
    with pytest.raises(error, match=told):
        along_one(*drawn(60), **options)


@pytest.mark.parametrize("n_points", [1, 2.5, "many", float("inf"), float("nan")])
def test_what_cannot_be_asked_of_a_front_says_the_way_out(n_points):
    with pytest.raises(cj.InvalidInputError, match="n_points="):
        cj.pareto_front(*drawn(60), "recall[0]", "accuracy", n_points=n_points)


def test_arguments_of_offsets_are_refused_of_two_classes():
    y, p = normal_rows(0, 50)
    for options in ({"along": 1}, {"offsets": [0, 1]}):
        with pytest.raises(cj.NotSupportedError, match="is for more than two classes; the threshold moves here"):
            cj.tradeoff(y, p, "recall", "fp", **options)
    with pytest.raises(cj.NotSupportedError, match="n_points=3 is for more than two classes"):
        cj.pareto_front(y, p, "recall", "fp", n_points=3)


def test_curves_of_thresholds_refuse_several_classes_and_say_the_way_out():
    y, u = drawn(60)
    with pytest.raises(cj.NotSupportedError, match=r"no threshold: use .*tradeoff.*one class against the rest"):
        cj.ConfusionCurve.from_predictions(y, u)


def test_a_mix_has_no_exchange_rate():
    J = cj.confusion_jacobian(*drawn(300), wrt=cj.Mix("class"))
    with pytest.raises(cj.NotSupportedError, match="exchange_rate: as the threshold or the offsets move"):
        J.exchange_rate("recall[0]", "accuracy")
