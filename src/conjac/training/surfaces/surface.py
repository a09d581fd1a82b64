"""A cell or a metric over two things at once: `surface`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conjac.engines.decided import Decided, decide
from conjac.errors import InvalidInputError, NotSupportedError
from conjac.metrics import Metric
from conjac.metrics.cells import figure
from conjac.progress import Told, reporting
from conjac.reading import as_number
from conjac.readonly import ReadOnly, locked
from conjac.rules import outcomes_of
from conjac.training.surfaces.axes import HyperAxis, axes_of
from conjac.training.surfaces.fits import models_of
from conjac.training.surfaces.grid import Grid
from conjac.training.surfaces.plane import Plane
from conjac.training.surfaces.refine import Course, Refinement
from conjac.training.surfaces.result import Surface
from conjac.training.surfaces.seen import Seen
from conjac.training.surfaces.spans import Span, read_over


def surface(
    estimator: Any,
    X: Any,
    y: Any,
    over: Mapping[str, Any],
    metric: str | Metric = "f1",
    training_data: Any = None,
    *,
    tolerance: float = 0.01,
    max_points: int = 33,
    output: str = "auto",
    progress: Told | bool = False,
    **options: Any,
) -> Surface:
    """Return a cell or a metric, with its gradient, over a grid of two things.

    Parameters
    ----------
    estimator : classifier, callable or `conjac.models.Model`
        Fitted; where a hyper-parameter is an axis, an estimator of scikit-learn's kind, of which clones are fitted.
        Of scores alone, a function that returns them: ``lambda S: S``.
    X : array or frame of shape (n_samples, n_features)
        Rows to evaluate; or scores of shape (n_samples, 1), or one a class.
    y : array of shape (n_samples,)
        Their true labels.
    over : mapping of two names
        To what each axis covers: two or more increasing numbers, which are the grid's, or `Between` (low, high), in
        which points are put where the surface bends. Names are

        - "threshold", of two classes, in the ``coordinate``;
        - "offset[label]", of more;
        - "prevalence", the share of the positive class of two, or "prevalence[label]" of any: rows are reweighted by
          class, the other classes shrink in proportion, and n stays; strictly inside (0, 1);
        - "drift[column]", of a numeric column, in its standard deviations;
        - else a hyper-parameter, such as "C", "logisticregression__C", "class_weight[spam]" or "max_depth".
    metric : str or Metric
        Such as "f1", "recall[spam]"; or a cell, "fn" or "cell[cat, dog]".
    training_data : tuple, optional
        (X, y) or (X, y, sample_weight), for hyper-parameters: what clones are fitted on.
    tolerance : float
        Error of interpolation that is allowed along an axis `Between` two numbers, as a share of the surface's range.
        One standard error of the value is allowed in any case: rows do not tell more.
    max_points : int
        Of such an axis.
    output : {"auto", "probabilities", "scores", "logits"}
        As for `ConfusionJacobian.from_estimator`.
    progress : bool or callable
        True shows a bar on standard error; a callable is told the share of the nodes that are done, of the most that
        there may be.
    **options
        As for `conjac.confusion_jacobian`: threshold, offsets, coordinate, labels, pos_label, sample_weight, groups,
        condition_on.

    Returns
    -------
    Surface
        Values, slopes and errors at the nodes, and what interpolates between them.

    Raises
    ------
    InvalidInputError
        Input that cannot be used; the message says where and what to do.
    NotSupportedError
        Thresholds told as percentiles, which move with the scores.

    Notes
    -----
    There is one fit for each setting of hyper-parameters (of two, one for each node), always afresh, as a user would
    fit, and one scoring for each fit and drift, from which all thresholds are counted. Slopes by a hyper-parameter come
    by the implicit function theorem, from one factorisation a fit, where the training problem is smooth and solved;
    elsewhere they are nan, and interpolation goes by the neighbouring values. See :doc:`/training`.

    At another prevalence scores and inputs within each class stay as they are (label shift). Rows are scored and
    counted once, and the counts are reweighted: it is the motion of ``conjac.Mix("class")`` over a finite way, exact,
    and so are its slopes. As there, and as in a decision curve at a given prevalence, shares are taken as known:
    standard errors, those of values too, are of rows drawn within each class. Shares whose ends are a factor of 10 or
    more apart are told by their logarithm, and the slope is then the share times that by the share itself.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> from sklearn.linear_model import LogisticRegression
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 3000)
    >>> X = rng.normal(size=(3000, 4)) + 0.7 * y[:, None]
    >>> over = {"C": [0.001, 0.01, 0.1, 1.0], "threshold": [0.3, 0.5, 0.7]}
    >>> found = cj.surface(LogisticRegression(), X[1000:], y[1000:], over, "recall", (X[:1000], y[:1000]))
    >>> found.value.shape, found.gradient.shape, found.methods
    ((4, 3), (4, 3, 2), ('implicit', 'tangent'))
    >>> found.at(0.03, 0.4).value.round(2)
    np.float64(0.88)

    Of scores alone, for populations in which positives are rare or common:

    >>> score = 1 / (1 + np.exp(-X.sum(axis=1)))
    >>> over = {"threshold": cj.Between(0.1, 0.9), "prevalence": cj.Between(0.01, 0.5)}
    >>> cj.surface(lambda S: S, score[:, None], y, over, "precision").scales
    ('linear', 'log')
    """
    spans = read_over(over)
    if not (as_number(tolerance, "tolerance") > 0 and np.isfinite(tolerance)):
        raise InvalidInputError(f"tolerance={tolerance!r}: expected a positive share of the surface's range")
    if not (as_number(max_points, "max_points") >= 2 and float(max_points).is_integer()):
        raise InvalidInputError(f"max_points={max_points!r}: expected a whole number of 2 or more")
    if options.get("coordinate") == "percentile":
        raise NotSupportedError(
            "coordinate='percentile': a share alerted moves its threshold with the scores; pass 'probability', 'logit' "
            "or 'score'"
        )
    _refuse_both(spans, options)
    settings, models = models_of(estimator, spans, training_data, output)
    first = models.at({name: float(spans[name].values[0]) for name in settings})
    decided = decide(first.model, X, y, **options)
    labels = decided.rows.labels
    options |= {"labels": labels, "coordinate": decided.coordinate}
    options.pop("pos_label", None)
    axes = axes_of(spans, settings, decided)
    row = figure(metric, outcomes_of(labels, decided.rule.n_columns), len(labels))
    seen = Seen({axis.name: set() for axis in axes})
    most = int(np.prod([max_points if axis.span.adaptive else len(axis.span.values) for axis in axes]))
    with reporting(progress, "making the surface") as report:
        done = _Share(report, most)
        plane = Plane(axes, row, models, X, y, options, seen)
        grid, courses = Refinement(plane, tolerance, int(max_points), done).run()
        done(most)
    return _surface(row, grid, courses, seen, decided, tolerance)


class _Share:
    """Tells the share of the work that is done."""

    def __init__(self, report: Told | None, most: int) -> None:
        self.report, self.most, self.ready = report, most, 0

    def __call__(self, nodes: int) -> None:
        self.ready = min(self.ready + nodes, self.most)
        if self.report is not None:
            self.report(self.ready / self.most)


def _refuse_both(spans: Mapping[str, Span], options: Mapping[str, Any]) -> None:
    """Refuse a threshold that is both an axis and an option."""
    if "threshold" in spans and options.get("threshold") is not None:
        raise InvalidInputError("threshold is an axis, and is passed as well; leave out threshold=")


def _surface(
    row: Metric, grid: Grid, courses: Sequence[Course], seen: Seen, decided: Decided, tolerance: float
) -> Surface:
    names = [axis.name for axis in grid.axes]
    nodes = grid.nodes
    unknown = ~np.isfinite(nodes.gradient)
    rough = ~unknown & ~np.isfinite(nodes.gradient_stderr)
    fits = [len(at) for axis, at in zip(grid.axes, grid.values, strict=True) if isinstance(axis, HyperAxis)]
    diagnostics = {
        "n_samples": len(decided.rows.true),
        "coordinate": decided.coordinate,
        "response_method": decided.model.response,
        "points": {name: len(at) for name, at in zip(names, grid.values, strict=True)},
        "n_fits": int(np.prod(fits)) if fits else 0,
        "stopped": {
            axis.name: course.stopped(axis, at)
            for axis, at, course in zip(grid.axes, grid.values, courses, strict=True)
        },
        "largest_error_seen": {name: course.error for name, course in zip(names, courses, strict=True)},
        "tolerance": tolerance,
        "undefined_nodes": int((~np.isfinite(nodes.value)).sum()),
        "nodes_without_slope": dict(zip(names, unknown.sum(axis=(0, 1)).tolist(), strict=True)),
        "nodes_with_too_few_rows": dict(zip(names, rough.sum(axis=(0, 1)).tolist(), strict=True)),
        "cautions": seen.cautions,
    }
    return Surface(
        names=(names[0], names[1]),
        values=(locked(grid.values[0]), locked(grid.values[1])),
        value=locked(nodes.value),
        stderr=locked(nodes.stderr),
        gradient=locked(nodes.gradient),
        gradient_stderr=locked(nodes.gradient_stderr),
        metric=row.name,
        greater_is_better=row.greater_is_better,
        units=(grid.axes[0].unit, grid.axes[1].unit),
        scales=("log" if grid.axes[0].log else "linear", "log" if grid.axes[1].log else "linear"),
        methods=(seen.method(names[0]), seen.method(names[1])),
        diagnostics=ReadOnly(diagnostics),
        _interpolant=grid.interpolant(),
    )
