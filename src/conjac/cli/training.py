"""What a model was fitted on, at a shell: ``--train FILE``."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.cli.given import Given
from conjac.cli.messages import progress, say
from conjac.cli.models import Scorer
from conjac.cli.parts import Part
from conjac.engines.files import describe_set_aside, read_columns
from conjac.engines.inputs import framed
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError
from conjac.inputs import Inputs
from conjac.models import Model
from conjac.training import TrainingEffects, training_effects

UNTOLD = {"hyperparameters": "what its hyper-parameters do", "weights": "what single training rows do"}


@dataclass(frozen=True, eq=False)
class Trained:
    """A fitted classifier and its training rows.

    Attributes
    ----------
    estimator : fitted classifier
    X : Inputs
    y : array of shape (n_training_rows,)
        In the estimator's own labels.
    """

    estimator: Any
    X: Inputs
    y: AnyArray

    def effects(self, part: Part, scorer: Scorer, **how: Any) -> TrainingEffects | None:
        """Return what training does to the figures of a part's rows, and say what cannot be told; of one class, none.

        Parameters
        ----------
        part : Part
            Rows that the model scored.
        scorer : Scorer
        **how
            As for `conjac.ConfusionJacobian.from_estimator`.
        """
        if part.one_class:
            part.say("what training does is left out")
            return None
        assert part.inputs is not None
        own = own_labels(scorer, part.rows.labels)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConjacWarning)  # said below, with the group's name
            found = training_effects(
                self.estimator,
                part.inputs.native,
                spelled(part.columns.label, own),
                (self.X.native, self.y),
                labels=[own[label] for label in part.rows.labels],
                sample_weight=part.columns.weight,
                groups=part.columns.groups,
                **how,
            )
        told = [J.diagnostics["cautions"] for J in (found.hyperparameters, found.weights) if J is not None]
        for caution in dict.fromkeys(caution for cautions in told for caution in cautions):
            part.say(caution)
        for name, why in found.refused.items():
            part.say(f"{UNTOLD[name]} cannot be told: {why}")
        return found


def refuse_untrained(file: str | None, scorer: Scorer | None) -> None:
    """Refuse ``--train`` where no model with a training is given.

    Raises
    ------
    InvalidInputError
        No model.
    NotSupportedError
        One of ONNX.
    """
    if file is None:
        return
    if scorer is None:
        raise InvalidInputError(f"--train {file} is of a model; add --model FILE, or leave it out")
    if isinstance(scorer.estimator, Model):
        raise NotSupportedError(
            f"--train {file}: {scorer.path} is an ONNX file, which scores and has no training; give the classifier as "
            "skops.io.dump writes it, or leave it out"
        )


def read_trained(file: str | None, given: Given, strict: bool) -> Trained | None:
    """Read the rows that a model was fitted on: the same columns as those it scored, and the same label.

    Raises
    ------
    ConjacError
        A file or a column that cannot be used, or labels that the model does not know.
    """
    scorer, inputs = given.scorer, given.inputs
    if file is None or scorer is None or inputs is None:
        return None
    with progress(f"reading {file}"):
        columns = read_columns([file], label=given.label, inputs=inputs.names, strict=strict)
    if columns.set_aside:
        n_faulty = sum(columns.set_aside.values())
        say(
            f"warning: {n_faulty} of {columns.n_read} training rows set aside, and rows are numbered without them: "
            f"{describe_set_aside(columns.set_aside)}"
        )
    present = np.unique(columns.label).tolist()
    own = own_labels(scorer, present)
    strange = [label for label in present if label not in own]
    if strange:
        raise InvalidInputError(
            f"{file}: column {given.label!r} holds {strange[0]!r}, which the model does not know; its classes are "
            f"{', '.join(map(repr, own.values()))}"
        )
    return Trained(
        scorer.estimator, framed(columns.inputs, scorer.model.columns is not None), spelled(columns.label, own)
    )


def own_labels(scorer: Scorer, labels: Any) -> Mapping[Any, Any]:
    """Return the model's own label of each as files spell it."""
    spelled, own = scorer.spelling(labels).classes, scorer.model.classes
    assert spelled is not None
    assert own is not None
    return dict(zip(spelled, own, strict=True))


def spelled(labels: AnyArray, own: Mapping[Any, Any]) -> AnyArray:
    """Return labels of rows in a model's own spelling, array of shape (n_samples,)."""
    return np.array([own[label] for label in labels.tolist()])
