"""PyTorch's modules as models: laws of their derivatives, hostile modules and hostile rows."""

import copy
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError, NotDifferentiableError
from conjac.models import bind, networks, scored

torch = needs("torch")
nn = torch.nn
RNG = np.random.default_rng(0)
X = RNG.normal(size=(24, 5))
Y = np.arange(24) % 3


def net(*middle, n_outputs=3, dtype=torch.float64):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 6), *(middle or (nn.Tanh(),)), nn.Linear(6, n_outputs)).to(dtype)


class Module(nn.Module):
    """A linear layer, and what is done with it."""

    def __init__(self, forward, *parts):
        super().__init__()
        torch.manual_seed(0)
        self.body, self.call = nn.Linear(5, 3).double(), forward
        self.parts = nn.ModuleList(parts)

    def forward(self, x):
        return self.call(self, x)


class Recurrent(nn.Module):
    def __init__(self, kind):
        super().__init__()
        torch.manual_seed(0)
        self.body, self.head = kind(5, 4, batch_first=True), nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.body(x)[0][:, -1])


def differentiated(module, X=X, names=(), output="auto", seed=0):
    """Return what pull, push, rows and differences say of one cotangent and one direction; all should be the same."""
    model = bind(module, output)
    parametric = model.parametric(names)
    rng = np.random.default_rng(seed)
    width = np.asarray(model.scores(X)).reshape(len(X), -1).shape[1]
    cotangent, direction = rng.normal(size=(len(X), width)), rng.normal(size=parametric.structure.size)
    up, down = (parametric.moved(side * 1e-5 * direction)(X).reshape(len(X), -1) for side in (1, -1))
    return {
        "pull": parametric.pull(X, cotangent) @ direction,
        "push": (parametric.push(X, direction) * cotangent).sum(),
        "rows": np.einsum("ikp,ik,p", parametric.rows(X), cotangent, direction),
        "differences": ((up - down) * cotangent).sum() / 2e-5,
    }


def assert_alike(told, rtol=1e-6):
    found = list(told.values())
    np.testing.assert_allclose(found, found[0], rtol=rtol, err_msg=str(told))


# ---- laws


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**16), n_rows=st.integers(1, 30), n_outputs=st.integers(1, 4))
def test_pull_is_the_adjoint_of_push(seed, n_rows, n_outputs):
    rows = np.random.default_rng(seed).normal(size=(n_rows, 5))
    assert_alike(differentiated(net(nn.Tanh(), nn.LayerNorm(6), n_outputs=n_outputs), rows, seed=seed), 1e-5)


MODULES = {
    "rectifiers": lambda: net(nn.ReLU(), nn.Linear(6, 6), nn.GELU()),
    "batch norm": lambda: net(nn.BatchNorm1d(6), nn.ReLU()),
    "dropout": lambda: net(nn.Dropout(0.5), nn.Tanh()),
    "spectral norm": lambda: nn.Sequential(nn.utils.parametrizations.spectral_norm(nn.Linear(5, 3))).double(),
    "shared weight": lambda: shared(),
    "in place": lambda: nn.Sequential(nn.ReLU(inplace=True), *net(nn.ReLU(inplace=True))),
    "written in place": lambda: Module(written),
    "looks at numbers": lambda: Module(lambda self, x: self.body(x) if float(x.abs().max()) < 99 else self.body(x + 1)),
    "checkpoint": lambda: Module(lambda self, x: torch.utils.checkpoint.checkpoint(self.body, x, use_reentrant=False)),
    "one score a row": lambda: nn.Sequential(net(n_outputs=1), nn.Flatten(0)),
}


def shared():
    module = nn.Sequential(nn.Linear(5, 5), nn.Tanh(), nn.Linear(5, 5), nn.Linear(5, 3)).double()
    module[2].weight = module[0].weight
    return module


def written(self, x):
    found = torch.zeros(len(x), 3, dtype=x.dtype)
    found[:, 0] += self.body(x)[:, 0]
    found[:, 1:] = self.body(x)[:, 1:] ** 2
    return found


@pytest.mark.parametrize("kind", list(MODULES))
@pytest.mark.parametrize("output", ["auto", "logits"])
def test_derivatives_of_many_modules_agree(kind, output):
    import torch.utils.checkpoint  # noqa: F401

    rows = X + 3 * np.sign(X) * (np.abs(X) < 1e-3)  # off the kink of a first rectifier
    assert_alike(differentiated(MODULES[kind](), rows, output=output), 1e-5)


