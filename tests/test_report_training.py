"""The training of a model in a report: what is told, what cannot be, the section of the page, and its figures."""

import html
import json
import math
import re
import warnings
from dataclasses import replace

import numpy as np
import pytest
from pages import Page, numbers_in, rendered
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import conjac as cj
from conjac.errors import ConjacWarning
from conjac.influence import WAYS
from conjac.metrics import resolve
from conjac.training import training_effects
from conjac.views.summary import Measure, summarize
from conjac.views.summary.ranking import SHOWN
from conjac.views.summary.surfaceplot import SurfacePlot
from conjac.views.summary.training import Training

RNG = np.random.default_rng(0)
N, N_TRAINING = 2400, 400
Y = (RNG.random(N) < 0.4).astype(int)
X = RNG.normal(size=(N, 3)) * [1, 5, 1] + Y[:, None] * [1.2, 3.0, 0.0]
TRAINING = X[:N_TRAINING], Y[:N_TRAINING]
TEST = X[N_TRAINING:], Y[N_TRAINING:]
FITTED = make_pipeline(StandardScaler(), LogisticRegression(C=0.3)).fit(*TRAINING)
HOSTILE = ('<script>alert("1")</script> {{ 7 * 7 }}', "' \" & $x_1$ مرحبا " + "long" * 50)


def effects(model=FITTED, training=TRAINING, test=TEST, hyperparameters=None, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConjacWarning)
        return training_effects(model, *test, training, hyperparameters, **options)


def summary_of(found, model=FITTED, test=TEST, metric="f1", **options):
    rows = cj.validation.check_predictions(test[1], model.predict_proba(test[0]), labels=model.classes_.tolist())
    return summarize(rows, title="t", metric=metric, training=found, **options)


def visible(text):
    text = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def section(summary):
    text = rendered(summary)
    return visible(text[text.index('id="s1-training"') : text.index('id="s1-meaning"')])


@pytest.fixture(scope="module")
def found():
    return effects()


@pytest.fixture(scope="module")
def told(found):
    return summary_of(found)


@pytest.fixture(scope="module")
def untold():
    model = DecisionTreeClassifier(max_leaf_nodes=20, random_state=0).fit(*TRAINING)
    return summary_of(effects(model), model)


# ---- what can be told


def test_both_results_are_those_of_the_library(found):
    how = {"training_data": TRAINING}
    moved = cj.ConfusionJacobian.from_estimator(FITTED, *TEST, wrt="hyperparameters", **how)
    weighed = cj.ConfusionJacobian.from_estimator(FITTED, *TEST, wrt="training_weights", **how)
    assert found.hyperparameters.parameters == moved.parameters
    assert np.array_equal(found.hyperparameters.jacobian, moved.jacobian)
    assert np.array_equal(found.weights.jacobian, weighed.jacobian)
    assert (found.n_rows, dict(found.refused)) == (N_TRAINING, {})


def test_named_hyperparameters_are_refitted_where_there_is_no_derivative():
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(*TRAINING)
    moves = cj.Hyperparameters("max_depth", step=0.5, n_seeds=2)
    found = effects(model, hyperparameters=moves, random_state=0)
    assert found.hyperparameters.method == "secant"
    assert list(found.refused) == ["weights"]
    part = summary_of(found, model).training.hyperparameters
    assert (part.method, part.slopes[0].at) == ("refits", "2 and 5")
    assert dict(part.facts)["refits"] == str(found.hyperparameters.diagnostics["refits"])
    assert "The model was fitted again with each hyper-parameter a step lower and higher" in section(
        summary_of(found, model)
    )


def test_what_a_model_cannot_serve_is_a_reason_and_no_error(monkeypatch):
    tree = effects(DecisionTreeClassifier().fit(*TRAINING)).refused
    smooth = "the training of DecisionTreeClassifier is not known to be a smooth problem that is solved"
    assert tree["weights"] == smooth
    named = "; name hyper-parameters, and the model is fitted again on either side of each"
    assert tree["hyperparameters"] == smooth + named
    far = effects(training=(*TRAINING, np.where(TRAINING[1] == 1, 20.0, 1.0))).refused  # it had no weights
    assert set(far) == {"hyperparameters", "weights"}
    assert all(why.startswith("one Newton step") for why in far.values())
    twice = np.column_stack([X, X[:, 0]])
    flat = LogisticRegression(C=np.inf).fit(twice[:N_TRAINING], TRAINING[1])
    repeated = effects(flat, (twice[:N_TRAINING], TRAINING[1]), (twice[N_TRAINING:], TEST[1])).refused
    assert all("its Hessian is singular" in why for why in repeated.values())
    monkeypatch.setattr("conjac.engines.weights.LARGEST", 2)
    assert "4 parameters: at most 2 parameters" in effects().refused["weights"]
    assert effects().hyperparameters is not None


