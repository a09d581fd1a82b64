"""What drifts is read from arrays and frames; what cannot drift, and rules with no row near, say so."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from support import needs
from test_features import BENT, LINEAR, bent, drift, linear, model_of, rows_of

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError

NAMES = ("age", "dose", "load")


def frame_of(X, library):
    module, columns = needs(library), dict(zip(NAMES, np.asarray(X).T, strict=True))
    return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)


def by_name(frame):
    return bent(np.stack([np.asarray(frame[name]) for name in NAMES], axis=1))


# --- arrays and frames


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_are_arrays_with_names(library):
    X, y = rows_of(0, 900)
    frame, plain = frame_of(X, library), drift(bent, X, y)
    found = drift(by_name, frame, y)
    assert found.parameters == NAMES
    np.testing.assert_allclose(found.jacobian, plain.jacobian, rtol=1e-6)
    np.testing.assert_allclose(found.stderr, plain.stderr, rtol=1e-6)
    some = drift(by_name, frame, y, features=cj.Features(["load", "age"], unit="raw"))
    assert (some.parameters, some.units) == (("load", "age"), ("1 of load", "1 of age"))
    sd = list(found.diagnostics["spread"].values())
    np.testing.assert_allclose(some.jacobian, (found.jacobian / sd)[..., [2, 0]], rtol=1e-6)
    mask = drift(by_name, frame, y, features=cj.Features(where=lambda X: np.asarray(X["dose"]) > 0))
    np.testing.assert_array_equal(
        mask.jacobian, drift(by_name, frame, y, features=cj.Features(where=X[:, 1] > 0)).jacobian
    )


def test_columns_of_every_kind_beside_the_numbers():
    pandas = needs("pandas")
    X, y = rows_of(0, 900)
    rng, frame = np.random.default_rng(0), frame_of(X, "pandas")
    frame["smoker"], frame["kind"], frame["one"] = rng.random(900) < 0.3, rng.choice(["u", "v"], 900), 1.0
    frame["when"] = pandas.Timestamp("2026-01-01")
    found = drift(by_name, frame, y)
    assert found.parameters == NAMES
    np.testing.assert_allclose(found.jacobian, drift(bent, X, y).jacobian, rtol=1e-6)
    assert found.diagnostics["categories"] == ["smoker", "kind"]
    assert set(found.diagnostics["left_out"]) == {"one", "when"}
    for name, why in (("one", "one value in all rows"), ("when", "dates")):
        with pytest.raises(InvalidInputError, match=f"column '{name}' cannot drift: {why}"):
            drift(by_name, frame, y, features=cj.Features([name]))
    for name in ("smoker", "kind"):
        with pytest.raises(InvalidInputError, match=f"column '{name}' holds categories, which do not drift.*Mix"):
            drift(by_name, frame, y, features=cj.Features(["age", name]))


def test_columns_by_one_name_one_number_or_several():
    X, y = rows_of(0, 900)
    whole = drift(BENT, X, y)
    for told in ("x1", 1, -2, ["x1"], [1, "x1"]):
        found = drift(BENT, X, y, features=cj.Features(told))
        assert found.parameters == ("x1",)
        np.testing.assert_allclose(found.jacobian, whole.jacobian[..., 1:2])
    codes = np.column_stack([X, np.random.default_rng(0).integers(0, 4, 900)])
    told = model_of(lambda X: bent(X[:, :3]), None)
    assert drift(told, codes, y, features=cj.Features(categorical=["x3"])).parameters == ("x0", "x1", "x2")


def test_columns_that_a_model_takes_as_categories_do_not_drift():
    X, y = rows_of(0, 900)
    model = replace(model_of(lambda X: by_name(X) if hasattr(X, "columns") else bent(X), None), categorical=(1,))
    assert drift(model, X, y).parameters == ("x0", "x2")
    assert drift(model, frame_of(X, "pandas"), y).parameters == ("age", "load")
    moved = frame_of(X, "pandas")[["dose", "age", "load"]]
    assert drift(replace(model, columns=NAMES), moved, y).diagnostics["categories"] == ["dose"]


def test_single_precision_is_double_precision():
    X, y = rows_of(0, 900)
    narrow = X.astype(np.float32)
    for model in (BENT, lambda X: bent(X).astype(np.float32)):
        np.testing.assert_allclose(drift(model, narrow, y).jacobian, drift(bent, X, y).jacobian, rtol=0.01, atol=0.05)


def test_what_is_missing_does_not_drift():
    X, y = rows_of(0, 4000)
    gone = np.random.default_rng(0).random(4000) < 0.3
    X[gone, 0] = np.nan

    def score(X):
        return bent(np.where(np.isnan(X), 0.0, X))

    found = drift(score, X, y, features=cj.Features(unit="raw"))
    here = drift(score, X, y, features=cj.Features("x0", unit="raw", where=~gone))
    np.testing.assert_allclose(found.jacobian[..., 0], here.jacobian[..., 0], rtol=1e-6)
    assert found.diagnostics["spread"]["x0"] == pytest.approx(np.nanstd(X[:, 0]))
    full = drift(score, np.nan_to_num(X), y, features=cj.Features(unit="raw"))
    np.testing.assert_allclose(found.jacobian[..., 1:], full.jacobian[..., 1:], rtol=1e-6)
    assert (abs(full.jacobian[..., 0]) > 1.2 * abs(found.jacobian[..., 0])).all()


def test_groups_have_larger_errors():
    X, y = rows_of(1, 1000)
    X, y = np.repeat(X, 4, axis=0), np.repeat(y, 4)
    X = X + 1e-4 * np.random.default_rng(0).random(X.shape)  # a hair apart, or they would be atoms
    naive, clustered = drift(BENT, X, y), drift(BENT, X, y, groups=np.arange(4000) // 4)
    assert 1.5 < np.median(clustered.stderr / naive.stderr) < 2.1
    assert "1000 clusters" in clustered.diagnostics["sampling"]


# --- bad input


X, Y = rows_of(2, 300)
SKLEARN = LogisticRegression().fit(X, Y)
BAD = {
    "unknown column": (SKLEARN, X, Y, {"columns": ["q"]}, {}, "X has no column 'q'; expected one of x0, x1, x2"),
    "no such place": (SKLEARN, X, Y, {"columns": [3]}, {}, "X has no column 3; expected one of"),
    "no columns": (SKLEARN, X, Y, {"columns": []}, {}, "no numeric column that can drift"),
    "constant columns": (bent, np.ones((300, 3)), Y, {}, {}, "no numeric column that can drift"),
    "short where": (SKLEARN, X, Y, {"where": X[:5, 0] > 0}, {}, r"where=.* is of shape \(5,\) .* expected a truth"),
    "numbers as where": (SKLEARN, X, Y, {"where": X[:, 0]}, {}, "holds float64 values; expected a truth value a row"),
    "no row": (SKLEARN, X, Y, {"where": X[:, 0] > 99}, {}, "names no row; none would drift"),
    "no label": (SKLEARN, X, Y, {"where": "spam"}, {}, r"or one of the labels \[0, 1\]"),
    "no model": (object(), X, Y, {}, {}, "object has no predict_proba or decision_function"),
    "no scores": (lambda X: X[:, 0] / 0 * 0, X, Y, {}, {}, "the model scores row 0 of X as nan .300 such rows"),
    "few scores": (lambda X: X[:7, 0], X, Y, {}, {}, r"the model gave scores of shape \(7,\) for 300 rows"),
    "three columns": (lambda X: X, X, Y, {}, {}, r"shape \(300, 3\); expected \(n_rows,\) or \(n_rows, 2\)"),
    "one column a model": (SKLEARN, X[:, :1], Y, {}, {}, "the model fails on X, a ndarray of shape .300, 1."),
    "a vector": (SKLEARN, X[:, 0], Y, {}, {}, r"X has shape \(300,\); expected \(n_samples, n_features\)"),
    "no rows": (SKLEARN, X[:0], Y[:0], {}, {}, "at least one row and one column"),
    "labels of other rows": (SKLEARN, X, Y[:-1], {}, {}, "y_true has 299 rows"),
    "condition": (SKLEARN, X, Y, {}, {"condition_on": "rows"}, "condition_on='rows': expected 'class' or None"),
    "normalize": (SKLEARN, X, Y, {}, {"normalize": "rows"}, "normalize='rows': expected one of"),
    "pos_label": (SKLEARN, X, Y, {}, {"pos_label": 7}, "pos_label=7 is not among the labels"),
    "labels": (SKLEARN, X, Y, {}, {"labels": ["a", "b"]}, r"the classifier knows \[0, 1\]"),
    "offsets": (SKLEARN, X, Y, {}, {"offsets": [0, 1]}, "offsets: the threshold moves here"),
    "output": (SKLEARN, X, Y, {}, {"output": "trees"}, "output='trees'"),
    "output of a function": (bent, X, Y, {}, {"output": "scores"}, "a function has one output"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(case):
    model, X, y, features, options, message = BAD[case]
    with np.errstate(all="ignore"), pytest.raises(InvalidInputError, match=message):
        drift(model, X, y, features=cj.Features(**features), **options)


def test_bad_frames():
    frame = frame_of(X, "pandas")
    fitted = LogisticRegression().fit(frame, Y)
    with pytest.raises(InvalidInputError, match="X lacks 2 of the columns that the model was fitted on: 'age', 'load'"):
        drift(fitted, frame[["dose"]], Y)
    with pytest.raises(InvalidInputError, match="X has two columns of one name"):
        drift(fitted, frame.set_axis(["age", "age", "load"], axis=1), Y)
    with pytest.raises(
        InvalidInputError, match=r"the model fails on X, a DataFrame of shape .300, 3.: InvalidIndexError"
    ):
        drift(lambda X: X[:, 0], frame, Y)


def test_requests_that_are_refused():
    with pytest.raises(InvalidInputError, match=r"unit='meters'.: expected 'sd' or 'raw'"):
        cj.Features(unit="meters")
    with pytest.raises(InvalidInputError, match="scores do not tell what moves them; use from_estimator"):
        cj.confusion_jacobian(Y, linear(X), wrt="features")
    with pytest.raises(NotSupportedError, match="assume_calibrated"):
        drift(SKLEARN, X, Y, assume_calibrated=True)
    with pytest.raises(InvalidInputError, match="training_data: features do not pass through training"):
        drift(SKLEARN, X, Y, training_data=(X, Y))
    np.testing.assert_array_equal(drift(SKLEARN, X, Y, random_state=0).jacobian, drift(SKLEARN, X, Y).jacobian)


# --- ends of the domain, few rows, none


@pytest.mark.parametrize("t", [0, 1])
@pytest.mark.parametrize("model", [SKLEARN, lambda X: expit(bent(X))], ids=["formula", "differences"])
def test_at_the_end_of_the_domain_the_matrix_is_exact_and_slopes_are_nan(model, t):
    found = drift(model, X, Y, threshold=t)
    counts = np.bincount(Y)
    np.testing.assert_array_equal(found.matrix, np.stack([counts * t, counts * (1 - t)], axis=1))
    assert found.method == "undefined"
    assert np.isnan(found.jacobian).all()
    assert np.isnan(found.stderr).all()
    assert "end of the domain" in found.diagnostics["reason"]
    assert "d recall:" in repr(found)


@pytest.mark.parametrize(
    "model", [SKLEARN, LINEAR, BENT, bent], ids=["scikit-learn", "linear", "formula", "differences"]
)
@pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")
def test_where_no_row_is_near_slopes_are_0_and_have_no_interval(model):
    found = drift(model, X, Y, threshold=1 - 1e-9 if model is SKLEARN else 1e6)
    assert "cross as 'x0', 'x1', 'x2' move: intervals of such slopes are nan" in found.diagnostics["cautions"][-1]
    np.testing.assert_array_equal(found.jacobian, 0)
    assert np.isnan(found.stderr).all()
    assert np.isnan(found.of("accuracy").stderr).all()
    assert model is not SKLEARN or "no row is near" in found.diagnostics["derivative"]
    found.to_dict()


def test_an_input_that_moves_no_row_has_a_slope_of_0_without_interval():
    with pytest.warns(ConjacWarning, match="fewer than 5 effective rows cross as 'x2' moves"):
        found = drift(lambda X: bent(X * [1, 1, 0]), X, Y)
    np.testing.assert_array_equal(found.jacobian[..., 2], 0)
    assert np.isnan(found.stderr[..., 2]).all()
    assert np.isfinite(found.stderr[..., :2]).all()


@given(
    st.integers(3, 12),
    st.integers(0, 10**6),
    st.sampled_from([LINEAR, BENT, bent, DecisionTreeClassifier(max_depth=2)]),
)
@settings(max_examples=40)
@pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")
def test_few_rows_never_raise(n, seed, model):
    X, y = rows_of(seed, n)
    y[:2] = 0, 1
    if hasattr(model, "fit"):
        model.fit(X, y)
    for options in ({}, {"groups": np.arange(n) // 2, "sample_weight": np.ones(n)}, {"condition_on": "class"}):
        found = drift(model, X, y, **options)
        assert np.isfinite(found.jacobian).all()
        for how in ("true", "pred", "all"):
            replace(found, normalize=how).confint()
        found.of("f1").confint()
