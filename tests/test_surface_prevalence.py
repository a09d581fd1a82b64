"""Surfaces over the share of a class: reweighted rows by brute force, `Mix`, closed forms, differences of values."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import normal_rows
from scipy.special import expit, softmax
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import confusion_matrix
from sklearn.tree import DecisionTreeClassifier
from support import needs

import conjac as cj
from conjac.training.surfaces import standing

few = settings(max_examples=15)
N = 1500
RNG = np.random.default_rng(0)
Y2 = (RNG.random(N) < 0.3).astype(int)
P2 = expit(RNG.normal(2 * Y2 - 1.3, 1))
Y3 = RNG.choice(3, N, p=[0.5, 0.3, 0.2])
L3 = RNG.normal(size=(N, 3)) + 1.2 * np.eye(3)[Y3]
P3 = softmax(L3, axis=1)
AT, SHARES = [0.3, 0.5], [0.05, 0.3, 0.6]
GROUPS = np.arange(N) % 70
WEIGHT = RNG.uniform(0.2, 3, N)


def itself(scores):
    """Return the scores that are passed as inputs."""
    return scores


def one(y, p, over, metric="f1", **options):
    """Return a surface of scores of two classes."""
    return cj.surface(itself, p[:, None], y, over, metric, **options)


def to_share(y, share, label=1, weight=None):
    """Return weights by which a class has a share, the others their own in proportion, and the total stays."""
    weight = np.ones(len(y)) if weight is None else weight
    own = weight[y == label].sum() / weight.sum()
    return weight * np.where(y == label, share / own, (1 - share) / (1 - own))


def agrees(surface, i, j, told, axis, rel=1e-9, place=()):
    """Say that a node and its gradient by an axis are those of a Jacobian's metric."""
    assert surface.value[i, j] == pytest.approx(told.value, rel=1e-12)
    assert surface.gradient[i, j, axis] == pytest.approx(np.asarray(told.gradient)[place], rel=rel)
    assert surface.gradient_stderr[i, j, axis] == pytest.approx(np.asarray(told.stderr)[place], rel=rel)


# --- nodes and their gradients


@pytest.mark.parametrize("metric", ["f1", "accuracy", "matthews_corrcoef", "fp"])
@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["rows", "weights"])
@pytest.mark.parametrize("groups", [None, GROUPS], ids=["apart", "groups"])
def test_nodes_are_of_rows_that_are_reweighted_by_class(metric, weight, groups):
    found = one(Y2, P2, {"threshold": AT, "prevalence": SHARES}, metric, sample_weight=weight, groups=groups)
    for j, share in enumerate(SHARES):
        w = to_share(Y2, share, weight=weight)
        for i, t in enumerate(AT):
            cells = confusion_matrix(Y2, t <= P2, sample_weight=w)
            assert found.value[i, j] == pytest.approx(
                cells[0, 1] if metric == "fp" else cj.metrics.resolve(metric, [0, 1]).value(cells), rel=1e-12
            )
            # The same rows with other weights: what is estimated within each class is the same.
            same = {"threshold": t, "sample_weight": w, "groups": groups}
            J = cj.confusion_jacobian(Y2, P2, **same)
            slope = J.jacobian[0, 1] if metric == "fp" else J.of(metric).gradient
            assert found.gradient[i, j, 0] == pytest.approx(slope, rel=1e-6)
            M = cj.confusion_jacobian(Y2, P2, **same, wrt=cj.Mix("class"))
            slopes = (
                [M.jacobian[0, 1], M.stderr[0, 1]] if metric == "fp" else [M.of(metric).gradient, M.of(metric).stderr]
            )
            per_log = share  # shares from .05 to .6 are told by their logarithm
            assert found.gradient[i, j, 1] == pytest.approx(per_log * slopes[0][1], rel=1e-9)
            assert found.gradient_stderr[i, j, 1] == pytest.approx(per_log * slopes[1][1], rel=1e-9)
    assert found.methods == ("tangent", "reweighting")


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"groups": GROUPS},
        {"sample_weight": WEIGHT},
        {"condition_on": "class"},
        {"groups": GROUPS, "sample_weight": WEIGHT},
    ],
    ids=lambda options: " ".join(options) or "rows",
)
def test_at_the_rows_own_share_the_slope_is_that_of_mix(options):
    own = np.average(Y2, weights=options.get("sample_weight"))
    found = one(Y2, P2, {"threshold": AT, "prevalence": [own / 2, own]}, "precision", **options)
    assert found.scales[1] == "linear"
    assert found.units[1] == "1.0 of share"
    for i, t in enumerate(AT):
        J = cj.confusion_jacobian(Y2, P2, threshold=t, wrt=cj.Mix("class"), **options)
        agrees(found, i, 1, J.of("precision"), 1, place=1)
        J = cj.confusion_jacobian(Y2, P2, threshold=t, **options)
        assert found.gradient[i, 1, 0] == pytest.approx(J.of("precision").gradient, rel=1e-9)


