"""Every kind of frame that can be read: the same columns, in each library's own form.

Columns are lists or arrays by name: None is missing, nan stays nan where a library tells the two apart, and float32
stays float32 where a form has it.
"""

import json
from collections.abc import Callable, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
from support import needs

PARTS = 3
"""Partitions of what has partitions, and files of what is files."""


@dataclass(frozen=True)
class Engine:
    """One form of a frame.

    Attributes
    ----------
    make : callable
        From an Arrow table, an empty folder and a fixture's value to the frame.
    parts : tuple of str
        Modules that it needs, besides pyarrow.
    fixture : str or None
        The fixture whose value `make` is given.
    keeps : frozenset
        What survives: "float32", "nan" as other than missing, "types" of labels, "categories".
    during : callable
        A context for as long as the frame is used.
    warns : str
        A filter for the library's own warnings.
    slow : bool
        Whether a frame costs more than some hundredths of a second.
    """

    make: Callable[[Any, Any, Any], Any]
    parts: tuple[str, ...] = ()
    fixture: str | None = None
    keeps: frozenset[str] = frozenset({"float32", "types", "categories"})
    during: Callable[[], Any] = nullcontext
    warns: str = ""
    slow: bool = False


@dataclass(frozen=True)
class Frames:
    """An engine that is ready: call it with columns to have its frame."""

    engine: Engine
    given: Any
    folder: Path

    def __call__(self, columns: Mapping[str, Any]) -> Any:
        """Return the frame of columns; a path where the engine is of files."""
        folder = self.folder / f"frame{len(list(self.folder.iterdir()))}"
        folder.mkdir()
        return self.engine.make(table_of(columns), folder, self.given)

    def keeps(self, what: str) -> bool:
        """Tell whether the engine keeps "float32", "nan", "types" or "categories"."""
        return what in self.engine.keeps


def table_of(columns: Mapping[str, Any]) -> Any:
    """Return columns as an Arrow table, from which every frame is made."""
    pyarrow = needs("pyarrow")
    return pyarrow.table({name: pyarrow.array(values, from_pandas=False) for name, values in columns.items()})


def plain(table, types=lambda kind: kind):
    """Return a table without dictionaries, for what has none, its types changed by a function."""
    pyarrow = needs("pyarrow")
    held = [f.type.value_type if pyarrow.types.is_dictionary(f.type) else f.type for f in table.schema]
    return table.cast(pyarrow.schema(list(zip(table.column_names, map(types, held), strict=True))))


def text(table):
    """Return a table as text can hold it: a float32 is written as the float64 that it equals."""
    pyarrow = needs("pyarrow")
    return plain(table, lambda kind: pyarrow.float64() if kind == pyarrow.float32() else kind)


def pandas_nullable(table, *_):
    pandas, pyarrow = needs("pandas"), needs("pyarrow")
    kinds = {
        pyarrow.bool_(): pandas.BooleanDtype(),
        pyarrow.string(): pandas.StringDtype(),
        pyarrow.float32(): pandas.Float32Dtype(),
        pyarrow.float64(): pandas.Float64Dtype(),
        **{getattr(pyarrow, f"int{n}")(): getattr(pandas, f"Int{n}Dtype")() for n in (8, 16, 32, 64)},
    }
    return table.to_pandas(types_mapper=kinds.get)


def pandas_arrow(table, *_):
    return table.to_pandas(types_mapper=needs("pandas").ArrowDtype)


def polars_of(table, *_):
    return needs("polars").from_arrow(table)


def scanned(table, folder, _):
    return needs("polars").scan_parquet(parquet_folder(table, folder, _))


@contextmanager
def streaming():
    with needs("polars").Config(engine_affinity="streaming"):
        yield


def relation(table, folder, _):
    return duckdb.connect().read_parquet(f"{parquet_folder(table, folder, _)}/*.parquet")


def dask_of(table, *_):
    kinds = {needs("pyarrow").bool_(): needs("pandas").BooleanDtype()}  # missing ones would make text of them all
    return needs("dask.dataframe").from_pandas(table.to_pandas(types_mapper=kinds.get), npartitions=PARTS, sort=False)


def sparks(name):
    def spark_of(table, _, sessions):
        schema = needs("pyspark.sql.pandas.types").from_arrow_schema(plain(table).schema)
        rows = [] if name == "connect" and not len(table) else plain(table)
        return getattr(sessions, name).createDataFrame(rows, schema).repartition(PARTS)

    return spark_of


def parquet_folder(table, folder, _):
    size = max(1, -(-len(table) // PARTS))
    for start in range(0, max(len(table), 1), size):
        needs("pyarrow.parquet").write_table(table[start : start + size], folder / f"{start:04}.parquet")
    return folder


def csv_file(table, folder, _):
    needs("pyarrow.csv").write_csv(text(table), folder / "rows.csv")
    return folder / "rows.csv"


def json_lines(table, folder, _):
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in text(table).to_pylist()))
    return path


WHOLE = frozenset({"float32", "nan", "types", "categories"})
PLAIN = WHOLE - {"categories"}
TEXT = frozenset({"nan"})
SPARK = {
    "parts": ("pyspark",),
    "fixture": "spark",
    "keeps": PLAIN,
    "warns": "ignore:PySpark does not yet fully support pandas:FutureWarning",
    "slow": True,
}
# narwhals means to move Dask to a package of its own, which is not published yet.
DASK = {"warns": "ignore:Dask support is moving out of Narwhals:FutureWarning", "slow": True}
ENGINES = {
    "pandas": Engine(lambda table, *_: table.to_pandas(), ("pandas",)),
    "pandas-nullable": Engine(pandas_nullable, ("pandas",)),
    "pandas-arrow": Engine(pandas_arrow, ("pandas",), keeps=WHOLE),
    "pyarrow": Engine(lambda table, *_: table, keeps=WHOLE),
    "polars": Engine(polars_of, ("polars",), keeps=WHOLE),
    "polars-lazy": Engine(lambda table, *_: polars_of(table).lazy(), ("polars",), keeps=WHOLE),
    "polars-streaming": Engine(scanned, ("polars",), keeps=WHOLE, during=streaming),
    "duckdb": Engine(relation, keeps=WHOLE),
    "dask": Engine(dask_of, ("dask.dataframe",), **DASK),
    "spark": Engine(sparks("classic"), **SPARK),
    "spark-connect": Engine(sparks("connect"), **SPARK),
    "parquet": Engine(parquet_folder, keeps=WHOLE),
    "csv": Engine(csv_file, keeps=TEXT),
    "json-lines": Engine(json_lines, keeps=TEXT | {"types"}),
}
SLOW = [name for name, engine in ENGINES.items() if engine.slow]


def param(name, *case):
    """Return a parameter for the fixture ``frames``, and for more arguments of a test."""
    engine = ENGINES[name]
    marks = [pytest.mark.filterwarnings(engine.warns)] if engine.warns else []
    if engine.fixture:
        marks.append(getattr(pytest.mark, engine.fixture))
    return pytest.param(name, *case, marks=marks, id="-".join([name, *map(str, case)]))


EVERY = [param(name) for name in ENGINES]


def each_engine(argument, cases):
    """Return a decorator: a test on each engine, with each case of one more argument.

    A slow engine has one of the cases, each of them another.
    """
    cases = list(cases)
    taken = {name: [cases[k % len(cases)]] for k, name in enumerate(SLOW)}
    params = [param(name, case) for name in ENGINES for case in taken.get(name, cases)]
    return pytest.mark.parametrize(("frames", argument), params, indirect=["frames"])
