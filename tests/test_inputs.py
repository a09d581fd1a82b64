"""What a model is given: columns of arrays and frames, their kinds, their spread, and what a drift of one leaves."""

import datetime
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support import needs

from conjac.errors import InvalidInputError
from conjac.inputs import Inputs, Kinds, inputs, leaves_support, spread, support

few = settings(max_examples=40)
FRAMES = ("pandas", "polars", "pyarrow")
COLUMNS = {"age": [31.5, 40.0, 22.0, 58.5], "visits": [1, 4, 2, 7], "smoker": [True, False, False, True]}


def frame_of(columns, library):
    module = needs(library)
    return module.table(columns) if library == "pyarrow" else module.DataFrame(columns)


def tables(**shape):
    sizes = st.tuples(st.integers(1, 12), st.integers(1, 4))
    numbers = st.floats(-1e3, 1e3, allow_nan=False, width=32)
    return hnp.arrays(shape.get("dtype", np.float64), sizes, elements=numbers)


# --- columns by name, by place, and moved


def test_columns_of_an_array_have_names_and_numbers():
    found = Inputs.of(np.arange(6.0).reshape(2, 3))
    assert found.names == ("x0", "x1", "x2")
    assert [found.place(name) for name in ("x1", 1, -1, np.int64(0))] == [1, 1, 2, 0]
    assert found.places("x2") == (2,) == found.places(2) == found.places([2, -1, "x2"])
    assert Inputs.of(np.zeros((2, 2)), ["a", "b"]).names == ("a", "b")
    assert Inputs.of(np.zeros((2, 2)), ["a", "b", "c"]).names == ("x0", "x1")  # names of another model's columns


@pytest.mark.parametrize("library", FRAMES)
def test_columns_of_a_frame_keep_their_names_and_types(library):
    found = Inputs.of(frame_of(COLUMNS, library))
    assert found.names == tuple(COLUMNS)
    assert found.n_rows == 4
    assert found.is_frame
    for place, values in enumerate(COLUMNS.values()):
        np.testing.assert_array_equal(found.column(place), values)
        np.testing.assert_array_equal(found.head(place, 2), values[:2])
    some = found.take(np.array([3, 0]))
    assert type(some.native) is type(found.native)
    np.testing.assert_array_equal(some.column(0), [58.5, 31.5])


@pytest.mark.parametrize("library", FRAMES)
def test_a_moved_column_moves_alone_and_the_frame_given_stays(library):
    native = frame_of(COLUMNS, library)
    found = Inputs.of(native)
    for place, by in ((0, 0.25), (1, 2), (1, 0.5), (0, np.array([1.0, 0, 0, -1])), (1, np.array([1.0, 0, 0, -2]))):
        moved = Inputs.of(found.moved(place, by))
        assert type(moved.native) is type(native)
        for other, values in enumerate(COLUMNS.values()):
            wanted = np.asarray(values) + by if other == place else values
            np.testing.assert_array_equal(moved.column(other), wanted)
            np.testing.assert_array_equal(found.column(other), values)
    assert Inputs.of(found.moved(1, 3)).column(1).dtype.kind == "i"
    assert Inputs.of(found.moved(1, np.array([1.0, 0, 0, -2]))).column(1).dtype.kind == "i"


@pytest.mark.parametrize("library", FRAMES)
def test_what_is_missing_stays_missing(library):
    found = Inputs.of(frame_of({"a": [1.0, None, 3.0], "b": [None, 2, 5]}, library))
    for place, by in ((0, 1.5), (1, 1.0), (1, np.array([0.5, 0.5, 0.5]))):
        before, after = found.column(place), Inputs.of(found.moved(place, by)).column(place)
        np.testing.assert_array_equal(np.isnan(after), np.isnan(before))
        np.testing.assert_allclose(after, before + by)


@given(tables(dtype=np.float32), st.floats(-10, 10), st.data())
@few
def test_an_array_keeps_its_precision_when_a_column_moves(X, by, data):
    place = data.draw(st.integers(0, X.shape[1] - 1))
    moved = Inputs.of(X).moved(place, by)
    assert moved.dtype == np.float32
    expected = X.copy()
    expected[:, place] += np.float32(by)
    np.testing.assert_array_equal(moved, expected)


def test_whole_numbers_stay_whole_under_whole_steps_only():
    X = np.array([[1, 2], [3, 4]])
    assert Inputs.of(X).moved(0, 2.0).dtype.kind == "i"
    np.testing.assert_array_equal(Inputs.of(X).moved(0, 0.5), [[1.5, 2], [3.5, 4]])
    np.testing.assert_array_equal(X, [[1, 2], [3, 4]])


