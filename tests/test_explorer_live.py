"""The explorer with a model at hand: an answer is the sheet that is made anew of rows as they were moved."""

import json

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError
from conjac.models import load
from conjac.views.explorer.live import source as live
from conjac.views.summary.scene import Move, ThresholdSheet, metric_rows, pack

RNG = np.random.default_rng(0)
N, N_TRAINING = 1500, 500
Y = RNG.integers(0, 2, N)
X = np.column_stack([RNG.normal(size=(N, 3)) + np.outer(Y, [1.5, 0.2, 0.7]), RNG.poisson(3, N), np.full(N, 7.0)])
W = RNG.integers(1, 4, N).astype(float)
BY = np.where(X[:, 1] > 0.3, "north", "south")
TRAINING, TEST = (X[:N_TRAINING], Y[:N_TRAINING]), slice(N_TRAINING, None)
MODEL = make_pipeline(StandardScaler(), LogisticRegression(C=0.5)).fit(*TRAINING)
DRIFT = {"drift[x0]": 1.0, "drift[x3]": -0.5}


def made(model=MODEL, rows=X[TEST], labels=Y[TEST], **options):
    return cj.Explorer.from_estimator(model, rows, labels, surface=False, **options)


@pytest.fixture(scope="module")
def plain():
    return made()


@pytest.fixture(scope="module")
def trained():
    return made(training_data=(*TRAINING, W[:N_TRAINING]), by=BY[TEST])


@pytest.fixture
def answered(monkeypatch):
    """Answer without packing."""
    monkeypatch.setattr(live, "pack", lambda tree: tree)
    return lambda explorer, moves, sheet=0: explorer.source.answer({"moves": moves, "sheet": sheet})


def drifted(rows, moves, sd):
    found = np.array(rows, dtype=np.float64)
    for name, value in moves.items():
        place = int(name[-2])
        found[:, place] += value * sd[place]
    return found


def matrices(tree):
    """Return the matrices that a sheet holds, array of shape (n_steps, 2, 2)."""
    return np.moveaxis(tree["sheet"]["tracks"][0]["matrix"]["value"], -1, 0)


def counted(score, labels, steps, **how):
    return np.array([confusion_matrix(labels, score >= step, **how) for step in steps])


def test_a_drift_is_the_sheet_of_drifted_rows_scored_anew(plain):
    sd = {one.place: one.sd for one in plain.source.rescored.drifts.values()}
    np.testing.assert_allclose([sd[k] for k in range(4)], X[TEST, :4].std(axis=0), rtol=1e-12)
    score = MODEL.predict_proba(drifted(X[TEST], DRIFT, sd))[:, 1]
    old = plain.scene.sheets[0]
    curve = cj.ConfusionCurve.from_predictions(Y[TEST], score)
    sheet = ThresholdSheet.of(curve, old.score, old.tracks[0].base, metric_rows("f1", (0, 1)))
    answer = plain.source.answer({"moves": DRIFT, "sheet": 0})
    assert answer.blob == pack({"sheet": sheet.to_tree()}).blob
    told = answer.tree["value"]
    assert (told["sheet_index"], told["moves"]) == (0, DRIFT)
    assert told["told"].startswith("x0 +1 sd, x3 -0.5 sd: 1,000 rows")
    json.dumps(answer.tree, allow_nan=False)


