"""scikit-learn estimators: a classifier whose decision is tuned on scores of rows that its model has not seen."""

from conjac.estimators.tuned import TunedDecisionClassifier

__all__ = ["TunedDecisionClassifier"]
