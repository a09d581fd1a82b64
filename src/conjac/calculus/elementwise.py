"""Functions of each entry by itself, as rows: what they do, their derivative, their inverse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from scipy.special import expit, logit

from conjac._typing import FloatArray


@final
@dataclass(frozen=True)
class Elementwise:
    """A function of each entry; its Jacobian at a vector is diagonal.

    Attributes
    ----------
    name : str
        What it is called.
    function, derivative, inverse : callable
        From an array to an array of the same shape.

    Examples
    --------
    >>> import numpy as np
    >>> LOGIT.jacobian(np.array([0.5, 0.2])).round(2)
    array([[4.  , 0.  ],
           [0.  , 6.25]])
    """

    name: str
    function: Callable[[Any], Any]
    derivative: Callable[[FloatArray], FloatArray]
    inverse: Callable[[Any], Any]

    def __call__(self, x: Any) -> Any:
        """Apply it."""
        return self.function(x)

    def jacobian(self, x: FloatArray) -> FloatArray:
        """Return the Jacobian at a vector.

        Parameters
        ----------
        x : array of shape (u,), or a number
            The point.

        Returns
        -------
        array of shape (u, u)
            Diagonal; per unit of each entry.
        """
        return np.diag(self.derivative(np.atleast_1d(np.asarray(x, dtype=np.float64))))


def _identity(x: Any) -> Any:
    return x


def _logit_derivative(p: FloatArray) -> FloatArray:
    inside = (p > 0) & (p < 1)
    safe = np.where(inside, p, 0.5)
    return np.where(inside, 1 / (safe * (1 - safe)), np.nan)


IDENTITY = Elementwise("identity", _identity, np.ones_like, _identity)
LOGIT = Elementwise("logit", logit, _logit_derivative, expit)
