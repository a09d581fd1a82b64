"""The summary: what a report shows, computed once, against the objects it is computed from."""

import json
import math
from dataclasses import fields, is_dataclass
from itertools import pairwise

import numpy as np
import pytest
from support import SRC

from conjac import ConfusionCurve, ConfusionJacobian, metrics
from conjac.errors import InvalidInputError, UnknownMetricError
from conjac.validation import check_predictions
from conjac.views.demo import demo_scores
from conjac.views.summary import Measure, Step, summarize
from conjac.views.summary.places import AT_QUANTILES, REGULAR


def draw(n=1500, seed=0, prevalence=0.3, distance=1.0):
    """Labels and probabilities of two normal classes on the log-odds scale."""
    rng = np.random.default_rng(seed)
    y = (rng.random(n) < prevalence).astype(int)
    return y, 1 / (1 + np.exp(-rng.normal(distance * (2 * y - 1), 1)))


def summary_of(y, score, title="t", *, weight=None, groups=None, labels=None, one_class=False, **options):
    rows = check_predictions(y, score, sample_weight=weight, groups=groups, labels=labels, one_class=one_class)
    return summarize(rows, title=title, **options)


@pytest.fixture(scope="module")
def two_normals():
    return summary_of(*draw())


def test_the_point_repeats_the_jacobian(two_normals):
    result = ConfusionJacobian.from_predictions(*draw())
    limits = result.confint()
    for place, cell in enumerate(two_normals.point.cells):
        i, j = divmod(place, 2)
        assert cell.count.value == result.matrix[i, j]
        assert cell.slope.value == pytest.approx(result.jacobian[i, j] * 0.01)
        assert (cell.slope.lower, cell.slope.upper) == pytest.approx(
            (limits.lower[i, j] * 0.01, limits.upper[i, j] * 0.01)
        )
    assert two_normals.point.exchange.value == pytest.approx(float(result.exchange_rate().gradient))


def test_each_metric_line_repeats_the_sensitivity(two_normals):
    result = ConfusionJacobian.from_predictions(*draw())
    for line in two_normals.point.metrics:
        found = result.of(line.name)
        assert line.value.value == found.value
        assert line.slope.value == pytest.approx(float(found.gradient) * 0.01)
        assert line.elasticity == pytest.approx(float(found.elasticity) * 0.01)
        row = metrics.resolve(line.name, result.labels)
        assert line.break_even == pytest.approx(float(row.exchange_rate(result.matrix)))


def test_shares_of_a_true_class_add_up(two_normals):
    tn, fp, fn, tp = (cell.share.value for cell in two_normals.point.cells)
    assert (tn + fp, fn + tp) == pytest.approx((1, 1))


def test_the_next_step_is_told_per_rows_and_counted(two_normals):
    y, score = draw()
    told = two_normals.point.next_step
    curve = ConfusionCurve.from_predictions(y, score)
    moved = curve.matrix_at(0.51) - curve.matrix_at(0.5)
    assert (told.counted_tp, told.counted_fp) == (moved[1, 1], moved[0, 1])
    assert told.tp.value == pytest.approx(two_normals.point.cells[3].slope.value * told.per / len(y))


def test_what_improves_a_metric_follows_its_slope(two_normals):
    assert two_normals.point.metric("recall").improves == "down"
    assert two_normals.point.metric("specificity").improves == "up"
    assert two_normals.point.metric("alert_rate").improves == "undirected"


def test_a_cost_improves_against_its_slope():
    cost = metrics.expected_cost([[0, 1], [9, 0]])
    found = summary_of(*draw(), metric=cost)
    assert found.point.metric("expected_cost").slope.sign == 1
    assert found.point.metric("expected_cost").improves == "down"
    assert not found.greater_is_better


def test_lines_repeat_the_curve_and_hold_the_point(two_normals):
    lines = two_normals.lines
    assert len(lines.threshold) <= 401
    assert two_normals.point.threshold in lines.threshold
    assert list(lines.threshold) == sorted(lines.threshold)
    curve = ConfusionCurve.from_predictions(*draw())
    t = np.array(lines.threshold)
    (recall,) = lines.get("value", "Recall")
    np.testing.assert_array_equal(recall.value, curve.metric_at("recall", t).value)
    (slope,) = lines.get("slope")
    np.testing.assert_allclose(slope.value, curve.metric_slope_at("f1", t).value * 0.01)
    assert [s.name for s in lines.get("boundary")] == ["0", "1"]


