"""Every loss of a linear predictor: its derivatives are those of its value, it is convex, and the table is whole."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from oracles import finite_difference
from sklearn import metrics

from conjac.objectives import losses
from conjac.objectives.linear import signs
from conjac.objectives.losses import LOGISTIC, LOSSES, SOFTMAX, SQUARED, SQUARED_HINGE, Loss

some = settings(max_examples=25)
each = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.name)


@st.composite
def rows(draw, loss):
    """Draw predictors and targets of a few rows, away from kinks: of one output, or of three."""
    q = 3 if loss is SOFTMAX else draw(st.sampled_from([1, 3]))
    n = draw(st.integers(1, 4))
    table = np.eye(3) if loss is SOFTMAX else signs(2 if q == 1 else q)
    target = table[draw(arrays(np.intp, n, elements=st.integers(0, len(table) - 1)))]
    tenths = arrays(np.float64, (n, q), elements=st.integers(-60, 60).map(lambda x: x / 10 + 0.05))
    return draw(tenths), target


def along(function, f, k, target):
    """Return the derivative of a function of the predictors by the k-th of them."""
    step = np.eye(f.shape[1])[k]
    return finite_difference(lambda t: function(f + t * step, target), step=1e-4)


def test_the_table_holds_every_loss():
    made = {id(loss) for loss in vars(losses).values() if isinstance(loss, Loss)}
    assert made == {id(loss) for loss in LOSSES}
    assert len({loss.name for loss in LOSSES}) == len(LOSSES)
    parts = {name for name, kind in inspect.get_annotations(Loss).items() if "Derivative" in kind}
    assert parts == {"value", "gradient", "curvature", "coupling"}  # each is held against differences here


@each
@some
@given(data=st.data())
def test_the_gradient_is_the_value_s_derivative(loss, data):
    f, target = data.draw(rows(loss))
    expected = [along(lambda g, t: loss.value(g, t).sum(axis=1), f, k, target) for k in range(f.shape[1])]
    np.testing.assert_allclose(loss.gradient(f, target), np.transpose(expected), rtol=1e-7, atol=1e-7)


@each
@some
@given(data=st.data())
def test_curvature_and_coupling_are_the_gradient_s_derivative(loss, data):
    f, target = data.draw(rows(loss))
    hessian = np.stack([along(loss.gradient, f, k, target) for k in range(f.shape[1])], axis=-1)
    found = loss.curvature(f, target)[:, :, None] * np.eye(f.shape[1])
    if loss.coupling is not None:
        coupling = loss.coupling(f, target)
        found -= coupling[:, :, None] * coupling[:, None, :]
    np.testing.assert_allclose(found, hessian, rtol=1e-7, atol=1e-7)
    assert np.linalg.eigvalsh(found).min() >= -1e-12


@each
@some
@given(data=st.data())
def test_rows_and_outputs_stand_alone(loss, data):
    f, target = data.draw(rows(loss))
    for part in (loss.value, loss.gradient, loss.curvature):
        apart = [part(f[[i]], target[[i]]) for i in range(len(f))]
        np.testing.assert_array_equal(part(f, target), np.concatenate(apart))
        if loss.coupling is None:
            by_output = [part(f[:, [k]], target[:, [k]]) for k in range(f.shape[1])]
            np.testing.assert_array_equal(part(f, target), np.hstack(by_output))


@each
def test_only_what_is_said_to_have_a_kink_has_one(loss):
    f = np.linspace(-3, 3, 601)[:, None] * np.eye(3 if loss is SOFTMAX else 1)[:1]
    target = np.tile(np.eye(3)[:1] if loss is SOFTMAX else [[1.0]], (len(f), 1))
    jumps = np.abs(np.diff(loss.curvature(f, target)[:, 0])).max()
    assert (jumps > 0.5) == loss.kinked


def test_values_are_scikit_learn_s():
    rng = np.random.default_rng(0)
    y, f = rng.integers(0, 3, 50), rng.normal(size=(50, 3))
    p = np.exp(f) / np.exp(f).sum(axis=1, keepdims=True)
    assert SOFTMAX.value(f, np.eye(3)[y]).mean() == pytest.approx(metrics.log_loss(y, p))
    two, one = y % 2, f[:, :1]
    sign = signs(2)[two]
    assert LOGISTIC.value(one, sign).mean() == pytest.approx(metrics.log_loss(two, 1 / (1 + np.exp(-one[:, 0]))))
    assert SQUARED.value(one, sign).mean() == pytest.approx(metrics.mean_squared_error(sign, one))
    hinge = np.maximum(1 - sign * one, 0)
    assert hinge.mean() == pytest.approx(metrics.hinge_loss(two, one[:, 0]))
    np.testing.assert_allclose(SQUARED_HINGE.value(one, sign), hinge**2)


@each
def test_large_predictors_neither_overflow_nor_vanish(loss):
    f = np.array([[-1e4, 1e4, 0.0], [800.0, -800.0, 0.0]]) if loss is SOFTMAX else np.array([[-1e4], [1e4]])
    target = np.eye(3)[[0, 1]] if loss is SOFTMAX else np.array([[1.0], [-1.0]])
    for part in (loss.value, loss.gradient, loss.curvature):
        assert np.isfinite(part(f, target)).all()
    assert (loss.value(f, target) >= 1e3).all()
    assert (np.abs(loss.gradient(f, target)).max(axis=1) >= 1 - 1e-12).all()
