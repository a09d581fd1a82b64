"""The drift of a model's inputs in a report: the part of the summary, its figures, and the section of the page."""

import html
import json
import math
import re
import warnings
from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from matplotlib.figure import Figure
from pages import Page, numbers_in, rendered
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac.errors import ConjacWarning
from conjac.views import charts
from conjac.views.charts.ranking import FURTHEST
from conjac.views.report import LISTED, render
from conjac.views.summary import Measure, summarize
from conjac.views.summary.drift import Category, Drift, Number
from conjac.views.summary.ranking import SHOWN, Ranking

RNG = np.random.default_rng(0)
N = 1500
Y = (RNG.random(N) < 0.4).astype(int)
X = RNG.normal(size=(N, 3)) + Y[:, None] * [1.2, 0.6, 0.0]
WARD = np.where(RNG.random(N) < 0.3, "north", np.where(RNG.random(N) < 0.5, "south", "east"))
FLAG = RNG.random(N) < 0.5 + 0.2 * Y
HOSTILE = (
    '<script>alert("1")</script>',
    "' \" & $x_1$ {{ 7 * 7 }}",
    "🎉 ⚕️ emoji",
    "مرحبا بالعالم",
    "long" * 50,
    "two\nlines \x00",
)


def ranked(model, rows, y=Y, metric="recall", **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConjacWarning)
        return cj.rank_drifts(model, rows, y, metric, **options)


