"""Offsets to take: searches against brute force, targets and optima against the population's, at the ends as well."""

import json
import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import NormalScores, count_classes, normal_rows
from scipy.optimize import differential_evolution, minimize
from sklearn import metrics as sk
from strategies import class_rows, eighths

import conjac as cj
from conjac.decisions import Constraint
from conjac.decisions.offsets.line import PLACES, best_on_line, merit_along
from conjac.decisions.offsets.objective import Objective
from conjac.decisions.offsets.others import all_but
from conjac.decisions.offsets.sample import Sample
from conjac.decisions.offsets.soft import SoftCells
from conjac.metrics import expected_cost, resolve
from conjac.rules import ArgmaxRule

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
NAMES = np.array(["ant", "bee", "cat", "dog", "elk"])
COSTS = np.array([[0.0, 1, 2], [3, 0, 1], [8, 2, 0]])
METRICS = ("f1_macro", "matthews_corrcoef", "balanced_accuracy", "accuracy", "cohen_kappa")
GRID = np.arange(-5, 5.01, 0.1)


def told_as(asked):
    return asked.name if isinstance(asked, cj.metrics.Metric) else str(asked)


def softmax(u):
    p = np.exp(u - u.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def calibrated(n, share=(0.8, 0.15, 0.05), seed=0, separation=1.5):
    """Return labels and their true probabilities: a normal score a class, of unit noise."""
    rng = np.random.default_rng(seed)
    k = len(share)
    y = rng.choice(k, n, p=share)
    y[: 2 * k] = np.tile(np.arange(k), 2)
    x = rng.normal(size=(n, k)) + separation * np.eye(k)[y]
    return y, softmax(separation * x + np.log(share))


EVEN = (0.4, 0.35, 0.25)


def sample_of(r):
    scale = "logit" if r.kind == "probability" else "score"
    rule = ArgmaxRule(np.zeros(r.y_score.shape[1]), scale)
    return Sample.of(rule, r.true, r.y_score, r.sample_weight)


def normal_sample(n, n_classes=3, seed=0, weighted=False):
    y, u = NormalScores.of(n_classes).draw(np.random.default_rng(seed), n)
    weight = np.random.default_rng(seed + 1).exponential(size=n) if weighted else None
    return Sample.of(ArgmaxRule(np.zeros(n_classes)), y, softmax(u), weight)


def merit_of(metric, n_classes):
    return Objective(resolve(metric, range(n_classes))).merit


def exhaustive(sample, offsets, k, merit):
    """Count again between any two values at which a row turns; return the largest merit and the number of values."""
    moved = sample.compared + offsets[:, None]
    needed = np.unique(np.delete(moved, k, axis=0).max(axis=0) - sample.compared[k])
    middle = ((needed[1:] + needed[:-1]) / 2)[np.diff(needed) > 1e-7]
    values = np.concatenate([[needed[0] - 1], middle, [needed[-1] + 1]])
    cells = []
    for value in values:
        there = offsets.copy()
        there[k] = value
        cells.append(sample.at(there))
    return merit(np.stack(cells)).max(), len(values)


def with_offset(offsets, k, value):
    there = np.array(offsets, dtype=float)
    there[k] = value
    return there


@pytest.fixture(scope="module")
def rows():
    return calibrated(400, (0.7, 0.2, 0.1))


@pytest.fixture(scope="module")
def grid(rows):
    """Confusion matrices at a dense grid of offsets of the logarithms."""
    y, p = rows
    u, cells = np.log(p), []
    for b in GRID:
        moved = np.stack([u + np.array([0, b, c]) for c in GRID])
        code = moved.argmax(axis=2) + 3 * y + 9 * np.arange(len(GRID))[:, None]
        cells.append(np.bincount(code.ravel(), minlength=9 * len(GRID)).reshape(-1, 3, 3))
    return np.concatenate(cells).astype(float)


def recounted(decision, y_true, y_score, weight=None):
    """Count the predictions, whatever the labels are."""
    labels = np.array(decision.labels)
    order, n = np.argsort(labels), len(labels)
    true, predicted = (
        order[np.searchsorted(labels, side, sorter=order)] for side in (y_true, decision.predict(y_score))
    )
    return cells_of(true, predicted, n, weight)


def cells_of(true, predicted, n, weight=None):
    return np.bincount(n * true + predicted, weight, n * n).reshape(n, n)


# --- one offset, all others held


@given(
    data=st.data(), metric=st.sampled_from(["f1_macro", "matthews_corrcoef", "accuracy", "precision[1]", "recall[0]"])
)
@settings(max_examples=150)
def test_the_best_on_a_line_is_brute_force(data, metric):
    r = data.draw(class_rows(n_classes=(3, 5), max_size=40))
    sample, k = sample_of(r), data.draw(st.integers(0, 2))
    offsets, merit = data.draw(eighths(sample.n_columns)), merit_of(metric, sample.n_columns)
    found, value = best_on_line(sample, all_but(sample.compared + offsets[:, None], k), k, merit)
    best, _ = exhaustive(sample, offsets, k, merit)
    np.testing.assert_allclose(found, best, rtol=1e-9, atol=1e-12)
    again = merit(sample.at(with_offset(offsets, k, value))[None])[0]
    np.testing.assert_allclose(found, again, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("metric", ["f1_macro", "matthews_corrcoef", "accuracy", "precision[2]"])
@pytest.mark.parametrize("weighted", [False, True])
def test_of_many_rows_the_best_on_a_line_is_counted_and_nearly_the_largest(metric, weighted):
    sample, offsets = normal_sample(1500, weighted=weighted), np.array([0.0, 0.3, -0.4])
    merit = merit_of(metric, 3)
    for k in range(3):
        found, value = best_on_line(sample, all_but(sample.compared + offsets[:, None], k), k, merit)
        best, n_values = exhaustive(sample, offsets, k, merit)
        assert n_values > 10 * PLACES
        assert found <= best + 1e-9
        if metric != "precision[2]":  # of few rows at its end, and jagged there
            assert found >= best - 4e-3
        again = merit(sample.at(with_offset(offsets, k, value))[None])[0]
        assert found == pytest.approx(again, abs=1e-9)


@pytest.mark.parametrize("metric", ["accuracy", "matthews_corrcoef", "f1_macro"])
@pytest.mark.parametrize("n", [100, 2000])
@pytest.mark.parametrize("weighted", [False, True])
def test_where_a_metric_has_one_hill_its_top_is_found(metric, n, weighted):
    """All rows of the class turn to it before all others do."""
    rng = np.random.default_rng(n)
    y = rng.integers(0, 3, n)
    u = rng.normal(size=(n, 3)) + 9 * np.eye(3)[y]
    u[:, 1] += np.exp(3 * rng.normal(size=n)) * np.where(y == 1, 1, -1)  # near each other and far apart
    weight = rng.exponential(size=n) if weighted else None
    sample = Sample.of(ArgmaxRule(np.zeros(3)), y, softmax(np.zeros((n, 3))), weight)
    sample = replace(sample, compared=np.ascontiguousarray(u.T))
    offsets, merit = np.array([0.0, 37.0, 0.0]), merit_of(metric, 3)
    found, value = best_on_line(sample, all_but(sample.compared + offsets[:, None], 1), 1, merit)
    assert found == pytest.approx(exhaustive(sample, offsets, 1, merit)[0], abs=1e-12)
    assert found == pytest.approx(merit(sample.at(with_offset(offsets, 1, value))[None])[0], abs=1e-12)


@given(data=st.data())
def test_within_reach_the_best_on_a_line_stays_there_and_is_counted(data):
    r = data.draw(class_rows(n_classes=(3, 4), min_size=5, max_size=40, weighted=False))
    sample, k = sample_of(r), data.draw(st.integers(0, 2))
    offsets, reach = data.draw(eighths(sample.n_columns)), data.draw(st.sampled_from([0.3, 1.1, 4.1]))
    merit, near = merit_of("f1_macro", sample.n_columns), sample.near(offsets, reach)
    found, value = best_on_line(near, all_but(near.compared + offsets[:, None], k), k, merit)
    if np.isfinite(found):
        assert abs(value - offsets[k]) <= reach
        assert found == pytest.approx(merit(sample.at(with_offset(offsets, k, value))[None])[0], abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_merit_along_a_line_is_counted(weighted):
    sample, offsets = normal_sample(800, weighted=weighted), np.array([0.0, 0.5, -0.2])
    values, merit = 0.1 + np.linspace(-3, 3, 61), merit_of("f1_macro", 3)
    for k in range(3):
        expected = [merit(sample.at(with_offset(offsets, k, value))[None])[0] for value in values]
        np.testing.assert_allclose(merit_along(sample, offsets, k, values, merit), expected, rtol=1e-9)


# --- rows for a search


@given(data=st.data())
def test_near_rows_and_fixed_cells_are_all_cells_within_reach(data):
    r = data.draw(class_rows(n_classes=(3, 5), max_size=40))
    sample = sample_of(r)
    offsets, eighth = data.draw(eighths(sample.n_columns)), data.draw(st.integers(1, 20))
    near = sample.near(offsets, eighth / 8)
    steps = data.draw(st.lists(st.integers(-eighth, eighth), min_size=sample.n_columns, max_size=sample.n_columns))
    there = offsets + np.array(steps) / 8
    np.testing.assert_allclose(near.at(there), sample.at(there), rtol=1e-12, atol=1e-12)
    assert len(near.true) <= len(sample.true)
    np.testing.assert_array_equal(near.reach, [offsets - eighth / 8, offsets + eighth / 8])


@given(r=class_rows(n_classes=(3, 5)))
def test_cells_of_a_sample_are_counted_row_by_row(r):
    sample = sample_of(r)
    u = sample.compared.T * sample.step
    expected = count_classes(r.true, u, np.zeros(len(r.labels)), r.sample_weight)
    np.testing.assert_allclose(sample.at(np.zeros(len(r.labels))), expected, rtol=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
def test_thinned_rows_stand_for_all(weighted):
    share = np.array([0.9, 0.095, 0.005])
    rng = np.random.default_rng(0)
    y = rng.choice(3, 40_000, p=share)
    weight = rng.exponential(size=len(y)) if weighted else None
    p = softmax(rng.normal(size=(len(y), 3)) + np.eye(3)[y])
    sample = Sample.of(ArgmaxRule(np.zeros(3)), y, p, weight)
    thin = sample.thinned(500)
    kept = np.bincount(thin.true)
    assert kept[2] == (y == 2).sum()
    assert (kept[:2] >= 500).all()
    assert (kept[:2] < 1000).all()
    total, part = (np.bincount(s.true, s.weight) for s in (sample, thin))
    np.testing.assert_allclose(part, total, rtol=0.15 if weighted else 1e-9)
    offsets = np.array([0.0, 1.0, 2.0])
    rate, thin_rate = (cells / cells.sum(axis=1, keepdims=True) for cells in (sample.at(offsets), thin.at(offsets)))
    np.testing.assert_allclose(thin_rate, rate, atol=0.08)
    np.testing.assert_array_equal(thin.compared, sample.thinned(500).compared)


def test_rows_that_come_in_a_rhythm_are_searched_as_shuffled_ones_are():
    """Two devices take turns, one of them with scores of another level."""
    rng = np.random.default_rng(0)
    n = 24_000
    y, device = np.arange(n) % 3, np.arange(n) // 3 % 2
    u = rng.normal(size=(n, 3)) + 1.5 * np.eye(3)[y]
    u[device == 1, 1] += 6
    order = rng.permutation(n)
    told = [cj.maximize(y[i], u[i], "f1_macro", method="exact").value for i in (slice(None), order)]
    assert abs(told[0] - told[1]) < 5e-3


# --- softened cells


@pytest.mark.parametrize("metric", ["f1_macro", "matthews_corrcoef", "accuracy", "cohen_kappa"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("width", [1.0, 0.2])
def test_the_pull_is_the_derivative_of_the_softened_metric(metric, weighted, width):
    sample, row = normal_sample(200, 4, weighted=weighted), resolve(metric, range(4))
    offsets, step = np.array([0.1, -0.4, 0.6, 0.0]), 1e-5
    pulled = SoftCells.at(sample, offsets, width).pull(row.gradient(SoftCells.at(sample, offsets, width).cells))
    for k in range(4):
        ends = [row.value(SoftCells.at(sample, offsets + s * step * np.eye(4)[k], width).cells) for s in (1, -1)]
        assert pulled[k] == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-8)
    assert pulled.sum() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_softened_cells_become_the_counted_ones(weighted):
    sample, offsets = normal_sample(300, 4, weighted=weighted), np.array([0.1, -0.4, 0.6, 0.0])
    far = [np.abs(SoftCells.at(sample, offsets, width).cells - sample.at(offsets)).max() for width in (1, 0.1, 1e-6)]
    assert far[0] > far[1] > far[2]
    assert far[2] < 1e-6
    np.testing.assert_allclose(SoftCells.at(sample, offsets, 1.0).cells.sum(axis=1), sample.at(offsets).sum(axis=1))


# --- the best offsets


@pytest.mark.parametrize("metric", [*METRICS, "recall[2]", "precision[1]", expected_cost(COSTS)], ids=told_as)
def test_nothing_on_a_dense_grid_is_better(rows, grid, metric):
    y, p = rows
    decision = cj.maximize(y, p, metric, method="exact", coordinate="logit")
    row = resolve(metric, range(3))
    sign = 1 if row.greater_is_better else -1
    prior = np.bincount(y) / len(y)
    u = np.log(p)
    plain = [cells_of(y, (u + offsets).argmax(axis=1), 3) for offsets in (np.zeros(3), -np.log(prior))]
    rivals = sign * row.value(np.concatenate([grid, plain]))
    assert sign * decision.value >= np.nanmax(rivals) - 1e-3
    assert decision.value == decision.diagnostics["exact_value"]
    assert decision.kind == "argmax"


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("method", ["smooth", "exact"])
@pytest.mark.usefixtures("quick")
def test_the_value_is_that_of_the_predictions(rows, weighted, method):
    y, p = rows
    names = NAMES[[2, 0, 1]][y]  # the sorted labels are another order than the columns'
    weight = np.random.default_rng(0).exponential(size=len(y)) if weighted else None
    own = {
        "f1_macro": lambda a, b: sk.f1_score(a, b, average="macro", sample_weight=weight),
        "matthews_corrcoef": lambda a, b: sk.matthews_corrcoef(a, b, sample_weight=weight),
        "balanced_accuracy": lambda a, b: sk.balanced_accuracy_score(a, b, sample_weight=weight),
        "accuracy": lambda a, b: sk.accuracy_score(a, b, sample_weight=weight),
        "cohen_kappa": lambda a, b: sk.cohen_kappa_score(a, b, sample_weight=weight),
    }
    options = {"labels": ["cat", "ant", "bee"], "sample_weight": weight, "method": method}
    for metric, score in own.items():
        decision = cj.maximize(names, p, metric, **options)
        predicted = decision.predict(p)
        assert set(predicted) <= set(names)
        assert decision.value == pytest.approx(score(names, predicted), rel=1e-10)
        np.testing.assert_allclose(decision.matrix, recounted(decision, names, p, weight), rtol=1e-12)
    cost = cj.maximize(names, p, expected_cost(COSTS), **options)
    cells = recounted(cost, names, p, weight)
    assert cost.value == pytest.approx((COSTS * cells).sum() / cells.sum(), rel=1e-10)


@given(
    r=class_rows(n_classes=(3, 4), min_size=4), metric=st.sampled_from(["f1_macro", "accuracy", "matthews_corrcoef"])
)
@settings(max_examples=20)
def test_any_rows_get_a_decision_that_predicts_what_it_tells(r, metric):
    if len(np.unique(r.true)) < 2:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conjac.decisions.offsets.search.MOST_SCANS", 10)
        decision = cj.maximize(r.y_true, r.y_score, metric, **r.options)
    np.testing.assert_allclose(decision.matrix, recounted(decision, r.y_true, r.y_score, r.sample_weight), rtol=1e-12)
    plain = cj.confusion_jacobian(r.y_true, r.y_score, **r.options).of(metric).value
    assert decision.diagnostics["exact_value"] >= plain - 2e-3  # a scale is left where another serves better by .001
    json.dumps(decision.to_dict(), allow_nan=False)


@pytest.mark.parametrize("seed", range(3))
def test_a_search_at_random_finds_nothing_better(seed):
    y, p = calibrated(250, (0.85, 0.08, 0.05, 0.02), seed)
    u, row = np.log(p), resolve("f1_macro", range(4))

    def loss(offsets):
        predicted = (u + np.append(0, offsets)).argmax(axis=1)
        return -float(row.value(np.bincount(4 * y + predicted, minlength=16).reshape(4, 4)))

    rival = differential_evolution(loss, [(-8, 8)] * 3, maxiter=60, popsize=12, seed=seed, polish=False)
    decision = cj.maximize(y, p, "f1_macro", method="exact", coordinate="logit")
    assert decision.value >= -rival.fun - 1e-3


@pytest.mark.usefixtures("quick")
def test_calibrated_probabilities_need_no_offsets_for_accuracy():
    share = (0.5, 0.3, 0.2)
    y, p = calibrated(4000, share, 1)
    decision = cj.maximize(y, p, "accuracy")
    assert np.abs(decision.offsets).max() < 0.5
    new_y, new_p = calibrated(200_000, share, 2)
    bayes = (new_p.argmax(axis=1) == new_y).mean()
    assert bayes - (decision.predict(new_p) == new_y).mean() < 4e-3


@pytest.mark.usefixtures("quick")
def test_a_cost_of_each_class_adds_its_logarithm():
    """Costs c[true] of any mistake are least, in the mean, where log p + log c is largest."""
    share, cost = (0.5, 0.3, 0.2), np.array([1.0, 2.0, 5.0])
    y, p = calibrated(4000, share, 3)
    table = cost[:, None] * (1 - np.eye(3))
    decision = cj.maximize(y, p, expected_cost(table))
    np.testing.assert_allclose(decision.offsets, np.log(cost), atol=0.5)
    new_y, new_p = calibrated(200_000, share, 4)
    bayes = cost[new_y] * ((new_p * cost).argmax(axis=1) != new_y)
    assert (cost[new_y] * (decision.predict(new_p) != new_y)).mean() < 1.02 * bayes.mean()


@pytest.mark.usefixtures("quick")
def test_the_same_rows_get_the_same_decision(rows):
    y, p = rows
    for method in ("smooth", "exact"):
        a, b = (cj.maximize(y, p, "f1_macro", method=method) for _ in range(2))
        np.testing.assert_array_equal(a.offsets, b.offsets)
        assert a.to_dict() == b.to_dict()
    a, b = (cj.solve(y, p, {"recall[1]": 0.8, "recall[2]": 0.6}) for _ in range(2))
    assert a.to_dict() == b.to_dict()


def test_the_order_of_the_classes_does_not_matter():
    y, p = calibrated(250, (0.7, 0.15, 0.1, 0.05), 5)
    told = []
    for order in ([0, 1, 2, 3], [3, 1, 0, 2]):
        place = np.argsort(order)
        told.append(cj.maximize(place[y], p[:, order], "f1_macro", method="exact", coordinate="logit").value)
    assert np.ptp(told) < 1e-3


@pytest.mark.parametrize("factor", [2.0**-10, 1e-3, 1e3, 2.0**10])
@pytest.mark.usefixtures("quick")
def test_scores_in_another_unit_get_offsets_in_that_unit(factor):
    y, u = NormalScores.of(3).draw(np.random.default_rng(0), 6000)
    plain, other = (cj.maximize(y, c * u, "f1_macro", coordinate="score") for c in (1.0, factor))
    np.testing.assert_allclose(other.offsets / factor, plain.offsets, atol=5e-3)
    np.testing.assert_allclose(np.array(other.confint()) / factor, np.array(plain.confint()), atol=0.02)
    assert other.diagnostics["exact_value"] == pytest.approx(plain.diagnostics["exact_value"], abs=1e-3)
    for side in ("lower", "upper"):
        np.testing.assert_allclose(other.flatness[side] / factor, plain.flatness[side], atol=0.03)
    target = {"recall[1]": 0.8, "recall[2]": 0.7}
    plain, other = (cj.solve(y, c * u, target, coordinate="score") for c in (1.0, factor))
    np.testing.assert_allclose(other.offsets / factor, plain.offsets, atol=0.03)


@pytest.mark.parametrize("factor", [1e-12, 1e-3, 1e7, 1e12])
@pytest.mark.usefixtures("quick")
def test_costs_in_another_currency_get_the_same_decision(rows, factor):
    y, p = rows
    for bound in ((), "recall[0] >= 0.7"):
        plain, other = (cj.maximize(y, p, expected_cost(c * COSTS), subject_to=bound) for c in (1.0, factor))
        np.testing.assert_allclose(other.offsets, plain.offsets, atol=0.1)
        assert other.value == pytest.approx(factor * plain.value, rel=0.02)
        told = {scale: factor * value for scale, value in plain.diagnostics["compared"].items()}
        assert other.diagnostics["compared"] == pytest.approx(told, rel=0.02)


@pytest.mark.parametrize("pos_label", [None, "ant"])
def test_two_classes_have_a_threshold(pos_label):
    y, p = normal_rows(0, 800)
    names = NAMES[y]
    columns = np.stack([1 - p, p], axis=1)
    if pos_label == "ant":
        names = np.where(y == 1, "ant", "bee")
        columns = columns[:, ::-1]
    for score in (p, columns):
        curve = cj.ConfusionCurve.from_predictions(names, score, pos_label=pos_label)
        for options in ({}, {"method": "exact"}, {"subject_to": "recall >= .9", "confidence": 0.9}):
            decision = cj.maximize(names, score, "f1", pos_label=pos_label, **options)
            assert decision.to_dict() == curve.maximize("f1", **options).to_dict()
            assert decision.offsets is None
        solved = cj.solve(names, score, {"recall": 0.8}, pos_label=pos_label)
        assert solved.threshold == curve.solve(recall=0.8).threshold


@pytest.mark.usefixtures("quick")
def test_the_scale_is_chosen_named_and_told(rows):
    y, p = rows
    free = cj.maximize(y, p, "f1_macro", method="exact")
    logit = cj.maximize(y, p, "f1_macro", method="exact", coordinate="logit")
    raw = cj.maximize(y, p, "f1_macro", method="exact", coordinate="score")
    assert (logit.coordinate, raw.coordinate) == ("logit", "score")
    assert set(logit.diagnostics["compared"]) == {"logit"}
    assert set(raw.diagnostics["compared"]) == {"score"}
    both = free.diagnostics["compared"]
    assert both == {"logit": logit.value, "score": raw.value}
    assert free.coordinate == ("score" if both["score"] > both["logit"] + 1e-3 else "logit")
    for decision in (free, logit, raw):
        u = np.log(p) if decision.coordinate == "logit" else p
        expected = np.array(decision.labels)[(u + decision.offsets).argmax(axis=1)]
        np.testing.assert_array_equal(decision.predict(p), expected)
    scores = cj.maximize(y, 3 * np.log(p), "f1_macro", method="exact")
    assert scores.coordinate == "score"
    np.testing.assert_allclose(scores.value, logit.value, atol=5e-3)


@pytest.mark.usefixtures("quick")
def test_offsets_of_the_probabilities_are_taken_where_they_serve_better():
    """The rule p[k] + b[k] by construction: the logarithms cannot follow."""
    rng = np.random.default_rng(0)
    p = rng.dirichlet(np.ones(3), 1500)
    y = (p + np.array([0, 0.2, -0.3])).argmax(axis=1)
    decision = cj.maximize(y, p, "f1_macro")
    assert decision.coordinate == "score"
    assert decision.diagnostics["compared"]["score"] > decision.diagnostics["compared"]["logit"] + 1e-3
    np.testing.assert_allclose(decision.offsets, [0, 0.2, -0.3], atol=0.03)
    np.testing.assert_array_equal(recounted(decision, y, p), decision.matrix)


# --- constraints


@pytest.mark.parametrize("method", ["smooth", "exact"])
@pytest.mark.parametrize(
    ("metric", "bounds"),
    [
        ("accuracy", "recall[2] >= .8"),
        ("f1_macro", ["recall[2] >= .7", "recall[1] >= 0.75"]),
        ("accuracy", ["fpr[0] <= .2", "recall[2]>=.6"]),
        (expected_cost(COSTS), "precision[2] >= .6"),
        ("recall[0]", Constraint(resolve("balanced_accuracy", range(3)), ">=", 0.7)),
        ("f1_macro", "accuracy >= 0.1"),
    ],
    ids=told_as,
)
def test_constraints_are_met_and_nothing_on_a_dense_grid_that_meets_them_is_better(
    rows, grid, metric, bounds, method, monkeypatch
):
    if method == "smooth":  # where it starts is told by the other
        monkeypatch.setattr("conjac.decisions.offsets.search.MOST_SCANS", 60)
    y, p = rows
    decision = cj.maximize(y, p, metric, subject_to=bounds, method=method, coordinate="logit")
    row = resolve(metric, range(3))
    feasible = np.ones(len(grid), dtype=bool)
    for bound in bounds if isinstance(bounds, list) else [bounds]:
        constraint = bound if isinstance(bound, Constraint) else Constraint.parse(bound, (0, 1, 2))
        feasible &= constraint.shortfall(constraint.metric.value(grid)) <= 0
        assert constraint.shortfall(constraint.metric.value(recounted(decision, y, p))) == 0
    sign = 1 if row.greater_is_better else -1
    assert feasible.any()
    if method == "exact":
        assert sign * decision.value >= (sign * row.value(grid))[feasible].max() - 2e-3
    if bounds == "accuracy >= 0.1":
        assert decision.diagnostics["binding"] == []
        assert np.isfinite(decision.confint()).all()
    elif bounds == "recall[2] >= .8":
        assert decision.diagnostics["binding"] == ["recall[2] >= 0.8"]
        assert np.isnan(decision.confint().lower[1:]).all()
        assert "half" in decision.diagnostics["constraints"]


DESIGNS = {
    "rows": {},
    "weights": {"sample_weight": np.random.default_rng(1).exponential(size=1200)},
    "groups": {"groups": np.arange(1200) // 10},
}


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize(("bound", "side"), [("recall[2] >= .7", 0), ("fpr[0] <= .3", 1), ("f1[1] >= .6", 0)])
@pytest.mark.usefixtures("quick")
def test_with_confidence_the_one_sided_limit_meets_the_bound(design, bound, side):
    rng = np.random.default_rng(0)
    y = np.repeat(rng.choice(3, 120, p=[0.4, 0.3, 0.3]), 10)
    shared = np.repeat(rng.normal(size=(120, 3)), 10, axis=0)  # rows of a group are alike
    u = shared + 0.3 * rng.normal(size=(1200, 3)) + 1.5 * np.eye(3)[y]
    options = DESIGNS[design]
    constraint = Constraint.parse(bound, (0, 1, 2))
    for method in ("smooth", "exact"):
        sure = cj.maximize(y, u, "accuracy", subject_to=bound, confidence=0.95, method=method, **options)
        J = cj.confusion_jacobian(y, u, offsets=sure.offsets, **options)
        limit = float(J.of(constraint.metric).value_confint(0.9)[side])
        assert constraint.shortfall(limit) == 0
        assert "0.95" in sure.diagnostics["constraints"]
    unsure = cj.maximize(y, u, "accuracy", subject_to=bound, method="exact", **options)
    assert unsure.value >= sure.value - 1e-3
    if design == "groups":  # rows that are alike tell less than as many on their own
        alone = cj.maximize(y, u, "accuracy", subject_to=bound, confidence=0.95, method="exact")
        assert alone.value >= sure.value - 1e-3


@pytest.mark.parametrize("confidence", [0.2, 0.5, 1.0, -1, float("nan")])
def test_confidence_out_of_range(rows, confidence):
    with pytest.raises(cj.InvalidInputError, match=r"confidence=.*expected a number.*\.5"):
        cj.maximize(*rows, "f1_macro", subject_to="recall[1] >= .5", confidence=confidence)


@pytest.mark.usefixtures("quick")
def test_infeasible_bounds_name_the_nearest(rows):
    y, p = rows
    bounds = ["recall[2] >= .99", "precision[2] >= .99"]
    with pytest.raises(cj.InfeasibleError, match=r"recall\[2\] >= 0.99 and precision\[2\] >= 0.99.*relax") as error:
        cj.maximize(y, p, "accuracy", subject_to=bounds, coordinate="logit")
    nearest = error.value.nearest
    assert set(nearest) == {"recall[2]", "precision[2]", "accuracy", "offsets"}
    cells = cj.confusion_jacobian(y, p, offsets=nearest["offsets"], coordinate="logit").matrix
    for name in ("recall[2]", "precision[2]", "accuracy"):
        assert nearest[name] == pytest.approx(float(resolve(name, range(3)).value(cells)))
    with pytest.raises(cj.InfeasibleError, match=r"confidence 0.99; .*limit of recall\[2\] 0\.\d+") as error:
        cj.maximize(y[:60], p[:60], "accuracy", subject_to="recall[2] >= .95", confidence=0.99)
    assert error.value.nearest["limit of recall[2]"] < 0.95


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"subject_to": "recall[2] > .9"}, r"subject_to='recall\[2\] > .9'.*metric >= number"),
        ({"subject_to": ["recall[2] >= high"]}, "metric >= number"),
        ({"subject_to": [3]}, "subject_to=3"),
        ({"subject_to": "recall[9] >= .9"}, r"recall\[9\].*no such class; the labels are '0', '1', '2'"),
        ({"subject_to": "recal[1] >= .9"}, "recal"),
        ({"subject_to": "recall >= .9"}, r"recall"),
        ({"metric": "f1"}, "f1.*macro"),
        ({"metric": "recal_macro"}, "recal_macro.*names"),
        ({"metric": 3}, "metric is 3"),
        ({"metric": expected_cost([[0, 1], [2, 0]])}, "2 classes, and there are 3"),
        ({"method": "best"}, "method='best'.*smooth.*exact"),
        ({"confidence": 0.9}, "confidence=0.9.*subject_to"),
        ({"coordinate": "probability"}, "coordinate"),
        ({"sample_weight": -np.ones(400)}, "sample_weight"),
        ({"labels": [0, 1]}, "labels"),
    ],
)
def test_what_cannot_be_asked_for_says_the_way_out(rows, options, told):
    with pytest.raises(cj.InvalidInputError, match=told):
        cj.maximize(*rows, **{"metric": "accuracy", **options})


def test_a_positive_label_is_for_two_classes(rows):
    with pytest.raises(cj.NotSupportedError, match=r"pos_label=2 is for two classes; name a class"):
        cj.maximize(*rows, "accuracy", pos_label=2)


# --- targets


@pytest.mark.parametrize(
    "target",
    [
        {"recall[1]": 0.8, "recall[2]": 0.6},
        {"recall[0]": 0.9, "recall[1]": 0.5},
        {"specificity[0]": 0.8, "recall[1]": 0.7},
        {"precision[1]": 0.8, "recall[2]": 0.7},
        {"recall[2]": 0.95},
        {"recall[2]": 1.0},
        {"precision[2]": 0.9},
        {"f1_macro": 0.7, "recall[1]": 0.8},
    ],
    ids=told_as,
)
@pytest.mark.parametrize("weighted", [False, True])
def test_targets_are_met(target, weighted):
    y, u = NormalScores.of(3).draw(np.random.default_rng(0), 1500)
    weight = np.random.default_rng(1).uniform(0.5, 1.5, len(y)) if weighted else None
    decision = cj.solve(y, u, target, sample_weight=weight)
    cells = recounted(decision, y, u, weight)
    for name, aim in target.items():
        row = resolve(name, range(3))
        told = float(row.value(cells))
        assert decision.diagnostics["reached"][name] == pytest.approx(told, rel=1e-12)
        assert abs(told - aim) <= 3 * 1.5 * np.abs(row.gradient(cells)).max() + 1e-12
        if name.startswith("recall"):
            assert told >= aim
    assert decision.kind == "target"
    assert decision.diagnostics["free"] == 2 - len(target)
    assert "every target" in decision.diagnostics["solved"]
    assert np.abs(decision.offsets).max() < 8


@pytest.mark.parametrize("target", [{"recall[2]": 0.95}, {"precision[2]": 0.9}, {"recall[1]": 1.0}, {"accuracy": 0.5}])
def test_what_a_target_does_not_ask_for_stays_near_0(target):
    y, u = NormalScores.of(3).draw(np.random.default_rng(0), 800)
    decision = cj.solve(y, u, target)
    ((name, aim),) = target.items()
    row = resolve(name, range(3))
    axis = np.arange(-4, 4.01, 0.2)
    points = np.stack([np.zeros(axis.size**2), *(side.ravel() for side in np.meshgrid(axis, axis))], axis=1)
    values = row.value(np.stack([cells_of(y, (u + b).argmax(axis=1), 3) for b in points]))
    near = np.abs(values - aim) < 0.01
    shortest = np.linalg.norm(points - points.mean(axis=1, keepdims=True), axis=1)[near].min()
    length = np.linalg.norm(decision.offsets - decision.offsets.mean())
    assert length < 2 * shortest + 0.3


def test_more_targets_than_offsets_are_met_by_least_squares():
    y, u = NormalScores.of(3).draw(np.random.default_rng(0), 1500)
    target = {"recall[0]": 0.9, "recall[1]": 0.8, "recall[2]": 0.8}
    decision = cj.solve(y, u, target)
    assert "least squares" in decision.diagnostics["solved"]
    assert decision.diagnostics["free"] == 0

    def misses(offsets):
        cells = sk.confusion_matrix(y, (u + np.append(0, offsets)).argmax(axis=1))
        return sum((float(resolve(name, range(3)).value(cells)) - aim) ** 2 for name, aim in target.items())

    rival = differential_evolution(misses, [(-3, 3)] * 2, maxiter=25, seed=0, polish=False).fun
    assert misses(decision.offsets[1:]) <= rival + 2e-4


def test_impossible_targets_name_the_nearest():
    y, u = NormalScores.of(3).draw(np.random.default_rng(0), 800)
    with pytest.raises(cj.InfeasibleError, match=r"recall\[1\] 0.99, precision\[1\] 0.99 together.*nearest") as error:
        cj.solve(y, u, {"recall[1]": 0.99, "precision[1]": 0.99})
    nearest = error.value.nearest
    assert set(nearest) == {"recall[1]", "precision[1]", "offsets"}
    cells = sk.confusion_matrix(y, (u + nearest["offsets"]).argmax(axis=1))
    assert nearest["recall[1]"] == pytest.approx(cells[1, 1] / cells[1].sum())


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({}, r"solve takes metrics.*recall\[a\]"),
        ({"recall[1]": 1.2}, r"recall\[1\]=1.2: it lies in \[0, 1\]"),
        ({"matthews_corrcoef": -2}, r"matthews_corrcoef=-2: it lies in \[-1, 1\]"),
        ({"recall[1]": float("nan")}, r"recall\[1\]=nan"),
        ({"recall[1]": "high"}, r"recall\[1\]='high'"),
        ({"recall[7]": 0.5}, "no such class"),
        ({"recal": 0.5}, "recal.*names"),
        ({"f1": 0.5}, "f1.*macro"),
    ],
)
def test_what_cannot_be_a_target(rows, target, told):
    with pytest.raises(cj.InvalidInputError, match=told):
        cj.solve(*rows, target)


