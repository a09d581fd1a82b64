"""One decision on a frame, or on a tally alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from conjac._typing import ConditionOn, CoordinateName, Normalize
from conjac.coordinates import Coordinate
from conjac.density import density_of
from conjac.diagnostics import explain, warned
from conjac.engines.binned import BinnedRows, cells_at, unit_of
from conjac.engines.frames import bundle_frame, tally_frame, warn_of_groups
from conjac.engines.thresholds import resolve_threshold
from conjac.engines.velocities import SHARED, told_of_tally
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.motion import Motion
from conjac.perturbations import Threshold, Velocities
from conjac.readonly import ReadOnly
from conjac.tally import Tally
from conjac.validation import check_condition, check_normalize, refuse_with_offsets


class FramedJacobian:
    """A Jacobian of a frame, or of a tally."""

    @classmethod
    def from_frame(
        cls: Any,
        frame: Any,
        *,
        label: str,
        score: str | Sequence[str],
        labels: Sequence[Any] | None = None,
        pos_label: Any = None,
        threshold: float | None = None,
        offsets: Any = None,
        wrt: Threshold | Velocities | None = None,
        weight: str | None = None,
        groups: str | None = None,
        by: str | None = None,
        coordinate: CoordinateName | None = None,
        normalize: Normalize | None = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
    ) -> Any:
        """Count the cells and estimate their derivatives from columns of a frame, however large.

        Counts are exact. Slopes are estimated from the rows in bins; ``diagnostics["bin_width"]`` is far below any
        bandwidth.

        Parameters
        ----------
        frame : frame, str, Path, or list of paths
            As for `ConfusionCurve.from_frame`.
        label : str
            As for `ConfusionCurve.from_frame`.
        score : str or list of str
            As for `ConfusionCurve.from_frame`; of more than two classes a column of scores a class.
        labels : sequence of length K, optional
            Class labels, in the order of the columns of scores. Default: those of the column, sorted.
        pos_label : label, optional
            The positive label of two. Default: the last one.
        threshold : float, optional
            As for `from_predictions`, in units of ``coordinate``. A percentile is cut at an edge of a bin.
        offsets : array of shape (n_classes,), optional
            With a score a class, in the order of ``labels``: as for `from_predictions`. Default: none, for more than
            two. Slopes are then estimated from bundles of rows: ``diagnostics["from_sums"]``.
        wrt : Threshold or Velocities, optional
            What moves; of `Velocities`, columns of the frame hold the derivatives of the score. Default: the threshold
            of two classes, the offsets of more.
        weight, groups : str, optional
            Columns of sampling weights, and of clusters of rows that are not independent.
        by : str, optional
            Column of groups, of which each has a result, all from the same pass.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `from_predictions`.
        normalize : {"true", "pred", "all"}, optional
            As for `from_predictions`.
        condition_on : "class", optional
            As for `from_predictions`.
        assume_calibrated : bool
            As for `from_predictions`.

        Returns
        -------
        ConfusionJacobian or dict
            With ``by``, one by each group's name, sorted.

        Raises
        ------
        InvalidInputError
            A frame or columns that cannot be used; the message says where and what to do.
        NotSupportedError
            A threshold or velocities of more than two classes, or a reject option.

        Warns
        -----
        ConjacWarning
            Faulty rows, groups without a row of some class (``diagnostics["absent"]``), and intervals that should not
            be believed: ``diagnostics["cautions"]``.

        Examples
        --------
        >>> import duckdb
        >>> import conjac as cj
        >>> rows = duckdb.sql("SELECT i % 2 AS y, (i * 7 % 10) / 10 AS p FROM range(1000) t(i)")
        >>> cj.ConfusionJacobian.from_frame(rows, label="y", score="p", threshold=0.5).matrix
        array([[300, 200],
               [200, 300]])
        """
        check_normalize(normalize)
        check_condition(condition_on)
        several = [score] if isinstance(score, str) else list(score)
        columns: dict[str, Any] = {"label": label, "labels": labels, "weight": weight, "groups": groups, "by": by}
        if wrt is not None and not isinstance(wrt, Threshold | Velocities):
            raise InvalidInputError(f"wrt={wrt!r}: expected a conjac.Velocities of columns, conjac.Threshold() or None")
        if wrt is not None and (offsets is not None or len(several) > 2):
            raise NotSupportedError(
                f"wrt={wrt.name!r} of {len(several)} classes of a frame: their offsets alone move there; take rows in "
                "memory, or one class against the rest"
            )
        if offsets is not None or len(several) > 2:
            refuse_with_offsets(threshold=threshold, pos_label=pos_label, assume_calibrated=assume_calibrated or None)
            bundled = bundle_frame(frame, score=several, offsets=offsets, coordinate=coordinate, **columns)
            found = {
                name: cls._of_bundles(bundles, bundled.notes[name], normalize, condition_on, coordinate is None)
                for name, bundles in bundled.bundles.items()
            }
        else:

            def named(unit: Coordinate) -> tuple[float, ...]:
                return () if unit.to_score is None else (resolve_threshold(_no_rows, unit, threshold)[1],)

            columns["velocities"] = wrt.columns if isinstance(wrt, Velocities) else None
            told = tally_frame(frame, score=score, pos_label=pos_label, coordinate=coordinate, named=named, **columns)
            found = {
                name: cls._of_tally(
                    tally,
                    told.labels,
                    told.unit,
                    told.notes[name],
                    wrt="threshold" if wrt is None else wrt.name,
                    threshold=threshold,
                    by_default=coordinate is None,
                    normalize=normalize,
                    condition_on=condition_on,
                    assume_calibrated=assume_calibrated,
                )
                for name, tally in told.tallies.items()
            }
        if by is None:
            return warned(found[None])
        warn_of_groups(by, {name: J.diagnostics["cautions"] for name, J in found.items()}, stacklevel=3)
        return found

    @classmethod
    def from_tally(
        cls: Any,
        tally: Tally,
        *,
        labels: tuple[Any, Any] = (0, 1),
        threshold: float | None = None,
        wrt: Literal["threshold", "velocities"] = "threshold",
        coordinate: CoordinateName | None = None,
        normalize: Normalize | None = None,
        condition_on: ConditionOn | None = None,
        assume_calibrated: bool = False,
    ) -> Any:
        """Do as `from_predictions` from a tally alone.

        Cells are exact at its named thresholds and bin edges; elsewhere ``diagnostics["bound"]`` tells how far those of
        each class can be from the rows'. A percentile is cut at an edge of a bin.

        Parameters
        ----------
        tally : Tally
            The sums of all rows.
        labels : tuple of length 2
            Negative label, positive label.
        threshold : float, optional
            As for `from_predictions`, in units of ``coordinate``.
        wrt : {"threshold", "velocities"}
            What moves; velocities where the tally has some.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `from_predictions`.
        normalize : {"true", "pred", "all"}, optional
            As for `from_predictions`.
        condition_on : "class", optional
            As for `from_predictions`.
        assume_calibrated : bool
            As for `from_predictions`.

        Returns
        -------
        ConfusionJacobian
            Without rows: `contributions` and `explore` cannot be asked of it.

        Raises
        ------
        InvalidInputError
            No tally, a coordinate or threshold that does not fit it, or a tally without velocities that are asked for.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> tally = cj.Tally.zero("logit", 2.0**-8, thresholds=(0.5,)).add(np.arange(40) % 2, np.arange(40) / 40)
        >>> J = cj.ConfusionJacobian.from_tally(tally)
        >>> J.matrix
        array([[10, 10],
               [10, 10]])
        """
        check_normalize(normalize)
        check_condition(condition_on)
        unit = unit_of(tally, coordinate)
        return warned(
            cls._of_tally(
                tally,
                labels,
                unit,
                {},
                wrt=wrt,
                threshold=threshold,
                by_default=coordinate is None,
                normalize=normalize,
                condition_on=condition_on,
                assume_calibrated=assume_calibrated,
            )
        )

    @classmethod
    def from_curve(cls: Any, curve: Any, *, threshold: float | None = None, normalize: Normalize | None = None) -> Any:
        """Do as `from_tally`, in silence, of a curve that was made from a tally, and with what it knows of its rows.

        Parameters
        ----------
        curve : ConfusionCurve
            Made by `ConfusionCurve.from_tally` or `ConfusionCurve.from_frame`.
        threshold : float, optional
            In the curve's coordinate. Default: as for `from_predictions`.
        normalize : {"true", "pred", "all"}, optional
            As for `from_predictions`.

        Returns
        -------
        ConfusionJacobian
            Its cautions are in ``diagnostics`` alone.

        Raises
        ------
        InvalidInputError
            A threshold outside its domain, or an unknown ``normalize``.
        """
        check_normalize(normalize)
        return cls._of_tally(
            curve.tally,
            curve.labels,
            curve.unit,
            curve.diagnostics,
            wrt="threshold",
            threshold=threshold,
            by_default=False,
            normalize=normalize,
            condition_on=curve.condition_on,
            assume_calibrated=curve.assume_calibrated,
        )

    @classmethod
    def _of_tally(
        cls: Any,
        tally: Tally,
        labels: tuple[Any, Any],
        unit: Coordinate,
        read: Mapping[str, Any],
        *,
        wrt: str,
        threshold: float | None,
        by_default: bool,
        normalize: Normalize | None,
        condition_on: ConditionOn | None,
        assume_calibrated: bool,
    ) -> Any:
        """Do as `from_tally`, in silence; ``read`` is what was read into the rows."""
        if wrt == Velocities.name:
            if assume_calibrated:
                raise NotSupportedError(SHARED)
            how: dict[str, Any] = {"threshold": threshold, "by_default": by_default, "condition_on": condition_on}
            return cls(normalize=normalize, **told_of_tally(tally, labels, unit, read, **how))
        if wrt != Threshold.name:
            raise InvalidInputError(f"wrt={wrt!r}: expected 'threshold' or 'velocities' of a tally")
        counter = BinnedRows.of(tally)
        told, score = resolve_threshold(lambda: counter, unit, threshold)
        density = density_of(lambda: tally, tally.scale, tally.clustered, assume_calibrated, condition_on)
        at = np.array([score])
        motion = Motion.at(density, unit, at, cells_at(counter, density, unit, at, condition_on))
        notes = counter.notes(labels, unit, at, read, condition_on)
        return cls(
            labels=labels,
            threshold=told,
            offsets=None,
            coordinate=unit.name,
            normalize=normalize,
            diagnostics=ReadOnly(explain(labels, notes, unit, by_default, density, motion)),
            parameters=(Threshold().name,),
            units=(unit.unit,),
            _motion=motion,
            _outcomes=None,
        )


def _no_rows() -> Any:
    raise AssertionError