def summary_of(model, rows, y=Y, metric="recall", **options):
    """Return what a report of a function of rows tells, with its drift."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConjacWarning)
        given = cj.validation.check_predictions(y, model(rows))
        return summarize(given, title="t", metric=metric, drift=ranked(model, rows, y, metric, **options))


def linear(rows):
    return expit(np.asarray(rows)[:, :3].astype(float) @ [1.0, 0.5, 0.1] - 0.8)


def steps(rows):
    fitted = DecisionTreeClassifier(max_leaf_nodes=40, random_state=0).fit(X[:500], Y[:500])
    return fitted.predict_proba(np.asarray(rows))[:, 1]


@lru_cache
def of_x(model):
    """Return the summary of a model of X, made once for all tests that read it, so that its page is painted once."""
    return summary_of(model, X)


def framed(numbers=("a", "b", "c"), ward="ward", wards=WARD):
    pandas = needs("pandas")
    return pandas.DataFrame(X, columns=list(numbers)).assign(**{ward: wards, "flag": FLAG})


def by_words(rows):
    return expit(np.where(np.asarray(rows["ward"]) == "north", 0.5, -0.5) + np.asarray(rows["flag"]) - 0.2)


@pytest.fixture(scope="module")
def told():
    return summary_of(linear, framed())


def visible(text):
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


# ---- the part of the summary


def test_numbers_are_those_of_the_ranking_in_its_order(told):
    ranking = ranked(linear, framed())
    columns = ranking.to_columns("numeric", told.level)
    assert [one.name for one in told.drift.numbers] == list(ranking.order) == columns["feature"]
    for place, one in enumerate(told.drift.numbers):
        assert one.change == Measure(*(columns[key][place] for key in ("gradient", "lower", "upper")))
        assert (one.relative, one.sd) == (columns["elasticity"][place], columns["sd"][place])
        assert one.note == columns["note"][place]
    assert (told.drift.value.value, told.drift.method, told.drift.unit) == (ranking.told.value, "tangent", "sd")
    assert told.drift.metric_title == "Recall"


def test_categories_are_told_per_hundredth_of_share_and_of_two_the_second(told):
    columns = ranked(linear, framed()).to_columns("categories")
    expected = {
        (column, category): (share, slope / 100, lower / 100, upper / 100)
        for column, category, share, slope, lower, upper in zip(
            *(columns[key] for key in ("column", "category", "share", "gradient", "lower", "upper")), strict=True
        )
    }
    found = {
        (one.column, one.category): (one.share, one.change.value, one.change.lower, one.change.upper)
        for one in told.drift.categories
    }
    assert set(expected) - set(found) == {("flag", "0")} or set(expected) - set(found) == {("flag", "False")}
    for key, figures in found.items():
        assert figures == pytest.approx(expected[key])
    sizes = [abs(one.change.value) for one in told.drift.categories]
    assert sizes == sorted(sizes, reverse=True)


def test_one_hot_columns_are_called_by_their_own_name():
    hot = np.column_stack([X[:, 0], WARD == "north", WARD == "south", WARD == "east"]).astype(float)
    names = ["a", "is_north", "is_south", "is_east"]
    found = ranked(linear, needs("pandas").DataFrame(hot, columns=names))
    assert {one.name for one in Drift.of(found, 0.95).categories} == {"is_north", "is_south", "is_east"}


def test_a_recount_tells_its_steps_and_their_bias():
    drift = of_x(steps).drift
    assert drift.method == "secant"
    assert all(one.step > 0 and math.isfinite(one.bias) for one in drift.numbers)
    assert all(math.isnan(one.step) for one in of_x(linear).drift.numbers)


def test_what_is_left_out_is_told_with_the_reason():
    drift = summary_of(linear, np.column_stack([X, np.full(N, 7.0)])).drift
    assert drift.left_out == (("x3", "one value in all rows"),)


def test_strings_are_made_fit_to_show():
    frame = framed(ward=HOSTILE[5], wards=np.where(WARD == "north", "a\x00b", "c\nd"))
    drift = summary_of(linear, frame).drift
    assert {one.column for one in drift.categories} == {"two lines \ufffd", "flag"}
    assert {one.category for one in drift.categories} <= {"a\ufffdb", "c d", "1", "True"}


def test_json_holds_the_drift_and_none_without_a_model(told):
    plain = told.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert [one["name"] for one in plain["drift"]["numbers"]] == [one.name for one in told.drift.numbers]
    assert summarize(cj.validation.check_predictions(Y, linear(X)), title="t").to_dict()["drift"] is None


# ---- the figure


def number(name="a", value=1.0, lower=0.5, upper=1.5, note=""):
    return Number(name, Measure(value, lower, upper), 0.1, 1.0, math.nan, math.nan, note)


def painted(*ranking):
    ax = Figure().add_subplot()
    charts.paint_ranking(ax, Ranking.of(ranking, "Drift", "change"))
    return ax


def marks(ax):
    return {line.get_label(): line.get_ydata().tolist() for line in ax.lines if not line.get_label().startswith("_")}


def test_the_first_is_at_the_top_and_zero_is_drawn():
    ax = painted(number("most"), number("least", 0.1, 0.05, 0.2))
    bottom, top = ax.get_ylim()
    assert top < 0 < 1 < bottom
    assert [label.get_text() for label in ax.get_yticklabels()] == ["most", "least"]
    low, high = ax.get_xlim()
    assert low < 0 < 1.5 < high
    assert any(list(line.get_xdata()) == [0, 0] for line in ax.lines)


def test_a_mark_tells_without_colour_what_its_interval_says():
    ax = painted(number(), number(lower=-0.5), number(lower=math.nan, upper=math.nan), number(value=math.nan))
    assert marks(ax) == {"told apart from 0": [0], "not told apart from 0": [1], "no interval": [2]}
    looks = {(line.get_marker(), line.get_markerfacecolor()) for line in ax.lines if line.get_label() in marks(ax)}
    assert len(looks) == 3
    assert [text.get_text().strip() for text in ax.texts] == ["undefined"]


def test_a_wide_interval_does_not_flatten_the_rest():
    ax = painted(number(), number(lower=-1e6, upper=1e6))
    low, high = ax.get_xlim()
    assert -1.2 * FURTHEST < low < high < 1.2 * FURTHEST
    assert {line.get_marker() for line in ax.lines} >= {"<", ">"}


def test_names_are_cut_and_notes_are_marked():
    ax = painted(number("x" * 200), number("b", note="it takes 30% of the rows above the largest value seen"))
    first, second = (label.get_text() for label in ax.get_yticklabels())
    assert len(first) < 40
    assert "…" in first
    assert second == "b *"


def test_nothing_known_is_still_a_figure():
    ax = painted(*[number(value=math.nan, lower=math.nan, upper=math.nan)] * 2)
    assert len(ax.texts) == 2
    assert ax.figure.legends == []


# ---- the section of the page


def test_the_section_has_its_figures_tables_and_entry(told):
    text = rendered(told)
    page = Page(text)
    assert {"s1-drift", "s1-figure-numbers", "s1-figure-categories"} <= set(page.ids)
    assert "#s1-drift" in page.links
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == page.tags.count("details") + 1
    without = Page(rendered(replace(told, drift=None)))
    assert not [name for name in (*without.ids, *without.links) if "drift" in name]


def test_the_answer_is_one_sentence(told):
    top, text = told.drift.numbers[0], visible(rendered(told))
    assert top.name == "a"
    said = (
        r"A drift of one standard deviation \([\d.]+\) in a would, at the present slope, move Recall from [\d.]+ by \+"
    )
    assert re.search(said + r"[\d.]+ \[\+[\d.]+, \+[\d.]+\]: no other number moves it further", text)
    assert "Recall suffers where it drifts down." in text
    assert "Sensitivity, not importance" in text
    assert "formula of" not in text
    assert "central differences over 0.01 sd" in text


def test_what_harms_follows_the_metric():
    cost = cj.metrics.expected_cost([[0, 1], [9, 0]])
    text = visible(rendered(summary_of(linear, X, metric=cost)))
    assert "Expected cost of a row suffers where it drifts down." in text
    assert "suffers" not in visible(rendered(summary_of(linear, X, metric="alert_rate")))


@pytest.mark.parametrize("model", [linear, steps])
def test_every_number_comes_from_the_summary(model):
    summary = of_x(model)
    page = Page(rendered(summary))
    known = {f"{sign * x:.6g}" for x in numbers_in(summary.to_dict()) for sign in (1, -1)}
    lengths = {f"{n:.6g}" for n in (len(summary.lines.threshold),)}
    assert [v for v in page.values if math.isfinite(v) and f"{v:.6g}" not in known | lengths] == []


def test_a_recount_is_told_with_its_steps():
    text = visible(rendered(of_x(steps)))
    assert "a secant: rows were scored again with each input a step lower and higher" in text
    assert "step, either way" in text
    assert "step, either way" not in visible(rendered(of_x(linear)))


def test_a_drift_in_raw_units_says_so():
    text = visible(rendered(summary_of(linear, X, unit="raw")))
    assert "A drift of 1 in x0 would" in text
    assert "The inputs’ own units are no common measure" in text


def test_intervals_that_are_missing_are_said_in_words():
    text = visible(rendered(summary_of(linear, X[:12], Y[:12])))
    assert "with too few rows at the boundary to say how surely" in text
    assert "No interval. Too few rows lie at the boundary to say how sure the slopes of x0, x" in text
    assert not re.search(r"\bnan\b|\bNone\b", text)


def test_a_slope_like_zero_is_said_to_be():
    drift = Drift("Recall", Measure(0.5, 0.4, 0.6), "tangent", "d", "r", "sd", (number(lower=-0.5),), (), ())
    text = visible(rendered(replace(of_x(linear), drift=drift)))
    assert ", which cannot be told from zero." in text
    assert "suffers" not in text


def test_undefined_slopes_are_said_to_be():
    drift = Drift("Recall", Measure(0.5), "undefined", "d", "r", "sd", (number(value=math.nan),), (), ())
    text = rendered(replace(of_x(linear), drift=drift))
    assert "by an amount that cannot be told here." in visible(text)
    assert not re.search(r"\bnan\b|\bNone\b", visible(text))


def test_categories_alone_make_a_section():
    summary = summary_of(by_words, framed()[["ward", "flag"]])
    assert (summary.drift.numbers, summary.drift.method) == ((), None)
    page = Page(rendered(summary))
    assert "s1-figure-categories" in page.ids
    assert "s1-figure-numbers" not in page.ids
    text = visible(rendered(summary))
    assert re.search(r"A step of 0\.01 in the share of .+ would move Recall from [\d.]+ by ", text)
    assert "No input is a number that drifts." in text


def test_no_input_that_drifts_is_said():
    drift = Drift("Recall", Measure(math.nan), None, "", "", "sd", (), (), (("x", "one value in all rows"),))
    text = visible(rendered(replace(of_x(linear), drift=drift)))
    assert "No input drifts here" in text
    assert "x: one value in all rows" in text


def test_of_a_hundred_columns_the_first_are_drawn_and_all_are_told():
    wide = np.column_stack([X, RNG.normal(size=(N, 97))])
    summary = summary_of(linear, wide)
    text = rendered(summary)
    assert len(summary.drift.numbers) == 100
    assert f"The first {SHOWN} of 100; the table has all." in visible(text)
    figure = text[text.index('id="s1-figure-numbers"') :]
    drawn = re.findall(r"<text[^>]*>(x\d+)(?: \*)?</text>", figure[: figure.index("</svg>")])
    assert drawn == [one.name for one in summary.drift.numbers[:SHOWN]]
    assert all(f"<bdi>x{place}</bdi>" in text for place in range(100))


def test_of_very_many_categories_the_table_says_where_the_rest_is():
    one = Category("c", "column", "c", 0.01, Measure(0.1, 0.05, 0.2), 0.1)
    many = tuple(replace(one, category=f"c{place}") for place in range(LISTED + 50))
    drift = Drift("Recall", Measure(0.5, 0.4, 0.6), None, "", "", "sd", (), many, ())
    text = rendered(replace(of_x(linear), drift=drift))
    assert f"c{LISTED - 1}</bdi>" in text
    assert f"c{LISTED}</bdi>" not in text
    assert f"{LISTED + 50} in all; the report in JSON has the rest." in visible(text)


@pytest.fixture(scope="module")
def hostile():
    wards = np.array(HOSTILE, dtype=object)[RNG.integers(0, len(HOSTILE), N)]
    return summary_of(linear, framed(HOSTILE[:3], HOSTILE[4], wards), metric="f1")


def test_hostile_names_are_escaped(hostile):
    text = rendered(hostile, replace(hostile, group=HOSTILE[0]))
    page = Page(text)
    assert "<script" not in text.lower()
    assert "script" not in page.tags
    assert "49" not in re.findall(r"\{\{ ?49|\b49 \}\}", text)
    assert len(page.ids) == len(set(page.ids))
    assert html.escape(HOSTILE[0], quote=False).replace('"', "&#34;") in text
    text.encode()


def test_groups_are_compared_by_their_steepest_drift(told):
    text = rendered(replace(told, group="one"), replace(told, group="two", drift=None))
    overview = visible(text[text.index('id="overview"') : text.index("<article")])
    assert "Steepest drift of 1 sd" in overview
    assert "Steepest" not in render([replace(told, group=name, drift=None) for name in "ab"])


@pytest.fixture(scope="module")
def tab(browser, hostile, told, tmp_path_factory):
    path = tmp_path_factory.mktemp("drift") / "r.html"
    path.write_text(render([told, hostile, of_x(steps)]), encoding="utf-8")
    tab = browser.new_page()
    tab.goto(path.as_uri())
    tab.eval_on_selector_all("details", "all => all.forEach(node => { node.open = true; })")
    yield tab
    tab.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [380, 800, 1400])
def test_no_page_overflows(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    sizes = tab.eval_on_selector_all("svg text", "all => all.map(t => t.getBoundingClientRect().height)")
    assert min(sizes) > 7
    spilled = tab.eval_on_selector_all(
        ".dense th, .dense td", "all => all.filter(c => c.scrollWidth > c.clientWidth + 1)"
    )
    assert spilled == []


def test_formulas_are_named():
    fitted = LogisticRegression().fit(X, Y)
    given = cj.validation.check_predictions(Y, fitted.predict_proba(X)[:, 1])
    assert "formula of LogisticRegression" in visible(
        rendered(summarize(given, title="t", drift=ranked(fitted, X, metric="f1")))
    )
