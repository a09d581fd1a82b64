"""From values of both axes to a figure and its gradient at every pair of them: `Plane`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.engines.decided import Decided, decide
from conjac.engines.features import drifted
from conjac.inputs import Inputs
from conjac.metrics import Metric
from conjac.metrics.reweighted import reweighted
from conjac.perturbations import Features
from conjac.rules import ThresholdRule
from conjac.training.surfaces.axes import Axis, DriftAxis, HyperAxis, OffsetAxis, PrevalenceAxis, ThresholdAxis
from conjac.training.surfaces.fits import Fit, Models
from conjac.training.surfaces.grid import Nodes
from conjac.training.surfaces.seen import Seen
from conjac.training.surfaces.standing import Figure, Offsets, Rules, Slope, Standing, Thresholds

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
    _last: list[Rules] = field(default_factory=list, repr=False)

    def nodes(self, values: Sequence[FloatArray], done: Callable[[int], None]) -> Nodes:
        """Evaluate all pairs: one fit for each setting, one scoring for each fit and drift, one count for each rule.

        Parameters
        ----------
        values : sequence of array
            Of both axes, shapes (n_first,) and (n_second,).
        done : callable
            Is told the number of nodes, each time that some are ready.
        """
        found = Nodes.empty(tuple(map(len, values)))
        stages = (HyperAxis, DriftAxis, ThresholdAxis | OffsetAxis, PrevalenceAxis)
        fits, drifts, rules, mixes = ([k for k in (0, 1) if isinstance(self.axes[k], stage)] for stage in stages)
        shares = values[mixes[0]].tolist() if mixes else []
        for place in _places(values, fits + drifts):
            at = {self.axes[k].name: float(values[k][i]) for k, i in place.items()}
            fit = self.models.at(at)
            standings = self._rules(self._decided(fit, at)).standings(self._rows(shares), [values[k] for k in rules])
            for rule, standing in zip(_places(values, rules), standings, strict=True):
                slopes = self._slopes(fit, standing, shares)
                for mix, figure, own in zip(_places(values, mixes), standing.figures, slopes, strict=True):
                    index = place | rule | mix
                    self._fill(found, (index[0], index[1]), figure, own, at)
            done(int(np.prod([len(values[k]) for k in rules + mixes])))
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

    def _rules(self, decided: Decided) -> Rules:
        """Return the rules of scored rows; the last ones asked for are kept, with what they count by."""
        if not self._last or self._last[0].decided is not decided:
            after = [axis for axis in self.axes if isinstance(axis, ThresholdAxis | OffsetAxis)]
            if isinstance(decided.rule, ThresholdRule):
                self._last[:] = [Thresholds(decided, tuple(axis.name for axis in after))]
            else:
                self._last[:] = [
                    Offsets(decided, {axis.name: axis.place for axis in after if isinstance(axis, OffsetAxis)})
                ]
        return self._last[0]

    def _rows(self, shares: Sequence[float]) -> list[Metric]:
        """Return the metric at each share of a class, or as it is."""
        for axis in self.axes:
            if isinstance(axis, PrevalenceAxis):
                return [reweighted(self.row, axis.mix(share)) for share in shares]
        return [self.row]

    def _slopes(self, fit: Fit, standing: Standing, shares: Sequence[float]) -> list[dict[str, Slope]]:
        """Return the derivatives by each axis, where known, of the metric at each share of a class, or as it is."""
        rows = self._rows(shares)
        found = [dict(figure.slopes) for figure in standing.figures]
        columns = [axis for axis in self.axes if isinstance(axis, DriftAxis)]
        if columns:
            names = [standing.decided.inputs.names[axis.place] for axis in columns]
            motion = drifted(standing.decided, Features(names))["_motion"]
            for row, slopes in zip(rows, found, strict=True):
                value, _, stderr, _ = motion.metric_slope(row)
                slopes |= {axis.name: Slope(value[k], stderr[k], motion.method) for k, axis in enumerate(columns)}
        for axis in self.axes:
            if isinstance(axis, PrevalenceAxis):
                for share, slopes in zip(shares, found, strict=True):
                    slopes[axis.name] = axis.slope(self.row, standing.cells, share)
        through_training = fit.slopes(standing.decided, rows, self.seen)
        return [slopes | more for slopes, more in zip(found, through_training, strict=True)]

    def _fill(
        self,
        found: Nodes,
        index: tuple[int, int],
        figure: Figure,
        slopes: Mapping[str, Slope],
        at: Mapping[str, float],
    ) -> None:
        found.value[index], found.stderr[index] = figure.value, figure.stderr
        for k, axis in enumerate(self.axes):
            slope = slopes.get(axis.name, UNKNOWN)
            per = 1.0 if axis.log or not isinstance(axis, HyperAxis) else at[axis.name] or np.nan
            self.seen.methods[axis.name].add(slope.method)
            found.gradient[(*index, k)] = slope.value / per
            found.gradient_stderr[(*index, k)] = slope.stderr / abs(per)


def _places(values: Sequence[FloatArray], axes: Sequence[int]) -> Iterator[dict[int, int]]:
    """Yield all pairs of places along some axes, by axis; one that is empty along none."""
    for place in np.ndindex(*(len(values[k]) for k in axes)):
        yield dict(zip(axes, place, strict=True))
