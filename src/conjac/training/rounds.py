"""One round of cross-validation at one point: the held-out rows' scores, how fast they move, and what that makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.metaestimators import _safe_split
from sklearn.utils.parallel import Parallel, delayed

from conjac._typing import AnyArray, FloatArray, IntArray
from conjac.coordinates import margins
from conjac.engines.decided import Decided, decide
from conjac.engines.implicit import directions_of, motion_along, pushed
from conjac.engines.stationary import caution
from conjac.errors import InvalidInputError, NotDifferentiableError, NotSupportedError
from conjac.estimators.held_out import OUTPUTS, Scorer, Split
from conjac.inference import metric_stderr
from conjac.metrics import Metric
from conjac.models import Model, bind, oriented, scored
from conjac.objectives import Fitted
from conjac.rules import ThresholdRule
from conjac.training.space import ELSEWHERE, Space
from conjac.validation import check_training

NO_GRADIENT = (
    "no gradient at some point: held-out scores sit on atoms near the boundary, and have no density there; the search, "
    "which goes by margins, does without"
)


@dataclass(frozen=True, eq=False)
class Round:
    """All held-out rows at one point.

    Attributes
    ----------
    point : array of shape (n_axes,)
        Logarithms of the hyper-parameters.
    decided : Decided
        The held-out rows under the rule, with exact counts.
    value, stderr : float
        The metric of the pooled cells.
    gradient, gradient_stderr : array of shape (n_axes,)
        Its derivative by the point; nan where the rows have no density near the boundary, or too few.
    margin : array of shape (n_rows, n_outputs)
        Of two classes, what is positive where the positive one is predicted; of more, the largest is predicted.
    speed : array of shape (n_rows, n_outputs, n_axes)
        Derivative of ``margin`` by the point.
    n_fits : int
    cautions : list of str
    """

    point: FloatArray
    decided: Decided
    value: float
    stderr: float
    gradient: FloatArray
    gradient_stderr: FloatArray
    margin: FloatArray
    speed: FloatArray
    n_fits: int
    cautions: list[str]


@dataclass(frozen=True, eq=False)
class Course:
    """What every round is made with.

    Attributes
    ----------
    space : Space
    metric : Metric
    scorer : Scorer
        Its estimator is given each point's hyper-parameters.
    X, y
    weight : array of shape (n_samples,) or None
    splits : sequence of (train, test)
    options : mapping
        As for `conjac.engines.decided.decide`, of the rows of all test parts, one after the other.
    n_jobs : int or None
    """

    space: Space
    metric: Metric
    scorer: Scorer
    X: Any
    y: AnyArray
    weight: FloatArray | None
    splits: Sequence[Split]
    options: Mapping[str, Any]
    n_jobs: int | None

    def at(self, point: FloatArray) -> Round:
        """Fit and score each fold.

        Raises
        ------
        NotDifferentiableError
            Training that is not smooth in what is tuned.
        InvalidInputError
            Fits that are far from the optimum of their training problem.
        """
        fitted = Parallel(n_jobs=self.n_jobs)(delayed(self._fold)(point, train, test) for train, test in self.splits)
        score, speed = (np.concatenate(parts) for parts in zip(*fitted, strict=True))
        rows = np.concatenate([test for _, test in self.splits])
        decided = decide(self._pooled(score, speed), np.arange(float(len(rows)))[:, None], self.y[rows], **self.options)
        cells, n_axes = decided.cells, len(point)
        margin = _margin(decided)
        try:
            motion, newton = motion_along(decided, n_axes)
            slopes = motion.metric_slope(self.metric)
            gradient, stderr, cautions = slopes.value, slopes.stderr, caution(newton)
        except NotDifferentiableError:
            gradient = stderr = np.full(n_axes, np.nan)
            cautions = [NO_GRADIENT]
        except InvalidInputError as error:
            raise InvalidInputError(f"at {self.space.values(point)}: {error}") from error
        return Round(
            point,
            decided,
            float(self.metric.value(cells.weight)[0]),
            float(metric_stderr(self.metric, cells)[0]),
            np.asarray(gradient),
            np.asarray(stderr),
            margin,
            speed[..., :n_axes],
            len(self.splits),
            cautions,
        )

    def refit(self, point: FloatArray) -> Any:
        """Return the estimator fitted on all rows at a point."""
        return self._set(point).of_all(self.X, self.y)

    def _set(self, point: FloatArray) -> Scorer:
        return replace(self.scorer, estimator=clone(self.scorer.estimator).set_params(**self.space.params(point)))

    def _fold(self, point: FloatArray, train: IntArray, test: IntArray) -> tuple[AnyArray, FloatArray]:
        """Return the scores of the test rows, and how fast they move along the axes and a Newton step."""
        scorer = self._set(point)
        model = scorer.of_part(self.X, self.y, train)
        X_train, y_train = _safe_split(scorer.estimator, self.X, self.y, train)
        X_test, _ = _safe_split(scorer.estimator, self.X, None, test, train)
        own = None if self.weight is None else self.weight[train]
        try:
            fitted = Fitted.of(model, check_training((X_train, y_train, own)))
        except NotDifferentiableError as error:
            raise NotDifferentiableError(f"{error}{ELSEWHERE}") from error
        directions, _ = directions_of(fitted, {axis.lever: _lever(fitted, axis.lever) for axis in self.space.axes})
        bound = bind(model, OUTPUTS[scorer.method])
        ordered, score = oriented(pushed(bound, fitted, directions), scorer.labels, scored(bound, X_test))
        assert ordered.push is not None
        return score, ordered.push(X_test)

    def _pooled(self, score: AnyArray, speed: FloatArray) -> Model:
        """Return what scores held-out rows by their number, as the models of their folds do."""

        def place(X: Any) -> IntArray:
            return np.asarray(X)[:, 0].astype(np.intp)

        probable = self.scorer.method == "predict_proba"
        return Model(
            scores=lambda X: score[place(X)],
            classes=self.scorer.labels,
            response=self.scorer.method,
            push=lambda X: speed[place(X)],
            scale="logit" if probable else "score",
        )


def _lever(fitted: Fitted, name: str) -> Any:
    levers = fitted.solution.levers
    if name in levers:
        return levers[name]
    raise NotDifferentiableError(
        f"over: {name!r}: the optimum of {type(fitted.estimator).__name__} follows {', '.join(levers)} smoothly, and "
        f"nothing else{ELSEWHERE}"
    )


def _margin(decided: Decided) -> FloatArray:
    rule, score = decided.rule, decided.rows.score
    if isinstance(rule, ThresholdRule):
        cut = margins(np.array([rule.threshold]), decided.scale)
        return np.asarray(margins(score, decided.scale) - cut)[:, None]
    if rule.rejects(score.shape[1]):
        raise NotSupportedError("offsets of a reject option: training has no class for it; pass one offset a class")
    return np.asarray(rule.compared(score).T)
