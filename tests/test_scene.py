"""What an explorer looks up: at every step of the slider the figures that the library gives there."""

import json
import warnings

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

import conjac as cj
from conjac.errors import InvalidInputError
from conjac.views.summary.scene import pack

RNG = np.random.default_rng(0)
N = 400
Y = (RNG.random(N) < 0.4).astype(int)
SCORE = 1 / (1 + np.exp(-RNG.normal(2 * Y - 1, 1)))
RAW = RNG.normal(2 * Y - 1, 1)
WEIGHT = RNG.uniform(0.2, 3, N)
SHORT, TAKEN = 0.05, 0.95


def ends_held():
    score = SCORE.copy()
    score[SCORE < SHORT], score[SCORE > TAKEN] = 0.0, 1.0
    return score


SCORES = {
    "probabilities": (SCORE, {}),
    "weighted": (SCORE, {"sample_weight": WEIGHT}),
    "float32": (SCORE.astype(np.float32), {}),
    "hundredths": (SCORE.round(2), {}),
    "tenths, not quite": (0.1 * np.floor(10 * SCORE), {}),
    "exact 0 and 1": (ends_held(), {}),
    "one value": (np.full(N, 0.35), {}),
    "raw": (RAW, {}),
    "raw float32": (RAW.astype(np.float32), {}),
    "raw tenths": (RAW.round(1), {}),
    "in logits": (SCORE, {"coordinate": "logit", "threshold": 0.3}),
    "in shares": (SCORE, {"coordinate": "percentile", "threshold": 0.3}),
}


