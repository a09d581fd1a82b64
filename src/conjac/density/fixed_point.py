r"""The bandwidth that resolves what the rows show, with no normal reference.

The fixed point of Botev, Grotowski & Kroese 2010 (Annals of Statistics 38:2916),

.. math:: t = \xi\, \gamma^{[l]}(t), \qquad h = \sqrt{t},

in which each stage estimates the roughness of one derivative from that of the next, in the cosine transform of the
binned rows.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import dct
from scipy.optimize import brentq

from conjac.density.binning import Binning

STAGES = 7
SMALLEST = 1e-12
PRECISION = 1e-4
UNDERFLOW = 750.0
LOOKS = 10.0 ** -np.arange(3)
"""Squares of the bandwidths tried, over that of the limit."""


def finer_bandwidth(binning: Binning, n: float, limit: float) -> float | None:
    """Return the bandwidth of Botev, Grotowski & Kroese, in z, if it is below a limit.

    Parameters
    ----------
    binning : Binning
    n : float
        Effective number of rows.
    limit : float
        In z.
    """
    reach = len(binning.weight) * binning.width
    energy = (dct(binning.weight / binning.weight.sum())[1:] / 2) ** 2
    squares = np.arange(1, len(binning.weight), dtype=np.float64) ** 2
    powers = {order: 2 * np.pi ** (2 * order) * squares**order * energy for order in range(2, STAGES + 1)}

    def roughness(order: int, time: float) -> np.float64:
        few = min(len(squares), int(np.sqrt(UNDERFLOW / time) / np.pi) + 1)  # the rest underflows
        return np.float64(powers[order][:few] @ np.exp(-squares[:few] * (np.pi**2 * time)))

    def gap(time: float) -> float:
        found = roughness(STAGES, time)
        for order in range(STAGES - 1, 1, -1):
            odd = np.prod(np.arange(1, 2 * order, 2)) / np.sqrt(2 * np.pi)
            constant = (1 + 0.5 ** (order + 0.5)) / 3
            found = roughness(order, (2 * constant * odd / (n * found)) ** (2 / (3 + 2 * order)))
        return time - float((2 * n * np.sqrt(np.pi) * found) ** (-2 / 5))

    with np.errstate(divide="ignore", over="ignore", invalid="ignore"):  # where the roughness vanishes, so does the gap
        for largest in (limit / reach) ** 2 * LOOKS:
            if largest > SMALLEST and gap(largest) > 0 > gap(SMALLEST):
                return float(np.sqrt(brentq(gap, SMALLEST, largest, rtol=PRECISION)) * reach)
    return None
