"""Displays of rankings: drifts, influential rows, and what differs between two models, on Matplotlib and Plotly."""

import json
import warnings
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection, QuadMesh
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError
from conjac.views.charts import paint_ranking
from conjac.views.charts.canvas import shorten
from conjac.views.charts.ranking import NAME, ends_of
from conjac.views.charts.room import SMALLEST
from conjac.views.displays.rankings import LEAVES
from conjac.views.summary import Measure
from conjac.views.summary.drift import Drift
from conjac.views.summary.ranking import SHOWN, Bar, Ranking
from conjac.views.theme import DARK, LIGHT

RNG = np.random.default_rng(0)
HOSTILE = ("<script>alert('1')</script> & $x_", '"مرحبا" 🎉 $y$ ' + "long" * 50)
SIZES = [(3.2, 2.4), (6.4, 4.2), (11.0, 7.0)]
N = 2400
Y = RNG.integers(0, 2, N)
X = RNG.normal(size=(N, 4)) + np.outer(Y, [1.2, 0.6, 0.3, 0.0])
LABELS = np.array(["ham", "spam"])[Y]
MODEL = LogisticRegression(tol=1e-10).fit(X[:400], LABELS[:400])


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def ranked(**options):
    return cj.rank_drifts(MODEL, X, LABELS, "recall", pos_label="spam", **options)


def influence(metric="recall"):
    J = cj.ConfusionJacobian.from_estimator(
        MODEL,
        X[400:],
        LABELS[400:],
        pos_label="spam",
        wrt="training_weights",
        training_data=(X[:400], LABELS[:400]),
    )
    return J.influential_rows(metric)


def scores(skill, seed=1):
    margins = np.random.default_rng(seed).normal(size=N) + skill * (2 * Y - 1)
    return 1 / (1 + np.exp(-margins))


@pytest.fixture(scope="module")
def found():
    return influence()


@pytest.fixture(scope="module")
def compared():
    """Return a comparison in which one metric is beyond noise by its own interval, and not after the correction."""
    return cj.compare(
        *(cj.confusion_jacobian(LABELS, s, pos_label="spam") for s in (scores(0.5), scores(0.65, seed=4)))
    )


@pytest.fixture(scope="module")
def displays(found, compared):
    return [cj.DriftDisplay.of(ranked()), cj.InfluenceDisplay.of(found), cj.ComparisonDisplay.of(compared)]


def marks(ax):
    return {line.get_label(): line.get_ydata().tolist() for line in ax.lines if not line.get_label().startswith("_")}


def whiskers(ax):
    ends = [path.vertices[:, 0] for c in ax.collections if isinstance(c, LineCollection) for path in c.get_paths()]
    return {tuple(np.round(sorted(x), 9)) for x in ends if x[0] != 0}


def drawn_quietly(figure):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        figure.draw_without_rendering()


def bars(n, **options):
    return Ranking.of([Bar(f"bar {k}", Measure(1.0, 0.5, 1.5)) for k in range(n)], "Title", "change", **options)


# ---- drifts


def test_drifts_are_those_of_the_report_s_section():
    ranking = ranked()
    picture = cj.DriftDisplay.of(ranking).picture
    section = Drift.of(ranking, 0.95).ranked_numbers
    assert (picture.bars, picture.title, picture.unit) == (section.bars, section.title, section.unit)
    columns = ranking.to_columns()
    np.testing.assert_allclose([bar.change.value for bar in picture.bars], columns["gradient"])
    assert "Sensitivity, not importance." in picture.description
    assert "Sensitivity, not importance." in picture.caption


def test_drifts_are_drawn_the_strongest_at_the_top_with_their_intervals():
    ranking = ranked()
    ax = ranking.plot(ax=Figure().add_subplot())
    assert [label.get_text().removesuffix(" *") for label in ax.get_yticklabels()] == list(ranking.order)
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    columns = ranking.to_columns()
    low, high = ax.get_xlim()
    limits = np.clip([columns["lower"], columns["upper"]], low, high).round(9)
    assert set(map(tuple, limits.T)) <= whiskers(ax)


def test_a_drift_that_leaves_the_rows_seen_is_marked_and_told():
    ranking = ranked()
    display = cj.DriftDisplay.of(ranking)
    assert [bar.note for bar in display.picture.bars] == [ranking.notes.get(name, "") for name in ranking.order]
    apart = np.c_[Y + 0.1 * RNG.random(N), RNG.normal(size=N)]  # one sd more takes half the rows beyond all seen
    some = cj.DriftDisplay.of(cj.rank_drifts(lambda rows: rows @ [1.0, 1.0] - 0.5, apart, Y))
    assert any(bar.note for bar in some.picture.bars)
    assert LEAVES in some.picture.caption
    ticks = [label.get_text() for label in some.plot(Figure().add_subplot()).ax_.get_yticklabels()]
    assert [tick.endswith(" *") for tick in ticks] == [bool(bar.note) for bar in some.picture.bars]
    assert any(some.to_frame("pyarrow")["note"].to_pylist())


