"""Two models or two periods in a report: the part of the summary, its figures, and the section of the page."""

import html
import json
import re
from functools import lru_cache

import numpy as np
import pytest
from matplotlib.figure import Figure
from pages import Page, numbers_in, rendered

import conjac as cj
from conjac.comparison import compare_slopes
from conjac.validation import check_predictions
from conjac.views.charts import paint_heatmap, paint_ranking
from conjac.views.summary import Baseline, summarize
from conjac.views.summary.comparison import PER, Compared
from conjac.views.summary.measure import Step

pytestmark = [
    pytest.mark.usefixtures("quick_throughout"),
    pytest.mark.filterwarnings("ignore::conjac.ConjacWarning"),
]
HOSTILE = ('<script>alert("1")</script> \' $x_1$', '"مرحبا بالعالم" 🎉 ' + "long" * 50)
FIGURES = ("changes", "both", "cells", "slopes")


def drawn(seed, n=1500, prevalence=0.3, distance=1.0, labels=(0, 1), **options):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    score = 1 / (1 + np.exp(-rng.normal(distance * (2 * y - 1), 1)))
    return check_predictions(np.array(labels, dtype=object)[y], score, labels=labels, **options)


def again(rows, noise, seed=9):
    """Return another model's scores of the same rows."""
    u = np.log(rows.score / (1 - rows.score)) + np.random.default_rng(seed).normal(0, noise, len(rows.score))
    y = np.array(rows.labels, dtype=object)[rows.true]
    return check_predictions(y, 1 / (1 + np.exp(-u)), labels=rows.labels)


@lru_cache
def periods(**options):
    """Return a summary, made once for all tests that read it, so that its page is painted once."""
    old, new = drawn(0, 1800), drawn(1, 1500, 0.4, 0.6)
    return summarize(new, title="t", baseline=Baseline(old, "may.csv", "june.csv", paired=False), **options)


@lru_cache
def models(noise=1.0, before="old", after="new", **options):
    rows = drawn(2)
    return summarize(again(rows, noise), title="t", baseline=Baseline(rows, before, after, paired=True), **options)


@lru_cache
def clustered():
    groups = np.arange(1500) // 5
    new, old = drawn(1, groups=groups), drawn(0, groups=groups)
    return summarize(new, title="t", baseline=Baseline(old, "a", "b", paired=False))


@pytest.fixture(scope="module")
def two_periods():
    return periods()


@pytest.fixture(scope="module")
def two_models():
    return models()


def visible(text):
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def section(summary):
    text = rendered(summary)
    return visible(text[text.index('id="s1-comparison"') : text.index('id="s1-data"')])


# ---- the part of the summary


@pytest.mark.parametrize("paired", [True, False])
def test_metrics_are_those_of_compare(paired, two_models, two_periods):
    told = (two_models if paired else two_periods).comparison
    a, b = (drawn(2), again(drawn(2), 1.0)) if paired else (drawn(0, 1800), drawn(1, 1500, 0.4, 0.6))
    first, second = (cj.ConfusionJacobian.from_rows(rows) for rows in (a, b))
    found = cj.compare(first, second, paired, metrics=[one.name for one in told.changes])
    assert told.paired == paired
    assert told.changes[0].name == "f1"
    for k, one in enumerate(told.changes):
        assert one.difference.value == found.difference[k]
        assert (one.difference.lower, one.difference.upper) == (found.confint().lower[k], found.confint().upper[k])
        assert (one.p_value, one.beyond_noise) == (found.p_values[k], found.beyond_noise[k])
        assert one.after.value - one.before.value == pytest.approx(one.difference.value)
        assert one.before.lower == first.of(one.name).value_confint().lower
    np.testing.assert_allclose(np.array(told.cells.value) / PER, found.shares.value)
    np.testing.assert_allclose(np.array(told.cells.lower) / PER, found.shares.confint().lower)
    assert (told.counts is None) == (found.counts is None) == (not paired)
    assert told.drawn is (told.counts if paired else told.cells)


