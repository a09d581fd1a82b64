"""From pairs of models, fitted anew on either side of a hyper-parameter, to the motion of the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

from conjac.diagnostics import as_told, explain_moved
from conjac.engines.decided import Decided
from conjac.engines.refits.counts import motion_of
from conjac.engines.refits.jobs import Common, Refits
from conjac.engines.refits.pairs import N_PILOTS, Pairs, Seed, fit_pairs
from conjac.errors import InvalidInputError
from conjac.models import bind, read_of, scored
from conjac.models.settings import Setting, seeds_of
from conjac.motion import RefitMotion
from conjac.perturbations import Hyperparameters
from conjac.readonly import ReadOnly
from conjac.validation import TrainingData, distinct

OUTPUTS = {"predict_proba": "probabilities", "decision_function": "scores"}


def refitted(
    estimator: Any,
    decided: Decided,
    moves: Hyperparameters,
    training: TrainingData,
    random_state: Any,
    why: str,
) -> dict[str, Any]:
    """Return the fields of a Jacobian, but how it is normalised.

    Parameters
    ----------
    estimator : fitted classifier
        With scikit-learn's ``get_params``; of a fitted search, its best one is fitted again.
    decided : Decided
    moves : Hyperparameters
    training : TrainingData
    random_state : None, int or RandomState
        From which seeds are drawn.
    why : str
        Why there is no derivative.

    Raises
    ------
    InvalidInputError
        An estimator that cannot be fitted again, a name that it does not have, or a value that it refuses.
    """
    base = _fitted_again(estimator, moves, training)
    settings = tuple(Setting.of(name, base, training.y) for name in moves.names)
    refits = Refits(base, settings, _common(estimator, decided, training), moves.n_jobs, moves.cache)
    seeds = _seeds(base, moves, random_state)
    pairs, counted = fit_pairs(refits, moves, seeds, decided.outcomes)
    motion = motion_of(pairs, decided.outcomes, decided.cells)
    told = _told(estimator, decided, moves, refits, pairs, counted, motion)
    return {
        **decided.fields(),
        "diagnostics": ReadOnly({**told, "derivative": f"none: {why}"}),
        "parameters": moves.names,
        "units": tuple(f"1 of {'log ' if moves.unit == 'log' else ''}{name}" for name in moves.names),
        "_motion": motion,
    }


def _fitted_again(estimator: Any, moves: Hyperparameters, training: TrainingData) -> Any:
    """Return what is fitted again."""
    base = getattr(estimator, "best_estimator_", estimator)
    if not all(hasattr(base, name) for name in ("fit", "get_params", "set_params", "classes_")):
        raise InvalidInputError(
            f"a {type(base).__name__} cannot be fitted again: refits need a fitted classifier with scikit-learn's "
            "get_params, set_params and fit"
        )
    if not moves.names:
        raise InvalidInputError("Hyperparameters(): refits move what is named, such as Hyperparameters('max_depth')")
    labels = distinct(training.y)
    if sorted(map(str, labels)) != sorted(map(str, np.asarray(base.classes_).tolist())):
        raise InvalidInputError(
            f"training_data has the labels {labels}, and the model knows {np.asarray(base.classes_).tolist()}; pass "
            "the rows that it was fitted on"
        )
    return base


def _common(estimator: Any, decided: Decided, training: TrainingData) -> Common:
    """Return what refits share: they are scored, read and decided as the model that stands."""
    output = OUTPUTS[decided.model.response.partition(",")[0]]
    model = bind(estimator, output)
    assert model.classes is not None
    read = read_of(model.classes, decided.rows.labels, scored(model, decided.inputs.native))
    return Common(training, decided.inputs.native, output, read, decided.rule)


def _seeds(base: Any, moves: Hyperparameters, random_state: Any) -> list[Seed]:
    """Return the seeds: those of pilots first, where a step is to be chosen."""
    if not seeds_of(base):
        return [None]
    if moves.cache is not None and random_state is None:
        raise InvalidInputError(
            "Hyperparameters(cache=...) with random_state=None: seeds would be drawn anew, and nothing be found in "
            "the cache; pass random_state=0, say"
        )
    n = moves.n_seeds + (N_PILOTS if moves.step is None else 0)
    drawn: list[Seed] = check_random_state(random_state).randint(2**31 - 1, size=n).tolist()
    return drawn


def _told(
    estimator: Any,
    decided: Decided,
    moves: Hyperparameters,
    refits: Refits,
    pairs: Sequence[Pairs],
    seeds: Sequence[Seed],
    motion: RefitMotion,
) -> dict[str, Any]:
    base = type(refits.estimator).__name__
    chosen = "as asked" if moves.step is not None else "chosen by refits that are not counted"
    if moves.step is None and len(seeds) == 1:
        chosen = "chosen by the refits that were tried"
    read = {
        "response_method": decided.model.response,
        "refitted": base if refits.estimator is estimator else f"{base}, the best of the {type(estimator).__name__}",
        "values": {name: tuple(pair.sides[:2]) for name, pair in zip(moves.names, pairs, strict=True)},
        "step_choice": chosen,
        "seeds": list(seeds) if len(seeds) > 1 else "none: training draws no random numbers that change a score",
        "refits": len(refits.done) + len(refits.failed),
        "assumes": "training rows are fixed, and the threshold or the offsets stay where they are",
        "model": "trained anew on either side: the mean over the random numbers of training",
    }
    told = as_told(decided.coordinate, decided.by_default)
    diagnostics = explain_moved(decided.rows, told, moves.names, motion.average, read)
    diagnostics["step_unit"] = "half-width, in units of the parameter"
    diagnostics["cautions"] += [*_one_sided(refits.settings, pairs), *_failures(refits), *_warnings(refits)]
    return diagnostics


def _one_sided(settings: Sequence[Setting], pairs: Sequence[Pairs]) -> list[str]:
    return [
        f"{setting.name} stands at {setting.value:g} and is moved to one side alone, which adds to the bias"
        for setting, pair in zip(settings, pairs, strict=True)
        if setting.value in pair.sides[:2]
    ]


def _failures(refits: Refits) -> list[str]:
    told = (
        f"a wider step was not tried: the model cannot be fitted with {refits.settings[job.setting].name}="
        f"{job.value:g} ({reason})"
        for job, reason in refits.failed.items()
    )
    return sorted(set(told))


def _warnings(refits: Refits) -> list[str]:
    told = [message for found in refits.done.values() for message in found.warned]
    return [f"{told.count(message)} of {len(refits.done)} refits warned: {message}" for message in sorted(set(told))]
