"""Every bad input: the exception names the argument, the value or row, and the way out."""

import re

import numpy as np
import pytest
from support import needs

import conjac as cj

Y = np.array([0, 1, 0, 1, 1, 0])
P = np.array([0.1, 0.9, 0.4, 0.6, 0.3, 0.2])
NAN, INF = float("nan"), float("inf")
BOTH = pytest.mark.parametrize(
    "make", [cj.confusion_jacobian, cj.ConfusionCurve.from_predictions], ids=["jacobian", "curve"]
)
pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")


def at(values, row, value):
    """Return a list with one value changed."""
    changed = list(values)
    changed[row] = value
    return changed


def kept(text):
    return re.escape(text)


# name: (y_true, y_score, options, what the message holds)
BAD = {
    "nan score": (Y, at(P, 2, NAN), {}, ["y_score[2] is nan", "1 missing or infinite", "drop or fill"]),
    "none score": (Y, at(P, 2, None), {}, ["y_score[2]", "missing or infinite", "drop or fill"]),
    "inf score": (Y, at(P, 4, INF), {}, ["y_score[4] is inf", "drop or fill"]),
    "minus inf score": (Y, at(at(P, 1, -INF), 4, INF), {}, ["y_score[1] is -inf", "2 missing or infinite"]),
    "nan in two columns": (Y, np.stack([1 - P, at(P, 3, NAN)], axis=1), {}, ["y_score[3, 1] is nan"]),
    "text score": (Y, ["low"] * 6, {}, ["y_score holds", "expected numbers"]),
    "text in an object score": (Y, np.array(at(P, 0, "high"), dtype=object), {}, ["y_score holds", "expected numbers"]),
    "complex score": (Y, P + 1j, {}, ["y_score holds complex128", "expected numbers"]),
    "nan label": (at(Y.astype(float), 2, NAN), P, {}, ["y_true[2] is missing", "missing", "drop or fill"]),
    "none label": (at(Y, 5, None), P, {}, ["y_true[5]", "missing", "drop or fill"]),
    "none among strings": (at(["a", "b"] * 3, 1, None), P, {}, ["y_true[1]", "missing", "drop or fill"]),
    "nan among strings": (at(["a", "b"] * 3, 1, NAN), P, {}, ["y_true[1]", "missing", "drop or fill"]),
    "nan among objects": (
        np.array(at(["a", "b"] * 3, 1, NAN), dtype=object),
        P,
        {},
        ["y_true[1]", "missing", "drop or fill"],
    ),
    "nat label": (
        np.array(["2024-01-01", "NaT", "2024-01-02"], "M8[D]"),
        P[:3],
        {},
        ["y_true[1]", "missing", "drop or fill"],
    ),
    "inf label": (at(Y.astype(float), 3, INF), P, {}, ["y_true[3]", "inf", "drop or fill"]),
    "inf for a class": (np.where(Y == 1, INF, 0.0), P, {}, ["y_true[1]", "inf"]),
    "lengths": (Y[:4], P, {}, ["y_true has 4 rows and y_score has 6", "same rows"]),
    "length of weights": (Y, P, {"sample_weight": [1, 2]}, ["sample_weight has 2 rows and y_true has 6"]),
    "length of groups": (Y, P, {"groups": [1, 2, 3]}, ["groups has 3 rows and y_true has 6"]),
    "one class": (np.zeros(6, int), P, {}, ["y_true holds one class only (0)", "both classes"]),
    "one class of two named": (np.zeros(6, int), P, {"labels": [0, 1]}, ["one class only", "no row", "is 1"]),
    "one class and a pos_label": (np.zeros(6, int), P, {"pos_label": 1}, ["one class only"]),
    "unknown label": (at(Y, 3, 7), P, {"labels": [0, 1]}, ["y_true[3] is 7", "labels [0, 1]", "add it"]),
    "labels of another type": (Y.astype(str), P, {"labels": [0, 1]}, ["y_true[0] is '0'", "labels [0, 1]"]),
    "labels twice": (Y, P, {"labels": [1, 1]}, ["labels=[1, 1]", "twice"]),
    "one label named": (Y, P, {"labels": [1]}, ["labels=[1]"]),
    "no label named": (Y, P, {"labels": []}, ["labels=[]"]),
    "pos_label unknown": (Y, P, {"pos_label": 2}, ["pos_label=2", "[0, 1]"]),
    "pos_label of another type": (Y, P, {"pos_label": "1"}, ["pos_label='1'", "[0, 1]"]),
    "pos_label not last": (Y, P, {"labels": [0, 1], "pos_label": 0}, ["pos_label=0", "labels=[0, 1]", "last"]),
    "negative weight": (Y, P, {"sample_weight": [1, 1, -2, 1, 1, 1]}, ["sample_weight[2] is -2", "not be negative"]),
    "weights of zero": (Y, P, {"sample_weight": np.zeros(6)}, ["sample_weight is zero", "at least one"]),
    "nan weight": (Y, P, {"sample_weight": [1, NAN, 1, 1, 1, 1]}, ["sample_weight[1] is nan", "drop or fill"]),
    "inf weight": (Y, P, {"sample_weight": [1, INF, 1, 1, 1, 1]}, ["sample_weight[1] is inf"]),
    "text weight": (Y, P, {"sample_weight": ["a"] * 6}, ["sample_weight holds", "expected numbers"]),
    "empty": ([], [], {}, ["y_true is empty", "at least one row"]),
    "empty scores": (Y, [], {}, ["y_score is empty"]),
    "empty two columns": (Y, np.zeros((0, 2)), {}, ["y_score"]),
    "no column": (Y, np.zeros((6, 0)), {}, ["y_score", "(6, 0)"]),
    "two dimensions": (np.stack([Y, Y], axis=1), P, {}, ["y_true has shape (6, 2)", "(n_samples,)"]),
    "three dimensions": (Y, P.reshape(1, 2, 3), {}, ["y_score has shape (1, 2, 3)"]),
    "one number": (1, 0.5, {}, ["y_true has shape ()"]),
    "ragged labels": ([[0], [1, 0]], P, {}, ["y_true"]),
    "ragged scores": (Y, [[0.1], [0.2, 0.3], [1], [2], [3], [4]], {}, ["y_score"]),
    "mixed types": (
        np.array([0, "a", 1, 2, 0, 1], dtype=object),
        P,
        {},
        ["y_true mixes types", "int, str", "one type"],
    ),
    "columns that do not add up": (Y, np.full((6, 2), 0.4), {}, ["y_score[0]", "does not sum to 1", "alone"]),
    "one cluster": (Y, P, {"groups": ["a"] * 6}, ["groups names one cluster only", "at least two"]),
    "missing group": (Y, P, {"groups": at(["a", "b"] * 3, 3, None)}, ["groups[3]", "missing"]),
    "coordinate": (Y, P, {"coordinate": "odds"}, ["coordinate='odds'", "'logit'", "'percentile'"]),
    "probability of raw scores": (Y, P - 0.5, {"coordinate": "probability"}, ["y_score[0] is -0.4", "'score'"]),
    "condition_on": (Y, P, {"condition_on": "classes"}, ["condition_on='classes'", "'class'"]),
}


