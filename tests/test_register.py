"""A library of classifiers comes in by the door that the built-in ones use."""

import numpy as np
import pytest

import conjac as cj
from conjac.models import Adapter, Model, contract, register


class Slope:
    """A classifier of a library that nobody knows."""

    def __init__(self, weights):
        self.weights = np.asarray(weights, dtype=float)


class Slopes:
    """That library's adapter."""

    def owns(self, estimator):
        return isinstance(estimator, Slope)

    def bind(self, estimator, output):
        assert output == "auto"
        return Model(
            scores=lambda X: X @ estimator.weights,
            classes=("no", "yes"),
            response="slope",
            pull=lambda X, cotangent: np.broadcast_to(cotangent * estimator.weights, X.shape),
            derivative="its weights",
        )


@pytest.fixture
def registered(monkeypatch):
    monkeypatch.setattr(contract, "_REGISTERED", list(contract._REGISTERED))
    adapter: Adapter = Slopes()
    register(adapter)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 3000)
    return rng.normal(size=(3000, 2)) + np.outer(y, [1.0, 0.2]), np.array(["no", "yes"])[y]


@pytest.mark.usefixtures("registered")
def test_a_registered_library_s_models_go_wherever_models_go(rows):
    X, y = rows
    model = Slope([2.0, -1.0])
    J = cj.ConfusionJacobian.from_estimator(model, X, y, wrt="features")
    assert J.labels == ("no", "yes")
    assert J.method == "tangent"
    assert J.diagnostics["derivative"].startswith("its weights, checked on")
    by_threshold = cj.confusion_jacobian(y, X @ model.weights, coordinate="score")
    np.testing.assert_allclose(J.jacobian[..., 0], -2 * X[:, 0].std() * by_threshold.jacobian, rtol=1e-9)
    assert cj.rank_drifts(model, X, y).order == ("x0", "x1")
    np.testing.assert_array_equal(cj.score_jacobian(model, X)[7], [[0, 0], [2, -1]])


def test_what_no_library_owns_is_refused(rows):
    X, y = rows
    with pytest.raises(cj.InvalidInputError, match="Slope has no predict_proba"):
        cj.rank_drifts(Slope([1.0, 1.0]), X, y)
