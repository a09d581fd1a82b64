"""Metrics along the threshold: the lines are the curve's own, with their bands, and sit in any grid."""

import json
import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from support import needs, needs_data

import conjac as cj
from conjac.errors import InvalidInputError
from conjac.views.summary.lineplot import MOST, LinePlot
from conjac.views.summary.measure import Measure
from conjac.views.summary.places import AT_QUANTILES, REGULAR, Rows
from conjac.views.theme import DARK, LIGHT

RNG = np.random.default_rng(0)
HOSTILE = ("<script>alert('1')</script> & $x_", '"مرحبا" 🎉 $y$ ' + "long" * 50)


def two(n=2000, distance=1.0):
    y = RNG.integers(0, 2, n)
    return y, 1 / (1 + np.exp(-RNG.normal(distance * (2 * y - 1), 1)))


Y, SCORE = two()
CURVE = cj.ConfusionCurve.from_predictions(Y, SCORE)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def lines_of(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def drawn_without_a_word(display):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # Matplotlib's font has not all of them
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        display.plot().figure_.canvas.draw()


def test_lines_are_those_of_the_curve_with_their_bands():
    display = cj.MetricCurveDisplay.of(CURVE, ("precision", "recall"), level=0.9, point=0.5)
    picture = display.picture
    t = np.array(picture.threshold)
    assert 0.5 in picture.threshold
    assert len(t) <= REGULAR + AT_QUANTILES + 1
    assert (np.diff(t) > 0).all()
    for name, one in zip(("precision", "recall"), picture.series, strict=True):
        told = CURVE.metric_at(name, t)
        np.testing.assert_array_equal(one.value, told.value)
        np.testing.assert_array_equal([one.lower, one.upper], told.confint(0.9))


def test_slopes_are_told_for_a_step():
    picture = cj.MetricCurveDisplay.of(CURVE, "f1", kind="slope", thresholds=[0.6, 0.4]).picture
    assert picture.threshold == (0.4, 0.6)
    assert (picture.label, picture.around_zero) == ("change per 0.01 of probability", True)
    told = CURVE.metric_slope_at("f1", np.array([0.4, 0.6]))
    np.testing.assert_allclose(picture.series[0].value, told.value * 0.01)
    np.testing.assert_allclose(picture.series[0].upper, told.confint().upper * 0.01)


def test_cells_are_drawn_as_metrics_are():
    picture = cj.MetricCurveDisplay.of(CURVE, ("fp", "fn"), thresholds=[0.3, 0.5]).picture
    np.testing.assert_array_equal(picture.series[0].value, CURVE.matrix_at(np.array([0.3, 0.5]))[:, 0, 1])
    assert [one.name for one in picture.series] == ["False positives", "False negatives"]


def test_what_is_drawn_is_what_the_picture_holds():
    display = cj.MetricCurveDisplay.of(CURVE, point=0.3).plot()
    ax, picture = display.ax_, display.picture
    drawn = lines_of(ax)
    assert list(drawn) == ["Precision", "Recall", "F1", "operating point"]
    for one in picture.series:
        np.testing.assert_array_equal(drawn[one.name].get_ydata(), one.value)
    assert len({line.get_linestyle() + str(line._unscaled_dash_pattern) for line in list(drawn.values())[:3]}) == 3
    assert sum(isinstance(c, FillBetweenPolyCollection) for c in ax.collections) == 3
    assert ax.get_xlim() == (picture.threshold[0], picture.threshold[-1])
    assert ax.get_xlabel() == "threshold (probability)"
    assert ax.get_title() == picture.title == "Precision, Recall and F1 along the threshold"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(drawn)


def test_a_cost_is_named_in_full_in_the_legend():
    ax = cj.MetricCurveDisplay.of(CURVE, cj.metrics.expected_cost([[0, 1], [5, 0]]), point=0.3).plot().ax_
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["Expected cost of a row", "operating point"]


def test_groups_are_drawn_at_the_same_thresholds():
    groups = {"north": CURVE, "south": cj.ConfusionCurve.from_predictions(*two(distance=2))}
    picture = cj.MetricCurveDisplay.of(groups, "recall").picture
    t = np.array(picture.threshold)
    assert picture.title == "Recall along the threshold, by group"
    assert len(t) <= REGULAR + AT_QUANTILES
    for (name, curve), one in zip(groups.items(), picture.series, strict=True):
        assert one.name == name
        np.testing.assert_array_equal(one.value, curve.metric_at("recall", t).value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: cj.ConfusionCurve.from_tally(CURVE.tally),
        lambda: CURVE.merge(cj.ConfusionCurve.from_predictions(*two())),
        lambda: cj.ConfusionCurve.from_scores(SCORE),
        lambda: cj.ConfusionCurve.from_tally(cj.ConfusionCurve.from_predictions(Y, SCORE * 7 - 2).tally),
        lambda: cj.ConfusionCurve.from_predictions(Y, SCORE, sample_weight=RNG.random(len(Y))),
    ],
    ids=["tally", "merged", "scores", "raw", "weighted"],
)
def test_curves_without_rows_are_drawn_where_their_rows_are(make):
    curve = make()
    picture = cj.MetricCurveDisplay.of(curve, "recall").picture
    assert len(picture.threshold) > 100
    recall = np.array(picture.series[0].value)
    assert recall[0] > 0.97
    assert recall[-1] < 0.1
    drawn_without_a_word(cj.MetricCurveDisplay.of(curve, kind="slope"))


