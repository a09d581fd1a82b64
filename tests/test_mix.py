"""Shares of categories that move: closed forms, reweighted counts, errors; offsets for another prevalence."""

import json
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import normal_rows
from scipy.special import softmax
from sklearn.metrics import confusion_matrix
from support import RATIO, draws, slack

import conjac as cj

pytestmark = pytest.mark.filterwarnings("ignore:fewer than 5 effective rows:conjac.ConjacWarning")

few = settings(max_examples=10)
HOWS = (None, "true", "pred", "all")
BINARY = ("accuracy", "precision", "recall", "specificity", "f1", "matthews_corrcoef", "cohen_kappa", "npv")
SEVERAL = ("accuracy", "balanced_accuracy", "f1_macro", "precision_macro", "matthews_corrcoef", "f1_weighted")


def rows_of(n_classes, n, seed, n_categories=3):
    """Return labels, scores and categories; the categories differ in what is true of them."""
    rng = np.random.default_rng(seed)
    category = rng.choice(n_categories, n, p=np.arange(1, n_categories + 1) / (n_categories * (n_categories + 1) / 2))
    y = (rng.integers(0, n_classes, n) + (rng.random(n) < 0.3) * category) % n_classes
    hard = 1 + 0.5 * category
    if n_classes == 2:
        return y, 1 / (1 + np.exp(-rng.normal((2 * y - 1) * hard / 2, 1))), category
    score = rng.normal(size=(n, n_classes))
    score[np.arange(n), y] += hard
    return y, softmax(score, axis=1), category


