"""Surfaces drawn: shades and contours from above, in three dimensions on Plotly, the best node with what is as good."""

import json
import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver
from sklearn.linear_model import LogisticRegression
from support import needs, needs_data

import conjac as cj
from conjac.errors import InvalidInputError
from conjac.training.surfaces.interpolate import Interpolant
from conjac.views.summary.surfaceplot import ARROWS, FINE, LINES
from conjac.views.theme import DARK, LIGHT

RNG = np.random.default_rng(0)


def binary(n=2000):
    y = RNG.integers(0, 2, n)
    return RNG.normal(size=(n, 3)) + 0.8 * y[:, None], y


X, Y = binary()
TRAINING = binary(1000)
OVER_C = cj.surface(
    LogisticRegression(), X, Y, {"C": [1e-3, 1e-2, 0.1, 1], "threshold": [0.3, 0.5, 0.7]}, "f1", TRAINING
)
OVER_DRIFT = cj.surface(
    lambda X: X.sum(axis=1), X, Y, {"threshold": [0.0, 1.0, 2.0, 99.0], "drift[x0]": [-1.0, 0.0, 1.0]}, "precision"
)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def labelled(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def only(ax, kind):
    (found,) = (c for c in ax.collections if isinstance(c, kind))
    return found


def marked(ax, words):
    """Return where a mark lies whose label begins so."""
    (line,) = (line for label, line in labelled(ax).items() if label.startswith(words))
    return np.column_stack(line.get_data())


def undefined_at(surface, places):
    value = surface.value.copy()
    for place in places:
        value[place] = np.nan
    at = [np.log(v) if s == "log" else v.copy() for v, s in zip(surface.values, surface.scales, strict=True)]
    return replace(surface, value=value, _interpolant=Interpolant.of(*at, value, surface.gradient))


def test_the_picture_holds_the_nodes_and_what_lies_between():
    picture = cj.SurfaceDisplay.of(OVER_C).picture
    np.testing.assert_array_equal(picture.value, OVER_C.value)
    np.testing.assert_array_equal(picture.stderr, OVER_C.stderr)
    np.testing.assert_array_equal(picture.first_slope, OVER_C.gradient[..., 0])
    assert np.shape(picture.drawn) == (FINE, FINE)
    np.testing.assert_array_equal(picture.drawn[7], OVER_C.at(picture.first.fine[7], picture.second.fine).value)
    np.testing.assert_allclose(np.diff(np.log(picture.first.fine)).std(), 0, atol=1e-12)  # evenly as it is drawn
    assert (picture.first.scale, picture.second.scale) == ("log", "linear")


def test_the_best_node_and_those_as_good_are_marked():
    best = OVER_C.best()
    display = cj.SurfaceDisplay.of(OVER_C).plot()
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_yscale() == "linear"
    np.testing.assert_array_equal(marked(display.ax_, "best"), [list(best.values.values())])
    assert f"best: {best.value:.3g} ± {best.stderr:.2g}" in labelled(display.ax_)
    alike = OVER_C.alike()
    assert alike.sum() == best.n_alike + 1
    i, j = np.nonzero(alike & (OVER_C.value != best.value))
    np.testing.assert_array_equal(
        marked(display.ax_, "within 1 stderr"), np.column_stack([OVER_C.values[0][i], OVER_C.values[1][j]])
    )
    (dots,) = (line for line in display.ax_.lines if line.get_gid() == "nodes")
    assert len(dots.get_xdata()) == OVER_C.value.size


def test_of_costs_the_least_is_the_best_and_what_is_as_good():
    cost = replace(OVER_C, greater_is_better=False)
    assert cost.best().value == OVER_C.value.min()
    np.testing.assert_array_equal(cost.alike(), OVER_C.value <= OVER_C.value.min() + cost.best().stderr)


def test_shades_and_contours_are_those_of_the_surface():
    display = cj.SurfaceDisplay.of(OVER_C).plot()
    mesh = only(display.ax_, QuadMesh)
    np.testing.assert_array_equal(mesh.get_array().reshape(FINE, FINE), np.transpose(display.picture.drawn))
    assert mesh.get_clim() == (OVER_C.value.min(), OVER_C.value.max())
    levels = only(display.ax_, QuadContourSet).levels
    assert len(levels) >= 2
    assert (levels > OVER_C.value.min()).all()
    assert (levels < OVER_C.value.max()).all()
    assert display.figure_.axes[1].get_ylabel() == "F1"
    assert display.ax_.get_xlim() == (OVER_C.values[0][0], OVER_C.values[0][-1])
    assert (display.ax_.get_xlabel(), display.ax_.get_ylabel()) == ("C (log scale)", "threshold")


def test_arrows_point_uphill():
    assert cj.SurfaceDisplay.of(OVER_C).picture.arrows == ()
    display = cj.SurfaceDisplay.of(OVER_C, arrows=True).plot()
    arrows = np.array(display.picture.arrows)
    assert len(arrows) == ARROWS**2
    x, y, right, up = arrows.T
    low, high = np.log(OVER_C.values[0][[0, -1]])
    gradient = OVER_C.at(x, y).gradient
    np.testing.assert_allclose(right, gradient[:, 0] * (high - low))
    np.testing.assert_allclose(up, gradient[:, 1] * np.ptp(OVER_C.values[1]))
    small = 1e-4 / np.hypot(right, up)
    ahead = OVER_C.at(x * np.exp(small * right * (high - low)), y + small * up * np.ptp(OVER_C.values[1]))
    assert (ahead.value > OVER_C.at(x, y).value).all()
    assert len(only(display.ax_, Quiver).U) == ARROWS**2
    assert "uphill" in labelled(display.ax_)


def test_little_is_drawn_where_there_is_little_room():
    ax = Figure(figsize=(3.2, 2.4)).add_subplot()
    cj.SurfaceDisplay.of(OVER_C, arrows=True).plot(ax)
    assert not [c for c in ax.collections if isinstance(c, Quiver)]
    assert "uphill" not in labelled(ax)


def test_undefined_nodes_are_blank_hatched_and_said_to_be():
    surface = undefined_at(OVER_C, [(0, 0), (0, 1)])
    display = cj.SurfaceDisplay.of(surface, arrows=True).plot()
    assert "Undefined at 2 nodes, left blank." in display.picture.description
    assert len(marked(display.ax_, "undefined")) == 2
    assert np.ma.getmaskarray(only(display.ax_, QuadMesh).get_array()).any()
    assert [patch.get_hatch() for patch in display.ax_.patches] == ["///"]
    assert len(display.picture.arrows) < ARROWS**2
    display.figure_.canvas.draw()
    whole = cj.SurfaceDisplay.of(OVER_C).plot()
    assert not list(whole.ax_.patches)


def test_a_surface_defined_nowhere_is_said_to_be():
    surface = undefined_at(OVER_C, list(np.ndindex(OVER_C.value.shape)))
    with pytest.raises(InvalidInputError, match="defined at no node"):
        surface.alike()
    display = cj.SurfaceDisplay.of(surface, arrows=True).plot()
    display.figure_.canvas.draw()
    assert [text.get_text() for text in display.ax_.texts] == ["undefined at all nodes"]
    assert display.picture.description == "F1 is defined at no node."
    json.loads(display.plotly().to_json())
    json.loads(display.plotly_flat().to_json())


def test_where_nothing_is_alerted_precision_is_what_its_convention_says():
    drawn = cj.SurfaceDisplay.of(OVER_DRIFT)
    assert drawn.picture.second.label == "drift[x0] (sd)"
    drawn.plot().figure_.canvas.draw()


def test_a_flat_surface_is_drawn():
    value = np.full_like(OVER_C.value, 0.25)
    flat = replace(
        OVER_C,
        value=value,
        _interpolant=Interpolant.of(np.log(OVER_C.values[0]), OVER_C.values[1].copy(), value, 0 * OVER_C.gradient),
    )
    display = cj.SurfaceDisplay.of(flat, arrows=True).plot()
    display.figure_.canvas.draw()
    assert not [c for c in display.ax_.collections if isinstance(c, QuadContourSet)]
    display.plotly_flat()


def test_a_second_offset_is_an_axis_of_three_classes():
    y = RNG.integers(0, 3, 1500)
    u = RNG.normal(size=(1500, 3)) + 1.5 * np.eye(3)[y]
    over = {"offset[1]": np.linspace(-1, 1, 5), "offset[2]": np.linspace(-0.5, 1, 4)}
    surface = cj.surface(lambda u: u, u, y, over, "recall[2]")
    for i, first in enumerate(over["offset[1]"]):
        for j, second in enumerate(over["offset[2]"]):
            predicted = (u + np.array([0, first, second])).argmax(axis=1)
            assert surface.value[i, j] == (predicted[y == 2] == 2).mean()
    J = cj.confusion_jacobian(y, u, offsets=[0, 1.0, -0.5]).of("recall[2]")
    np.testing.assert_allclose(surface.gradient[-1, 0], J.gradient[1:])
    display = cj.SurfaceDisplay.of(surface, arrows=True).plot()
    assert display.picture.title == "Recall [2] over offset[1] and offset[2]"
    display.figure_.canvas.draw()


def test_plotly_draws_it_in_three_dimensions():
    display = cj.SurfaceDisplay.of(OVER_C)
    figure = display.plotly()
    kinds = [trace.type for trace in figure.data]
    assert kinds == ["surface", "scatter3d", "scatter3d"]
    surface, nodes, best = figure.data
    np.testing.assert_array_equal(surface.z, np.transpose(display.picture.drawn))
    assert surface.contours.z.show
    assert "C %{x:.4g}" in surface.hovertemplate
    assert "threshold %{y:.4g}" in surface.hovertemplate
    assert len(nodes.customdata) == OVER_C.value.size
    assert nodes.customdata[0].startswith("C 0.001<br>threshold 0.3<br>F1 ")
    assert f"± {OVER_C.stderr[0, 0]:.2g}" in nodes.customdata[0]
    told = OVER_C.best()
    assert (best.x[0], best.y[0], best.z[0]) == (*told.values.values(), told.value)
    assert figure.layout.scene.xaxis.type == "log"
    np.testing.assert_allclose(figure.layout.scene.xaxis.range, [-3, 0])
    assert figure.layout.scene.zaxis.title.text == "F1"
    json.loads(figure.to_json())


@pytest.mark.parametrize(("name", "theme"), [("light", LIGHT), ("dark", DARK)])
def test_from_above_it_needs_no_webgl(name, theme):
    figure = cj.SurfaceDisplay.of(OVER_C).plotly_flat(name)
    kinds = {trace.type for trace in figure.data}
    assert kinds == {"heatmap", "contour", "scatter"}
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.paper_bgcolor == theme.paper
    lines = [trace for trace in figure.data if trace.type == "contour"]
    assert {trace.line.color for trace in lines} <= {theme.pale, theme.strong}
    json.loads(figure.to_json())
    with pytest.raises(InvalidInputError, match="theme='sepia'"):
        cj.SurfaceDisplay.of(OVER_C).plotly_flat("sepia")


def test_large_grids_are_thinned_around_the_best_node():
    n = 3 * LINES
    threshold = np.linspace(0.01, 0.99, n)
    surface = cj.surface(LogisticRegression().fit(X, Y), X, Y, {"threshold": threshold, "drift[0]": [0, 1]}, "f1")
    value = surface.value.copy()
    value[1, 1] = 2.0  # on a line that would be left out
    surface = replace(surface, value=value)
    picture = cj.SurfaceDisplay.of(surface).picture
    assert len(picture.first.nodes) <= LINES
    assert picture.n_nodes == 2 * n
    i, j = picture.best
    assert picture.value[i][j] == surface.best().value
    assert picture.first.nodes[i] == surface.best().values["threshold"]
    assert (picture.first.nodes[0], picture.first.nodes[-1]) == (threshold[0], threshold[-1])


@pytest.mark.parametrize("name", ["<script>alert('1')</script> & $x_ %{x}", '"مرحبا" 🎉 $y$ ' + "long" * 50])
def test_hostile_names_are_text_everywhere(name):
    pd = needs("pandas")
    frame = pd.DataFrame(X, columns=[name, "b", "c"])
    surface = cj.surface(
        LogisticRegression().fit(frame, Y), frame, Y, {f"drift[{name}]": [-1.0, 1.0], "threshold": [0.3, 0.7]}
    )
    display = cj.SurfaceDisplay.of(surface, arrows=True).plot()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        display.figure_.canvas.draw()
    assert len(display.ax_.get_xlabel()) <= 42
    for figure in (display.plotly(), display.plotly_flat()):
        shown = [t for trace in figure.data for t in (trace.customdata if trace.customdata is not None else ())]
        shown += [trace.hovertemplate or "" for trace in figure.data] + [figure.layout.title.text]
        assert not any("<script" in text or "$" in text for text in shown)
        assert not any("x_ %{x}" in (trace.hovertemplate or "") for trace in figure.data)


def test_the_table_behind_holds_every_node_and_survives_json():
    display = cj.SurfaceDisplay.of(OVER_C)
    columns = display.picture.to_columns()
    assert list(columns) == [
        "C",
        "threshold",
        "value",
        "stderr",
        "slope by C",
        "slope by threshold",
        "within_one_stderr_of_best",
    ]
    np.testing.assert_array_equal(columns["value"], OVER_C.value.ravel())
    np.testing.assert_array_equal(columns["C"], OVER_C.to_columns()["C"])
    plain = display.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["schema"] == "conjac.surfaceplot/1"
    assert len(display.to_frame("pyarrow")) == OVER_C.value.size


def test_displays_sit_in_grids():
    figure, axes = plt.subplots(1, 2, layout="constrained")
    assert OVER_C.plot(ax=axes[0]) is axes[0]
    assert cj.SurfaceDisplay.of(OVER_DRIFT).plot(axes[1]).figure_ is figure
    figure.canvas.draw()
    assert len(figure.axes) == 4  # and the colour bars


def test_displays_sit_in_seaborn_grids():
    sns, pd = needs("seaborn"), needs("pandas")
    grid = sns.FacetGrid(pd.DataFrame({"model": ["a", "b"]}), col="model")
    grid.map(lambda _, **__: OVER_C.plot(ax=plt.gca()), "model")
    assert all(only(ax, QuadMesh) for ax in grid.axes.flat)
    grid.figure.canvas.draw()


def test_real_data_are_drawn():
    pd = needs("pandas")
    frame = pd.read_parquet(needs_data("spambase"))
    y = frame.pop("Class").to_numpy()
    X = (frame / frame.std()).to_numpy()
    over = {"C": np.geomspace(1e-3, 1, 4), "threshold": np.linspace(0.2, 0.8, 4)}
    surface = cj.surface(LogisticRegression(max_iter=300), X[1::2], y[1::2], over, "f1", (X[::2], y[::2]))
    display = cj.SurfaceDisplay.of(surface).plot()
    assert display.picture.first.scale == "log"
    display.figure_.canvas.draw()


@pytest.mark.parametrize("ends", [(1e-3, 100.0), (0.2, 3.0)])
def test_ticks_of_a_log_axis_are_plain_numbers(ends):
    surface = cj.surface(
        LogisticRegression(), X, Y, {"C": np.geomspace(*ends, 3), "threshold": [0.4, 0.5]}, "f1", TRAINING
    )
    drawn = cj.SurfaceDisplay.of(surface).plot()
    drawn.figure_.draw_without_rendering()
    told = [text.get_text() for text in drawn.ax_.get_xticklabels() if text.get_text()]
    assert sum(ends[0] <= float(text) <= ends[1] for text in told) >= 2