@pytest.mark.parametrize("options", [{}, {"groups": GROUPS}], ids=["rows", "groups"])
def test_errors_are_those_of_a_decision_curve_at_a_known_prevalence(options):
    found = one(Y2, P2, {"threshold": AT, "prevalence": [0.02, 0.1]}, cj.metrics.net_benefit(0.3), **options)
    told = cj.ConfusionCurve.from_predictions(Y2, P2, **options).decision_curve([0.3], prevalence=0.02)
    assert found.value[0, 0] == pytest.approx(told.net_benefit.value[0], rel=1e-12)
    assert found.stderr[0, 0] == pytest.approx(told.net_benefit.stderr[0], rel=1e-12)


def test_precision_by_bayes_rule_with_two_binomials():
    t, (p, q) = 0.5, (0.02, 0.1)
    found = one(Y2, P2, {"threshold": AT, "prevalence": [p, q]}, "precision")
    (n0, n1), (fpr, tpr) = np.bincount(Y2), (np.mean(t <= P2[y == Y2]) for y in (0, 1))
    alert = p * tpr + (1 - p) * fpr
    assert found.value[1, 0] == pytest.approx(p * tpr / alert, rel=1e-12)
    by_tpr, by_fpr = p * (1 - p) * fpr / alert**2, -p * (1 - p) * tpr / alert**2
    variance = by_tpr**2 * tpr * (1 - tpr) / n1 + by_fpr**2 * fpr * (1 - fpr) / n0
    assert found.stderr[1, 0] == pytest.approx(np.sqrt(variance), rel=1e-9)
    assert found.gradient[1, 0, 1] == pytest.approx(tpr * fpr / alert**2, rel=1e-9)


@few
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.9), st.sampled_from(["f1", "precision", "cohen_kappa", "fn"]))
def test_the_gradient_is_that_of_the_value(seed, share, metric):
    rng = np.random.default_rng(seed)
    y = np.r_[0, 1, rng.integers(0, 2, 198)]
    p = expit(rng.normal(2 * y - 1, 1))
    step = 1e-4 * share
    found = one(y, p, {"prevalence": [share - step, share, share + step], "threshold": [0.4, 0.6]}, metric)
    slope = (found.value[2] - found.value[0]) / (2 * step)
    assert found.gradient[1, :, 0] == pytest.approx(slope, rel=1e-5, abs=1e-6 * np.abs(found.value).max())


