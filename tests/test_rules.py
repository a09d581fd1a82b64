"""Rules compare as NumPy does."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from strategies import FLOATS, INTEGERS, eighths, rows, thresholds

from conjac.rules import ArgmaxRule, ThresholdRule, first_true, in_dtype_of


@pytest.mark.parametrize("kind", ["probability", "score"])
@given(data=st.data())
def test_positive_where_the_score_is_at_or_above(kind, data):
    score = data.draw(rows(kind=kind, dtypes=FLOATS + INTEGERS)).y_score
    t = data.draw(thresholds(score))
    predicted = ThresholdRule(t).predict(score)
    np.testing.assert_array_equal(predicted, score >= t)
    assert predicted.dtype == bool


@pytest.mark.parametrize("dtype", FLOATS)
def test_thresholds_take_the_dtype_of_the_scores(dtype):
    score = np.array([0.1, 0.3, 0.7], dtype)
    assert in_dtype_of(score, 0.1).dtype == dtype
    assert ThresholdRule(0.1).predict(score).tolist() == [True, True, True]
    assert ThresholdRule(0.7).predict(score).tolist() == [False, False, True]


def test_integers_are_compared_in_float64():
    score = np.array([-1, 0, 1, 2], dtype=np.int8)
    assert ThresholdRule(0.5).predict(score).tolist() == [False, False, True, True]
    assert ThresholdRule(300.0).predict(score).tolist() == [False] * 4
    assert ThresholdRule(-300.0).predict(score).tolist() == [True] * 4


@pytest.mark.parametrize("t", [1e30, -1e30, np.inf, -np.inf])
def test_thresholds_past_the_range_of_the_dtype(t):
    for dtype in FLOATS:
        assert ThresholdRule(t).predict(np.array([0.0, 1.0], dtype)).tolist() == [t < 0] * 2


@given(data=st.data())
def test_the_first_of_the_highest_is_predicted(data):
    n, size = data.draw(st.integers(1, 9)), data.draw(st.sampled_from([2, 3, 7]))
    score = data.draw(arrays(np.float64, (n, size), elements=st.integers(-8, 8).map(lambda x: x / 8)))
    offsets = data.draw(eighths(size))
    np.testing.assert_array_equal(ArgmaxRule(offsets, "score").predict(score), (score + offsets).argmax(axis=1))


@pytest.mark.parametrize("size", [1, 2, 255, 256, 300])
def test_the_first_true_of_many(size):
    columns = np.tri(size, dtype=bool)  # column k is True from place k on
    np.testing.assert_array_equal(first_true(columns), np.arange(size))
