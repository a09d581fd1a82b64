"""What comparisons are made of: Holm's correction over several, slopes, mean scores, clusters on both sides, 0/0."""

import itertools
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm, t
from support import draws

import conjac as cj
from conjac.comparison import adjust_together, compare_scores, compare_slopes, holm
from conjac.validation import check_predictions

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")


def decided(y, predicted, **options):
    """Return the Jacobian of predictions, whose slopes are not at issue."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        return cj.confusion_jacobian(y, np.eye(2)[predicted], labels=range(2), wrt=cj.Mix("class"), **options)


def drawn(rng, n, right=0.8):
    y = rng.integers(0, 2, n)
    return y, np.where(rng.random(n) < right, y, 1 - y)


NAMES = ["accuracy", "f1"]


# --- Holm


@given(st.lists(st.floats(0, 1), max_size=6))
def test_holm_is_the_closure_of_bonferroni(p):
    """A hypothesis is rejected at a level where every set of hypotheses that holds it is, by Bonferroni."""
    for i, found in enumerate(holm(p)):
        sets = (s for k in range(1, len(p) + 1) for s in itertools.combinations(range(len(p)), k) if i in s)
        expected = max(min(1, len(s) * min(p[j] for j in s)) for s in sets)
        assert found == pytest.approx(expected)


def test_what_is_no_test_is_not_counted():
    np.testing.assert_array_equal(holm([0.01, np.nan, 0.03]), [0.02, np.nan, 0.03])
    assert holm([]).size == 0
    assert np.isnan(holm([np.nan, np.nan])).all()


def test_together_is_holm_over_all_metrics_of_all_comparisons():
    rng = np.random.default_rng(0)
    first = decided(*drawn(rng, 800))
    pairs = [(first, decided(*drawn(rng, 500, right))) for right in (0.82, 0.9)]
    alone = [cj.compare(a, b, metrics=NAMES) for a, b in pairs]
    together = adjust_together(alone)
    raw = [cj.compare(a, b, metrics=name).p_values[0] for a, b in pairs for name in NAMES]
    found = np.concatenate([one.p_values for one in together])
    np.testing.assert_allclose(found, holm(raw))
    assert (found >= np.concatenate([one.p_values for one in alone])).all()
    for one, before in zip(together, alone, strict=True):
        assert (
            one.diagnostics["correction"] == "beyond noise: Holm's correction over 4 metrics of 2 comparisons, at 0.95"
        )
        np.testing.assert_array_equal(one.beyond_noise, one.p_values < 0.05)
        np.testing.assert_array_equal(one.confint(), before.confint())
    assert adjust_together([]) == []


def test_no_group_of_many_equal_ones_is_told_apart_too_often():
    """Each of ten groups against the rest: alarms in at most a few draws."""
    rng, n_draws = np.random.default_rng(5), draws(40)
    alarms = 0
    for _ in range(n_draws):
        y, predicted = drawn(rng, 1500)
        group = rng.integers(0, 10, 1500)
        sides = [[decided(y[m], predicted[m]) for m in (group != k, group == k)] for k in range(10)]
        alone = [cj.compare(rest, one, paired=False, metrics=["accuracy", "recall"]) for rest, one in sides]
        alarms += any(one.beyond_noise.any() for one in adjust_together(alone))
    assert alarms <= binom.ppf(0.996, n_draws, 0.05)  # more than that once in 250 such tests and less


# --- 0/0


def test_a_metric_that_is_a_convention_on_one_side_tells_no_difference():
    """Scikit-learn's recall is 0 where no row is positive: that is no fall to 0."""
    rng = np.random.default_rng(0)
    y, predicted = drawn(rng, 400)
    made = check_predictions(y[y == 0], predicted[y == 0], labels=[0, 1], one_class=True)
    negatives = cj.ConfusionJacobian.from_rows(made, mix=cj.Mix("class"))
    found = cj.compare(decided(y, predicted), negatives, metrics=["recall", "specificity"])
    assert found.value_b[0] == 0
    assert np.isnan([found.difference[0], found.stderr[0], found.p_values[0]]).all()
    assert found.beyond_noise[0] == np.False_
    assert np.isfinite([found.difference[1], found.stderr[1], found.p_values[1]]).all()


# --- few rows


def of_rates(right, n, far_right, far_n):
    """Return two matrices of positives alone but for one negative: recall right / n and far_right / far_n."""
    made = []
    for found, total in ((far_right, far_n), (right, n)):
        y, predicted = np.r_[np.ones(total, int), 0], np.r_[np.arange(total) < found, 0].astype(int)
        made.append(decided(y, predicted))
    return made