@pytest.mark.parametrize("aim", [0.0, 1.0])
def test_at_the_end_of_its_domain_a_target_tells_no_interval(aim):
    y, u = NormalScores.of(3).draw(np.random.default_rng(0), 500)
    decision = cj.solve(y, u, {"recall[2]": aim})
    assert decision.value == aim
    assert np.isnan(decision.confint().upper[2])


# --- truth


def test_targets_of_a_population_lie_in_their_intervals():
    population = NormalScores.of(3)
    truth = np.array(population.offsets)
    truth = truth - truth[0]
    cells = population.rates()
    recall = np.diag(cells) / cells.sum(axis=1)
    inside = []
    for seed in range(1000, 1060):
        y, u = population.draw(np.random.default_rng(seed), 2000)
        lower, upper = cj.solve(y, u, {"recall[1]": recall[1], "recall[2]": recall[2]}).confint()
        inside.append((lower <= truth) & (truth <= upper))
    assert np.array(inside)[:, 0].all()
    covered = np.mean(inside, axis=0)[1:]
    assert covered.min() >= 0.90
    assert covered.max() <= 0.98


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_optimum_of_a_population_lies_in_its_intervals():
    population, row = NormalScores.of(3), resolve("f1_macro", range(3))
    best = minimize(lambda b: -float(row.value(population.rates(np.append(0, b)))), [0.0, 0.0], method="Nelder-Mead")
    truth = np.append(0, best.x)
    inside, smooth, exact = [], [], []
    for seed in range(70):
        y, u = population.draw(np.random.default_rng(seed), 3000)
        decision = cj.maximize(y, u, "f1_macro")
        lower, upper = decision.confint()
        inside.append((lower <= truth) & (truth <= upper))
        smooth.append(decision.offsets)
        exact.append(decision.diagnostics["exact_offsets"])
    covered = np.mean(inside, axis=0)[1:]
    ratio = (np.std(smooth, axis=0) / np.std(exact, axis=0).clip(1e-12))[1:]
    assert covered.min() >= 0.90
    assert covered.max() <= 0.985
    assert (ratio < 1).all()
    assert np.abs(np.mean(smooth, axis=0) - truth).max() < 0.05