def test_the_rows_of_a_curve_are_found_from_the_curve_alone():
    rows = Rows.of(CURVE)
    assert rows.weight.sum() == len(Y)
    ranks = np.linspace(0.01, 0.99, 17)  # none on the edge of a row
    expected = np.quantile(SCORE, ranks, method="inverted_cdf")
    np.testing.assert_array_equal(rows.quantile(ranks), expected)
    positives = np.quantile(SCORE[Y == 1], ranks, method="inverted_cdf")
    np.testing.assert_array_equal(rows.quantile(ranks, true=1), positives)
    assert rows.share(rows.score > 0.5) == (SCORE > 0.5).mean()


def test_what_is_known_of_bins_alone_is_said():
    said = "Rows within a bin of the tally are shared in proportion."
    tallied = cj.ConfusionCurve.from_tally(CURVE.tally)
    assert said in LinePlot.of(tallied, "recall").description
    assert said not in LinePlot.of(CURVE, "recall").description


def test_all_thresholds_from_0_to_1_can_be_asked_for():
    curve = cj.ConfusionCurve.from_predictions(*two(distance=5))
    display = cj.MetricCurveDisplay.of(curve, "recall", thresholds=[0.0, 0.5, 1.0])
    assert display.picture.axis == "logit"
    assert display.picture.series[0].value[0] == 1.0
    drawn_without_a_word(display)
    assert np.isfinite(display.plotly().data[-1].x).all()


def test_a_recommended_threshold_is_marked_on_both():
    picture = replace(LinePlot.of(CURVE, "f1", point=0.5), mark=Measure(0.4, 0.3, 0.45))
    display = cj.MetricCurveDisplay(picture).plot()
    assert lines_of(display.ax_)["recommended"].get_xdata() == [0.4, 0.4]
    assert [note.text for note in display.plotly().layout.annotations] == ["recommended", "operating point"]


def test_rows_that_weigh_nothing_are_nowhere():
    score = np.concatenate([np.zeros(20), np.full(20, 0.5), np.ones(20)])
    weight = np.repeat([1.0, 0.0, 1.0], 20)
    curve = cj.ConfusionCurve.from_predictions(np.arange(60) % 2, score, sample_weight=weight)
    assert Rows.of(curve).score.tolist() == [0.0, 1.0]
    drawn_without_a_word(cj.MetricCurveDisplay.of(curve))


def test_weights_count_in_where_the_rows_are():
    weight = np.where(SCORE < 0.5, 0.0, 1.0)
    rows = Rows.of(cj.ConfusionCurve.from_predictions(Y, SCORE, sample_weight=weight))
    assert rows.quantile(0.001) >= 0.5


