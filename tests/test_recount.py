"""Rows predicted again with a column moved: counts by hand, errors by the rows, steps, and what must not change."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joblib import parallel_config
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from support import needs

from conjac import metrics
from conjac.calculus.analytic import along
from conjac.engines import steps
from conjac.engines.outcomes import Outcomes
from conjac.engines.recount import Drift, recounted
from conjac.inference.delta import normalized
from conjac.inputs import Inputs, inputs
from conjac.inputs.lattice import lattice_of

few = settings(max_examples=20)
HOWS = (None, "true", "pred", "all")
NAMES = {2: ("precision", "f1", "matthews_corrcoef"), 3: ("f1_macro", "accuracy", "precision_macro")}


def bumps(n_classes):
    """Return a rule with steps and bumps in two of its three columns."""

    def predict(X):
        X = np.asarray(X)
        level = (X[:, 0] > -0.3) * 1 + (X[:, 0] > 0.9) + np.floor(1.5 * np.sin(2 * X[:, 1])).astype(int)
        return (level % n_classes).astype(np.int32)

    return predict


def rows_of(n_classes, n, seed, weighted=False, clustered=False, missing=False):
    """Return inputs and outcomes under `bumps`, of labels that agree with it in two rows of three."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    if missing:
        X[rng.random(n) < 0.4, 0] = np.nan
    predicted = bumps(n_classes)(X)
    true = np.where(rng.random(n) < 0.67, predicted, rng.integers(0, n_classes, n))
    true[:n_classes] = np.arange(n_classes)
    weight = rng.exponential(size=n) if weighted else None
    block = rng.integers(0, 20, n) if clustered else None
    return X, Outcomes(n_classes, true, predicted, weight, block)


def recount_of(X, outcomes, unit=1.0, **options):
    drifts = [Drift(place, f"x{place}", unit) for place in range(3)]
    return recounted(bumps(outcomes.n_columns), Inputs.of(X), outcomes, drifts, **options)


def contributions(X, outcomes, step, place, unit, moves=None):
    """Return what each row of weight 1 adds to the derivative of the cells, array of shape (n, K, K)."""
    K, n = outcomes.n_columns, len(X)
    found = np.zeros((n, K, K))
    for sign in (-1, 1):
        moved = X.copy()
        rows = slice(None) if moves is None else moves
        moved[rows, place] += sign * step
        found[np.arange(n), outcomes.true, bumps(K)(moved)] += sign * unit / (2 * step)
    return found


def variance_by_hand(outcomes, adds, condition_on):
    """Return the sum over rows, or blocks, of squared deviations from the mean that the design fixes."""
    n = len(outcomes.true)
    weight = np.ones(n) if outcomes.weight is None else outcomes.weight
    stratum = outcomes.true if condition_on else np.zeros(n, int)
    total = np.bincount(stratum, weight)
    mean = np.stack([np.bincount(stratum, weight * a) for a in adds.T]) / np.where(total > 0, total, 1)
    parts = weight[:, None] * (adds - mean.T[stratum])
    if outcomes.block is not None:
        parts = np.stack([parts[outcomes.block == b].sum(axis=0) for b in np.unique(outcomes.block)])
        parts = parts * np.sqrt(len(parts) / (len(parts) - 1))
    return (parts**2).sum(axis=0)


# --- counts and errors by hand


