"""Tallies that a service keeps: batches, many at once, windows, storage; what the laws of merging add to laws/."""

import functools
import gc
import io
import itertools
import json
import os
import pickle
import subprocess
import sys
import tracemalloc

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import normal_rows
from strategies import rows, sizes_of_parts
from support import needs

import conjac as cj
from conjac.comparison import compare_slopes
from conjac.validation import block_of

SCALE = {"probability": "logit", "score": "score"}
KINDS = pytest.mark.parametrize("kind", SCALE)
SUMS = ("rows", "weight", "weight2", "offset")
FORM = ("scale", "step", "thresholds", "clustered", "labels", "set_aside")


def zero_of(kind, r=None, step=2.0**-4, **options):
    labels = (0, 1) if r is None else r.labels
    return cj.Tally.zero(SCALE[kind], step, thresholds=(0.25, 0.5), labels=labels, **options)


def update(tally, r, at=slice(None), groups=None):
    weight = None if r.sample_weight is None else np.maximum(r.sample_weight[at], 0.01)
    groups = None if groups is None else groups[at]
    return tally.update(r.y_true[at], r.y_score[at], sample_weight=weight, groups=groups)


def assert_same(a, b):
    """Two tallies hold the same: rows and integers to the row, other sums to rounding."""
    assert [getattr(a, name) for name in FORM[:-1]] == [getattr(b, name) for name in FORM[:-1]]
    assert dict(a.set_aside) == dict(b.set_aside)
    np.testing.assert_array_equal(a.keys, b.keys)
    np.testing.assert_array_equal(a.rows, b.rows)
    for name in ("weight", "weight2"):
        exact = {getattr(tally, name).dtype.kind for tally in (a, b)} == {"i"}
        np.testing.assert_allclose(getattr(a, name), getattr(b, name), rtol=0 if exact else 1e-9, atol=0)
    assert (np.abs(a.offset - b.offset) <= 1e-9 * (np.abs(a.offset) + a.step * a.rows)).all()


def assert_identical(a, b):
    """Two tallies are the same, bit for bit."""
    assert [getattr(a, name) for name in FORM] == [getattr(b, name) for name in FORM] or dict(a.set_aside) == dict(
        b.set_aside
    )
    for name in ("keys", *SUMS):
        mine, theirs = getattr(a, name), getattr(b, name)
        assert mine.dtype == theirs.dtype
        assert mine.tobytes() == theirs.tobytes()


# Batches.


@KINDS
@pytest.mark.parametrize("clustered", [False, True])
@given(data=st.data())
def test_updates_in_any_partition_are_one_add(kind, clustered, data):
    r = data.draw(rows(kind=kind))
    part = data.draw(sizes_of_parts(len(r), 4))
    groups = np.array([f"patient {i % 5}" for i in range(len(r))]) if clustered else None
    zero = zero_of(kind, r, clustered=clustered)
    whole = update(zero, r, groups=groups)
    batches = functools.reduce(lambda t, k: update(t, r, part == k, groups), range(4), zero)
    assert_same(batches, whole)
    merged = zero.merge(*(update(zero, r, part == k, groups) for k in range(4)))
    assert_same(merged, whole)
    weight = None if r.sample_weight is None else np.maximum(r.sample_weight, 0.01)
    block = None if groups is None else np.array([block_of(name) for name in groups])
    assert_same(zero.add(r.positive.astype(int), r.y_score, weight, block), whole)
    assert whole.rows.sum() == len(r)


def test_a_batch_with_weights_after_one_without():
    tally = cj.Tally.zero("score", 1.0).update([0, 1], [0.2, 0.4]).update([1], [0.4], sample_weight=[2.5])
    assert tally.rows.tolist() == [1, 2]
    assert tally.weight.tolist() == [1.0, 3.5]
    assert tally.weight2.tolist() == [1.0, 7.25]


def test_an_empty_batch_changes_nothing():
    tally = cj.Tally.zero("logit").update([0, 1], [0.2, 0.4])
    assert_identical(tally.update([], []), tally)
    assert_identical(tally.update(np.zeros(0, int), np.zeros(0, np.float32)), tally)


def test_a_batch_may_hold_one_class_and_one_cluster():
    tally = cj.Tally.zero("logit", clustered=True, labels=("ham", "spam"))
    tally = tally.update(["spam"], [0.7], groups=["a"]).update(["ham"], [0.7], groups=["b"])
    assert tally.rows.tolist() == [1, 1]
    assert tally.clustered


