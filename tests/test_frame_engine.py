"""Tallies of frames: those of the same rows in memory, key by key; what is read, set aside and refused."""

import re

import duckdb
import narwhals.stable.v2 as nw
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import count, normal_rows
from support import needs

import conjac as cj
from conjac.engines.frames import collected, passes, survey
from conjac.engines.frames.blocks import block
from conjac.tally import Tally
from conjac.validation import check_predictions
from conjac.validation.arguments import blocks_of


def relation(columns):
    return duckdb.connect().from_arrow(needs("pyarrow").table(columns))


FRAMES = {
    "pandas": lambda columns: needs("pandas").DataFrame(columns),
    "pyarrow": lambda columns: needs("pyarrow").table(columns),
    "polars": lambda columns: needs("polars").DataFrame(columns),
    "polars (lazy)": lambda columns: needs("polars").LazyFrame(columns),
    "duckdb": relation,
}


@pytest.fixture(params=FRAMES)
def engine(request):
    return request.param


def curve_of(engine, columns, **options):
    return cj.ConfusionCurve.from_frame(FRAMES[engine](columns), label="y", score="p", **options)


def assert_tallies(tally, true, score, weight=None, block=None):
    """Check a tally against that of rows in memory."""
    zero = Tally.zero(tally.scale, tally.step, thresholds=tally.thresholds, clustered=tally.clustered)
    expected = zero.add(true, score, weight, block)
    np.testing.assert_array_equal(tally.keys, expected.keys)
    np.testing.assert_array_equal(tally.rows, expected.rows)
    assert tally.rows.dtype.kind == "i"
    np.testing.assert_allclose(tally.weight, expected.weight, rtol=1e-12)
    np.testing.assert_allclose(tally.weight2, expected.weight2, rtol=1e-12)
    np.testing.assert_allclose(tally.offset, expected.offset, atol=1e-9, rtol=1e-9)


PROBABILITIES = st.sampled_from([0.0, 1.0, 0.5, 0.25, 0.1, 1 - 2**-40, 2.0**-40, 1 - 2e-9, 1e-300]) | st.floats(0, 1)
SCORES = st.sampled_from([0.0, -0.0, 1.0, -2.5, 5e-324]) | st.floats(-64, 64)
NONE = [None, float("nan"), float("inf"), -float("inf")]


@st.composite
def frames(draw, faulty):
    """Draw columns of rows, at least two of each class without a fault, and the mask of those."""
    n, kind = draw(st.integers(4, 30)), draw(st.sampled_from(["probability", "score"]))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    element = (PROBABILITIES if kind == "probability" else SCORES).map(lambda x: float(dtype(x)))
    score = np.array(draw(st.lists(element, min_size=n, max_size=n)), dtype)
    label = np.array(["ham", "spam"])[np.concatenate([[0, 1, 0, 1], draw_ints(draw, n - 4, 1)])]
    columns = {"y": label, "p": score, "w": draw_ints(draw, n, 3) + 0.5}
    columns |= {"k": draw_ints(draw, n, 6) - 3, "g": np.array(["a", "b c", "é"])[draw_ints(draw, n, 2)]}
    columns["k"][:2], columns["g"][:2] = [5, -(2**60)], ["a", "b c"]
    bad = np.zeros(n, dtype=bool)
    if faulty:
        bad[4:] = draw_ints(draw, n - 4, 1) > 0
    return columns, bad


def draw_ints(draw, n, most):
    return np.array(draw(st.lists(st.integers(0, most), min_size=n, max_size=n)), dtype=int)


@pytest.mark.parametrize("engine", FRAMES)
@pytest.mark.filterwarnings("ignore:g=.* one class only")
@settings(max_examples=40)
@given(drawn=frames(False), many=st.booleans(), data=st.data())
def test_a_frame_and_its_rows_have_one_tally(engine, drawn, many, data):
    columns, _ = drawn
    weight, groups, by = (data.draw(st.sampled_from(names)) for names in ([None, "w"], [None, "k", "g"], [None, "g"]))
    named = np.linspace(0.01, 0.99, 40) if many else data.draw(st.sampled_from([None, [0.5], [0.1, 0.25, 1.0]]))
    if by is not None:
        groups = None  # a group may hold one cluster alone, which is refused
    found = curve_of(engine, columns, weight=weight, groups=groups, by=by, thresholds=named)
    rows = check_predictions(columns["y"], columns["p"], groups=None if groups is None else columns[groups])
    curves = {None: found} if by is None else found
    assert by is None or list(curves) == sorted(set(columns["g"]))
    for name, curve in curves.items():
        mine = slice(None) if name is None else columns["g"] == name
        part = [None if x is None else x[mine] for x in (columns["w"] if weight else None, rows.block)]
        assert_tallies(curve.tally, rows.true[mine], columns["p"][mine], *part)
        assert curve.diagnostics["n_samples"] == len(rows.true[mine])


