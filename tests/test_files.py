"""Files: every kind reads alike, names are hostile, faulty rows are counted."""

import gzip
import json

import numpy as np
import pytest
from support import needs

from conjac.engines.database import write_parquet
from conjac.engines.files import read_columns
from conjac.errors import InvalidInputError, MissingDependencyError

LABEL = ["ham", "spam", "spam", "ham"]
SCORE = [0.125, 0.75, 0.5, 1.0]
WEIGHT = [1.0, 2.0, 0.0, 0.5]
TABLE = {"y": LABEL, "p": SCORE, "w": WEIGHT}


def as_text(delimiter, table=TABLE):
    lines = [delimiter.join(table), *(delimiter.join(map(str, row)) for row in zip(*table.values(), strict=True))]
    return "\n".join(lines) + "\n"


def as_records(table=TABLE):
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def write_arrow(path, table, *, stream=False):
    pyarrow = needs("pyarrow")
    table = pyarrow.table(table)
    make = needs("pyarrow.ipc").new_stream if stream else needs("pyarrow.ipc").new_file
    with make(str(path), table.schema) as sink:
        sink.write_table(table)


WRITERS = {
    "scores.csv": lambda path: path.write_text(as_text(",")),
    "semicolons.csv": lambda path: path.write_text(as_text(";")),
    "bom-and-crlf.csv": lambda path: path.write_bytes(as_text(",").replace("\n", "\r\n").encode("utf-8-sig")),
    "scores.csv.gz": lambda path: path.write_bytes(gzip.compress(as_text(",").encode())),
    "scores.tsv": lambda path: path.write_text(as_text("\t")),
    "scores.json": lambda path: path.write_text(json.dumps(as_records())),
    "scores.jsonl": lambda path: path.write_text("\n".join(map(json.dumps, as_records()))),
    "scores.ndjson": lambda path: path.write_text("\n".join(map(json.dumps, as_records()))),
    "scores.parquet": lambda path: write_parquet(TABLE, path),
    "scores.arrow": lambda path: write_arrow(path, TABLE),
    "stream.arrow": lambda path: write_arrow(path, TABLE, stream=True),
    "scores.feather": lambda path: needs("pyarrow.feather").write_feather(needs("pyarrow").table(TABLE), str(path)),
}


def csv_of(folder, text, name="scores.csv"):
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("name", WRITERS)
def test_every_kind_of_file_reads_alike(tmp_path, name):
    WRITERS[name](tmp_path / name)
    read = read_columns([tmp_path / name], label="y", score="p", weight="w")
    np.testing.assert_array_equal(read.label, LABEL)
    np.testing.assert_array_equal(read.score, SCORE)
    np.testing.assert_array_equal(read.weight, WEIGHT)
    assert (read.by, read.groups, read.n_read, read.set_aside) == (None, None, 4, {})
    assert read.score.dtype == np.float64


@pytest.mark.parametrize(
    ("texts", "labels"),
    [
        (["1", "0"], [1, 0]),
        (["-1", "1"], [-1, 1]),
        (["1.0", "0.0"], [1.0, 0.0]),
        (["True", "false"], [True, False]),
        (["007", "001"], ["007", "001"]),
        (["1", "one"], ["1", "one"]),
        (["NA", "SA"], ["NA", "SA"]),
    ],
)
def test_labels_of_text_are_read_by_their_meaning(tmp_path, texts, labels):
    path = csv_of(tmp_path, f"y,p\n{texts[0]},.1\n{texts[1]},.2\n")
    read = read_columns([path], label="y", score="p").label
    assert read.tolist() == labels
    assert [type(label) for label in read.tolist()] == [type(label) for label in labels]


def test_a_spelled_out_missing_value_among_numbers_is_missing(tmp_path):
    read = read_columns([csv_of(tmp_path, "y,p\n1,.1\nNA,.2\n0,.3\n")], label="y", score="p")
    assert read.label.tolist() == [1, 0]
    assert read.set_aside == {"label missing": 1}


