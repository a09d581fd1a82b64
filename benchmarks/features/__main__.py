"""Measure drifts of features: errors, coverage, real sets, time.

    python -m benchmarks.features [--sections NAME ...] [--draws 600] [--quick] [--data FOLDER]

from the root of the repository. Sections that are not named keep what the record in the output folder holds of them;
"trees" takes about an hour, so it is run when it is named. Optional: xgboost-cpu.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy; the section of times has a process of its own

import argparse
import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.decisions.data import FOLDER, missing
from benchmarks.decisions.report import page, versions
from benchmarks.features import flux, real, saturated, smooth, speed, trees
from benchmarks.features.data import SETS
from conjac.errors import ConjacWarning

HEAD = "Drifts of features by conjac and by others, in one run on one machine: times are to be read as ratios."
NAMED = ("numpy", "scipy", "scikit-learn", "xgboost-cpu")
TITLES = {
    "flux": (flux, "Slopes where the truth is known"),
    "saturated": (saturated, "Sensitivity is not importance"),
    "smooth": (smooth, "Tangent and secant"),
    "real": (real, "Real sets"),
    "speed": (speed, "Time and memory"),
    "trees": (trees, "Forests"),
}
BY_DEFAULT = tuple(TITLES)[:-1]


class Run:
    """One run: what was asked, what was found, and what was left out."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.console = Console(stderr=True)
        self.record = options.output / "features.json"
        self.found: dict[str, Any] = {}
        self.ran: dict[str, dict[str, Any]] = {}
        if self.record.exists() and not options.quick:
            kept = json.loads(self.record.read_text())
            self.found, self.ran = kept["found"], kept["ran"]
        self.notes: list[str] = []

    def shown(self, what: str) -> Callable:
        return partial(track, description=what, console=self.console)

    def flux(self) -> list[dict]:
        o = self.options
        return flux.run([500, 5_000] if o.quick else o.sizes, 3 if o.quick else o.draws, o.seed, self.shown)

    def saturated(self) -> dict:
        n, draws = (5_000, 3) if self.options.quick else (50_000, 200)
        return saturated.measure(n, draws, self.options.seed, self.shown("saturated"))

    def smooth(self) -> list[dict]:
        n, draws = (5_000, 3) if self.options.quick else (20_000, 60)
        return smooth.measure(n, draws, self.options.seed, self.shown)

    def real(self) -> list[dict]:
        o = self.options
        without = {name: why for name, one in SETS.items() if (why := missing(one.real, o.data))}
        self.notes += [f"Left out: {name} ({why})." for name, why in without.items()]
        return real.run(o.data, without, 4_000 if o.quick else None, o.seed, self.shown)

    def speed(self) -> dict:
        return speed.apart(self.options.quick)

    def trees(self) -> dict:
        o = self.options
        if o.quick:
            return trees.run(["boosting"], 100_000, [2_000], 3)
        return trees.run(o.models, o.population, o.tree_sizes, o.tree_draws)

    def write(self) -> str:
        """Write the page and its record, and return the page."""
        o = self.options
        told = [line for name, (section, _) in TITLES.items() for line in section.verdicts(self.found.get(name, []))]
        parts = {
            title: section.markdown(self.found[name])
            for name, (section, title) in TITLES.items()
            if self.found.get(name)
        }
        text = page(parts, told, self.notes, o.quick, HEAD, NAMED)
        kept = {"ran": self.ran, "verdicts": told, "found": self.found}
        o.output.mkdir(parents=True, exist_ok=True)
        (o.output / "features.md").write_text(text)
        self.record.write_text(json.dumps(kept, indent=1) + "\n")
        return text


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", default=BY_DEFAULT, choices=TITLES, metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, default=[500, 5_000, 50_000], help="rows of a draw")
    parser.add_argument("--draws", type=int, default=600, help="a third of them at 50,000 rows")
    parser.add_argument("--population", type=int, default=10_000_000, help="rows that the truth of trees is counted on")
    parser.add_argument("--tree-draws", type=int, default=1_000)
    parser.add_argument("--tree-sizes", nargs="+", type=int, default=[2_000, 20_000])
    parser.add_argument("--models", nargs="+", default=["boosting", "forest"], help="of trees")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the real sets; else that of CONJAC_DATA")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--seed", type=int, default=2026)
    warnings.simplefilter("ignore", ConjacWarning)  # what is flagged is counted
    run, text = Run(parser.parse_args()), ""
    for section in (name for name in TITLES if name in run.options.sections):
        run.found[section] = getattr(run, section)()
        run.ran[section] = {"versions": versions(NAMED), "seed": run.options.seed, "quick": run.options.quick}
        text = run.write()  # what is done is kept if the rest is stopped
    print(text)


if __name__ == "__main__":
    main()
