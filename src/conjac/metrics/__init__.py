"""Metrics of a confusion matrix with their gradients: rows of a table, found by `resolve`."""

from conjac.metrics.domain import RATIO, REAL, SIGNED, UNIT, Domain
from conjac.metrics.factories import decision_curve_slope, expected_cost, fbeta, net_benefit
from conjac.metrics.formulas import compose, ratio
from conjac.metrics.lookup import names, resolve
from conjac.metrics.rejection import coverage, selective_accuracy
from conjac.metrics.rows import Formula, Metric

__all__ = [
    "RATIO",
    "REAL",
    "SIGNED",
    "UNIT",
    "Domain",
    "Formula",
    "Metric",
    "compose",
    "coverage",
    "decision_curve_slope",
    "expected_cost",
    "fbeta",
    "names",
    "net_benefit",
    "ratio",
    "resolve",
    "selective_accuracy",
]