@few
@given(st.integers(0, 2**32 - 1), st.floats(0.02, 0.9))
def test_laws_of_shares(seed, share):
    rng = np.random.default_rng(seed)
    y = np.r_[[0] * 20, [1] * 20, rng.integers(0, 2, 160)]
    p = expit(rng.normal(2 * y - 1, 1))
    shares = np.array([share, 1.05 * share])
    over = {"threshold": [0.4, 0.6], "prevalence": shares}
    for metric in ("recall", "specificity", "balanced_accuracy"):  # told within classes
        flat = one(y, p, over, metric)
        assert flat.value[:, 0] == pytest.approx(flat.value[:, 1], rel=1e-12)
        assert flat.gradient[..., 1] == pytest.approx(0, abs=1e-9)
    tp, fn = (one(y, p, over, cell) for cell in ("tp", "fn"))
    assert tp.value + fn.value == pytest.approx(np.broadcast_to(len(y) * shares, (2, 2)), rel=1e-12)
    assert tp.gradient[..., 0] == pytest.approx(-fn.gradient[..., 0], rel=1e-9)
    assert tp.stderr == pytest.approx(fn.stderr, rel=1e-9)
    # One class's share is 1 less the other's.
    f1 = one(y, p, over)
    other = one(y, p, {"threshold": [0.4, 0.6], "prevalence[0]": 1 - shares[::-1]})
    scale = (1 - shares[::-1]) if other.scales[1] == "log" else 1.0
    assert other.value[:, ::-1] == pytest.approx(f1.value, rel=1e-12)
    assert (other.gradient[..., 1] / scale)[:, ::-1] == pytest.approx(-f1.gradient[..., 1], rel=1e-9)
    named = one(y, p, {"prevalence[1]": shares, "threshold": [0.4, 0.6]})
    assert np.array_equal(named.value.T, f1.value)
    assert np.array_equal(named.gradient[..., ::-1].swapaxes(0, 1), f1.gradient, equal_nan=True)


# --- with other axes


def test_of_three_classes_the_others_shrink_in_proportion():
    at, shares = [-0.5, 0.4], [0.1, 0.15]
    found = cj.surface(itself, P3, Y3, {"offset[1]": at, "prevalence[0]": shares}, "f1_macro")
    own = np.bincount(Y3) / N
    row = cj.metrics.resolve("f1_macro", [0, 1, 2])
    for i, offset in enumerate(at):
        predicted = (np.log(P3) + np.array([0, offset, 0])).argmax(axis=1)
        for j, share in enumerate(shares):
            w = to_share(Y3, share, label=0)
            cells = confusion_matrix(Y3, predicted, sample_weight=w)
            mix = cells.sum(axis=1) / N
            assert mix[1] / mix[2] == pytest.approx(own[1] / own[2])
            J = cj.confusion_jacobian(Y3, P3, offsets=[0, offset, 0], sample_weight=w, wrt=cj.Mix("class"))
            agrees(found, i, j, J.of("f1_macro"), 1, place=0)
            J = cj.confusion_jacobian(Y3, P3, offsets=[0, offset, 0])
            moved = np.diag(mix / own) @ J.jacobian[..., 1]
            assert found.gradient[i, j, 0] == pytest.approx(row.slope(cells, moved), rel=1e-9)
    own_share = cj.surface(itself, P3, Y3, {"offset[1]": at, "prevalence[0]": [own[0] / 2, own[0]]}, "f1_macro")
    J = cj.confusion_jacobian(Y3, P3, offsets=[0, at[0], 0])
    assert own_share.gradient[0, 1, 0] == pytest.approx(J.of("f1_macro").gradient[1], rel=1e-9)
    # Its error is another one, of known shares.
    assert own_share.gradient_stderr[0, 1, 0] == pytest.approx(J.of("f1_macro").stderr[1], rel=0.2)


def test_scores_alone_of_three_classes_under_two_offsets():
    over = {"offset[a]": cj.Between(-1.0, 1.0), "offset[b]": [0.0, 0.5]}
    y = np.array(["a", "b", "c"])[Y3]
    found = cj.surface(itself, P3, y, over, "recall[a]")
    i = int(np.flatnonzero(found.values[0] == 0.5)[0])
    J = cj.confusion_jacobian(y, P3, offsets=[0.5, 0.5, 0])
    agrees(found, i, 1, J.of("recall[a]"), 0, place=0)
    agrees(found, i, 1, J.of("recall[a]"), 1, place=1)


def test_a_reject_option_is_no_class_and_takes_no_share():
    over = {"offset[1]": [0.0, 0.4], "prevalence[2]": [0.1, 0.2]}
    found = cj.surface(itself, P3, Y3, over, "coverage", offsets=[0, 0, 0, -0.5])
    outcome = np.column_stack([np.log(P3) + np.array([0, 0.4, 0]), np.full(N, -0.5)]).argmax(axis=1)
    assert found.value[1, 1] == pytest.approx(np.average(outcome < 3, weights=to_share(Y3, 0.2, label=2)))
    assert np.isfinite(found.gradient).all()


