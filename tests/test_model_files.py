"""Models from files: ONNX and skops give what the classifier in memory gives, and nothing that runs code is read."""

import os
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, StackingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from support import SRC, needs

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError, MissingDependencyError
from conjac.models import load
from conjac.models.contract import adapter_of
from conjac.models.onnx import Onnx

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 3)).astype(np.float32)
TRUE = (X @ np.array([[1.0, 0.0, -1.0], [0.5, 1.0, 0.0], [0.0, -1.0, 1.0]]) + RNG.gumbel(size=(300, 3))).argmax(axis=1)
TWO = np.where(TRUE == 0, "ham", "spam")
THREE = np.array(["ant", "bee", "cat"])[TRUE]


def export(model, path, **options):
    """Write a scikit-learn classifier of X as ONNX."""
    convert = needs("skl2onnx")
    made = convert.to_onnx(model, X[:1], options={id(model): {"zipmap": False, **options}})
    path.write_bytes(made.SerializeToString())
    return path


def table(n=300):
    return {
        "age": X[:n, 0].astype(np.float64),
        "region": np.where(X[:n, 1] > 0, "north", "south").astype(object),
        "visits": np.arange(n),
    }


def by_columns(path):
    """Write a pipeline that takes a tensor a column, of numbers, text and whole numbers; return the original too."""
    pandas, skl2onnx = needs("pandas"), needs("skl2onnx")
    types = needs("skl2onnx.common.data_types")
    frame = pandas.DataFrame(table()).astype({"age": np.float32})
    steps = make_column_transformer((StandardScaler(), ["age"]), (OneHotEncoder(), ["region"]), ("drop", ["visits"]))
    model = make_pipeline(steps, LogisticRegression()).fit(frame, TWO)
    kinds = [
        ("age", types.FloatTensorType([None, 1])),
        ("region", types.StringTensorType([None, 1])),
        ("visits", types.Int64TensorType([None, 1])),
    ]
    made = skl2onnx.to_onnx(model, initial_types=kinds, options={"zipmap": False})
    path.write_bytes(made.SerializeToString())
    return frame, model


def graph_of(nodes, inputs, outputs, path, constants=()):
    """Write a graph by hand; shapes with None are open."""
    onnx = needs("onnx")
    needs("onnxruntime")
    make, kinds = onnx.helper, onnx.TensorProto
    told = [
        [make.make_tensor_value_info(name, getattr(kinds, kind), shape) for name, kind, shape in some]
        for some in (inputs, outputs)
    ]
    named = [onnx.numpy_helper.from_array(np.asarray(values), name) for name, values in constants]
    graph = make.make_graph([make.make_node(op, *ends) for op, *ends in nodes], "g", *told, named)
    model = make.make_model(graph, opset_imports=[make.make_opsetid("", 17)], ir_version=8)
    path.write_bytes(model.SerializeToString())
    return path


def sigmoid(path, rows=None, name="p", **more):
    """Write p = sigmoid(x w)."""
    return graph_of(
        [("MatMul", ["x", "w"], ["u"]), ("Sigmoid", ["u"], [name])],
        [("x", "FLOAT", [rows, 3])],
        [(name, "FLOAT", [rows, 1])],
        path,
        [("w", np.array([[1], [-1], [0.5]], dtype=np.float32))],
        **more,
    )


# ---- what is read equals what was written


