"""Coverage of every nominal 95 % interval against closed forms, for normal log-odds.

    python benchmarks/coverage.py [--replications 2000] [--output docs/benchmarks]

Log-odds are N(1, 1) in the positives and N(-1, 1) in the negatives; labels are fair coin flips, n rows in all.
A figure passes when the 99 % Wilson interval of its coverage meets [.93, .97].
"""

from __future__ import annotations

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from scipy import stats
from scipy.special import expit, logit

import conjac as cj
from conjac.inference import wilson

SIZES = (500, 5_000, 50_000)
THRESHOLDS = np.array([0.2, 0.5, 0.8])
METRICS = ("precision", "recall", "f1", "matthews_corrcoef", "positive_likelihood_ratio")
TARGETS = {"recall": 0.9, "specificity": 0.8}
MEANS = np.array([-1.0, 1.0])
BATCH = 50


def truth(n: int) -> dict[str, np.ndarray]:
    """Return the population's figures for n rows."""
    cut = logit(THRESHOLDS)[:, None]
    above = stats.norm.sf(cut, MEANS)
    rate = -stats.norm.pdf(cut, MEANS) / (THRESHOLDS * (1 - THRESHOLDS))[:, None]
    cells = n / 2 * np.stack([1 - above, above], axis=-1)
    slopes = n / 2 * np.stack([-rate, rate], axis=-1)
    figures = {"cell": cells, "slope of a cell": slopes}
    for name in METRICS:
        row = cj.metrics.resolve(name, (0, 1))
        figures[name] = row.value(cells)
        figures[f"slope of {name}"] = row.slope(cells, slopes)
    figures["threshold at recall .9"] = expit(1 + stats.norm.ppf(0.1))
    figures["threshold at specificity .8"] = expit(-1 + stats.norm.ppf(0.8))
    return figures


def one(n: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return, for one sample, whether each interval holds the truth; nan where there is no interval."""
    y = rng.integers(0, 2, n)
    curve = cj.ConfusionCurve.from_predictions(y, expit(rng.normal(MEANS[y], 1)))
    known = truth(n)
    limits = {"cell": np.stack([cells_limits(curve, t) for t in THRESHOLDS], axis=1)}
    limits["slope of a cell"] = curve.confint_at(THRESHOLDS)
    for name in METRICS:
        limits[name] = curve.metric_at(name, THRESHOLDS).confint()
        limits[f"slope of {name}"] = curve.metric_slope_at(name, THRESHOLDS).confint()
    for name, aim in TARGETS.items():
        limits[f"threshold at {name} {aim:.1f}".replace("0.", ".")] = curve.solve({name: aim}).confint()
    held = {}
    for name, (lower, upper) in limits.items():
        inside = (lower <= known[name]) & (known[name] <= upper)
        held[name] = np.where(np.isnan(lower), np.nan, inside)
    return held


def cells_limits(curve: cj.ConfusionCurve, t: float) -> np.ndarray:
    cells = curve.cells_at(t)
    share = cells.weight[0] / cells.weight.sum()
    n = cells.weight.sum()
    stderr = np.sqrt(share * (1 - share) / n)
    return np.stack(wilson(share, stderr, n, stats.norm.ppf(0.975))) * n


def batch(task: tuple[int, int]) -> list[dict[str, np.ndarray]]:
    n, seed = task
    rng = np.random.default_rng(seed)
    return [one(n, rng) for _ in range(BATCH)]


def rows_of(n: int, replications: list[dict[str, np.ndarray]]) -> list[dict[str, object]]:
    """Return one row per figure and threshold: coverage, its 99 % interval, and the share without an interval."""
    rows = []
    for name in replications[0]:
        held = np.stack([r[name] for r in replications])
        places = THRESHOLDS if held.ndim > 1 else [None]
        for i, t in enumerate(places):
            part = held[:, i] if held.ndim > 1 else held
            cells = part.reshape(len(part), -1)
            if name == "slope of a cell":
                cells = cells[:, [1, 3]]
            labels = {1: [""], 2: ["FP", "TP"], 4: ["TN", "FP", "FN", "TP"]}[cells.shape[1]]
            for label, column in zip(labels, cells.T, strict=True):
                told = column[~np.isnan(column)]
                coverage = told.mean()
                stderr = np.sqrt(coverage * (1 - coverage) / len(told))
                low, high = wilson(coverage, stderr, len(told), stats.norm.ppf(0.995))
                rows.append(
                    {
                        "n": n,
                        "figure": f"{name} {label}".strip(),
                        "t": None if t is None else float(t),
                        "coverage": float(coverage),
                        "low": float(low),
                        "high": float(high),
                        "without": float(np.isnan(column).mean()),
                        "passes": bool(low <= 0.97 and high >= 0.93),
                    }
                )
    return rows


def markdown(rows: list[dict[str, object]], replications: int) -> str:
    """Return the table: one line per figure and threshold, one column per size."""
    sizes = sorted({r["n"] for r in rows})
    lines = [
        f"Coverage of nominal 95 % intervals, {replications} replications; log-odds N(1, 1) against N(-1, 1), "
        "n rows in all. Bold: the 99 % interval of the coverage misses [.93, .97]. "
        "In brackets: the share of samples in which no interval was given (fewer than 5 effective rows).",
        "",
        "| figure | threshold | " + " | ".join(f"n = {n:,}" for n in sizes) + " |",
        "|---|---|" + "---|" * len(sizes),
    ]
    for key in dict.fromkeys((r["figure"], r["t"]) for r in rows):
        told = []
        for n in sizes:
            r = next(r for r in rows if r["n"] == n and (r["figure"], r["t"]) == key)
            text = f"{r['coverage']:.3f}" if r["passes"] else f"**{r['coverage']:.3f}**"
            told.append(text + (f" ({r['without']:.1%})" if r["without"] else ""))
        lines.append(f"| {key[0]} | {'' if key[1] is None else key[1]} | " + " | ".join(told) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    rows = []
    with ProcessPoolExecutor() as pool:
        for n in SIZES:
            tasks = [(n, options.seed * 1_000_000 + n + i) for i in range(options.replications // BATCH)]
            done = track(pool.map(batch, tasks), f"n = {n:,}", len(tasks), console=Console(stderr=True))
            rows += rows_of(n, [r for part in done for r in part])
    table = markdown(rows, options.replications)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "coverage.md").write_text(table)
    (options.output / "coverage.json").write_text(json.dumps(rows, indent=1))
    print(table)


if __name__ == "__main__":
    main()
