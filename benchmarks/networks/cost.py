"""Seconds and memory of a gradient of the confusion matrix in a million parameters, beside one of the cross-entropy.

    OMP_NUM_THREADS=2 python -m benchmarks.networks.cost torch [--rows 100000] [--repeats 3]

writes what it found as JSON; a process of its own for each library and number of rows, since memory is measured too.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.decisions.report import markdown_table, verdict

Row = dict[str, Any]
LAYERS = (256, 850, 900, 1)
BATCH = 4096
LIBRARIES = ("torch", "jax")
SOME_ROWS = (25_000, 100_000, 200_000)
THREADS = "2"
TWICE = 2.0


def data(n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of normal inputs, and labels that follow a random network of one layer."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n_rows, LAYERS[0]), dtype=np.float32)  # no copy that would count as memory
    f = np.tanh(X @ rng.normal(size=(LAYERS[0], 8)).astype(np.float32) / 16) @ rng.normal(size=8) * 3
    return X, (rng.random(n_rows) < 1 / (1 + np.exp(-f))).astype(int)


def of_torch(X: np.ndarray, y: np.ndarray) -> tuple[Any, Callable[[], Any]]:
    """Return a network of PyTorch, and one pass forward and backward of the cross-entropy over all rows."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(int(THREADS))
    layers = [part for n, m in pairwise(LAYERS) for part in (torch.nn.Linear(n, m), torch.nn.ReLU())]
    module = torch.nn.Sequential(*layers[:-1])
    rows, labels = torch.from_numpy(X), torch.from_numpy(y).float()

    def once() -> None:
        module.zero_grad()
        for start in range(0, len(rows), BATCH):
            part = slice(start, start + BATCH)
            z = module(rows[part])[:, 0]
            torch.nn.functional.binary_cross_entropy_with_logits(z, labels[part], reduction="sum").backward()

    return module, once


def of_jax(X: np.ndarray, y: np.ndarray) -> tuple[Any, Callable[[], Any]]:
    """Return a network of JAX, and one pass forward and backward of the cross-entropy over all rows, compiled."""
    import jax
    import jax.numpy as jnp

    import conjac as cj

    rng = np.random.default_rng(0)
    parameters = [
        {"kernel": jnp.asarray(rng.normal(size=(n, m)) / n**0.5, dtype=jnp.float32), "bias": jnp.zeros(m)}
        for n, m in pairwise(LAYERS)
    ]

    def apply(parameters: Any, rows: Any) -> Any:
        for layer in parameters[:-1]:
            rows = jax.nn.relu(rows @ layer["kernel"] + layer["bias"])
        return (rows @ parameters[-1]["kernel"] + parameters[-1]["bias"])[:, 0]

    @jax.jit
    def gradient(parameters: Any, rows: Any, labels: Any) -> Any:
        def loss(parameters: Any) -> Any:
            z = apply(parameters, rows)
            return (jnp.logaddexp(0, z) - labels * z).sum()

        return jax.grad(loss)(parameters)

    def once() -> None:
        total = jax.tree.map(jnp.zeros_like, parameters)
        for start in range(0, len(X), BATCH):
            found = gradient(parameters, X[start : start + BATCH], y[start : start + BATCH])
            total = jax.tree.map(jnp.add, total, found)
        jax.block_until_ready(total)

    return cj.models.Applied(apply, parameters), once


