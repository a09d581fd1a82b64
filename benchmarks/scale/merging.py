"""Tallies that are kept: how large that of ten million rows is, and how long a thousand of them take to merge.

python -m benchmarks.scale.merging [--quick]
"""

from __future__ import annotations

import argparse
import pickle
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.special import expit, logit

import conjac as cj
from benchmarks.decisions.report import Verdict, markdown_table, verdict
from benchmarks.scale.timing import best, sample

Found = dict[str, Any]
ROWS, TALLIES = 10_000_000, 1000
MOST_BYTES, MOST_SECONDS = 200_000, 0.1
NAMED = np.arange(1, 1000) / 1000


def run(quick: bool) -> Found:
    n, k = (ROWS // 100, TALLIES // 10) if quick else (ROWS, TALLIES)
    y, p = sample(n)
    tallies = {
        "no named threshold": cj.Tally.zero("logit").update(y, p),
        "999 named thresholds": cj.Tally.zero("logit", thresholds=NAMED).update(y, p),
        "weights": cj.Tally.zero("logit").update(y, p, sample_weight=np.linspace(0.5, 1.5, n)),
        "clusters": cj.Tally.zero("logit", clustered=True).update(y, p, groups=np.arange(n) % 1000),
        "scores four times as spread": cj.Tally.zero("logit").update(y, expit(4 * logit(p))),
    }
    sizes = [{"tally": name, "keys": len(tally.rows), **_sizes(tally)} for name, tally in tallies.items()]
    plain, named = tallies["no named threshold"], tallies["999 named thresholds"]
    far = cj.Tally.zero("score", 2.0**-8).update(y, logit(p))
    far = far.update([0, 1], [-1e7, 1e7])
    times = [
        _time(f"{k:,} tallies, no named threshold", *_merging(plain, k)),
        _time(f"{k:,} tallies, 999 named thresholds", *_merging(named, k)),
        _time(f"{k:,} tallies, a row 1e7 away on either side", *_merging(far, k)),
        _time("one batch of 1,000 rows", lambda: plain.update(y[:1000], p[:1000]), len(plain.rows)),
        _time("a window: one tally less another", lambda: plain.merge(plain).diff(plain), len(plain.rows)),
    ]
    return {"rows": n, "tallies": k, "sizes": sizes, "times": times}


def _sizes(tally: cj.Tally) -> dict[str, int]:
    with TemporaryDirectory() as folder:
        path = Path(folder, "tally.parquet")
        tally.to_parquet(path)
        parquet = path.stat().st_size
    return {
        "memory": tally.nbytes,
        "parquet": parquet,
        "json": len(tally.to_json()),
        "pickle": len(pickle.dumps(tally)),
    }


def _merging(tally: cj.Tally, k: int) -> tuple[Callable[[], Any], int]:
    """Return the merge of many tallies like this one: each a little to one side, without some of its keys."""
    rng = np.random.default_rng(0)
    keys, sums = tally.keys, {name: getattr(tally, name) for name in ("rows", "offset")}
    form = {name: getattr(tally, name) for name in ("scale", "step", "thresholds")}
    likes = []
    for _ in range(k):
        kept = rng.random(len(keys)) < 0.98
        moved = keys[kept] + np.array([0, 0, 0 if tally.thresholds else rng.integers(-20, 21), 0, 0])
        likes.append(cj.Tally.of_sums(keys=moved, sums={name: of[kept] for name, of in sums.items()}, **form))
    return lambda: likes[0].merge(*likes[1:]), sum(len(like.rows) for like in likes)


def _time(work: str, of: Callable[[], Any], n_keys: int) -> Found:
    return {"work": work, "keys": n_keys, "ms": 1000 * best(of)}


def markdown(found: Found) -> str:
    sizes = [
        [
            one["tally"],
            f"{one['keys']:,}",
            *(f"{one[name] / 1000:.0f}" for name in ("memory", "parquet", "json", "pickle")),
        ]
        for one in found["sizes"]
    ]
    times = [[one["work"], f"{one['keys']:,}", f"{one['ms']:.1f}"] for one in found["times"]]
    return "\n\n".join(
        [
            f"The tally of {found['rows']:,} rows, in bins of 2^-8 of log-odds; sizes in kB (1000 bytes).",
            markdown_table(["tally", "keys", "memory", "Parquet", "JSON", "pickle"], sizes),
            "Merging, of slightly different keys each; the best of five.",
            markdown_table(["work", "keys in all", "ms"], times),
        ]
    )


def verdicts(found: Found) -> list[Verdict]:
    plain, merged = found["sizes"][0], found["times"][0]["ms"] / 1000
    largest = max(plain[name] for name in ("memory", "parquet", "json", "pickle"))
    return [
        verdict(f"the tally of {found['rows']:,} rows under 200 kB", largest < MOST_BYTES, f"{largest / 1000:.0f} kB"),
        verdict(f"{found['tallies']:,} tallies merge in under .1 s", merged < MOST_SECONDS, f"{merged:.3f} s"),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.merging", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    found = run(parser.parse_args().quick)
    print(markdown(found))
    for one in verdicts(found):
        print(f"{one['verdict']}: {one['requirement']} ({one['told']})")


if __name__ == "__main__":
    main()
