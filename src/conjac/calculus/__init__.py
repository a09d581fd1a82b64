r"""Jacobians of ordinary vector functions: what the rest of conjac is built on, and what it can be learnt from.

For :math:`f: \mathbb{R}^u \to \mathbb{R}^v` the Jacobian is the v x u matrix of partial derivatives: output axes first,
one column for each input.

==============================  ========================================================================
`jacobian`                      the matrix, its error, and how it was found
`jvp`, `vjp`                    its products with a direction and with a cotangent
`as_linear_operator`            the same, for SciPy's solvers
`Chain`                         named steps whose Jacobians multiply, forward or backward
`determinant`, `log_abs_det`    how much a square map stretches volume
`change_of_variables`           the density of f(X)
`substitute`                    an integral over a mapped region
`newton`                        the root of simultaneous equations
`stability`                     whether a fixed point attracts
`complex_step`                  derivatives of analytic functions, many points at once
`Elementwise`                   a function of each entry that brings its own derivative: `LOGIT`, `IDENTITY`
==============================  ========================================================================

A function that has a method ``jacobian(x)`` brings its own; functions of PyTorch and JAX are differentiated by these;
any other by `scipy.differentiate`.
"""

from conjac.calculus.analytic import complex_step
from conjac.calculus.chain import Chain, Trace
from conjac.calculus.densities import change_of_variables
from conjac.calculus.differentiate import as_linear_operator, jacobian, jvp, vjp
from conjac.calculus.elementwise import IDENTITY, LOGIT, Elementwise
from conjac.calculus.fixed_points import Stability, stability
from conjac.calculus.result import JacobianResult
from conjac.calculus.roots import Root, Step, newton
from conjac.calculus.substitution import Integral, substitute
from conjac.calculus.volume import determinant, log_abs_det

__all__ = [
    "IDENTITY",
    "LOGIT",
    "Chain",
    "Elementwise",
    "Integral",
    "JacobianResult",
    "Root",
    "Stability",
    "Step",
    "Trace",
    "as_linear_operator",
    "change_of_variables",
    "complex_step",
    "determinant",
    "jacobian",
    "jvp",
    "log_abs_det",
    "newton",
    "stability",
    "substitute",
    "vjp",
]
