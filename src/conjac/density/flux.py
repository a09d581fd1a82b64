"""What both estimators give: per point and class, a linear functional of the tally and its second moments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from conjac._typing import AnyArray, BoolArray, FloatArray

PENALTY = 0.5
"""Rows added at the boundary to the variance alone, so that no interval is short because nothing was seen."""


@dataclass
class Flux:
    """Density of each class's weight at each cut; the arrays' first two axes are (n_points, n_classes).

    Attributes
    ----------
    value : array of shape (n_points, n_classes)
        The estimate with the smallest mean squared error, per unit of margin.
    center : array of shape (n_points, n_classes)
        The bias-corrected estimate, on which intervals are centred.
    by_block : array of shape (n_points, n_classes, n_blocks)
        Each block's part of ``center``.
    square : array of shape (n_points, n_classes, n_classes)
        Sums of squared weight times the contributions to ``center`` of one class and of another; 0 between classes
        whose densities are of their own rows alone.
    cross : array of shape (n_points, n_classes, n_classes, 2)
        Sums of squared weight times contribution to ``center``, over the rows of each class below and above the cut.
    penalty : array of shape (n_points, n_classes)
        Variance of half a row at the boundary, added to that of ``center``.
    drift : array of shape (n_points, n_classes)
        Derivative of the density with respect to the cut; 0 for the secant, which does not resolve it.
    n_eff : array of shape (n_points, n_classes)
        Effective number of rows behind the estimate.
    bandwidth : array of shape (n_points, n_classes)
        Standard deviation of the tangent's kernel, in units of margin; nan for the secant.
    step : array of shape (n_points,)
        Half-width of the secant's window, in units of score; nan for the tangent.
    bias : array of shape (n_points, n_classes)
        Estimated bias of the secant as a derivative, per unit of margin; nan for the tangent.
    calibration : array of shape (n_points, 3)
        Where scores are taken as calibrated: by how much the labels' log-odds differ at the cut, the standard error and
        a bound of the bias of that; else nan.
    doubt : array of shape (n_points, n_classes)
        Why an interval may not hold: "finer" (the rows show more than their number resolves), "edge" (few rows between
        the cut and a hard edge of the scores), "calib" (the labels are not what calibrated scores say), or empty.
    method : array of shape (n_points,)
        "tangent", "secant" or "undefined".
    """

    value: FloatArray
    center: FloatArray
    by_block: FloatArray
    square: FloatArray
    cross: FloatArray
    penalty: FloatArray
    drift: FloatArray
    n_eff: FloatArray
    bandwidth: FloatArray
    step: FloatArray
    bias: FloatArray
    calibration: FloatArray
    doubt: AnyArray
    method: AnyArray

    @classmethod
    def undefined(cls, n_points: int, n_blocks: int, n_classes: int = 2) -> Self:
        """Return a flux of nan, to be filled by `put`."""
        square = (n_classes, n_classes)
        tail: dict[str, tuple[int, ...]] = {
            "by_block": (n_classes, n_blocks),
            "square": square,
            "cross": (*square, 2),
            "step": (),
            "calibration": (3,),
        }
        arrays: dict[str, Any] = {
            f.name: np.full((n_points, *tail.get(f.name, (n_classes,))), np.nan) for f in fields(cls)
        }
        doubt, method = np.full((n_points, n_classes), "", dtype="<U5"), np.full(n_points, "undefined", dtype="<U9")
        return cls(**{**arrays, "doubt": doubt, "method": method})

    def put(self, where: BoolArray, part: Mapping[str, AnyArray], method: str) -> None:
        """Fill in the points that one estimator has served."""
        for name, values in part.items():
            getattr(self, name)[where] = values
        self.method[where] = method


def of_own_rows(found: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    """Return the figures of classes whose densities are of their own rows alone, as `Flux` holds them.

    Parameters
    ----------
    found : mapping
        Arrays as in `Flux`, but ``square`` of shape (n_points, n_classes) and ``cross`` (n_points, n_classes, 2).
    """
    own = np.eye(found["square"].shape[1])
    return {**found, "square": found["square"][:, :, None] * own, "cross": found["cross"][:, :, None] * own[:, :, None]}
