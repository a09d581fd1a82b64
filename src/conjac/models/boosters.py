"""Boosted trees as their own libraries return them: `xgboost.Booster` and `lightgbm.Booster`.

Classifiers of either library with ``fit`` and ``predict_proba`` come in as scikit-learn's do. A booster does not tell
the names of its classes: they are those of the labels, in their order.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.models.contract import Model

XGBOOST = {
    "binary:logistic": None,
    "binary:logitraw": expit,
    "reg:logistic": None,
    "multi:softprob": None,
    "multi:softmax": lambda margin: softmax(margin, axis=1),
}
"""Objectives that have probabilities: as the booster predicts them, or from its margins."""
LIGHTGBM = ("binary", "cross_entropy", "multiclass", "multiclassova")


class Boosters:
    """Boosters of XGBoost and LightGBM, as conjac's models know them."""

    def owns(self, estimator: Any) -> bool:
        """Tell whether the estimator is a booster."""
        return any(_is(estimator, library) for library in ("xgboost", "lightgbm"))

    def bind(self, estimator: Any, output: str) -> Model:
        """Return a booster as functions of its inputs.

        Parameters
        ----------
        estimator : xgboost.Booster or lightgbm.Booster
        output : {"auto", "probabilities", "scores", "logits"}
            "scores" and "logits" are the sums over trees.

        Raises
        ------
        InvalidInputError
            Another output, a booster of another objective than classification, and, where it scores, rows that the
            library does not take.
        NotSupportedError
            XGBoost's linear booster.
        """
        if output not in ("auto", "probabilities", "scores", "logits"):
            raise InvalidInputError(f"output={output!r}: expected 'auto', 'probabilities', 'scores' or 'logits'")
        bound = _xgboost if _is(estimator, "xgboost") else _lightgbm
        return bound(estimator, output in ("auto", "probabilities"))


def _is(estimator: Any, library: str) -> bool:
    module = sys.modules.get(library)
    return module is not None and isinstance(estimator, module.Booster)


def _xgboost(booster: Any, probable: bool) -> Model:
    learner = json.loads(booster.save_config())["learner"]
    objective = learner["objective"]["name"]
    _refuse_other("XGBoost", objective, tuple(XGBOOST))
    if learner["gradient_booster"]["name"] == "gblinear":
        raise NotSupportedError("XGBoost's 'gblinear' booster is linear; pass a function of X that returns its scores")
    to_probability = XGBOOST[objective] if probable else None
    kind = "value" if probable and to_probability is None else "margin"
    names = booster.feature_names

    def scores(X: Any) -> AnyArray:
        named = names is not None and not isinstance(X, np.ndarray)
        _refuse_width(X, booster.num_features())
        with _told("XGBoost", "a frame needs the columns, and the categories, of the training data"):
            found = np.asarray(booster.inplace_predict(X, predict_type=kind, validate_features=named))
        return found if to_probability is None else np.asarray(to_probability(found))

    return _model(scores, "probability" if probable else "margin", names)


def _lightgbm(booster: Any, probable: bool) -> Model:
    text = booster.model_to_string(num_iteration=1)
    told = re.search(r"^objective=(\w+)", text, re.MULTILINE)
    _refuse_other("LightGBM", told[1] if told else "custom", LIGHTGBM)
    names = booster.feature_name()

    def scores(X: Any) -> AnyArray:
        _refuse_width(X, len(names))
        with _told("LightGBM", "categories need a pandas frame like that of the training data"):
            return np.asarray(booster.predict(X, raw_score=not probable, validate_features=True))

    own = not all(re.fullmatch(r"Column_\d+", name) for name in names)
    linear = re.search(r"^is_linear=1", text, re.MULTILINE) is not None
    return _model(scores, "probability" if probable else "raw score", names if own else None, stepwise=not linear)


def _model(scores: Callable[[Any], AnyArray], response: str, names: Any, *, stepwise: bool = True) -> Model:
    columns = None if names is None else tuple(map(str, names))
    return Model(scores, response=f"booster's {response}", columns=columns, stepwise=stepwise)


def _refuse_other(library: str, objective: str, known: tuple[str, ...]) -> None:
    if objective not in known:
        raise InvalidInputError(
            f"the {library} booster's objective is {objective!r}; expected one of {', '.join(known)}, or pass a "
            "function of X that returns probabilities or scores"
        )


def _refuse_width(X: Any, width: int) -> None:
    if X.shape[1] != width:
        raise InvalidInputError(f"X has {X.shape[1]} columns, and the booster was trained on {width}")


@contextmanager
def _told(library: str, way_out: str) -> Iterator[None]:
    """Say what a library would not take as conjac's own error."""
    try:
        yield
    except Exception as error:
        raise InvalidInputError(f"{library} does not take X: {' '.join(str(error).split())}; {way_out}") from error