def jacobian(*arguments, **options):
    """Return a Jacobian whose cautions are not at issue."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        return cj.confusion_jacobian(*arguments, **options)


# --- closed forms


@pytest.mark.parametrize("prevalence", [0.05, 0.5])
def test_two_classes_by_bayes_rule(prevalence):
    rng = np.random.default_rng(0)
    y = (rng.random(4000) < prevalence).astype(int)
    p = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    J = cj.confusion_jacobian(y, p, wrt=cj.Mix("class"), threshold=0.4)
    cells = confusion_matrix(y, p >= 0.4)
    pi, n = cells[1].sum() / 4000, cells.sum()
    tpr, fpr = cells[1, 1] / cells[1].sum(), cells[0, 1] / cells[0].sum()
    assert J.parameters == ("share[0]", "share[1]")
    assert J.units == ("1.0 of share", "1.0 of share")
    assert J.method == "reweighting"
    assert J.coordinate == "probability"
    assert J.threshold == 0.4
    np.testing.assert_array_equal(J.matrix, cells)
    np.testing.assert_allclose(J.jacobian[..., 1], n * np.array([[fpr - 1, -fpr], [1 - tpr, tpr]]), rtol=1e-12)
    np.testing.assert_allclose(J.jacobian[..., 0], -J.jacobian[..., 1], rtol=1e-12)
    by_hand = {
        "recall": 0,
        "specificity": 0,
        "balanced_accuracy": 0,
        "accuracy": tpr - (1 - fpr),
        "prevalence": 1,
        "alert_rate": tpr - fpr,
        "precision": tpr * fpr / (pi * tpr + (1 - pi) * fpr) ** 2,  # pi tpr / (pi tpr + (1 - pi) fpr)
        "f1": 2 * tpr * fpr / (pi + pi * tpr + (1 - pi) * fpr) ** 2,
    }
    for name, slope in by_hand.items():
        assert J.of(name).gradient[1] == pytest.approx(slope, rel=1e-9, abs=1e-12), name
        assert J.of(name).gradient[0] == pytest.approx(-slope, rel=1e-9, abs=1e-12), name
    assert J.of("recall").stderr == pytest.approx(0, abs=1e-9)
    assert J.of("prevalence").stderr == pytest.approx(0, abs=1e-9)  # the shares are known
    # Two binomials, each of a known number of rows.
    error = np.sqrt(tpr * (1 - tpr) / cells[1].sum() + fpr * (1 - fpr) / cells[0].sum())
    assert J.of("accuracy").stderr[1] == pytest.approx(error, rel=1e-9)
    assert J.stderr[1, 1, 1] == pytest.approx(n * np.sqrt(tpr * (1 - tpr) / cells[1].sum()), rel=1e-9)


@given(st.integers(0, 10**6), st.integers(2, 5), st.booleans())
@few
def test_mixes_of_classes_leave_recall_and_move_accuracy(seed, n_classes, weighted):
    y, score, _ = rows_of(n_classes, 120, seed)
    y[:n_classes] = np.arange(n_classes)
    weight = np.random.default_rng(seed).exponential(size=120) if weighted else None
    J = jacobian(y, score, wrt=cj.Mix("class"), sample_weight=weight)
    total = J.matrix.sum(axis=1)
    recall = np.diag(J.matrix) / total
    for k in range(n_classes):
        np.testing.assert_allclose(J.of(f"recall[{k}]").gradient, 0, atol=1e-9)
        others = np.delete(np.arange(n_classes), k)
        expected = recall[k] - np.average(recall[others], weights=total[others])
        assert J.of("accuracy").gradient[k] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_allclose(jacobian(y, score, wrt=cj.Mix("class"), normalize="true").jacobian, 0, atol=1e-9)


@given(st.integers(0, 10**6), st.integers(2, 4), st.integers(2, 4), st.booleans())
@few
def test_all_cells_together_stay_and_shares_trade_off(seed, n_classes, n_categories, weighted):
    y, score, category = rows_of(n_classes, 150, seed, n_categories)
    y[:n_classes], category[:n_categories] = np.arange(n_classes), np.arange(n_categories)
    weight = np.random.default_rng(seed).exponential(size=150) if weighted else None
    J = jacobian(y, score, wrt=cj.Mix(category), sample_weight=weight)
    assert J.jacobian.shape == J.stderr.shape == (n_classes, n_classes, n_categories)
    np.testing.assert_allclose(J.jacobian.sum(axis=(0, 1)), 0, atol=1e-9 * J.matrix.sum() * 100)
    share = np.array(list(J.diagnostics["shares"].values()))
    np.testing.assert_allclose(share, np.bincount(category, weight, n_categories) / J.matrix.sum())
    np.testing.assert_allclose(J.jacobian @ (share * (1 - share)), 0, atol=1e-9 * J.matrix.sum())


# --- counted again with other weights


def stencil(figure, h):
    """Return the five-point difference quotient."""
    a, b, c, d = (np.asarray(figure(m * h)) for m in (-2, -1, 1, 2))
    return (a - 8 * b + 8 * c - d) / (12 * h)


@given(st.integers(0, 10**6), st.sampled_from([2, 3]), st.sampled_from(HOWS), st.booleans(), st.booleans())
@few
def test_slopes_are_those_of_reweighted_rows(seed, n_classes, how, weighted, by_class):
    y, score, category = rows_of(n_classes, 200, seed)
    y[:n_classes], category[:3] = np.arange(n_classes), np.arange(3)
    group = y if by_class else category
    weight = np.random.default_rng(seed).exponential(size=200) if weighted else np.ones(200)
    options = {"wrt": cj.Mix("class" if by_class else category, name="place"), "normalize": how}
    J = jacobian(y, score, sample_weight=weight, **options)
    names = BINARY if n_classes == 2 else SEVERAL
    for c in range(J.jacobian.shape[-1]):
        mine = group == c
        share = weight[mine].sum() / weight.sum()

        def moved(step, mine=mine, share=share):
            factor = np.where(mine, 1 + step / share, 1 - step / (1 - share))
            again = jacobian(y, score, sample_weight=weight * factor, **options)
            return np.concatenate([again.matrix.ravel(), [again.of(name).value for name in names]])

        found = stencil(moved, 1e-3 * min(share, 1 - share))
        told = np.concatenate([J.jacobian[..., c].ravel(), [J.of(name).gradient[c] for name in names]])
        size = np.concatenate([np.full(J.matrix.size, J.matrix.sum()), np.ones(len(names))]) / min(share, 1 - share)
        np.testing.assert_allclose(told / size, found / size, rtol=0, atol=1e-9)


# --- errors


def z_scores(n_classes, names, hows, seed, *, clusters=False, condition_on=None, runs, n=600):
    """Return how far figures are from those of the population at the same shares, in standard errors."""
    rng = np.random.default_rng(seed)
    rates = rng.dirichlet(np.full(n_classes, 1.5), (3, n_classes)) * 0.5 + 0.5 * np.eye(n_classes)
    classes = rng.dirichlet(np.full(n_classes, 8.0), 3)
    found = []
    for _ in range(runs):
        units = n // 3 if clusters else n
        category = rng.choice(3, units, p=[0.2, 0.3, 0.5])
        y = (classes[category].cumsum(axis=1) > rng.random(units)[:, None]).argmax(axis=1)
        predicted = (rates[category, y].cumsum(axis=1) > rng.random(units)[:, None]).argmax(axis=1)
        options = {"condition_on": condition_on}
        if clusters:  # each unit is seen three times, mostly alike
            category, y, predicted = (np.repeat(part, 3) for part in (category, y, predicted))
            fresh = (rates[category, y].cumsum(axis=1) > rng.random(n)[:, None]).argmax(axis=1)
            predicted = np.where(rng.random(n) < 0.2, fresh, predicted)
            options["groups"] = np.repeat(np.arange(units), 3)
        else:
            options["sample_weight"] = rng.uniform(0.5, 2, n)
        weight = options.get("sample_weight", np.ones(n))
        seen = np.array([[weight[(category == c) & (y == k)].sum() for k in range(n_classes)] for c in range(3)])
        of_class = seen / seen.sum(axis=1, keepdims=True) if condition_on else classes
        truth = of_class[..., None] * rates * weight.sum()
        share = seen.sum(axis=1) / weight.sum()
        cells = (share[:, None, None] * truth).sum(axis=0)
        motion = np.stack([truth[c] - (cells - share[c] * truth[c]) / (1 - share[c]) for c in range(3)])
        score = np.eye(n_classes)[predicted]
        for how in hows:
            J = jacobian(
                y,
                score,
                labels=range(n_classes),
                offsets=np.zeros(n_classes),
                wrt=cj.Mix(category),
                **options,
                normalize=how,
            )
            step = 1e-6
            with np.errstate(invalid="ignore"):
                ends = [np.stack([shares_of(cells + s * step * d, how) for d in motion], -1) for s in (-1, 1)]
                found.append(((J.jacobian - (ends[1] - ends[0]) / (2 * step)) / J.stderr).ravel())
        for name in names:
            told, row = J.of(name), cj.metrics.resolve(name, range(n_classes))
            found.append((told.gradient - row.slope(cells, motion)) / told.stderr)
    return found


def shares_of(cells, how):
    axes = {"true": 1, "pred": 0, "all": (0, 1)}.get(how)
    return cells if how is None else cells / cells.sum(axis=axes, keepdims=True)


def rms(found, n_figures):
    """Return the root mean square of each kind of figure, over runs and entries."""
    return np.array([np.sqrt(np.nanmean(np.concatenate(found[k::n_figures]) ** 2)) for k in range(n_figures)])


@pytest.mark.parametrize(
    ("n_classes", "names", "runs", "more"),
    [
        (2, ("accuracy", "precision", "recall", "f1", "matthews_corrcoef"), draws(120), slack(120, RATIO)),
        (3, SEVERAL, 120, 0),  # fewer leave even the wider bounds
    ],
    ids=["2 classes", "3 classes"],
)
@pytest.mark.parametrize("condition_on", [None, "class"])
def test_errors_are_those_of_simulation(n_classes, names, runs, more, condition_on):
    found = z_scores(n_classes, names, (None, "true", "pred"), 1, condition_on=condition_on, runs=runs)
    told = rms(found, 3 + len(names))
    assert (told > 0.9).all(), told
    assert (told < 1.1 + more).all(), told


def test_errors_of_clusters_are_those_of_simulation():
    names = ("accuracy", "precision", "f1")
    told = rms(z_scores(2, names, (None, "pred"), 2, clusters=True, runs=draws(300)), 2 + len(names))
    assert (told > 0.9).all(), told
    assert (told < 1.1 + slack(300, RATIO)).all(), told


@pytest.mark.parametrize("options", [{}, {"groups": np.arange(900) // 2}, {"condition_on": "class"}])
def test_the_matrix_has_the_errors_it_has_when_anything_else_moves(options):
    y, score, category = rows_of(3, 900, 0)
    for how in HOWS:
        J = cj.confusion_jacobian(y, score, wrt=cj.Mix(category), normalize=how, **options)
        other = cj.confusion_jacobian(y, score, normalize=how, **options)
        np.testing.assert_array_equal(J.matrix, other.matrix)
        np.testing.assert_allclose(J.matrix_stderr, other.matrix_stderr, rtol=1e-9)
        np.testing.assert_allclose(J.matrix_confint(), other.matrix_confint(), rtol=1e-9)
    assert J.of("accuracy").value_stderr == other.of("accuracy").value_stderr


@pytest.mark.parametrize("figure", ["true", "pred", "all", "f1", "matthews_corrcoef"])
def test_errors_are_the_delta_method_in_full(figure):
    """What a row more of a category adds, by differences of the slope itself; rates vary within categories."""
    y, score, category = rows_of(2, 300, 3)
    counts = np.zeros((3, 2, 2))
    np.add.at(counts, (category, y, (score >= 0.5).astype(int)), 1.0)
    pi = counts.sum(axis=(1, 2)) / 300

    def slopes(counts):
        whole, known = counts.sum(axis=0), pi[:, None, None]
        moved = counts / known - (whole - counts) / (1 - known)
        if figure not in HOWS:
            return cj.metrics.resolve(figure, (0, 1)).slope(whole, moved)[:, None]
        axes = {"true": 1, "pred": 0, "all": (0, 1)}[figure]
        total, leaving = whole.sum(axis=axes, keepdims=True), np.stack([m.sum(axis=axes, keepdims=True) for m in moved])
        return ((moved - whole / total * leaving) / total).reshape(3, 4)

    variance = 0
    ends = [slopes(counts + sign * step.reshape(3, 2, 2)) for step in 1e-4 * np.eye(12) for sign in (-1, 1)]
    gradient = (np.stack(ends[1::2]) - np.stack(ends[::2])) / 2e-4  # (cell, category, figure)
    for c, n in enumerate(counts.reshape(3, 4)):
        mine = gradient[4 * c : 4 * c + 4].T
        variance = variance + mine**2 @ n - (mine @ n) ** 2 / n.sum()
    J = cj.confusion_jacobian(y, score, wrt=cj.Mix(category), normalize=figure if figure in HOWS else None)
    told = J.stderr.reshape(4, 3) if figure in HOWS else J.of(figure).stderr[None]
    np.testing.assert_allclose(told, np.sqrt(variance), rtol=1e-5)


def test_nothing_seen_is_not_nothing():
    y, score = np.repeat([0, 1], 50), np.repeat([0.2, 0.9], 50)  # without a mistake
    J = cj.confusion_jacobian(y, score, wrt=cj.Mix("class"))
    assert J.of("accuracy").gradient.tolist() == [0, 0]
    # Half a row of either class might have been mistaken.
    assert J.of("accuracy").stderr == pytest.approx(np.sqrt(2 * 0.5 / 50**2))
    assert (J.stderr > 0).all()
    assert J.of("recall").stderr == pytest.approx(0, abs=1e-12)


def test_few_rows_of_a_category_have_no_interval():
    y, score, _ = rows_of(2, 300, 0)
    rare = np.where(np.arange(300) < 4, "rare", "common")
    with pytest.warns(cj.ConjacWarning, match=r"fewer than 5 effective rows of category.*'common', 'rare'.*nan"):
        J = cj.confusion_jacobian(y, score, wrt=cj.Mix(rare))
    assert np.isfinite(J.jacobian).all()
    assert np.isnan(J.stderr).all()  # of both: what is not rare is all that is common
    third = np.where(np.arange(300) < 100, "third", rare)
    third[:4] = "rare"
    with pytest.warns(cj.ConjacWarning, match=r"of category 'rare', or"):
        J = cj.confusion_jacobian(y, score, wrt=cj.Mix(third))
    assert J.parameters == ("share[common]", "share[rare]", "share[third]")
    assert np.isnan(J.of("f1").stderr).tolist() == [False, True, False]
    weight = np.where(np.arange(300) % 50 < 7, 1.0, 1e-9)
    with pytest.warns(cj.ConjacWarning, match="fewer than 10 effective rows"):
        cj.confusion_jacobian(y, score, wrt=cj.Mix(np.arange(300) // 50), sample_weight=weight)


def test_a_class_without_rows_has_no_slope():
    y, score, _ = rows_of(3, 300, 0)
    y[y == 2] = 1
    with pytest.warns(cj.ConjacWarning, match="category 2"):
        J = cj.confusion_jacobian(y, score, labels=[0, 1, 2], wrt=cj.Mix("class"))
    assert np.isnan(J.jacobian).all(axis=(0, 1)).tolist() == [False, False, True]
    assert np.isnan(J.stderr).all(axis=(0, 1)).tolist() == [False, False, True]
    assert np.isfinite(J.of("accuracy").gradient).tolist() == [True, True, False]


# --- what goes in and what comes out


def test_offsets_and_percentiles_decide_as_before():
    y, score, category = rows_of(3, 400, 0)
    J = cj.confusion_jacobian(y, score, offsets=[0, 1, -1], wrt=cj.Mix(category))
    np.testing.assert_array_equal(J.offsets, [0, 1, -1])
    np.testing.assert_array_equal(J.matrix, cj.confusion_jacobian(y, score, offsets=[0, 1, -1]).matrix)
    assert J.coordinate == "logit"
    y, p = normal_rows(0, 400)
    J = cj.confusion_jacobian(y, p, coordinate="percentile", threshold=0.25, wrt=cj.Mix("class"))
    assert (J.coordinate, J.threshold) == ("percentile", 0.25)
    assert J.matrix[:, 1].sum() == 100
    assert J.of("alert_rate").gradient[1] == pytest.approx(J.of("recall").value - J.of("fpr").value)
    assert "as asked" in J.diagnostics["coordinate"]


def test_products_views_and_immutability():
    y, score, category = rows_of(3, 400, 0)
    names = np.array(["east", "north", "west"])[category]
    J = cj.confusion_jacobian(y, score, wrt=cj.Mix(names, name="region"), groups=np.arange(400) // 2)
    np.testing.assert_allclose(J.jvp([1, 0, -1]), J.jacobian[..., 0] - J.jacobian[..., 2])
    np.testing.assert_allclose(J.vjp(np.eye(3)) / 400, J.of("accuracy").gradient)
    lower, upper = J.confint()
    assert ((upper - lower) / J.stderr > 2 * 1.96).all()  # Student's t
    assert json.loads(json.dumps(J.to_dict(), allow_nan=False))["parameters"] == list(J.parameters)
    columns = J.to_columns()
    assert {len(column) for column in columns.values()} == {27}
    at = [i for i in range(27) if (columns["true"][i], columns["predicted"][i]) == (1, 2)]
    assert [columns["jacobian"][i] for i in at] == J.jacobian[1, 2].tolist()
    assert [columns["parameter"][i] for i in at] == ["share[east]", "share[north]", "share[west]"]
    for part in ("offsets", "reweighting", "share[north] = 0.3", "d accuracy"):
        assert part in repr(J)
    again = pickle.loads(pickle.dumps(J))
    np.testing.assert_array_equal(again.stderr, J.stderr)
    with pytest.raises(ValueError, match="read-only"):
        J.jacobian[0, 0, 0] = 1
    for part in ("shares", "taken as fixed"):
        assert part in str(dict(J.diagnostics))
    assert "as known" in J.diagnostics["assumes"]
    assert "200 clusters" in J.diagnostics["sampling"]
    with pytest.raises(cj.NotSupportedError, match="exchange_rate"):
        J.exchange_rate()


Y, P = np.array([0, 1] * 6), np.linspace(0, 1, 12)


@pytest.mark.parametrize(
    ("by", "held"),
    [
        ("region", ["Mix('region')", "column", "Mix(values, name='region')"]),
        (np.zeros(12), ["1 categories", "2 to 1000", "all rows"]),
        (np.arange(11), ["11 rows", "y_true has 12"]),
        (np.zeros((12, 2)), ["shape (12, 2)", "one dimension"]),
        (["a", None] * 6, ["[1]", "missing", "drop or fill"]),
        (np.array(["a", 1] * 6, dtype=object), ["mixes types", "one type"]),
    ],
)
def test_bad_categories(by, held):
    with pytest.raises(cj.InvalidInputError) as error:
        cj.confusion_jacobian(Y, P, wrt=cj.Mix(by))
    for text in held:
        assert text in str(error.value)


def test_more_that_cannot_be():
    with pytest.raises(cj.InvalidInputError, match="bins"):
        cj.confusion_jacobian(np.arange(2000) % 2, np.linspace(0, 1, 2000), wrt=cj.Mix(np.arange(2000)))
    with pytest.raises(cj.InvalidInputError, match=r"wrt='mix': of what\?.*Mix\('class'\)"):
        cj.confusion_jacobian(Y, P, wrt="mix")
    with pytest.raises(cj.InvalidInputError, match="assume_calibrated"):
        cj.confusion_jacobian(Y, P, wrt=cj.Mix("class"), assume_calibrated=True)
    with pytest.raises(cj.NotSupportedError, match=r"threshold=0.5.*two classes"):
        cj.confusion_jacobian([0, 1, 2] * 2, np.full((6, 3), 1 / 3), wrt=cj.Mix("class"), threshold=0.5)


# --- offsets for another prevalence


def test_bayes_offsets_are_bayes_rule():
    rng = np.random.default_rng(0)
    now, then = rng.dirichlet(np.ones(4), 2)
    p = rng.dirichlet(np.ones(4), 50)
    moved = p * now / then
    offsets = cj.bayes_offsets(now, then)
    assert offsets[0] == 0
    np.testing.assert_allclose(softmax(np.log(p) + offsets, axis=1), moved / moved.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(cj.bayes_offsets(then, now), -offsets)
    np.testing.assert_array_equal(cj.bayes_offsets(now, now), 0)
    with pytest.raises(ValueError, match="read-only"):
        offsets[1] = 0


def test_bayes_offsets_are_the_best_under_label_shift():
    """Where scores are the population's log-probabilities, no other offsets err less at the new prevalence."""
    rng = np.random.default_rng(0)
    now, then = np.array([0.7, 0.2, 0.1]), np.array([0.2, 0.3, 0.5])
    y = rng.choice(3, 20000, p=now)
    x = rng.normal(y, 0.7)
    log_p = np.log(then) - (x[:, None] - np.arange(3)) ** 2 / (2 * 0.7**2)
    best = cj.bayes_offsets(now, then)

    def accuracy(offsets):
        return ((log_p + offsets).argmax(axis=1) == y).mean()

    assert accuracy(best) > accuracy(np.zeros(3)) + 0.05
    for _ in range(20):
        assert accuracy(best) > accuracy(best + rng.normal(0, 0.5, 3)) - 0.002


