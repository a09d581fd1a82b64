"""Several classes from sums: bundles merge, and finish as their rows do."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import NormalScores
from scipy.stats import norm
from sklearn.metrics import confusion_matrix
from strategies import class_rows, eighths, sizes_of_parts

import conjac as cj
from conjac import bundles as sums
from conjac import metrics
from conjac.bundles import Bundles, choose_reach
from conjac.density.local import blurred
from conjac.rules import ArgmaxRule
from conjac.validation.arguments import check_groups

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
HOWS = (None, "true", "pred", "all")
SCALES = ("logit", "score")
METRICS = ("f1_macro", "balanced_accuracy", "recall[1]", "matthews_corrcoef")
N = 12_000


def rows_of(n_classes=3, n=N, seed=0, scale="score"):
    """Return true classes, scores and offsets of rows of a population."""
    population = NormalScores.of(n_classes)
    y, score = population.draw(np.random.default_rng(seed), n)
    if scale == "logit":
        score = np.exp(score - score.max(axis=1, keepdims=True))
        score /= score.sum(axis=1, keepdims=True)
    return y, score, np.asarray(population.offsets)


def bundled(y, score, offsets, scale="score", weight=None, groups=None, reach=4.0):
    rule = ArgmaxRule(np.asarray(offsets) - offsets[0], scale)
    empty = Bundles.zero(tuple(range(score.shape[1])), rule, reach=reach, clustered=groups is not None)
    clusters = () if groups is None else check_groups(groups, len(y))
    return empty.add(y, score, weight, *clusters)


def of_rows(y, score, offsets, scale="score", weight=None, groups=None, **how):
    return cj.confusion_jacobian(
        y, score, offsets=offsets, coordinate=scale, labels=range(score.shape[1]), sample_weight=weight, groups=groups,
        **how,
    )  # fmt: skip


DESIGNS = {
    "plain": {},
    "weights": {"weight": np.random.default_rng(1).exponential(size=N)},
    "groups": {"groups": np.arange(N) // 5},
    "weights and groups": {"weight": np.random.default_rng(1).exponential(size=N), "groups": np.arange(N) // 5},
}


# --- sums


@given(data=st.data())
def test_parts_merge_in_any_partition_and_order(data):
    r = data.draw(class_rows())
    scale, n = ("score" if r.kind == "score" else "logit"), len(r.true)
    part, order = data.draw(sizes_of_parts(n)), data.draw(st.permutations(range(5)))
    block = data.draw(sizes_of_parts(n)) if data.draw(st.booleans()) else None
    rule = ArgmaxRule(data.draw(eighths(len(r.labels))), scale)
    empty = Bundles.zero(tuple(r.labels), rule, clustered=block is not None)

    def added(rows):
        picked = (None if column is None else column[rows] for column in (r.sample_weight, block))
        return empty.add(r.true[rows], r.y_score[rows], *picked, n_clusters=0 if block is None else 1)

    whole, merged = added(np.full(n, True)), empty
    for one in order:
        merged = merged.merge(added(part == one))
    np.testing.assert_array_equal(merged.keys, whole.keys)
    np.testing.assert_array_equal(merged.rows, whole.rows)
    for name in ("weight", "weight2", "gap", "square"):
        np.testing.assert_allclose(getattr(merged, name), getattr(whole, name), rtol=1e-12)
    assert merged.n_clusters == (0 if block is None else 5)
    told = {name: getattr(whole, name) for name in sums.SUMS}
    again = Bundles.of_sums(whole.labels, rule, whole.keys[::-1], {k: x[::-1] for k, x in told.items()},
                            clustered=whole.clustered)  # fmt: skip
    np.testing.assert_array_equal(again.keys, whole.keys)
    np.testing.assert_array_equal(again.gap, whole.gap)


@given(data=st.data())
def test_the_matrix_is_scikit_learn_s(data):
    r = data.draw(class_rows())
    scale, size = ("score" if r.kind == "score" else "logit"), len(r.labels)
    found = bundled(r.true, r.y_score, np.zeros(size), scale, r.sample_weight)
    J = cj.ConfusionJacobian.from_bundles(found)
    predicted, same = r.y_score.argmax(axis=1), {"labels": range(size), "sample_weight": r.sample_weight}
    if r.sample_weight is None:
        assert J.matrix.dtype == np.int64
        np.testing.assert_array_equal(J.matrix, confusion_matrix(r.true, predicted, **same))
    else:
        np.testing.assert_allclose(J.matrix, confusion_matrix(r.true, predicted, **same), rtol=1e-12)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_a_bundle_holds_rows_of_the_same_boundaries_in_narrow_bins(scale, n_classes):
    y, score, offsets = rows_of(n_classes, scale=scale)
    found = bundled(y, score, offsets, scale)
    facets = found.facets
    width = 2 * np.sqrt(facets.gap * found.reach) / 8 + found.reach / 64  # of the widest bins within the reach
    assert (facets.within <= (width * sums.WIDER) ** 2 / 4).all()
    assert ((facets.within <= width**2 / 4) | (facets.gap > found.reach)).all()
    assert found.rows.sum() == len(y)
    assert (facets.within[found.rows[facets.row] == 1] == 0).all()
    lone = np.bincount(facets.row) == 1
    assert len(found.rows) < len(y) / 2 or n_classes == 5
    assert lone.any()


def test_the_number_of_bundles_ceases_to_grow_with_the_rows():
    few, many = (len(bundled(*rows_of(3, n)).rows) for n in (50_000, 400_000))
    assert many < 1.5 * few


@pytest.mark.parametrize("within", [0.0, 0.01, 0.5])
@pytest.mark.parametrize("distance", [-1.5, 0.0, 0.3, 2.0])
def test_a_kernel_is_averaged_over_a_bundle(distance, within):
    node, share = np.polynomial.hermite_e.hermegauss(40)
    place, share = distance + np.sqrt(within) * node, share / share.sum()
    found = np.ravel(blurred(np.array([distance]), np.array([within])))
    np.testing.assert_allclose(found, [share @ (norm.pdf(place) * place**k) for k in range(3)], atol=1e-12)


# --- finish


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("scale", SCALES)
def test_figures_are_those_of_rows_to_a_small_part_of_their_errors(scale, design, how):
    data, options = rows_of(3, scale=scale), DESIGNS[design]
    rows = of_rows(*data, scale, **options, normalize=how)
    J = cj.ConfusionJacobian.from_bundles(bundled(*data, scale, **options), normalize=how)
    np.testing.assert_allclose(J.matrix, rows.matrix, rtol=1e-12)
    np.testing.assert_allclose(J.matrix_stderr, rows.matrix_stderr, rtol=1e-9)
    off = np.abs(J.jacobian - rows.jacobian) / rows.stderr
    assert np.median(off) < 0.02
    assert off.max() < 0.1
    np.testing.assert_allclose(J.stderr, rows.stderr, rtol=0.05)
    assert np.median(np.abs(J.stderr / rows.stderr - 1)) < 0.015


@pytest.fixture
def fine(monkeypatch):
    """Bins so narrow that hardly two rows share one."""
    monkeypatch.setattr(sums, "BINS", (2**16,) * 4)


@pytest.mark.usefixtures("fine")
@pytest.mark.parametrize("condition_on", [None, "class"])
@pytest.mark.parametrize("design", DESIGNS)
def test_with_fine_bins_every_figure_is_that_of_rows(design, condition_on):
    data, options = rows_of(4, scale="logit"), DESIGNS[design]
    rows = of_rows(*data, "logit", **options, condition_on=condition_on)
    J = cj.ConfusionJacobian.from_bundles(bundled(*data, "logit", **options), condition_on=condition_on)
    same = {"rtol": 2e-4, "atol": 1e-4 * rows.stderr.max()}
    np.testing.assert_allclose(J.jacobian, rows.jacobian, **same)
    np.testing.assert_allclose(J.stderr, rows.stderr, **same)
    for metric in METRICS:
        told, expected = J.of(metric), rows.of(metric)
        assert told.value == pytest.approx(expected.value, rel=1e-12)
        assert told.value_stderr == pytest.approx(expected.value_stderr, rel=1e-9)
        np.testing.assert_allclose(told.gradient, expected.gradient, atol=1e-3 * expected.stderr.max())
        np.testing.assert_allclose(told.stderr, expected.stderr, rtol=2e-4)
        np.testing.assert_allclose(told.confint(), expected.confint(), atol=3e-3 * expected.stderr.max())
    row = metrics.resolve("f1_macro", tuple(range(4)))
    told, expected = (figure._motion.metric_slope_covariance(row) for figure in (J, rows))
    np.testing.assert_allclose(told, expected, atol=5e-4 * np.abs(expected).max())
    ratio, expected = J.exchange_rate("cell[0, 0]", "cell[1, 1]"), rows.exchange_rate("cell[0, 0]", "cell[1, 1]")
    np.testing.assert_allclose(ratio.value, expected.value, rtol=1e-3)
    np.testing.assert_allclose(ratio.confint(), expected.confint(), rtol=1e-2)


@pytest.mark.parametrize("how", HOWS)
def test_laws_of_the_jacobian(how):
    J = cj.ConfusionJacobian.from_bundles(bundled(*rows_of(4)), normalize=how)
    scale = np.abs(J.jacobian).max()
    np.testing.assert_allclose(J.jacobian.sum(axis=0 if how == "pred" else 1), 0, atol=1e-12 * scale)
    np.testing.assert_allclose(J.jacobian.sum(axis=2), 0, atol=1e-12 * scale)  # no offset is fixed
    rng = np.random.default_rng(0)
    step, pulled = rng.normal(size=4), rng.normal(size=(4, 4))
    assert (pulled * J.jvp(step)).sum() == pytest.approx(J.vjp(pulled) @ step, rel=1e-10)


@pytest.mark.parametrize("design", DESIGNS)
def test_scaling_all_weights_scales_estimates_and_errors(design):
    data, options = rows_of(3), DESIGNS[design]
    weight = options.get("weight", np.ones(N))
    J, scaled = (cj.ConfusionJacobian.from_bundles(bundled(*data, **{**options, "weight": w}))
                 for w in (weight, 8 * weight))  # fmt: skip
    for name in ("matrix", "matrix_stderr", "jacobian", "stderr"):
        np.testing.assert_allclose(getattr(scaled, name), 8 * getattr(J, name), rtol=1e-9)


def test_weights_of_one_are_no_weights():
    data = rows_of(3)
    plain, weighted = (cj.ConfusionJacobian.from_bundles(bundled(*data, weight=w)) for w in (None, np.ones(N)))
    np.testing.assert_allclose(weighted.jacobian, plain.jacobian, rtol=1e-12)
    np.testing.assert_allclose(weighted.stderr, plain.stderr, rtol=1e-12)


def test_intervals_hold_the_truth_as_often_as_they_claim():
    population, n = NormalScores.of(3), 4000
    truth, inside = n * population.slope(), []
    for seed in range(150):
        y, score = population.draw(np.random.default_rng(seed), n)
        J = cj.ConfusionJacobian.from_bundles(bundled(y, score, population.offsets))
        lower, upper = J.confint()
        inside.append((lower <= truth) & (truth <= upper))
    share = np.mean(inside, axis=0)
    assert share.min() > 0.88
    assert 0.93 < share.mean() < 0.98


@pytest.mark.parametrize("step", [0.25, 0.5])
def test_scores_on_atoms_are_counted_across_a_step(step):
    y, score, _ = rows_of(3)
    score, offsets = np.round(score / step) * step, np.zeros(3)
    rows = of_rows(y, score, offsets)
    J = cj.ConfusionJacobian.from_bundles(bundled(y, score, offsets))
    assert J.method == rows.method == "secant"
    np.testing.assert_allclose(J.jacobian, rows.jacobian, atol=0.3 * rows.stderr.max())
    assert "reason" in J.diagnostics


def test_a_raw_score_may_have_any_unit():
    y, score, offsets = rows_of(3)
    J = cj.ConfusionJacobian.from_bundles(bundled(y, score, offsets, reach=4.0))
    wide = cj.ConfusionJacobian.from_bundles(bundled(y, 1024 * score, 1024 * offsets, reach=4096.0))
    np.testing.assert_allclose(wide.jacobian, J.jacobian / 1024, rtol=1e-9)
    assert choose_reach(3.0, "score") == 4.0
    assert choose_reach(3.0 * 1024**2, "score") == 4096.0
    assert choose_reach(3.0 * 1024**2, "logit") == 4.0
    assert choose_reach(0.0, "score") == 4.0


def test_the_result_says_what_was_summed_and_serves_as_any_other():
    found = bundled(*rows_of(3), groups=np.arange(N) // 5)
    J = cj.ConfusionJacobian.from_bundles(found)
    assert J.diagnostics["n_samples"] == N
    assert J.diagnostics["n_clusters"] == N // 5
    assert J.diagnostics["from_sums"].startswith(f"{len(found.rows)} bundles of rows, with the mean")
    assert f"{N // 5} clusters of rows" in J.diagnostics["sampling"]
    assert J.parameters == ("offset[0]", "offset[1]", "offset[2]")
    assert J.to_dict()["jacobian"]
    assert len(J.to_columns()["true"]) == 27
    assert "d[1, 1] by its own offset" in repr(J)


def test_no_rows_are_refused():
    empty = Bundles.zero((0, 1, 2), ArgmaxRule(np.zeros(3), "score"))
    with pytest.raises(cj.InvalidInputError, match="no row"):
        cj.ConfusionJacobian.from_bundles(empty)
    nothing = empty.add(np.array([0]), np.array([[1.0, 2.0, 3.0]]), np.array([0.0]))
    with pytest.raises(cj.InvalidInputError, match="no row"):
        cj.ConfusionJacobian.from_bundles(nothing)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (Bundles.zero((0, 1), ArgmaxRule(np.zeros(2))), "labels"),
        (Bundles.zero((0, 1, 2), ArgmaxRule(np.zeros(3), "score")), "scale"),
        (Bundles.zero((0, 1, 2), ArgmaxRule(np.array([0.0, 1.0, 0.0]))), "offsets"),
        (Bundles.zero((0, 1, 2), ArgmaxRule(np.zeros(3)), reach=8.0), "reach"),
        (Bundles.zero((0, 1, 2), ArgmaxRule(np.zeros(3)), clustered=True), "clustered"),
        (3, "int"),
    ],
)
def test_what_does_not_merge_says_why(other, named):
    with pytest.raises(cj.InvalidInputError, match=named):
        Bundles.zero((0, 1, 2), ArgmaxRule(np.zeros(3))).merge(other)


def test_bad_input_is_refused():
    rule = ArgmaxRule(np.zeros(3))
    with pytest.raises(cj.InvalidInputError, match="power of two"):
        Bundles.zero((0, 1, 2), rule, reach=3.0)
    with pytest.raises(cj.InvalidInputError, match="block"):
        Bundles.zero((0, 1, 2), rule, clustered=True).add(np.array([0]), np.array([[0.2, 0.3, 0.5]]))