def test_categories_are_a_ranking_of_their_own():
    frame = needs("pandas").DataFrame(X, columns=list("abcd")).assign(e=np.where(RNG.random(N) < 0.3, "north", "south"))
    ranking = cj.rank_drifts(lambda rows: np.asarray(rows[list("abcd")]).sum(axis=1) + (rows["e"] == "north"), frame, Y)
    one, other = cj.DriftDisplay.of(ranking), cj.DriftDisplay.of(ranking, kind="categories")
    assert {bar.name for bar in one.picture.bars} == set("abcd")
    assert [bar.name for bar in other.picture.bars] == ["e = south"]
    assert other.picture.unit == "change per 0.01 of share"
    assert ranking.plot(ax=Figure().add_subplot(), kind="categories").get_title() == other.picture.title
    with pytest.raises(InvalidInputError, match="kind='both': expected 'numeric' or 'categories'"):
        cj.DriftDisplay.of(ranking, "both")


def test_no_drift_at_all_is_said():
    frame = needs("pandas").DataFrame({"e": np.where(Y + RNG.normal(size=N) > 0.5, "north", "south")})
    ranking = cj.rank_drifts(lambda rows: np.where(rows["e"] == "north", 1.0, -1.0), frame, Y)
    display = cj.DriftDisplay.of(ranking).plot(Figure().add_subplot())
    assert next(text.get_text() for text in display.ax_.texts).startswith("Nothing is ranked.")
    assert "Nothing is ranked." in display.plotly().layout.annotations[0].text
    assert set(map(len, display.picture.to_columns().values())) == {0}


def test_estimators_are_ranked_and_drawn_at_once():
    ax = Figure().add_subplot()
    display = cj.DriftDisplay.from_estimator(MODEL, X, LABELS, metric="recall", n=2, ax=ax, pos_label="spam")
    assert display.ax_ is ax
    assert display.picture == cj.DriftDisplay.of(ranked(), n=2).picture
    assert display.picture.left_out == 2
    assert any("The first 2 of 4." in text.get_text() for text in ax.texts)


# ---- influential rows


def test_rows_are_told_by_their_number_and_label(found):
    picture = cj.InfluenceDisplay.of(found, n=7, level=0.9).picture
    rows = found.top(7)
    assert [bar.name for bar in picture.bars] == [f"row {row}: {found.label[row]}" for row in rows]
    lower, upper = found.confint(level=0.9)
    for bar, row in zip(picture.bars, rows, strict=True):
        assert bar.change == Measure(found.weight.value[row], lower[row], upper[row])
    assert picture.left_out == 400 - 7
    assert "of a thousand, some 100 miss." in picture.caption
    assert "of a thousand, some 100 miss." in picture.description
    assert "of a thousand, some 50 miss." in cj.InfluenceDisplay.of(found).picture.caption


def test_relabelled_rows_are_told_with_their_other_label(found):
    picture = cj.InfluenceDisplay.of(found, by="relabelled").picture
    (row, *_) = found.top(by="relabelled")
    assert picture.bars[0].name == f"row {row}: {found.label[row]} → {found.other[row]}"
    assert len(picture.bars) == SHOWN
    assert picture.unit == "change if relabelled"
    with pytest.raises(InvalidInputError, match="by='forgotten'"):
        cj.InfluenceDisplay.of(found, by="forgotten")


def test_influence_of_an_estimator_is_that_of_its_result():
    options = {"training_data": (X[:400], LABELS[:400]), "pos_label": "spam"}
    display = cj.InfluenceDisplay.from_estimator(
        MODEL, X[400:], LABELS[400:], metric="fn", by="removed", n=3, ax=Figure().add_subplot(), **options
    )
    assert display.picture == cj.InfluenceDisplay.of(influence("fn"), by="removed", n=3).picture
    assert display.picture.title == "False negatives by single training rows"


def test_influential_rows_plot_themselves(found):
    ax = found.plot(ax=Figure().add_subplot(), by="removed", n=4)
    assert len(ax.get_yticklabels()) == 4
    assert ax.get_xlabel() == "change if left out"


# ---- comparisons


