"""Several labels, a threshold each: scikit-learn's counts and averages, errors that know the rows are the same."""

import json
import pickle
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.special import expit
from sklearn import metrics as sk
from sklearn.ensemble import RandomForestClassifier
from support import needs

import conjac as cj
from conjac.multilabel.averages import resolve_average
from conjac.multilabel.ratio import best_ratio

AVERAGES = ("macro", "micro", "weighted")
SCORES = {"f1": sk.f1_score, "precision": sk.precision_score, "recall": sk.recall_score, "jaccard": sk.jaccard_score}


def tied(seed, n=2000, bars=(0.0, 0.5, 1.2)):
    """Draw labels that hang together, and probabilities of them."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 1))
    y = (common + rng.normal(size=(n, len(bars))) > bars).astype(int)
    return y, expit(1.5 * common + rng.normal(size=(n, len(bars))) + y - np.array(bars))


def calibrated(seed, n=4000, share=(0.5, 0.3, 0.1)):
    """Draw independent labels, and probabilities that hold."""
    rng, share = np.random.default_rng(seed), np.array(share)
    y = (rng.random((n, len(share))) < share).astype(int)
    return y, expit(2 * rng.normal(2 * y - 1, 1) + np.log(share / (1 - share)))


@st.composite
def small(draw, n_labels=(1, 3)):
    """Draw a few rows with ties, weights or none; every label has both classes."""
    n, size = draw(st.integers(3, 6)), draw(st.integers(*n_labels))
    y = np.array(draw(st.lists(st.lists(st.integers(0, 1), min_size=size, max_size=size), min_size=n, max_size=n)))
    y[0], y[1] = 0, 1
    quarters = st.lists(st.integers(0, 4), min_size=size, max_size=size)
    score = np.array(draw(st.lists(quarters, min_size=n, max_size=n))) / 4
    weight = np.array(draw(st.lists(st.integers(1, 3), min_size=n, max_size=n))) / 2
    return y, score, weight if draw(st.booleans()) else None


@given(small(n_labels=(2, 3)), st.data())
@settings(max_examples=60)
def test_counts_and_averages_are_those_of_scikit_learn(rows, data):
    y, score, weight = rows
    t = np.array([data.draw(st.sampled_from([0.0, 0.3, 0.5, 0.75, 1.5])) for _ in y.T])
    predicted = (score >= t).astype(int)
    curves = cj.MultilabelCurves.from_predictions(y, score, sample_weight=weight)
    expected = sk.multilabel_confusion_matrix(y, predicted, sample_weight=weight)
    np.testing.assert_allclose(curves.matrix_at(t), expected)
    options = {"sample_weight": weight, "zero_division": 0}
    hamming = sk.hamming_loss(y, predicted, sample_weight=weight)
    assert curves.metric_at("hamming_loss", t).value == pytest.approx(hamming)
    for average in AVERAGES:
        for name, score_of in SCORES.items():
            told = curves.metric_at(f"{name}_{average}", t).value
            assert told == pytest.approx(score_of(y, predicted, average=average, **options))
        told = curves.metric_at(cj.metrics.fbeta(2, average=average), t).value
        assert told == pytest.approx(sk.fbeta_score(y, predicted, beta=2, average=average, **options))


def test_a_label_that_is_never_there_counts_as_scikit_learn_has_it():
    y, p = tied(0, 300)
    y[:, 2] = 0
    curves = cj.MultilabelCurves.from_predictions(y, p)
    for t in ([0.5, 0.5, 0.5], [0.5, 0.5, 2.0]):
        for average in AVERAGES:
            told = curves.metric_at(f"f1_{average}", t)
            assert told.value == pytest.approx(sk.f1_score(y, p >= t, average=average, zero_division=0))
            assert told.stderr > 0
    assert curves.diagnostics["one_class"] == {"2": "no positive row: slopes of its metrics have no error"}


def test_a_threshold_moves_its_own_label_alone():
    y, p = tied(1)
    t = np.array([0.4, 0.5, 0.6])
    curves = cj.MultilabelCurves.from_predictions(y, p, labels=["a", "b", "c"])
    assert list(curves) == ["a", "b", "c"]
    for at, label in enumerate(curves):
        alone = cj.ConfusionCurve.from_predictions(y[:, at], p[:, at])
        assert isinstance(curves[label], cj.ConfusionCurve)
        for figure in ("matrix_at", "jacobian_at", "center_at", "stderr_at"):
            np.testing.assert_array_equal(getattr(curves, figure)(t)[at], getattr(alone, figure)(t[at]))
        for side, own in zip(curves.confint_at(t, 0.9), alone.confint_at(t[at], 0.9), strict=True):
            np.testing.assert_array_equal(side[at], own)
    np.testing.assert_array_equal(curves.matrix_at(0.5), curves.matrix_at([0.5] * 3))
    moved = curves.matrix_at(t + np.array([0.1, 0, 0]))
    np.testing.assert_array_equal(moved[1:], curves.matrix_at(t)[1:])


@pytest.mark.parametrize("average", AVERAGES)
@pytest.mark.parametrize("name", ["f1", "precision"])
@pytest.mark.parametrize("design", ["rows", "weights", "groups", "both"])
def test_copies_of_a_label_are_as_sure_as_one(name, average, design):
    """The average of equal labels is the metric of one, with its error; each threshold has a third of the slope."""
    rng = np.random.default_rng(2)
    y, p = tied(2)
    options = {}
    if design in ("weights", "both"):
        options["sample_weight"] = 1 + 2 * y[:, 0] + rng.integers(0, 2, len(y))
    if design in ("groups", "both"):
        options["groups"] = rng.integers(0, 40, len(y))
    one = cj.ConfusionCurve.from_predictions(y[:, 0], p[:, 0], **options)
    copies = cj.MultilabelCurves.from_predictions(y[:, [0, 0, 0]], p[:, [0, 0, 0]], **options)
    for figure, share in (("metric_at", 1), ("metric_slope_at", 1 / 3)):
        ours, theirs = getattr(copies, figure)(f"{name}_{average}", 0.45), getattr(one, figure)(name, 0.45)
        np.testing.assert_allclose(ours.value, theirs.value * share)
        np.testing.assert_allclose(ours.stderr, theirs.stderr * share, rtol=1e-9)
        if share < 1:
            for mine, own in zip(ours.confint(0.9), theirs.confint(0.9), strict=True):
                np.testing.assert_allclose(mine, own * share)


def test_many_unlike_weights_cost_little():
    """What a flux has in common with the others is then summed over strata of rows, and nearly exact."""
    y, p = tied(2)
    weight = np.random.default_rng(2).gamma(2, 1, len(y))
    one = cj.ConfusionCurve.from_predictions(y[:, 0], p[:, 0], sample_weight=weight)
    copies = cj.MultilabelCurves.from_predictions(y[:, [0, 0, 0]], p[:, [0, 0, 0]], sample_weight=weight)
    ours, theirs = copies.metric_slope_at("f1_micro", 0.45), one.metric_slope_at("f1", 0.45)
    np.testing.assert_allclose(ours.stderr, theirs.stderr / 3, rtol=0.01)


@pytest.mark.parametrize("average", AVERAGES)
def test_gradients_are_those_of_the_values(average):
    cells = np.random.default_rng(0).uniform(1, 9, (3, 2, 2))
    for name in ("f1", "precision", "matthews_corrcoef"):
        metric, h = resolve_average(f"{name}_{average}"), 1e-6
        steps = h * np.eye(12).reshape(12, 3, 2, 2)
        across = (metric.value(cells + steps) - metric.value(cells - steps)) / (2 * h)
        np.testing.assert_allclose(metric.gradient(cells).ravel(), across, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", ["f1_macro", "f1_micro", "f1_weighted", "hamming_loss", "jaccard_micro"])
def test_errors_of_averages_are_those_of_the_bootstrap(name):
    y, p = tied(3)
    t = np.array([0.4, 0.5, 0.6])
    told = cj.MultilabelCurves.from_predictions(y, p).metric_at(name, t)
    average, code = resolve_average(name), 2 * y + (p >= t)
    rng, drawn = np.random.default_rng(0), []
    for _ in range(400):
        some = code[rng.integers(0, len(y), len(y))]
        cells = np.stack([np.bincount(column, minlength=4).reshape(2, 2) for column in some.T])
        drawn.append(float(average.value(cells)))
    assert told.stderr == pytest.approx(np.std(drawn), rel=0.12)
    lower, upper = told.confint()
    assert lower == pytest.approx(np.quantile(drawn, 0.025), abs=0.3 * told.stderr)
    assert upper == pytest.approx(np.quantile(drawn, 0.975), abs=0.3 * told.stderr)


def test_errors_of_slopes_are_those_of_new_rows():
    t = [0.4, 0.5, 0.6]
    centers, errors = [], []
    for seed in range(50):
        slope = cj.MultilabelCurves.from_predictions(*tied(100 + seed, 1500)).metric_slope_at("f1_micro", t)
        centers.append(np.mean(slope.confint(), axis=0))
        errors.append(slope.stderr)
    ratio = np.std(centers, axis=0) / np.mean(errors, axis=0)
    assert ((ratio > 0.78) & (ratio < 1.25)).all(), ratio


@pytest.mark.parametrize("name", ["f1_macro", "f1_micro", "f1_weighted", "hamming_loss", "matthews_corrcoef_macro"])
def test_slopes_are_those_of_the_values(name):
    curves = cj.MultilabelCurves.from_predictions(*tied(4, 40_000))
    t, h = np.array([0.4, 0.5, 0.6]), 0.03
    slope = curves.metric_slope_at(name, t)
    for label, step in enumerate(h * np.eye(3)):
        across = (curves.metric_at(name, t + step).value - curves.metric_at(name, t - step).value) / (2 * h)
        assert slope.value[label] == pytest.approx(across, abs=5 * slope.stderr[label])


def test_clusters_have_students_quantile():
    y, p = tied(5)
    told = cj.MultilabelCurves.from_predictions(y, p, groups=np.arange(len(y)) % 6).metric_at("f1_micro", 0.5)
    rows = cj.MultilabelCurves.from_predictions(y, p).metric_at("f1_micro", 0.5)
    width, plain = (float(np.diff(figure.confint())[0]) / figure.stderr for figure in (told, rows))
    assert width > 1.1 * plain


MICRO = {
    "f1_micro": ([[0, 0], [0, 2]], [[0, 1], [1, 2]], 1),
    "jaccard_micro": ([[0, 0], [0, 1]], [[0, 1], [1, 1]], 1),
    "precision_micro": ([[0, 0], [0, 1]], [[0, 1], [0, 1]], 1),
    "specificity_micro": ([[1, 0], [0, 0]], [[1, 1], [0, 0]], 1),
    "hamming_loss": ([[0, 1], [1, 0]], [[1, 1], [1, 1]], -1),
}


def brute(curves, top, bottom, sign, least_recall=0.0):
    """Return the best ratio over all combinations of cut-offs."""
    cells = []
    for curve in curves.values():
        own = curve.weight_at_score(curve.cutoffs())
        cells.append(own[own[:, 1, 1] >= least_recall * own[:, 1].sum(axis=1) - 1e-12])
    best = -np.inf
    for chosen in product(*cells):
        pooled = np.sum(chosen, axis=0)
        if below := float((pooled * bottom).sum()):
            best = max(best, sign * float((pooled * top).sum()) / below)
    return sign * best


@given(small(), st.sampled_from(sorted(MICRO)), st.sampled_from([None, 0.5, 1.0]))
@settings(max_examples=80)
def test_no_combination_of_thresholds_beats_a_micro_average(rows, name, least_recall):
    y, score, weight = rows
    curves = cj.MultilabelCurves.from_predictions(y, score, sample_weight=weight)
    bounds = () if least_recall is None else f"recall >= {least_recall}"
    found = curves.maximize(name, method="exact", subject_to=bounds)
    expected = brute(curves, *MICRO[name], least_recall or 0.0)
    assert found.value == pytest.approx(expected, abs=1e-9)
    assert found.diagnostics["ratio"] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(found.matrix, curves.matrix_at(found.thresholds))


@given(small(), st.sampled_from(["macro", "weighted"]))
@settings(max_examples=30)
def test_macro_averages_are_best_where_each_label_is(rows, average):
    y, score, weight = rows
    curves = cj.MultilabelCurves.from_predictions(y, score, sample_weight=weight)
    found = curves.maximize(f"f1_{average}", method="exact")
    metric = resolve_average(f"f1_{average}")
    cells = [curve.weight_at_score(curve.cutoffs()) for curve in curves.values()]
    assert found.value == pytest.approx(max(float(metric.value(np.stack(chosen))) for chosen in product(*cells)))
    for own, curve in zip(found.decisions, curves.values(), strict=True):
        assert own.threshold == curve.maximize("f1", method="exact").threshold


def test_dinkelbach_rises_to_the_best_ratio():
    rng = np.random.default_rng(0)
    tops, bottoms = ([rng.random(50) for _ in range(4)] for _ in range(2))
    found = best_ratio(tops, bottoms)
    assert list(found.steps) == sorted(found.steps)
    assert len(found.steps) < 8
    assert sum(max(top - found.ratio * bottom) for top, bottom in zip(tops, bottoms, strict=True)) < 1e-12


@pytest.mark.parametrize("method", ["smooth", "exact"])
def test_of_calibrated_scores_every_threshold_is_half_the_best_micro_f1(method):
    """Adding a row of probability p raises 2 TP - r (TP + FP + P) by p 2 - r: worth it from p = r / 2."""
    best = cj.maximize(*calibrated(0, 20_000), "f1_micro", method=method)
    np.testing.assert_allclose(best.thresholds, best.value / 2, atol=0.04)
    macro = cj.maximize(*calibrated(0, 20_000), "f1_macro", method=method)
    assert np.ptp(macro.thresholds) > 0.08
    assert macro.diagnostics["search"].startswith("each label's own")
    assert "Dinkelbach" in best.diagnostics["search"]
    assert "taken as known" in best.diagnostics["ratio_error"]


def test_intervals_of_thresholds_hold_those_of_the_population():
    """Half the population's best micro F1, from a large sample, is in each label's interval as often as told."""
    half = cj.maximize(*calibrated(99, 200_000), "f1_micro").value / 2
    held = []
    for seed in range(25):
        lower, upper = cj.maximize(*calibrated(seed, 2000), "f1_micro").confint(0.9)
        held.extend((lower <= half) & (half <= upper))
    assert np.mean(held) > 0.82


def test_a_decision_applies_and_is_told():
    y, p = tied(6)
    found = cj.maximize(y, p, "f1_micro", labels=["a", "b", "c"])
    assert isinstance(found, cj.MultilabelDecision)
    predicted = found.predict(p)
    assert set(np.unique(predicted)) == {0, 1}
    np.testing.assert_array_equal(sk.multilabel_confusion_matrix(y, predicted), found.matrix)
    assert found.value == pytest.approx(sk.f1_score(y, predicted, average="micro"))
    np.testing.assert_array_equal(found.predict([np.stack([1 - s, s], axis=1) for s in p.T]), predicted)
    curves = cj.MultilabelCurves.from_predictions(y, p)
    told = curves.metric_at("f1_micro", found.thresholds)
    assert (found.value, found.value_stderr) == (told.value, told.stderr)
    assert found.value_confint(0.9) == told.confint(0.9)
    lower, upper = found.confint()
    assert (lower < found.thresholds).all()
    assert (found.thresholds < upper).all()
    np.testing.assert_allclose(found.jacobian, curves.jacobian_at(found.thresholds), rtol=1e-9)
    assert found["b"] is found.decisions[1]
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_array_equal(again.predict(p), predicted)
    np.testing.assert_array_equal(again.confint(), found.confint())
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["labels"] == ["a", "b", "c"]
    assert len(plain["decisions"]) == 3
    assert "a: " in repr(found)
    with pytest.raises(cj.InvalidInputError, match="2 columns; expected 3"):
        found.predict(p[:, :2])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("coordinate", ["score", "logit"])
def test_scores_of_any_kind(dtype, coordinate):
    y, p = tied(7, 600)
    score = (p if coordinate == "logit" and dtype != np.int64 else np.round(8 * p)).astype(dtype)
    if score.max() > 1:
        coordinate = "score"
    found = cj.maximize(y, score, "f1_micro", method="exact", coordinate=coordinate)
    assert found.coordinate == coordinate
    np.testing.assert_array_equal(sk.multilabel_confusion_matrix(y, found.predict(score)), found.matrix)


def test_constraints_are_of_labels():
    y, p = tied(8)
    found = cj.maximize(y, p, "precision_micro", subject_to=["recall >= .6", "recall[2] >= .9"], method="exact")
    recall = found.matrix[:, 1, 1] / found.matrix[:, 1].sum(axis=1)
    assert (recall >= [0.6, 0.6, 0.9]).all()
    surely = cj.maximize(y, p, "precision_micro", subject_to="recall[0] >= .6", confidence=0.95)
    assert surely.matrix[0, 1, 1] > found.matrix[0, 1, 1]
    bound = cj.Constraint.parse("recall >= .9", (0, 1))
    held = cj.maximize(y, p, "f1_macro", subject_to=bound).matrix
    assert (held[:, 1, 1] >= 0.9 * held[:, 1].sum(axis=1)).all()
    with pytest.raises(cj.InfeasibleError, match="label 1: no threshold meets precision >= 0"):
        cj.maximize(y, p, "f1_macro", subject_to=["precision[1] >= .999", "recall[1] >= .9"])
    with pytest.raises(cj.InfeasibleError, match="label 1: "):
        cj.maximize(y, p, "f1_micro", subject_to=["precision[1] >= .999", "recall[1] >= .9"])
    with pytest.raises(cj.NotSupportedError, match="couples all labels"):
        cj.maximize(y, p, "precision_micro", subject_to="recall_micro >= .9")
    with pytest.raises(cj.InvalidInputError, match="no label 'x'"):
        cj.maximize(y, p, "f1_micro", subject_to="recall[x] >= .9")
    with pytest.raises(cj.InvalidInputError, match="confidence"):
        cj.maximize(y, p, "f1_micro", confidence=0.9)


def test_targets_are_of_labels():
    y, p = tied(9)
    found = cj.solve(y, p, {"recall": 0.9, "recall[2]": 0.5})
    recall = found.matrix[:, 1, 1] / found.matrix[:, 1].sum(axis=1)
    np.testing.assert_allclose(recall, [0.9, 0.9, 0.5], atol=0.01)
    assert (recall >= [0.9, 0.9, 0.5]).all()
    assert (found.kind, found.metric) == ("target", "recall_macro")
    assert found.value == pytest.approx(recall.mean())
    assert found.thresholds[0] == cj.ConfusionCurve.from_predictions(y[:, 0], p[:, 0]).solve(recall=0.9).threshold
    curves = cj.MultilabelCurves.from_predictions(y, p)
    np.testing.assert_array_equal(curves.solve(recall=0.9).thresholds[:2], found.thresholds[:2])
    for target, text in (
        ({"recall[0]": 0.9}, r"no value for labels \[1, 2\]"),
        ({"recall": 0.9, "precision[0]": 0.9}, "takes one metric"),
        ({}, "takes one metric"),
        ({"recall": 0.9, "recall[x]": 0.5}, "no label 'x'"),
    ):
        with pytest.raises(cj.InvalidInputError, match=text):
            cj.solve(y, p, target)
    with pytest.raises(cj.NotSupportedError, match="couples all labels"):
        cj.solve(y, p, {"recall_micro": 0.9})


@pytest.mark.parametrize("method", ["smooth", "exact"])
@pytest.mark.parametrize("metric", ["f1_macro", "f1_micro", "f1_weighted"])
def test_labels_of_one_class(metric, method):
    y, p = tied(10, 500, bars=(0.0, 0.5, 1.2, 0.3))
    y[:, 1], y[:, 3] = 0, 1
    found = cj.maximize(y, p, metric, method=method)
    never, always = found.decisions[1], found.decisions[3]
    assert found.thresholds[1] == np.inf
    assert found.predict(p)[:, 1].sum() == 0
    assert found.predict(p)[:, 3].all()
    assert "fewest alerts" in never.diagnostics["one_class"] or metric == "f1_micro"
    assert set(found.diagnostics["one_class"]) == {"1", "3"}
    assert np.isnan(np.array(found.confint())[:, [1, 3]]).all()
    assert np.isfinite(found.value_stderr)
    assert np.isnan(always.jacobian).sum() == 0
    json.dumps(found.to_dict(), allow_nan=False)
    slope = cj.MultilabelCurves.from_predictions(y, p).metric_slope_at(metric, 0.5)
    assert list(np.isfinite(slope.stderr)) == [True, False, True, False]


def test_no_label_is_ever_there():
    y, p = np.zeros((50, 2), dtype=int), tied(0, 50)[1][:, :2]
    for name in ("f1_macro", "f1_micro", "f1_weighted"):
        found = cj.maximize(y, p, name)
        assert (found.value, list(found.thresholds)) == (0.0, [np.inf, np.inf])
    with pytest.raises(cj.InfeasibleError, match="label 0, which has no positive row"):
        cj.solve(y, p, {"recall": 0.9})
    with pytest.raises(cj.InfeasibleError, match="0/0 at all thresholds"):
        cj.maximize(y, p, "recall_micro")


def test_a_smoothed_micro_precision_is_not_that_of_no_alert():
    y, p = tied(0, bars=(0.0, 0.5, 1.0, 2.0))
    found = cj.maximize(y, p, "precision_micro")
    assert found.value > 0.9
    assert found.matrix[:, :, 1].sum() > 0
    lower, upper = found.value_confint()
    assert lower < 0.99 * found.value
    assert upper <= 1


def test_one_label():
    y, p = tied(11)
    curves = cj.MultilabelCurves.from_predictions(y[:, :1], p[:, :1])
    alone = cj.ConfusionCurve.from_predictions(y[:, 0], p[:, 0])
    for average in AVERAGES:
        told, slope = (getattr(curves, name)(f"f1_{average}", 0.5) for name in ("metric_at", "metric_slope_at"))
        assert told.stderr == pytest.approx(float(alone.metric_at("f1", 0.5).stderr))
        assert slope.stderr[0] == pytest.approx(float(alone.metric_slope_at("f1", 0.5).stderr))
    best = curves.maximize("f1_micro")
    assert best.thresholds[0] == pytest.approx(alone.maximize("f1").threshold, abs=0.02)
    assert isinstance(cj.maximize(y[:, :1], p[:, :1], "f1"), cj.Decision)


def test_input_in_other_forms():
    y, p = tied(12, 300)
    plain = cj.MultilabelCurves.from_predictions(y, p).matrix_at(0.5)
    for true in (y.astype(bool), y.astype(float), y.tolist(), sparse.csr_matrix(y), sparse.coo_array(y)):
        np.testing.assert_array_equal(cj.MultilabelCurves.from_predictions(true, p).matrix_at(0.5), plain)
        assert isinstance(cj.maximize(true, p, "f1_macro"), cj.MultilabelDecision)
    for score in (p.tolist(), sparse.csr_array(p), [np.stack([1 - s, s], axis=1) for s in p.T]):
        np.testing.assert_array_equal(cj.MultilabelCurves.from_predictions(y, score).matrix_at(0.5), plain)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_columns_of_a_frame_name_the_labels(library):
    frames = needs(library)
    y, p = tied(13, 300)
    names = ["loud", "fast", "red"]
    true, score = (frames.DataFrame({name: x[:, i] for i, name in enumerate(names)}) for x in (y, p))
    curves = cj.MultilabelCurves.from_predictions(true, score)
    assert curves.labels == ("loud", "fast", "red")
    np.testing.assert_array_equal(curves["fast"].matrix_at(0.5), sk.confusion_matrix(y[:, 1], p[:, 1] >= 0.5))
    assert (
        cj.maximize(true, score, "f1_macro", subject_to="recall[red] >= .9")["red"].matrix[1, 0] <= 0.1 * y[:, 2].sum()
    )


def test_scores_of_a_forest():
    y, p = tied(14, 400)
    forest = RandomForestClassifier(20, min_samples_leaf=5, random_state=0).fit(p[:200], y[:200])
    found = cj.maximize(y[200:], forest.predict_proba(p[200:]), "f1_micro")
    assert found.predict(forest.predict_proba(p[200:])).shape == (200, 3)


def test_a_one_hot_target_is_told():
    rng = np.random.default_rng(0)
    y = np.eye(3, dtype=int)[rng.integers(0, 3, 300)]
    assert "argmax" in cj.MultilabelCurves.from_predictions(y, rng.random((300, 3))).diagnostics["one_hot"]
    y[0] = 1
    assert "one_hot" not in cj.MultilabelCurves.from_predictions(y, rng.random((300, 3))).diagnostics


Y, P = np.array([[0, 1], [1, 0], [1, 1]]), np.array([[0.2, 0.7], [0.6, 0.1], [0.9, 0.8]])


@pytest.mark.parametrize(
    ("y", "score", "options", "text"),
    [
        (Y * 2, P, {}, r"y_true\[0, 1\] is 2; expected 0 or 1"),
        (Y.astype(float) * [np.nan, 1], P, {}, r"y_true\[0, 0\] is nan"),
        (Y, P * [1, np.nan], {}, r"y_score\[0, 1\] is nan"),
        (Y, P[:, :1], {}, r"y_true has shape \(3, 2\) and y_score \(3, 1\)"),
        (Y, P[:2], {}, r"y_score \(2, 2\)"),
        (Y[:, 0], P, {}, r"y_true has shape \(3,\); expected \(n_samples, n_labels\)"),
        (Y, P[:, 0], {}, r"y_score has shape \(3,\)"),
        (Y[:0], P[:0], {}, "y_true has shape"),
        ([[0], [1, 1]], P, {}, "y_true cannot be made an array"),
        (Y, [[0.1], [0.2, 0.3]], {}, "y_score cannot be made an array"),
        (Y, P, {"labels": ["a"]}, "names 1 labels and y_true has 2"),
        (Y, P, {"labels": ["a", "a"]}, "names 'a' twice"),
        (Y, P, {"labels": [1, "1"]}, "names '1' twice"),
        (Y, [P[:, :1], P[:, :1]], {}, r"y_score\[0\] has 1 columns"),
        (Y, [P, P], {}, r"y_score\[0\]\[2\] = \[0.9, 0.8\]: the probabilities"),
        (Y, 3 * P, {"coordinate": "logit"}, "coordinate='logit'"),
        (Y, P, {"sample_weight": [1, 2]}, "sample_weight has 2 rows"),
        (Y, P, {"groups": [1, 1, 1]}, "one cluster only"),
        (Y, P, {"condition_on": "rows"}, "condition_on='rows'"),
    ],
)
def test_bad_input(y, score, options, text):
    with pytest.raises(cj.InvalidInputError, match=text):
        cj.MultilabelCurves.from_predictions(y, score, **options)


@pytest.mark.parametrize("options", [{"condition_on": "class"}, {"coordinate": "percentile"}])
def test_designs_of_one_label_are_refused(options):
    with pytest.raises(cj.NotSupportedError, match="one label's curve"):
        cj.MultilabelCurves.from_predictions(Y, P, **options)


def test_metrics_that_are_no_averages_are_refused():
    curves = cj.MultilabelCurves.from_predictions(*tied(15, 200))
    for name in ("accuracy", "subset_accuracy", "zero_one_loss", "f1_samples"):
        with pytest.raises(cj.NotSupportedError, match="all labels of a row at once"):
            curves.metric_at(name, 0.5)
    for name in ("f1", "f1[1]", cj.metrics.fbeta(2), "balanced_accuracy", "nonsense"):
        with pytest.raises(cj.UnknownMetricError, match="average"):
            curves.metric_at(name, 0.5)
    with pytest.raises(cj.UnknownMetricError, match="nonsense"):
        curves.metric_at("nonsense_macro", 0.5)
    with pytest.raises(cj.InvalidInputError, match="metric is 3"):
        curves.metric_at(3, 0.5)
    with pytest.raises(cj.NotSupportedError, match="youden_j_macro"):
        curves.maximize("youden_j_micro")
    with pytest.raises(cj.InvalidInputError, match="thresholds has shape"):
        curves.matrix_at([0.5, 0.5])
    with pytest.raises(KeyError, match="no label 'x'"):
        curves["x"]
    assert "x" not in curves


def test_a_cost_is_averaged():
    y, p = tied(16)
    cost = cj.metrics.expected_cost([[0, 1], [4, 0]])
    curves = cj.MultilabelCurves.from_predictions(y, p)
    told = curves.metric_at(cost, 0.4)
    assert told.value == pytest.approx(np.mean([curve.metric_at(cost, 0.4).value for curve in curves.values()]))
    lower, upper = told.confint()
    assert lower < told.value < upper
    best = curves.maximize(cost)
    assert best.value < told.value
    assert best.thresholds[1] == curves[1].maximize(cost).threshold


@pytest.mark.parametrize("make", [cj.confusion_jacobian, cj.ConfusionCurve.from_predictions])
def test_what_is_of_one_label_names_what_is_of_several(make):
    with pytest.raises(cj.InvalidInputError, match="MultilabelCurves"):
        make(Y, P)
    with pytest.raises(cj.NotSupportedError, match="pos_label"):
        cj.maximize(Y, P, "f1_macro", pos_label=1)
