"""Pairs of models on either side of a hyper-parameter: which are fitted, and which are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from conjac._typing import AnyArray
from conjac.engines.outcomes import Outcomes
from conjac.engines.refits.jobs import Job, Refits
from conjac.engines.refits.steps import Sides, choose, sides_of
from conjac.engines.steps import Step
from conjac.perturbations import Hyperparameters
from conjac.progress import reporting

N_PILOTS = 2
"""Seeds by which steps are chosen, of models that draw random numbers."""

Seed: TypeAlias = int | None


class Pairs(NamedTuple):
    """What was fitted on both sides of one hyper-parameter, to be counted.

    Attributes
    ----------
    sides : Sides
    step : Step
    below, above : array of shape (n_seeds, n_rows)
        Predicted classes.
    """

    sides: Sides
    step: Step
    below: AnyArray
    above: AnyArray


def fit_pairs(
    refits: Refits, moves: Hyperparameters, seeds: Sequence[Seed], outcomes: Outcomes
) -> tuple[list[Pairs], Sequence[Seed]]:
    """Fit both sides of every hyper-parameter; return them with the seeds that are counted.

    The first two seeds are those of pilots, where a step is to be chosen. Where they make no difference to any score,
    training draws no numbers that matter, and one pair tells all.
    """
    tried = [sides_of(setting, moves.unit, moves.step) for setting in refits.settings]
    first, rest = seeds[:N_PILOTS], seeds[N_PILOTS:]
    n_fits = 2 * (len(first) * sum(map(len, tried)) + len(rest) * len(tried))
    with reporting(moves.progress, "fitting models again") as told:

        def report(n_done: int) -> None:
            if told is not None:
                told(min(n_done / n_fits, 1.0))

        refits.run([job for place, sides in enumerate(tried) for job in _jobs(place, sides, first)], report)
        fitted = [_that_fit(refits, place, sides, first) for place, sides in enumerate(tried)]
        random = any(_differ(refits, place, sides, first) for place, sides in enumerate(fitted))
        pilots = first if random else first[:1]
        counted = pilots if not random else rest if moves.step is None else seeds
        chosen = [
            choose(sides, *_predicted(refits, place, sides, pilots), outcomes, len(counted))
            for place, sides in enumerate(fitted)
        ]
        refits.run([job for place, (sides, _) in enumerate(chosen) for job in _jobs(place, [sides], counted)], report)
        report(n_fits)
    found = []
    for place, (sides, step) in enumerate(chosen):
        below, above = _predicted(refits, place, [sides], counted)
        found.append(Pairs(sides, step, below[0], above[0]))
    return found, counted


def _jobs(place: int, tried: Sequence[Sides], seeds: Sequence[Seed]) -> list[Job]:
    return [Job(place, value, seed) for sides in tried for seed in seeds for value in (sides.low, sides.high)]


def _that_fit(refits: Refits, place: int, tried: Sequence[Sides], seeds: Sequence[Seed]) -> list[Sides]:
    """Return the sides at which the model can be fitted; the nearest must be among them."""
    for job in _jobs(place, tried[:1], seeds):
        refits.of(job)
    return [sides for sides in tried if not any(job in refits.failed for job in _jobs(place, [sides], seeds))]


def _differ(refits: Refits, place: int, tried: Sequence[Sides], seeds: Sequence[Seed]) -> bool:
    """Tell whether any score hangs on the seed."""
    values = [value for sides in tried for value in (sides.low, sides.high)]
    return any(len({refits.of(Job(place, value, seed)).scores for seed in seeds}) > 1 for value in values)


def _predicted(refits: Refits, place: int, tried: Sequence[Sides], seeds: Sequence[Seed]) -> tuple[AnyArray, AnyArray]:
    """Return predictions below and above, arrays of shape (n_tried, n_seeds, n_rows)."""
    below, above = (
        np.stack([[refits.of(Job(place, sides[end], seed)).predicted for seed in seeds] for sides in tried])
        for end in (0, 1)
    )
    return below, above
