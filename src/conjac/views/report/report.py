"""The report in Python: `Report`, of labels and scores, or of a fitted classifier."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from conjac._typing import ConditionOn, CoordinateName
from conjac.drift import rank_drifts
from conjac.engines.decided import order_of
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.metrics import Metric
from conjac.models import bind, oriented, scored
from conjac.perturbations import Features, Hyperparameters
from conjac.reading import n_columns
from conjac.training import Surface, training_effects
from conjac.validation import Predictions, blaming, check_predictions
from conjac.views.report.page import render
from conjac.views.report.parts import MOST_GROUPS, Part, parts_of
from conjac.views.summary import Groups, Summary, side_by_side, summarize
from conjac.views.tables import to_json
from conjac.views.writing import write_text

FORMATS = {".html": "html", ".htm": "html", ".json": "json"}
TITLE = "Binary classifier"
HEIGHT = 760
"""Of a report in a notebook, in pixels, at most."""
OWN_LINKS = '<base href="about:srcdoc">'
"""Else a link to a section would load the notebook into the frame, which has its address."""


@dataclass(frozen=True, eq=False, repr=False)
class Report:
    """All that conjac tells of a classifier's decisions, as one self-contained page.

    Data, matrix, Jacobian, curves, thresholds to take and what each costs; of a model also the drift of its inputs, and
    what its training does. Made by `from_predictions` or `from_estimator`; a notebook shows it.

    Attributes
    ----------
    summaries : tuple of Summary
        What the page shows, as plain types; several where rows are grouped.
    beside : Groups or None
        The groups against each other; None of one set of rows.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> report = cj.Report.from_predictions(y, score, title="Two normals", subject_to="recall >= .9")
    >>> report
    Report('Two normals'): F1 0.8483 at a threshold of 0.5, 2000 rows
    >>> report.to_html()[:15]
    '<!doctype html>'
    """

    summaries: tuple[Summary, ...]
    beside: Groups | None = None

    def __post_init__(self) -> None:
        """Refuse a page that nobody could read."""
        if not 0 < len(self.summaries) <= MOST_GROUPS:
            raise InvalidInputError(
                f"{len(self.summaries)} groups; a page holds 1 to {MOST_GROUPS}; ConfusionJacobian and ConfusionCurve "
                "serve any number"
            )

    @classmethod
    def of(cls, summaries: Sequence[Summary], parts: Sequence[tuple[Predictions, Any]], by: str, **told: Any) -> Self:
        """Take summaries, and set groups side by side.

        Parameters
        ----------
        summaries : sequence of Summary
        parts : sequence of (Predictions, group)
            The rows of each.
        by : str
            What groups them.
        **told
            As for `conjac.views.summary.side_by_side`.
        """
        if len(parts) < 2:
            return cls(tuple(summaries))
        beside = side_by_side([rows for rows, _ in parts], [group for _, group in parts], by=by, **told)
        found = (replace(one, rest=group.changes) for one, group in zip(summaries, beside.groups, strict=True))
        return cls(tuple(found), beside)

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        title: str = TITLE,
        metric: str | Metric = "f1",
        subject_to: Any = (),
        threshold: float | None = None,
        coordinate: CoordinateName | None = None,
        by: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        labels: Sequence[Any] | None = None,
        pos_label: Any = None,
        condition_on: ConditionOn | None = None,
        level: float = 0.95,
    ) -> Self:
        """Report on labels and scores of two classes.

        Parameters
        ----------
        y_true, y_score
            As for `ConfusionJacobian.from_predictions`.
        title : str
            Of the page.
        metric : str or Metric
            The one to be maximised, and whose slopes are drawn.
        subject_to : str, Constraint or sequence of them
            Such as "recall >= .9".
        threshold, coordinate, sample_weight, groups, labels, pos_label, condition_on
            As for `ConfusionJacobian.from_predictions`.
        by : array of shape (n_samples,), optional
            Groups that are told side by side, and then one by one.
        level : float
            Of every interval.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        NotSupportedError
            More than two classes.
        """
        _refuse_several(n_columns(y_score))
        rows = check_predictions(
            y_true, y_score, labels=labels, pos_label=pos_label, sample_weight=sample_weight, groups=groups
        )
        told = {"title": title, "metric": metric, "subject_to": subject_to, "level": level}
        how: dict[str, Any] = {"threshold": threshold, "condition_on": condition_on}
        parts, found = list(parts_of(rows, by, groups, coordinate)), []
        for part in parts:
            with blaming(part.title):
                found.append(_summary(part.rows, group=part.title or None, coordinate=part.coordinate, **how, **told))
        return cls._beside(found, parts, by, metric=metric, level=level, **how)

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        drift: Any = True,
        training_data: Any = None,
        hyperparameters: Any = None,
        surface: Surface | None = None,
        output: str = "auto",
        random_state: Any = None,
        title: str = TITLE,
        metric: str | Metric = "f1",
        subject_to: Any = (),
        threshold: float | None = None,
        coordinate: CoordinateName | None = None,
        by: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        labels: Sequence[Any] | None = None,
        pos_label: Any = None,
        condition_on: ConditionOn | None = None,
        level: float = 0.95,
    ) -> Self:
        """Score ``X`` with a fitted classifier and report on it, on the drift of its inputs, and on its training.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
        X : array or frame of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
        drift : bool, Features, or columns
            Which inputs drift: all, none, or those that are named.
        training_data : tuple, optional
            (X, y) or (X, y, sample_weight), as ``estimator`` was fitted: adds what training does to the metric.
        hyperparameters : Hyperparameters, str or sequence of str, optional
            Which ones move. Default: all that the training problem has, by derivatives alone; those that are named are
            refitted where there is no derivative.
        surface : Surface, optional
            Of the same rows, to be told with the training.
        output : {"auto", "probabilities", "scores", "logits"}
            As for `ConfusionJacobian.from_estimator`.
        random_state : None, int or RandomState
            Of refits.
        title, metric, subject_to, threshold, coordinate, by
            As for `from_predictions`.
        sample_weight, groups, labels, pos_label, condition_on, level
            As for `from_predictions`.

        Raises
        ------
        InvalidInputError
            Input that cannot be used. What the training of a model cannot tell is said in the page, with the reason.
        NotSupportedError
            More than two classes.

        Warns
        -----
        ConjacWarning
            An interval that should not be believed, or is nan for want of rows.
        """
        if training_data is None and not (hyperparameters is None and surface is None):
            raise InvalidInputError("hyperparameters and surface are of training: pass training_data=(X, y) too")
        model = bind(estimator, output)
        order = order_of(model, y, labels, pos_label)
        _refuse_several(len(order))
        _, score = oriented(model, order, scored(model, X))
        rows = check_predictions(y, score, labels=order, sample_weight=sample_weight, groups=groups)
        told = {"title": title, "metric": metric, "subject_to": subject_to, "level": level}
        moves = _moving(hyperparameters)
        how: dict[str, Any] = {"threshold": threshold, "condition_on": condition_on}
        parts, found = list(parts_of(rows, by, groups, coordinate)), []
        for part in parts:
            how["coordinate"] = part.coordinate
            same = {**how, "labels": order, "output": output, "sample_weight": part.rows.weight, "groups": part.groups}
            here, y_here = part.inputs(X, model.columns), part.labels
            ranking = effects = None
            with blaming(part.title):
                if drift is not None and drift is not False and not part.one_class:
                    ranking = rank_drifts(estimator, here, y_here, metric, **_drifting(drift), **same)
                if training_data is not None and not part.one_class:
                    same["random_state"] = random_state
                    effects = training_effects(estimator, here, y_here, training_data, moves, surface, **same)
                summary = _summary(part.rows, group=part.title or None, drift=ranking, training=effects, **how, **told)
            found.append(summary)
        del how["coordinate"]
        return cls._beside(found, parts, by, metric=metric, level=level, **how)

    @classmethod
    def _beside(cls, summaries: Sequence[Summary], parts: Sequence[Part], by: Any, **told: Any) -> Self:
        """Take summaries of parts, which share a coordinate."""
        rows = [(part.rows, part.group) for part in parts]
        return cls.of(
            summaries, rows, str(getattr(by, "name", None) or "group"), coordinate=parts[0].coordinate, **told
        )

    def save(self, path: str | Path, format: str | None = None) -> Path:
        """Write the report, whole or not at all, and return where.

        Parameters
        ----------
        path : str or Path
        format : {"html", "json"}, optional
            Default: what the suffix tells.

        Raises
        ------
        InvalidInputError
            No such format, or a path that cannot be written.
        """
        path = Path(path)
        write_text(path, self.to_html() if format_of(path, format) == "html" else to_json(self.to_dict()))
        return path

    def to_html(self) -> str:
        """Return the page, which needs nothing outside itself and runs no script."""
        return self._page

    @cached_property
    def _page(self) -> str:
        return render(self.summaries, self.beside)

    def to_dict(self) -> dict[str, Any] | list[dict[str, Any]]:
        """Return the summary as plain types, ready for JSON, where nan becomes None; of groups a list of summaries."""
        plain = [one.to_dict() for one in self.summaries]
        return plain[0] if self.summaries[0].group is None else plain

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own, so that its style and a notebook's do not meet."""
        page = self.to_html().replace("<head>", f"<head>\n{OWN_LINKS}", 1)
        title = html.escape(self.summaries[0].title)
        return (
            f'<iframe srcdoc="{html.escape(page)}" title="conjac report: {title}" sandbox '
            f'style="width: 100%; height: min({HEIGHT}px, 85vh); border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        """Show what the report is of."""
        first = self.summaries[0]
        if len(self.summaries) > 1:
            return f"Report({first.title!r}): {len(self.summaries)} groups"
        value = first.point.metric(first.metric).value.value
        return (
            f"Report({first.title!r}): {first.metric_title} {value:.4g} at a threshold of {first.point.threshold:g}, "
            f"{first.data.rows} rows"
        )


def format_of(path: Path, asked: str | None = None) -> str:
    """Return the format asked for, else the one that a file's suffix tells.

    Raises
    ------
    InvalidInputError
        Neither "html" nor "json", or a suffix that tells none.

    Examples
    --------
    >>> format_of(Path("r.htm")), format_of(Path("r.html"), "json")
    ('html', 'json')
    """
    if asked is None and path.suffix.lower() not in FORMATS:
        raise InvalidInputError(
            f"{path}: the suffix tells no format; expected one of {', '.join(FORMATS)}, or pass the format (--format)"
        )
    chosen = asked or FORMATS[path.suffix.lower()]
    if chosen not in FORMATS.values():
        raise InvalidInputError(f"format {chosen!r}: a report is html or json; conjac jacobian and tune write tables")
    return chosen


def _refuse_several(n_classes: int) -> None:
    if n_classes > 2:
        raise NotSupportedError(
            f"{n_classes} classes: a report is of two; use confusion_jacobian, maximize or tradeoff, which move an "
            "offset a class, or score one class against the rest"
        )


def _summary(rows: Predictions, **told: Any) -> Summary:
    """Return the summary of the kind that suits the rows: two classes, the only kind so far."""
    return summarize(rows, **told)


def _drifting(drift: Any) -> dict[str, Any]:
    """Return what drifts as `rank_drifts` takes it."""
    told = drift if isinstance(drift, Features) else Features(None if drift is True else drift)
    return {name: getattr(told, name) for name in ("columns", "unit", "where", "categorical", "step")}


def _moving(told: Any) -> Hyperparameters | None:
    """Return the hyper-parameters that move."""
    if told is None or isinstance(told, Hyperparameters):
        return told
    return Hyperparameters(*([told] if isinstance(told, str) else told))
