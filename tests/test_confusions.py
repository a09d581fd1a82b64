"""Which classes are confused with which: the order, and the groups."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conjac.confusions import LARGEST, TIMES, arrange, confusion_shares

MATRICES = st.integers(2, 7).flatmap(
    lambda n: st.lists(st.lists(st.integers(0, 30), min_size=n, max_size=n), min_size=n, max_size=n)
)


def blocks(sizes, within=20, right=100, seed=0):
    """Return a matrix whose classes are confused within blocks, its classes shuffled, and each one's block."""
    rng = np.random.default_rng(seed)
    block = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    matrix = np.where(block[:, None] == block, within, 0)
    np.fill_diagonal(matrix, right)
    return matrix, block


@given(MATRICES)
def test_shares_are_the_mean_of_both_ways(matrix):
    counts = np.array(matrix, dtype=float)
    found = confusion_shares(matrix)
    total = counts.sum(axis=1)
    for i, j in np.ndindex(found.shape):
        ways = [counts[a, b] / total[a] for a, b in ((i, j), (j, i)) if total[a] > 0]
        assert found[i, j] == pytest.approx(0 if i == j or not ways else np.mean(ways))


@given(MATRICES)
def test_an_order_is_a_permutation_and_groups_are_runs_of_it(matrix):
    found = arrange(matrix)
    assert sorted(found.order) == list(range(len(matrix)))
    members = [k for group in found.groups for k in group]
    assert len(members) == len(set(members))
    place = {k: i for i, k in enumerate(found.order)}
    for group in found.groups:
        assert 2 <= len(group) <= LARGEST
        assert all(place[b] == place[a] + 1 for a, b in pairwise(group))


@given(MATRICES)
def test_groups_are_led_by_the_most_errors_and_no_scale_matters(matrix):
    counts = np.array(matrix)
    groups = arrange(counts).groups
    errors = [sum(counts[i, j] for i in group for j in group if i != j) for group in groups]
    assert errors == sorted(errors, reverse=True)
    assert arrange(counts * 4).groups == groups


def test_blocks_are_found_whatever_the_order_of_the_classes():
    for seed in range(5):
        matrix, block = blocks((3, 2, 4, 1), seed=seed)
        found = arrange(matrix)
        assert [len(group) for group in found.groups] == [4, 3, 2]
        assert all(len(set(block[list(group)])) == 1 for group in found.groups)
        runs = 1 + sum(block[a] != block[b] for a, b in pairwise(found.order))
        assert runs == 4


def test_a_large_block_is_told_in_parts():
    matrix, _ = blocks((12, 12))
    assert all(len(group) <= LARGEST for group in arrange(matrix).groups)


def test_neighbours_are_confused_the_most():
    n = 9
    matrix = np.diag([100] * n) + np.diag([20] * (n - 1), 1) + np.diag([20] * (n - 1), -1)
    shuffled = np.random.default_rng(1).permutation(n)
    found = arrange(matrix[np.ix_(shuffled, shuffled)])
    chain = shuffled[list(found.order)]
    assert sum(abs(a - b) == 1 for a, b in pairwise(chain)) >= n - 2


def test_a_group_is_confused_more_often_than_usual():
    matrix = np.random.default_rng(0).poisson(3, (9, 9)) + np.diag([200] * 9)
    matrix[2, 5] = matrix[5, 2] = 60
    found = arrange(matrix)
    assert found.groups == ((2, 5),) or found.groups == ((5, 2),)
    share = confusion_shares(matrix)
    assert share[2, 5] > TIMES * share.sum() / 72


@pytest.mark.parametrize("matrix", [np.eye(4) * 7, np.zeros((3, 3)), [[5, 0], [0, 5]]])
def test_without_errors_the_order_stays(matrix):
    found = arrange(matrix)
    assert (found.order, found.groups) == (tuple(range(len(matrix))), ())


def test_two_classes():
    assert arrange([[5, 1], [0, 5]]).groups == ((0, 1),)
