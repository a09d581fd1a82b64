"""What is given up along the threshold: trade-offs, decision curves, cost curves."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles import NormalLogits, finite_difference, matrices, normal_rows
from scipy.special import expit, logit
from scipy.stats import norm
from strategies import rows
from support import needs

import conjac as cj
from conjac.decisions.front import undominated
from conjac.inference import FiellerBand
from conjac.metrics import decision_curve_slope, net_benefit, resolve
from conjac.metrics.cells import CELLS

POPULATION = NormalLogits()
T = np.array([0.3, 0.5, 0.7])
PAIRS = [("precision", "recall"), ("recall", "fpr"), ("f1", "specificity"), ("fp", "precision")]
PAIRS += [("fp", "tp"), ("tn", "fn"), ("fn", "f1")]
few = settings(max_examples=30)
from_predictions = cj.ConfusionCurve.from_predictions


@pytest.fixture(scope="module")
def data():
    return normal_rows(0, 3000)


@pytest.fixture(scope="module")
def curve(data):
    return from_predictions(*data)


def curve_of(r, **options):
    return from_predictions(r.y_true, r.y_score, sample_weight=r.sample_weight, **options)


def value_of(name, cells):
    return cells[..., *CELLS[name]] if name in CELLS else resolve(name, (0, 1)).value(cells)


def is_better(name):
    return name in ("tp", "tn") or (name not in CELLS and resolve(name, (0, 1)).greater_is_better)


# --- two metrics along the threshold


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_values_slopes_and_signs_are_the_curve_s_own(curve, first, second):
    found = curve.tradeoff(first, second, T)
    trends = []
    for name, course in ((first, found.first), (second, found.second)):
        np.testing.assert_array_equal(course.value.value, value_of(name, curve.matrix_at(T)))
        if name not in CELLS:
            for told, own in ((course.value, curve.metric_at), (course.slope, curve.metric_slope_at)):
                own = own(name, T)
                np.testing.assert_array_equal(told.value, own.value)
                np.testing.assert_array_equal(told.stderr, own.stderr)
                np.testing.assert_array_equal(told.confint(0.8), own.confint(0.8))
        else:
            np.testing.assert_array_equal(course.slope.value, curve.jacobian_at(T)[..., *CELLS[name]])
            np.testing.assert_allclose(course.slope.stderr, curve.stderr_at(T)[..., *CELLS[name]])
            n = curve.matrix_at(T)[..., *CELLS[name]]
            np.testing.assert_allclose(course.value.stderr, np.sqrt(n * (1 - n / 3000)))
        lower, upper = course.slope.confint()
        trends.append(np.where(lower > 0, 1, np.where(upper < 0, -1, 0)) * (1 if is_better(name) else -1))
    np.testing.assert_allclose(found.exchange_rate.value, found.first.slope.value / found.second.slope.value)
    words = {(1, 1): "both improve", (-1, -1): "both worsen", (-1, 1): "first pays", (1, -1): "second pays"}
    assert found.signs.tolist() == [words.get(pair, "unsure") for pair in zip(*trends, strict=True)]


def test_who_pays_is_told_for_better_and_worse(curve):
    """Raising a threshold: precision up, recall down, fewer false alarms; F1 turns at its best."""
    assert set(curve.tradeoff("precision", "recall", T).signs) == {"second pays"}
    assert set(curve.tradeoff("recall", "fpr", T).signs) == {"first pays"}
    assert set(curve.tradeoff("fp", "precision", T).signs) == {"both improve"}
    assert set(curve.tradeoff("fn", "tp", T).signs) == {"both worsen"}
    best = curve.maximize("f1").threshold
    turns = curve.tradeoff("f1", "recall", [best - 0.2, best, best + 0.2])
    assert turns.signs.tolist() == ["second pays", "unsure", "both worsen"]
    unsure = [(curve.tradeoff("f1", "recall", level=level).signs == "unsure").sum() for level in (0.5, 0.95, 0.9999)]
    assert unsure == sorted(set(unsure))


def test_in_shares_of_rows_alerted_a_rising_threshold_alerts_more(data):
    by_share = from_predictions(*data, coordinate="percentile").tradeoff("precision", "recall", [0.3, 0.6])
    assert by_share.signs.tolist() == ["first pays", "first pays"]
    assert by_share.coordinate == "percentile"


@pytest.mark.parametrize(("first", "second"), PAIRS)
@pytest.mark.parametrize("coordinate", ["logit", "percentile"])
def test_an_exchange_rate_knows_no_coordinate(curve, data, first, second, coordinate):
    other = from_predictions(*data, coordinate=coordinate)
    t = curve.cutoffs()[[900, 1500, 2100]]  # a share of the rows is met at a cut-off
    here, there = curve.tradeoff(first, second, t), other.tradeoff(first, second, other.told(t))
    np.testing.assert_allclose(there.exchange_rate.value, here.exchange_rate.value, rtol=1e-9)
    if coordinate == "logit":
        np.testing.assert_allclose(there.confint(), here.confint(), rtol=1e-6)


def test_exchange_rates_multiply_and_invert(curve):
    a, b, c = "precision", "recall", "fpr"
    rate = {pair: curve.tradeoff(*pair, T).exchange_rate.value for pair in ((a, b), (b, c), (a, c), (c, a))}
    np.testing.assert_allclose(rate[a, b] * rate[b, c], rate[a, c])
    np.testing.assert_allclose(rate[a, c] * rate[c, a], 1)
    inverse = [1 / side for side in curve.tradeoff(c, a, T).confint()[::-1]]
    np.testing.assert_allclose(curve.tradeoff(a, c, T).confint(), inverse)


@pytest.mark.parametrize("pair", [("fp", "tp"), ("tp", "fp"), ("fn", "fp"), ("tn", "tp")])
@pytest.mark.parametrize("groups", [None, np.arange(3000) % 9])
def test_the_rate_between_cells_is_the_jacobian_s(data, pair, groups):
    found = from_predictions(*data, groups=groups).tradeoff(*pair, T)
    for i, t in enumerate(T):
        own = cj.confusion_jacobian(*data, threshold=t, groups=groups).exchange_rate(*pair)
        assert found.exchange_rate.value[i] == pytest.approx(own.value, rel=1e-9)
        assert found.exchange_rate.stderr[i] == pytest.approx(own.stderr, rel=1e-6)
        if own.center > 0:
            np.testing.assert_allclose([side[i] for side in found.confint(0.9)], own.confint(0.9), rtol=1e-6)
    assert "log" in found.diagnostics["interval"]


def test_cells_that_move_as_one_have_an_exact_rate(curve):
    opposite = curve.tradeoff("tp", "fn", T)
    np.testing.assert_allclose(opposite.exchange_rate.value, -1)
    np.testing.assert_allclose(opposite.confint(), -1)
    # A rate is a metric's own slope over its cell's: recall gains 1 / positives for each true positive.
    positives = curve.matrix_at(0.5)[1].sum()
    np.testing.assert_allclose(curve.tradeoff("recall", "tp", T).exchange_rate.value, 1 / positives)


def test_a_rate_to_what_may_stand_still_has_no_interval(curve):
    best = curve.maximize("f1").threshold
    there = curve.tradeoff("recall", "f1", [best, best + 0.2])
    np.testing.assert_array_equal(np.isnan(there.confint()), [[True, False]] * 2)
    assert there.diagnostics["n_without_interval"] == 1
    back = curve.tradeoff("f1", "recall", best)  # the other way about, 0 is one rate of many
    lower, upper = back.confint()
    assert lower < 0 < upper
    constant = curve.tradeoff("recall", "prevalence", T)
    assert np.isnan(constant.exchange_rate.value).all()
    assert np.isnan(constant.confint()).all()


def test_a_rate_on_few_rows_has_no_interval():
    y, p = normal_rows(0, 200, mean=2.5)
    found = from_predictions(y, p).tradeoff("precision", "recall", [0.001, 0.5, 1.0])
    assert np.isnan(found.confint()).all()
    assert np.isnan(found.exchange_rate.stderr[[0, 2]]).all()
    assert found.signs[2] == "unsure"
    slope = from_predictions(y, p).decision_curve([0.001, 0.5]).slope
    np.testing.assert_array_equal(np.isnan(slope.stderr), [True, False])
    assert np.isfinite(slope.value).all()


@given(
    a=st.floats(-5, 5),
    b=st.floats(-5, 5).filter(lambda x: abs(x) > 1e-3),
    root=arrays(float, (2, 2), elements=st.floats(-1, 1)),
    level=st.sampled_from([0.5, 0.9, 0.95, 0.999]),
)
def test_fieller_s_limits_are_where_the_contrast_is_just_told_apart(a, b, root, level):
    covariance = root @ root.T + 1e-4 * np.eye(2)
    found = FiellerBand(np.array([a]), np.array([b]), covariance[None], None)(level)
    q = norm.ppf((1 + level) / 2)
    known = b**2 > q**2 * covariance[1, 1] * (1 + 1e-6)
    if not known:
        assert np.isnan(found).all() or b**2 > q**2 * covariance[1, 1]
        return
    lower, upper = (float(side[0]) for side in found)
    assert lower < a / b < upper
    for rate in (lower, upper):
        contrast = np.array([1, -rate])
        np.testing.assert_allclose((a - rate * b) ** 2, q**2 * contrast @ covariance @ contrast, rtol=1e-4)


# --- the Pareto front


@given(data=st.data())
def test_undominated_is_brute_force(data):
    n = data.draw(st.integers(0, 30))
    few_values = st.integers(0, 5).map(float) | st.floats(-2, 2)
    x, y = (data.draw(arrays(float, n, elements=few_values)) for _ in range(2))
    as_good = (x[:, None] >= x) & (y[:, None] >= y)
    better = (x[:, None] > x) | (y[:, None] > y)
    np.testing.assert_array_equal(undominated(x, y), ~(as_good & better).any(axis=0))


@pytest.mark.parametrize(("first", "second"), PAIRS)
@given(data=st.data())
@settings(max_examples=12)
def test_the_front_is_brute_force_over_every_cut_off(first, second, data):
    r = data.draw(rows(max_size=25, weighted=False))
    cutoffs = np.append(np.unique(r.y_score.astype(float)), np.inf)
    cells = matrices(r.positive, r.y_score, cutoffs).astype(float)
    defined = np.ones(len(cells), dtype=bool)
    for name in {first, second} - set(CELLS):
        defined &= ~np.isnan(resolve(name, (0, 1)).gradient(cells)).all(axis=(1, 2))
    x, y = ((1 if is_better(name) else -1) * value_of(name, cells[defined]) for name in (first, second))
    beaten = ((x[:, None] >= x) & (y[:, None] >= y) & ((x[:, None] > x) | (y[:, None] > y))).any(axis=0)
    front = curve_of(r).tradeoff(first, second, 0.5).front
    np.testing.assert_array_equal(front.thresholds, cutoffs[defined][~beaten])
    np.testing.assert_array_equal(front.matrix, cells[defined][~beaten])
    np.testing.assert_array_equal(front.first, value_of(first, cells[defined])[~beaten])
    np.testing.assert_array_equal(front.second, value_of(second, cells[defined])[~beaten])
    assert front.jacobian.shape == (len(front), 2, 2)


def test_the_front_holds_each_metric_s_optimum_and_its_slopes(curve):
    front = curve.tradeoff("precision", "recall", 0.5).front
    assert front.first.max() == curve.maximize("precision", method="exact").value
    assert front.second.max() == 1.0
    order = np.argsort(front.thresholds)
    assert (np.diff(front.first[order]) > 0).all()  # along a front what the one gains the other loses
    assert (np.diff(front.second[order]) < 0).all()
    np.testing.assert_allclose(front.jacobian, curve.jacobian_at(front.thresholds))
    np.testing.assert_array_equal(front.matrix, curve.matrix_at(front.thresholds))
    # Recall against fpr is the ROC curve: no cut-off of it is useless, but where only negatives leave.
    roc = curve.tradeoff("recall", "fpr", 0.5).front
    assert len(roc) < len(curve.cutoffs())
    assert len(np.unique(roc.second)) == len(roc)


# --- decision curves


@given(data=st.data(), prevalence=st.none() | st.floats(0.01, 0.99))
@few
def test_net_benefit_is_the_metric_s_at_its_own_threshold(data, prevalence):
    r = data.draw(rows(kind="probability", min_size=4))
    p = data.draw(arrays(float, 4, elements=st.floats(0.01, 0.99)))
    curve = curve_of(r, coordinate="probability")
    found = curve.decision_curve(p, prevalence=prevalence)
    cells = matrices(r.positive, r.y_score, p, r.sample_weight).astype(float)
    if prevalence is not None:
        cells *= np.array([[1 - prevalence], [prevalence]]) / cells.sum(axis=2, keepdims=True)
    everyone = np.stack([np.zeros((4, 2)), cells.sum(axis=2)], axis=2)
    for told, matrix in ((found.net_benefit.value, cells), (found.treat_all, everyone)):
        expected = [net_benefit(x).value(c) for x, c in zip(p, matrix, strict=True)]
        np.testing.assert_allclose(told, expected, rtol=1e-9, atol=1e-9 * np.max(p / (1 - p)))
    np.testing.assert_allclose(found.gain.value, found.net_benefit.value - found.treat_all, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found.treat_none, 0)
    for part in (found.net_benefit, found.gain):
        lower, upper = part.confint(0.9)
        assert (lower < upper).all()  # also where a cell is empty
        assert ((lower <= part.value) & (part.value <= upper)).all()


def test_the_slope_of_a_decision_curve_is_the_metric_s(curve):
    found = curve.decision_curve(T)
    np.testing.assert_allclose(
        found.slope.value, decision_curve_slope(curve.matrix_at(T), curve.jacobian_at(T), T), rtol=1e-12
    )
    own = curve.decision_curve(T, prevalence=found.prevalence)
    np.testing.assert_allclose(own.slope.value, found.slope.value, rtol=1e-9)
    np.testing.assert_allclose(own.net_benefit.value, found.net_benefit.value, rtol=1e-9)
    assert (own.net_benefit.stderr < found.net_benefit.stderr).all()  # a known prevalence has no noise


def test_a_decision_curve_s_errors_are_those_of_each_row(curve, data):
    """Each row is worth 1, -odds or nothing; the error of a mean, and of a mean difference on the same rows."""
    y, p = data
    found = curve.decision_curve(T)
    for i, t in enumerate(T):
        odds = t / (1 - t)
        worth = np.where(y == 1, 1.0, -odds)
        treated, all_treated = worth * (p >= t), worth
        np.testing.assert_allclose(found.net_benefit.stderr[i], treated.std() / np.sqrt(len(y)))
        np.testing.assert_allclose(found.gain.stderr[i], (treated - all_treated).std() / np.sqrt(len(y)))


@pytest.mark.parametrize("prevalence", [0.02, 0.4])
def test_a_known_prevalence_is_the_same_as_weights_by_class(data, prevalence):
    y, p = data
    share = np.array([1 - prevalence, prevalence])
    weight = (share / np.bincount(y))[y]
    weighted = from_predictions(y, p, sample_weight=weight, condition_on="class").decision_curve(T)
    for options in ({}, {"condition_on": "class"}):
        told = from_predictions(y, p, **options).decision_curve(T, prevalence=prevalence)
        for name in ("net_benefit", "gain", "slope"):
            a, b = getattr(told, name), getattr(weighted, name)
            np.testing.assert_allclose(a.value, b.value, rtol=1e-6)
            np.testing.assert_allclose(a.stderr, b.stderr, rtol=2e-2 if name == "slope" else 1e-9)
        np.testing.assert_allclose(told.treat_all, weighted.treat_all, rtol=1e-9)


def test_what_a_decision_curve_s_prevalence_is(data):
    y, p = data
    assert from_predictions(y, p).decision_curve().diagnostics["prevalence"] == "of these rows"
    stratified = from_predictions(y, p, condition_on="class").decision_curve()
    assert "pass prevalence=" in stratified.diagnostics["prevalence"]
    assert stratified.prevalence == y.mean()
    assert "as given" in repr(from_predictions(y, p).decision_curve(prevalence=0.1))


# --- cost curves


@given(data=st.data())
@settings(max_examples=60)
def test_the_envelope_is_brute_force_over_every_cut_off(data):
    r = data.draw(rows(max_size=30))
    pc = np.append([0.0, 0.5, 1.0], data.draw(arrays(float, 4, elements=st.floats(0, 1))))
    found = curve_of(r, coordinate="score").cost_curve(pc, threshold=0.5)
    cutoffs = np.append(np.unique(r.y_score.astype(float)), np.inf)
    cells = matrices(r.positive, r.y_score, cutoffs, r.sample_weight).astype(float)
    fpr, fnr = (cells[:, true, 1 - true] / cells[:, true].sum(axis=1) for true in (0, 1))
    cost = pc[:, None] * fnr + (1 - pc[:, None]) * fpr
    np.testing.assert_allclose(found.envelope, cost.min(axis=1), atol=1e-12)
    for i, t in enumerate(found.best_threshold):
        assert cost[i, cutoffs == t] == pytest.approx(found.envelope[i], abs=1e-12)
        assert (cost[i, cutoffs > t] > found.envelope[i] - 1e-12).all()
        if r.sample_weight is None and i < 3:  # of equals, the one that alerts least
            assert (cost[i, cutoffs > t] > found.envelope[i] + 1e-9).all()
    best_of_rest = np.minimum(np.minimum(found.always, found.never), found.fixed.value)
    assert (found.envelope <= best_of_rest + 1e-12).all()


def test_a_cost_curve_s_lines(curve):
    found = curve.cost_curve(threshold=0.4)
    pc = np.linspace(0, 1, 101)
    np.testing.assert_allclose(found.probability_cost, pc, atol=1e-15)
    fpr, recall = (curve.metric_at(name, 0.4) for name in ("fpr", "recall"))
    np.testing.assert_allclose(found.fixed.value, (1 - pc) * fpr.value + pc * (1 - recall.value))
    np.testing.assert_allclose(found.fixed.stderr, np.hypot((1 - pc) * fpr.stderr, pc * recall.stderr))
    np.testing.assert_allclose(found.always, 1 - pc, atol=1e-15)
    np.testing.assert_allclose(found.never, pc, atol=1e-15)
    assert (np.diff(found.envelope, 2) < 1e-12).all()  # the least of straight lines
    assert (np.diff(found.best_threshold) <= 0).all()
    lower, upper = found.fixed.confint()
    assert ((lower > 0) & (lower < found.fixed.value) & (found.fixed.value < upper) & (upper < 1)).all()
    assert found.in_sample
    assert "optimistic" in found.diagnostics["envelope"]
    assert "in-sample" in repr(found)


def test_the_envelope_is_the_least_expected_cost(curve, data):
    prevalence, miss = data[0].mean(), 3.0
    scale = prevalence * miss + 1 - prevalence
    decision = curve.maximize(cj.metrics.expected_cost([[0, 1], [miss, 0]]), method="exact")
    found = curve.cost_curve(prevalence * miss / scale)
    assert found.envelope[0] == pytest.approx(decision.value / scale)
    assert found.best_threshold[0] == decision.threshold


def test_the_envelope_of_two_normals():
    """For N(-+1, 1) the best log-odds are those at which PC f1 = (1 - PC) f0: half of logit(1 - PC)."""
    curve = from_predictions(*normal_rows(1, 40_000))
    pc = np.array([0.2, 0.35, 0.5, 0.8])
    best = logit(1 - pc) / 2
    found = curve.cost_curve(pc)
    np.testing.assert_allclose(logit(found.best_threshold), best, atol=0.25)
    truth = pc * norm.cdf(best, 1) + (1 - pc) * norm.sf(best, -1)
    np.testing.assert_allclose(found.envelope, truth, atol=0.006)


@pytest.mark.parametrize(
    ("coordinate", "told"), [("probability", 0.5), ("logit", 0.0), ("score", 0.0), ("percentile", None)]
)
def test_the_fixed_threshold_by_default(data, coordinate, told):
    y, p = data
    found = from_predictions(y, logit(p) if coordinate == "score" else p, coordinate=coordinate).cost_curve(0.3)
    assert found.threshold == pytest.approx((p >= 0.5).mean() if told is None else told, abs=1e-12)
    rates = [((p >= 0.5) != y)[y == true].mean() for true in (0, 1)]
    assert found.fixed.value[0] == pytest.approx(0.7 * rates[0] + 0.3 * rates[1])


# --- against the population


def test_intervals_cover():
    n, pc, prevalence = 1000, np.array([0.2, 0.5, 0.8]), 0.1
    rare = NormalLogits(prevalence=prevalence)
    rates, odds = np.array([POPULATION.rates(t) for t in T]), T / (1 - T)

    def benefit(population, t):
        cells = population.rates(t)
        return cells[1, 1] - cells[0, 1] * t / (1 - t)

    def over(truth, estimate):
        lower, upper = estimate.confint()
        return np.where(np.isnan(lower), np.nan, (lower <= truth) & (truth <= upper))

    pairs = [("precision", "recall"), ("recall", "fpr"), ("f1", "precision"), ("fp", "tp")]

    def rate(first, second):
        slope = {"fp": lambda t: POPULATION.slope(t)[0, 1], "tp": lambda t: POPULATION.slope(t)[1, 1]}
        above, below = (slope.get(name, lambda t, m=name: POPULATION.metric_slope(m, t)) for name in (first, second))
        return np.array([above(t) / below(t) for t in T])

    truths = {pair: rate(*pair) for pair in pairs}
    benefits = {population: np.array([benefit(population, t) for t in T]) for population in (POPULATION, rare)}
    slopes = {
        population: np.array([finite_difference(lambda e, t=t, m=population: benefit(m, t + e)) for t in T])
        for population in (POPULATION, rare)
    }
    inside = {}
    for seed in range(120):
        curve = from_predictions(*normal_rows(seed, n))
        for pair in pairs:
            inside.setdefault(pair, []).append(over(truths[pair], curve.tradeoff(*pair, T).exchange_rate))
        for population, known in ((POPULATION, None), (rare, prevalence)):
            found = curve.decision_curve(T, prevalence=known)
            share = population.prevalence
            gain = benefits[population] - (share - (1 - share) * odds)
            for name, truth in (("net_benefit", benefits[population]), ("gain", gain), ("slope", slopes[population])):
                inside.setdefault((name, share), []).append(over(truth, getattr(found, name)))
        cost = pc * rates[1, 1, 0] / 0.5 + (1 - pc) * rates[1, 0, 1] / 0.5
        inside.setdefault("cost", []).append(over(cost, curve.cost_curve(pc).fixed))
    for name, found in inside.items():
        assert np.isnan(found).mean() < 0.05, name
        covered = np.nanmean(found, axis=0)
        assert (covered >= 0.87).all(), (name, covered)
        assert covered.mean() >= 0.91, (name, covered)
        assert covered.mean() < 0.995, (name, covered)


# --- what results are


def results(curve):
    found = curve.tradeoff("precision", "tp", T)
    return [found, found.front, curve.decision_curve(T), curve.cost_curve([0.0, 0.5, 1.0])]


def arrays_of(result):
    """Yield the arrays of a result and of the parts that it is made of, not those of the curve."""
    for name, value in vars(result).items():
        if isinstance(value, np.ndarray):
            yield value
        elif not name.startswith("_") and hasattr(value, "__dataclass_fields__"):
            yield from arrays_of(value)


@pytest.mark.parametrize("which", range(4))
def test_results_are_tables_that_cannot_be_changed(curve, which):
    found = results(curve)[which]
    columns = found.to_columns()
    assert len({len(column) for column in columns.values()}) == 1
    assert {type(value) for column in columns.values() for value in column} <= {float, int, str, bool}
    frame = found.to_frame("polars") if needs("polars") else None
    assert frame.columns == list(columns)
    assert frame.height == len(columns["threshold" if which != 3 else "probability_cost"])
    again = pickle.loads(pickle.dumps(found))
    np.testing.assert_equal(again.to_columns(), columns)
    assert repr(again) == repr(found)
    own = list(arrays_of(found))
    assert len(own) >= 5
    for array in own:
        with pytest.raises(ValueError, match="read-only"):
            array[0] = array[0]
    with pytest.raises(AttributeError):
        found.level = 0.5
    with pytest.raises(cj.InvalidInputError, match="backend"):
        found.to_frame("excel")


def test_columns_are_at_the_level_asked_for(curve):
    found = curve.tradeoff("precision", "recall", T, level=0.5)
    np.testing.assert_array_equal([found.to_columns()["lower"], found.to_columns()["upper"]], found.confint(0.5))
    assert (np.array(found.confint(0.9))[1] > found.confint()[1]).all()
    benefit = curve.decision_curve(T, level=0.8).to_columns()
    np.testing.assert_array_equal(benefit["gain_upper"], curve.decision_curve(T).gain.confint(0.8).upper)
    cost = curve.cost_curve(level=0.8).to_columns()
    np.testing.assert_array_equal(cost["fixed_lower"], curve.cost_curve().fixed.confint(0.8).lower)


def test_thresholds_as_passed_and_by_default(curve, data):
    np.testing.assert_array_equal(curve.tradeoff("fp", "tp", T[:, None]).thresholds, T)
    t = curve.tradeoff("precision", "recall").thresholds
    assert len(t) == 101
    assert set(t) <= set(data[1])
    assert (t[0], t[-1]) == (data[1].min(), data[1].max())
    assert (np.diff(t) > 0).all()
    few_scores = from_predictions(np.arange(400) % 2, np.repeat([0.2, 0.4, 0.6, 0.8], 100))
    assert few_scores.tradeoff("fp", "tp").thresholds.tolist() == [0.2, 0.4, 0.6, 0.8]
    assert (np.diff(from_predictions(*data, coordinate="percentile").tradeoff("fp", "tp").thresholds) > 0).all()


def test_a_tally_s_bound_is_told(data):
    y, p = data
    rough = cj.ConfusionCurve.from_tally(cj.Tally.zero("logit", 0.25, thresholds=(0.5,)).add(y, p))
    found = rough.tradeoff("recall", "fp", [0.5, 0.513])
    np.testing.assert_array_equal(found.first.value.bound > 0, [False, True])
    np.testing.assert_array_equal(rough.decision_curve([0.5, 0.513]).net_benefit.bound > 0, [False, True])
    assert set(found.front.thresholds) <= set(rough.cutoffs())


def test_clusters_take_student_s_t(data):
    y, p = data
    plain, clustered = (from_predictions(y, p, groups=g) for g in (None, np.arange(3000) % 6))
    for part in (lambda c: c.tradeoff("fp", "tp", T).first.slope, lambda c: c.decision_curve(T).slope):
        widths = [np.subtract(*part(c).confint()[::-1]) / part(c).stderr for c in (plain, clustered)]
        assert (widths[1] > 1.2 * widths[0]).all()


def test_scores_without_labels_are_served():
    p = expit(np.random.default_rng(0).normal(0, 1.5, 2000))
    curve = cj.ConfusionCurve.from_scores(p)
    assert np.isfinite(curve.tradeoff("precision", "recall", T).confint()).all()
    assert np.isfinite(curve.decision_curve(T).net_benefit.confint()).all()
    assert np.isfinite(curve.cost_curve().envelope).all()


@pytest.mark.parametrize(
    ("ask", "told"),
    [
        (lambda c: c.tradeoff("precison", "recall"), "precison.*precision"),
        (lambda c: c.tradeoff("recall", 3), "metric is 3"),
        (lambda c: c.tradeoff("recall", "fp", [0.5, np.nan]), r"thresholds\[1\] is nan"),
        (lambda c: c.tradeoff("recall", "fp", [0.5, np.inf]), r"thresholds\[1\] is inf"),
        (lambda c: c.tradeoff("recall", "fp", []), "thresholds is empty"),
        (lambda c: c.tradeoff("recall", "fp", [[0.5, 0.6]]), r"thresholds has shape \(1, 2\)"),
        (lambda c: c.tradeoff("recall", "fp", "half"), "thresholds"),
        (lambda c: c.tradeoff("recall", "fp", level=1.0), "level=1.0"),
        (lambda c: c.decision_curve([0.5, 1.0]), r"thresholds\[1\] is 1.*inside \(0, 1\)"),
        (lambda c: c.decision_curve(0.0), r"thresholds\[0\] is 0"),
        (lambda c: c.decision_curve(prevalence=1.0), "prevalence=1"),
        (lambda c: c.decision_curve(prevalence="rare"), "prevalence='rare'"),
        (lambda c: c.decision_curve(level=0), "level=0"),
        (lambda c: c.cost_curve([0.5, 1.5]), r"probability_cost\[1\] is 1.5.*\[0, 1\]"),
        (lambda c: c.cost_curve(threshold=np.nan), "threshold=nan"),
        (lambda c: c.cost_curve(level=2), "level=2"),
    ],
)
def test_bad_input_is_refused(curve, ask, told):
    with pytest.raises(cj.InvalidInputError, match=told):
        ask(curve)


@pytest.mark.parametrize("coordinate", ["logit", "percentile", "score"])
def test_a_decision_curve_takes_probabilities(data, coordinate):
    with pytest.raises(cj.InvalidInputError, match=f"{coordinate}.*coordinate='probability'"):
        from_predictions(*data, coordinate=coordinate).decision_curve()


def test_one_class_is_refused():
    curve = cj.ConfusionCurve.from_tally(
        cj.Tally.zero("logit", 2.0**-10).add(np.ones(3, int), np.array([0.2, 0.4, 0.9]))
    )
    for ask in (curve.decision_curve, curve.cost_curve):
        with pytest.raises(cj.InvalidInputError, match="no row of this curve is 0"):
            ask()
