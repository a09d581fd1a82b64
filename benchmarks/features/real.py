"""Drifts ranked on one part of a real set's test rows, and recounted on the other."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np

import conjac as cj
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.features.data import MODELS, SETS, Part, categories, parts, pipeline, threshold_of

Row = dict[str, Any]
STEP = 0.1
"""Standard deviations to either side."""
RMS, CORRELATION, MANY = 1.3, 0.95, 1_000
HEAD = f"""\
Half of the rows train, a quarter ranks numeric drifts by what they do to recall, a quarter recounts recall with \
each column moved {STEP:g} sd down and up; patients stay whole, and errors are theirs. The threshold leaves 60 % of \
the ranking part's positive rows above it. "Positives" are those of both quarters. z is our slope (its \
bias-corrected centre) less the recount's difference quotient, over the error of both; r is the correlation of the \
two over columns. Boosting is ranked twice: by steps of our own choice, against the recount at these ("own step"), and \
by `step={STEP:g}`, against that at {STEP:g} sd. Columns whose recount moves no row, or whose slope has no interval, \
have no z."""


def recounted(model: Any, part: Part, name: str, step: float, threshold: float) -> tuple[float, float]:
    """Return recall with a column moved up less that with it moved down, and the standard error of that."""
    positive = part.X[part.y == 1]
    sides = []
    for by in (-step, step):
        moved = positive.copy()
        moved[name] = moved[name] + by
        sides.append(model.predict_proba(moved)[:, 1] >= threshold)
    turned = sides[1].astype(float) - sides[0]
    adds = turned - turned.mean()
    if part.groups is not None:
        adds = np.bincount(np.unique(part.groups[part.y == 1], return_inverse=True)[1], adds)
    return float(turned.mean()), float(np.sqrt((adds**2).sum()) / len(turned))


def compared(name: str, how: str, found: tuple[Part, Part, Part], seed: int) -> Row:
    """Train, rank, and recount."""
    one, (train, rank, recount) = SETS[name], found
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = pipeline(how, one, train.X, seed).fit(train.X, train.y)
        threshold = threshold_of(model, rank)
        numeric = [column for column in rank.X.columns if column not in categories(one, rank.X)]
        same = {"categorical": categories(one, rank.X), "threshold": threshold, "groups": rank.groups}
        ranking = cj.rank_drifts(model, rank.X, rank.y, "recall", columns=numeric, **same)
        told, J = ranking.told, ranking.jacobian
        asked = told
        if J.method == "secant":
            asked = cj.rank_drifts(model, rank.X, rank.y, "recall", columns=numeric, step=STEP, **same).told
    drifts = []
    for place, column in enumerate(J.parameters):
        sd = J.diagnostics["spread"][column]
        own = J.diagnostics["step"][column] / sd if "step" in J.diagnostics else np.nan
        drift = {"column": column, "own_step": own}
        for which, step, ours in (("fixed", STEP, asked), ("own", own, told)):
            seen, error = (
                recounted(model, recount, column, step * sd, threshold) if np.isfinite(step) else (np.nan,) * 2
            )
            drift[which] = {
                "slope": float(ours.center[place]),
                "error": float(ours.stderr[place]),
                "difference": seen / (2 * step),
                "stderr": error / (2 * step),
            }
        drifts.append({key: value if isinstance(value, dict | str) else float(value) for key, value in drift.items()})
    return {
        "set": name,
        "model": how,
        "rows": len(rank.y),
        "positives": int(rank.y.sum() + recount.y.sum()),
        "recall": float(told.value),
        "threshold": threshold,
        "method": J.method,
        "derivative": J.diagnostics["derivative"],
        "drifts": drifts,
    }


def z_of(row: Row, which: str) -> np.ndarray:
    """Return z of each column of which both are known."""
    told = (np.array([d[which][key] for d in row["drifts"]]) for key in ("slope", "error", "difference", "stderr"))
    slope, error, seen, noise = told
    known = np.isfinite(error) & (noise > 0)
    return (slope - seen)[known] / np.hypot(error, noise)[known]


def correlation(row: Row, which: str) -> float:
    slope, seen = (np.array([d[which][key] for d in row["drifts"]]) for key in ("slope", "difference"))
    known = np.isfinite(slope) & np.isfinite(seen)
    return float(np.corrcoef(slope[known], seen[known])[0, 1]) if known.sum() > 1 else float("nan")


def rms(values: Any) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if len(values) else float("nan")


def run(folder: Path, without: dict[str, str], most: int | None, seed: int, shown: Any) -> list[Row]:
    """Compare every model on every set that is there."""
    rows = []
    for name in (name for name in SETS if name not in without):
        found = parts(SETS[name], folder, most, seed)
        rows += [compared(name, how, found, seed) for how in shown(name)(MODELS)]
    return rows


def verdicts(rows: list[Row]) -> list[Row]:
    """Return what was asked of smooth models and of boosting, each at its step."""
    found = []
    for what, part, which in (
        ("logistic and MLP at .1 sd", [r for r in rows if r["method"] == "tangent"], "fixed"),
        ("recounts at their own step", [r for r in rows if r["method"] == "secant"], "own"),
        ("recounts at .1 sd, asked for", [r for r in rows if r["method"] == "secant"], "fixed"),
    ):
        each = {f"{r['set']}, {r['model']}": rms(z_of(r, which)) for r in part}
        lost = [f"{name}: {value:.2f}" for name, value in each.items() if value > RMS]
        every = rms(np.concatenate([z_of(r, which) for r in part])) if part else np.nan
        told = f"{every:.2f}; over it in {len(lost)} of {len(each)}"
        asked = f"real sets, {what}: root mean square of z at most {RMS:g}, all together"
        found.append(verdict(asked, every <= RMS if part else None, told, lost))
        each = {f"{r['set']}, {r['model']}": correlation(r, which) for r in part if r["positives"] >= MANY}
        lost = [f"{name}: {value:.3f}" for name, value in each.items() if not value >= CORRELATION]
        asked = f"real sets with {MANY:,} positive test rows, {what}: correlation at least {CORRELATION:g}"
        found.append(verdict(asked, not lost if each else None, f"missed in {len(lost)} of {len(each)}", lost))
    return found


def markdown(rows: list[Row]) -> str:
    heads = ["set, model", "rows", "positives", "recall", "method", "columns", "rms z, .1 sd", "r, .1 sd"]
    heads += ["own step, sd", "rms z, own step", "r, own step"]
    lines = []
    for r in rows:
        own = [""] * 3
        if r["method"] == "secant":
            steps = [d["own_step"] for d in r["drifts"]]
            own = [f"{np.nanmin(steps):.2f} to {np.nanmax(steps):.2f}", f"{rms(z_of(r, 'own')):.2f}"]
            own += [f"{correlation(r, 'own'):.3f}"]
        line = [f"{r['set']}, {r['model']}", f"{r['rows']:,}", f"{r['positives']:,}", f"{r['recall']:.2f}", r["method"]]
        line += [str(len(r["drifts"])), f"{rms(z_of(r, 'fixed')):.2f}", f"{correlation(r, 'fixed'):.3f}"]
        lines.append(line + own)
    return HEAD + "\n\n" + markdown_table(heads, lines)
