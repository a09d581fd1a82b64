"""The shell: what is printed where, what is written, and with which status a command ends."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time

import duckdb
import numpy as np
import openpyxl
import pytest
from shell import records, refuse, run
from support import SRC
from typer.core import TyperGroup
from typer.testing import CliRunner

import conjac as cj
from conjac.cli.app import app
from conjac.engines.database import write_parquet
from conjac.errors import InvalidInputError
from conjac.writing import written

Y_P = ("--label", "y", "--score", "p")
ENV = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SRC.parent), os.environ.get("PYTHONPATH", "")])}
SPAWN = [sys.executable, "-W", "error", "-m", "conjac"]


def spawn(*args, cwd=None, **more):
    """Run a command as a user does; more is for its environment."""
    command = [*SPAWN, *map(str, args)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=60, cwd=cwd, env={**ENV, **more})


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    spam = rng.integers(0, 2, 600)
    score = 1 / (1 + np.exp(-rng.normal(2 * spam - 1, 1)))
    return {
        "y": np.where(spam, "spam", "ham").tolist(),
        "p": score.tolist(),
        "logit": np.log(score / (1 - score)).tolist(),
        "w": rng.integers(1, 4, 600).tolist(),
        "region": np.where(np.arange(600) % 3 == 0, "north", "south").tolist(),
        "patient": (np.arange(600) // 4).tolist(),
    }


@pytest.fixture(scope="module")
def scores(rows, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "scores.parquet"
    write_parquet(rows, path)
    return path


@pytest.fixture
def csv_file(tmp_path):
    def make(text, name="scores.csv"):
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return make


GOOD = "y,p,w\n" + "".join(f"{i % 2},{(i * 37 % 100) / 100 + 0.001},1\n" for i in range(60))


# ---- jacobian


def test_jacobian_prints_what_python_gives(rows, scores):
    done = run("jacobian", scores, *Y_P, "--threshold", "0.4", "--format", "csv")
    expected = cj.confusion_jacobian(rows["y"], rows["p"], threshold=0.4).to_columns()
    assert done.exit_code == 0
    found = records(done.stdout)
    assert list(found[0]) == list(expected)
    for name, column in expected.items():
        assert [row[name] for row in found] == [str(value) for value in column]
    assert "positive label is 'spam'" in done.stderr


def test_jacobian_in_json_is_that_of_python(rows, scores):
    done = run("jacobian", scores, *Y_P, "--format", "json", "--pos-label", "ham", "--normalize", "true")
    J = cj.confusion_jacobian(rows["y"], rows["p"], pos_label="ham", normalize="true")
    assert json.loads(done.stdout) == json.loads(json.dumps(J.to_dict()))
    assert done.stderr == ""


def test_weights_clusters_and_design_reach_the_estimate(rows, scores):
    options = ("--weight", "w", "--groups", "patient", "--condition-on", "class", "--level", "0.9")
    done = run("jacobian", scores, *Y_P, *options, "--format", "json")
    J = cj.confusion_jacobian(
        rows["y"], rows["p"], sample_weight=rows["w"], groups=rows["patient"], condition_on="class"
    )
    assert json.loads(done.stdout) == json.loads(json.dumps(J.to_dict(0.9)))


def test_metrics_are_a_section_of_their_own(rows, scores):
    asked = ("--metric", "f1", "--metric", "recall[ham]")
    table = run("jacobian", scores, *Y_P, *asked)
    assert table.stdout.count("jacobian") == 1
    assert "recall[ham]" in table.stdout
    found = records(run("jacobian", scores, *Y_P, *asked, "--format", "csv").stdout)
    assert [row["section"] for row in found] == ["cell"] * 4 + ["metric"] * 2
    f1 = cj.confusion_jacobian(rows["y"], rows["p"]).of("f1")
    assert [float(found[4][name]) for name in ("value", "gradient", "stderr")] == [f1.value, f1.gradient, f1.stderr]
    told = json.loads(run("jacobian", scores, *Y_P, *asked, "--format", "json").stdout)
    assert [row["metric"] for row in told["metrics"]] == ["f1", "recall[ham]"]


def test_a_table_in_a_pipe_is_plain_and_whole(scores):
    done = spawn("jacobian", scores, *Y_P, COLUMNS="40")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert done.stdout.splitlines()[0].split()[:4] == ["true", "predicted", "matrix", "matrix_stderr"]
    assert "…" not in done.stdout
    assert "coordinate probability" in done.stdout


def test_by_gives_one_result_a_group_in_order(rows, scores):
    done = run("jacobian", scores, *Y_P, "--by", "region", "--format", "csv")
    found = records(done.stdout)
    assert [row["region"] for row in found] == ["north"] * 4 + ["south"] * 4
    north = np.array(rows["region"]) == "north"
    J = cj.confusion_jacobian(np.array(rows["y"])[north], np.array(rows["p"])[north])
    assert [float(row["jacobian"]) for row in found[:4]] == J.jacobian.ravel().tolist()
    told = json.loads(run("jacobian", scores, *Y_P, "--by", "region", "--format", "json").stdout)
    assert [(one["by"], one["group"]) for one in told] == [("region", "north"), ("region", "south")]


def test_a_group_of_one_class_is_nan_with_a_warning(csv_file):
    path = csv_file("y,p,g\n" + "".join(f"{i % 2},{i / 61},a\n" for i in range(60)) + "1,.5,b\n1,.7,b\n1,.9,b\n")
    done = run("jacobian", path, *Y_P, "--by", "g", "--format", "csv", "--metric", "specificity")
    assert done.exit_code == 0
    assert "warning: g='b': one class only, no row is 0" in done.stderr
    cells = [row for row in records(done.stdout) if row["section"] == "cell" and row["g"] == "b"]
    assert [row["matrix"] for row in cells] == ["0", "0", "0", "3"]
    assert [row["stderr"] for row in cells] == [""] * 4
    tuned = run("tune", path, *Y_P, "--by", "g", "--format", "csv")
    assert tuned.exit_code == 0
    assert [bool(row["threshold"]) for row in records(tuned.stdout)] == [True, False]


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("fbeta(2)", cj.metrics.fbeta(2)),
        (" net_benefit( .2 ) ", cj.metrics.net_benefit(0.2)),
        ("expected_cost([[0,1],[5,0]])", cj.metrics.expected_cost([[0, 1], [5, 0]])),
    ],
)
def test_a_metric_takes_its_parameter(rows, scores, tmp_path, text, metric):
    (row,) = json.loads(run("jacobian", scores, *Y_P, "--metric", text, "--format", "json").stdout)["metrics"]
    told = cj.confusion_jacobian(rows["y"], rows["p"]).of(metric)
    assert (row["metric"], row["value"], row["gradient"]) == (metric.name, told.value, told.gradient)
    best = cj.ConfusionCurve.from_predictions(rows["y"], rows["p"]).maximize(metric)
    assert json.loads(run("tune", scores, *Y_P, "--metric", text, "--format", "json").stdout) == json.loads(
        json.dumps(best.to_dict())
    )
    assert run("report", scores, *Y_P, "--metric", text, "-o", tmp_path / "r.json").exit_code == 0
    assert json.loads((tmp_path / "r.json").read_text())["metric"] == metric.name


# ---- tune


def test_tune_maximises_subject_to_constraints(rows, scores):
    curve = cj.ConfusionCurve.from_predictions(rows["y"], rows["p"])
    done = run(
        "tune", scores, *Y_P, "--subject-to", "recall >= .9", "--subject-to", "alert_rate <= .8", "--format", "csv"
    )
    (row,) = records(done.stdout)
    expected = curve.maximize("f1", subject_to=["recall >= .9", "alert_rate <= .8"])
    assert float(row["threshold"]) == expected.threshold
    assert [float(row[cell]) for cell in ("tn", "fp", "fn", "tp")] == expected.matrix.ravel().tolist()
    assert (row["metric"], row["kind"], row["in_sample"]) == ("f1", "argmax", "True")
    assert row["subject_to"] == "recall >= .9; alert_rate <= .8"


def test_tune_options_reach_the_search(rows, scores):
    curve = cj.ConfusionCurve.from_predictions(rows["y"], rows["p"], coordinate="logit")
    done = run("tune", scores, *Y_P, "--coordinate", "logit", "--metric", "youden_j", "--exact", "--format", "json",
               "--subject-to", "recall >= .8", "--confidence", ".95")  # fmt: skip
    expected = curve.maximize("youden_j", method="exact", subject_to="recall >= .8", confidence=0.95)
    assert json.loads(done.stdout) == {
        **json.loads(json.dumps(expected.to_dict())),
        "subject_to": "recall >= .8",
    }


@pytest.mark.parametrize("target", ["recall=.95", " recall = 0.95", "recall>=.95"])
def test_tune_meets_a_target(rows, scores, target):
    done = run("tune", scores, *Y_P, "--target", target)
    expected = cj.ConfusionCurve.from_predictions(rows["y"], rows["p"]).solve(recall=0.95)
    figures = dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if line)
    assert float(figures["threshold"]) == pytest.approx(expected.threshold, rel=1e-5)
    assert figures["kind"].strip() == "target"
    assert "Chosen and told on the same rows" in done.stdout


def test_tune_says_of_what_the_interval_is_where_a_constraint_binds(scores):
    free = run("tune", scores, *Y_P, "--metric", "f1")
    bound = run("tune", scores, *Y_P, "--metric", "precision", "--subject-to", "recall >= .9")
    assert "slope may be zero" in free.stdout
    assert "binds" not in free.stdout
    assert "recall >= 0.9 binds" in bound.stdout
    assert "slope may be zero" not in bound.stdout


def test_tune_goes_on_where_one_group_has_no_answer(csv_file):
    text = "y,p,g\n" + "".join(f"{i % 2},{(i % 2) * 0.4 + i / 150},a\n{i % 2},0.5,b\n" for i in range(60))
    done = run("tune", csv_file(text), *Y_P, "--by", "g", "--subject-to", "precision >= .8", "--format", "csv")
    assert done.exit_code == 0
    assert [bool(row["threshold"]) for row in records(done.stdout)] == [True, False]
    assert "warning: g='b': no threshold meets precision >= 0.8" in done.stderr


# ---- output


@pytest.mark.parametrize("suffix", ["txt", "json", "csv", "xlsx", "parquet"])
def test_the_format_follows_the_suffix(scores, tmp_path, suffix):
    out = tmp_path / f"out.{suffix}"
    done = run("jacobian", scores, *Y_P, "--metric", "f1", "-o", out)
    assert (done.exit_code, done.stdout) == (0, "")
    assert f"wrote {out}" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == [out.name]
    if suffix == "xlsx":
        assert openpyxl.load_workbook(out).sheetnames == ["cell", "metric"]
    if suffix == "parquet":
        assert duckdb.sql(f"SELECT DISTINCT section FROM read_parquet('{out}') ORDER BY ALL").fetchall() == [
            ("cell",),
            ("metric",),
        ]


def test_output_takes_the_place_of_a_file_and_keeps_a_link(scores, tmp_path):
    (tmp_path / "real.csv").write_text("old")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    assert run("jacobian", scores, *Y_P, "-o", tmp_path / "link.csv").exit_code == 0
    assert (tmp_path / "link.csv").is_symlink()
    assert (tmp_path / "real.csv").read_text().startswith("true,predicted")


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_write_leaves_what_was(tmp_path, failure):
    (tmp_path / "out.csv").write_text("old")

    def fail():
        with written(tmp_path / "out.csv") as part:
            part.write_text("half")
            raise failure

    with pytest.raises(failure):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_text() == "old"


def test_a_write_that_the_system_refuses(tmp_path):
    with (
        pytest.raises(InvalidInputError, match="cannot be written: File name too long"),
        written(tmp_path / ("x" * 255)),
    ):
        pass


def test_a_reader_that_stops_early_is_no_error(scores):
    command = " ".join(map(str, [*SPAWN, "jacobian", scores, *Y_P, "--format", "json"]))
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command} | true"], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr.replace("\n", " ").count("Traceback")) == (0, 0)


# ---- report and demo


def test_report_writes_a_page_and_prints_its_path(scores, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run("report", scores, *Y_P)
    assert (done.exit_code, done.stdout) == (0, "conjac-report.html\n")
    page = (tmp_path / "conjac-report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "scores.parquet" in page


def test_report_hands_its_options_on(scores, tmp_path, monkeypatch):
    from conjac.views.report import asked as what
    from conjac.views.report import report

    asked = []

    class Told:
        def __init__(self, group):
            self.group = group

        def to_dict(self):
            return {"nan": float("nan")}

    monkeypatch.setattr(
        what, "summarize", lambda rows, **options: asked.append((rows, options)) or Told(options["group"])
    )
    monkeypatch.setattr(report, "render", lambda summaries, _: f"{len(summaries)} 🐟")
    monkeypatch.setattr(report.Report, "of", classmethod(lambda cls, summaries, *_, **__: cls(tuple(summaries))))
    options = ("--threshold", ".4", "--metric", "recall", "--subject-to", "precision >= .8", "--level", ".9")
    done = run("report", scores, *Y_P, *options, "--by", "region", "--title", "T", "-o", tmp_path / "r.html")
    assert done.stdout == f"{tmp_path / 'r.html'}\n"
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == "2 🐟"
    assert [len(rows.true) for rows, _ in asked] == [200, 400]
    assert asked[0][1] == {  # one coordinate for all the groups
        "title": "T",
        "threshold": 0.4,
        "coordinate": "probability",
        "metric": "recall",
        "subject_to": ("precision >= .8",),
        "condition_on": None,
        "level": 0.9,
        "set_aside": {},
        "group": "region='north'",
        "drift": None,
        "training": None,
        "baseline": None,
    }
    run("report", scores, *Y_P, "-o", tmp_path / "r.json")
    assert json.loads((tmp_path / "r.json").read_text()) == {"nan": None}


def test_demo_writes_a_report_and_the_scores_it_is_of(tmp_path, monkeypatch):
    done = spawn("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "conjac-demo"
    assert sorted(path.name for path in folder.iterdir()) == ["report.html", "scores.csv"]
    commands = [line.strip() for line in done.stdout.splitlines() if line.startswith("  conjac ")]
    assert len(commands) == 3
    monkeypatch.chdir(tmp_path)
    for command in commands[1:]:
        assert run(*shlex.split(command)[1:]).exit_code == 0


# ---- bad input: status 2, one line, nothing written

BAD_INPUT = {
    "a file that is not there": ("", ["none.csv", *Y_P], "none.csv: no such file"),
    "an empty file": ("", ["scores.csv", *Y_P], "scores.csv is empty"),
    "a header alone": ("y,p\n", ["scores.csv", *Y_P], "no rows"),
    "a column that is not there": (
        GOOD,
        ["scores.csv", "--label", "y", "--score", "P"],
        "no column 'P'; the nearest: 'p'; its columns: 'y', 'p', 'w'",
    ),
    "one class only": ("y,p\n1,.1\n1,.2\n", ["scores.csv", *Y_P], "one class only"),
    "three classes": ("y,p\n1,.1\n2,.2\n3,.2\n", ["scores.csv", *Y_P], "3 classes have no threshold"),
    "an unknown label": (GOOD, ["scores.csv", *Y_P, "--labels", "0,spam"], "--labels: no row of column 'y' is 'spam'"),
    "a label left out": ("y,p\n1,.1\n2,.2\n3,.2\n", ["scores.csv", *Y_P, "--labels", "1,2"], "not among labels [1, 2]"),
    "an unknown positive label": (GOOD, ["scores.csv", *Y_P, "--pos-label", "2"], "--pos-label: no row of column"),
    "two labels in one": (GOOD, ["scores.csv", *Y_P, "--labels", '"0,1'], "expected labels with a comma"),
    "weights all zero": ("y,p,w\n1,.1,0\n0,.2,0\n", ["scores.csv", *Y_P, "--weight", "w"], "zero in every row"),
    "weights all negative": ("y,p,w\n1,.1,-1\n0,.2,-1\n", ["scores.csv", *Y_P, "--weight", "w"], "2 weight negative"),
    "no usable score": ("y,p\n1,inf\n0,x\n", ["scores.csv", *Y_P], "all 2 rows are faulty"),
    "a score twice": (GOOD, ["scores.csv", *Y_P, "--score", "p"], "--score names 'p' more than once"),
    "an unknown metric": (
        GOOD,
        ["scores.csv", *Y_P, "--metric", "recal"],
        "metric 'recal' is unknown; the nearest are 'recall'",
    ),
    "a metric without its parameter": (GOOD, ["scores.csv", *Y_P, "--metric", "fbeta"], "are written 'fbeta(2)'"),
    "a parameter that no metric takes": (GOOD, ["scores.csv", *Y_P, "--metric", "recall(2)"], "'recall(2)' is unknown"),
    "a parameter that is code": (GOOD, ["scores.csv", *Y_P, "--metric", "fbeta(exit(3))"], "cannot be read; metrics"),
    "a parameter that is two": (GOOD, ["scores.csv", *Y_P, "--metric", "fbeta(1) + (2)"], "cannot be read; metrics"),
    "a parameter too large": (GOOD, ["scores.csv", *Y_P, "--metric", f"fbeta({'9' * 400})"], "cannot be read; metrics"),
    "a parameter outside its domain": (GOOD, ["scores.csv", *Y_P, "--metric", "net_benefit(2)"], "inside (0, 1)"),
    "costs of another shape": (GOOD, ["scores.csv", *Y_P, "--metric", "expected_cost([1])"], "cost_matrix has shape"),
    "an unknown coordinate": (GOOD, ["scores.csv", *Y_P, "--coordinate", "odds"], "coordinate='odds': expected one of"),
    "raw scores as probabilities": (
        "y,p\n1,3\n0,-2\n",
        ["scores.csv", *Y_P, "--coordinate", "probability"],
        "takes scores in [0, 1], but y_score[0] is 3.0",
    ),
    "another thing that moves": (
        GOOD,
        ["scores.csv", *Y_P, "--wrt", "parameters"],
        "--wrt parameters: a gradient has the structure of its model",
    ),
    "a level of 2": (GOOD, ["scores.csv", *Y_P, "--level", "2"], "level=2.0: expected a number between 0 and 1"),
    "an output folder that is not there": (GOOD, ["scores.csv", *Y_P, "-o", "no/out.json"], "there is no folder no"),
    "an output that is a folder": (GOOD, ["scores.csv", *Y_P, "-o", ".", "--format", "json"], "is not a plain file"),
    "an output that is an input": (GOOD, ["scores.csv", *Y_P, "-o", "scores.csv", "--format", "json"], "also an input"),
    "an unknown format": (GOOD, ["scores.csv", *Y_P, "--format", "xml"], "format 'xml'"),
}
JACOBIAN_ONLY = {
    "a threshold of nan": (["--threshold", "nan"], "threshold=nan: expected"),
    "a percentile of 2": (["--threshold", "2", "--coordinate", "percentile"], "a percentile lies in [0"),
    "an unknown normalisation": (["--normalize", "row"], "normalize='row': expected one of"),
    "an unknown condition": (["--condition-on", "rows"], "condition_on='rows': expected 'class'"),
    "binary on standard output": (["--format", "xlsx"], "name a file for it with -o"),
    "a suffix without a format": (["-o", "out.doc"], "the suffix tells no format"),
}
TUNE_ONLY = {
    "a constraint that cannot be read": (["--subject-to", "recall > .9"], "subject_to='recall > .9': expected"),
    "a constraint on nothing known": (["--subject-to", "recal >= .9"], "metric 'recal' is unknown"),
    "a constraint that nothing meets": (
        ["--subject-to", "recall >= .99", "--subject-to", "precision >= .99"],
        "no threshold meets recall >= 0.99 and precision >= 0.99; the nearest has threshold",
    ),
    "an unknown condition": (["--condition-on", "classs"], "condition_on='classs': expected 'class'"),
    "a confidence in nothing": (["--confidence", ".95"], "confidence"),
    "a target that cannot be read": (["--target", "recall"], "--target 'recall': expected 'metric=number'"),
    "a target outside the domain": (["--target", "recall=2"], "recall lies in [0, 1]"),
    "a target beside a metric": (["--target", "recall=.9", "--metric", "f1"], "--target stands alone"),
    "a target with an unknown metric": (["--target", "recal=.9"], "metric 'recal' is unknown"),
}


@pytest.mark.parametrize("command", ["jacobian", "tune", "report"])
@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_one_line_and_status_2(tmp_path, monkeypatch, command, case):
    refuse(tmp_path, monkeypatch, command, *BAD_INPUT[case])


@pytest.mark.parametrize("case", JACOBIAN_ONLY)
def test_bad_input_to_jacobian(tmp_path, monkeypatch, case):
    more, message = JACOBIAN_ONLY[case]
    refuse(tmp_path, monkeypatch, "jacobian", GOOD, ["scores.csv", *Y_P, *more], message)


@pytest.mark.parametrize("case", TUNE_ONLY)
def test_bad_input_to_tune(tmp_path, monkeypatch, case):
    more, message = TUNE_ONLY[case]
    refuse(tmp_path, monkeypatch, "tune", GOOD, ["scores.csv", *Y_P, *more], message)


def test_a_group_of_many_is_not_a_page(tmp_path, monkeypatch):
    text = "y,p,g\n" + "".join(f"{i % 2},{i / 61},{i}\n" for i in range(60))
    args = ["scores.csv", *Y_P, "--by", "g"]
    refuse(tmp_path, monkeypatch, "report", text, args, "--by 'g' makes 60 groups; a page holds 50")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["no-such"], "No such command 'no-such'"),
        (["jacobian"], "Missing argument"),
        (["jacobian", "x.csv", "--score", "p"], "Missing option '--label'"),
        (["tune", "x.csv", *Y_P, "--no-such"], "No such option: --no-such"),
        (["report", "x.csv", *Y_P, "--threshold", "high"], "--threshold"),
        (["report", "x.csv", *Y_P, "--threshold"], "'--threshold' requires an argument"),
        (["--no-such"], "No such option: --no-such"),
    ],
)
def test_usage_errors_are_one_line_and_status_2(args, message):
    done = run(*args)
    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("conjac: ")
    assert message in done.stderr
    assert done.stderr.endswith(" --help)\n")


def test_no_command_gets_the_help_and_status_2():
    done = run()
    assert (done.exit_code, done.stderr) == (2, "")
    assert "jacobian" in done.stdout


@pytest.mark.parametrize("suffix", [".pdf", ".csv", ""])
def test_a_report_is_not_written_under_a_suffix_of_something_else(tmp_path, monkeypatch, suffix):
    args = ["scores.csv", *Y_P, "-o", f"r{suffix}"]
    refuse(tmp_path, monkeypatch, "report", GOOD, args, "expected one of .html, .htm, .json, or pass the format")
    assert run("report", *args, "--format", "json").exit_code == 0


def test_faulty_rows_are_set_aside_and_reported(csv_file):
    path = csv_file(GOOD + ",.5,1\n1,,1\n1,inf,1\n0,.5,-1\n")
    done = run("jacobian", path, *Y_P, "--weight", "w", "--format", "json")
    assert done.exit_code == 0
    told = "warning: 4 of 64 rows set aside: 1 label missing, 1 score infinite, 1 score missing, 1 weight negative"
    assert told in done.stderr
    assert np.array(json.loads(done.stdout)["matrix"]).sum() == 60
    strict = run("jacobian", path, *Y_P, "--weight", "w", "--strict")
    assert (strict.exit_code, strict.stdout) == (2, "")
    assert "4 of 64 rows are faulty" in strict.stderr


def test_bad_input_at_a_real_shell(csv_file):
    done = spawn("jacobian", csv_file(GOOD), *Y_P, "--metric", "f2")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith("conjac: metric 'f2' is unknown")


def test_a_bug_has_status_1_and_its_traceback(scores, monkeypatch):
    monkeypatch.setattr(cj.ConfusionJacobian, "from_rows", lambda *_, **__: 1 / 0)
    done = CliRunner().invoke(app, ["jacobian", str(scores), *Y_P])
    assert done.exit_code == 1
    assert isinstance(done.exception, ZeroDivisionError)


# ---- the rest


def test_few_rows_at_the_threshold_are_told(scores):
    assert "effective rows of class" in run("jacobian", scores, *Y_P, "--threshold", "0.9999").stderr
    assert "the slope is nan" in run("jacobian", scores, *Y_P, "--threshold", "0").stderr


def test_labels_match_by_their_text(csv_file):
    path = csv_file('y,p\n"a, b",.1\n<script>,.9\n"a, b",.6\n<script>,.2\n')
    done = run("jacobian", path, *Y_P, "--labels", '<script>,"a, b"', "--format", "csv")
    assert [row["true"] for row in records(done.stdout)] == ["<script>", "<script>", "a, b", "a, b"]
    for text in ("false", "False"):
        done = run("jacobian", csv_file("y,p\ntrue,.1\nfalse,.9\n"), *Y_P, "--pos-label", text, "--format", "csv")
        assert records(done.stdout)[-1]["true"] == "False"
    done = run("jacobian", csv_file("y,p\n1.0,.1\n0.0,.9\n"), *Y_P, "--pos-label", "0", "--format", "csv")
    assert records(done.stdout)[-1]["true"] == "0.0"


def test_a_terminal_is_not_steered_by_data(csv_file):
    path = csv_file('y,p\n[red]ham[/red],.1\n"\x1b[31mspam",.9\n🐟[bold],x\n')
    done = run("jacobian", path, *Y_P)
    assert "[red]ham[/red]" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x1b" not in run("jacobian", path, "--label", "\x1b[31m", "--score", "p").stderr


@pytest.mark.parametrize("column", ["<script>", 'p "q"', "true", "🐟, fish"])
def test_a_hostile_column_groups(rows, tmp_path, column):
    write_parquet({"y": rows["y"], "p": rows["p"], column: rows["region"]}, tmp_path / "scores.parquet")
    done = run("jacobian", tmp_path / "scores.parquet", *Y_P, "--by", column, "--format", "csv")
    name = "by_true" if column == "true" else column
    assert {row[name] for row in records(done.stdout)} == {"north", "south"}


def test_version_and_help():
    assert run("--version").stdout == f"conjac {cj.__version__}\n"
    for command in ("report", "jacobian", "tune", "demo"):
        for option in ("-h", "--help"):
            assert "--output" in run(command, option).stdout


def test_ctrl_c_ends_with_130_and_leaves_nothing(tmp_path):
    text = "y,p\n" + "".join(f"{i % 2},{(i * 7919 % 100003) / 100003}\n" for i in range(200_000))
    (tmp_path / "scores.csv").write_text(text)
    script = (
        "import signal, sys, time; from conjac.cli import main, output\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a job in the background may inherit none
        "def slow(*args):\n"
        "    args[2].write_text('half'); print('writing', file=sys.stderr, flush=True); time.sleep(30)\n"
        "output.write_file = slow; sys.argv = ['conjac', *sys.argv[1:]]; main()"
    )
    command = [sys.executable, "-c", script, "jacobian", "scores.csv", *Y_P, "-o", "out.csv"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=ENV) as process:
        assert process.stderr.readline() == "writing\n"
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == "conjac: interrupted\n"
    assert process.returncode == 130
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]


def test_ctrl_c_while_libraries_are_read_ends_with_130():
    script = (
        "import sys, conjac.cli\n"
        "class Interrupt:\n"
        "    def find_spec(self, name, *more):\n"
        "        if name == 'conjac.cli.app': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupt()); conjac.cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, env=ENV)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "conjac: interrupted\n")


def test_ctrl_c_outside_a_command_ends_with_130(monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(TyperGroup, "invoke", interrupt)
    done = run("demo")
    assert (done.exit_code, done.stderr) == (130, "conjac: interrupted\n")
