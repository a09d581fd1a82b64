"""Scores of rows by models that were fitted without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, check_cv
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from conjac._typing import AnyArray, BoolArray, FloatArray, IntArray
from conjac.errors import InvalidInputError
from conjac.models import response

FOLDS = 5
OUTPUTS = {"predict_proba": "probabilities", "decision_function": "scores"}
"""What `response` calls a classifier's methods."""
Split = tuple[IntArray, IntArray]
"""Row numbers to fit on, and to score."""


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Rows with scores by models that were fitted without them.

    Attributes
    ----------
    true : array of shape (n_samples,)
        Labels.
    score : array of shape (n_samples,) or (n_samples, n_classes)
    fold : array of shape (n_samples,)
        Number of the fold that each row was held out in.
    weight : array of shape (n_samples,) or None
    groups : array of shape (n_samples,) or None
    """

    true: AnyArray
    score: AnyArray
    fold: IntArray
    weight: FloatArray | None
    groups: AnyArray | None

    def where(self, chosen: BoolArray) -> HeldOut:
        """Return some of the rows."""
        parts = (self.true, self.score, self.fold, self.weight, self.groups)
        return HeldOut(*(None if part is None else part[chosen] for part in parts))  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Scorer:
    """How a model is fitted and read.

    Attributes
    ----------
    estimator : classifier
        Cloned before it is fitted.
    fit_params : mapping
        For its ``fit``; what has a value a row is taken apart with the rows.
    labels : tuple
        What each model must know; of two, the scores are those of the last.
    method : {"predict_proba", "decision_function"}
    """

    estimator: Any
    fit_params: Mapping[str, Any]
    labels: tuple[Any, ...]
    method: str

    def of_all(self, X: Any, y: Any) -> Any:
        """Return the model of all rows."""
        return clone(self.estimator).fit(X, y, **self.fit_params)

    def of_part(self, X: Any, y: Any, rows: IntArray) -> Any:
        """Return the model of some rows."""
        X_train, y_train = _safe_split(self.estimator, X, y, rows)
        return clone(self.estimator).fit(X_train, y_train, **_check_method_params(X, self.fit_params, rows))

    def score(self, X: Any, y: Any, train: IntArray, test: IntArray) -> AnyArray:
        """Return the scores of ``test`` by the model of ``train``."""
        model = self.of_part(X, y, train)
        X_test, _ = _safe_split(self.estimator, X, None, test, train)
        score, _, known = response(model, X_test, OUTPUTS[self.method], self.labels[-1])
        if set(known) != set(self.labels):
            raise InvalidInputError(
                f"a model fitted on {len(train)} rows of cv knows the classes {list(known)}, and y holds "
                f"{sorted(self.labels)}: each class needs rows in the training part of every fold; stratify the folds, "
                "or drop or merge a class with a single row"
            )
        return score

    def kept(self, X: Any, y: Any, splits: Sequence[Split]) -> Scorer:
        """Return what scores rows by the model of a single split, which is fitted now and not again.

        Raises
        ------
        InvalidInputError
            Several splits.
        """
        if len(splits) > 1:
            raise InvalidInputError(
                f"refit=False keeps the model of a single split, and cv gives {len(splits)}; pass refit=True, "
                "a splitter of one split, or a FrozenEstimator"
            )
        return replace(self, estimator=FrozenEstimator(self.of_part(X, y, splits[0][0])), fit_params={})


def splits_of(cv: Any, random_state: Any, X: Any, y: AnyArray, split_params: Mapping[str, Any]) -> list[Split]:
    """Return the parts of each fold.

    Raises
    ------
    InvalidInputError
        Folds that score a row twice, or no row.
    """
    if cv is None or isinstance(cv, Integral):
        shuffle = random_state is not None
        folds = StratifiedKFold if split_params.get("groups") is None else StratifiedGroupKFold
        cv = folds(FOLDS if cv is None else cv, shuffle=shuffle, random_state=random_state)
    rows = np.arange(len(y))
    splitter = check_cv(cv, y, classifier=True)
    splits = [(rows[train], rows[test]) for train, test in splitter.split(X, y, **split_params)]
    times = np.bincount(np.concatenate([rows[:0], *(test for _, test in splits)]), minlength=len(y))
    if times.max() != 1:
        row = int(np.argmax(times))
        found = f"row {row} is scored in {times[row]} of the {len(splits)} folds" if times[row] else "no row is scored"
        raise InvalidInputError(
            f"cv={cv!r}: {found}; expected folds that score a row once at most, such as KFold gives, since a decision "
            "tuned on rows of other folds must not have seen this fold's"
        )
    return splits


def hold_out(
    scorer: Scorer, X: Any, y: AnyArray, splits: Sequence[Split], weight: FloatArray | None, groups: Any, n_jobs: Any
) -> HeldOut:
    """Score the rows of each fold by a model fitted without them; rows stay in their order."""
    found = Parallel(n_jobs=n_jobs)(delayed(scorer.score)(X, y, train, test) for train, test in splits)
    rows = np.concatenate([test for _, test in splits])
    fold = np.repeat(np.arange(len(splits)), [len(test) for _, test in splits])
    order = np.argsort(rows)
    rows = rows[order]
    return HeldOut(
        true=y[rows],
        score=np.concatenate(found)[order],
        fold=fold[order],
        weight=None if weight is None else weight[rows],
        groups=None if groups is None else np.asarray(groups)[rows],
    )