@pytest.mark.parametrize("engine", FRAMES)
@pytest.mark.filterwarnings("ignore:g=.* one class only")
@settings(max_examples=40)
@given(drawn=frames(True), data=st.data())
def test_faulty_rows_are_counted_and_change_nothing(engine, drawn, data):
    columns, bad = drawn
    names = data.draw(st.lists(st.sampled_from(["y", "p", "w", "g"]), min_size=len(bad), max_size=len(bad)))
    held = {name: list(values.tolist()) for name, values in columns.items()}
    expected = {}
    for row in np.flatnonzero(bad):
        role = {"y": "label", "p": "score", "w": "weight", "g": "by"}[names[row]]
        value = data.draw(st.sampled_from(NONE)) if names[row] in "pw" else None
        held[names[row]][row] = value
        reason = f"{role} {'infinite' if value in (np.inf, -np.inf) else 'missing'}"
        expected[reason] = expected.get(reason, 0) + 1
    kinds = {"p": "float32" if columns["p"].dtype == np.float32 else "float64", "w": "float64"}
    pyarrow = needs("pyarrow")
    typed = {name: pyarrow.array(values, kinds.get(name), from_pandas=False) for name, values in held.items()}
    table = pyarrow.table(typed)
    made = {
        "pandas": table.to_pandas,
        "pyarrow": lambda: table,
        "polars": lambda: needs("polars").from_arrow(table),
        "polars (lazy)": lambda: needs("polars").from_arrow(table).lazy(),
        "duckdb": lambda: duckdb.connect().from_arrow(table),
    }[engine]()
    options = {"label": "y", "score": "p", "weight": "w", "by": "g"}
    if expected:
        with pytest.warns(cj.ConjacWarning, match=f"{bad.sum()} of {len(bad)} rows are faulty"):
            curves = cj.ConfusionCurve.from_frame(made, **options)
    else:
        curves = cj.ConfusionCurve.from_frame(made, **options)
    for name, curve in curves.items():
        mine = (columns["g"] == name) & ~bad
        assert_tallies(curve.tally, (columns["y"][mine] == "spam").astype(int), columns["p"][mine], columns["w"][mine])
        assert curve.diagnostics["set_aside"] == expected
        assert curve.diagnostics["n_read"] == len(bad)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", ["probability", "score"])
def test_scores_on_edges_and_one_step_of_their_dtype_beside_them(engine, kind, dtype):
    """The logarithms of engines differ in the last digit; an edge is compared as ``score >= edge`` is in NumPy."""
    at = np.arange(-3000, 3000, 7) / 256
    edges = (1 / (1 + np.exp(-at)) if kind == "probability" else at).astype(dtype)
    score = np.concatenate([np.nextafter(edges, dtype(-99)), edges, np.nextafter(edges, dtype(99))])
    true = np.arange(len(score)) % 2
    curve = curve_of(engine, {"y": true, "p": score}, coordinate=kind)
    assert curve.tally.step == 2.0**-8 if kind == "probability" else curve.tally.step <= 2.0**-6
    assert_tallies(curve.tally, true, score)
    cutoffs = curve.cutoffs()[1:-1]
    expected = [count(true == 1, score, t) for t in cutoffs[::50]]
    np.testing.assert_array_equal(curve.matrix_at(cutoffs[::50], exact=True), expected)


@pytest.fixture(scope="module")
def data():
    y, p = normal_rows(0, 4000)
    return {"y": y, "p": p, "g": np.arange(4000) % 3, "k": np.arange(4000) % 61}


