"""A model given at a shell: ``--model FILE`` in place of ``--score``."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from conjac import coordinates
from conjac._typing import AnyArray
from conjac.cli.labels import match
from conjac.cli.messages import progress, say
from conjac.engines.files import Columns
from conjac.engines.inputs import OTHERS, framed
from conjac.errors import InvalidInputError
from conjac.inputs import Inputs
from conjac.jacobian import ConfusionJacobian
from conjac.models import Model, bind, load, scored
from conjac.readonly import ReadOnly


@dataclass(frozen=True, eq=False)
class Scorer:
    """A model, and the columns of the files that it takes.

    Attributes
    ----------
    path : str
        Its file.
    model : Model
    inputs : sequence of str or "others"
        Names of columns, in the order of the model's inputs; or all columns that have no other role.
    estimator : Model or fitted classifier
        As it came from the file.
    """

    path: str
    model: Model
    inputs: Sequence[str] | str
    estimator: Any

    def frame(self, columns: Columns) -> Inputs:
        """Return the inputs of rows that were read, and say in which order where the model does not tell."""
        if self.inputs == OTHERS:
            say(
                f"{self.path} takes the columns in the order of the file: {', '.join(columns.inputs)}; "
                "--features names another order"
            )
        return framed(columns.inputs, self.model.columns is not None)

    def score(self, inputs: Inputs) -> AnyArray:
        """Return the model's scores, array of shape (n_samples,) or (n_samples, n_classes)."""
        with progress(f"scoring with {self.path}"):
            found = scored(self.model, inputs.native)
        say(f"scores are those of {self.path}: {self.model.response}")
        return found

    def noted(self, result: ConfusionJacobian) -> ConfusionJacobian:
        """Return a result of the model's scores that tells what gave them."""
        return replace(result, diagnostics=ReadOnly({**result.diagnostics, "response_method": self.model.response}))

    def spelling(self, labels: Sequence[Any]) -> Model:
        """Return the model with its classes as the files spell them."""
        if self.model.classes is None:
            return self.model
        return replace(self.model, classes=tuple(_label_of(one, list(labels), "") for one in self.model.classes))


def read_model(
    path: str | None,
    score: Sequence[str],
    *,
    output_name: str | None,
    trust: Sequence[str],
    features: str | None,
) -> Scorer | None:
    """Return the model that ``--model`` names; None where ``--score`` names columns of scores instead.

    Raises
    ------
    InvalidInputError
        Both or neither, options of a model without one, or a file that cannot be used.
    MissingDependencyError
        The library that reads the file is not installed.
    """
    if path is None:
        told = {"--output-name": output_name, "--trust": trust, "--features": features}
        if given := [name for name, value in told.items() if value]:
            raise InvalidInputError(f"{given[0]} is of a model; add --model FILE, or leave it out")
        if not score:
            raise InvalidInputError(
                "nothing to count: add --score COL, a column of scores, or --model FILE, an ONNX or skops file that "
                "scores the rows"
            )
        return None
    if score:
        raise InvalidInputError(f"--model {path} and --score {score[0]!r} both tell the scores; leave one of them out")
    with progress(f"loading {path}"):
        estimator = load(path, output=output_name, trusted=trust)
    try:
        model = bind(estimator)
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from None
    named = None if features is None else read_names(features, "--features")
    if model.columns is None:
        return Scorer(path, model, OTHERS if named is None else named, estimator)
    if named is not None and sorted(named) != sorted(model.columns):
        raise InvalidInputError(
            f"--features {features!r}: {path} knows its inputs by name, {', '.join(model.columns)}; leave it out"
        )
    return Scorer(path, model, model.columns, estimator)


def read_names(text: str, option: str) -> list[str]:
    """Return the names of columns that an option lists; quotes keep a comma inside one, as in CSV.

    Raises
    ------
    InvalidInputError
        No list, or a name twice.

    Examples
    --------
    >>> read_names('age,"height, cm"', "--drift")
    ['age', 'height, cm']
    """
    try:
        (names,) = csv.reader([text], strict=True)
    except (csv.Error, ValueError):
        raise InvalidInputError(f"{option} {text!r}: expected columns with a comma between them") from None
    if "" in names:
        raise InvalidInputError(f"{option} {text!r}: a name is empty; expected columns with a comma between them")
    if len(set(names)) < len(names):
        raise InvalidInputError(f"{option} {text!r} names a column twice")
    return names


def arranged(
    columns: Columns,
    classes: Sequence[Any] | None,
    present: list[Any],
    order: list[Any] | None,
    positive: Any,
    label: str,
) -> tuple[Columns, list[Any] | None]:
    """Return rows that a model scored with the scores in the order of the labels, and that order where it is known.

    Parameters
    ----------
    columns : Columns
    classes : sequence or None
        As the model tells them.
    present, order, positive
        As for `conjac.cli.given.Given.arranged`.
    label : str
        The column of the labels.

    Raises
    ------
    InvalidInputError
        Labels that the model does not know, or another number of them than of scores.
    """
    score = columns.score
    if classes is None:
        return columns, order if score.ndim == 1 else _in_order(score.shape[1], present, order, label)
    known = [_label_of(one, present, label) for one in classes]
    strange = [one for one in present if one not in known]
    if strange:
        raise InvalidInputError(
            f"column {label!r} holds {strange[0]!r}, which the model does not know; its classes are "
            f"{', '.join(map(repr, classes))}"
        )
    order = order or ([*(one for one in known if one != positive), positive] if positive in known else known)
    if sorted(map(str, order)) != sorted(map(str, known)):
        raise InvalidInputError(f"--labels lists {order}; the model knows {known}: list these, in any order")
    places = [known.index(one) for one in order]
    if score.ndim == 2:
        score = score.take(places, axis=1)
    elif places == [1, 0]:
        score = 1 - score if coordinates.choose(score, None).name == "probability" else -score
    return replace(columns, score=score), order


def _in_order(width: int, present: list[Any], order: list[Any] | None, label: str) -> list[Any]:
    """Return the labels of a model that tells none."""
    told = order or present
    if len(told) != width:
        raise InvalidInputError(
            f"the model gives {width} scores a row and does not tell its classes, and "
            f"{f'column {label!r} holds' if order is None else '--labels names'} {len(told)}; list them with --labels"
        )
    if order is None:
        shown = ", ".join(map(repr, told))
        say(f"the model's scores are read in the order of the sorted labels: {shown}; --labels names another order")
    return told


def _label_of(known: Any, present: list[Any], column: str) -> Any:
    """Return a model's class as the files spell it, whatever its type there."""
    if known in present:
        return present[present.index(known)]
    return match(str(known), present, "--model", column, absent=True)
