"""Fitted models as sources of scores, and the libraries that differentiate their own functions.

A library's file is found without importing the library: its objects are looked for in `sys.modules`.
"""

from conjac.calculus.backends import register
from conjac.models.jax import Jax
from conjac.models.response import ordered, response
from conjac.models.torch import Torch

register(Torch())
register(Jax())

__all__ = ["ordered", "response"]
