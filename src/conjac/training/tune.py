"""Hyper-parameters at which a metric of held-out rows is best: `tune_hyperparameters`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from conjac.errors import ConjacWarning, InvalidInputError
from conjac.metrics import Metric
from conjac.progress import reporting
from conjac.reading import as_number
from conjac.readonly import ReadOnly, locked
from conjac.sensitivity import MetricLimits
from conjac.training.given import course_of
from conjac.training.rounds import Round
from conjac.training.search import View, visit
from conjac.training.space import Space
from conjac.training.tuned import TunedHyperparameters, Visit


def tune_hyperparameters(
    estimator: Any,
    X: Any,
    y: Any,
    over: Mapping[str, tuple[float, float]],
    metric: str | Metric = "f1",
    *,
    cv: Any = 5,
    max_points: int = 5,
    threshold: float | None = None,
    offsets: Any = None,
    response_method: str = "auto",
    pos_label: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    n_jobs: int | None = None,
    random_state: Any = None,
    progress: bool | Callable[[float], None] = False,
) -> TunedHyperparameters:
    r"""Make a metric of held-out rows best over continuous hyper-parameters, with few fits.

    At each point every fold is fitted and scored; the implicit function theorem tells how each held-out row's margin
    moves with the hyper-parameters. Margins at points near those visited are interpolated from both, rows are counted
    there, and the next point is where the metric, averaged over points around it, is best.

    Parameters
    ----------
    estimator : classifier
        Not fitted; or a pipeline that ends in one. Its training must be smooth, as that of logistic regression, ridge
        classification and linear machines with a squared hinge. Its own hyper-parameters are the start.
    X : array, sparse matrix or frame of shape (n_samples, n_features)
        Rows, of which each fold is scored by a model fitted on the others.
    y : array of shape (n_samples,)
        True labels, of any type that sorts.
    over : mapping of str to (low, high)
        What is tuned, within positive bounds: "C", "alpha", "class_weight[spam]" for the weight of one class; within a
        pipeline in full, such as "logisticregression__C", or in short.
    metric : str or Metric
        Such as "f1", "f1_macro", "recall[spam]", or an object of `conjac.metrics`; costs are made least.
    cv : int, splitter or iterable of (train, test)
        Folds, stratified; an int keeps the rows of one of ``groups`` in one fold.
    max_points : int
        Points at most; each takes a fit a fold.
    threshold : float, optional
        Of two classes: where the positive one is predicted. Default: .5 of probabilities, 0 of scores.
    offsets : array of shape (n_classes,), optional
        Of more, as for `conjac.ConfusionJacobian.from_predictions`.
    response_method : {"auto", "predict_proba", "decision_function"}
        What scores are; "auto" takes the first that there is.
    pos_label : label, optional
        The positive label of two. Default: the last.
    sample_weight : array of shape (n_samples,), optional
        Sampling weights, for the fits and for the metric.
    groups : array of shape (n_samples,), optional
        Clusters of rows; errors are cluster-robust.
    n_jobs : int, optional
        Folds at work at a time.
    random_state : int or RandomState, optional
        With ``cv`` an int: shuffles rows before they are split. Nothing else is random.
    progress : bool or callable
        True shows a bar on standard error; a callable is told the share of the points that are done.

    Returns
    -------
    TunedHyperparameters
        The best of the points visited, each judged by the metric averaged over points around it.

    Raises
    ------
    NotDifferentiableError
        Training that is not smooth in what is tuned, as that of trees.
    InvalidInputError
        Names, bounds or folds that cannot be used, or fits that are far from the optimum of their training problem.
    UnknownMetricError
        A metric that does not exist for so many classes.

    Warns
    -----
    ConjacWarning
        Fits short of their optimum, or no gradient at some point: ``diagnostics["cautions"]``.

    Notes
    -----
    :math:`d\theta/d\lambda = -H^{-1}\, \partial_\lambda \nabla L` (Bengio 2000, Neural Computation 12:1889), so a row's
    margin :math:`\theta^T x` is known with its derivative at each point, and both are interpolated by kriging. Counts
    of interpolated margins are those of new fits but for few rows near the boundary. The search goes on while some
    point within a factor of 10 of those visited promises more than the standard error of the difference, on the same
    rows. Averages are over a factor of 1.4 either way.

    Examples
    --------
    >>> import conjac as cj
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = make_classification(2000, weights=[0.9], class_sep=0.5, random_state=0)
    >>> over = {"C": (1e-3, 1e3), "class_weight[1]": (0.1, 10)}
    >>> tuned = cj.tune_hyperparameters(LogisticRegression(), X, y, over, "f1")
    >>> tuned.value > tuned.path[0].value
    True
    >>> model = LogisticRegression().set_params(**tuned.params)
    """
    course = course_of(
        estimator,
        X,
        y,
        over,
        metric,
        cv=cv,
        response_method=response_method,
        pos_label=pos_label,
        sample_weight=sample_weight,
        groups=groups,
        n_jobs=n_jobs,
        random_state=random_state,
        threshold=threshold,
        offsets=offsets,
    )
    if as_number(max_points, "max_points") < 1:
        raise InvalidInputError(f"max_points={max_points!r}: expected 1 or more")
    space = course.space
    with reporting(progress, "tuning") as told:
        tell = told or (lambda _: None)
        rounds, view = visit(course, max_points, tell)
        best = rounds[view.best]
        fitted = course.refit(best.point)
        tell(1.0)
    cautions = list(dict.fromkeys(caution for each in rounds for caution in each.cautions))
    for caution in cautions:
        warnings.warn(caution, ConjacWarning, stacklevel=2)
    return TunedHyperparameters(
        params=space.params(best.point),
        estimator=fitted,
        metric=course.metric.name,
        value=best.value,
        value_stderr=best.stderr,
        in_sample=True,
        path=tuple(_visited(space, each, judged) for each, judged in zip(rounds, view.judged.tolist(), strict=True)),
        n_fits=sum(each.n_fits for each in rounds) + 1,
        stopped=_why(space, view),
        diagnostics=ReadOnly(
            {
                "n_samples": len(course.y),
                "n_scored": len(best.margin),
                "n_folds": len(course.splits),
                "response_method": course.scorer.method,
                "labels": course.scorer.labels,
                "bounds": {axis.name: (axis.low, axis.high) for axis in space.axes},
                "searched_by": "margins interpolated from their values and derivatives at the points visited",
                "judged_by": "the metric averaged over points around each, a factor of 1.4 either way",
                "value": "of the folds that the point was chosen by: optimistic",
                "held": space.held,
                "cautions": cautions,
            }
        ),
        _value_limits=MetricLimits(course.metric, best.decided.cells),
    )


def _visited(space: Space, each: Round, judged: float) -> Visit:
    gradient, stderr = locked(each.gradient), locked(each.gradient_stderr)
    return Visit(ReadOnly(space.values(each.point)), each.value, each.stderr, judged, gradient, stderr, each.n_fits)


def _why(space: Space, view: View) -> str:
    if view.settled:
        return "no point within a factor of 10 of those visited promises a gain beyond its standard error"
    at = ", ".join(f"{name} = {value:.3g}" for name, value in space.values(view.point).items())
    return f"max_points reached; {at} promised {view.gain:.2g} +- {view.stderr:.2g} more"
