"""Every trap of the values in frames, on every engine: the same integers as rows counted one by one in NumPy."""

import numpy as np
import pytest
from engines import each_engine
from framed import assert_exact, assert_same_sums, curve_of, lattice, tallied
from oracles import matrices
from scipy.special import expit
from strategies import LABELS
from support import needs

import conjac as cj
from conjac.validation import check_predictions

NAN, INF = float("nan"), float("inf")


# Scores


@each_engine("dtype", ["float32", "float64"])
def test_scores_not_a_number_are_set_aside_and_not_in_the_top_bin(frames, dtype):
    y, p = lattice(0)
    score = [*p.astype(dtype).tolist(), NAN, NAN, None]
    with pytest.warns(cj.ConjacWarning, match="3 score missing"):
        curve = curve_of(frames({"y": [*y, 1, 0, 1], "p": np.ma.array(score)}), thresholds=[0.5])
    assert dict(curve.diagnostics["set_aside"]) == {"score missing": 3}
    assert curve.diagnostics["n_read"] == 63
    assert_exact(curve, [-1, 0.5, 1, 2], y == 1, p)


def test_bins_go_up_from_their_lower_edge(frames):
    """A cast to integers truncates in some engines and rounds in others."""
    rng = np.random.default_rng(1)
    y, p = np.arange(200) % 2, np.concatenate([rng.normal(0, 3, 150), rng.integers(-9, 9, 50) / 4])
    curve = curve_of(frames({"y": y, "p": p}))
    assert curve.coordinate == "score"
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p))


@each_engine("dtype", ["float32", "float64"])
def test_probabilities_next_to_0_and_1(frames, dtype):
    """1 - 2e-9 is 1 in float32: whatever casts to it before the clip cannot tell the two apart."""
    y = np.arange(12) % 2
    p = np.array([0, 1, 0, 1, 1e-300, 2e-9, 1e-12, 1 - 2e-9, 1 - 1e-12, 1 - 2**-53, 0.5, 1e-44]).astype(dtype)
    score = p if frames.keeps("float32") else p.astype(np.float64)
    curve = curve_of(frames({"y": y, "p": p}), thresholds=[1 - 2e-9, 1.0])
    assert curve.coordinate == "probability"
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, score))
    assert_exact(curve, [-0.5, 0, 1 - 2e-9, 1.0, 1.5], y == 1, score)


def test_scores_on_the_edges_of_bins(frames):
    """Edges are powers of two: of raw scores, rows on them and one step of float64 beside them are told apart."""
    edges = np.arange(-16, 17) / 16
    p = np.concatenate([edges, np.nextafter(edges, -9), np.nextafter(edges, 9), [-0.0, 5e-324, -5e-324]])
    y = np.arange(len(p)) % 2
    curve = curve_of(frames({"y": y, "p": p}), coordinate="score")
    assert curve.tally.step <= 1 / 16
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p))
    assert_exact(curve, edges, y == 1, p)


def test_probabilities_on_the_edges_of_bins(frames):
    edges = expit(np.arange(-800, 800, 37) / 256)
    p = np.concatenate([edges, np.nextafter(edges, 0), np.nextafter(edges, 1)])
    y = np.arange(len(p)) % 2
    curve = curve_of(frames({"y": y, "p": p}))
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p))
    assert_exact(curve, curve.cutoffs()[:-1], y == 1, p)


@each_engine("order", ["descending", "shuffled", "ascending"])
def test_named_thresholds_are_exact_in_any_order(frames, order):
    """And in the scores' own dtype: 0.7 as float32 is below 0.7, and yet is counted at 0.7."""
    y, p = lattice(3, 90, 10)
    p = p.astype(np.float32)
    score = p if frames.keeps("float32") else p.astype(np.float64)
    t = np.array([-0.25, 0, 0.1, 0.3, np.nextafter(0.3, 1), 0.5, 0.7, 0.9, 1, 1.5])
    t = {"ascending": t, "descending": t[::-1], "shuffled": np.random.default_rng(0).permutation(t)}[order]
    curve = curve_of(frames({"y": y, "p": p}), thresholds=t.tolist())
    assert_exact(curve, t, y == 1, score)


