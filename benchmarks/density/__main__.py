"""Race the density of one class's scores against other tools, on distributions with closed forms.

    python -m benchmarks.density [--cells NAME ...] [--sizes N ...] [--replications R ...] [--peers NAME ...]

from the root of the repository. Peers that are not installed are left out, and named; all of them:
pip install lpdensity jacobi KDEpy arviz-stats
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy: the processes are the parallelism

import argparse
import json
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import track

from benchmarks.density.cells import CELLS
from benchmarks.density.peers import PEERS
from benchmarks.density.report import report
from benchmarks.density.run import races, tasks_of
from benchmarks.density.speed import measure
from benchmarks.density.table import summary

SIZES = (300, 3_000, 50_000)
SLOW = {300: 1000, 3_000: 500, 50_000: 200}
MANY = 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.density",
        description=__doc__.splitlines()[0],
        epilog="R is one number, or one a size.",
    )
    several = {"nargs": "+", "type": int, "metavar": "R"}
    parser.add_argument("--cells", nargs="+", default=list(CELLS), choices=CELLS, metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES, metavar="N")
    parser.add_argument("--replications", help=f"ours; default {MANY}", **several)
    parser.add_argument("--fast", help=f"of these, raced by the fast peers; default {MANY}", **several)
    parser.add_argument("--slow", help=f"of these, raced by lpdensity; default {tuple(SLOW.values())}", **several)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=PEERS, metavar="NAME")
    parser.add_argument("--no-speed", dest="speed", action="store_false", help="leave out the timings")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument(
        "--cache", metavar="FOLDER", help="keep there what the peers made of the draws, for the next run"
    )
    options = parser.parse_args()
    console = Console(stderr=True)
    peers = tuple(name for name in options.peers if PEERS[name].version is not None)
    for name in options.peers:
        if name not in peers:
            console.print(f"{name} is left out: not installed (pip install {PEERS[name].package})")
    runs = {"seed": options.seed, "peers": {name: PEERS[name].version for name in peers}, "sizes": {}}
    rows: list[dict] = []
    options.output.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.processes) as pool:
        for i, n in enumerate(options.sizes):
            asked = (
                (options.replications, MANY),
                (options.fast, MANY),
                (options.slow, SLOW.get(n, min(SLOW.values()))),
            )
            counts = [default if per is None else per[min(i, len(per) - 1)] for per, default in asked]
            runs["sizes"][n] = dict(zip(("ours", "fast", "slow"), counts, strict=True))
            tasks = tasks_of(options.cells, n, *counts, peers, options.seed, options.cache)
            shown = partial(track, description=f"n = {n:,}", total=len(tasks), console=console)
            rows += [summary(race) for race in races(pool, tasks, shown)]
            write(options.output, runs, rows, None)  # what is done is kept if the rest is stopped
    if options.speed:
        console.print("timings")
        write(options.output, runs, rows, measure(peers, options.seed))
    print((options.output / "density.md").read_text())


def write(output: Path, runs: dict, rows: list[dict], speed: dict | None) -> None:
    text, record = report(runs, rows, speed)
    (output / "density.md").write_text(text)
    (output / "density.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