@given(st.integers(0, 10**6), st.sampled_from([2, 3]), st.booleans(), st.booleans(), st.sampled_from([None, "class"]))
@few
def test_slopes_and_errors_are_those_of_the_rows(seed, n_classes, weighted, clustered, condition_on):
    X, outcomes = rows_of(n_classes, 300, seed, weighted, clustered)
    moves = np.random.default_rng(seed).random(300) < 0.8
    motion = recount_of(X, outcomes, unit=1.7, moves=moves, condition_on=condition_on)
    weight = np.ones(300) if outcomes.weight is None else outcomes.weight
    seen = np.zeros((300, n_classes, n_classes))
    seen[np.arange(300), outcomes.true, outcomes.predicted] = 1
    cells = np.tensordot(weight, seen, 1)
    np.testing.assert_allclose(motion.counted.weight[0], cells)
    one_row = np.array([(w := weight[moves & (outcomes.true == k)]) @ w / w.sum() for k in range(n_classes)]) ** 2
    for place, step in enumerate(motion.steps):
        adds = contributions(X, outcomes, step, place, 1.7, moves)
        derivative = np.tensordot(weight, adds, 1)
        np.testing.assert_allclose(motion.derivative[place], derivative, atol=1e-9)
        np.testing.assert_allclose(motion.derivative[place].sum(axis=1), 0, atol=1e-9)
        speed = 1.7 / (2 * step)
        for how in HOWS:
            shares = lambda flat, how=how: normalized(flat, how)  # noqa: E731
            told = motion.slopes(how)
            np.testing.assert_allclose(told.value[place], along(shares, cells, derivative[None])[0], atol=1e-9)
            for y, k in np.ndindex(n_classes, n_classes):
                if np.isnan(told.stderr[place, y, k]):
                    continue
                own = gradient_of(lambda c, how=how, y=y, k=k: normalized(c, how)[..., y, k], cells, how)
                bent = bending(lambda c, how=how, y=y, k=k: normalized(c, how)[..., y, k], cells, derivative, how)
                rows = (seen * bent + adds * own).sum(axis=(1, 2))
                reach = one_row @ (speed * np.ptp(own, axis=1)) ** 2 / 2
                expected = variance_by_hand(outcomes, rows[:, None], condition_on)[0] + reach
                assert told.stderr[place, y, k] == pytest.approx(np.sqrt(expected), rel=1e-5)
        for name in NAMES[n_classes]:
            row = metrics.resolve(name, labels=range(n_classes))
            told = motion.metric_slope(row)
            assert told.value[place] == pytest.approx(row.slope(cells, derivative), abs=1e-12)
            if np.isfinite(told.stderr[place]):
                own, bent = row.gradient(cells), along(row.gradient, cells, derivative[None])[0]
                rows = (seen * bent + adds * own).sum(axis=(1, 2))
                reach = one_row @ (speed * np.ptp(own, axis=1)) ** 2 / 2
                expected = variance_by_hand(outcomes, rows[:, None], condition_on)[0] + reach
                assert told.stderr[place] == pytest.approx(np.sqrt(expected), rel=1e-9)
    assert np.isnan(motion.metric_slope(row).stderr[2])  # no row turns with a column that nothing hangs on
    assert motion.effective_rows[2] == 0


def gradient_of(figure, cells, how):
    """Return the gradient of a figure by differences; the total stays where it divides."""
    held = cells.sum()
    moved = lambda c: figure(c) * (c.sum(axis=(-2, -1)) / held if how == "all" else 1)  # noqa: E731
    found = np.zeros_like(cells)
    for place in np.ndindex(cells.shape):
        step = np.zeros_like(cells)
        step[place] = 1e-4 * held
        found[place] = (
            8 * (moved(cells + step) - moved(cells - step)) - moved(cells + 2 * step) + moved(cells - 2 * step)
        ) / (12e-4 * held)
    return found


def bending(figure, cells, derivative, how):
    """Return how the gradient of a figure changes as the cells move."""
    step = 1e-3 * cells.sum() / max(np.abs(derivative).max(), 1e-9)
    up, down = (gradient_of(figure, cells + sign * step * derivative, how) for sign in (1, -1))
    return (up - down) / (2 * step)