def test_a_pandas_index_of_any_order_does_not_shuffle_the_drift():
    pandas = needs("pandas")
    found = Inputs.of(pandas.DataFrame({"a": [1.0, 2.0, 3.0]}, index=[2, 0, 1]))
    np.testing.assert_array_equal(Inputs.of(found.moved(0, np.array([1.0, 0, 0]))).column(0), [2.0, 2.0, 3.0])


@given(st.integers(1, 50), st.integers(1, 5), st.integers(1, 60), st.integers(1, 3))
@few
def test_blocks_are_all_rows_once(n, width, at_once, copies):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs, "AT_ONCE", at_once)
        blocks = list(Inputs.of(np.zeros((n, width))).blocks(copies))
    np.testing.assert_array_equal(np.concatenate([np.arange(n)[rows] for rows in blocks]), np.arange(n))
    assert all((rows.stop - rows.start) * width * copies <= max(at_once, width * copies) for rows in blocks)


class Holed:
    """A sparse matrix, as far as can be seen from outside."""

    shape = (3, 2)

    def toarray(self):
        return np.zeros(self.shape)


def test_bad_tables():
    pandas = needs("pandas")
    for bad, message in (
        (np.zeros(3), "X has shape .3,.; expected .n_samples, n_features., or a frame"),
        (np.zeros((0, 3)), "X has shape .0, 3.; expected at least one row and one column"),
        (np.zeros((3, 0)), "at least one row and one column"),
        (pandas.DataFrame({"a": []}), "at least one row and one column"),
        (Holed(), "X is sparse; pass X.toarray"),
        (pandas.DataFrame(np.zeros((2, 2)), columns=["a", "a"]), "X has two columns of one name; rename one .*'a'"),
        (pandas.DataFrame(np.zeros((2, 2)), columns=[1, "1"]), "X has more than one column '1'; rename one"),
        (needs("pyarrow").table([[1], [2]], names=["a", "a"]), "X has two columns of one name"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            Inputs.of(bad)
    for found, name in ((Inputs.of(np.zeros((2, 2))), 2), (Inputs.of(pandas.DataFrame({"a": [1]})), 0)):
        with pytest.raises(InvalidInputError, match=f"X has no column {name}; expected one of"):
            found.place(name)


# --- kinds


def test_kinds_of_columns():
    rng = np.random.default_rng(0)
    pandas, n = needs("pandas"), 1500
    which = rng.integers(0, 3, n)
    frame = pandas.DataFrame(
        {
            "income": rng.normal(size=n),
            "rating": rng.integers(0, 5, n),
            "late": np.where(np.arange(n) < 100, 0, np.arange(n)),  # three numbers only after the rows looked at first
            "sold": np.where(rng.random(n) < 0.3, np.nan, rng.integers(0, 2, n)),
            "region": np.array(["north", "south", "west"])[which],
            "code": rng.choice([7, 9], n),
            "is_a": which == 0,
            "hot_b": (which == 1).astype(int),
            "hot_c": (which == 2).astype(float),
            "hot_d": (which == 0).astype(int),
            "alone": rng.integers(0, 2, n),
            "one": 3.0,
            "none": np.nan,
            "when": pandas.date_range("2026-01-01", periods=n),
            "name": [f"row {i}" for i in range(n)],
        }
    )
    found = Kinds.of(Inputs.of(frame))
    names = list(frame.columns)
    assert [names[place] for place in found.numeric] == ["income", "rating", "late"]
    one_hot = "hot_b, hot_c, hot_d"
    assert set(found.categories) == {"sold", "region", "code", "is_a", one_hot, "alone"}
    assert [names[place] for place in found.categories[one_hot]] == ["hot_b", "hot_c", "hot_d"]
    assert found.aside == {
        "one": "one value in all rows",
        "none": "one value in all rows",
        "when": "dates: pass what the model is to know of them as numbers",
        "name": "1500 categories: group rare ones",
    }
    told = Kinds.of(Inputs.of(frame), ["rating"])
    assert "rating" in told.categories
    assert [names[place] for place in told.numeric] == ["income", "late"]
    with pytest.raises(InvalidInputError, match="column 'when' cannot drift: dates"):
        found.refuse_aside(["income", "when"])


@pytest.mark.parametrize("library", FRAMES)
def test_dates_and_texts_of_every_library_do_not_drift(library):
    days = [datetime.datetime(2026, 1, day) for day in (1, 2, 3)]
    found = Kinds.of(Inputs.of(frame_of({"when": days, "kind": ["a", None, "b"], "x": [1.0, 2.0, 4.0]}, library)))
    assert (found.numeric, found.categories) == ((2,), {"kind": (1,)})
    assert list(found.aside) == ["when"]


def test_flags_that_overlap_or_leave_rows_out_are_no_one_hot_columns():
    X = np.array([[1, 1, 0], [1, 0, 1], [0, 0, 1], [0, 1, 0]])
    assert Kinds.of(Inputs.of(X)).categories == {"x0": (0,), "x1, x2": (1, 2)}
    X = np.array([[1, 0], [0, 1], [0, 0]])
    assert Kinds.of(Inputs.of(X)).categories == {"x0": (0,), "x1": (1,)}


# --- spread and support


@given(tables(), st.booleans(), st.booleans(), st.integers(0, 99), st.sampled_from([2**15, 3]))
@few
def test_spread_is_the_weighted_standard_deviation_of_what_is_not_missing(X, weighted, missing, seed, at_once):
    rng = np.random.default_rng(seed)
    weight = rng.exponential(size=len(X)) if weighted else None
    if missing:
        X = np.where(rng.random(X.shape) < 0.3, np.nan, X)
    expected = []
    for column in X.T:
        seen = np.isfinite(column)
        w = (np.ones(len(X)) if weight is None else weight)[seen]
        mean = np.average(column[seen], weights=w) if seen.any() else 0
        expected.append(np.sqrt(np.average((column[seen] - mean) ** 2, weights=w)) if seen.any() else 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules[spread.__module__], "AT_ONCE", at_once)
        found = spread(Inputs.of(X), range(X.shape[1]), weight)
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-4)


def test_spread_of_columns_far_from_0_and_of_frames():
    rng = np.random.default_rng(0)
    X = rng.normal([1e8, 0], 1, size=(5000, 2))
    np.testing.assert_allclose(spread(Inputs.of(X), [0, 1], None), X.std(axis=0), rtol=1e-7)
    frame = frame_of({"a": X[:, 0], "b": X[:, 1]}, "pandas")
    np.testing.assert_allclose(spread(Inputs.of(frame), [1], None), X[:, 1].std(), rtol=1e-12)


def test_support_is_left_past_the_range_or_against_the_other_columns():
    rng = np.random.default_rng(0)
    a = rng.normal(size=4000)
    X = np.column_stack([a, a + 0.05 * rng.normal(size=4000), rng.choice([0, 1, 2, 2], 4000), rng.normal(size=4000)])
    notes = leaves_support(Inputs.of(X), range(4), X.std(axis=0))
    assert "of its standard deviations given the other columns" in notes[0]
    assert "of its standard deviations given the other columns" in notes[1]
    above, below = ((X[:, 2] == end).mean() for end in (X[:, 2].max(), X[:, 2].min()))
    assert notes[2] == (
        f"it takes {above:.0%} of the rows above the largest value seen, or {below:.0%} below the smallest"
    )
    assert notes[3] == ""
    assert leaves_support(Inputs.of(X), [3], np.array([0.01])) == [""]
    X[::3, 3] = np.nan
    assert leaves_support(Inputs.of(X), [3], np.array([1.0])) == [""]


def test_support_of_a_column_that_is_missing_in_all_rows_looked_at(monkeypatch):
    monkeypatch.setattr(support, "SAMPLE", 10)
    X = np.random.default_rng(0).normal(size=(200, 2))
    X[::20, 1] = np.nan
    assert leaves_support(Inputs.of(X), [0, 1], np.full(2, 1e-3)) == ["", ""]


def test_a_column_that_can_drift_one_way_stays_in_the_data():
    waiting = np.random.default_rng(0).exponential(size=(2000, 1))
    assert leaves_support(Inputs.of(waiting), [0], np.array([1.0])) == [""]


def test_texts_are_rows_of_one_column():
    inputs = Inputs.of(["a word", "two", "three words"])
    assert inputs.names == ("text",)
    assert inputs.n_rows == 3
    assert inputs.take(np.array([2, 0])).native.tolist() == ["three words", "a word"]
    assert inputs.column(0).tolist() == ["a word", "two", "three words"]
    with pytest.raises(InvalidInputError, match=r"X has shape \(3,\); expected"):
        Inputs.of([1.0, 2.0, 3.0])
