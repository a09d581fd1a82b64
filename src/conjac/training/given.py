"""What tuning is given, checked before anything is fitted."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
from sklearn import get_config
from sklearn.pipeline import Pipeline
from sklearn.utils import indexable
from sklearn.utils.validation import has_fit_parameter

from conjac._typing import AnyArray, CoordinateName
from conjac.errors import InvalidInputError
from conjac.estimators.arguments import check_target, method_of, tuning_of
from conjac.estimators.held_out import Scorer, Split, splits_of
from conjac.metrics import Metric
from conjac.models.settings import fit_arguments
from conjac.training.rounds import Course
from conjac.training.space import Space
from conjac.validation import check_weight


def course_of(
    estimator: Any,
    X: Any,
    y: Any,
    over: Any,
    metric: str | Metric,
    *,
    cv: Any,
    response_method: str,
    pos_label: Any,
    sample_weight: Any,
    groups: Any,
    n_jobs: int | None,
    random_state: Any,
    **rule: Any,
) -> Course:
    """Return what every round is made with; arguments as for `conjac.tune_hyperparameters`.

    Raises
    ------
    InvalidInputError
        Labels, names, bounds, weights or folds that cannot be used.
    UnknownMetricError
        A metric that does not exist for so many classes.
    """
    X, y = indexable(X, y)
    y = check_target(y)
    weight = check_weight(sample_weight, len(y))
    method = method_of(estimator, response_method)
    tuning = tuning_of(
        np.unique(y),
        method,
        metric=metric,
        cost_matrix=None,
        subject_to=(),
        pos_label=pos_label,
        confidence=None,
        method="exact",
    )
    space = Space.of(estimator, over, y)
    splits = splits_for(cv, random_state, X, y, groups)
    rows = np.concatenate([test for _, test in splits])
    return Course(
        space,
        tuning.metric,
        Scorer(estimator, fit_params(estimator, weight), tuning.labels, method),
        X,
        y,
        weight,
        splits,
        {
            **rule,
            "coordinate": coordinate_of(method, len(tuning.labels)),
            "sample_weight": None if weight is None else weight[rows],
            "groups": None if groups is None else np.asarray(groups)[rows],
        },
        n_jobs,
    )


def splits_for(cv: Any, random_state: Any, X: Any, y: AnyArray, groups: Any) -> list[Split]:
    """Return the folds, every one of which is fitted on rows of all classes."""
    if isinstance(cv, Integral) and cv < 2:
        raise InvalidInputError(f"cv={cv!r}: expected 2 folds or more, since rows are scored by models of other rows")
    splits = splits_of(cv, random_state, X, y, {} if groups is None else {"groups": groups})
    classes = np.unique(y)
    for number, (train, _) in enumerate(splits):
        lacking = np.setdiff1d(classes, y[train])
        if len(lacking):
            raise InvalidInputError(
                f"cv: fold {number} is fitted without a row of class {lacking.tolist()[0]!r}; stratify the folds, or "
                "drop or merge a class with few rows"
            )
    return splits


def fit_params(estimator: Any, weight: Any) -> dict[str, Any]:
    """Return what of the weights goes to ``fit``: of a pipeline, to its last step."""
    if weight is None:
        return {}
    if has_fit_parameter(estimator, "sample_weight") or get_config()["enable_metadata_routing"]:
        return {"sample_weight": weight}
    if isinstance(estimator, Pipeline) and has_fit_parameter(estimator.steps[-1][1], "sample_weight"):
        return fit_arguments(estimator, weight)
    raise InvalidInputError(
        f"sample_weight: {type(estimator).__name__}.fit takes none; leave it out, or enable scikit-learn's metadata "
        "routing"
    )


def coordinate_of(method: str, n_classes: int) -> CoordinateName:
    """Return the unit of thresholds and offsets: by what scores are, and not by what they look like."""
    if method == "decision_function":
        return "score"
    return "probability" if n_classes == 2 else "logit"