@pytest.mark.parametrize(
    ("training", "message"),
    [
        (None, "training_data is missing"),
        ((TRAINING[0][:5], TRAINING[1]), "X has 5 rows and y has 400"),
        ((TRAINING[0], np.where(TRAINING[1] == 0, 2, 1)), "y holds 2"),
        ((TRAINING[0][:, :2], TRAINING[1]), "training_data"),
    ],
)
def test_training_rows_that_are_wrong_are_an_error(training, message):
    with pytest.raises(cj.InvalidInputError, match=re.escape(message)):
        effects(training=training)


def test_a_name_that_is_wrong_is_an_error():
    with pytest.raises(cj.InvalidInputError, match="depth"):
        effects(hyperparameters=cj.Hyperparameters("depth"))


def test_shares_of_training_rows_sum_to_one_in_the_order_of_their_effects(found):
    rows = found.weights.influential_rows("f1")
    for by in WAYS:
        share = rows.share(by)
        assert share.sum() == pytest.approx(1)
        assert share == pytest.approx(np.abs(rows.effect(by).value) / np.abs(rows.effect(by).value).sum())
        assert (np.diff(share[rows.top(by=by)]) <= 0).all()
    with pytest.raises(cj.InvalidInputError, match="by='size'"):
        rows.share("size")


# ---- the part of the summary


def test_slopes_are_those_of_the_chosen_metric_first(found, told):
    part = told.training.hyperparameters
    assert (part.method, part.logarithms, part.metrics) == ("implicit", True, ("F1", "Recall", "Precision"))
    J = found.hyperparameters
    for one in part.slopes:
        place = J.parameters.index(one.name)
        for change, name in zip(one.changes, ("f1", "recall", "precision"), strict=True):
            sensed = J.of(name)
            lower, upper = sensed.confint(told.level)
            assert change == Measure(float(sensed.gradient[place]), float(lower[place]), float(upper[place]))
    sizes = [abs(one.changes[0].value) for one in part.slopes]
    assert sizes == sorted(sizes, reverse=True)
    assert {one.name: (one.at, one.unit) for one in part.slopes}["C"] == ("0.3", "1 of log C")
    assert dict(part.facts)["held"] == "StandardScaler as fitted"
    assert "standard errors at most" in dict(part.facts)["newton_step"]


def test_the_chosen_metric_is_told_once(found):
    assert summary_of(found, metric="recall").training.hyperparameters.metrics == ("Recall", "Precision")


def test_rows_are_the_strongest_in_each_way(found, told):
    rows = found.weights.influential_rows("f1")
    assert [way.by for way in told.training.influence.ways] == list(WAYS)
    for way in told.training.influence.ways:
        places = rows.top(SHOWN, way.by)
        assert [one.row for one in way.rows] == places.tolist()
        assert [one.share for one in way.rows] == rows.share(way.by)[places].tolist()
        assert way.share == pytest.approx(sum(one.share for one in way.rows))
        assert way.left_out == N_TRAINING - SHOWN
        lower, upper = rows.confint(way.by, told.level)
        for one in way.rows:
            effect = rows.effect(way.by).value[one.row]
            assert one.change == Measure(float(effect), float(lower[one.row]), float(upper[one.row]))
            assert one.label == str(TRAINING[1][one.row])
            assert one.other == str(1 - TRAINING[1][one.row])


def test_intervals_have_the_level_that_was_asked(found):
    wide, narrow = (summary_of(found, level=level).training for level in (0.99, 0.5))
    for get in (lambda t: t.hyperparameters.slopes[0].changes[0], lambda t: t.influence.ways[0].rows[0].change):
        assert get(wide).upper - get(wide).lower > 2 * (get(narrow).upper - get(narrow).lower)


def test_json_holds_the_training_and_none_without(told, untold):
    for summary in (told, untold):
        plain = summary.to_dict()
        assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert [one["row"] for one in told.to_dict()["training"]["influence"]["ways"][0]["rows"]] == [
        one.row for one in told.training.influence.ways[0].rows
    ]
    assert untold.to_dict()["training"]["value"]["value"] is None
    assert summarize(cj.validation.check_predictions(Y, X[:, 0]), title="t").to_dict()["training"] is None


def test_a_surface_is_held_as_plain_types(found):
    surface = cj.surface(FITTED, *TEST, {"C": [0.1, 1.0], "threshold": [0.4, 0.5]}, "f1", TRAINING)
    held = Training.of(replace(found, surface=surface), resolve("f1", (0, 1)), 0.95).surface
    assert held == SurfacePlot.of(surface, fine=31)
    np.testing.assert_allclose(held.value, surface.value)


def test_a_surface_is_drawn_with_its_nodes_behind_it():
    surface = cj.surface(FITTED, *TEST, {"C": [0.1, 1.0], "threshold": [0.4, 0.5, 0.6]}, "f1", TRAINING)
    page = cj.Report.from_estimator(FITTED, *TEST, training_data=TRAINING, surface=surface).to_html()
    assert page.count('id="s1-figure-surface"') == 1
    assert "data:image" not in page  # vectors alone, whose colours follow the dark mode
    plain = re.sub(r"<[^>]+>", "", page)
    assert "F1 over C and threshold" in plain
    for value in surface.value.ravel():
        assert f'<data value="{value:.6g}">' in page


