"""Networks of JAX: derivatives by inputs and parameters against JAX's own, PyTorch's and differences."""

import sys
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from support import needs

import conjac as cj
from conjac.errors import InvalidInputError, MissingDependencyError, NotDifferentiableError
from conjac.models import Applied, bind, networks, scored

RNG = np.random.default_rng(0)
X = RNG.normal(size=(16, 4))
"""As many rows as are looked at twice: one shape, one program."""
FORMS = ["(n,)", "(n, 1)", "(n, 2)", "(n, 3)", "linen", "nnx", "equinox"]


@pytest.fixture(autouse=True)
def jax():
    return needs("jax")


def layers(*sizes, dtype=np.float32):
    """Draw a network's parameters: a list of layers, each a weight and a bias."""
    draw = np.random.default_rng(len(sizes) + sizes[-1]).normal
    return [{"w": draw(size=pair).astype(dtype), "b": draw(size=pair[1]).astype(dtype) / 8} for pair in pairwise(sizes)]


def perceptron(parameters, rows):
    numpy = sys.modules["jax"].numpy
    for layer in parameters[:-1]:
        rows = numpy.tanh(rows @ layer["w"] + layer["b"])
    return rows @ parameters[-1]["w"] + parameters[-1]["b"]


def first_column(parameters, rows):
    return perceptron(parameters, rows)[:, 0]


def linen_module():
    nn = needs("flax.linen")

    class Module(nn.Module):
        rate: float = 0.5
        drops: bool = False

        @nn.compact
        def __call__(self, rows):
            rows = nn.BatchNorm(use_running_average=True)(nn.Dense(5)(rows))
            return nn.Dense(3)(nn.Dropout(self.rate, deterministic=not self.drops)(nn.tanh(rows)))

    return Module


def nnx_module():
    nnx = needs("flax.nnx")
    rngs = nnx.Rngs(0)
    middle = nnx.BatchNorm(5, rngs=rngs), nnx.Dropout(0.5, rngs=rngs), nnx.tanh
    return nnx.Sequential(nnx.Linear(4, 5, rngs=rngs), *middle, nnx.Linear(5, 2, rngs=rngs))


def equinox_module(outputs=3):
    jax, equinox = needs("jax"), needs("equinox")
    keys = jax.random.split(jax.random.key(0))
    last = equinox.nn.Linear(5, outputs, key=keys[1])
    middle = equinox.nn.Lambda(jax.nn.tanh), equinox.nn.Dropout(0.5)
    return equinox.nn.Sequential([equinox.nn.Linear(4, 5, key=keys[0]), *middle, last])


def network(form):
    jax = needs("jax")
    if form == "linen":
        module = linen_module()()
        return Applied(module.apply, module.init(jax.random.key(0), X), fixed="batch_stats")
    if form == "nnx":
        return nnx_module()
    if form == "equinox":
        return equinox_module()
    n_outputs = 1 if "1" in form or form == "(n,)" else int(form[4])
    return Applied(first_column if form == "(n,)" else perceptron, layers(4, 5, n_outputs))


def assert_adjoint(parametric, rows, tolerance=2e-5):
    """Check that push, pull and rows are one linear map, and the slope of moved."""
    drawn = np.random.default_rng(1)
    direction = drawn.normal(size=parametric.structure.size)
    each = parametric.rows(rows)
    cotangent = drawn.normal(size=each.shape[:2])
    pushed = parametric.push(rows, direction)
    np.testing.assert_allclose(pushed, each @ direction, rtol=0, atol=tolerance)
    np.testing.assert_allclose(
        parametric.pull(rows, cotangent), np.einsum("iop,io->p", each, cotangent), rtol=0, atol=10 * tolerance
    )
    up, down = (parametric.moved(step * direction)(rows).reshape(pushed.shape) for step in (2.0**-9, -(2.0**-9)))
    np.testing.assert_allclose((up.astype(float) - down) * 2.0**8, pushed, rtol=0, atol=2e-3)


