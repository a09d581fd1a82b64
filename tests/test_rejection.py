"""A reject option: one column more, of rows for which nothing is predicted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

import conjac as cj
from conjac import metrics

N_CLASSES = 3
pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
COSTS = [[0, 1, 1, 0.3], [1, 0, 1, 0.3], [2, 1, 0, 0.3]]


def rows(n=4000, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, N_CLASSES, n)
    u = rng.normal(size=(n, N_CLASSES)) + 1.5 * np.eye(N_CLASSES)[y]
    p = np.exp(u)
    return y, p / p.sum(axis=1, keepdims=True)


def recounted(y, p, offsets):
    predicted = (np.column_stack([np.log(p), np.zeros(len(p))]) + offsets).argmax(axis=1)
    return np.array([np.bincount(predicted[y == true], minlength=N_CLASSES + 1) for true in range(N_CLASSES)])


def with_reject(least):
    return np.append(np.zeros(N_CLASSES), np.log(least))


@given(st.floats(0.2, 0.95))
def test_what_no_class_is_sure_enough_of_is_rejected(least):
    y, p = rows(300)
    J = cj.confusion_jacobian(y, p, offsets=with_reject(least))
    rejected = p.max(axis=1) <= least
    by_hand = np.bincount((N_CLASSES + 1) * y + np.where(rejected, N_CLASSES, p.argmax(axis=1)), minlength=12)
    np.testing.assert_array_equal(J.matrix, by_hand.reshape(N_CLASSES, N_CLASSES + 1))


@pytest.mark.parametrize("normalize", [None, "true", "pred", "all"])
def test_the_jacobian_is_that_of_recounts(normalize):
    y, p = rows(60_000)
    offsets, step = with_reject(0.55), 0.1

    def share(cells):
        axes = {None: None, "true": 1, "pred": 0, "all": (0, 1)}[normalize]
        return cells if axes is None else cells / cells.sum(axis=axes, keepdims=True)

    J = cj.confusion_jacobian(y, p, offsets=offsets, normalize=normalize)
    assert J.jacobian.shape == J.stderr.shape == (N_CLASSES, N_CLASSES + 1, N_CLASSES + 1)
    for k, aside in enumerate(step * np.eye(N_CLASSES + 1)):
        quotient = (share(recounted(y, p, offsets + aside)) - share(recounted(y, p, offsets - aside))) / (2 * step)
        known = ~np.isnan(J.stderr[..., k])
        assert (np.abs(J.jacobian[..., k] - quotient)[known] <= 5 * J.stderr[..., k][known]).all()
    assert np.abs(J.jacobian.sum(axis=-1)).max() < 1e-6 * np.abs(J.jacobian).max()


def test_metrics_of_a_reject_option():
    y, p = rows()
    J = cj.confusion_jacobian(y, p, offsets=with_reject(0.6))
    cells = J.matrix
    acted = cells[:, :-1]
    by_hand = {
        "coverage": acted.sum() / cells.sum(),
        "selective_accuracy": np.trace(acted) / acted.sum(),
        "accuracy": np.trace(acted) / cells.sum(),
        "balanced_accuracy": np.mean(np.diag(acted) / cells.sum(axis=1)),
        "recall[1]": cells[1, 1] / cells[1].sum(),
    }
    for name, value in by_hand.items():
        assert J.of(name).value == pytest.approx(value, abs=1e-12), name
    cost = J.of(metrics.expected_cost(COSTS))
    assert cost.value == pytest.approx((cells * COSTS).sum() / cells.sum(), abs=1e-12)
    assert J.of("coverage").gradient[-1] < 0 < J.of("selective_accuracy").gradient[-1]
    assert J.of("coverage").gradient.sum() == pytest.approx(0, abs=1e-9)


def test_tables_name_the_column_and_the_offset():
    J = cj.confusion_jacobian(*rows(), offsets=with_reject(0.6))
    columns = J.to_columns()
    assert len(columns["true"]) == N_CLASSES * (N_CLASSES + 1) ** 2
    assert set(columns["predicted"]) == {0, 1, 2, "reject"}
    assert J.parameters[-1] == "offset[reject]"


def test_bad_input_is_told():
    y, p = rows(200)
    with pytest.raises(cj.UnknownMetricError, match=r"'f1_macro' would average over the reject option"):
        cj.confusion_jacobian(y, p, offsets=with_reject(0.5)).of("f1_macro")
    with pytest.raises(cj.InvalidInputError, match=r"\(3,\), one a class, or \(4,\) with that of a reject option"):
        cj.confusion_jacobian(y, p, offsets=np.zeros(5))
    names = np.array(["a", "b", "reject"])[y]
    with pytest.raises(cj.InvalidInputError, match="a class is called 'reject'"):
        cj.confusion_jacobian(names, p, offsets=with_reject(0.5))


def test_a_mix_keeps_the_reject_option_in_its_column():
    y, p = rows(2000)
    offsets = with_reject(0.6)
    J = cj.confusion_jacobian(y, p, offsets=offsets, wrt=cj.Mix("class"))
    np.testing.assert_array_equal(J.matrix, recounted(y, p, offsets))
    share, totals = np.bincount(y) / len(y), J.matrix.sum(axis=1, keepdims=True)
    for c in range(N_CLASSES):  # its own row grows by 1 / share, the others shrink in proportion
        speed = np.where(np.arange(N_CLASSES) == c, 1 / share[c], -1 / (1 - share[c]))
        np.testing.assert_allclose(J.jacobian[..., c], J.matrix * speed[:, None], atol=1e-9 * totals.max())


def test_matrices_with_a_reject_option_are_not_compared():
    y, p = rows(200)
    a, b = cj.confusion_jacobian(y, p), cj.confusion_jacobian(y, p, offsets=with_reject(0.6))
    with pytest.raises(cj.NotSupportedError, match="b has a reject option"):
        cj.compare(a, b)


def chow(n_classes, cost):
    """Costs of 1 a mistake and less a row that is left."""
    return metrics.expected_cost(np.column_stack([1 - np.eye(n_classes), np.full(n_classes, cost)]))


@pytest.mark.parametrize("n_classes", [2, 3])
@pytest.mark.parametrize("scale", ["logit", "score"])
def test_calibrated_probabilities_are_rejected_as_chow_found(n_classes, scale):
    # C. K. Chow, "On optimum recognition error and reject tradeoff", IEEE Trans. Inf. Theory 16 (1970)
    rng = np.random.default_rng(0)
    y = rng.integers(0, n_classes, 40_000)
    u = 2 * (rng.normal(size=(len(y), n_classes)) + 2 * np.eye(n_classes)[y])
    p = np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)
    decision = cj.maximize(y, p, chow(n_classes, 0.25), reject=True, coordinate=scale)
    best = np.append(np.zeros(n_classes), np.log(0.75) if scale == "logit" else 0.75)
    lower, upper = decision.confint(0.999)
    assert (lower <= best).all()
    assert (best <= upper).all()
    assert (np.abs(decision.offsets - best) < 0.1).all()
    rejected = np.where(p.max(axis=1) <= 0.75, n_classes, p.argmax(axis=1))
    by_rule = (rejected == n_classes).mean() * 0.25 + ((rejected != y) & (rejected != n_classes)).mean()
    assert decision.value <= by_rule + 1e-3


def least_of_two_thresholds(y, p, cost):
    ends = np.concatenate([[0], np.unique(p), [1]])
    between = (ends[1:] + ends[:-1]) / 2
    low, high = (side.ravel() for side in np.meshgrid(between, between))
    low, high = low[low <= high, None], high[low <= high, None]
    wrong = ((p < low) & (y == 1)) | ((p >= high) & (y == 0))
    return float((wrong + cost * ((p >= low) & (p < high))).mean(axis=1).min())


def test_hardly_any_pair_of_thresholds_costs_less():
    missed = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        y, cost = rng.permutation(np.arange(24) % 2), rng.uniform(0.05, 0.45)
        p = np.clip(0.5 + 0.25 * (y - 0.5) + 0.2 * rng.normal(size=24), 0.02, 0.98).round(3)
        decision = cj.maximize(y, np.column_stack([1 - p, p]), chow(2, cost), reject=True, method="exact")
        missed.append(decision.value - least_of_two_thresholds(y, p, cost))
    assert min(missed) > -1e-12
    assert np.mean(np.array(missed) < 1e-12) >= 0.95
    assert max(missed) < 0.5 / 24


def test_the_surest_rows_are_kept():
    y, p = rows()
    decision = cj.maximize(y, p, "selective_accuracy", subject_to="coverage >= .7", reject=True)
    kept = decision.matrix[:, :N_CLASSES]
    assert kept.sum() >= 0.7 * len(y)
    surest = np.argsort(p.max(axis=1))[-int(np.ceil(0.7 * len(y))) :]
    assert decision.value >= (p.argmax(axis=1) == y)[surest].mean() - 2e-3
    assert decision.value == pytest.approx(np.trace(kept) / kept.sum())
    predicted = decision.predict(p)
    assert set(predicted) == {0, 1, 2, "reject"} == set(decision.outcomes)
    assert (predicted == "reject").sum() == decision.matrix[:, -1].sum()
    J = cj.confusion_jacobian(y, p, offsets=decision.offsets)
    np.testing.assert_array_equal(decision.matrix, J.matrix)
    np.testing.assert_array_equal(decision.jacobian, J.jacobian)


def test_targets_with_a_reject_option():
    y, p = rows()
    decision = cj.solve(y, p, {"coverage": 0.8, "recall[1]": 0.7, "recall[2]": 0.6}, reject=True)
    cells = decision.matrix
    assert cells[:, :-1].sum() / cells.sum() == pytest.approx(0.8, abs=2e-3)
    assert cells[1, 1] / cells[1].sum() == pytest.approx(0.7, abs=3e-3)
    assert cells[2, 2] / cells[2].sum() == pytest.approx(0.6, abs=3e-3)
    assert decision.diagnostics["free"] == 0


def test_a_reject_option_that_costs_too_much_is_not_taken():
    y, p = rows()
    with_option = cj.maximize(y, p, chow(N_CLASSES, 0.9), reject=True, method="exact")
    without = cj.maximize(y, p, metrics.expected_cost(1 - np.eye(N_CLASSES)), method="exact")
    assert with_option.matrix[:, -1].sum() == 0
    assert with_option.value == pytest.approx(without.value, abs=1e-3)


def test_bad_input_of_decisions_is_told():
    y, p = rows(200)
    with pytest.raises(cj.InvalidInputError, match=r"np\.column_stack\(\[1 - y_score, y_score\]\)"):
        cj.maximize(y > 0, p[:, 1], chow(2, 0.2), reject=True)
    with pytest.raises(cj.UnknownMetricError, match="would average over the reject option"):
        cj.maximize(y, p, "accuracy", subject_to="f1_macro >= .5", reject=True)
    with pytest.raises(cj.InvalidInputError, match="is for 3 classes"):
        cj.maximize(y, p, metrics.expected_cost(1 - np.eye(3)), reject=True)
    with pytest.raises(cj.InvalidInputError, match="is for 4 classes"):
        cj.maximize(y, p, chow(3, 0.2))
    with pytest.raises(cj.InvalidInputError, match="a class is called 'reject'"):
        cj.maximize(np.array(["a", "b", "reject"])[y], p, chow(3, 0.2), reject=True)
    with pytest.raises(cj.UnknownMetricError, match="coverage"):
        cj.maximize(y, p, "coverage")
    with pytest.raises(cj.InfeasibleError, match="selective_accuracy >= 1 and coverage >= 1"):
        cj.maximize(y, p, "accuracy", subject_to=["selective_accuracy >= 1", "coverage >= 1"], reject=True)


def test_coverage_is_paid_for_with_accuracy():
    y, p = rows()
    front = cj.pareto_front(y, p, "selective_accuracy", "coverage", n_points=7, reject=True)
    assert (np.diff(front.first) < 0).all()
    assert (np.diff(front.second) > 0).all()
    for offsets, accuracy, coverage in zip(front.offsets, front.first, front.second, strict=True):
        J = cj.confusion_jacobian(y, p, offsets=offsets)
        assert (J.of("selective_accuracy").value, J.of("coverage").value) == pytest.approx((accuracy, coverage))
    for least in (0.5, 0.7):  # equal offsets, one of the decisions that the front is over
        kept = p.max(axis=1) > least
        beside = np.interp(kept.mean(), front.second, front.first)
        assert beside >= (p.argmax(axis=1) == y)[kept].mean() - 5e-3


@pytest.mark.parametrize("least", [0.6, 0.75, 0.95])
def test_sure_rows_at_the_end_of_the_logarithm_are_no_edge(least):
    z = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        y = np.arange(10_000) % 2
        p = 1 / (1 + np.exp(-2 * rng.normal(2 * y - 1, 1)))
        J = cj.confusion_jacobian(y, np.column_stack([1 - p, p]), offsets=[0, 0, np.log(least)])
        cut = np.log(least / (1 - least)) / 2
        truth = 5_000 * norm.pdf(cut, [-1, 1]) / 2 / (1 - least)  # rows of both classes that stop being called 1
        z.append((-J.jacobian[:, 1, 2] - truth) / J.stderr[:, 1, 2])
    z = np.array(z)
    assert np.abs(z.mean(axis=0)).max() < 1
    assert np.sqrt((z**2).mean()) < 1.5


def test_rejecting_every_row_is_a_matrix_like_any_other():
    y, p = rows(300)
    J = cj.confusion_jacobian(y, p, offsets=[0, 0, 0, 0.1])
    np.testing.assert_array_equal(J.matrix[:, -1], np.bincount(y))
    assert not J.jacobian.any()
    assert np.isnan(J.stderr).all()
    assert "no row is near any facet" in J.diagnostics["cautions"][0]
    free = np.column_stack([1 - np.eye(N_CLASSES), np.zeros(N_CLASSES)])
    decision = cj.maximize(y, p, metrics.expected_cost(free), reject=True)
    assert (decision.value, decision.diagnostics["coverage"]) == (0, pytest.approx(0, abs=0.1))


def test_nobody_s_row_is_no_want_of_rows():
    y, p = rows(20_000)
    J = cj.confusion_jacobian(y, p, offsets=with_reject(0.55))
    balanced = J.of("balanced_accuracy")
    recalls = [J.of(f"recall[{k}]") for k in range(N_CLASSES)]
    assert balanced.value_stderr == pytest.approx(
        np.sqrt(sum(r.value_stderr**2 for r in recalls)) / N_CLASSES, rel=1e-3
    )
    lower, upper = balanced.value_confint()
    assert upper - lower < 5 * balanced.value_stderr
    assert not np.isnan(cj.confusion_jacobian(y, p, offsets=with_reject(0.55), normalize="pred").stderr).all()


def test_costs_of_a_class_fewer_are_no_costs_of_a_reject_option():
    y, p = rows(300)
    with pytest.raises(cj.InvalidInputError, match="has 2 classes and a reject option, and there are 3"):
        cj.maximize(y, p, metrics.expected_cost([[0, 1, 5], [1, 0, 5]]))
    for name in ("coverage", "selective_accuracy"):
        with pytest.raises(cj.UnknownMetricError, match="pass reject=True"):
            cj.maximize(y, p, name)


def test_hardly_any_row_predicted_is_warned_of():
    y, p = rows()
    with pytest.warns(cj.ConjacWarning, match="leaves .*% of the rows unpredicted.*coverage >= .9"):
        cj.maximize(y, p, "selective_accuracy", reject=True)


@pytest.mark.parametrize("make", [metrics.coverage, metrics.selective_accuracy])
@pytest.mark.parametrize("n_classes", [1, 0, -1, 2.0, "2"])
def test_metrics_of_rejection_are_of_two_classes_or_more(make, n_classes):
    with pytest.raises(cj.InvalidInputError, match="n_classes is"):
        make(n_classes)
