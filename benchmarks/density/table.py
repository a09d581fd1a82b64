"""From replications to figures, and from figures to Markdown."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from benchmarks.density.run import Key, Race
from conjac.inference import wilson

COVERS = 0.90
"""Least coverage of a peer whose interval counts."""
LOW, HIGH = 0.93, 0.97
FEWEST = 10
MOST_FAILED = 0.5
FLAGGED = 0.5
"""Share of flagged samples from which a cell counts as flagged."""
SLOW = "lpdensity"


def summary(race: Race) -> dict[str, Any]:
    """Return one cell's figures at one size."""
    truth, error = race.column("truth"), race.column("estimate") / race.column("truth") - 1
    told = np.isfinite(race.column("low"))
    flagged = race.column("flagged") > 0
    peers = {key: _peer(race, key, error) for key in race.peers}
    valid = {key: p for key, p in peers.items() if p["ratio"] is not None}
    covering = {key: p for key, p in valid.items() if (p["coverage"] or 0) >= COVERS}
    points = {name: _better(valid, name) for name in dict.fromkeys(name for name, _ in valid) if name != SLOW}
    row = {
        "cell": race.cell.name,
        "n": race.n,
        "t": race.cell.t,
        "coordinate": race.cell.coordinate,
        "truth": float(np.nanmean(truth)),
        "replications": len(error),
        "rmse": _root(error),
        "bias": float(np.nanmean(error)),
        "undefined": float(np.isnan(error).mean()),
        "flagged": float(flagged.mean()),
        "secant": float(race.column("secant").mean()),
        "effective_rows": float(np.median(race.column("rows"))),
        "half_width": float(np.nanmedian(race.column("half_width"))),
        "filler_short": float(race.column("filler_short").mean()),
        "without": float(1 - told.mean()),
        **_coverage(race.column("low"), race.column("high"), truth, told),
        "unflagged": _coverage(race.column("low"), race.column("high"), truth, told & ~flagged),
        "peers": {f"{name}, {scale}": p for (name, scale), p in peers.items()},
        "best_covering": _named(covering, min(covering, key=lambda k: -covering[k]["ratio"], default=None)),
        "lpdensity": _named(valid, _better(valid, SLOW)),
        "lpdensity_covering": _named(covering, _better(covering, SLOW)),
        "points": {name: _named(valid, key) for name, key in points.items()},
    }
    row["worst_point"] = max(row["points"].values(), key=lambda p: p["ratio"], default=None)
    return row


def _peer(race: Race, key: Key, ours: np.ndarray) -> dict[str, Any]:
    """Return a peer's figures, and the ratio of our error to its own on the samples that both had."""
    estimate, low, high = race.peers[key].T
    raced = len(estimate)
    truth = race.column("truth")[:raced]
    error = estimate / truth - 1
    both = np.isfinite(error) & np.isfinite(ours[:raced])
    found: dict[str, Any] = {
        "replications": raced,
        "rmse": _root(error),
        "bias": float(np.nanmean(error)) if np.isfinite(error).any() else None,
        "failed": float(np.isnan(error).mean()) if raced else None,
        "ratio": None,
        **_coverage(low, high, truth, np.isfinite(low)),
    }
    if both.sum() >= FEWEST and both.mean() > 1 - MOST_FAILED:
        mine, theirs = ours[:raced][both] ** 2, error[both] ** 2
        ratio = np.sqrt(mine.mean() / theirs.mean())
        relative = mine / mine.mean() - theirs / theirs.mean()
        found |= {"ratio": float(ratio), "ratio_stderr": float(ratio * relative.std() / 2 / np.sqrt(both.sum()))}
    return found


def _coverage(low: np.ndarray, high: np.ndarray, truth: np.ndarray, told: np.ndarray) -> dict[str, Any]:
    """Return coverage over the intervals told, its 99 % Wilson interval, the verdict, and the mean relative length."""
    if not told.any():
        return {"coverage": None, "coverage_low": None, "coverage_high": None, "passes": None, "length": None}
    inside = float(((low <= truth) & (truth <= high))[told].mean())
    stderr = np.sqrt(inside * (1 - inside) / told.sum())
    lower, upper = wilson(inside, stderr, told.sum(), stats.norm.ppf(0.995))
    return {
        "coverage": inside,
        "coverage_low": float(lower),
        "coverage_high": float(upper),
        "passes": bool(lower <= HIGH and upper >= LOW),
        "length": float(((high - low) / truth)[told].mean()),
    }


def _better(peers: dict[Key, dict], name: str) -> Key | None:
    """Return the input with which a tool does best, next to ours."""
    return max((k for k in peers if k[0] == name), key=lambda k: peers[k]["ratio"], default=None)


def _named(peers: dict[Key, dict], key: Key | None) -> dict[str, Any] | None:
    return None if key is None else {"name": key[0], "input": key[1], **peers[key]}


def _root(error: np.ndarray) -> float | None:
    return float(np.sqrt(np.nanmean(error**2))) if np.isfinite(error).any() else None


def is_flagged(row: dict[str, Any]) -> bool:
    """Tell whether at least half of the samples say that they are not to be believed."""
    return row["flagged"] >= FLAGGED


def markdown(rows: list[dict[str, Any]], n: int) -> str:
    """Return one size's table."""
    lines = [
        "| cell | relative RMSE | best covering peer | our RMSE over its | over lpdensity's | over the best point-only "
        "| coverage | flagged | length | lpdensity's |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in (r for r in rows if r["n"] == n):
        best, slow, point, both = (r[k] for k in ("best_covering", "lpdensity", "worst_point", "lpdensity_covering"))
        cells = [
            r["cell"],
            _number(r["rmse"]),
            f"{best['name']}, {best['input']}" if best else "",
            _ratio(best, 1.10),
            _ratio(slow, None),
            f"{_strong(_number(point['ratio'], 2), point['ratio'] > 1.35)} {point['name']}" if point else "",
            _told(r),
            f"{r['flagged']:.1%}" if r["flagged"] else "",
            _number(r["length"]),
            _number(both["length"]) if both and (r["coverage"] or 0) >= COVERS else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _told(row: dict[str, Any]) -> str:
    if row["coverage"] is None:
        return "no interval"
    text = f"{row['coverage']:.3f} [{row['coverage_low']:.3f}, {row['coverage_high']:.3f}]"
    return _strong(text, not row["passes"])


def _ratio(peer: dict[str, Any] | None, limit: float | None) -> str:
    if peer is None:
        return ""
    text = f"{peer['ratio']:.2f} ± {2 * peer['ratio_stderr']:.2f}"
    return _strong(text, limit is not None and peer["ratio"] > limit + 2 * peer["ratio_stderr"])


def _strong(text: str, missed: bool) -> str:
    return f"**{text}**" if missed else text


def _number(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{value:.{digits}f}"