@pytest.mark.parametrize(
    ("now", "then", "held"),
    [
        ([0.5, 0.5], [0.2, 0.3, 0.5], "prevalence has 2 classes and training_prevalence has 3"),
        ([0.5, 0.6], [0.5, 0.5], "prevalence sums to 1.1"),
        ([0.5, 0.5], [50, 50], "training_prevalence sums to 100"),
        ([1.0, 0.0], [0.5, 0.5], r"prevalence\[1\] is 0; expected shares above 0"),
        ([0.5, np.nan], [0.5, 0.5], r"prevalence\[1\] is nan"),
        (0.5, 0.5, r"shape \(\)"),
        ([1.0], [1.0], r"shape \(1,\)"),
        (["a", "b"], [0.5, 0.5], "expected numbers"),
    ],
)
def test_bad_prevalences(now, then, held):
    with pytest.raises(cj.InvalidInputError, match=held):
        cj.bayes_offsets(now, then)


def test_a_category_without_positives_moves_recall_by_nothing_and_not_by_rounding():
    y, score = np.repeat([0, 1], [300, 100]), np.random.default_rng(0).random(400)
    category = np.where(np.arange(400) < 10, "rare", np.where(np.arange(400) % 3, "a", "b"))
    told = cj.confusion_jacobian(y, score, wrt=cj.Mix(category)).of("recall")
    assert told.gradient[2] == told.stderr[2] == 0
    assert (np.abs(told.gradient[:2]) > 1e-6).all()
