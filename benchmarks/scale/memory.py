"""Ten million rows in memory: counts, slopes and bands at 999 thresholds.

    python -m benchmarks.scale.memory [--rows 10000000]

writes what it found as JSON; a process of its own, since memory is measured too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from typing import Any

import numpy as np

from benchmarks.decisions.report import Verdict, markdown_table, verdict
from benchmarks.scale.timing import best, growth, sample

Found = dict[str, Any]
ROWS = 10_000_000
THRESHOLDS = np.arange(1, 1000) / 1000
TIMES_FASTER, TIMES_READING, MOST_MB = 30.0, 15.0, 100.0


def measure(n_rows: int) -> Found:
    from sklearn.metrics import confusion_matrix_at_thresholds

    import conjac as cj

    y, p = sample(n_rows)

    def figures(named: bool, n: int = n_rows) -> cj.ConfusionCurve:
        curve = cj.ConfusionCurve.from_predictions(y[:n], p[:n], thresholds=THRESHOLDS if named else None)
        curve.matrix_at(THRESHOLDS), curve.jacobian_at(THRESHOLDS), curve.confint_at(THRESHOLDS)
        return curve

    figures(True, 10_000)  # what is imported at the first call is no part of it
    grown = growth(lambda: figures(True))
    reading = best(lambda: (p.sum(), y.sum()))
    named, asked = best(lambda: figures(True)), best(lambda: figures(False))
    curve = figures(True)
    off = [
        int(np.abs(curve.matrix_at(t) - _counted(y, p, t)).max()) for t in THRESHOLDS[:: max(1, len(THRESHOLDS) // 50)]
    ]
    peer = best(lambda: confusion_matrix_at_thresholds(y, p), 2)
    return {
        "rows": n_rows,
        "reading": reading,
        "named": named,
        "asked": asked,
        "scikit-learn": peer,
        "mb": grown,
        "off": max(off),
        "bins": len(curve.tally.rows),
    }


def _counted(y: np.ndarray, p: np.ndarray, t: float) -> np.ndarray:
    alerted, positive = p >= t, y == 1
    tp, n = int((alerted & positive).sum()), len(y)
    fp, fn = int(alerted.sum()) - tp, int(positive.sum()) - tp
    return np.array([[n - tp - fp - fn, fp], [fn, tp]])


def run(quick: bool) -> Found:
    command = [sys.executable, "-m", "benchmarks.scale.memory", "--rows", str(ROWS // 10 if quick else ROWS)]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def markdown(found: Found) -> str:
    intro = (
        f"{found['rows']:,} rows (float64 scores, int8 labels) in memory, on two cores. Counts, slopes and their bands "
        "at 999 thresholds, from the arrays, with their validation; scikit-learn's are the counts alone, at thresholds "
        f"that it chooses. Largest difference of a count from brute force: {found['off']}."
    )
    rows = [
        ["reading the bytes once (two sums)", f"{found['reading']:.4f}", "1"],
        *(
            [name, f"{found[key]:.3f}", f"{found[key] / found['reading']:.0f}"]
            for name, key in (
                ("counts, slopes and bands, thresholds named when the curve is made", "named"),
                ("the same, thresholds asked of it later", "asked"),
                ("scikit-learn, `confusion_matrix_at_thresholds`", "scikit-learn"),
            )
        ),
    ]
    return intro + "\n\n" + markdown_table(["", "seconds", "times the reading"], rows)


def verdicts(found: Found) -> list[Verdict]:
    faster, reading = found["scikit-learn"] / found["named"], found["named"] / found["reading"]
    n = f"{found['rows']:,} rows"
    return [
        verdict(f"{n}: counts exact", found["off"] == 0, str(found["off"])),
        verdict(f"{n}: at least 30x faster than scikit-learn's counts alone", faster >= TIMES_FASTER, f"{faster:.0f}x"),
        verdict(f"{n}: within 15x of reading the bytes once", reading <= TIMES_READING, f"{reading:.1f}x"),
        verdict(f"{n}: under 100 MB above the input", found["mb"] < MOST_MB, f"{found['mb']:.0f} MB"),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=ROWS)
    print(json.dumps(measure(parser.parse_args().rows)))