def test_the_step_of_log_odds_has_a_default_and_that_of_scores_has_none():
    assert cj.Tally.zero("logit").step == 2.0**-8
    with pytest.raises(cj.InvalidInputError, match=r"step is not given, and on the score scale.*power of two"):
        cj.Tally.zero("score")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"scale": "probability"}, r"scale='probability': expected 'logit'.*or 'score'"),
        ({"step": "fine"}, r"step='fine': expected a power of two"),
        ({"thresholds": [0.1, np.nan]}, r"thresholds\[1\] is nan"),
        ({"thresholds": ["half"]}, r"thresholds holds .* expected numbers"),
        ({"labels": ("ham",)}, r"labels=\('ham',\): expected two"),
        ({"labels": (1, 1)}, r"expected two, the negative label"),
        ({"labels": "ab"}, r"labels='ab': expected two"),
    ],
)
def test_what_a_tally_is_of_is_checked(options, told):
    with pytest.raises(cj.InvalidInputError, match=told):
        cj.Tally.zero(**{"scale": "logit", **options})


GOOD = {"y_true": [0, 1, 1], "y_score": [0.1, 0.5, 0.9]}


@pytest.mark.parametrize(
    ("faulty", "told"),
    [
        ({"y_score": [0.1, np.nan, 0.9]}, r"y_score\[1\] is nan"),
        ({"y_score": [0.1, np.inf, 0.9]}, r"y_score\[1\] is inf"),
        ({"y_score": [0.1, 0.5, 1.25]}, r"y_score\[2\] is 1.25.*probabilities, in \[0, 1\].*score scale"),
        ({"y_score": [-0.1, 0.5, 1]}, r"y_score\[0\] is -0.1"),
        (
            {"y_score": [[0.9, 0.1], [0.5, 0.5], [0.1, 0.9]]},
            r"shape \(3, 2\); a tally takes one score a row, that of 1",
        ),
        ({"y_score": [0.1, 0.5]}, "y_true has 3 rows and y_score has 2"),
        ({"y_true": [0, 1, 2]}, r"y_true\[2\] is 2, which is not among labels"),
        ({"y_true": [0, None, 1]}, r"y_true\[1\] is missing"),
        ({"y_true": []}, "y_true is empty"),
        ({"sample_weight": [1, -1, 1]}, r"sample_weight\[1\] is -1"),
        ({"sample_weight": [1, 1]}, "sample_weight has 2 rows"),
        ({"groups": ["a", "b", "c"]}, r"groups: this tally is of independent rows.*clustered=True"),
    ],
)
def test_a_faulty_row_is_named_and_nothing_of_its_batch_is_added(faulty, told):
    tally = cj.Tally.zero("logit").update(**GOOD)
    before = tally.to_json()
    with pytest.raises(cj.InvalidInputError, match=told):
        tally.update(**{**GOOD, **faulty})
    assert tally.to_json() == before


@pytest.mark.parametrize(
    ("groups", "told"),
    [(None, "this tally is of clusters"), (["a", None, "b"], r"groups\[1\] is missing"), (["a"], "1 rows")],
)
def test_clusters_are_checked(groups, told):
    with pytest.raises(cj.InvalidInputError, match=told):
        cj.Tally.zero("logit", clustered=True).update(**GOOD, groups=groups)


def test_labels_belong_to_the_tally():
    spam, other = (
        cj.Tally.zero("logit", labels=("ham", name)).update(["ham", name], [0.1, 0.9]) for name in ("spam", "x")
    )
    assert cj.ConfusionCurve.from_tally(spam).labels == ("ham", "spam")
    assert cj.ConfusionCurve.from_tally(spam, labels=("a", "b")).tally.labels == ("a", "b")
    for n in (1, 500):  # keys are sorted, or looked up in a table
        curve = cj.ConfusionCurve.from_predictions(["ham", "spam"] * n, np.linspace(0.1, 0.9, 2 * n))
        assert curve.tally.labels == ("ham", "spam")
    with pytest.raises(cj.InvalidInputError, match=r"different labels do not merge.*same labels"):
        spam.merge(other)


# Many at once.


