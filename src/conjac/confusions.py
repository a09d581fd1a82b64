"""Which classes are confused with which: an order in which they lie together, and groups of them: `arrange`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from conjac._typing import AnyArray, FloatArray

TIMES = 2.0
"""How many times as often as two classes of all are, those of a group are confused on average."""
LARGEST = 8
"""Classes of a group, at most."""


@dataclass(frozen=True)
class Arrangement:
    """Classes in an order in which those that are confused lie together.

    Attributes
    ----------
    order : tuple of int
        A permutation of the classes.
    groups : tuple of tuple of int
        Classes that are confused among themselves, each group in the order and of two classes at least; that with the
        most errors within first. A class is in one of them at most.
    """

    order: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]


def confusion_shares(matrix: AnyArray) -> FloatArray:
    """Return how often two classes are confused: the mean of both shares of a true class that go to the other.

    Parameters
    ----------
    matrix : array of shape (n_classes, n_classes)
        Counts; rows true.

    Returns
    -------
    array of shape (n_classes, n_classes)
        Symmetric, with a diagonal of 0; a class without rows is confused as often as others are with it.

    Examples
    --------
    >>> confusion_shares([[8, 2], [1, 3]])
    array([[0.   , 0.225],
           [0.225, 0.   ]])
    """
    counts = np.array(matrix, dtype=np.float64)
    total = counts.sum(axis=1, keepdims=True)
    drawn = (total > 0).astype(np.float64)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    found = (share + share.T) / np.maximum(drawn + drawn.T, 1)
    np.fill_diagonal(found, 0)
    return np.asarray(found)


def arrange(matrix: AnyArray) -> Arrangement:
    """Order classes by which are confused with which, and find groups of them.

    Parameters
    ----------
    matrix : array of shape (n_classes, n_classes)
        Counts; rows true.

    Returns
    -------
    Arrangement

    Notes
    -----
    Average linkage of `confusion_shares`, with the leaves of its tree turned so that neighbours are confused the most
    (Bar-Joseph, Gifford and Jaakkola, 2001). A group is a branch of the tree, of at most `LARGEST` classes, whose two
    parts are confused at least `TIMES` as often as any two classes are on average. It describes these counts: no test
    is made, and a group of rare classes may rest on few rows.

    Examples
    --------
    >>> matrix = [[90, 0, 10, 0], [0, 80, 1, 19], [12, 0, 88, 0], [0, 25, 0, 75]]
    >>> found = arrange(matrix)
    >>> found.order, found.groups
    ((0, 2, 1, 3), ((1, 3),))
    """
    counts = np.array(matrix, dtype=np.float64)
    share = confusion_shares(counts)
    n = len(share)
    most = share.max()
    if n < 3 or most == 0:  # one pair has one order, and without errors every order is as good
        return Arrangement(tuple(range(n)), ((0, 1),) if n == 2 and most > 0 else ())
    distance = squareform(1 - share / most, checks=False)
    tree = hierarchy.optimal_leaf_ordering(hierarchy.linkage(distance, "average"), distance)
    order = hierarchy.leaves_list(tree)
    if order[0] > order[-1]:  # a tree is the same from either end
        order = order[::-1]
    usual = share.sum() / (n * (n - 1))
    branches: list[tuple[int, ...]] = [(leaf,) for leaf in range(n)]
    groups: list[tuple[int, ...]] = []
    for one, other, height, size in tree:
        left, right = branches[int(one)], branches[int(other)]
        together = left + right if size <= LARGEST and (1 - height) * most >= TIMES * usual else ()
        branches.append(together if left and right else ())
        if branches[-1]:
            groups = [group for group in groups if not set(group) <= set(together)] + [together]
    place = np.argsort(order)
    wrong = counts - np.diag(np.diag(counts))
    groups = [tuple(sorted(group, key=place.__getitem__)) for group in groups]
    groups.sort(key=lambda group: (-wrong[np.ix_(group, group)].sum(), place[group[0]]))
    return Arrangement(tuple(order.tolist()), tuple(groups))
