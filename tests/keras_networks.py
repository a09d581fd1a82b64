"""Checks of models of Keras on one back end: run as a script, since KERAS_BACKEND is read when Keras is imported.

    KERAS_BACKEND=jax python keras_networks.py

prints a JSON object: for each check what it found, or the text of its failure. Figures are of models with the same
weights on every back end, for `test_keras_networks` to compare.
"""

import json
import re
import sys
import traceback
import warnings
from functools import partial
from unittest.mock import patch

import numpy as np

N_ROWS = 16
STEP = 2.0**-7


def draw(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def with_weights(model):
    """Give weights that depend on nothing but their shapes; those of variances are positive."""
    model.set_weights([0.4 * np.abs(draw(i, *w.shape)) * (-1) ** i + (i % 2) for i, w in enumerate(model.weights)])
    return model


def sequential(keras):
    layers = keras.layers
    parts = [layers.Dense(6, activation="tanh"), layers.BatchNormalization(), layers.Dropout(0.5)]
    return keras.Sequential([keras.Input((4,)), *parts, layers.Dense(3, activation="softmax")], name="net")


def functional(keras):
    layers = keras.layers
    image = keras.Input((6, 6, 2))
    hidden = layers.Conv2D(3, 3, activation="softplus", data_format="channels_last", name="conv")(image)
    hidden = layers.Flatten()(layers.AveragePooling2D(2, data_format="channels_last")(hidden))
    return keras.Model(image, layers.Dense(1, activation="sigmoid", name="head")(hidden), name="net")


def subclassed(keras):
    class Net(keras.Model):
        def __init__(self):
            super().__init__(name="net")
            self.body = keras.layers.Dense(5, activation="gelu", name="body")
            self.head = keras.layers.Dense(1, name="head")

        def call(self, x):
            return self.head(self.body(x))[:, 0]

    net = Net()
    net(np.zeros((1, 4), np.float32))
    return net


def recurrent(keras):
    layers = keras.layers
    words = keras.Input((3,), dtype="int32")
    parts = [layers.Embedding(7, 4, name="words"), layers.LSTM(3), layers.Dense(2, activation="softmax")]
    return keras.Sequential([words, *parts], name="net")


MODELS = {"sequential": sequential, "functional": functional, "subclassed": subclassed, "recurrent": recurrent}
ROWS = {
    "sequential": draw(1, N_ROWS, 4),
    "functional": draw(2, N_ROWS, 6, 6, 2),
    "subclassed": draw(3, N_ROWS, 4),
    "recurrent": np.random.default_rng(4).integers(0, 7, size=(N_ROWS, 3)),
}


def predicted(model, X):
    with warnings.catch_warnings(action="ignore"):  # Keras' own, of how it makes arrays
        found = np.asarray(model.predict(X, verbose=0), dtype=np.float64)
    return found.reshape(len(found), -1)


def of_tensor(found):
    return np.asarray(found.detach().cpu() if hasattr(found, "detach") else found)


def weights_of(model):
    return [of_tensor(each.value).copy() for each in model.weights]


def close(found, expected, tol):
    np.testing.assert_allclose(found, expected, rtol=tol, atol=tol * np.abs(expected).max())


def derivatives(keras, kind):
    from conjac.models import bind

    net, X = with_weights(MODELS[kind](keras)), ROWS[kind]
    model = bind(net)
    by = model.parametric([])
    assert sorted(by.structure.names) == sorted(each.path for each in net.trainable_variables)
    scores = model.scores(X)
    close(scores, predicted(net, X), 1e-6)

    direction = draw(5, by.structure.size).astype(np.float64)
    cotangent = draw(6, *scores.shape).astype(np.float64)
    push, pull, rows = by.push(X, direction), by.pull(X, cotangent), by.rows(X)
    assert rows.shape == (*scores.shape, by.structure.size)
    close(push, rows @ direction, 1e-5)
    close(pull, np.einsum("io,iop->p", cotangent, rows), 1e-5)

    before, by_path = weights_of(net), dict(zip(by.structure.names, by.structure.leaves(direction), strict=True))
    ends = []
    for side in (STEP, -STEP):
        net.set_weights([w + side * by_path.get(v.path, 0) for v, w in zip(net.weights, before, strict=True)])
        ends.append(predicted(net, X))
        net.set_weights(before)
        close(by.moved(side * direction)(X), ends[-1], 1e-5)
    close(push, (ends[0] - ends[1]) / (2 * STEP), 5e-3)

    figures = {"scores": scores, "push": push, "pull": pull}
    if X.dtype.kind == "f":
        found = model.pull(X, cotangent)
        assert found.shape == (N_ROWS, X[0].size)
        along = draw(7, *X.shape)
        ends = [predicted(net, X + side * along) for side in (STEP, -STEP)]
        expected = (cotangent * (ends[0] - ends[1]) / (2 * STEP)).sum(axis=1)
        close((found * along.reshape(N_ROWS, -1)).sum(axis=1), expected, 5e-3)
        figures["inputs"] = found
    return {name: np.asarray(figure, dtype=np.float64).tolist() for name, figure in figures.items()}


def nothing_of_the_model_changes(keras):
    from conjac.models import bind

    net = with_weights(sequential(keras))
    net.layers[0].trainable = False
    net.compile(optimizer="adam", loss="mse")
    net.optimizer.build(net.trainable_variables)

    def state():
        held = [*net.variables, *net.optimizer.variables]
        assert any("seed" in each.path for each in held)
        assert any("moving_mean" in each.path for each in held)
        grads = [getattr(each.value, "grad", None) for each in net.trainable_variables]
        return [of_tensor(each.value).tobytes() for each in held], [layer.trainable for layer in net.layers], grads

    before = state()
    model, X = bind(net), ROWS["sequential"]
    by = model.parametric([])
    model.scores(X)
    model.pull(X, np.ones((N_ROWS, 3)))
    by.pull(X, draw(0, N_ROWS, 3))
    by.push(X, np.ones(by.structure.size))
    by.moved(np.ones(by.structure.size))(X)
    assert state() == before
    assert net.trainable


def trees(keras):
    from conjac.errors import InvalidInputError
    from conjac.models import bind

    net = with_weights(sequential(keras))
    found = bind(net).parametric([]).structure
    flat = np.arange(found.size) / 4
    tree = found.unflatten(flat)
    assert tuple(tree) == found.names
    for path, tensor in tree.items():
        assert keras.ops.is_tensor(tensor), path
        (like,) = [each for each in net.trainable_variables if each.path == path]
        assert tuple(tensor.shape) == tuple(like.shape)
        assert keras.backend.standardize_dtype(tensor.dtype) == like.dtype == "float32"
    np.testing.assert_array_equal(found.flatten(tree), flat)
    np.testing.assert_array_equal(found.flatten(dict(reversed(tree.items()))), flat)
    tree.popitem()
    refuse(InvalidInputError, "own structure", lambda: found.flatten(tree))


def frozen_parameters_are_left_out_unless_named(keras):
    from conjac.errors import InvalidInputError, NotDifferentiableError
    from conjac.models import bind

    net = with_weights(sequential(keras))
    net.layers[-1].trainable = False
    model, (kernel, bias) = bind(net), (each.path for each in net.layers[-1].weights)
    by = model.parametric([])
    assert {kernel, bias} | {each.path for each in net.layers[1].non_trainable_weights} == set(by.frozen)
    assert not set(by.frozen) & set(by.structure.names)
    assert model.parametric([kernel.rpartition("/")[0]]).structure.names == (kernel, bias)
    named = model.parametric([next(path for path in by.frozen if "moving_mean" in path)])
    assert np.abs(named.pull(ROWS["sequential"], np.eye(3)[np.arange(N_ROWS) % 3])).max() > 0
    refuse(InvalidInputError, "no such parameter", lambda: model.parametric(["nothing"]))
    net.trainable = False
    refuse(NotDifferentiableError, "8 are frozen", lambda: model.parametric([]))


def outputs(keras):
    from scipy.special import expit, softmax

    from conjac.errors import InvalidInputError
    from conjac.models import bind

    layers, X = keras.layers, ROWS["sequential"]
    for units, squash in ((1, expit), (3, lambda raw: softmax(raw, axis=1))):
        net = keras.Sequential([keras.Input((4,)), layers.Dense(units)])
        raw = predicted(net, X)
        close(bind(net).scores(X), raw, 1e-6)
        close(bind(net, "probabilities").scores(X), squash(raw), 1e-6)
        scales = {output: bind(net, output).scale for output in ("auto", "logits", "scores", "probabilities")}
        assert scales == {"auto": "score", "logits": "score", "scores": "score", "probabilities": "logit"}
    row = keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    for last in (
        layers.Dense(3, activation="softmax"),
        layers.Dense(1, activation="sigmoid"),
        layers.Activation("softmax"),
        layers.Softmax(),
        keras.ops.sigmoid,
        inner,
    ):
        net = keras.Model(row, last(row))
        refuse(InvalidInputError, "makes probabilities", lambda net=net: bind(net, "logits"))
        assert {bind(net, output).scale for output in ("auto", "probabilities", "scores")} == {"score"}
    close(bind(net, "probabilities").scores(X), predicted(net, X), 1e-6)
    refuse(InvalidInputError, "expected one of", lambda: bind(net, "labels"))


def precision(keras):
    from conjac.errors import NotDifferentiableError
    from conjac.models import bind

    X, layers = ROWS["sequential"], keras.layers
    for policy in ("mixed_float16", "mixed_bfloat16"):
        parts = [layers.Dense(3, activation="tanh", dtype=policy), layers.Dense(2, dtype=policy)]
        net = keras.Sequential([keras.Input((4,)), *parts])
        by = bind(net).parametric([])
        direction = np.ones(by.structure.size)
        dtypes = {keras.backend.standardize_dtype(leaf.dtype) for leaf in by.structure.unflatten(direction).values()}
        assert dtypes == {"float32"}
        close(by.rows(X) @ direction, by.push(X, direction), 0.05)
        assert np.isfinite(bind(net).pull(X, np.ones((N_ROWS, 2)))).all()
    half = keras.Sequential([keras.Input((4,)), layers.Dense(1, dtype="float16")])
    by = bind(half).parametric([])
    assert keras.backend.standardize_dtype(next(iter(by.structure.unflatten(np.ones(5)).values())).dtype) == "float16"
    refuse(NotDifferentiableError, "overflows", lambda: by.pull(1e4 * np.abs(X), np.ones((N_ROWS, 1))))


def whole_numbers(keras):
    from conjac.errors import NotDifferentiableError
    from conjac.models import bind

    words, c = ROWS["recurrent"], np.ones((N_ROWS, 2))
    layers = keras.layers
    net = keras.Sequential([keras.Input((3,)), layers.Embedding(7, 2), layers.Flatten(), layers.Dense(2)])
    for X in (words, words.astype(np.float32)):
        refuse(NotDifferentiableError, "embedding", lambda X=X: bind(net).pull(X, c))
        assert np.abs(bind(net).parametric([]).pull(X, c)).max() > 0
    plain = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    close(bind(plain).pull(words, c), np.tile(weights_of(plain)[0].sum(axis=1), (N_ROWS, 1)), 1e-6)


def what_no_derivative_follows(keras):
    from conjac.errors import NotDifferentiableError
    from conjac.models import bind

    layers, X, c = keras.layers, ROWS["sequential"], np.ones((N_ROWS, 2))
    row, rounds = keras.Input((4,)), layers.Lambda(lambda x: keras.ops.round(x))
    early = bind(keras.Model(row, layers.Dense(2)(rounds(row))))
    refuse(NotDifferentiableError, "rounds", lambda: early.pull(X, c))
    assert np.abs(early.parametric([]).pull(X, c)).max() > 0
    late = bind(keras.Model(row, rounds(layers.Dense(2)(row)))).parametric([])
    for call in (lambda: late.pull(X, c), lambda: late.push(X, np.ones(10)), lambda: late.rows(X)):
        refuse(NotDifferentiableError, "rounds", call)
    flat = keras.Sequential([keras.Input((4,)), layers.Dense(2, activation="relu")])
    flat.set_weights([np.zeros((4, 2)), -np.ones(2)])
    assert not bind(flat).pull(X, c).any(), "what is flat has the derivative 0, and is no error"


def refusals(keras):
    from conjac.errors import InvalidInputError, NotSupportedError
    from conjac.models import bind, scored

    layers, X = keras.layers, ROWS["sequential"]
    row = keras.Input((4,))

    class Chance(keras.Model):
        def __init__(self):
            super().__init__()
            self.drop, self.head = layers.Dropout(0.5), layers.Dense(1)

        def call(self, x):
            return self.head(self.drop(x, training=True))

    class Counting(keras.Model):
        def __init__(self):
            super().__init__()
            self.head = layers.Dense(1)
            self.count = self.add_weight(initializer="zeros", trainable=False)

        def call(self, x):
            self.count.assign(self.count + 1)
            return self.head(x) + self.count

    chance = Chance()
    chance(X)
    drawn = (
        "draws random" if keras.config.backend() == "torch" else "changes its own state"
    )  # torch's seeds are its own
    refuse(InvalidInputError, drawn, lambda: bind(chance).scores(X))
    counting = Counting()
    counting(X)
    refuse(InvalidInputError, "changes its own state", lambda: bind(counting).scores(X))
    assert of_tensor(counting.count.value) == 1
    refuse(InvalidInputError, "no weights yet", lambda: bind(keras.Sequential([layers.Dense(1)])))
    two = keras.Model(row, [layers.Dense(2)(row), layers.Dense(1)(row)])
    refuse(InvalidInputError, "returns a list", lambda: bind(two).scores(X))
    wide = keras.Sequential([keras.Input((4,)), layers.Reshape((2, 2))])
    refuse(InvalidInputError, r"shape \(16, 2, 2\)", lambda: bind(wide).scores(X))
    refuse(InvalidInputError, "fails on X", lambda: scored(bind(sequential(keras)), X[:, :3]))
    twins = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="one"), layers.Dense(2, name="other")])
    with patch.object(type(twins.weights[0]), "path", "same"):
        refuse(InvalidInputError, "are called 'same'", lambda: bind(twins).parametric([]))
    with patch.object(keras.config, "backend", lambda: "numpy"):
        refuse(NotSupportedError, "model.predict", lambda: bind(twins))