@pytest.mark.parametrize("form", ["array", "float32", "pandas", "polars"])
def test_matrices_are_those_of_scikit_learn(answered, form):
    rows, model = X[TEST], MODEL
    if form == "float32":
        rows = rows.astype(np.float32)
    elif form != "array":
        library = needs(form)
        names = {f"c{k}": column for k, column in enumerate(X.T)} | {"c3": X[:, 3].astype(int)}
        frame = library.DataFrame(names)
        rows, model = frame[N_TRAINING:], clone(MODEL).fit(frame[:N_TRAINING], TRAINING[1])
    before = np.array(rows)
    explorer = made(model, rows, sample_weight=W[TEST])
    stem = "c" if form in ("pandas", "polars") else "x"
    asked = {name.replace("x", stem): value for name, value in DRIFT.items()}
    tree = answered(explorer, asked)
    mean = np.average(before, axis=0, weights=W[TEST])
    sd = np.sqrt(np.average((before.astype(float) - mean) ** 2, axis=0, weights=W[TEST]))
    moved = drifted(before, DRIFT, sd)
    moved = moved.astype(np.float32) if form == "float32" else moved
    score = clone(MODEL).fit(*TRAINING).predict_proba(moved)[:, 1]
    steps = explorer.scene.sheets[0].score[::25]
    expected = counted(score, Y[TEST], steps, sample_weight=W[TEST])
    assert np.abs(matrices(tree)[::25] - expected).max() <= (3 if form == "float32" else 0)
    np.testing.assert_array_equal(np.array(rows), before, err_msg="the rows themselves do not move")


@pytest.mark.parametrize(("k", "group"), [(1, "north"), (2, "south")])
def test_a_group_is_its_rows_alone(answered, trained, k, group):
    here = BY[TEST] == group
    score = MODEL.predict_proba(drifted(X[TEST], DRIFT, X[TEST].std(axis=0))[here])[:, 1]
    steps = trained.scene.sheets[k].score
    expected = counted(score, Y[TEST][here], steps[::50])
    np.testing.assert_array_equal(matrices(answered(trained, DRIFT, k))[::50], expected)


def test_hyper_parameters_are_refits(answered, trained):
    fitted = clone(MODEL).set_params(logisticregression__C=0.01, logisticregression__class_weight={0: 3.0, 1: 0.5})
    fitted.fit(*TRAINING, logisticregression__sample_weight=W[:N_TRAINING])
    names = {one.name: one for one in trained.scene.moves if one.kind == "hyper"}
    assert names["C"] == Move("C", "C", "hyper", 0.005, 50.0, 0.5, "", log=True)
    score = fitted.predict_proba(drifted(X[TEST], DRIFT, X[TEST].std(axis=0)))[:, 1]
    steps = trained.scene.sheets[0].score[::25]
    tree = answered(trained, {"C": 0.01, "class_weight[0]": 3.0, "class_weight[1]": 0.5, **DRIFT})
    np.testing.assert_array_equal(matrices(tree)[::25], counted(score, Y[TEST], steps))
    assert MODEL.get_params()["logisticregression__C"] == 0.5


def test_fits_are_remembered_and_the_model_itself_serves_where_none_moves(trained):
    clones = trained.source.rescored.clones
    values = {one.name: one.value for one in trained.scene.moves}
    assert clones.at(values) is clones.fit
    assert clones.at({**values, "C": 0.1}) is clones.at({**values, "C": 0.1})


def test_whole_numbers_stay_whole(answered):
    tree = DecisionTreeClassifier(max_depth=3, random_state=0).fit(*TRAINING)
    explorer = made(tree, training_data=TRAINING, hyperparameters=["max_depth"], drift=False)
    (move,) = explorer.scene.moves
    assert (move.low, move.high, move.whole, move.log) == (1.0, 12.0, True, False)
    deep = DecisionTreeClassifier(max_depth=6, random_state=0).fit(*TRAINING)
    found = answered(explorer, {"max_depth": 6.4})
    assert found["moves"] == {"max_depth": 6.0}
    steps = explorer.scene.sheets[0].score[::5]
    expected = counted(deep.predict_proba(X[TEST])[:, 1], Y[TEST], steps)
    np.testing.assert_array_equal(matrices(found)[::5], expected)


@pytest.mark.parametrize("pos_label", ["a", "b"])
@pytest.mark.parametrize("model", [LinearSVC(), LogisticRegression()], ids=["scores", "probabilities"])
def test_labels_keep_their_order(answered, model, pos_label):
    names = np.where(Y == 1, "b", "a")
    model = model.fit(X[:N_TRAINING], names[:N_TRAINING])
    explorer = made(
        model, X[TEST], names[TEST], pos_label=pos_label, training_data=(X[:N_TRAINING], names[:N_TRAINING])
    )
    again = clone(model).set_params(C=0.1).fit(X[:N_TRAINING], names[:N_TRAINING])
    moved = drifted(X[TEST], DRIFT, X[TEST].std(axis=0))
    if hasattr(model, "predict_proba"):
        score = again.predict_proba(moved)[:, int(pos_label == "b")]
    else:
        score = again.decision_function(moved) * (1 if pos_label == "b" else -1)
    steps = explorer.scene.sheets[0].score[::25]
    tree = answered(explorer, {**DRIFT, "C": 0.1})
    np.testing.assert_array_equal(matrices(tree)[::25], counted(score, names[TEST] == pos_label, steps))