@pytest.mark.parametrize("metric", ["f1_macro", "accuracy", expected_cost(COSTS)], ids=told_as)
@pytest.mark.parametrize("method", ["smooth", "exact"])
@pytest.mark.usefixtures("quick")
def test_within_its_flatness_an_offset_loses_at_most_the_tolerance(metric, method):
    y, u = NormalScores.of(3).draw(np.random.default_rng(0), 900)
    decision = cj.maximize(y, u, metric, method=method)
    row = resolve(metric, range(3))
    sign = 1 if row.greater_is_better else -1
    expected = 0.01 if row.greater_is_better else 0.01 * decision.value
    assert decision.flatness["tolerance"] == pytest.approx(expected)

    def lost(k, by):
        cells = sk.confusion_matrix(y, (u + decision.offsets + by * np.eye(3)[k]).argmax(axis=1))
        return sign * (decision.value - float(row.value(cells)))

    for k in range(3):
        for side, turn in (("lower", -1), ("upper", 1)):
            far = decision.flatness[side][k]
            assert far > 0
            for share in np.arange(0, min(far, 4) - 0.015, 0.01):
                assert lost(k, turn * share) <= expected + 1e-9
            if np.isfinite(far):
                assert lost(k, turn * far) > expected


# --- what a decision is


@pytest.fixture(scope="module")
def decisions():
    y, p = calibrated(500, (0.6, 0.3, 0.1), 7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("conjac.decisions.offsets.search.MOST_SCANS", 60)
        found = [cj.maximize(NAMES[y], p, "f1_macro", method=method) for method in ("smooth", "exact")]
        found.append(cj.maximize(NAMES[y], p, "accuracy", subject_to="recall[cat] >= .7"))
    found.append(cj.solve(NAMES[y], p, {"recall[bee]": 0.7, "recall[cat]": 0.7}))
    return NAMES[y], p, found


def test_a_decision_can_be_stored_told_and_applied(decisions):
    _, p, found = decisions
    for decision in found:
        told = json.loads(json.dumps(decision.to_dict(), allow_nan=False))
        assert told["offsets"] == decision.offsets.tolist()
        assert told["labels"] == ["ant", "bee", "cat"]
        assert np.shape(told["jacobian"]) == (3, 3, 3)
        assert told["threshold"] is None
        text = repr(decision)
        assert decision.metric in text
        assert "cat: " in text
        assert decision.offsets[0] == 0
        assert np.isnan(decision.threshold)
        again = pickle.loads(pickle.dumps(decision))
        np.testing.assert_array_equal(again.predict(p), decision.predict(p))
        assert again.to_dict() == decision.to_dict()
        assert decision.predict(p[:0]).shape == (0,)
        with pytest.raises(cj.InvalidInputError, match="y_score"):
            decision.predict(p[:, :2])
        with pytest.raises(ValueError, match="read-only"):
            decision.matrix[0, 0] = 1


def test_a_decision_s_jacobian_is_that_of_its_offsets(decisions):
    y, p, found = decisions
    for decision in found:
        J = cj.confusion_jacobian(y, p, offsets=decision.offsets, coordinate=decision.coordinate)
        np.testing.assert_array_equal(J.matrix, decision.matrix)
        np.testing.assert_allclose(decision.jacobian, J.jacobian, rtol=1e-12)
        S = J.of(decision.metric)
        assert decision.value == pytest.approx(float(S.value), rel=1e-12)
        assert decision.value_stderr == pytest.approx(float(S.value_stderr), rel=1e-9)
        np.testing.assert_allclose(decision.value_confint(0.8), S.value_confint(0.8), rtol=1e-9)
        wide, narrow = decision.confint(0.99), decision.confint(0.5)
        known = ~np.isnan(wide.lower)
        assert (wide.lower <= narrow.lower)[known].all()
        assert (narrow.upper <= wide.upper)[known].all()
        (only,) = decision.confidence_set(0.99)
        np.testing.assert_array_equal(only, wide)


# --- few rows, and rows that tell nothing


def told_without_warnings(decision):
    decision.confint(), decision.value_confint(), repr(decision)
    json.dumps(decision.to_dict(), allow_nan=False)
    assert np.isfinite(decision.offsets).all()
    assert np.isfinite(decision.value)
    lower, upper = decision.confint()
    with np.errstate(invalid="ignore"):
        assert (np.isnan(lower) | (lower <= decision.offsets + 1e-12)).all()
    return lower, upper


SIX = np.array([0, 0, 1, 1, 2, 2])
LONE = np.repeat([0, 1, 2], [50, 50, 1])


@pytest.mark.parametrize(
    "metric", ["f1_macro", "matthews_corrcoef", "accuracy", "recall[1]", expected_cost(COSTS)], ids=told_as
)
@pytest.mark.parametrize("method", ["smooth", "exact"])
@pytest.mark.parametrize("case", ["six", "lone", "equal", "equal probabilities", "never", "certain", "absent"])
@pytest.mark.usefixtures("quick")
def test_rows_that_tell_little_warn_of_nothing_and_refuse_nothing(metric, method, case):
    y = SIX if case == "six" else LONE
    u = np.random.default_rng(0).normal(size=(len(y), 3)) + np.eye(3)[y]
    options = {"coordinate": "score"}
    if case == "equal":
        u = np.ones_like(u)
    elif case == "equal probabilities":
        u, options = np.full_like(u, 1 / 3), {}
    elif case == "never":
        u[:, 2] = -50
    elif case == "certain":
        u, options = np.eye(3)[(y + (np.arange(len(y)) % 7 == 0)) % 3], {}
    elif case == "absent":
        y, options = np.where(y == 2, 0, y), {"labels": [0, 1, 2], "coordinate": "score"}
    decision = cj.maximize(y, u, metric, method=method, **options)
    lower, upper = told_without_warnings(decision)
    np.testing.assert_array_equal(decision.matrix, sk.confusion_matrix(y, decision.predict(u), labels=[0, 1, 2]))
    known = ~np.isnan(lower[1:])
    assert (upper[1:] > lower[1:])[known].all()  # none of length 0 because nothing was seen


@pytest.mark.parametrize("case", ["six", "lone", "never"])
def test_targets_of_rows_that_tell_little(case):
    y = SIX if case == "six" else LONE
    u = np.random.default_rng(0).normal(size=(len(y), 3)) + np.eye(3)[y]
    if case == "never":
        u[:, 2] = -50
    decision = cj.solve(y, u, {"recall[0]": 0.5, "recall[1]": 0.5})
    lower, upper = told_without_warnings(decision)
    known = ~np.isnan(lower[1:])
    assert (upper[1:] > lower[1:])[known].all()
    if case != "six":  # half of two rows is a row
        with pytest.raises(cj.InfeasibleError, match="nearest"):
            cj.solve(y, np.ones_like(u), {"recall[0]": 0.5, "recall[1]": 0.5}, coordinate="score")
    decision = cj.maximize(y, u, "accuracy", subject_to="recall[2] >= 1")
    assert decision.matrix[2, 2] == decision.matrix[2].sum()
    told_without_warnings(decision)


@pytest.mark.usefixtures("quick")
def test_a_decision_s_offsets_carry_their_scale():
    y, p = calibrated(1500, EVEN)
    for coordinate in ("logit", "score"):
        decision = cj.maximize(y, p, "f1_macro", coordinate=coordinate, method="exact")
        for told in (decision, decision.rule):
            np.testing.assert_array_equal(cj.confusion_jacobian(y, p, offsets=told).matrix, decision.matrix)
        assert f"offsets in {coordinate}" in repr(decision)
    with pytest.raises(cj.InvalidInputError, match="a rule for probabilities, and y_score has none"):
        cj.confusion_jacobian(y, 10 * p, offsets=cj.maximize(y, p, "f1_macro", coordinate="logit"))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("weight", [0.1, 0.3, 1 / 900])
def test_what_is_met_to_the_last_row_is_met_with_any_weight(weight):
    for seed in range(3):
        y, p = calibrated(900, EVEN, seed)
        bound = "recall[1] >= .9"
        plain = cj.maximize(y, p, "accuracy", subject_to=bound, method="exact")
        weighed = cj.maximize(y, p, "accuracy", subject_to=bound, method="exact", sample_weight=np.full(900, weight))
        assert weighed.value == pytest.approx(plain.value, abs=2e-3)


@pytest.mark.usefixtures("quick")
def test_a_bound_ends_the_flatness():
    y, p = calibrated(2000, EVEN)
    decision = cj.maximize(y, p, "accuracy", subject_to="recall[2] >= .9", method="exact")
    assert decision.diagnostics["binding"]
    reached = decision.diagnostics["constrained"]["recall[2] >= 0.9"]
    assert reached == pytest.approx(0.9, abs=0.01)
    for k, (lower, upper) in enumerate(zip(decision.flatness["lower"], decision.flatness["upper"], strict=True)):
        for drift in (-0.99 * lower, 0.99 * upper):
            if np.isfinite(drift):
                aside = decision.offsets + drift * np.eye(3)[k]
                recall = cj.confusion_jacobian(y, p, offsets=aside).of("recall[2]").value
                assert recall >= 0.9 - 0.02  # a step of the search's


@pytest.mark.usefixtures("quick")
def test_more_targets_than_offsets_are_warned_of():
    y, p = calibrated(900, EVEN)
    with pytest.warns(cj.ConjacWarning, match=r"more targets than offsets that are free: recall.* is .*, not 0.95"):
        cj.solve(y, p, {f"recall[{k}]": 0.95 for k in range(3)})


@pytest.mark.usefixtures("quick")
def test_an_exact_optimum_s_interval_is_of_the_smooth_one():
    held = []
    for seed in range(25):
        y, p = calibrated(1000, EVEN, seed)
        lower, upper = cj.maximize(y, p, "accuracy", method="exact", coordinate="logit").confint()
        held.append((lower[1:] <= 0) & (upper[1:] >= 0))  # calibrated: no offset is best
    assert np.mean(held) > 0.8


def test_bounds_outside_a_metric_s_range_are_refused():
    y, p = calibrated(100, EVEN)
    with pytest.raises(cj.InvalidInputError, match=r"recall\[1\] lies in \[0, 1\]"):
        cj.maximize(y, p, "accuracy", subject_to="recall[1] >= 90")
    with pytest.raises(cj.InvalidInputError, match="expected 'metric >= number'"):
        cj.maximize(y, p, "accuracy", subject_to="recall[1] >= .")
    with pytest.raises(cj.InvalidInputError, match="of several constraints, pass a list"):
        cj.maximize(y, p, "accuracy", subject_to="recall[1] >= .5, recall[2] >= .5")
    with pytest.raises(cj.InvalidInputError, match="solve takes metrics and their values"):
        cj.solve(y, p, "recall[1] = .9")


def test_costs_of_a_frame_are_in_the_order_of_the_labels():
    pd = pytest.importorskip("pandas")
    names = ["a", "b", "c"]
    y, p = calibrated(300, EVEN)
    costs = pd.DataFrame([[0, 1, 2], [3, 0, 1], [8, 2, 0]], names, names)
    y = np.array(names)[y]
    by_name = cj.maximize(y, p, expected_cost(costs), method="exact").value
    assert by_name == cj.maximize(y, p, expected_cost(costs.to_numpy()), method="exact").value
    with pytest.raises(cj.InvalidInputError, match="bring its rows and columns into this order"):
        cj.maximize(y, p, expected_cost(costs.loc[names[::-1], names[::-1]]))
    with pytest.raises(cj.InvalidInputError, match="bring both into one order"):
        expected_cost(costs[names[::-1]])