@KINDS
@given(data=st.data())
def test_many_merge_at_once_as_they_do_one_by_one(kind, data):
    r = data.draw(rows(kind=kind, min_size=4))
    part = data.draw(sizes_of_parts(len(r), 4))
    steps = data.draw(st.lists(st.integers(-8, 1), min_size=4, max_size=4))
    zeros = [zero_of(kind, r, 2.0**step) for step in steps]
    tallies = [update(zero, r, part == k) for k, zero in enumerate(zeros)]
    at_once = tallies[0].merge(*tallies[1:])
    a, b, c, d = (tallies[k] for k in data.draw(st.permutations(range(4))))
    assert_same(a.merge(b, c, d), at_once)
    assert_same(a.merge(b).merge(c).merge(d), at_once)
    assert_same(a.merge(b.merge(c, d)), at_once)
    assert_same(a.merge(b).merge(d.merge(c)), at_once)
    assert_same(a.merge(), a)


@KINDS
@given(data=st.data())
def test_coarsening_commutes_with_merging(kind, data):
    r = data.draw(rows(kind=kind, min_size=3))
    part = data.draw(sizes_of_parts(len(r), 3))
    tallies = [update(zero_of(kind, r, 2.0**-10), r, part == k) for k in range(3)]
    step = 2.0 ** data.draw(st.integers(-10, 3))
    assert_same(tallies[0].merge(*tallies[1:]).coarsen(step), tallies[0].coarsen(step).merge(*tallies[1:]))
    assert_same(
        tallies[0].merge(*tallies[1:]).coarsen(step),
        tallies[0].merge(*(t.coarsen(step) for t in tallies[1:])).coarsen(step),
    )


@pytest.mark.parametrize("far", [0, 1e6])
@pytest.mark.parametrize("weighted", [False, True])
def test_hundreds_of_tallies_merge_in_batches(monkeypatch, far, weighted):
    rng = np.random.default_rng(0)
    n, k = 6000, 300
    y, score, part = rng.integers(0, 2, n), rng.normal(size=n), rng.integers(0, k, n)
    score[::997] += far  # a table of all keys would be too large
    weight = rng.exponential(size=n) if weighted else None
    zero = cj.Tally.zero("score", 2.0**-6, thresholds=(0.1, 0.2))

    def of(rows):
        return zero.update(y[rows], score[rows], sample_weight=None if weight is None else weight[rows])

    tallies = [of(part == i) for i in range(k)]
    whole = of(slice(None))
    for at_once in (1, 50, 2**17):
        monkeypatch.setattr("conjac.tally.sums.AT_ONCE", at_once)
        assert_same(tallies[0].merge(*tallies[1:]), whole)
    monkeypatch.setattr("conjac.tally.sums.DENSE", 0)  # by sorting alone
    assert_same(tallies[0].merge(*tallies[1:]), whole)


def test_curves_merge_at_once_too():
    y, p = normal_rows(3, 900)
    curves = [cj.ConfusionCurve.from_predictions(y[i::3], p[i::3], thresholds=[0.3]) for i in range(3)]
    at_once, folded = curves[0].merge(*curves[1:]), functools.reduce(cj.ConfusionCurve.merge, curves)
    assert_same(at_once.tally, folded.tally)
    assert dict(at_once.diagnostics) == dict(folded.diagnostics)
    np.testing.assert_array_equal(at_once.matrix_at(0.3, exact=True), folded.matrix_at(0.3))
    with pytest.raises(cj.InvalidInputError, match="different coordinate do not merge"):
        curves[0].merge(curves[1], cj.ConfusionCurve.from_predictions(y, p, coordinate="score"))
    with pytest.raises(cj.InvalidInputError, match="other is a Tally"):
        curves[0].merge(curves[1], curves[2].tally)


def test_which_of_many_does_not_merge_is_told():
    a, b = cj.Tally.zero("logit"), cj.Tally.zero("score", 1.0)
    with pytest.raises(cj.InvalidInputError, match=r"different scale do not merge: logit and, of others\[1\], score"):
        a.merge(a, b)
    with pytest.raises(cj.InvalidInputError, match=r"others\[2\] is a dict"):
        a.merge(a, a, {})


def test_rows_that_were_set_aside_add_and_subtract():
    keys, sums = np.array([[0, 0, 3, 0, 0]]), {"rows": np.array([2]), "offset": np.array([0.5])}
    a, b = (cj.Tally.of_sums("score", 1.0, keys, sums, set_aside=told) for told in ({"score missing": 2}, {"x": 1}))
    both = a.merge(b, a)
    assert dict(both.set_aside) == {"score missing": 4, "x": 1}
    assert dict(both.diff(a).set_aside) == {"score missing": 2, "x": 1}
    assert dict(both.diff(a.merge(b)).set_aside) == {"score missing": 2}
    notes = cj.ConfusionCurve.from_tally(both).diagnostics
    assert notes["set_aside"] == {"score missing": 4, "x": 1}
    assert notes["n_read"] == 6 + 5
    with pytest.raises(cj.InvalidInputError, match="rows that are not in this tally"):
        a.diff(b)