def test_a_metric_is_filled_where_it_is_beyond_noise_and_not_by_its_own_interval(compared):
    lower, upper = compared.confint()
    alone = (lower > 0) | (upper < 0)
    assert (alone & ~compared.beyond_noise).any()  # else nothing is tested here
    display = cj.ComparisonDisplay.of(compared).plot(Figure().add_subplot())
    filled = marks(display.ax_).get("beyond noise", [])
    assert filled == np.flatnonzero(compared.beyond_noise).tolist()
    assert sorted(filled + marks(display.ax_)["within noise"]) == list(range(len(compared.metrics)))
    assert [bar.told_apart for bar in display.picture.bars] == compared.beyond_noise.tolist()


def test_metrics_stay_in_the_order_asked_for_with_both_values(compared):
    display = cj.ComparisonDisplay.of(compared)
    columns = display.picture.to_columns()
    np.testing.assert_array_equal(columns["a"], compared.value_a)
    np.testing.assert_array_equal(columns["b"], compared.value_b)
    np.testing.assert_array_equal(columns["adjusted p-value"], compared.p_values)
    assert columns["beyond noise"] == compared.beyond_noise.tolist()
    assert columns["name"][:2] == ["Accuracy", "Balanced accuracy"]
    shown = [text for trace in display.plotly().data for text in trace.customdata or ()]
    assert any(f"a {compared.value_a[0]:.4g}" in text and f"b {compared.value_b[0]:.4g}" in text for text in shown)


def test_what_is_beyond_noise_is_said_in_words(compared):
    far = cj.compare(*(cj.confusion_jacobian(LABELS, scores(s), pos_label="spam") for s in (0.2, 2)), metrics="recall")
    assert cj.ComparisonDisplay.of(far).picture.description.startswith("Beyond noise: Recall, +0.")
    same = cj.confusion_jacobian(LABELS, scores(1), pos_label="spam")
    assert cj.ComparisonDisplay.of(cj.compare(same, same)).picture.description.startswith("Nothing is beyond noise.")
    assert "the same rows" in cj.ComparisonDisplay.of(compared).picture.title


def test_cells_are_shares_around_zero(compared):
    ax = compared.plot(ax=Figure().add_subplot(), of="cells")
    (mesh,) = (c for c in ax.collections if isinstance(c, QuadMesh))
    np.testing.assert_allclose(mesh.get_array(), compared.shares.value)
    assert mesh.get_clim()[0] == -mesh.get_clim()[1]
    assert len(ax.patches) == 2  # rows only change sides
    picture = cj.ConfusionDifferenceDisplay.of(compared).picture
    np.testing.assert_allclose(picture.lower, compared.shares.confint(compared.level).lower)
    with pytest.raises(InvalidInputError, match="of='rows': expected 'metrics' or 'cells'"):
        compared.plot(of="rows")


def test_two_scores_are_compared_and_drawn_at_once():
    a, b = scores(0.5), scores(0.9)
    results = [cj.confusion_jacobian(LABELS, s, pos_label="spam", threshold=0.4) for s in (a, b)]
    options = {"pos_label": "spam", "threshold": 0.4, "level": 0.9}
    metrics = cj.ComparisonDisplay.from_predictions(LABELS, a, b, metrics=["f1"], ax=Figure().add_subplot(), **options)
    cells = cj.ConfusionDifferenceDisplay.from_predictions(LABELS, a, b, ax=Figure().add_subplot(), **options)
    assert metrics.picture == cj.ComparisonDisplay.of(cj.compare(*results, metrics="f1", level=0.9)).picture
    assert cells.picture == cj.ConfusionDifferenceDisplay.of(cj.compare(*results, level=0.9)).picture


# ---- all of them


def test_drawing_computes_nothing_and_may_be_repeated(displays):
    for display in displays:
        before = display.to_dict()
        first, second = Figure().add_subplot(), Figure().add_subplot()
        assert display.plot(first) is display
        assert display.plot(second).ax_ is second
        assert display.to_dict() == before
        assert [t.get_text() for t in first.get_yticklabels()] == [t.get_text() for t in second.get_yticklabels()]
        assert json.loads(json.dumps(before, allow_nan=False)) == before
        assert before["schema"] == "conjac.ranking/1"


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("style", ["default", "dark_background"])
def test_names_never_overlap_and_are_never_too_small(displays, size, style):
    for display in displays:
        with plt.style.context(style):
            figure, ax = plt.subplots(figsize=size, layout="constrained")
            display.plot(ax)
            figure.draw_without_rendering()
        labels = ax.get_yticklabels()
        assert min(label.get_fontsize() for label in labels) >= SMALLEST
        boxes = sorted((label.get_window_extent().y0, label.get_window_extent().y1) for label in labels)
        assert all(top <= bottom + 1 for (_, top), (bottom, _) in pairwise(boxes))
        whole = figure.bbox
        shown = [ax.title, ax.xaxis.label, *labels, *ax.texts]
        boxes = [text.get_window_extent() for text in shown if text.get_text()]
        assert min(box.x0 for box in boxes) >= -1
        assert max(box.x1 for box in boxes) <= whole.width + 1
        assert max(box.y1 for box in boxes) <= whole.height + 1
        assert min(box.y0 for box in boxes) >= -1


