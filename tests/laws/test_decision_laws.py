"""Decisions against brute force over every cut-off."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import matrices, normal_rows, wilson
from scipy.stats import norm
from sklearn.metrics import confusion_matrix
from strategies import rows

import conjac as cj
from conjac.metrics import names, resolve

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
BINARY = [name for name in names(2) if "[" not in name]
COSTS = (cj.metrics.expected_cost([[0, 1], [5, 0]]), cj.metrics.net_benefit(0.3), cj.metrics.fbeta(0.5))


def curve_of(r, **options):
    return cj.ConfusionCurve.from_predictions(r.y_true, r.y_score, sample_weight=r.sample_weight, **options)


def candidates(r):
    """Return every cut-off and its matrix; the last alerts none."""
    cutoffs = np.append(np.unique(r.y_score.astype(float)), np.inf)
    return cutoffs, matrices(r.positive, r.y_score, cutoffs, r.sample_weight).astype(float)


def close(a, b):
    return a == b or abs(a - b) <= 1e-9 * max(1, abs(b))


@pytest.mark.parametrize("metric", [*BINARY, *COSTS], ids=lambda m: m if isinstance(m, str) else m.name)
@given(data=st.data())
@settings(max_examples=15)
def test_maximize_is_brute_force(metric, data):
    r = data.draw(rows(max_size=25))
    row = resolve(metric, r.labels.tolist())
    cutoffs, cells = candidates(r)
    undefined = np.isnan(row.gradient(cells)).all(axis=(1, 2))  # a convention for 0/0 is no optimum
    value = np.where(undefined & ~undefined.all(), np.nan, row.value(cells))
    sign = 1 if row.greater_is_better else -1
    best = np.nanmax(sign * value)
    decision = curve_of(r).maximize(metric, method="exact")
    assert close(sign * decision.value, best)
    assert decision.kind == "argmax"
    assert decision.in_sample
    np.testing.assert_allclose(row.value(decision.matrix.astype(float)), decision.value, rtol=1e-12)
    # Of equals, the highest threshold: none above is as good.
    above = sign * value[cutoffs > decision.rule.threshold]
    assert not (above > best + 1e-9 * max(1, abs(best))).any()
    if r.sample_weight is None:
        assert not (above == sign * decision.value).any()


@pytest.mark.parametrize(
    ("metric", "bounds"),
    [
        ("precision", ["recall >= 0.6"]),
        ("recall", ["precision >= 0.5"]),
        ("f1", ["fpr <= 0.3", "recall >= 0.2"]),
        ("accuracy", ["alert_rate <= 0.4"]),
        ("recall", "fpr <= .25"),
    ],
)
@given(data=st.data())
@settings(max_examples=20)
def test_maximize_under_constraints_is_brute_force(metric, bounds, data):
    r = data.draw(rows(max_size=25))
    _, cells = candidates(r)
    gain = resolve(metric, (0, 1)).value(cells)
    feasible = ~np.isnan(gain)
    for bound in [bounds] if isinstance(bounds, str) else bounds:
        name, sign, number = bound.split()
        value = resolve(name, (0, 1)).value(cells)
        feasible &= value >= float(number) if sign == ">=" else value <= float(number)
    for method in ("exact", "smooth"):
        if feasible.any():
            decision = curve_of(r).maximize(metric, subject_to=bounds, method=method)
            if method == "exact":
                assert close(decision.value, gain[feasible].max())
            # Whatever the method, the rows themselves meet the bounds.
            for bound in [bounds] if isinstance(bounds, str) else bounds:
                name, sign, number = bound.split()
                value = float(resolve(name, (0, 1)).value(decision.matrix.astype(float)))
                assert value >= float(number) if sign == ">=" else value <= float(number)
        else:
            with pytest.raises(cj.InfeasibleError, match="no threshold meets") as error:
                curve_of(r).maximize(metric, subject_to=bounds, method=method)
            assert "threshold" in error.value.nearest


@given(data=st.data())
def test_solve_recall_is_the_largest_threshold_that_meets_it(data):
    r = data.draw(rows())
    cutoffs, cells = candidates(r)
    recall = cells[:, 1, 1] / cells[:, 1].sum(axis=1)
    aim = data.draw(st.floats(0.01, 1) | st.sampled_from([0.5, 0.9, 1.0, 1 / 3]))
    decision = curve_of(r).solve(recall=aim)
    np.testing.assert_equal(
        decision.threshold, cutoffs[recall >= aim - 1e-12 * bool(r.sample_weight is not None)].max()
    )
    assert decision.value >= aim or close(decision.value, aim)
    assert decision.kind == "target"


@given(
    data=st.data(), name=st.sampled_from(["precision", "specificity", "fpr", "f1", "matthews_corrcoef", "alert_rate"])
)
def test_solve_meets_its_target_and_lists_every_crossing(data, name):
    r = data.draw(rows(weighted=False))
    row = resolve(name, (0, 1))
    aim = data.draw(st.floats(0.05, 0.95))
    cutoffs, cells = candidates(r)
    value = row.value(cells)
    defined = ~np.isnan(row.gradient(cells)).all(axis=(1, 2))
    meets = (value >= aim if row.greater_is_better else value <= aim) & defined
    if not meets.any():
        with pytest.raises(cj.InfeasibleError, match="no threshold reaches") as error:
            curve_of(r).solve({name: aim})
        assert error.value.nearest.keys() == {"threshold", name}
        if defined.any():
            assert close(abs(error.value.nearest[name] - aim), np.abs(value[defined] - aim).min())
        return
    decision = curve_of(r).solve({name: aim})
    assert decision.threshold in cutoffs[meets]
    assert close(decision.value, value[cutoffs == decision.threshold][0])
    change = np.flatnonzero(meets[1:] != meets[:-1])
    expected = cutoffs[np.where(meets[change], change, change + 1)]
    np.testing.assert_array_equal(decision.diagnostics["roots"], expected)


def test_all_roots_of_a_metric_that_is_not_monotone():
    y, p = normal_rows(0, 3000)
    curve = cj.ConfusionCurve.from_predictions(y, p)
    decision = curve.solve(f1=0.8)
    roots = decision.diagnostics["roots"]
    assert len(roots) >= 2
    assert min(roots) < 0.4 < 0.5 < max(roots)
    np.testing.assert_allclose(curve.metric_at("f1", np.array(roots)).value, 0.8, atol=2e-3)
    assert decision.threshold in (min(roots), max(roots))


@given(data=st.data(), confidence=st.sampled_from([0.8, 0.9, 0.95]))
@settings(max_examples=60)
def test_confidence_asks_that_wilson_s_lower_limit_meets_the_bound(data, confidence):
    r = data.draw(rows(min_size=10, weighted=False))
    _, cells = candidates(r)
    hits, n = cells[:, 1, 1], cells[:, 1].sum(axis=1)
    lower = wilson(hits, n, norm.ppf(confidence))[0]
    feasible = lower >= 0.4
    specificity = resolve("specificity", (0, 1)).value(cells)
    if not feasible.any():
        with pytest.raises(cj.InfeasibleError):
            curve_of(r).maximize("specificity", subject_to="recall >= 0.4", confidence=confidence, method="exact")
        return
    decision = curve_of(r).maximize("specificity", subject_to="recall >= 0.4", confidence=confidence, method="exact")
    assert close(decision.value, specificity[feasible].max())
    found = decision.matrix
    assert wilson(found[1, 1], found[1].sum(), norm.ppf(confidence))[0] >= 0.4 - 1e-12


@given(data=st.data(), name=st.sampled_from(["f1", "youden_j", "accuracy", "recall"]))
@settings(max_examples=60)
def test_flatness_is_how_far_the_threshold_goes_before_a_hundredth_is_lost(data, name):
    r = data.draw(rows(weighted=False))
    decision = curve_of(r).maximize(name, method="exact")
    cutoffs, cells = candidates(r)
    value = resolve(name, (0, 1)).value(cells)
    keeps = value >= decision.value - 0.01
    at = int(np.flatnonzero(cutoffs == decision.rule.threshold)[0])
    first = last = at
    while first > 0 and keeps[first - 1]:
        first -= 1
    while last < len(cutoffs) - 1 and keeps[last + 1]:
        last += 1
    if not np.isfinite(decision.threshold):
        return
    # Cut-off i holds for thresholds in (cutoffs[i - 1], cutoffs[i]]; a probability's domain ends at 0 and 1.
    lower = decision.threshold - (cutoffs[first - 1] if first > 0 else 0.0)
    upper = (cutoffs[last] if np.isfinite(cutoffs[last]) else 1.0) - decision.threshold
    np.testing.assert_allclose(decision.flatness["lower"], lower, atol=1e-12)
    np.testing.assert_allclose(decision.flatness["upper"], upper, atol=1e-12)
    assert decision.flatness["tolerance"] == 0.01


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
@given(data=st.data())
@settings(max_examples=15)
def test_predict_reproduces_the_matrix(coordinate, data):
    r = data.draw(rows(min_size=4, weighted=False, labels="strings"))
    curve = curve_of(r, coordinate=coordinate)
    decisions = [curve.maximize("f1"), curve.maximize("f1", method="exact"), curve.solve(recall=0.7)]
    decisions.append(curve.maximize("precision", subject_to="recall >= 0.4"))
    for decision in decisions:
        predicted = decision.predict(r.y_score)
        assert set(predicted) <= set(r.labels)
        found = confusion_matrix(r.y_true, predicted, labels=list(decision.labels))
        np.testing.assert_array_equal(found, decision.matrix)
        again = pickle.loads(pickle.dumps(decision))
        np.testing.assert_array_equal(again.predict(r.y_score), predicted)
        json.dumps(decision.to_dict(), allow_nan=False)
        np.testing.assert_array_equal(curve.matrix_at(decision.threshold), decision.matrix)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("seed", range(3))
def test_predict_reproduces_the_matrix_of_a_smooth_optimum(dtype, seed):
    y, p = normal_rows(seed, 1500)
    score = p.astype(dtype)
    curve = cj.ConfusionCurve.from_predictions(y, score)
    for metric in ("f1", "youden_j", "matthews_corrcoef", cj.metrics.expected_cost([[0, 1], [3, 0]])):
        for bounds in ((), "recall >= 0.8", "fpr <= 0.2"):
            decision = curve.maximize(metric, subject_to=bounds)
            found = confusion_matrix(y, decision.predict(score))
            np.testing.assert_array_equal(found, decision.matrix)
            if bounds == "recall >= 0.8":
                assert found[1, 1] / found[1].sum() >= 0.8
            if bounds == "fpr <= 0.2":
                assert found[0, 1] / found[0].sum() <= 0.2


@pytest.mark.parametrize("pos_label", ["ham", "spam"])
@pytest.mark.parametrize("raw", [False, True])
def test_predict_reads_columns_as_the_curve_did(pos_label, raw):
    y, p = normal_rows(6, 800)
    columns = np.stack([1 - p, p], axis=1)
    if raw:
        columns = np.log(columns) + 1
    label = np.array(["ham", "spam"])[y]
    curve = cj.ConfusionCurve.from_predictions(label, columns, pos_label=pos_label)
    decision = curve.maximize("f1", method="exact")
    assert decision.labels[1] == pos_label
    predicted = decision.predict(columns)
    np.testing.assert_array_equal(confusion_matrix(label, predicted, labels=list(decision.labels)), decision.matrix)
    # A batch is read as the whole was, whatever its own range.
    np.testing.assert_array_equal(
        np.concatenate([decision.predict(columns[i : i + 1]) for i in range(len(columns))]), predicted
    )


@given(data=st.data())
@settings(max_examples=30)
def test_the_limits_of_a_target_are_where_its_interval_holds_it(data):
    r = data.draw(rows(min_size=12, weighted=False, labels="ints", dtypes=(np.float64,)))
    aim = data.draw(st.sampled_from([0.3, 0.5, 0.8]))
    decision = curve_of(r).solve(recall=aim)
    cutoffs, cells = candidates(r)
    lower, upper = wilson(cells[:, 1, 1], cells[:, 1].sum(axis=1))
    holds = (lower <= aim) & (aim <= upper)
    at = int(np.flatnonzero(cutoffs == decision.threshold)[0])
    first = last = at
    while holds[at] and first > 0 and holds[first - 1]:
        first -= 1
    while holds[at] and last < len(cutoffs) - 1 and holds[last + 1]:
        last += 1
    found = decision.confint()
    np.testing.assert_array_equal(found, [cutoffs[first], cutoffs[last]])
    assert found.lower <= decision.threshold <= found.upper
