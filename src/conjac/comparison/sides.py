"""One side of a comparison: the cells of a Jacobian, or of a curve or a tally at a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from conjac.coordinates import margins, scores_of
from conjac.curve import ConfusionCurve
from conjac.engines.outcomes import Outcomes
from conjac.errors import InexactError, InvalidInputError, NotSupportedError
from conjac.inference import Cells
from conjac.jacobian import ConfusionJacobian
from conjac.motion import Slopes
from conjac.reading import as_number
from conjac.tally import Tally


@dataclass(frozen=True, eq=False)
class Side:
    """What a comparison asks of either side.

    Attributes
    ----------
    labels : tuple of length K
    cells : Cells
        At one point.
    n_samples : int
    sampling : str
        What its errors take as random.
    outcomes : Outcomes or None
        What became of each row; None of a curve, a tally or a frame, whose rows are not known.
    slopes : Slopes or None
        Of the cells as shares of all rows, arrays of shape (2, 2); of a curve or a tally.
    coordinate : str or None
        What the threshold of a curve or a tally was told in.
    """

    labels: tuple[Any, ...]
    cells: Cells
    n_samples: int
    sampling: str
    outcomes: Outcomes | None = None
    slopes: Slopes | None = None
    coordinate: str | None = None

    @classmethod
    def of(cls, given: Any, name: str, threshold: Any) -> Self:
        """Read what was passed.

        Raises
        ------
        InvalidInputError
            Something else; a curve or a tally without a threshold, or a Jacobian with one.
        InexactError
            A threshold inside a bin.
        NotSupportedError
            A matrix with a reject option.
        """
        curve = ConfusionCurve.from_tally(given) if isinstance(given, Tally) else given
        if isinstance(curve, ConfusionCurve):
            return cls._at(curve, name, threshold)
        if not isinstance(given, ConfusionJacobian):
            raise InvalidInputError(
                f"{name} is {type(given).__name__}; expected a ConfusionJacobian, or a ConfusionCurve or Tally at a "
                "threshold"
            )
        if threshold is not None:
            raise InvalidInputError(f"threshold={threshold}: {name} is a Jacobian, which has its own; leave it out")
        if given.cells.weight.shape[-1] > len(given.labels):
            raise NotSupportedError(f"{name} has a reject option; compare serves matrices of the classes alone")
        told = given.diagnostics
        return cls(given.labels, given.cells, told["n_samples"], told["sampling"], given._outcomes)

    @classmethod
    def _at(cls, curve: ConfusionCurve, name: str, threshold: Any) -> Self:
        if threshold is None:
            raise InvalidInputError(f"{name} holds every threshold; pass threshold=, the one to compare at")
        t = as_number(threshold, "threshold")
        if curve.bound_at(t).any():
            edge = np.round(margins(curve.score_of(t), curve.tally.scale) / curve.tally.step) * curve.tally.step
            nearest = float(curve.told(scores_of(edge, curve.tally.scale)))
            raise InexactError(
                f"threshold={t:g} lies inside a bin of {name}, whose counts there are known within a bound alone; name "
                f"it when the tally is started (thresholds=), or take the nearest edge of a bin, {nearest!r}"
            )
        motion = curve.motion_at(t)
        units = "blocks of clusters of rows" if curve.density.clustered else "rows drawn independently"
        totals = "class totals fixed by design" if curve.condition_on else "class totals random"
        return cls(
            curve.labels,
            motion.counted,
            curve.diagnostics["n_samples"],
            curve.diagnostics.get("sampling", f"{units}; {totals}"),
            slopes=motion.slopes("all").mapped(motion.arranged),
            coordinate=curve.coordinate,
        )