X = RNG.normal(size=(N, 2)) + Y2[:, None]
HELD = X[:500], Y2[:500]
X_TEST, Y_TEST = X[500:], Y2[500:]
LOGISTIC = LogisticRegression(tol=1e-8)


def test_a_drift_at_another_share():
    fit = clone(LOGISTIC).fit(*HELD)
    found = cj.surface(fit, X_TEST, Y_TEST, {"drift[x0]": [0.0, 0.5], "prevalence": [0.1, 0.2]}, "f1")
    moved = X_TEST + np.array([0.5 * X_TEST[:, 0].std(), 0])
    w = to_share(Y_TEST, 0.2)
    J = cj.ConfusionJacobian.from_estimator(fit, moved, Y_TEST, wrt=cj.Mix("class"), sample_weight=w)
    agrees(found, 1, 1, J.of("f1"), 1, place=1)
    own = Y_TEST.mean()
    found = cj.surface(fit, X_TEST, Y_TEST, {"drift[x0]": [0.0, 0.5], "prevalence": [own / 2, own]}, "f1")
    J = cj.ConfusionJacobian.from_estimator(fit, moved, Y_TEST, wrt=cj.Features("x0"))
    assert found.gradient[1, 1, 0] == pytest.approx(J.of("f1").gradient[0], rel=1e-6)
    for cell, sign in (("tp", 0.5), ("fp", (1 - own / 2) / (1 - own))):  # each class as it was, with another weight
        cells = cj.surface(fit, X_TEST, Y_TEST, {"drift[x0]": [0.0, 0.5], "prevalence": [own / 2, own]}, cell)
        assert cells.gradient[:, 0, 0] == pytest.approx(sign * cells.gradient[:, 1, 0], rel=1e-9)


def test_a_hyperparameter_at_another_share():
    over = {"C": [0.01, 1.0], "prevalence": [0.02, 0.5]}
    found = cj.surface(LOGISTIC, X_TEST, Y_TEST, over, "f1", HELD)
    assert found.methods == ("implicit", "reweighting")
    assert found.diagnostics["n_fits"] == 2
    fit = clone(LOGISTIC).set_params(C=0.01).fit(*HELD)
    cells = confusion_matrix(Y_TEST, fit.predict(X_TEST), sample_weight=to_share(Y_TEST, 0.02))
    assert found.value[0, 0] == pytest.approx(cj.metrics.resolve("f1", [0, 1]).value(cells), rel=1e-12)
    wrt = cj.Hyperparameters("C")
    J = cj.ConfusionJacobian.from_estimator(fit, X_TEST, Y_TEST, wrt=wrt, training_data=HELD)
    moved = np.diag(np.array([0.98, 0.02]) * len(Y_TEST) / np.bincount(Y_TEST)) @ J.jacobian[..., 0]
    slope = cj.metrics.resolve("f1", [0, 1]).slope(cells, moved)
    assert found.gradient[0, 0, 0] == pytest.approx(slope, rel=1e-9)


def test_luck_is_counted_by_node():
    tree = DecisionTreeClassifier(min_samples_leaf=20)
    found = cj.surface(tree, X_TEST, Y_TEST, {"max_depth": [2, 3], "prevalence": [0.1, 0.2, 0.3]}, "f1", HELD)
    assert found.methods == ("refit", "reweighting")
    assert found.diagnostics["cautions"] == ["random_state is None, so fits may differ by luck; set it; at 6 nodes"]


# --- what the axis covers


def test_shares_a_factor_of_ten_apart_are_told_by_their_logarithm():
    log = one(Y2, P2, {"threshold": AT, "prevalence": [0.05, 0.1, 0.5]})
    linear = one(Y2, P2, {"threshold": AT, "prevalence": [0.051, 0.1, 0.5]})
    assert (log.scales[1], log.units[1]) == ("log", "1 of log prevalence")
    assert (linear.scales[1], linear.units[1]) == ("linear", "1.0 of share")
    assert log.gradient[:, 1, 1] == pytest.approx(0.1 * linear.gradient[:, 1, 1], rel=1e-12)
    assert log.gradient_stderr[:, 1, 1] == pytest.approx(0.1 * linear.gradient_stderr[:, 1, 1], rel=1e-12)
    assert np.array_equal(log.value[:, 1:], linear.value[:, 1:])


