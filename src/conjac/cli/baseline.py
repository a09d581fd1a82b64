"""What ``conjac report`` compares with: an earlier period, or another model's scores of the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from conjac import coordinates
from conjac.cli.given import Given, read
from conjac.cli.messages import say
from conjac.cli.parts import Loaded, Part
from conjac.errors import InvalidInputError
from conjac.validation import Predictions, blaming, check_predictions

if TYPE_CHECKING:
    from conjac.views.summary import Baseline


@dataclass(frozen=True)
class Against:
    """What was asked to compare with.

    Attributes
    ----------
    files : sequence of str
        Of separate rows; none for the same rows.
    score : str or None
        Column of scores; None for that of the rows compared.
    threshold : float or None
        None for that of the rows compared.
    """

    files: Sequence[str]
    score: str | None
    threshold: float | None

    @classmethod
    def of(cls, files: Sequence[str] | None, score: str | None, threshold: float | None) -> Against:
        """Take the options as given at the shell.

        Raises
        ------
        InvalidInputError
            A threshold of nothing.
        """
        if threshold is not None and not files and score is None:
            raise InvalidInputError(
                "--baseline-threshold: of no baseline; add --baseline FILE or --baseline-score COL, or leave it out"
            )
        return cls(files or (), score, threshold)

    @property
    def beside(self) -> str | None:
        """The column of scores to read with the rows; none of separate rows."""
        return None if self.files else self.score

    def baselines(
        self, given: Given, loaded: Loaded, how: Mapping[str, Any], files: Sequence[str]
    ) -> dict[Any, Baseline]:
        """Return what each group is compared with, by its value; of rows without groups, by None.

        Parameters
        ----------
        given : Given
            The rows to compare, as read.
        loaded : Loaded
            The same, checked.
        how : mapping
            Options of reading that both share.
        files : sequence of str
            Of the rows to compare.

        Raises
        ------
        ConjacError
            A baseline that cannot be used, or is of other classes.
        """
        from conjac.views.summary import Baseline

        if not self.files and self.score is None:
            return {}
        with blaming(self._blamed):
            there = self._parts(self._read(given, how) if self.files else self._beside(given), loaded)
        before, after = self._names(given, files)
        made = {}
        for part in loaded.parts:
            rows = there.pop(part.group, None)
            if rows is None:
                part.say(f"{self._blamed} has no such group; it is compared with nothing")
                continue
            self._say(part, rows)
            made[part.group] = Baseline(rows, before, after, self.threshold, paired=not self.files)
        for left in there:
            say(f"warning: {self._blamed}: nothing is compared with {given.by}={left!r}, a group of it alone")
        return made

    def _parts(self, other: Given, loaded: Loaded) -> dict[Any, Predictions]:
        """Check the rows of each group as those to compare were, whatever classes it holds."""
        first = cast("Predictions", loaded.parts[0].rows)
        labels = list(first.labels)
        columns, _ = other.arranged(np.unique(other.columns.label).tolist(), labels, None)
        again = partial(check_predictions, labels=labels, one_class=True)
        score = again(columns.label, columns.score).score
        coordinates.choose(score, loaded.coordinate or coordinates.choose(first.score, None).name)
        columns = replace(columns, score=score)
        found = {}
        for group in [None] if columns.by is None else np.unique(columns.by).tolist():
            here = columns if columns.by is None else columns.take(np.flatnonzero(columns.by == group))
            found[group] = again(here.label, here.score, sample_weight=here.weight, groups=here.groups)
        return found

    @property
    def _blamed(self) -> str:
        return f"--baseline {', '.join(self.files)}" if self.files else f"--baseline-score {self.score}"

    def _read(self, given: Given, how: Mapping[str, Any]) -> Given:
        """Read separate rows, scored as the rows to compare are, unless a column of scores is named."""
        called = f"{self._blamed}: "
        if self.score is not None:
            return read(self.files, score=[self.score], called=called, **how)
        return read(self.files, score=given.score, scorer=given.scorer, called=called, **how)

    def _beside(self, given: Given) -> Given:
        """Take the other scores of the same rows."""
        assert given.beside is not None
        columns = replace(given.columns, score=given.beside)
        return Given(columns, given.label, given.by, [str(self.score)])

    def _names(self, given: Given, files: Sequence[str]) -> tuple[str, str]:
        """Return what to call both: files, by their names where these differ; or columns of scores, or a model."""
        if not self.files:
            scored = given.score[-1] if given.scorer is None else Path(given.scorer.path).name
            return str(self.score), scored
        before, after = (", ".join(Path(file).name for file in some) for some in (self.files, files))
        return (before, after) if before != after else (", ".join(self.files), ", ".join(files))

    def _say(self, part: Part, rows: Predictions) -> None:
        """Say what a reader should know of a baseline: one class alone, or separate rows that may be the same ones."""
        if rows.true.min() == rows.true.max() and not part.one_class:
            part.say(f"{self._blamed} holds one class only; figures that need both are compared with nothing")
        if self.files and np.array_equal(part.rows.true, rows.true):
            part.say(
                f"the labels of {self._blamed} are the same in the same order; if these are the same rows, put both "
                "scores in one file and name the older with --baseline-score, which sees smaller differences"
            )