CLASSIFIERS = {
    "two classes": (LogisticRegression(), TWO),
    "three classes": (LogisticRegression(), THREE),
    "whole numbers": (LogisticRegression(), 3 * TRUE),
    "truth values": (LogisticRegression(), TRUE > 0),
    "a negative label": (LogisticRegression(), np.where(TRUE == 0, -1, 1)),
    "a pipeline": (make_pipeline(StandardScaler(), LogisticRegression()), THREE),
    "a network": (MLPClassifier((5,), max_iter=20), THREE),
    "trees": (RandomForestClassifier(5, max_depth=3, random_state=0), THREE),
    "boosting": (GradientBoostingClassifier(n_estimators=5), 3 * TRUE),
    "a stack, whose parts know other labels": (StackingClassifier([("a", LogisticRegression())], cv=2), THREE),
}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("zipmap", [False, True])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_onnx_equals_its_original(name, zipmap, tmp_path):
    estimator, y = CLASSIFIERS[name]
    needs("onnxruntime")
    estimator.fit(X, y)
    model = load(export(estimator, tmp_path / "m.onnx", zipmap=zipmap))
    expected = estimator.predict_proba(X)
    np.testing.assert_allclose(model.scores(X), expected, atol=1e-5)
    np.testing.assert_allclose(model.scores(X.astype(np.float64)), expected, atol=1e-5)
    assert model.classes == tuple(estimator.classes_.tolist())
    assert model.columns is None
    assert model.pull is None
    assert model.stepwise is (name in ("trees", "boosting"))
    assert "ONNX output" in model.response


def test_raw_scores_of_onnx(tmp_path):
    needs("onnxruntime")
    estimator = LogisticRegression().fit(X, THREE)
    model = load(export(estimator, tmp_path / "m.onnx", raw_scores=True))
    np.testing.assert_allclose(model.scores(X), estimator.decision_function(X), atol=1e-5)


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
def test_a_frame_of_numbers_is_read_in_order(backend, tmp_path):
    needs("onnxruntime")
    estimator = LogisticRegression().fit(X, TWO)
    model = load(export(estimator, tmp_path / "m.onnx"))
    columns = {name: X[:, place] for place, name in enumerate("abc")}
    frame = needs(backend).table(columns) if backend == "pyarrow" else needs(backend).DataFrame(columns)
    np.testing.assert_allclose(model.scores(frame), estimator.predict_proba(X), atol=1e-5)


def test_a_tensor_a_column_is_read_by_name(tmp_path):
    needs("onnxruntime")
    frame, estimator = by_columns(tmp_path / "m.onnx")
    model = load(tmp_path / "m.onnx")
    assert model.columns == ("age", "region", "visits")
    assert model.stepwise  # between whole numbers there are no scores to differentiate
    assert model.derivative == "the model takes whole numbers alone for 'visits'"
    assert model.classes == ("ham", "spam")
    expected = estimator.predict_proba(frame)
    np.testing.assert_allclose(model.scores(frame[["visits", "region", "age"]].assign(extra=1)), expected, atol=1e-5)
    np.testing.assert_allclose(model.scores(frame.to_numpy(dtype=object)), expected, atol=1e-5)
    polars = needs("polars")
    np.testing.assert_allclose(model.scores(polars.DataFrame(table())), expected, atol=1e-5)


def test_columns_that_do_not_fit_are_named(tmp_path):
    needs("onnxruntime")
    frame, _ = by_columns(tmp_path / "m.onnx")
    model = load(tmp_path / "m.onnx")
    for changed, message in [
        (frame[["age"]], "X lacks what the model takes: 'region', 'visits'; add these columns"),
        (frame.assign(visits=0.5), "column 'visits' holds 0.5 in row 0; the model takes whole numbers there"),
        (frame.assign(age="old"), "column 'age' holds 'old' in row 0; the model takes numbers there"),
        (frame.assign(region=None), "column 'region' holds None in row 0; the model takes text there"),
        (np.ones((2, 4)), "X has 4 columns and the model takes 3: age, region, visits"),
    ]:
        with pytest.raises(InvalidInputError, match=message):
            model.scores(changed)


def test_whole_numbers_drift_by_whole_steps(tmp_path):
    needs("onnxruntime")
    frame, _ = by_columns(tmp_path / "m.onnx")
    with pytest.warns(ConjacWarning, match="rows cross as 'visits' moves"):
        ranking = cj.rank_drifts(load(tmp_path / "m.onnx"), frame, TWO)
    assert ranking.jacobian.method == "secant"
    assert set(ranking.order) == {"age", "visits"}
    assert ranking.told.gradient[ranking.jacobian.parameters.index("visits")] == 0
    assert ranking.jacobian.diagnostics["derivative"] == "none: the model takes whole numbers alone for 'visits'"