@BOTH
@pytest.mark.parametrize("case", BAD, ids=lambda name: name.replace(" ", "-"))
def test_bad_input(make, case):
    y_true, y_score, options, held = BAD[case]
    with pytest.raises(cj.InvalidInputError) as error:
        make(y_true, y_score, **options)
    for text in held:
        assert text in str(error.value)
    assert "\n" not in str(error.value)
    assert isinstance(error.value, ValueError)


THREE = np.array([0, 1, 2, 0, 1, 2])


@BOTH
@pytest.mark.parametrize(("y_true", "options"), [(THREE, {}), (Y, {"labels": [0, 1, 2]}), (["a", "b", "c"] * 2, {})])
def test_three_classes_have_no_threshold(make, y_true, options):
    with pytest.raises(cj.InvalidInputError, match=r"3 classes, .*; pass a score a class, shape \(6, 3\), or"):
        make(y_true, P, **options)
    assert issubclass(cj.NotSupportedError, NotImplementedError)


def test_a_continuous_target_is_none_of_classes():
    y = np.random.default_rng(0).normal(size=200)
    with pytest.raises(cj.InvalidInputError, match="a continuous target; expected classes"):
        cj.confusion_jacobian(y, np.full((200, 3), 1 / 3))


def test_columns_of_a_frame_in_another_order_are_refused():
    pl = needs("polars")
    rng = np.random.default_rng(0)
    y, u = rng.choice(["a", "b", "c"], 60), rng.normal(size=(60, 3))
    frame = pl.DataFrame(u, schema=["a", "b", "c"])
    np.testing.assert_array_equal(cj.confusion_jacobian(y, frame).matrix, cj.confusion_jacobian(y, u).matrix)
    with pytest.raises(cj.InvalidInputError, match=r"columns \['c', 'b', 'a'\], and the labels are \['a', 'b', 'c'\]"):
        cj.confusion_jacobian(y, frame[["c", "b", "a"]])
    decision = cj.maximize(y, frame, "accuracy")
    with pytest.raises(cj.InvalidInputError, match="in the columns' order"):
        decision.predict(frame[["c", "b", "a"]])
    Y = pl.DataFrame(np.eye(3, dtype=int)[rng.integers(0, 3, 60)], schema=["a", "b", "c"])
    with pytest.raises(cj.InvalidInputError, match="in the columns' order"):
        cj.MultilabelCurves.from_predictions(Y, frame[["c", "b", "a"]])


