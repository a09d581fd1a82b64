"""Classifiers with scikit-learn's methods, as `conjac.models` knows them."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.models.contract import Model
from conjac.models.response import method_of
from conjac.models.scikit.learned import learned
from conjac.models.scikit.part import Part, part_of


class ScikitLearn:
    """Classifiers of scikit-learn, and whatever has ``classes_`` and one of its methods for scores.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, 0.0]]), [0, 0, 1, 1]
    >>> fitted = LogisticRegression().fit(X, y)
    >>> model = ScikitLearn().bind(fitted, "auto")
    >>> model.response, model.classes, model.derivative
    ('predict_proba', (0, 1), 'formula of LogisticRegression')
    >>> bool((model.pull(X, np.ones(1)) == fitted.coef_).all())
    True
    """

    def owns(self, estimator: Any) -> bool:
        """Tell whether the estimator has classes, and scores for them."""
        return hasattr(estimator, "classes_") and any(
            hasattr(estimator, method) for method in ("predict_proba", "decision_function")
        )

    def bind(self, estimator: Any, output: str) -> Model:
        """Return the estimator as functions of its inputs.

        Parameters
        ----------
        estimator : fitted classifier
        output : {"auto", "probabilities", "scores"}
            "auto" is the probabilities, else the scores of ``decision_function``.

        Raises
        ------
        InvalidInputError
            An unknown output, or an estimator without the method.
        """
        method = method_of(estimator, output)
        score = getattr(estimator, method)
        part = part_of(estimator, method)
        names = getattr(estimator, "feature_names_in_", None)
        columns = None if names is None else tuple(map(str, names))

        def pull(X: Any, cotangent: AnyArray) -> FloatArray:
            found = part.pull(X, np.atleast_2d(np.asarray(cotangent, dtype=np.float64)))
            placed = _in_order(found, X, columns)
            return np.broadcast_to(placed, (X.shape[0], X.shape[1])) if len(placed) == 1 else placed

        return Model(
            scores=lambda X: np.asarray(score(X)),
            classes=tuple(np.asarray(estimator.classes_).tolist()),
            response=method,
            columns=columns,
            pull=None if part.unknown or part.steps else pull,
            scale="logit" if method == "predict_proba" else "score",
            derivative=_told(estimator, part),
            stepwise=bool(part.steps),
            categorical=tuple(sorted(part.coded)),
            parametric=learned(estimator, method),
        )


def _in_order(found: FloatArray, X: Any, columns: tuple[str, ...] | None) -> FloatArray:
    """Return derivatives by the columns of X, from those in the order of fit; 0 for columns that fit did not see."""
    own = tuple(map(str, X.columns)) if columns is not None and hasattr(X, "columns") else columns
    if own == columns or own is None or columns is None:
        return found
    placed = np.zeros((len(found), len(own)))
    known = [name for name in columns if name in own]
    placed[:, [own.index(name) for name in known]] = found[:, [columns.index(name) for name in known]]
    return placed


def _told(estimator: Any, part: Part) -> str:
    reasons = [f"{name} has steps" for name in part.steps] + [f"none known for {name}" for name in part.unknown]
    return ", ".join(reasons) or f"formula of {type(estimator).__name__}"