@pytest.mark.parametrize("kind", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_networks_are_differentiated_row_by_row(kind):
    rows = RNG.normal(size=(6, 4, 5))
    assert_alike(differentiated(Recurrent(kind).double(), rows), 1e-5)
    assert bind(Recurrent(kind).double()).pull(rows, np.ones(3)).shape == (6, 20)


def test_a_layer_without_forward_mode_says_so_and_has_all_else():
    normed = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(5, 3))).double()
    parametric = bind(normed).parametric(())
    with pytest.raises(NotDifferentiableError, match=r"no forward-mode derivative.*jvp.*vjp and gradients"):
        parametric.push(X, np.ones(parametric.structure.size))
    direction = RNG.normal(size=parametric.structure.size)
    np.testing.assert_allclose(
        parametric.pull(X, np.ones((24, 3))) @ direction, parametric.rows(X).sum((0, 1)) @ direction
    )


@pytest.mark.parametrize("n_rows", [1, 7, 24])
def test_batches_are_parts_of_the_whole(monkeypatch, n_rows):
    whole, model = differentiated(net()), bind(net())
    scores, pulled = model.scores(X), model.pull(X, np.ones(3))
    monkeypatch.setattr(networks, "MOST_ROWS", n_rows)
    np.testing.assert_allclose(list(differentiated(net()).values()), list(whole.values()), rtol=1e-9)
    np.testing.assert_allclose(model.scores(X), scores)
    np.testing.assert_allclose(model.pull(X, np.ones(3)), pulled)


# ---- nothing is left behind


def test_a_module_is_left_as_it_was():
    module = nn.Sequential(net(nn.BatchNorm1d(6), nn.Dropout(0.5)), nn.Dropout(0.5)).double()
    module[0][1].eval()
    module[0][3].weight.requires_grad_(False)
    modes = [part.training for part in module.modules()]
    before = copy.deepcopy(module.state_dict())
    module[0][0].weight.grad = torch.ones_like(module[0][0].weight)
    differentiated(module)
    bind(module).pull(X, np.ones(3))
    assert [part.training for part in module.modules()] == modes
    assert len(set(modes)) == 2
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert (module[0][0].weight.grad == 1).all()
    assert [p.grad for p in module.parameters()][1:] == [None] * 5
    assert [p.requires_grad for p in module.parameters()] == [True] * 4 + [False, True]


@pytest.mark.parametrize("asked", ["scores", "pull", "push", "rows", "moved"])
def test_a_module_that_raises_is_left_as_it_was(asked):
    module = Module(lambda self, _: self.missing, nn.Dropout(0.5), nn.Dropout(0.5).eval())
    modes = [part.training for part in module.modules()]
    model = bind(module)
    parametric = model.parametric(())
    flat = np.ones(parametric.structure.size)
    calls = {
        "scores": lambda: model.scores(X),
        "pull": lambda: parametric.pull(X, np.ones((24, 3))),
        "push": lambda: parametric.push(X, flat),
        "rows": lambda: parametric.rows(X),
        "moved": lambda: parametric.moved(flat)(X),
    }
    with pytest.raises(AttributeError, match="missing"):
        calls[asked]()
    assert [part.training for part in module.modules()] == modes


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_whoever_switched_derivatives_off_gets_them(context):
    module = net()
    with context():
        assert_alike(differentiated(module), 1e-5)
        assert bind(module).pull(X, np.ones(3)).any()


def test_dropout_that_is_left_on_is_refused():
    noisy = Module(lambda self, x: self.body(nn.functional.dropout(x, 0.5, training=True)))
    with pytest.raises(InvalidInputError, match=r"other scores the second time.*dropout that is left on.*switch that"):
        cj.ConfusionJacobian.from_estimator(noisy, X, Y)
    mixed = Module(lambda self, x: self.body(x) - self.body(x).mean(dim=0))
    with pytest.raises(InvalidInputError, match="looks at the other rows of a batch"):
        bind(mixed).scores(X)


# ---- outputs