def measure(library: str, n_rows: int, repeats: int) -> Row:
    """Time all of it, in turns, and take the least of each."""
    import conjac as cj

    X, y = data(n_rows)
    model, once = {"torch": of_torch, "jax": of_jax}[library](X, y)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: dict[str, list[float]] = {"cross-entropy": [], "whole": [], "vjp": [], "f1": [], "f1 stderr": []}

    def timed(name: str, call: Callable[[], Any]) -> Any:
        start = perf_counter()
        result = call()
        found[name].append(perf_counter() - start)
        return result

    for _ in range(repeats):
        timed("cross-entropy", once)
    pass_memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(repeats):
        J = timed("whole", lambda: _vjp(cj.ConfusionJacobian.from_estimator(model, X, y, wrt="parameters")))
        timed("vjp", lambda J=J: J.vjp([[0.0, 1.0], [0.0, 0.0]]))
        metric = J.of("f1")
        timed("f1", lambda metric=metric: metric.gradient)
        timed("f1 stderr", lambda metric=metric: metric.stderr)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    least = {name: min(times) for name, times in found.items()}
    near = len(np.unique(J._motion.fixed.crossing.row))
    return {
        "library": library,
        "rows": n_rows,
        "parameters": int(sum(n * m + m for n, m in pairwise(LAYERS))),
        "near": near / n_rows,
        "seconds": least,
        "memory": (max(after, pass_memory) - before) / 1024,
        "memory of the pass": (pass_memory - before) / 1024,
    }


def _vjp(J: Any) -> Any:
    J.vjp([[0.0, 1.0], [0.0, 0.0]])
    return J


def apart(library: str, n_rows: int, repeats: int) -> Row:
    """Measure in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.networks.cost", library, "--rows", str(n_rows)]
    env = {**os.environ, "OMP_NUM_THREADS": THREADS, "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=true"}
    done = subprocess.run([*command, "--repeats", str(repeats)], env=env, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def run(quick: bool) -> list[Row]:
    """Measure all libraries at all numbers of rows."""
    sizes = SOME_ROWS[:1] if quick else SOME_ROWS
    return [apart(library, n, 2 if n == SOME_ROWS[1] and not quick else 1) for library in LIBRARIES for n in sizes]


def markdown(found: list[Row]) -> str:
    head = [
        "library",
        "rows",
        "rows near",
        "cross-entropy, s",
        "J and vjp",
        "vjp alone",
        "gradient of F1",
        "its errors",
    ]
    head += ["MB of the pass", "MB in all"]
    rows = [
        [
            one["library"],
            f"{one['rows']:,}",
            f"{one['near']:.0%}",
            f"{one['seconds']['cross-entropy']:.2f}",
            *(
                f"{one['seconds'][name] / one['seconds']['cross-entropy']:.2f}x"
                for name in ("whole", "vjp", "f1", "f1 stderr")
            ),
            f"{one['memory of the pass']:.0f}",
            f"{one['memory']:.0f}",
        ]
        for one in found
    ]
    text = (
        f"Networks of {found[0]['parameters']:,} parameters ({' - '.join(map(str, LAYERS))}, ReLU, single precision), "
        f"in batches of {BATCH:,} rows, on {THREADS} cores. Times of one pass forward and backward of the "
        "cross-entropy over all rows, and of ours over that: counting, densities and one vector-Jacobian product (J "
        "and vjp), another one, the gradient of a metric, and its standard errors from 64 blocks. Memory is what the "
        "process grew by beyond its rows."
    )
    return f"{text}\n\n{markdown_table(head, rows)}"


def verdicts(found: list[Row]) -> list[str]:
    whole = [one["seconds"]["whole"] / one["seconds"]["cross-entropy"] for one in found]
    told = [
        verdict(
            f"J and vjp at most {TWICE:g}x one pass of the cross-entropy: at most {max(whole):.2f}x",
            max(whole) <= TWICE,
        )
    ]
    for library in LIBRARIES:
        own = [one for one in found if one["library"] == library]
        if len(own) > 1:
            more = own[-1]["memory"] - own[0]["memory"]
            per_row = more * 2**20 / (own[-1]["rows"] - own[0]["rows"])
            told.append(
                verdict(
                    f"memory flat in rows, {library}: {per_row:.0f} bytes a row, beside {4 * LAYERS[0]} of its inputs",
                    per_row < 512,
                )
            )
    return told


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("library", choices=LIBRARIES)
    parser.add_argument("--rows", type=int, default=SOME_ROWS[1])
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    print(json.dumps(measure(given.library, given.rows, given.repeats)))
