"""Checkers of the laws that results obey: for the tests of conjac, and of engines and models built on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.curve import ConfusionCurve
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import names, resolve

__all__ = ["check_jacobian", "check_merge"]

ROUNDING = 1e-9
NORMALIZED_AXES: dict[str, int | tuple[int, int]] = {"true": 1, "pred": 0, "all": (0, 1)}


def check_jacobian(J: ConfusionJacobian) -> None:
    """Check the laws that a Jacobian obeys when margins move.

    Parameters
    ----------
    J : ConfusionJacobian
        By any parameter that moves margins.

    Raises
    ------
    AssertionError
        Naming the law that is broken, and by how much:

        - rows of the Jacobian sum to zero (columns under ``normalize="pred"``), since a row of data that leaves
          one cell enters another;
        - with offsets, the last axis sums to zero, since a constant added to all of them moves nothing; and but under
          "pred" each true class's slice is a Laplacian: symmetric, none negative on its diagonal, none positive beside;
        - the matrix is not negative, sums to 1 as normalised, and lies within its interval;
        - `confint` is ``center`` -+ one quantile x ``stderr``, and widens with the level;
        - `jvp`, `vjp` and `as_linear_operator` are products with ``jacobian``;
        - a metric's gradient is that of its formula times the cells' (the chain rule).

    Notes
    -----
    The laws are those of :doc:`/design`.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 500)
    >>> check_jacobian(cj.confusion_jacobian(y, 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))))
    """
    _check_shapes(J)
    _check_sums(J)
    if J.offsets is not None:
        _check_offsets(J)
    _check_matrix(J)
    _check_intervals(J)
    _check_products(J)
    _check_chain_rule(J)


def check_merge(make_curve: Callable[..., ConfusionCurve], parts: Sequence[Sequence[Any]]) -> None:
    """Check that curves of parts of the rows merge to the curve of all the rows.

    Parameters
    ----------
    make_curve : callable
        From arrays of rows to a curve, such as ``ConfusionCurve.from_predictions``.
    parts : sequence of at least 2 tuples of arrays of shape (n_rows, ...)
        The arguments for each part, such as ``(y_true, y_score)``, each array along its first axis. A part that
        ``make_curve`` refuses cannot be checked.

    Raises
    ------
    AssertionError
        Naming the law that is broken:

        - merging is associative and commutative;
        - counts are exact wherever their bound is 0, and within the bound elsewhere;
        - at named thresholds and bin edges the bound is 0;
        - the merged tally, and so the slopes from it, is that of all the rows at the same bin width.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> y, score = np.array([0, 1, 0, 1, 0, 1]), np.array([0.1, 0.8, 0.4, 0.3, 0.2, 0.9])
    >>> check_merge(cj.ConfusionCurve.from_predictions, [(y[:2], score[:2]), (y[2:4], score[2:4]), (y[4:], score[4:])])
    """
    _ensure(len(parts) >= 2, f"check_merge needs two parts or more, and got {len(parts)}")
    curves = [make_curve(*part) for part in parts]
    columns = zip(*parts, strict=True)
    whole = make_curve(*(np.concatenate([np.asarray(array) for array in column]) for column in columns))
    forward = _fold(curves)
    _same_tally(forward, _fold(curves[::-1]), "merging is not commutative")
    if len(curves) > 2:
        _same_tally(forward, curves[0].merge(_fold(curves[1:])), "merging is not associative")
    step = max(forward.tally.step, whole.tally.step)
    merged, direct = (ConfusionCurve.from_tally(curve.tally.coarsen(step)) for curve in (forward, whole))
    _same_tally(merged, direct, "the merged tally is not that of all the rows")
    _check_counts(forward, whole)


def _check_shapes(J: ConfusionJacobian) -> None:
    size = len(J.labels)
    _ensure(J.matrix.shape == (size, size), f"matrix has shape {J.matrix.shape} for {size} labels")
    _ensure(J.jacobian.shape[:2] == (size, size), f"jacobian has shape {J.jacobian.shape} for {size} labels")
    for name, array in (("center", J.center), ("stderr", J.stderr)):
        _ensure(array.shape == J.jacobian.shape, f"{name} has shape {array.shape}, jacobian {J.jacobian.shape}")


def _check_sums(J: ConfusionJacobian) -> None:
    axis, name = (0, "columns") if J.normalize == "pred" else (1, "rows")
    for told, array in (("jacobian", J.jacobian), ("center", J.center)):
        total, scale = array.sum(axis=axis), _scale(J, array)
        partly = np.isnan(array).any(axis=axis) & ~np.isnan(array).all(axis=axis)
        _ensure(not partly.any(), f"{name} of {told} are nan in part: {array.tolist()}")
        broken = np.abs(total) > ROUNDING * scale
        _ensure(not broken.any(), f"{name} of {told} sum to {total.tolist()}, not to zero")


def _check_offsets(J: ConfusionJacobian) -> None:
    for told, array in (("jacobian", J.jacobian), ("center", J.center)):
        total, reach = array.sum(axis=-1), ROUNDING * _scale(J, array)
        _ensure(not (np.abs(total) > reach).any(), f"{told} over all offsets sums to {total.tolist()}, not to zero")
        if J.normalize == "pred":
            continue
        skew = np.abs(array - array.swapaxes(1, 2))
        _ensure(not (skew > reach).any(), f"{told} of a true class is not symmetric: {array.tolist()}")
        signs = 2 * np.eye(len(J.labels)) - 1
        wrong = array * signs < -reach
        _ensure(not wrong.any(), f"{told} has the wrong sign at {np.argwhere(wrong).tolist()}")


def _scale(J: ConfusionJacobian, array: AnyArray) -> float:
    """Return the size of what an array's entries are differences of."""
    scale = float(np.nanmax(np.abs(array), initial=0.0))
    if J.normalize == "pred":  # the columns' totals move too, and cancel
        labels = range(len(J.labels))
        moved = [J.of(resolve(f"alert_rate[{label}]", labels)).elasticity for label in labels]
        scale += float(np.nanmax(np.abs(moved), initial=0.0))
    return scale


