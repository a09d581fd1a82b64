"""Columns whose values lie on a lattice: whole numbers, halves, multiples of .1, or of anything else."""

from __future__ import annotations

import numpy as np

from conjac._typing import AnyArray

FINEST = 1e-4
"""Spacing, as a share of the range, below which numbers that are not whole are as good as continuous."""
TOLERANCE = 0.01
"""How far from the lattice a value may lie, in spacings."""
WHOLE = 2.0**53
"""Above it every floating-point number is whole."""


def lattice_of(values: AnyArray) -> float | None:
    """Return the spacing of a column's values, or None where they lie on no lattice.

    Parameters
    ----------
    values : array of shape (n_samples,)
        Numbers; missing and infinite ones are left out.

    Returns
    -------
    float or None
        The largest number of which all differences between values are whole multiples.

    Examples
    --------
    >>> import numpy as np
    >>> lattice_of(np.array([20, 35, 70])), lattice_of(np.array([0.5, 2.0, np.nan])), lattice_of(np.array([0.1, 0.3]))
    (5.0, 1.5, 0.2)
    >>> lattice_of(np.sqrt(np.arange(100))) is None
    True
    """
    known = values[np.isfinite(values)]
    if not known.size or known.min() == known.max():
        return None
    if known.dtype.kind in "iu" or (np.abs(known).max() < WHOLE and (known == np.rint(known)).all()):
        whole = known.astype(np.int64)
        return float(np.gcd.reduce(whole - whole.min()))
    digits = min(12, np.finfo(known.dtype).precision)
    spacing = _of_fractions(known.astype(np.float64) - float(known.min()))
    return None if spacing is None else float(f"{spacing:.{digits}g}")


def _of_fractions(above: AnyArray) -> float | None:
    """Return the common divisor of numbers from 0 up, by Euclid's algorithm on all of them at once."""
    reach = spacing = float(above.max())
    while spacing > FINEST * reach:
        for divisor in (reach / round(reach / spacing), spacing):  # the first has no error left but is no remainder
            rest = np.abs(above - divisor * np.rint(above / divisor))
            if rest.max() <= TOLERANCE * divisor:
                return divisor
        spacing = float(rest.min(where=rest > TOLERANCE * spacing, initial=spacing))
    return None
