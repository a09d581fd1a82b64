"""Frames: any engine, order and partition of the rows gives one tally, exact where it says so and bounded elsewhere."""

import functools

import numpy as np
import pytest
from engines import ENGINES, Frames
from framed import assert_same_sums, curve_of, tallied
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import matrices
from strategies import rows, sizes_of_parts, thresholds

import conjac as cj

pytestmark = pytest.mark.filterwarnings("ignore::conjac.ConjacWarning")
DTYPES = (np.float32, np.float64, np.int64)
KINDS = pytest.mark.parametrize("kind", ["probability", "score"])
QUICK = [name for name, engine in ENGINES.items() if not engine.slow]


def frame_of(frames, r, order=slice(None)):
    columns = {"y": r.y_true[order].tolist(), "p": r.y_score[order]}
    return frames(columns if r.sample_weight is None else {**columns, "w": r.sample_weight[order]})


def read(frame, r, **options):
    weight = None if r.sample_weight is None else "w"
    return curve_of(frame, weight=weight, labels=r.labels.tolist(), **options)


@KINDS
def test_a_value_agrees_with_the_rows_within_its_bound(frames, kind):
    @settings(max_examples=3 if frames.engine.slow else 15)
    @given(data=st.data())
    def holds(data):
        r = data.draw(rows(kind=kind, dtypes=DTYPES))
        order = np.array(data.draw(st.permutations(range(len(r)))))
        named = data.draw(st.lists(thresholds(r.y_score), max_size=3))
        t = np.array(data.draw(st.lists(thresholds(r.y_score), min_size=1, max_size=6)) + named)
        curve = read(frame_of(frames, r, order), r, coordinate=kind, thresholds=named or None)
        score = r.y_score if frames.keeps("float32") else r.y_score.astype(np.float64)
        expected = matrices(r.positive, score, t, r.sample_weight)
        slack = 1e-12 * expected[0].sum()
        assert (np.abs(curve.matrix_at(t) - expected).max(axis=-1) <= curve.bound_at(t) * (1 + 1e-12) + slack).all()
        at_named = np.isin(t, named)
        np.testing.assert_allclose(curve.matrix_at(t[at_named], exact=True), expected[at_named], rtol=1e-12, atol=slack)
        assert_same_sums(curve.tally, tallied(curve.tally, r.positive, score, r.sample_weight))

    holds()


@KINDS
@given(data=st.data())
@settings(max_examples=30)
def test_parts_read_by_different_engines_merge_to_the_whole(tmp_path_factory, kind, data):
    r = data.draw(rows(kind=kind, dtypes=(np.float64,), min_size=4))
    names = data.draw(st.lists(st.sampled_from(QUICK), min_size=2, max_size=4))
    part = data.draw(sizes_of_parts(len(r), len(names)))
    counted = np.ones(len(r), dtype=bool) if r.sample_weight is None else r.sample_weight > 0
    whole = np.array([len(set(r.positive[(part == i) & counted])) == 2 for i in range(len(names))])
    part = np.where(whole[part], part, whole.argmax())  # a curve needs both classes
    curves = []
    for i, name in enumerate(names):
        mine = np.flatnonzero(part == i)
        if len(mine):
            frames = Frames(ENGINES[name], None, tmp_path_factory.mktemp("part"))
            curves.append(read(frame_of(frames, r.take(mine)), r, coordinate=kind))
    merged = functools.reduce(cj.ConfusionCurve.merge, curves)
    assert_same_sums(merged.tally, tallied(merged.tally, r.positive, r.y_score, r.sample_weight))
