"""Painters: what is drawn, not how it looks."""

import re
import sys
import xml.etree.ElementTree as ET

import matplotlib
import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection, QuadMesh
from matplotlib.figure import Figure

import conjac as cj
from conjac.validation import check_predictions
from conjac.views import charts
from conjac.views.charts.canvas import shorten
from conjac.views.charts.heatmap import number, told
from conjac.views.summary import summarize
from conjac.views.summary.heatmap import HeatMap

HOSTILE = ("<script>alert('1')</script> & $x_", '"مرحبا" 🎉 $y$ ' + "long" * 50)


def rows(n=800, labels=(0, 1)):
    rng = np.random.default_rng(0)
    y = (rng.random(n) < 0.4).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    return check_predictions(np.array(labels, dtype=object)[y], score, labels=list(labels))


@pytest.fixture(scope="module")
def summary():
    return summarize(rows(), title="t")


@pytest.fixture
def ax():
    return Figure().add_subplot()


def mesh_of(ax):
    (mesh,) = (c for c in ax.collections if isinstance(c, QuadMesh))
    return mesh


def test_heat_map_is_centred_on_zero(ax):
    J = cj.ConfusionJacobian.from_rows(rows())
    charts.paint_heatmap(ax, HeatMap.of_jacobian(J))
    low, high = mesh_of(ax).get_clim()
    assert low == -high
    assert high == pytest.approx(np.abs(J.jacobian).max() * 0.01)
    texts = [text.get_text() for text in ax.texts]
    assert [t[0] for t in texts if t[0] in "▲▼"] == ["▲", "▼", "▲", "▼"]
    assert sum(t.startswith("[") for t in texts) == 4


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
def test_plot_draws_any_normalisation(normalize, ax):
    J = cj.ConfusionJacobian.from_rows(rows(), normalize=normalize)
    assert J.plot(ax=ax) is ax
    assert len(ax.patches) == (0 if normalize == "pred" else 2)  # arrows, where rows only change sides
    assert ("normalize" in ax.get_title()) == (normalize is not None)


def test_plot_makes_its_own_figure():
    import matplotlib.pyplot as plt

    drawn = cj.ConfusionJacobian.from_rows(rows()).plot()
    drawn.figure.canvas.draw()
    plt.close(drawn.figure)


def test_undefined_slopes_are_said_to_be(ax):
    J = cj.ConfusionJacobian.from_rows(rows(), threshold=1.5)
    charts.paint_heatmap(ax, HeatMap.of_jacobian(J))
    assert mesh_of(ax).get_clim() == (-1, 1)
    assert {text.get_text() for text in ax.texts} == {"undefined", "no interval"}


def test_labels_are_not_read_as_mathematics(ax):
    J = cj.ConfusionJacobian.from_rows(rows(labels=("a $x_", "b $\\frac$")))
    charts.paint_heatmap(ax, HeatMap.of_jacobian(J))
    ax.figure.canvas.draw()


def test_lines_have_bands(ax, summary):
    series = summary.lines.get("value")
    charts.paint_lines(ax, summary.lines.picture(series, "Rates", "share"))
    bands = [c for c in ax.collections if isinstance(c, FillBetweenPolyCollection)]
    assert len(bands) == len(series)
    names = [line.get_label() for line in ax.lines]
    assert names[: len(series)] == [one.name for one in series]
    assert "operating point" in names


def test_a_line_of_nothing_is_said_to_be(ax):
    found = summarize(check_predictions([0, 1] * 20, np.full(40, 0.5)), title="t")
    charts.paint_lines(ax, found.lines.picture(found.lines.get("slope"), "Slope", "slope"))
    assert [text.get_text() for text in ax.texts] == ["undefined on these rows"]


def test_reliability_draws_every_bin(ax, summary):
    charts.paint_reliability(ax, summary.data.calibration)
    (observed,) = (line for line in ax.lines if line.get_label() == "observed")
    assert len(observed.get_xdata()) == len(summary.data.calibration.bins)


def test_choices_draw_every_threshold(ax, summary):
    charts.paint_choices(ax, summary.choices, summary.lines, 0.5, coordinate="probability")
    assert len(ax.texts) == len(summary.choices)


def svg_of(name="a", title="A title", description="What it shows"):
    found = summarize(rows(labels=HOSTILE), title="t")
    with charts.canvas(name, title, description) as drawn:
        charts.paint_lines(drawn.axes, found.lines.picture(found.lines.get("boundary"), title, HOSTILE[0]))
    return drawn.markup


def test_svg_is_titled_inline_and_escaped():
    root = ET.fromstring(svg_of(title=HOSTILE[0]))
    assert root.get("role") == "img"
    assert [child.tag for child in list(root)[:2]] == ["title", "desc"]
    assert root[0].text == HOSTILE[0]
    assert root.get("aria-labelledby").split() == [root[0].get("id"), root[1].get("id")]
    assert not {"script", "style", "metadata", "image"} & {element.tag for element in root.iter()}
    assert "http" not in svg_of()


def test_svg_ids_are_its_own_and_all_that_is_referred_to_is_there():
    one, other = svg_of("a"), svg_of("b")
    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, other)]
    assert all(i == "a" or i.startswith("a-") for i in ids[0])
    assert not ids[0] & ids[1]
    assert set(re.findall(r"#(a-[\w.-]+)", one)) <= ids[0]


def test_svg_is_the_same_each_time_whatever_the_user_has_set():
    first = svg_of()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "black", "svg.fonttype": "path"}):
        assert svg_of() == first
        assert matplotlib.rcParams["font.size"] == 30


def test_figures_are_not_global():
    plt = sys.modules.get("matplotlib.pyplot")
    before = plt.get_fignums() if plt else []
    svg_of()
    assert (plt.get_fignums() if plt else []) == before


@pytest.mark.parametrize(
    ("value", "text"), [(3.456, "+3.46"), (-0.01234, "−0.0123"), (12345.6, "+12,346"), (np.nan, "—")]
)
def test_numbers_are_signed(value, text):
    assert number(value) == text


@pytest.mark.parametrize(("value", "text"), [(2.0, "▲ +2.00"), (-2.0, "▼ −2.00"), (0.0, "0"), (np.nan, "undefined")])
def test_direction_is_told_without_colour(value, text):
    assert told(value) == text


def test_long_labels_keep_both_ends():
    assert shorten("x" * 16, 16) == "x" * 16
    assert len(shorten(HOSTILE[1], 16)) == 16