# Windows.


@KINDS
@given(data=st.data())
def test_diff_inverts_merge(kind, data):
    r = data.draw(rows(kind=kind, min_size=4))
    part = data.draw(sizes_of_parts(len(r), 2))
    a, b = (update(zero_of(kind, r), r, part == k) for k in range(2))
    rest = a.merge(b).diff(b)
    np.testing.assert_array_equal(rest.keys, a.keys)
    np.testing.assert_array_equal(rest.rows, a.rows)
    largest = a.merge(b).weight.max(initial=0)
    for name in ("weight", "weight2"):
        np.testing.assert_allclose(getattr(rest, name), getattr(a, name), rtol=1e-9, atol=1e-9 * (1 + largest**2))
        assert (getattr(rest, name) >= 0).all()
    assert (np.abs(rest.offset - a.offset) <= 1e-9 * (np.abs(a.offset) + np.abs(b.offset).max(initial=0) + 1)).all()
    if r.sample_weight is None:
        assert rest.weight is rest.rows
    assert len(a.diff(a).rows) == 0
    if len(b.rows):
        with pytest.raises(cj.InvalidInputError, match="holds rows that are not in this tally"):
            a.diff(a.merge(b))


def test_a_window_of_weights_that_leave_rounding_behind():
    rng = np.random.default_rng(0)
    y, s, w = rng.integers(0, 2, 4000), rng.random(4000), rng.exponential(1e6, 4000)
    zero = cj.Tally.zero("score", 2.0**-3)
    last = zero.update(y, s, sample_weight=w)
    now = last.update([0, 1], [0.2, 0.9], sample_weight=[1e-3, 0.0011])
    window = now.diff(last)
    assert window.rows.tolist() == [1, 1]
    np.testing.assert_allclose(window.weight, [1e-3, 0.0011], rtol=1e-3)


def test_a_window_holds_no_negative_weight():
    zero = cj.Tally.zero("score", 1.0)
    part = zero.update([1, 1, 1], [0.5, 0.5, 0.5], sample_weight=[0.1, 0.2, 0.3])
    whole = zero.update([1, 1, 1, 1], [0.5, 0.5, 0.5, 0.5], sample_weight=[0.3, 0.2, 0.1, 0.0])
    assert whole.weight[0] < part.weight[0]  # by rounding
    assert whole.diff(part).weight.tolist() == [0.0]


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_part_with_other_weights_is_none(factor):
    zero = cj.Tally.zero("score", 1.0)
    whole = zero.update([0, 1], [0.5, 0.5], sample_weight=[1.0, 2.0])
    part = zero.update([1], [0.5], sample_weight=[2.0 * factor])
    with pytest.raises(cj.InvalidInputError, match="not in this tally"):
        whole.diff(part)


def windows(seed=0, n=4000, fall=0.5, **options):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, (2, n))
    score = rng.normal(y * np.array([[1.0], [1 - fall]]), 1)
    groups = rng.integers(0, 200, (2, n)) if options.pop("clustered", False) else (None, None)
    zero = cj.Tally.zero("score", 2.0**-9, thresholds=[0.3], clustered=groups[0] is not None, **options)
    return y, score, groups, [zero.update(y[k], score[k], groups=groups[k]) for k in range(2)]


