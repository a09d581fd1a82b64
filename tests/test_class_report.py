"""The page of several classes: its sections, that each number comes from the summary, and that it does no harm."""

import html
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from pages import Page, numbers_in, rendered
from test_class_summary import LABELS, draw, rows_of

from conjac.views import charts
from conjac.views.report import render
from conjac.views.report.page import PAIRS
from conjac.views.summary import Measure, summarize_classes
from conjac.views.summary.classes import offsets
from conjac.views.summary.heatmap import HeatMap
from conjac.views.summary.profile import Profile

pytestmark = pytest.mark.usefixtures("quick_throughout")

HOSTILE = (
    '<script>alert("1")</script>',
    "' \" & $x_1$ {{ 7 * 7 }}",
    "🎉 ⚕️ emoji",
    "مرحبا بالعالم",
    "long" * 50,
    "two\nlines \x00.",
)
SECTIONS = ("verdict", "data", "matrix", "pairs", "groups", "classes", "metrics", "offsets", "meaning")
FIGURES = ("matrix", "jacobian", "rates", "reliability")
CONSTANTS = {"0", "1"}


def summary_of(n=600, k=5, seed=0, labels=None, distance=1.6, **options):
    y, p = draw(n, k, seed, distance)
    return summarize_classes(rows_of(y, p, labels or [f"c{i}" for i in range(k)]), **{"title": "t", **options})


@pytest.fixture(scope="module")
def summary():
    return summary_of(600, 6, labels=(*LABELS, "fox"), subject_to="recall[cat] >= .7", set_aside={"score missing": 3})


@pytest.fixture(scope="module")
def many():
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(offsets, "MOST_SEARCHED", 0)  # a search takes seconds
        return summary_of(3000, 26, distance=2.2)


@pytest.fixture(scope="module")
def page(summary):
    return Page(rendered(summary))


def strings_in(plain):
    """Yield every string in a nested plain structure."""
    if isinstance(plain, str):
        yield plain
    for item in plain.values() if isinstance(plain, dict) else plain if isinstance(plain, list) else ():
        yield from strings_in(item)


def test_every_section_and_figure_is_there_once(page):
    assert [i for i in SECTIONS if f"s1-{i}" not in page.ids] == []
    assert [i for i in FIGURES if f"s1-figure-{i}" not in page.ids] == []
    assert "s1-figure-zoom0" in page.ids
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("h1") == 1


def test_a_table_stands_behind_every_figure(page):
    assert page.tags.count("svg") == page.tags.count("details") + 1  # the classes' table follows it in the open


def test_links_stay_in_the_page(page):
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


@pytest.mark.parametrize("which", ["summary", "many"])
def test_every_number_comes_from_the_summary(which, request):
    told = request.getfixturevalue(which)
    page = Page(rendered(told))
    known = {f"{sign * x:.6g}" for x in numbers_in(told.to_dict()) for sign in (1, -1)}
    lengths = {f"{n}" for n in (len(told.confusions), PAIRS, len(told.matrix.rows), len(told.data.absent))}
    assert [v for v in page.values if np.isfinite(v) and f"{v:.6g}" not in known | lengths] == []
    strings = " ".join(strings_in(told.to_dict()))
    digits = {d for text in page.visible for d in re.findall(r"\d[\d.,]*(?: %)?", text)}
    assert {d for d in digits if d.rstrip(".,") not in strings and d.rstrip(".,") not in CONSTANTS} == {"0.1.0."}


def test_the_verdict_is_in_words(summary):
    text = rendered(summary)
    verdict = html.unescape(re.sub(r"<[^>]+>", "", text[text.index('id="s1-verdict"') : text.index("<nav")]))
    verdict = " ".join(verdict.split())
    first = summary.confusions[0]
    assert re.search(r"Of 600 rows of 6 classes, [\d.]+ % \[[\d.]+, [\d.]+\] are given their class\.", verdict)
    assert (
        f"Most often confused: {first.count.value:.0f} rows of class {first.true} are taken for {first.predicted}"
        in verdict
    )
    assert f"Worst done, by F1: class {summary.classes[summary.ranked[0]].label} with" in verdict
    assert "Best F1 macro with Recall [cat] ≥ 0.7" in verdict


def test_numbers_stand_in_the_cells_of_few_classes_and_colour_alone_in_those_of_many(summary, many):
    def cells(told):
        text = rendered(told)
        start = text.index('id="s1-figure-matrix"')
        svg = text[start : text.index("</svg>", start)]
        return set(re.findall(r"<text[^>]*>([^<]+)</text>", svg)), svg.count("<path")

    texts, _ = cells(summary)
    assert {f"{v:,.0f}" for row in summary.matrix.value for v in row} <= texts
    texts, n_paths = cells(many)
    assert set(many.labels) <= texts
    assert n_paths < 26 * 26 / 4


