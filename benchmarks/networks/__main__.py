"""Measure gradients of the confusion matrix in the parameters of networks.

    python -m benchmarks.networks [--sections NAME ...] [--quick]

from the root of the repository, with PyTorch, JAX and Keras on its three back ends. Sections that are not named keep
what the record in the output folder holds of them. `losses` and `coverage` are commands of their own.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before NumPy; sections of times have processes of their own

import argparse
import json
import warnings
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from benchmarks.decisions.report import page, verdict, versions
from benchmarks.networks import agreement, cost, step
from conjac.errors import ConjacWarning

HEAD = "Gradients in the parameters of networks, in one run on one machine: times are to be read as ratios."
NAMED = ("numpy", "scipy", "scikit-learn", "torch", "jax", "keras", "tensorflow-cpu")
TITLES = {
    "agreement": (agreement, "Fluxes and automatic differentiation"),
    "cost": (cost, "Time and memory"),
    "step": (step, "One small step"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.networks", description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", default=list(TITLES), choices=TITLES, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    given = parser.parse_args()
    warnings.simplefilter("ignore", ConjacWarning)
    shown = partial(partial, track, console=Console(stderr=True))
    runs: dict[str, Any] = {
        "agreement": agreement.run,
        "cost": partial(cost.run, given.quick),
        "step": partial(step.run, given.quick, lambda what: shown(description=what)),
    }
    record = given.output / "networks.json"
    kept = json.loads(record.read_text()) if record.exists() and not given.quick else {"found": {}, "ran": {}}
    for name in (name for name in TITLES if name in given.sections):
        kept["found"][name] = runs[name]()
        kept["ran"][name] = {"versions": versions(NAMED), "quick": given.quick}
        there = {name: one for name, one in TITLES.items() if kept["found"].get(name)}
        told = [line for name, (section, _) in there.items() for line in section.verdicts(kept["found"][name])]
        told += [verdict(title, None) for name, (_, title) in TITLES.items() if name not in there]
        parts = {title: section.markdown(kept["found"][name]) for name, (section, title) in there.items()}
        text = page(parts, told, [], given.quick, HEAD, NAMED)
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "networks.md").write_text(text)
        record.write_text(json.dumps({**kept, "verdicts": told}, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
