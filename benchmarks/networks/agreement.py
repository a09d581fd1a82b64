"""Whether fluxes are derivatives: beside automatic differentiation of the soft count, in PyTorch, JAX and Keras.

    KERAS_BACKEND=torch python -m benchmarks.networks.agreement keras

writes what it found as JSON; a process of its own for each library and back end.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import Any

import numpy as np

from benchmarks.decisions.report import markdown_table, verdict

Row = dict[str, Any]
WAYS = ("torch", "jax", "keras torch", "keras jax", "keras tensorflow", "scikit-learn")
BANDWIDTHS = (0.1, 0.3, 1.0)
SAME = 1e-6
N, WIDTHS = 20_000, (12, 16, 16)


def data() -> tuple[np.ndarray, np.ndarray, list[tuple[np.ndarray, np.ndarray]]]:
    """Return rows, labels, and the kernels and biases of a network with one logit."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, WIDTHS[0]))
    layers = [
        (rng.normal(size=(n, m)) * 1.5 / n**0.5, rng.normal(size=m) / 4)
        for n, m in zip(WIDTHS, (*WIDTHS[1:], 1), strict=True)
    ]
    f = X
    for place, (kernel, bias) in enumerate(layers):
        f = f @ kernel + bias
        f = np.tanh(f) if place < len(layers) - 1 else f
    return X, (f[:, 0] + rng.logistic(size=N) > 0).astype(int), layers


def of_torch() -> tuple[Any, Any]:
    """Return the network, and the gradient of the soft count of true positives at a bandwidth, by its name."""
    import torch

    X, y, layers = data()
    parts: list[Any] = []
    for kernel, bias in layers:
        linear = torch.nn.Linear(*kernel.shape).double()
        linear.weight.data, linear.bias.data = torch.tensor(kernel.T), torch.tensor(bias)
        parts += [linear, torch.nn.Tanh()]
    module = torch.nn.Sequential(*parts[:-1])

    def soft(h: float) -> dict[str, np.ndarray]:
        z = module(torch.tensor(X))[:, 0]
        count = torch.special.ndtr(z / h)[torch.tensor(y == 1)].sum()
        found = torch.autograd.grad(count, list(module.parameters()))
        return {name: g.numpy() for (name, _), g in zip(module.named_parameters(), found, strict=True)}

    return module, soft


def of_jax() -> tuple[Any, Any]:
    """Do as `of_torch`."""
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    import conjac as cj

    X, y, layers = data()
    parameters = {f"layer{k}": {"kernel": jnp.array(w), "bias": jnp.array(b)} for k, (w, b) in enumerate(layers)}

    def apply(parameters: Any, rows: Any) -> Any:
        for k in range(len(layers)):
            rows = rows @ parameters[f"layer{k}"]["kernel"] + parameters[f"layer{k}"]["bias"]
            rows = jnp.tanh(rows) if k < len(layers) - 1 else rows
        return rows[:, 0]

    def soft(h: float) -> Any:
        return jax.grad(lambda p: jax.scipy.stats.norm.cdf(apply(p, X[y == 1]) / h).sum())(parameters)

    return cj.models.Applied(apply, parameters), soft


def of_keras() -> tuple[Any, Any]:
    """Do as `of_torch`, with the soft count differentiated by NumPy's own back-propagation in double precision."""
    import keras

    keras.config.set_floatx("float64")
    X, y, layers = data()
    model = keras.Sequential([keras.Input((WIDTHS[0],))])
    for k, (kernel, bias) in enumerate(layers):
        dense = keras.layers.Dense(kernel.shape[1], activation="tanh" if k < len(layers) - 1 else None)
        model.add(dense)
        dense.set_weights([kernel, bias])

    def soft(h: float) -> dict[str, np.ndarray]:
        if keras.backend.backend() == "torch":
            module, own = of_torch()
            del module
            told = list(own(h).values())
        else:
            told = _backwards(X[y == 1], layers, h)
        return dict(zip([v.path for v in model.trainable_variables], _keras_order(told, keras), strict=True))

    return model, soft


def _keras_order(told: list[np.ndarray], keras: Any) -> list[np.ndarray]:
    return [g.T if g.ndim == 2 and keras.backend.backend() == "torch" else g for g in told]