def test_what_was_chosen_by_a_search_is_fitted_again(answered):
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}).fit(*TRAINING)
    explorer = made(search, training_data=TRAINING, hyperparameters={"C": (0.001, 10)})
    score = LogisticRegression(C=0.01).fit(*TRAINING).predict_proba(X[TEST])[:, 1]
    steps = explorer.scene.sheets[0].score[::25]
    np.testing.assert_array_equal(matrices(answered(explorer, {"C": 0.01}))[::25], counted(score, Y[TEST], steps))


def test_a_model_from_a_file_drifts(tmp_path, answered):
    needs("onnxruntime")
    skl2onnx = needs("skl2onnx")
    path = tmp_path / "model.onnx"
    plain = LogisticRegression().fit(*TRAINING)
    path.write_bytes(skl2onnx.to_onnx(plain, X[:1], options={"zipmap": False}).SerializeToString())
    explorer = made(load(path))
    sd = X[TEST].std(axis=0)
    near = plain.predict_proba(drifted(X[TEST], DRIFT, sd))[:, 1]
    tree = answered(explorer, DRIFT)
    steps = explorer.scene.sheets[0].score[::25]
    assert np.abs(matrices(tree)[::25] - counted(near, Y[TEST], steps)).max() <= 2  # in single precision


def test_nothing_moved_is_the_scene_as_it_is(answered):
    explorer = made(by=BY[TEST], coordinate="percentile", threshold=0.3)
    for k, sheet in enumerate(explorer.scene.sheets):
        tree = answered(explorer, {}, k)
        assert pack(tree["sheet"]).blob == pack(sheet.to_tree()).blob
    assert tree["told"].startswith("Nothing moved")


def test_moves_go_no_farther_than_they_go(answered, plain):
    tree = answered(plain, {"drift[x0]": 99})
    assert tree["moves"] == {"drift[x0]": 3.0}


def test_the_strongest_drifts_come_first_and_constants_do_not_drift(plain):
    names = [one.name for one in plain.scene.moves]
    weight = np.abs(MODEL[-1].coef_[0]) / MODEL[0].scale_ * X[TEST].std(axis=0)
    assert names == [f"drift[x{k}]" for k in np.argsort(-weight) if k != 4]
    assert [one.name for one in made(drift=["x2", "x0"]).scene.moves] == ["drift[x0]", "drift[x2]"]
    assert made(drift=False).scene.moves == ()
    callable_alone = made(lambda rows: MODEL.predict_proba(rows)[:, 1])
    assert [one.name for one in callable_alone.scene.moves] == [f"drift[x{k}]" for k in range(4)]


def test_code_says_what_moved(answered, trained):
    lines = answered(trained, {**DRIFT, "C": 0.1})["code"]
    rows = X[TEST].copy()
    exec("\n".join(lines), {"X": rows})
    np.testing.assert_allclose(rows, drifted(X[TEST], DRIFT, X[TEST].std(axis=0)), rtol=1e-12)
    assert lines[-1] == "# the model fitted anew with C=0.1"


def test_a_fit_that_warns_says_so(answered):
    model = LogisticRegression(max_iter=200).fit(*TRAINING)
    model.max_iter = 1
    explorer = made(model, training_data=TRAINING, hyperparameters=["C"])
    assert "the fit warned: lbfgs failed to converge" in answered(explorer, {"C": 0.1})["told"]