@pytest.mark.parametrize("clustered", [False, True])
def test_windows_compare_as_their_rows_do(clustered):
    y, score, groups, (before, now) = windows(clustered=clustered)
    grown = before.merge(now)
    found = cj.compare(before, grown.diff(before), threshold=0.3)
    by_rows = [
        cj.confusion_jacobian(y[k], score[k], threshold=0.3, groups=groups[k], coordinate="score", normalize="all")
        for k in range(2)
    ]
    expected = cj.compare(*by_rows, paired=False)
    assert found.metrics == expected.metrics
    assert found.paired is False
    for name in ("value_a", "value_b", "difference", "stderr", "p_values"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-9)
    np.testing.assert_allclose(found.confint(), expected.confint(), rtol=1e-9)
    np.testing.assert_allclose(found.shares.stderr, expected.shares.stderr, rtol=1e-9)
    slopes = compare_slopes(*by_rows, separate=not clustered)
    np.testing.assert_allclose(found.slopes.value, slopes.value, rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(found.slopes.stderr, slopes.stderr, rtol=0.02)
    assert found.beyond_noise[found.metrics.index("recall[1]")]
    assert "slope" in found.to_columns("cells")
    json.dumps(found.to_dict())
    assert expected.slopes is None
    assert "rows" in found.diagnostics
    curves = [cj.ConfusionCurve.from_tally(tally) for tally in (before, now)]
    np.testing.assert_array_equal(cj.compare(*curves, threshold=0.3).difference, found.difference)


def test_alarms_are_as_rare_as_they_say_where_nothing_moved():
    alarms = [
        cj.compare(*windows(seed, 400, fall=0.0)[3], threshold=0.3, metrics=["recall", "precision", "alert_rate[1]"])
        for seed in range(80)
    ]
    assert np.mean([found.beyond_noise.any() for found in alarms]) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 80)
    z = np.array([found.slopes.value[1, 1] / found.slopes.stderr[1, 1] for found in alarms])
    assert 0.7 < z.std() < 1.2


def test_what_cannot_be_compared():
    *_, (a, b) = windows(n=200)
    J = cj.confusion_jacobian([0, 1] * 50, [0.1, 0.9] * 50)
    curve = cj.ConfusionCurve.from_tally(a)
    for sides, options, error, told in (
        ((a, b), {}, cj.InvalidInputError, "a holds every threshold; pass threshold="),
        ((a, J), {"threshold": 0.3}, cj.InvalidInputError, "b is a Jacobian, which has its own"),
        ((a, b), {"threshold": 0.3, "paired": True}, cj.InvalidInputError, "paired=True: those of a curve, a tally"),
        ((a, 3), {"threshold": 0.3}, cj.InvalidInputError, "b is int; expected a ConfusionJacobian, or"),
        ((a, b), {"threshold": "low"}, cj.InvalidInputError, "threshold='low'"),
        ((a, b), {"threshold": 0.3003}, cj.InexactError, r"lies inside a bin of a.*nearest edge of a bin, 0.30078125$"),
        (
            (curve, cj.ConfusionCurve.from_predictions([0, 1], [0.1, 0.9], coordinate="logit")),
            {"threshold": 0.3},
            cj.InvalidInputError,
            "thresholds in score and b in logit",
        ),
    ):
        with pytest.raises(error, match=told):
            cj.compare(*sides, **options)
    assert cj.compare(a, b, threshold=0.30078125).difference.size == 6


def test_the_edge_that_is_named_serves_in_every_coordinate():
    tally = cj.Tally.zero("logit").update(*normal_rows(0, 20_000))
    for coordinate in ("probability", "logit"):
        curve = cj.ConfusionCurve.from_tally(tally, coordinate=coordinate)
        with pytest.raises(cj.InexactError) as refused:
            cj.compare(curve, curve, threshold=0.3)
        edge = float(str(refused.value).rpartition(" ")[2])
        assert abs(edge - 0.3) < 0.005
        assert not cj.compare(curve, curve, threshold=edge).difference.any()


# Storage.


def by_json(tally):
    return cj.Tally.from_json(tally.to_json())


def by_parquet(tally, folder):
    tally.to_parquet(folder / "tally.parquet")
    return cj.Tally.from_parquet(folder / "tally.parquet")