def assert_pulls_to_inputs(model):
    """Check the derivative by the inputs against differences."""
    told = model.scores(X)
    cotangent = RNG.normal(size=(len(X), 1 if told.ndim == 1 else told.shape[1]))
    pulled = model.pull(X, cotangent)
    assert pulled.shape == X.shape
    for place in range(X.shape[1]):
        step = 2.0**-7 * np.eye(X.shape[1])[place]
        up, down = (model.scores(X + side * step).astype(float).reshape(cotangent.shape) for side in (1, -1))
        by_differences = ((up - down) * cotangent).sum(axis=1) * 2.0**6
        np.testing.assert_allclose(pulled[:, place], by_differences, rtol=0, atol=2e-3)


@pytest.mark.parametrize("form", FORMS)
def test_all_derivatives_are_of_one_function(form):
    model = bind(network(form))
    n_outputs = 1 if np.ndim(model.scores(X)) == 1 else model.scores(X).shape[1]
    parametric = model.parametric(())
    assert parametric.rows(X).shape == (len(X), n_outputs, parametric.structure.size)
    assert_adjoint(parametric, X)
    direction = RNG.normal(size=parametric.structure.size).astype(np.float32)
    assert (parametric.structure.flatten(parametric.structure.unflatten(direction)) == direction).all()
    assert_pulls_to_inputs(model)


def test_gradients_are_those_of_jax(jax):
    parameters, weight = layers(4, 5, 3), RNG.normal(size=(len(X), 3)).astype(np.float32)
    expected = jax.grad(lambda some: (perceptron(some, X.astype(np.float32)) * weight).sum())(parameters)
    parametric = bind(Applied(perceptron, parameters)).parametric(())
    found = parametric.structure.unflatten(parametric.pull(X, weight))
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for mine, own in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert (mine.dtype, mine.sharding) == (own.dtype, own.sharding)
        np.testing.assert_allclose(mine, own, rtol=1e-5, atol=1e-5)


