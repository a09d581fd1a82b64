"""What moves. A perturbation tells how fast each margin moves per unit of its parameter: the velocity.

``m = tau_row - tau(t)``, so under the threshold every margin moves at ``-dtau/dt``: one number for all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from conjac.errors import InvalidInputError, NotSupportedError

PLANNED = ("features", "hyperparameters", "mix", "offsets", "parameters", "training_weights")


@dataclass(frozen=True)
class Threshold:
    """The decision threshold of a binary classifier moves; parameter shape ``()``.

    Examples
    --------
    >>> Threshold().name
    'threshold'
    """

    name: str = "threshold"


def resolve(wrt: Any) -> Threshold:
    """Return the perturbation that ``wrt`` names; None is the threshold of a binary classifier.

    Raises
    ------
    NotSupportedError
        A perturbation that this version does not serve.
    InvalidInputError
        An unknown name.
    """
    if isinstance(wrt, Threshold):
        return wrt
    if wrt is None or (isinstance(wrt, str) and wrt == "threshold"):
        return Threshold()
    if isinstance(wrt, str) and wrt in PLANNED:
        raise NotSupportedError(f"wrt={wrt!r} is not in this version; it serves wrt='threshold'")
    raise InvalidInputError(f"wrt={wrt!r}: expected 'threshold' or None")