# ---- the section of the page


def test_the_section_has_its_figures_tables_and_entry(told):
    text = rendered(told)
    page = Page(text)
    figures = {"s1-figure-hyperparameters", *(f"s1-figure-rows_{way}" for way in WAYS)}
    assert {"s1-training", *figures} <= set(page.ids)
    assert "#s1-training" in page.links
    assert len(page.ids) == len(set(page.ids))
    assert page.tags.count("svg") == page.tags.count("details") + 1
    without = Page(rendered(replace(told, training=None)))
    assert not [name for name in (*without.ids, *without.links) if "training" in name]


def test_the_answer_is_in_sentences(told):
    top, gone = told.training.hyperparameters.slopes[0], told.training.influence.ways[1]
    text = section(told)
    slope = r"[+−][\d.]+ \[[+−][\d.]+, [+−][\d.]+\]"
    assert re.search(
        rf"Of the hyper-parameters, {re.escape(top.name)} moves F1 the most: 2\.72 times its value would, at the "
        rf"present slope, change F1 from [\d.]+ by {slope}",
        text,
    )
    assert re.search(
        rf"Of the 400 training rows, row {gone.rows[0].row} \(class {gone.rows[0].label}\) does the most: without it "
        rf"F1 would change by {slope}",
        text,
    )
    assert "The 20 strongest make up " in text
    assert "Sensitivity, not importance." in text
    assert "of a thousand some fifty miss" in text


def test_every_number_comes_from_the_summary(told):
    page = Page(rendered(told))
    known = {f"{sign * x:.6g}" for x in numbers_in(told.to_dict()) for sign in (1, -1)}
    lengths = {f"{n:.6g}" for n in (len(told.lines.threshold), SHOWN)}
    assert [v for v in page.values if math.isfinite(v) and f"{v:.6g}" not in known | lengths] == []


def test_the_table_tells_every_row_that_is_drawn(told):
    text = rendered(told)
    for way in told.training.influence.ways:
        figure = text[text.index(f'id="s1-figure-rows_{way.by}"') :]
        drawn = re.findall(r"<text[^>]*>row (\d+): ", figure[: figure.index("</svg>")])
        table = figure[figure.index("<table") : figure.index("</table>")]
        assert drawn == re.findall(r'<th scope="row">(\d+)</th>', table) == [str(one.row) for one in way.rows]


def test_what_cannot_be_told_is_said_with_the_reason(untold):
    text = section(untold)
    assert "What training does to F1 cannot be told of this model and its 400 training rows." in text
    assert "Hyper-parameters are not told. The reason: the training of DecisionTreeClassifier is not known" in text
    assert "Single training rows are not told. The reason: " in text
    assert "Sensitivity" not in text
    assert "figure-rows" not in rendered(untold)


def test_cautions_are_said_once(found, told):
    def doubted(J):
        return replace(J, diagnostics={**J.diagnostics, "cautions": ["the fit is off"]})

    doubtful = replace(found, hyperparameters=doubted(found.hyperparameters), weights=doubted(found.weights))
    assert section(summary_of(doubtful)).count("With care. the fit is off.") == 1
    assert "With care" not in section(told)


def test_past_the_end_of_the_scores_nothing_is_nan():
    summary = summary_of(effects(threshold=1.5), threshold=1.5)
    text = section(summary)
    assert "an amount that cannot be told here" in text
    assert not re.search(r"\bnan\b|\bNone\b", text)


def test_few_test_rows_are_said_in_words():
    few = TEST[0][:6], TEST[1][:6]
    text = section(summary_of(effects(test=few), test=few))
    assert "with too few rows at the boundary to say how surely" in text
    assert "With care. fewer than" in text
    assert not re.search(r"\bnan\b|\bNone\b", text)


def test_hostile_labels_are_escaped():
    named = np.array(HOSTILE, dtype=object)
    model = LogisticRegression().fit(TRAINING[0], named[TRAINING[1]])
    found = effects(model, (TRAINING[0], named[TRAINING[1]]), (TEST[0], named[TEST[1]]))
    text = rendered(summary_of(found, model, (TEST[0], named[TEST[1]])))
    page = Page(text)
    assert "<script" not in text.lower()
    assert "script" not in page.tags
    assert html.escape(HOSTILE[0], quote=False).replace('"', "&#34;") in text


def test_fewer_training_rows_than_are_shown_are_all_shown():
    training = TRAINING[0][:15], TRAINING[1][:15]
    model = LogisticRegression().fit(*training)
    summary = summary_of(effects(model, training), model)
    assert [way.left_out for way in summary.training.influence.ways] == [0, 0, 0]
    assert "strongest make up" not in section(summary)