def test_twenty_six_classes_are_zoomed_into_with_intervals(many):
    text = rendered(many)
    group = many.groups[0]
    start = text.index('id="s1-figure-zoom0"')
    svg = text[start : text.index("</svg>", start)]
    assert svg.count("[") == len(group.labels) ** 2
    assert f'The first <data value="{PAIRS}">{PAIRS}</data> of' in text


def test_a_page_of_many_classes_stays_small(many):
    told = summary_of(2000, 45, distance=2.2)
    text = rendered(told)
    Page(text)
    assert len(text) < 3 * len(rendered(many))
    assert "Not looked for: with 45 classes" in text


@pytest.mark.parametrize("k", [6, 14])
def test_hostile_strings_are_escaped(k, monkeypatch):
    monkeypatch.setattr(offsets, "MOST_SEARCHED", 6)
    labels = [*HOSTILE, *(f"{HOSTILE[i % 6]}{i}" for i in range(k - 6))]
    made = [
        summary_of(
            400,
            k,
            labels=labels,
            title=HOSTILE[0] + HOSTILE[4],
            group=name,
            metric=f"recall[{HOSTILE[1]}]",
            set_aside={HOSTILE[0]: 2},
        )
        for name in HOSTILE[:2]
    ]
    text = render(made)
    assert "<script" not in text.lower()
    page = Page(text)
    assert "script" not in page.tags
    assert "overview" in page.ids
    assert len(page.ids) == len(set(page.ids))
    assert "49" not in {part.strip() for part in page.visible}
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import|<link|<iframe|<img|javascript:", text)


def one_class():
    y, p = draw(200)
    return rows_of(y[y == 1], p[y == 1])


def voted():
    y, p = draw()
    votes = np.round(p * 4) + 0.01
    return rows_of(y, votes / votes.sum(axis=1, keepdims=True))


def right():
    y, _ = draw(200)
    return rows_of(y, np.eye(5)[y] * 0.9 + 0.02)


def absent():
    y, p = draw(k=4)
    return rows_of(y, np.column_stack([p * 0.9, np.full(len(y), 0.1)]))


