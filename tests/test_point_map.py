"""Rows as points: which are shown, where, with what shapes, rings and words, on Matplotlib and Plotly."""

import builtins
import importlib.util
import json
import os
import subprocess
import sys
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import scale
from support import needs, needs_data

import conjac as cj
from conjac.contributions.sample import FLIPS, sample
from conjac.embedding import Coded, embed
from conjac.errors import InvalidInputError, MissingDependencyError
from conjac.inputs import Inputs
from conjac.views.summary.point_map import OTHERS, SHAPES

RNG = np.random.default_rng(0)
HOSTILE = ("<script>alert('1')</script> & $x_", '"مرحبا" 🎉 $y$ ' + "long" * 50)
pytestmark = pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")


UMAP = """
import sys
sys.modules["tensorflow"] = None  # which umap-learn loads where it can, for what is not used here
import numpy as np
from conjac.embedding import embed
found = embed(np.random.default_rng(0).normal(size=(20, 3)), "umap", 0)
assert found.points.shape == (20, 2), found
assert np.isfinite(found.points).all(), found
assert "UMAP (15 neighbours)" in found.told, found
"""


def table(n=600, k=2):
    y = RNG.integers(0, k, n)
    return RNG.normal(size=(n, 4)) + 1.2 * np.eye(max(k, 4))[y][:, :4], y


X2, Y2 = table()
MODEL = LogisticRegression().fit(X2, Y2)
J2 = cj.ConfusionJacobian.from_estimator(MODEL, X2, Y2)
ROWS = J2.contributions("fn")


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def drawn_points(ax):
    """Return the places of all points but the rings and the legend's own."""
    offsets = [
        np.asarray(c.get_offsets()) for c in ax.collections if c.get_sizes().max(initial=0) < 60 and c.axes is ax
    ]
    return np.concatenate([part for part in offsets if len(part)])


# Columns as numbers


def test_numbers_weigh_the_same_and_few_far_ones_do_not_take_all_room():
    X = RNG.normal(size=(500, 2)) * [1, 1000] + [0, 5000]
    X[0, 0] = 1e6
    values = Coded.of(Inputs.of(X)).values
    assert np.abs(values).max() == 3
    assert values[:, 1].std() == pytest.approx(1, abs=0.02)


def test_categories_are_one_hot_and_weigh_as_one_number():
    pd = needs("pandas")
    frame = pd.DataFrame(
        {
            "age": RNG.normal(50, 10, 300),
            "ward": RNG.choice(["n", "s", None], 300),
            "sex": pd.Categorical(RNG.choice(["f", "m"], 300)),
            "half": np.where(RNG.random(300) < 0.1, np.nan, RNG.integers(0, 2, 300)),
            "born": pd.date_range("2020", periods=300),
            "same": 1,
        }
    )
    frame.loc[3, "age"] = np.nan
    found = Coded.of(Inputs.of(frame))
    assert found.values.shape == (300, 1 + 3 + 2 + 1)
    assert np.isfinite(found.values).all()
    ward = found.values[:, -5:-2]
    assert ward.var(axis=0).sum() == pytest.approx(1)
    assert "missing values in 2 columns taken as the median of the column" in found.told[0]
    assert "born (dates" in found.told[1]
    assert "same (one value in all rows)" in found.told[1]


def test_what_tells_no_rows_apart_is_refused():
    with pytest.raises(InvalidInputError, match=r"no column by which rows can be placed \(x0: one value in all rows"):
        Coded.of(Inputs.of(np.ones((20, 2))))


# Planes


def test_components_are_those_of_scikit_learn_with_their_shares():
    values = scale(RNG.normal(size=(200, 5)) @ RNG.normal(size=(5, 5)))
    found, plain = embed(values, "pca", 0), PCA(2).fit(values)
    np.testing.assert_allclose(np.abs(found.points), np.abs(plain.transform(values)), atol=1e-8)
    shares = [f"component {k + 1} ({100 * part:.0f} %)" for k, part in enumerate(plain.explained_variance_ratio_)]
    assert list(found.axes) == shares


