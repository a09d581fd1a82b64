"""Frames as wholes, on every engine: their columns' names, their order and partitions, and what they lack."""

from pathlib import Path

import narwhals.stable.v2 as nw
import numpy as np
import pytest
from engines import each_engine
from framed import assert_exact, assert_same_sums, curve_of, lattice, tallied
from oracles import count, count_classes
from support import needs

import conjac as cj
from conjac.engines.files import read_columns
from conjac.errors import InvalidInputError


def held(frame):
    """Return the columns y and p of a frame, by narwhals or from a file."""
    if isinstance(frame, Path):
        read = read_columns([frame], label="y", score="p")
        return read.label, read.score
    native = nw.from_native(frame).lazy().collect()
    return np.array(native["y"].to_list()), np.array(native["p"].to_list())


def test_engines_hold_the_columns_they_are_given(frames):
    y, p = np.array([1, 0, 1, 0, 1, 1, 0]), np.float32([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    label, score = held(frames({"y": y, "p": p}))
    order = np.argsort(score)
    np.testing.assert_array_equal(label[order].astype(int), y)
    np.testing.assert_array_equal(score[order].astype(np.float32), p)


INTERNAL = (
    "bin true w weight weight2 rows side block facet fault offset score label group groups by key keys index margin "
    "n len count class row part __bin _true step value literal"
)


def test_columns_named_like_those_that_are_made_on_the_way(frames):
    y, p = lattice(1)
    rubbish = {name: ["x", "y", "z"] * 20 for name in INTERNAL.split()}
    curve = curve_of(frames({"y": y, "p": p, **rubbish}), thresholds=[0.5])
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p))


def assert_read_by_name(frames, names):
    """Check curves of columns that have these names: of labels, scores, weights and groups to tell apart."""
    y, p = lattice(2)
    w, g = np.arange(60) % 3 + 0.5, np.arange(60) // 30 + 5
    label, score, weight, by = names
    frame = frames({**dict(zip(names, (y, p, w, g), strict=True)), "a": w, "p": w})
    curves = cj.ConfusionCurve.from_frame(frame, label=label, score=score, weight=weight, by=by, thresholds=[0.5])
    assert list(curves) == [5, 6]
    for name, curve in curves.items():
        mine = g == name
        assert_exact(curve, [0.5], y[mine] == 1, p[mine], w[mine])


@each_engine("names", ["bin true rows side", "score label block weight", "w fault true group"])
def test_roles_named_like_those_that_are_made_on_the_way(frames, names):
    assert_read_by_name(frames, names.split())


