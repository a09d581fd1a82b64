"""How the cells move: from fluxes or weights to slopes of cells and metrics, each with its error."""

from conjac.motion.adjoint import AdjointMotion
from conjac.motion.again import Again, Unsaved
from conjac.motion.between import MANY, slopes_along
from conjac.motion.directed import DirectedMotion
from conjac.motion.drifted import DriftMotion
from conjac.motion.exchange import Exchange, Pair
from conjac.motion.frontier import FrontierMotion
from conjac.motion.mix import MixMotion
from conjac.motion.offsets import OffsetMotion
from conjac.motion.pulled import PulledMotion, pulled_slope
from conjac.motion.recounted import Paths, RecountedMotion, Turned, flow_between
from conjac.motion.refitted import RefitMotion
from conjac.motion.slopes import MIN_ROWS, CellMotion, Slopes
from conjac.motion.threshold import Motion, cut_of
from conjac.motion.weighted import WeightedMotion

__all__ = [
    "MANY",
    "MIN_ROWS",
    "AdjointMotion",
    "Again",
    "CellMotion",
    "DirectedMotion",
    "DriftMotion",
    "Exchange",
    "FrontierMotion",
    "MixMotion",
    "Motion",
    "OffsetMotion",
    "Pair",
    "Paths",
    "PulledMotion",
    "RecountedMotion",
    "RefitMotion",
    "Slopes",
    "Turned",
    "Unsaved",
    "WeightedMotion",
    "cut_of",
    "flow_between",
    "pulled_slope",
    "slopes_along",
]
