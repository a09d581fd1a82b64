"""What is aggregated merges: any partition of the rows, in any order, gives the whole."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import count, normal_rows
from scipy.special import expit
from strategies import FLOATS, rows, sizes_of_parts, thresholds

import conjac as cj
from conjac.testing import check_merge
from conjac.validation import block_of

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
from_predictions = cj.ConfusionCurve.from_predictions
SCALE = {"probability": "logit", "score": "score"}
KINDS = pytest.mark.parametrize("kind", SCALE)


def add(tally, r, at=slice(None), block=None):
    weight = None if r.sample_weight is None else r.sample_weight[at]
    return tally.add(r.positive[at].astype(int), r.y_score[at], weight, None if block is None else block[at])


def assert_same(a, b):
    """Two tallies hold the same: rows to the row, sums to 1e-12."""
    assert a.step == b.step
    np.testing.assert_array_equal(a.keys, b.keys)
    np.testing.assert_array_equal(a.rows, b.rows)
    for name in ("weight", "weight2"):
        exact = getattr(a, name).dtype.kind == "i" and getattr(b, name).dtype.kind == "i"
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0 if exact else 1e-12)
    np.testing.assert_allclose(a.offset, b.offset, rtol=1e-9, atol=1e-9 * a.step)


def split(part, k):
    return [part == i for i in range(k)]


@KINDS
@given(data=st.data())
def test_any_partition_of_a_tally_merges_to_the_whole(kind, data):
    r = data.draw(rows(kind=kind))
    k = data.draw(st.integers(1, 5))
    part = data.draw(sizes_of_parts(len(r), k))
    order = data.draw(st.permutations(range(k)))
    zero = cj.Tally.zero(SCALE[kind], 2.0 ** data.draw(st.integers(-12, 0)), thresholds=(0.1, 0.5))
    whole = add(zero, r)
    tallies = [add(zero, r, mask) for mask in split(part, k)]
    assert_same(functools.reduce(cj.Tally.merge, [tallies[i] for i in order], zero), whole)
    assert_same(functools.reduce(lambda t, mask: add(t, r, mask), split(part, k), zero), whole)
    assert whole.rows.sum() == len(r)
    assert (whole.weight.dtype.kind == "i") == (r.sample_weight is None)


@KINDS
@given(data=st.data())
def test_merge_is_associative_commutative_and_has_a_zero(kind, data):
    r = data.draw(rows(kind=kind, min_size=3))
    part = data.draw(sizes_of_parts(len(r), 3))
    steps = data.draw(st.lists(st.integers(-12, 2), min_size=3, max_size=3))
    a, b, c = (
        add(cj.Tally.zero(SCALE[kind], 2.0**step), r, mask) for step, mask in zip(steps, split(part, 3), strict=True)
    )
    assert_same(a.merge(b), b.merge(a))
    assert_same(a.merge(b).merge(c), a.merge(b.merge(c)))
    assert_same(a.merge(cj.Tally.zero(SCALE[kind], a.step)), a)
    assert a.merge(b).step == max(a.step, b.step)


@KINDS
@given(data=st.data())
def test_coarsening_commutes_with_adding(kind, data):
    r = data.draw(rows(kind=kind))
    fine, wider = data.draw(st.integers(-14, 0)), data.draw(st.integers(0, 8))
    step = 2.0 ** (fine + wider)
    coarse = add(cj.Tally.zero(SCALE[kind], 2.0**fine), r).coarsen(step)
    assert_same(coarse, add(cj.Tally.zero(SCALE[kind], step), r))
    halfway = add(cj.Tally.zero(SCALE[kind], 2.0**fine), r).coarsen(2.0 ** (fine + wider // 2)).coarsen(step)
    assert_same(coarse, halfway)


@pytest.mark.parametrize("exponent", [-10, -4, 0, 3])
def test_bins_go_up_from_their_lower_edge_below_zero_too(exponent):
    step = 2.0**exponent
    score = np.random.default_rng(0).normal(0, 3, 500)
    tally = cj.Tally.zero("score", 2.0**-12).add(np.arange(500) % 2, score).coarsen(step)
    for key, offset, n in zip(tally.keys, tally.offset, tally.rows, strict=True):
        mine = (np.floor(score / step) == key[2]) & (np.arange(500) % 2 == key[0])
        assert mine.sum() == n
        np.testing.assert_allclose(key[2] * step * n + offset, score[mine].sum(), rtol=1e-9, atol=1e-9)


@given(data=st.data())
def test_to_arrays_and_back(data):
    r = data.draw(rows())
    block = np.array([block_of(i % 7) for i in range(len(r))])
    tally = add(cj.Tally.zero("logit", 0.25, thresholds=(0.5,), clustered=True), r, block=block)
    again = cj.Tally.from_arrays(tally.to_arrays())
    assert_same(again, tally)
    for name in ("scale", "step", "thresholds", "clustered", "labels"):
        assert getattr(again, name) == getattr(tally, name)


@KINDS
@given(data=st.data())
@settings(max_examples=150)
def test_a_tally_is_exact_where_it_says_so_and_within_its_bound_elsewhere(kind, data):
    r = data.draw(rows(kind=kind, dtypes=(np.float64,)))
    named = data.draw(st.lists(thresholds(r.y_score), max_size=3))
    t = np.array(data.draw(st.lists(thresholds(r.y_score), min_size=1, max_size=6)) + named)
    step = 2.0 ** data.draw(st.integers(-12, 2))
    whole = from_predictions(r.y_true, r.y_score, sample_weight=r.sample_weight, coordinate=kind)
    tally = add(cj.Tally.zero(SCALE[kind], step, thresholds=tuple(named)), r)
    binned = cj.ConfusionCurve.from_tally(tally, labels=whole.labels)
    exact, told, bound = whole.matrix_at(t), binned.matrix_at(t), binned.bound_at(t)
    slack = 1e-9 * exact[0].sum()
    assert (np.abs(told - exact).max(axis=-1) <= bound + slack).all()
    at_named = np.isin(t, named)
    assert not bound[at_named].any()
    np.testing.assert_allclose(binned.matrix_at(t[at_named], exact=True), exact[at_named], rtol=1e-12, atol=slack / 1e3)
    np.testing.assert_allclose(told.sum(axis=-1), exact.sum(axis=-1), rtol=1e-9)
    # exact=True refuses where a row may lie on either side, and only there.
    for x, b in zip(t, bound, strict=True):
        if b.any():
            with pytest.raises(cj.InexactError, match="exact=True"):
                binned.matrix_at(x, exact=True)
        else:
            np.testing.assert_allclose(binned.matrix_at(x, exact=True), whole.matrix_at(x), rtol=1e-12, atol=slack)
    edges = binned.cutoffs()[:-1]
    assert not binned.counter.at(edges).bound.any()


@pytest.mark.parametrize("eighths", [1, 2, 8])
@pytest.mark.parametrize("named", [True, False])
def test_scores_on_the_edges_of_bins_are_counted_at_the_edges(eighths, named):
    rng = np.random.default_rng(eighths)
    y = rng.integers(0, 2, 4000)
    z = rng.normal(2 * y - 1, 1)
    z[::2] = np.round(z[::2] * eighths) / eighths
    t = np.arange(-24, 25) / 8
    curve = from_predictions(y, expit(z), coordinate="logit", thresholds=t if named else None)
    merged = cj.ConfusionCurve.from_tally(curve.tally, coordinate="logit")
    np.testing.assert_array_equal(merged.bound_at(t), 0)
    np.testing.assert_array_equal(merged.matrix_at(t, exact=True), curve.matrix_at(t))


@pytest.mark.parametrize("beside", [1e-16, 1e-14, 1e-12, 1e-9])
def test_a_threshold_just_past_a_score_on_an_edge(beside):
    y, score = np.array([0, 1] * 20), np.array([0.25, 0.5, 0.5, 0.75] * 10)
    curve = from_predictions(y, score, coordinate="score")
    binned = cj.ConfusionCurve.from_tally(curve.tally)
    for t in (0.5 + beside, 0.5 - beside, 0.25 + beside):
        off = np.abs(binned.matrix_at(t) - curve.matrix_at(t)).max(axis=-1)
        assert (off <= binned.bound_at(t) + 1e-9).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_named_thresholds_stay_exact_in_the_scores_own_dtype(dtype):
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 3000)
    t = np.arange(1, 100) / 100
    score = np.round(rng.random(3000), 2).astype(dtype)
    score[::3] = rng.random(1000).astype(dtype)
    parts = [from_predictions(y[i::4], score[i::4], thresholds=t) for i in range(4)]
    merged = functools.reduce(cj.ConfusionCurve.merge, parts)
    expected = np.array([count(y == 1, score, x) for x in t])
    np.testing.assert_array_equal(merged.matrix_at(t, exact=True), expected)


def test_a_score_that_its_own_dtype_rounds_past_an_edge():
    t = next(x for x in expit(np.arange(1, 4000) / 1024) + 1e-10 if float(np.float32(x)) < x - 1e-10)
    score = np.concatenate([np.full(50, t), t + np.linspace(1e-6, 2e-4, 50), [0.1, 0.9]]).astype(np.float32)
    y = np.arange(102) % 2
    curve = from_predictions(y, score, thresholds=[t])
    merged = cj.ConfusionCurve.from_tally(curve.tally)
    np.testing.assert_array_equal(curve.matrix_at(t), count(y == 1, score, t))
    np.testing.assert_array_equal(merged.matrix_at(t, exact=True), curve.matrix_at(t))


@pytest.mark.parametrize("coordinate", ["probability", "logit", "score", "percentile"])
@pytest.mark.parametrize("n_parts", [2, 3, 7])
@pytest.mark.parametrize("rounded", [False, True])
def test_merged_curves_pass_the_shipped_check(coordinate, n_parts, rounded):
    y, p = normal_rows(n_parts, 1500)
    p = np.round(p, 2) if rounded else p
    make = functools.partial(from_predictions, coordinate=coordinate)
    check_merge(make, [(y[i::n_parts], p[i::n_parts]) for i in range(n_parts)])


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_slopes_of_a_merged_curve_are_those_of_the_whole(weighted, seed):
    y, p = normal_rows(seed, 3000)
    rng = np.random.default_rng(100 + seed)
    w = rng.exponential(size=len(y)) if weighted else None
    part = rng.choice(5, len(y), p=[0.6, 0.2, 0.1, 0.06, 0.04])
    curves = [
        from_predictions(y[part == i], p[part == i], sample_weight=w[part == i] if weighted else None)
        for i in rng.permutation(5)
    ]
    merged = functools.reduce(cj.ConfusionCurve.merge, curves)
    whole = from_predictions(y, p, sample_weight=w)
    same_bins = cj.ConfusionCurve.from_tally(whole.tally.coarsen(merged.tally.step))
    assert same_bins.tally.step == merged.tally.step
    t = np.linspace(0.05, 0.95, 19)
    for at in ("jacobian_at", "center_at", "stderr_at"):
        found = getattr(merged, at)(t)
        np.testing.assert_allclose(found, getattr(same_bins, at)(t), rtol=1e-6)  # a fit carries rounding on
        np.testing.assert_allclose(found, getattr(whole, at)(t), rtol=3e-3)
    np.testing.assert_allclose(merged.metric_slope_at("f1", t).stderr, whole.metric_slope_at("f1", t).stderr, rtol=1e-2)


@pytest.mark.parametrize("coordinate", ["probability", "percentile"])
def test_clusters_merge_by_their_key_wherever_their_rows_are(coordinate):
    y, p = normal_rows(11, 2000)
    patient = np.random.default_rng(0).integers(0, 150, len(y))
    whole = from_predictions(y, p, groups=patient, coordinate=coordinate)
    t = np.array([0.2, 0.5, 0.7])
    for part in (np.arange(len(y)) % 3, (p > 0.5).astype(int), patient % 4):
        curves = [
            from_predictions(y[part == i], p[part == i], groups=patient[part == i], coordinate=coordinate)
            for i in np.unique(part)
        ]
        merged = functools.reduce(cj.ConfusionCurve.merge, curves)
        step = max(merged.tally.step, whole.tally.step)
        assert_same(merged.tally.coarsen(step), whole.tally.coarsen(step))
        np.testing.assert_allclose(merged.stderr_at(t), whole.stderr_at(t), rtol=1e-2)
        np.testing.assert_allclose(merged.metric_at("recall", t).stderr, whole.metric_at("recall", t).stderr, rtol=6e-2)


def test_a_block_depends_on_the_key_alone():
    keys = ["a", "b", 7, (1, 2)]
    assert [block_of(key) for key in keys] == [block_of(key) for key in keys]
    assert block_of(np.int64(7)) == block_of(7) == block_of(np.int8(7))
    assert all(0 <= block_of(i) < 64 for i in range(1000))
    assert len({block_of(i) for i in range(2000)}) == 64


def test_a_large_add_in_many_blocks_of_rows_is_one_add(monkeypatch):
    y, p = normal_rows(5, 1000)
    zero = cj.Tally.zero("logit", 2.0**-10)
    at_once = zero.add(y, p)
    monkeypatch.setattr("conjac.tally.rows.ROWS_AT_ONCE", 64)
    assert_same(zero.add(y, p), at_once)
