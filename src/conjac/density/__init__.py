r"""The density of each class's rows at a decision boundary: what makes a step function's slope.

With margins m and velocities v, ``dC[y, k] = sum_i w_i 1[y_i = y] kappa_h(m_i) v_i`` is the derivative of the
population's confusion matrix (Hong & Liu 2010, Operations Research 58:357). Two estimators, never mixed in silence:

tangent
    a smooth guess corrected by the rows near the cut, for scores with a density (`conjac.density.tangent`);
secant
    a paired recount over a reported step, for scores on atoms or a lattice (`conjac.density.secant`).

`conjac.density.discrete` decides which, at each point.
"""

from conjac.density.boundary import Boundary
from conjac.density.calibrated import density_of
from conjac.density.calibration import Calibration
from conjac.density.density import Density
from conjac.density.flux import Flux
from conjac.density.frontier import Frontier, Frontiers
from conjac.density.smooth import Smoother
from conjac.density.turning import Odd, Turning

__all__ = [
    "Boundary",
    "Calibration",
    "Density",
    "Flux",
    "Frontier",
    "Frontiers",
    "Odd",
    "Smoother",
    "Turning",
    "density_of",
]
