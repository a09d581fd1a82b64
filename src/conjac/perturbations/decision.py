"""The decision moves: the threshold of two classes, the offsets of more.

``m = tau_row - tau(t)``, so under the threshold every margin moves at ``-dtau/dt``: one number for all rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

OFFSET_UNITS = {"logit": "1 unit of log-probability", "score": "1 unit of score"}
"""What an offset of 1 is, by the scale of what it is added to."""


@dataclass(frozen=True)
class Threshold:
    """The decision threshold of a binary classifier moves; parameter shape ``()``, in units of the coordinate.

    Notes
    -----
    How slopes by it are estimated is in :doc:`/density`.

    Examples
    --------
    >>> Threshold().name
    'threshold'
    """

    name: ClassVar[str] = "threshold"


@dataclass(frozen=True)
class Offsets:
    """The offset of each class moves: what is added to its score before the largest is taken; parameter shape (K,).

    Notes
    -----
    How slopes by them are estimated is in :doc:`/offsets`.

    Examples
    --------
    >>> Offsets().name
    'offsets'
    """

    name: ClassVar[str] = "offsets"