def by_npz(tally):
    file = io.BytesIO()
    np.savez(file, **tally.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return cj.Tally.from_arrays(arrays)


@KINDS
@given(data=st.data())
def test_text_and_arrays_give_the_tally_back_bit_for_bit(kind, data):
    r = data.draw(rows(kind=kind))
    tally = update(zero_of(kind, r), r)
    for again in (by_json(tally), by_npz(tally)):
        assert_identical(again, tally)
        assert (again.weight is again.rows) == (r.sample_weight is None)


@KINDS
@given(data=st.data())
@settings(max_examples=15)
def test_parquet_gives_the_tally_back_bit_for_bit(tmp_path_factory, kind, data):
    r = data.draw(rows(kind=kind))
    tally = update(zero_of(kind, r), r)
    again = by_parquet(tally, tmp_path_factory.mktemp("kept"))
    assert_identical(again, tally)
    assert (again.weight is again.rows) == (r.sample_weight is None)


FORMS = {
    "empty": cj.Tally.zero("score", 2.0**-700, labels=("it's", 'a "quoted"\nname\u2028é😀')),
    "one row": cj.Tally.zero("logit", labels=(-1.5, 2.25)).update([2.25], [1.0]),
    "clusters": cj.Tally.zero("logit", clustered=True).update([0, 1] * 40, np.linspace(0, 1, 80), groups=range(80)),
    "thresholds": cj.Tally.zero("score", 8.0, thresholds=(-0.1, 1 / 3, 5e-324, 1e300)).update([0, 1], [0.4, 1e300]),
    "set aside": cj.Tally.of_sums(
        "logit",
        1.0,
        np.array([[1, 0, -3, 0, 0]]),
        {"rows": [2**40], "weight": [2**41], "weight2": [2**42], "offset": [0.1]},
        set_aside={"label 'x' missing": 3},
        labels=(False, True),
    ),
}


@pytest.mark.parametrize("tally", FORMS.values(), ids=FORMS)
def test_every_form_is_stored(tally, tmp_path):
    for again in (by_json(tally), by_parquet(tally, tmp_path), by_npz(tally), pickle.loads(pickle.dumps(tally))):
        assert_identical(again, tally)
        assert [type(label) for label in again.labels] == [type(label) for label in tally.labels]
        assert_identical(again.merge(tally), tally.merge(tally))
    path = tmp_path / "tally.json"
    assert tally.to_json(path) == path.read_text(encoding="utf-8")
    for source in (path, str(path)):
        assert_identical(cj.Tally.from_json(source), tally)


def test_any_reader_of_parquet_reads_plain_columns(tmp_path):
    path = tmp_path / "tally.parquet"
    tally = cj.Tally.zero("logit", thresholds=[0.5]).update([0, 1, 1], [0.2, 0.7, 0.7], sample_weight=[1.0, 2.0, 3.0])
    tally.to_parquet(path)
    parquet = needs("pyarrow.parquet")
    table = parquet.read_table(path)
    assert table.column_names == ["true", "facet", "bin", "side", "block", "rows", "offset", "weight", "weight2"]
    assert table["rows"].to_pylist() == [1, 2]
    assert table["weight"].to_pylist() == [1.0, 5.0]
    head = json.loads(table.schema.metadata[b"conjac.tally"])
    assert head["schema"] == "conjac.tally/1"
    assert head["labels"] == [0, 1]
    assert needs("polars").read_parquet(path)["side"].to_list() == [0, 1]


def test_storage_needs_neither_pandas_nor_pyarrow(tmp_path):
    probe = (
        "import sys; sys.modules |= dict.fromkeys(('pandas', 'pyarrow', 'polars')); import conjac as cj; "
        "tally = cj.Tally.zero('logit').update([0, 1], [.2, .7]); tally.to_parquet('t.parquet'); "
        "print(cj.Tally.from_parquet('t.parquet').rows.sum())"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "2"


# Size.


def test_a_million_rows_stay_small(tmp_path):
    y, p = normal_rows(0, 1_000_000)
    tally = cj.Tally.zero("logit").update(y, p)
    assert tally.rows.sum() == 1_000_000
    assert tally.weight is tally.rows
    assert tally.weight2 is tally.rows
    assert tally.nbytes < 100_000
    assert len(tally.to_json()) < 200_000
    tally.to_parquet(tmp_path / "t.parquet")
    assert os.path.getsize(tmp_path / "t.parquet") < 100_000
    text = tally.to_json()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    again = cj.Tally.from_json(text)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert again.nbytes == tally.nbytes
    assert 0.95 * tally.nbytes < held < tally.nbytes + 10_000


def test_keys_of_any_size_are_held_in_integers_that_hold_them():
    score = np.array([-1e9, -40.0, 0.0, 127.0, 128.0, 3e9, 1e30])
    tally = cj.Tally.zero("score", 1.0).update(np.zeros(7, int), score)
    bins = np.clip(score, -(2**34), 2**34)
    assert tally.keys[:, 2].tolist() == np.unique(bins).astype(int).tolist()
    assert tally.merge(cj.Tally.zero("score", 1.0).update([0], [5.0])).rows.sum() == 8
    assert len(tally.merge(tally).rows) == 7


# Hostile files.


def stored(**changes):
    tally = cj.Tally.zero("score", 0.5, thresholds=[0.2]).update([0, 1, 1], [0.1, 0.75, 3.0])
    told = json.loads(tally.to_json()) | changes
    return json.dumps({name: value for name, value in told.items() if value is not ...})


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            stored(schema="conjac.tally/2"),
            r"schema 'conjac.tally/2', and this version of conjac reads 'conjac.tally/1'",
        ),
        (stored(schema="conjac.report/1"), r"the text is no tally: its schema is 'conjac.report/1'"),
        (stored(schema=...), "no tally: its schema is None"),
        (stored(schema=["conjac.tally/1"]), "no tally"),
        ("{}", "no tally: its schema is None"),
        (stored()[:-20], "the text does not read as JSON.*cut off"),
        ('{"a":' * 100_000, "does not read as JSON"),
        (stored(scale="log"), "damaged tally: scale='log'"),
        (stored(scale=...), "damaged tally: 'scale' is missing"),
        (stored(step=0.3), "damaged tally: step=0.3"),
        (stored(step="wide"), "damaged tally: could not convert"),
        (stored(step=[1]), "damaged tally"),
        (stored(thresholds=[float("nan")]), r"damaged tally: thresholds\[0\] is nan"),
        (stored(thresholds=None), "damaged tally"),
        (stored(labels=[0]), "damaged tally: labels"),
        (stored(labels=[[0], [1]]), "damaged tally"),
        (stored(clustered="no"), "damaged tally: 'no' is no bool"),
        (stored(set_aside=[1]), "damaged tally"),
        (stored(set_aside={"score missing": -1}), "-1 is no number of rows"),
        (stored(n_rows=4), "holds 3 rows and says 4"),
        (stored(n_rows=True), "True is no number of rows"),
        (stored(rows=[1, 1]), "damaged tally: offset has shape"),
        (stored(rows=...), "the column 'rows' is missing"),
        (stored(rows=3), "damaged tally"),
        (stored(rows=[1, 1, 0.5]), "rows holds float64 values"),
        (stored(rows=[2, 2, -1]), "rows runs from -1"),
        (stored(rows=[1, 1, 2**70]), "rows holds object values"),
        (stored(rows=[[1], [1], [1]]), "rows has shape"),
        (stored(rows=["1", "1", "1"]), "rows holds"),
        (stored(offset=[0.0, float("inf"), 0.0]), "offset runs from"),
        (stored(offset=[0.0, float("nan"), 0.0]), "offset runs from"),
        (stored(offset=[0.0, [1.0], 0.0]), "damaged tally"),
        (stored(true=[0, 1, 2]), "true runs from 0 to 2; expected 0 to 1"),
        (stored(bin=[0, 1, 2**40]), "bin runs from 0"),
        (stored(bin=...), "the column 'bin' is missing"),
        (stored(side=2), "side runs from 2 to 2; expected 0 to 1"),
        (stored(block=1), "block runs from 1"),
        (stored(facet=1), "facet runs from 1"),
        (stored(weight=[1.0, 1.0, 1.0]), "the column 'weight2' is missing"),
        (stored(weight=[1.0, -1.0, 1.0], weight2=[1.0, 1.0, 1.0]), "weight runs from -1"),
    ],
)
def test_a_text_that_is_no_tally_is_refused(text, told):
    with pytest.raises(cj.InvalidInputError, match=told):
        cj.Tally.from_json(text)