def test_a_jacobian_is_that_of_the_curve_and_near_that_of_the_rows(engine, data):
    options = {"label": "y", "score": "p", "groups": "k"}
    J = cj.ConfusionJacobian.from_frame(FRAMES[engine](data), threshold=0.3, **options)
    curve = cj.ConfusionCurve.from_frame(FRAMES[engine](data), thresholds=[0.3], **options)
    rows = cj.confusion_jacobian(data["y"], data["p"], threshold=0.3, groups=data["k"])
    np.testing.assert_array_equal(J.matrix, rows.matrix)
    assert J.matrix.dtype.kind == "i"
    np.testing.assert_array_equal(J.jacobian, curve.jacobian_at(0.3))
    np.testing.assert_array_equal(J.stderr, curve.stderr_at(0.3))
    np.testing.assert_allclose(J.jacobian, rows.jacobian, rtol=1e-2)
    np.testing.assert_allclose(J.stderr, rows.stderr, rtol=2e-2)
    np.testing.assert_allclose(J.of("f1").stderr, rows.of("f1").stderr, rtol=2e-2)
    assert J.diagnostics["sampling"] == rows.diagnostics["sampling"]
    assert (J.diagnostics["engine"], J.diagnostics["counts"]) == (engine, "exact")


def test_groups_of_one_class_have_nan_and_one_warning(engine, data):
    held = {**data, "y": np.where(data["g"] > 0, 0, data["y"])}
    frame = FRAMES[engine](held)
    with pytest.warns(cj.ConjacWarning) as said:
        found = cj.ConfusionJacobian.from_frame(frame, label="y", score="p", by="g")
    absent, few = (str(warning.message) for warning in said)
    assert absent == "g=1, 2: one class only, no row is 1; figures that need both are nan"
    assert few.startswith("g=1, 2: fewer than 5 effective rows of class 1")
    assert {warning.filename for warning in said} == {__file__}
    assert [J.diagnostics.get("absent") for J in found.values()] == [None, ["1"], ["1"]]
    assert list(found) == [0, 1, 2]
    assert np.isfinite(found[0].stderr).all()
    assert np.isnan(found[1].stderr[1]).all()
    assert np.isfinite(found[1].stderr[0]).all()


def test_a_curve_of_a_group_of_one_class_is_told(data):
    held = {**data, "y": np.where(data["g"] > 0, 0, data["y"])}
    with pytest.warns(cj.ConjacWarning, match="g=1, 2: one class only, no row is 1; .* nan") as said:
        curves = curve_of("duckdb", held, by="g")
    assert [warning.filename for warning in said] == [__file__]
    assert [curve.diagnostics.get("absent") for curve in curves.values()] == [None, ["1"], ["1"]]
    assert np.isnan(curves[1].stderr_at(0.5)[1]).all()


# Bins


def steps(columns, monkeypatch, **options):
    """Return the curve of a relation, and the bin widths of the passes that were made."""
    seen, summed = [], passes._summed

    def spied(frame, form, named, keys, step):
        seen.append(step)
        return summed(frame, form, named, keys, step)

    monkeypatch.setattr(passes, "_summed", spied)
    return curve_of("duckdb", columns, **options), seen


@pytest.mark.parametrize("width", [3.0, 1e-2, 1e-6])
@pytest.mark.parametrize("told", [False, True])
def test_narrow_probabilities_are_resolved(monkeypatch, width, told):
    y, p = np.arange(2000) % 2, 1 / (1 + np.exp(-np.random.default_rng(0).normal(0.4, width, 2000)))
    curve, seen = steps({"y": y, "p": p}, monkeypatch, **({"labels": [0, 1], "coordinate": "logit"} if told else {}))
    assert curve.tally.step == min(2.0**-8, 2.0 ** np.floor(np.log2(width / 512 * 0.97)))
    assert len(seen) <= (1 if width == 3.0 or not told else 3)
    assert_tallies(curve.tally, y, p)


@pytest.mark.parametrize("outlier", [30.0, 1e5, 1e9])
def test_outliers_do_not_widen_the_bins(monkeypatch, outlier):
    score = np.append(np.random.default_rng(0).normal(0, 1, 3001), outlier)
    y = np.arange(len(score)) % 2
    curve, _ = steps({"y": y, "p": score}, monkeypatch, coordinate="score")
    assert curve.tally.step == max(2.0**-10, 2.0 ** np.ceil(np.log2(outlier / 2**34)))
    assert_tallies(curve.tally, y, score)