@pytest.fixture(scope="module")
def bounded():
    """Let a hyper-parameter go where the estimator does not."""
    model = LogisticRegression(l1_ratio=0.5, solver="saga", max_iter=3000).fit(*TRAINING)
    return made(model, training_data=TRAINING, hyperparameters={"l1_ratio": (0, 5)})


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"moves": {"drift[x9]": 1}}, r"there is no 'drift\[x9\]' to move"),
        ({"moves": {"drift[x0]": "1"}}, r"moves\['drift\[x0\]'\] is '1'; expected a finite number"),
        ({"moves": {"drift[x0]": True}}, "finite number"),
        ({"moves": {"drift[x0]": float("inf")}}, "finite number"),
        ({"moves": {"drift[x0]": 10**400}}, "finite number"),
        ({"moves": [1]}, "moves is a list"),
        ({"sheet": 1}, r"sheet is 1; expected a whole number in \[0, 0\]"),
        ({"sheet": -1}, "sheet is -1"),
        ({"sheet": True}, "sheet is True"),
        ({"moves": {"l1_ratio": 3}}, "LogisticRegression cannot be fitted at l1_ratio=3"),
    ],
)
def test_what_cannot_be_answered_is_told(bounded, request_, message):
    with pytest.raises(InvalidInputError, match=message):
        bounded.source.answer(request_)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"drift": "x9"}, "no column 'x9'"),
        ({"hyperparameters": ["C"]}, r"pass training_data=\(X, y\)"),
        ({"training_data": TRAINING, "hyperparameters": ["tol"]}, "'tol' tells how the solution is sought"),
        ({"training_data": TRAINING, "hyperparameters": {"C": (1, 2)}}, "expected finite numbers about 0.5"),
        ({"training_data": TRAINING, "hyperparameters": {"C": 3}}, r"expected \(low, high\)"),
        ({"training_data": TRAINING[0]}, "training_data is a ndarray"),
    ],
)
def test_what_cannot_move_is_refused(options, message):
    with pytest.raises(InvalidInputError, match=message):
        made(**options)


def test_a_callable_is_not_fitted_again():
    with pytest.raises(InvalidInputError, match="a function cannot be fitted again"):
        made(lambda rows: MODEL.predict_proba(rows)[:, 1], training_data=TRAINING)


CLASSES = RNG.integers(0, 3, N)
WIDE = RNG.normal(size=(N, 3)) + np.eye(3)[CLASSES] * 1.3
NAMES = np.array(["ant", "bee", "cat"])[CLASSES]


def test_offsets_of_several_classes_are_counted_together_on_drifted_rows(answered):
    model = LogisticRegression(C=0.5).fit(WIDE[:N_TRAINING], NAMES[:N_TRAINING])
    data = (WIDE[:N_TRAINING], NAMES[:N_TRAINING])
    explorer = made(model, WIDE[TEST], NAMES[TEST], by=BY[TEST], training_data=data, hyperparameters=["C"])
    sd = {one.place: one.sd for one in explorer.source.rescored.drifts.values()}
    asked = {"offset[bee]": 0.4, "offset[cat]": -0.3, "drift[x1]": 1.0, "C": 0.01}
    fitted = clone(model).set_params(C=0.01).fit(*data)
    moved = np.array([0.0, 0.4, -0.3])
    score = np.log(fitted.predict_proba(drifted(WIDE[TEST], {"drift[x1]": 1.0}, sd))) + moved
    predicted = np.array(["ant", "bee", "cat"])[score.argmax(axis=1)]
    for k, here in enumerate([slice(None), BY[TEST] == "north", BY[TEST] == "south"]):
        tree = answered(explorer, asked, k)
        assert tree["moves"] == asked
        for track, stands in zip(tree["sheet"]["tracks"], [0.0, 0.4, -0.3], strict=True):
            assert track["at"][track["base"]] == pytest.approx(stands)
            found = track["matrix"]["value"][..., track["base"]]
            np.testing.assert_array_equal(found, confusion_matrix(NAMES[TEST][here], predicted[here]))
    moves = {one.name: one for one in explorer.scene.moves}
    assert [moves[f"offset[{name}]"].value for name in ("ant", "bee", "cat")] == [0, 0, 0]
