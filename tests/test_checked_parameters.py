"""A model's derivative in its parameters, compared with its scores before it is believed."""

from dataclasses import replace

import numpy as np
import pytest
from support import needs

from conjac.errors import NotDifferentiableError
from conjac.inputs import Inputs
from conjac.models import bind, checked_parameters, oriented, scored

torch = needs("torch")
nn = torch.nn


class Round(nn.Module):
    """Rounds, and passes gradients straight through or not at all."""

    def __init__(self, straight_through):
        super().__init__()
        self.straight_through = straight_through

    def forward(self, x):
        rounded = torch.round(4 * x) / 4
        return x + (rounded - x).detach() if self.straight_through else rounded


class Detached(nn.Module):
    def forward(self, x):
        return x.detach()


def net(*middle, width=32, n_outputs=3, dtype=torch.float32):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, width), *middle, nn.Linear(width, n_outputs)).to(dtype)


def look(module, names=(), output="auto", labels=None, n_rows=32):
    X = np.random.default_rng(0).normal(size=(n_rows, 5))
    model = bind(module, output)
    if labels is not None:
        model = replace(model, classes=tuple(labels[::-1]))
        model, _ = oriented(model, labels, scored(model, X))
    return checked_parameters(model, model.parametric(names), Inputs.of(X))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("middle", [(nn.Tanh(),), (nn.ReLU(),), (nn.ReLU(), nn.Linear(32, 32), nn.GELU())])
def test_true_derivatives_are_believed(middle, dtype):
    assert "checked on" in look(net(*middle, dtype=dtype))


def test_the_kinks_of_many_rectifiers_are_no_error():
    wide = net(nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), width=1024)
    assert "checked on" in look(wide)


@pytest.mark.parametrize("output", ["logits", "probabilities"])
@pytest.mark.parametrize("n_outputs", [1, 2, 3])
@pytest.mark.parametrize("turned", [False, True])
def test_all_outputs_are_compared_in_their_own_coordinates(output, n_outputs, turned):
    labels = list(range(max(2, n_outputs)))[::-1] if turned else None
    assert "checked on" in look(net(nn.Tanh(), n_outputs=n_outputs, dtype=torch.float64), (), output, labels)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("middle", [Round(True), Round(False), Detached()])
def test_what_does_not_follow_the_scores_is_refused(middle, dtype):
    with pytest.raises(NotDifferentiableError, match=r"a layer .* rounds.*detaches.*Parameters\('head'\)"):
        look(net(middle, nn.Tanh(), dtype=dtype))


@pytest.mark.parametrize("middle", [Round(True), Round(False), Detached()])
def test_what_comes_after_it_is_believed(middle):
    assert "checked on" in look(net(middle), ["2"])


def test_scores_that_no_parameter_moves_are_told():
    class Deaf(nn.Linear):
        def forward(self, x):
            return 0 * super().forward(x) + 1

    assert look(Deaf(5, 3)).startswith("not checked")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_is_too_coarse_for_a_check_and_refuses_nothing(dtype):
    assert look(net(nn.Tanh(), dtype=dtype))
