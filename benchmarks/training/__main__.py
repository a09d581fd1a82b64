"""Measure what passes through training: derivatives by hyper-parameters, effects of training rows.

    python -m benchmarks.training [--sections NAME ...] [--draws 2000] [--quick] [--data FOLDER]

from the root of the repository, with what requirements.txt beside this file names. Sections that are not named keep
what the record in the output folder holds of them.
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
from benchmarks.decisions.report import page, verdict, versions
from benchmarks.training import cost, coverage, derivative, leave_out, mislabelled, tuning
from conjac.errors import ConjacWarning

HEAD = (
    "What passes through training, by conjac and by others, in one run on one machine: times are to be read as ratios."
)
NAMED = ("numpy", "scipy", "scikit-learn", "torch", "pydvl")
TITLES = {
    "derivative": (derivative, "The derivative of the parameters"),
    "coverage": (coverage, "Slopes where the truth is known"),
    "cost": (cost, "Time"),
    "leave_out": (leave_out, "Leaving a row out"),
    "mislabelled": (mislabelled, "Labels that were flipped"),
    "tuning": (tuning, "Hyper-parameters tuned by gradients"),
}


class Run:
    """One run: what was asked, what was found, and what was left out."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.console = Console(stderr=True)
        self.record = options.output / "training.json"
        self.found: dict[str, Any] = {}
        self.ran: dict[str, dict[str, Any]] = {}
        if self.record.exists() and not options.quick:
            kept = json.loads(self.record.read_text())
            self.found, self.ran = kept["found"], kept["ran"]
        self.notes: list[str] = []

    def shown(self, what: str) -> Callable:
        return partial(track, description=what, console=self.console)

    def derivative(self) -> list[dict]:
        return derivative.run(self.options.quick, self.options.seed, self.shown)

    def coverage(self) -> list[dict]:
        o = self.options
        return coverage.run([2_000] if o.quick else o.sizes, 20 if o.quick else o.draws, o.seed, self.shown)

    def cost(self) -> list[dict]:
        return cost.apart(self.options.quick, self.options.seed)

    def leave_out(self) -> list[dict]:
        return leave_out.run(self.options.quick, self.options.seed, self.shown)

    def mislabelled(self) -> list[dict]:
        if why := missing(mislabelled.SPAMBASE, self.options.data):
            self.notes.append(f"Left out: spambase ({why}).")
        return mislabelled.run(self.options.data, 2 if self.options.quick else 10, self.shown)

    def tuning(self) -> list[dict]:
        most, seeds = (600, 2) if self.options.quick else (None, 10)
        return tuning.run(self.options.data, most, seeds)

    def write(self) -> str:
        """Write the page and its record, and return the page."""
        o = self.options
        there = {name: one for name, one in TITLES.items() if self.found.get(name)}
        told = [line for name, (section, _) in there.items() for line in section.verdicts(self.found[name])]
        told += [verdict(title, None) for name, (_, title) in TITLES.items() if name not in there]
        parts = {title: section.markdown(self.found[name]) for name, (section, title) in there.items()}
        text = page(parts, told, self.notes, o.quick, HEAD, NAMED)
        kept = {"ran": self.ran, "verdicts": told, "found": self.found}
        o.output.mkdir(parents=True, exist_ok=True)
        (o.output / "training.md").write_text(text)
        self.record.write_text(json.dumps(kept, indent=1) + "\n")
        return text


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", default=list(TITLES), choices=TITLES, metavar="NAME")
    parser.add_argument("--sizes", nargs="+", type=int, default=[2_000, 20_000, 200_000], help="test rows of a draw")
    parser.add_argument("--draws", type=int, default=2_000, help="at 20,000 test rows; fewer at other sizes")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--data", type=Path, default=FOLDER, help="folder of the real sets; else that of CONJAC_DATA")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    parser.add_argument("--seed", type=int, default=2026)
    warnings.simplefilter("ignore", ConjacWarning)
    run, text = Run(parser.parse_args()), ""
    for section in (name for name in TITLES if name in run.options.sections):
        run.found[section] = getattr(run, section)()
        run.ran[section] = {"versions": versions(NAMED), "seed": run.options.seed, "quick": run.options.quick}
        text = run.write()  # what is done is kept if the rest is stopped
    print(text)


if __name__ == "__main__":
    main()
