"""What was asked for, and by how much it is met or missed."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.density.table import COVERS, is_flagged

Row = dict[str, Any]
Verdict = dict[str, Any]
LARGE = 3_000


def verdicts(rows: list[Row], speed: Row | None) -> list[Verdict]:
    """Return every requirement with PASS, MISS or "not measured", and what tells it."""
    return [
        _best_covering(rows),
        _mean("geometric mean of RMSE over lpdensity's at most .80", _over(rows, "lpdensity"), 0.80),
        _mean("geometric mean of RMSE over point-only peers' at most 1", _over_points(rows), 1.0),
        _worst_point(rows),
        _coverage(rows),
        _mean_coverage(rows),
        _small(rows),
        _length(rows),
        *_speed(speed),
    ]


def means(rows: list[Row]) -> list[Row]:
    """Return geometric means of our RMSE over each peer's, by size and over all."""
    sizes = sorted({r["n"] for r in rows})
    names = list(dict.fromkeys(name for r in rows for name in r["points"]))
    ways = {"lpdensity": _over(rows, "lpdensity"), **{name: _over_points(rows, name) for name in names}}
    ways["all point-only"] = _over_points(rows)
    ways["lpdensity, cells not flagged"] = _over([r for r in rows if not is_flagged(r)], "lpdensity")
    return [
        {
            "peer": name,
            "cells": len(ratios),
            **{str(n): _geometric([x for m, _, x in ratios if m == n]) for n in sizes},
            "all": _geometric([x for _, _, x in ratios]),
        }
        for name, ratios in ways.items()
    ]


def _over(rows: list[Row], peer: str) -> list[tuple[int, str, float]]:
    return [(r["n"], r["cell"], r[peer]["ratio"]) for r in rows if r[peer]]


def _over_points(rows: list[Row], name: str | None = None) -> list[tuple[int, str, float]]:
    return [
        (r["n"], r["cell"], p["ratio"]) for r in rows for who, p in r["points"].items() if p and name in (None, who)
    ]


def _geometric(ratios: list[float]) -> float | None:
    return float(np.exp(np.mean(np.log(ratios)))) if ratios else None


def _verdict(what: str, met: bool | None, told: str, losses: list[str] | None = None) -> Verdict:
    word = {True: "PASS", False: "MISS", None: "not measured"}[met]
    return {"requirement": what, "verdict": word, "told": told, "cells": losses or []}


def _mean(what: str, ratios: list[tuple[int, str, float]], limit: float) -> Verdict:
    mean = _geometric([x for *_, x in ratios])
    return _verdict(what, None if mean is None else mean <= limit, "" if mean is None else f"{mean:.3f}")


def _at(row: Row) -> str:
    return f"{row['cell']}, n = {row['n']:,}" + (" (flagged)" if is_flagged(row) else "")


def _best_covering(rows: list[Row]) -> Verdict:
    raced = [r for r in rows if r["best_covering"]]
    lost = [r for r in raced if r["best_covering"]["ratio"] > 1.10 + 2 * r["best_covering"]["ratio_stderr"]]
    cells = [f"{_at(r)}: {r['best_covering']['ratio']:.2f} of {r['best_covering']['name']}" for r in lost]
    what = "RMSE at most 1.10 (+ 2 standard errors) of the best peer with an interval that covers .90"
    return _verdict(what, not lost if raced else None, f"missed in {len(lost)} of {len(raced)}", cells)


def _worst_point(rows: list[Row]) -> Verdict:
    ratios = [(r, p) for r in rows for p in r["points"].values() if p]
    lost = sorted(((r, p) for r, p in ratios if p["ratio"] > 1), key=lambda x: -x[1]["ratio"])
    over = [p for _, p in lost if p["ratio"] > 1.35]
    cells = [f"{_at(r)}: {p['ratio']:.2f} of {p['name']}, {p['input']}" for r, p in lost]
    what = "RMSE of no cell over 1.35 of a point-only peer's; losses listed"
    told = f"{len(over)} over 1.35, {len(lost)} over 1, of {len(ratios)}"
    return _verdict(what, not over if ratios else None, told, cells)


def _coverage(rows: list[Row]) -> Verdict:
    large = [r for r in rows if r["n"] >= LARGE and not is_flagged(r) and r["passes"] is not None]
    lost = [f"{_at(r)}: {r['coverage']:.3f}" for r in large if not r["passes"]]
    told = f"missed in {len(lost)} of {len(large)}"
    return _verdict(
        "coverage of every cell not flagged with n >= 3,000 meets [.93, .97]", not lost if large else None, told, lost
    )


def _mean_coverage(rows: list[Row]) -> Verdict:
    told = [r["coverage"] for r in rows if r["n"] >= LARGE and not is_flagged(r) and r["coverage"] is not None]
    mean = np.mean(told) if told else None
    return _verdict(
        "their mean coverage in [.94, .96]",
        None if mean is None else bool(0.94 <= mean <= 0.96),
        "" if mean is None else f"{mean:.4f}",
    )


def _small(rows: list[Row]) -> Verdict:
    small = [r for r in rows if r["n"] < LARGE]
    lost = [
        f"{_at(r)}: {r['coverage']:.3f}, flagged in {r['flagged']:.1%}"
        for r in small
        if r["passes"] is False and not is_flagged(r)
    ]
    told = f"missed in {len(lost)} of {len(small)}"
    return _verdict("cells below n = 3,000 whose coverage fails are flagged", not lost if small else None, told, lost)


def _length(rows: list[Row]) -> Verdict:
    both = [r for r in rows if r["lpdensity_covering"] and (r["coverage"] or 0) >= COVERS]
    ratios = {_at(r): r["length"] / r["lpdensity_covering"]["length"] for r in both}
    lost = [f"{name}: {x:.2f}" for name, x in ratios.items() if x > 1]
    mean = _geometric(list(ratios.values()))
    told = "" if mean is None else f"geometric mean {mean:.3f}; longer in {len(lost)} of {len(both)}"
    return _verdict("mean length at most lpdensity's where both cover .90", not lost if both else None, told, lost)


def _speed(speed: Row | None) -> list[Verdict]:
    told = []
    point = {r["work"]: r["ms"] for r in speed["point"]} if speed else {}
    peers = [ms for work, ms in point.items() if work.startswith("lpdensity")]
    for source in ("arrays", "a tally"):
        ratio = min(peers) / point[f"ours, from {source}"] if peers else None
        what = f"one point at n = 50,000 from {source} at least 100 times faster than lpdensity"
        told.append(_verdict(what, None if ratio is None else ratio >= 100, "" if ratio is None else f"{ratio:.0f}x"))
    curves = speed["curve"] if speed else []
    return told + [_verdict(f"{r['work']} under 20 ms", r["ms"] < 20, f"{r['ms']:.1f} ms") for r in curves]
