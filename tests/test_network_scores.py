"""The Jacobian of a network's scores in its inputs, beside PyTorch's own."""

import numpy as np
import pytest
from support import needs

import conjac as cj
from conjac import scores
from conjac.errors import InvalidInputError, NotDifferentiableError

torch = needs("torch")
nn = torch.nn


def dense(n_outputs):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, n_outputs)).double()


def conv(n_outputs):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 2), nn.SiLU(), nn.Flatten(), nn.Linear(36, n_outputs)).double()


def rows(*shape):
    return np.random.default_rng(0).normal(size=(20, *shape))


def theirs(module, X, last=lambda found: found):
    """Return what PyTorch gives, array of shape (n_rows, n_outputs, ...)."""
    X = torch.tensor(X)
    each = torch.func.vmap(torch.func.jacrev(lambda row: last(module(row[None])[0])))
    return each(X).detach().numpy()


@pytest.mark.parametrize("n_outputs", [2, 3, 5])
@pytest.mark.parametrize(("make", "shape"), [(dense, (4,)), (conv, (2, 5, 4))])
def test_logits_and_probabilities(make, shape, n_outputs):
    X, module = rows(*shape), make(n_outputs)
    found = cj.score_jacobian(module, X)
    assert found.shape == (20, n_outputs, *shape)
    np.testing.assert_allclose(found, theirs(module, X), rtol=1e-8, atol=1e-12)
    p = cj.score_jacobian(module, X, output="probabilities")
    np.testing.assert_allclose(p, theirs(module, X, lambda z: z.softmax(-1)), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(np.asarray(p).sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize("flat", [False, True])
def test_one_output_is_that_of_the_second_class(flat):
    X, module = rows(2, 5, 4), conv(1)
    own = theirs(module, X)[:, 0]
    asked = nn.Sequential(module, nn.Flatten(0)) if flat else module
    found = np.asarray(cj.score_jacobian(asked, X))
    assert found.shape == (20, 2, 2, 5, 4)
    np.testing.assert_allclose(found, np.stack([0 * own, own], axis=1))
    p = theirs(module, X, lambda z: z.sigmoid())[:, 0]
    np.testing.assert_allclose(cj.score_jacobian(asked, X, output="probabilities"), np.stack([-p, p], axis=1))


def test_a_last_layer_of_probabilities_is_differentiated_as_it_is():
    X, module = rows(4), nn.Sequential(dense(3), nn.Softmax(-1))
    np.testing.assert_allclose(cj.score_jacobian(module, X), theirs(module, X), rtol=1e-8, atol=1e-12)


def test_rows_and_batches_are_parts_of_the_whole(monkeypatch):
    X, module = rows(2, 5, 4), conv(3)
    whole = np.asarray(cj.score_jacobian(module, X))
    monkeypatch.setattr(scores, "AT_ONCE", 7 * 3 * 40)
    found = cj.score_jacobian(module, X)
    assert [len(part) for _, part in found.batches()] == [7, 7, 6]
    np.testing.assert_allclose(np.concatenate([part for _, part in found.batches()]), whole)
    np.testing.assert_allclose(found[[3, 1]], whole[[3, 1]])
    np.testing.assert_allclose(found[5], whole[5])
    assert found[np.zeros(20, bool)].shape == (0, 3, 2, 5, 4)
    assert found.columns[:2] == ("x[0, 0, 0]", "x[0, 0, 1]")
    monkeypatch.setattr(scores, "MOST", 100)
    with pytest.raises(InvalidInputError, match=r"take rows, or batches\(\)"):
        np.asarray(found)


def test_a_function_of_images_is_differentiated_by_differences():
    X = rows(3, 2)
    found = cj.score_jacobian(lambda x: np.stack([np.sin(x[:, 0, 0]), x[:, 1, 1] ** 2, x[:, 2, 0]], axis=1), X)
    expected = np.zeros((20, 3, 3, 2))
    expected[:, 0, 0, 0], expected[:, 1, 1, 1], expected[:, 2, 2, 0] = np.cos(X[:, 0, 0]), 2 * X[:, 1, 1], 1
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_indices_have_no_derivative():
    words = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 3))
    with pytest.raises(NotDifferentiableError, match="indices of an embedding"):
        cj.score_jacobian(words, np.random.default_rng(0).integers(0, 9, (20, 3)))
