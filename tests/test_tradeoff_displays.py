"""Trade-offs and Pareto fronts drawn: where each point lies, who pays, and what was thinned."""

import json
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression
from support import needs, needs_data

import conjac as cj
from conjac.errors import ConjacWarning, InvalidInputError
from conjac.views.charts.tradeoff import MARKERS
from conjac.views.summary.tradeplot import SHOWN, SIGNS, WRITTEN, in_words, thinned, written
from conjac.views.theme import DARK

RNG = np.random.default_rng(0)
HOSTILE = ("<script>alert('1')</script> & $x_", '"مرحبا" 🎉 $y$ ' + "long" * 50, "c")


def two(n=2000):
    y = RNG.integers(0, 2, n)
    return y, 1 / (1 + np.exp(-RNG.normal(2 * y - 1, 1)))


def three(n=1500, labels=(0, 1, 2)):
    y = RNG.integers(0, 3, n)
    return np.array(labels, dtype=object)[y], RNG.normal(size=(n, 3)) + 1.5 * np.eye(3)[y]


Y, SCORE = two()
CURVE = cj.ConfusionCurve.from_predictions(Y, SCORE)
T = np.linspace(0.05, 0.95, 19)
PATH = CURVE.tradeoff("precision", "recall", T)
CLASSES = three()
ALONG = cj.tradeoff(*CLASSES, "recall[1]", "recall[2]", along=2, values=np.linspace(-2, 2, 9))
FRONT = cj.pareto_front(*CLASSES, "recall[1]", "recall[2]", n_points=5)


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def labelled(ax):
    return {line.get_label(): line for line in ax.lines if not line.get_label().startswith("_")}


def drawn_without_a_word(display, ax=None):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        display.plot(ax).figure_.canvas.draw()


def test_the_path_is_the_trade_offs_own_with_its_intervals():
    picture = cj.TradeoffDisplay.of(PATH).picture
    assert len(picture.path) == picture.n_path == len(T)
    assert (picture.first, picture.second, picture.moving) == ("Precision", "Recall", "threshold")
    for name, told in (("first", PATH.first.value), ("second", PATH.second.value), ("rate", PATH.exchange_rate)):
        measures = [getattr(one, name) for one in picture.path]
        np.testing.assert_array_equal([m.value for m in measures], told.value)
        np.testing.assert_array_equal([m.lower for m in measures], told.confint().lower)
        np.testing.assert_array_equal([m.upper for m in measures], told.confint().upper)
    assert [one.sign for one in picture.path] == PATH.signs.tolist()
    assert [one.where for one in picture.path] == [f"{t:.4g}" for t in T]


def test_the_first_metric_goes_upwards_and_signs_have_marks_of_their_own():
    tradeoff = CURVE.tradeoff("f1", "balanced_accuracy", T)
    ax = cj.TradeoffDisplay.of(tradeoff).plot().ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Balanced accuracy", "F1")
    drawn = labelled(ax)
    assert len(drawn) >= 3
    for sign in SIGNS:
        words = in_words(sign, "F1", "Balanced accuracy")
        at = tradeoff.signs == sign
        assert (words in drawn) == at.any()
        if at.any():
            np.testing.assert_array_equal(drawn[words].get_xdata(), tradeoff.second.value.value[at])
            np.testing.assert_array_equal(drawn[words].get_ydata(), tradeoff.first.value.value[at])
            assert drawn[words].get_marker() == MARKERS[sign]
    assert len(set(MARKERS.values())) == len(SIGNS)


def test_a_few_thresholds_are_written_with_whiskers_there():
    display = cj.TradeoffDisplay.of(PATH).plot()
    shown = [display.picture.path[k] for k in display.picture.written]
    assert 3 <= len(shown) <= WRITTEN
    assert [text.get_text() for text in display.ax_.texts] == [one.where for one in shown]
    ends = [c.get_segments()[0] for c in display.ax_.collections]
    assert len(ends) == 2 * len(shown)
    np.testing.assert_allclose(ends[0][:, 0], [shown[0].second.lower, shown[0].second.upper])
    np.testing.assert_allclose(ends[1][:, 1], [shown[0].first.lower, shown[0].first.upper])


