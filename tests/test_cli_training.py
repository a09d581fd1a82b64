"""``conjac report --model --train``: what the training of a skops model does."""

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

RNG = np.random.default_rng(0)
N, N_TRAINING = 1200, 400
AGE, VISITS = RNG.normal(50, 10, N), RNG.poisson(3, N)
REGION = np.where(RNG.random(N) < 0.4, "north", "south")
U = (AGE - 50) / 10 + (REGION == "north") + 0.2 * VISITS
Y = np.where(U + RNG.logistic(size=N) > 1, "spam", "ham")
TABLE = {
    "visits": VISITS,
    "age": AGE,
    "region": REGION,
    "y": Y,
    "bit": (Y == "spam").astype(int),
    "w": RNG.integers(1, 4, N),
    "g": np.where((Y == "ham") & (np.arange(N) % 5 == 0), "b", "a"),
}
TRAINING, TEST = slice(0, N_TRAINING), slice(N_TRAINING, None)
TREE = "sklearn.tree._tree.Tree"
PIPE = ("test.parquet", "--label", "y", "--model", "pipe.skops", "--train", "train.csv")


def inputs(rows):
    return needs("pandas").DataFrame({name: TABLE[name][rows] for name in ("age", "region", "visits")})


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """Hold the rows, and the models that were fitted on the first of them."""
    io, pandas = needs("skops.io"), needs("pandas")
    folder = tmp_path_factory.mktemp("training")
    write_parquet({name: values[TEST].tolist() for name, values in TABLE.items()}, folder / "test.parquet")
    frame = pandas.DataFrame(TABLE)[TRAINING]
    frame.to_csv(folder / "train.csv", index=False)
    frame.assign(y=np.where(np.arange(N_TRAINING) == 7, None, frame["y"])).to_csv(folder / "faulty.csv", index=False)
    frame.assign(y=np.where(np.arange(N_TRAINING) == 7, "eggs", frame["y"])).to_csv(folder / "strange.csv", index=False)
    frame.drop(columns="age").to_csv(folder / "narrow.csv", index=False)
    steps = make_column_transformer((StandardScaler(), ["age", "visits"]), (OneHotEncoder(), ["region"]))
    pipe = make_pipeline(steps, LogisticRegression())
    io.dump(pipe.fit(inputs(TRAINING), Y[TRAINING]), folder / "pipe.skops")
    io.dump(pipe.fit(inputs(TRAINING), np.where(Y == "spam", "1", "0")[TRAINING]), folder / "texts.skops")
    numbers = np.column_stack([VISITS, AGE]).astype(float)
    io.dump(LogisticRegression(max_iter=1000).fit(numbers[TRAINING], TABLE["bit"][TRAINING]), folder / "array.skops")
    io.dump(DecisionTreeClassifier(max_leaf_nodes=9).fit(inputs(TRAINING)[["age"]], Y[TRAINING]), folder / "tree.skops")
    return folder


@pytest.fixture
def folder(filled, monkeypatch):
    monkeypatch.chdir(filled)
    return filled


def told_by(*args):
    """Return what a report in JSON holds, and what was said."""
    done = run("report", *args, "--format", "json", "-o", "told.json")
    assert done.exit_code == 0, done.stderr
    with open("told.json", encoding="utf-8") as file:
        return json.load(file), done.stderr