def test_bars_that_do_not_fit_are_counted():
    small, large = (Figure(figsize=size, layout="constrained").add_subplot() for size in (SIZES[0], SIZES[2]))
    for ax in (small, large):
        paint_ranking(ax, bars(60))
    n = len(small.get_yticklabels())
    assert n < 20 == len(large.get_yticklabels())
    assert [text.get_text() for text in small.texts] == [f"The first {n} of 60."]
    assert [text.get_text() for text in large.texts] == ["The first 20 of 60."]


def test_the_legend_covers_no_bar(displays):
    for display in displays:
        display.plot()
        display.figure_.draw_without_rendering()
        legend, frame = display.ax_.get_legend().get_window_extent(), display.ax_.get_window_extent()
        assert legend.y0 >= frame.y1 - 1
        assert display.ax_.title.get_window_extent().y0 >= legend.y1 - 2


def test_themes_follow_the_style_and_are_asked_for_on_plotly(displays):
    for display in displays:
        with plt.style.context("dark_background"):
            display.plot()
        assert {line.get_color() for line in display.ax_.lines} == {DARK.accent, DARK.muted}
        assert display.plotly("dark").layout.paper_bgcolor == DARK.paper
        assert display.plotly().layout.paper_bgcolor == LIGHT.paper


def test_plotly_draws_the_same_bars_with_their_intervals(displays):
    for display in displays:
        picture, figure = display.picture, display.plotly()
        whisker, *points = figure.data
        drawn = {y: x for trace in points for x, y in zip(trace.x, trace.y, strict=True)}
        np.testing.assert_allclose([drawn[k] for k in range(len(drawn))], [bar.change.value for bar in picture.bars])
        limits = np.reshape(np.array(whisker.x, dtype=float), (-1, 3))[:, :2]
        np.testing.assert_allclose(limits, [(bar.change.lower, bar.change.upper) for bar in picture.bars])
        names = [shorten(bar.name, NAME) for bar in picture.bars]
        assert [text.removesuffix(" *") for text in figure.layout.yaxis.ticktext] == names
        sides = np.array([(b.change.value, b.change.lower, b.change.upper) for b in picture.bars]).T
        assert tuple(figure.layout.xaxis.range) == ends_of(*sides)
        assert figure.layout.meta["description"] == picture.description
        assert not [trace.name for trace in points if "told apart" not in trace.name and "noise" not in trace.name]
        json.loads(figure.to_json())


@pytest.mark.parametrize("size", SIZES)
def test_hostile_names_are_text_everywhere(size):
    labels = np.array(HOSTILE, dtype=object)[Y]
    frame = needs("pandas").DataFrame(X[:, :2], columns=list(HOSTILE))
    drift = cj.DriftDisplay.of(cj.rank_drifts(lambda rows: np.asarray(rows) @ [1.0, 0.5] - 0.8, frame, Y))
    results = [cj.confusion_jacobian(labels, scores(s), labels=HOSTILE) for s in (0.5, 0.8)]
    found = cj.compare(*results, metrics=[f"recall[{label}]" for label in HOSTILE])
    for display in (drift, cj.ComparisonDisplay.of(found), cj.ConfusionDifferenceDisplay.of(found)):
        display.plot(Figure(figsize=size, layout="constrained").add_subplot())
        drawn_quietly(display.figure_)
        assert all(len(text.get_text()) < 40 for text in display.ax_.get_yticklabels())
        figure = display.plotly()
        shown = [t for axis in (figure.layout.xaxis, figure.layout.yaxis) for t in axis.ticktext or ()]
        shown += [t for trace in figure.data if trace.customdata is not None for t in np.ravel(trace.customdata)]
        assert shown
        assert not any("<script" in text or "$" in text for text in shown)


def test_one_bar_and_none_that_is_known_are_still_figures():
    for value in (Measure(0.5, 0.4, 0.6), Measure(float("nan")), Measure(0.5)):
        picture = Ranking.of([Bar("one", value)], "Title", "change")
        display = cj.DriftDisplay(picture).plot(Figure().add_subplot())
        display.figure_.draw_without_rendering()
        json.loads(display.plotly().to_json())
        assert picture.description.startswith("Strongest: one, ")
        assert "nan" not in picture.description
