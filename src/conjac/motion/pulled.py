r"""How the cells move with very many parameters: sums over rows that are weighed first, and pulled back at once.

Whatever is asked for, a cell, a metric, is linear in the rows' velocities with weights that are known
(`conjac.density.fixed`), so its gradient is one vector-Jacobian product. Standard errors are from 64 blocks of rows,
each pulled by itself, and are made when they are asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from conjac._typing import FloatArray, IntArray, Normalize
from conjac.calculus.analytic import along
from conjac.density.fixed import FixedWeights
from conjac.density.near import or_one
from conjac.density.velocity import Known
from conjac.errors import NotSupportedError
from conjac.inference import Cells
from conjac.inference.block_sums import of_blocks
from conjac.inference.crossing_sums import CrossingSums
from conjac.inference.delta import normalized_cotangent
from conjac.inference.drift_joint import DriftJoint
from conjac.metrics import Metric
from conjac.motion.again import Again
from conjac.motion.denominators import cells_stderr
from conjac.motion.drifted import DriftMotion
from conjac.motion.slopes import MIN_ROWS, Slopes

MOST = 10**8
"""Entries of a Jacobian above which it is not made at once."""
NOTHING = 1e-9
"""Share of the largest direction below which another is rounding."""


@dataclass(frozen=True, eq=False)
class PulledMotion:
    """Cells at one rule, and their motion with the parameters of a model.

    Attributes
    ----------
    cells : Cells
        At one point.
    fixed : FixedWeights
    blocks : Cells
        The same cells, by blocks of rows, or of clusters where there are any.
    block : array of shape (n_entries,)
        Each entry's block.
    weight, cluster : array of shape (n_samples,) or None
        Each row's weight, and its block of clusters.
    n_parameters : int
    pull : Again or None
        From what each entry weighs, array of shape (n_entries,), to the weighted sum of the velocities of entries,
        array of shape (n_parameters,).
    push : Again or None
        From a direction, array of shape (n_parameters,), to the velocities of entries along it, (n_entries,).
    """

    cells: Cells
    fixed: FixedWeights
    blocks: Cells
    block: IntArray
    weight: FloatArray | None
    cluster: IntArray | None
    n_parameters: int
    pull: Again[FloatArray] | None
    push: Again[FloatArray] | None

    @property
    def counted(self) -> Cells:
        """Exact counts at one point."""
        return self.cells

    @property
    def method(self) -> str:
        """By a kernel and margins' derivatives."""
        return self.fixed.crossing.method

    @property
    def effective_rows(self) -> FloatArray:
        """Effective rows near facets, array of shape (1,)."""
        return np.asarray([self.fixed.crossing.n_eff.sum()])

    def vjp(self, gradient: FloatArray) -> FloatArray:
        """Return the gradient of a weighted sum of the cells, array of shape (n_parameters,).

        Parameters
        ----------
        gradient : array of shape (n_columns, n_columns)
        """
        return self._pulled(self.fixed.by_figure(self._steps(gradient[None])[0])[0])

    def centred(self, gradient: FloatArray) -> FloatArray:
        """Return the bias-corrected gradient, on which intervals are centred; as `vjp`."""
        return self._pulled(self.fixed.by_figure(self._steps(gradient[None])[0])[1])

    def along(self, direction: FloatArray) -> DriftMotion:
        """Return the motion along one direction, array of shape (n_parameters,), with the errors of rows."""
        if self.push is None:
            raise _saved()
        velocity = self.push.ask(direction)
        sums = CrossingSums.of_fixed(self.fixed, self.weight, self.cluster, Known(velocity))
        return DriftMotion(DriftJoint(self.cells, sums), Again(lambda _: velocity), fixed=self.fixed)

    def stderr(self, row: Metric) -> FloatArray:
        """Return the standard errors of a metric's gradient, array of shape (n_parameters,), from blocks of rows.

        A block's part is what its own rows add, and what its cells do to the metric's gradient in the cells; the latter
        lies in few directions, each pulled once.
        """
        cells, own = self.cells.weight[0].astype(np.float64), self._of_blocks
        gradient = self.gradient_in_cells(row)
        steps = self._steps(gradient[None])[0] * self.fixed.inflation
        if np.ptp(gradient, axis=1).any() and not self._on_enough_rows(steps):
            return np.full(self.n_parameters, np.nan)
        strata = np.eye(len(cells)) if self.cells.condition_on else np.ones((len(cells), 1))
        with np.errstate(invalid="ignore"):
            bent = self._steps(np.nan_to_num(along(row.gradient, cells, np.moveaxis(own, -1, 0))))
            of_stratum = self._steps(np.nan_to_num(along(row.gradient, cells, strata.T[..., None] * cells)))
        share = strata.T @ own.sum(axis=1) / or_one(strata.T @ cells.sum(axis=1))[:, None]
        mean = strata.T[:, self.fixed.crossing.true] * steps + of_stratum
        others = bent - share.T @ mean
        left, size, right = np.linalg.svd(others, full_matrices=False)
        kept = size > NOTHING * max(size.max(initial=0.0), np.abs(steps).max(initial=0.0))
        shared = [self._pulled(self.fixed.by_figure(one)[1]) for one in right[kept]]
        each, total = self.fixed.by_figure(steps)[1], np.zeros(self.n_parameters)
        for place, by in enumerate((left * size)[:, kept]):
            adds = self._pulled(np.where(self.block == place, each, 0.0))
            for one, factor in zip(shared, by, strict=True):
                adds += factor * one
            total += adds**2
        return np.sqrt(total * of_blocks(own))

    @property
    def derivative(self) -> FloatArray:
        """Derivative of the cells by each parameter, array of shape (n_parameters, n_columns, n_columns).

        Raises
        ------
        NotSupportedError
            More than 1e8 of them.
        """
        return self._of_cells(self.vjp)

    @property
    def moved(self) -> tuple[FloatArray, FloatArray]:
        """The same, and the centre of its intervals."""
        return self._of_cells(self.vjp), self._of_cells(self.centred)

    def cells_stderr(self, how: Normalize | None) -> FloatArray:
        """Return the standard error of each cell as normalised, array of shape (n_columns, n_columns)."""
        return cells_stderr(self.counted, how)

    def arranged(self, values: FloatArray) -> FloatArray:
        """Return figures with the parameter as their last axis."""
        return np.moveaxis(values, 0, -1)

    def slopes(self, how: Normalize | None) -> Slopes:
        """Return the derivative of the matrix as normalised, arrays of shape (n_parameters, n_columns, n_columns).

        Raises
        ------
        NotSupportedError
            More than 1e8 of them, or of what blocks of rows add to them.
        """
        self._refuse_more_than(self.cells.weight[0].size)
        found = self._dense.slopes(how)
        return found._replace(df=np.full(found.value.shape, self.blocks.df))

    def metric_slope(self, row: Metric) -> Slopes:
        """Return a metric's derivative by each parameter, arrays of shape (n_parameters,)."""
        gradient = self.gradient_in_cells(row)
        value = self.vjp(gradient)
        return Slopes(value, self.centred(gradient), self.stderr(row), np.full(value.shape, self.blocks.df))

    def gradient_in_cells(self, row: Metric) -> FloatArray:
        """Return a metric's gradient in the cells, array of shape (n_columns, n_columns); 0 where it has none."""
        return np.nan_to_num(row.gradient(self.cells.weight[0].astype(np.float64)))

    def _of_cells(self, pulled: Callable[[FloatArray], FloatArray]) -> FloatArray:
        shape = n, _ = self.cells.weight.shape[1:]
        self._refuse_more_than(math.prod(shape))
        cells = np.eye(math.prod(shape)).reshape(*shape, *shape)[:, :-1].reshape(-1, *shape)
        found = np.stack([pulled(cell) for cell in cells], axis=-1).reshape(-1, n, n - 1)
        return np.concatenate(
            [found, 0.0 - found.sum(axis=2, keepdims=True)], axis=2
        )  # what enters a cell leaves others

    @cached_property
    def _sums(self) -> CrossingSums:
        """Fluxes of each parameter, facet by facet, without errors."""
        crossing, n = self.fixed.crossing, self.fixed.crossing.n_facets
        value, center = np.zeros((2, n, self.n_parameters))
        for place in range(n):
            value[place], center[place] = map(self._pulled, self.fixed.by_figure(np.eye(n)[place]))
        none = np.zeros((n, self.n_parameters))
        rows = np.broadcast_to(crossing.n_eff[:, None], none.shape)
        pair = np.zeros((0, 2), dtype=np.intp)
        sides = np.zeros((n, 2, self.n_parameters))
        return CrossingSums(crossing, value, center, none, sides, pair, none[:0], None, none, rows)

    @cached_property
    def _dense(self) -> DriftMotion:
        """The motion with every parameter at once, its errors from blocks."""
        n, n_blocks = self.fixed.crossing.n_facets, self._of_blocks.shape[-1]
        self._refuse_more_than(n * n_blocks)
        by_block = np.zeros((n, self.n_parameters, n_blocks))
        for place, inflation in enumerate(self.fixed.inflation):
            each = self.fixed.by_figure(np.eye(n)[place] * inflation)[1]
            for number in range(n_blocks):
                by_block[place, :, number] = self._pulled(np.where(self.block == number, each, 0.0))
        return DriftMotion(DriftJoint(self.blocks, replace(self._sums, by_block=by_block)))

    @property
    def _of_blocks(self) -> FloatArray:
        assert self.blocks.by_block is not None
        return np.asarray(self.blocks.by_block[0])

    def _steps(self, gradient: FloatArray) -> FloatArray:
        """Return what figures gain where a unit crosses each facet upwards, array of shape (n_figures, n_facets)."""
        c = self.fixed.crossing
        return np.asarray(gradient[:, c.true, c.upper] - gradient[:, c.true, c.lower])

    def _pulled(self, each: FloatArray) -> FloatArray:
        if self.pull is None:
            raise _saved()
        if self.method == "undefined":
            return np.full(self.n_parameters, np.nan)
        return self.pull.ask(each)

    def _on_enough_rows(self, steps: FloatArray) -> bool:
        n_eff, share = self.fixed.crossing.n_eff, np.abs(steps) * self.fixed.crossing.value
        noise = share**2 @ np.divide(1, n_eff, out=np.zeros(len(n_eff)), where=n_eff > 0)
        return bool(share.sum() ** 2 >= MIN_ROWS * noise and share.sum() > 0)

    def _refuse_more_than(self, times: int) -> None:
        if times * self.n_parameters > MOST:
            raise NotSupportedError(
                f"{times} x {self.n_parameters} derivatives, more than {MOST:.0e}, are not made at once: ask for "
                "J.vjp(cotangent), J.of(metric).gradient or J.jvp(direction), which cost one gradient each, or for "
                "some of the parameters, as Parameters('head')"
            )


def pulled_slope(motion: PulledMotion, cotangent: FloatArray, how: Normalize | None) -> FloatArray:
    """Return the gradient of a weighted sum of the cells as normalised, array of shape (n_parameters,)."""
    return motion.vjp(normalized_cotangent(motion.counted.weight[0], cotangent, how))


def _saved() -> NotSupportedError:
    return NotSupportedError("the result was saved, and its model not; make it again")
