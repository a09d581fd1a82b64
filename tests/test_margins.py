"""Between probabilities and what margins are made of."""

import numpy as np
import pytest
from scipy.special import expit, softmax

from conjac.models.margins import from_margins, to_margins


def probabilities(u):
    """Return probabilities of log-odds, or of logarithms up to a common term."""
    return np.hstack([expit(-u), expit(u)]) if u.shape[1] == 1 else softmax(u, axis=1)


@pytest.mark.parametrize("n_outputs", [1, 3, 5])
def test_cotangents_of_probabilities(n_outputs):
    rng = np.random.default_rng(0)
    u = rng.normal(size=(20, n_outputs))
    p = probabilities(u)
    cotangent = rng.normal(size=p.shape)
    step = 2.0**-17 * np.eye(n_outputs)
    expected = np.column_stack(
        [((probabilities(u + by) - probabilities(u - by)) * cotangent).sum(axis=1) * 2.0**16 for by in step]
    )
    np.testing.assert_allclose(to_margins(p, cotangent), expected, atol=1e-9)
    np.testing.assert_allclose(to_margins(p, cotangent[:1])[0], expected[0], atol=1e-9)


@pytest.mark.parametrize("n_outputs", [1, 4])
def test_there_and_back(n_outputs):
    rng = np.random.default_rng(0)
    p = probabilities(rng.normal(size=(20, n_outputs)))
    cotangent = rng.normal(size=(20, n_outputs))
    cotangent -= cotangent.mean(axis=1, keepdims=True) if n_outputs > 1 else 0
    np.testing.assert_allclose(to_margins(p, from_margins(p, cotangent)), cotangent, atol=1e-9)


def test_a_probability_of_zero_has_no_slope():
    p = np.array([[0.0, 1.0], [0.5, 0.5]])
    assert from_margins(p, np.ones((1, 1))).tolist() == [[0, 0], [0, 4]]
