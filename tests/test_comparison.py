"""Two matrices compared: closed forms, pairing, coverage, and what the result tells."""

import json
import pickle
import warnings

import numpy as np
import pytest
from scipy.stats import norm, t
from support import RATIO, draws, needs, slack

import conjac as cj

pytestmark = pytest.mark.filterwarnings("ignore:fewer than 5 effective rows:conjac.ConjacWarning")

NAMES = ("accuracy", "precision", "recall", "f1", "matthews_corrcoef")


def told(y, predicted, n_classes=2, mix="class", **options):
    """Return the Jacobian of predictions, whose slopes are not at issue."""
    score = np.eye(n_classes)[predicted]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        return cj.confusion_jacobian(y, score, labels=range(n_classes), wrt=cj.Mix(mix), **options)


def judged(rng, y, rates):
    """Return predictions drawn at the rates of each true class."""
    return (np.asarray(rates)[y].cumsum(axis=1) > rng.random(len(y))[:, None]).argmax(axis=1)


def two_models(seed=0, n=500, n_classes=2):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, n_classes, n)
    rates = [np.full((n_classes, n_classes), miss) + np.eye(n_classes) * (1 - n_classes * miss) for miss in (0.12, 0.1)]
    a = judged(rng, y, rates[0])
    return y, a, np.where(rng.random(n) < 0.4, judged(rng, y, rates[1]), a)


# --- closed forms


def test_accuracy_s_variance_is_mc_nemar_s():
    y, a, b = two_models()
    found = cj.compare(told(y, a), told(y, b), metrics="accuracy")
    n, lost, won = len(y), ((a == y) & (b != y)).sum(), ((a != y) & (b == y)).sum()
    assert found.paired
    assert found.difference[0] == pytest.approx((won - lost) / n)
    stderr = np.sqrt(won + lost - (won - lost) ** 2 / n) / n
    assert found.stderr[0] == pytest.approx(stderr, rel=1e-12)
    assert found.p_values[0] == pytest.approx(2 * norm.sf(abs(found.difference[0]) / stderr))
    half = norm.ppf(0.975) * stderr
    np.testing.assert_allclose(found.confint(), np.array([[-half], [half]]) + found.difference)


def test_cells_are_pairs_of_multinomials():
    y, a, b = two_models(n_classes=3)
    found = cj.compare(told(y, a, 3), told(y, b, 3))
    n = len(y)
    for true in range(3):
        for k in range(3):
            into, out = (((y == true) & (p == k) & (q != k)).sum() for p, q in ((b, a), (a, b)))
            assert found.counts.value[true, k] == into - out
            stderr = np.sqrt(into + out - (into - out) ** 2 / n + 0.5 * (into == 0) + 0.5 * (out == 0))
            assert found.counts.stderr[true, k] == pytest.approx(stderr)
    np.testing.assert_allclose(found.shares.value * n, found.counts.value)
    np.testing.assert_allclose(found.shares.stderr * n, found.counts.stderr)
    lower, upper = found.shares.confint(0.9)
    np.testing.assert_allclose(upper - lower, 2 * norm.ppf(0.95) * found.shares.stderr)


def test_the_sandwich_of_row_influences():
    """Weights, clusters and fixed class totals, from each row's part in either metric, summed by hand."""
    y, a, b = two_models(n=600)
    rng = np.random.default_rng(1)
    weight, cluster = rng.exponential(size=600), np.arange(600) // 10
    for options in (
        {"sample_weight": weight},
        {"condition_on": "class", "sample_weight": weight},
        {"groups": cluster, "sample_weight": weight},
        {"groups": cluster, "condition_on": "class"},
    ):
        first, second = told(y, a, **options), told(y, b, **options)
        found = cj.compare(first, second, metrics=NAMES)
        w = options.get("sample_weight", np.ones(600))
        strata = y if "condition_on" in options else np.zeros(600, dtype=int)
        for k, name in enumerate(NAMES):
            row = cj.metrics.resolve(name, (0, 1))
            part = row.gradient(second.matrix)[y, b] - row.gradient(first.matrix)[y, a]
            mean = np.bincount(strata, w * part) / np.bincount(strata, w)
            part = w * (part - mean[strata])
            if "groups" in options:
                block = first._outcomes.block
                sums = np.bincount(block, part)
                used = len(np.unique(block))
                expected = np.sqrt((sums**2).sum() * used / (used - 1))
                half = t.ppf(0.975, used - 1) * found.stderr[k]
                assert found.confint().upper[k] - found.difference[k] == pytest.approx(half)
            else:
                expected = np.sqrt((part**2).sum())
            assert found.stderr[k] == pytest.approx(expected, rel=1e-9), name