@pytest.mark.parametrize("coordinate", ["probability", "logit", "percentile", "score"])
def test_every_line_has_its_band(coordinate):
    found = summary_of(*draw(), coordinate=coordinate)
    for one in found.lines.series:
        value, lower, upper = (np.array(side) for side in (one.value, one.lower, one.upper))
        known = np.isfinite(value) & np.isfinite(lower)
        assert known.mean() > 0.5
        assert (lower[known] <= upper[known]).all()


def test_as_many_thresholds_for_many_rows_as_for_few():
    few, many = (len(summary_of(*draw(n)).lines.threshold) for n in (1000, 10_000))
    assert few == pytest.approx(many, rel=0.15)
    assert many <= REGULAR + AT_QUANTILES + 1


def test_saturated_scores_are_laid_out_in_log_odds():
    y, score = draw(distance=5)
    found = summary_of(y, score)
    assert found.lines.axis == "logit"
    assert found.lines.slope_step.coordinate == "logit"
    assert found.point.step.coordinate == "probability"


def test_the_axis_reaches_every_recommendation():
    found = summary_of(*draw(20_000, prevalence=0.004, distance=1.5))
    told = [c.threshold.value for c in found.choices if c.alerts == "some"]
    assert found.lines.threshold[0] <= min(told)
    assert max(told) <= found.lines.threshold[-1]


def test_choices_repeat_the_decisions(two_normals):
    curve = ConfusionCurve.from_predictions(*draw())
    best = curve.maximize("f1")
    chosen = two_normals.choices[0]
    assert (chosen.aim, chosen.asked, chosen.kind) == ("Best F1", True, "argmax")
    assert chosen.threshold.value == best.threshold
    assert chosen.exact_value == best.diagnostics["exact_value"]
    (target,) = (c for c in two_normals.choices if c.aim == "Recall of at least 0.95")
    assert target.kind == "target"
    assert target.matrix == tuple(curve.solve(recall=0.95).matrix.ravel())
    now = [cell.count.value for cell in two_normals.point.cells]
    assert np.array(target.change) == pytest.approx(np.array(target.matrix) - now)


def test_a_constraint_comes_first_and_an_infeasible_one_is_told():
    found = summary_of(*draw(), subject_to=["recall >= .99", "precision >= .99"])
    first, safe, free = found.choices[:3]
    assert first.asked
    assert safe.asked
    assert not free.asked
    assert first.kind == safe.kind == "infeasible"
    assert "nearest" in first.message
    assert "95 % confidence" in safe.aim
    assert found.constraints == ("recall >= 0.99", "precision >= 0.99")


def test_calibration_of_calibrated_scores():
    rng = np.random.default_rng(3)
    p = rng.random(10_000)
    found = summary_of((rng.random(10_000) < p).astype(int), p).data.calibration
    assert found.difference.lower < 0 < found.difference.upper
    assert found.expected_error < 0.03
    assert [b.rows for b in found.bins] == [1000] * 10
    assert all(b.observed.lower < b.observed.value < b.observed.upper for b in found.bins)


def test_bins_never_split_a_score():
    y, score = draw()
    bins = summary_of(y, score.round(1)).data.calibration.bins
    assert all(a.high < b.low for a, b in pairwise(bins))
    assert sum(b.rows for b in bins) == len(y)


def test_weights_scale_nothing_that_is_a_share():
    y, score = draw()
    weight = np.random.default_rng(1).random(len(y)) + 0.1
    one, seven = (summary_of(y, score, weight=c * weight) for c in (1, 7))
    assert one.data.weighted
    assert seven.data.weight == pytest.approx(7 * one.data.weight)
    assert seven.data.effective_rows == pytest.approx(one.data.effective_rows)
    assert seven.data.prevalence.upper == pytest.approx(one.data.prevalence.upper)
    assert seven.data.calibration.difference.upper == pytest.approx(one.data.calibration.difference.upper)


def test_clusters_widen_the_prevalence():
    y, score = draw(600)
    alone = summary_of(y, score).data
    rows = np.repeat(np.arange(600), 5)
    clustered = summary_of(y[rows], score[rows], groups=rows).data
    repeated = summary_of(y[rows], score[rows]).data
    assert clustered.clusters == 600
    width = [d.prevalence.upper - d.prevalence.lower for d in (alone, clustered, repeated)]
    assert width[1] == pytest.approx(width[0], rel=0.35)
    assert width[1] > 1.5 * width[2]


