"""The page: its sections, that each number on it comes from the summary, and that nothing in it can do harm."""

import html
import math
import re

import numpy as np
import pytest
from pages import Page, numbers_in, rendered

from conjac.validation import check_predictions
from conjac.views import words
from conjac.views.report import render
from conjac.views.summary import Measure, Step, summarize

HOSTILE = ('<script>alert("1")</script> \' $x_1$', '"مرحبا بالعالم" 🎉 ' + "long" * 50)
SECTIONS = ("verdict", "data", "matrix", "lines", "exchange", "metrics", "choices", "meaning")
FIGURES = ("jacobian", "rates", "metric", "slope", "boundary", "reliability", "choices")
CONSTANTS = {"0", "1", "1 %", "0.01"}


def rows(n=400, *, labels=("ham", "spam"), rounded=None, **options):
    rng = np.random.default_rng(n)
    y = (rng.random(n) < 0.4).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    return check_predictions(
        np.array(labels, dtype=object)[y], score if rounded is None else score.round(rounded), labels=labels, **options
    )


def one_class(n=40):
    return check_predictions(["ham"] * n, np.linspace(0.1, 0.9, n), labels=["ham", "spam"], one_class=True)


def small():
    return check_predictions([0, 0, 0, 1, 0, 1, 0, 1, 1, 1], np.linspace(0.1, 0.9, 10))


@pytest.fixture(scope="module")
def summary():
    return summarize(rows(), title="Mail", set_aside={"score missing": 3}, subject_to="recall >= .9")


@pytest.fixture(scope="module")
def page(summary):
    return Page(rendered(summary))


def test_every_section_and_figure_is_there_once(page):
    assert [i for i in SECTIONS if f"s1-{i}" not in page.ids] == []
    assert [i for i in FIGURES if f"s1-figure-{i}" not in page.ids] == []
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("h1") == 1


def test_a_table_stands_behind_every_figure(page):
    assert page.tags.count("svg") == page.tags.count("details") + 1  # the choices' table follows it in the open
    assert "s1-choices" in page.ids


def test_links_stay_in_the_page(page):
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)


def test_every_number_comes_from_the_summary(summary, page):
    known = {f"{sign * x:.6g}" for x in numbers_in(summary.to_dict()) for sign in (1, -1)}
    length = {f"{len(summary.lines.threshold):.6g}"}
    stray = [v for v in page.values if math.isfinite(v) and f"{v:.6g}" not in known | length]
    assert stray == []
    strings = " ".join(re.findall(r"'([^']*)'", str(summary.to_dict())))
    digits = {d for text in page.visible for d in re.findall(r"\d[\d.,]*(?: %)?", text)}
    assert {d for d in digits if d.rstrip(".,") not in strings and d.rstrip(".,") not in CONSTANTS} == {"0.1.0."}


def test_the_verdict_is_in_words(summary):
    text = rendered(summary)
    verdict = html.unescape(re.sub(r"<[^>]+>", "", text[text.index('id="s1-verdict"') : text.index("<nav")]))
    verdict = " ".join(verdict.split())
    assert "At a threshold of 0.5, the classifier finds" in verdict
    assert re.search(r"Raising the threshold by 0\.01 loses about [\d.]+ \[[\d.]+, [\d.]+\] true positives", verdict)
    assert re.search(r"and saves about [\d.]+ \[[\d.]+, [\d.]+\] false alarms per 1,000 rows:", verdict)
    assert "Best F1 with Recall ≥ 0.9" in verdict


def test_as_large_for_many_rows_as_for_few():
    few, many = (len(rendered(summarize(rows(n), title="t"))) for n in (1000, 100_000))
    assert many == pytest.approx(few, rel=0.15)
    assert many < 300_000


def test_nothing_loads_and_nothing_runs(summary):
    text = rendered(summary)
    assert not re.search(r"https?:|//[a-z]|url\((?!#)|@import|<script|<link|<iframe|<img|\son\w+=|javascript:", text)


def test_hostile_strings_are_escaped():
    title = HOSTILE[0] + HOSTILE[1]
    text = render(
        [
            summarize(
                rows(labels=HOSTILE),
                title=title,
                metric=f"recall[{HOSTILE[0]}]",
                subject_to="f1 >= .999",
                set_aside={HOSTILE[0]: 2},
                group=name,
            )
            for name in HOSTILE
        ]
    )
    assert "<script" not in text.lower()
    page = Page(text)
    assert "script" not in page.tags
    assert len(page.ids) == len(set(page.ids))
    assert html.escape(HOSTILE[0], quote=False).replace('"', "&#34;").replace("'", "&#39;") in text


