"""Every threshold of a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from conjac._typing import ConditionOn, CoordinateName
from conjac.diagnostics import as_told, sampling_note
from conjac.engines.frames import tally_frame
from conjac.engines.thresholds import named_scores
from conjac.readonly import ReadOnly
from conjac.validation import check_condition


class FramedCurve:
    """A curve of a frame."""

    @classmethod
    def from_frame(
        cls: Any,
        frame: Any,
        *,
        label: str,
        score: str | Sequence[str],
        labels: Sequence[Any] | None = None,
        pos_label: Any = None,
        weight: str | None = None,
        groups: str | None = None,
        by: str | None = None,
        coordinate: CoordinateName | None = None,
        thresholds: Any = None,
        velocities: Mapping[str, str] | None = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
    ) -> Any:
        """Make a curve from columns of a frame, however large: rows are summed where they are.

        Counts are exact at the named thresholds and at edges of bins; elsewhere they carry a bound. Faulty rows are set
        aside, counted and told.

        Parameters
        ----------
        frame : frame, str, Path, or list of paths
            Of pandas, pyarrow, Polars (eager or lazy), DuckDB, Dask or PySpark (classic or Connect), which computes; or
            files, a folder or a glob pattern, which DuckDB reads.
        label : str
            Column of true labels.
        score : str or list of str
            Column of the positive class's score, or those of the negative class and of the positive one.
        labels : sequence of length 2, optional
            Negative label, positive label. Default: those of the column, sorted. With ``labels``, and a ``coordinate``
            of probabilities, one pass over the rows does; else a cheaper one goes before it.
        pos_label : label, optional
            The positive label. Default: the last one.
        weight, groups : str, optional
            Columns of sampling weights, and of clusters of rows that are not independent.
        by : str, optional
            Column of groups, of which each has a curve, all from the same pass.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            Unit of every threshold and slope. Default: "probability" where all scores lie in [0, 1], else "score".
        thresholds : array of shape (n_thresholds,), optional
            In units of ``coordinate``: counts are exact at these.
        velocities : mapping of str to str, optional
            Name of a parameter to the column of the score's derivative by it, per unit of that parameter, as for
            `Velocities`. Their sums are in the curve's ``tally``, for
            ``ConfusionJacobian.from_tally(tally, wrt="velocities")``.
        condition_on : "class", optional
            Take the class totals as fixed by design (stratified samples).
        assume_calibrated : bool
            Take scores as probabilities that hold, as for `ConfusionJacobian.from_predictions`.

        Returns
        -------
        ConfusionCurve or dict
            With ``by``, a curve by each group's name, sorted.

        Raises
        ------
        InvalidInputError
            A frame or columns that cannot be used; the message says where and what to do.
        NotSupportedError
            More than two classes.

        Warns
        -----
        ConjacWarning
            Faulty rows: ``diagnostics["set_aside"]``, of ``diagnostics["n_read"]`` in the whole frame. Groups that hold
            one class only: ``diagnostics["absent"]`` names the other.

        Examples
        --------
        >>> import duckdb
        >>> import conjac as cj
        >>> rows = duckdb.sql("SELECT i % 2 AS y, (i * 7 % 10) / 10 AS p FROM range(1000) t(i)")
        >>> curve = cj.ConfusionCurve.from_frame(rows, label="y", score="p", thresholds=[0.5])
        >>> curve.matrix_at(0.5, exact=True)
        array([[300, 200],
               [200, 300]])
        """
        check_condition(condition_on)
        told = tally_frame(
            frame,
            label=label,
            score=score,
            labels=labels,
            pos_label=pos_label,
            weight=weight,
            groups=groups,
            by=by,
            coordinate=coordinate,
            velocities=velocities,
            named=lambda unit: () if thresholds is None else named_scores(unit, thresholds),
        )
        curves = {}
        for name, tally in told.tallies.items():
            curve = cls.from_tally(
                tally,
                labels=told.labels,
                coordinate=told.unit.name,
                condition_on=condition_on,
                assume_calibrated=assume_calibrated,
            )
            notes = {
                **curve.diagnostics,
                "scores": "probabilities" if told.unit.scale == "logit" else "raw scores",
                "coordinate": as_told(told.unit.name, coordinate is None),
                "sampling": sampling_note(told.notes[name], condition_on),
                **told.notes[name],
            }
            curves[name] = replace(curve, diagnostics=ReadOnly(notes), reading=told.reading)
        return curves if by is not None else curves[None]
