"""What differs between two matrices, metric by metric, as a ranking."""

from __future__ import annotations

from conjac.comparison import Comparison
from conjac.views.summary.measure import Measure, said, title_of
from conjac.views.summary.ranking import SHOWN, Bar, Ranking

WORDS = ("beyond noise", "within noise")


def compared_metrics(comparison: Comparison) -> Ranking:
    """Return the differences of the metrics, in the order in which they were asked for: they have no common measure.

    Parameters
    ----------
    comparison : Comparison

    Examples
    --------
    >>> import numpy as np
    >>> import conjac as cj
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 1000)
    >>> a, b = (cj.confusion_jacobian(y, rng.normal(s * y, 1), threshold=s / 2) for s in (1, 2))
    >>> compared_metrics(cj.compare(a, b, metrics="accuracy")).description
    'Beyond noise: Accuracy, +0.122 [+0.086, +0.158]. Intervals at 0.95, of each metric by itself.'
    """
    columns = comparison.to_columns()
    keys = ("metric", "difference", "lower", "upper", "beyond_noise", "a", "b", "p_value")
    bars = [
        Bar(
            title_of(metric),
            Measure(change, lower, upper),
            told_apart=beyond,
            figures=(("a", a), ("b", b), ("adjusted p-value", p)),
        )
        for metric, change, lower, upper, beyond, a, b, p in zip(*(columns[key] for key in keys), strict=True)
    ]
    moved = [f"{one.name}, {said(one.change)}" for one in bars if one.told_apart]
    told = f"Beyond noise: {'; '.join(moved)}." if moved else "Nothing is beyond noise."
    metrics = "1 metric" if len(bars) == 1 else f"{len(bars)} metrics"
    return Ranking(
        title=f"Difference of metrics, b − a on {'the same' if comparison.paired else 'separate'} rows",
        description=f"{told} Intervals at {comparison.level:g}, of each metric by itself.",
        bars=tuple(bars[:SHOWN]),
        unit="b − a",
        left_out=max(0, len(bars) - SHOWN),
        words=WORDS,
        caption=f"Beyond noise: by Holm’s correction for {metrics}, at {comparison.level:g}.",
    )
