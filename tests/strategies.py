"""Hypothesis strategies that several test files draw from: rows of a binary classifier, and thresholds."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

# Negative label, positive label: each pair in its own dtype.
LABELS = {
    "ints": np.array([0, 1]),
    "signed": np.array([-1, 1]),
    "negative": np.array([-7, -2]),
    "strings": np.array(["ham", "spam"]),
    "bools": np.array([False, True]),
    "floats": np.array([-0.5, 2.25]),
    "objects": np.array(["cat", "dog"], dtype=object),
}
FLOATS = (np.float16, np.float32, np.float64)
INTEGERS = (np.int8, np.uint8, np.int64)


@dataclass(frozen=True)
class Rows:
    """Labels and scores as a user passes them; ``labels`` is (negative, positive)."""

    y_true: Any
    y_score: Any
    sample_weight: Any
    labels: Any

    @property
    def positive(self):
        return self.y_true == self.labels[1]

    def take(self, index):
        weight = None if self.sample_weight is None else self.sample_weight[index]
        return Rows(self.y_true[index], self.y_score[index], weight, self.labels)

    def __len__(self):
        return len(self.y_true)


def score_elements(kind, dtype):
    """Return a strategy for one score: often on a coarse lattice, so that ties are common."""
    if np.dtype(dtype).kind in "iu":
        return st.integers(0, 1) if kind == "probability" else st.integers(0 if np.dtype(dtype).kind == "u" else -9, 9)
    if kind == "probability":
        return st.sampled_from([0.0, 0.125, 0.25, 0.5, 0.75, 1.0]) | st.floats(0.001, 0.999).map(dtype)
    return st.integers(-4, 4).map(float) | st.floats(-64, 64).map(lambda x: dtype(round(x, 3)))


@st.composite
def rows(draw, *, kind="probability", dtypes=FLOATS, min_size=2, max_size=40, labels=None, weighted=None):
    """Draw rows with at least one of each class, of weight above 0.

    Parameters
    ----------
    kind : {"probability", "score"}
        Whether all scores lie in [0, 1].
    dtypes : sequence of dtype
        Of the scores.
    labels : str, optional
        A key of `LABELS`; any of them by default.
    weighted : bool, optional
        Whether there are weights, zeros among them; either by default.
    """
    n = draw(st.integers(min_size, max_size))
    dtype = draw(st.sampled_from(dtypes))
    score = draw(arrays(dtype, n, elements=score_elements(kind, dtype)))
    positive = draw(arrays(bool, n))
    positive[0], positive[1] = False, True
    names = LABELS[labels or draw(st.sampled_from(sorted(LABELS)))]
    weight = None
    if draw(st.booleans()) if weighted is None else weighted:
        weight = draw(arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0]) | st.floats(0.01, 10)))
        weight[:2] = np.maximum(weight[:2], 0.5)
    return Rows(names[positive.astype(int)], score, weight, names)


@st.composite
def thresholds(draw, score):
    """Draw a threshold at a score, one step of its dtype beside it, at an end of the domain or anywhere."""
    at = np.asarray(draw(st.sampled_from(list(score))))
    if at.dtype.kind == "f":
        beside = draw(st.sampled_from([-np.inf, None, np.inf]))
        at = at if beside is None else np.nextafter(at, at.dtype.type(beside))
        at = np.copysign(np.maximum(np.abs(float(at)), 1e-60), at) if at != 0 else at  # (1 / t)^2 stays finite
    anywhere = st.sampled_from([-0.5, 0.0, 0.5, 1.0, 1.5]) | st.floats(-2, 2, width=16)
    return draw(st.just(float(at)) | anywhere)


def sizes_of_parts(n, at_most=5):
    """Return a strategy for the number of each row's part."""
    return arrays(np.intp, n, elements=st.integers(0, at_most - 1))