def test_saturated_probabilities_are_laid_out_in_log_odds():
    display = cj.MetricCurveDisplay.of(cj.ConfusionCurve.from_predictions(*two(distance=5)), "f1", kind="slope")
    assert display.picture.axis == "logit"
    assert display.picture.label == "change per 0.1 of log-odds"
    assert display.plot().ax_.get_xscale() == "function"
    figure = display.plotly()
    assert list(figure.layout.xaxis.ticktext)[len(figure.layout.xaxis.ticktext) // 2] == "0.5"


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
def test_every_coordinate_is_drawn(coordinate):
    curve = cj.ConfusionCurve.from_predictions(Y, SCORE, coordinate=coordinate)
    for kind in ("value", "slope"):
        display = cj.MetricCurveDisplay.of(curve, kind=kind)
        assert display.picture.coordinate == coordinate
        drawn_without_a_word(display)


def test_estimators_predictions_and_curves_draw_alike():
    X = RNG.normal(size=(1000, 3))
    y = np.where(X[:, 0] + RNG.normal(size=1000) > 0, "yes", "no")
    model = LogisticRegression().fit(X, y)
    one = cj.MetricCurveDisplay.from_estimator(model, X, y, pos_label="no", metrics="recall", point=0.4)
    score = model.predict_proba(X)[:, 0]
    other = cj.MetricCurveDisplay.from_predictions(y, score, pos_label="no", metrics="recall", point=0.4)
    assert one.picture == other.picture
    ax = CURVE.plot("recall", ax=Figure().add_subplot())
    np.testing.assert_array_equal(
        lines_of(ax)["Recall"].get_ydata(), cj.MetricCurveDisplay.of(CURVE, "recall").picture.series[0].value
    )


@pytest.mark.parametrize(
    ("curve", "options", "message"),
    [
        (CURVE, {"metrics": ["recall"] * (MOST + 1)}, "7 metrics: at most 6 lines"),
        (dict.fromkeys(range(MOST + 1), CURVE), {"metrics": "recall"}, "7 groups: at most 6 lines"),
        ({"a": CURVE, "b": CURVE}, {}, "3 metrics of 2 groups: name one metric"),
        (CURVE, {"metrics": []}, "metrics is empty"),
        ({}, {}, "an empty mapping"),
        (3, {}, "curve is a int"),
        (CURVE, {"kind": "area"}, "kind='area': expected 'value' or 'slope'"),
        (
            {"a": CURVE, "b": cj.ConfusionCurve.from_predictions(Y, SCORE, coordinate="logit")},
            {"metrics": "f1"},
            "different coordinates: logit, probability",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(curve, options, message):
    with pytest.raises(InvalidInputError, match=message):
        cj.MetricCurveDisplay.of(curve, **options)


def test_six_lines_have_six_colours():
    names = ("precision", "recall", "f1", "specificity", "npv", "fpr")
    drawn = lines_of(cj.MetricCurveDisplay.of(CURVE, names).plot().ax_)
    assert [line.get_color() for line in drawn.values()] == list(LIGHT.series)


def test_plotly_draws_the_same_lines_with_their_intervals():
    display = cj.MetricCurveDisplay.of(CURVE, ("precision", "recall"), thresholds=[0.3, 0.5, 0.7], point=0.5)
    figure = display.plotly("dark")
    shown = [trace for trace in figure.data if trace.hoverinfo != "skip"]
    assert [trace.name for trace in shown] == ["Precision", "Recall"]
    for trace, one in zip(shown, display.picture.series, strict=True):
        assert tuple(trace.y) == one.value
    assert {trace.fill for trace in figure.data if trace.hoverinfo == "skip"} == {None, "tonexty"}
    assert len({trace.line.dash for trace in shown}) == 2
    first = display.picture.series[0]
    told = f"Precision {first.value[1]:.3f} [{first.lower[1]:.3f}, {first.upper[1]:.3f}]<br>threshold 0.5"
    assert shown[0].customdata[1] == told
    assert figure.layout.paper_bgcolor == DARK.paper
    json.loads(figure.to_json())


def test_hostile_names_are_text_everywhere():
    display = cj.MetricCurveDisplay.of(dict.fromkeys(HOSTILE, CURVE), "recall")
    drawn_without_a_word(display)
    assert all(len(text.get_text()) < 40 for text in display.ax_.get_legend().get_texts())
    figure = display.plotly()
    shown = [trace.name for trace in figure.data] + [text for trace in figure.data for text in trace.customdata or ()]
    assert not any("<script" in text or "$" in text for text in shown)
    assert display.to_frame("pyarrow")["line"].to_pylist()[-1] == HOSTILE[1]


@pytest.mark.parametrize(
    ("y", "score"), [([1], [0.4]), ([0, 1] * 20, [0.5] * 40), ([1] * 30, np.linspace(0, 1, 30)), ([0, 1], [0.0, 1.0])]
)
@pytest.mark.parametrize("kind", ["value", "slope"])
@pytest.mark.filterwarnings("ignore::conjac.errors.ConjacWarning")
def test_the_smallest_curves_are_drawn_or_said_to_be_undefined(y, score, kind):
    if len(set(y)) == 1:
        rows = cj.validation.check_predictions(y, score, labels=[0, 1], one_class=True)
        curve = cj.ConfusionCurve.from_rows(rows)
    else:
        curve = cj.ConfusionCurve.from_predictions(y, score)
    display = cj.MetricCurveDisplay.of(curve, kind=kind)
    drawn_without_a_word(display)
    display.plotly()


def test_the_table_behind_survives_json():
    display = cj.MetricCurveDisplay.of(CURVE, thresholds=[0.1, 0.2])
    columns = display.picture.to_columns()
    assert {len(column) for column in columns.values()} == {6}
    assert columns["line"] == ["Precision"] * 2 + ["Recall"] * 2 + ["F1"] * 2
    plain = display.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["schema"] == "conjac.lineplot/1"


def test_the_description_tells_the_figures_at_the_point():
    picture = LinePlot.of(CURVE, "recall", at=[0.3, 0.5], point=0.5)
    told = CURVE.metric_at("recall", 0.5)
    low, high = told.confint()
    assert picture.description == (
        f"At 0.5: Recall {told.value:.3g} [{low:.3g}, {high:.3g}]. Bands are pointwise, at 0.95."
    )


def test_displays_sit_in_grids():
    figure, axes = plt.subplots(2, 2, layout="constrained")
    for ax, kind in zip(axes[0], ("value", "slope"), strict=True):
        assert cj.MetricCurveDisplay.of(CURVE, kind=kind).plot(ax).figure_ is figure
    figure.canvas.draw()
    assert figure.axes == list(axes.ravel())
    assert not axes[1, 0].lines


def test_displays_sit_in_seaborn_grids():
    sns, pd = needs("seaborn"), needs("pandas")
    frame = pd.DataFrame({"y": Y, "score": SCORE, "site": np.where(np.arange(len(Y)) % 2, "a", "b")})
    grid = sns.FacetGrid(frame, col="site")

    def draw(y, score, **_):
        cj.MetricCurveDisplay.from_predictions(y.to_numpy(), score.to_numpy(), metrics="recall", ax=plt.gca())

    grid.map(draw, "y", "score")
    assert [len(lines_of(ax)) for ax in grid.axes.flat] == [1, 1]
    grid.figure.canvas.draw()


@pytest.mark.parametrize("name", ["spambase", "secom"])
def test_real_data_are_drawn(name):
    pd = needs("pandas")
    frame = pd.read_parquet(needs_data(name)).select_dtypes("number").dropna(axis=1)
    y = frame.pop("Class" if name == "spambase" else "label").to_numpy()
    X = (frame - frame.mean()) / (frame.std() + 1e-9)
    model = LogisticRegression(C=0.01, max_iter=300).fit(X[::2], y[::2])
    display = cj.MetricCurveDisplay.from_estimator(model, X[1::2], y[1::2])
    widths = [np.nanmean(np.subtract(one.upper, one.lower)) for one in display.picture.series]
    assert min(widths) > 0
    assert (widths[0] > 0.1) == (name == "secom")  # few positives: wide bands