def test_scores_of_onnx_are_differentiated_as_their_original_is(tmp_path):
    needs("onnxruntime")
    estimator = LogisticRegression().fit(X, TWO)
    model = load(export(estimator, tmp_path / "m.onnx"))
    told, expected = (cj.rank_drifts(one, X, TWO) for one in (model, estimator))
    assert told.order == expected.order
    assert told.jacobian.method == expected.jacobian.method == "tangent"
    np.testing.assert_allclose(told.jacobian.jacobian, expected.jacobian.jacobian, rtol=5e-3, atol=0.05)


def test_missing_numbers_reach_the_graph_as_nan(tmp_path):
    model = load(sigmoid(tmp_path / "m.onnx"))
    holed = X.copy()
    holed[1, 2] = np.nan
    assert np.flatnonzero(np.isnan(model.scores(holed))).tolist() == [1]
    frame = needs("polars").DataFrame({"a": [1.0, 2.0], "b": [1, None], "c": [0, 0]})
    assert np.isnan(model.scores(frame)).tolist() == [False, True]


@pytest.mark.parametrize("rows", [None, 1, 7, 300, 512])
def test_a_batch_of_fixed_size_scores_every_row(rows, tmp_path):
    model = load(sigmoid(tmp_path / "m.onnx", rows))
    expected = 1 / (1 + np.exp(-(X @ np.array([1, -1, 0.5]))))
    np.testing.assert_allclose(model.scores(X), expected, atol=1e-6)
    np.testing.assert_allclose(model.scores(X[:1]), expected[:1], atol=1e-6)


def test_a_session_is_taken_as_it_is(tmp_path):
    runtime = needs("onnxruntime")
    session = runtime.InferenceSession(str(sigmoid(tmp_path / "m.onnx")), providers=["CPUExecutionProvider"])
    assert isinstance(adapter_of(session), Onnx)
    assert adapter_of(LogisticRegression()) is None or not isinstance(adapter_of(LogisticRegression()), Onnx)
    for output in ("auto", "p"):
        model = Onnx().bind(session, output)
        np.testing.assert_array_equal(model.scores(X), load(tmp_path / "m.onnx").scores(X))
    with pytest.raises(InvalidInputError, match="no output 'logits'; its outputs are 'p' of shape"):
        Onnx().bind(session, "logits")


# ---- which output, which inputs


def two_outputs(path):
    return graph_of(
        [("Softmax", ["x"], ["p"]), ("Identity", ["x"], ["z"])],
        [("x", "FLOAT", [None, 3])],
        [("p", "FLOAT", [None, 3]), ("z", "FLOAT", [None, 3])],
        path,
    )


def test_of_several_outputs_one_is_named(tmp_path):
    path = two_outputs(tmp_path / "m.onnx")
    with pytest.raises(InvalidInputError) as caught:
        load(path)
    assert str(caught.value) == (
        f"{path}: the model has 2 outputs of scores, 'p' of shape (n, 3), 'z' of shape (n, 3); "
        "name one: load(path, output=NAME), at the shell --output-name NAME"
    )
    np.testing.assert_allclose(load(path, output="z").scores(X), X)
    np.testing.assert_allclose(load(path, output="p").scores(X).sum(axis=1), 1, rtol=1e-6)
    with pytest.raises(InvalidInputError, match="no output 'q'; its outputs are 'p' of shape"):
        load(path, output="q")