def _check_matrix(J: ConfusionJacobian) -> None:
    _ensure(bool((J.matrix >= 0).all()), f"matrix holds a negative cell: {J.matrix.tolist()}")
    if J.normalize is not None:
        total = J.matrix.sum(axis=NORMALIZED_AXES[J.normalize])
        whole = np.isclose(total, 1) | (total == 0)
        told = np.asarray(total).tolist()
        _ensure(bool(whole.all()), f"matrix normalised by {J.normalize!r} sums to {told}, not to 1")
    lower, upper = J.matrix_confint()
    slack = ROUNDING * max(1.0, float(np.abs(J.matrix).max()))
    outside = (J.matrix < lower - slack) | (J.matrix > upper + slack)
    _ensure(not outside.any(), f"matrix lies outside its interval at {np.argwhere(outside).tolist()}")
    _ensure(not (lower < -slack).any(), f"matrix_confint goes below 0: {lower.tolist()}")


def _check_intervals(J: ConfusionJacobian) -> None:
    known = ~np.isnan(J.stderr)
    _ensure(not (J.stderr[known] < 0).any(), f"stderr holds a negative value: {J.stderr.tolist()}")
    wide: FloatArray | None = None
    for level in (0.99, 0.95, 0.5):
        lower, upper = J.confint(level)
        alike = np.isnan(lower) == np.isnan(J.center + J.stderr)
        _ensure(bool(alike.all()), "confint is nan where center and stderr are not, or the reverse")
        middle, half = (lower + upper)[known] / 2, (upper - lower)[known] / 2
        _close(middle, J.center[known], f"confint({level}) is not centred on center", scale=half)
        quantile = half[J.stderr[known] > 0] / J.stderr[known & (J.stderr > 0)]
        if quantile.size:
            _close(quantile, np.full(quantile.shape, quantile.max()), f"confint({level}) is not one quantile x stderr")
        if wide is not None:
            _ensure(bool((half <= wide).all()), f"confint({level}) is wider than at a higher level")
        wide = half
    for level, least in ((0.95, 1.95996), (0.5, 0.67448)):
        lower, upper = J.confint(level)
        narrow = (upper - lower)[known] < 2 * least * (1 - ROUNDING) * J.stderr[known]
        _ensure(not narrow.any(), f"confint({level}) is narrower than a normal quantile x stderr")


def _check_products(J: ConfusionJacobian) -> None:
    shape, slopes = J.jacobian.shape[2:], J.jacobian
    if np.isnan(slopes).any():
        return
    direction = np.cos(np.arange(1.0, 1 + int(np.prod(shape)))).reshape(shape)
    cotangent = np.sin(np.arange(1.0, 1 + J.matrix.size)).reshape(J.matrix.shape)
    moved = slopes.reshape(*slopes.shape[:2], -1) @ direction.ravel()
    pulled = cotangent.ravel() @ slopes.reshape(cotangent.size, -1)
    _close(J.jvp(direction), moved, "jvp is not jacobian x direction")
    _close(np.ravel(J.vjp(cotangent)), pulled, "vjp is not cotangent x jacobian")
    operator = J.as_linear_operator()
    _close(operator @ direction.ravel(), moved.ravel(), "as_linear_operator is not the jacobian")
    _close(operator.rmatvec(cotangent.ravel()), pulled, "as_linear_operator's transpose is not the jacobian's")


