"""The summary of several classes: what a report shows, computed once, against the objects it is computed from."""

import json
import math
import warnings
from dataclasses import fields, is_dataclass

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from support import needs, needs_data

import conjac as cj
from conjac.confusions import arrange
from conjac.decisions.offsets import best_offsets
from conjac.errors import ConjacWarning, InvalidInputError, NotSupportedError
from conjac.tuning import problem_of
from conjac.validation import check_classes
from conjac.views.summary import Measure, summarize_classes
from conjac.views.summary.classes import confused, offsets
from conjac.views.summary.profile import SHOWN

pytestmark = pytest.mark.usefixtures("quick_throughout")

LABELS = ("ant", "bee", "cat", "dog", "eel")


def draw(n=1500, k=5, seed=0, distance=1.6):
    """Labels and probabilities of classes of which each is most like its neighbours."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, k, n)
    x = distance * y + rng.normal(size=n)
    u = -((x[:, None] - distance * np.arange(k)) ** 2) / 2
    p = np.exp(u - u.max(axis=1, keepdims=True))
    return y, p / p.sum(axis=1, keepdims=True)


def rows_of(y, p, labels=LABELS, **options):
    names = np.array(labels, dtype=object)
    return check_classes(names[y], p, labels=labels, **options)


@pytest.fixture(scope="module")
def rows():
    return rows_of(*draw())


@pytest.fixture(scope="module")
def jacobian(rows):
    return cj.ConfusionJacobian.from_classes(rows)


@pytest.fixture(scope="module")
def summary(rows):
    return summarize_classes(rows, title="Animals", set_aside={"score missing": 3})


def test_pictures_are_the_matrix_and_the_slope_of_each_column_by_its_own_offset(summary, jacobian):
    order = [LABELS.index(label) for label in summary.order]
    assert order == list(arrange(jacobian.matrix).order)
    np.testing.assert_array_equal(summary.matrix.value, jacobian.matrix[np.ix_(order, order)])
    by_own = np.einsum("ykk->yk", jacobian.jacobian) * summary.step
    np.testing.assert_allclose(summary.jacobian.value, by_own[np.ix_(order, order)])
    lower = np.einsum("ykk->yk", jacobian.confint().lower) * summary.step
    np.testing.assert_allclose(summary.jacobian.lower, lower[np.ix_(order, order)])
    assert summary.matrix.rows == summary.matrix.columns == summary.order


def test_the_diagonal_has_no_colour_but_its_numbers(summary):
    for picture in (summary.matrix, summary.jacobian):
        assert np.isnan(np.diag(picture.shade)).all()
        assert np.isfinite(np.diag(picture.value)).all()
        assert np.isfinite(np.array(picture.shade)[~np.eye(5, dtype=bool)]).all()


def test_outlined_squares_are_the_groups(summary):
    for (first, last), group in zip(summary.matrix.outlined, summary.groups, strict=True):
        assert summary.order[first : last + 1] == group.labels


def test_each_class_is_scikit_learns(summary):
    y, p = draw()
    precision, recall, f1, support = precision_recall_fscore_support(y, p.argmax(axis=1))
    for k, one in enumerate(summary.classes):
        assert (one.label, one.rows, one.support) == (LABELS[k], support[k], support[k])
        assert (one.precision.value, one.recall.value, one.f1.value) == pytest.approx((precision[k], recall[k], f1[k]))
        assert one.predicted == (p.argmax(axis=1) == k).sum()
    assert [summary.classes[k].f1.value for k in summary.ranked] == sorted(f1)


def test_slopes_and_rates_are_the_jacobians(summary, jacobian):
    chosen = jacobian.of("f1_macro")
    for k, one in enumerate(summary.classes):
        recall, precision = (jacobian.of(f"{name}[{one.label}]") for name in ("recall", "precision"))
        assert one.recall_slope.value == pytest.approx(recall.gradient[k] * summary.step)
        assert one.precision_slope.upper == pytest.approx(precision.confint().upper[k] * summary.step)
        assert one.metric_slope.lower == pytest.approx(chosen.confint().lower[k] * summary.step)
        rate = jacobian.exchange_rate(f"precision[{one.label}]", f"recall[{one.label}]")
        assert one.exchange.value == pytest.approx(rate.gradient[k])
        assert one.exchange.lower == pytest.approx(rate.confint().lower[k])
        expected = {1: "up", -1: "down", 0: "unclear"}[one.metric_slope.sign]
        assert one.improves == expected
    assert {one.improves for one in summary.classes} > {"unclear"}


def test_metrics_tell_their_values_and_the_offset_that_moves_them_the_most(summary, jacobian):
    assert [one.name for one in summary.metrics][:2] == ["accuracy", "balanced_accuracy"]
    for one in summary.metrics:
        told = jacobian.of(one.name)
        assert one.value.value == pytest.approx(told.value)
        most = int(np.abs(told.gradient).argmax())
        assert one.offset == LABELS[most]
        assert one.slope.value == pytest.approx(told.gradient[most] * summary.step)
    assert summary.chosen.name == "f1_macro"


def test_another_metric_comes_first(rows):
    found = summarize_classes(rows, title="t", metric="recall[cat]")
    assert found.metrics[0].name == found.metric == "recall[cat]"
    assert found.choices[0].metric == "Recall [cat]"


def test_pairs_are_every_cell_off_the_diagonal_that_was_seen_the_most_rows_first(summary, jacobian):
    wrong = jacobian.matrix - np.diag(np.diag(jacobian.matrix))
    counts = [one.count.value for one in summary.confusions]
    assert counts == sorted(wrong[wrong > 0].tolist(), reverse=True)
    assert summary.misclassified == wrong.sum()
    for one in summary.confusions:
        i, j = LABELS.index(one.true), LABELS.index(one.predicted)
        assert one.count.value == jacobian.matrix[i, j]
        assert one.share.value == pytest.approx(jacobian.matrix[i, j] / jacobian.matrix[i].sum())
        assert one.reverse.value == jacobian.matrix[j, i]
        assert one.slope.value == pytest.approx(jacobian.jacobian[i, j, j] * summary.step)
        assert one.slope.value >= 0


def test_a_class_is_most_often_taken_for_its_first_pair(summary):
    for one in summary.classes:
        first = next(pair for pair in summary.confusions if pair.true == one.label)
        assert one.taken == first.share


def test_groups_hold_their_own_cells(summary, jacobian):
    assert summary.groups
    for group in summary.groups:
        places = [LABELS.index(label) for label in group.labels]
        inside = jacobian.matrix[np.ix_(places, places)]
        np.testing.assert_array_equal(group.matrix.value, inside)
        assert group.confused == inside.sum() - np.trace(inside)
        assert group.outside == jacobian.matrix[places].sum() - inside.sum()
        assert group.share_of_errors == pytest.approx(group.confused / summary.misclassified)


def test_the_choice_is_that_of_maximize_with_what_it_gains_on_the_same_rows(summary, rows, jacobian):
    (choice,) = summary.choices
    decision = best_offsets(problem_of(rows, None, None), "f1_macro")
    assert [one.value for one in choice.offsets] == pytest.approx(decision.offsets.tolist())
    assert choice.value.value == decision.value
    assert choice.present.value == pytest.approx(jacobian.of("f1_macro").value)
    there = cj.ConfusionJacobian.from_classes(rows, offsets=decision)
    told = cj.compare(jacobian, there, metrics="f1_macro")
    assert choice.gain.value == pytest.approx(choice.value.value - choice.present.value)
    assert choice.gain.lower == pytest.approx(told.confint().lower[0])
    right = np.diag(decision.matrix)
    assert choice.recall == pytest.approx((right / decision.matrix.sum(axis=1)).tolist())
    assert choice.precision == pytest.approx((right / decision.matrix.sum(axis=0)).tolist())


def test_a_constraint_comes_first_then_with_confidence_then_without(rows):
    found = summarize_classes(rows, title="t", subject_to="recall[cat] >= .75")
    first, safe, free = found.choices
    assert first.aim == "Best F1 macro with Recall [cat] ≥ 0.75"
    assert first.recall[2] >= 0.75
    assert safe.aim.endswith("held with 95 % confidence")
    assert safe.recall[2] > first.recall[2]
    assert free.value.value > first.value.value
    assert found.constraints == ("recall[cat] >= 0.75",)


def test_what_cannot_be_had_is_told():
    bounds = [f"{name}[cat] >= .999" for name in ("recall", "precision")]
    first = summarize_classes(rows_of(*draw(200)), title="t", subject_to=bounds).choices[0]
    assert first.kind == "infeasible"
    assert "no offsets were found that meet" in first.message


@pytest.mark.parametrize(("name", "most"), [("MOST_SEARCHED", 4), ("MOST_SCORES", 7499)])
def test_a_search_that_would_take_long_is_left_out_and_says_so(rows, monkeypatch, name, most):
    monkeypatch.setattr(offsets, name, most)
    (choice,) = summarize_classes(rows, title="t").choices
    assert choice.kind == "left out"
    assert "conjac tune does it" in choice.message


def test_offsets_are_where_the_report_stands(rows):
    moved = [0.0, 0.5, 0.0, -0.5, 0.0]
    found = summarize_classes(rows, title="t", offsets=moved)
    J = cj.ConfusionJacobian.from_classes(rows, offsets=moved)
    assert found.offsets == tuple(moved)
    order = [LABELS.index(label) for label in found.order]
    np.testing.assert_array_equal(found.matrix.value, J.matrix[np.ix_(order, order)])
    assert found.choices[0].present.value == pytest.approx(J.of("f1_macro").value)


def test_data_at_a_glance():
    y, p = draw(900)
    weight = np.where(y == 2, 3.0, 1.0)
    found = summarize_classes(
        rows_of(y, p, sample_weight=weight, groups=np.arange(900) // 3), title="t", set_aside={"label missing": 2}
    )
    counts = np.bincount(y)
    assert found.data.rarest == (LABELS[counts.argmin()], counts.min())
    assert found.data.commonest == (LABELS[counts.argmax()], counts.max())
    assert (found.data.weighing.rows, found.data.weighing.weight) == (900, weight.sum())
    assert found.data.weighing.clusters == 300
    assert found.data.set_aside == (("label missing", 2),)
    assert found.classes[2].support == 3 * found.classes[2].rows
    assert np.sum(found.matrix.value) == weight.sum()


def test_the_predicted_classs_probability_is_compared_with_being_right(summary):
    y, p = draw()
    told = summary.data.calibration
    assert told.mean_score == pytest.approx(p.max(axis=1).mean())
    assert told.observed == pytest.approx((p.argmax(axis=1) == y).mean())
    assert "miscalibrated" not in summary.cautions
    sharp = summarize_classes(rows_of(y, np.eye(5)[p.argmax(axis=1)] * 0.95 + 0.01), title="t")
    assert "miscalibrated" in sharp.cautions
    assert summarize_classes(rows_of(y, np.log(p + 1e-9)), title="t").data.calibration is None


def test_a_class_without_rows_is_told_and_comes_last():
    y, p = draw(k=4)
    found = summarize_classes(rows_of(y, np.column_stack([p * 0.9, np.full(len(y), 0.1)])), title="t")
    assert found.data.absent == ("eel",)
    assert "absent" in found.cautions
    assert found.ranked[-1] == 4
    assert math.isnan(found.classes[4].recall.value)
    assert found.choices


def test_a_class_without_rows_that_is_predicted_comes_last_too(monkeypatch):
    monkeypatch.setattr(offsets, "MOST_SEARCHED", 0)
    y, p = draw(400, k=4)
    found = summarize_classes(rows_of(y, np.column_stack([p * 0.6, np.full(len(y), 0.4)])), title="t")
    assert found.classes[4].predicted > 0
    assert found.classes[4].f1.value == 0
    assert found.ranked[-1] == 4


def test_one_class_only_has_no_choice():
    y, p = draw(200)
    found = summarize_classes(rows_of(y[y == 1], p[y == 1]), title="t")
    assert found.cautions[0] == "one_class"
    assert found.choices == ()
    assert found.ranked[0] == 1


def test_rare_classes_and_slopes_without_an_interval_are_warned_of():
    y, p = draw(15)
    found = summarize_classes(rows_of(y, p), title="t")
    assert {"few_rows", "no_interval"} <= set(found.cautions)
    assert [found.classes[k].rows for k in found.rare] == sorted(found.classes[k].rows for k in found.rare)
    for k, one in enumerate(found.classes):
        known = np.isfinite([one.metric_slope.lower, one.recall_slope.lower]).all()
        assert (k in found.untold) == (not known)


def test_a_secant_says_so():
    y, p = draw()
    votes = np.round(p * 4) + 0.01
    found = summarize_classes(rows_of(y, votes / votes.sum(axis=1, keepdims=True)), title="t")
    assert found.method == "secant"
    assert "discrete" in found.cautions


def test_of_many_classes_those_with_the_most_errors_are_shown(rows, jacobian, monkeypatch):
    monkeypatch.setattr(confused, "MOST_CLASSES", 3)
    found = summarize_classes(rows, title="t")
    wrong = jacobian.matrix - np.diag(np.diag(jacobian.matrix))
    most = np.argsort(-(wrong.sum(axis=0) + wrong.sum(axis=1)), kind="stable")[:3]
    assert set(found.matrix.rows) == {LABELS[k] for k in most}
    assert [label for label in found.order if label in found.matrix.rows] == list(found.matrix.rows)
    assert found.matrix.left_out == found.jacobian.left_out == 2
    assert all(0 <= first < last < 3 for first, last in found.matrix.outlined)
    assert len(found.classes) == 5


def test_the_picture_of_rates_shows_the_worst(monkeypatch):
    monkeypatch.setattr(offsets, "MOST_SEARCHED", 0)
    y, p = draw(2000, k=SHOWN + 2, distance=2.0)
    labels = [f"c{i}" for i in range(SHOWN + 2)]
    rates = summarize_classes(rows_of(y, p, labels), title="t", metric="accuracy").rates
    assert (len(rates.names), rates.left_out) == (SHOWN, 2)
    assert [name for name, _ in rates.series] == ["recall", "precision"]
    columns = rates.to_columns()
    assert {len(values) for values in columns.values()} == {2 * SHOWN}


def test_two_classes_are_served_too():
    y, p = draw(500, k=2)
    found = summarize_classes(rows_of(y, p, LABELS[:2]), title="t")
    np.testing.assert_array_equal(
        np.sort(np.ravel(found.matrix.value)), np.sort(np.ravel(confusion_matrix(y, p[:, 1] > 0.5)))
    )
    assert found.groups[0].labels == ("ant", "bee")


def test_it_is_plain_and_ready_for_json(summary):
    plain = summary.to_dict()
    assert plain["schema"] == "conjac.classes/1"
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain

    def check(value):
        if is_dataclass(value):
            for one in fields(value):
                check(getattr(value, one.name))
        elif isinstance(value, tuple):
            for one in value:
                check(one)
        else:
            assert value is None or type(value) in (str, int, float, bool), type(value)

    check(summary)


def test_the_same_rows_give_the_same_summary(rows, summary):
    assert summarize_classes(rows, title="Animals", set_aside={"score missing": 3}).to_dict() == summary.to_dict()


def test_drift_is_told_by_the_same_record():
    y, _ = draw()
    rng = np.random.default_rng(1)
    X = np.column_stack([1.6 * y + rng.normal(size=len(y)), rng.normal(size=len(y))])

    def model(X):
        u = -((X[:, :1] - 1.6 * np.arange(5)) ** 2) / 2
        p = np.exp(u - u.max(axis=1, keepdims=True))
        return p / p.sum(axis=1, keepdims=True)

    names = np.array(LABELS, dtype=object)[y]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConjacWarning)
        ranking = cj.rank_drifts(model, X, names, "f1_macro", labels=LABELS)
    found = summarize_classes(rows_of(y, model(X)), title="t", drift=ranking)
    assert [one.name for one in found.drift.numbers] == ["x0", "x1"]
    assert found.drift.value.value == pytest.approx(found.chosen.value.value)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"metric": "f1"}, InvalidInputError, "is for two classes"),
        ({"offsets": [0, 0, 0, 0, 0, 1]}, NotSupportedError, "has no reject option"),
        ({"offsets": [0, 0]}, InvalidInputError, "offsets has shape"),
        ({"subject_to": "recall"}, InvalidInputError, "recall"),
    ],
)
def test_bad_input_is_refused(rows, options, error, message):
    with pytest.raises(error, match=message):
        summarize_classes(rows, title="t", **options)


def test_letters(monkeypatch):
    """Twenty-six classes: what is confused lies together."""
    frame = needs("pandas").read_parquet(needs_data("letter_recognition"))
    y, X = frame["lettr"].to_numpy().astype(str), frame.drop(columns="lettr").to_numpy(float)
    monkeypatch.setattr(offsets, "MOST_SEARCHED", 0)
    p = LinearDiscriminantAnalysis().fit(X[::2], y[::2]).predict_proba(X[1:8000:2])
    found = summarize_classes(check_classes(y[1:8000:2], p), title="Letters")
    groups = [set(group.labels) for group in found.groups]
    assert any({"O", "Q"} <= group for group in groups)
    assert any({"I", "J"} <= group for group in groups)
    assert isinstance(found.choices[0].gain, Measure)
