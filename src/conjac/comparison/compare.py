"""Two matrices side by side: what differs, and what of it is beyond noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import sparse

from conjac._typing import FloatArray
from conjac.comparison.holm import holm, two_sided
from conjac.comparison.result import Comparison
from conjac.comparison.separate import SeparateBand
from conjac.comparison.sides import Side
from conjac.comparison.slopes import slope_difference
from conjac.curve import ConfusionCurve
from conjac.decisions.charted import checked_level, estimate
from conjac.engines.differences import SameRows, SeparateRows
from conjac.engines.outcomes import Outcomes
from conjac.errors import InvalidInputError
from conjac.inference import Estimate, NormalBand
from conjac.jacobian import ConfusionJacobian
from conjac.metrics import Metric, resolve
from conjac.readonly import ReadOnly, locked
from conjac.tally import Tally

MOST_RECALLS = 10
"""Classes up to which the recall of each is compared by default."""


def compare(
    a: ConfusionJacobian | ConfusionCurve | Tally,
    b: ConfusionJacobian | ConfusionCurve | Tally,
    paired: bool | None = None,
    *,
    threshold: float | None = None,
    metrics: str | Metric | Sequence[str | Metric] | None = None,
    level: float = 0.95,
) -> Comparison:
    r"""Compare two models on the same rows, or one on the rows of two periods: b - a.

    Parameters
    ----------
    a, b : ConfusionJacobian, ConfusionCurve or Tally
        Of the same labels in the same order. What moves in a Jacobian does not matter, nor does ``normalize``. Curves
        and tallies are compared at a threshold, as separate rows: two windows that share none.
    paired : bool, optional
        Whether row i of both is the same row. Default: where true labels, weights and blocks of groups are identical,
        which the result says.
    threshold : float, optional
        Of curves, in their coordinate, and of tallies, on the scores' own scale. Where it lies inside a bin of a tally
        it is refused: counts there are not exact.
    metrics : str, Metric or sequence of them, optional
        Default: accuracy, balanced accuracy, F1 (of more than two classes its macro average), Matthews' correlation
        and, of at most 10 classes, the recall of each.
    level : float
        Of intervals; 1 less it is the chance of any false alarm among all metrics.

    Returns
    -------
    Comparison
        Differences b - a with errors, intervals and adjusted p-values.

    Raises
    ------
    InvalidInputError
        Other labels or another ``condition_on``, or rows that cannot be paired as asked.
    InexactError
        A threshold inside a bin of a tally; the message tells the nearest that is not.
    NotSupportedError
        A matrix with a reject option.
    UnknownMetricError
        A metric that does not exist for so many classes.

    Notes
    -----
    Of the same rows: the delta method on the table of weights by (true, predicted by a, predicted by b), which for the
    accuracy is McNemar's variance :math:`(n_{01} + n_{10} - (n_{01} - n_{10})^2 / n) / n^2` (1947, Psychometrika
    12:153). Where no row was seen that moves a figure one way, half a row is added that does, so that equal predictions
    are not certain to stay equal. Of separate rows variances add, and intervals and p-values come from each side's own
    interval (Newcombe 1998, Statistics in Medicine 17:873), which serves few rows too. With groups, sums run over
    blocks, in which a cluster that has rows in both counts as one, and quantiles are Student's t, of the fewer degrees
    of freedom.
    Adjusted p-values: Holm 1979, Scandinavian Journal of Statistics 6:65.

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 1000)
    >>> a, b = (cj.confusion_jacobian(y, rng.normal(skill * y, 1), threshold=skill / 2) for skill in (1, 2))
    >>> cj.compare(a, b, metrics=["accuracy", "recall"])
    Comparison b - a on the same rows: true labels, weights and groups are identical
      accuracy  +0.122 [0.08601, 0.158]  beyond noise
      recall    +0.1136 [0.06544, 0.1617]  beyond noise
      beyond noise: Holm's correction over the 2 metrics listed, at 0.95

    What moved since last week, of a tally that only grows:

    >>> before = cj.Tally.zero("score", 2**-8).update(y, rng.normal(y, 1))
    >>> now = before.update(y, rng.normal(0.5 * y, 1))
    >>> cj.compare(before, now.diff(before), threshold=0.5, metrics=["recall", "precision"])
    Comparison b - a on separate rows: those of a curve, a tally or a frame are not known
      recall     -0.175 [-0.2323, -0.1161]  beyond noise
      precision  -0.06338 [-0.1246, -0.002167]  beyond noise
      beyond noise: Holm's correction over the 2 metrics listed, at 0.95
    """
    sides = Side.of(a, "a", threshold), Side.of(b, "b", threshold)
    first, second = sides
    if first.labels != second.labels:
        raise InvalidInputError(f"a has labels {first.labels} and b {second.labels}; pass the same labels= to both")
    if None not in (first.coordinate, second.coordinate) and first.coordinate != second.coordinate:
        raise InvalidInputError(
            f"a has thresholds in {first.coordinate} and b in {second.coordinate}; make both with the same coordinate="
        )
    design = first.cells.condition_on
    if design != second.cells.condition_on:
        raise InvalidInputError(f"a has condition_on={design!r} and b {second.cells.condition_on!r}; expected the same")
    apart = _why_apart(first.outcomes, second.outcomes)
    if paired and apart:
        raise InvalidInputError(f"paired=True: {apart}; pass paired=False, or the same rows in the same order")
    pairs = None
    if first.outcomes and second.outcomes and (apart is None if paired is None else paired):
        pairs = SameRows.of(first.outcomes, second.outcomes, design)
    rows = pairs or SeparateRows(first.cells, second.cells)
    found = [resolve(metric, first.labels) for metric in _listed(metrics, first.labels)]
    cells = [side.cells.weight[0].astype(np.float64) for side in sides]
    values = np.array([[float(row.value(x)) for row in found] for x in cells])
    gradients = [np.array([row.gradient(x).ravel() for row in found]) for x in cells]
    measured = ~np.any([np.isnan(gradient).all(axis=1) for gradient in gradients], axis=0)  # else 0/0, by convention
    pulled = [np.nan_to_num(gradient) for gradient in gradients]
    difference = np.where(measured, values[1] - values[0], np.nan)
    stderr = np.where(np.isnan(difference), np.nan, np.sqrt(rows.variance(*pulled)))
    band: NormalBand | SeparateBand = NormalBand(difference, stderr, rows.df)
    raw = two_sided(difference, stderr, rows.df)
    if pairs is None and rows.df is None:
        band = SeparateBand(found, first.cells, second.cells, difference)
        raw = band.p_values()
    p_values = holm(raw)
    shares, counts = _of_cells(cells, rows)
    return Comparison(
        labels=first.labels,
        paired=pairs is not None,
        metrics=tuple(row.name for row in found),
        value_a=locked(values[0]),
        value_b=locked(values[1]),
        difference=locked(difference),
        stderr=locked(stderr),
        p_values=locked(p_values),
        beyond_noise=locked(p_values < 1 - checked_level(level)),
        level=level,
        shares=shares,
        counts=counts,
        slopes=_of_slopes(first, second, rows.df),
        diagnostics=ReadOnly(
            {
                "rows": _told(pairs is not None, apart, paired),
                "n_samples": [side.n_samples for side in sides],
                "sampling": [side.sampling for side in sides],
                "correction": f"beyond noise: Holm's correction over the {_counted(found)} listed, at {level:g}",
            }
        ),
        _raw=locked(raw),
        _band=band,
    )


def _why_apart(a: Outcomes | None, b: Outcomes | None) -> str | None:
    """Say why rows cannot be the same; None where they may be."""
    if a is None or b is None:
        return "those of a curve, a tally or a frame are not known"
    if len(a.true) != len(b.true):
        return f"a has {len(a.true)} rows and b {len(b.true)}"
    for name, mine, theirs in (
        ("true labels", a.true, b.true),
        ("weights", a.weight, b.weight),
        ("groups", a.block, b.block),
    ):
        if mine is None and theirs is None:
            continue
        if mine is None or theirs is None:
            return f"{name} were given for one alone"
        if not np.array_equal(mine, theirs):
            return f"{name} differ first at row {int(np.argmax(mine != theirs))}"
    return None


def _told(together: bool, apart: str | None, paired: bool | None) -> str:
    if paired is not None:
        return f"{'the same' if together else 'separate'} rows, as asked"
    if together:
        return "the same rows: true labels, weights and groups are identical"
    return f"separate rows: {apart}"


def _counted(metrics: list[Metric]) -> str:
    """Say how many metrics there are."""
    return f"{len(metrics)} metric{'s' if len(metrics) > 1 else ''}"


def _listed(metrics: Any, labels: tuple[Any, ...]) -> list[str | Metric]:
    """Return metrics as a list, or the default."""
    if isinstance(metrics, str | Metric):
        return [metrics]
    if metrics is not None:
        return list(metrics)
    recalls = [f"recall[{label}]" for label in labels] if len(labels) <= MOST_RECALLS else []
    return ["accuracy", "balanced_accuracy", "f1" if len(labels) == 2 else "f1_macro", "matthews_corrcoef", *recalls]


def _of_cells(cells: list[FloatArray], rows: SameRows | SeparateRows) -> tuple[Estimate, Estimate | None]:
    """Return the differences of the cells as shares, and as counts where the totals are the same."""
    a, b = cells
    n_a, n_b = float(a.sum()), float(b.sum())
    own = sparse.eye_array(a.size, format="csr")
    stderr = np.sqrt(rows.variance(own / n_a, own / n_b)).reshape(a.shape)
    shares = _estimate(b / n_b - a / n_a, stderr, rows.df)
    return shares, _estimate(b - a, stderr * n_a, rows.df) if np.isclose(n_a, n_b, rtol=1e-12, atol=0) else None


def _of_slopes(a: Side, b: Side, df: int | None) -> Estimate | None:
    """Return the differences of the slopes, of curves and tallies; clusters may be in both."""
    if a.slopes is None or b.slopes is None:
        return None
    return slope_difference(a.slopes, b.slopes, df, separate=df is None)


def _estimate(value: FloatArray, stderr: FloatArray, df: int | None) -> Estimate:
    return estimate(value, stderr, NormalBand(value, stderr, df))
