"""Measure decisions against other tuners: quality, time, slopes of offsets, and costs.

    python -m benchmarks.decisions [--sections NAME ...] [--seeds 10] [--quick] [--data FOLDER]

from the root of the repository. Rivals that are not installed are left out, and named; with them:
pip install optimal-classification-cutoffs[performance]
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

from benchmarks.decisions import corners, costs, population, quality, slopes, speed
from benchmarks.decisions.data import CREDIT, FOLDER, missing, tasks
from benchmarks.decisions.report import page, versions
from benchmarks.decisions.rivals import CUTOFFS, WAYS, installed

SECTIONS = ("quality", "speed", "slopes", "truth", "corners", "costs")


class Run:
    """One run: what was asked, what was found, and what was left out."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.console = Console(stderr=True)
        self.found: dict = {}
        self.notes: list[str] = []

    def shown(self, what: str):
        return partial(track, description=what, console=self.console)

    def left_out(self, what: str, why: str) -> None:
        self.notes.append(f"Left out: {what} ({why}).")
        self.console.print(self.notes[-1])

    def quality(self) -> list[dict]:
        o, ways = self.options, installed()
        for name in WAYS.keys() - set(ways):
            self.left_out(name, f"pip install {WAYS[name].package}")
        sets, without = tasks(min(o.seeds, 2) if o.quick else o.seeds, o.quick, o.data)
        for name, why in without.items():
            self.left_out(name, why)
        with ProcessPoolExecutor(o.processes) as pool:
            return quality.measure(pool, sets, ways, self.shown("quality"))

    def speed(self) -> list[dict]:
        races = self.shown("speed")(speed.races(self.options.quick))
        return [row for race in races for row in speed.run(race, self.options.seed)]

    def slopes(self) -> dict:
        n, draws = (50_000, 2) if self.options.quick else (1_000_000, 5)
        return slopes.measure(n, draws, self.options.seed, self.shown("slopes"))

    def truth(self) -> dict:
        rows = 500_000 if self.options.quick else self.options.rows
        return population.stream(
            population.Normals.of(slopes.CLASSES), rows, self.options.seed, self.shown("truth, streamed")
        )

    def corners(self) -> dict:
        n, draws = (50_000, 3) if self.options.quick else (1_000_000, 10)
        own = corners.ours(n, draws, self.options.seed, self.shown("corners"))
        return {"rules": corners.measure(), "ours": own}

    def costs(self) -> dict | None:
        if why := missing(CREDIT, self.options.data):
            self.left_out("German credit", why)
            return None
        splits = 5 if self.options.quick else 50
        return costs.measure(self.options.data, splits, self.options.seed, self.shown("German credit"))

    def write(self) -> str:
        """Write the page and its record, and return the page."""
        f, o = self.found, self.options
        found = quality.verdicts(f.get("quality", []))
        found += speed.verdicts(f.get("speed", []), o.quick)
        found += [*slopes.verdicts(f.get("slopes")), population.stream_verdict(f.get("truth"))]
        found += corners.verdicts(f.get("corners", {}).get("rules", []))
        parts = {}
        if "quality" in f:
            parts["What is reached"] = quality.markdown(f["quality"])
        if "speed" in f:
            parts["Time"] = speed.markdown(f["speed"])
        if "slopes" in f or "truth" in f:
            parts["Slopes of offsets"] = slopes.markdown(f.get("slopes"), f.get("truth"))
        if "corners" in f:
            parts["Corners of three classes"] = corners.markdown(f["corners"]["rules"], f["corners"]["ours"])
        if f.get("costs"):
            parts["German credit"] = costs.markdown(f["costs"])
        text = page(parts, found, self.notes, o.quick)
        record = {"versions": versions(), "seed": o.seed, "quick": o.quick, "notes": self.notes}
        o.output.mkdir(parents=True, exist_ok=True)
        (o.output / "decisions.md").write_text(text)
        (o.output / "decisions.json").write_text(json.dumps(record | {"verdicts": found, **f}, indent=1) + "\n")
        return text


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.decisions",
        description=__doc__.splitlines()[0],
        epilog=f"With its rivals: pip install '{CUTOFFS}[performance]'.",
    )
    parser.add_argument("--sections", nargs="+", default=SECTIONS, choices=SECTIONS, metavar="NAME")
    parser.add_argument("--seeds", type=int, default=10, help="draws of each made set")
    parser.add_argument("--rows", type=int, default=10_000_000, help="streamed to check the truth")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--processes", type=int, default=2, help="of the quality section; the others are timed alone")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the real sets; else that of CONJAC_DATA")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--seed", type=int, default=2026)
    run, text = Run(parser.parse_args()), ""
    for section in (name for name in SECTIONS if name in run.options.sections):
        run.found[section] = getattr(run, section)()
        text = run.write()  # what is done is kept if the rest is stopped
    print(text)


if __name__ == "__main__":
    main()
