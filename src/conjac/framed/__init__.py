"""Results of rows that are not in memory: curves and Jacobians of frames, and Jacobians of tallies."""

from conjac.framed.classes import BundledJacobian
from conjac.framed.curve import FramedCurve
from conjac.framed.jacobian import FramedJacobian

__all__ = ["BundledJacobian", "FramedCurve", "FramedJacobian"]