def test_little_is_written_where_there_is_little_room():
    ax = Figure(figsize=(3.2, 2.4)).add_subplot()
    display = cj.TradeoffDisplay.of(PATH).plot(ax)
    assert len(ax.texts) == -(-len(display.picture.written) // 2)


def test_the_operating_point_is_one_of_the_values():
    display = cj.TradeoffDisplay.of(PATH, point=0.5).plot()
    star = labelled(display.ax_)["operating point, 0.5"]
    assert star.get_xdata()[0] == CURVE.metric_at("recall", 0.5).value
    with pytest.raises(InvalidInputError, match=r"point=0\.51 is none of the values"):
        cj.TradeoffDisplay.of(PATH, point=0.51)


def test_predictions_and_estimators_take_any_point():
    X = RNG.normal(size=(1000, 3))
    y = (X[:, 0] + RNG.normal(size=1000) > 0).astype(int)
    model = LogisticRegression().fit(X, y)
    one = cj.TradeoffDisplay.from_estimator(model, X, y, "precision", "recall", point=0.37)
    other = cj.TradeoffDisplay.from_predictions(y, model.predict_proba(X)[:, 1], "precision", "recall", point=0.37)
    assert one.to_dict() == other.to_dict()
    assert one.picture.point.where == "0.37"
    ax = Figure().add_subplot()
    assert PATH.plot(ax=ax) is ax


def test_an_estimators_classes_count_even_where_rows_lack_one():
    y, u = three()
    model = LogisticRegression().fit(u, y.astype(int))
    rows = np.flatnonzero(y != 0)
    values = [-1.0, 0.0, 1.0]
    with pytest.warns(ConjacWarning, match="no row of y_true is '0'"):
        display = cj.TradeoffDisplay.from_estimator(
            model, u[rows], y[rows].astype(int), "recall[1]", "recall[2]", along=2, values=values
        )
    p = model.predict_proba(u[rows])
    for b, one in zip(values, display.picture.path, strict=True):
        predicted = (np.log(p) + np.array([0, 0, b])).argmax(axis=1)
        assert one.second.value == (predicted[y[rows] == 2] == 2).mean()


def test_the_front_of_thresholds_is_drawn_with_the_path():
    display = cj.TradeoffDisplay.of(PATH, front=True).plot()
    front = PATH.front
    assert display.picture.n_front == len(front)
    line = labelled(display.ax_)["Pareto front"]
    np.testing.assert_array_equal(line.get_ydata(), front.first)
    np.testing.assert_array_equal(line.get_xdata(), front.second)


def test_a_front_alone_has_its_thresholds_written():
    front = cj.pareto_front(Y, SCORE, "precision", "recall")
    display = cj.TradeoffDisplay.of_front(front).plot()
    assert display.picture.path == ()
    told = [display.picture.front[k].where for k in display.picture.written]
    assert [text.get_text() for text in display.ax_.texts] == told
    assert len(display.ax_.texts) >= 3
    assert front.plot(ax=Figure().add_subplot()).get_title().replace("\n", " ") == display.picture.title


def test_a_front_of_offsets_tells_its_offsets_and_its_rate():
    picture = cj.TradeoffDisplay.of_front(FRONT).picture
    assert len(picture.front) == len(FRONT)
    np.testing.assert_array_equal([one.rate.value for one in picture.front], FRONT.exchange_rate.value)
    assert picture.front[0].where == ", ".join(f"{k}: {b:+.3g}" for k, b in enumerate(FRONT.offsets[0]))
    assert "over all 3 offsets" in picture.description
    assert FRONT.plot(ax=Figure().add_subplot()).get_ylabel() == "Recall [1]"


def test_an_offset_moves_along_its_own_path():
    picture = cj.TradeoffDisplay.of(ALONG).picture
    assert (picture.moving, picture.title) == ("offset[2] (score)", "Recall [1] against Recall [2] as offset[2] rises")
    assert [one.where for one in picture.path] == [f"{b:.4g}" for b in np.linspace(-2, 2, 9)]
    drawn_without_a_word(cj.TradeoffDisplay.of(ALONG))


def test_large_fronts_are_thinned_and_say_so():
    n = 60_000
    y = np.arange(n) % 2
    score = np.arange(n) / n  # every cut-off alerts another set
    front = cj.pareto_front(y, score, "tp", "fp")
    assert len(front) > 10_000
    display = cj.TradeoffDisplay.of_front(front).plot()
    shown = display.picture.front
    assert len(shown) <= SHOWN + 2
    assert shown[0].first.value == front.first[0]
    assert shown[-1].first.value == front.first[-1]
    gaps = np.abs(np.diff([one.first.value for one in shown]))
    assert gaps.max() < 3 * np.ptp(front.first) / SHOWN  # evenly along the way
    along = cj.ConfusionCurve.from_predictions(y, score).tradeoff("tp", "fp", [0.3, 0.7])
    beside = cj.TradeoffDisplay.of(along, front=True).picture
    assert (len(beside.front), beside.n_front) == (len(shown), len(front))
    assert f"({len(shown):,} of {len(front):,} points)" in next(iter(labelled(display.ax_)))
    assert f"of {len(front):,} points" in display.plotly().data[0].name


def test_long_paths_are_thinned():
    tradeoff = CURVE.tradeoff("precision", "recall", np.linspace(0.01, 0.99, 2000))
    picture = cj.TradeoffDisplay.of(tradeoff).picture
    assert picture.n_path == 2000
    assert len(picture.path) <= SHOWN + 2


def test_thinning_keeps_the_ends_and_what_is_undefined_does_not_hurt():
    x = np.linspace(0, 1, 1000)
    x[3] = np.nan
    places = thinned(x, np.zeros(1000), 11)
    assert {places[0], places[-1]} == {0, 999}
    assert 11 <= len(places) <= 13
    assert 3 not in written(x, np.zeros(1000))
    assert written(np.full(4, np.nan), np.zeros(4)) == ()
    assert written(np.zeros(5), np.zeros(5)) == (0,)  # all at one place: one is written


def test_written_points_do_not_cover_each_other():
    x = np.concatenate([np.zeros(50), np.linspace(0, 1, 50)])
    places = written(x, 1 - x)
    assert np.diff(x[list(places)]).min() > 0.05


def test_what_is_nowhere_defined_is_said():
    y = np.array([0, 1] * 20)
    curve = cj.ConfusionCurve.from_predictions(y, np.full(40, 0.5))
    drawn_without_a_word(cj.TradeoffDisplay.of(curve.tradeoff("precision", "recall", [0.7, 0.9])))
    empty = cj.pareto_front(y, np.where(y, 0.5, 0.5), "precision", "recall")
    drawn_without_a_word(cj.TradeoffDisplay.of_front(empty))
    two_rows = cj.ConfusionCurve.from_predictions([0, 1], [0.2, 0.8])
    drawn_without_a_word(cj.TradeoffDisplay.of(two_rows.tradeoff("f1", "recall")))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_plotly_draws_the_same_points(theme):
    display = cj.TradeoffDisplay.of(PATH, front=True, point=0.5)
    figure = display.plotly(theme)
    traces = {trace.name: trace for trace in figure.data}
    at = PATH.signs == "second pays"
    np.testing.assert_array_equal(traces["Recall pays"].x, PATH.second.value.value[at])
    told = traces["Recall pays"].customdata
    assert any("Precision for one of Recall: −" in text for text in told)
    known = np.isfinite(PATH.confint().lower[at])
    assert [text.count("<br>") for text in told] == np.where(known, 4, 3).tolist()  # no rate without its limits
    assert len(traces["operating point, 0.5"].x) == 1
    assert len({trace.marker.symbol for trace in figure.data if trace.mode == "markers"}) >= 2
    assert (figure.layout.paper_bgcolor == DARK.paper) == (theme == "dark")
    assert len(figure.layout.annotations) == len(display.picture.written)
    json.loads(figure.to_json())


def test_hostile_labels_are_text_everywhere():
    first, second = (f"recall[{name}]" for name in HOSTILE[:2])
    tradeoff = cj.tradeoff(*three(600, HOSTILE), first, second, along=HOSTILE[0], values=[-1, 0, 1], labels=HOSTILE)
    display = cj.TradeoffDisplay.of(tradeoff)
    drawn_without_a_word(display)
    assert len(display.ax_.get_xlabel()) <= 42
    assert len(display.ax_.get_title()) <= 90
    figure = display.plotly()
    told = [str(trace.name) for trace in figure.data] + [t for trace in figure.data for t in trace.customdata or ()]
    told += [figure.layout.xaxis.title.text, figure.layout.title.text]
    assert not any("<script" in text or "$" in text for text in told)


def test_the_table_behind_tells_path_and_front_and_survives_json():
    display = cj.TradeoffDisplay.of(PATH, front=True)
    columns = display.picture.to_columns()
    assert {len(column) for column in columns.values()} == {len(T) + len(PATH.front)}
    assert columns["part"].count("path") == len(T)
    plain = display.to_dict()
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["schema"] == "conjac.tradeoff/1"
    assert len(display.to_frame("pyarrow")) == len(columns["part"])


def test_displays_sit_in_grids():
    figure, axes = plt.subplots(1, 2, layout="constrained")
    assert cj.TradeoffDisplay.of(PATH).plot(axes[0]).figure_ is figure
    assert cj.TradeoffDisplay.of_front(FRONT).plot(axes[1]).figure_ is figure
    figure.canvas.draw()
    assert figure.axes == list(axes)


def test_displays_sit_in_seaborn_grids():
    sns, pd = needs("seaborn"), needs("pandas")
    frame = pd.DataFrame({"y": Y, "score": SCORE, "site": np.where(np.arange(len(Y)) % 2, "a", "b")})
    grid = sns.FacetGrid(frame, col="site")

    def draw(y, score, **_):
        cj.TradeoffDisplay.from_predictions(y.to_numpy(), score.to_numpy(), "precision", "recall", ax=plt.gca())

    grid.map(draw, "y", "score")
    assert all("Recall pays" in labelled(ax) for ax in grid.axes.flat)
    grid.figure.canvas.draw()


def test_twenty_six_letters_are_drawn():
    pd = needs("pandas")
    frame = pd.read_parquet(needs_data("letter_recognition")).iloc[:6000]
    y = frame.pop("lettr").to_numpy()
    model = LogisticRegression(max_iter=60, C=0.1, tol=0.1).fit(frame[::2] / 8, y[::2])
    display = cj.TradeoffDisplay.from_estimator(
        model, frame[1::2] / 8, y[1::2], "recall[Q]", "recall[O]", along="Q", values=np.linspace(-2, 4, 7)
    )
    gained, lost = ([getattr(one, side).value for one in display.picture.path] for side in ("first", "second"))
    assert gained == sorted(gained)
    assert lost == sorted(lost, reverse=True)