def test_types_of_parquet_are_kept(tmp_path):
    pyarrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    table = {
        "y": pyarrow.array([1, 0, None], pyarrow.int8()),
        "b": [True, False, True],
        "p": pyarrow.array([0.1, 0.2, 0.3], pyarrow.float32()),
        "text": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
        "digits": [".5", "0.7", "x"],
    }
    path = tmp_path / "scores.parquet"
    parquet.write_table(pyarrow.table(table), path)
    read = read_columns([path], label="y", score="p")
    assert read.score.dtype == np.float32
    assert read.label.dtype.kind == "i"
    assert read.set_aside == {"label missing": 1}
    assert read_columns([path], label="b", score="p").label.dtype == bool
    read = read_columns([path], label="text", score="digits")
    assert (read.label.tolist(), read.score.tolist()) == (["a", "b"], [0.5, 0.7])
    assert read.set_aside == {"score not a number": 1}


def test_several_files_are_one(tmp_path):
    csv_of(tmp_path, "y,p\n1,.1\n", "a.csv")
    csv_of(tmp_path, "p\ty\n.2\t0\n", "b.tsv")
    write_parquet({"y": [1], "p": [0.25]}, tmp_path / "c.parquet")
    for files in ([tmp_path / "a.csv", tmp_path / "b.tsv", tmp_path / "c.parquet"], [tmp_path / "*.*"], [tmp_path]):
        read = read_columns(files, label="y", score="p")
        assert (read.label.tolist(), read.score.tolist()) == ([1, 0, 1], [0.1, 0.2, 0.25])


@pytest.mark.parametrize(
    "name", ['p "quoted"', "p, q", "<script>alert(1)</script>", "p'; DROP TABLE x", "🐟", "by", ""]
)
def test_hostile_column_names(tmp_path, name):
    header = name.replace('"', '""')
    path = csv_of(tmp_path, f'y,"{header}"\n1,.1\n0,.2\n')
    assert read_columns([path], label="y", score=name, by=name).score.tolist() == [0.1, 0.2]
    if name:
        write_parquet({"y": [1, 0], name: [0.1, 0.2]}, tmp_path / "p.parquet")
        assert read_columns([tmp_path / "p.parquet"], label="y", score=name).score.tolist() == [0.1, 0.2]


