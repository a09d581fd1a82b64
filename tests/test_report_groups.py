"""Groups side by side: each against the rest, the figures, and the overview of the page."""

import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from pages import Page

import conjac as cj
from conjac.comparison import holm
from conjac.validation import check_predictions
from conjac.views.charts import canvas, paint_dots, paint_heatmap
from conjac.views.report import render
from conjac.views.summary import side_by_side, summarize
from conjac.views.summary.groups import MOST_LINES, MOST_MATRICES
from conjac.views.summary.sides import joined

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
HOSTILE = (
    '<script>alert("1")</script> \' $x_1$',
    '"مرحبا بالعالم" 🎉 ' + "long" * 50,
    "two\nlines \x00",
    "{{ 7 * 7 }}",
)


def drawn(seed, n=500, distance=1.0, **options):
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < 0.4).astype(int)
    return check_predictions(y, 1 / (1 + np.exp(-rng.normal(distance * (2 * y - 1), 1))), labels=[0, 1], **options)


def one_class(label, n=30):
    return check_predictions([label] * n, np.linspace(0.1, 0.9, n), labels=[0, 1], one_class=True)


PARTS = [drawn(0), drawn(1, 400), drawn(2, 600, 0.2), one_class(1), one_class(0)]
NAMES = ["north", "south", "odd", "ill", "well"]


def told(parts=PARTS, names=NAMES, **options):
    return side_by_side(parts, names, by="ward", **options)


def page_of(parts, names, found=None):
    made = [summarize(part, title="t", group=str(name)) for part, name in zip(parts, names, strict=True)]
    return render(made, found or told(parts, names))


def overview_of(parts, found):
    """Return what a page says of its groups together: for that, the sections of two of them are enough."""
    made = [summarize(part, title="t", group=name) for part, name in zip(parts[:2], "ab", strict=True)]
    return visible(overview(render(made, found)))


@pytest.fixture(scope="module")
def groups():
    return told()


@pytest.fixture(scope="module")
def page(groups):
    return page_of(PARTS, NAMES, groups)


def visible(text):
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def overview(text):
    return text[text.index('id="overview"') : text.index("<article")]


# ---- the record


def test_each_group_is_compared_with_all_other_rows(groups):
    raw = []
    for k, one in enumerate(groups.groups):
        rest = joined([part for other, part in enumerate(PARTS) if other != k])
        a, b = (cj.ConfusionJacobian.from_rows(rows) for rows in (rest, PARTS[k]))
        assert [change.name for change in one.changes] == ["f1", "recall", "precision"]
        found = cj.compare(a, b, paired=False, metrics=["f1", "recall", "precision"])
        raw.extend(cj.compare(a, b, paired=False, metrics=name).p_values[0] for name in found.metrics)
        for place, change in enumerate(one.changes):
            if np.isfinite(change.difference.value):
                assert change.difference.value == found.difference[place]
                assert change.difference.lower == found.confint().lower[place]
                assert change.after.value == b.of(change.name).value
    adjusted = np.reshape(holm(raw), (-1, 3))
    for one, p in zip(groups.groups, adjusted, strict=True):
        for change, expected in zip(one.changes, p, strict=True):
            if np.isfinite(change.difference.value):
                assert change.p_value == pytest.approx(expected)
                assert change.beyond_noise == (expected < 0.05)
    assert (groups.groups[2].rows, groups.groups[2].positives) == (600, int(PARTS[2].true.sum()))


def test_what_differs_comes_the_chosen_metric_first(groups):
    assert groups.apart[0][0].name == "odd"
    assert groups.apart[0][1].name == "f1"
    places = [change.name == "f1" for _, change in groups.apart]
    assert places == sorted(places, reverse=True)


def test_the_overall_value_is_of_all_rows(groups):
    every = cj.ConfusionJacobian.from_rows(joined(PARTS))
    for measure, name in zip(groups.overall, ("f1", "recall", "precision"), strict=True):
        assert measure.value == every.of(name).value
        assert measure.lower == pytest.approx(every.of(name).value_confint().lower)
    assert [picture.reference for picture in groups.dots] == [one.value for one in groups.overall]


def test_one_class_keeps_what_is_undefined_undefined(groups):
    ill, well = groups.groups[3:]
    assert (ill.one_class, well.one_class) == (True, True)
    recall = well.changes[1]
    assert np.isnan([recall.after.value, recall.difference.value, recall.p_value]).all()
    assert not recall.beyond_noise
    assert not well.changes[0].beyond_noise  # F1 of rows without a positive has no interval
    assert {dot.name: dot.note for dot in groups.dots[0].dots if dot.note} == {
        "ill": "one class only",
        "well": "one class only",
    }
    (undefined,) = (matrix for matrix, name in zip(groups.matrices, NAMES, strict=True) if name == "well")
    assert np.isnan(undefined.value[1]).all()
    assert sum(undefined.value[0]) == pytest.approx(1)


def test_equal_groups_are_not_told_apart():
    found = told([drawn(k) for k in range(10, 22)], range(12))
    assert found.apart == ()
    assert all(dot.told_apart is False for picture in found.dots for dot in picture.dots)


def test_of_two_groups_each_metric_is_tested_once():
    a, b = drawn(0, 300), drawn(1, 300, 0.5)
    found = told([a, b], "ab")
    sides = [cj.ConfusionJacobian.from_rows(rows) for rows in (b, a)]
    alone = cj.compare(*sides, paired=False, metrics=["f1", "recall", "precision"])
    for one in found.groups:
        assert [change.p_value for change in one.changes] == alone.p_values.tolist()
    first, second = (one.changes[0].difference for one in found.groups)
    assert (first.lower, first.upper) == pytest.approx((-second.upper, -second.lower))


