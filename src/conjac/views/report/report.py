"""The report in Python: `Report`, of labels and scores, or of a fitted classifier."""

from __future__ import annotations

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
from conjac.reading import n_columns
from conjac.training import Surface, training_effects
from conjac.validation import ClassPredictions, blaming
from conjac.views.frame import frame
from conjac.views.report.asked import drifting, metric_of, moving, rows_of, rule_of, summary_of
from conjac.views.report.formats import format_of
from conjac.views.report.page import render
from conjac.views.report.parts import MOST_GROUPS, Part, parts_of
from conjac.views.summary import ClassSummary, Groups, Summary, side_by_side
from conjac.views.tables import to_json
from conjac.writing import write_text

TITLE = "Classifier"
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
    summaries : tuple of Summary, or of ClassSummary
        What the page shows, as plain types; several where rows are grouped.
    beside : Groups or None
        The groups against each other; None of one set of rows.

    Raises
    ------
    InvalidInputError
        No group, or more than a page holds.

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

    summaries: tuple[Summary | ClassSummary, ...]
    beside: Groups | None = None

    def __post_init__(self) -> None:
        """Refuse a page that nobody could read."""
        if not 0 < len(self.summaries) <= MOST_GROUPS:
            raise InvalidInputError(
                f"{len(self.summaries)} groups; a page holds 1 to {MOST_GROUPS}; ConfusionJacobian and ConfusionCurve "
                "serve any number"
            )

    @classmethod
    def of(cls, summaries: Sequence[Any], parts: Sequence[tuple[Any, Any]], by: str, **told: Any) -> Self:
        """Take summaries, and set groups side by side.

        Parameters
        ----------
        summaries : sequence of Summary, or of ClassSummary
            What the page shows of each group.
        parts : sequence of (Predictions, ClassPredictions or ConfusionCurve, group)
            The rows of each, or their sums; those of two classes are compared.
        by : str
            What groups them.
        **told
            As for `conjac.views.summary.side_by_side`.

        Returns
        -------
        Report
            Of all groups.
        """
        if len(parts) < 2 or isinstance(parts[0][0], ClassPredictions):
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
        metric: str | Metric | None = None,
        subject_to: Any = (),
        threshold: float | None = None,
        offsets: Any = None,
        coordinate: CoordinateName | None = None,
        by: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        labels: Sequence[Any] | None = None,
        pos_label: Any = None,
        condition_on: ConditionOn | None = None,
        level: float = 0.95,
    ) -> Self:
        """Report on labels and scores.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            As for `ConfusionJacobian.from_predictions`.
        y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
            As for `ConfusionJacobian.from_predictions`.
        title : str
            Of the page.
        metric : str or Metric, optional
            The one to be maximised, and whose slopes are drawn. Default: "f1" of two classes, "f1_macro" of more.
        subject_to : str, Constraint or sequence of them
            Such as "recall >= .9".
        threshold : float, optional
            As for `ConfusionJacobian.from_predictions`.
        offsets : array of shape (K,), optional
            As for `ConfusionJacobian.from_predictions`.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `ConfusionJacobian.from_predictions`.
        by : array of shape (n_samples,), optional
            Groups that are told side by side, and then one by one.
        sample_weight : array of shape (n_samples,), optional
            As for `ConfusionJacobian.from_predictions`.
        groups : array of shape (n_samples,), optional
            As for `ConfusionJacobian.from_predictions`.
        labels : sequence of length K, optional
            As for `ConfusionJacobian.from_predictions`.
        pos_label : label, optional
            As for `ConfusionJacobian.from_predictions`.
        condition_on : "class", optional
            As for `ConfusionJacobian.from_predictions`.
        level : float
            Of every interval.

        Returns
        -------
        Report
            A notebook shows it; ``save`` writes it.

        Raises
        ------
        InvalidInputError
            Input that cannot be used; the message says where and what to do.
        """
        several = n_columns(y_score) > 2
        same = {"labels": labels, "sample_weight": sample_weight, "groups": groups}
        by_rule = {"threshold": threshold, "pos_label": pos_label, "coordinate": coordinate}
        rows = rows_of(y_true, y_score, several, **by_rule, **same)
        metric = metric_of(metric, several)
        told = {"title": title, "metric": metric, "subject_to": subject_to, "level": level}
        how = rule_of(several, threshold, offsets, condition_on)
        parts, found = list(parts_of(rows, by, groups, coordinate)), []
        for part in parts:
            with blaming(part.title):
                found.append(summary_of(part.rows, group=part.title or None, coordinate=part.coordinate, **how, **told))
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
        metric: str | Metric | None = None,
        subject_to: Any = (),
        threshold: float | None = None,
        offsets: Any = None,
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
            What scores rows.
        X : array or frame of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
            Their true labels.
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
        title : str
            As for `from_predictions`.
        metric : str or Metric, optional
            As for `from_predictions`.
        subject_to : str, Constraint or sequence of them
            As for `from_predictions`.
        threshold : float, optional
            As for `from_predictions`.
        offsets : array of shape (K,), optional
            As for `from_predictions`.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `from_predictions`.
        by : array of shape (n_samples,), optional
            As for `from_predictions`.
        sample_weight : array of shape (n_samples,), optional
            As for `from_predictions`.
        groups : array of shape (n_samples,), optional
            As for `from_predictions`.
        labels : sequence of length K, optional
            As for `from_predictions`.
        pos_label : label, optional
            As for `from_predictions`.
        condition_on : "class", optional
            As for `from_predictions`.
        level : float
            As for `from_predictions`.

        Returns
        -------
        Report
            A notebook shows it; ``save`` writes it.

        Raises
        ------
        InvalidInputError
            Input that cannot be used. What the training of a model cannot tell is said in the page, with the reason.
        NotSupportedError
            ``training_data`` of more than two classes.

        Warns
        -----
        ConjacWarning
            An interval that should not be believed, or is nan for want of rows.
        """
        if training_data is None and not (hyperparameters is None and surface is None):
            raise InvalidInputError("hyperparameters and surface are of training: pass training_data=(X, y) too")
        model = bind(estimator, output)
        order = order_of(model, y, labels, pos_label)
        several = len(order) > 2
        _, score = oriented(model, order, scored(model, X))
        if several and training_data is not None:
            raise NotSupportedError("training_data: that section of a report is of two classes; leave it out")
        read = {"labels": order, "sample_weight": sample_weight, "groups": groups}
        by_rule = {"threshold": threshold, "pos_label": pos_label if several else None, "coordinate": coordinate}
        rows = rows_of(y, score, several, **by_rule, **read)
        metric = metric_of(metric, several)
        told = {"title": title, "metric": metric, "subject_to": subject_to, "level": level}
        moves = moving(hyperparameters)
        how = rule_of(several, threshold, offsets, condition_on)
        parts, found = list(parts_of(rows, by, groups, coordinate)), []
        for part in parts:
            how["coordinate"] = part.coordinate
            same = {**how, "labels": order, "output": output, "sample_weight": part.rows.weight, "groups": part.groups}
            here, y_here = part.inputs(X, model.columns), part.labels
            ranking = effects = None
            with blaming(part.title):
                if drift is not None and drift is not False and not part.one_class:
                    ranking = rank_drifts(estimator, here, y_here, metric, **drifting(drift), **same)
                if training_data is not None and not part.one_class:
                    same["random_state"] = random_state
                    effects = training_effects(estimator, here, y_here, training_data, moves, surface, **same)
                own = {} if several else {"training": effects}
                summary = summary_of(part.rows, group=part.title or None, drift=ranking, **own, **how, **told)
            found.append(summary)
        del how["coordinate"]
        return cls._beside(found, parts, by, metric=metric, level=level, **how)

    @classmethod
    def _beside(cls, summaries: Sequence[Any], parts: Sequence[Part], by: Any, **told: Any) -> Self:
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
            Where to write it.
        format : {"html", "json"}, optional
            Default: what the suffix tells.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        InvalidInputError
            No such format, or a path that cannot be written.
        """
        path = Path(path)
        write_text(path, self.to_html() if format_of(path, format) == "html" else to_json(self.to_dict()))
        return path

    def to_html(self) -> str:
        """Return the page, which needs nothing outside itself and runs no script.

        Returns
        -------
        str
            HTML.
        """
        return self._page

    @cached_property
    def _page(self) -> str:
        return render(self.summaries, self.beside)

    def to_dict(self) -> dict[str, Any] | list[dict[str, Any]]:
        """Return the summary as plain types, ready for JSON, where nan becomes None; of groups a list of summaries.

        Returns
        -------
        dict of str to Any, or list of these
            All that the page shows, as lists and numbers.
        """
        plain = [one.to_dict() for one in self.summaries]
        return plain[0] if self.summaries[0].group is None else plain

    def _repr_html_(self) -> str:
        """Return the page in a frame of its own, so that its style and a notebook's do not meet."""
        page = self.to_html().replace("<head>", f"<head>\n{OWN_LINKS}", 1)
        title = f"conjac report: {self.summaries[0].title}"
        return frame(page, title=title, height=f"min({HEIGHT}px, 85vh)")

    def __repr__(self) -> str:
        """Show what the report is of."""
        first = self.summaries[0]
        if len(self.summaries) > 1:
            return f"Report({first.title!r}): {len(self.summaries)} groups"
        if isinstance(first, ClassSummary):
            return f"Report({first.title!r}): {len(first.labels)} classes, {first.data.weighing.rows} rows"
        value = first.point.metric(first.metric).value.value
        return (
            f"Report({first.title!r}): {first.metric_title} {value:.4g} at a threshold of {first.point.threshold:g}, "
            f"{first.data.rows} rows"
        )
