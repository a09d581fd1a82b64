"""A fitted linear classifier as the solution of its training problem."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conjac._typing import FloatArray, IntArray
from conjac.objectives.levers import Lever
from conjac.objectives.linear import LinearProblem


@dataclass(frozen=True, eq=False)
class Rows:
    """Training rows as a linear classifier takes them.

    Attributes
    ----------
    columns : array or sparse array of shape (n_rows, n_features)
    label : array of shape (n_rows,)
        Places of the rows' classes among those of the classifier.
    weight : array of shape (n_rows,)
    """

    columns: Any
    label: IntArray
    weight: FloatArray


@dataclass(frozen=True, eq=False)
class Solution:
    """A linear classifier at what should be the optimum of its problem.

    Attributes
    ----------
    problem : LinearProblem
    levers : mapping of str to Lever
        Its hyper-parameters that the optimum follows smoothly, by name.
    write : callable
        From an estimator of the same class and parameters, array of shape (n_outputs, n_columns): sets them.
    held : tuple of str
        What is taken as fixed.
    """

    problem: LinearProblem
    levers: Mapping[str, Lever]
    write: Callable[[Any, FloatArray], None] = field(repr=False)
    held: tuple[str, ...] = ()