SHAPES = {
    "a tuple": (lambda self, x: (self.body(x), x), "returns a tuple; expected a tensor of logits: wrap it"),
    "a dict": (lambda self, x: {"logits": self.body(x)}, "returns a dict; expected a tensor of logits: wrap it"),
    "a map a class": (
        lambda self, x: self.body(x)[:, :, None, None].repeat(1, 1, 2, 2),
        r"shape \(24, 3, 2, 2\) for 24",
    ),
    "the rows' mean": (lambda self, x: self.body(x).mean(dim=0), r"shape \(3,\) for 24 rows; expected \(24,\) or"),
    "a number": (lambda self, x: self.body(x).mean(), r"shape \(\) for 24 rows; expected \(24,\) or \(24, n_classes\)"),
}


@pytest.mark.parametrize("kind", list(SHAPES))
def test_outputs_of_another_shape_are_refused(kind):
    forward, message = SHAPES[kind]
    with pytest.raises(InvalidInputError, match=message):
        cj.ConfusionJacobian.from_estimator(Module(forward), X, Y, wrt="features")


STEPS = {
    "round": lambda self, x: torch.round(self.body(x)),
    "sign": lambda self, x: torch.sign(self.body(x)),
    "argmax": lambda self, x: nn.functional.one_hot(self.body(x).argmax(dim=1), 3).double(),
    "detach": lambda self, x: self.body(x).detach(),
    "no_grad": torch.no_grad()(lambda self, x: self.body(x)),
    "numpy": lambda self, x: torch.tensor(self.body(x).detach().numpy()),
}


@pytest.mark.parametrize("kind", ["argmax", "detach", "no_grad", "numpy"])
def test_outputs_that_follow_nothing_have_no_derivative(kind):
    model = bind(Module(STEPS[kind]))
    for pull in (model.pull, model.parametric(()).pull):
        with pytest.raises(NotDifferentiableError, match="do not follow what moves: a layer in it rounds, compares or"):
            pull(X, np.ones((24, 3)))


@pytest.mark.parametrize("kind", ["round", "sign"])
def test_steps_have_a_gradient_of_zero_which_the_check_refuses(kind):
    model = bind(Module(STEPS[kind]))
    parametric = model.parametric(())
    assert not parametric.pull(X, np.ones((24, 3))).any()
    with pytest.raises(
        NotDifferentiableError, match=r"the gradient by body.weight is 0 .* rounds, compares or detaches"
    ):
        cj.models.checked_parameters(model, parametric, cj.inputs.Inputs.of(X))


def test_a_part_that_is_cut_off_has_a_gradient_of_zero():
    cut = Module(lambda self, x: self.body(x) + self.parts[0](x).detach(), nn.Linear(5, 3).double())
    found = bind(cut).parametric(())
    leaves = dict(zip(found.structure.names, found.structure.leaves(found.pull(X, np.ones((24, 3)))), strict=True))
    assert not leaves["parts.0.weight"].any()
    np.testing.assert_allclose(leaves["body.weight"], np.broadcast_to(X.sum(axis=0), (3, 5)))


def test_logits_of_a_last_layer_of_probabilities_are_refused():
    with pytest.raises(InvalidInputError, match="last layer makes probabilities; leave output out"):
        bind(nn.Sequential(net(), nn.Softmax(-1)), "logits")
    with pytest.raises(InvalidInputError, match="output='raw': expected one of"):
        bind(net(), "raw")


# ---- numbers


@pytest.mark.parametrize(
    ("dtype", "tol"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 0.06), (torch.float16, 0.01)]
)
def test_scores_and_derivatives_are_in_the_modules_own_dtype(dtype, tol):
    exact, module = net(), net(dtype=dtype)
    assert scored(bind(module), X).dtype == {torch.float64: "f8", torch.float16: "f2"}.get(dtype, "f4")
    assert str(dtype).removeprefix("torch.") in bind(module).derivative
    cotangent = RNG.normal(size=(24, 3))
    for size in (1.0, 1e-9, 1e9):  # beyond what half precision holds
        for found, expected in zip(pulled(module, size * cotangent), pulled(exact, size * cotangent), strict=True):
            assert found.dtype == np.float64
            np.testing.assert_allclose(found, expected, atol=3 * tol * np.abs(expected).max())


def pulled(module, cotangent):
    model = bind(module)
    return model.pull(X, cotangent), model.parametric(()).pull(X, cotangent)


def test_overflow_in_half_precision_names_the_row_and_the_way_out():
    with pytest.raises(
        InvalidInputError, match=r"scores row 3 of X as .*inputs are finite: it overflows.*single precision"
    ):
        bind(net(dtype=torch.float16)).scores(np.where(np.arange(24)[:, None] == 3, 1e6, X))


