"""Several classes, and the offsets that move: counts, facets, laws of the Jacobian, and truth by quadrature."""

import json
import pickle
import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles import (
    NormalScores,
    count_classes,
    facets_of_row,
    finite_difference,
    flux_of_rows,
    gauss,
    normal_rows,
    normalise,
    normalise_slope,
)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from strategies import FLOATS, INTEGERS, class_rows, eighths
from test_testing import Broken

import conjac as cj
from conjac.coordinates import FLOOR
from conjac.facets import Facets
from conjac.rules import ArgmaxRule
from conjac.testing import check_jacobian

HOWS = (None, "true", "pred", "all")
NAN, INF = float("nan"), float("inf")
pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")


def rows_of(n_classes=3, n=1500, seed=0, **options):
    """Return arguments for rows of a population with its offsets."""
    population = NormalScores.of(n_classes)
    y, score = population.draw(np.random.default_rng(seed), n)
    return {"y_true": y, "y_score": score, "offsets": population.offsets, **options}


def fluxes_of(boundary):
    """Return true class, j and k of each flux that any row is near, j < k."""
    return np.argwhere(np.triu(boundary.n_eff) > 0).tolist()


def log_floor(p):
    return np.log(np.maximum(np.asarray(p, dtype=float), FLOOR))


# --- counts


@given(r=class_rows())
def test_the_matrix_is_scikit_learn_s(r):
    J = cj.confusion_jacobian(r.y_true, r.y_score, wrt="offsets", **r.options)
    predicted, order = r.y_score.argmax(axis=1), range(len(r.labels))
    if r.sample_weight is None:
        assert J.matrix.dtype == np.int64
        np.testing.assert_array_equal(J.matrix, confusion_matrix(r.true, predicted, labels=order))
    else:
        expected = confusion_matrix(r.true, predicted, labels=order, sample_weight=r.sample_weight)
        np.testing.assert_allclose(J.matrix, expected, rtol=1e-12)
    assert J.labels == tuple(r.labels.tolist())
    for how in HOWS:
        share = replace(J, normalize=how).matrix
        total = share.sum(axis={"true": 1, "pred": 0, "all": (0, 1)}.get(how))
        if how:
            assert (np.isclose(total, 1) | (total == 0)).all()


@given(data=st.data())
def test_offsets_are_added_to_the_scores_or_to_the_logarithms(data):
    r = data.draw(class_rows())
    b = data.draw(eighths(len(r.labels)))
    J = cj.confusion_jacobian(r.y_true, r.y_score, offsets=b, **r.options)
    np.testing.assert_array_equal(J.offsets, b - b[0])
    u = r.y_score.astype(float) if r.kind == "score" else log_floor(r.y_score)
    plain = np.ptp(b) == 0
    expected = count_classes(r.true, r.y_score if plain else u, None if plain else b - b[0], r.sample_weight)
    np.testing.assert_allclose(J.matrix, expected, rtol=1e-12 if r.sample_weight is not None else 0)


@pytest.mark.parametrize("dtype", FLOATS)
def test_scores_one_step_of_their_dtype_apart_are_told_apart(dtype):
    low = dtype(0.5)
    high = np.nextafter(low, dtype(1))
    score = np.array([[low, high, 0], [high, low, 0], [low, low, 0], [0, high, high]], dtype=dtype)
    J = cj.confusion_jacobian([0, 1, 2, 2], score, coordinate="score")
    assert J.matrix.tolist() == [[0, 1, 0], [1, 0, 0], [1, 1, 0]]
    J = cj.confusion_jacobian([0, 1, 2, 2], score, coordinate="logit")
    assert J.matrix.tolist() == [[0, 1, 0], [1, 0, 0], [1, 1, 0]]


def test_integers_beyond_the_reach_of_float64_are_told_apart():
    big = 2**62
    score = np.array([[big, big + 1, 0], [big + 1, big, 0], [big, big, 0]])
    assert cj.confusion_jacobian([0, 1, 2], score).matrix.tolist() == [[0, 1, 0], [1, 0, 0], [1, 0, 0]]


def test_below_the_floor_of_the_logarithm_raw_scores_still_decide():
    score = np.array([[2.0**-60, 2.0**-50, 0.0], [0.0, 0.0, 2.0**-70], [0.0, 0.0, 0.0]])
    J = cj.confusion_jacobian([0, 1, 2], score, coordinate="logit")
    assert J.matrix.tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]
    assert J.diagnostics["exact_zeros"] == 3


def test_named_labels_set_the_order_and_absent_ones_keep_their_row():
    names = np.array(["ham", "spam", "news"])
    score = np.array([[0.5, 0.3, 0.2], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]])
    J = cj.confusion_jacobian(["ham", "spam", "ham"], score, labels=names)
    assert J.matrix.tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert J.labels == ("ham", "spam", "news")
    assert J.diagnostics["absent"] == ("news",) or J.diagnostics["absent"] == ["news"]
    assert J.parameters == ("offset[ham]", "offset[spam]", "offset[news]")
    unsorted = cj.confusion_jacobian(["ham", "spam", "news"], score)  # the sorted labels: ham, news, spam
    assert unsorted.labels == ("ham", "news", "spam")
    assert "sorted" in unsorted.diagnostics["labels"]


def test_an_estimator_s_classes_are_the_labels():
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 300)
    names = np.array(["x", "y", "z"])[y]
    model = LogisticRegression().fit(score, names)
    expected = confusion_matrix(names, model.predict(score))
    for output, unit in (("auto", "logit"), ("scores", "score")):
        J = cj.ConfusionJacobian.from_estimator(model, score, names, output=output)
        np.testing.assert_array_equal(J.matrix, expected)
        assert (J.labels, J.coordinate) == (("x", "y", "z"), unit)


# --- facets


@given(data=st.data())
@settings(max_examples=200)
def test_a_row_belongs_to_a_facet_where_every_other_class_is_at_or_below_the_midpoint(data):
    n, size = data.draw(st.integers(1, 12)), data.draw(st.integers(2, 6))
    score = data.draw(arrays(np.float64, (n, size), elements=st.integers(-40, 40).map(lambda x: x / 8)))
    reject = data.draw(st.none() | st.integers(-8, 8).map(lambda x: x / 8))
    within = data.draw(st.sampled_from([INF, 4.0, 0.5, 0.0]))
    rule = ArgmaxRule(np.append(data.draw(eighths(size)), [] if reject is None else reject), "score")
    compared = score + rule.offsets[:size]
    if reject is not None:
        compared = np.hstack([compared, np.full((n, 1), reject)])
    facets = Facets.of(rule, score, within)
    np.testing.assert_array_equal(facets.predicted, compared.argmax(axis=1))
    expected = {
        (row, j * rule.n_columns + k): margin
        for row in range(n)
        for (j, k), margin in facets_of_row(compared[row], facets.predicted[row]).items()
        if abs(margin) <= within
    }
    found = dict(zip(zip(facets.row.tolist(), facets.pair.tolist(), strict=True), facets.margin, strict=True))
    assert found == expected
    assert len(facets.row) == len(found)


def test_margins_are_left_out_by_group_and_predicted_class():
    population = NormalScores.of(4)
    y, score = population.draw(np.random.default_rng(0), 500)
    rule, within = ArgmaxRule(np.zeros(4), "score"), np.random.default_rng(1).exponential(size=(4, 4))
    whole, some = Facets.of(rule, score), Facets.of(rule, score, within, y)
    kept = whole.gap <= within[y[whole.row], whole.predicted[whole.row]]
    assert 0 < kept.sum() < len(kept)
    np.testing.assert_array_equal(some.predicted, whole.predicted)
    for name in ("row", "other", "gap", "pair", "margin"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[kept])


