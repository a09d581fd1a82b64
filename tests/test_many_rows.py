"""Many rows in memory: counted in blocks, and the same figures as of few."""

import tracemalloc

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support import needs

import conjac as cj
from conjac import blocks
from conjac.engines import arrays
from conjac.engines.arrays import count_cells, counter_of, tally_rows
from conjac.engines.counted import CountedRows
from conjac.engines.ordered import SortedRows
from conjac.tally import Tally, places
from conjac.tally.ranks import Ranks
from conjac.validation import check_predictions

FLOATS = [np.float16, np.float32, np.float64]
SOME = 5000


def finite(dtype):
    return st.floats(allow_nan=False, allow_infinity=False, width=8 * np.dtype(dtype).itemsize)


def sample(n=SOME, dtype=np.float64, sharpness=1.0, seed=0):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.3).astype(np.uint8)
    p = 1 / (1 + np.exp(-sharpness * rng.normal(2 * y - 1.5, 1.2)))
    p[: n // 20] = p[: n // 20].round(2)
    p[: 2 * (n // 20) : 7] = 0.5
    p[3:9], p[9:12] = [0, 0, 1, 1, 1e-300, 1 - 2e-9], np.nextafter(0.5, [0, 1, 0.5])
    return y, p.astype(dtype), rng


@pytest.fixture
def few_are_many(monkeypatch):
    monkeypatch.setattr(blocks, "MANY", 1000)
    monkeypatch.setattr(arrays, "MANY", 1000)
    monkeypatch.setattr(arrays, "FINE", 1000)
    monkeypatch.setattr(blocks, "ROWS_AT_ONCE", 300)


@pytest.mark.parametrize("dtype", [*FLOATS, np.int64, np.uint8])
@given(data=st.data())
def test_ranks_are_those_of_a_binary_search(dtype, data):
    of = finite(dtype) if np.dtype(dtype).kind == "f" else st.integers(0, 200)
    score = data.draw(hnp.arrays(dtype, st.integers(1, 50), elements=of))
    others = data.draw(st.lists(finite(np.float64), max_size=20))
    with np.errstate(over="ignore"):
        cuts = np.unique(np.concatenate([score[:10], others]).astype(dtype if np.dtype(dtype).kind == "f" else float))
    found = Ranks.of(cuts, float(score.min()), float(score.max())).at(score)
    assert np.array_equal(found, np.searchsorted(cuts, score, side="right"))


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("sharpness", [1.0, 12.0])
@pytest.mark.parametrize("thresholds", [(), (0.0, 0.1, 0.5, 0.50001, 0.9999, 1.0, 1.5)])
def test_the_tally_of_many_rows_is_that_of_rows_added_one_by_one(
    monkeypatch, weighted, clustered, dtype, sharpness, thresholds
):
    y, p, rng = sample(dtype=dtype, sharpness=sharpness)
    weight = rng.random(SOME) if weighted else None
    block = rng.integers(0, 64, SOME) if clustered else None
    for scale, score in (("logit", p), ("score", (p - dtype(0.5)) * dtype(8))):
        found = tally_rows(y, score, weight, block, scale, thresholds)
        with monkeypatch.context() as patched:
            patched.setattr(places, "PER_ROW", 0)
            direct = Tally.zero(scale, found.step, thresholds=thresholds, clustered=clustered)
            direct = direct.add(y.astype(np.intp), score, weight, block)
        assert np.array_equal(found.keys, direct.keys)
        assert np.array_equal(found.rows, direct.rows)
        for name in ("weight", "weight2"):
            np.testing.assert_allclose(getattr(found, name), getattr(direct, name), rtol=1e-13)
        np.testing.assert_allclose(found.offset, direct.offset, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("few_are_many")
def test_scores_too_far_apart_for_places_are_tallied_all_the_same():
    y, p, _ = sample()
    wild = np.where(np.arange(SOME) == 0, 1e12, p)
    found = tally_rows(y, wild, None, None, "score", (0.5,))
    assert found.rows.sum() == SOME
    assert found.step <= 2.0**10


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("dtype", [*FLOATS, np.int64])
def test_counts_are_those_of_sorted_rows(weighted, dtype):
    y, p, rng = sample(dtype=dtype if dtype != np.int64 else np.float64)
    score = p if dtype != np.int64 else (100 * p).astype(np.int64)
    rows = check_predictions(y, score, sample_weight=rng.random(SOME) if weighted else None)
    counted, exact = counter_of(rows), SortedRows.of(rows)
    assert isinstance(counted, CountedRows)
    for thresholds in (
        np.array(0.5),
        rng.random((7, 5)),
        score[:50].astype(float),
        np.array([-np.inf, 0, 1, 2, np.inf]),
    ):
        found, direct = counted.at(thresholds), exact.at(thresholds)
        assert found.weight.shape == direct.weight.shape
        assert found.weight.dtype.kind == direct.weight.dtype.kind
        np.testing.assert_allclose(found.weight, direct.weight, rtol=1e-12)
        np.testing.assert_allclose(found.weight2, direct.weight2, rtol=1e-12)
        assert not found.bound.any()
    np.testing.assert_allclose(counted.totals, exact.totals, rtol=1e-12)
    assert np.array_equal(counted.cutoffs(), exact.cutoffs())


@pytest.mark.usefixtures("few_are_many")
def test_rows_asked_often_are_sorted_and_tell_the_same():
    y, p, rng = sample()
    counted = CountedRows(check_predictions(y, p))
    thresholds = rng.random((40, 3))
    told = [counted.at(t).weight for t in thresholds]
    assert "sorted" in vars(counted)
    assert np.array_equal(told, SortedRows.of(counted.rows).at(thresholds).weight)


@pytest.mark.usefixtures("few_are_many")
def test_a_small_weight_beside_large_ones_is_not_lost():
    y, p, _ = sample()
    weight = np.where(np.arange(SOME) == int(np.argmax(p * y)), 1e-9, 1e9)
    found = CountedRows(check_predictions(y, p, sample_weight=weight)).at(np.array([np.max(p[y == 1])]))
    assert found.weight[0, 1, 1] == pytest.approx(1e-9, rel=1e-12) or (p[y == 1] == p[y == 1].max()).sum() > 1


def test_threads_and_blocks_do_not_change_a_sum(monkeypatch):
    y, p, rng = sample()
    weight = rng.random(SOME)

    def place(some):
        return (p[some] * 10).astype(np.intp), p[some]

    whole = blocks.sums_by(place, 11, y, weight)
    monkeypatch.setattr(blocks, "MANY", 1000)
    by_size = []
    for size in (97, 256):
        monkeypatch.setattr(blocks, "ROWS_AT_ONCE", size)
        by_size.append(blocks.sums_by(place, 11, y, weight))
    for part in by_size:
        assert np.array_equal(whole.rows, part.rows)
        np.testing.assert_allclose(whole.weight, part.weight, rtol=1e-14)
    again = blocks.sums_by(place, 11, y, weight)
    assert np.array_equal(again.weight, by_size[1].weight)


@pytest.mark.usefixtures("few_are_many")
def test_a_failure_within_a_block_is_told():
    def fails(_):
        raise ValueError("of this block")

    with pytest.raises(ValueError, match="of this block"):
        blocks.sums_by(fails, 3, np.zeros(SOME, dtype=np.uint8), None)


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize("n_classes", [2, 5])
@pytest.mark.parametrize("clustered", [False, True])
def test_cells_are_counted_in_blocks(n_classes, clustered):
    _, _, rng = sample()
    true, predicted = rng.integers(0, n_classes, (2, SOME)).astype(np.uint8)
    weight, block = rng.random(SOME), rng.integers(0, 64, SOME) if clustered else None
    cells = count_cells(true, predicted, (n_classes, n_classes), weight, block, None)
    expected = sklearn.metrics.confusion_matrix(true, predicted, sample_weight=weight)
    np.testing.assert_allclose(cells.weight[0], expected, rtol=1e-12)
    if clustered:
        np.testing.assert_allclose(cells.by_block.sum(axis=-1)[0], expected, rtol=1e-12)
        third = block == 3
        part = sklearn.metrics.confusion_matrix(true[third], predicted[third], sample_weight=weight[third])
        np.testing.assert_allclose(cells.by_block[0, ..., 3], part, rtol=1e-12)


@pytest.mark.usefixtures("few_are_many")
def test_a_curve_of_many_rows_is_exact_at_any_threshold():
    y, p, rng = sample()
    named = np.linspace(0.1, 0.9, 9)
    curve = cj.ConfusionCurve.from_predictions(y, p, thresholds=named)
    for t in [*named, *rng.random(5), 0.5, *p[:5]]:
        assert np.array_equal(curve.matrix_at(t, exact=True), sklearn.metrics.confusion_matrix(y, p >= t))
    assert not curve.bound_at(named).any()


def test_slopes_of_many_rows_are_those_of_finer_bins(monkeypatch):
    y, p, _ = sample(20_000)
    fine = cj.ConfusionCurve.from_predictions(y, p)
    step = fine.tally.step
    monkeypatch.setattr(arrays, "FINE", 0)
    kept = cj.ConfusionCurve.from_tally(tally_rows(y, p, None, None, "logit"))
    t = np.linspace(0.05, 0.95, 19)
    assert kept.tally.step == 4 * step
    assert (np.abs(kept.jacobian_at(t) - fine.jacobian_at(t)) < 0.2 * fine.stderr_at(t)).all()
    np.testing.assert_allclose(kept.stderr_at(t), fine.stderr_at(t), rtol=0.1)


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile"])
def test_lines_between_thresholds_stay_near_the_slopes_themselves(coordinate):
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 20_000)
    p = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    curve = cj.ConfusionCurve.from_predictions(y, p, coordinate=coordinate)
    t = curve.told(np.quantile(p, np.linspace(0.01, 0.99, 10_000)))
    t = rng.permutation(t)
    few = slice(None, None, 50)
    slopes, found = curve.metric_slope_at("f1", t), curve.jacobian_at(t)
    direct = curve.metric_slope_at("f1", t[few])
    assert (np.abs(slopes.value[few] - direct.value) < 0.1 * direct.stderr).all()
    np.testing.assert_allclose(slopes.stderr[few], direct.stderr, rtol=0.02)
    for side, told in zip(slopes.confint(), direct.confint(), strict=True):
        assert (np.abs(side[few] - told) < 0.1 * direct.stderr).all()
    assert (np.abs(found[few] - curve.jacobian_at(t[few])) < 0.1 * curve.stderr_at(t[few])).all()


def test_no_line_is_drawn_past_the_end_of_the_domain_or_between_atoms():
    y, p, rng = sample(20_000)
    t = np.concatenate([rng.random(9000), [0.0, 1.0, 1.5]])
    slopes = cj.ConfusionCurve.from_predictions(y, np.clip(p, 1e-6, 1 - 1e-6)).jacobian_at(t)
    assert np.isnan(slopes[-3:]).all()
    assert np.isfinite(slopes[:-3]).all()
    atoms = cj.ConfusionCurve.from_predictions(y, p.round(1))
    assert np.array_equal(atoms.jacobian_at(t)[:50], atoms.jacobian_at(t[:50]), equal_nan=True)


def test_no_row_is_copied_for_a_curve():
    n = 2**21
    y, p, _ = sample(n)
    y, p = y.view(bool), p
    y.flags.writeable = p.flags.writeable = False
    tracemalloc.start()
    curve = cj.ConfusionCurve.from_predictions(y, p)
    curve.matrix_at(np.linspace(0, 1, 100)), curve.confint_at(np.linspace(0.01, 0.99, 99))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40e6 + 5 * n  # a copy of the scores alone is 8 bytes a row, and one of labels as integers 8 more
    assert curve.counter.rows.score.base is p or curve.counter.rows.score is p


@pytest.mark.usefixtures("few_are_many")
def test_memory_mapped_and_read_only_arrays(tmp_path):
    y, p, _ = sample()
    np.save(tmp_path / "p.npy", p)
    np.save(tmp_path / "y.npy", y)
    mapped = [np.load(tmp_path / name, mmap_mode="r") for name in ("y.npy", "p.npy")]
    found = cj.ConfusionCurve.from_predictions(*mapped)
    direct = cj.ConfusionCurve.from_predictions(y, p)
    assert np.array_equal(found.matrix_at([0.2, 0.5]), direct.matrix_at([0.2, 0.5]))
    assert np.array_equal(found.jacobian_at(0.5), direct.jacobian_at(0.5))


def test_tensors_are_read_where_they_are():
    torch = needs("torch")
    y, p, _ = sample()
    score = torch.tensor(p, requires_grad=True)
    found = cj.ConfusionCurve.from_predictions(torch.tensor(y), score)
    assert np.array_equal(found.matrix_at(0.5), sklearn.metrics.confusion_matrix(y, p >= 0.5))
    assert score.grad is None
    half = cj.ConfusionCurve.from_predictions(torch.tensor(y).bool(), score.bfloat16())
    rounded = score.detach().bfloat16().float().numpy()
    assert np.array_equal(half.matrix_at(0.5), sklearn.metrics.confusion_matrix(y, rounded >= 0.5))


class OnDevice:
    """As CuPy's arrays are: they refuse to become NumPy's unless they are asked."""

    __cuda_array_interface__ = {}  # noqa: RUF012

    def __init__(self, values):
        self.values = values

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def get(self):
        return self.values


class Standard:
    """As the array API asks, and no more."""

    def __init__(self, values):
        self.values = values

    def __dlpack__(self, **how):
        return self.values.__dlpack__(**how)

    def __dlpack_device__(self):
        return self.values.__dlpack_device__()


@pytest.mark.parametrize("kind", [OnDevice, Standard])
def test_arrays_of_other_libraries(kind):
    y, p, _ = sample()
    found = cj.ConfusionCurve.from_predictions(kind(y), kind(p))
    assert np.array_equal(found.matrix_at(0.5), sklearn.metrics.confusion_matrix(y, p >= 0.5))
