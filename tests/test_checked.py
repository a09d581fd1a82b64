"""Whether a model's derivative is believed."""

import numpy as np
import pytest
from support import needs

from conjac.inputs import Inputs
from conjac.models import Model
from conjac.models.checked import checked

RNG = np.random.default_rng(0)
X = RNG.normal([0, 1e3, 5], [1, 10, 1e-3], (16, 3))


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def model(wrong=1.0, **changes):
    weights = np.array([1.0, 0.1, 300.0])
    told = {
        "scores": lambda X: sigmoid(np.asarray(X) @ weights - 101.5 - 1500),
        "pull": lambda _, cotangent: cotangent * weights * [1, wrong, 1],
        "scale": "logit",
        "derivative": "formula",
    }
    return Model(**told | changes)


def test_a_right_derivative_is_kept_and_how_far_it_is_off_is_told():
    found = checked(model(), Inputs.of(X))
    assert found.pull is not None
    assert found.derivative.startswith("formula, checked on 16 rows: at most ")
    assert float(found.derivative.split()[-2]) < 1e-5


@pytest.mark.parametrize("wrong", [0.9, 1.1, -1, 0])
def test_one_wrong_column_is_caught(wrong):
    assert checked(model(wrong), Inputs.of(X)).pull is None


def test_single_precision_is_allowed_for():
    def scores(X):
        z = (X - X.dtype.type(0.5)) @ np.array([1, 2, -1], np.float32)
        return sigmoid(z.astype(np.float32))

    few = Inputs.of(RNG.normal(size=(16, 3)).astype(np.float32))
    for factor in (1, 1.02):
        pull = lambda _, cotangent, by=factor: cotangent * by * np.array([1.0, 2, -1])  # noqa: E731
        found = checked(Model(scores, pull=pull, scale="logit"), few)
        assert (found.pull is not None) == (factor == 1), found.derivative


def test_a_kink_at_a_few_rows_does_not_condemn():
    at = np.linspace(-1, 1, 16)[:, None]
    at[:2] = 0
    bent = Model(lambda X: np.maximum(X[:, 0], 0) + X[:, 0], pull=lambda X, cotangent: cotangent * (1.0 + (X > 0)))
    found = checked(bent, Inputs.of(at))
    assert found.pull is not None
    assert found.derivative.endswith("but for 2 where scores may bend")


def test_flat_scores_are_not_taken_for_a_check():
    flat = Model(lambda X: np.zeros(len(X)), pull=lambda X, _: np.zeros(X.shape), derivative="formula")
    found = checked(flat, Inputs.of(X))
    assert found.pull is not None
    assert (
        found.derivative == "formula, not checked: the scores move by no more than their rounding on the rows looked at"
    )


def test_a_model_that_refuses_rows_is_not_checked():
    def scores(X):
        if X.min() < 0:
            raise ValueError("negative")
        return X[:, 0]

    counts = Model(scores, pull=lambda X, _: np.ones(X.shape), derivative="formula")
    found = checked(counts, Inputs.of(np.array([[0.0], [1.0]])))
    assert found.pull is not None
    assert "not checked: the model refuses rows beside those given (negative)" in found.derivative


def test_codes_and_categories_are_not_moved():
    pandas = needs("pandas")
    frame = pandas.DataFrame({"x": [0.5, 1.5, 2.5, np.nan], "code": [1, 2, 3, 1], "name": list("abca")})

    def scores(frame):
        assert set(frame["code"]) <= {1, 2, 3}
        return frame["x"].fillna(0).to_numpy() * 2 + frame["code"].to_numpy()

    def pull(frame, cotangent):
        return cotangent * np.array([[2.0, 0, 0]]) * frame["x"].notna().to_numpy()[:, None]

    found = checked(Model(scores, pull=pull), Inputs.of(frame))
    assert found.pull is not None
    assert "checked on 3 rows" in found.derivative


def test_nothing_to_check():
    none = Model(lambda X: X[:, 0], derivative="none known for f")
    assert checked(none, Inputs.of(X)) is none
