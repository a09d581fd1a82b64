"""Several classes from frames: on every engine the same integers as from rows in memory."""

import numpy as np
import pandas as pd
import pytest
from oracles import NormalScores
from sklearn.metrics import confusion_matrix

import conjac as cj
from conjac.bundles import Bundles
from conjac.engines.frames import bundle_frame
from conjac.rules import ArgmaxRule
from conjac.validation.arguments import check_groups

pytestmark = pytest.mark.filterwarnings("ignore:fewer than:conjac.ConjacWarning")
NAMES = np.array(["ant", "bee", "cat"])
SCORES = ["a", "b", "c"]
INF, NAN = float("inf"), float("nan")


def rows_of(n=400, seed=0, dtype=np.float64):
    """Return rows of probabilities, ties and zeros among them, with weights, clusters and groups."""
    rng = np.random.default_rng(seed)
    y, score = NormalScores.of(3).draw(rng, n)
    score[rng.random(n) < 0.1, 0] = -np.inf
    tied = rng.random(n) < 0.1
    score[tied, 1] = score[tied, 2]
    p = np.exp(score - score.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return y, p.astype(dtype), rng.exponential(size=n), rng.integers(0, 40, n), rng.integers(0, 2, n)


def columns_of(y, score, **more):
    return {"y": NAMES[y], **dict(zip(SCORES, score.T, strict=True)), **more}


def in_memory(y, score, offsets, weight=None, groups=None, scale="logit", reach=4.0):
    clusters = () if groups is None else check_groups(groups, len(y))
    empty = Bundles.zero(tuple(NAMES.tolist()), ArgmaxRule(offsets, scale), reach=reach, clustered=groups is not None)
    return empty.add(y, score, weight, *clusters)


def assert_same_bundles(found, expected):
    np.testing.assert_array_equal(found.keys, expected.keys)
    np.testing.assert_array_equal(found.rows, expected.rows)
    for name in ("weight", "weight2", "gap", "square"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-11, atol=1e-13)
    assert (found.labels, found.reach, found.n_clusters) == (expected.labels, expected.reach, expected.n_clusters)


# --- on every engine


def test_every_engine_finds_the_bundles_of_rows_in_memory(frames):
    y, p, weight, groups, by = rows_of(dtype=np.float32 if frames.keeps("float32") else np.float64)
    frame, offsets = frames(columns_of(y, p, w=weight, g=groups, by=by)), np.array([0.0, 0.25, -0.125])
    options = {"weight": "w", "groups": "g", "by": "by"}
    told = bundle_frame(frame, label="y", score=SCORES, offsets=offsets, **options)
    assert sorted(told.bundles) == [0, 1]
    for name, found in told.bundles.items():
        mine = by == name
        assert_same_bundles(found, in_memory(y[mine], p[mine], offsets, weight[mine], groups[mine]))
        assert told.notes[name]["exact_zeros"] == (p[mine] == 0).any(axis=1).sum()


def test_every_engine_compares_equal_offsets_by_the_scores_themselves(frames):
    y, p, *_ = rows_of(seed=1)
    p[:3] = [[2.0**-60, 2.0**-50, 0], [0, 0, 2.0**-70], [0, 0, 0]]  # below the floor of the logarithm
    p[3:60] = np.linspace(0.1, 0.9, 57)[:, None] * [[0.25, 1.0, 0.5]]  # at the midpoint, but for rounding
    found = bundle_frame(frames(columns_of(y, p)), label="y", score=SCORES, coordinate="logit").bundles[None]
    assert_same_bundles(found, in_memory(y, p, np.zeros(3)))
    J = cj.ConfusionJacobian.from_bundles(found)
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, p.argmax(axis=1)))