def test_the_text_that_the_refusals_are_made_of_reads():
    assert cj.Tally.from_json(stored()).rows.tolist() == [1, 1, 1]


def test_a_file_of_text_that_does_not_read(tmp_path):
    for source, told in (
        (tmp_path / "none.json", "none.json is neither a tally's JSON nor a file of it: No such file"),
        (str(tmp_path), "is neither a tally's JSON nor a file of it"),
        ("[1, 2]", "neither a tally's JSON nor"),
        ("x" * 10_000, "neither a tally's JSON nor"),
        ("a\0b", "neither a tally's JSON nor"),
    ):
        with pytest.raises(cj.InvalidInputError, match=told):
            cj.Tally.from_json(source)
    path = tmp_path / "t.json"
    for content, told in (
        (b"\xff\xfe\x00", "neither a tally's JSON nor"),
        (b"", "does not read as JSON"),
        (b"[3]", "no tally"),
    ):
        path.write_bytes(content)
        with pytest.raises(cj.InvalidInputError, match=rf"t\.json.*{told}"):
            cj.Tally.from_json(path)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_that_was_cut_off_is_refused(tmp_path, share):
    tally = cj.Tally.zero("logit").update(*normal_rows(0, 5000))
    for write, read in (("to_json", "from_json"), ("to_parquet", "from_parquet")):
        path = tmp_path / f"kept.{write}"
        getattr(tally, write)(path)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(cj.InvalidInputError, match=path.name):
            getattr(cj.Tally, read)(path)