@each_engine("coordinate", ["logit", "score"])
def test_thresholds_are_named_in_their_coordinate(frames, coordinate):
    y, p = lattice(4)
    t = np.array([2.0, -1.0, 0.0, 0.75])
    curve = curve_of(frames({"y": y, "p": p}), coordinate=coordinate, thresholds=t)
    expected = matrices(y == 1, p, expit(t) if coordinate == "logit" else t)
    np.testing.assert_array_equal(curve.matrix_at(t, exact=True), expected)


@each_engine("dtype", ["int8", "int64"])
def test_whole_numbers_as_scores(frames, dtype):
    y, p = np.arange(80) % 2, np.random.default_rng(5).integers(-60, 60, 80).astype(dtype)
    curve = curve_of(frames({"y": y, "p": p}), thresholds=[0, 0.5, -7])
    assert curve.coordinate == "score"
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p))
    assert_exact(curve, [-7, 0, 0.5, 200], y == 1, p)


# Faulty rows

FAULTY = {
    "y": [1, 0, None, 1, 0, 1, 0, 1, 0, 1, 1, 0, None, None],
    "p": [0.25, 0.75, 0.5, None, NAN, INF, -INF, 0.5, 0.5, 0.5, -0.25, 1.25, NAN, 7.0],
    "w": [1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, None, -1.0, INF, 1.0, 1.0, 1.0, 1.0],
}
REASONS = {
    "label missing": 3,
    "score missing": 2,
    "score infinite": 2,
    "weight missing": 1,
    "weight negative": 1,
    "weight infinite": 1,
}


def test_faulty_rows_are_counted_by_reason(frames):
    with pytest.warns(cj.ConjacWarning) as told:
        curve = curve_of(frames(FAULTY), weight="w", coordinate="score")
    (warning,) = (each for each in told if each.category is cj.ConjacWarning)
    assert all(f"{n} {reason}" in str(warning.message) for reason, n in REASONS.items())
    assert dict(curve.diagnostics["set_aside"]) == REASONS
    assert curve.diagnostics["n_read"] == 14
    assert curve.diagnostics["n_samples"] == 4
    np.testing.assert_array_equal(curve.matrix_at([-1, 9]), [[[0, 3], [0, 2]], [[3, 0], [2, 0]]])


def test_scores_that_are_no_probabilities_are_faulty_where_probabilities_were_asked_for(frames):
    with pytest.warns(cj.ConjacWarning, match=r"score outside \[0, 1\]"):
        curve = curve_of(frames(FAULTY), weight="w", coordinate="probability", thresholds=[0.5])
    assert dict(curve.diagnostics["set_aside"]) == {**REASONS, "score outside [0, 1]": 2}
    np.testing.assert_array_equal(curve.matrix_at(0.5, exact=True), [[0, 2], [1, 0]])


def test_rows_set_aside_have_no_say_in_the_coordinate(frames):
    y, p = lattice(6)
    with pytest.warns(cj.ConjacWarning, match="1 label missing"):
        curve = curve_of(frames({"y": [*y, None], "p": [*p, 7.0]}))
    assert curve.coordinate == "probability"
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p))


def test_rows_without_fault_warn_of_nothing(frames):
    y, p = lattice(7)
    curve = curve_of(frames({"y": y, "p": p}))
    assert (dict(curve.diagnostics["set_aside"]), curve.diagnostics["n_read"]) == ({}, 60)


def test_one_warning_tells_of_all_groups(frames):
    with pytest.warns(cj.ConjacWarning) as told:
        curves = curve_of(
            frames({"y": [0, 1, 0, 1, None, 1], "p": [0.1, 0.9, 0.2, 0.8, 0.5, NAN], "g": [*"aabbab"]}), by="g"
        )
    assert [each.category for each in told].count(cj.ConjacWarning) == 1
    assert {g: dict(curve.diagnostics["set_aside"]) for g, curve in curves.items()}.keys() == {"a", "b"}


# Labels


@each_engine("kind", ["ints", "texts"])
def test_missing_labels_in_nullable_columns(frames, kind):
    y, p = lattice(8)
    labels = {"ints": [0, 1], "texts": ["ham", "spam"]}[kind]
    with pytest.warns(cj.ConjacWarning, match="2 label missing"):
        curve = curve_of(frames({"y": [*(labels[k] for k in y), None, None], "p": [*p, 0.5, 0.9]}), thresholds=[0.5])
    assert list(curve.labels) == labels
    assert_exact(curve, [0.5], y == 1, p)