@pytest.mark.parametrize("paired", [True, False])
def test_slopes_are_told_with_an_error_that_holds(paired, two_models, two_periods):
    summary = two_models if paired else two_periods
    a, b = (drawn(2), again(drawn(2), 1.0)) if paired else (drawn(0, 1800), drawn(1, 1500, 0.4, 0.6))
    sides = [cj.ConfusionJacobian.from_rows(rows, normalize="all") for rows in (a, b)]
    found = compare_slopes(*sides, separate=not paired)
    scale = PER * summary.point.step.size
    np.testing.assert_allclose(summary.comparison.slopes.value, found.value * scale)
    np.testing.assert_allclose(summary.comparison.slopes.upper, found.confint().upper * scale)
    assert summary.comparison.slopes_told == ("bound" if paired else "separate")


def test_what_changed_in_the_rows_themselves(two_periods, two_models):
    prevalence, score = two_periods.comparison.data
    assert prevalence.difference.value == pytest.approx(
        np.mean(drawn(1, 1500, 0.4).true) - np.mean(drawn(0, 1800).true)
    )
    assert prevalence.beyond_noise
    assert prevalence.better == 0
    assert score.title == "Mean score"
    assert score.difference.value == pytest.approx(drawn(1, 1500, 0.4, 0.6).score.mean() - drawn(0, 1800).score.mean())
    assert [one.name for one in two_models.comparison.data] == ["mean_score"]
    assert periods(condition_on="class").comparison.data == ()


def test_the_best_threshold_of_each_and_both_lines(two_periods):
    told = two_periods.comparison
    before, after = told.best
    curve = cj.ConfusionCurve.from_rows(drawn(0, 1800))
    assert before.threshold.value == curve.maximize("f1").threshold
    assert after is two_periods.choices[0]
    new, old = told.lines.series
    assert (new.name, old.name) == ("june.csv", "may.csv")
    np.testing.assert_array_equal(old.value, curve.metric_at("f1", np.array(told.lines.threshold)).value)
    assert new.value == two_periods.lines.get("value", "F1")[0].value


def test_the_baseline_s_threshold_is_the_same_unless_told():
    rows = drawn(2)
    assert models(threshold=0.4).comparison.threshold_before == 0.4
    other = summarize(rows, title="t", baseline=Baseline(rows, "a", "b", threshold=0.3, paired=True)).comparison
    assert (other.threshold_before, other.threshold_after) == (0.3, 0.5)
    assert other.changes[1].difference.value < 0  # recall, of a higher threshold


def test_equal_models_do_not_move():
    told = models(noise=0.0).comparison
    assert told.moved == ()
    assert not any(one.difference.value for one in told.changes)
    assert not np.any(told.counts.value)


def test_clusters_and_one_class_are_told():
    told = clustered().comparison
    assert (told.clusters, told.slopes_told) == (True, "bound")
    alone = check_predictions([0] * 50, np.linspace(0.1, 0.9, 50), labels=[0, 1], one_class=True)
    new = drawn(1, groups=np.arange(1500) // 5)
    for rows, baseline in ((new, alone), (alone, new)):
        found = summarize(rows, title="t", baseline=Baseline(baseline, "a", "b", paired=False))
        undefined = {one.name for one in found.comparison.changes if np.isnan(one.difference.value)}
        assert {"recall", "f1"} <= undefined
        assert found.comparison.best == ()
        json.dumps(found.to_dict(), allow_nan=False)
        Page(rendered(found))


def test_more_classes_are_compared_too():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 900)
    a, b = (cj.confusion_jacobian(y, rng.normal(size=(900, 4)) + k * np.eye(4)[y]) for k in (1, 2))
    metrics = [cj.metrics.resolve(name, a.labels) for name in ("f1_macro", "recall[2]")]
    told = Compared.of(a, b, metrics, before="a", after="b", step=Step(0.1, "offset"))
    assert told.paired
    assert told.cells.rows == ("0", "1", "2", "3")
    slopes = [np.einsum("ykk->yk", cj.ConfusionJacobian.jacobian.func(one)) / 900 for one in (a, b)]
    np.testing.assert_allclose(told.slopes.value, (slopes[1] - slopes[0]) * PER * 0.1)
    assert Compared.of(a, b, metrics, before="a", after="b").slopes is None
    assert np.isnan(told.threshold_before)
    assert [one.title for one in told.changes] == ["F1 macro", "Recall [2]"]
    assert told.moved[0].better == 1


def test_everything_survives_json(two_periods, two_models):
    for summary in (two_periods, two_models):
        plain = summary.to_dict()["comparison"]
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain


# ---- its figures