def test_overflow_of_gradients_names_the_parameter_and_the_way_out():
    steep = Module(lambda self, x: torch.tanh(1e-4 * self.body(x).half()) * 6e4).half()
    rows = np.full((24, 5), 3e4)
    parametric = bind(steep).parametric(())
    with pytest.raises(NotDifferentiableError, match=r"gradient by body.weight is not finite.*overflows.*single prec"):
        parametric.pull(rows, np.ones((24, 3)))
    root = Module(lambda self, x: torch.sqrt((x[:, :3] - x[:, :3]).abs()) + self.body(x))
    with pytest.raises(NotDifferentiableError, match="gradient by the inputs is not finite in 24 of 24 rows"):
        bind(root).pull(X, np.ones(3))


def test_rows_in_any_form_have_the_same_scores_and_derivatives():
    model = bind(net())
    expected = model.scores(X), model.pull(X, np.ones(3))
    fixed = X.copy()
    fixed.flags.writeable = False
    wide = np.zeros((24, 10))
    wide[:, ::2] = X
    forms = {
        "read-only": fixed,
        "column by column": np.asfortranarray(X),
        "every other": wide[:, ::2],
        "backwards": X[:, ::-1].copy()[:, ::-1],
        "other bytes": X.astype(">f8"),
        "long": X.astype(np.longdouble),
        "tensor": torch.tensor(X, requires_grad=True),
        "transposed tensor": torch.tensor(X.T.copy()).T,
        "pandas": pd.DataFrame(X),
        "named": pd.DataFrame(X, columns=list("abcde"), index=np.arange(24)[::-1]),
        "polars": pl.DataFrame(X),
        "pyarrow": pl.DataFrame(X).to_arrow(),
    }
    for name, form in forms.items():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            np.testing.assert_array_equal(model.scores(form), expected[0], err_msg=name)
            np.testing.assert_array_equal(model.pull(form, np.ones(3)), expected[1], err_msg=name)


def test_whole_numbers_and_truth_values_are_cast():
    model, whole = bind(net()), np.round(3 * X)
    for dtype in (np.int8, np.int64, np.uint8, np.uint16, np.uint64, bool):
        rows = np.abs(whole).astype(dtype)
        np.testing.assert_array_equal(model.scores(rows), model.scores(rows.astype(float)))
        assert model.pull(rows, np.ones(3)).any()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (X[:0], r"X has shape \(0, 5\); expected at least one row"),
        (np.where(np.arange(5) == 3, np.nan, X), "scores row 0 of X as .*fill what is missing"),
        (X[:, :4], r"the model fails on X, a ndarray of shape \(24, 4\)"),
        (X.astype(object), "X holds object values, and a network takes numbers alone"),
        (X.astype(complex), "X holds complex128 values, and a network takes numbers alone"),
        (np.array(["a", "b"]), "X holds <U1 values, and a network takes numbers alone"),
        (pd.DataFrame(X).assign(city="Rome"), "column 'city' of X holds no numbers"),
    ],
)
def test_rows_that_are_no_use_are_refused(rows, message):
    with pytest.raises(InvalidInputError, match=message):
        scored(bind(net()), rows)


def test_indices_are_no_features_and_their_vectors_are_parameters():
    torch.manual_seed(0)
    words = nn.Sequential(nn.Embedding(9, 4), nn.Flatten(), nn.Linear(12, 3)).double()
    rows, y = RNG.integers(0, 9, (60, 3)), np.arange(60) % 3
    with pytest.raises(NotDifferentiableError, match=r"indices of an embedding.*by wrt='parameters'"):
        cj.ConfusionJacobian.from_estimator(words, rows, y, wrt="features")
    assert_alike(differentiated(words, rows))
    assert_alike(differentiated(words, rows.astype(np.int16)))
    with pytest.raises(InvalidInputError, match="index out of range"):
        scored(bind(words), rows + 5)


# ---- parameters


