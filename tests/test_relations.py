"""Files as one lazy relation: the same rows as are read, typed alike, with every fault left to be counted."""

import math

import numpy as np
import pytest
from support import needs
from test_files import COUNTS, FAULTY, LABEL, SCORE, WEIGHT, WRITERS, csv_of

from conjac.engines.database import write_parquet
from conjac.engines.files import read_columns
from conjac.engines.relations import relation
from conjac.errors import InvalidInputError, MissingDependencyError


def rows_of(files, **roles):
    """Return the rows, and the relation, whose connection is closed."""
    with relation(files, **roles) as found:
        return found.frame.fetchall(), found


def columns_of(files, **roles):
    """Return the rows by column, and the relation, whose connection is closed."""
    with relation(files, **roles) as found:
        return {
            name: list(column)
            for name, column in zip(found.frame.columns, zip(*found.frame.fetchall(), strict=True), strict=True)
        }, found


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_gives_the_same_rows(tmp_path, name):
    WRITERS[name](tmp_path / name)
    with relation(tmp_path / name, label="y", score="p", weight="w") as found:
        frame = found.frame
        assert frame.columns[:3] == ["y", "p", "w"]
        assert [str(kind) for kind in frame.types[:3]] == ["VARCHAR", "DOUBLE", "DOUBLE"]
        assert frame.select("y", "p", "w").fetchall() == list(zip(LABEL, SCORE, WEIGHT, strict=True))
        assert found.n_malformed == 0


def test_nothing_is_held(tmp_path):
    write_parquet({"y": [0, 1], "p": [0.25, 0.75]}, tmp_path / "scores.parquet")
    with relation(tmp_path / "scores.parquet", label="y", score="p") as found:
        write_parquet({"y": [1, 1, 0], "p": [0.5, 0.5, 0.5]}, tmp_path / "scores.parquet")
        assert found.frame.fetchall() == [(1, 0.5), (1, 0.5), (0, 0.5)]


@pytest.mark.parametrize(
    "texts",
    [["1", "0", "NA"], ["1.0", "0.0", ""], ["True", "false", "true"], ["007", "001", "1"], ["NA", "SA", "null"]],
)
def test_texts_mean_what_they_mean_where_all_are_read(tmp_path, texts):
    path = csv_of(tmp_path, "y,p,g\n" + "".join(f"{text},.1,{text}\n" for text in texts))
    read = read_columns([path], label="y", score="p", by="g")
    rows, _ = rows_of(path, label="y", score="p", by="g")
    for told, place in ((read.label, 0), (read.by, 2)):
        kept = [row[place] for row in rows if row[place] is not None]
        assert kept == told.tolist()
        assert [type(value) for value in kept] == [type(value) for value in told.tolist()]


def test_several_files_of_several_kinds_are_one(tmp_path):
    csv_of(tmp_path, "y,p\n1,.1\n", "a.csv")
    csv_of(tmp_path, "p\ty\n.2\t0\n", "b.tsv")
    write_parquet({"y": [1], "p": [0.25]}, tmp_path / "c.parquet")
    write_parquet({"more": ["?"], "p": [1], "y": ["0"]}, tmp_path / "d.parquet")
    expected = [(1, 0.1), (0, 0.2), (1, 0.25), (0, 1.0)]
    for files in (tmp_path, tmp_path / "*.*", str(tmp_path), sorted(tmp_path.iterdir())):
        rows, _ = rows_of(files, label="y", score="p")
        assert [row[:2] for row in rows] == expected


def test_float32_stays_so_where_all_files_hold_it(tmp_path):
    pyarrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    for name, dtype in (("a", "float32"), ("b", "float32"), ("c", "float64")):
        parquet.write_table(pyarrow.table({"y": [0], "p": np.array([0.1], dtype)}), tmp_path / f"{name}.parquet")
    for names, kind in (("ab", "FLOAT"), ("abc", "DOUBLE"), ("cba", "DOUBLE")):
        with relation([tmp_path / f"{name}.parquet" for name in names], label="y", score="p") as found:
            assert str(found.frame.types[1]) == kind
            read = {row[1] for row in found.frame.fetchall()}
        assert read == {float(np.float32(0.1))} | ({0.1} if kind == "DOUBLE" else set())


def test_faults_can_be_told_apart(tmp_path):
    path = csv_of(tmp_path, FAULTY)
    rows, found = rows_of(path, label="y", score="p", weight="w", by="g")
    place = {name: k for k, name in enumerate(["y", "p", "w", "g", found.unread["score"], found.unread["weight"]])}
    told = {}
    for row in rows:
        y, p, w, g, odd_p, odd_w = (row[k] for k in place.values())
        fault = (
            "label missing" if y is None
            else "score not a number" if odd_p
            else "score missing" if p is None or math.isnan(p)
            else "score infinite" if math.isinf(p)
            else "weight not a number" if odd_w
            else "weight missing" if w is None
            else "weight negative" if w < 0
            else "by missing" if g is None
            else None
        )  # fmt: skip
        told[fault] = told.get(fault, 0) + 1
    assert told.pop(None) == 2
    assert {**told, "row malformed": found.n_malformed} == COUNTS


