"""How well the threshold of an optimum is estimated, and whether its confidence set holds, for normal classes.

    python benchmarks/optimum.py [--sizes N ...] [--replications R ...] [--processes 2] [--output docs/benchmarks]

Scores are N(0, 1) in the negatives and N(2, 1) in the positives, n / 2 rows of each.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: the processes are the parallelism

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from scipy import stats
from scipy.optimize import brentq
from scipy.special import expit, ndtr

import conjac as cj

SIZES = (200, 5_000, 125_000)
MEANS, DEVIATIONS = np.array([0.0, 2.0]), np.array([1.0, 1.0])
MISS = 5
COST = f"expected cost, {MISS}:1"
OBJECTIVES = {name: cj.metrics.resolve(name, (0, 1)) for name in ("youden_j", "f1")}
OBJECTIVES[COST] = cj.metrics.expected_cost([[0, 1], [MISS, 0]])
OTHERS = {"exact": "exact", "normal": "normal maximum likelihood", "logistic": "logistic regression"}
CALIBRATED = ", assume_calibrated"
REACH = {
    "youden_j": {200: 0.11, 5_000: 0.034, 125_000: 0.010},
    f"youden_j{CALIBRATED}": {200: 0.09, 5_000: 0.02, 125_000: 0.004},
}
"""Largest RMSE of a threshold, by size."""
SHARES = {"several": "several parts", "point": "one point", "outside": "threshold outside"}
HEAD = f"""The threshold at which a metric is best, in units of the score: N(0, 1) in the negatives, N(2, 1) in the \
positives, n / 2 rows of each; a miss costs {MISS}, a false alarm 1. "Smooth" is `maximize`'s default, "exact" the \
empirical optimum. Two oracles know more than a user: normal maximum likelihood estimates two means and two standard \
deviations, and optimises the metric of those normals, the bound of what that knowledge gives in large samples; \
logistic regression takes, for Youden's J, where the log-odds equal those of the class totals. With assume_calibrated \
the scores are the probabilities, expit(2 x - 2). ± is 2 Monte-Carlo \
standard errors."""
SET_HEAD = """The nominal 95 % confidence set of the smooth threshold, with the 99 % Wilson interval of its coverage. \
`confint` is the least interval that holds the set; a length is the sum of the parts'. Shares of samples: a set of \
several parts; of one point, because the slope's interval holds 0 nowhere; a threshold outside its own set."""


def optimum(row: cj.metrics.Metric, means: np.ndarray, deviations: np.ndarray) -> float:
    """Return the threshold at which a metric is best where both classes are normal and as frequent."""

    def slope(t: float) -> float:
        z = (t - means) / deviations
        above, density = ndtr(-z), np.exp(-(z**2) / 2) / (np.sqrt(2 * np.pi) * deviations)
        return float(row.slope(np.stack([1 - above, above], axis=-1), np.stack([density, -density], axis=-1)))

    return brentq(slope, means[0] - 1, means[1] + 1, xtol=1e-12)


def truths() -> dict[str, float]:
    """Return the population's optima, checked against the log density ratio, 2 x - 2, that each must have."""
    found = {name: optimum(row, MEANS, DEVIATIONS) for name, row in OBJECTIVES.items()}
    above = ndtr(MEANS - found["f1"])
    half = above[1] / (1 + above.sum())  # F1 is best where a row is positive with probability F1 / 2
    for name, ratio in {"youden_j": 0, "f1": np.log(half / (1 - half)), COST: -np.log(MISS)}.items():
        if abs(found[name] - (1 + ratio / 2)) > 1e-10:
            raise ArithmeticError(f"{name}: the optimum {found[name]} is not {1 + ratio / 2}")
    return found


def logistic_threshold(y: np.ndarray, x: np.ndarray) -> float:
    """Return where the log-odds of a logistic regression equal those of the class totals."""
    design, coefficients = np.column_stack([np.ones_like(x), x]), np.zeros(2)
    for _ in range(12):
        p = expit(design @ coefficients)
        coefficients += np.linalg.solve((design.T * (p * (1 - p))) @ design, design.T @ (y - p))
    return float((np.log(y.sum() / (len(y) - y.sum())) - coefficients[0]) / coefficients[1])