@pytest.mark.parametrize(
    ("nodes", "inputs", "outputs", "message"),
    [
        (
            [("ArgMax", ["x"], ["y"])],
            [("x", "FLOAT", [None, 3])],
            [("y", "INT64", [1, 3])],
            "none of its outputs holds",
        ),
        (
            [("Identity", ["x"], ["y"])],
            [("x", "FLOAT", [None, 3, 8, 8])],
            [("y", "FLOAT", [None, 3, 8, 8])],
            r"the model takes 'x' of shape \(n, 3, 8, 8\); expected numbers or text of shape",
        ),
        (
            [("Add", ["x", "z"], ["y"])],
            [("x", "FLOAT", [None, 3]), ("z", "FLOAT", [None, 1])],
            [("y", "FLOAT", [None, 3])],
            "expected one matrix, or inputs of one column each",
        ),
    ],
)
def test_graphs_that_are_no_classifiers_of_columns(nodes, inputs, outputs, message, tmp_path):
    path = graph_of(nodes, inputs, outputs, tmp_path / "m.onnx")
    with pytest.raises(InvalidInputError, match=message):
        load(path)


def test_labels_are_the_scores_own_or_none(tmp_path):
    nodes = [("Softmax", ["x"], ["p"]), ("ArgMax", ["x"], ["k"]), ("Gather", ["labels", "k"], ["y"])]
    for width, classes in ((3, (5, -7, 9)), (2, None)):
        path = graph_of(
            nodes,
            [("x", "FLOAT", [None, width])],
            [("y", "INT64", [None, width]), ("p", "FLOAT", [None, width])],
            tmp_path / f"{width}.onnx",
            [("labels", np.array([5, -7, 9]))],
        )
        assert load(path).classes == classes


def test_what_fails_inside_a_graph_is_one_line(tmp_path, capfd):
    path = graph_of(
        [("Reshape", ["x", "shape"], ["p"])],
        [("x", "FLOAT", [None, 3])],
        [("p", "FLOAT", [None, None])],
        tmp_path / "m.onnx",
        [("shape", np.array([7, 3]))],
    )
    with pytest.raises(InvalidInputError, match="ONNX Runtime cannot score these rows: ") as caught:
        load(path).scores(X)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_another_width_names_both(tmp_path):
    model = load(sigmoid(tmp_path / "m.onnx"))
    with pytest.raises(InvalidInputError, match="X has 2 columns and the model's input 'x' takes 3; pass these alone"):
        model.scores(X[:, :2])


def test_scores_of_no_rows_are_refused(tmp_path):
    path = graph_of(
        [("ReduceMean", ["x"], ["y"])], [("x", "FLOAT", [None, 3])], [("y", "FLOAT", [None, None])], tmp_path / "m.onnx"
    )
    with pytest.raises(InvalidInputError, match=r"output 'y' has shape \(1,\) for 300 rows; expected \(300,\)"):
        load(path).scores(X)


# ---- files that cannot be read


BAD = {
    "missing.onnx": (None, "no such file; expected .onnx, or .skops"),
    "missing": (None, "no such file"),
    "empty.onnx": (b"", "is empty"),
    "empty.skops": (b"", "is empty"),
    "noise.onnx": (b"\x08\x07 no graph at all" * 9, "does not load as ONNX: "),
    "noise.skops": (b"no archive", "does not begin as a skops file does"),
    "zip.onnx": (b"PK\x03\x04....", "is a ZIP file and not ONNX"),
    "cut.skops": (b"PK\x03\x04....", "is damaged or cut off"),
    "model.h5": (b"\x89HDF", "the suffix '.h5' tells no kind of model; expected .onnx, or .skops"),
    "model": (b"\x08\x07", "the suffix '' tells no kind of model"),
    **{
        name: (pickle.dumps({}), "a pickle runs code when it is loaded; save it with skops.io.dump or as ONNX")
        for name in ("m.pkl", "m.pickle", "m.joblib", "m.onnx", "m.skops", "m.model", "M.PKL")
    },
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_in_one_line(name, tmp_path, monkeypatch, capfd):
    needs("onnxruntime")
    needs("skops")
    content, message = BAD[name]
    for loader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, loader, lambda *_: pytest.fail("a pickle was loaded"))
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInputError) as caught:
        load(tmp_path / name)
    assert message in str(caught.value)
    assert str(tmp_path / name) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_folder_is_no_model(tmp_path):
    (tmp_path / "m.onnx").mkdir()
    with pytest.raises(InvalidInputError, match="is a folder"):
        load(tmp_path / "m.onnx")