@pytest.mark.parametrize("atom", [0.0, 0.3, 0.5, 1.0])
def test_one_score_of_most_rows_is_no_reason_for_finer_bins(monkeypatch, atom):
    p = np.where(np.arange(3000) % 4 > 0, atom, np.random.default_rng(0).random(3000))
    curve, seen = steps({"y": np.arange(3000) // 4 % 2, "p": p}, monkeypatch)
    assert curve.tally.step >= 2.0**-10
    assert len(seen) <= 2
    assert_tallies(curve.tally, np.arange(3000) // 4 % 2, p)


def test_all_scores_equal(engine):
    for score in (0.3, 7.0, -1e300):
        curve = curve_of(engine, {"y": np.arange(6) % 2, "p": np.full(6, score)}, thresholds=[score])
        assert curve.matrix_at(score, exact=True).tolist() == [[0, 3], [0, 3]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"labels": [0, 1], "coordinate": "probability"}, 1), ({"labels": [0, 1]}, 2), ({"groups": "k"}, 4), ({}, 2)],
)
def test_the_passes_over_a_frame(monkeypatch, data, options, expected):
    made = []
    for module in (passes, survey):
        monkeypatch.setattr(module, "collected", lambda *given: (made.append(1), collected.collected(*given))[1])
    curve_of("duckdb", data, **options)
    assert len(made) == expected


def test_rows_in_memory_are_summed_some_at_a_time(monkeypatch, data):
    monkeypatch.setattr(collected, "ROWS_AT_ONCE", 1000)
    for engine in ("pandas", "pyarrow"):
        curve = curve_of(engine, data, groups="k")
        assert_tallies(curve.tally, data["y"], data["p"], None, blocks_of(data["k"]))
        assert curve.diagnostics["n_clusters"] == 61


# Thresholds


def test_many_thresholds_in_a_bin(engine):
    """A table tells those of a row's bin; here most lie in one."""
    score = np.concatenate([np.arange(200) / 200, [100.0]])
    y = np.arange(201) % 2
    named = np.concatenate([np.arange(30) / 1e5 + 0.5, np.arange(30) / 30, [-3.0, 100.0, 101.0]])
    curve = curve_of(engine, {"y": y, "p": score}, thresholds=named, coordinate="score")
    assert_tallies(curve.tally, y, score)
    expected = [count(y == 1, score, t) for t in named]
    np.testing.assert_array_equal(curve.matrix_at(named, exact=True), expected)


@pytest.mark.parametrize("n_named", [3, 40])
def test_float32_scores_are_compared_as_numpy_compares_them(engine, n_named):
    score = np.float32([0.1, 0.2, 0.3, 0.7, 0.9] * 8)
    named = np.unique(np.append(score[:5].astype(float), np.linspace(0, 1, n_named)))
    named = np.append(named, [0.1, 0.7])  # not those float64s that equal the scores, but what a user writes
    y = np.arange(40) // 5 % 2
    curve = curve_of(engine, {"y": y, "p": score}, thresholds=named)
    for t in named:
        np.testing.assert_array_equal(curve.matrix_at(t, exact=True), count(y == 1, score, t))


# What is read


def test_a_range_that_a_parquet_file_states_may_leave_nan_out(tmp_path):
    """DuckDB answers comparisons by it, and a nan would pass as a probability."""
    polars = needs("polars")
    path = tmp_path / "rows.parquet"
    polars.DataFrame({"y": [0, 1, 0, 1, 1], "p": [0.1, 0.2, 0.3, 0.9, float("nan")]}).write_parquet(path)
    con = duckdb.connect()
    frame = con.read_parquet(str(path))
    guard = (nw.col("p") >= 0) & (nw.col("p") <= 1)
    assert len(nw.from_native(frame).filter(guard).to_native().fetchall()) == 5, "DuckDB has changed"
    with pytest.warns(cj.ConjacWarning, match="1 score missing"):
        curve = cj.ConfusionCurve.from_frame(frame, label="y", score="p", thresholds=[0.5])
    assert curve.matrix_at(0.5, exact=True).tolist() == [[2, 0], [1, 1]]


def test_whole_keys_have_the_blocks_of_rows_in_memory():
    keys = np.array([0, 1, -1, 7, 2**31 - 1, -(2**31) + 1, 2**62, -(2**63), 2**63 - 1, *range(-500, 500)])
    rows = relation({"groups": keys, "true": np.zeros(len(keys), int)})
    for frame in (rows, needs("polars").LazyFrame({"groups": keys, "true": np.zeros(len(keys), int)})):
        found = collected.collected(nw.from_native(frame), lambda part: block(part).group_by("groups", "block").agg())
        assert len(found["groups"]) == len(set(keys.tolist()))
        np.testing.assert_array_equal(found["block"], blocks_of(np.array(found["groups"])))


