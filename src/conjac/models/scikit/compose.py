"""Pipelines and other meta-estimators that hand inputs from part to part."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils import _safe_indexing

from conjac._typing import FloatArray
from conjac.models.scikit.part import METHODS, Part, joined, part_of, serve

INNER = {
    "FixedThresholdClassifier": "estimator_",
    "FrozenEstimator": "estimator",
    "GridSearchCV": "best_estimator_",
    "HalvingGridSearchCV": "best_estimator_",
    "HalvingRandomSearchCV": "best_estimator_",
    "RandomizedSearchCV": "best_estimator_",
    "SelfTrainingClassifier": "estimator_",
    "TunedDecisionClassifier": "estimator_",
    "TunedThresholdClassifierCV": "estimator_",
}
"""Where each keeps the estimator whose scores are its own."""


def inner(estimator: Any, method: str) -> Part:
    """Return the estimator inside."""
    attribute = next(INNER[kind.__name__] for kind in type(estimator).__mro__ if kind.__name__ in INNER)
    return part_of(getattr(estimator, attribute), method)


def chain(steps: list[Any], methods: list[str]) -> Part:
    """Return estimators one after another; inputs are transformed no further than derivatives depend on them."""
    parts = [part_of(step, method) for step, method in zip(steps, methods, strict=True)]
    n_read = 1 + max((place for place, part in enumerate(parts) if not part.constant), default=-1)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        inputs = [X]
        for step in steps[: max(0, n_read - 1)]:
            inputs.append(step.transform(inputs[-1]))
        inputs += [None] * (len(steps) - len(inputs))
        for part, at in zip(reversed(parts), reversed(inputs), strict=True):
            cotangent = part.pull(at, cotangent)
        return cotangent

    codes_all = any(part.codes_all for part in parts)
    coded = frozenset(range(getattr(steps[0], "n_features_in_", 0))) if codes_all else parts[0].coded
    return replace(joined(parts, pull), coded=coded, codes_all=codes_all)


def pipeline(estimator: Any, method: str) -> Part:
    """Return a pipeline."""
    steps = [step for _, step in estimator.steps if not _is_absent(step)]
    return chain(steps, (["transform"] * len(steps) + [method])[1 : len(steps) + 1])


def eliminated(estimator: Any, method: str) -> Part:
    """Return recursive feature elimination: a selection, then the estimator of what it kept."""
    return chain([estimator, estimator.estimator_], ["transform", method])


def columns(estimator: Any) -> Part:
    """Return a ColumnTransformer: each column's cotangents add up, from wherever it goes."""
    places_of, width = estimator._transformer_to_input_indices, estimator.n_features_in_
    members = [
        (member, places_of[name], estimator.output_indices_[name], isinstance(told, str))
        for name, member, told in estimator.transformers_
        if places_of[name] and not (isinstance(member, str) and member == "drop")
    ]
    parts = [part_of(member, "transform") for member, *_ in members]
    names = getattr(estimator, "feature_names_in_", None)

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        pulled = np.zeros((1, width))
        for part, (_, places, outputs, is_series) in zip(parts, members, strict=True):
            at = None if part.constant else _taken(X, places[0] if is_series else places, names)
            found = part.pull(at, cotangent[:, outputs])
            if len(found) > len(pulled):
                pulled = np.repeat(pulled, len(found), axis=0)
            np.add.at(pulled.T, places, found.T)  # a column may be taken twice
        return pulled

    uncoded = {place for part, (_, places, *_) in zip(parts, members, strict=True) for place in _uncoded(part, places)}
    coded = {place for _, places, *_ in members for place in places} - uncoded
    return replace(joined(parts, pull), coded=frozenset(coded))


def union(estimator: Any) -> Part:
    """Return a FeatureUnion: outputs side by side, each times its weight."""
    members = [(name, member) for name, member in estimator.transformer_list if not _is_absent(member, "drop")]
    parts = [part_of(member, "transform") for _, member in members]
    weights = [(estimator.transformer_weights or {}).get(name, 1) for name, _ in members]

    def pull(X: Any, cotangent: FloatArray) -> FloatArray:
        row, start, pulled = _safe_indexing(X, [0]), 0, []
        for part, (_, member), weight in zip(parts, members, weights, strict=True):
            stop = start + (row if isinstance(member, str) else member.transform(row)).shape[1]
            pulled.append(weight * part.pull(X, cotangent[:, start:stop]))
            start = stop
        return np.asarray(sum(pulled))

    return replace(joined(parts, pull), constant=False)


def _uncoded(part: Part, places: Any) -> list[int]:
    """Return the columns that a member of a ColumnTransformer takes as numbers."""
    return [int(place) for own, place in enumerate(places) if not part.codes_all and own not in part.coded]


def _is_absent(step: Any, word: str = "passthrough") -> bool:
    return step is None or (isinstance(step, str) and step == word)


def _taken(X: Any, places: Any, names: Any) -> Any:
    """Return columns by name where X has names, since a ColumnTransformer takes them in any order."""
    return _safe_indexing(X, names[places] if names is not None and hasattr(X, "columns") else places, axis=1)


for name in METHODS:
    serve(name, {kind: partial(inner, method=name) for kind in INNER} | {"Pipeline": partial(pipeline, method=name)})
for name in METHODS[1:]:
    serve(name, dict.fromkeys(("RFE", "RFECV"), partial(eliminated, method=name)))
serve("transform", {"ColumnTransformer": columns, "FeatureUnion": union})
