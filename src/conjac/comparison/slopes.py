"""How the slopes of two matrices differ."""

from __future__ import annotations

import numpy as np

from conjac.decisions.charted import estimate
from conjac.errors import InvalidInputError
from conjac.inference import Estimate, NormalBand
from conjac.jacobian import ConfusionJacobian
from conjac.motion import Slopes


def compare_slopes(a: ConfusionJacobian, b: ConfusionJacobian, *, separate: bool) -> Estimate:
    r"""Return b's slopes less a's, with an error that holds.

    Parameters
    ----------
    a, b : ConfusionJacobian
        Of the same labels, parameters, units and ``normalize``.
    separate : bool
        Whether no row and no cluster is in both. Then variances add. Else the error of the difference is at most the
        sum of the two, whatever they share, and that is taken: intervals hold, and are wider than need be.

    Returns
    -------
    Estimate
        ``value`` and ``stderr``, arrays of the Jacobians' shape. Intervals are centred on the difference of the
        corrected estimates, as each Jacobian's are on its own.

    Raises
    ------
    InvalidInputError
        Jacobians that are not of the same thing.

    Notes
    -----
    :math:`\operatorname{sd}(B - A) \le \operatorname{sd}(A) + \operatorname{sd}(B)` is Minkowski's inequality.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, (2, 2000))
    >>> a, b = (cj.confusion_jacobian(t, rng.normal(t, 1), normalize="true") for t in y)
    >>> found = compare_slopes(a, b, separate=True)
    >>> bool((abs(found.value) < 4 * found.stderr).all())  # nothing differs
    True
    """
    for name in ("labels", "parameters", "units", "normalize"):
        mine, theirs = getattr(a, name), getattr(b, name)
        if mine != theirs:
            raise InvalidInputError(f"a has {name} {mine} and b {theirs}; their slopes are not of the same thing")
    df = min((J.cells.df for J in (a, b) if J.cells.df is not None), default=None)
    first, second = (Slopes(J.jacobian, J.center, J.stderr) for J in (a, b))
    return slope_difference(first, second, df, separate=separate)


def slope_difference(a: Slopes, b: Slopes, df: int | None, *, separate: bool) -> Estimate:
    """Do as `compare_slopes`, on slopes alone."""
    stderr = np.hypot(a.stderr, b.stderr) if separate else a.stderr + b.stderr
    return estimate(b.value - a.value, stderr, NormalBand(b.center - a.center, stderr, df))
