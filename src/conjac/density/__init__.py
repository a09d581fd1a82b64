r"""The density of each class's rows at a decision boundary: what makes a step function's slope.

With margins m and velocities v, ``dC[y, k] = sum_i w_i 1[y_i = y] kappa_h(m_i) v_i`` is the derivative of the
population's confusion matrix (Hong & Liu 2010, Operations Research 58:357). Two estimators, never mixed in silence:

tangent
    a kernel, for scores with a density (`conjac.density.tangent`);
secant
    a paired recount over a reported step, for scores on atoms or a lattice (`conjac.density.secant`).

`conjac.density.discrete` decides which, at each point.
"""

from __future__ import annotations

import numpy as np

from conjac._typing import FloatArray
from conjac.density.discrete import is_discrete
from conjac.density.flux import Flux
from conjac.density.secant import secant
from conjac.density.smooth import Smoother
from conjac.density.tangent import tangent
from conjac.tally import Tally

__all__ = ["Flux", "Smoother", "flux"]

ESTIMATORS = {"tangent": tangent, "secant": secant}


def flux(tally: Tally, cut: FloatArray) -> Flux:
    """Estimate the density of each class's weight at each cut, per unit of margin.

    Parameters
    ----------
    tally : Tally
    cut : array of shape (n_points,)
        Cuts on the margin scale; an infinite one (the end of the domain) has a nan density.

    Returns
    -------
    Flux
        With ``method`` telling, at each point, which estimator was used.
    """
    result = Flux.undefined(len(cut), tally.n_blocks)
    finite = np.isfinite(cut)
    discrete = np.zeros(len(cut), dtype=bool)
    discrete[finite] = is_discrete(tally, cut[finite])
    for name, chosen in (("tangent", finite & ~discrete), ("secant", finite & discrete)):
        if chosen.any():
            result.put(chosen, ESTIMATORS[name](tally, cut[chosen]), name)
    return result
