"""Displays of the matrix and its Jacobian: what is drawn, with what limits and labels, on Matplotlib and Plotly."""

import json
import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError
from conjac.views.charts.room import SMALLEST
from conjac.views.displays import Display
from conjac.views.summary.heatmap import STRONGEST
from conjac.views.theme import DARK, LIGHT

RNG = np.random.default_rng(0)
HOSTILE = ("<script>alert('1')</script> & $x_", '"مرحبا" 🎉 $y$ ' + "long" * 50)


def two(n=2000, labels=(0, 1)):
    y = RNG.integers(0, 2, n)
    return np.array(labels, dtype=object)[y], 1 / (1 + np.exp(-RNG.normal(2 * y - 1, 1)))


def several(k, n=4000):
    y = RNG.integers(0, k, n)
    u = RNG.normal(size=(n, k)) + 2 * np.eye(k)[y]
    return y, np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)


J2 = cj.confusion_jacobian(*two())
J3 = cj.confusion_jacobian(*several(3))
with pytest.warns(ConjacWarning, match="few"):
    J26 = cj.confusion_jacobian(*several(26))
with warnings.catch_warnings():
    warnings.simplefilter("ignore", ConjacWarning)  # few rows at some facets
    MADE = {k: cj.confusion_jacobian(*several(k)) for k in (2, 3, 4, 5, 6, 10, 12)} | {26: J26}
BOTH = pytest.mark.parametrize("display", [cj.ConfusionMatrixDisplay, cj.ConfusionJacobianDisplay])


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def mesh_of(ax):
    (mesh,) = (c for c in ax.collections if isinstance(c, QuadMesh))
    return mesh


@BOTH
def test_drawing_computes_nothing_and_may_be_repeated(display):
    drawn = display.of(J2)
    assert not hasattr(drawn, "ax_")
    before = drawn.to_dict()
    first, second = Figure().add_subplot(), Figure().add_subplot()
    assert drawn.plot(first) is drawn
    assert drawn.plot(second).ax_ is second
    assert drawn.figure_ is second.figure
    assert drawn.to_dict() == before
    assert [t.get_text() for t in first.texts] == [t.get_text() for t in second.texts]


