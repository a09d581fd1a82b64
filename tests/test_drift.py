"""Rankings of drifts: two tables, their order, what leaves the data, and ways out."""

import json

import numpy as np
import pytest
from scipy.special import expit
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError, UnknownMetricError

NUMBERS = ["age", "dose", "rate"]


@pytest.fixture(scope="module")
def table():
    """A frame with numbers, categories, flags and what is neither, labels, and a pipeline fitted on it."""
    pandas, rng, n = needs("pandas"), np.random.default_rng(0), 3000
    numbers = rng.normal(size=(n, 2)) * [10, 1] + [50, 0]
    rate, region = rng.integers(1, 6, n), rng.choice(["north", "south", "west"], n)
    hot = rng.integers(0, 3, n)
    frame = pandas.DataFrame(
        {
            "age": numbers[:, 0],
            "dose": numbers[:, 1],
            "rate": rate,
            "region": region,
            "smoker": rng.random(n) < 0.3,
            **{f"ward_{name}": (hot == place).astype(int) for place, name in enumerate("abc")},
            "site": 3,
            "seen": pandas.Timestamp("2026-01-01"),
        }
    )
    odds = 0.05 * (frame["age"] - 50) + 1.2 * frame["dose"] + 0.2 * (rate - 3) + 0.8 * (region == "south")
    y = (rng.random(n) < expit(odds)).astype(int)
    steps = make_column_transformer(
        (StandardScaler(), NUMBERS), (OneHotEncoder(), ["region"]), ("passthrough", ["smoker", "ward_a", "ward_b"])
    )
    return frame, y, make_pipeline(steps, LogisticRegression()).fit(frame, y)


def test_numbers_come_in_order_with_the_jacobian_s_figures(table):
    frame, y, model = table
    found = cj.rank_drifts(model, frame, y, metric="f1")
    told = cj.ConfusionJacobian.from_estimator(model, frame, y, wrt="features").of("f1")
    assert set(found.order) == set(NUMBERS)
    columns = found.to_columns()
    assert tuple(columns["feature"]) == found.order
    size = np.abs(columns["gradient"])
    assert (np.diff(size) <= 0).all()
    place = [NUMBERS.index(name) for name in found.order]
    lower, upper = told.confint()
    figures = ("gradient", told.gradient), ("stderr", told.stderr), ("center", told.center), ("lower", lower)
    for name, figure in (*figures, ("upper", upper), ("elasticity", told.elasticity)):
        np.testing.assert_allclose(columns[name], figure[place], err_msg=name)
    np.testing.assert_allclose(columns["elasticity"], np.array(columns["gradient"]) / columns["value"])
    np.testing.assert_allclose(columns["sd"], frame[list(found.order)].std(ddof=0))
    assert set(columns["method"]) == {"tangent"}
    assert set(columns["unit"]) == {"1 sd"}
    assert not {"bias", "step"} & set(columns)  # of recounts alone
    wide = found.to_columns(level=0.99)
    assert (np.array(wide["lower"]) < columns["lower"]).all()


def test_categories_are_a_table_of_their_own(table):
    frame, y, model = table
    found = cj.rank_drifts(model, frame, y, metric="precision", threshold=0.4)
    columns = found.to_columns("categories")
    one_hot = "ward_a, ward_b, ward_c"
    assert set(found.shares) == {"region", "smoker", one_hot} == set(columns["column"])
    assert (np.diff(np.abs(columns["gradient"])) <= 0).all()
    assert not set(columns["column"]) & set(found.to_columns()["feature"])
    region = cj.ConfusionJacobian.from_estimator(model, frame, y, wrt=cj.Mix("region"), threshold=0.4)
    told, of_region = region.of("precision"), np.array(columns["column"]) == "region"
    by_name = dict(zip(np.array(columns["category"])[of_region], np.array(columns["gradient"])[of_region], strict=True))
    assert by_name == pytest.approx(dict(zip(["north", "south", "west"], told.gradient, strict=True)))
    share = dict(zip(np.array(columns["category"])[of_region], np.array(columns["share"])[of_region], strict=True))
    assert share == pytest.approx(frame["region"].value_counts(normalize=True).to_dict())
    assert {c for c, col in zip(columns["category"], columns["column"], strict=True) if col == one_hot} == {
        "ward_a",
        "ward_b",
        "ward_c",
    }
    np.testing.assert_allclose(columns["elasticity"], np.array(columns["gradient"]) / told.value)
    with pytest.raises(InvalidInputError, match="'numeric' or 'categories', which are never one ranking"):
        found.to_columns("both")


