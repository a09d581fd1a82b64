"""What is reached on the rows that are tuned on, and on test rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.decisions.data import Task
from benchmarks.decisions.report import markdown_table, verdict
from benchmarks.decisions.rivals import EVALUATIONS, OURS, REACH, WAYS
from benchmarks.decisions.scoring import METRICS, RESAMPLES, paired_stderr, table

Row = dict[str, Any]
SLACK, MEAN_SLACK, ERRORS = 1e-3, 2e-3, 2
HEAD = f"""Each set is split in thirds: one trains the classifier, one tunes, one tests. Figures of "K = ..." are \
means over draws of `make_classification`. Tuning: the metric on the rows it was tuned on; test: on the others. \
Difference: ours less theirs on the test rows, ± 2 standard errors (paired bootstrap of the test rows, {RESAMPLES:,} \
resamples). Differential evolution searches offsets of log-probabilities, as ours does, in [-{REACH:g}, {REACH:g}] \
with at most {EVALUATIONS:,} evaluations; coordinate ascent subtracts thresholds from probabilities, another family of \
rules; one against the rest takes the likeliest of the classes over their own best thresholds, else the argmax."""


def race(task: Task, ways: list[str]) -> list[Row]:
    """Tune and measure one set by every way, for every metric."""
    y, scores, y_test, test_scores = task.scores()
    classes, rng = scores.shape[1], np.random.default_rng(task.seed)
    rows = []
    for name, metric in METRICS.items():
        row: Row = {"set": task.name, "kind": task.kind, "metric": name, "classes": classes, "rows": len(y), "ways": {}}
        predicted: dict[str, np.ndarray] = {}
        for way in (w for w in ways if name in WAYS[w].metrics):
            start = perf_counter()
            predict = WAYS[way].tune(y, scores, name)
            seconds = perf_counter() - start
            predicted[way] = predict(test_scores).astype(np.intp)
            reached = {
                "tuning": float(metric(table(y, predict(scores).astype(np.intp), classes))),
                "test": float(metric(table(y_test, predicted[way], classes))),
                "seconds": seconds,
            }
            if way != OURS:
                reached["difference"] = row["ways"][OURS]["test"] - reached["test"]
                reached["stderr"] = paired_stderr(metric, y_test, predicted[OURS], predicted[way], classes, rng)
            row["ways"][way] = reached
        rows.append(row)
    return rows


def measure(pool: Executor, tasks: list[Task], ways: list[str], shown: Callable[..., Iterable[list[Row]]]) -> list[Row]:
    return [row for rows in shown(pool.map(partial(race, ways=ways), tasks), total=len(tasks)) for row in rows]


def verdicts(rows: list[Row]) -> list[Row]:
    """Return the three requirements against each rival and metric."""
    found = []
    for metric in METRICS:
        here = [r for r in rows if r["metric"] == metric]
        for way in dict.fromkeys(w for r in here for w in r["ways"] if w != OURS):
            found += _against(way, metric, [r for r in here if way in r["ways"]])
    return found


def _against(way: str, metric: str, rows: list[Row]) -> list[Row]:
    short = {r["set"]: r["ways"][OURS]["tuning"] - r["ways"][way]["tuning"] for r in rows}
    lost = [f"{name}: {gap:+.4f}" for name, gap in short.items() if gap < -SLACK]
    told = f"missed in {len(lost)} of {len(rows)}; least difference {min(short.values()):+.4f}"
    found = [verdict(f"{metric}, tuning rows: at least that of {way} - {SLACK:g} on every set", not lost, told, lost)]
    theirs = {r["set"]: r["ways"][way] for r in rows}
    beyond = {name: t["difference"] + ERRORS * t["stderr"] for name, t in theirs.items()}
    worse = [f"{name}: {_plus_minus(theirs[name])}" for name, room in beyond.items() if room < 0]
    what = f"{metric}, test rows: not below {way} by more than {ERRORS} standard errors on any set"
    chance = sum(t["stderr"] > 0 for t in theirs.values()) * 0.0228
    told = f"missed in {len(worse)} of {len(rows)}; {chance:.1f} expected of equals"
    found.append(verdict(what, not worse, told, worse))
    mean = float(np.mean([t["difference"] for t in theirs.values()]))
    what = f"{metric}, test rows: mean over sets at least that of {way} - {MEAN_SLACK:g}"
    return [*found, verdict(what, mean >= -MEAN_SLACK, f"{mean:+.4f}")]


def _plus_minus(found: Row) -> str:
    return f"{found['difference']:+.4f} ± {2 * found['stderr']:.4f}"


def markdown(rows: list[Row]) -> str:
    """Return the three tables: tuning, test, and seconds."""
    parts = [HEAD]
    kinds = list(dict.fromkeys(r["kind"] for r in rows))
    for metric in METRICS:
        here = [r for r in rows if r["metric"] == metric]
        ways = list(dict.fromkeys(w for r in here for w in r["ways"]))
        for what in ("tuning", "test"):
            lines = [_line([r for r in here if r["kind"] == kind], ways, what) for kind in kinds]
            parts += [f"`{metric}`, {what} rows:", markdown_table(["set", "sets", "rows", *ways], lines)]
        means = [f"{w} {np.mean([r['ways'][w]['seconds'] for r in here]):.2f}" for w in ways]
        parts.append(f"Mean seconds of tuning: {', '.join(means)}.")
    return "\n\n".join(parts)


def _line(rows: list[Row], ways: list[str], what: str) -> list[str]:
    told = [rows[0]["kind"], str(len(rows)), f"{rows[0]['rows']:,}"]
    for way in ways:
        here = [r["ways"][way] for r in rows]
        cell = f"{np.mean([h[what] for h in here]):.4f}"
        if what == "test" and way != OURS:
            error = float(np.sqrt(np.sum([h["stderr"] ** 2 for h in here])) / len(here))
            cell += f" ({_plus_minus({'difference': np.mean([h['difference'] for h in here]), 'stderr': error})})"
        told.append(cell)
    return told