def test_every_engine_counts_faulty_rows_by_reason(frames):
    y, p, weight, *_ = rows_of(60, seed=2)
    extra = pd.DataFrame({"y": ["ant", None, "dog", "bee", "cat"], "a": [NAN, 0.5, 0.5, INF, 0.5], "b": 0.25, "c": 0.25,
                          "w": [1.0, 1.0, 1.0, 1.0, -1.0]})  # fmt: skip
    table = pd.concat([pd.DataFrame(columns_of(y, p, w=weight)), extra])
    columns = {name: [None if one is None else one for one in table[name].tolist()] for name in table}
    columns["y"] = [one if isinstance(one, str) else None for one in columns["y"]]
    with pytest.warns(cj.ConjacWarning, match="5 of 65 rows are faulty") as warned:
        told = bundle_frame(frames(columns), label="y", score=SCORES, weight="w", labels=NAMES, coordinate="logit")
    assert len([one for one in warned if one.category is cj.ConjacWarning]) == 1
    reasons = told.notes[None]["set_aside"]
    assert sum(reasons.values()) == 5
    assert reasons["label missing"] == reasons["label not among labels"] == reasons["weight negative"] == 1
    assert reasons["score 'a' infinite"] == reasons["score 'a' missing"] == 1
    assert_same_bundles(told.bundles[None], in_memory(y, p, np.zeros(3), weight))


# --- how they are read, and what comes of them


def framed(y, score, **more):
    return pd.DataFrame(columns_of(y, score, **more))


def test_raw_scores_have_a_reach_of_their_own_unit():
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 3000)
    for unit in (1.0, 1024.0, 2.0**-30):
        told = bundle_frame(framed(y, unit * score), label="y", score=SCORES, coordinate="score")
        found = told.bundles[None]
        assert_same_bundles(found, in_memory(y, unit * score, np.zeros(3), scale="score", reach=found.reach))
        top = np.sort(unit * score, axis=1)
        spread = np.sqrt(np.mean((top[:, 2] - top[:, 1]) ** 2))
        assert 2 * spread <= found.reach < 4 * spread


@pytest.mark.parametrize("how", [None, "true", "pred", "all"])
@pytest.mark.parametrize("scale", ["logit", "score"])
def test_from_frame_is_as_from_predictions(scale, how):
    y, score = NormalScores.of(3).draw(np.random.default_rng(0), 12_000)
    offsets = [0.0, 0.25, -0.25]
    if scale == "logit":
        score = np.exp(score)
        score /= score.sum(axis=1, keepdims=True)
    J = cj.ConfusionJacobian.from_frame(framed(y, score), label="y", score=SCORES, offsets=offsets, normalize=how)
    rows = cj.confusion_jacobian(NAMES[y], score, offsets=offsets, normalize=how)
    assert (J.labels, J.parameters, J.units, J.method) == (rows.labels, rows.parameters, rows.units, rows.method)
    assert J.coordinate == scale
    np.testing.assert_array_equal(J.matrix, rows.matrix)
    np.testing.assert_array_equal(J.offsets, rows.offsets)
    np.testing.assert_allclose(J.jacobian, rows.jacobian, atol=0.1 * rows.stderr.max())
    np.testing.assert_allclose(J.stderr, rows.stderr, rtol=0.05)
    told, expected = J.of("f1_macro"), rows.of("f1_macro")
    assert told.value == pytest.approx(expected.value, rel=1e-12)
    np.testing.assert_allclose(told.gradient, expected.gradient, atol=0.1 * expected.stderr.max())
    assert J.diagnostics["coordinate"] == f"{scale}, by default"
    assert J.diagnostics["n_read"] == J.diagnostics["n_samples"] == 12_000
    assert "bundles of rows" in J.diagnostics["from_sums"]


def test_each_group_has_its_own_result():
    y, p, weight, groups, by = rows_of(4000)
    found = cj.ConfusionJacobian.from_frame(
        framed(y, p, w=weight, g=groups, by=by), label="y", score=SCORES, weight="w", groups="g", by="by"
    )
    assert list(found) == [0, 1]
    for name, J in found.items():
        mine = by == name
        alone = cj.ConfusionJacobian.from_frame(
            framed(y[mine], p[mine], w=weight[mine], g=groups[mine]), label="y", score=SCORES, weight="w", groups="g"
        )
        np.testing.assert_allclose(J.matrix, alone.matrix, rtol=1e-12)
        np.testing.assert_allclose(J.jacobian, alone.jacobian, rtol=1e-9)
        np.testing.assert_allclose(J.stderr, alone.stderr, rtol=1e-9)
        assert J.diagnostics["n_clusters"] == len(np.unique(groups[mine]))


def test_groups_without_a_class_are_told():
    y, p, *_, by = rows_of(4000)
    y = np.where(by == 1, 2, y)
    with pytest.warns(
        cj.ConjacWarning, match="by=1: no row is 'ant', 'bee'; figures of such rows are nan or 0"
    ) as said:
        found = cj.ConfusionJacobian.from_frame(framed(y, p, by=by), label="y", score=SCORES, by="by")
    assert said[0].filename == __file__
    assert "absent" not in found[0].diagnostics
    assert found[1].diagnostics["absent"] == ["ant", "bee"]


