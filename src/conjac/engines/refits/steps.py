r"""How far a hyper-parameter is moved either way, fixed by refits that are not counted.

Half-steps of 1/4, 1/2 and 1 of the logarithm are tried, or of 1/8, 1/4 and 1/2 of a value that is moved as it is;
whole numbers are rounded, so that both sides differ. Two steps :math:`\delta < \delta'` tell the bias
:math:`(D_{\delta'} - D_\delta)\, \delta^2 / (\delta'^2 - \delta^2)` of a difference quotient, of which only what
exceeds its noise is believed; of the rest, :math:`\delta^2 / 6` is expected, as in `conjac.engines.steps`. Refits of
two seeds of their own choose, so that the noise of those that are counted does not: the least sum of the squared bias,
the noise of the rows and that of the refits, which is taken to be one of flows, whatever the step.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from typing import NamedTuple

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.engines.outcomes import Outcomes
from conjac.engines.steps import Step
from conjac.errors import InvalidInputError
from conjac.inference.delta import divide
from conjac.inference.intervals import HALF_ROW
from conjac.models.settings import Setting

LOG_STEPS = (0.25, 0.5, 1.0)
"""Half-steps that are tried, of the logarithm."""
RAW_STEPS = (0.125, 0.25, 0.5)
"""Half-steps that are tried, of the value."""


class Sides(NamedTuple):
    """Values between which a model is fitted anew.

    Attributes
    ----------
    low, high : float
    half : float
        Half of the distance between them, in units of the parameter.
    scale : float
        In the same units, over how much models are expected to bend.
    """

    low: float
    high: float
    half: float
    scale: float


def sides_of(setting: Setting, unit: str, step: float | None) -> list[Sides]:
    """Return the sides to try, ascending; those of a step that is told, alone.

    Raises
    ------
    InvalidInputError
        A value that has no logarithm, or of which no step can be made.

    Examples
    --------
    >>> depth = Setting("max_depth", "max_depth", 5, whole=True)
    >>> [(low, high) for low, high, *_ in sides_of(depth, "log", None)]
    [(4, 6), (3, 8), (2, 14)]
    >>> [(low, high) for low, high, *_ in sides_of(depth, "raw", 2.0)]
    [(3, 7)]
    """
    here = f"{setting.name!r} is {setting.value:g}"
    if step is not None and not step > 0:
        raise InvalidInputError(f"Hyperparameters(step={step!r}): expected a positive number")
    if unit == "log":
        if setting.value <= 0:
            raise InvalidInputError(f"{here}, which has no logarithm; pass Hyperparameters(..., unit='raw', step=...)")
        found = [_by_factor(setting, half) for half in (LOG_STEPS if step is None else (step,))]
    elif step is None and setting.value == 0:
        raise InvalidInputError(f"{here}: a step cannot be made of it; pass Hyperparameters(..., step=...)")
    else:
        reach = [share * abs(setting.value) for share in RAW_STEPS] if step is None else [step]
        found = [_by_distance(setting, half) for half in reach]
    return [sides for place, sides in enumerate(found) if sides[:2] not in [other[:2] for other in found[:place]]]


def _by_factor(setting: Setting, half: float) -> Sides:
    low, high = setting.value * exp(-half), setting.value * exp(half)
    if setting.whole:
        low = max(1, min(round(low), int(setting.value) - 1))
        high = max(round(high), int(setting.value) + 1)
        half = log(high / low) / 2
    return Sides(low, high, half, 1.0)


def _by_distance(setting: Setting, half: float) -> Sides:
    if setting.whole:
        half = max(1, round(half))
    return Sides(setting.value - half, setting.value + half, float(half), abs(setting.value) or float(half))


def choose(
    tried: Sequence[Sides], below: AnyArray, above: AnyArray, outcomes: Outcomes, n_seeds: int
) -> tuple[Sides, Step]:
    """Choose sides by predictions of refits that are not counted.

    Parameters
    ----------
    tried : sequence of Sides
        Ascending.
    below, above : array of shape (n_tried, n_pilots, n_rows)
        Predicted classes.
    outcomes : Outcomes
    n_seeds : int
        Pairs of refits that will be counted.
    """
    n, half = outcomes.n_columns, np.array([sides.half for sides in tried])
    if len(tried) == 1:
        return tried[0], Step.given(tried[0].half, n)
    trial = _Trial.of(half, below, above, outcomes)
    errors, bias, doubt = trial.weighed(n_seeds, half / tried[0].scale)
    best = int(np.argmin(errors))
    return tried[best], Step(tried[best].half, bias[best], doubt[best])


@dataclass(frozen=True, eq=False)
class _Trial:
    """Flows of the rows that turn at any step.

    Attributes
    ----------
    speed : array of shape (n_tried,)
    flow : array of shape (n_tried, n_pilots, n_rows, n_columns)
        What of each row enters each column on the way from below to above, less what leaves it.
    weight : array of shape (n_rows, n_columns)
        Of each row, in the place of its class.
    one_row : array of shape (n_columns,)
        Weight of one row of each class; 0 of a class without rows.
    """

    speed: FloatArray
    flow: FloatArray
    weight: FloatArray
    one_row: FloatArray

    @classmethod
    def of(cls, half: FloatArray, below: AnyArray, above: AnyArray, outcomes: Outcomes) -> _Trial:
        n, turned = outcomes.n_columns, np.flatnonzero((below != above).any(axis=(0, 1)))
        flow = (above[..., turned, None] == np.arange(n)) * 1.0 - (below[..., turned, None] == np.arange(n))
        weight = np.ones(len(turned)) if outcomes.weight is None else outcomes.weight[turned]
        of_class = (outcomes.true[turned, None] == np.arange(n)) * weight[:, None]
        return cls(1 / (2 * half), flow, of_class, np.sqrt(outcomes.one_row(np.arange(len(outcomes.true)))))

    def weighed(self, n_seeds: int, reach: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return each step's expected error, and the bias of its difference quotients with how well it is known.

        Parameters
        ----------
        n_seeds : int
        reach : array of shape (n_tried,)
            Half-steps in units of the distance over which models are expected to bend.

        Returns
        -------
        errors : array of shape (n_tried,)
        bias, doubt : array of shape (n_tried, n_columns, n_columns)
            nan of classes without rows.
        """
        n_pilots, n = self.flow.shape[1], len(self.one_row)
        total = np.einsum("tsrk,ry->tsyk", self.flow, self.weight)
        of_pilots = np.var(total, axis=1, ddof=1).sum(axis=2).mean(axis=0) if n_pilots > 1 else np.zeros(n)
        speed2 = self.speed[:, None] ** 2
        turning = np.einsum("trk,ry->y", np.abs(self.flow.mean(axis=1)), self.weight) / 2
        rate = (turning + HALF_ROW * self.one_row) / (1 / self.speed).sum()
        scale = divide(np.ones(n), 2 * rate**2, 0.0)

        adds = self.flow * self.speed[:, None, None, None]
        variance = self._of_rows(adds) + speed2 * (of_pilots / n_seeds + 2 * HALF_ROW * self.one_row**2)
        near = np.minimum(np.arange(len(self.speed)), len(self.speed) - 2)
        apart = 1 / self.speed[near + 1] ** 2 - 1 / self.speed[near] ** 2
        factor = 1 / (self.speed**2 * apart)
        quotient = total.mean(axis=1) * self.speed[:, None, None]
        bias = (quotient[near + 1] - quotient[near]) * factor[:, None, None]
        both = (speed2[1:] + speed2[:-1]) * (of_pilots / n_pilots + 2 * HALF_ROW * self.one_row**2)
        noise = (self._of_rows(np.diff(adds, axis=0)) + both)[near] * factor[:, None] ** 2 * scale

        expected = reach[:, None] ** 4 / 36
        believed = expected / (expected + noise)
        error = believed**2 * (bias**2).sum(axis=2) * scale + believed * noise + variance * scale
        drawn = np.where(self.one_row > 0, 1.0, np.nan)[:, None]
        doubt = np.sqrt(believed * noise)[..., None] * rate[:, None] * drawn
        errors = (error / (1 + error)).sum(axis=1)  # a class that no step could serve has no say
        return errors, bias * believed[..., None] * drawn, np.broadcast_to(doubt, bias.shape)

    def _of_rows(self, adds: FloatArray) -> FloatArray:
        """Return the variance that rows alone give to sums of what they add, array of shape (n_steps, n_columns)."""
        weight2, n_pilots = self.weight**2, adds.shape[1]
        shared = np.einsum("trk,ry->ty", adds.mean(axis=1) ** 2, weight2)
        if n_pilots == 1:
            return np.asarray(shared)
        alone = np.einsum("tsrk,ry->ty", adds**2, weight2) / n_pilots
        return np.asarray(np.maximum(shared - (alone - shared) / (n_pilots - 1), 0))