def test_categories_of_too_few_rows_come_last(table):
    frame, y, _ = table
    region = frame["region"].where(np.arange(len(y)) != np.flatnonzero(y)[0], "alone")  # the whole recall of its own
    model = LogisticRegression().fit(frame[NUMBERS], y)
    found = cj.rank_drifts(lambda X: model.predict_proba(X[NUMBERS]), frame.assign(region=region), y, columns="region")
    columns = found.to_columns("categories")
    size = np.abs(columns["gradient"])
    assert columns["category"][-1] == "alone"
    assert np.isnan(columns["stderr"]).tolist() == [False, False, False, True]
    assert size[-1] > size[0] >= size[1] >= size[2]


def test_missing_categories_are_one(table):
    frame, y, _ = table
    frame = frame.assign(region=frame["region"].where(np.arange(len(frame)) % 9 > 0, None))
    numbers = LogisticRegression().fit(frame[NUMBERS], y)
    found = cj.rank_drifts(lambda X: numbers.predict_proba(X[NUMBERS]), frame, y)
    assert found.shares["region"].parameters[0] == "share[(missing)]"
    assert len(found.shares["region"].parameters) == 4


def test_what_is_in_neither_table_is_told(table):
    frame, y, model = table
    found = cj.rank_drifts(model, frame, y)
    assert dict(found.left_out) == {
        "site": "one value in all rows",
        "seen": "dates: pass what the model is to know of them as numbers",
    }
    assert "left out: site, one value in all rows" in repr(found)
    for name in found.left_out:
        with pytest.raises(InvalidInputError, match=f"column '{name}' cannot drift"):
            cj.rank_drifts(model, frame, y, columns=["age", name])


def test_columns_that_are_asked_for(table):
    frame, y, model = table
    found = cj.rank_drifts(model, frame, y, columns=["region", "dose"])
    assert (found.order, list(found.shares)) == (("dose",), ["region"])
    assert not found.left_out
    only = cj.rank_drifts(model, frame, y, columns="ward_b")
    assert (only.order, list(only.shares), only.to_columns()) == ((), ["ward_a, ward_b, ward_c"], {})
    assert "categories, by their share" in repr(only)
    assert cj.rank_drifts(model, frame, y, columns="age").order == ("age",)
    coded = cj.rank_drifts(model, frame, y, columns=["rate"], categorical=["rate"])
    assert not coded.order
    assert set(coded.to_columns("categories")["category"]) == set("12345")
    sliced = cj.rank_drifts(model, frame, y, where=frame["age"] > 50)
    assert not sliced.shares
    with pytest.raises(InvalidInputError, match="X has no column 'weight'"):
        cj.rank_drifts(model, frame, y, columns=["weight"])


def test_notes_tell_what_leaves_the_data(table):
    frame, y, _ = table
    X = np.column_stack(
        [frame["dose"], frame["dose"] + 0.05 * np.random.default_rng(0).normal(size=3000), frame["age"]]
    )
    model = LogisticRegression().fit(X, y)
    found = cj.rank_drifts(model, X, y)
    assert set(found.notes) == {"x0", "x1"}
    assert all("given the other columns" in note for note in found.notes.values())
    notes = dict(zip(found.to_columns()["feature"], found.to_columns()["note"], strict=True))
    assert notes == {**found.notes, "x2": ""}
    assert "hardly any such row" in repr(found)
    together = found.jacobian.jvp([1.0, 1.0, 0.0])
    np.testing.assert_allclose(together, found.jacobian.jacobian[..., :2].sum(axis=2))