def test_a_parquet_file_that_is_no_tally_is_refused(tmp_path):
    tally = cj.Tally.zero("logit").update([0, 1, 1], [0.2, 0.7, 0.9])
    path = tmp_path / "t.parquet"
    tally.to_parquet(path)
    head = tally.to_arrays()["head"]

    def copied(query, metadata):
        target = tmp_path / "copied.parquet"
        kept = f", KV_METADATA {{'conjac.tally': '{metadata}'}}" if metadata else ""
        duckdb.execute(f"COPY ({query.format(path)}) TO '{target}' (FORMAT parquet{kept})")
        return target

    for query, metadata, told in (
        ("SELECT 1 AS x", None, "is no tally: its metadata has no 'conjac.tally'"),
        ("SELECT * FROM '{}' LIMIT 2", head, "holds 2 rows and says 3"),
        ("SELECT * EXCLUDE bin FROM '{}'", head, "the column 'bin' is missing"),
        (
            "SELECT * REPLACE (nullif(bin, 3) AS bin) FROM '{}' UNION ALL SELECT 0, 0, NULL, 0, 0, 1, 0",
            head,
            "'bin' has missing",
        ),
        ("SELECT * FROM '{}'", head.replace("tally/1", "tally/3"), "'conjac.tally/3', and this version"),
        ("SELECT * FROM '{}'", head[:-5], "does not read as JSON"),
        ("SELECT * FROM '{}'", "[]", "no tally: its schema is None"),
    ):
        with pytest.raises(cj.InvalidInputError, match=told):
            cj.Tally.from_parquet(copied(query, metadata))
    assert_identical(cj.Tally.from_parquet(copied("SELECT * FROM '{}' ORDER BY bin DESC", head)), tally)
    with pytest.raises(cj.InvalidInputError, match="is not there"):
        cj.Tally.from_parquet(tmp_path / "none.parquet")
    with pytest.raises(cj.InvalidInputError, match="is no file"):
        cj.Tally.from_parquet(tmp_path)


@pytest.mark.parametrize("write", ["to_json", "to_parquet"])
def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch, write):
    path = tmp_path / "kept"
    good = cj.Tally.zero("logit").update([0, 1], [0.2, 0.7])
    getattr(good, write)(path)
    before = path.read_bytes()
    with pytest.raises(cj.InvalidInputError, match=r"labels=.* cannot be stored; expected text, numbers or booleans"):
        getattr(cj.Tally.zero("logit", labels=((1,), (2,))), write)(path)
    with pytest.raises(cj.InvalidInputError, match="cannot be written"):
        getattr(good, write)(tmp_path / "no folder" / "kept")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("conjac.writing.os.replace", full)
    with pytest.raises(cj.InvalidInputError, match="cannot be written: No space left"):
        getattr(good.update([1], [0.9]), write)(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]


def test_arrays_that_are_no_tally_are_refused():
    arrays = cj.Tally.zero("logit").update([0, 1], [0.2, 0.7]).to_arrays()
    for changed, told in (
        ({}, "no tally"),
        ({**arrays, "head": "nothing"}, "head of the arrays does not read as JSON"),
        ({**arrays, "keys": arrays["keys"][:1]}, "damaged tally"),
        ({name: value for name, value in arrays.items() if name != "rows"}, "'rows' is missing"),
    ):
        with pytest.raises(cj.InvalidInputError, match=told):
            cj.Tally.from_arrays(changed)


def test_a_tally_tells_what_it_is_of():
    tally = cj.Tally.zero("logit", labels=("ham", "spam")).update(["ham", "spam"], [0.25, 0.5])
    assert repr(tally).startswith("Tally(2 rows of 'ham' and 'spam' under 2 keys; logit scale, step 0.00390625; ")


def test_the_order_of_batches_does_not_show_in_integers():
    y, p = normal_rows(1, 300)
    parts = [cj.Tally.zero("logit").update(y[i::3], p[i::3]) for i in range(3)]
    for a, b, c in itertools.permutations(parts):
        np.testing.assert_array_equal(a.merge(b, c).rows, parts[0].merge(*parts[1:]).rows)