def test_whole_keys_fill_their_blocks_evenly():
    for keys in (np.arange(64_000), np.arange(-32_000, 32_000), np.arange(64_000) * 1000, np.arange(64_000) * 64):
        counts = np.bincount(blocks_of(keys), minlength=64)
        assert ((counts - 1000) ** 2 / 1000).sum() < 100  # chi-squared with 63 degrees of freedom


@pytest.mark.parametrize("kind", ["column", "difference"])
def test_two_columns_of_scores(engine, data, kind):
    p = data["p"]
    pair = (1 - p, p) if kind == "column" else (3 * p, 5 * p - 1)
    held = {"y": data["y"], "a": pair[0], "b": pair[1]}
    J = cj.ConfusionJacobian.from_frame(FRAMES[engine](held), label="y", score=["a", "b"])
    rows = cj.confusion_jacobian(data["y"], np.column_stack(pair))
    np.testing.assert_array_equal(J.matrix, rows.matrix)
    np.testing.assert_allclose(J.jacobian, rows.jacobian, rtol=1e-2)
    assert J.diagnostics["score"] == ("'b'" if kind == "column" else "'b' less 'a'")
    curve = cj.ConfusionCurve.from_frame(FRAMES[engine](held), label="y", score=["a", "b"])
    assert curve.reading.kind == kind


