"""Fitted models as sources of scores and their derivatives; libraries that differentiate their own functions.

A library's file is found without importing the library: its objects are looked for in `sys.modules`.
"""

from conjac.calculus.backends import register as register_backend
from conjac.models.contract import Adapter, Model, Pull, adapter_of, register
from conjac.models.files import load
from conjac.models.jax import Jax
from conjac.models.onnx import Onnx
from conjac.models.response import ordered, response
from conjac.models.scikit import ScikitLearn
from conjac.models.torch import Torch

register_backend(Torch())
register_backend(Jax())
register(ScikitLearn())
register(Onnx())

__all__ = ["Adapter", "Model", "Pull", "adapter_of", "load", "ordered", "register", "response"]