def test_totals_fixed_by_design_leave_prevalence_without_interval():
    found = summary_of(*draw(), condition_on="class").data
    assert math.isnan(found.prevalence.lower)
    assert found.calibration is None


@pytest.mark.parametrize(
    ("code", "y", "score", "options"),
    [
        ("undefined", *draw(), {"threshold": 1.5}),
        ("no_interval", [0, 0, 0, 1, 0, 1, 0, 1, 1, 1], np.linspace(0.1, 0.9, 10), {}),
        ("discrete", draw()[0], draw()[1].round(2), {}),
        ("separated", [0] * 50 + [1] * 50, np.r_[np.linspace(0, 0.4, 50), np.linspace(0.6, 1, 50)], {}),
        ("miscalibrated", draw()[0], draw()[1] / 2, {}),
        ("one_class", [1] * 50, np.linspace(0.1, 0.9, 50), {"labels": [0, 1], "one_class": True}),
    ],
)
def test_cautions(code, y, score, options):
    found = summary_of(y, score, **options)
    assert code in found.cautions
    json.dumps(found.to_dict(), allow_nan=False)


def test_one_class_leaves_undefined_figures_undefined():
    found = summary_of([1] * 50, np.linspace(0.1, 0.9, 50), labels=[0, 1], one_class=True)
    assert found.choices == ()
    assert math.isnan(found.point.metric("specificity").value.value)
    assert math.isnan(found.point.exchange.value)
    assert found.point.metric("recall").value.value == pytest.approx(0.5, abs=0.03)


def test_every_figure_survives_json(two_normals):
    plain = two_normals.to_dict()
    assert plain["schema"] == "conjac.summary/1"
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert set(plain) == {"schema", *(f.name for f in fields(two_normals))}


def test_no_rows_are_kept(two_normals):
    def walk(value):
        assert not isinstance(value, np.ndarray | np.generic), value
        if is_dataclass(value):
            value = [getattr(value, f.name) for f in fields(value)]
        if isinstance(value, list | tuple):
            assert len(value) <= 401
            for item in value:
                walk(item)

    walk(two_normals)


@pytest.mark.parametrize(
    ("coordinate", "threshold", "size"),
    [
        ("probability", 0.5, 0.01),
        ("probability", 0.05, 0.01),
        ("probability", 0.998, 0.0001),
        ("probability", 0.0, 0.01),
        ("percentile", 0.2, 0.01),
        ("logit", 0.0, 0.1),
        ("score", 0.0, 0.1),
    ],
)
def test_the_step_is_small_against_the_way_to_the_end(coordinate, threshold, size):
    assert Step.at(coordinate, threshold).size == size


@pytest.mark.parametrize(("spread", "size"), [(10, 0.1), (1000, 10.0), (1e-3, 1e-5), (0, 0.1)])
def test_the_step_of_raw_scores_follows_their_spread(spread, size):
    assert Step.at("score", 0.0, np.linspace(0, spread, 101)).size == size


def test_a_negative_factor_swaps_limits():
    assert Measure(1.0, 0.5, 2.0).scaled(-2) == Measure(-2.0, -4.0, -1.0)


def test_labels_are_made_fit_to_show():
    y, score = draw(200)
    labels = ["a\n\x00b", "c\ud800"]
    found = summary_of(np.array(labels, dtype=object)[y], score, title=" two\n\nlines ", labels=labels)
    assert found.labels == ("a \ufffdb", "c\ufffd")
    assert found.title == "two lines"
    str(found.to_dict()).encode()


def test_bad_requests():
    with pytest.raises(UnknownMetricError):
        summary_of(*draw(100), metric="f2")
    with pytest.raises(InvalidInputError, match="subject_to"):
        summary_of(*draw(100), subject_to="recall = 1")
    with pytest.raises(InvalidInputError, match="level"):
        summary_of(*draw(100), level=95)


def test_demo_overlaps_and_repeats():
    first, again = demo_scores(), demo_scores()
    np.testing.assert_array_equal(first["y_score"], again["y_score"])
    assert set(first["y_true"]) == {"benign", "malignant"}
    found = summarize(
        check_predictions(first["y_true"], first["y_score"], pos_label=first["pos_label"]), title=first["title"]
    )
    assert found.cautions == ()
    assert 0.7 < found.point.metric("accuracy").value.value < 0.95


def test_summaries_need_no_matplotlib():
    sources = "".join(path.read_text() for path in (SRC / "views" / "summary").glob("*.py"))
    assert "matplotlib" not in sources
