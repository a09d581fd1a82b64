r"""How far labels are from what calibrated scores say, near a cut: a local logistic regression.

With margins :math:`u = \operatorname{logit} p`, calibrated scores have :math:`P(y = 1 | u) = \operatorname{expit}(u)`.
Near a cut :math:`\tau` the labels are fitted with

.. math:: \operatorname{logit} P(y = 1 | u) = u + a + b\,(u - \tau) / H,

Cox's recalibration (1958, Biometrika 45:562) under a Gaussian kernel of H, 1.5 standard deviations of the margins: a is
the miscalibration at the cut, in log-odds. What the fit misses is bounded by how far it is from another at H / 2.
The standard error of that difference is Hausman's (1978, Econometrica 46:1251).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import expit

from conjac._typing import FloatArray
from conjac.density.local import gauss
from conjac.density.spread import Spread
from conjac.tally import Atoms, Tally

WIDTH = 1.5
"""Of the window, in standard deviations of all margins."""
BINS_PER_WIDTH = 64
ROUNDS = 25
CLOSE = 1e-8
LONGEST = 2.0
PRIOR_ROWS = 0.5
"""Rows that are calibrated, at the cut, so that a window without one of the classes has a finite fit."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """The miscalibration at cuts.

    Attributes
    ----------
    shift : array of shape (n_points,)
        Log-odds of the positive class at the cut, less the cut.
    bend : array of shape (n_points,)
        Difference of the shift from that of half the window.
    bend_stderr : array of shape (n_points,)
    square : array of shape (n_points,)
        Sums of squared contributions to the shift: its variance.
    by_block : array of shape (n_points, n_blocks)
        Each block's contributions.
    cross : array of shape (n_points, n_classes, 2)
        Sums of squared weight times contribution, over the rows of each class below and above the cut.
    """

    shift: FloatArray
    bend: FloatArray
    bend_stderr: FloatArray
    square: FloatArray
    by_block: FloatArray
    cross: FloatArray

    @classmethod
    def at(cls, tally: Tally, cut: FloatArray) -> Self:
        """Fit the labels near cuts."""
        width = WIDTH * Spread.of(tally.atoms()).sd
        classes = [tally.atoms(true, step=2.0 ** np.floor(np.log2(width / BINS_PER_WIDTH))) for true in (0, 1)]
        wide, narrow = (_Fit.of(classes, cut, w) for w in (width, width / 2))
        squares = [fit.square(classes) for fit in (wide, narrow)]
        return cls(
            shift=wide.shift,
            bend=wide.shift - narrow.shift,
            bend_stderr=np.sqrt(np.maximum(squares[1] - squares[0], 0.0)),
            square=squares[0],
            by_block=sum((adds @ c.weight for adds, c in zip(wide.adds, classes, strict=True)), np.zeros(1)),
            cross=np.stack(
                [_sides(adds, c, cut) for adds, c in zip(wide.adds, classes, strict=True)],
                axis=1,
            ),
        )

    @property
    def stderr(self) -> FloatArray:
        """Standard error of the shift."""
        return np.sqrt(self.square)

    @property
    def bound(self) -> FloatArray:
        """Bound of the shift's bias."""
        return np.abs(self.bend)

    @property
    def shrunk(self) -> FloatArray:
        """The shift, less what of it may be noise: 0 within one standard error (James & Stein's positive part)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            kept = np.nan_to_num(np.maximum(0, 1 - self.square / self.shift**2))
        return np.asarray(kept * self.shift)


@dataclass(frozen=True, eq=False)
class _Fit:
    """One window's fits: the shift, and what a unit of weight of each class's atoms adds to it."""

    shift: FloatArray
    adds: tuple[FloatArray, FloatArray]

    @classmethod
    def of(cls, classes: list[Atoms], cut: FloatArray, width: float) -> Self:
        weight = [c.weight.sum(axis=1) for c in classes]
        row = sum(float(w.sum()) for w in weight) / max(1, sum(int(c.rows.sum()) for c in classes))
        distance = [(c.position - cut[:, None]) / width for c in classes]
        kernel = [gauss(x) for x in distance]
        prior = PRIOR_ROWS * row * gauss(np.zeros(1))
        calibrated = expit(cut)
        found = np.zeros((len(cut), 2))
        for _ in range(ROUNDS):
            shares = [
                expit(c.position + found[:, :1] + found[:, 1:] * x) for c, x in zip(classes, distance, strict=True)
            ]
            at_cut = expit(cut + found[:, 0])
            pull = np.stack([prior * (calibrated - at_cut), -prior * found[:, 1]], axis=1)
            information = np.zeros((len(cut), 2, 2))
            information[:, 0, 0], information[:, 1, 1] = prior * at_cut * (1 - at_cut), prior
            for true, (x, k, w, share) in enumerate(zip(distance, kernel, weight, shares, strict=True)):
                powers = np.stack([np.ones_like(x), x])
                pull += np.einsum("pij,ij->ip", powers, k * w * (true - share))
                information += np.einsum("pij,qij,ij->ipq", powers, powers, k * w * share * (1 - share))
            step = np.linalg.solve(information, pull[..., None])[..., 0]
            found = found + step * np.minimum(1, LONGEST / np.maximum(np.abs(step).max(axis=1), CLOSE))[:, None]
            if np.abs(step).max(initial=0.0) < CLOSE:
                break
        inverse = np.linalg.inv(information)[:, 0]
        adds = [
            k * (inverse[:, :1] + inverse[:, 1:] * x) * (true - share)
            for true, (x, k, share) in enumerate(zip(distance, kernel, shares, strict=True))
        ]
        return cls(found[:, 0], (adds[0], adds[1]))

    def square(self, classes: list[Atoms]) -> FloatArray:
        return np.asarray(sum(adds**2 @ c.weight2 for adds, c in zip(self.adds, classes, strict=True)))


def _sides(adds: FloatArray, atoms: Atoms, cut: FloatArray) -> FloatArray:
    weighted = adds * atoms.weight2
    above = (weighted * (atoms.position >= cut[:, None])).sum(axis=1)
    return np.stack([weighted.sum(axis=1) - above, above], axis=1)