@pytest.mark.parametrize("cut", [1, 40, 0.5])
@pytest.mark.parametrize("suffix", ["onnx", "skops"])
def test_a_file_cut_off_is_refused(suffix, cut, tmp_path, capfd):
    path = tmp_path / f"m.{suffix}"
    if suffix == "onnx":
        sigmoid(path)
    else:
        needs("skops.io").dump(LogisticRegression().fit(X, TWO), path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut) if cut < 1 else -cut])
    with pytest.raises(InvalidInputError, match="m"):
        load(path)
    assert capfd.readouterr().err == ""


def test_a_zip_of_something_else_is_refused(tmp_path):
    needs("skops")
    with zipfile.ZipFile(tmp_path / "torch.skops", "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps({}))
    with pytest.raises(InvalidInputError, match="is a ZIP file that skops did not write"):
        load(tmp_path / "torch.skops")


# ---- skops


def doubled(values):
    return 2 * values


def test_skops_gives_the_estimator(tmp_path, monkeypatch):
    io, pandas = needs("skops.io"), needs("pandas")
    frame = pandas.DataFrame(table())
    steps = make_column_transformer((StandardScaler(), ["age", "visits"]), (OneHotEncoder(), ["region"]))
    estimator = make_pipeline(steps, LogisticRegression()).fit(frame, TWO)
    io.dump(estimator, tmp_path / "m.skops")
    for loader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, loader, lambda *_: pytest.fail("a pickle was loaded"))
    found = load(str(tmp_path / "m.skops"))
    np.testing.assert_array_equal(found.predict_proba(frame), estimator.predict_proba(frame))


def test_types_that_skops_does_not_know_are_listed(tmp_path):
    io = needs("skops.io")
    estimator = make_pipeline(FunctionTransformer(doubled), LogisticRegression()).fit(X, TWO)
    io.dump(estimator, tmp_path / "m.skops")
    with pytest.raises(InvalidInputError, match=r"holds types that skops does not know: ") as caught:
        load(tmp_path / "m.skops")
    (unknown,) = io.get_untrusted_types(file=tmp_path / "m.skops")
    assert f"trusted=[{unknown!r}] (at the shell: --trust {unknown})" in str(caught.value)
    found = load(tmp_path / "m.skops", trusted=[unknown])
    np.testing.assert_array_equal(found.predict_proba(X), estimator.predict_proba(X))


def test_what_a_kind_of_file_does_not_take(tmp_path):
    needs("skops.io").dump(LogisticRegression().fit(X, TWO), tmp_path / "m.skops")
    with pytest.raises(InvalidInputError, match=r"output=.p.: .* is a skops file"):
        load(tmp_path / "m.skops", output="p")
    with pytest.raises(InvalidInputError, match=r"trusted=\['a.b'\]: .* is an ONNX file"):
        load(sigmoid(tmp_path / "m.onnx"), trusted=["a.b"])


# ---- without the libraries


@pytest.mark.parametrize(
    ("suffix", "start", "library"), [("onnx", b"\x08\x07", "onnxruntime"), ("skops", b"PK\x03\x04", "skops")]
)
def test_the_error_names_the_extra(suffix, start, library, tmp_path, monkeypatch):
    (tmp_path / f"m.{suffix}").write_bytes(start)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(MissingDependencyError, match=rf"{library} is not installed; pip install 'conjac\[{suffix}\]'"):
        load(tmp_path / f"m.{suffix}")


def test_looking_for_an_adapter_imports_nothing():
    probe = (
        "import sys; from conjac.models.contract import adapter_of; adapter_of(object()); "
        "print({'onnxruntime', 'skops'} & set(sys.modules))"
    )
    env = {**os.environ, "PYTHONPATH": str(SRC.parent)}
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=env)
    assert done.stdout == "set()\n"