def owned_here_and_not_by_torch(keras):
    from conjac.models import bind

    backend = keras.config.backend()
    names = {"jax": "jax.vjp", "tensorflow": "tf.GradientTape", "torch": "torch.autograd"}
    model = bind(sequential(keras))
    assert model.derivative == f"{names[backend]} through Keras, float32"
    assert model.response == "Sequential.call"
    if backend == "torch":
        import torch

        from conjac.errors import InvalidInputError

        assert isinstance(sequential(keras), torch.nn.Module)
        assert bind(torch.nn.Linear(2, 1)).response == "Linear.forward"
        wrapped = keras.Sequential([keras.Input((4,)), keras.layers.TorchModuleWrapper(torch.nn.Linear(4, 2))])
        refuse(InvalidInputError, "TorchModuleWrapper", lambda: bind(wrapped).parametric([]))


def refuse(error, message, call):
    try:
        call()
    except error as caught:
        told = str(caught)
    else:
        told = "nothing was refused"
    assert re.search(message, told), f"{told}; expected {error.__name__}: {message}"


CHECKS = {f"derivatives of {kind}": partial(derivatives, kind=kind) for kind in MODELS} | {
    check.__name__: check
    for check in (
        nothing_of_the_model_changes,
        trees,
        frozen_parameters_are_left_out_unless_named,
        outputs,
        precision,
        whole_numbers,
        what_no_derivative_follows,
        refusals,
        owned_here_and_not_by_torch,
    )
}


def main():
    import keras

    warnings.simplefilter("error")
    found = {}
    for name, check in CHECKS.items():
        try:
            found[name] = {"figures": check(keras)}
        except Exception:
            found[name] = {"failure": traceback.format_exc()}
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