def test_two_columns_and_offsets_are_two_classes_whose_offsets_move():
    y, p, *_ = rows_of(4000)
    y, p = y[y < 2], p[y < 2, :2] + 0.01
    p /= p.sum(axis=1, keepdims=True)
    frame = pd.DataFrame({"y": y, "a": p[:, 0], "b": p[:, 1]})
    J = cj.ConfusionJacobian.from_frame(frame, label="y", score=["a", "b"], offsets=[0.0, 0.1])
    rows = cj.confusion_jacobian(y, p, offsets=[0.0, 0.1])
    np.testing.assert_array_equal(J.matrix, rows.matrix)
    np.testing.assert_allclose(J.jacobian, rows.jacobian, atol=0.1 * rows.stderr.max())


def test_a_class_without_rows_keeps_its_place():
    y, p, *_ = rows_of(300)
    frame = framed(y, p)[y != 1]
    J = cj.ConfusionJacobian.from_frame(frame, label="y", score=SCORES, labels=NAMES)
    assert J.labels == tuple(NAMES)
    assert J.matrix[1].tolist() == [0, 0, 0]
    assert J.diagnostics["absent"] == ("bee",) or list(J.diagnostics["absent"]) == ["bee"]


def test_what_needs_rows_says_so():
    y, p, *_ = rows_of(300)
    J = cj.ConfusionJacobian.from_frame(framed(y, p), label="y", score=SCORES)
    with pytest.raises(cj.NotSupportedError):
        J.contributions("cell[ant, bee]", "offset[ant]")
    with pytest.raises(cj.NotSupportedError):
        J.explore()


@pytest.mark.parametrize(
    ("options", "error", "told"),
    [
        ({"score": ["a", "b", "d"]}, cj.InvalidInputError, "'d'"),
        ({"score": ["a", "b"], "offsets": [0, 0]}, cj.InvalidInputError, "2 columns, .* 3 classes"),
        ({"score": "a", "offsets": [0, 0, 0]}, cj.InvalidInputError, "a score column a class"),
        ({"labels": ["ant", "bee"]}, cj.InvalidInputError, "3 columns, and labels names 2 classes"),
        ({"labels": ["ant", "bee", "bee"]}, cj.InvalidInputError, "twice"),
        ({"offsets": [0, 1]}, cj.InvalidInputError, r"shape \(2,\)"),
        ({"offsets": [0, 0, 0, 0.5]}, cj.NotSupportedError, "reject option"),
        ({"offsets": [0, 0, NAN]}, cj.InvalidInputError, r"offsets\[2\]"),
        ({"coordinate": "probability"}, cj.InvalidInputError, "'logit'"),
        ({"threshold": 0.5}, cj.NotSupportedError, "threshold"),
        ({"pos_label": "ant"}, cj.NotSupportedError, "pos_label"),
        ({"normalize": "rows"}, cj.InvalidInputError, "normalize"),
    ],
)
def test_bad_input_is_refused(options, error, told):
    y, p, *_ = rows_of(100)
    with pytest.raises(error, match=told):
        cj.ConfusionJacobian.from_frame(framed(y, p), **{"label": "y", "score": SCORES, **options})


def test_numbers_in_the_unit_interval_that_do_not_sum_to_1_are_no_probabilities():
    y, p, *_ = rows_of(100)
    with pytest.raises(cj.InvalidInputError, match="do not sum to 1"):
        cj.ConfusionJacobian.from_frame(framed(y, p / 2), label="y", score=SCORES)
    J = cj.ConfusionJacobian.from_frame(framed(y, p / 2), label="y", score=SCORES, coordinate="logit")
    np.testing.assert_array_equal(J.matrix, confusion_matrix(y, p.argmax(axis=1)))


def test_faulty_rows_alone_are_told():
    frame = pd.DataFrame({"y": [None, None], "a": [0.1, 0.2], "b": [0.2, 0.2], "c": [0.7, 0.6]})
    with pytest.raises(cj.InvalidInputError, match="all 2 rows are faulty"):
        cj.ConfusionJacobian.from_frame(frame, label="y", score=SCORES)