def test_facets_of_many_rows_are_those_of_their_chunks():
    """More rows than are looked at together."""
    population = NormalScores.of(4)
    _, score = population.draw(np.random.default_rng(0), 40_000)
    rule = ArgmaxRule(np.asarray(population.offsets), "score")
    facets, u = Facets.of(rule, score), score + rule.offsets
    j, k = facets.pair // 4, facets.pair % 4
    np.testing.assert_array_equal(facets.margin, (u[facets.row, k] - u[facets.row, j]))
    others = np.arange(4)[None, :]
    middle = (u[facets.row, j] + u[facets.row, k]) / 2
    below = (u[facets.row] <= middle[:, None] + 1e-12) | (others == j[:, None]) | (others == k[:, None])
    assert below.all()
    expected = sum(
        (np.delete(u, pair, axis=1).max(axis=1) <= u[:, pair].mean(axis=1)).sum()
        for pair in ([a, b] for a in range(4) for b in range(a + 1, 4))
    )
    assert len(facets.row) == expected


@pytest.mark.parametrize("unit", [1.0, 1 / 3, 0.1, 1e-30, 1e30])
def test_a_class_at_the_midpoint_is_below_it_however_it_was_rounded(unit):
    score = unit * np.array([[3.0, 2.0, 1.0], [9.0, 7.0, 5.0], [-1.0, -2.0, -3.0], [3.0, 2.0, 0.875]])
    facets = Facets.of(ArgmaxRule(np.zeros(3), "score"), score)
    assert sorted(facets.row[facets.pair == 2].tolist()) == [0, 1, 2]
    p = np.array([[4.0, 2.0, 1.0], [9.0, 3.0, 1.0], [16.0, 4.0, 1.0], [25.0, 5.0, 1.0], [9.0, 6.0, 4.0]])
    facets = Facets.of(ArgmaxRule(np.zeros(3)), p / p.sum(axis=1, keepdims=True))  # the logarithms are spaced evenly
    assert sorted(facets.row[facets.pair == 2].tolist()) == [0, 1, 2, 3, 4]