@BOTH
def test_estimators_and_predictions_draw_at_once_and_agree(display):
    X = RNG.normal(size=(2000, 3))
    y = (X[:, 0] + RNG.normal(size=2000) > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    grid, axes = plt.subplots(1, 2)
    one = display.from_estimator(model, X, y, ax=axes[0])
    other = display.from_predictions(y, model.predict_proba(X)[:, 1], ax=axes[1])
    assert one.figure_ is other.figure_ is grid
    assert one.picture == other.picture
    assert display.from_estimator(model, X, y, threshold=0.3, normalize="true").ax_.figure is not grid


def test_the_matrix_is_drawn_with_its_intervals_by_the_share_of_its_class():
    drawn = cj.ConfusionMatrixDisplay.of(J2).plot(Figure().add_subplot())
    texts = [text.get_text() for text in drawn.ax_.texts]
    assert texts[::2] == [str(v) for v in J2.matrix.ravel()]
    assert all(text.startswith("[") for text in texts[1::2])
    np.testing.assert_allclose(mesh_of(drawn.ax_).get_array(), J2.matrix / J2.matrix.sum(axis=1, keepdims=True))
    assert mesh_of(drawn.ax_).get_clim()[0] == 0
    assert [t.get_text() for t in drawn.ax_.get_xticklabels()] == ["predicted\n0", "predicted\n1"]
    assert [t.get_text() for t in drawn.ax_.get_yticklabels()] == ["true\n0", "true\n1"]


def test_offsets_are_each_column_by_its_own_or_all_by_one():
    own = cj.ConfusionJacobianDisplay.of(J3).picture
    np.testing.assert_allclose(own.value, np.einsum("ykk->yk", J3.jacobian) * 0.1)
    by_one = cj.ConfusionJacobianDisplay.of(J3, "offset[2]").picture
    np.testing.assert_allclose(by_one.value, J3.jacobian[..., 2] * 0.1)
    np.testing.assert_allclose(np.array(by_one.lower), J3.confint().lower[..., 2] * 0.1)
    assert own.unit == by_one.unit == "per 0.1 of offset"


def test_many_parameters_are_rows_the_strongest_first():
    n = 30
    X = RNG.normal(size=(3000, n))
    y = (X @ np.linspace(2, 0, n) / 3 + RNG.normal(size=3000) > 0).astype(int)
    J = cj.ConfusionJacobian.from_estimator(LogisticRegression().fit(X, y), X, y, wrt="features")
    picture = cj.ConfusionJacobianDisplay.of(J).picture
    assert picture.columns == ("false positives", "true positives")
    assert len(picture.rows) == STRONGEST
    assert picture.left_out == n - STRONGEST
    size = np.abs(picture.value).max(axis=1)
    assert size.tolist() == sorted(size, reverse=True)
    place = J.parameters.index(picture.rows[0])
    np.testing.assert_allclose(picture.value[0], J.jacobian[[0, 1], [1, 1], place])
    one = cj.ConfusionJacobianDisplay.of(J, "x3").picture
    np.testing.assert_allclose(one.value, J.jacobian[..., 3])
    J.plot(ax=Figure().add_subplot(), parameter="x3")


def test_of_several_classes_the_right_ones_are_the_columns():
    y, p = several(3)
    X = np.log(p)
    J = cj.ConfusionJacobian.from_estimator(lambda X: X, X, y, wrt="features")
    picture = cj.ConfusionJacobianDisplay.of(J).picture
    assert picture.columns == ("right: 0", "right: 1", "right: 2")
    place = J.parameters.index(picture.rows[0])
    np.testing.assert_allclose(picture.value[0], np.einsum("kkp->kp", J.jacobian)[:, place])


def test_an_unknown_parameter_is_told_with_those_there_are():
    with pytest.raises(InvalidInputError, match=r"parameter='C': expected one of offset\[0\]"):
        cj.ConfusionJacobianDisplay.of(J3, "C")


def test_twenty_six_classes_have_signs_and_a_colour_bar():
    drawn = cj.ConfusionJacobianDisplay.of(J26).plot()
    assert {text.get_text() for text in drawn.ax_.texts} <= {"+", "−"}
    assert len(drawn.figure_.axes) == 2  # and the colour bar
    assert drawn.figure_.axes[1].get_ylabel() == "change per 0.1 of offset"
    low, high = mesh_of(drawn.ax_).get_clim()
    assert low == -high


@BOTH
def test_without_its_diagonal_the_errors_set_the_scale(display):
    drawn = display.of(J26).without_diagonal().plot(Figure().add_subplot())
    assert type(drawn) is display
    shade = np.array(drawn.picture.shade)
    assert np.isnan(np.diag(shade)).all()
    assert drawn.picture.value == display.of(J26).picture.value
    assert mesh_of(drawn.ax_).get_clim()[1] == np.nanmax(np.abs(shade))


@BOTH
@pytest.mark.parametrize("J", [J2, J3, J26], ids=["2", "3", "26"])
def test_plotly_draws_the_same_cells(display, J):
    drawn = display.of(J)
    figure = drawn.plotly()
    (trace,) = figure.data
    np.testing.assert_allclose(np.array(trace.z, dtype=float), drawn.picture.shade)
    signed = display is cj.ConfusionJacobianDisplay
    assert trace.zmin == (-trace.zmax if signed else 0)
    assert len(trace.customdata) == len(drawn.picture.rows)
    assert list(figure.layout.xaxis.ticktext) == list(drawn.picture.columns)
    assert figure.layout.meta["description"] == drawn.picture.description
    assert (trace.text is None) == (len(drawn.picture.columns) > 12)
    json.loads(figure.to_json())


def test_the_text_of_a_display_says_what_is_drawn():
    shown = cj.ConfusionMatrixDisplay.of(J2)
    assert repr(shown) == repr(shown.plot()) == "ConfusionMatrixDisplay(Confusion matrix at a threshold of 0.5)"


def test_themes_follow_the_style_and_are_asked_for_on_plotly():
    with plt.style.context("dark_background"):
        drawn = cj.ConfusionJacobianDisplay.of(J2).plot()
    assert {text.get_color() for text in drawn.ax_.texts} <= {DARK.pale, DARK.strong, DARK.ink}
    assert drawn.plotly("dark").layout.paper_bgcolor == DARK.paper
    assert drawn.plotly().layout.paper_bgcolor == LIGHT.paper
    with pytest.raises(InvalidInputError, match="theme='sepia': expected one of light, dark"):
        drawn.plotly("sepia")


@BOTH
def test_hostile_labels_are_text_everywhere(display):
    drawn = display.of(cj.confusion_jacobian(*two(labels=HOSTILE), labels=HOSTILE)).plot()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # Matplotlib's font has not all of them
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        drawn.figure_.canvas.draw()
    assert all(len(t.get_text()) < 40 for t in drawn.ax_.get_xticklabels())
    shown = [*drawn.plotly().layout.xaxis.ticktext, *np.ravel(drawn.plotly().data[0].customdata)]
    assert not any("<script" in text or "$" in text for text in shown)
    assert HOSTILE[1] in drawn.to_frame("pyarrow")["true"].to_pylist()


@BOTH
def test_the_table_behind_holds_every_cell_and_survives_json(display):
    drawn = display.of(J3)
    columns = drawn.picture.to_columns()
    assert {len(column) for column in columns.values()} == {9}
    np.testing.assert_allclose(columns["value"], np.ravel(drawn.picture.value))
    plain = drawn.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["schema"] == "conjac.heatmap/1"


def test_undefined_cells_are_blank_and_said_to_be():
    drawn = cj.ConfusionJacobianDisplay.of(cj.confusion_jacobian(*two(), threshold=1.5)).plot()
    assert "No slope is defined here." in drawn.picture.description
    assert {text.get_text() for text in drawn.ax_.texts} == {"undefined", "no interval"}


def test_all_displays_are_final_and_public():
    for one in Display.__subclasses__():
        for final in one.__subclasses__() or [one]:
            assert final.__subclasses__() == []
            assert getattr(cj, final.__name__) is final


SIZES = [(3.2, 2.4), (6.4, 4.2), (11.0, 7.0)]
LONG = ["a long name of a class", "<script>alert(1)</script>", "long" * 50]


def spilled(ax):
    """Return the texts of cells that are larger than their cell, as drawn."""
    (left, top), (right, bottom) = ax.transData.transform([(-0.5, -0.5), (0.5, 0.5)])
    cell = abs(right - left), abs(top - bottom)
    boxes = {text.get_text(): text.get_window_extent() for text in ax.texts}
    return [text for text, box in boxes.items() if box.width > cell[0] + 1 or box.height > cell[1] + 1]


@BOTH
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("k", [2, 3, 4, 5, 6, 10, 12, 26])
@pytest.mark.parametrize("layout", ["constrained", None])
def test_what_does_not_fit_its_cell_is_not_drawn(display, size, k, layout):
    figure = Figure(figsize=size, layout=layout)
    drawn = display.of(MADE[k]).plot(figure.add_subplot())
    figure.draw_without_rendering()
    assert spilled(drawn.ax_) == []
    assert all(text.get_fontsize() >= SMALLEST for text in drawn.ax_.texts)
    if not any(text.get_text() not in "+−" for text in drawn.ax_.texts):
        assert len(figure.axes) == 2  # without numbers, a colour bar


def test_more_is_told_where_there_is_more_room():
    def told(size, k=10):
        ax = Figure(figsize=size, layout="constrained").add_subplot()
        return {text.get_text() for text in cj.ConfusionJacobianDisplay.of(MADE[k]).plot(ax).ax_.texts}

    assert told(SIZES[0]) <= {"+", "−"}
    assert len(told(SIZES[1])) > 10
    assert not any(text.startswith("[") for text in told(SIZES[0], 5))
    assert any(text.startswith("[") for text in told(SIZES[2], 5))


@BOTH
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("k", [3, 26])
def test_names_lie_within_the_figure_and_apart(display, size, k):
    labels = LONG if k == 3 else [f"{chr(97 + j)} class of {j}" for j in range(k)]
    y, p = several(k)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConjacWarning)
        J = cj.confusion_jacobian(np.array(labels)[y], p, labels=labels)
    figure = Figure(figsize=size, layout="constrained")
    ax = display.of(J).plot(figure.add_subplot()).ax_
    figure.draw_without_rendering()
    for labels, side in ((ax.get_xticklabels(), "x"), (ax.get_yticklabels(), "y")):
        boxes = sorted(
            (getattr(t.get_window_extent(), f"{side}0"), getattr(t.get_window_extent(), f"{side}1")) for t in labels
        )
        assert all(end <= start + 1 for (_, end), (start, _) in pairwise(boxes))
    boxes = [text.get_window_extent() for text in (ax.title, *ax.get_xticklabels(), *ax.get_yticklabels())]
    assert min(min(box.x0, box.y0) for box in boxes) >= -1
    assert max(box.x1 for box in boxes) <= figure.bbox.width + 1
    assert max(box.y1 for box in boxes) <= figure.bbox.height + 1