@pytest.mark.parametrize(
    ("made", "options", "said"),
    [
        (small, {}, "Too few rows at the boundary"),
        (one_class, {}, "One class only"),
        (lambda: rows(rounded=2), {}, "A secant"),
        (rows, {"threshold": 1.5}, "No slope"),
        (rows, {"coordinate": "percentile", "threshold": 0.2}, "Alerting another"),
        (rows, {"coordinate": "logit"}, "of log-odds"),
        (rows, {"coordinate": "score"}, "units of score"),
        (rows, {"condition_on": "class"}, "fixed by design"),
        (lambda: rows(groups=np.arange(400) // 4), {}, "clusters"),
        (lambda: rows(sample_weight=np.linspace(0.5, 2, 400)), {}, "equal rows"),
        (rows, {"subject_to": ["recall >= .999", "precision >= .999"]}, "no threshold meets"),
        (lambda: check_predictions([0] * 50 + [1] * 50, np.linspace(0, 1, 100)), {}, "The classes are separate"),
        (lambda: check_predictions([0, 1] * 20, np.full(40, 0.5)), {}, "cannot be told"),
    ],
)
def test_every_kind_of_rows_makes_a_page(made, options, said):
    text = rendered(summarize(made(), title="t", **options))
    assert said in text
    assert not re.search(r"\bnan\b|\bNone\b|[+-]?\binf\b", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))
    Page(text)


def test_groups_are_compared_and_then_told_one_by_one():
    made = [summarize(rows(n), title="t", group=name) for n, name in ((400, "north"), (600, "<b>south</b>"))]
    text = rendered(*made, summarize(one_class(), title="t", group="empty"))
    page = Page(text)
    assert "overview" in page.ids
    assert [i for k in (1, 2, 3) for i in SECTIONS if f"s{k}-{i}" not in page.ids] == []
    assert len(page.ids) == len(set(page.ids))
    assert "<b>south" not in text


@pytest.mark.parametrize(
    ("told", "options", "text"),
    [
        (Measure(0.898134, 0.8842, 0.9102), {}, "0.898 [0.884, 0.910]"),
        (Measure(-3.14, -3.9, -2.4), {"signed": True}, "−3.1 [−3.9, −2.4]"),
        (Measure(0.25, 0.2, 0.3), {"percent": True}, "25\u202f% [20, 30]"),
        (Measure(0.5), {}, "0.500 (no interval)"),
        (Measure(math.nan), {}, "—"),
        (Measure(812.0, 781.2, 841.7), {}, "812 [781, 842]"),
    ],
)
def test_an_interval_sets_the_decimals(told, options, text):
    assert re.sub(r"<[^>]+>", "", words.measure(told, **options)) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.5, "0.500"), (0.00042, "0.00042"), (7.3719, "7.37"), (-34.91, "−34.9"), (math.inf, "∞")]
)
def test_thresholds_can_be_used(value, text):
    assert re.sub(r"<[^>]+>", "", words.cutoff(value)) == text


def test_units_are_said():
    assert re.sub(r"<[^>]+>", "", words.per(Step(0.01, "probability"))) == "0.01 of probability"
    assert words.way("up", "percentile") == "alert more"


@pytest.fixture(scope="module")
def files(summary, tmp_path_factory):
    made = {
        "plain": [summary],
        "hostile": [
            summarize(rows(200, labels=HOSTILE), title=HOSTILE[0] + HOSTILE[1], group=name) for name in HOSTILE
        ],
    }
    folder = tmp_path_factory.mktemp("report")
    for name, summaries in made.items():
        (folder / f"{name}.html").write_text(render(summaries), encoding="utf-8")
    return [folder / f"{name}.html" for name in made]


@pytest.mark.browser
@pytest.mark.parametrize("width", [380, 800, 1400])
def test_no_page_overflows_or_asks_for_anything(browser, files, width):
    tab = browser.new_page(viewport={"width": width, "height": 900})
    requests = []
    tab.on("request", lambda request: requests.append(request.url))
    for path in files:
        tab.goto(path.as_uri())
        tab.eval_on_selector_all("details", "all => all.forEach(node => { node.open = true; })")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        sizes = tab.eval_on_selector_all("svg text", "all => all.map(t => t.getBoundingClientRect().height)")
        assert min(sizes) > 7
    tab.close()
    assert requests == [path.as_uri() for path in files]
