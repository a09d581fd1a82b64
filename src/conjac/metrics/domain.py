"""Where a metric lives, and the scale on which its intervals are symmetric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, final

import numpy as np
import numpy.typing as npt
from scipy.special import expit, logit

from conjac._typing import FloatArray

# A metric computed in floating point may leave its domain by rounding; beyond this it is a mistake.
_ROUNDING: Final = 1e-9


@final
@dataclass(frozen=True)
class Domain:
    """The closed set of values a metric can take, with the link used for its intervals.

    An interval is ``inverse(link(x) +- q * derivative(x) * stderr)``, so it never leaves the domain.

    Parameters
    ----------
    lower, upper : float
        The ends, possibly infinite.
    scale : {"logit", "atanh", "log", "identity"}
        The link: it takes the domain to the whole real line.

    See Also
    --------
    UNIT, SIGNED, RATIO, REAL : the four domains in use.

    Notes
    -----
    The delta method on a transformed scale: A. Agresti 2013, *Categorical Data Analysis*, 3rd ed., section 3.1.

    Examples
    --------
    >>> float(UNIT.link(0.5)), float(UNIT.inverse(0.0)), float(UNIT.derivative(0.5))
    (0.0, 0.5, 4.0)
    >>> 0.3 in UNIT, -0.3 in UNIT
    (True, False)
    """

    lower: float
    upper: float
    scale: Literal["logit", "atanh", "log", "identity"]

    def __contains__(self, x: Any) -> bool:
        """Whether every entry of `x` lies in the domain, up to rounding (1e-9); nan does not."""
        x = np.asarray(x)
        return bool(np.all((x >= self.lower - _ROUNDING) & (x <= self.upper + _ROUNDING)))

    def link(self, x: npt.ArrayLike) -> FloatArray:
        """Map values of the domain to the real line; an end maps to infinity, a value outside to nan.

        Parameters
        ----------
        x : array-like of shape (...)
            Values of the domain.

        Returns
        -------
        array of shape (...)
            On the real line.
        """
        x = self._rounded(x)
        with np.errstate(divide="ignore"):
            match self.scale:
                case "logit":
                    return np.asarray(logit(x))
                case "atanh":
                    return np.asarray(np.arctanh(x))
                case "log":
                    return np.asarray(np.log(x))
                case "identity":
                    return x

    def inverse(self, z: npt.ArrayLike) -> FloatArray:
        """Map the real line back to the domain; infinities map to its ends.

        Parameters
        ----------
        z : array-like of shape (...)
            Numbers of the real line.

        Returns
        -------
        array of shape (...)
            In the domain.
        """
        z = np.asarray(z, dtype=np.float64)
        with np.errstate(over="ignore"):
            match self.scale:
                case "logit":
                    return np.asarray(expit(z))
                case "atanh":
                    return np.asarray(np.tanh(z))
                case "log":
                    return np.asarray(np.exp(z))
                case "identity":
                    return z

    def derivative(self, x: npt.ArrayLike) -> FloatArray:
        """Return the derivative of `link` at `x`; infinite at a finite end of the domain, nan outside.

        Parameters
        ----------
        x : array-like of shape (...)
            Values of the domain.

        Returns
        -------
        array of shape (...)
            Per unit of ``x``.
        """
        x = self._rounded(x)
        with np.errstate(divide="ignore"):
            match self.scale:
                case "logit":
                    return np.asarray(1 / (x * (1 - x)))
                case "atanh":
                    return np.asarray(1 / ((1 - x) * (1 + x)))
                case "log":
                    return np.asarray(1 / x)
                case "identity":
                    return np.where(np.isnan(x), np.nan, 1.0)

    def _rounded(self, x: npt.ArrayLike) -> FloatArray:
        x = np.asarray(x, dtype=np.float64)
        inside = np.clip(x, self.lower, self.upper)
        near = (x >= self.lower - _ROUNDING) & (x <= self.upper + _ROUNDING)
        return np.where(near, inside, np.nan)


UNIT: Final = Domain(0.0, 1.0, "logit")
SIGNED: Final = Domain(-1.0, 1.0, "atanh")
RATIO: Final = Domain(0.0, float("inf"), "log")
REAL: Final = Domain(float("-inf"), float("inf"), "identity")