@pytest.mark.parametrize(("right", "n", "lower", "upper"), [(56, 70, 0.0524, 0.3339), (9, 10, 0.1705, 0.8090)])
def test_intervals_of_separate_proportions_are_newcombe_s(right, n, lower, upper):
    """His table II, examples a (56/70 and 48/80) and c (9/10 and 3/10), method 10."""
    found = cj.compare(*of_rates(right, n, *{70: (48, 80), 10: (3, 10)}[n]), paired=False, metrics="recall")
    np.testing.assert_allclose(np.ravel(found.confint()), [lower, upper], atol=5e-5)


@pytest.mark.parametrize(("right", "n"), [(8, 8), (1, 8), (0, 3), (15, 20), (90, 120)])
def test_few_rows_against_many_are_judged_as_exactly_as_they_can_be(right, n):
    """Recall of a small group against .655 of a hundred thousand: near the exact binomial p, and not ten times less."""
    found = cj.compare(*of_rates(right, n, 65_500, 100_000), paired=False, metrics="recall")
    exact = binomtest(right, n, 0.655).pvalue
    assert exact / 4 < found.p_values[0] < 4 * exact


def test_the_interval_reaches_0_at_the_p_value():
    rng = np.random.default_rng(0)
    a, b = decided(*drawn(rng, 300)), decided(*drawn(rng, 40, 0.6))
    for name in ("accuracy", "f1", "matthews_corrcoef", "positive_likelihood_ratio"):
        found = cj.compare(a, b, metrics=name)
        lower, upper = (side[0] for side in found.confint(1 - found.p_values[0]))
        assert min(abs(lower), abs(upper)) < 1e-3 * (upper - lower)


def test_of_many_rows_it_is_the_normal_test():
    rng = np.random.default_rng(0)
    found = cj.compare(decided(*drawn(rng, 40_000)), decided(*drawn(rng, 50_000, 0.805)), metrics=NAMES)
    lower, upper = found.confint()
    np.testing.assert_allclose(upper - lower, 2 * norm.ppf(0.975) * found.stderr, rtol=1e-3)
    np.testing.assert_allclose((lower + upper) / 2, found.difference, atol=1e-4)
    raw = 2 * norm.sf(np.abs(found.difference / found.stderr))
    np.testing.assert_allclose(found.p_values, holm(raw), rtol=0.02)


def test_equal_separate_rows_do_not_differ():
    one = decided(*drawn(np.random.default_rng(0), 300))
    found = cj.compare(one, one, paired=False)
    assert (found.p_values == 1).all()
    assert (np.array(found.confint()[0]) < 0).all()


# --- clusters on both sides


def clustered(rng, n_clusters=300, each=6, shift=1.2):
    """Return patients, some easy and some not, each with rows on both sides."""
    cluster = np.repeat(np.arange(n_clusters), each)
    y = rng.integers(0, 2, len(cluster))
    right = rng.random(len(cluster)) < 1 / (1 + np.exp(-1 - shift * rng.normal(size=n_clusters)[cluster]))
    return cluster, y, np.where(right, y, 1 - y)


def test_clusters_on_both_sides_count_as_one():
    cluster, y, predicted = clustered(np.random.default_rng(0))
    side = np.arange(len(y)) % 2
    a, b = (decided(y[side == k], predicted[side == k], groups=cluster[side == k]) for k in (0, 1))
    found = cj.compare(a, b, paired=False, metrics="accuracy")
    part = ((predicted == y) - np.where(side == 1, found.value_b[0], found.value_a[0])) * np.where(side == 1, 1, -1)
    block = np.empty(len(y), dtype=int)
    block[side == 0], block[side == 1] = a._outcomes.block, b._outcomes.block
    sums, used = np.bincount(block, part / (len(y) / 2)), len(np.unique(block))
    assert found.stderr[0] == pytest.approx(np.sqrt((sums**2).sum() * used / (used - 1)))
    assert found.confint().upper[0] - found.difference[0] == pytest.approx(t.ppf(0.975, used - 1) * found.stderr[0])
    lower, upper = found.shares.confint()
    assert (lower < 0).all()
    assert (upper > 0).all()


def test_errors_of_clusters_on_both_sides_are_of_the_right_size():
    z, apart = [], []
    rng = np.random.default_rng(1)
    for _ in range(draws(200)):
        cluster, y, predicted = clustered(rng)
        side = np.arange(len(y)) % 2
        a, b = (decided(y[side == k], predicted[side == k], groups=cluster[side == k]) for k in (0, 1))
        found = cj.compare(a, b, paired=False, metrics="accuracy")
        z.append(found.difference[0] / found.stderr[0])
        apart.append(found.difference[0] / np.hypot(*(J.of("accuracy").value_stderr for J in (a, b))))
    assert np.sqrt(np.mean(np.square(z))) == pytest.approx(1, abs=0.12)
    assert np.sqrt(np.mean(np.square(apart))) < 0.9  # as if they were separate, errors would be too wide