def _backwards(X: np.ndarray, layers: Any, h: float) -> list[np.ndarray]:
    values = [X]
    for k, (kernel, bias) in enumerate(layers):
        f = values[-1] @ kernel + bias
        values.append(np.tanh(f) if k < len(layers) - 1 else f)
    delta = np.exp(-((values[-1] / h) ** 2) / 2) / np.sqrt(2 * np.pi) / h
    found: list[np.ndarray] = []
    for k in reversed(range(len(layers))):
        found = [values[k].T @ delta, delta.sum(axis=0), *found]
        delta = (delta @ layers[k][0].T) * (1 - values[k] ** 2)
    return found


def of_scikit() -> list[Row]:
    """Compare a linear module with scikit-learn's classifier of the same coefficients, of two classes and of four."""
    import torch
    from sklearn.linear_model import LogisticRegression

    import conjac as cj

    found = []
    for n_classes in (2, 4):
        rng = np.random.default_rng(n_classes)
        X = rng.normal(size=(N, 6))
        y = (X @ rng.normal(size=(6, n_classes)) + rng.gumbel(size=(N, n_classes))).argmax(axis=1)
        fitted = LogisticRegression().fit(X[:1000], y[:1000])
        module = torch.nn.Linear(6, len(fitted.coef_)).double()
        module.weight.data, module.bias.data = torch.tensor(fitted.coef_), torch.tensor(fitted.intercept_)
        ours, theirs = (
            cj.ConfusionJacobian.from_estimator(model, X, y, wrt="parameters", output=output)
            for model, output in ((fitted, "auto"), (module, "probabilities"))
        )
        size = np.abs(ours.jacobian).max()
        off = [np.abs(getattr(ours, name) - getattr(theirs, name)).max() / size for name in ("jacobian", "stderr")]
        found.append({"way": f"linear, {n_classes} classes", "bandwidth": None, "off": float(max(off))})
    return found


def measure(library: str) -> list[Row]:
    """Compare at each bandwidth, relative to the largest figure."""
    import conjac as cj

    model, soft = {"torch": of_torch, "jax": of_jax, "keras": of_keras}[library]()
    X, y, _ = data()
    found = []
    for h in BANDWIDTHS:
        J = cj.ConfusionJacobian.from_estimator(
            model, X, y, wrt=cj.Parameters(method="pull", bandwidth=h), threshold=0.0, coordinate="score"
        )
        flatten = J._learned.structure.flatten
        ours, theirs = flatten(J.vjp([[0.0, 0.0], [0.0, 1.0]])), flatten(soft(h))
        found.append({"bandwidth": h, "off": float(np.abs(ours - theirs).max() / np.abs(theirs).max())})
    return found


def run() -> list[Row]:
    """Measure all."""
    found = of_scikit()
    for way in WAYS[:-1]:
        library, _, backend = way.partition(" ")
        command = [sys.executable, "-m", "benchmarks.networks.agreement", library]
        env = {**os.environ, "KERAS_BACKEND": backend or "torch", "TF_CPP_MIN_LOG_LEVEL": "3", "JAX_ENABLE_X64": "1"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        found += [{"way": way, **one} for one in json.loads(done.stdout.splitlines()[-1])]
    return found


def markdown(found: list[Row]) -> str:
    text = (
        f"The gradient of the true positives in the parameters of a network of three layers ({N:,} rows), at a "
        "bandwidth that is given, beside that of the soft count of all rows, differentiated by the library itself; and "
        "the whole Jacobian of a linear module, with its errors, beside that of scikit-learn's classifier with the "
        "same coefficients. Largest difference, relative to the largest figure."
    )
    rows = [
        [one["way"], "-" if one["bandwidth"] is None else f"{one['bandwidth']:g}", f"{one['off']:.0e}"] for one in found
    ]
    return f"{text}\n\n{markdown_table(['', 'bandwidth', 'off by'], rows)}"


def verdicts(found: list[Row]) -> list[Any]:
    worst = max(one["off"] for one in found)
    return [verdict("flux equals the derivative of the soft count to 1e-6", worst <= SAME, f"at most {worst:.0e}")]


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("library", choices=("torch", "jax", "keras"))
    print(json.dumps(measure(parser.parse_args().library)))
