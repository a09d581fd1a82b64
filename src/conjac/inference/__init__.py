"""Standard errors and intervals: one covariance of cells and fluxes, carried through smooth functions."""

from conjac.inference.boundary_joint import BoundaryJoint
from conjac.inference.cells import Cells
from conjac.inference.covariance import Joint, at_share, joint
from conjac.inference.delta import propagate
from conjac.inference.fieller import FiellerBand
from conjac.inference.frontier_joint import FrontierJoint
from conjac.inference.frontier_sums import FrontierBlocks, FrontierRows
from conjac.inference.intervals import (
    Estimate,
    Interval,
    LogBand,
    NormalBand,
    cells_interval,
    metric_interval,
    metric_limits,
    metric_stderr,
    quantile,
    wilson,
)
from conjac.inference.table import Table

__all__ = [
    "BoundaryJoint",
    "Cells",
    "Estimate",
    "FiellerBand",
    "FrontierBlocks",
    "FrontierJoint",
    "FrontierRows",
    "Interval",
    "Joint",
    "LogBand",
    "NormalBand",
    "Table",
    "at_share",
    "cells_interval",
    "joint",
    "metric_interval",
    "metric_limits",
    "metric_stderr",
    "propagate",
    "quantile",
    "wilson",
]
