"""Where an explorer asks for what it does not hold: `Source`."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

from conjac.engines.decided import Decided
from conjac.errors import InvalidInputError
from conjac.models import Model, bind, oriented, scored
from conjac.models.settings import Setting
from conjac.validation import check_training
from conjac.views.explorer.live.offered import drift_moves, hyper_moves
from conjac.views.explorer.live.rescored import Clones, Fit, Rescored
from conjac.views.explorer.live.sheets import Sheets
from conjac.views.summary.scene import Move, Packed, pack


class Answers(Protocol):
    """What answers questions of a page, as `Source` does."""

    def answer(self, request: Mapping[str, Any]) -> Packed:
        """Return the figures after what was asked for has moved; raises ConjacError for what cannot be used."""
        ...


@dataclass(frozen=True, eq=False, repr=False)
class Source:
    """A model and its rows, which answer what a page asks.

    Attributes
    ----------
    moves : tuple of Move
    rescored : Rescored
    sheets : Sheets
    """

    moves: tuple[Move, ...]
    rescored: Rescored
    sheets: Sheets

    @classmethod
    def of(
        cls,
        estimator: Any,
        decided: Decided,
        sheets: Sheets,
        *,
        drift: Any = True,
        training_data: Any = None,
        hyperparameters: Any = None,
        output: str = "auto",
    ) -> Self:
        """Offer drifts of a model's inputs and, where its training rows are at hand, its hyper-parameters.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
        decided : Decided
            Its rows, the labels in order.
        sheets : Sheets
        drift, training_data, hyperparameters, output
            As for `conjac.Explorer.from_estimator`.

        Raises
        ------
        InvalidInputError
            What cannot be moved.
        """
        drifts, moves = ({}, []) if drift is False else drift_moves(decided, drift)
        moves = [*moves, *sheets.moves()]
        settings: dict[str, Setting] = {}
        training = None
        if training_data is not None:
            estimator = getattr(estimator, "best_estimator_", estimator)
            training = check_training(training_data)
            settings, hyper = hyper_moves(estimator, training, hyperparameters)
            moves = [*hyper, *moves]
        elif hyperparameters is not None:
            raise InvalidInputError(
                "hyperparameters move by fitting the model anew: pass training_data=(X, y), what it was fitted on"
            )
        labels = decided.rows.labels
        told = scored(bind(estimator, output), decided.inputs.native) if settings else decided.rows.score

        def bound(clone: Any) -> Model:
            return oriented(bind(clone, output), labels, told)[0]

        clones = Clones(estimator, Fit(decided.model), settings, training, bound)
        return cls(tuple(moves), Rescored(clones, decided.inputs, drifts), sheets)

    def answer(self, request: Mapping[str, Any]) -> Packed:
        """Move, score the rows again, and return a sheet of them.

        Parameters
        ----------
        request : mapping
            ``{"moves": {name: value}, "sheet": k}``; what is not named stands where it stood.

        Returns
        -------
        Packed
            Of ``{"sheet", "sheet_index", "moves", "told", "code", "seconds"}``; ``moves`` no farther than they go.

        Raises
        ------
        ConjacError
            A request that cannot be used, or a model that fails on it.
        """
        start = time.perf_counter()
        k, values = self._read(request)
        fit = self.rescored.clones.at(values)
        score = self.rescored.scores(fit, values, self.sheets.places(k))
        sheet = self.sheets.anew(k, score, values)
        moved = [(one, values[one.name]) for one in self.moves if values[one.name] != one.value]
        tree = {
            "sheet": sheet.to_tree(),
            "sheet_index": k,
            "moves": {one.name: value for one, value in moved},
            "told": _told(moved, len(score), fit.warned),
            "code": self._code(moved),
            "seconds": time.perf_counter() - start,
        }
        return pack(tree)

    def _read(self, request: Mapping[str, Any]) -> tuple[int, dict[str, float]]:
        asked, k = request.get("moves", {}), request.get("sheet", 0)
        if not isinstance(asked, Mapping):
            raise InvalidInputError(f"moves is a {type(asked).__name__}; expected names with their values")
        if type(k) is not int or not 0 <= k < len(self.sheets):
            raise InvalidInputError(f"sheet is {k!r:.40}; expected a whole number in [0, {len(self.sheets) - 1}]")
        unknown = next((name for name in asked if name not in {one.name for one in self.moves}), None)
        if unknown is not None:
            raise InvalidInputError(f"moves: there is no {unknown!r:.80} to move here")
        return k, {one.name: one.read(asked.get(one.name, one.value)) for one in self.moves}

    def _code(self, moved: Sequence[tuple[Move, float]]) -> list[str]:
        """Return what is done, as Python."""
        frame = self.rescored.inputs.is_frame
        lines = []
        for one, value in moved:
            if one.kind == "drift":
                drift = self.rescored.drifts[one.name]
                column = f"X[{self.rescored.inputs.names[drift.place]!r}]" if frame else f"X[:, {drift.place}]"
                lines.append(f"{column} += {value * drift.sd!r}  # {value:g} sd of the rows")
        hyper = ", ".join(f"{one.name}={value:g}" for one, value in moved if one.kind == "hyper")
        return [*lines, f"# the model fitted anew with {hyper}"] if hyper else lines


def _told(moved: Sequence[tuple[Move, float]], n_rows: int, warned: str) -> str:
    """Say in a sentence what moved."""
    each = [f"{one.title} {value:+g} sd" if one.kind == "drift" else f"{one.title} = {value:g}" for one, value in moved]
    what = ", ".join(each) or "Nothing moved"
    return f"{what}: {n_rows:,} rows scored again{f'; the fit warned: {warned}' if warned else ''}."