def test_scores_of_pairs_are_refused():
    y, u = np.arange(50) % 5, np.random.default_rng(0).normal(size=(50, 10))
    with pytest.raises(cj.InvalidInputError, match="one for each pair of the 5 classes"):
        cj.confusion_jacobian(y, u)


def test_rounded_probabilities_need_not_sum_to_1():
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 5, 300), rng.dirichlet(np.ones(5), 300)
    assert (p.round(2).sum(axis=1) != 1).any()
    np.testing.assert_array_equal(cj.confusion_jacobian(y, p.round(2)).matrix.sum(axis=1), np.bincount(y))


def test_a_curve_is_of_two_classes():
    with pytest.raises(cj.NotSupportedError, match=r"3 classes have no threshold"):
        cj.ConfusionCurve.from_predictions(THREE, np.full((6, 3), 1 / 3))


@pytest.mark.parametrize("wrt", ["features", "parameters", "hyperparameters", "training_weights"])
def test_what_scores_do_not_tell(wrt):
    with pytest.raises(cj.InvalidInputError, match=f"wrt='{wrt}': scores do not tell what moves them"):
        cj.confusion_jacobian(Y, P, wrt=wrt)


@pytest.mark.parametrize("wrt", ["nonsense", "Threshold", "", 3, np.zeros(2), ["threshold"]])
def test_unknown_perturbations(wrt):
    with pytest.raises(cj.InvalidInputError, match=r"wrt=.*expected"):
        cj.confusion_jacobian(Y, P, wrt=wrt)


def test_offsets_take_a_score_a_class():
    with pytest.raises(cj.InvalidInputError, match=r"y_score has shape \(6,\); expected \(n_samples, n_classes\)"):
        cj.confusion_jacobian(Y, P, offsets=[0, 1])


@pytest.mark.parametrize("normalize", ["row", "True", True, "none", 1])
def test_normalize(normalize):
    with pytest.raises(cj.InvalidInputError, match=r"normalize=.*'true'.*'pred'.*'all'"):
        cj.confusion_jacobian(Y, P, normalize=normalize)


@pytest.mark.parametrize("threshold", [NAN, INF, -INF, "high", [0.4, 0.5], 1j])
@pytest.mark.parametrize("coordinate", ["probability", "percentile"])
def test_thresholds(threshold, coordinate):
    with pytest.raises(cj.InvalidInputError, match=r"threshold.*(number|lies)"):
        cj.confusion_jacobian(Y, P, threshold=threshold, coordinate=coordinate)


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_a_share_is_not_past_its_ends(threshold):
    with pytest.raises(cj.InvalidInputError, match=rf"threshold={threshold}.*percentile.*\[0"):
        cj.confusion_jacobian(Y, P, threshold=threshold, coordinate="percentile")


@pytest.mark.parametrize("thresholds", [[NAN], [0.5, INF], "half", [[0.1], [0.2, 0.3]], []])
def test_named_thresholds(thresholds):
    with pytest.raises(cj.InvalidInputError, match="thresholds"):
        cj.ConfusionCurve.from_predictions(Y, P, thresholds=thresholds)


@pytest.mark.parametrize("level", [0, 1, -0.5, 1.5, 95, NAN])
def test_levels(level):
    J = cj.confusion_jacobian(Y, P)
    decision = cj.ConfusionCurve.from_predictions(Y, P).solve(recall=0.5)
    for confint in (
        J.confint,
        J.matrix_confint,
        J.of("f1").confint,
        J.of("f1").value_confint,
        J.exchange_rate().confint,
        decision.confint,
        decision.value_confint,
    ):
        with pytest.raises(cj.InvalidInputError, match=r"level=.*between 0 and 1.*\.95"):
            confint(level)


@BOTH
def test_missing_values_of_pandas_and_polars(make):
    pandas, polars = needs("pandas"), needs("polars")
    for y_true in (
        pandas.array(at(Y.tolist(), 4, None), dtype="Int64"),
        pandas.Series(at(["a", "b"] * 3, 4, pandas.NA), dtype="string"),
        pandas.Series(at(["a", "b"] * 3, 4, None), dtype="category"),
        polars.Series(at(Y.tolist(), 4, None)),
        polars.Series(at(["a", "b"] * 3, 4, None)),
    ):
        with pytest.raises(cj.InvalidInputError, match=kept("y_true[4]") + ".*missing"):
            make(y_true, P)
    for y_score in (
        pandas.array(at(P.tolist(), 4, None), dtype="Float64"),
        pandas.Series(at(P.tolist(), 4, pandas.NA), dtype=object),
        polars.Series(at(P.tolist(), 4, None)),
    ):
        with pytest.raises(cj.InvalidInputError, match=kept("y_score[4]")):
            make(Y, y_score)


