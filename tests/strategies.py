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
# A label a class, of which the first K are taken: each set in its own dtype, in sorted order.
CLASSES = {
    "ints": np.arange(5),
    "sparse": np.array([2, 3, 50, 4000, 10**9]),
    "negative": np.array([-70, -7, -1, 0, 3]),
    "strings": np.array(["ant", "bee", "cat", "dog", "elk"]),
    "floats": np.array([-2.5, -0.5, 0.0, 0.25, 9.0]),
    "objects": np.array(["a", "b", "c", "d", "e"], dtype=object),
    "bools": np.array([False, True]),
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


@dataclass(frozen=True)
class ClassRows:
    """Labels and a score a class as a user passes them; ``labels`` is the order of the columns."""

    true: Any
    y_score: Any
    sample_weight: Any
    labels: Any
    kind: str

    @property
    def y_true(self):
        return self.labels[self.true]

    @property
    def options(self):
        """What to pass beside labels and scores: scores on the lattice may lie in [0, 1] and yet be raw."""
        options = {"labels": self.labels.tolist(), "sample_weight": self.sample_weight}
        return options if self.kind == "probability" else {"coordinate": "score", **options}

    def __len__(self):
        return len(self.true)


@st.composite
def class_rows(draw, *, kind=None, dtypes=None, min_size=1, max_size=30, n_classes=(2, 5), weighted=None):
    """Draw rows of several classes on a coarse lattice, so that ties are common; a class may have no row.

    Parameters
    ----------
    kind : {"probability", "score"}, optional
        Either by default. Probabilities are sixteenths, which every dtype holds; they sum to 1.
    dtypes : sequence of dtype, optional
        Of raw scores; integers as well by default.
    weighted : bool, optional
        Whether there are weights; either by default.
    """
    size, n = draw(st.integers(*n_classes)), draw(st.integers(min_size, max_size))
    kind = kind or draw(st.sampled_from(["probability", "score"]))
    if kind == "probability":
        cuts = np.sort(draw(arrays(np.intp, (n, size - 1), elements=st.integers(0, 16))), axis=1)
        sixteenths = np.diff(np.hstack([np.zeros((n, 1)), cuts, np.full((n, 1), 16)]), axis=1)
        score = (sixteenths / 16).astype(draw(st.sampled_from(FLOATS)))
    else:
        dtype = draw(st.sampled_from(dtypes or FLOATS + INTEGERS))
        score = draw(arrays(dtype, (n, size), elements=score_elements("score", dtype)))
    names = CLASSES[draw(st.sampled_from([name for name, labels in CLASSES.items() if len(labels) >= size]))][:size]
    weight = None
    if draw(st.booleans()) if weighted is None else weighted:
        weight = draw(arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0]) | st.floats(0.01, 10)))
        weight[0] = max(weight[0], 0.5)
    true = draw(arrays(np.intp, n, elements=st.integers(0, size - 1)))
    order = np.array(draw(st.permutations(range(size))))
    return ClassRows(true, score, weight, names[order], kind)


def eighths(size):
    """Return a strategy for offsets that float64 adds exactly."""
    return arrays(np.float64, size, elements=st.integers(-24, 24).map(lambda x: x / 8))


def sizes_of_parts(n, at_most=5):
    """Return a strategy for the number of each row's part."""
    return arrays(np.intp, n, elements=st.integers(0, at_most - 1))
