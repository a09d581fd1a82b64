"""Holm's correction: within one comparison, and over several of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from conjac._typing import FloatArray
from conjac.comparison.result import Comparison
from conjac.readonly import ReadOnly, locked


def two_sided(difference: FloatArray, stderr: FloatArray, df: int | None) -> FloatArray:
    """Return two-sided p-values, not adjusted; nan where there is no difference to tell."""
    size = np.abs(difference) / np.where(stderr > 0, stderr, np.inf)
    p = 2 * (stats.norm.sf(size) if df is None else stats.t.sf(size, max(df, 1)))
    return np.where(np.isfinite(difference), p, np.nan)


def holm(p_values: Any) -> FloatArray:
    """Adjust p-values for their number (Holm 1979): the chance of any false alarm among them keeps its bound.

    Parameters
    ----------
    p_values : array of shape (n_tests,)
        Not adjusted; nan for what is no test.

    Returns
    -------
    array of shape (n_tests,)

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, float("nan")]).round(3)
    array([0.03, 0.06, 0.06,  nan])
    """
    p = np.asarray(p_values, dtype=np.float64)
    known = np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return adjusted


def adjust_together(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Return comparisons whose p-values are adjusted for the metrics of all of them.

    Parameters
    ----------
    comparisons : sequence of Comparison
        Such as of each group against the rest. What they share makes them depend on each other, which Holm allows.

    Returns
    -------
    list of Comparison

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 1000)
    >>> a, b, c = (cj.confusion_jacobian(y, rng.normal(skill * y, 1), threshold=skill / 2) for skill in (1, 1.4, 2))
    >>> alone = [cj.compare(a, other, metrics="accuracy") for other in (b, c)]
    >>> [float(one.p_values[0].round(4)) for one in alone]
    [0.0229, 0.0]
    >>> [float(one.p_values[0].round(4)) for one in adjust_together(alone)]
    [0.0229, 0.0]
    """
    raw = [one._raw for one in comparisons]
    ends = np.cumsum([len(p) for p in raw])
    together = np.split(holm(np.concatenate(raw)), ends[:-1]) if raw else []
    n_tests = int(sum(np.isfinite(p).sum() for p in raw))
    told = f"Holm's correction over {n_tests} metrics of {len(raw)} comparisons"
    return [
        replace(
            one,
            p_values=locked(p),
            beyond_noise=locked(p < 1 - one.level),
            diagnostics=ReadOnly({**one.diagnostics, "correction": f"beyond noise: {told}, at {one.level:g}"}),
        )
        for one, p in zip(comparisons, together, strict=True)
    ]
