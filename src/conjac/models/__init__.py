"""Fitted models as sources of scores and their derivatives; libraries that differentiate their own functions.

A library's file is found without importing the library: its objects are looked for in `sys.modules`.
"""

from conjac.calculus.backends import register as register_backend
from conjac.models.bind import bind
from conjac.models.boosters import Boosters
from conjac.models.callables import Callables
from conjac.models.checked import checked
from conjac.models.checked_parameters import checked_parameters
from conjac.models.contract import Adapter, Model, Pull, register
from conjac.models.files import load
from conjac.models.jax import Applied, Jax, JaxModels
from conjac.models.keras import KerasModels
from conjac.models.objective import Objective
from conjac.models.onnx import Onnx
from conjac.models.oriented import oriented, read_of, scored
from conjac.models.response import response
from conjac.models.scikit import ScikitLearn
from conjac.models.torch import Torch, TorchModules

register_backend(Torch())
register_backend(Jax())
register(Callables())
register(ScikitLearn())
register(Boosters())
register(Onnx())
register(JaxModels())
register(TorchModules())
register(KerasModels())  # asked before TorchModules: on the torch back end they are modules, too

__all__ = [
    "Adapter",
    "Applied",
    "Model",
    "Objective",
    "Pull",
    "bind",
    "checked",
    "checked_parameters",
    "load",
    "oriented",
    "read_of",
    "register",
    "response",
    "scored",
]