def test_nan_outside_the_range_that_parquet_stores_is_seen(tmp_path):
    pyarrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"y": [0, 1, 1], "p": [0.25, 0.5, float("nan")]}), tmp_path / "scores.parquet")
    with relation(tmp_path / "scores.parquet", label="y", score="p") as found:
        assert found.frame.aggregate("count(*) FILTER (isnan(p))").fetchall() == [(1,)]
        assert found.frame.filter("p <= 0.6").fetchall() == [(0, 0.25), (1, 0.5)]
        assert found.unread == {}


@pytest.mark.parametrize(("label", "score", "by"), [("y", "", None), ("y", "p", "P"), ("y", "p", "score unread")])
def test_names_that_no_engine_could_tell_apart_are_those_of_roles(tmp_path, label, score, by):
    path = csv_of(tmp_path, f'y,"{score}",{by or "other"}\n1,.1,7\n0,.2,8\n')
    rows, found = rows_of(path, label=label, score=score, by=by)
    assert found.names["score"] == "score"
    assert [row[:2] for row in rows] == [(1, 0.1), (0, 0.2)]
    assert by is None or [row[2] for row in rows] == [7, 8]


def test_one_column_may_have_two_roles(tmp_path):
    path = csv_of(tmp_path, "y,p\n1,.1\n0,.2\n")
    columns, _ = columns_of(path, label="y", score="p", by="y")
    assert columns["by"] == columns["label"] == [1, 0]


def test_several_scores(tmp_path):
    path = csv_of(tmp_path, "y,a,b\n1,.1,x\n0,.2,.4\n")
    columns, found = columns_of(path, label="y", score=["b", "a"])
    assert (columns["b"], columns["a"]) == ([None, 0.4], [0.1, 0.2])
    assert (found.names["score 0"], found.names["score 1"]) == ("b", "a")
    assert columns[found.unread["score 0"]] == [True, False]


@pytest.mark.parametrize("name", ["a[1].csv", "a'b.csv", "y=1/scores.csv", "what?.csv", "a'); DROP TABLE x; --.csv"])
def test_hostile_paths(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    path = csv_of(tmp_path, "y,p\n7,.1\n0,.2\n", name)
    rows, _ = rows_of(path, label="y", score="p")
    assert [row[0] for row in rows] == [7, 0]
    write_parquet({"y": [7, 0], "p": [0.1, 0.2]}, path.with_suffix(".parquet"))
    rows, _ = rows_of([path.with_suffix(".parquet")] * 2, label="y", score="p")
    assert [row[0] for row in rows] == [7, 0, 7, 0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"PAR1 no more", r"does not read as Parquet"),
        (b"", r"is empty"),
    ],
)
def test_one_bad_file_of_many_is_named(tmp_path, content, message):
    for name in "abc":
        write_parquet({"y": [0, 1], "p": [0.1, 0.2]}, tmp_path / f"{name}.parquet")
    (tmp_path / "b.parquet").write_bytes(content)
    with pytest.raises(InvalidInputError, match=message) as told:
        rows_of(tmp_path, label="y", score="p")
    assert "b.parquet" in str(told.value)


def test_a_column_that_one_file_lacks_is_refused(tmp_path):
    write_parquet({"y": [0, 1], "p": [0.1, 0.2]}, tmp_path / "a.parquet")
    write_parquet({"y": [0, 1], "q": [0.1, 0.2]}, tmp_path / "b.parquet")
    with pytest.raises(InvalidInputError, match=r"b\.parquet has no column 'p'"):
        rows_of(tmp_path, label="y", score="p")


def test_what_breaks_while_rows_stream_is_told_in_one_line(tmp_path):
    path = csv_of(tmp_path, '{"y": 1, "p": 0.5}\n' * 3, "scores.jsonl")

    def broken():
        with relation(path, label="y", score="p") as found:
            path.unlink()
            found.frame.fetchall()

    with pytest.raises(InvalidInputError, match=r"scores\.jsonl does not read as JSON lines") as told:
        broken()
    assert "\n" not in str(told.value)


def test_arrow_without_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "scores.arrow").write_bytes(b"?")
    with pytest.raises(MissingDependencyError, match=r"pip install 'conjac\[arrow\]'"):
        rows_of(tmp_path / "scores.arrow", label="y", score="p")
