"""A metric with its slope and bands at every one of a million distinct thresholds."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.decisions.report import Verdict, markdown_table, verdict
from benchmarks.scale.timing import best, sample

Found = dict[str, Any]
ROWS, FEW, LOOKED_AT = 1_000_000, 20_000, 500
MOST_SECONDS = 1.0


def run(quick: bool) -> Found:
    from sklearn.metrics import f1_score, metric_at_thresholds

    import conjac as cj

    n, few = (ROWS // 10, FEW // 10) if quick else (ROWS, FEW)
    y, p = sample(n)
    t = np.unique(p)

    def figures() -> tuple[Any, Any, cj.ConfusionCurve]:
        curve = cj.ConfusionCurve.from_predictions(y, p)
        value, slope = curve.metric_at("f1", t), curve.metric_slope_at("f1", t)
        slope.confint()
        return value, slope, curve

    seconds, with_value = best(figures, 3), best(lambda: figures()[0].confint(), 3)
    value, slope, curve = figures()
    some = np.random.default_rng(0).choice(len(t), LOOKED_AT, replace=False)
    direct = curve.metric_slope_at("f1", t[some])
    start = perf_counter()
    metric_at_thresholds(y[:few], p[:few], f1_score)
    peer = perf_counter() - start
    return {
        "rows": n,
        "thresholds": len(t),
        "seconds": seconds,
        "with_value": with_value,
        "off": float(np.nanmax(np.abs(slope.value[some] - direct.value) / direct.stderr)),
        "value_off": max(abs(float(value.value[k]) - f1_score(y, p >= t[k])) for k in some[:20]),
        "peer_rows": few,
        "scikit-learn": peer,
    }


def markdown(found: Found) -> str:
    intro = (
        "F1, its slope and the band of the slope at every distinct score as a threshold, from arrays. Values are "
        f"exact (at most {found['value_off']:.0e} off `f1_score` at 20 thresholds); slopes are estimated 32 "
        f"times to a bandwidth and read off lines between (largest difference from direct estimates at {LOOKED_AT} "
        f"thresholds: "
        f"{found['off']:.3f} standard errors)."
    )
    rows = [
        ["F1, slope, band of the slope", f"{found['rows']:,}", f"{found['thresholds']:,}", f"{found['seconds']:.2f}"],
        ["and the band of F1", f"{found['rows']:,}", f"{found['thresholds']:,}", f"{found['with_value']:.2f}"],
        ["scikit-learn, `metric_at_thresholds`: F1", *[f"{found['peer_rows']:,}"] * 2, f"{found['scikit-learn']:.1f}"],
    ]
    return intro + "\n\n" + markdown_table(["", "rows", "thresholds", "seconds"], rows)


def verdicts(found: Found) -> list[Verdict]:
    name = f"F1 with slope and band at {found['thresholds']:,} thresholds in under 1 s"
    return [verdict(name, found["seconds"] < MOST_SECONDS, f"{found['seconds']:.2f} s")]
