"""Metrics at other shares of the classes: those of the reweighted matrix, with their gradient."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from conjac.calculus.analytic import complex_step
from conjac.metrics import resolve
from conjac.metrics.cells import figure
from conjac.metrics.reweighted import reweighted

NAMES = {
    2: ("accuracy", "precision", "recall", "f1", "matthews_corrcoef", "prevalence", "fp", "tp"),
    3: ("accuracy", "f1_macro", "precision[b]", "f1_weighted", "cohen_kappa", "cell[a, b]"),
}


def problems(zeros=True):
    """Return cells, shares and the name of a metric, of two classes or three."""

    def of(n):
        counts = st.integers(0 if zeros else 1, 200)
        cells = arrays(np.float64, (n, n), elements=counts).filter(lambda cells: cells.sum(axis=1).all())
        shares = arrays(np.float64, n, elements=st.floats(0.01, 1)).map(lambda shares: shares / shares.sum())
        return st.tuples(cells, shares, st.sampled_from(NAMES[n]))

    return st.sampled_from([2, 3]).flatmap(of)


def row_of(name, cells):
    labels = ["a", "b", "c"][: len(cells)]
    return figure(name, labels, len(labels))


def by_hand(cells, shares):
    """Return the matrix of as many rows, of which the classes have other shares."""
    return cells.sum() * shares[:, None] * cells / cells.sum(axis=1, keepdims=True)


@given(problems())
def test_the_value_is_that_of_the_reweighted_matrix(problem):
    cells, shares, name = problem
    row = row_of(name, cells)
    assert reweighted(row, shares).value(cells) == pytest.approx(
        row.value(by_hand(cells, shares)), rel=1e-9, abs=1e-12, nan_ok=True
    )


@given(problems(zeros=False))
def test_the_gradient_is_that_of_the_value(problem):
    cells, shares, name = problem
    row = reweighted(row_of(name, cells), shares)
    told = complex_step(lambda flat: row.value(flat.reshape(-1, *cells.shape)), cells.ravel()).reshape(cells.shape)
    assert row.gradient(cells) == pytest.approx(told, rel=1e-9, abs=1e-12)


@given(problems(zeros=False))
def test_the_gradient_can_be_differentiated_again(problem):
    cells, shares, name = problem
    row = reweighted(row_of(name, cells), shares)
    flat = cells.ravel()
    bent = complex_step(lambda x: row.gradient(x.reshape(cells.shape)).ravel(), flat)
    steps = [
        (1 + 1e-4 * (2 * np.arange(flat.size) % 3 - 1)) * flat,
        (1 - 1e-4 * (2 * np.arange(flat.size) % 3 - 1)) * flat,
    ]
    up, down = (row.gradient(step.reshape(cells.shape)).ravel() for step in steps)
    change = bent @ (steps[0] - steps[1])
    assert up - down == pytest.approx(change, rel=1e-3, abs=1e-3 * np.abs(change).max() + 1e-12)


@given(problems(zeros=False))
def test_rows_thrown_away_within_a_class_change_nothing(problem):
    cells, shares, name = problem
    row, fewer = row_of(name, cells), cells.copy()
    fewer[0] /= 4
    scale = fewer.sum() / cells.sum() if name in ("fp", "tp", "cell[a, b]") else 1
    told = reweighted(row, shares)
    assert told.value(fewer) == pytest.approx(scale * told.value(cells), rel=1e-9, abs=1e-12)


def test_a_class_without_rows_has_no_part():
    cells, shares = np.array([[8.0, 1, 1], [2, 7, 1], [0, 0, 0]]), np.array([0.25, 0.75, 0])
    row = reweighted(resolve("accuracy", ["a", "b", "c"]), shares)
    assert row.value(cells) == pytest.approx(0.25 * 0.8 + 0.75 * 0.7)
    assert row.gradient(cells)[2] == pytest.approx(0, abs=1e-15)


def test_a_class_that_is_never_predicted_leaves_slopes_to_others():
    cells, moved = np.array([[8.0, 2, 0], [2, 8, 0], [3, 2, 0]]), np.array([[1.0, -1, 0], [1, -1, 0], [1, -1, 0]])
    row = resolve("precision_macro", ["a", "b", "c"])
    own = cells.sum(axis=1) / cells.sum()
    assert reweighted(row, own).slope(cells, moved) == pytest.approx(row.slope(cells, moved))
    assert np.isfinite(row.slope(cells, moved))
