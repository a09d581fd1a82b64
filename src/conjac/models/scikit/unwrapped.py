"""From a fitted estimator, as users wrap it, to the classifier at its end."""

from __future__ import annotations

from typing import Any

INNER = {
    "FixedThresholdClassifier": "estimator_",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "TunedDecisionClassifier": "estimator_",
    "TunedThresholdClassifierCV": "estimator_",
}
"""Estimators that hand rows on to another, and where it is."""


def taken_apart(estimator: Any) -> tuple[tuple[Any, ...], Any, str]:
    """Return the fitted transformers before the last estimator, that estimator, and the prefix of its parameters."""
    steps: list[Any] = []
    path = "__"
    while True:
        name = type(estimator).__name__
        if name in INNER and hasattr(estimator, INNER[name]):
            estimator, path = getattr(estimator, INNER[name]), f"{path}estimator__"
        elif hasattr(estimator, "steps"):
            steps += [step for _, step in estimator.steps[:-1] if step not in (None, "passthrough")]
            last, estimator = estimator.steps[-1]
            path = f"{path}{last}__"
        else:
            return tuple(steps), estimator, f"{path}estimator__" if is_one_against_rest(estimator) else path


def is_one_against_rest(estimator: Any) -> bool:
    """Tell whether a classifier is one for each class against the others; by its name, without an import."""
    return "OneVsRestClassifier" in [ancestor.__name__ for ancestor in type(estimator).__mro__]