# --- laws of the Jacobian


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("design", ["plain", "weights", "groups", "class", "atoms"])
def test_a_jacobian_by_offsets_passes(n_classes, how, design):
    told = rows_of(n_classes, 400, normalize=how, wrt="offsets")
    told |= {
        "plain": {},
        "weights": {"sample_weight": np.random.default_rng(1).exponential(size=400)},
        "groups": {"groups": np.arange(400) // 4},
        "class": {"condition_on": "class"},
        "atoms": {"y_score": np.round(told["y_score"])},
    }[design]
    J = cj.confusion_jacobian(**told)
    assert J.jacobian.shape == (n_classes,) * 3
    assert np.isfinite(J.jacobian).all()
    assert np.isfinite(J.stderr).any()
    check_jacobian(J)


@pytest.mark.parametrize("how", HOWS)
def test_sums_and_signs_of_the_axes(how):
    J = cj.confusion_jacobian(**rows_of(4, normalize=how))
    size = np.abs(J.jacobian).max()
    np.testing.assert_allclose(J.jacobian.sum(axis=2), 0, atol=1e-12 * size)
    np.testing.assert_allclose(J.jacobian.sum(axis=0 if how == "pred" else 1), 0, atol=1e-12 * size)
    if how != "pred":
        np.testing.assert_allclose(J.jacobian, J.jacobian.swapaxes(1, 2), atol=1e-12 * size)
        own = np.diagonal(J.jacobian, axis1=1, axis2=2)
        assert (own > 0).all()  # each class takes rows as its offset rises
        assert (J.jacobian[:, ~np.eye(4, dtype=bool)] < 0).all()  # and takes them from the others


@pytest.mark.parametrize("how", HOWS)
def test_the_derivative_is_that_of_the_matrix_as_normalised(how):
    J = cj.confusion_jacobian(**rows_of(3))
    shares = replace(J, normalize=how)
    np.testing.assert_allclose(shares.matrix, normalise(J.matrix, how))
    np.testing.assert_allclose(shares.jacobian, normalise_slope(J.matrix, J.jacobian, how), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("design", ["plain", "groups", "class", "weights"])
def test_a_share_and_the_metric_that_it_is_have_one_slope_and_one_error(design):
    options = {
        "plain": {},
        "groups": {"groups": np.arange(1500) // 3},
        "class": {"condition_on": "class"},
        "weights": {"sample_weight": np.random.default_rng(1).exponential(size=1500)},
    }[design]
    J = cj.confusion_jacobian(**rows_of(3, **options))
    of_true, of_pred = (replace(J, normalize=how) for how in ("true", "pred"))
    for k in range(3):
        for name, shares in ((f"recall[{k}]", of_true), (f"precision[{k}]", of_pred)):
            np.testing.assert_allclose(J.of(name).gradient, shares.jacobian[k, k], rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose(J.of(name).stderr, shares.stderr[k, k], rtol=1e-7)
            np.testing.assert_allclose(J.of(name).value_stderr, shares.matrix_stderr[k, k], rtol=1e-7)


@pytest.mark.parametrize("scale", ["score", "logit"])
@pytest.mark.parametrize("constant", [-3.0, 0.7, 64.0])
def test_a_constant_added_to_all_offsets_moves_nothing(scale, constant):
    told = rows_of(4, coordinate=scale)
    if scale == "logit":
        told["y_score"] = softmax(told["y_score"])
    b = np.asarray(told.pop("offsets"))
    a, moved = (cj.confusion_jacobian(offsets=b + c, **told) for c in (0.0, constant))
    np.testing.assert_array_equal(moved.matrix, a.matrix)
    for name in ("offsets", "jacobian", "stderr", "matrix_stderr"):
        np.testing.assert_allclose(getattr(moved, name), getattr(a, name), rtol=1e-9, atol=1e-12)
    assert moved.offsets[0] == 0


@pytest.mark.parametrize("scale", ["score", "logit"])
def test_scores_moved_by_a_class_are_offsets_moved(scale):
    told = rows_of(3, coordinate=scale)
    b = np.asarray(told.pop("offsets"))
    if scale == "score":
        moved = told | {"y_score": told["y_score"] + b}
    else:
        told["y_score"] = softmax(told["y_score"]) / 2
        moved = told | {"y_score": told["y_score"] * np.exp(b)}
    a, c = cj.confusion_jacobian(offsets=b, **told), cj.confusion_jacobian(**moved)
    np.testing.assert_array_equal(a.matrix, c.matrix)
    np.testing.assert_allclose(a.jacobian, c.jacobian, rtol=1e-9)
    np.testing.assert_allclose(a.stderr, c.stderr, rtol=1e-9)


@pytest.mark.parametrize("constant", [-5.0, 1.0])
def test_a_constant_added_to_a_row_s_raw_scores_moves_nothing(constant):
    told = rows_of(3, coordinate="score")
    a = cj.confusion_jacobian(**told)
    shift = constant * np.random.default_rng(0).random((len(told["y_true"]), 1))
    moved = cj.confusion_jacobian(**told | {"y_score": told["y_score"] + shift})
    np.testing.assert_array_equal(a.matrix, moved.matrix)
    np.testing.assert_allclose(a.jacobian, moved.jacobian, rtol=1e-9)


@pytest.mark.parametrize("order", [[1, 0, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]])
@pytest.mark.parametrize("how", [None, "pred"])
def test_permuting_the_classes_permutes_every_axis(order, how):
    told = rows_of(4, normalize=how)
    a = cj.confusion_jacobian(**told)
    b = cj.confusion_jacobian(
        told["y_true"],
        told["y_score"][:, order],
        offsets=np.asarray(told["offsets"])[order],
        labels=order,
        normalize=how,
    )
    two, three = np.ix_(order, order), np.ix_(order, order, order)
    np.testing.assert_allclose(b.matrix, a.matrix[two], rtol=1e-12)
    np.testing.assert_allclose(b.matrix_stderr, a.matrix_stderr[two], rtol=1e-9)
    np.testing.assert_allclose(b.jacobian, a.jacobian[three], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(b.stderr, a.stderr[three], rtol=1e-9)


@given(data=st.data())
@settings(max_examples=50)
def test_permuting_the_rows_moves_nothing(data):
    r = data.draw(class_rows(min_size=2))
    b = data.draw(eighths(len(r.labels)))
    index = np.array(data.draw(st.permutations(range(len(r)))))
    options = r.options | {"offsets": b}
    a = cj.confusion_jacobian(r.y_true, r.y_score, **options)
    weight = None if r.sample_weight is None else r.sample_weight[index]
    c = cj.confusion_jacobian(r.y_true[index], r.y_score[index], **options | {"sample_weight": weight})
    assert a.method == c.method
    for name in ("matrix", "jacobian", "stderr", "matrix_stderr"):
        np.testing.assert_allclose(getattr(c, name), getattr(a, name), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("c", [2.0**-20, 1 / 3, 1000.0])
@pytest.mark.parametrize("design", ["plain", "groups", "class", "atoms"])
def test_weights_times_c_scale_every_count_by_c(c, design):
    told = rows_of(3, wrt="offsets")
    told |= {
        "plain": {},
        "groups": {"groups": np.arange(1500) // 4},
        "class": {"condition_on": "class"},
        "atoms": {"y_score": np.round(told["y_score"])},
    }[design]
    weight = np.random.default_rng(3).exponential(size=1500)
    a, b = (cj.confusion_jacobian(**told, sample_weight=factor * weight) for factor in (1.0, c))
    for name in ("matrix", "matrix_stderr", "jacobian", "center", "stderr"):
        np.testing.assert_allclose(getattr(b, name), c * getattr(a, name), rtol=1e-8)
    for how in ("true", "pred"):
        np.testing.assert_allclose(replace(b, normalize=how).stderr, replace(a, normalize=how).stderr, rtol=1e-8)
    for name in ("f1_macro", "cohen_kappa"):
        np.testing.assert_allclose(b.of(name).gradient, a.of(name).gradient, rtol=1e-8)
        np.testing.assert_allclose(b.of(name).stderr, a.of(name).stderr, rtol=1e-8)


@pytest.mark.parametrize("design", [{}, {"groups": np.arange(1500) // 4}, {"condition_on": "class"}])
def test_weights_of_one_are_no_weights(design):
    told = rows_of(3, **design)
    a, b = cj.confusion_jacobian(**told), cj.confusion_jacobian(**told, sample_weight=np.ones(1500))
    for name in ("matrix", "matrix_stderr", "jacobian", "stderr"):
        np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=1e-9)


@pytest.mark.parametrize("digits", [None, 0])
def test_rows_of_weight_zero_count_for_nothing(digits):
    told = rows_of(3, wrt="offsets")
    if digits is not None:
        told["y_score"] = np.round(told["y_score"], digits)
    weight = np.random.default_rng(3).exponential(size=1500)
    more = rows_of(3, 900, seed=5)
    both = told | {name: np.concatenate([told[name], more[name]]) for name in ("y_true", "y_score")}
    a = cj.confusion_jacobian(**told, sample_weight=weight)
    b = cj.confusion_jacobian(**both, sample_weight=np.concatenate([weight, np.zeros(900)]))
    for name in ("matrix", "matrix_stderr", "jacobian", "stderr"):
        np.testing.assert_allclose(getattr(b, name), getattr(a, name), rtol=1e-9)


def test_a_class_whose_rows_weigh_nothing_is_an_absent_class():
    told = rows_of(3)
    kept = told["y_true"] != 1
    a = cj.confusion_jacobian(**told, sample_weight=kept.astype(float))
    few = {"y_true": told["y_true"][kept], "y_score": told["y_score"][kept], "offsets": told["offsets"]}
    b = cj.confusion_jacobian(**few, labels=[0, 1, 2])
    for how in HOWS:
        for name in ("matrix", "jacobian", "stderr"):
            x, y = (getattr(replace(J, normalize=how), name) for J in (a, b))
            np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-12)
    assert (b.jacobian[1] == 0).all()
    assert np.isnan(b.stderr[1]).all()  # nothing is known of it
    assert np.isnan(replace(b, normalize="true").jacobian[1]).all()


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("t", [-1.0, 0.0, 0.7])
@pytest.mark.parametrize("n", [500, 5000])
def test_two_classes_by_offsets_are_the_threshold_in_log_odds(n, t, how):
    y, p = normal_rows(1, n)
    by_offsets = cj.confusion_jacobian(y, np.stack([1 - p, p], axis=1), offsets=[0, -t], normalize=how)
    by_cut = cj.confusion_jacobian(y, p, coordinate="logit", threshold=t, normalize=how)
    np.testing.assert_array_equal(by_offsets.matrix, by_cut.matrix)
    np.testing.assert_allclose(by_offsets.matrix_stderr, by_cut.matrix_stderr, rtol=1e-9)
    np.testing.assert_allclose(by_offsets.jacobian[..., 0], -by_offsets.jacobian[..., 1], rtol=1e-9)
    # A higher threshold is a lower offset of the positives.
    assert (np.sign(by_offsets.jacobian[..., 1]) == -np.sign(by_cut.jacobian)).all()
    both = np.hypot(by_offsets.stderr[..., 1], by_cut.stderr)
    assert (np.abs(by_offsets.center[..., 1] + by_cut.center) < both).all()
    np.testing.assert_allclose(by_offsets.stderr[..., 1], by_cut.stderr, rtol=0.1)
    for name in ("f1", "precision", "recall", "youden_j"):
        one, other = by_offsets.of(name), by_cut.of(name)
        assert one.value == pytest.approx(other.value)
        assert abs(one.gradient[1] + other.gradient) < np.hypot(one.stderr[1], other.stderr)


# --- truth by quadrature


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_the_quadrature_s_slope_is_the_derivative_of_its_rates(n_classes):
    population = NormalScores.of(n_classes)
    for k, step in enumerate(np.eye(n_classes)):
        moved = finite_difference(lambda t, e=step: population.rates(np.asarray(population.offsets) + t * e), 1e-3)
        np.testing.assert_allclose(population.slope()[..., k], moved, atol=1e-9)
    assert population.rates().sum() == pytest.approx(1)


def cost_of(n_classes):
    """Return a cost for each class told, that grows with the distance and is dearer one way."""
    told = np.subtract.outer(np.arange(n_classes), np.arange(n_classes))
    return np.where(told > 0, 2.0, 1.0) * np.abs(told)


def figures(J, cells, slope):
    """Yield the name, the estimate and the truth of the slopes that are free to err on their own."""
    size = len(J.labels)
    upper = np.triu_indices(size, 1)
    for how in (None, "true", "pred"):
        shares, truth = replace(J, normalize=how), normalise_slope(cells, slope, how)
        free = (slice(-1),) if how == "pred" else (slice(None), *upper)
        yield str(how), shares.center[free], shares.stderr[free], [x[free] for x in shares.confint()], truth[free]
    for metric in ("f1_macro", "matthews_corrcoef", "recall[1]", cj.metrics.expected_cost(cost_of(size))):
        told, row = J.of(metric), cj.metrics.resolve(metric, J.labels)
        truth = np.einsum("ij,ijk->k", row.gradient(cells), slope)
        yield row.name.partition("(")[0], told.center, told.stderr, told.confint(), truth


def weigh(rng, y, _score):
    return {"sample_weight": rng.exponential(size=len(y)) * np.where(y == 0, 2.0, 1.0)}


def four_of_each(_rng, y, _score):
    return {"groups": np.arange(len(y)) // 4}


# name: classes, rows, samples, how rows are drawn, options
SIMULATIONS = {
    "3 classes": (3, 2000, 150, "draw", None),
    "3 classes, many rows": (3, 20000, 70, "draw", None),
    "5 classes": (5, 2000, 90, "draw", None),
    "weights": (3, 2000, 110, "draw", weigh),
    "clusters": (3, 4000, 90, "quadrupled", four_of_each),
    "classes fixed by design": (3, 2000, 110, "stratified", lambda *_: {"condition_on": "class"}),
}


def simulate(name):
    """Return {figure: (z-scores, whether the interval covers)} and the last sample's arguments."""
    n_classes, n, repetitions, how, options = SIMULATIONS[name]
    population = NormalScores.of(n_classes)
    weight = np.where(np.arange(n_classes) == 0, 2.0, 1.0)[:, None] if options is weigh else np.ones((1, 1))
    cells, slope = n * weight * population.rates(), n * weight[..., None] * population.slope()
    found, rng, told = {}, np.random.default_rng(20), {}
    for _ in range(repetitions):
        if how == "quadrupled":  # a hair apart, or they would be atoms
            y, score = (np.repeat(x, 4, axis=0) for x in population.draw(rng, n // 4))
            score += 1e-4 * rng.random(score.shape)
        else:
            y, score = getattr(population, how)(rng, n)
        told = {"y_true": y, "y_score": score, "offsets": population.offsets}
        J = cj.confusion_jacobian(**told, **(options(rng, y, score) if options else {}))
        assert J.method == "tangent"
        for figure, center, stderr, (lower, upper), truth in figures(J, cells, slope):
            kept = found.setdefault(figure, ([], []))
            kept[0].append((center - truth) / stderr)
            kept[1].append(np.where(np.isnan(stderr), np.nan, (lower <= truth) & (truth <= upper)))
    return {figure: tuple(map(np.stack, kept)) for figure, kept in found.items()}, told


@pytest.mark.parametrize("name", SIMULATIONS, ids=lambda name: name.replace(" ", "-"))
def test_slopes_are_the_population_s_within_their_errors(name):
    found, told = simulate(name)
    for figure, (z, _) in found.items():
        assert np.isnan(z).mean() < (0.1 if figure == "pred" else 0.03), figure
        rms = np.sqrt(np.nanmean(z**2))
        assert 0.85 < rms < 1.15, (figure, rms)
    metrics = [figure for figure in found if figure not in ("None", "true", "pred")]
    assert len(metrics) == 4
    covers = {figure: found[figure][1] for figure in ("None", "true", "pred")}
    covers["metrics"] = np.stack([found[figure][1] for figure in metrics])
    for figure, inside in covers.items():
        assert 0.92 < np.nanmean(inside) < 0.975, (figure, np.nanmean(inside))
    if name == "clusters":
        naive, clustered = (
            cj.confusion_jacobian(**told),
            cj.confusion_jacobian(**told, **four_of_each(None, told["y_true"], 0)),
        )
        for how in HOWS:
            ratio = replace(clustered, normalize=how).stderr / replace(naive, normalize=how).stderr
            assert 1.6 < np.median(ratio) < 2.0  # not 2: clusters are fewer than rows, and have a wider kernel
        for metric in ("f1_macro", "accuracy"):
            assert 1.5 < np.median(clustered.of(metric).stderr / naive.of(metric).stderr) < 2.5
    if name == "classes fixed by design":
        free, fixed = (cj.confusion_jacobian(**told, condition_on=condition) for condition in (None, "class"))
        np.testing.assert_array_equal(free.jacobian, fixed.jacobian)
        assert (fixed.stderr < free.stderr).all()
        assert "fixed by design" in fixed.diagnostics["sampling"]


@pytest.mark.parametrize("condition_on", [None, "class"])
def test_an_error_is_that_of_each_row_s_influence_and_of_half_a_row(condition_on):
    told = rows_of(3, 900)
    J = cj.confusion_jacobian(**told, condition_on=condition_on)
    compared = told["y_score"] + told["offsets"]
    boundary = J._motion.joint.boundary
    for true, *pair in fluxes_of(boundary):
        h = boundary.width[true, *pair]
        mine = compared[told["y_true"] == true]
        margin = np.array([m for row in mine if (m := facets_of_row(row, row.argmax()).get(tuple(pair))) is not None])
        flux, added = flux_of_rows(margin[np.abs(margin) < 4.5 * h], h)
        assert J.jacobian[true, *pair] == pytest.approx(-flux, rel=1e-6)
        total = len(mine) if condition_on else 900
        variance = (added**2).sum() - flux**2 / total + 0.5 * (1.5 * gauss(0) / h) ** 2
        assert J.stderr[true, *pair] == pytest.approx(np.sqrt(variance), rel=1e-5)


WEIGHTS = {"sample_weight": np.random.default_rng(1).exponential(size=150)}
GROUPS = {"groups": np.arange(150) // 3}
DESIGNS = {
    "plain": {},
    "weights": WEIGHTS,
    "groups": GROUPS,
    "class": {"condition_on": "class"},
    "weights and groups": WEIGHTS | GROUPS,
    "groups within classes": {"condition_on": "class"} | GROUPS,
    "weights within classes": {"condition_on": "class"} | WEIGHTS,
}
RULES = {"offsets": None, "a reject option": [0.0, 0.25, -0.25, 0.5], "atoms": None}


def covariance_by_rows(J, figures):
    """Return the covariance of smooth figures of cells and derivative, from what every row and half a row adds.

    ``figures`` takes cells (k, k) and derivative (k, k, k), the offset last.
    """
    joint = J._motion.joint
    boundary, size = joint.boundary, joint.boundary.facets.n_columns
    n = len(boundary.cell)
    weight = np.ones(n) if boundary.weights.weight is None else boundary.weights.weight
    true, predicted = np.divmod(boundary.cell, size)
    cells, slopes = np.zeros((n, size, size)), np.zeros((n, size, size, size))
    cells[np.arange(n), true, predicted] = 1

    def move(slope, y, j, k, flux):
        """A flux between j and k enters the one whose offset rises."""
        for to, of in ((j, k), (k, j)):
            slope[y, to, to] += flux
            slope[y, of, to] -= flux

    for rows, sides, adds in boundary.adds():
        for row, side, added in zip(rows, sides, adds, strict=True):
            move(slopes[row], *np.unravel_index(side, (size,) * 3), added)

    def gradient(c, d):
        """Along cells c and derivative d, from all rows."""
        whole = np.tensordot(weight, cells, 1), np.tensordot(weight, slopes, 1)
        step = 1e-4
        up, down = (figures(whole[0] + sign * step * c, whole[1] + sign * step * d) for sign in (1, -1))
        return (up - down) / (2 * step)

    adds = np.array([np.ravel(gradient(*one)) for one in zip(cells, slopes, strict=True)])
    strata = true if joint.cells.condition_on else np.zeros(n, int)
    for one in np.unique(strata):
        inside = strata == one
        adds[inside] -= weight[inside] @ adds[inside] / weight[inside].sum()
    adds *= weight[:, None]
    found = adds.T @ adds
    if joint.block is not None:
        sums = np.array([adds[joint.block == block].sum(axis=0) for block in np.unique(joint.block)])
        found = sums.T @ sums * len(sums) / (len(sums) - 1)
    for y, j, k in fluxes_of(boundary):
        half = np.zeros((size, size, size))
        move(half, y, j, k, 1.0)
        along = np.ravel(gradient(np.zeros((size, size)), half))
        found += boundary.penalty[y, j, k] * np.outer(along, along)
    return found


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("design", DESIGNS)
def test_errors_are_those_of_each_row_s_influence(design, rule):
    told = rows_of(3, 150, **DESIGNS[design])
    if rule == "atoms":
        told["y_score"] = np.round(told["y_score"])
    told["offsets"] = RULES[rule] or told["offsets"]
    J = cj.confusion_jacobian(**told)
    assert J.method == ("secant" if rule == "atoms" else "tangent")
    size = len(told["offsets"])
    for how in HOWS:

        def figures(cells, slope, how=how):
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.nan_to_num(normalise_slope(cells, slope, how))[:3]

        expected = np.sqrt(np.diag(covariance_by_rows(J, figures))).reshape(3, size, size)
        stderr = replace(J, normalize=how).stderr
        known = ~np.isnan(stderr)
        assert known.any() or (how == "pred" and rule == "a reject option")  # few rows in its columns
        np.testing.assert_allclose(stderr[known], expected[known], rtol=1e-5)


@pytest.mark.parametrize("design", DESIGNS)
def test_the_covariance_of_a_metric_s_slopes_is_that_of_each_row_s_influence(design):
    J = cj.confusion_jacobian(**rows_of(3, 150, **DESIGNS[design]))
    for name in ("f1_macro", "accuracy"):
        row = cj.metrics.resolve(name, J.labels)
        expected = covariance_by_rows(
            J, lambda cells, slope, row=row: np.einsum("ij,ijk->k", row.gradient(cells), slope)
        )
        found = J._motion.metric_slope_covariance(row)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * expected.max())
        np.testing.assert_allclose(J.of(name).stderr, np.sqrt(np.diag(expected)), rtol=1e-5)


def test_rows_looked_at_some_at_a_time_are_the_rows_looked_at_together(monkeypatch):
    told = rows_of(4, 3000, sample_weight=np.random.default_rng(1).exponential(size=3000))
    whole = cj.confusion_jacobian(**told)
    monkeypatch.setattr("conjac.density.near.AT_ONCE", 101)
    monkeypatch.setattr("conjac.facets.SCORES_AT_ONCE", 1000)
    parts = cj.confusion_jacobian(**told)
    for name in ("matrix", "jacobian", "stderr"):
        np.testing.assert_allclose(getattr(parts, name), getattr(whole, name), rtol=1e-9)
    np.testing.assert_allclose(parts.of("f1_macro").stderr, whole.of("f1_macro").stderr, rtol=1e-9)


def test_a_sample_of_the_rows_sets_the_bandwidths_of_many():
    n = 140_000
    population = NormalScores.of(3)
    y, score = population.draw(np.random.default_rng(0), n)
    J = cj.confusion_jacobian(y, score, offsets=population.offsets)
    z = ((J.center - n * population.slope()) / J.stderr)[:, *np.triu_indices(3, 1)]
    assert 0.5 < np.sqrt((z**2).mean()) < 1.6
    assert (J.stderr < 0.03 * np.abs(J.jacobian).max()).all()


# --- metrics, and ways out


def test_a_metric_s_gradient_is_the_chain_rule():
    J = cj.confusion_jacobian(**rows_of(3))
    for name in cj.metrics.names(3):
        row, told = cj.metrics.resolve(name, J.labels), J.of(name)
        expected = np.einsum("ij,ijk->k", np.nan_to_num(row.gradient(J.matrix)), J.jacobian)
        np.testing.assert_allclose(told.gradient, expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(told.gradient.sum(), 0, atol=1e-12 * max(1, np.abs(expected).max()))
        assert told.stderr.shape == told.center.shape == (3,)
        assert told.units == J.units
        assert not np.isnan(told.stderr).any()
        lower, upper = told.confint(0.9)
        np.testing.assert_allclose((upper + lower) / 2, told.center, rtol=1e-9, atol=1e-15)
        shares = replace(J, normalize="true").of(name)
        np.testing.assert_array_equal(shares.gradient, told.gradient)


def test_a_metric_that_offsets_cannot_move_has_no_slope_and_no_error():
    told = cj.confusion_jacobian(**rows_of(3)).of("prevalence[1]")
    np.testing.assert_allclose(told.gradient, 0, atol=1e-15)
    np.testing.assert_allclose(told.stderr, 0, atol=1e-15)


def test_a_metric_whose_facets_no_row_is_near_has_a_slope_without_interval():
    """Class 0 and class 1 are never near each other, and class 0 is never near class 2."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 200)
    score = 40.0 * np.eye(3)[y] + rng.normal(size=(600, 3))
    score[200:, 2] = score[200:, 1] + rng.normal(2 * (y[200:] == 2) - 1, 1)
    J = cj.confusion_jacobian(y, score)
    told = J.of("recall[0]")
    np.testing.assert_array_equal(told.gradient, np.zeros(3))
    assert np.isnan(told.stderr).all()
    assert np.isnan(J.stderr[0]).all()
    assert np.isfinite(J.of("recall[1]").stderr[1:]).all()
    assert J.of("recall[1]").gradient[1] > 0


@pytest.mark.parametrize("how", HOWS)
def test_products_are_contractions(how):
    J = cj.confusion_jacobian(**rows_of(4, normalize=how))
    rng = np.random.default_rng(0)
    direction, cotangent = rng.normal(size=4), rng.normal(size=(4, 4))
    moved, pulled = np.einsum("ijk,k->ij", J.jacobian, direction), np.einsum("ij,ijk->k", cotangent, J.jacobian)
    np.testing.assert_allclose(J.jvp(direction), moved)
    np.testing.assert_allclose(J.vjp(cotangent), pulled)
    operator = J.as_linear_operator()
    assert operator.shape == (16, 4)
    np.testing.assert_allclose(operator @ direction, moved.ravel())
    np.testing.assert_allclose(operator.T @ cotangent.ravel(), pulled)
    np.testing.assert_allclose(J.jvp(np.ones(4)), 0, atol=1e-12 * np.abs(J.jacobian).max())


def test_a_step_along_the_jacobian_is_a_recount():
    told = rows_of(3, 200_000)
    b = np.asarray(told.pop("offsets"))
    J = cj.confusion_jacobian(**told, offsets=b)
    direction = np.array([0.3, -0.5, 0.1])
    before, after = (cj.confusion_jacobian(**told, offsets=b + sign * 0.1 * direction).matrix for sign in (-1, 1))
    quotient = (after - before) / 0.2
    assert np.abs(J.jvp(direction) - quotient).max() < 0.03 * np.abs(quotient).max()


def test_products_refuse_other_shapes():
    J = cj.confusion_jacobian(**rows_of(3))
    with pytest.raises(cj.InvalidInputError, match=r"direction has shape \(\); expected \(3,\)"):
        J.jvp()
    with pytest.raises(cj.InvalidInputError, match=r"cotangent has shape \(3, 3, 3\); expected \(3, 3\)"):
        J.vjp(np.zeros((3, 3, 3)))


def test_columns_have_one_row_per_cell_and_parameter():
    told = rows_of(3)
    told["y_true"] = np.array(["ant", "bee", "cat"])[told["y_true"]]
    J = cj.confusion_jacobian(**told)
    columns = J.to_columns(level=0.9)
    assert {len(column) for column in columns.values()} == {27}
    places = [(t, p, o) for t in range(3) for p in range(3) for o in range(3)]
    lower, upper = J.confint(0.9)
    for name, array in (("jacobian", J.jacobian), ("stderr", J.stderr), ("lower", lower), ("upper", upper)):
        assert columns[name] == [array[place] for place in places]
    assert columns["matrix"] == [J.matrix[t, p] for t, p, _ in places]
    assert columns["matrix_upper"] == [J.matrix_confint(0.9).upper[t, p] for t, p, _ in places]
    assert columns["true"] == [J.labels[t] for t, _, _ in places]
    assert columns["predicted"] == [J.labels[p] for _, p, _ in places]
    assert columns["parameter"] == [J.parameters[o] for _, _, o in places]
    assert set(columns["unit"]) == {"1 unit of score"}
    frame = J.to_frame("pandas", level=0.9)
    assert frame.shape == (27, len(columns))
    assert frame["parameter"].tolist() == columns["parameter"]


def test_to_dict_is_json_and_nan_is_null():
    told = rows_of(3, 60, labels=[0, 1, 2, 9])
    told |= {"y_score": np.hstack([told["y_score"], told["y_score"][:, :1] - 1]), "offsets": [0, 0.25, 0.5, 0]}
    J = cj.confusion_jacobian(**told, normalize="true")
    plain = json.loads(json.dumps(J.to_dict(level=0.9), allow_nan=False))
    assert plain["schema"] == "conjac.jacobian/1"
    assert plain["labels"] == [0, 1, 2, 9]
    assert plain["offsets"] == [0, 0.25, 0.5, 0]
    assert plain["threshold"] is None
    assert plain["level"] == 0.9
    assert plain["parameters"] == ["offset[0]", "offset[1]", "offset[2]", "offset[9]"]
    assert np.shape(plain["jacobian"]) == np.shape(plain["stderr"]) == (4, 4, 4)
    assert np.shape(plain["confint"]) == (2, 4, 4, 4)
    assert plain["jacobian"][3] == [[None] * 4] * 4
    assert plain["jacobian"][0][0][0] == pytest.approx(J.jacobian[0, 0, 0])
    assert plain["diagnostics"]["absent"] == ["9"]


def test_repr_shows_the_matrix_the_offsets_and_each_class_s_own_slope():
    told = rows_of(3) | {"offsets": [0, 0.25, -0.5]}
    J = cj.confusion_jacobian(**told)
    first, *lines = repr(J).splitlines()
    assert first == "ConfusionJacobian at offsets (0, 0.25, -0.5), per 1 unit of score, tangent"
    assert len(lines) == 3
    for k, line in enumerate(lines):
        assert f"d[{k}, {k}] by its own offset: {J.jacobian[k, k, k]:.5g} ± {J.stderr[k, k, k]:.3g}" in line
        assert line.split()[2:5] == [str(cell) for cell in J.matrix[k]]


def test_results_are_what_they_say_and_cannot_be_changed():
    J = cj.confusion_jacobian(**rows_of(3))
    assert np.isnan(J.threshold)
    assert (J.method, J.coordinate, J.units) == ("tangent", "score", ("1 unit of score",) * 3)
    assert J.parameters == ("offset[0]", "offset[1]", "offset[2]")
    assert J.diagnostics["n_samples"] == 1500
    assert J.diagnostics["fluxes"] == {"seen": 9, "rough": 0, "unknown": 0}
    assert J.diagnostics["effective_rows"].shape == (3, 3, 3)
    shares = cj.confusion_jacobian(J.diagnostics["effective_rows"].argmax(axis=2)[0], np.eye(3))
    assert (shares.coordinate, shares.units) == ("logit", ("1 unit of log-probability",) * 3)
    for array in (J.offsets, J.matrix, J.jacobian, J.stderr, J.diagnostics["effective_rows"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = -1
    again = pickle.loads(pickle.dumps(J))
    np.testing.assert_array_equal(again.stderr, J.stderr)
    assert again.to_dict() == J.to_dict()
    a, b = (cj.confusion_jacobian(**rows_of(3), wrt=wrt) for wrt in ("offsets", cj.Offsets()))
    np.testing.assert_array_equal(a.stderr, b.stderr)
    np.testing.assert_array_equal(a.stderr, J.stderr)


# --- scores on atoms


def softmax(score):
    p = np.exp(score - score.max(axis=1, keepdims=True))
    return p / p.sum(axis=1, keepdims=True)


def rounded(rng, n):
    y, score = NormalScores.of(3).draw(rng, n)
    return y, np.round(softmax(score), 2)


def voted(rng, n):
    y, score = NormalScores.of(3).draw(rng, n)
    return y, rng.multinomial(25, softmax(score)) / 25


ATOMS = {"rounded": rounded, "voted": voted}


@pytest.mark.parametrize("make", ATOMS)
@pytest.mark.parametrize("offsets", [[0.0, 0.0, 0.0], [0.0, 0.2, -0.3]])
def test_scores_on_atoms_are_counted_across_a_step_and_say_so(make, offsets):
    y, p = ATOMS[make](np.random.default_rng(0), 20_000)
    everyone, q = ATOMS[make](np.random.default_rng(1), 400_000)
    J = cj.confusion_jacobian(y, p, offsets=offsets, coordinate="logit")
    assert J.method == "secant"
    assert "atoms" in J.diagnostics["reason"]
    assert "bandwidth" not in J.diagnostics
    steps = J.diagnostics["step"]
    assert 0 < steps["least"] <= steps["largest"] < 2
    u = log_floor(q) + offsets
    # Each flux is the population's difference quotient over its own step, within its error.
    boundary, z = J._motion.joint.boundary, []
    for true, j, k in fluxes_of(boundary):
        width = boundary.width[true, j, k]
        near = (u[:, 3 - j - k] <= (u[:, j] + u[:, k]) / 2 + 1e-12) & (np.abs(u[:, k] - u[:, j]) < width)
        flux = (near & (everyone == true)).sum() * (20_000 / 400_000) / (2 * width)
        z.append((-J.center[true, j, k] - flux) / J.stderr[true, j, k])
    assert len(z) == 9
    assert np.sqrt(np.mean(np.square(z))) < 1.5
    # And one recount of all cells, over one step for all, is near.
    step, quotient = np.median(boundary.widths), np.zeros((3, 3, 3))
    for k, move in enumerate(step * np.eye(3)):
        up, down = (
            np.bincount(3 * everyone + (u + sign * move).argmax(axis=1), minlength=9).reshape(3, 3) for sign in (1, -1)
        )
        quotient[..., k] = (up - down) / (2 * step) * (20_000 / 400_000)
    assert np.abs(J.jacobian - quotient).max() < 0.07 * np.abs(quotient).max()
    check_jacobian(J)


def test_the_ends_of_a_step_lie_between_atoms():
    y, p = voted(np.random.default_rng(0), 5000)
    boundary = cj.confusion_jacobian(y, p)._motion.joint.boundary
    gaps = np.abs(log_floor(p)[:, [1, 2, 2]] - log_floor(p)[:, [0, 0, 1]])
    for width in boundary.widths:
        assert np.abs(gaps - width).min() > 1e-3


@pytest.mark.parametrize("make", ATOMS)
def test_errors_on_atoms_are_those_of_counts(make):
    """Of 60 samples: the spread of the estimates is what each one's error says."""
    rng, estimates, errors = np.random.default_rng(7), [], []
    for _ in range(60):
        J = cj.confusion_jacobian(*ATOMS[make](rng, 4000), coordinate="logit")
        assert J.method == "secant"
        steps = J._motion.joint.boundary.widths.reshape(3, 3)  # each class's three facets
        fluxes = -J.jacobian[:, *np.triu_indices(3, 1)]
        estimates.append(2 * steps * fluxes)
        errors.append(2 * steps * J.stderr[:, *np.triu_indices(3, 1)])
        counted = estimates[-1]
        np.testing.assert_allclose(counted, np.round(counted), atol=1e-6)
        # A share of all rows, and half a row for what was not seen.
        np.testing.assert_allclose(errors[-1], np.sqrt(counted * (1 - counted / 4000) + 0.5), rtol=1e-6)


def test_copies_of_few_rows_are_atoms_too():
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 300)
    again = np.repeat(np.arange(300), 5)
    assert cj.confusion_jacobian(y, score).method == "tangent"
    assert cj.confusion_jacobian(y[again], score[again]).method == "secant"


# --- bad input

Y = np.array([0, 1, 2, 0, 1, 2])
P = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.1, 0.2, 0.7], [0.6, 0.3, 0.1], [0.3, 0.4, 0.3], [0.2, 0.2, 0.6]])
OFFSETS = {"wrt": "offsets"}


def at(values, place, value):
    changed = np.array(values, dtype=object)
    changed[place] = value
    return changed.tolist()


# name: (y_true, y_score, options, what the message holds)
BAD = {
    "nan score": (Y, at(P, (2, 1), NAN), {}, ["y_score[2, 1] is nan", "1 missing or infinite", "drop or fill"]),
    "none score": (Y, at(P, (2, 1), None), {}, ["y_score[2, 1]", "missing or infinite", "drop or fill"]),
    "inf score": (Y, at(P, (4, 0), INF), {}, ["y_score[4, 0] is inf", "drop or fill"]),
    "text score": (Y, [["a", "b", "c"]] * 6, {}, ["y_score holds", "expected numbers"]),
    "ragged scores": (Y, [*P[:5].tolist(), [1.0]], {}, ["y_score cannot be made an array", "one length"]),
    "rows that do not add up": (Y, 0.9 * P, {}, ["y_score[0] = [0.45", "does not sum to 1", "coordinate='score'"]),
    "one row that does not": (Y, at(P, (4, 0), 0.4), {}, ["y_score[4] = [0.4, 0.4, 0.3]", "does not sum to 1"]),
    "too few columns": (Y, P[:, :2], OFFSETS, ["2 columns", "y_true holds 3 classes, [0, 1, 2]", "pass labels="]),
    "too many columns": (Y, np.full((6, 4), 0.25), {}, ["4 columns", "3 classes, [0, 1, 2]", "pass labels="]),
    "too few labels": (Y, P, {"labels": [0, 1]}, ["3 columns", "labels names 2 classes, [0, 1]", "pass labels="]),
    "one column": (Y, P[:, :1], OFFSETS, ["1 columns", "at least two classes"]),
    "one score a row": (Y, P[:, 0], OFFSETS, ["y_score has shape (6,)", "(n_samples, n_classes)"]),
    "three dimensions": (Y, P[..., None], OFFSETS, ["y_score has shape (6, 3, 1)", "(n_samples, n_classes)"]),
    "one label": (np.zeros(6, int), P, {}, ["1 labels, [0]", "at least two classes"]),
    "one label named": (Y, P, {"labels": [0]}, ["1 labels, [0]", "at least two classes"]),
    "a label twice": (Y, P, {"labels": [0, 1, 1]}, ["labels=[0, 1, 1]", "twice"]),
    "unknown label": (Y, P, {"labels": [0, 1, 3]}, ["y_true[2] is 2", "labels [0, 1, 3]", "add it to labels"]),
    "labels of another type": (Y.astype(str), P, {"labels": [0, 1, 2]}, ["y_true[0] is '0'", "labels [0, 1, 2]"]),
    "missing label": (at(Y, 2, NAN), P, {}, ["y_true[2] is missing", "drop or fill"]),
    "offsets too short": (Y, P, {"offsets": [0, 1]}, ["offsets has shape (2,)", "expected (3,)"]),
    "one offset for all": (Y, P, {"offsets": 1.0}, ["offsets has shape ()", "expected (3,)"]),
    "offsets in a column": (Y, P, {"offsets": np.zeros((3, 1))}, ["offsets has shape (3, 1)", "expected (3,)"]),
    "nan offset": (Y, P, {"offsets": [0, 1, NAN]}, ["offsets[2] is nan", "finite number"]),
    "infinite offset": (Y, P, {"offsets": [0, -INF, 0]}, ["offsets[1] is -inf", "finite number"]),
    "text offsets": (Y, P, {"offsets": ["a", "b", "c"]}, ["offsets holds", "expected numbers"]),
    "threshold": (Y, P, {"threshold": 0.5}, ["threshold=0.5", "for the threshold of two classes"]),
    "threshold and offsets": (
        Y,
        P,
        {"threshold": 0.5, "offsets": [0, 0, 0]},
        ["threshold=0.5", "for the threshold of two classes"],
    ),
    "pos_label": (Y, P, {"pos_label": 1}, ["pos_label=1", "for the threshold of two classes"]),
    "assume_calibrated": (
        Y,
        P,
        {"assume_calibrated": True},
        ["assume_calibrated=True", "for the threshold of two classes"],
    ),
    "wrt threshold": (
        Y,
        P,
        {"wrt": "threshold"},
        ["3 classes have no threshold", "offset a class", "against the rest"],
    ),
    "wrt Threshold()": (Y, P, {"wrt": cj.Threshold()}, ["3 classes have no threshold"]),
    "offsets of a threshold": (
        Y[:2],
        [0.2, 0.7],
        {"wrt": "threshold", "offsets": [0, 0]},
        ["offsets: the threshold moves", "wrt='offsets'"],
    ),
    "percentile": (Y, P, {"coordinate": "percentile"}, ["coordinate='percentile'", "'logit'", "'score'"]),
    "probability": (Y, P, {"coordinate": "probability"}, ["coordinate='probability'", "'logit'", "'score'"]),
    "odds": (Y, P, {"coordinate": "odds"}, ["coordinate='odds'", "'logit'", "'score'"]),
    "logit of raw scores": (
        Y,
        at(P, (3, 1), 2.0),
        {"coordinate": "logit"},
        ["y_score[3] is [0.6, 2.0, 0.1]", "'score'"],
    ),
    "empty": ([], np.zeros((0, 3)), {}, ["y_true is empty"]),
    "empty scores": (Y, np.zeros((0, 3)), {}, ["y_score is empty"]),
    "lengths": (Y[:4], P, {"labels": [0, 1, 2]}, ["y_true has 4 rows and y_score has 6"]),
    "weights of zero": (Y, P, {"sample_weight": np.zeros(6)}, ["sample_weight is zero", "at least one row"]),
    "negative weight": (Y, P, {"sample_weight": at(np.ones(6), 2, -1.0)}, ["sample_weight[2] is -1", "negative"]),
    "length of weights": (Y, P, {"sample_weight": [1, 2]}, ["sample_weight has 2 rows and y_true has 6"]),
    "one cluster": (Y, P, {"groups": ["a"] * 6}, ["groups names one cluster only"]),
    "normalize": (Y, P, {"normalize": "rows"}, ["normalize='rows'", "'true'"]),
    "condition_on": (Y, P, {"condition_on": "classes"}, ["condition_on='classes'", "'class'"]),
}


@pytest.mark.parametrize("case", BAD, ids=lambda name: name.replace(" ", "-"))
def test_bad_input(case):
    y_true, y_score, options, held = BAD[case]
    with pytest.raises((cj.InvalidInputError, cj.NotSupportedError)) as error:
        cj.confusion_jacobian(y_true, y_score, **options)
    for text in held:
        assert text in str(error.value)
    assert "\n" not in str(error.value)


def test_metrics_of_two_classes_are_refused_by_name():
    J = cj.confusion_jacobian(Y, P)
    with pytest.raises(cj.UnknownMetricError, match=r"'f1'.*3.*f1_macro"):
        J.of("f1")
    with pytest.raises(cj.InvalidInputError, match=r"recall\[7\].*no such class"):
        J.of("recall[7]")
    with pytest.raises(cj.UnknownMetricError, match=r"'fp' is a cell of two classes.*cell\["):
        J.exchange_rate()


def test_plot_draws_each_column_by_its_own_offset():
    J = cj.confusion_jacobian(**rows_of(3))
    drawn = J.plot().collections[0].get_array().reshape(3, 3)
    np.testing.assert_allclose(drawn, 0.1 * np.einsum("ykk->yk", J.jacobian))
    plt.close("all")


# --- few rows


def everything(y_true, y_score, **options):
    """Ask for every figure that there is: finite or nan, and no warning but conjac's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", cj.ConjacWarning)
        whole = cj.confusion_jacobian(y_true, y_score, wrt="offsets", **options)
        for how in HOWS:
            J = replace(whole, normalize=how)
            check_jacobian(J)
            for array in (J.matrix, J.matrix_stderr, J.jacobian, J.center, J.stderr, *J.confint(), *J.matrix_confint()):
                assert not np.isinf(array).any()
            json.dumps(J.to_dict(), allow_nan=False)
            J.to_columns()
            repr(J)
            lower, upper = J.confint()
            assert (np.isnan(lower) | (upper > lower)).all()  # no interval of length 0 for what was not seen
        for name in cj.metrics.names(len(whole.labels)):
            told = whole.of(cj.metrics.resolve(name, range(len(whole.labels))))
            for array in (told.gradient, told.stderr, *told.confint(), *told.value_confint()):
                assert not np.isinf(array).any()
    return whole


@given(data=st.data())
@settings(max_examples=15)
def test_small_samples_never_raise(data):
    r = data.draw(class_rows(min_size=2, max_size=8, n_classes=(2, 4)))
    everything(
        r.y_true,
        r.y_score,
        offsets=data.draw(st.none() | eighths(len(r.labels))),
        condition_on=data.draw(st.sampled_from([None, "class"])),
        groups=data.draw(st.sampled_from([None, np.arange(len(r))])),
        **r.options,
    )


@pytest.mark.parametrize("predicted", [[0, 1, 2], [1, 2, 0], [1, 1, 1]])
@pytest.mark.parametrize("score", ["certain", "shares", "scores"])
def test_three_rows_of_three_classes(predicted, score):
    unit = np.eye(3)[predicted]
    y_score = {"certain": unit, "shares": 0.5 * unit + 1 / 6, "scores": unit - 3 * np.arange(3)[:, None]}[score]
    J = everything([0, 1, 2], y_score)
    np.testing.assert_array_equal(J.matrix, np.eye(3)[predicted])
    assert np.isnan(J.stderr).all()


@pytest.mark.parametrize("n", [1, 3, 30])
@pytest.mark.parametrize("score", [-7.0, 0.0, 1 / 3, 1e30])
def test_scores_all_alike(n, score):
    J = everything(np.arange(n) % 3, np.full((n, 3), score), labels=[0, 1, 2], coordinate="score")
    assert J.matrix[:, 0].sum() == n
    assert (J.jacobian[:, 1:, 1:].sum(axis=1) >= 0).all()


@pytest.mark.parametrize("n_rare", [1, 2, 5])
def test_a_rare_class_has_slopes_without_intervals(n_rare):
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 1000)
    y = np.where(np.arange(1000) < n_rare, 2, y % 2)
    J = everything(y, score)
    assert np.isnan(J.stderr[2]).all()
    assert np.isfinite(J.stderr[:2]).all()
    assert J.diagnostics["fluxes"]["unknown"] > 0


def test_an_absent_class_and_a_class_that_is_never_predicted():
    y, score = NormalScores.of(4).draw(np.random.default_rng(0), 600)
    score[:, 3] -= 60
    J = everything(np.where(y == 2, 1, y), score, labels=range(4))
    assert (J.matrix[2] == 0).all()
    assert (J.matrix[:, 3] == 0).all()
    assert np.isnan(J.of("recall[2]").gradient).all()
    assert np.isfinite(J.of("recall[1]").stderr).sum() == 3


def test_probabilities_of_exactly_zero_and_one():
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 600)
    p = softmax(score)
    p[:20] = np.eye(3)[np.arange(20) % 3]
    J = everything(y, p)
    assert J.diagnostics["exact_zeros"] == 20
    assert np.isfinite(J.stderr).all()


@pytest.mark.parametrize("scale", [1e-30, 1e-9, 1e9, 1e30])
def test_scores_of_any_size(scale):
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 1500)
    one, J = (cj.confusion_jacobian(y, factor * score, coordinate="score") for factor in (1.0, scale))
    np.testing.assert_array_equal(J.matrix, one.matrix)
    np.testing.assert_allclose(scale * J.jacobian, one.jacobian, rtol=1e-6)
    np.testing.assert_allclose(scale * J.stderr, one.stderr, rtol=1e-6)
    for name in ("accuracy", "matthews_corrcoef"):
        np.testing.assert_allclose(scale * J.of(name).stderr, one.of(name).stderr, rtol=1e-6)


def test_atoms_of_any_size():
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 1500)
    one, *others = (
        cj.confusion_jacobian(y, factor * np.round(score), coordinate="score") for factor in (1, 1e-12, 1e9)
    )
    assert one.method == "secant"
    for factor, J in zip((1e-12, 1e9), others, strict=True):
        assert J.method == "secant"
        np.testing.assert_allclose(factor * J.jacobian, one.jacobian, rtol=1e-6)


@pytest.mark.parametrize("outlier", [1e3, -1e6, 1e12])
def test_one_wild_row_changes_one_row(outlier):
    told = rows_of(3, coordinate="score")
    plain = cj.confusion_jacobian(**told)
    told["y_score"][0, 1] = outlier
    J = everything(**told)
    assert J.method == "tangent"
    # One row more or less near the facets of one class.
    assert (np.abs(J.jacobian - plain.jacobian) < plain.stderr).all()


@pytest.mark.parametrize("weights", ["tiny", "huge", "of mixed size", "of one row"])
def test_weights_of_any_size(weights):
    rng = np.random.default_rng(0)
    weight = {
        "tiny": np.full(300, 1e-100),
        "huge": np.full(300, 1e100),
        "of mixed size": 10.0 ** rng.integers(-9, 9, 300),
        "of one row": np.eye(300)[7],
    }[weights]
    everything(**rows_of(3, 300), sample_weight=weight)


def test_more_classes_than_rows():
    rng = np.random.default_rng(0)
    J = everything(rng.integers(0, 12, 8), rng.normal(size=(8, 12)), labels=range(12))
    assert J.matrix.sum() == 8


# --- the shipped checker catches what is not

TILT = 1 + 1e-6 * np.arange(27.0).reshape(3, 3, 3)
BREAKS = {
    "offsets have a gauge": (lambda J: {"jacobian": J.jacobian * TILT[:1, :1]}, "jacobian over all offsets sums to"),
    "the gauge of the center": (lambda J: {"center": J.center * TILT[:1, :1]}, "center over all offsets sums to"),
    "rows do not sum to zero": (lambda J: {"jacobian": J.jacobian * TILT[:1, :, :1]}, "rows of jacobian sum to"),
    "not symmetric": (lambda J: {"jacobian": J.jacobian[:, [1, 2, 0]]}, "not symmetric"),
    "signs": (lambda J: {"jacobian": -J.jacobian}, "wrong sign"),
    "parameters before cells": (
        lambda J: {"jacobian": np.moveaxis(J.jacobian, -1, 0)},
        "rows of jacobian|chain rule|symm",
    ),
    "one parameter forgotten": (lambda J: {"jacobian": J.jacobian[..., 1:]}, "center has shape"),
    "jvp takes one number": (lambda J: {"jvp": lambda _: J.jacobian[..., 0]}, "jvp is not"),
    "vjp of the first": (lambda _: {"vjp": lambda _: np.zeros(3)}, "vjp is not"),
    "a metric off by 5e-4": (
        lambda J: {
            "of": lambda m: replace(
                J.of(m), gradient=J.of(m).gradient * np.where(m.name == "f1_macro", [1, 1.0005, 1], 1)
            )
        },
        r"of\('f1_macro'\).gradient breaks the chain rule",
    ),
}


@pytest.mark.parametrize("broken", BREAKS, ids=lambda name: name.replace(" ", "-"))
def test_check_jacobian_catches(broken):
    J = cj.confusion_jacobian(**rows_of(3))
    change, told = BREAKS[broken]
    with pytest.raises(AssertionError, match=told):
        check_jacobian(Broken(J, **change(J)))


@pytest.mark.parametrize("how", ["true", "all"])
def test_check_jacobian_catches_shares_that_are_not_symmetric(how):
    J = cj.confusion_jacobian(**rows_of(3, normalize=how))
    turned = J.jacobian[:, :, [1, 0, 2]]
    with pytest.raises(AssertionError, match="not symmetric"):
        check_jacobian(Broken(J, jacobian=turned))


def test_integer_scores_of_every_width():
    y = np.array([0, 1, 2, 1])
    for dtype in INTEGERS:
        score = np.array([[3, 2, 1], [2, 2, 1], [0, 1, 9], [5, 7, 7]], dtype=dtype)
        assert cj.confusion_jacobian(y, score).matrix.tolist() == [[1, 0, 0], [1, 1, 0], [0, 0, 1]]
