"""A model's derivative beside central differences of what its margins are made of."""

import re

import numpy as np

from conjac.inputs import Inputs
from conjac.models.contract import adapter_of

STEP = 2.0**-17


def bound(estimator, output="auto"):
    """Return an estimator as a Model."""
    return adapter_of(estimator).bind(estimator, output)


def margins(model, X):
    """Return log-odds or logarithms of probabilities, or scores; array of shape (n_rows, n_outputs)."""
    scores = np.asarray(model.scores(X), dtype=np.float64)
    if model.scale == "score":
        return scores.reshape(len(scores), -1)
    with np.errstate(divide="ignore"):
        logs = np.log(scores)
    return logs[:, 1:] - logs[:, :1] if scores.shape[1] == 2 else logs


def cotangents(model, X, seed=0):
    """Draw a cotangent a row, that sums to 0 over several classes."""
    drawn = np.random.default_rng(seed).normal(size=margins(model, X).shape)
    return drawn if drawn.shape[1] == 1 else drawn - drawn.mean(axis=1, keepdims=True)


def differences(model, X, cotangent, places=None):
    """Return what ``model.pull`` is to return, by central differences over some columns."""
    inputs = Inputs.of(X)
    found = np.zeros((inputs.n_rows, len(inputs.names)))
    for place in range(len(inputs.names)) if places is None else places:
        up, down = (margins(model, inputs.moved(place, side * STEP)) for side in (1, -1))
        with np.errstate(invalid="ignore"):  # probabilities of 0 have no logarithm
            found[:, place] = ((up - down) * cotangent).sum(axis=1) / (2 * STEP)
    return found


def assert_pulls(model, X, places=None, tol=1e-5):
    """Check the derivative on the rows whose probabilities are not lost to rounding."""
    assert model.pull is not None, model.derivative
    cotangent = cotangents(model, X)
    found = model.pull(X, cotangent)
    assert found.shape == (X.shape[0], X.shape[1])
    expected = differences(model, X, cotangent, places)
    told = np.ones(len(found), bool)
    if model.scale == "logit":
        told = np.asarray(model.scores(X)).min(axis=1) > 1e-6
    assert told.mean() > 0.5
    np.testing.assert_allclose(found[told], expected[told], rtol=tol, atol=tol * max(1, np.abs(expected[told]).max()))


def told(one):
    """Name a parameter of a test: the same in every process, so without addresses."""
    return re.sub(r" at 0x\w+|\s", "", str(one))
