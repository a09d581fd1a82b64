"""Counting: rows in memory, and bins."""

import numpy as np
import pytest
from oracles import count, normal_rows
from strategies import FLOATS

import conjac as cj
from conjac.coordinates import choose
from conjac.engines.arrays import count_at, tally_of
from conjac.engines.binned import BinnedRows
from conjac.engines.ordered import SortedRows
from conjac.engines.thresholds import score_at_share, share_alerted
from conjac.validation import check_predictions


@pytest.fixture(scope="module")
def data():
    return normal_rows(0, 500)


@pytest.mark.parametrize("dtype", [*FLOATS, np.int64])
@pytest.mark.parametrize("weighted", [False, True])
def test_two_ways_of_counting_agree(data, dtype, weighted):
    y, p = data
    score = (10 * p).astype(dtype)
    weight = np.random.default_rng(0).exponential(size=len(y)) if weighted else None
    rows = check_predictions(y, score, sample_weight=weight)
    t = np.array([-1.0, 0.0, 0.35, 1.0, 5.0, 9.5, 20.0])
    sorted_rows = SortedRows.of(rows)
    counts = sorted_rows.at(t)
    for i, x in enumerate(t):
        cells = count_at(rows, x, None)
        np.testing.assert_allclose(cells.weight[0, :, 1], counts.weight[i, :, 1], rtol=1e-12)
        np.testing.assert_allclose(cells.weight2[0, :, 1], counts.weight2[i, :, 1], rtol=1e-12)
        np.testing.assert_allclose(cells.weight[0], count(y == 1, score, x, weight), rtol=1e-12)
    assert not counts.bound.any()
    np.testing.assert_allclose(sorted_rows.totals.sum(), len(y) if weight is None else weight.sum())


@pytest.mark.parametrize("n_groups", [2, 30, 500])
def test_blocks_add_up(data, n_groups):
    y, p = data
    rows = check_predictions(y, p, groups=np.arange(len(y)) % n_groups)
    cells = count_at(rows, 0.4, None)
    np.testing.assert_array_equal(cells.by_block.sum(axis=-1), cells.weight)
    tally = tally_of(rows, choose(rows.score, None))
    assert tally.clustered
    np.testing.assert_array_equal(tally.atoms(1).weight.sum(), (y == 1).sum())


def test_bins_and_rows_agree_at_every_cut_off_of_the_bins(data):
    y, p = data
    rows = check_predictions(y, p)
    tally = tally_of(rows, choose(rows.score, None)).coarsen(0.25)
    binned, exact = BinnedRows.of(tally), SortedRows.of(rows)
    cutoffs = binned.cutoffs()
    np.testing.assert_array_equal(binned.at(cutoffs).weight, exact.at(cutoffs).weight)
    assert not binned.at(cutoffs).bound.any()
    assert binned.at(cutoffs).weight.dtype.kind == "i"
    np.testing.assert_array_equal(binned.totals, exact.totals)


@pytest.mark.parametrize("p_end", [0.0, 1.0])
def test_certain_scores_stay_countable_in_bins(p_end):
    y, p = np.arange(40) % 2, np.linspace(0.1, 0.9, 40)
    p[:7] = p_end
    curve = cj.ConfusionCurve.from_predictions(y, p)
    binned = cj.ConfusionCurve.from_tally(curve.tally)
    t = np.array([-1, 0, 1e-15, 0.05, 0.95, 1 - 1e-15, 1.0, 1 + 1e-9, 2])
    off = np.abs(binned.matrix_at(t) - curve.matrix_at(t)).max(axis=-1)
    assert (off <= binned.bound_at(t) + 1e-9).all()
    outside = np.array([-1, 0, 0.05, 0.95, 2])
    np.testing.assert_array_equal(binned.matrix_at(outside), curve.matrix_at(outside))


@pytest.mark.parametrize("share", [0.0, 0.2, 0.55, 1.0])
def test_shares_and_scores(data, share):
    counter = SortedRows.of(check_predictions(*data))
    t = score_at_share(counter, np.array(share))
    assert share_alerted(counter, t) == pytest.approx(share)
    assert (t == np.inf) == (share == 0)
    assert (t == -np.inf) == (share == 1)


def test_a_tie_alerts_all_its_rows_or_none():
    counter = SortedRows.of(check_predictions([0, 1, 0, 1], [0.2, 0.5, 0.5, 0.5]))
    assert score_at_share(counter, np.array(0.1)) == 0.5
    assert share_alerted(counter, np.array(0.5)) == 0.75


def test_a_small_weight_beside_a_large_one_is_not_lost():
    """Weight below a cut is summed, not taken as the total less the weight above."""
    y, p = np.array([0, 1, 0, 1]), np.array([0.1, 0.2, 0.8, 0.9])
    weight = np.array([1e-17, 1e-17, 1.0, 1.0])
    curve = cj.ConfusionCurve.from_predictions(y, p, sample_weight=weight)
    np.testing.assert_allclose(curve.matrix_at(0.5), [[1e-17, 1], [1e-17, 1]], rtol=1e-12)