@pytest.mark.parametrize("name", ["a[1].csv", "a'b.csv", "y=1/scores.csv", "what?.csv"])
def test_hostile_paths(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    path = csv_of(tmp_path, "y,p\n7,.1\n0,.2\n", name)
    assert read_columns([path], label="y", score="p").label.tolist() == [7, 0]


def test_hostile_labels(tmp_path):
    labels = ["<script>", 'say "hi"', "a,b", "🐟", "two\nlines"]
    path = csv_of(tmp_path, "y,p\n" + "".join(f'"{label.replace(chr(34), chr(34) * 2)}",.5\n' for label in labels))
    assert read_columns([path], label="y", score="p").label.tolist() == labels


def test_many_distinct_texts(tmp_path):
    write_parquet({"y": [0, 1] * 500, "p": [0.5] * 1000, "g": [f"g{i}" for i in range(1000)]}, tmp_path / "g.parquet")
    read = read_columns([tmp_path / "g.parquet"], label="y", score="p", groups="g")
    assert read.groups.tolist() == [f"g{i}" for i in range(1000)]


FAULTY = """y,p,w,g
1,0.5,1,a
,0.5,1,a
1,,1,a
1,NA,1,a
1,nan,1,a
1,high,1,a
1,"0,5",1,a
1,inf,1,a
1,-Infinity,1,a
0,0.5,,a
0,0.5,x,a
0,0.5,-1,a
0,0.5,1,
0,0.5
0,0.5,1,a,b
0,0.25,0,b
"""
COUNTS = {
    "label missing": 1,
    "score missing": 3,
    "score not a number": 2,
    "score infinite": 2,
    "weight missing": 1,
    "weight not a number": 1,
    "weight negative": 1,
    "by missing": 1,
    "row malformed": 2,
}


def test_faulty_rows_are_counted_by_reason(tmp_path):
    path = csv_of(tmp_path, FAULTY)
    read = read_columns([path], label="y", score="p", weight="w", by="g")
    assert read.set_aside == COUNTS
    assert read.n_read == 16
    assert (read.label.tolist(), read.score.tolist()) == ([1, 0], [0.5, 0.25])
    assert (read.weight.tolist(), read.by.tolist()) == ([1.0, 0.0], ["a", "b"])
    with pytest.raises(InvalidInputError, match=r"14 of 16 rows are faulty \(3 score missing, .*set them aside"):
        read_columns([path], label="y", score="p", weight="w", by="g", strict=True)


def test_several_scores_lie_side_by_side_in_the_order_asked_for(tmp_path):
    path = csv_of(tmp_path, "y,a,b,c\n1,.1,.2,.3\n2,.4,.5,.6\n")
    assert read_columns([path], label="y", score=["c", "a"]).score.tolist() == [[0.3, 0.1], [0.6, 0.4]]
    assert read_columns([path], label="y", score=["b"]).score.tolist() == [[0.2], [0.5]]


def test_a_row_with_a_fault_in_any_score_is_set_aside_once_with_the_column_named(tmp_path):
    faulty = "1,,.2\n1,.1,\n1,inf,x\n1,.1,inf\n1,x,.2\n1,.1,nan\n"
    path = csv_of(
        tmp_path, f"""y,"p 'a'",p_b,c\n0,.5,.25,red\n{faulty.replace(chr(10), ",red" + chr(10))}1,.5,.75,\n"""
    )
    read = read_columns([path], label="y", score=["p 'a'", "p_b"], category="c")
    assert (read.score.tolist(), read.label.tolist(), read.category.tolist()) == ([[0.5, 0.25]], [0], ["red"])
    assert read.n_read == 8
    assert read.set_aside == {
        """score "p 'a'" missing""": 1,
        """score "p 'a'" infinite""": 1,
        """score "p 'a'" not a number""": 1,
        "score 'p_b' missing": 2,
        "score 'p_b' infinite": 1,
        "category missing": 1,
    }


def test_names_that_differ_by_case_alone_are_two_scores(tmp_path):
    path = csv_of(tmp_path, "y,p,P\n1,.1,.2\n0,.3,.4\n")
    assert read_columns([path], label="y", score=["P", "p"]).score.tolist() == [[0.2, 0.1], [0.4, 0.3]]


def test_float32_scores_stay_so_if_all_are(tmp_path):
    pyarrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    table = {"y": [0, 1], **{name: pyarrow.array([0.1, 0.9], pyarrow.float32()) for name in "ab"}, "c": [0.1, 0.9]}
    parquet.write_table(pyarrow.table(table), tmp_path / "p.parquet")
    for score, dtype in ((["a", "b"], np.float32), (["a", "c"], np.float64)):
        assert read_columns([tmp_path / "p.parquet"], label="y", score=score).score.dtype == dtype


def test_strict_names_the_first_faulty_row(tmp_path):
    path = csv_of(tmp_path, "y,p\n1,.1\n0,.2\n0,\n1,\n")
    with pytest.raises(InvalidInputError, match="the first in row 3;"):
        read_columns([path], label="y", score="p", strict=True)
    assert read_columns([csv_of(tmp_path, "y,p\n1,.1\n0,.2\n")], label="y", score="p", strict=True).n_read == 2


def test_faulty_lines_of_json_are_counted(tmp_path):
    text = '{"y": "1", "p": 0.5}\n{"y": "0", "p": NaN}\n{"y": "0", "p": "0.75"}\nrubbish\n{"y": null, "p": 0.1}\n'
    read = read_columns([csv_of(tmp_path, text, "scores.jsonl")], label="y", score="p")
    assert (read.label.tolist(), read.score.tolist()) == (["1", "0"], [0.5, 0.75])
    assert read.set_aside == {"label missing": 2, "score missing": 1}


def test_missing_values_of_parquet_are_counted(tmp_path):
    pyarrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    table = {"y": [1.0, float("nan"), 0.0, 0.0, 1.0], "p": [0.5, 0.5, None, float("nan"), float("inf")]}
    parquet.write_table(pyarrow.table(table), tmp_path / "scores.parquet")
    read = read_columns([tmp_path / "scores.parquet"], label="y", score="p")
    assert read.set_aside == {"label missing": 1, "score missing": 2, "score infinite": 1}


def test_nan_outside_the_range_that_parquet_stores_is_seen(tmp_path):
    pyarrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"y": [0, 1, 1], "p": [0.25, 0.5, float("nan")]}), tmp_path / "scores.parquet")
    read = read_columns([tmp_path / "scores.parquet"], label="y", score="p")
    assert (read.score.tolist(), read.set_aside) == ([0.25, 0.5], {"score missing": 1})


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("scores.csv", b"", r"scores\.csv is empty"),
        ("scores.csv", b"y,p\n", "no rows"),
        ("scores.csv", b"y,p\n,\n1,x\n", r"all 2 rows are faulty \(1 label missing, 1 score not a number\)"),
        ("scores.csv", b"\ny,p\n1,2\n", "begins with an empty line"),
        ("scores.csv", b"Y,q\n1,.5\n", r"no column 'y'; the nearest: 'Y'; its columns: 'Y', 'q'"),
        ("scores.csv", b"y,p,p\n1,.5,.5\n", "2 columns named 'p'"),
        ("scores.csv", b'y,p\n1,"0.5\n0,.5\n', r"scores\.csv: the quote opened in line 2"),
        ("scores.csv", bytes(range(128, 256)), "does not read as CSV"),
        ("scores.csv.gz", b"not gzip", "does not read as CSV"),
        ("scores.json", b"not json", "does not read as JSON"),
        ("scores.json", b'{"y": [1, 0], "p": [0.5, 0.5]}', r"column 'y' holds BIGINT\[\] values"),
        ("scores.parquet", b"PAR1 no more", "does not read as Parquet"),
        ("scores.xls", b"?", r"the suffix '\.xls' is not one of \.csv"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError, match=message) as told:
        read_columns([tmp_path / name], label="y", score="p")
    assert "\n" not in str(told.value)


