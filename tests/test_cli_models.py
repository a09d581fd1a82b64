"""A model at the shell in place of scores: what it takes from files, and that its figures are those of Python."""

import json
import pickle
import sys
import warnings

import numpy as np
import pytest
from shell import records, run
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from support import needs

import conjac as cj
from conjac.engines.database import write_parquet
from conjac.engines.files import read_columns
from conjac.engines.inputs import framed
from conjac.errors import InvalidInputError, MissingDependencyError

RNG = np.random.default_rng(0)
N = 600
AGE, VISITS = RNG.normal(50, 10, N), RNG.poisson(3, N)
REGION = np.where(RNG.random(N) < 0.4, "north", "south")
U = (AGE - 50) / 10 + (REGION == "north") + 0.2 * VISITS
Y = np.where(U + RNG.logistic(size=N) > 1, "spam", "ham")
THREE = np.array(["ant", "bee", "cat"])[np.digitize(U + RNG.logistic(size=N) / 2, (0.5, 1.5))]
NUMBERS = np.column_stack([AGE, VISITS]).astype(np.float32)
TABLE = {
    "visits": VISITS.tolist(),
    "age": AGE.tolist(),
    "region": REGION.tolist(),
    "note": ["-"] * N,
    "y": Y.tolist(),
    "three": THREE.tolist(),
    "w": RNG.integers(1, 4, N).tolist(),
    "patient": (np.arange(N) // 4).tolist(),
}
JSON = ("--format", "json")


def plain(value):
    return json.loads(json.dumps(value))


def pipeline():
    """Return a pipeline of named columns, text among them, in an order that is not the file's."""
    pandas = needs("pandas")
    frame = pandas.DataFrame(TABLE)[["age", "region", "visits"]]
    steps = make_column_transformer((StandardScaler(), ["age", "visits"]), (OneHotEncoder(), ["region"]))
    return frame, make_pipeline(steps, LogisticRegression())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Hold the rows as Parquet and CSV, and models: pipe, three (both by name) and plain, of numbers alone."""
    io = needs("skops.io")
    folder = tmp_path_factory.mktemp("models")
    write_parquet(TABLE, folder / "rows.parquet")
    lines = [",".join(TABLE), *(",".join(map(str, row)) for row in zip(*TABLE.values(), strict=True))]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")
    write_parquet({name: TABLE[name] for name in ("age", "visits", "y")}, folder / "numbers.parquet")
    frame, model = pipeline()
    io.dump(model.fit(frame, Y), folder / "pipe.skops")
    io.dump(model.fit(frame, THREE), folder / "three.skops")
    io.dump(LogisticRegression().fit(NUMBERS, Y), folder / "plain.skops")
    io.dump(LinearSVC().fit(frame[["age", "visits"]], Y), folder / "svm.skops")
    return folder


@pytest.fixture(scope="module")
def onnx_file(folder):
    """Hold the plain model and one of three classes as ONNX, which knows no names."""
    convert = needs("skl2onnx").to_onnx
    needs("onnxruntime")
    for name, y in {"plain": Y, "three": THREE}.items():
        model = LogisticRegression().fit(NUMBERS, y)
        made = convert(model, NUMBERS[:1], options={"zipmap": False})
        (folder / f"{name}.onnx").write_bytes(made.SerializeToString())
    return folder / "plain.onnx"


def scores(model_file, **columns):
    frame, _ = pipeline()
    return needs("skops.io").load(model_file).predict_proba(frame.assign(**columns))


# ---- the figures are those of Python


@pytest.mark.parametrize("name", ["rows.parquet", "rows.csv"])
def test_a_model_with_strings_is_counted_as_its_scores_are(folder, name):
    done = run("jacobian", folder / name, "--label", "y", "--model", folder / "pipe.skops", "--metric", "recall", *JSON)
    J = cj.confusion_jacobian(Y, scores(folder / "pipe.skops"), labels=["ham", "spam"])
    told = json.loads(done.stdout)
    assert done.exit_code == 0
    assert [row["value"] for row in told.pop("metrics")] == [J.of("recall").value]
    assert told["diagnostics"].pop("response_method") == "predict_proba"
    assert told == plain(J.to_dict())
    assert done.stderr == f"conjac: scores are those of {folder / 'pipe.skops'}: predict_proba\n"


def test_every_option_of_scores_is_served(folder):
    options = ("--weight", "w", "--groups", "patient", "--threshold", ".4", "--normalize", "true", "--pos-label", "ham")
    done = run("jacobian", folder / "rows.csv", "--label", "y", "--model", folder / "pipe.skops", *options, *JSON)
    p = scores(folder / "pipe.skops")[:, 0]
    how = {"sample_weight": TABLE["w"], "groups": TABLE["patient"], "threshold": 0.4, "normalize": "true"}
    J = cj.confusion_jacobian(Y, p, pos_label="ham", **how)
    told = json.loads(done.stdout)
    assert told["labels"] == ["spam", "ham"]
    np.testing.assert_allclose(told["matrix"], J.matrix, rtol=1e-12)
    np.testing.assert_allclose(told["jacobian"], J.jacobian, rtol=1e-9)
    np.testing.assert_allclose(told["stderr"], J.stderr, rtol=1e-9)


def test_raw_scores_turn_with_the_positive_class(folder):
    model = ("--label", "y", "--model", folder / "svm.skops", *JSON)
    frame, _ = pipeline()
    u = LinearSVC().fit(frame[["age", "visits"]], Y).decision_function(frame[["age", "visits"]])
    for positive, score in (("spam", u), ("ham", -u)):
        told = json.loads(run("jacobian", folder / "rows.csv", *model, "--pos-label", positive).stdout)
        J = cj.confusion_jacobian(Y, score, pos_label=positive)
        assert (told["matrix"], told["coordinate"]) == (J.matrix.tolist(), "score")
        assert told["diagnostics"]["response_method"] == "decision_function"


def test_two_classes_have_offsets_where_each_is_scored(folder):
    model = ("--label", "y", "--model", folder / "pipe.skops", "--offset", "spam=.5", *JSON)
    told = json.loads(run("jacobian", folder / "rows.csv", *model).stdout)
    J = cj.confusion_jacobian(Y, scores(folder / "pipe.skops"), offsets=[0, 0.5])
    assert (told["matrix"], told["jacobian"]) == (J.matrix.tolist(), J.jacobian.tolist())


def test_three_classes_are_those_of_the_model(folder):
    model = ("--label", "three", "--model", folder / "three.skops")
    p = scores(folder / "three.skops")
    J = cj.confusion_jacobian(THREE, p)
    told = json.loads(run("jacobian", folder / "rows.csv", *model, *JSON).stdout)
    assert (told["labels"], told["jacobian"]) == (["ant", "bee", "cat"], J.jacobian.tolist())
    order = run("jacobian", folder / "rows.csv", *model, "--labels", "cat,ant,bee", "--offset", "ant=.5", *JSON)
    J = cj.confusion_jacobian(THREE, p[:, [2, 0, 1]], labels=["cat", "ant", "bee"], offsets=[0, 0.5, 0])
    told = json.loads(order.stdout)
    assert (told["labels"], told["jacobian"]) == (["cat", "ant", "bee"], J.jacobian.tolist())


def test_by_gives_a_result_a_group_and_shares_move(folder):
    options = ("--label", "y", "--model", folder / "pipe.skops", "--by", "w", "--wrt", "mix:region")
    told = json.loads(run("jacobian", folder / "rows.parquet", *options, *JSON).stdout)
    assert [one["group"] for one in told] == [1, 2, 3]
    here = np.array(TABLE["w"]) == 2
    p = scores(folder / "pipe.skops")[here, 1]
    J = cj.confusion_jacobian(Y[here], p, wrt=cj.Mix(REGION[here], name="region"))
    assert told[1]["jacobian"] == plain(J.to_dict())["jacobian"]


def test_onnx_takes_columns_in_the_order_named(folder, onnx_file):
    asked = ("--label", "y", "--model", onnx_file, "--features", "age,visits", *JSON)
    done = run("jacobian", folder / "rows.parquet", *asked)
    p = LogisticRegression().fit(NUMBERS, Y).predict_proba(NUMBERS)[:, 1]
    np.testing.assert_array_equal(json.loads(done.stdout)["matrix"], cj.confusion_jacobian(Y, p).matrix)
    assert done.stderr == f"conjac: scores are those of {onnx_file}: ONNX output 'probabilities'\n"


@pytest.mark.parametrize("suffix", ["onnx", "skops"])
def test_without_names_all_other_columns_are_taken_and_told(folder, onnx_file, suffix):
    model = onnx_file.with_suffix(f".{suffix}")
    done = run("jacobian", folder / "numbers.parquet", "--label", "y", "--model", model, *JSON)
    p = LogisticRegression().fit(NUMBERS, Y).predict_proba(NUMBERS)[:, 1]
    np.testing.assert_array_equal(json.loads(done.stdout)["matrix"], cj.confusion_jacobian(Y, p).matrix)
    assert "takes the columns in the order of the file: age, visits; --features names another order" in done.stderr


def test_labels_are_matched_by_what_they_say(tmp_path):
    io = needs("skops.io")
    for name, y in {"text": np.where(Y == "spam", "1", "0"), "truth": Y == "spam"}.items():
        io.dump(LogisticRegression().fit(NUMBERS, y), tmp_path / f"{name}.skops")
        write_parquet({"age": TABLE["age"], "visits": TABLE["visits"], "y": (Y == "spam").astype(int).tolist()},
                      tmp_path / "rows.parquet")  # fmt: skip
        done = run("jacobian", tmp_path / "rows.parquet", "--label", "y", "--model", tmp_path / f"{name}.skops", *JSON)
        told = json.loads(done.stdout)
        p = LogisticRegression().fit(NUMBERS, Y).predict_proba(NUMBERS)[:, 1]
        assert told["labels"] == [0, 1]
        assert told["matrix"] == cj.confusion_jacobian(Y, p).matrix.tolist()


def graph(path, width):
    """Write a graph that tells no classes: the softmax of its columns, or a sigmoid of their sum."""
    onnx = needs("onnx")
    needs("onnxruntime")
    make, kinds = onnx.helper, onnx.TensorProto
    nodes = (
        [("ReduceSum", ["x", "axis"], ["s"]), ("Sigmoid", ["s"], ["p"])] if width == 1 else [("Softmax", ["x"], ["p"])]
    )
    axis = [onnx.numpy_helper.from_array(np.array([1]), "axis")] if width == 1 else []
    told = [[make.make_tensor_value_info(name, kinds.FLOAT, [None, n])] for name, n in {"x": 2, "p": width}.items()]
    made = make.make_graph([make.make_node(op, *ends) for op, *ends in nodes], "g", *told, axis)
    onnx.save(make.make_model(made, opset_imports=[make.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_a_model_without_classes_takes_them_from_the_labels(tmp_path):
    z = np.column_stack([AGE - 50, VISITS - 3]) / 10
    write_parquet({"a": z[:, 0].tolist(), "b": z[:, 1].tolist(), "y": Y.tolist()}, tmp_path / "rows.parquet")
    rows = (tmp_path / "rows.parquet", "--label", "y", "--features", "a,b", *JSON)
    one = run("jacobian", *rows, "--model", graph(tmp_path / "one.onnx", 1))
    p = 1 / (1 + np.exp(-z.sum(axis=1)))
    np.testing.assert_array_equal(json.loads(one.stdout)["matrix"], cj.confusion_jacobian(Y, p).matrix)
    assert "the positive label is 'spam'" in one.stderr
    flipped = run("jacobian", *rows, "--model", tmp_path / "one.onnx", "--pos-label", "ham")
    expected = cj.confusion_jacobian(Y, p, pos_label="ham").matrix
    np.testing.assert_array_equal(json.loads(flipped.stdout)["matrix"], expected)
    two = run("jacobian", *rows, "--model", graph(tmp_path / "two.onnx", 2))
    q = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_array_equal(json.loads(two.stdout)["matrix"], cj.confusion_jacobian(Y, q).matrix)
    assert "scores are read in the order of the sorted labels: 'ham', 'spam'; --labels names another" in two.stderr
    listed = run("jacobian", *rows, "--model", tmp_path / "two.onnx", "--labels", "spam,ham")
    expected = cj.confusion_jacobian(Y, q, labels=["spam", "ham"]).matrix
    np.testing.assert_array_equal(json.loads(listed.stdout)["matrix"], expected)


# ---- rows


def test_a_missing_input_is_no_fault_and_a_missing_label_is(tmp_path):
    pandas = needs("pandas")
    imputer = needs("sklearn.impute").SimpleImputer(strategy="constant", fill_value=50.0)
    io = needs("skops.io")
    io.dump(make_pipeline(imputer, LogisticRegression()).fit(NUMBERS, Y), tmp_path / "m.skops")
    rows = pandas.DataFrame({"age": AGE, "visits": VISITS, "y": Y, "w": 1.0}).astype({"y": object})
    rows.loc[[3, 5], "age"] = np.nan
    rows.loc[7, "y"] = None
    rows.loc[9, "w"] = -1
    rows.to_parquet(tmp_path / "rows.parquet")
    types = [f"--trust={name}" for name in io.get_untrusted_types(file=tmp_path / "m.skops")]
    rest = ("--label", "y", "--weight", "w", "--model", tmp_path / "m.skops", *types, *JSON)
    done = run("jacobian", tmp_path / "rows.parquet", *rest)
    kept = rows.drop(index=[7, 9])
    p = make_pipeline(imputer, LogisticRegression()).fit(NUMBERS, Y).predict_proba(kept[["age", "visits"]].to_numpy())
    expected = cj.confusion_jacobian(kept.y.to_numpy(), p[:, 1]).matrix
    np.testing.assert_array_equal(json.loads(done.stdout)["matrix"], expected)
    assert "warning: 2 of 600 rows set aside: 1 label missing, 1 weight negative" in done.stderr
    assert "all 600" not in done.stderr


def test_inputs_come_in_their_own_types(tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("y,n,x,s,b,none,code\n0,1,1.5,u,true,,007\n1,,NA,,false,,010\n1,3,2,NA,,,011\n")
    found = read_columns([path], label="y", inputs="others").inputs
    np.testing.assert_array_equal(found["n"], [1, np.nan, 3])
    np.testing.assert_array_equal(found["x"], [1.5, np.nan, 2])
    assert found["s"].tolist() == ["u", None, "NA"]
    assert found["b"].tolist() == [True, False, None]
    assert np.isnan(found["none"]).all()
    assert found["code"].tolist() == ["007", "010", "011"]
    duckdb = needs("duckdb")
    with duckdb.connect() as con:
        con.execute(
            "COPY (SELECT 1 AS y, 1::TINYINT AS i, 1.5::FLOAT AS f, true AS b, DATE '2026-01-02' AS d, "
            f"2.5::DECIMAL(4, 2) AS c, 'u' AS s, NULL::INTEGER AS n) TO '{tmp_path / 'rows.parquet'}' (FORMAT parquet)"
        )
    found = read_columns([tmp_path / "rows.parquet"], label="y", inputs="others").inputs
    kinds = {name: values.dtype.str for name, values in found.items()}
    assert kinds.pop("d").startswith("<M8")
    assert kinds == {"i": "|i1", "f": "<f4", "b": "|b1", "c": "<f8", "s": "|O", "n": "<f8"}
    columns = read_columns([tmp_path / "rows.parquet"], label="y", inputs=["s", "i"])
    assert list(columns.inputs) == ["s", "i"]


@pytest.mark.parametrize(
    ("absent", "expected"), [([], "pandas"), (["pandas"], "polars"), (["pandas", "polars"], "pyarrow")]
)
def test_a_frame_is_of_the_first_library_there_is(absent, expected, monkeypatch):
    for library in ("pandas", "polars", "pyarrow"):
        needs(library)
    import conjac.engines.inputs as module

    monkeypatch.setattr(module, "find_spec", lambda name: None if name in absent else object())
    columns = {"s": np.array(["u", None, "v"], dtype=object), "x": np.array([1.0, np.nan, 2.0])}
    inputs = framed(columns, named=True)
    assert type(inputs.native).__module__.split(".")[0] == expected
    assert inputs.names == ("s", "x")
    np.testing.assert_array_equal(inputs.column(1), columns["x"])
    assert inputs.column(0)[[0, 2]].tolist() == ["u", "v"]


def test_without_a_library_of_frames_numbers_are_an_array(monkeypatch):
    import conjac.engines.inputs as module

    monkeypatch.setattr(module, "find_spec", lambda _: None)
    numbers = {"a": np.array([1, 2]), "b": np.array([0.5, np.nan])}
    np.testing.assert_array_equal(framed(numbers, named=True).native, [[1, 0.5], [2, np.nan]])
    with pytest.raises(MissingDependencyError, match=r"column 's' holds no numbers, .* pip install 'conjac\[pandas\]'"):
        framed({**numbers, "s": np.array(["u", "v"], dtype=object)}, named=True)


# ---- what drifts


def by_python(folder, name, y, rows=slice(None), metric="recall", **how):
    """Rank what the shell ranks."""
    frame, _ = pipeline()
    estimator = needs("skops.io").load(folder / name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.errors.ConjacWarning)
        return cj.rank_drifts(estimator, frame[rows], y[rows], metric, **how)


def as_text(columns):
    return [dict(zip(columns, map(str, row), strict=True)) for row in zip(*columns.values(), strict=True)]


def test_features_are_two_tables_and_the_cells(folder):
    model = ("--label", "y", "--model", folder / "pipe.skops", "--wrt", "features")
    done = run("jacobian", folder / "rows.parquet", *model, "--weight", "w", "--threshold", ".4", "--format", "csv")
    assert done.exit_code == 0
    ranking = by_python(folder, "pipe.skops", Y, threshold=0.4, sample_weight=TABLE["w"])
    found = records(done.stdout)
    assert [row["section"] for row in found] == ["metric"] * 2 + ["share"] * 2 + ["cell"] * 8
    for rows, table in ((found[:2], "numeric"), (found[2:4], "categories")):
        expected = as_text(ranking.to_columns(table))
        told = [{name: row[name] for name in one} for row, one in zip(rows, expected, strict=True)]
        assert told == [{name: value.replace("nan", "") for name, value in one.items()} for one in expected]
    assert {row["metric"] for row in found[:4]} == {"recall"}
    estimator, how = needs("skops.io").load(folder / "pipe.skops"), {"threshold": 0.4, "sample_weight": TABLE["w"]}
    J = cj.ConfusionJacobian.from_estimator(estimator, pipeline()[0], Y, wrt="features", **how)
    assert [float(row["jacobian"]) for row in found[4:]] == J.jacobian.ravel().tolist()


def test_features_in_json_by_group(folder):
    model = ("--label", "three", "--model", folder / "three.skops", "--wrt", "features", "--drift", "visits,age")
    asked = ("--metric", "f1_macro", "--metric", "recall[cat]", "--unit", "raw", "--normalize", "true")
    done = run("jacobian", folder / "rows.csv", *model, *asked, "--by", "region", *JSON)
    told = json.loads(done.stdout)
    assert [one["group"] for one in told] == ["north", "south"]
    assert [row["metric"] for row in told[0]["metrics"]] == ["f1_macro"] * 2 + ["recall[cat]"] * 2
    assert told[0]["shares"] == []
    here = REGION == "south"
    how = {"columns": ["visits", "age"], "unit": "raw"}
    for metric, rows in (("f1_macro", told[1]["metrics"][:2]), ("recall[cat]", told[1]["metrics"][2:])):
        ranking = by_python(folder, "three.skops", THREE, here, metric, **how)
        assert [row["feature"] for row in rows] == list(ranking.order)
        assert [row["gradient"] for row in rows] == ranking.to_columns()["gradient"]
    np.testing.assert_allclose(np.sum(told[1]["matrix"], axis=1), 1)
    assert told[1]["units"] == [f"1 of {name}" for name in told[1]["parameters"]]


def test_a_drift_of_categories_alone_is_of_their_shares(folder):
    model = ("--label", "y", "--model", folder / "pipe.skops", "--wrt", "features", "--drift", "region")
    told = json.loads(run("jacobian", folder / "rows.csv", *model, *JSON).stdout)
    assert told["metrics"] == []
    assert [row["category"] for row in told["shares"]] == ["north", "south"]
    found = records(run("jacobian", folder / "rows.csv", *model, "--format", "csv").stdout)
    assert [row["category"] for row in found] == ["north", "south"]


def test_a_group_of_one_class_has_no_drift(folder, tmp_path):
    pandas = needs("pandas")
    rows = pandas.DataFrame(TABLE)
    rows["g"] = np.where((Y == "ham") & (np.arange(N) % 5 == 0), "b", "a")
    rows.to_parquet(tmp_path / "rows.parquet")
    model = ("--label", "y", "--model", folder / "pipe.skops", "--wrt", "features", "--by", "g")
    done = run("jacobian", tmp_path / "rows.parquet", *model, *JSON)
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    assert len(told[0]["metrics"]) == 2
    assert told[1] == {"by": "g", "group": "b", "metrics": [], "shares": []}
    assert "warning: g='b': the drift of inputs is left out" in done.stderr


# ---- bad input


PIPE = ("--model", "pipe.skops")
BAD = {
    "neither scores nor a model": ([], "nothing to count: add --score COL, a column of scores, or --model FILE"),
    "both": ([*PIPE, "--score", "age"], "--model pipe.skops and --score 'age' both tell the scores"),
    "no such file": (["--model", "no.skops"], "no.skops: no such file; expected .onnx, or .skops"),
    "a pickle": (["--model", "m.pkl"], "a pickle runs code when it is loaded; save it with skops.io.dump or as ONNX"),
    "a pickle of another name": (["--model", "m.onnx"], "a pickle runs code when it is loaded"),
    "no classifier": (
        ["--model", "scaler.skops"],
        "scaler.skops: StandardScaler has no predict_proba or decision_function",
    ),
    "unknown types": (["--model", "odd.skops"], "holds types that skops does not know: "),
    "features without a model": (["--score", "age", "--wrt", "features"], "give --model FILE in place of --score"),
    "a drift of nothing": ([*PIPE, "--drift", "age"], "--drift 'age' is of inputs that drift; add --wrt features"),
    "a unit of nothing": ([*PIPE, "--unit", "raw"], "--unit 'raw' is of inputs that drift; add --wrt features"),
    "a unit unknown": ([*PIPE, "--wrt", "features", "--unit", "mad"], "--unit 'mad': expected sd or raw"),
    "an input unknown": ([*PIPE, "--wrt", "features", "--drift", "size"], "X has no column 'size'"),
    "an input twice": ([*PIPE, "--wrt", "features", "--drift", "age,age"], "--drift 'age,age' names a column twice"),
    "an output of scores": (["--score", "age", "--output-name", "p"], "--output-name is of a model; add --model FILE"),
    "trust of scores": (["--score", "age", "--trust", "a.b"], "--trust is of a model; add --model FILE"),
    "features of a model that knows them": (
        [*PIPE, "--features", "age"],
        "knows its inputs by name, age, region, visits",
    ),
    "features with a hole": (["--model", "plain.skops", "--features", "age,"], "--features 'age,': a name is empty"),
    "features that are not there": (["--model", "plain.skops", "--features", "age,size"], "has no column 'size'"),
    "labels that the model lacks": (
        ["--model", "three.skops"],
        "column 'y' holds 'ham', which the model does not know",
    ),
    "offsets without scores": (
        ["--model", "svm.skops", "--offset", "spam=1"],
        "offsets are added to a score a class; give",
    ),
    "the model as output": ([*PIPE, "-o", "pipe.skops", *JSON], "is also an input, which it would replace"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_status_2(case, folder, monkeypatch):
    io = needs("skops.io")
    if not (folder / "m.pkl").exists():
        (folder / "m.pkl").write_bytes(pickle.dumps({}))
        (folder / "m.onnx").write_bytes(pickle.dumps({}))
        io.dump(StandardScaler().fit(NUMBERS), folder / "scaler.skops")
        odd = make_pipeline(FunctionTransformer(plain), LogisticRegression()).steps
        io.dump(make_pipeline(*[step for _, step in odd]), folder / "odd.skops")
    monkeypatch.chdir(folder)
    for loader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, loader, lambda *_: pytest.fail("a pickle was loaded"))
    args, message = BAD[case]
    before = sorted(path.name for path in folder.iterdir())
    done = run("jacobian", "rows.csv", *([] if "--label" in args else ["--label", "y"]), *args)
    told = [line for line in done.stderr.splitlines() if not line.startswith("conjac: scores are those of")]
    assert done.exit_code == 2
    assert done.stdout == ""
    assert len(told) == 1
    assert message in told[0]
    assert sorted(path.name for path in folder.iterdir()) == before


@pytest.mark.usefixtures("onnx_file")
@pytest.mark.usefixtures("onnx_file")
@pytest.mark.parametrize(("suffix", "library"), [("onnx", "onnxruntime"), ("skops", "skops")])
def test_the_missing_library_is_named_in_one_line(folder, suffix, library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    done = run("jacobian", folder / "rows.csv", "--label", "y", "--model", folder / f"plain.{suffix}")
    assert done.exit_code == 2
    assert f"{library} is not installed; pip install 'conjac[{suffix}]'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_another_width_names_the_option(folder, monkeypatch):
    monkeypatch.chdir(folder)
    done = run("jacobian", "rows.parquet", "--label", "y", "--model", "plain.onnx", "--features", "age,visits,w")
    assert done.exit_code == 2
    assert (
        "X has 3 columns and the model's input 'X' takes 2; pass these alone, in its order (at the shell: --features"
        in (done.stderr)
    )


def test_an_input_that_no_column_is_left_for(tmp_path):
    (tmp_path / "rows.csv").write_text("y\n0\n1\n")
    with pytest.raises(InvalidInputError, match="has no column left for the model: all have another role"):
        read_columns([tmp_path / "rows.csv"], label="y", inputs="others")
