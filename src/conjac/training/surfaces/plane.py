"""From values of both axes to a figure and its gradient at every pair of them: `Plane`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.engines.decided import Decided, decide
from conjac.engines.features import drifted
from conjac.inputs import Inputs
from conjac.metrics import Metric
from conjac.perturbations import Features
from conjac.rules import ThresholdRule
from conjac.training.surfaces.axes import Axis, DriftAxis, HyperAxis, OffsetAxis, ThresholdAxis
from conjac.training.surfaces.fits import Fit, Models
from conjac.training.surfaces.grid import Nodes
from conjac.training.surfaces.seen import Seen
from conjac.training.surfaces.standing import Offsets, Rules, Slope, Standing, Thresholds

UNKNOWN = Slope(np.nan, np.nan, "refit")
"""Of a hyper-parameter that is followed by fits alone."""


@dataclass(frozen=True, eq=False)
class Plane:
    """Everything that a surface needs to be evaluated anywhere.

    Attributes
    ----------
    axes : tuple of Axis
        Two.
    row : Metric
    models : Models
    X, y
        Rows to evaluate.
    options : dict
        As for `conjac.engines.decided.decide`.
    seen : Seen
    """

    axes: tuple[Axis, Axis]
    row: Metric
    models: Models
    X: Any
    y: Any
    options: Mapping[str, Any]
    seen: Seen
    _kept: dict[tuple[float, ...], Decided] = field(default_factory=dict, repr=False)

    def nodes(self, values: Sequence[FloatArray], done: Callable[[int], None]) -> Nodes:
        """Evaluate all pairs: one fit for each setting, and one scoring for each fit and drift.

        Parameters
        ----------
        values : sequence of array
            Of both axes, shapes (n_first,) and (n_second,).
        done : callable
            Is told the number of nodes, each time that some are ready.
        """
        found = Nodes.empty(tuple(map(len, values)))
        before = [k for k, axis in enumerate(self.axes) if isinstance(axis, HyperAxis | DriftAxis)]
        before.sort(key=lambda k: isinstance(self.axes[k], DriftAxis))
        after = [k for k in (0, 1) if k not in before]
        for place in np.ndindex(*(len(values[k]) for k in before)):
            at = {self.axes[k].name: float(values[k][i]) for k, i in zip(before, place, strict=True)}
            fit = self.models.at(at)
            decided = self._decided(fit, at)
            rules = self._rules(decided, [values[k] for k in after])
            where = np.ndindex(*(len(values[k]) for k in after))
            for rest, standing in zip(where, rules.standings(self.row), strict=True):
                index = dict(zip((*before, *after), (*place, *rest), strict=True))
                self._fill(found, (index[0], index[1]), standing, self._slopes(fit, standing), at)
            done(int(np.prod([len(values[k]) for k in after])))
        return found

    def _decided(self, fit: Fit, at: Mapping[str, float]) -> Decided:
        """Score the rows; what may be asked for again is kept, but for drifts, whose rows are copies."""
        key = tuple(at.values())
        if key in self._kept:
            return self._kept[key]
        found = decide(fit.model, self._drifted(fit, at), self.y, **self.options)
        if len(key) < 2 and not any(isinstance(axis, DriftAxis) for axis in self.axes):
            self._kept[key] = found
        return found

    def _drifted(self, fit: Fit, at: Mapping[str, float]) -> Any:
        native = self.X
        for axis in self.axes:
            if isinstance(axis, DriftAxis):
                native = Inputs.of(native, fit.model.columns).moved(axis.place, at[axis.name] * axis.sd)
        return native

    def _rules(self, decided: Decided, values: Sequence[FloatArray]) -> Rules:
        after = [axis for axis in self.axes if isinstance(axis, ThresholdAxis | OffsetAxis)]
        if isinstance(decided.rule, ThresholdRule):
            thresholds = values[0] if after else np.array([decided.threshold])
            return Thresholds(decided, thresholds, tuple(axis.name for axis in after))
        grid = (
            np.stack(np.meshgrid(*values, indexing="ij"), axis=-1).reshape(-1, len(after))
            if after
            else np.zeros((1, 0))
        )
        return Offsets(decided, {axis.name: axis.place for axis in after if isinstance(axis, OffsetAxis)}, grid)

    def _slopes(self, fit: Fit, standing: Standing) -> dict[str, Slope]:
        slopes = dict(standing.slopes)
        columns = [axis for axis in self.axes if isinstance(axis, DriftAxis)]
        if columns:
            names = [standing.decided.inputs.names[axis.place] for axis in columns]
            motion = drifted(standing.decided, Features(names))["_motion"]
            value, _, stderr, _ = motion.metric_slope(self.row)
            slopes |= {axis.name: Slope(value[k], stderr[k], motion.method) for k, axis in enumerate(columns)}
        return {**slopes, **fit.slopes(standing.decided, self.row, self.seen)}

    def _fill(
        self,
        found: Nodes,
        index: tuple[int, int],
        standing: Standing,
        slopes: Mapping[str, Slope],
        at: Mapping[str, float],
    ) -> None:
        found.value[index], found.stderr[index] = standing.value, standing.stderr
        for k, axis in enumerate(self.axes):
            slope = slopes.get(axis.name, UNKNOWN)
            per = 1.0 if axis.log or not isinstance(axis, HyperAxis) else at[axis.name] or np.nan
            self.seen.methods[axis.name].add(slope.method)
            found.gradient[(*index, k)] = slope.value / per
            found.gradient_stderr[(*index, k)] = slope.stderr / abs(per)