@BOTH
def test_masked_arrays_are_missing_values(make):
    with pytest.raises(cj.InvalidInputError, match=kept("y_score[2]")):
        make(Y, np.ma.masked_array(P, np.arange(6) == 2))
    with pytest.raises(cj.InvalidInputError, match=kept("y_true[2]")):
        make(np.ma.masked_array(Y, np.arange(6) == 2), P)


def test_classes_that_errors_belong_to():
    assert issubclass(cj.InvalidInputError, cj.ConjacError)
    assert issubclass(cj.UnknownMetricError, cj.InvalidInputError)
    assert issubclass(cj.InfeasibleError, cj.InvalidInputError)
    assert issubclass(cj.InexactError, ValueError)
    assert issubclass(cj.MissingDependencyError, ImportError)
    assert issubclass(cj.ConjacWarning, UserWarning)


@pytest.mark.parametrize("metric", ["f2", "recal", "recall[maybe]", None, 1, ""])
def test_unknown_metrics(metric):
    J = cj.confusion_jacobian(Y, P)
    with pytest.raises(cj.InvalidInputError, match="metric"):
        J.of(metric)


def test_a_metric_for_another_number_of_classes():
    with pytest.raises(cj.InvalidInputError, match="3"):
        cj.confusion_jacobian(Y, P).of(cj.metrics.expected_cost(np.ones((3, 3))))


# --- what is not an error


def test_extra_labels_may_be_named_in_any_order():
    J = cj.confusion_jacobian(Y, P, labels=[1, 0])
    assert J.labels == (1, 0)
    assert cj.confusion_jacobian(Y, P, labels=np.array([0, 1])).labels == (0, 1)
    assert cj.confusion_jacobian(Y, P, pos_label=0).labels == (1, 0)
    assert cj.confusion_jacobian(Y, P, labels=(0, 1), pos_label=np.int64(1)).labels == (0, 1)


@pytest.mark.parametrize(
    ("dtype", "labels"),
    [
        (np.int8, [-128, -1, 127]),
        (np.uint8, [0, 128, 255]),
        (np.int64, [-(2**63), -5, 2**63 - 1]),
        (np.uint64, [2**63, 2**63 + 7, 2**64 - 1]),
    ],
)
def test_integer_labels_of_any_width_and_size(dtype, labels):
    names, predicted, true = np.array(labels, dtype), np.array([0, 1, 2, 1, 1, 0]), np.array([0, 1, 2, 2, 0, 0])
    for given in (None, labels):
        J = cj.confusion_jacobian(names[true], np.eye(3)[predicted], labels=given)
        assert J.labels == tuple(labels)
        assert J.matrix.tolist() == [[2, 1, 0], [0, 1, 0], [0, 1, 1]]
    stray = at(names[true], 4, names[0] + dtype(2))
    with pytest.raises(cj.InvalidInputError, match=r"y_true\[4\] is .* not among labels"):
        cj.confusion_jacobian(np.array(stray, dtype), np.eye(3)[predicted], labels=labels)


def test_columns_of_one():
    assert cj.confusion_jacobian(Y[:, None], P[:, None], sample_weight=np.ones((6, 1))).matrix.sum() == 6


def test_mixed_types_are_fine_once_they_are_named():
    y = np.array([0, "yes", 0, "yes", "yes", 0], dtype=object)
    J = cj.confusion_jacobian(y, P, labels=[0, "yes"])
    assert J.matrix.tolist() == cj.confusion_jacobian(Y, P).matrix.tolist()
    decision = cj.ConfusionCurve.from_predictions(y, P, labels=[0, "yes"]).maximize("f1")
    assert set(decision.predict(P).tolist()) <= {0, "yes"}


def test_few_rows_are_no_error():
    J = cj.confusion_jacobian([0, 1], [0.3, 0.7])
    assert J.matrix.tolist() == [[1, 0], [0, 1]]
    assert np.isnan(J.stderr).all()


def test_the_warning_points_at_the_caller():
    with pytest.warns(cj.ConjacWarning) as found:
        cj.confusion_jacobian([0, 1], [0.3, 0.7])
    assert found[0].filename == __file__


def test_unknown_options_are_a_type_error():
    with pytest.raises(TypeError, match="treshold"):
        cj.confusion_jacobian(Y, P, treshold=0.4)
