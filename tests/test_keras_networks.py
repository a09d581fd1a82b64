"""Models of Keras on its back ends, each in a process of its own: KERAS_BACKEND is read when Keras is imported."""

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import keras_networks
import numpy as np
import pytest
from support import SRC, needs_present

BACKENDS = ("torch", "jax", "tensorflow")
SCRIPT = Path(__file__).with_name("keras_networks.py")


@functools.cache
def found_on(backend):
    """Run all checks on a back end; return what each found, by name."""
    env = {
        **os.environ,
        "KERAS_BACKEND": backend,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",  # compiling takes longer than anything else here
        "PYTHONPATH": os.pathsep.join([str(SRC.parent), os.environ.get("PYTHONPATH", "")]),
    }
    done = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, encoding="utf-8", env=env, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def figures(backend, check):
    needs_present("keras")
    needs_present(backend)
    found = found_on(backend)[check]
    assert "failure" not in found, found["failure"]
    return found["figures"]


@pytest.mark.parametrize("check", keras_networks.CHECKS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_on_a_back_end(backend, check):
    figures(backend, check)


@pytest.mark.parametrize("kind", keras_networks.MODELS)
@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_equal_weights_have_equal_derivatives_on_all_back_ends(backend, kind):
    check = f"derivatives of {kind}"
    expected, found = figures("torch", check), figures(backend, check)
    assert expected.keys() == found.keys() >= {"scores", "push", "pull"}
    for name, figure in expected.items():
        keras_networks.close(np.array(found[name]), np.array(figure), 1e-5)
