"""Slopes by pixel as images: where each lies, what is marked, and what image-shaped input becomes."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import PathCollection, QuadMesh
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError
from conjac.views.charts.tiles import Tiles
from conjac.views.summary.pixels import MOST
from conjac.views.theme import DARK, LIGHT

pytestmark = pytest.mark.filterwarnings("ignore:fewer than 5 effective rows:conjac.ConjacWarning")

X, Y = load_digits(return_X_y=True)
TRAIN, TEST = slice(0, 900), slice(900, None)
SHAPE = (8, 8)
MODEL = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=1000)).fit(X[TRAIN], Y[TRAIN])


@pytest.fixture(scope="module")
def slopes():
    return cj.ConfusionJacobian.from_estimator(MODEL, X[TEST], Y[TEST], wrt="features")


@pytest.fixture(scope="module")
def display(slopes):
    return cj.PixelDisplay.of(slopes, SHAPE)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def mesh_of(ax):
    (mesh,) = (c for c in ax.collections if isinstance(c, QuadMesh))
    return mesh


def marks(ax):
    return sum(len(c.get_offsets()) for c in ax.collections if isinstance(c, PathCollection))


# ---- the picture


def test_each_image_is_the_slope_of_its_class_s_recall_by_each_pixel(slopes, display):
    picture = display.picture
    assert [image.name for image in picture.images] == [str(k) for k in range(10)]
    for k, image in enumerate(picture.images):
        told = slopes.of(f"recall[{k}]")
        value, lower = np.array(image.value).ravel(), np.array(image.lower).ravel()
        for name, slope, low in zip(slopes.parameters, told.gradient, told.confint().lower, strict=True):
            assert (value[int(name[1:])], lower[int(name[1:])]) == (slope, low)
    drifting = {int(name[1:]) for name in slopes.parameters}
    blank = np.flatnonzero(np.isnan(picture.images[0].value))
    assert set(blank.tolist()) == set(range(64)) - drifting != set()


def test_signs_are_where_the_interval_leaves_zero_out(display):
    for image in display.picture.images:
        lower, upper, sign = (np.array(side) for side in (image.lower, image.upper, image.sign))
        np.testing.assert_array_equal(sign, (lower > 0).astype(int) - (upper < 0))
    assert {v for image in display.picture.images for row in image.sign for v in row} == {-1, 0, 1}


@pytest.mark.parametrize(("metric", "title"), [("f1_macro", "F1 macro"), ("cell[8, 1]", "Cell [8, 1]")])
def test_one_figure_is_one_image(slopes, metric, title):
    picture = cj.PixelDisplay.of(slopes, SHAPE, metric).picture
    (image,) = picture.images
    assert picture.title == f"{title} by a drift of 1 sd of each pixel"
    value = np.array(image.value).ravel()[[int(name[1:]) for name in slopes.parameters]]
    np.testing.assert_allclose(value, slopes.jacobian[8, 1] if "cell" in metric else slopes.of(metric).gradient)


def test_units_are_told(display):
    raw = cj.ConfusionJacobian.from_estimator(MODEL, X[TEST], Y[TEST], wrt=cj.Features(unit="raw"))
    assert cj.PixelDisplay.of(raw, SHAPE).picture.unit == "change per 1"
    assert display.picture.unit == "change per 1 sd"
    assert "Sensitivity, not importance." in display.picture.description
    assert "Steepest: 8, row " in display.picture.description


def test_the_table_has_every_pixel_of_every_image_and_survives_json(display):
    columns = display.picture.to_columns()
    assert {len(column) for column in columns.values()} == {640}
    place = next(k for k in range(640) if (columns["image"][k], columns["row"][k], columns["column"][k]) == ("8", 5, 2))
    assert columns["value"][place] == display.picture.images[8].value[5][2]
    plain = display.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["schema"] == "conjac.pixels/1"


def test_columns_of_a_frame_are_pixels_by_their_names():
    pandas = needs("pandas")
    names = [f"pixel_{k // 8}_{k % 8}" for k in range(64)]
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=1000))
    frame = pandas.DataFrame(X, columns=names)
    model.fit(frame[TRAIN], Y[TRAIN])
    drawn = cj.PixelDisplay.from_estimator(model, frame[TEST], Y[TEST], ax=Figure().add_subplot())
    same = cj.PixelDisplay.from_estimator(MODEL, X[TEST], Y[TEST], ax=Figure().add_subplot())
    np.testing.assert_allclose(drawn.picture.images[8].value, same.picture.images[8].value)
    J = cj.ConfusionJacobian.from_estimator(model, frame[TEST], Y[TEST], wrt="features")
    with pytest.raises(
        InvalidInputError, match="parameter 'pixel_0_1' is none of the pixels; pass shape=, and pixels="
    ):
        cj.PixelDisplay.of(J, SHAPE)
    again = cj.PixelDisplay.of(J, SHAPE, pixels=names)
    np.testing.assert_array_equal(again.picture.images[8].value, drawn.picture.images[8].value)


def test_images_are_rows_of_pixels_for_the_model(display):
    images = X[TEST].reshape(-1, 8, 8)
    drawn = cj.PixelDisplay.from_estimator(MODEL, images, Y[TEST], ax=Figure().add_subplot())
    np.testing.assert_array_equal(*[[image.value for image in one.picture.images] for one in (drawn, display)])
    np.testing.assert_allclose(drawn.picture.images[3].beneath, images[Y[TEST] == 3].mean(axis=0))
    bare = cj.PixelDisplay.from_estimator(MODEL, images, Y[TEST], outline=False, ax=Figure().add_subplot())
    assert bare.to_dict() == display.to_dict()
    wide = cj.PixelDisplay.from_estimator(MODEL, X[TEST], Y[TEST], shape=(4, 16), ax=Figure().add_subplot())
    assert wide.picture.shape == (4, 16)


def test_what_is_no_image_is_refused(slopes):
    with pytest.raises(InvalidInputError, match=r"shape=8: expected \(height, width\)"):
        cj.PixelDisplay.of(slopes, 8)
    with pytest.raises(InvalidInputError, match="is none of the pixels"):
        cj.PixelDisplay.of(slopes, (7, 8))
    with pytest.raises(InvalidInputError, match=r"shape=\(7, 8\): 56 pixels, and there are 64"):
        cj.PixelDisplay.from_estimator(MODEL, X[TEST], Y[TEST], shape=(7, 8))
    with pytest.raises(InvalidInputError, match=r"X has 60 pixels, which are no square; pass shape="):
        cj.PixelDisplay.from_estimator(MODEL, X[TEST, :60], Y[TEST])
    with pytest.raises(InvalidInputError, match="the parameters are no pixels; ask for wrt='features'"):
        cj.PixelDisplay.of(cj.confusion_jacobian(Y[TEST], MODEL.predict_proba(X[TEST])), SHAPE)
    with pytest.raises(InvalidInputError, match=r"beneath has shape \(10, 4, 4\); expected \(10, 8, 8\)"):
        cj.PixelDisplay.of(slopes, SHAPE, beneath=np.zeros((10, 4, 4)))


def test_of_more_classes_than_fit_the_steepest_are_shown_in_their_order():
    k = MOST + 4
    y = np.arange(3000) % k
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, k)) + 2 * np.eye(k)[y]
    J = cj.ConfusionJacobian.from_estimator(lambda rows: 1.0 * rows, rows, y, wrt="features", labels=range(k))
    picture = cj.PixelDisplay.of(J, (5, 6)).picture
    size = [np.nanmax(np.abs(J.of(f"recall[{label}]").gradient)) for label in range(k)]
    assert [image.name for image in picture.images] == [str(j) for j in sorted(np.argsort(size)[-MOST:].tolist())]
    assert picture.left_out == 4
    drawn = cj.PixelDisplay(picture).plot(Figure().add_subplot())
    assert any(f"The first {MOST} of {k}." in text.get_text() for text in drawn.ax_.texts)


# ---- where images lie


@given(
    n=st.integers(1, 30),
    shape=st.tuples(st.integers(1, 30), st.integers(1, 30)),
    room=st.tuples(st.floats(60, 2000), st.floats(60, 2000)),
    line=st.floats(5, 20),
)
def test_tiles_do_not_overlap_and_leave_room_for_names(n, shape, room, line):
    tiles = Tiles.of(n, shape, room, line)
    taken = np.zeros(tiles.extent, dtype=int)
    for row, column in tiles.corners:
        assert row >= 1
        taken[row : row + shape[0], column : column + shape[1]] += 1
        assert not taken[row - 1, column : column + shape[1]].any()
    assert taken.max() == 1
    assert taken.sum() == n * shape[0] * shape[1]
    found = tiles.together([np.full(shape, k) for k in range(n)])
    assert np.isnan(found).sum() == taken.size - taken.sum()


# ---- what is drawn


def test_one_axes_holds_all_images_on_one_scale_around_zero(display):
    figure, axes = plt.subplots(1, 2)
    assert display.plot(axes[0]) is display
    assert display.ax_ is axes[0]
    assert len(figure.axes) == 3  # the two, and the colour bar
    low, high = mesh_of(axes[0]).get_clim()
    assert low == -high == -np.nanmax(np.abs([image.value for image in display.picture.images]))
    drawn = mesh_of(axes[0]).get_array()
    assert np.ma.count(drawn) == np.isfinite([image.value for image in display.picture.images]).sum()
    names = [text.get_text() for text in axes[0].texts]
    assert names[:10] == [str(k) for k in range(10)]
    assert axes[0].get_aspect() == 1
    assert figure.axes[2].get_ylabel() == "change per 1 sd"
    assert not axes[1].has_data()


def test_slopes_that_are_told_apart_have_a_sign(display):
    known = np.count_nonzero([image.sign for image in display.picture.images])
    large = display.plot(Figure(figsize=(11, 7)).add_subplot()).ax_
    assert marks(large) == known
    small = display.plot(Figure(figsize=(2, 1.5)).add_subplot()).ax_
    assert 0 < marks(small) < known


def test_the_outline_of_the_mean_image_lies_beneath(slopes, display):
    means = np.stack([X[TEST][Y[TEST] == k].mean(axis=0).reshape(SHAPE) for k in range(10)])
    outlined = cj.PixelDisplay.of(slopes, SHAPE, beneath=means)
    n = len(display.plot(Figure().add_subplot()).ax_.collections)
    assert len(outlined.plot(Figure().add_subplot()).ax_.collections) == n + 10
    assert len(outlined.plotly().data) == 11
    flat = cj.PixelDisplay.of(slopes, SHAPE, beneath=np.ones((10, *SHAPE)))
    assert len(flat.plot(Figure().add_subplot()).ax_.collections) == n


@pytest.mark.parametrize("size", [(3.2, 2.4), (6.4, 4.2), (11.0, 7.0)])
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_names_stay_above_their_images_and_within_the_figure(display, size, style):
    with plt.style.context(style):
        figure, ax = plt.subplots(figsize=size, layout="constrained")
        display.plot(ax)
        figure.draw_without_rendering()
    names = ax.texts[:10]
    tiles = [patch.get_window_extent() for patch in ax.patches]
    for text, tile in zip(names, tiles, strict=True):
        box = text.get_window_extent()
        assert box.y0 >= tile.y1 - 3
        assert not any(box.overlaps(other) for other in tiles if other is not tile and abs(other.y1 - tile.y1) > 1)
    boxes = [text.get_window_extent() for text in (*ax.texts, ax.title)]
    assert min(box.x0 for box in boxes) >= -1
    assert max(box.x1 for box in boxes) <= figure.bbox.width + 1
    assert max(box.y1 for box in boxes) <= figure.bbox.height + 1


def test_themes_follow_the_style_and_are_asked_for_on_plotly(display):
    with plt.style.context("dark_background"):
        ax = display.plot().ax_
    assert ax.texts[0].get_color() == DARK.ink
    assert display.plotly("dark").layout.paper_bgcolor == DARK.paper
    assert display.plotly().layout.paper_bgcolor == LIGHT.paper


def test_plotly_tells_the_class_the_pixel_and_the_interval(display):
    figure = display.plotly()
    (trace,) = figure.data
    assert trace.zmin == -trace.zmax
    told = [text for row in trace.customdata for text in row if text]
    assert len(told) == 640
    image = display.picture.images[8]
    (one,) = (text for text in told if text.startswith("8<br>row 5, column 2<br>"))
    assert f"{image.value[5][2]:+#.3g}".replace("-", "−") in one
    assert f"{image.lower[5][2]:+#.3g}".replace("-", "−") in one
    assert [note.text for note in figure.layout.annotations] == [str(k) for k in range(10)]
    assert figure.layout.meta["description"] == display.picture.description
    json.loads(figure.to_json())


def test_hostile_labels_are_text_everywhere():
    names = np.array(["<script>alert('1')</script> & $x_", "long" * 50], dtype=object)
    y = (Y[TEST] > 4).astype(int)
    J = cj.ConfusionJacobian.from_estimator(
        lambda rows: MODEL.predict_proba(rows)[:, 5:].sum(axis=1), X[TEST], names[y], labels=names, wrt="features"
    )
    display = cj.PixelDisplay.of(J, SHAPE).plot()
    display.figure_.draw_without_rendering()
    figure = display.plotly()
    shown = [note.text for note in figure.layout.annotations] + list(np.ravel(figure.data[0].customdata))
    assert not any("<script" in text or "$" in text for text in shown)
    assert all(len(text.get_text()) < 60 for text in display.ax_.texts[:2])


def test_nothing_known_is_still_a_figure():
    y = np.arange(40) % 2
    J = cj.ConfusionJacobian.from_estimator(
        lambda rows: 1 + rows.sum(axis=1) ** 2, np.random.default_rng(0).normal(size=(40, 4)), y, wrt="features"
    )
    display = cj.PixelDisplay.of(J, (2, 2)).plot()
    display.figure_.draw_without_rendering()
    json.loads(display.plotly().to_json())
