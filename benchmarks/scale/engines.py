"""A billion rows of Parquet: the same integers from every engine, in memory that does not grow.

    python -m benchmarks.scale.engines ENGINE FOLDER [--warm]

writes what one engine found of the files of a folder as JSON; a process of its own, since memory is measured too.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.decisions.report import Verdict, markdown_table, verdict
from benchmarks.scale.timing import peak, sample

Found = dict[str, Any]
ROWS_A_FILE, FILES = 10_000_000, 100
THRESHOLDS = (0.1, 0.5, 0.9)
MOST_MB, TIMES_PLAIN = 1000.0, 3.0
DRIVER = "1g"
HOW = {"label": "y", "score": "p", "labels": [0, 1], "coordinate": "probability", "thresholds": THRESHOLDS}


@contextmanager
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    builder = builder.config("spark.driver.memory", DRIVER).config("spark.sql.shuffle.partitions", "2")
    session = (
        builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    try:
        yield session
    finally:
        session.stop()


@contextmanager
def frame(engine: str, folder: Path) -> Iterator[Any]:
    """Open the files of a folder."""
    if engine == "duckdb":
        yield str(folder)
    elif engine == "polars":
        import polars

        yield polars.scan_parquet(folder)
    elif engine == "dask":
        import dask.dataframe

        yield dask.dataframe.read_parquet(folder)
    else:
        with spark() as session:
            yield session.read.parquet(str(folder))


def tallied(rows: Any) -> tuple[Any, float]:
    import conjac as cj

    start = perf_counter()
    tally = cj.ConfusionCurve.from_frame(rows, **HOW).tally
    return tally, perf_counter() - start


def measure(engine: str, folder: Path, warm: bool) -> Found:
    before = peak()
    with frame(engine, folder) as rows:
        tally, seconds = tallied(rows)
        found = {"seconds": seconds, "mb": peak() - before, "peak": peak()}
        if warm:
            found["warm"] = min(tallied(rows)[1] for _ in range(2))
            found["plain"] = min(_plain(rows) for _ in range(3))
    digest = hashlib.sha256(tally.keys.tobytes() + tally.rows.tobytes()).hexdigest()
    return {**found, "rows": int(tally.rows.sum()), "keys": len(tally.rows), "digest": digest}


def _plain(rows: Any) -> float:
    """Count the rows of each class and bin, as anyone would write it."""
    from pyspark.sql import functions as f

    start = perf_counter()
    rows.groupBy("y", f.floor(f.log(rows.p / (1 - rows.p)) * 256).alias("bin")).count().collect()
    return perf_counter() - start


@contextmanager
def linked(rows_a_file: int) -> Iterator[Callable[[int], Path]]:
    """Write a file of Parquet, and link it; yield what gives the folder of so many of them."""
    import duckdb

    with TemporaryDirectory() as name:
        y, p = sample(rows_a_file)
        p[:1000] = np.round(p[:1000], 2)  # ties, and rows that sit on edges and thresholds
        columns = {"y": y, "p": p}  # noqa: F841, read by DuckDB
        first = Path(name, "rows.parquet")
        duckdb.sql("FROM columns").write_parquet(str(first))
        made: dict[int, Path] = {}

        def folder(n: int) -> Path:
            if n not in made:
                made[n] = Path(name, f"linked-{n}")
                made[n].mkdir()
                for k in range(n):
                    os.link(first, made[n] / f"part-{k:03}.parquet")
            return made[n]

        yield folder


def run(quick: bool) -> Found:
    rows_a_file, files = (ROWS_A_FILE // 50, 10) if quick else (ROWS_A_FILE, FILES)
    found: Found = {"files": files, "rows_a_file": rows_a_file, "engines": {}}
    with linked(rows_a_file) as folder:
        for engine in ("duckdb", "polars", "dask", "spark"):
            for n in (files // 10, files):
                command = [sys.executable, "-m", "benchmarks.scale.engines", engine, str(folder(n))]
                command += ["--warm"] if engine == "spark" and n < files else []
                ran = subprocess.run(command, check=True, capture_output=True, text=True)
                found["engines"][f"{engine} {n}"] = {
                    "engine": engine,
                    "n": n,
                    **json.loads(ran.stdout.splitlines()[-1]),
                }
                print(engine, n, found["engines"][f"{engine} {n}"], file=sys.stderr)
    return found


def markdown(found: Found) -> str:
    intro = (
        f"A file of {found['rows_a_file']:,} rows (a probability in float64, a label), linked "
        f"{found['files'] // 10} and {found['files']} times, read by each engine in a process of its own: a curve with "
        "three named thresholds. "
        "Memory is the most that the process held, Python and all; of Spark it is the driver's own side, whose JVM had "
        f"{DRIVER}. Spark warm is the better of two more runs, its own count the best of three, at the smaller size."
    )
    rows = [
        [
            one["engine"],
            f"{one['rows']:,}",
            f"{one['seconds']:.1f}",
            f"{one['peak']:.0f}",
            f"{one['warm'] / one['plain']:.2f}x ({one['warm']:.1f} s)" if "warm" in one else "",
            one["digest"][:8],
        ]
        for one in found["engines"].values()
    ]
    heads = ["engine", "rows", "seconds", "MB", "warm, over its own plain groupBy", "integers"]
    return intro + "\n\n" + markdown_table(heads, rows)


def verdicts(found: Found) -> list[Verdict]:
    engines = found["engines"]
    most = max(engines.values(), key=lambda one: one["rows"])["rows"]
    duckdb = [one for one in engines.values() if one["engine"] == "duckdb"]
    told = []
    for n in sorted({one["n"] for one in engines.values()}):
        same = {one["digest"] for one in engines.values() if one["n"] == n}
        told.append(verdict(f"{n} files: the same integers from every engine", len(same) == 1, f"{len(same)} kinds"))
    figures = " and ".join(f"{one['peak']:.0f} MB of {one['rows']:,} rows" for one in duckdb)
    told.append(verdict(f"{most:,} rows through DuckDB in under 1 GB", duckdb[-1]["peak"] < MOST_MB, figures))
    warm = [one["warm"] / one["plain"] for one in engines.values() if "warm" in one]
    told.append(verdict("Spark warm within 3x of its own plain groupBy", max(warm) <= TIMES_PLAIN, f"{max(warm):.2f}x"))
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("engine")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--warm", action="store_true", help="time Spark once it is warm, beside its own count")
    given = parser.parse_args()
    print(json.dumps(measure(given.engine, given.folder, given.warm)))
