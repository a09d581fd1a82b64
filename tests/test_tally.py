"""The tally by small examples; its laws are in laws/test_merging.py."""

import numpy as np
import pytest
from scipy.special import logit

import conjac as cj
from conjac.tally import Tally, choose_step


def test_a_tally_by_hand():
    true, score = np.array([0, 1, 1, 0]), np.array([-0.3, 0.1, 0.3, 0.3])
    tally = Tally.zero("score", 0.25).add(true, score)
    # Keys: true class, facet, bin, side, block; bins go up from their lower edge.
    assert tally.keys.tolist() == [[0, 0, -2, 0, 0], [0, 0, 1, 0, 0], [1, 0, 0, 0, 0], [1, 0, 1, 0, 0]]
    assert tally.rows.tolist() == [1, 1, 1, 1]
    np.testing.assert_allclose(tally.offset, [0.2, 0.05, 0.1, 0.05])
    assert tally.weight.dtype.kind == "i"
    totals, totals2 = tally.totals()
    assert totals.tolist() == totals2.tolist() == [2, 2]
    atoms = tally.atoms(1)
    np.testing.assert_allclose(atoms.position, [0.1, 0.3])
    assert atoms.rows.tolist() == [1, 1]


def test_weights_and_their_squares():
    tally = Tally.zero("score", 1.0).add(np.array([0, 0]), np.array([0.2, 0.4]), np.array([0.5, 3.0]))
    assert tally.rows.tolist() == [2]
    assert tally.weight.tolist() == [3.5]
    assert tally.weight2.tolist() == [9.25]


def test_named_thresholds_cut_bins():
    tally = Tally.zero("score", 1.0, thresholds=(0.5, 0.3, 0.5)).add(np.zeros(4, int), np.array([0.1, 0.3, 0.5, 0.9]))
    assert tally.thresholds == (0.3, 0.5)
    assert tally.keys[:, 3].tolist() == [0, 1, 2]
    assert tally.rows.tolist() == [1, 1, 2]
    curve = cj.ConfusionCurve.from_tally(tally.add(np.array([1]), np.array([0.4])))
    assert curve.matrix_at(0.3).tolist() == [[1, 3], [0, 1]]
    assert curve.matrix_at(0.5).tolist() == [[2, 2], [1, 0]]


def test_log_odds_are_taken_of_probabilities_in_float64():
    for dtype in (np.float16, np.float32, np.float64):
        score = np.array([0.25, 1.0, 0.0], dtype)
        tally = Tally.zero("logit", 2.0**-10).add(np.zeros(3, int), score)
        position = tally.atoms().position
        np.testing.assert_allclose(position, [-40 * np.log(2), logit(0.25), 40 * np.log(2)], rtol=1e-12)


def test_blocks_are_needed_where_rows_are_clustered():
    clustered = Tally.zero("score", 1.0, clustered=True)
    with pytest.raises(cj.InvalidInputError, match="clustered tally takes each row's block"):
        clustered.add(np.array([0]), np.array([0.5]))
    with pytest.raises(cj.InvalidInputError, match="another takes none"):
        Tally.zero("score", 1.0).add(np.array([0]), np.array([0.5]), block=np.array([0]))
    tally = clustered.add(np.array([0, 0]), np.array([0.5, 0.5]), block=np.array([3, 0]))
    assert tally.n_blocks == 4
    assert tally.atoms(0).weight.tolist() == [[1, 0, 0, 1]]


@pytest.mark.parametrize("step", [0.1, 3.0, 0.0, -1.0, float("nan"), float("inf")])
def test_a_step_is_a_power_of_two(step):
    with pytest.raises(cj.InvalidInputError, match=r"step=.*power of two"):
        Tally.zero("score", step)


@pytest.mark.parametrize(
    ("other", "told"),
    [
        (Tally.zero("logit", 1.0), "scale"),
        (Tally.zero("score", 1.0, thresholds=(0.5,)), "thresholds"),
        (Tally.zero("score", 1.0, clustered=True), "clustered"),
    ],
)
def test_tallies_of_different_kinds_do_not_merge(other, told):
    with pytest.raises(cj.InvalidInputError, match=f"different {told} do not merge.*same {told}"):
        Tally.zero("score", 1.0).merge(other)


def test_the_empty_tally_has_nothing():
    zero = Tally.zero("score", 1.0)
    assert zero.n_blocks == 1
    assert zero.totals()[0].tolist() == [0, 0]
    assert zero.add(np.zeros(0, int), np.zeros(0)).rows.tolist() == []
    assert zero.coarsen(8.0).rows.tolist() == []
    assert len(zero.atoms().position) == 0


@pytest.mark.parametrize("scale", ["logit", "score"])
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_step_resolves_the_spread(scale, size):
    margin = np.random.default_rng(0).normal(0, size, 5000)
    step = choose_step(margin, scale)
    assert np.frexp(step)[0] == 0.5
    assert step <= size / 500
    assert step <= 2.0**-10 or scale == "score"
    assert step >= size / 10_000 or scale == "logit"
    wild = np.append(margin, 1e5 * size)
    assert choose_step(wild, scale) == step


def test_arrays_are_not_changed_by_adding_to_them():
    tally = Tally.zero("score", 1.0).add(np.array([0]), np.array([0.5]))
    before = {name: np.copy(value) for name, value in tally.to_arrays().items() if isinstance(value, np.ndarray)}
    tally.add(np.array([0]), np.array([0.5])).merge(tally).coarsen(4.0)
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(tally, name), value)


def test_far_scores_stay_in_the_last_bin():
    tally = Tally.zero("score", 2.0**-20).add(np.array([0, 1]), np.array([1e9, -1e9]))
    assert tally.rows.sum() == 2
    curve = cj.ConfusionCurve.from_tally(tally)
    for t in (-2e9, -1e9, 0.0, 1e8, 1e9):
        exact = np.array([[int(t > 1e9), int(t <= 1e9)], [int(t > -1e9), int(t <= -1e9)]])
        assert (np.abs(curve.matrix_at(t) - exact).max(axis=-1) <= curve.bound_at(t) + 1e-9).all(), t
