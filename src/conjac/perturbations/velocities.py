"""What moves scores is told row by row: a column of derivatives a parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from conjac.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class Velocities:
    r"""Each row's score moves at a speed of its own, per unit of each parameter; parameter shape (n_parameters,).

    For models that are not at hand, or rows that are not in memory: whoever scored the rows tells, beside each score,
    its derivative by what may move (a feature, a coefficient, a temperature), such as automatic differentiation gives.
    Where the model is at hand, `Features` and `Parameters` take these derivatives themselves.

    Parameters
    ----------
    columns : mapping of str to array of shape (n_samples,) or (n_samples, n_classes), or to str
        Name of a parameter to the derivative of each row's score by it, finite, in units of the score as it is passed:
        of probabilities, of these. A column a class of several classes, in the order of the labels; of a frame, the
        name of a column.

    Raises
    ------
    InvalidInputError
        No mapping, or an empty one, or a name that is no text.

    Notes
    -----
    The flux across the threshold t is :math:`f(t)\,E[v \mid s = t]`, v being the velocity of a score s: a score that
    rises carries rows over the threshold. The sums behind it merge, see `Tally`.

    Examples
    --------
    A logistic score of one input, with the coefficient 2: its derivative by that is p (1 - p) x, and by a drift of the
    input 2 p (1 - p).

    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=4000)
    >>> y, p = (x + rng.normal(size=4000) > 0).astype(int), 1 / (1 + np.exp(-2 * x - 1))
    >>> slope = p * (1 - p)
    >>> J = cj.confusion_jacobian(y, p, wrt=cj.Velocities({"coefficient": slope * x, "drift of x": slope * 2}))
    >>> J.parameters, J.jacobian.shape
    (('coefficient', 'drift of x'), (2, 2, 2))
    """

    name: ClassVar[str] = "velocities"

    columns: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse what names no parameter."""
        told: Any = self.columns
        if not isinstance(told, Mapping) or not told or not all(isinstance(name, str) for name in told):
            raise InvalidInputError(
                f"Velocities({type(told).__name__}): expected a mapping of names of parameters to the derivatives of "
                'the rows\' scores, such as {"age": dscore_dage}'
            )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(self.columns)