def scene(score, y=Y, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        return cj.Explorer.from_predictions(y, score, **{"surface": False} | options).scene


def counted(y, score, at):
    alerted = score >= at[:, None]
    return np.stack([[(side & (y == true)).sum(axis=1) for side in (~alerted, alerted)] for true in (0, 1)]).transpose(
        2, 0, 1
    )


@pytest.fixture(params=SCORES, scope="module")
def made(request):
    score, options = SCORES[request.param]
    return scene(score, **options), score, options


def test_the_matrix_is_scikit_learns_at_every_step(made):
    found, score, options = made
    sheet = found.sheets[0]
    for k, at in enumerate(sheet.score):
        alerted = score >= float(at)  # in the scores' own type
        expected = confusion_matrix(Y, alerted, labels=[0, 1], sample_weight=options.get("sample_weight"))
        np.testing.assert_allclose(sheet.tracks[0].matrix.value[k], expected, rtol=1e-12)
    assert all(track.matrix is sheet.tracks[0].matrix for track in sheet.tracks)


def test_steps_are_distinct_and_told_as_they_are_counted(made):
    sheet = made[0].sheets[0]
    assert (np.diff(sheet.score) > 0).all()
    assert sheet.totals.sum() == pytest.approx(sheet.tracks[0].matrix.value[0].sum())
    for track in sheet.tracks:
        steps = np.diff(track.at[np.isfinite(track.at)])
        assert (steps >= 0).all() or (track.coordinate == "percentile" and (steps <= 0).all())
        if track.coordinate in ("probability", "score"):
            np.testing.assert_array_equal(track.at, sheet.score)


def test_what_people_name_is_a_step_and_nothing_lies_beside_it():
    steps = scene(SCORE.round(2)).sheets[0].score
    named = np.arange(101) / 100
    assert np.isin(named, steps).all()
    assert not np.isin(np.nextafter(named, 2), steps).any()


def curve(score, coordinate, options):
    return cj.ConfusionCurve.from_predictions(
        Y, score, coordinate=coordinate, sample_weight=options.get("sample_weight")
    )


@pytest.mark.parametrize("name", ["probabilities", "weighted", "hundredths", "exact 0 and 1", "raw", "in logits"])
def test_figures_are_those_of_the_curve_in_each_coordinate(name):
    score, options = SCORES[name]
    found = scene(score, level=0.9, **options)
    for track in (track for track in found.sheets[0].tracks if track.coordinate != "percentile"):
        same = curve(score, track.coordinate, options)
        at = track.at
        expected = [same.jacobian_at(at), *same.confint_at(at, 0.9)]
        for side, other in zip(track.slope, expected, strict=True):
            np.testing.assert_allclose(side, other, rtol=1e-9, atol=1e-9)
        for side, other in zip(track.matrix[1:], same.matrix_confint_at(at, 0.9), strict=True):
            np.testing.assert_allclose(side, other, rtol=1e-9)
        for place, row in enumerate(found.metrics):
            value, gain = same.metric_at(row.name, at), same.metric_slope_at(row.name, at)
            known = np.isfinite(track.metric.value[:, place])
            assert known.any()
            for figure, told in ((track.metric, value), (track.gain, gain)):
                for side, other in zip(figure, [told.value, *told.confint(0.9)], strict=True):
                    np.testing.assert_allclose(side[known, place], other[known], rtol=1e-9, atol=1e-9)


def test_a_share_alerted_is_the_share_above_the_step():
    for score in (SCORE, SCORE.round(2), RAW):
        found = scene(score).sheets[0]
        (track,) = (track for track in found.tracks if track.coordinate == "percentile")
        np.testing.assert_allclose(track.at, [(score >= step).mean() for step in found.score], rtol=1e-12)


def test_slopes_of_a_share_alerted_add_to_one_row_a_row():
    (track,) = (track for track in scene(SCORE).sheets[0].tracks if track.coordinate == "percentile")
    slope = track.slope.value[np.isfinite(track.slope.value).all(axis=(1, 2))]
    np.testing.assert_allclose(slope.sum(axis=2), 0, atol=1e-9)
    np.testing.assert_allclose(slope[:, :, 1].sum(axis=1), N, rtol=1e-6)


def test_slopes_of_a_share_are_those_of_the_curve_at_the_share():
    n = 20_000
    y = RNG.integers(0, 2, n)
    score = 1 / (1 + np.exp(-RNG.normal(2 * y - 1, 1)))
    (track,) = (one for one in scene(score, y).sheets[0].tracks if one.coordinate == "percentile")
    same = cj.ConfusionCurve.from_predictions(y, score, coordinate="percentile")
    inside = (track.at > 0.02) & (track.at < 0.98)
    expected = same.jacobian_at(track.at[inside])  # between two rows, where the step is at one
    np.testing.assert_allclose(track.slope.value[inside], expected, rtol=0.02, atol=0.002 * n)


def test_an_undefined_metric_is_no_number():
    found = scene(SCORE)
    names = [row.name for row in found.metrics]
    last = found.sheets[0].tracks[0].metric
    alerted = found.sheets[0].tracks[0].matrix.value[:, :, 1].sum(axis=1)
    for side in last:
        assert np.isnan(side[alerted == 0, names.index("precision")]).all()
    assert np.isfinite(last.value[alerted > 0, names.index("precision")]).all()


def test_groups_stand_on_the_steps_of_all_rows_and_add_up():
    by = np.array(["north", "south", "east"])[RNG.integers(0, 3, N)]
    found = scene(SCORE, by=by)
    assert [sheet.name for sheet in found.sheets] == ["", "east", "north", "south"]
    total = sum(sheet.tracks[0].matrix.value for sheet in found.sheets[1:])
    np.testing.assert_array_equal(total, found.sheets[0].tracks[0].matrix.value)
    for sheet in found.sheets[1:]:
        np.testing.assert_array_equal(sheet.score, found.sheets[0].score)
        here = by == sheet.name
        np.testing.assert_array_equal(sheet.tracks[0].matrix.value, counted(Y[here], SCORE[here], sheet.score))


def test_a_group_of_one_class_has_counts_and_no_advice():
    by = np.where(Y == 1, "positives", np.where(np.arange(N) % 2, "mixed", "negatives"))
    by[np.flatnonzero(Y == 1)[::2]] = "mixed"
    found = cj.Explorer.from_predictions(Y, SCORE, by=by, surface=False).scene  # a warning would be an error here
    sheets = {sheet.name: (sheet, advice) for sheet, advice in zip(found.sheets, found.advice, strict=True)}
    names = [row.name for row in found.metrics]
    assert sheets["mixed"][1]
    for name, metric in (("positives", "specificity"), ("negatives", "recall")):
        sheet, advice = sheets[name]
        assert advice == ()
        assert sheet.totals[0 if name == "positives" else 1] == 0
        assert np.isnan(sheet.tracks[0].metric.value[:, names.index(metric)]).all()
        assert (sheet.tracks[0].matrix.value.sum(axis=(1, 2)) == (by == name).sum()).all()


@pytest.mark.parametrize("by", [["all rows", "b"], ["a  b", "a\nb"], ["", "b"]])
def test_groups_that_would_read_alike_are_refused(by):
    with pytest.raises(InvalidInputError, match="rename it"):
        scene(SCORE, by=np.array(by)[np.arange(N) % 2])


@pytest.mark.parametrize("exact", [True, False])
def test_a_curve_of_a_tally_stands_where_it_is_exact(exact):
    half = cj.ConfusionCurve.from_predictions(Y, SCORE, thresholds=[0.25])
    merged = cj.ConfusionCurve.from_tally(half.merge(half).tally)
    found = cj.Explorer.of(merged, threshold=0.25 if exact else 0.2501).scene
    sheet = found.sheets[0]
    twice = 2 * counted(Y, SCORE, sheet.score)
    off = np.abs(sheet.tracks[0].matrix.value - twice).max(axis=2)
    if sheet.bound is None:
        np.testing.assert_allclose(off, 0, atol=1e-6)
    else:
        assert (off <= sheet.bound + 1e-6).all()
        assert (sheet.bound.max(axis=1) == 0).mean() > 0.9
        assert (sheet.bound[sheet.tracks[0].base].max() > 0) != exact
    assert sheet.tracks[0].at[sheet.tracks[0].base] == (0.25 if exact else 0.2501)


def test_advice_is_that_of_the_curve_and_each_a_step():
    by = np.array(["a", "b"])[np.arange(N) % 2]
    found = scene(SCORE, by=by, metric="youden_j", subject_to="recall >= .9")
    for sheet, advice, here in zip(found.sheets, found.advice, [by != "", by == "a", by == "b"], strict=True):
        same = cj.ConfusionCurve.from_predictions(Y[here], SCORE[here])
        expected = {
            "Best Youden’s J with Recall ≥ 0.9": same.maximize("youden_j", subject_to="recall >= .9"),
            "Best F1": same.maximize("f1"),
            "Recall of at least 0.9": same.solve(recall=0.9),
            "Least cost, a miss costing 5 false alarms": same.maximize(cj.metrics.expected_cost([[0, 1], [5, 0]])),
        }
        told = {one.choice.aim: one for one in advice}
        for aim, decision in expected.items():
            assert told[aim].choice.threshold.value == decision.threshold
            assert sheet.score[told[aim].step] == decision.threshold
            np.testing.assert_array_equal(sheet.tracks[0].matrix.value[told[aim].step], decision.matrix)


def test_advice_that_cannot_be_met_has_no_step():
    found = scene(SCORE, subject_to=["recall >= .9999", "precision >= .9999"])
    assert [(one.choice.kind, one.step) for one in found.advice[0] if one.choice.asked] == [("infeasible", -1)] * 2


@pytest.mark.parametrize(("score", "point"), [(SCORE, 0.123456789), (RAW, -0.2222), (SCORE.round(2), 0.35)])
def test_the_operating_point_is_a_step(score, point):
    for track in scene(score, threshold=point).sheets[0].tracks[:1]:
        assert track.at[track.base] == point


def test_points_know_where_they_are_predicted_otherwise():
    X = RNG.normal(size=(N, 3)) + Y[:, None]
    found = scene(SCORE, X=X, threshold=0.4)
    rows = np.array(found.points.row)
    for step in range(0, len(found.sheets[0].score), 20):
        np.testing.assert_array_equal(step < found.flips, SCORE[rows] >= found.sheets[0].score[step])


def test_a_scene_is_plain_but_for_its_arrays():
    tree = scene(SCORE, by=np.array(["a", "b"])[np.arange(N) % 2]).to_tree()
    packed = pack(tree)
    text = json.dumps(packed.tree, allow_nan=False)
    assert len(text) < 40_000
    kinds = {entry["kind"] for entry in packed.tree["arrays"]}
    assert kinds == {"i", "f", "d"}


@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_what_is_counted_and_measured_keeps_its_digits(weight):
    sheet = scene(SCORE, sample_weight=weight).sheets[0]
    track, tree = sheet.tracks[0], sheet.to_tree()["tracks"][0]
    np.testing.assert_array_equal(tree["matrix"]["value"], np.moveaxis(track.matrix.value, 0, -1))
    np.testing.assert_array_equal(tree["metric"]["value"], track.metric.value.T)
    assert tree["metric"]["value"].dtype == np.float64


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"threshold": np.nan}, "threshold"),
        ({"metric": "fun"}, "fun"),
        ({"subject_to": "recall"}, "recall"),
        ({"by": [1, 2]}, "by has 2 rows"),
        ({"level": 1.5}, "level"),
    ],
)
def test_what_cannot_be_used_is_refused(options, said):
    with pytest.raises(InvalidInputError, match=said):
        scene(SCORE, **options)
