"""What the files hold, with the scores of a model where no column has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from conjac._typing import AnyArray
from conjac.cli.labels import places_of
from conjac.cli.messages import progress, say
from conjac.cli.models import Scorer, arranged
from conjac.engines.files import Columns, describe_set_aside, read_columns
from conjac.engines.inputs import framed
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.inputs import Inputs


@dataclass(frozen=True, eq=False)
class Given:
    """What the files hold.

    Attributes
    ----------
    columns : Columns
        Of the rows that can be used.
    label : str
        Name of the column of labels.
    by : str or None
        Name of the column that groups.
    score : sequence of str
        Names of the columns of scores; none where a model scores.
    scorer : Scorer or None
        What scored the rows.
    inputs : Inputs or None
        What it scored, or what places the rows.
    beside : array of shape (n_samples,) or None
        Scores of the same rows to compare with.
    """

    columns: Columns
    label: str
    by: str | None
    score: Sequence[str]
    scorer: Scorer | None = None
    inputs: Inputs | None = None
    beside: AnyArray | None = None

    @property
    def n_scores(self) -> int:
        """Scores a row."""
        return 1 if self.columns.score.ndim == 1 else int(self.columns.score.shape[1])

    def arranged(self, present: list[Any], order: list[Any] | None, positive: Any) -> tuple[Columns, list[Any] | None]:
        """Return the rows with their scores in the order of the labels, and that order where it is known.

        Parameters
        ----------
        present : list of label
            Those that rows have, sorted.
        order : list of label, optional
            As listed at the shell.
        positive : label, optional
            As named there.

        Raises
        ------
        InvalidInputError
            Labels and scores that do not go together.
        NotSupportedError
            One score a row, and more than two classes.
        """
        n_classes = len(order or present)
        if self.n_scores == 1 and n_classes > 2:
            if self.scorer is not None:
                raise NotSupportedError(
                    f"{n_classes} classes have no threshold, and {self.scorer.path} gives one score a row; it serves "
                    "two, such as one class against the rest"
                )
            raise NotSupportedError(
                f"{n_classes} classes have no threshold, and --score was given once: give it once a class, and conjac "
                "report, jacobian and tune move an offset a class; or score one class against the rest"
            )
        if self.scorer is not None:
            return arranged(self.columns, self.scorer.model.classes, present, order, positive, self.label)
        if self.n_scores == 1:
            return self.columns, order
        if len(present) == 1:
            raise InvalidInputError(
                f"column {self.label!r} holds one class only, {present[0]!r}; slopes need at least two"
            )
        places = places_of(order or present, self.score, self.label, order is not None)
        return replace(self.columns, score=self.columns.score.take(places, axis=1)), order


def read(
    files: Sequence[str],
    *,
    label: str,
    score: Sequence[str],
    weight: str | None,
    by: str | None,
    groups: str | None,
    strict: bool,
    category: str | None = None,
    scorer: Scorer | None = None,
    beside: str | None = None,
    placed: Sequence[str] = (),
    called: str = "",
) -> Given:
    """Read the files, say how many rows were set aside, and score the rest if a model is given.

    Parameters
    ----------
    files, label, score, weight, by, groups, strict
        As given at the shell.
    category : str, optional
        Column of categories whose shares move.
    scorer : Scorer, optional
        What scores the rows, in place of columns of scores.
    beside : str, optional
        Column of scores to compare with.
    placed : sequence of str
        Columns that place rows, where no model tells them apart.
    called : str
        What to call the rows where some are set aside.

    Raises
    ------
    ConjacError
        Input that cannot be used.
    """
    if beside in score:
        raise InvalidInputError(f"--baseline-score {beside!r}: is the --score itself; name another column of scores")
    names = [*score, *([] if beside is None else [beside])]
    for name in score:
        if score.count(name) > 1:
            raise InvalidInputError(f"--score names {name!r} more than once; expected a column for each class")
    with progress(f"reading {', '.join(files)}") as told:
        columns = read_columns(
            files,
            label=label,
            score=names[0] if len(names) == 1 else names,
            weight=weight,
            by=by,
            groups=groups,
            category=category,
            inputs=scorer.inputs if scorer is not None else placed or None,
            strict=strict,
            told=told,
        )
    if columns.set_aside:
        n_faulty = sum(columns.set_aside.values())
        why = describe_set_aside(columns.set_aside)
        say(f"warning: {called}{n_faulty} of {columns.n_read} rows set aside: {why}")
    other = None
    if beside is not None:
        table = columns.score.reshape(len(columns.score), -1)
        columns, other = replace(columns, score=table[:, 0] if len(score) == 1 else table[:, :-1]), table[:, -1]
    if scorer is None:
        inputs = framed(columns.inputs, True) if placed else None
        return Given(replace(columns, inputs={}), label, by, score, inputs=inputs, beside=other)
    inputs = scorer.frame(columns)
    scored = replace(columns, score=scorer.score(inputs), inputs={})
    return Given(scored, label, by, score, scorer, inputs, other)