def _check_chain_rule(J: ConfusionJacobian) -> None:
    if J.normalize == "pred":  # a column's total moves, so the cells' own motion is not in J
        return
    counts = np.asarray(J.cells.weight[0], dtype=np.float64)
    total = counts.sum(axis=NORMALIZED_AXES[J.normalize], keepdims=True) if J.normalize else np.ones((1, 1))
    motion = np.where(total > 0, np.moveaxis(J.jacobian, (0, 1), (-2, -1)) * total, 0.0)
    for name in names(len(J.labels)):
        row = resolve(name, range(len(J.labels)))
        told = J.of(row)
        _close(np.asarray(told.value), row.value(counts), f"of({name!r}).value is not that of the matrix")
        expected = row.slope(counts, motion)
        scale = np.abs(np.nan_to_num(row.gradient(counts))).max() * np.abs(motion).max()
        _close(told.gradient, expected, f"of({name!r}).gradient breaks the chain rule", scale=np.asarray(scale))
        if told.value:
            _close(told.elasticity, told.gradient / told.value, f"of({name!r}).elasticity is not gradient / value")


def _fold(curves: Sequence[ConfusionCurve]) -> ConfusionCurve:
    merged = curves[0]
    for curve in curves[1:]:
        merged = merged.merge(curve)
    return merged


def _same_tally(a: ConfusionCurve, b: ConfusionCurve, law: str) -> None:
    _ensure(a.tally.step == b.tally.step, f"{law}: bin widths {a.tally.step} and {b.tally.step}")
    _ensure(np.array_equal(a.tally.keys, b.tally.keys), f"{law}: the occupied bins differ")
    _ensure(np.array_equal(a.tally.rows, b.tally.rows), f"{law}: the rows of a bin differ")
    for name in ("weight", "weight2"):
        _close(getattr(a.tally, name), getattr(b.tally, name), f"{law}: the sums of {name} differ")
    scale = a.tally.rows * a.tally.step
    _close(a.tally.offset, b.tally.offset, f"{law}: the means of a bin differ", scale=scale)


def _check_counts(merged: ConfusionCurve, whole: ConfusionCurve) -> None:
    def told(score: AnyArray) -> AnyArray:
        if merged.coordinate == "percentile":  # a share alerted names another score in another curve
            return score
        return whole.told(score)

    def counts(curve: ConfusionCurve, score: AnyArray) -> AnyArray:
        return curve.cells_at_score(score).weight if curve.coordinate == "percentile" else curve.matrix_at(told(score))

    edges = merged.cutoffs()[:-1]
    scores = whole.cutoffs()[:-1]
    middles = (scores[1:] + scores[:-1]) / 2
    everywhere = np.concatenate([edges, scores, middles, np.nextafter(scores, np.inf), np.nextafter(scores, -np.inf)])
    slack = 1e-12 * float(whole.counter.totals.sum())
    found, exact = counts(merged, everywhere), counts(whole, everywhere)
    bound = merged.counter.at(everywhere).bound
    off = np.abs(found - exact).max(axis=-1)
    broken = off > bound * (1 + ROUNDING) + slack
    if broken.any():
        at = int(np.argwhere(broken)[0][0])
        raise AssertionError(
            f"the bound is broken at score {everywhere[at]!r}: {np.asarray(found[at]).tolist()} is told within "
            f"{bound[at].tolist()}, and the rows give {np.asarray(exact[at]).tolist()}"
        )
    loose = merged.counter.at(np.concatenate([edges, merged.tally.thresholds])).bound
    _ensure(not loose.any(), "counts at bin edges and named thresholds are not exact")


def _close(found: AnyArray, expected: AnyArray, law: str, *, scale: AnyArray | None = None) -> None:
    found, expected = np.asarray(found), np.asarray(expected)
    _ensure(found.shape == expected.shape, f"{law}: shape {found.shape} for {expected.shape}")
    with np.errstate(invalid="ignore"):
        reach = ROUNDING * (np.abs(expected) + (0 if scale is None else np.abs(scale)))
        fits = (np.abs(found - expected) <= reach) | (found == expected) | (np.isnan(found) & np.isnan(expected))
    _ensure(bool(np.all(fits)), f"{law}: {found.tolist()} for {expected.tolist()}")


def _ensure(holds: bool, law: str) -> None:
    if not holds:
        raise AssertionError(law)