def test_missing_booleans(frames):
    y, p = lattice(8)
    with pytest.warns(cj.ConjacWarning, match="1 label missing"):
        curve = curve_of(frames({"y": [*(y == 1).tolist(), None], "p": [*p, 0.5]}), thresholds=[0.5])
    assert list(curve.labels) == [False, True]
    assert_exact(curve, [0.5], y == 1, p)


@each_engine("kind", LABELS)
def test_labels_of_every_kind(frames, kind):
    y, p = lattice(9)
    names = LABELS[kind]
    frame = frames({"y": names[y].tolist(), "p": p})
    for options, positive in (({}, 1), ({"pos_label": names[0].item() if kind != "objects" else names[0]}, 0)):
        curve = curve_of(frame, thresholds=[0.5], **options)
        assert list(curve.labels) == names[[1 - positive, positive]].tolist()
        assert_exact(curve, [0.5], y == positive, p)


def test_labels_of_categories(frames):
    y, p = lattice(10)
    column = needs("pyarrow").array(np.array(["spam", "ham"])[1 - (1 - y)].tolist()).dictionary_encode()
    curve = curve_of(frames({"y": column, "p": p}), thresholds=[0.5])
    assert list(curve.labels) == ["ham", "spam"]
    assert_exact(curve, [0.5], y == 0, p)


def test_labels_that_were_not_named_are_set_aside(frames):
    y, p = lattice(11)
    with pytest.warns(cj.ConjacWarning, match="2 label not among labels"):
        curve = curve_of(frames({"y": [*y, 2, 3], "p": [*p, 0.5, 0.9]}), labels=[0, 1], thresholds=[0.5])
    assert_exact(curve, [0.5], y == 1, p)


def test_three_labels_that_were_not_named_are_refused(frames):
    with pytest.raises(cj.errors.InvalidInputError, match="labels"):
        curve_of(frames({"y": [0, 1, 2], "p": [0.1, 0.2, 0.3]}))


# Weights


def test_weights_are_summed_in_full(frames):
    y, p = lattice(12, 300)
    rng = np.random.default_rng(0)
    w = np.where(rng.random(300) < 0.2, 0.0, rng.exponential(size=300) * 10.0 ** rng.integers(-9, 9, 300))
    curve = curve_of(frames({"y": y, "p": p, "w": w}), weight="w", thresholds=[0.25, 0.5])
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p, w))
    assert_exact(curve, [0.25, 0.5], y == 1, p, w)


def test_whole_numbers_as_weights(frames):
    y, p = lattice(13)
    w = np.arange(60) % 4
    curve = curve_of(frames({"y": y, "p": p, "w": w}), weight="w", thresholds=[0.5])
    assert_exact(curve, [0.5], y == 1, p, w.astype(float))


# Groups


@each_engine("kind", ["text", "ints"])
def test_groups_apart_in_one_pass(frames, kind):
    y, p = lattice(14, 120)
    g = np.arange(120) % 3 if kind == "ints" else np.array(["a", "b c", "ü.1"])[np.arange(120) % 3]
    curves = curve_of(frames({"y": y, "p": p, "g": g.tolist()}), by="g", thresholds=[0.5])
    assert list(curves) == sorted(set(g.tolist()))
    for name, curve in curves.items():
        mine = g == name
        assert_same_sums(curve.tally, tallied(curve.tally, y[mine] == 1, p[mine]))
        assert_exact(curve, [0.5], y[mine] == 1, p[mine])


def test_rows_without_a_group_are_set_aside(frames):
    y, p = lattice(15, 20)
    with pytest.warns(cj.ConjacWarning, match="1 by missing"):
        curves = curve_of(frames({"y": [*y, 1], "p": [*p, 0.5], "g": [*"ab" * 5, *"ba" * 5, None]}), by="g")
    assert sum(curve.tally.rows.sum() for curve in curves.values()) == 20


@each_engine("kind", ["text", "ints"])
def test_rows_that_move_together(frames, kind):
    """A block is a hash of its group's key, on every engine that of rows in memory."""
    y, p = lattice(16, 200)
    key = np.random.default_rng(0).integers(0, 30, 200)
    groups = key if kind == "ints" else np.array([f"patient {k}" for k in key])
    curve = curve_of(frames({"y": y, "p": p, "g": groups.tolist()}), groups="g", thresholds=[0.5])
    rows = check_predictions(y, p, groups=groups)
    assert curve.tally.clustered
    assert_same_sums(curve.tally, tallied(curve.tally, y == 1, p, block=rows.block))