@pytest.mark.parametrize(
    ("made", "options", "said"),
    [
        (one_class, {}, "One class only"),
        (voted, {}, "A secant"),
        (right, {}, "No row is misclassified"),
        (absent, {}, "Classes without rows"),
        (lambda: rows_of(*draw(15)), {}, "Rare classes"),
        (lambda: rows_of([2, 2, 0], np.eye(5)[[2, 2, 1]] * 0.5 + 0.1), {}, "Too few rows near ties"),
        (lambda: rows_of(*draw(300)), {"offsets": [0, 1, 0, 0, 0]}, "at the offsets of this report"),
        (lambda: rows_of(draw()[0], np.log(draw()[1] + 1e-9)), {}, "raw scores, compared as they are"),
        (lambda: rows_of(*draw(400), sample_weight=np.linspace(0.5, 2, 400)), {}, "equal rows"),
        (lambda: rows_of(*draw(400), groups=np.arange(400) // 4), {}, "clusters"),
        (lambda: rows_of(*draw(300)), {"condition_on": "class"}, "class totals fixed by design"),
        (
            lambda: rows_of(*draw(300)),
            {"subject_to": ["recall[cat] >= .999", "precision[cat] >= .999"]},
            "no offsets were",
        ),
    ],
)
def test_every_kind_of_rows_makes_a_page(made, options, said):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        text = rendered(summarize_classes(made(), title="t", **options))
    assert said in html.unescape(text)
    assert not re.search(r"\bnan\b|\bNone\b|[+-]?\binf\b", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
    Page(text)


def test_groups_are_compared_and_then_told_one_by_one(summary):
    page = Page(rendered(summary, summarize_classes(one_class(), title="t", group="empty")))
    assert "overview" in page.ids
    assert [i for k in (1, 2) for i in SECTIONS if f"s{k}-{i}" not in page.ids] == []


# ---- painters


def picture(n=15, seed=0, around_zero=False):
    rng = np.random.default_rng(seed)
    table = rng.random((n, n)) - 0.5 * around_zero
    np.fill_diagonal(table, np.nan)
    cells = tuple(map(tuple, table.tolist()))
    names = tuple(f"c{i}" for i in range(n))
    return HeatMap(
        title="t",
        row_axis="true",
        column_axis="predicted",
        rows=names,
        columns=names,
        value=cells,
        lower=cells,
        upper=cells,
        shade=cells,
        shaded_by="share",
        unit="rows",
        around_zero=around_zero,
        outlined=((0, 2), (5, 6)),
    )


@pytest.mark.parametrize("around_zero", [False, True])
def test_cells_of_one_colour_are_one_path_and_every_cell_is_painted_once(around_zero):
    told = picture(around_zero=around_zero)
    ax = Figure().add_subplot()
    charts.paint_confusions(ax, told)
    paths = [patch for patch in ax.patches if isinstance(patch, PathPatch)]
    squares = [one for patch in paths for one in patch.get_path().vertices.reshape(-1, 5, 2)]
    centres = {tuple(np.round(square[:4].mean(axis=0)).astype(int)) for square in squares}
    assert len(centres) == len(squares)
    assert {(i, i) for i in range(15)} <= centres
    assert 0 < len(paths) <= 21
    strongest = np.nanargmax(np.abs(told.shade))
    i, j = divmod(int(strongest), 15)
    assert (j, i) in centres
    frames = [patch for patch in ax.patches if isinstance(patch, Rectangle) and not patch.get_fill()]
    assert [(frame.get_x(), frame.get_width()) for frame in frames] == [(-0.5, 3), (4.5, 2)]
    assert [text.get_text() for text in ax.get_xticklabels()] == list(told.columns)


def test_a_cell_lies_in_the_column_of_its_prediction():
    table = np.where(np.eye(15) > 0, np.nan, 0.0)
    table[2, 9] = 0.5
    cells = tuple(map(tuple, table.tolist()))
    ax = Figure().add_subplot()
    charts.paint_confusions(ax, replace(picture(), value=cells, shade=cells))
    lone, _ = (patch for patch in ax.patches if isinstance(patch, PathPatch))
    assert lone.get_path().vertices[:4].mean(axis=0) == pytest.approx((9, 2))


def test_a_row_of_dots_has_a_mark_and_a_whisker_for_each_series():
    told = Profile.of(
        ["a", "$x$"],
        {"recall": [Measure(0.5, 0.4, 0.6), Measure(np.nan)], "precision": [Measure(0.7), Measure(0.9, 0.8, 0.95)]},
        "t",
        "share",
    )
    ax = Figure().add_subplot()
    charts.paint_profile(ax, told)
    assert [line.get_label() for line in ax.lines] == ["recall", "precision"]
    assert len({line.get_marker() for line in ax.lines}) == 2
    assert [[len(part.get_segments()) for part in ax.collections]] == [[1, 1]]
    assert ax.get_xlim()[0] < 0.4 < 0.95 < ax.get_xlim()[1]
    assert ax.get_ylim() == (1.5, -0.5)
    ax.figure.canvas.draw()


@pytest.mark.parametrize("values", [[], [Measure(np.nan)], [Measure(0.5)]])
def test_dots_of_little_are_painted(values):
    ax = Figure().add_subplot()
    charts.paint_profile(ax, Profile.of(["a"] * len(values), {"recall": values}, "t", "share"))
    ax.figure.canvas.draw()


def test_columns_of_a_jacobian_stay_narrow():
    table = ((float("nan"), 15.43, 1e-6), (-0.04, 0.0, 3.0), (2.0, 12.0, -7.77))
    assert charts.heatmap.to_scale(15.43, 15.43) == "+15.4"
    assert [charts.heatmap.to_scale(v, 15.43) for row in table for v in row][2:5] == ["0", "0", "0"]
    assert charts.heatmap.to_scale(-7.77, 15.43) == "−7.8"


@pytest.mark.browser
def test_no_page_overflows(browser, summary, many, tmp_path):
    hostile = summary_of(300, 14, labels=[*HOSTILE, *(f"{HOSTILE[i % 6]}{i}" for i in range(8))])
    tab = browser.new_page()
    for place, told in enumerate((summary, many, hostile)):
        path = tmp_path / f"{place}.html"
        path.write_text(rendered(told), encoding="utf-8")
        tab.goto(path.as_uri())
        tab.eval_on_selector_all("details", "all => all.forEach(node => { node.open = true; })")
        for width in (380, 800, 1400):
            tab.set_viewport_size({"width": width, "height": 900})
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            sizes = tab.eval_on_selector_all("svg text", "all => all.map(t => t.getBoundingClientRect().height)")
            assert min(sizes) > 7
    tab.close()