@pytest.mark.parametrize("backend", ["pandas", "polars", "pyarrow"])
@pytest.mark.parametrize("which", ["numeric", "categories"])
def test_frames_of_three_libraries(table, backend, which):
    frame, y, model = table
    needs(backend)
    found = cj.rank_drifts(model, frame, y)
    native, columns = found.to_frame(which, backend), found.to_columns(which)
    names = native.column_names if backend == "pyarrow" else list(native.columns)
    assert names == list(columns)
    assert len(native) == len(next(iter(columns.values())))


def test_dict_and_text(table):
    frame, y, model = table
    found = cj.rank_drifts(model, frame, y, metric="precision")
    told = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert told["schema"] == "conjac.drifts/1"
    assert told["what"] == "sensitivity, not importance"
    assert told["numeric"]["feature"] == list(found.order)
    assert told["left_out"] == dict(found.left_out)
    lines = repr(found).splitlines()
    assert "sensitivity, not importance" in lines[0]
    assert "precision = " in lines[0]
    assert lines.index("  numbers, tangent") < lines.index("  categories, by their share")
    assert "importance" not in "".join(lines[1:])


def test_forests_are_counted_again_and_tell_their_bias(table):
    frame, y, _ = table
    X = frame[["age", "dose"]].to_numpy()[:900]
    model = RandomForestClassifier(20, min_samples_leaf=20, random_state=0).fit(X, y[:900])
    found = cj.rank_drifts(model, X, y[:900])
    columns = found.to_columns()
    assert set(columns["method"]) == {"secant"}
    assert found.order[0] == "x1"
    assert np.isfinite(columns["bias"]).all()
    assert (np.array(columns["step"]) > 0).all()


def test_several_classes_and_metrics_that_are_objects():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 2000)
    X = rng.normal(size=(2000, 2)) + np.array([[0, 0], [1.5, 0], [0, 0.5]])[y]
    model = LogisticRegression().fit(X, y)
    assert cj.rank_drifts(model, X, y, metric="recall[1]").order == ("x0", "x1")
    cost = cj.metrics.expected_cost(np.ones((3, 3)) - np.eye(3))
    accuracy, costs = (cj.rank_drifts(model, X, y, metric=m).told.gradient for m in ("accuracy", cost))
    np.testing.assert_allclose(costs, -accuracy)
    with pytest.raises(UnknownMetricError, match=r"metric 'recall' is for two classes.*recall_macro"):
        cj.rank_drifts(model, X, y)
    with pytest.raises(UnknownMetricError, match="metric 'charm' is unknown"):
        cj.rank_drifts(model, X, y, metric="charm")


def test_weights_groups_and_the_label_that_counts_pass_through(table):
    frame, y, model = table
    options = {"sample_weight": np.random.default_rng(0).exponential(size=len(y)), "groups": np.arange(len(y)) // 3}
    found = cj.rank_drifts(model, frame, y, pos_label=0, condition_on="class", unit="raw", **options)
    told = cj.ConfusionJacobian.from_estimator(
        model, frame, y, wrt=cj.Features(unit="raw"), pos_label=0, condition_on="class", **options
    ).of("recall")
    np.testing.assert_allclose(found.told.stderr, told.stderr)
    assert found.shares["region"].labels == (1, 0)
    share = cj.ConfusionJacobian.from_estimator(
        model, frame, y, wrt=cj.Mix("region"), pos_label=0, condition_on="class", **options
    )
    np.testing.assert_allclose(found.shares["region"].jacobian, share.jacobian)
    np.testing.assert_allclose(found.shares["region"].stderr, share.stderr)
