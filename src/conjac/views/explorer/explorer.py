"""The explorer in Python: `Explorer`, of labels and scores, of a fitted classifier, or of a curve."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from conjac._typing import ConditionOn, CoordinateName
from conjac.curve import ConfusionCurve
from conjac.engines.decided import decide
from conjac.errors import MissingDependencyError
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric
from conjac.models import bind
from conjac.reading import n_columns
from conjac.training import Surface
from conjac.views.explorer.kept import parts_kept, rows_kept
from conjac.views.explorer.live import Sheets, Source, sheets_of
from conjac.views.explorer.notebook import HEIGHT, NO_KERNEL, STILL, Frame, in_kernel
from conjac.views.explorer.page import render
from conjac.views.explorer.pictured import Pictured
from conjac.views.explorer.server import serve
from conjac.views.explorer.staged import Asked, scene_of, scene_of_curve
from conjac.views.explorer.widget import widget_of
from conjac.views.report.asked import metric_of, rows_of
from conjac.views.report.parts import parts_of
from conjac.views.summary.scene import Recipe, Scene
from conjac.writing import write_text

TITLE = "Classifier"
DECIDES = ("threshold", "offsets", "coordinate", "sample_weight", "groups", "condition_on")
"""Options that decide which rows are predicted positive, and how they are counted."""


@dataclass(frozen=True, eq=False, repr=False)
class Explorer:
    """A page on which a threshold, or the offset of a class, is moved, and every figure follows.

    Matrix, Jacobian, metrics, exchange rates, curves, a trade-off map, a surface and rows as points. Made by
    `from_predictions`, `from_estimator` or `of`; a notebook shows it, and `save` writes one file that needs no network.

    Attributes
    ----------
    scene : Scene
        Every figure that is shown, at every step.
    source : Source or None
        What answers where something else moves, in a notebook or live: of `from_estimator`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 2000)
    >>> score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    >>> explorer = cj.Explorer.from_predictions(y, score, title="Two normals")
    >>> explorer
    Explorer('Two normals'): ... steps of the threshold, 2000 rows
    >>> explorer.to_html()[:15]
    '<!doctype html>'
    """

    scene: Scene
    source: Source | None = None
    _sheets: Sheets | None = None

    @classmethod
    def of(
        cls,
        curve: ConfusionCurve,
        *,
        title: str = TITLE,
        metric: str | Metric | None = None,
        subject_to: Any = (),
        threshold: float | None = None,
        level: float = 0.95,
    ) -> Self:
        """Explore a curve; of one from a tally, at the thresholds where it is exact.

        Parameters
        ----------
        curve : ConfusionCurve
            Of two classes.
        title : str
            As for `from_predictions`.
        metric : str or Metric, optional
            As for `from_predictions`.
        subject_to : str, Constraint or sequence of them
            As for `from_predictions`.
        threshold : float, optional
            As for `from_predictions`.
        level : float
            As for `from_predictions`.

        Returns
        -------
        Explorer
            A notebook shows it; ``save`` writes it.

        Raises
        ------
        InvalidInputError
            An unknown metric, a constraint that cannot be read, a threshold outside its domain.
        """
        asked = Asked(title=title, metric=metric_of(metric, False), subject_to=subject_to, level=level)
        return cls(scene_of_curve(curve, asked, threshold))

    @classmethod
    def of_jacobian(
        cls,
        J: ConfusionJacobian,
        *,
        X: Any = None,
        surface: Surface | bool = True,
        random_state: Any = 0,
        title: str = TITLE,
        metric: str | Metric | None = None,
        subject_to: Any = (),
        by: Any = None,
        level: float = 0.95,
    ) -> Self:
        """Explore the rows of a Jacobian, at its threshold or offsets, in its coordinate.

        Parameters
        ----------
        J : ConfusionJacobian
            In memory, with its scores.
        X : array or frame of shape (n_samples, n_columns), optional
            As for `from_predictions`.
        surface : Surface or bool
            As for `from_predictions`.
        random_state : None, int or RandomState
            As for `from_predictions`.
        title : str
            As for `from_predictions`.
        metric : str or Metric, optional
            As for `from_predictions`.
        subject_to : str, Constraint or sequence of them
            As for `from_predictions`.
        by : array of shape (n_samples,), optional
            As for `from_predictions`.
        level : float
            As for `from_predictions`.

        Returns
        -------
        Explorer
            A notebook shows it; ``save`` writes it.

        Raises
        ------
        NotSupportedError
            It keeps no scores, as of a mix or of refits.
        InvalidInputError
            Scores that were changed since they were counted, or options that cannot be used.
        """
        rows = rows_kept(J)
        several = J.offsets is not None
        how: dict[str, Any] = {"coordinate": J.coordinate, "condition_on": J.cells.condition_on}
        how |= {"threshold": None if several else J.threshold, "offsets": J.offsets}
        told = {"labels": list(J.labels), "sample_weight": rows.weight, "groups": rows.block}
        recipe = Recipe(options=_options(**told, condition_on=J.cells.condition_on))
        asked = Asked(title, metric_of(metric, several), subject_to, level, recipe)
        parts = parts_kept(rows, by, J.coordinate)
        return cls(scene_of(rows, parts, asked, Pictured(X, surface, random_state), **how))

    @classmethod
    def from_predictions(
        cls,
        y_true: Any,
        y_score: Any,
        *,
        X: Any = None,
        surface: Surface | bool = True,
        random_state: Any = 0,
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
        """Explore labels and scores.

        Parameters
        ----------
        y_true : array of shape (n_samples,)
            As for `ConfusionJacobian.from_predictions`.
        y_score : array of shape (n_samples,), (n_samples, 2) or (n_samples, K)
            As for `ConfusionJacobian.from_predictions`.
        X : array or frame of shape (n_samples, n_columns), optional
            What places rows on the point map; by default the scores do, of several classes.
        surface : Surface or bool
            What is shown as a surface. By default the metric over the threshold and the share of the positive class;
            of several classes over the two offsets that move it the most.
        random_state : None, int or RandomState
            Of the samples of rows that are shown.
        title : str
            Of the page.
        metric : str or Metric, optional
            The one that is shown first. Default: "f1" of two classes, "f1_macro" of more.
        subject_to : str, Constraint or sequence of them
            Such as "recall >= .9", for the decision that is recommended.
        threshold : float, optional
            As for `ConfusionJacobian.from_predictions`.
        offsets : array of shape (K,), optional
            As for `ConfusionJacobian.from_predictions`.
        coordinate : {"probability", "logit", "percentile", "score"}, optional
            As for `ConfusionJacobian.from_predictions`.
        by : array of shape (n_samples,), optional
            Groups to choose from.
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
        Explorer
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
        recipe = Recipe(options=_options(**same, **by_rule, condition_on=condition_on))
        asked = Asked(title, metric_of(metric, several), subject_to, level, recipe)
        how = {"threshold": threshold, "offsets": offsets, "coordinate": coordinate, "condition_on": condition_on}
        parts = list(parts_of(rows, by, groups, coordinate)) if by is not None else []
        placed = [(part.rows, part.places) for part in parts]
        named = [(part.title, part.rows) for part in parts]
        scene = scene_of(rows, named, asked, Pictured(X, surface, random_state), **how)
        return cls(scene, None, sheets_of(scene, rows, placed, asked.metric, condition_on))

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
        output: str = "auto",
        labels: Sequence[Any] | None = None,
        pos_label: Any = None,
        **options: Any,
    ) -> Self:
        """Score ``X`` with a fitted classifier and explore it; with `serve`, or in a notebook, inputs drift as well.

        Parameters
        ----------
        estimator : fitted classifier, callable or `conjac.models.Model`
            What scores rows.
        X : array or frame of shape (n_samples, n_features)
            Rows that it was not fitted on.
        y : array of shape (n_samples,)
            Their true labels.
        drift : bool, name or sequence of names
            Columns that may drift, in their standard deviations, and the rows are scored again. Default: all numbers.
        training_data : tuple, optional
            (X, y) or (X, y, sample_weight), as the estimator was fitted: its hyper-parameters may move as well, by
            clones that are fitted anew.
        hyperparameters : name, sequence of names, or mapping of names to (low, high), optional
            Which of them. Default: those that the training problem follows smoothly; else all that are numbers.
        output : {"auto", "probabilities", "scores", "logits"}
            As for `ConfusionJacobian.from_estimator`.
        labels : sequence of length K, optional
            As for `from_predictions`.
        pos_label : label, optional
            As for `from_predictions`.
        **options
            As for `from_predictions`.

        Returns
        -------
        Explorer
            A notebook shows it; ``serve`` answers where inputs drift.

        Raises
        ------
        InvalidInputError
            Input that cannot be used.
        """
        how = {name: value for name, value in options.items() if name in DECIDES}
        decided = decide(bind(estimator, output), X, y, labels=labels, pos_label=pos_label, **how)
        rows = decided.rows
        found = cls.from_predictions(y, rows.score, X=X, labels=rows.labels, **options)
        assert found._sheets is not None, "made of rows"
        told = {"drift": drift, "training_data": training_data, "hyperparameters": hyperparameters, "output": output}
        return cls.live(found.scene, Source.of(estimator, decided, found._sheets, **told))

    @classmethod
    def live(cls, scene: Scene, source: Source | None) -> Self:
        """Explore a scene with what answers where something else moves.

        Parameters
        ----------
        scene : Scene
            Every figure that is shown, at every step.
        source : Source or None
            What answers where something else moves.

        Returns
        -------
        Explorer
            Of that scene.
        """
        return cls(scene if source is None else replace(scene, moves=source.moves), source)

    def save(self, path: str | Path) -> Path:
        """Write one HTML file that needs no network, whole or not at all.

        Parameters
        ----------
        path : str or Path
            Where to write it.

        Returns
        -------
        Path
            Of the file.

        Raises
        ------
        InvalidInputError
            The system refuses.
        """
        write_text(Path(path), self.to_html())
        return Path(path)

    def to_html(self) -> str:
        """Return the page.

        Returns
        -------
        str
            HTML, which needs no network.
        """
        return render(self.scene)

    def serve(self, port: int = 0, *, browser: bool = False, told: Callable[[str], object] = print) -> None:
        """Serve the page on this machine alone, until Ctrl-C, and answer where inputs or hyper-parameters move.

        Parameters
        ----------
        port : int
            0 takes a free one.
        browser : bool
            Open the page in it.
        told : callable
            Is told the address, which holds a secret.

        Raises
        ------
        InvalidInputError
            A port that is taken or none.
        """
        serve(render(self.scene, host="live"), self.source, port=port, browser=browser, told=told)

    def widget(self) -> Any:
        """Return the widget of this explorer, always the same one.

        Its trait ``state`` is where it stands, as JSON tells it: it follows the slider, and may be set.

        Returns
        -------
        anywidget.AnyWidget
            For a notebook.

        Raises
        ------
        MissingDependencyError
            anywidget is not installed.
        """
        return self._widget

    @cached_property
    def _widget(self) -> Any:
        return widget_of(self.scene, self.source, repr(self))

    def iframe(self, height: int = HEIGHT) -> Frame:
        """Return the page in a frame, for a notebook that is converted or read without Python.

        Parameters
        ----------
        height : int
            In pixels.

        Returns
        -------
        Frame
            A notebook shows it.
        """
        return Frame(self.to_html(), self.scene.title, height)

    def _repr_mimebundle_(self, **_: Any) -> Any:
        """Return the widget in a live notebook; else a frame, with the reason."""
        shown = self._display_() if in_kernel() else self._framed(NO_KERNEL)
        if isinstance(shown, Frame):
            return {"text/plain": repr(self), "text/html": shown._repr_html_()}
        return shown._repr_mimebundle_()

    def _display_(self) -> Any:
        """Return what marimo shows."""
        try:
            return self.widget()
        except MissingDependencyError as error:
            return self._framed(str(error))

    def _framed(self, why: str) -> Frame:
        return Frame(self.to_html(), self.scene.title, note=f"{why}; {STILL}")

    def __repr__(self) -> str:
        """Show what is explored."""
        return f"Explorer({self.scene.title!r}): {self.scene.extent}"


def _options(**given: Any) -> tuple[str, ...]:
    """Return the arguments that change what is counted, as they are written."""
    large = {"sample_weight", "groups"}
    told = {name: "..." if name in large else repr(value) for name, value in given.items() if value is not None}
    return tuple(f"{name}={value}" for name, value in told.items() if name not in ("threshold", "coordinate"))