def test_it_is_the_training_that_python_reports(folder):
    model = needs("skops.io").load(folder / "pipe.skops")
    how = {"threshold": 0.4, "metric": "precision", "level": 0.9, "title": "test.parquet"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        expected = cj.Report.from_estimator(
            model,
            inputs(TEST),
            Y[TEST],
            training_data=(inputs(TRAINING), Y[TRAINING]),
            sample_weight=TABLE["w"][TEST],
            **how,
        ).to_dict()
    options = ("--weight", "w", "--threshold", ".4", "--metric", "precision", "--level", ".9")
    found, _ = told_by(*PIPE, *options)
    assert found["training"] == json.loads(json.dumps(expected["training"]))
    assert found["drift"] == json.loads(json.dumps(expected["drift"]))


def test_the_page_has_the_section(folder):
    done = run("report", *PIPE, "-o", "r.html")
    assert (done.exit_code, done.stdout) == (0, "r.html\n")
    page = (folder / "r.html").read_text(encoding="utf-8")
    assert 'id="s1-training"' in page
    assert run("report", *PIPE[:-2], "-o", "r.html").exit_code == 0
    assert 'id="s1-training"' not in (folder / "r.html").read_text(encoding="utf-8")


@pytest.mark.usefixtures("folder")
def test_labels_are_the_models_whatever_their_type_in_the_files():
    found, _ = told_by("test.parquet", "--label", "bit", "--model", "texts.skops", "--train", "train.csv")
    expected, _ = told_by(*PIPE)
    rows, same = (one["training"]["influence"]["ways"][0]["rows"] for one in (found, expected))
    assert [one["row"] for one in rows] == [one["row"] for one in same]
    assert [one["label"] for one in rows] == [{"ham": "0", "spam": "1"}[one["label"]] for one in same]


@pytest.mark.usefixtures("folder")
def test_columns_without_names_are_taken_in_the_same_order():
    model = ("test.parquet", "--label", "bit", "--model", "array.skops", "--features", "visits,age")
    found, _ = told_by(*model, "--train", "train.csv")
    assert found["training"]["refused"] == []
    assert found["training"]["rows"] == N_TRAINING
    turned, _ = told_by(*model[:-1], "age,visits", "--train", "train.csv")
    assert {name for name, _ in turned["training"]["refused"]} == {"hyperparameters", "weights"}


@pytest.mark.usefixtures("folder")
def test_what_a_tree_cannot_tell_is_said_and_the_report_is_written():
    tree = ("test.parquet", "--label", "y", "--model", "tree.skops", "--trust", TREE, "--train", "train.csv")
    found, said = told_by(*tree)
    assert [name for name, _ in found["training"]["refused"]] == ["hyperparameters", "weights"]
    assert "warning: what its hyper-parameters do cannot be told: the training of DecisionTreeClassifier" in said
    assert "warning: what single training rows do cannot be told: " in said


@pytest.mark.usefixtures("folder")
def test_groups_have_their_own_and_one_class_has_none():
    found, said = told_by(*PIPE, "--by", "g")
    assert [one["training"] is None for one in found] == [False, True]
    assert "warning: g='b': what training does is left out" in said


@pytest.mark.usefixtures("folder")
def test_training_rows_set_aside_are_counted():
    found, said = told_by(*PIPE[:-1], "faulty.csv")
    assert found["training"]["rows"] == N_TRAINING - 1
    assert "1 of 400 training rows set aside, and rows are numbered without them: 1 label missing" in said


BAD = {
    "no model": (["--label", "y", "--score", "age", "--train", "train.csv"], "add --model FILE, or leave it out"),
    "no file": ([*PIPE[1:-1], "none.csv"], "none.csv: no such file"),
    "no column": ([*PIPE[1:-1], "narrow.csv"], "has no column 'age'"),
    "another label": (
        [*PIPE[1:-1], "strange.csv"],
        "strange.csv: column 'y' holds 'eggs', which the model does not know; its classes are 'ham', 'spam'",
    ),
    "a faulty row, strictly": ([*PIPE[1:-1], "faulty.csv", "--strict"], "label missing"),
    "the output": ([*PIPE[1:], "--format", "json", "-o", "train.csv"], "is also an input, which it would replace"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_status_2(case, folder):
    args, message = BAD[case]
    before = sorted(path.name for path in folder.iterdir())
    done = run("report", "test.parquet", *args)
    told = [line for line in done.stderr.splitlines() if not line.startswith("conjac: scores are those of")]
    assert (done.exit_code, done.stdout, len(told)) == (2, "", 1), told
    assert message in told[0]
    assert sorted(path.name for path in folder.iterdir()) == before


def test_an_onnx_file_has_no_training(folder):
    needs("onnxruntime")
    numbers = np.column_stack([AGE, VISITS]).astype(np.float32)
    fitted = LogisticRegression().fit(numbers[TRAINING], Y[TRAINING])
    made = needs("skl2onnx").to_onnx(fitted, numbers[:1], options={"zipmap": False})
    (folder / "m.onnx").write_bytes(made.SerializeToString())
    model = ("--label", "y", "--model", "m.onnx", "--features", "age,visits")
    done = run("report", "test.parquet", *model, "--train", "train.csv")
    assert done.exit_code == 2
    (told,) = done.stderr.splitlines()
    assert "m.onnx is an ONNX file, which scores and has no training; give the classifier as skops.io.dump" in told


def test_help_tells_of_it():
    assert re.search(r"--train\b", run("report", "--help").stdout)