def test_marks_are_filled_by_the_corrected_verdict(two_periods):
    told = two_periods.comparison
    bars = told.ranked.bars
    assert {one.name: one.told_apart for one in bars} == {one.title: one.beyond_noise for one in told.changes}
    sizes = [abs(one.change.value) for one in bars]
    assert sizes == sorted(sizes, reverse=True)
    ax = Figure().add_subplot()
    paint_ranking(ax, told.ranked)
    filled = [line for line in ax.lines if line.get_label() == "told apart from 0"]
    assert len(filled[0].get_xdata()) == sum(one.beyond_noise for one in told.changes)


def test_a_cost_has_no_place_beside_shares():
    found = models(metric=cj.metrics.expected_cost([[0, 1], [5, 0]])).comparison
    assert found.changes[0].name == "expected_cost"
    assert "Expected cost of a row" not in [one.name for one in found.ranked.bars]


def test_arrows_show_rows_that_changed_sides_only_where_rows_are_the_same(two_periods, two_models):
    for summary, arrows in ((two_models, 2), (two_periods, 0)):
        ax = Figure().add_subplot()
        paint_heatmap(ax, summary.comparison.drawn)
        assert len(ax.patches) == arrows
        low, high = ax.collections[0].get_clim()
        assert low == -high


# ---- the section of the page


@pytest.mark.parametrize("made", ["two_periods", "two_models"])
def test_the_section_is_there_with_a_table_behind_every_figure(made, request):
    page = Page(rendered(request.getfixturevalue(made)))
    assert [name for name in FIGURES if f"s1-figure-{name}" not in page.ids] == []
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == page.tags.count("details") + 2  # tables of choices and metrics follow in the open
    assert "#s1-comparison" in page.links
    assert all(link[1:] in page.ids for link in page.links)


def test_every_number_comes_from_the_summary(two_periods):
    page = Page(rendered(two_periods))
    known = {f"{sign * x:.6g}" for x in numbers_in(two_periods.to_dict()) for sign in (1, -1)}
    also = {f"{len(two_periods.lines.threshold):.6g}", "0.05"}
    assert [v for v in page.values if np.isfinite(v) and f"{v:.6g}" not in known | also] == []


def test_the_verdict_is_one_sentence(two_periods):
    told = section(two_periods)
    sentence = told[: told.index("Before")]
    assert re.search(r"F1 (fell|rose) by [\d.]+ points \[[\d.]+, [\d.]+\]", sentence)
    assert "beyond noise" in sentence
    assert "Nothing moved beyond noise: F1 went from" in section(models(noise=0.0))


def test_the_rest_is_within_noise():
    told = models(noise=0.55).comparison
    assert 0 < len(told.moved) < len(told.changes)
    assert "beyond noise; the rest is within noise." in section(models(noise=0.55))


def test_it_is_said_whether_rows_are_the_same(two_periods, two_models):
    assert "The same on both sides" in section(two_models)
    assert "at most the sum of both errors" in section(two_models)
    assert "Separate: the noise of both sides adds up" in section(two_periods)
    assert "The variances of both slopes add" in section(two_periods)
    assert "one that has rows on both sides counts as one" in section(clustered())


def test_hostile_names_are_text():
    labels = HOSTILE
    old, new = drawn(0, labels=labels), drawn(1, labels=labels)
    text = rendered(summarize(new, title="t", baseline=Baseline(old, *HOSTILE, paired=False)))
    assert "<script" not in text.lower()
    assert "script" not in Page(text).tags


@pytest.mark.parametrize(
    "options",
    [
        {"threshold": 1.5},
        {"coordinate": "percentile", "threshold": 0.2},
        {"coordinate": "logit"},
        {"condition_on": "class"},
        {"subject_to": "recall >= .999"},
        {"metric": "lift"},
    ],
)
def test_every_kind_of_report_has_the_section(options):
    text = rendered(periods(**options))
    assert 'id="s1-comparison"' in text
    assert not re.search(r"\bnan\b|\bNone\b|[+-]?\binf\b", re.sub(r"<style>.*?</style>", "", text, flags=re.DOTALL))


def test_without_a_baseline_there_is_none():
    text = rendered(summarize(drawn(0), title="t"))
    assert "s1-comparison" not in text


def test_page_size_does_not_grow_with_rows():
    few, many = (
        len(rendered(summarize(drawn(1, n), title="t", baseline=Baseline(drawn(0, n), "a", "b", paired=False))))
        for n in (1000, 50_000)
    )
    assert many == pytest.approx(few, rel=0.15)