def test_lines_and_matrices_are_of_few_groups():
    few, many = told(), told([drawn(k, 200 + 10 * k) for k in range(8)], range(8))
    assert [one.name for one in few.lines.series] == ["north", "south", "odd"]
    assert few.without_line == 2
    curve = cj.ConfusionCurve.from_rows(PARTS[1])
    expected = curve.metric_at("f1", np.array(few.lines.threshold)).value
    np.testing.assert_array_equal(few.lines.series[1].value, expected)
    assert 0.5 in few.lines.threshold
    assert [one.name for one in many.lines.series] == [str(k) for k in range(8 - MOST_LINES, 8)]
    assert many.without_line == 2
    assert len(few.matrices) == len(PARTS) <= MOST_MATRICES
    assert many.matrices == ()
    assert told([one_class(1), one_class(0)], "ab").lines is None


@pytest.mark.parametrize(
    "options",
    [
        {"coordinate": "percentile", "threshold": 0.2},
        {"condition_on": "class"},
        {"metric": "recall"},
        {"metric": cj.metrics.expected_cost([[0, 1], [5, 0]])},
        {"level": 0.8},
    ],
)
def test_options_are_those_of_the_report(options):
    parts = PARTS[:3]
    found = told(parts, NAMES[:3], **options)
    summaries = [summarize(part, title="t", **options) for part in parts]
    for one, summary in zip(found.groups, summaries, strict=True):
        for change in one.changes:
            line = summary.point.metric(change.name)
            np.testing.assert_equal(change.after.value, line.value.value)
            np.testing.assert_allclose([change.after.lower, change.after.upper], [line.value.lower, line.value.upper])
    page = Page(render([replace(one, group=name) for one, name in zip(summaries[:2], NAMES, strict=False)], found))
    assert "overview" in page.ids


def test_weights_and_clusters_reach_the_rest():
    weight, cluster = np.linspace(0.5, 2, 500), np.arange(500) // 5
    parts = [drawn(k, sample_weight=weight, groups=cluster) for k in range(3)]
    found = told(parts, "abc")
    assert found.clusters
    whole = joined(parts)
    assert len(whole.true) == len(whole.weight) == len(whole.block) == 1500
    assert "one that has rows in a group and outside it counts as one" in overview_of(parts, found)


def test_all_groups_of_sums_are_added_at_once(monkeypatch):
    merged, merge = [], cj.ConfusionCurve.merge
    monkeypatch.setattr(
        cj.ConfusionCurve, "merge", lambda self, *others: (merged.append(len(others)), merge(self, *others))[1]
    )
    curves = [cj.ConfusionCurve.from_rows(drawn(k)) for k in range(4)]
    assert joined(curves).tally.rows.sum() == 2000
    assert merged == [3]


def test_it_survives_json(groups):
    from dataclasses import asdict

    from conjac.frames import as_plain

    plain = as_plain(asdict(groups))
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain


# ---- figures and page


def test_the_overview_has_its_figures_with_a_table_behind_each(page):
    part = overview(page)
    ids = re.findall(r'<svg[^>]* id="([^"]+)"', part)
    assert ids == [*(f"overview-figure-dots{k}" for k in range(3)), "overview-figure-lines"] + [
        f"overview-figure-matrix{k}" for k in range(5)
    ]
    assert part.count("<details>") == len(ids)
    whole = Page(page)
    assert len(whole.ids) == len(set(whole.ids))
    assert not re.search(r"\bnan\b|\bNone\b", visible(part))


def test_the_verdict_and_the_groups_of_one_class_are_said(page):
    told_there = visible(overview(page))
    assert re.search(r"F1 of odd is [\d.]+ points \[[\d.]+, [\d.]+\] below that of the rest", told_there)
    assert "Of one class only, with figures left undefined that need both: ill, well." in told_there
    assert "2 groups have no line here" in told_there
    same = [drawn(k) for k in range(10, 13)]
    said = "No group differs from the rest of the rows beyond noise in F1, Recall or Precision."
    assert said in overview_of(same, told(same, "abc"))


def test_without_the_comparison_the_table_stays():
    made = [summarize(PARTS[k], title="t", group=NAMES[k]) for k in (0, 4)]  # one of two classes, and one of one
    part = overview(render(made))
    assert "<svg" not in part
    assert "north" in part


def test_fifty_groups_are_readable():
    parts = [drawn(k, 120) for k in range(49)] + [one_class(0)]
    found = told(parts, [f"ward {k}" for k in range(50)])
    with canvas("a", "t", "d", height=11) as made:
        paint_dots(made.axes, found.dots[0])
    assert len(made.axes.get_yticklabels()) == 50
    boxes = [label.get_window_extent() for label in made.axes.get_yticklabels()]
    tops = sorted(box.y0 for box in boxes)
    assert min(np.diff(tops)) > 0.8 * boxes[0].height
    assert len(found.lines.series) == MOST_LINES


def test_hostile_names_are_text():
    text = page_of([drawn(k) for k in range(4)], HOSTILE)
    assert "<script" not in text.lower()
    assert "script" not in Page(text).tags
    assert "49" not in visible(overview(text)).split("{{")[0][-3:]


def test_an_undefined_share_can_be_painted(groups):
    with canvas("a", "t", "d") as made:
        paint_heatmap(made.axes, groups.matrices[-1])
    assert "undefined" in {text.get_text() for text in made.axes.texts}