def test_frozen_parameters_stay_unless_they_are_named():
    module = net()
    module[0].requires_grad_(False)
    every, named = bind(module).parametric(()), bind(module).parametric(["0.weight", "2"])
    assert (every.structure.names, every.frozen) == (("2.weight", "2.bias"), ("0.weight", "0.bias"))
    assert (named.structure.names, named.frozen) == (("0.weight", "2.weight", "2.bias"), ("0.bias",))
    assert named.pull(X, np.ones((24, 3)))[:30].any()
    assert_alike(differentiated(module, names=["0"]), 1e-5)
    module.requires_grad_(False)
    with pytest.raises(
        NotDifferentiableError, match=r"no parameter that is trained; 4 are frozen.*Parameters\('0.weight'\)"
    ):
        bind(module).parametric(())
    with pytest.raises(
        InvalidInputError, match=r"Parameters\('3'\): the model has no such parameter; expected one of 0"
    ):
        bind(module).parametric(["3"])


def test_a_module_without_parameters_has_scores_and_features_alone():
    model = bind(nn.Tanh())
    assert model.scores(X).dtype == np.float64
    assert model.scores(X.astype(np.float32)).dtype == np.float32
    np.testing.assert_allclose(model.pull(X, np.ones(5)), 1 / np.cosh(X) ** 2)
    with pytest.raises(NotDifferentiableError, match="the network has no parameter that is trained"):
        model.parametric(())


def test_a_shared_parameter_moves_once_under_any_of_its_names():
    structures = [bind(shared()).parametric([name]).structure for name in ("0.weight", "2.weight")]
    assert [one.names for one in structures] == [("0.weight",)] * 2
    assert bind(shared()).parametric(["2"]).structure.names == ("0.weight", "2.bias")


def test_parameters_that_are_no_real_numbers_stay():
    module = Module(lambda self, x: self.body(x) * self.phase.abs().to(x) + self.shift)
    module.phase = nn.Parameter(torch.ones(3, dtype=torch.complex64))
    module.shift = nn.Parameter(torch.ones(3, dtype=torch.int64), requires_grad=False)
    parametric = bind(module).parametric(())
    assert parametric.structure.names == ("body.weight", "body.bias")
    assert set(parametric.frozen) == {"phase", "shift"}
    assert_alike(differentiated(module))


def test_directions_and_gradients_are_in_the_modules_own_structure():
    structure = bind(net(dtype=torch.float32)).parametric(()).structure
    tree = structure.unflatten(np.arange(57.0))
    assert {name: (value.dtype, tuple(value.shape)) for name, value in tree.items()} == {
        name: (torch.float32, tuple(value.shape)) for name, value in net().state_dict().items()
    }
    np.testing.assert_array_equal(structure.flatten(tree), np.arange(57.0))
    np.testing.assert_array_equal(structure.flatten(dict(reversed(tree.items()))), np.arange(57.0))
    for wrong in ({}, {**tree, "0.bias": torch.zeros(7)}, np.zeros(56), None):
        with pytest.raises(InvalidInputError, match=r"expected the parameters' own structure, 0.weight \(6, 5\)"):
            structure.flatten(wrong)


# ---- other kinds of modules


def test_modules_without_numbers_are_refused():
    with pytest.raises(InvalidInputError, match="lie on the meta device and hold no numbers; load them"):
        bind(nn.Linear(5, 3, device="meta"))
    with pytest.raises(InvalidInputError, match="parameters without a shape yet; call it on a batch of rows first"):
        bind(nn.Sequential(nn.LazyLinear(3)))


def test_rows_go_to_where_the_module_is(monkeypatch):
    """A device that says where it was sent stands in for one that is not here."""
    sent, module = [], net()
    to = torch.Tensor.to

    def told(self, *args, **form):
        sent.append(form.get("device"))
        return to(self, *args, **form)

    monkeypatch.setattr(torch.Tensor, "to", told)
    bind(module).scores(X.astype(np.float32))
    assert sent
    assert set(sent) == {module[0].weight.device}


def test_what_was_compiled_is_its_module():
    module = net()
    compiled = torch.compile(module, backend="eager")
    np.testing.assert_array_equal(bind(compiled).scores(X), bind(module).scores(X))
    assert bind(compiled).parametric(()).structure.names == bind(module).parametric(()).structure.names
    assert_alike(differentiated(compiled), 1e-5)


def test_a_script_has_features_and_its_parameters_are_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.script(net())
        np.testing.assert_allclose(bind(scripted).pull(X, np.ones(3)), bind(net()).pull(X, np.ones(3)))
    with pytest.raises(
        InvalidInputError, match=r"a ScriptModule holds its parameters.*pass the module that it was made"
    ):
        bind(scripted).parametric(())
