"""Slopes of rows whose scores are taken as calibrated, where they are and where they are not.

    python benchmarks/calibrated.py [--replications 1000] [--processes 2] [--output docs/benchmarks]

Log-odds u of the scores are N(0, 1.5), cut at p = .5, or N(-6, 1.5), cut at .1, where 1 row in 85 is positive. The
labels' log-odds are u and k standard errors more (of the shift that the rows tell, at the cut), at every u or not.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: the processes are the parallelism

import argparse
import json
import warnings
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track
from scipy import stats
from scipy.special import expit, logit

import conjac as cj
from conjac.inference import wilson

SD = 1.5
STEPS = (0.0, 0.5, 1.0, 2.0, 3.0)
LEAST = 0.90
FLAGGED = 0.5
HEAD = """The slope of the true positives with and without `assume_calibrated`, where the labels' log-odds differ from \
the scores' by k standard errors of what the rows tell of the difference. "Shift": at every score alike; "tilt": by k \
standard errors at one standard deviation from the cut, on either side the other way, and none at it; "bend": by as \
much on both sides. Errors and mean lengths are relative to the truth; flagged: samples that say that the labels are \
not what calibrated scores say. Bold: covers less than .90 (99 % Wilson interval), flagged in less than half of the \
samples."""


@dataclass(frozen=True)
class Setting:
    """A distribution of scores and a cut.

    Attributes
    ----------
    mean : float
        Of the log-odds.
    t : float
    n : int
    stderr : float
        Typical standard error of the shift, of which the miscalibration is a multiple.
    """

    name: str
    mean: float
    t: float
    n: int
    stderr: float


SETTINGS = (
    Setting("even, n = 500", 0.0, 0.5, 500, 0.107),
    Setting("even, n = 5,000", 0.0, 0.5, 5_000, 0.0338),
    Setting("1 in 85, n = 5,000", -6.0, 0.1, 5_000, 0.27),
    Setting("1 in 85, n = 50,000", -6.0, 0.1, 50_000, 0.085),
)
SHAPES = {"shift": lambda _: 1.0, "tilt": lambda x: x, "bend": lambda x: x**2}


def one(setting: Setting, shape: str, k: float, seed: int) -> list[float]:
    """Return one sample's errors, coverages and lengths: without the assumption, then with it."""
    rng = np.random.default_rng(seed)
    u = rng.normal(setting.mean, SD, setting.n)
    tau = logit(setting.t)
    off = k * setting.stderr
    y = rng.random(setting.n) < expit(u + off * SHAPES[shape]((u - tau) / SD))
    density = stats.norm.pdf(tau, setting.mean, SD) / (setting.t * (1 - setting.t))
    truth = -setting.n * expit(tau + off * SHAPES[shape](0.0)) * density
    found: list[float] = []
    for assumed in (False, True):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cj.ConjacWarning)
            J = cj.confusion_jacobian(y, expit(u), threshold=setting.t, assume_calibrated=assumed)
        low, high = (float(side[1, 1]) for side in J.confint())
        told = np.nan if np.isnan(low) else float(low <= truth <= high)
        found += [J.jacobian[1, 1] / truth - 1, told, (high - low) / abs(truth)]
    return [*found, J.diagnostics["doubts"].get("True") == "calib", J.diagnostics["calibration"]["stderr"]]


def row_of(setting: Setting, shape: str, k: float, samples: np.ndarray) -> dict:
    """Return a setting's figures."""
    told = samples[:, 4][np.isfinite(samples[:, 4])]
    coverage = told.mean()
    error = np.sqrt(coverage * (1 - coverage) / len(told))
    low, high = wilson(coverage, error, len(told), stats.norm.ppf(0.995))
    return {
        "setting": setting.name,
        "shape": shape,
        "k": k,
        "rmse": float(np.sqrt(np.mean(samples[:, 0] ** 2))),
        "coverage": float(np.nanmean(samples[:, 1])),
        "length": float(np.nanmean(samples[:, 2])),
        "rmse_assumed": float(np.sqrt(np.mean(samples[:, 3] ** 2))),
        "coverage_assumed": float(coverage),
        "low": float(low),
        "high": float(high),
        "length_assumed": float(np.nanmean(samples[:, 5])),
        "flagged": float(samples[:, 6].mean()),
        "stderr": float(samples[:, 7].mean()),
        "passes": bool(high >= LEAST or samples[:, 6].mean() >= FLAGGED),
    }


def markdown(rows: list[dict], replications: int) -> str:
    """Return the table and the verdict."""
    heads = ["scores", "labels off by", "k", "RMSE", "RMSE, assumed", "coverage", "coverage, assumed"]
    heads += ["length", "length, assumed", "flagged"]
    lines = [f"| {' | '.join(heads)} |", "|---|---|" + "---:|" * (len(heads) - 2)]
    for r in rows:
        told = f"{r['coverage_assumed']:.3f}"
        figures = [f"{r['k']:g}", f"{r['rmse']:.3f}", f"{r['rmse_assumed']:.3f}", f"{r['coverage']:.3f}"]
        figures += [told if r["passes"] else f"**{told}**", f"{r['length']:.3f}", f"{r['length_assumed']:.3f}"]
        lines.append(f"| {r['setting']} | {r['shape']} | {' | '.join(figures)} | {r['flagged']:.1%} |")
    lost = [
        f"{r['setting']}, {r['shape']}, k = {r['k']:g}: {r['coverage_assumed']:.3f}" for r in rows if not r["passes"]
    ]
    verdict = f"- **{'MISS' if lost else 'PASS'}** covers .90 or is flagged: missed in {len(lost)} of {len(rows)}"
    runs = f"conjac {cj.__version__}, {replications} replications."
    return "\n\n".join([HEAD, runs, "\n".join(lines), "\n".join([verdict, *(f"  - {told}" for told in lost)])]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    races = [(s, shape, k) for s in SETTINGS for shape in SHAPES for k in STEPS if k or shape == "shift"]
    rows = []
    with ProcessPoolExecutor(options.processes) as pool:
        for race in track(races, "settings", console=Console(stderr=True)):
            seeds = range(options.seed * 100_000, options.seed * 100_000 + options.replications)
            rows.append(row_of(*race, np.array(list(pool.map(partial(one, *race), seeds, chunksize=20)), dtype=float)))
    text = markdown(rows, options.replications)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "calibrated.md").write_text(text)
    (options.output / "calibrated.json").write_text(json.dumps(rows, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