@pytest.mark.parametrize("n", [5, 8, 40, 150])
def test_neighbours_are_kept_near_and_few_rows_are_served(n):
    values = scale(np.repeat(np.eye(3) * 10, -(-n // 3), axis=0)[:n] + RNG.normal(size=(n, 3)))
    found = embed(values, "tsne", 0)
    assert found.points.shape == (n, 2)
    assert np.isfinite(found.points).all()
    assert f"perplexity {min(30, (n - 1) / 3):.3g}" in found.told
    assert "not to scale" in found.told
    np.testing.assert_array_equal(found.points, embed(values, "tsne", 0).points)


def test_umap_is_an_extra():
    """In a process of its own, where umap-learn is run as it is written: to compile it takes a minute."""
    if importlib.util.find_spec("umap") is None:
        needs("umap")
    plain = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    subprocess.run([sys.executable, "-c", UMAP], env=plain, check=True, timeout=300)


def test_without_umap_the_extra_is_named(monkeypatch):
    plain = builtins.__import__

    def without(name, *args, **options):
        if name.partition(".")[0] == "umap":
            raise ImportError(name)
        return plain(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"pip install 'conjac\[umap\]'"):
        embed(scale(RNG.normal(size=(40, 3))), "umap", 0)


def test_methods_are_named_and_neighbours_need_rows():
    with pytest.raises(InvalidInputError, match="method='mds': expected one of pca, tsne, umap"):
        embed(np.eye(9), "mds")
    with pytest.raises(InvalidInputError, match="expected 5 at least; pass 'pca'"):
        embed(np.eye(4), "tsne")
    assert embed(np.array([[1.0], [-1.0]]), "pca").axes == ("component 1 (100 %)", "component 2 (0 %)")


# Which rows


@settings(max_examples=20)
@given(seed=st.integers(0, 10**6), n=st.integers(4 * FLIPS, 700))
def test_rows_that_matter_are_always_shown(seed, n):
    found = sample(ROWS, n, seed)
    assert len(found.rows) == len(set(found.rows)) == min(n, len(ROWS))
    assert {*ROWS.next_to_flip(FLIPS, True, changing=True), *found.falling} <= set(found.rows)
    assert set(ROWS.top(n // 2)) <= set(found.rows)
    np.testing.assert_array_equal(found.rows, sample(ROWS, n, seed).rows)
    assert found.told.startswith(f"{n:,} of 600 rows" if n < 600 else "All 600 rows")


def test_the_others_are_in_proportion_to_the_cells():
    y = np.repeat([0, 1], [9000, 1000])
    score = 1 / (1 + np.exp(-RNG.normal(6.0 * y - 3, 0.7)))
    rows = cj.confusion_jacobian(y, score).contributions("fn")
    shown = sample(rows, 1000, 0).rows
    rest = np.setdiff1d(shown, rows.top())
    assert np.mean(y[rest] == 0) == pytest.approx(np.mean(np.delete(y, rows.top()) == 0), abs=0.02)


def test_too_few_points_are_refused():
    with pytest.raises(InvalidInputError, match="n_points=10: expected 32 at least"):
        sample(ROWS, 10)


# The picture


def test_points_are_the_rows_and_lead_back_to_them():
    picture = cj.PointMapDisplay.of(ROWS, X2, n_points=400, random_state=0).picture
    assert len(picture.row) == 400
    assert picture.n_rows == 600
    assert picture.shown == "400 of 600 rows"
    np.testing.assert_array_equal(picture.contribution, ROWS.contribution[list(picture.row)])
    np.testing.assert_array_equal(picture.margin, ROWS.margin[list(picture.row)])
    assert list(picture.true) == [str(Y2[row]) for row in picture.row]
    assert list(picture.rising) == ROWS.next_to_flip(FLIPS, changing=True).tolist()
    assert (np.diff(np.abs(picture.contribution)) >= 0).all()  # the strongest are painted last
    columns = picture.to_columns()
    assert columns["row"][0] == ROWS.top(1)[0]
    assert {len(column) for column in columns.values()} == {400}
    assert picture.flips.count("rises") == picture.flips.count("falls") == FLIPS
    assert f"row {picture.rising[0]}, true 1, from 1 to 0" in picture.description
    assert "400 of 600 rows: those that flip next" in picture.description


def test_each_row_is_where_its_own_columns_put_it():
    picture = cj.PointMapDisplay.of(ROWS, X2, random_state=0).picture
    points = embed(Coded.of(Inputs.of(X2)).values, "pca", 0).points[list(picture.row)]
    np.testing.assert_allclose(np.abs([picture.x, picture.y]), np.abs(points.T), atol=1e-9)


def test_of_many_classes_those_that_add_have_shapes_of_their_own():
    X, y = load_digits(return_X_y=True)
    model = LogisticRegression(C=0.01).fit(X / 16, y)
    one = cj.PointMapDisplay.from_estimator(model, X / 16, y, cell="cell[3, 8]", parameter="offset[8]").picture
    assert one.marks == ("true 3", OTHERS)
    assert {one.true[k] for k in np.flatnonzero(np.array(one.mark) == 0)} == {"3"}
    several = cj.PointMapDisplay.from_estimator(model, X / 16, y, cell="f1_macro").picture
    assert len(several.marks) == SHAPES
    assert several.marks[-1] == OTHERS


def test_rows_of_another_table_are_refused():
    with pytest.raises(InvalidInputError, match="X has 10 rows, and contributions are of 600"):
        cj.PointMapDisplay.of(ROWS, X2[:10])


# Displays


def test_an_estimator_is_drawn_at_once_by_what_moves_it_most():
    drawn = cj.PointMapDisplay.from_estimator(MODEL, X2, Y2, wrt="features")
    J = cj.ConfusionJacobian.from_estimator(MODEL, X2, Y2, wrt="features")
    assert drawn.picture.parameter == J.parameters[np.abs(J.center[1, 0]).argmax()]
    assert (
        drawn.ax_.get_title().replace("\n", " ")
        == f"What each row adds to the slope of false negatives by {drawn.picture.parameter}"
    )
    X, y = table(k=3)
    three = cj.PointMapDisplay.from_estimator(LogisticRegression().fit(X, y), X, y, ax=Figure().add_subplot())
    assert "the slope of cell[" in three.picture.title
    assert (
        ROWS.plot(X2, ax=Figure().add_subplot()).get_title().replace("\n", " ")
        == "What each row adds to the slope of false negatives"
    )


def test_every_point_is_drawn_with_rings_labels_and_a_bar():
    drawn = cj.PointMapDisplay.of(ROWS, X2).plot()
    picture, ax = drawn.picture, drawn.ax_
    points = drawn_points(ax)
    assert sorted(map(tuple, points)) == sorted(zip(picture.x, picture.y, strict=True))
    rings = [c for c in ax.collections if c.get_label().startswith("next as threshold")]
    assert [len(ring.get_offsets()) for ring in rings] == [FLIPS, FLIPS]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "true 0",
        "true 1",
        "next as threshold rises",
        "next as threshold falls",
    ]
    assert ax.get_xlabel() == picture.x_label
    assert f"row {picture.rising[0]}" in [text.get_text() for text in ax.texts]
    assert "600 rows" in [text.get_text() for text in ax.texts]
    bar = drawn.figure_.axes[1]
    assert bar.get_ylim() == pytest.approx((-picture.limit, picture.limit))
    assert bar.get_ylabel().startswith("per 1.0 of probability")


def test_direction_reads_without_colour():
    picture_ax = cj.PointMapDisplay.of(J2.contributions("f1"), X2).plot().ax_
    falls = [c for c in picture_ax.collections if c.get_gid() == "falls" and len(c.get_offsets())]
    rises = [c for c in picture_ax.collections if c.get_gid() == "rises" and len(c.get_offsets())]
    assert falls
    assert rises
    assert all(len(np.unique(c.get_facecolors(), axis=0)) == 1 for c in falls)  # the paper's
    assert "(hollow: below 0)" in picture_ax.figure.axes[1].get_ylabel()


def test_plotly_holds_every_point_and_tells_of_each():
    drawn = cj.PointMapDisplay.of(ROWS, X2, n_points=300, random_state=1)
    figure, picture = drawn.plotly("dark"), drawn.picture
    assert {trace.type for trace in figure.data} == {"scatter"}  # not WebGL, which a machine may lack
    points = [trace for trace in figure.data if trace.legendgroup is not None]
    assert sum(len(trace.x) for trace in points) == 300
    rings = [trace for trace in figure.data if trace.legendgroup is None]
    assert [trace.name for trace in rings] == ["next as threshold rises", "next as threshold falls"]
    told = [text for trace in points for text in trace.customdata]
    first = picture.rising[0]
    (one,) = (text for text in told if text.startswith(f"row {first}<br>"))
    assert "true 1<br>predicted 1<br>flips to 0, " in one
    assert figure.layout.coloraxis.cmax == -figure.layout.coloraxis.cmin == picture.limit
    assert figure.layout.meta["description"] == picture.description
    assert "300 of 600 rows" in [note.text for note in figure.layout.annotations]
    json.loads(figure.to_json())


def test_hostile_names_are_text_everywhere():
    pd = needs("pandas")
    labels = np.array(HOSTILE, dtype=object)
    frame = pd.DataFrame(X2, columns=["<b>$a$", "x" * 200, "c", "d"])
    model = LogisticRegression().fit(frame, labels[Y2])
    drawn = cj.PointMapDisplay.from_estimator(
        model, frame, labels[Y2], labels=list(HOSTILE), wrt="features", parameter="x" * 200, cell="f1"
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        drawn.figure_.canvas.draw()
    assert len(drawn.ax_.get_title()) < 120
    assert all(len(text.get_text()) < 45 for text in drawn.ax_.get_legend().get_texts())
    figure = drawn.plotly()
    shown = [text for trace in figure.data for text in (trace.name, *trace.customdata)]
    assert not any("<script" in text or "$" in text for text in shown)
    assert HOSTILE[1] in drawn.to_frame("pyarrow")["true"].to_pylist()


def test_the_picture_survives_json_undefined_ones_too():
    for found in (ROWS, cj.confusion_jacobian(Y2, MODEL.predict_proba(X2)[:, 1], threshold=1.5).contributions("fn")):
        drawn = cj.PointMapDisplay.of(found, X2)
        plain = drawn.to_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
        assert plain["schema"] == "conjac.pointmap/1"
        drawn.plot(Figure().add_subplot()).figure_.canvas.draw()
        drawn.plotly()


@pytest.mark.parametrize("name", ["letter_recognition", "secom"])
def test_real_tables_are_drawn(name):
    pd = needs("pandas")
    frame = pd.read_parquet(needs_data(name))
    label = {"letter_recognition": "lettr", "secom": "label"}[name]
    y, X = frame[label].to_numpy(), frame.drop(columns=[label])
    numbers = X.select_dtypes("number").fillna(0)
    model = LogisticRegression(C=1e-3, max_iter=200).fit(scale(numbers), y)
    drawn = cj.PointMapDisplay.from_estimator(model, scale(numbers), y, random_state=0)
    assert len(drawn.picture.row) <= 2000
    if name == "secom":
        rows = cj.ConfusionJacobian.from_estimator(model, scale(numbers), y).contributions("fn")
        notes = " ".join(cj.PointMapDisplay.of(rows, X).picture.notes)
        assert "missing values in" in notes
        assert "Left out:" in notes
