"""What a meta-estimator hands on to the classifier inside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from conjac._typing import AnyArray


def has(method: str) -> Callable[[Any], bool]:
    """Return what tells whether the inner classifier has a method."""

    def inner_has(tuned: Any) -> bool:
        getattr(getattr(tuned, "estimator_", tuned.estimator), method)  # its own AttributeError tells most
        return True

    return inner_has


class DelegatingClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):  # type: ignore[misc]
    """Methods and attributes of ``estimator_``, as they are."""

    estimator: Any
    estimator_: Any

    def __sklearn_tags__(self) -> Any:
        """Take what the inner classifier takes."""
        tags, inner = super().__sklearn_tags__(), get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        if inner.classifier_tags is not None:
            tags.classifier_tags.multi_class = inner.classifier_tags.multi_class
        return tags

    @property
    def classes_(self) -> AnyArray:
        """Sorted labels, array of shape (n_classes,)."""
        return np.asarray(self.estimator_.classes_)

    @property
    def n_features_in_(self) -> int:
        """Number of features, as the inner classifier tells."""
        return int(self.estimator_.n_features_in_)

    @property
    def feature_names_in_(self) -> AnyArray:
        """Names of features, as the inner classifier tells: array of shape (n_features,)."""
        return np.asarray(self.estimator_.feature_names_in_)

    @available_if(has("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> AnyArray:
        """Return the inner classifier's probabilities, as they are.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n_samples, n_features)
            Rows, as the inner classifier takes them.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict_proba(X))

    @available_if(has("predict_log_proba"))  # type: ignore[untyped-decorator]
    def predict_log_proba(self, X: Any) -> AnyArray:
        """Return the logarithms of `predict_proba`.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n_samples, n_features)
            Rows, as the inner classifier takes them.

        Returns
        -------
        array of shape (n_samples, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.predict_log_proba(X))

    @available_if(has("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> AnyArray:
        """Return the inner classifier's scores, as they are.

        Parameters
        ----------
        X : array, sparse matrix or frame of shape (n_samples, n_features)
            Rows, as the inner classifier takes them.

        Returns
        -------
        array of shape (n_samples,) or (n_samples, n_classes)
            In the order of ``classes_``.

        Raises
        ------
        sklearn.exceptions.NotFittedError
            Before ``fit``.
        """
        check_is_fitted(self)
        return np.asarray(self.estimator_.decision_function(X))
