"""``conjac report --model``: the report of a model's scores, with the drift of its inputs."""

import json
import re
import warnings

import numpy as np
import pytest
from shell import run
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac.engines.database import write_parquet
from conjac.views.summary import summarize

RNG = np.random.default_rng(0)
N = 600
AGE, VISITS = RNG.normal(50, 10, N), RNG.poisson(3, N)
REGION = np.where(RNG.random(N) < 0.4, "north", "south")
U = (AGE - 50) / 10 + (REGION == "north") + 0.2 * VISITS
Y = np.where(U + RNG.logistic(size=N) > 1, "spam", "ham")
TABLE = {
    "visits": VISITS.tolist(),
    "age": AGE.tolist(),
    "region": REGION.tolist(),
    "y": Y.tolist(),
    "three": np.array(["ant", "bee", "cat"])[np.digitize(U, (0.5, 1.5))].tolist(),
    "w": RNG.integers(1, 4, N).tolist(),
    "g": np.where((Y == "ham") & (np.arange(N) % 5 == 0), "b", "a").tolist(),
}
NUMBERS = np.column_stack([AGE, VISITS]).astype(np.float32)
TREE = "sklearn.tree._tree.Tree"
PIPE = ("rows.parquet", "--label", "y", "--model", "pipe.skops")


def inputs():
    return needs("pandas").DataFrame(TABLE)[["age", "region", "visits"]]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Hold the rows, their numbers alone, and models: pipe, three, tree, all skops, and an ONNX file."""
    io = needs("skops.io")
    folder = tmp_path_factory.mktemp("report")
    write_parquet(TABLE, folder / "rows.parquet")
    write_parquet({name: TABLE[name] for name in ("age", "visits", "y")}, folder / "numbers.parquet")
    frame = inputs()
    steps = make_column_transformer((StandardScaler(), ["age", "visits"]), (OneHotEncoder(), ["region"]))
    pipe = make_pipeline(steps, LogisticRegression())
    io.dump(pipe.fit(frame, Y), folder / "pipe.skops")
    io.dump(pipe.fit(frame, TABLE["three"]), folder / "three.skops")
    io.dump(DecisionTreeClassifier(max_leaf_nodes=30).fit(frame[["age", "visits"]], Y), folder / "tree.skops")
    return folder


@pytest.fixture
def folder(filled, monkeypatch):
    monkeypatch.chdir(filled)
    return filled


def told_by(*args):
    """Return what a report in JSON holds."""
    done = run("report", *args, "--format", "json", "-o", "told.json")
    assert done.exit_code == 0, done.stderr
    with open("told.json", encoding="utf-8") as file:
        return json.load(file)


def test_it_is_the_summary_of_the_models_scores_with_their_drift(folder):
    model, how = needs("skops.io").load(folder / "pipe.skops"), {"threshold": 0.4, "sample_weight": TABLE["w"]}
    given = {"labels": ["ham", "spam"], "sample_weight": TABLE["w"]}
    rows = cj.validation.check_predictions(Y, model.predict_proba(inputs()), **given)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.errors.ConjacWarning)
        drift = cj.rank_drifts(model, inputs(), Y, "precision", **how)
    expected = summarize(rows, title="rows.parquet", threshold=0.4, metric="precision", level=0.9, drift=drift)
    options = ("--weight", "w", "--threshold", ".4", "--metric", "precision", "--level", ".9")
    found = told_by(*PIPE, *options)
    assert found == json.loads(json.dumps(expected.to_dict()))
    assert {one["name"] for one in found["drift"]["numbers"]} == {"age", "visits"}


def test_the_page_has_the_section(folder):
    done = run("report", *PIPE, "-o", "r.html")
    assert (done.exit_code, done.stdout) == (0, "r.html\n")
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert 'id="s1-drift"' in page
    assert "formula of Pipeline" in page


@pytest.mark.usefixtures("folder")
def test_drift_and_unit_name_what_drifts_and_how_far():
    drift = told_by(*PIPE, "--drift", "visits", "--unit", "raw")["drift"]
    assert [one["name"] for one in drift["numbers"]] == ["visits"]
    assert (drift["unit"], drift["categories"]) == ("raw", [])
    assert told_by(*PIPE, "--drift", "region")["drift"]["numbers"] == []


@pytest.mark.usefixtures("folder")
def test_a_tree_is_recounted():
    drift = told_by("rows.parquet", "--label", "y", "--model", "tree.skops", "--trust", TREE)["drift"]
    assert drift["method"] == "secant"
    assert all(one["step"] > 0 for one in drift["numbers"])


def test_an_onnx_file_is_served_by_the_names_of_the_columns(folder):
    needs("onnxruntime")
    made = needs("skl2onnx").to_onnx(LogisticRegression().fit(NUMBERS, Y), NUMBERS[:1], options={"zipmap": False})
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    model = ("numbers.parquet", "--label", "y", "--model", "m.onnx", "--features", "age,visits")
    drift = told_by(*model)["drift"]
    assert [one["name"] for one in drift["numbers"]] == ["age", "visits"]
    assert drift["derivative"].startswith("central differences")
    assert [one["name"] for one in told_by(*model, "--drift", "visits")["drift"]["numbers"]] == ["visits"]


def test_by_makes_a_section_a_group_and_one_class_has_none(folder):
    done = run("report", *PIPE, "--by", "g", "-o", "r.json")
    assert done.exit_code == 0
    assert "warning: g='b': the drift of inputs is left out" in done.stderr
    first, second = json.loads((folder / "r.json").read_text())
    assert len(first["drift"]["numbers"]) == 2
    assert second["drift"] is None
    assert run("report", *PIPE, "--by", "g", "-o", "r.html").exit_code == 0
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert re.findall(r'id="(s\d-drift)"', page) == ["s1-drift"]


def test_without_a_model_there_is_no_drift(folder):
    write_parquet({"y": TABLE["y"], "p": (1 / (1 + np.exp(-U))).tolist()}, folder / "scores.parquet")
    assert told_by("scores.parquet", "--label", "y", "--score", "p")["drift"] is None


BAD = {
    "neither scores nor a model": (["--label", "y"], "nothing to count: add --score COL"),
    "both": ([*PIPE[1:], "--score", "age"], "both tell the scores; leave one of them out"),
    "a drift of scores": (["--label", "y", "--score", "age", "--drift", "age"], "drift; add --model FILE, or leave"),
    "a unit of scores": (["--label", "y", "--score", "age", "--unit", "raw"], "drift; add --model FILE, or leave"),
    "a unit unknown": ([*PIPE[1:], "--unit", "mad"], "--unit 'mad': expected sd or raw"),
    "an input unknown": ([*PIPE[1:], "--drift", "size"], "X has no column 'size'"),
    "the model as output": ([*PIPE[1:], "--format", "json", "-o", "pipe.skops"], "is also an input, which it would"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_status_2(case, folder):
    args, message = BAD[case]
    before = sorted(path.name for path in folder.iterdir())
    done = run("report", "rows.parquet", *args)
    told = [line for line in done.stderr.splitlines() if not line.startswith("conjac: scores are those of")]
    assert (done.exit_code, done.stdout, len(told)) == (2, "", 1)
    assert message in told[0]
    assert sorted(path.name for path in folder.iterdir()) == before