def test_an_arrow_file_that_is_none(tmp_path):
    needs("pyarrow")
    (tmp_path / "scores.arrow").write_bytes(b"rubbish")
    with pytest.raises(InvalidInputError, match="does not read as Arrow"):
        read_columns([tmp_path / "scores.arrow"], label="y", score="p")


@pytest.mark.parametrize("given", ["none.csv", "*.parquet", "empty"])
def test_files_that_are_not_there(tmp_path, given):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match=r"no such file|holds no file"):
        read_columns([tmp_path / given], label="y", score="p")


def test_columns_of_other_types(tmp_path):
    pyarrow, parquet = needs("pyarrow"), needs("pyarrow.parquet")
    table = {"y": [0, 1], "p": [0.5, 0.5], "when": pyarrow.array([0, 1], pyarrow.timestamp("s"))}
    parquet.write_table(pyarrow.table(table), tmp_path / "scores.parquet")
    with pytest.raises(InvalidInputError, match=r"'when' holds TIMESTAMP.* expected numbers for the score"):
        read_columns([tmp_path / "scores.parquet"], label="y", score="when")
    read = read_columns([tmp_path / "scores.parquet"], label="when", score="p")
    assert read.label.tolist() == ["1970-01-01 00:00:00", "1970-01-01 00:00:01"]


def test_arrow_without_its_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    (tmp_path / "scores.arrow").write_bytes(b"?")
    with pytest.raises(MissingDependencyError, match=r"pip install 'conjac\[arrow\]'"):
        read_columns([tmp_path / "scores.arrow"], label="y", score="p")