def test_adaptive_points_serve_the_closed_form():
    y, s = normal_rows(0, n=4000)
    over = {"threshold": cj.Between(0.2, 0.8), "prevalence": cj.Between(0.001, 0.5)}
    found = one(y, s, over, "precision", tolerance=0.005)
    p = np.geomspace(0.001, 0.5, 101)
    for t in found.values[0]:
        tpr, fpr = (np.mean(s[y == k] >= t) for k in (1, 0))
        true = p * tpr / (p * tpr + (1 - p) * fpr)
        assert np.abs(found.at(t, p).value - true).max() < 0.02 * np.ptp(found.value)
    assert set(found.diagnostics["stopped"].values()) == {"interpolation serves"}


def test_a_share_costs_no_curve(monkeypatch):
    made = []
    of_rows = standing.ConfusionCurve.from_rows

    def counted(*args, **options):
        made.append(args)
        return of_rows(*args, **options)

    monkeypatch.setattr(standing.ConfusionCurve, "from_rows", counted)
    found = one(Y2, P2, {"threshold": cj.Between(0.1, 0.9), "prevalence": cj.Between(0.01, 0.5)})
    assert min(map(len, found.values)) > 5
    assert len(made) == 1


@pytest.mark.parametrize("kind", ["two columns", "frame"])
def test_scores_of_two_classes_in_other_forms(kind):
    over = {"threshold": AT, "prevalence": SHARES}
    pandas = needs("pandas") if kind == "frame" else None
    given = pandas.DataFrame({"score": P2}) if pandas else np.column_stack([1 - P2, P2])
    found, told = cj.surface(itself, given, Y2, over), one(Y2, P2, over)
    assert np.array_equal(found.value, told.value)
    assert np.array_equal(found.gradient, told.gradient)


@pytest.mark.parametrize(
    ("over", "complaint"),
    [
        ({"prevalence": [0.0, 0.5]}, r"0 lies outside \(0, 1\); expected shares inside"),
        ({"prevalence": [0.5, 1.0]}, r"1 lies outside \(0, 1\)"),
        ({"prevalence": cj.Between(-0.1, 0.5)}, r"over\['prevalence'\]: -0.1 lies outside"),
        ({"prevalence[7]": [0.1, 0.5]}, r"over\['prevalence\[7\]'\]: no such class; expected one of \['0', '1'\]"),
        ({"prevalence[]": [0.1, 0.5]}, "no such class"),
        ({"prevalence[0]": [0.1, 0.5], "prevalence": [0.1, 0.5]}, "cannot both move: a share grows at the cost of all"),
    ],
)
def test_errors_name_the_way_out(over, complaint):
    with pytest.raises(cj.InvalidInputError, match=complaint):
        one(Y2, P2, over if len(over) == 2 else {"threshold": AT} | over)


def test_errors_of_classes():
    with pytest.raises(cj.InvalidInputError, match=r"there are 3 classes; name one, as 'prevalence\[2\]'"):
        cj.surface(itself, P3, Y3, {"offset[0]": [0, 1], "prevalence": [0.1, 0.2]}, "f1_macro")
    absent = {"offset[0]": [0, 1], "prevalence[2]": [0.1, 0.2]}
    with pytest.raises(cj.InvalidInputError, match="of these rows is none '2', so no weights give it another share"):
        cj.surface(itself, P3[Y3 < 2], Y3[Y3 < 2], absent, "accuracy", labels=[0, 1, 2])
    with pytest.raises(cj.InvalidInputError, match="of these rows are all '2'"):
        cj.surface(itself, P3[Y3 == 2], Y3[Y3 == 2], absent, "accuracy", labels=[0, 1, 2])
    with pytest.raises(cj.InvalidInputError, match=r"pass X\[:, None\]"):
        cj.surface(itself, P2, Y2, {"threshold": AT, "prevalence": SHARES})