HOSTILE = {
    "dots": ["a.b", "a.p", "p`", "a`b"],
    "quotes": ['y "quoted"', "p's", "; DROP TABLE x", "y, z"],
    "words": ["select", "from", "count(*)", "1"],
    "beyond ASCII": ["Ü", "🐟 p", "\u202eabc", "é"],
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_names(frames, kind):
    assert_read_by_name(frames, HOSTILE[kind])


@each_engine("role", ["label", "score", "weight", "groups", "by"])
def test_a_column_that_is_not_there_is_named(frames, role):
    y, p = lattice(4)
    roles = {"label": "y", "score": "p", role: "no such"}
    with pytest.raises(InvalidInputError, match="no such"):
        cj.ConfusionCurve.from_frame(frames({"y": y, "p": p}), **roles)


def test_text_as_scores_is_refused_or_set_aside(frames):
    with pytest.raises(InvalidInputError, match=r"not a number|no number|holds"):
        curve_of(frames({"y": [0, 1], "p": ["low", "high"]}))


def test_one_column_in_two_roles(frames):
    y, p = lattice(5)
    curves = cj.ConfusionCurve.from_frame(frames({"y": y, "p": p}), label="y", score="p", weight="p", groups=None)
    assert_same_sums(curves.tally, tallied(curves.tally, y == 1, p, p))


def test_no_rows(frames):
    pyarrow = needs("pyarrow")
    empty = {"y": pyarrow.array([], pyarrow.int64()), "p": pyarrow.array([], pyarrow.float64())}
    with pytest.raises(InvalidInputError, match=r"no rows|is empty|no column"):
        curve_of(frames(empty))


def test_a_row_of_each_class(frames):
    curve = curve_of(frames({"y": [0, 1], "p": [0.25, 0.5]}), thresholds=[0.25, 0.5])
    assert_exact(curve, [0, 0.25, 0.5, 1], np.array([False, True]), np.array([0.25, 0.5]))


def test_every_row_faulty(frames):
    with pytest.raises(InvalidInputError, match="all 3 rows are faulty"):
        curve_of(frames({"y": [1, None, 0], "p": [None, 0.5, float("inf")]}))


@each_engine("n", [1, 2])
def test_one_class_alone_is_refused_as_of_rows_in_memory(frames, n):
    y, p = [1] * n, [0.25, 0.5][:n]
    for make in (
        lambda: cj.ConfusionCurve.from_predictions(y, p, labels=[0, 1]),
        lambda: curve_of(frames({"y": y, "p": p}), labels=[0, 1]),
    ):
        with pytest.raises(InvalidInputError, match="one class only"):
            make()


def test_neither_order_nor_partition_matters(frames):
    y, p = lattice(6, 90)
    w = np.random.default_rng(7).exponential(size=90)
    at = np.random.default_rng(8).permutation(90)
    curve = curve_of(frames({"y": y[at], "p": p[at], "w": w[at]}), weight="w", thresholds=[0.5])
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p, w))


def test_a_frame_is_left_as_it_was(frames):
    y, p = lattice(7)
    frame = frames({"y": y, "p": p})
    curve_of(frame, thresholds=[0.5])
    label, score = held(frame)
    assert sorted(zip(label.astype(int).tolist(), score.tolist(), strict=True)) == sorted(
        zip(y.tolist(), p.tolist(), strict=True)
    )


def test_a_jacobian_is_that_of_the_curve(frames):
    rng = np.random.default_rng(8)
    y = np.arange(400) % 2
    p = 1 / (1 + np.exp(-rng.normal(2 * y - 1, 1)))
    frame = frames({"y": y, "p": p})
    J = cj.ConfusionJacobian.from_frame(frame, label="y", score="p", threshold=0.3)
    np.testing.assert_array_equal(J.matrix, count(y == 1, p, 0.3))
    curve = curve_of(frame, thresholds=[0.3])
    np.testing.assert_allclose(J.jacobian, curve.jacobian_at(0.3), rtol=1e-9)
    np.testing.assert_allclose(J.stderr, curve.stderr_at(0.3), rtol=1e-9)
    of_rows = cj.confusion_jacobian(y, p, threshold=0.3)
    np.testing.assert_allclose(J.jacobian, of_rows.jacobian, rtol=0.02)


def test_a_score_a_class_of_two(frames):
    y, p = lattice(9)
    curve = cj.ConfusionCurve.from_frame(
        frames({"y": y, "n": 1 - p, "p": p}), label="y", score=["n", "p"], thresholds=[0.5]
    )
    assert_exact(curve, [0.5], y == 1, p)


@pytest.mark.filterwarnings("ignore:fewer than 5 effective rows:conjac.ConjacWarning")
def test_a_score_a_class_of_three(frames):
    rng = np.random.default_rng(10)
    score = rng.integers(0, 9, (90, 3)).astype(float)
    y = rng.integers(0, 3, 90)
    names = np.array(["cat", "ant", "bee"])
    frame = frames({"y": names[y].tolist(), **{f"s.{k}": score[:, k] for k in range(3)}})
    options = {"label": "y", "score": ["s.0", "s.1", "s.2"], "labels": names.tolist(), "coordinate": "score"}
    for offsets in (None, [0.0, 1.0, -0.5]):
        J = cj.ConfusionJacobian.from_frame(frame, offsets=offsets, **options)
        np.testing.assert_array_equal(J.matrix, count_classes(y, score, offsets))
