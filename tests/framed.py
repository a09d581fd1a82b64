"""What a frame's curve is compared with: rows in memory, counted one by one."""

import numpy as np
from oracles import matrices

import conjac as cj


def curve_of(frame, **options):
    return cj.ConfusionCurve.from_frame(frame, label="y", score="p", **options)


def assert_exact(curve, t, positive, score, weight=None):
    """Check the counts of a curve at thresholds where it must know them."""
    found, expected = curve.matrix_at(t, exact=True), matrices(positive, score, t, weight)
    if weight is None:
        assert found.dtype.kind == "i"
        np.testing.assert_array_equal(found, expected)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=0)


def assert_same_sums(tally, other):
    """Check that two tallies hold the same rows in the same bins."""
    assert (tally.step, tally.scale, tally.thresholds) == (other.step, other.scale, other.thresholds)
    np.testing.assert_array_equal(tally.keys, other.keys)
    np.testing.assert_array_equal(tally.rows, other.rows)
    for name in ("weight", "weight2"):
        np.testing.assert_allclose(getattr(tally, name), getattr(other, name), rtol=1e-12)
    np.testing.assert_allclose(tally.offset, other.offset, rtol=1e-9, atol=1e-9 * tally.step)


def tallied(like, positive, score, weight=None, block=None):
    """Return the tally of rows in memory, of the form of another."""
    zero = cj.Tally.zero(like.scale, like.step, thresholds=like.thresholds, clustered=like.clustered)
    return zero.add(positive.astype(int), score, weight, block)


def lattice(seed, n=60, of=32):
    """Return labels and probabilities with many ties, all exact in float32."""
    rng = np.random.default_rng(seed)
    return np.arange(n) % 2, rng.integers(1, of, n) / of