# --- slopes


def normals(rng, n=1500, distance=1.0):
    y = rng.integers(0, 2, n)
    return y, 1 / (1 + np.exp(-rng.normal(distance * (2 * y - 1), 1)))


def test_variances_of_separate_slopes_add():
    rng = np.random.default_rng(0)
    a, b = (cj.confusion_jacobian(*normals(rng), normalize="all") for _ in range(2))
    found = compare_slopes(a, b, separate=True)
    np.testing.assert_array_equal(found.value, b.jacobian - a.jacobian)
    np.testing.assert_allclose(found.stderr, np.sqrt(a.stderr**2 + b.stderr**2))
    lower, upper = found.confint(0.9)
    np.testing.assert_allclose((lower + upper) / 2, b.center - a.center)
    np.testing.assert_allclose(upper - lower, 2 * norm.ppf(0.95) * found.stderr)
    shared = compare_slopes(a, b, separate=False)
    np.testing.assert_allclose(shared.stderr, a.stderr + b.stderr)


def test_slopes_hold_what_they_say():
    """Of equal models on separate rows intervals hold 0 as often as they claim; on the same rows at least so often."""
    rng = np.random.default_rng(2)
    inside = {True: [], False: []}
    for _ in range(80):
        a, b = (cj.confusion_jacobian(*normals(rng, 800), normalize="all") for _ in range(2))
        y, score = normals(rng, 800)
        again = 1 / (1 + np.exp(-(np.log(score / (1 - score)) + rng.normal(0, 0.5, 800)) / 1.118))
        pair = [cj.confusion_jacobian(y, p, normalize="all") for p in (score, again)]
        for separate, (first, second) in ((True, (a, b)), (False, pair)):
            lower, upper = compare_slopes(first, second, separate=separate).confint()
            inside[separate].append((lower[1, 1] <= 0) & (upper[1, 1] >= 0))
    assert 0.88 < np.mean(inside[True]) < 0.995
    assert np.mean(inside[False]) > 0.95


def test_slopes_of_other_things_are_not_compared():
    rng = np.random.default_rng(0)
    y, score = normals(rng)
    a = cj.confusion_jacobian(y, score)
    with pytest.raises(cj.InvalidInputError, match="a has units"):
        compare_slopes(a, cj.confusion_jacobian(y, score, coordinate="logit"), separate=False)
    with pytest.raises(cj.InvalidInputError, match="a has normalize None and b all"):
        compare_slopes(a, cj.confusion_jacobian(y, score, normalize="all"), separate=False)


# --- mean scores


def rows(y, score, **options):
    return check_predictions(y, score, **options)


def test_mean_scores_are_compared_as_students_do():
    rng = np.random.default_rng(0)
    (y, p), (z, q) = normals(rng, 400), normals(rng, 500)
    found = compare_scores(rows(y, p), rows(z, q), paired=False)
    assert found.difference.value == pytest.approx(q.mean() - p.mean())
    assert found.difference.stderr == pytest.approx(np.sqrt(p.var() / 400 + q.var() / 500))
    assert (found.a.value, found.b.stderr) == pytest.approx((p.mean(), np.sqrt(q.var() / 500)))
    same = compare_scores(rows(y, p), rows(y, p**2), paired=True)
    assert same.difference.stderr == pytest.approx((p**2 - p).std() / 20)
    with pytest.raises(cj.InvalidInputError, match="a has 400 rows and b 500"):
        compare_scores(rows(y, p), rows(z, q), paired=True)


def test_mean_scores_know_weights_and_clusters():
    rng = np.random.default_rng(0)
    y, p = normals(rng, 400)
    weight, cluster = rng.exponential(size=400), np.arange(400) // 4
    half = np.arange(400) % 2 == 0
    sides = [rows(y[m], p[m], sample_weight=weight[m], groups=cluster[m]) for m in (half, ~half)]
    found = compare_scores(*sides, paired=False)
    part = np.where(half, -1.0, 1.0) * weight
    for m in (half, ~half):
        part[m] *= (p[m] - np.average(p[m], weights=weight[m])) / weight[m].sum()
    block = np.empty(400, dtype=int)
    block[half], block[~half] = (one.block for one in sides)
    sums, used = np.bincount(block, part), len(np.unique(block))
    assert found.difference.stderr == pytest.approx(np.sqrt((sums**2).sum() * used / (used - 1)))
    assert found.df == min(len(np.unique(one.block)) for one in sides) - 1
    plain = rows(y[half], p[half])
    mixed = compare_scores(plain, sides[1], paired=False).difference.stderr
    alone = [compare_scores(one, one, paired=False).b.stderr for one in (plain, sides[1])]
    assert mixed == pytest.approx(np.hypot(*alone))