def test_exact_zeros_and_ones_are_counted(engine):
    p = np.array([0.0, 0.0, 1.0, 1e-300, 1 - 2**-53, 0.5] * 180)
    J = cj.ConfusionJacobian.from_frame(
        FRAMES[engine]({"y": np.arange(1080) // 6 % 2, "p": p}), label="y", score="p", threshold=0.25
    )
    assert (J.diagnostics["exact_zeros"], J.diagnostics["exact_ones"]) == (360, 180)


def test_a_path(tmp_path, data):
    FRAMES["polars"](data).write_parquet(tmp_path / "rows.parquet")
    curve = cj.ConfusionCurve.from_frame(tmp_path / "rows.parquet", label="y", score="p")
    assert_tallies(curve.tally, data["y"], data["p"])
    assert curve.diagnostics["engine"] == "duckdb"


@pytest.mark.parametrize("score", ["p", ["a", "b", "c"]])
@pytest.mark.parametrize(
    ("rows", "told"), [("", "no rows; at least one"), ("0,,,,\n1,,,,\n", r"all \d rows are faulty \(\d score")]
)
def test_files_are_named_in_what_is_wrong_with_their_rows(tmp_path, score, rows, told):
    paths = [tmp_path / "one.csv", tmp_path / "two.csv"]
    for path in paths:
        path.write_text("y,p,a,b,c\n" + rows)
    for files, which in ((paths[0], re.escape(str(paths[0]))), (paths, "2 files"), (tmp_path, "2 files")):
        with pytest.raises(cj.InvalidInputError, match=f"^{which}: {told}"):
            cj.ConfusionJacobian.from_frame(files, label="y", score=score)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"weight": "kk"}, "frame has no column 'kk'; the nearest: 'k'"),
        ({"score": "t"}, "column 't' holds String values; expected numbers for the score"),
        ({"score": ["p", "p"]}, "do not sum to 1"),
        ({"score": ["q", "p"], "pos_label": 0}, "score names two columns"),
        ({"score": 3}, "score=3: expected the name of a column"),
        ({"label": "p"}, "more than 100 labels"),
        ({"label": "k"}, "column 'k' holds 61 classes"),
        ({"label": "one"}, "column 'one' holds one class only"),
        ({"labels": ["0", "1"]}, "'0' is no value of column 'y', which holds Int64 values"),
        ({"labels": [0, 7]}, "no row without a fault is 7"),
        ({"labels": [0, 1], "pos_label": 0}, "list the positive label last"),
        ({"pos_label": 7}, "pos_label=7 is not among the labels"),
        ({"groups": "one"}, "one cluster only"),
        ({"groups": "g", "by": "g"}, "by 0: groups names one cluster only"),
        ({"coordinate": "odds"}, "coordinate='odds'"),
        ({"coordinate": "percentile", "thresholds": [0.1]}, "a percentile names other scores in other data"),
        ({"condition_on": "rows"}, "condition_on='rows'"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*rows are faulty")
def test_what_cannot_be_read_is_refused(data, options, told):
    held = {**data, "t": data["y"].astype(str), "q": 1 - data["p"], "one": np.zeros(4000, int)}
    with pytest.raises(cj.InvalidInputError, match=told):
        cj.ConfusionCurve.from_frame(relation(held), **{"label": "y", "score": "p", **options})


def test_several_classes_are_not_served_yet(data):
    frame = relation({**data, "q": data["p"]})
    with pytest.raises(cj.NotSupportedError, match="3 classes have no threshold"):
        cj.ConfusionCurve.from_frame(frame, label="y", score=["p", "q", "g"])
    with pytest.raises(cj.InvalidInputError, match="offsets"):
        cj.ConfusionJacobian.from_frame(frame, label="y", score="p", offsets=[0, 1])


@pytest.mark.parametrize("frame", [{"y": [0, 1]}, np.zeros((2, 2)), None])
def test_what_is_no_frame_is_refused(frame):
    with pytest.raises(cj.InvalidInputError, match=f"frame is a {type(frame).__name__}; expected a frame of pandas"):
        cj.ConfusionCurve.from_frame(frame, label="y", score="p")


# Jacobians of tallies


@pytest.mark.parametrize("coordinate", ["probability", "logit"])
def test_a_jacobian_of_a_tally_is_exact_where_a_threshold_is_named_and_bounded_elsewhere(data, coordinate):
    rows = cj.confusion_jacobian(data["y"], data["p"], threshold=0.3, coordinate=coordinate)
    named = rows.threshold if coordinate == "probability" else 1 / (1 + np.exp(-0.3))
    zero = Tally.zero("logit", 2.0**-4, thresholds=(named,))
    tally = zero.add(data["y"], data["p"])
    J = cj.ConfusionJacobian.from_tally(tally, threshold=0.3, coordinate=coordinate)
    np.testing.assert_array_equal(J.matrix, rows.matrix)
    assert "bound" not in J.diagnostics
    other = cj.ConfusionJacobian.from_tally(tally, threshold=0.421, coordinate=coordinate)
    exact = cj.confusion_jacobian(data["y"], data["p"], threshold=0.421, coordinate=coordinate)
    off = np.abs(other.matrix - exact.matrix).max(axis=1)
    bound = list(other.diagnostics["bound"].values())
    assert off.max() > 0
    assert (off <= bound).all()
    assert other.diagnostics["counts"].endswith("within a bound")


def test_a_percentile_of_a_tally_is_cut_at_an_edge(data):
    tally = Tally.zero("logit", 2.0**-6).add(data["y"], data["p"])
    J = cj.ConfusionJacobian.from_tally(tally, threshold=0.2, coordinate="percentile")
    rows = cj.confusion_jacobian(data["y"], data["p"], threshold=0.2, coordinate="percentile")
    alerted = J.matrix[:, 1].sum() / 4000
    assert 0.2 <= alerted < 0.21
    np.testing.assert_allclose(J.jacobian, rows.jacobian, rtol=0.03)
    assert "edge of a bin" in J.diagnostics["threshold"]


def test_what_needs_rows_says_that_none_were_kept(data):
    J = cj.ConfusionJacobian.from_frame(relation(data), label="y", score="p")
    rows = cj.confusion_jacobian(data["y"], data["p"])
    for ask in (J.contributions, J.explore):
        with pytest.raises(cj.NotSupportedError, match="keeps no rows; pass labels and scores as arrays"):
            ask()
    found = cj.compare(rows, J, metrics=["accuracy"])
    assert not found.paired
    with pytest.raises(cj.InvalidInputError, match="are not known"):
        cj.compare(rows, J, paired=True)


def test_clusters_of_a_tally_alone_are_not_counted(data):
    tally = Tally.zero("logit", 2.0**-8, clustered=True).add(data["y"], data["p"], None, blocks_of(data["k"]))
    assert cj.ConfusionJacobian.from_tally(tally).diagnostics["sampling"] == "clusters of rows; class totals random"
    with pytest.raises(cj.InvalidInputError, match="does not fit a tally on the logit scale"):
        cj.ConfusionJacobian.from_tally(tally, coordinate="score")
    with pytest.raises(cj.InvalidInputError, match="expected a Tally"):
        cj.ConfusionJacobian.from_tally(data)
