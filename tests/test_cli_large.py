"""Files whose rows do not fit: summed as they are read, they give what rows in memory give."""

import gzip
import json

import numpy as np
import pytest
from shell import records, run
from support import needs
from test_cli import Y_P
from test_files import COUNTS, FAULTY, csv_of, write_arrow

from conjac.engines import memory
from conjac.engines.database import write_parquet
from conjac.engines.memory import bytes_of, machine_memory, n_rows, read_size
from conjac.errors import InvalidInputError

N = 4000
LIMIT = ("--memory-limit", "64MiB")
SUMMED = "rows were summed as they were read"


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(5)
    spam = rng.integers(0, 2, N)
    score = 1 / (1 + np.exp(-rng.normal(2 * spam - 1, 1)))
    return {
        "y": np.where(spam, "spam", "ham").tolist(),
        "p": score.tolist(),
        "raw": (100 * np.log(score / (1 - score))).tolist(),
        "w": rng.integers(1, 4, N).tolist(),
        "region": np.where(rng.integers(0, 3, N), "south", "north").tolist(),
        "patient": (np.arange(N) // 4).tolist(),
    }


@pytest.fixture(scope="module")
def scores(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "scores.parquet"
    write_parquet(table, path)
    return path


@pytest.fixture
def tiny(monkeypatch):
    """Let each row be taken for so large that no limit holds the few of them."""
    monkeypatch.setattr(memory, "A_ROW", 2**40)


def both(monkeypatch, *args):
    """Run a command on rows in memory, and on their sums."""
    whole = run(*args)
    monkeypatch.setattr(memory, "A_ROW", 2**40)
    sums = run(*args, *LIMIT)
    assert (whole.exit_code, sums.exit_code) == (0, 0), sums.stderr
    assert SUMMED in sums.stderr
    assert SUMMED not in whole.stderr
    return whole, sums


def refuse(*args):
    """Run a command that ends with one line and status 2, and return the line."""
    done = run(*args)
    assert (done.exit_code, done.stdout) == (2, "")
    told = [line for line in done.stderr.splitlines() if "warning: " not in line]
    assert len(told) == 1
    return told[0]


def numbers(done, *names):
    return np.array([[float(row[name]) for name in names] for row in records(done.stdout)])


OPTIONS = {
    "default": (),
    "threshold": ("--threshold", "0.3"),
    "weights": ("--threshold", "0.613", "--weight", "w"),
    "clusters": ("--threshold", "0.45", "--groups", "patient"),
    "by": ("--threshold", "0.45", "--by", "region"),
    "weights, clusters and groups": ("--threshold", "0.7", "--weight", "w", "--groups", "patient", "--by", "region"),
    "other positive label": ("--threshold", "0.7", "--pos-label", "ham"),
    "labels in order": ("--threshold", "0.7", "--labels", "spam,ham"),
    "logits": ("--threshold", "-0.4", "--coordinate", "logit"),
    "design": ("--threshold", "0.3", "--condition-on", "class"),
    "normalized": ("--threshold", "0.3", "--normalize", "true"),
    "raw": ("--threshold", "12.5", "--score", "raw"),
    "raw at zero": ("--score", "raw"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_cells_are_the_same_and_slopes_nearly_so(scores, monkeypatch, name):
    options = OPTIONS[name]
    score = () if "--score" in options else ("--score", "p")
    whole, sums = both(monkeypatch, "jacobian", scores, "--label", "y", *score, *options, "--format", "csv")
    np.testing.assert_array_equal(numbers(sums, "matrix"), numbers(whole, "matrix"))
    np.testing.assert_allclose(numbers(sums, "matrix_stderr"), numbers(whole, "matrix_stderr"), rtol=1e-9)
    slope, center, stderr = numbers(whole, "jacobian", "center", "stderr").T
    again, recentred, error = numbers(sums, "jacobian", "center", "stderr").T
    assert (np.abs(again - slope) <= 0.02 * stderr).all()
    assert (np.abs(recentred - center) <= 0.02 * stderr).all()
    np.testing.assert_allclose(error, stderr, rtol=0.01)
    texts = ("true", "predicted", "coordinate", "method", *(("region",) if "--by" in options else ()))
    assert [[row[t] for t in texts] for row in records(sums.stdout)] == [
        [row[t] for t in texts] for row in records(whole.stdout)
    ]


def test_a_share_alerted_is_cut_at_an_edge(scores, monkeypatch):
    options = ("--coordinate", "percentile", "--threshold", "0.25", "--format", "csv")
    whole, sums = both(monkeypatch, "jacobian", scores, *Y_P, *options)
    width = 0.25 / 2**8 * N  # rows in a bin, at most
    np.testing.assert_allclose(numbers(sums, "matrix"), numbers(whole, "matrix"), atol=width)
    stderr = numbers(whole, "stderr")
    assert (np.abs(numbers(sums, "jacobian") - numbers(whole, "jacobian")) < 0.2 * stderr).all()


@pytest.mark.usefixtures("tiny")
def test_the_result_says_how_it_was_counted(scores):
    done = run("jacobian", scores, *Y_P, *LIMIT, "--format", "json", "--metric", "f1")
    told = json.loads(done.stdout)["diagnostics"]
    assert told["engine"] == "duckdb"
    assert told["n_read"] == told["n_samples"] == N
    assert told["set_aside"] == {}
    assert "exact at named thresholds and bin edges" in told["counts"]
    assert done.stderr.splitlines()[0].startswith("conjac: the positive label is 'spam'")


SUFFIXES = ["csv", "csv.gz", "tsv", "json", "jsonl", "parquet", "arrow", "stream.arrow", "feather"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_kind_of_file_is_summed(table, tmp_path, monkeypatch, suffix):
    columns = {"y": [int(label == "spam") for label in table["y"]], "p": table["p"]}
    path = tmp_path / f"scores.{suffix}"
    rows = list(zip(*columns.values(), strict=True))
    if suffix in ("csv", "csv.gz", "tsv"):
        text = "\n".join("\t".join(map(str, row)) if suffix == "tsv" else f"{row[0]},{row[1]}" for row in rows)
        text = ("y\tp\n" if suffix == "tsv" else "y,p\n") + text + "\n"
        path.write_bytes(gzip.compress(text.encode()) if suffix == "csv.gz" else text.encode())
    elif suffix.startswith("json"):
        lines = [json.dumps({"y": y, "p": p}) for y, p in rows]
        path.write_text("\n".join(lines) if suffix == "jsonl" else f"[{','.join(lines)}]")
    elif suffix == "parquet":
        write_parquet(columns, path)
    elif suffix == "feather":
        needs("pyarrow.feather").write_feather(needs("pyarrow").table(columns), str(path))
    else:
        write_arrow(path, columns, stream=suffix.startswith("stream"))
    assert abs(n_rows([path]) - N) <= 0.02 * N
    whole, sums = both(monkeypatch, "jacobian", path, *Y_P, "--threshold", "0.35", "--format", "csv")
    np.testing.assert_array_equal(numbers(sums, "matrix"), numbers(whole, "matrix"))


def test_files_together_are_summed_as_one(table, tmp_path, monkeypatch):
    for k, part in enumerate((slice(0, 1000), slice(1000, None))):
        write_parquet({name: column[part] for name, column in table.items()}, tmp_path / f"{k}.parquet")
    whole, sums = both(monkeypatch, "jacobian", tmp_path, *Y_P, "--threshold", "0.35", "--format", "csv")
    assert numbers(sums, "matrix").sum() == N
    np.testing.assert_array_equal(numbers(sums, "matrix"), numbers(whole, "matrix"))


MANY = "".join(f"{i % 2},{(i * 37 % 100) / 100 + 0.001},1,{'ab'[i // 2 % 2]}\n" for i in range(200))


def test_faulty_rows_are_counted_alike(tmp_path, monkeypatch):
    path = csv_of(tmp_path, FAULTY + MANY)
    options = ("--weight", "w", "--by", "g")
    whole, sums = both(monkeypatch, "jacobian", path, *Y_P, *options, "--format", "json")
    told = [json.loads(done.stdout) for done in (whole, sums)]
    assert [part["matrix"] for part in told[1]] == [part["matrix"] for part in told[0]]
    assert told[1][0]["diagnostics"]["set_aside"] == COUNTS
    assert told[1][0]["diagnostics"]["n_read"] == 216
    for reason, count in COUNTS.items():
        assert f"{count} {reason}" in whole.stderr
        assert f"{count} {reason}" in sums.stderr


@pytest.mark.usefixtures("tiny")
def test_strict_refuses_them(tmp_path):
    path = csv_of(tmp_path, FAULTY + MANY)
    options = ("--weight", "w", "--by", "g", "--strict")
    assert "14 of 216 rows are faulty" in refuse("jacobian", path, *Y_P, *options, *LIMIT)


@pytest.mark.usefixtures("tiny")
def test_a_group_of_one_class_is_told(tmp_path):
    rows = "".join(f"{i % 2 if i < 100 else 1},{(i * 37 % 100) / 100},{'ab'[i // 100]}\n" for i in range(160))
    done = run("jacobian", csv_of(tmp_path, "y,p,g\n" + rows), *Y_P, "--by", "g", *LIMIT, "--format", "csv")
    assert done.exit_code == 0
    assert "g='b': one class only, no row is 0" in done.stderr
    assert numbers(done, "matrix").sum() == 160


@pytest.mark.parametrize(
    "options",
    [
        ("--metric", "f1"),
        ("--metric", "f1", "--subject-to", "recall >= .9"),
        ("--target", "recall=.9"),
        ("--cost", "0,1;5,0"),
        ("--metric", "f1", "--by", "region", "--weight", "w"),
    ],
)
def test_decisions_are_nearly_the_same(scores, monkeypatch, options):
    whole, sums = both(monkeypatch, "tune", scores, *Y_P, *options, "--format", "csv")
    threshold, lower, upper = numbers(whole, "threshold", "lower", "upper").T
    width = np.maximum(upper - lower, 0.01)
    assert (np.abs(numbers(sums, "threshold")[:, 0] - threshold) < 0.1 * width).all()
    names = ("tn", "fp", "fn", "tp")
    np.testing.assert_allclose(numbers(sums, *names), numbers(whole, *names), atol=0.01 * N)
    np.testing.assert_allclose(numbers(sums, "value"), numbers(whole, "value"), atol=0.003)


@pytest.mark.usefixtures("tiny")
def test_what_is_shared_in_proportion_is_told(scores):
    done = run("tune", scores, *Y_P, "--metric", "f1", *LIMIT)
    assert "of exact, which conjac jacobian --threshold 0." in done.stdout
    exact = run("tune", scores, *Y_P, "--target", "recall=.9", *LIMIT)  # found at the edge of a bin
    assert "of exact" not in exact.stdout


@pytest.mark.parametrize(
    "options", [(), ("--by", "region"), ("--weight", "w"), ("--weight", "w", "--groups", "patient")]
)
def test_reports_are_nearly_the_same(scores, tmp_path, monkeypatch, options):
    paths = [tmp_path / "whole.json", tmp_path / "sums.json"]
    run("report", scores, *Y_P, "--threshold", "0.4", *options, "-o", paths[0])
    monkeypatch.setattr(memory, "A_ROW", 2**40)
    done = run("report", scores, *Y_P, "--threshold", "0.4", *options, *LIMIT, "-o", paths[1])
    assert done.exit_code == 0, done.stderr
    parts = [json.loads(path.read_text()) for path in paths]
    for a, b in zip(*([part] if isinstance(part, dict) else part for part in parts), strict=True):
        assert [cell["count"] for cell in a["point"]["cells"]] == [cell["count"] for cell in b["point"]["cells"]]
        for name in ("rows", "positives", "negatives", "weight", "clusters", "zeros", "ones", "sampling"):
            assert a["data"].get(name, a.get(name)) == b["data"].get(name, b.get(name))
        for name in ("effective_rows", "imbalance", "prevalence"):
            assert a["data"][name] == pytest.approx(b["data"][name], rel=1e-9)
        for one, other in zip(a["data"]["calibration"]["bins"], b["data"]["calibration"]["bins"], strict=True):
            assert abs(one["observed"]["value"] - other["observed"]["value"]) < 0.05
            assert abs(one["mean_score"] - other["mean_score"]) < 0.005
        assert a["data"]["calibration"]["difference"] == pytest.approx(b["data"]["calibration"]["difference"], abs=1e-5)
        assert (a["data"]["summed"], b["data"]["summed"]) == (False, True)
        assert (b["data"]["distinct"], b["data"]["largest_tie"], b["data"]["weight_range"]) == (None, None, None)
        found = [{told["title"]: told["p_value"] for told in part["rest"]} for part in (a, b)]
        assert found[1] == pytest.approx(found[0], abs=1e-9)


@pytest.mark.usefixtures("tiny")
def test_the_page_says_what_sums_leave_out(scores, tmp_path):
    page = tmp_path / "page.html"
    assert run("report", scores, *Y_P, "--weight", "w", *LIMIT, "-o", page).exit_code == 0
    text = page.read_text()
    assert "not counted, since rows were summed as they were read" in text
    assert "Rows were summed in bins of their score as they were read" in text


@pytest.mark.usefixtures("tiny")
@pytest.mark.parametrize(
    ("command", "options", "said"),
    [
        ("jacobian", ("--wrt", "mix"), "--wrt mix"),
        ("jacobian", ("--score", "raw"), "--score once a class"),
        ("tune", ("--exact",), "--exact"),
        ("report", ("--baseline-score", "raw"), "--baseline-score"),
    ],
)
def test_what_needs_all_rows_is_refused_with_words(scores, command, options, said):
    told = refuse(command, scores, *Y_P, *options, *LIMIT)
    assert f"--memory-limit 64MiB: about {N} rows would take" in told
    assert f"{said} needs all of them at once" in told


@pytest.mark.usefixtures("tiny")
def test_without_a_limit_that_was_given_it_is_tried_with_a_warning(scores):
    done = run("jacobian", scores, *Y_P, "--wrt", "mix")
    assert done.exit_code == 0
    assert "--wrt mix needs all of them at once; if memory runs out" in done.stderr


def test_rows_that_fit_are_read_whole(scores):
    done = run("jacobian", scores, *Y_P, *LIMIT, "--format", "json")
    assert "engine" not in json.loads(done.stdout)["diagnostics"]
    assert SUMMED not in done.stderr


@pytest.mark.usefixtures("tiny")
def test_labels_at_the_shell_are_matched(scores):
    assert "no row of column 'y' is 'eggs'" in refuse("jacobian", scores, *Y_P, "--pos-label", "eggs", *LIMIT)
    assert "expected two" in refuse("jacobian", scores, *Y_P, "--labels", "ham", *LIMIT)


@pytest.mark.parametrize(
    ("text", "size"),
    [("64MB", None), ("512MB", 512_000_000), ("1.5 GiB", 3 * 2**29), ("2g", 2_000_000_000), ("1TB", 10**12)],
)
def test_sizes(text, size):
    if size is None:
        with pytest.raises(InvalidInputError, match="not read in less than 64 MiB"):
            read_size(text, "--memory-limit")
    else:
        assert read_size(text, "--memory-limit") == size


@pytest.mark.parametrize("text", ["", "much", "-1GB", "1GB2", "1 XB", "inf", "nan GB"])
def test_what_is_no_size_is_refused(scores, text):
    assert "expected a size such as 512MB or 2GB" in refuse("jacobian", scores, *Y_P, "--memory-limit", text)


def test_memory_is_that_of_the_machine():
    assert 2**28 < machine_memory() < 2**50
    assert bytes_of(10**6, 3) == 200_000_000