def one(n: int, truth: dict[str, float], seed: int, i: int) -> dict[str, dict[str, float]]:
    """Return one sample's figures by objective."""
    rng = np.random.default_rng((seed, n, i))
    y = np.repeat([0, 1], n // 2)
    x = rng.normal(MEANS[y], DEVIATIONS[y])
    means, deviations = (np.array([of(x[y == k]) for k in (0, 1)]) for of in (np.mean, np.std))
    plain = cj.ConfusionCurve.from_predictions(y, x, coordinate="score")
    calibrated = cj.ConfusionCurve.from_predictions(y, expit(2 * x - 2), coordinate="logit", assume_calibrated=True)
    known = {"normal": {name: optimum(row, means, deviations) for name, row in OBJECTIVES.items()}}
    known["logistic"] = {"youden_j": logistic_threshold(y, x)}
    found = {}
    for (name, row), (way, curve) in product(OBJECTIVES.items(), (("", plain), (CALIBRATED, calibrated))):
        smooth, t = curve.maximize(row), truth[name]
        exact = curve.maximize(row, method="exact").threshold
        scale = 2 if way else 1  # log-odds are 2 x - 2
        threshold, exact = (value / scale + scale - 1 for value in (smooth.threshold, exact))
        lower, upper = np.array(smooth.confidence_set(), dtype=float).T / scale + scale - 1
        low, high = (side / scale + scale - 1 for side in smooth.confint())
        found[name + way] = {
            "smooth": threshold - t,
            "exact": exact - t,
            "normal": known["normal"][name] - t,
            "logistic": known["logistic"].get(name, np.nan) - t,
            "covered": ((lower <= t) & (t <= upper)).any(),
            "confint_covered": low <= t <= high,
            "length": (upper - lower).sum(),
            "several": len(lower) > 1,
            "point": (lower == upper).all(),
            "outside": not ((lower <= threshold) & (threshold <= upper)).any(),
        }
    return found


def row_of(n: int, name: str, truth: float, samples: list[dict[str, float]]) -> dict:
    """Return an objective's figures at one size."""
    columns = {key: np.array([s[key] for s in samples], dtype=float) for key in samples[0]}
    told = {"objective": name, "n": n, "optimum": truth, "replications": len(samples)}
    ours = columns["smooth"]
    for key in ("smooth", *OTHERS):
        error = columns.pop(key)
        if not np.isnan(error).all():
            told[key] = {"bias": float(error.mean()), "rmse": over(error, 1.0), "ratio": over(ours, error)}
    told |= {key: float(np.nanmean(column)) for key, column in columns.items()}
    low, high = stats.binomtest(sum(s["covered"] for s in samples), len(samples)).proportion_ci(0.99, "wilson")
    return told | {"covered_low": float(low), "covered_high": float(high)}


def over(ours: np.ndarray, theirs: np.ndarray | float) -> dict[str, float]:
    """Return one RMSE over another on the same samples, and its Monte-Carlo standard error by the delta method."""
    mine, other = ours**2, theirs**2 * np.ones_like(ours)
    ratio = np.sqrt(mine.mean() / other.mean())
    relative = mine / mine.mean() - other / other.mean()
    return {"value": float(ratio), "stderr": float(ratio * relative.std() / 2 / np.sqrt(len(ours)))}


def verdicts(rows: list[dict]) -> list[str]:
    """Return every number to reach with its verdict."""
    lines = []
    for name, limits in REACH.items():
        reached = {r["n"]: r["smooth"]["rmse"] for r in rows if r["objective"] == name}
        for n, limit in limits.items():
            word = "not measured" if n not in reached else "PASS" if reached[n]["value"] <= limit else "MISS"
            told = f": {plus_minus(reached[n], 4)}" if n in reached else ""
            lines.append(f"- **{word}** RMSE of the threshold of {name} at n = {n:,} at most {limit:g}{told}")
    lines += within_factors(rows)
    lost = [r for r in rows if r["covered_high"] < 0.93]
    word, told = "MISS" if lost else "PASS", f"missed in {len(lost)} of {len(rows)}"
    lines.append(f"- **{word}** upper limit of every confidence set's coverage at least .93: {told}")
    return lines + [f"  - {r['objective']}, n = {r['n']:,}: {r['covered']:.3f}" for r in lost]


def within_factors(rows: list[dict]) -> list[str]:
    """Return whether the other objectives are as near to their oracle as is asked of Youden's."""
    youden = [r for r in rows if r["objective"] == "youden_j"]
    oracle = {r["n"]: r["normal"]["rmse"]["value"] for r in youden}
    lines = []
    for r in rows:
        limits = REACH[f"youden_j{CALIBRATED}" if r["objective"].endswith(CALIBRATED) else "youden_j"]
        if r["objective"] not in REACH and r["n"] in limits:
            limit, told = limits[r["n"]] / oracle[r["n"]], r["normal"]["ratio"]
            word = "PASS" if told["value"] <= limit else "MISS"
            what = f"RMSE of the threshold of {r['objective']} at n = {r['n']:,} over its oracle's at most {limit:.2f}"
            lines.append(f"- **{word}** {what}: {plus_minus(told, 2)}")
    return lines


def plus_minus(figure: dict[str, float], digits: int) -> str:
    return f"{figure['value']:.{digits}f} ± {2 * figure['stderr']:.{digits}f}"


def table(heads: list[str], lines: list[list[str]]) -> str:
    rows = [f"| {' | '.join(line)} |" for line in (heads, *lines)]
    return "\n".join([rows[0], "|---|" + "---:|" * (len(heads) - 1), *rows[1:]])


def markdown(rows: list[dict], seed: int) -> str:
    """Return the page: errors of the threshold, confidence sets, verdicts."""
    errors, sets = [], []
    for r in rows:
        start = [r["objective"], f"{r['n']:,}"]
        rmses = [plus_minus(r[k]["rmse"], 4) if k in r else "" for k in ("smooth", *OTHERS)]
        ratios = [plus_minus(r[k]["ratio"], 2) if k in r else "" for k in OTHERS]
        errors.append([*start, f"{r['optimum']:.4f}", *rmses, *ratios])
        coverage = f"{r['covered']:.3f} [{r['covered_low']:.3f}, {r['covered_high']:.3f}]"
        others = (f"{r['confint_covered']:.3f}", f"{r['length']:.4f}", *(f"{r[key]:.1%}" for key in SHARES))
        sets.append([*start, coverage, *others])
    named = [f"RMSE, {name}" for name in ("smooth", *OTHERS.values())] + [f"smooth over {k}" for k in OTHERS.values()]
    runs = "; ".join(f"{count} at n = {n:,}" for n, count in {r["n"]: r["replications"] for r in rows}.items())
    parts = [HEAD, f"conjac {cj.__version__}, seed {seed}. Replications: {runs}."]
    parts += [table(["objective", "n", "optimum", *named], errors), SET_HEAD]
    heads = ["objective", "n", "coverage", "coverage of `confint`", "mean length", *SHARES.values()]
    parts += [table(heads, sets), "### Numbers to reach", "\n".join(verdicts(rows))]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="N")
    parser.add_argument("--replications", nargs="+", type=int, default=[1000], metavar="R", help="one, or one a size")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    truth, rows = truths(), []
    with ProcessPoolExecutor(options.processes) as pool:
        for i, n in enumerate(options.sizes):
            count = options.replications[min(i, len(options.replications) - 1)]
            samples = pool.map(partial(one, n, truth, options.seed), range(count), chunksize=4)
            done = list(track(samples, f"n = {n:,}", count, console=Console(stderr=True)))
            rows += [row_of(n, name, truth[name.removesuffix(CALIBRATED)], [s[name] for s in done]) for name in done[0]]
    rows.sort(key=lambda r: list(done[0]).index(r["objective"]))
    record = {"conjac": cj.__version__, "seed": options.seed, "verdicts": verdicts(rows), "rows": rows}
    text = markdown(rows, options.seed)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "optimum.md").write_text(text)
    (options.output / "optimum.json").write_text(json.dumps(record, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
