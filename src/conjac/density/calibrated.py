r"""The densities of both classes where scores are taken as calibrated: one pooled density, shared out by the score.

If :math:`P(y = 1 | u) = \operatorname{expit}(u)`, then :math:`f_1 = \eta f` and :math:`f_0 = (1 - \eta) f` with the
pooled density f and :math:`\eta = \operatorname{expit}(\tau)`, so that a rare class borrows the strength of the other.
The assumption is not checked and then believed: a test of it accepts an error of one standard error four times of five.

Interval: with :math:`\eta = \operatorname{expit}(\tau + \hat a)`, the labels' own log-odds near the cut
(`conjac.density.calibration`), with the variance of :math:`\hat a` and, squared, the bound of its bias.

Estimate: with :math:`\hat a` shrunk to 0 by what of it may be noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
from scipy.special import expit

from conjac._typing import AnyArray, ConditionOn, FloatArray, Scale
from conjac.density.calibration import Calibration
from conjac.density.density import Density
from conjac.density.tangent import Tangent
from conjac.errors import InvalidInputError
from conjac.tally import Tally

DOUBTED = 2.5
"""Standard errors of the shift or of its bend from which the scores are doubted."""


@dataclass(frozen=True, eq=False)
class CalibratedDensity(Density):
    """The densities of calibrated probabilities; on atoms, where rows are counted, the assumption is not used."""

    assumes_calibration: ClassVar[bool] = True

    @cached_property
    def tangents(self) -> tuple[Tangent, ...]:
        """The density of all rows, for either class."""
        pooled = Tangent.of(self.tally, 0, 1)
        return pooled, pooled

    def tangent_flux(self, cut: FloatArray) -> dict[str, AnyArray]:
        """Estimate where there is a density, arrays as in `Flux`."""
        pooled, calibration = self.tangents[0].at(cut), Calibration.at(self.tally, cut)
        share, turned = _shares(cut + calibration.shift)
        told, bent = _shares(cut + calibration.shrunk)
        turned = turned * pooled["center"][:, None]
        off = np.abs(calibration.shift) > DOUBTED * calibration.stderr
        bends = np.abs(calibration.bend) > DOUBTED * calibration.bend_stderr
        found = {name: np.stack([pooled[name]] * 2, axis=1) for name in ("n_eff", "bandwidth")}
        return found | {
            "value": _times(told, pooled["value"]),
            "center": _times(share, pooled["center"]),
            "by_block": _times(share, pooled["by_block"]) + _times(turned, calibration.by_block),
            "square": _times(_outer(share), pooled["square"]) + _times(_outer(turned), calibration.square),
            "cross": _times(share, pooled["cross"]) + _times(turned, calibration.cross),
            "penalty": _times(share**2, pooled["penalty"]) + _times(turned**2, calibration.bound**2),
            "drift": _times(told, pooled["drift"]) + _times(bent, pooled["value"]),
            "doubt": np.stack([np.where(off | bends, "calib", pooled["doubt"])] * 2, axis=1),
            "calibration": np.stack([calibration.shift, calibration.stderr, calibration.bound], axis=1),
        }


def density_of(
    tallied: Callable[[], Tally],
    scale: Scale,
    clustered: bool,
    assume_calibrated: bool,
    condition_on: ConditionOn | None,
) -> Density:
    """Return the densities of a tally's classes, as `Density` takes it.

    Raises
    ------
    InvalidInputError
        Calibration assumed of raw scores, or of classes whose totals are fixed by design.
    """
    if not assume_calibrated:
        return Density(tallied, scale, clustered)
    if scale != "logit":
        raise InvalidInputError("assume_calibrated=True: raw scores are no probabilities; pass scores in [0, 1]")
    if condition_on is not None:
        raise InvalidInputError(
            "assume_calibrated=True: with class totals fixed by design (condition_on) the share of positives is not "
            "the population's, so scores cannot be calibrated to it; weight the rows instead"
        )
    return CalibratedDensity(tallied, scale, clustered)


def _shares(log_odds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return each class's share of the rows, and its derivative, arrays of shape (n_points, n_classes)."""
    share = expit(log_odds)
    turned = share * (1 - share)
    return np.stack([1 - share, share], axis=1), np.stack([-turned, turned], axis=1)


def _times(share: FloatArray, figure: FloatArray) -> FloatArray:
    """Multiply each point's figures by each of its shares: the shares' axes come first."""
    classes, rest = share.ndim - 1, figure.ndim - 1
    point = slice(None)
    return np.asarray(share[(..., *[None] * rest)] * figure[(point, *[None] * classes)])


def _outer(values: FloatArray) -> FloatArray:
    return np.asarray(values[:, :, None] * values[:, None, :])