@given(st.integers(0, 10**6), st.floats(0.1, 10), st.floats(0.1, 10))
@few
def test_weights_and_units_scale(seed, factor, unit):
    X, outcomes = rows_of(3, 200, seed, weighted=True)
    heavy = Outcomes(3, outcomes.true, outcomes.predicted, factor * outcomes.weight, None)
    once, again = recount_of(X, outcomes), recount_of(X, heavy, unit=unit)
    np.testing.assert_array_equal(once.steps, again.steps)
    for name in ("value", "stderr"):
        one, other = (getattr(motion.slopes(None), name) for motion in (once, again))
        np.testing.assert_allclose(other, factor * unit * one, rtol=1e-9, atol=1e-12)
        one, other = (getattr(motion.slopes("true"), name) for motion in (once, again))
        np.testing.assert_allclose(other, unit * one, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(again.bias, factor * unit * once.bias, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("how", HOWS)
def test_errors_are_those_of_samples(how):
    found = []
    for seed in range(150):
        X, outcomes = rows_of(2, 400, seed)
        told = recount_of(X, outcomes).slopes(how)
        found.append((told.value[:2], told.stderr[:2], recount_of(X, outcomes).steps[:2]))
    value, stderr, half = map(np.array, zip(*found, strict=True))
    same = (half == half[0]).all(axis=1)
    assert same.mean() > 0.4
    ratio = np.sqrt((stderr[same] ** 2).mean(axis=0)) / value[same].std(axis=0)
    assert (ratio > 0.9).all()
    assert (ratio < 1.2).all()


def test_a_slice_moves_alone():
    X, outcomes = rows_of(2, 400, 0)
    motion = recount_of(X, outcomes, moves=outcomes.true == 1)
    told = motion.slopes(None)
    assert (told.value[:, 0] == 0).all()
    assert (told.stderr[:, 0] == 0).all()  # by what was asked, not by what was seen
    assert (told.stderr[:2, 1] > 0).all()
    told = motion.metric_slope(metrics.resolve("specificity", labels=(0, 1)))
    assert (told.value == 0).all()
    assert (told.stderr == 0).all()
    nobody = recount_of(X, outcomes, moves=np.zeros(400, bool))
    assert np.isnan(nobody.steps).all()
    assert np.isnan(nobody.slopes(None).stderr[:, 1]).all() or (nobody.effective_rows == 0).all()


def test_what_is_missing_stays():
    X, outcomes = rows_of(3, 500, 1, missing=True)
    motion = recount_of(X, outcomes)
    adds = contributions(X, outcomes, motion.steps[0], 0, 1.0)
    assert (adds[np.isnan(X[:, 0])] == 0).all()
    np.testing.assert_allclose(motion.derivative[0], adds.sum(axis=0))


# --- what must not change


def test_the_inputs_are_as_they_were_and_blocks_do_not_matter(monkeypatch):
    X, outcomes = rows_of(3, 500, 2, weighted=True, clustered=True, missing=True)
    kept = X.copy()
    X.flags.writeable = False
    whole = recount_of(X, outcomes)
    monkeypatch.setattr(inputs, "AT_ONCE", 3 * 37)
    told = []
    parts = recount_of(X, outcomes, progress=told.append)
    with parallel_config(n_jobs=2):
        shared = recount_of(X, outcomes)
    np.testing.assert_array_equal(X, kept)
    assert len(told) == 14
    assert told[-1] == 1
    for other in (parts, shared):
        np.testing.assert_array_equal(other.steps, whole.steps)
        np.testing.assert_allclose(other.bias, whole.bias)
        np.testing.assert_allclose(other.slopes("pred").value, whole.slopes("pred").value)
        np.testing.assert_allclose(other.slopes("pred").stderr, whole.slopes("pred").stderr)


@pytest.mark.parametrize("dtype", [np.int16, np.int64, np.float32, np.float64])
def test_dtypes_are_kept_and_whole_numbers_stay_whole(dtype):
    rng = np.random.default_rng(3)
    X = np.column_stack([rng.poisson(8, 900), rng.integers(0, 40, 900) * 5]).astype(dtype)
    seen = []

    def predict(rows):
        seen.append((rows.dtype, set(np.unique(rows[:, 0] % 1)), set(np.unique(rows[:, 1] % 5))))
        return (rows[:, 0] + rows[:, 1] / 10 > 16).astype(int)

    outcomes = Outcomes(2, rng.integers(0, 2, 900), predict(X), None, None)
    drifts = [Drift(place, "", 1.0, lattice_of(X[:, place])) for place in (0, 1)]
    motion = recounted(predict, Inputs.of(X), outcomes, drifts)
    assert {dtype for dtype, _, _ in seen} == {np.dtype(dtype)}
    assert all(ones | fives == {0} for _, ones, fives in seen)
    assert (motion.steps % [1, 5] == 0).all()


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_frames_are_counted_as_arrays_are(library):
    module = needs(library)
    make = module.table if library == "pyarrow" else module.DataFrame
    X, outcomes = rows_of(2, 300, 4)
    frame = make({f"x{place}": X[:, place] for place in range(3)})
    asked = recounted(
        lambda rows: bumps(2)(np.column_stack([np.asarray(rows[f"x{place}"]) for place in range(3)])),
        Inputs.of(frame),
        outcomes,
        [Drift(place, "", 1.0) for place in range(3)],
    )
    np.testing.assert_array_equal(asked.derivative, recount_of(X, outcomes).derivative)


# --- the step


def test_predictions_cost_at_most_as_much_as_promised():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(3000, 4))
    forest = RandomForestClassifier(5, max_depth=4, random_state=0).fit(X, X[:, 0] + X[:, 1] > 0)
    asked = []

    def predict(rows):
        asked.append(len(rows))
        return forest.predict(rows).astype(int)

    outcomes = Outcomes(2, rng.integers(0, 2, 3000), forest.predict(X).astype(int), None, None)
    recounted(predict, Inputs.of(X), outcomes, [Drift(place, "", 1.0) for place in range(4)])
    assert 2 <= sum(asked) / (3000 * 4) <= 2 + steps.SHARE


@given(st.floats(1e-6, 1e6), st.none() | st.floats(1e-4, 1e4))
@few
def test_steps_that_are_tried_are_round_and_in_reach(spread, lattice):
    tried = steps.ladder(spread, lattice)
    assert len(tried) >= 2
    assert (np.diff(tried) > 0).all()
    assert all(float(f"{step / (lattice or 1):.6e}"[0]) in steps.ROUND for step in tried)
    assert tried[0] >= steps.NARROWEST * spread * (1 - 1e-9)
    if lattice is None:
        assert tried[-2] <= steps.WIDEST * spread
    else:
        whole = tried / lattice
        np.testing.assert_allclose(whole, np.rint(whole), rtol=1e-9)


def test_more_rows_take_a_smaller_step_and_its_bias_is_told():
    def cut(rows):
        return (rows[:, 0] > 1).astype(int)  # the normal density at 1 bends as x (x^2 - 3) there

    half, off = [], []
    for n in (1_000, 100_000, 1_000_000):
        X = np.random.default_rng(6).normal(size=(n, 1))
        outcomes = Outcomes(2, np.zeros(n, int), cut(X), None, None)
        motion = recounted(cut, Inputs.of(X), outcomes, [Drift(0, "", 1.0)])
        half.append(motion.steps[0])
        off.append(motion.bias[0, 0, 1] / n)
    assert half[0] >= half[1] >= half[2]
    assert half[0] > half[2]
    exact = (stats.norm.cdf(1 + half[1]) - stats.norm.cdf(1 - half[1])) / (2 * half[1]) - stats.norm.pdf(1)
    assert abs(off[1] - exact) < 0.02


def test_bias_is_told_with_its_error():
    def cut(rows):
        return (rows[:, 0] > 0).astype(int)

    z = []
    for seed in range(60):
        X = np.random.default_rng(seed).normal(size=(4_000, 1))
        motion = recounted(
            cut, Inputs.of(X), Outcomes(2, np.zeros(4_000, int), cut(X), None, None), [Drift(0, "", 1.0)]
        )
        (half,) = motion.steps
        exact = (stats.norm.cdf(half) - stats.norm.cdf(-half)) / (2 * half) - stats.norm.pdf(0)
        z.append((motion.bias[0, 0, 1] / 4_000 - exact) * 4_000 / motion.bias_stderr[0, 0, 1])
        assert np.isnan(motion.bias[0, 1]).all()  # nobody is of that class
    assert 0.3 < np.sqrt(np.mean(np.square(z))) < 1.5


def test_a_rare_class_chooses_too():
    true = (np.arange(20_000) % 100 == 0).astype(int)
    some = steps._sample(np.arange(20_000), true, 600)
    np.testing.assert_array_equal(np.bincount(true[some]), [300, 66])  # a third of its 200 rows, at most
    assert len(np.unique(some)) == 366


@pytest.mark.parametrize("n_crossing", [4, 5])
def test_five_rows_make_an_interval(n_crossing):
    X = np.concatenate([np.linspace(-3, -1.2, 150), np.full(n_crossing, 0.01), np.linspace(1.2, 3, 150)])[:, None]
    true = np.tile([0, 1], 200)[: len(X)]
    true[150 : 150 + n_crossing] = 1
    predicted = (X[:, 0] > 0).astype(int)
    outcomes = Outcomes(2, true, predicted, None, None)
    motion = recounted(lambda rows: (rows[:, 0] > 0).astype(int), Inputs.of(X), outcomes, [Drift(0, "", 1.0)])
    recall = motion.metric_slope(metrics.resolve("recall", labels=(0, 1)))
    assert motion.effective_rows[0] == n_crossing
    assert np.isfinite(recall.stderr[0]) == (n_crossing == 5)
    assert (np.isfinite(motion.slopes("true").stderr[0, 1]) == (n_crossing == 5)).all()
    assert np.isnan(motion.slopes("true").stderr[0, 0]).all()


def test_a_column_without_scale_has_no_step():
    X, outcomes = rows_of(2, 100, 7)
    X[:, 2] = 5
    motion = recount_of(X, outcomes)
    assert np.isnan(motion.steps[2])
    assert np.isnan(motion.slopes(None).stderr[2]).all()
    assert np.isfinite(motion.slopes(None).value[:2]).all()


# --- lattices


@given(st.integers(0, 10**6), st.sampled_from([1, 0.5, 0.1, 0.01, 7, 100, 1 / 3, 0.0625]), st.integers(2, 400))
@few
def test_lattices_are_found(seed, spacing, n_levels):
    rng = np.random.default_rng(seed)
    levels = rng.integers(0, n_levels, 500)
    levels[:3] = 0, 1, n_levels  # neighbours, so that no coarser lattice serves
    values = np.append(levels * spacing - 3 * spacing, np.nan)
    assert lattice_of(values) == pytest.approx(spacing, rel=1e-9)


@pytest.mark.parametrize("n_levels", [5, 50])
def test_lattices_are_found_in_single_precision(n_levels):
    levels = np.random.default_rng(0).integers(0, n_levels, 2000)
    levels[:2] = 0, 1
    assert lattice_of((levels / 3 - 2).astype(np.float32)) == pytest.approx(1 / 3, rel=1e-5)


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(0).normal(size=500),
        np.full(5, 2.0),
        np.full(5, np.nan),
        np.random.default_rng(0).random(20),
    ],
    ids=["normal", "constant", "missing", "few"],
)
def test_no_lattice_is_found_where_there_is_none(values):
    assert lattice_of(values) is None