def test_they_are_those_of_pytorch():
    torch, parameters = needs("torch"), layers(4, 5, 3)
    module = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, 3))
    with torch.no_grad():
        for layer, own in zip((module[0], module[2]), parameters, strict=True):
            layer.weight.copy_(torch.tensor(own["w"].T)), layer.bias.copy_(torch.tensor(own["b"]))
    here, there = bind(Applied(perceptron, parameters)), bind(module)
    cotangent = RNG.normal(size=(len(X), 3))
    np.testing.assert_allclose(here.scores(X), there.scores(X), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(here.pull(X, cotangent), there.pull(X, cotangent), rtol=1e-5, atol=1e-5)
    mine, theirs = here.parametric(()), there.parametric(())
    gradient = mine.structure.unflatten(mine.pull(X, cotangent))
    expected = theirs.structure.unflatten(theirs.pull(X, cotangent))
    for place, layer in zip((0, 2), gradient, strict=True):
        np.testing.assert_allclose(layer["w"].T, expected[f"{place}.weight"].numpy(), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(layer["b"], expected[f"{place}.bias"].numpy(), rtol=1e-4, atol=1e-4)


def test_double_precision_stays(jax):
    with jax.enable_x64(True):
        model = bind(Applied(perceptron, layers(4, 5, 3, dtype=np.float64)))
        assert (model.scores(X).dtype, model.derivative) == (np.float64, "jax.vjp, float64")
        parametric = model.parametric(())
        assert_adjoint(parametric, X, tolerance=1e-13)
        assert parametric.structure.unflatten(np.ones(parametric.structure.size))[0]["w"].dtype == np.float64


# --- What moves, and what it is called -------------------------------------------------------------------------------


def test_names_choose_leaves_and_the_rest_is_none():
    model = bind(network("linen"))
    parametric = model.parametric(["params/Dense_1"])
    assert parametric.structure.names == ("params/Dense_1/bias", "params/Dense_1/kernel")
    assert parametric.structure.shapes == ((3,), (5, 3))
    assert_adjoint(parametric, X)
    tree = parametric.structure.unflatten(np.arange(18.0))
    assert tree["params"]["Dense_0"] == {"bias": None, "kernel": None}
    assert tree["params"]["Dense_1"]["bias"].tolist() == [0, 1, 2]
    all_names = model.parametric(()).structure.names
    assert set(parametric.structure.names) < set(all_names)
    with pytest.raises(InvalidInputError, match=r"Parameters\('Dense_1'\): the model has no such parameter"):
        model.parametric(["Dense_1"])


def test_what_is_fixed_moves_only_where_it_is_named():
    model = bind(network("linen"))
    still = ("batch_stats/BatchNorm_0/mean", "batch_stats/BatchNorm_0/var")
    assert model.parametric(()).frozen == still
    assert not set(model.parametric(()).structure.names) & set(still)
    named = model.parametric(["batch_stats/BatchNorm_0/mean"])
    assert (named.structure.names, named.frozen) == (still[:1], still[1:])
    assert_adjoint(named, X)
    everything = network("linen")
    with pytest.raises(NotDifferentiableError, match=r"6 are frozen|8 are frozen"):
        bind(replace(everything, fixed=["params", "batch_stats"])).parametric(())
    with pytest.raises(
        InvalidInputError, match=r"Applied\(fixed='batch_statistics'\): the model has no such parameter"
    ):
        bind(replace(everything, fixed=["batch_statistics"]))


def test_leaves_of_other_types_stay_as_they_are(jax):
    parameters = {
        "w": np.ones((4, 2), np.float64),
        "scale": 0.5,
        "half": jax.numpy.ones(2, jax.numpy.bfloat16),
        "order": np.array([1, 0]),
        "key": jax.random.key(0),
        "power": 2,
        "kind": "tanh",
        "act": jax.numpy.tanh,
        "none": None,
    }

    def apply(some, rows):
        assert (some["power"], some["kind"], some["none"], some["order"].tolist()) == (2, "tanh", None, [1, 0])
        shift = jax.random.normal(some["key"], (2,))
        return some["act"](rows @ some["w"] * some["scale"] + some["half"] + shift)[:, some["order"]] ** some["power"]

    parametric = bind(Applied(apply, parameters)).parametric(())
    assert parametric.structure.names == ("half", "scale", "w")
    assert list(parametric.structure.entries)[:3] == ["half[0]", "half[1]", "scale"]
    assert_adjoint(parametric, X, tolerance=2e-2)  # the gradient by half is told in half precision
    found = parametric.structure.unflatten(np.zeros(11))
    assert (found["w"].dtype, found["half"].dtype) == (np.float32, jax.numpy.bfloat16)
    assert [found[name] for name in ("order", "key", "power", "kind", "act", "none")] == [None] * 6
    assert parameters["w"].dtype == np.float64
    alone = bind(Applied(lambda w, rows: rows @ w, np.ones(4))).parametric(())
    assert alone.structure.names == ("parameters",)


def test_another_tree_is_refused(jax):
    structure = bind(Applied(perceptron, layers(4, 5, 3))).parametric(()).structure
    for wrong in ({"w": 1.0}, layers(4, 6, 3), None, np.ones(3), layers(4, 5, 3)[:1]):
        with pytest.raises(InvalidInputError, match="expected the parameters' own structure"):
            structure.flatten(wrong)
    assert structure.flatten(jax.tree.map(jax.numpy.asarray, layers(4, 5, 3))).shape == (43,)


def test_equinox_modules_take_their_gradient_as_it_is(jax):
    equinox = needs("equinox")
    module = equinox_module()
    before = jax.tree.leaves(module)
    parametric = bind(module).parametric(())
    assert parametric.structure.names == ("layers/0/weight", "layers/0/bias", "layers/3/weight", "layers/3/bias")
    gradient = parametric.structure.unflatten(parametric.pull(X, np.ones((len(X), 3))))
    own = equinox.filter_grad(lambda some: jax.vmap(equinox.nn.inference_mode(some))(X.astype(np.float32)).sum())
    for mine, theirs in zip(jax.tree.leaves(gradient), jax.tree.leaves(own(module)), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-5)
    stepped = equinox.apply_updates(module, gradient)
    np.testing.assert_array_equal(stepped.layers[3].bias, module.layers[3].bias + gradient.layers[3].bias)
    assert not module.layers[2].inference
    assert all(one is other for one, other in zip(before, jax.tree.leaves(module), strict=True))
    assert bind(module).parametric(["layers/3"]).structure.size == 18
    assert bind(equinox_module("scalar")).scores(X).shape == (len(X),)


def test_nnx_modules_keep_their_mode_and_statistics():
    nnx = needs("flax.nnx")
    module = nnx_module()
    module(X)  # in training mode: statistics move
    module.layers[2].deterministic, before = False, np.asarray(module.layers[1].mean[...])
    model = bind(module)
    parametric = model.parametric(())
    names = parametric.structure.names
    assert names[0] == "layers/0/bias"
    assert not [name for name in names if "mean" in name or "rngs" in name]
    gradient = parametric.structure.unflatten(parametric.pull(X, np.ones((len(X), 2))))
    assert not module.layers[2].deterministic
    assert not module.layers[1].use_running_average
    np.testing.assert_array_equal(module.layers[1].mean[...], before)
    assert before.any()
    nnx.update(module, gradient)
    np.testing.assert_allclose(module.layers[4].bias[...], len(X), rtol=1e-6)
    kept = model.scores(X)
    copy = nnx_module()
    copy(X)
    copy.eval()
    np.testing.assert_allclose(kept, copy(X.astype(np.float32)), rtol=1e-5, atol=1e-5)


# --- Batches and programs --------------------------------------------------------------------------------------------


def test_batches_bound_memory_and_change_nothing(monkeypatch):
    seen = []

    def apply(parameters, rows):
        seen.append(len(rows))
        return perceptron(parameters, rows)

    parameters, some, cotangent = layers(4, 5, 3), X[:13], RNG.normal(size=(13, 3))
    whole = bind(Applied(perceptron, parameters))
    monkeypatch.setattr(networks, "MOST_ROWS", 10)
    monkeypatch.setattr(networks, "LOOKED_AT_TWICE", 8)
    parts = bind(Applied(apply, parameters))
    np.testing.assert_allclose(parts.scores(some), whole.scores(some), rtol=1e-6)
    assert seen == [8]  # each shape is compiled once: 13 rows are 8 and 5, and these with 3 more
    np.testing.assert_allclose(parts.pull(some, cotangent), whole.pull(some, cotangent), rtol=1e-5, atol=1e-6)
    here, there = parts.parametric(()), whole.parametric(())
    for _ in range(3):
        np.testing.assert_allclose(here.pull(some, cotangent), there.pull(some, cotangent), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(here.rows(some), there.rows(some), rtol=1e-5, atol=1e-5)
    assert set(seen) == {1, 8}


def test_programs_stay_with_the_object():
    traced = []

    def apply(parameters, rows):
        traced.append(rows.shape)
        return perceptron(parameters, rows)

    model = Applied(apply, layers(4, 5, 3))
    for _ in range(3):
        bound = bind(model)
        bound.scores(X), bound.parametric(()).pull(X, np.ones((len(X), 3)))
        bound.parametric([]).moved(np.ones(43))(X)
    assert traced == [(16, 4)] * 3  # outputs, the gradient, outputs with other parameters


# --- Features --------------------------------------------------------------------------------------------------------


def labelled(model, n_rows=2000):
    draw = np.random.default_rng(3)
    rows = draw.normal(size=(n_rows, 4))
    told = np.asarray(model(rows))
    if told.ndim == 1:
        return rows, (told + draw.logistic(size=n_rows) > 0).astype(int)
    return rows, (told + draw.gumbel(size=told.shape)).argmax(axis=1)


@pytest.mark.parametrize("form", ["(n,)", "(n, 3)", "compiled"])
def test_features_drift_by_the_derivative_as_by_differences(jax, form):
    applied = network("(n,)" if form == "compiled" else form)
    plain = lambda rows: applied.apply(applied.parameters, rows)  # noqa: E731
    rows, true = labelled(plain)
    model = jax.jit(plain) if form == "compiled" else applied
    found, expected = (
        cj.ConfusionJacobian.from_estimator(one, rows, true, wrt=cj.Features()) for one in (model, plain)
    )
    assert "jax.vjp, float32, checked on" in found.diagnostics["derivative"]
    assert "central differences" in expected.diagnostics["derivative"]
    np.testing.assert_array_equal(found.matrix, expected.matrix)
    np.testing.assert_allclose(found.jacobian, expected.jacobian, rtol=0, atol=2e-3 * np.abs(expected.jacobian).max())


def test_a_compiled_function_is_a_function_still(jax):
    model = bind(jax.jit(lambda rows: rows @ np.ones(4)))
    assert model.parametric is None
    np.testing.assert_allclose(model.pull(X, np.array([2.0])), np.full(X.shape, 2.0))
    with pytest.raises(InvalidInputError, match="a function has one output"):
        bind(jax.jit(lambda rows: rows[:, 0]), output="logits")
    steps = jax.jit(lambda rows: (rows[:, 0] > 0).astype(int))
    rows, true = labelled(lambda rows: rows[:, 0])
    found = cj.ConfusionJacobian.from_estimator(steps, rows, true, wrt=cj.Features("x0"))
    assert found.method == "secant"
    assert np.isfinite(found.jacobian).all()


def test_images_keep_their_shape(jax):
    images = RNG.normal(size=(10, 6, 5, 2)).astype(np.float32)
    parameters = {"kernel": RNG.normal(size=(3, 3, 2, 4)).astype(np.float32), "out": RNG.normal(size=(4, 3))}

    def apply(some, rows):
        found = jax.lax.conv_general_dilated(
            rows, some["kernel"], (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return jax.numpy.tanh(found).mean(axis=(1, 2)) @ some["out"]

    model = bind(Applied(apply, parameters))
    assert_adjoint(model.parametric(()), images)
    weight = RNG.normal(size=(10, 3))
    expected = jax.grad(lambda rows: (apply(parameters, rows) * weight).sum())(images)
    np.testing.assert_allclose(model.pull(images, weight), np.reshape(expected, (10, -1)), rtol=1e-4, atol=1e-6)


# --- What is refused -------------------------------------------------------------------------------------------------


def test_dropout_that_is_left_on_is_refused(jax):
    module = linen_module()(drops=True)
    variables = module.init({"params": jax.random.key(0), "dropout": jax.random.key(1)}, X)
    key = jax.random.key(2)  # always the same: only the order of rows tells
    model = bind(Applied(lambda some, rows: module.apply(some, rows, rngs={"dropout": key}), variables))
    with pytest.raises(InvalidInputError, match="dropout that is left on"):
        model.scores(X)


@pytest.mark.parametrize("what", ["pull", "push", "rows"])
@pytest.mark.parametrize(
    ("apply", "complaint"),
    [
        (lambda some, rows: sys.modules["jax"].lax.stop_gradient(rows @ some["w"]), "stops gradients"),
        (lambda some, rows: (rows @ some["w"] > 0).astype(int), "rounds, compares"),
        (
            lambda some, rows: sys.modules["jax"].pure_callback(
                np.asarray, sys.modules["jax"].ShapeDtypeStruct((len(rows),), np.float32), rows @ some["w"]
            ),
            "JAX does not differentiate the network.*custom_jvp",
        ),
    ],
    ids=["stop_gradient", "comparison", "callback"],
)
def test_what_has_no_derivative_is_refused(what, apply, complaint):
    parametric = bind(Applied(apply, {"w": np.ones(4)})).parametric(())
    argument = {"pull": [np.ones((len(X), 1))], "push": [np.ones(4)], "rows": []}[what]
    with pytest.raises(NotDifferentiableError, match=complaint):
        getattr(parametric, what)(X, *argument)


def test_zeros_that_are_right_are_kept(jax):
    def apply(some, rows):
        shut = jax.nn.relu(rows @ some["shut"] - 100)
        return shut + rows @ jax.lax.stop_gradient(some["stopped"]) + some["b"]

    model = bind(Applied(apply, {"shut": np.ones(4), "stopped": np.ones(4), "b": 0.0}))
    whole = model.parametric(())
    assert whole.pull(X, np.ones((len(X), 1))).tolist() == [len(X)] + [0] * 8
    assert not model.parametric(["shut"]).pull(X, np.ones((len(X), 1))).any()
    tiny = whole.pull(X, np.full((len(X), 1), 1e-60))  # below single precision, and pulled in units of its own
    np.testing.assert_allclose(tiny, [1e-60 * len(X)] + [0] * 8)
    with pytest.raises(NotDifferentiableError, match="by stopped are all 0"):
        model.parametric(["stopped"]).pull(X, np.ones((len(X), 1)))


def test_whole_numbers_are_cast_unless_they_are_indices():
    whole = RNG.integers(0, 5, size=(12, 3))
    dense = bind(Applied(lambda some, rows: rows @ some["w"] / 2, {"w": np.ones(3)}))
    np.testing.assert_allclose(dense.scores(whole.astype(np.uint8)), whole.sum(axis=1) / 2)
    np.testing.assert_allclose(dense.pull(whole, np.ones(1)), 0.5)
    table = {"table": RNG.normal(size=(5, 2)), "w": np.ones(2)}
    embedding = bind(Applied(lambda some, rows: some["table"][rows].sum(axis=1) @ some["w"], table))
    np.testing.assert_allclose(embedding.scores(whole), table["table"][whole].sum(axis=(1, 2)), rtol=1e-5)
    assert_adjoint(embedding.parametric(()), whole)
    with pytest.raises(NotDifferentiableError, match=r"takes as indices.*wrt='parameters'"):
        embedding.pull(whole, np.ones(1))
    with pytest.raises(InvalidInputError, match="the model fails on X"):
        scored(embedding, X)


@pytest.mark.parametrize(
    ("apply", "complaint"),
    [
        (lambda some, rows: (rows @ some["w"], 1), "returns a tuple; expected an array of logits"),
        (lambda some, rows: {"logits": rows @ some["w"]}, "returns a dict"),
        (lambda *_: None, "returns a NoneType"),
        (lambda some, rows: (rows @ some["w"]).sum(), r"shape \(\) for 16 rows"),
        (lambda some, rows: rows[:, :, None, None] * some["w"], r"shape \(16, 4, 1, 4\) for 16 rows"),
        (lambda some, rows: rows @ some["w"][:3], "the model fails on X"),
        (lambda some, rows: rows @ some["v"], "the model fails on X"),
        (lambda some, rows: rows @ some["w"] if some["w"][0] > 0 else rows, "the model fails on X"),
        (lambda some, rows: rows @ some["w"] / 0 * 0, "the network scores row 0 of X as nan"),
    ],
)
def test_what_fails_is_told(apply, complaint):
    with pytest.raises(InvalidInputError, match=complaint):
        scored(bind(Applied(apply, {"w": np.ones(4)})), X)


def test_overflow_of_half_precision_is_told(jax):
    parameters = {"w": jax.numpy.ones(4, jax.numpy.float16)}
    model = bind(Applied(lambda some, rows: rows @ some["w"], parameters))
    assert model.scores(X).dtype == np.float16
    np.testing.assert_allclose(model.parametric(()).pull(X, np.full((len(X), 1), 1e5)), 1e5 * X.sum(axis=0), rtol=0.01)
    with pytest.raises(NotDifferentiableError, match=r"the gradient by w is not finite.*half precision"):
        model.parametric(()).pull(1e4 * np.ones((16, 4)), np.ones((16, 1)))
    brain = bind(Applied(lambda some, rows: rows @ some["w"], {"w": jax.numpy.ones(4, jax.numpy.bfloat16)}))
    assert brain.scores(X).dtype == np.float32
    assert brain.parametric(()).pull(X, np.ones((len(X), 1))).dtype == np.float64


def test_modules_that_do_not_hold_all_are_refused():
    with pytest.raises(InvalidInputError, match=r"linen and holds no parameters; pass conjac.models.Applied"):
        bind(linen_module()())
    equinox = needs("equinox")
    normed = equinox.nn.Sequential([equinox.nn.BatchNorm(4, axis_name="batch", mode="batch"), equinox_module()])
    with pytest.raises(InvalidInputError, match="layers with a state, such as BatchNorm"):
        bind(normed)


def test_without_parameters_there_are_scores_alone():
    model = bind(Applied(lambda _, rows: rows[:, 0], {"n": 3}, classes=["no", "yes"]))
    assert (model.parametric, model.classes) == (None, ("no", "yes"))
    np.testing.assert_allclose(model.scores(X), X[:, 0], rtol=1e-6)


def test_outputs_are_named():
    model = Applied(perceptron, layers(4, 5, 3))
    assert (bind(model).response, bind(model).scale) == ("perceptron", "score")
    squashed = bind(model, output="probabilities")
    assert squashed.scale == "logit"
    np.testing.assert_allclose(squashed.scores(X).sum(axis=1), 1)
    assert bind(network("linen")).response == "Module.apply"
    with pytest.raises(InvalidInputError, match="output='margins'"):
        bind(model, output="margins")


def test_jax_must_be_loaded(monkeypatch):
    monkeypatch.delitem(sys.modules, "jax", raising=False)
    with pytest.raises(MissingDependencyError, match=r"pip install 'conjac\[jax\]'"):
        bind(Applied(lambda some, rows: rows @ some, np.ones(4)))
