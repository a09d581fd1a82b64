"""Measure millions and billions of rows: time, memory, and whether every engine tells the same.

    python -m benchmarks.scale [--sections NAME ...] [--quick]

from the root of the repository, with every extra. Sections that are not named keep what the record in the output folder
holds of them.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from benchmarks.decisions.report import page, verdict, versions
from benchmarks.scale import bands, engines, memory, merging, slopes

HEAD = "Millions and billions of rows, in one run on one machine of two cores: times are to be read as ratios."
NAMED = ("numpy", "scikit-learn", "narwhals", "duckdb", "polars", "dask", "pyspark")
SECTIONS = {
    "memory": (memory, "Ten million rows in memory"),
    "slopes": (slopes, "A million thresholds"),
    "bands": (bands, "Intervals and a bootstrap"),
    "merging": (merging, "Tallies that are kept"),
    "engines": (engines, "A billion rows"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.splitlines()[0])
    parser.add_argument("--sections", nargs="+", default=list(SECTIONS), choices=SECTIONS, metavar="NAME")
    parser.add_argument("--quick", action="store_true", help="small sizes, to see that it runs")
    parser.add_argument("--output", type=Path, default=Path("docs/benchmarks"))
    given = parser.parse_args()
    record = given.output / "scale.json"
    kept: dict[str, Any] = {"found": {}, "ran": {}}
    if record.exists() and not given.quick:
        kept = json.loads(record.read_text())
    for name in (name for name in SECTIONS if name in given.sections):
        kept["found"][name] = SECTIONS[name][0].run(given.quick)
        kept["ran"][name] = {"versions": versions(NAMED), "quick": given.quick}
        there = {name: one for name, one in SECTIONS.items() if kept["found"].get(name)}
        told = [line for name, (section, _) in there.items() for line in section.verdicts(kept["found"][name])]
        told += [verdict(title, None) for name, (_, title) in SECTIONS.items() if name not in there]
        parts = {title: section.markdown(kept["found"][name]) for name, (section, title) in there.items()}
        text = page(parts, told, [], given.quick, HEAD, NAMED)
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "scale.md").write_text(text)
        record.write_text(json.dumps({**kept, "verdicts": told}, indent=1) + "\n")
    print(text)


if __name__ == "__main__":
    main()
