"""Figures of several things on one axis: the picture, and what is painted of it."""

import json
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from conjac.views.charts import paint_dots, paint_ranking
from conjac.views.summary import Measure
from conjac.views.summary.dots import Dot, Dots
from conjac.views.summary.ranking import Bar, Ranking
from conjac.views.theme import DARK, LIGHT

NAN = float("nan")
HOSTILE = ("<script>alert('1')</script> & $x_", '"مرحبا" 🎉 $y$ ' + "long" * 50)
SEVERAL = (
    Dot("low", Measure(0.2, 0.1, 0.3), told_apart=True),
    Dot("none", Measure(NAN), told_apart=False, note="one class only"),
    Dot("high", Measure(0.9, 0.8, 0.95), told_apart=False),
    Dot("bare", Measure(0.5)),
)


def picture(dots=SEVERAL, **options):
    return Dots.of(dots, "Recall by group", "recall", **options)


def painted(found):
    ax = Figure().add_subplot()
    paint_dots(ax, found)
    return ax


def marks(ax, label):
    (line,) = (line for line in ax.lines if line.get_label() == label)
    return line


def test_the_largest_comes_first_and_the_undefined_last():
    found = picture()
    assert [one.name for one in found.dots] == ["high", "bare", "low", "none"]
    assert found.description.startswith("From high, 0.9 [0.8, 0.95], down to low, 0.2 [0.1, 0.3].")
    assert found.description.endswith("1 of 4 differ beyond noise.")
    assert picture([SEVERAL[1]]).description.startswith("No figure is defined here.")


def test_each_figure_is_a_mark_that_tells_what_the_record_says():
    ax = painted(picture(reference=0.4, reference_name="all rows"))
    apart, within, bare = (marks(ax, words) for words in ("differs beyond noise", "within noise", "no interval"))
    assert (apart.get_xdata().tolist(), list(apart.get_ydata())) == ([0.2], [2])
    assert (within.get_xdata().tolist(), list(within.get_ydata())) == ([0.9], [0])
    assert apart.get_markerfacecolor() == LIGHT.accent
    assert within.get_markerfacecolor() == bare.get_markerfacecolor() == LIGHT.paper
    assert bare.get_marker() == "X"
    assert marks(ax, "all rows").get_xdata() == [0.4, 0.4]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["high", "bare", "low", "none *"]
    assert [t.get_text() for t in ax.texts] == ["undefined"]
    assert len(ax.collections) == 2  # whiskers of the two that have an interval
    assert ax.get_xlabel() == "recall"
    low, high = ax.get_xlim()
    assert low < 0.1
    assert high > 0.95


def test_without_a_question_marks_are_filled_and_say_nothing():
    ax = painted(picture([Dot("a", Measure(0.5, 0.4, 0.6))]))
    (line,) = ax.lines
    assert line.get_markerfacecolor() == LIGHT.accent
    assert line.get_label().startswith("_")


def test_a_whisker_far_longer_than_the_others_ends_in_an_arrow():
    many = [Dot(str(k), Measure(0.5, 0.4, 0.6)) for k in range(5)]
    ax = painted(picture([*many, Dot("few rows", Measure(0.5, -40.0, 90.0))]))
    assert [line.get_marker() for line in ax.lines if line.get_marker() in "<>"] == ["<", ">"]
    assert np.diff(ax.get_xlim()) < 2


@pytest.mark.parametrize("dots", [[], [SEVERAL[1]], [Dot("a", Measure(0.5, 0.5, 0.5))]], ids=["none", "nan", "one"])
def test_anything_can_be_painted(dots):
    ax = painted(picture(dots))
    ax.figure.canvas.draw()
    assert np.isfinite(ax.get_xlim()).all()


def test_the_theme_follows_the_style_and_names_are_text():
    with plt.style.context("dark_background"):
        ax = painted(picture([Dot(name, Measure(0.5, 0.4, 0.6)) for name in HOSTILE]))
    assert ax.lines[0].get_color() == DARK.accent
    assert not any(t.get_parse_math() for t in ax.get_yticklabels())
    assert all(len(t.get_text()) < 40 for t in ax.get_yticklabels())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        ax.figure.canvas.draw()


def test_the_table_behind_holds_every_dot_and_survives_json():
    found = picture(left_out=3)
    columns = found.to_columns()
    assert {len(column) for column in columns.values()} == {4}
    assert columns["name"] == ["high", "bare", "low", "none"]
    assert columns["told_apart"] == [False, None, True, False]
    plain = found.to_dict()
    assert plain["schema"] == "conjac.dots/1"
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


# --- a ranking whose bars say themselves whether they are told apart


def test_a_ranking_takes_the_records_word_for_what_is_beyond_noise():
    bars = [
        Bar("corrected away", Measure(0.2, 0.1, 0.3), told_apart=False),
        Bar("kept", Measure(0.3, 0.2, 0.4), told_apart=True),
        Bar("by its interval", Measure(0.3, 0.2, 0.4)),
    ]
    found = Ranking.of(bars, "t", "change")
    assert found.bars == tuple(bars)
    ax = Figure().add_subplot()
    paint_ranking(ax, found)
    assert list(marks(ax, "told apart from 0").get_ydata()) == [1, 2]
    assert list(marks(ax, "not told apart from 0").get_ydata()) == [0]


def test_whiskers_of_changes_within_noise_are_not_cut():
    ax = Figure().add_subplot()
    paint_ranking(ax, Ranking.of([Bar(str(k), Measure(0.01, -0.09, 0.11)) for k in range(4)], "t", "change"))
    assert not [line for line in ax.lines if line.get_marker() in ("<", ">")]
    low, high = ax.get_xlim()
    assert low < -0.09
    assert high > 0.11