def test_separate_rows_add_their_variances():
    y, a, b = two_models()
    first, second = told(y[:200], a[:200]), told(y[200:], b[200:])
    found = cj.compare(first, second, metrics=NAMES)
    assert not found.paired
    assert found.counts is None
    for k, name in enumerate(NAMES):
        x, z = first.of(name), second.of(name)
        assert found.difference[k] == pytest.approx(z.value - x.value)
        assert found.stderr[k] == pytest.approx(np.hypot(x.value_stderr, z.value_stderr), rel=1e-9)
    share = first.matrix / 200, second.matrix / 300
    np.testing.assert_allclose(found.shares.value, share[1] - share[0])
    variance = share[0] * (1 - share[0]) / 200 + share[1] * (1 - share[1]) / 300
    np.testing.assert_allclose(found.shares.stderr, np.sqrt(variance))


def test_the_fewer_blocks_give_the_degrees_of_freedom():
    y, a, b = two_models()
    first = told(y[:200], a[:200], groups=np.arange(200) // 40)
    second = told(y[200:], b[200:], groups=np.arange(300) // 3)
    found = cj.compare(first, second, metrics="accuracy")
    used = min(J.cells.df for J in (first, second))
    half = t.ppf(0.975, used) * found.stderr
    np.testing.assert_allclose(found.confint().upper - found.difference, half)
    one_sided = cj.compare(first, told(y, b), metrics="accuracy")
    half = t.ppf(0.975, first.cells.df) * one_sided.stderr
    np.testing.assert_allclose(one_sided.confint().upper - one_sided.difference, half)


# --- no false alarms, and none missed


@pytest.mark.parametrize("n_classes", [2, 4])
def test_equal_models_do_not_differ(n_classes):
    y, a, _ = two_models(n_classes=n_classes)
    found = cj.compare(told(y, a, n_classes), told(y, a, n_classes))
    assert found.paired
    assert not found.difference.any()
    assert not found.beyond_noise.any()
    assert (found.p_values == 1).all()
    assert not found.shares.value.any()
    # No row was seen to differ, which is not to say that none would: half a row either way.
    accuracy = found.metrics.index("accuracy")
    assert found.stderr[accuracy] == pytest.approx(1 / len(y))
    assert (found.stderr > 0).all()
    assert (found.shares.stderr > 0).all()


def test_a_handful_of_rows_is_no_proof():
    """Four rows won and none lost: the exact test gives p = .125."""
    y, a, _ = two_models()
    b = a.copy()
    b[np.flatnonzero(a != y)[:4]] = y[a != y][:4]
    found = cj.compare(told(y, a), told(y, b), metrics="accuracy")
    assert found.difference[0] == pytest.approx(4 / 500)
    assert not found.beyond_noise[0]


def simulate(paired, differ, runs, n=400):
    """Return how often intervals hold the truth, by metric, and how often any metric is told to differ."""
    rng = np.random.default_rng([paired, differ])
    share = np.array([0.6, 0.4])
    rates = [np.array([[0.8, 0.2], [0.3, 0.7]]), np.array([[0.8, 0.2], [0.3, 0.7]])]
    if differ:
        rates[1] = np.array([[0.85, 0.15], [0.2, 0.8]])
    truth = [[cj.metrics.resolve(name, (0, 1)).value(share[:, None] * r) for name in NAMES] for r in rates]
    truth = np.array(truth[1]) - np.array(truth[0])
    inside, alarms, z = [], [], []
    for _ in range(runs):
        y = (rng.random(n) < share[1]).astype(int)
        noise = rng.random(n)  # what makes the two alike
        a = (noise < rates[0][y, 1]).astype(int)
        if paired:
            other = np.where(rng.random(n) < 0.7, noise, rng.random(n))
            found = cj.compare(told(y, a), told(y, (other < rates[1][y, 1]).astype(int)), metrics=NAMES)
        else:
            again = (rng.random(n) < share[1]).astype(int)
            b = (rng.random(n) < rates[1][again, 1]).astype(int)
            found = cj.compare(told(y, a), told(again, b), metrics=NAMES)
        assert found.paired == paired
        lower, upper = found.confint()
        inside.append((lower <= truth) & (truth <= upper))
        alarms.append(found.beyond_noise.any())
        z.append((found.difference - truth) / found.stderr)
    return np.mean(inside, axis=0), np.mean(alarms), np.sqrt(np.mean(np.square(z), axis=0))


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize("differ", [True, False])
def test_intervals_hold_the_truth_and_alarms_are_rare(paired, differ):
    coverage, alarms, z = simulate(paired, differ, draws(300))
    assert (coverage > 0.91).all(), coverage
    assert (coverage < 0.985).all(), coverage
    assert (np.abs(z - 1) < 0.1 + slack(300, RATIO)).all(), z
    if differ:
        assert alarms > 0.5
    else:
        assert alarms < 0.075


def test_holm_s_correction_by_hand():
    y, a, b = two_models(3, n=900)
    found = cj.compare(told(y, a), told(y, b), metrics=NAMES)
    raw = 2 * norm.sf(np.abs(found.difference) / found.stderr)
    order, largest = np.argsort(raw), 0.0
    for rank, k in enumerate(order):
        largest = max(largest, raw[k] * (len(raw) - rank))
        assert found.p_values[k] == pytest.approx(min(1, largest))
    assert (found.beyond_noise == (found.p_values < 0.05)).all()
    assert "Holm" in found.diagnostics["correction"]
    assert "5 metrics listed" in found.diagnostics["correction"]
    assert "1 metric listed" in cj.compare(told(y, a), told(y, b), metrics="accuracy").diagnostics["correction"]
    strict = cj.compare(told(y, a), told(y, b), metrics=NAMES, level=1 - found.p_values.min() / 2)
    assert not strict.beyond_noise.any()


def test_a_metric_without_a_value_tells_nothing():
    y, _, b = two_models()
    ratio = cj.metrics.resolve("precision", (0, 1)).replace(undefined=np.nan)
    found = cj.compare(told(y, np.zeros(500, dtype=int)), told(y, b), metrics=[ratio, "accuracy"])
    assert np.isnan([found.difference[0], found.stderr[0], found.p_values[0]]).all()
    assert found.beyond_noise.tolist() == [False, True]
    json.dumps(found.to_dict(), allow_nan=False)


# --- which rows are the same


def test_pairing_is_found_and_told():
    y, a, b = two_models()
    first, second = told(y, a), told(y, b)
    assert cj.compare(first, second).diagnostics["rows"].startswith("the same rows: true labels")
    apart = cj.compare(first, second, paired=False)
    assert not apart.paired
    assert apart.diagnostics["rows"] == "separate rows, as asked"
    assert (apart.stderr > cj.compare(first, second).stderr).all()
    np.testing.assert_array_equal(cj.compare(first, second, paired=True).stderr, cj.compare(first, second).stderr)
    other = y.copy()
    other[7] = 1 - y[7]
    for changed, why in (
        (told(other, b), "true labels differ first at row 7"),
        (told(y[:-1], b[:-1]), "a has 500 rows and b 499"),
        (told(y, b, sample_weight=np.ones(500)), "weights were given for one alone"),
        (told(y, b, groups=np.arange(500)), "groups were given for one alone"),
    ):
        assert cj.compare(first, changed).diagnostics["rows"] == f"separate rows: {why}"
        with pytest.raises(cj.InvalidInputError, match=rf"paired=True: {why}; pass paired=False"):
            cj.compare(first, changed, paired=True)
    weight = np.arange(500) + 1.0
    heavier = np.where(np.arange(500) == 3, 9.0, weight)
    found = cj.compare(told(y, a, sample_weight=weight), told(y, b, sample_weight=heavier))
    assert found.diagnostics["rows"] == "separate rows: weights differ first at row 3"


def test_any_kind_of_jacobian_will_do():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 800)
    score = rng.normal(2 * y - 1, 1)
    first = cj.confusion_jacobian(y, score)
    second = cj.confusion_jacobian(y, 1 / (1 + np.exp(-score)), wrt=cj.Mix("class"), threshold=0.6, normalize="true")
    found = cj.compare(first, second)
    assert found.paired
    np.testing.assert_array_equal(found.counts.value, second.cells.weight[0] - first.matrix)
    three = rng.integers(0, 3, 800)
    logits = rng.normal(size=(800, 3)) + 2 * np.eye(3)[three]
    a, b = (cj.confusion_jacobian(three, logits, offsets=o) for o in ([0, 0, 0], [0, 1, 0]))
    found = cj.compare(a, b)
    assert found.paired
    np.testing.assert_array_equal(found.counts.value, b.matrix - a.matrix)
    assert found.metrics[:4] == ("accuracy", "balanced_accuracy", "f1_macro", "matthews_corrcoef")
    assert found.metrics[4:] == ("recall[0]", "recall[1]", "recall[2]")


def test_many_classes_have_no_recall_each_by_default():
    y, a, b = two_models(n_classes=11)
    assert len(cj.compare(told(y, a, 11), told(y, b, 11)).metrics) == 4


def test_what_cannot_be_compared():
    y, a, b = two_models()
    first = told(y, a)
    with pytest.raises(cj.InvalidInputError, match=r"a has labels \(0, 1\) and b \(0, 1, 2\)"):
        cj.compare(first, told(y, b, 3))
    with pytest.raises(cj.InvalidInputError, match="b is ndarray; expected a ConfusionJacobian"):
        cj.compare(first, first.matrix)
    with pytest.raises(cj.InvalidInputError, match="condition_on"):
        cj.compare(first, told(y, b, condition_on="class"))
    with pytest.raises(cj.UnknownMetricError, match="f7"):
        cj.compare(first, told(y, b), metrics=["f7"])
    with pytest.raises(cj.InvalidInputError, match=r"level=1.0"):
        cj.compare(first, told(y, b), level=1.0)


# --- what the result is


def test_columns_frames_and_plain_types():
    needs("pandas")
    y, a, b = two_models(n_classes=3)
    found = cj.compare(told(y, a, 3), told(y, b, 3), metrics=["accuracy", "f1_macro"])
    columns = found.to_columns()
    assert columns["metric"] == ["accuracy", "f1_macro"]
    assert columns["b"][0] - columns["a"][0] == pytest.approx(columns["difference"][0])
    assert found.to_frame()["upper"].tolist() == found.confint().upper.tolist()
    cells = found.to_columns("cells")
    assert {len(column) for column in cells.values()} == {9}
    at = [i for i in range(9) if (cells["true"][i], cells["predicted"][i]) == (2, 1)]
    assert [cells["count"][i] for i in at] == [found.counts.value[2, 1]]
    assert len(found.to_frame(of="cells")) == 9
    with pytest.raises(cj.InvalidInputError, match="of='rows'"):
        found.to_columns("rows")
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["paired"] is True
    assert plain["metrics"]["beyond_noise"] == found.beyond_noise.tolist()
    for part in ("b - a", "the same rows", "f1_macro", "noise", "Holm"):
        assert part in repr(found)


def test_results_cannot_be_changed_and_can_be_pickled():
    y, a, b = two_models()
    first = told(y, a, groups=np.arange(500), sample_weight=np.ones(500))
    found = cj.compare(first, told(y, b))
    for array in (found.difference, found.stderr, found.p_values, found.beyond_noise, found.shares.value):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    with pytest.raises(AttributeError):
        found.paired = True
    again = pickle.loads(pickle.dumps(found))
    assert again.to_dict() == found.to_dict()
    kept = first._outcomes
    assert (kept.true.dtype, kept.predicted.dtype, kept.block.dtype) == (np.uint8, np.uint8, np.uint8)
    for array in (kept.true, kept.predicted, kept.weight, kept.block):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_hundreds_of_classes_are_counted_by_what_occurs():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 300, 20_000)
    a, b = (np.where(rng.random(20_000) < 0.8, y, rng.integers(0, 300, 20_000)) for _ in range(2))
    found = cj.compare(*(told(y, p, 300, mix=np.arange(20_000) % 2) for p in (a, b)), metrics="accuracy")
    lost, won = ((a == y) & (b != y)).sum(), ((a != y) & (b == y)).sum()
    assert found.stderr[0] == pytest.approx(np.sqrt(won + lost - (won - lost) ** 2 / 20_000) / 20_000)
    assert found.shares.stderr.shape == (300, 300)
