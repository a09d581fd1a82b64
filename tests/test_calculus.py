"""Jacobians of vector functions: what they refuse, what they must not refuse, and the libraries that differentiate."""

import dataclasses
import math
import re
import subprocess
import sys
import warnings
from functools import partial

import numpy as np
import pytest
from oracles import normal_rows
from scipy import stats
from sklearn.metrics import confusion_matrix, f1_score
from support import needs

import conjac as cj
from conjac import calculus
from conjac.calculus import LOGIT, Chain, change_of_variables, jacobian, jvp, newton, stability, substitute, vjp

# PyTorch's own, at its first jvp.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
NAN = float("nan")
Y, p = normal_rows(0, 60)
credit, grid = 300 + 550 * p, (np.arange(10**6) + 0.5) / 10**6


@pytest.fixture(params=["numpy", "torch float32", "torch float64", "jax"])
def library(request):
    """A library's functions, and what makes its arrays."""
    if request.param == "numpy":
        return np, np.asarray
    if request.param == "jax":
        return needs("jax.numpy"), needs("jax.numpy").asarray
    torch = needs("torch")
    return torch, partial(torch.tensor, dtype=getattr(torch, request.param.split()[1]))


differentiates = pytest.mark.parametrize("library", ["torch float32", "torch float64", "jax"], indirect=True)


def multiply(x):
    return np.array([x[0] * x[1], x[0] + x[1], x[1]])


# --- results


def test_results_cannot_be_changed_and_are_read_as_arrays():
    J, exact = jacobian(multiply, [2, 3]), [[3, 2], [1, 1], [0, 1]]
    trace = Chain([("only", multiply)]).at([2, 3])
    root, fixed = newton(np.cos, 1.5), stability(lambda x: x / 2, 0.0)
    np.testing.assert_allclose(np.asarray(J), exact)
    assert np.asarray(J, dtype=np.float32).dtype == np.float32
    assert J.shape == (3, 2)
    assert J.error.shape == (3, 2)
    np.testing.assert_array_equal(J.value, [6, 5, 3])
    for result, field in ((J, "jacobian"), (root, "x"), (fixed, "measure"), (trace, "names")):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, field, 0)
    held = [np.asarray(J), J.value, J.error, trace.jacobian, *trace.values, root.x, root.steps[0].x, fixed.eigenvalues]
    assert not any(array.flags.writeable for array in held)


def test_calls_are_counted():
    calls = []
    assert jacobian(lambda x: calls.append(1) or np.sin(x), [0.3, 0.0]).n_evaluations == len(calls)


@pytest.mark.parametrize(
    "f",
    [lambda x: [x[0] ** 2, 3], lambda x: (x[0] ** 2, 3.0), lambda x: np.array([x[0] ** 2, 3], dtype=object)],
    ids=["list", "tuple", "objects"],
)
@pytest.mark.parametrize("x", [2, [2], np.array(2), (2.0,), np.array([2], np.int8), np.array([2], object)], ids=repr)
def test_points_and_values_of_any_kind(f, x):
    np.testing.assert_allclose(jacobian(f, x), [[4], [0]])


def test_functions_that_write_where_they_read_do_no_harm():
    x, out = np.array([2.0, 3.0]), np.empty(3)
    for f in (lambda x: np.multiply(x, 2, out=x), lambda x: np.copyto(out, multiply(x)) or out):
        np.testing.assert_allclose(jacobian(f, x), jacobian(lambda x, f=f: f(x).copy(), x.copy()))
    assert x.tolist() == [2, 3]


@pytest.mark.parametrize("size", [1e-200, 1e-30, 1.0, 1e30, 1e200])
def test_products_are_linear(size):
    exact, direction, cotangent = np.array([[3, 2], [1, 1], [0, 1]]), np.array([1, -2]), np.array([1, 2, 3])
    np.testing.assert_allclose(jvp(multiply, [2, 3], size * direction), size * (exact @ direction), rtol=1e-7)
    np.testing.assert_allclose(vjp(multiply, [2, 3], size * cotangent), size * (cotangent @ exact), rtol=1e-7)
    np.testing.assert_array_equal(jvp(multiply, [2, 3], [0, 0]), 0)


def test_a_determinant_that_overflows_has_a_logarithm():
    assert calculus.determinant(np.broadcast_to(2 * np.eye(3), (5, 3, 3))).tolist() == pytest.approx([8] * 5)
    assert calculus.log_abs_det(1e-5 * np.eye(100)) == pytest.approx(-500 * np.log(10))


def test_the_complex_step_takes_lists():
    np.testing.assert_allclose(calculus.complex_step(np.square, [[1.0], [3.0]]), [[[2]], [[6]]])


def test_functions_of_entries_bring_their_own_jacobian():
    cube = calculus.Elementwise("cube", lambda x: x**3, lambda x: 3 * x**2, np.cbrt)
    assert jacobian(cube, [1.0, 2.0]).method == "f.jacobian"
    np.testing.assert_array_equal(jacobian(cube, [1.0, 2.0]), [[3, 0], [0, 12]])
    np.testing.assert_array_equal(jacobian(calculus.IDENTITY, [1.0, 2.0]), np.eye(2))
    np.testing.assert_allclose(jacobian(LOGIT, [0.5, 0.2]), np.diag([4, 6.25]))
    assert LOGIT.inverse(LOGIT(0.3)) == pytest.approx(0.3)
    assert np.isnan(np.diag(LOGIT.jacobian([0.0, 1.0, 2.0]))).all()


def test_a_chain_tells_what_its_steps_tell():
    """A chain is differentiated by its steps, and is no surer than they are."""
    with pytest.warns(cj.ConjacWarning, match="do not converge"):
        J = jacobian(Chain([("root", np.sqrt), ("twice", lambda x: 2 * x)]), 0.0)
    assert not J.success
    with pytest.raises(cj.NotDifferentiableError, match=r"step 'cut': .*conjac\.confusion_jacobian"):
        Chain([("twice", lambda x: 2 * x), ("cut", np.floor)]).at(0.3)


# --- refusals


class Own:
    """A map from 2 numbers to 3 that brings a Jacobian."""

    def __init__(self, slope):
        self.slope = slope

    def __call__(self, x):
        return multiply(x)

    def jacobian(self, _):
        return self.slope


def normal_to(f, branches, density=stats.norm.pdf, y=0.5):
    return change_of_variables(density, f, branches)(y)


POINTS = {"text": ["a"], "complex": [1j], "matrix": [[1.0]], "empty": [], "ragged": [[1], [1, 2]], "none": None}
POINTS |= {"nan": [1, NAN], "inf": [np.inf], "masked": np.ma.masked_array([1.0, 2.0], [False, True])}
REFUSED = {f"x {name}": (partial(jacobian, np.sin, x), r"^x(\[\d\])? ") for name, x in POINTS.items()} | {
    "f": (lambda: jacobian(3, 1.0), "f is a int; expected a function of x"),
    "f(x) matrix": (lambda: jacobian(lambda _: np.ones((2, 2)), 1.0), r"f\(x\) has shape \(2, 2\).*ravel it first"),
    "f(x) empty": (lambda: jacobian(lambda _: [], 1.0), r"f\(x\) has shape \(0,\)"),
    "f(x) nan": (lambda: jacobian(lambda _: [0, NAN], 1.0), r"f\(x\)\[1\] is nan.*move x into f's domain"),
    "f(x) complex": (lambda: jacobian(lambda x: 1j * x, 1.0), "complex.*real and imaginary parts"),
    "f(x) text": (lambda: jacobian(lambda _: "a", 1.0), r"f\(x\) holds .* values; expected numbers"),
    "f(x) none": (lambda: jacobian(lambda _: None, 1.0), r"f\(x\).*None"),
    "f(x) ragged": (lambda: jacobian(lambda _: [[1], [1, 2]], 1.0), r"f\(x\)"),
    "f varies": (lambda: jacobian(lambda x: x[x > 0.3], [0.3, 1]), r"f returns shape \(1,\) at x, and \(2,\) at"),
    "own transposed": (lambda: jacobian(Own(np.ones((2, 3))), [1, 2]), r"f\.jacobian.*\(2, 3\).*\(3, 2\)"),
    "own too small": (lambda: jacobian(Own(np.eye(2)), [1, 2]), r"f\.jacobian.*\(3, 2\)"),
    "own nan": (lambda: jacobian(Own(np.full((3, 2), NAN)), [1, 2]), r"f\.jacobian is not finite at x=\[1"),
    "direction": (lambda: jvp(multiply, [1, 2], [1, 2, 3]), r"direction has shape \(3,\); expected \(2,\)"),
    "direction nan": (lambda: jvp(multiply, [1, 2], [NAN, 1]), "direction.*nan"),
    "cotangent": (lambda: vjp(multiply, [1, 2], [1, 2]), r"cotangent has shape \(2,\); expected \(3,\)"),
    "cotangent nan": (lambda: vjp(multiply, [1, 2], [NAN, 1, 1]), "cotangent.*nan"),
    "J wide": (lambda: calculus.determinant(jacobian(multiply, [1, 2])), r"shape \(3, 2\).*as many outputs as inputs"),
    "J nan": (lambda: calculus.log_abs_det([[1, NAN], [0, 1]]), r"J\[0, 1\] is nan"),
    "no step": (lambda: Chain([]), "one step or more"),
    "step twice": (lambda: Chain([("a", np.sin), ("a", np.cos)]), r"\['a', 'a'\].*its own name"),
    "step no function": (lambda: Chain([("a", 3)]), "step 'a' is a int; expected a function"),
    "step bare": (lambda: Chain([np.sin, np.cos]), "step"),
    "step off domain": (lambda: Chain([("a", np.negative), ("b", LOGIT)]).at(0.3), r"step 'b': f\(x\)\[0\] is nan"),
    "branch wrong": (lambda: normal_to(np.exp, np.sqrt), r"branches\[0\] takes y=\[0.5\].*not an inverse.*return nan"),
    "branch none": (lambda: normal_to(np.exp, []), "branches: expected the inverse of f"),
    "branch nothing": (lambda: normal_to(np.exp, None), "branches: expected the inverse of f"),
    "not square": (lambda: normal_to(multiply, lambda y: y[:2], y=[0, 1, 1]), "as many outputs as inputs"),
    "density below 0": (lambda: normal_to(np.exp, np.log, lambda _: -1), r"density\(.*is -1.*not below 0"),
    "density vector": (lambda: normal_to(np.exp, np.log, lambda _: [1, 2]), "expected one number"),
    "folds": (lambda: substitute(np.cos, np.square, -1, 2), "folds the box.*split the box"),
    "box upside down": (lambda: substitute(np.cos, np.exp, 1, 0), "lower=1, upper=0.*lower below upper"),
    "box ragged": (lambda: substitute(np.cos, np.exp, [0, 0], 1), "two vectors of one length"),
    "box text": (lambda: substitute(np.cos, np.exp, "a", 1), "lower"),
    "map not square": (lambda: substitute(np.sum, multiply, [0, 0], [1, 1]), "as many outputs as inputs"),
    "integrand vector": (lambda: substitute(lambda y: y, lambda x: 2 * x, [0, 0], [1, 1]), "^g"),
    "integrand nan": (lambda: substitute(lambda _: NAN, np.exp, 0, 1), "^g"),
    "ranges": (lambda: substitute(np.sum, lambda x: 2 * x, [0, 0], [1, 1], region=[(0, 2)]), "region"),
    "equations": (lambda: newton(multiply, [1, 2]), "f returns 3 equations for 2 unknowns"),
    "start": (lambda: newton(lambda x: x + NAN, 1.0), r"f\(x\)\[0\] is nan"),
    "derivative": (lambda: newton(np.sin, [1, 2], derivative=np.cos), r"derivative.*\(2, 2\)"),
    "derivative no function": (lambda: newton(np.sin, 1.0, derivative=np.eye(1)), "derivative"),
    "tolerance": (lambda: newton(np.sin, 1.0, tolerance=-1), "tolerance"),
    "no calls": (lambda: newton(np.sin, 1.0, max_steps=0), "max_steps"),
    "not fixed": (lambda: stability(np.exp, 0.0), r"not a fixed point: f is \[1.0\].*newton"),
    "not at rest": (lambda: stability(np.cos, 0.0, "continuous"), r"f\(x\) = 0 is off by 1"),
    "kind": (lambda: stability(np.sin, 0.0, "flow"), "kind='flow': expected 'discrete' or 'continuous'"),
    "states": (lambda: stability(np.sum, [0, 0]), "f returns 1 numbers for 2"),
    "errors shape": (lambda: stability(np.sin, [0, 0], jacobian_error=[1]), r"jacobian_error has shape \(1,\)"),
    "errors nan": (lambda: stability(lambda x: x / 2, 0.0, jacobian_error=[[NAN]]), "jacobian_error.*nan"),
}


@pytest.mark.parametrize(("call", "match"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_by_name(call, match):
    with pytest.raises(cj.InvalidInputError, match=match):
        call()


def test_a_density_that_is_infinite_is_refused_and_one_off_the_range_is_0():
    density = change_of_variables(stats.norm.pdf, np.square, [np.sqrt, lambda y: -np.sqrt(y)])
    with pytest.raises(cj.SingularJacobianError, match=r"singular at x=\[0.0\].*ask for it beside that point"):
        density(0.0)
    assert density(-1.0) == 0


def test_a_branch_may_be_made_of_math_s_functions():
    assert normal_to(np.square, lambda y: math.sqrt(y[0]), y=-1.0) == 0


def test_an_integral_that_is_right_is_not_doubted():
    found = substitute(lambda y: np.exp(-(y**2) / 2), np.tan, -np.pi / 2, np.pi / 2)
    assert found.value == pytest.approx(np.sqrt(2 * np.pi), abs=1e-7)


# --- steps, and what looks like them

STEPS = {
    "confusion matrix": (lambda t: confusion_matrix(Y, p >= t).ravel(), 0.5),
    "f1": (lambda t: f1_score(Y, p >= t), 0.5),
    "f1 at a score": (lambda t: f1_score(Y, p >= t), p[7]),
    "f1 of scores from 300 to 850": (lambda t: f1_score(Y, credit >= t), 600.0),
    "a million rows": (lambda t: np.mean(grid >= t), 0.5),
    "one output of two": (lambda x: [x[0] ** 2, np.floor(x[0])], 0.5),
    "whole number": (lambda x: int(10 * x[0]), 0.53),
    "truth": (lambda x: x[0] > 0.3, 0.5),
    "floor at its jump": (np.floor, 0.0),
    "half a step at its jump": (lambda x: np.heaviside(x, 0.5), 0.0),
}


@pytest.mark.parametrize(("f", "x"), STEPS.values(), ids=STEPS)
def test_steps_are_refused_and_shown_the_way(f, x):
    with pytest.raises(cj.NotDifferentiableError, match=r"conjac\.confusion_jacobian"):
        jacobian(f, x)


COUNTS = {
    "share": lambda rows, t: (1.0 * (rows >= t)).mean(),
    "count": lambda rows, t: (rows >= t).sum(),
    "alerts": lambda rows, t: rows[:5] >= t,
}


@differentiates
@pytest.mark.parametrize("product", ["jacobian", "jvp", "vjp"])
@pytest.mark.parametrize("count", COUNTS.values(), ids=COUNTS)
def test_a_zero_of_automatic_differentiation_is_refused(library, count, product):
    _, array = library
    f, x = partial(count, array(p)), array([0.5])
    along = {"jacobian": (), "jvp": ([1.0],), "vjp": (np.ones(np.shape(f(x))),)}[product]
    with pytest.raises(cj.NotDifferentiableError, match=r"conjac\.confusion_jacobian"):
        getattr(calculus, product)(f, x, *along)


def test_the_numbers_in_a_refusal_differ():
    with pytest.raises(cj.NotDifferentiableError) as refusal:
        jacobian(np.round, 1e6 + 0.2)
    before, after = re.search(r"jumps from (\S+) to (\S+) at", str(refusal.value)).groups()
    assert before != after


@pytest.mark.parametrize("name", ["abs", "rectifier"])
def test_kinks_are_refused(library, name):
    xp, array = library
    f = {"abs": xp.abs, "rectifier": lambda x: xp.where(x > 0, x, 0 * x)}[name]
    with pytest.raises(cj.NotDifferentiableError, match=r"kink in x\[0\] at 0: its slope is"):
        jacobian(f, array([0.0]))


@pytest.mark.parametrize(
    ("f", "x"),
    [(np.linalg.norm, [0, 0]), (np.max, [1, 1]), (lambda x: 1e5 + np.abs(x), 0), (lambda x: 1e-6 * np.abs(x), 0)],
    ids=["norm", "max", "offset", "small"],
)
def test_kinks_of_any_size_are_refused(f, x):
    with pytest.raises(cj.NotDifferentiableError, match="kink"):
        jacobian(f, x)


SMOOTH = {
    "rectifier off its kink": (lambda xp, x: xp.where(x > 0, x, 0 * x), -0.3),
    "rectifier near its kink": (lambda xp, x: xp.where(x > 0, x, 0 * x), -1e-6),
    "cosine at its top": (lambda xp, x: xp.cos(x), 0.0),
    "one less cosine": (lambda xp, x: 1 - xp.cos(x), 0.0),
    "cosh less one": (lambda xp, x: xp.cosh(x) - 1, 0.0),
    "log cosh": (lambda xp, x: xp.log(xp.cosh(x)), 0.0),
    "pseudo-Huber": (lambda xp, x: xp.sqrt(1 + x**2) - 1, 0.0),
    "x less sine": (lambda xp, x: x - xp.sin(x), 0.0),
    "square": (lambda _, x: x**2, 0.0),
    "tenth power": (lambda _, x: x**10, 0.0),
    "squared error at its least": (lambda _, x: ((x - 1.25) ** 2).mean(), 1.25),
    "flatter than any power": (lambda xp, x: xp.where(x == 0, 0 * x, xp.exp(-1 / (x**2 + 1.0 * (x == 0)))), 0.0),
    "steep": (lambda xp, x: xp.tanh(100 * x), 0.3),
    "one less steep": (lambda xp, x: 1 - xp.tanh(100 * x), 0.3),
    "constant": (lambda _, x: 0 * x + 3, 0.3),
}


@pytest.mark.parametrize(("f", "x"), SMOOTH.values(), ids=SMOOTH)
def test_functions_flat_at_a_point_are_no_steps(library, f, x):
    xp, array = library
    J = jacobian(partial(f, xp), array([x]))
    assert J.success
    np.testing.assert_allclose(J, [[0.0]], atol=1e-9)


RESOLVED = {
    "narrow bell": (stats.norm(0.3, 1e-3).pdf, 0.3005, -0.5e6 * stats.norm.pdf(0.5)),
    "ripple": (lambda x: x + np.sin(128 * np.pi * x), 0.1, 1 + 128 * np.pi * np.cos(12.8 * np.pi)),
    "hat": (lambda x: np.interp(x, [-0.01, 0, 0.01], [0, 1, 0]), 0.003, -100),
    "logarithm at its edge": (np.log, 1e-9, 1e9),
    "math's logarithm": (lambda x: math.log(x[0]), 1e-9, 1e9),
    "complex off its domain": (lambda x: float(x[0]) ** 0.5, 1e-3, 0.5 / np.sqrt(1e-3)),
    "pole": (lambda x: 1 / x, 1.5e-9, -1 / 1.5e-9**2),
    "square at 1e10": (np.square, 1e10, 2e10),
    "square at 1e-8": (np.square, 1e-8, 2e-8),
    "square at 1e17": (np.square, 1e17, 2e17),
    "sine at 1e10": (np.sin, 1e10, np.cos(1e10)),
    "large": (np.exp, 100.0, np.exp(100)),
    "small": (lambda x: 1e-300 * np.sin(x), 1.0, 1e-300 * np.cos(1)),
    "steep": (lambda x: np.tanh(1e6 * x), 0.0, 1e6),
    "two scales": (lambda x: x[0] * x[1], [1e10, 1e-8], [1e-8, 1e10]),
    "little slope at a root": (lambda x: 3 * x[0] + x[1] / 256 + 1, [(1 / 768 - 1) / 3, -1 / 3], [3, 1 / 256]),
    "probabilities less one": (lambda x: np.sum(np.exp(x) / np.exp(x).sum()) - 1, [0.3, 0.2, 0.5], [0, 0, 0]),
    "angle": (lambda x: np.arctan2(x[1], x[0]), [0.25, 0.0], [0, 4]),
}


@pytest.mark.parametrize("product", ["jacobian", "jvp", "vjp"])
@pytest.mark.parametrize(("f", "x", "slope"), RESOLVED.values(), ids=RESOLVED)
def test_no_scale_is_missed(f, x, slope, product):
    slope = np.atleast_1d(slope)
    if product == "jacobian":
        J = jacobian(f, x)
        assert J.success
        found = J.jacobian[0]
    else:
        found = vjp(f, x, 1.0) if product == "vjp" else np.ravel([jvp(f, x, e) for e in np.eye(slope.size)])
    assert (np.abs(found - slope) <= 1e-5 * np.abs(slope) + 1e-12 * (slope == 0)).all()


@pytest.mark.parametrize(("f", "x"), [(np.sqrt, 0.0), (np.cbrt, 0.0), (np.arcsin, 1.0)])
def test_an_edge_without_a_derivative_warns_where_it_was_asked(f, x):
    with pytest.warns(cj.ConjacWarning, match="do not converge.*success is False") as told:
        J = jacobian(f, x)
    assert not J.success
    assert J.error[0, 0] > 1
    assert told[0].filename == __file__


# --- roots


@pytest.mark.parametrize("f", [lambda x: x**2 + 1, lambda _: 3.0, lambda x: np.exp(-(x**2)) + 1])
def test_where_there_is_no_root_the_nearest_point_is_told(f):
    with pytest.raises(cj.ConvergenceError, match=r"no root found.*singular") as refusal:
        newton(f, 1.0)
    nearest, residual, steps = refusal.value.nearest, refusal.value.residual, refusal.value.steps
    assert residual == np.abs(f(nearest)).max() == steps[-1].residual
    assert steps[0].x == 1.0
    assert (steps[-1].x == nearest).all()


@pytest.mark.parametrize("f", [np.exp, lambda x: 1 / x, lambda x: x * np.exp(-x)])
def test_a_function_that_fades_has_no_root_far_out(f):
    with pytest.raises(cj.ConvergenceError):
        newton(f, 2.0)


def test_newton_says_what_stopped_it():
    with pytest.raises(cj.ConvergenceError, match="max_steps was reached"):
        newton(lambda x: x**3 - 2, 100.0, max_steps=3)
    with pytest.raises(cj.ConvergenceError, match="check the derivative"):
        newton(lambda x: x**3 - 2, 1.0, derivative=lambda x: [-3 * x**2])
    with pytest.raises(cj.ConvergenceError, match="singular"):
        newton(lambda x: [x[0] + x[1] - 1, 2 * x[0] + 2 * x[1] - 3], [0, 0])


def test_newton_leaves_a_start_where_the_jacobian_is_singular_or_says_so():
    try:
        assert abs(newton(lambda x: x**2 - 2, 0.0).x[0]) == pytest.approx(2**0.5)
    except cj.ConvergenceError as error:
        assert "singular" in str(error)  # noqa: PT017


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20])
@pytest.mark.parametrize(
    ("f", "x0", "root"),
    [
        (np.log, 30.0, 1),
        (np.arctan, 30.0, 0),
        (lambda x: (x - 1) ** 2, 5, 1),
        (lambda x: x - 1e10, 0, 1e10),
    ],
    ids=["logarithm", "arctangent", "double", "far"],
)
def test_steps_out_of_the_domain_and_past_the_root_are_shortened(f, x0, root, scale):
    assert newton(lambda x: scale * f(x), x0).x == pytest.approx([root], rel=1e-6, abs=1e-6)


def test_newton_is_silent_off_the_domain_of_a_chain():
    assert newton(Chain([("logarithm", np.log)]), 30.0).x == pytest.approx([1])


# --- PyTorch and JAX


def alone(script):
    """Run a script in an interpreter of its own."""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_import_brings_no_library():
    alone("import sys, conjac; conjac.calculus.jacobian; assert not {'torch', 'jax'} & set(sys.modules)")


@pytest.mark.parametrize(("name", "made"), [("torch", "torch.tensor"), ("jax", "jax.numpy.array")])
def test_a_library_is_known_once_it_is_imported(name, made):
    needs(name)
    sine = f"{made.rpartition('.')[0]}.sin"
    alone(f"import conjac, {name}; assert '{name}' in conjac.calculus.jacobian({sine}, {made}([0.5])).method")


@differentiates
@pytest.mark.parametrize("form", ["stack", "list"])
def test_a_library_s_function_is_differentiated_by_it(library, form):
    xp, array = library
    x, exact = array([0.5, 2.0]), [[2, 0.5], [np.cos(0.5), 0]]

    def f(x):
        parts = [x[0] * x[1], xp.sin(x[0])]
        return xp.stack(parts) if form == "stack" else parts

    J = jacobian(f, x)
    dtype = str(x.dtype).removeprefix("torch.")
    assert J.method == f"{'jax' if 'jax' in type(x).__module__ else 'torch.func'}.jacrev, {dtype}"
    assert J.jacobian.dtype == J.value.dtype == np.float64
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(J, exact, rtol=4 * eps)
    np.testing.assert_allclose(J.error, eps * np.abs(exact), rtol=1e-3)
    np.testing.assert_allclose(jvp(f, x, array([1.0, 2.0])), np.dot(exact, [1, 2]), rtol=4 * eps)
    np.testing.assert_allclose(vjp(f, x, [1, 2]), np.dot([1, 2], exact), rtol=4 * eps)
    np.testing.assert_allclose(calculus.as_linear_operator(f, x) @ [1, 2], np.dot(exact, [1, 2]), rtol=4 * eps)
    assert "jacfwd" in jacobian(lambda x: xp.stack([x[0], x[0], x[0] ** 2]), x[:1]).method


@differentiates
def test_a_library_s_functions_serve_everywhere(library):
    xp, array = library
    chain = Chain([("sine", xp.sin), ("power", xp.exp)])
    x = array([0.5])
    np.testing.assert_allclose(chain.at(x).jacobian, [[np.exp(np.sin(0.5)) * np.cos(0.5)]], rtol=1e-6)
    assert newton(lambda x: xp.exp(x) - 2, x).x == pytest.approx([np.log(2)], abs=1e-6)
    assert newton(lambda x: x**2 - 2, array([1.0])).x == pytest.approx([2**0.5], abs=1e-6)
    assert stability(lambda x: 2.8 * x * (1 - x), array([1 - 1 / 2.8])).verdict == "stable"


@differentiates
@pytest.mark.parametrize("x", [[1j], [NAN], [[1.0]], []], ids=repr)
def test_a_library_s_points_are_checked_too(library, x):
    xp, _ = library
    point = xp.asarray(x)
    with pytest.raises(cj.InvalidInputError, match=r"^x"):
        jacobian(lambda x: abs(x), point)


def test_an_infinite_derivative_is_no_success(library):
    xp, array = library
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cj.ConjacWarning)
        assert not jacobian(xp.sqrt, array([0.0])).success


def test_a_module_takes_numpy_s_points_and_is_left_as_it_was():
    torch = needs("torch")
    module = torch.nn.Linear(3, 2)
    for layer in (module, module.double()):
        weight = layer.weight.detach().numpy()
        J = jacobian(layer, np.array([0.1, 0.2, 0.3]))
        np.testing.assert_array_equal(J, weight)
        assert J.method == f"torch.func.jacrev, {weight.dtype}"
        np.testing.assert_allclose(vjp(layer, [0.1, 0.2, 0.3], [1, 2]), [1, 2] @ weight, rtol=1e-6)
        assert all(p.grad is None and p.requires_grad for p in layer.parameters())
    x = torch.ones(3, dtype=torch.float64, requires_grad=True)
    np.testing.assert_array_equal(jacobian(module, x), weight)
    assert (x.grad, x.requires_grad) == (None, True)
    two = Chain([("layer", module), ("squash", torch.nn.Tanh())]).at([0.1, 0.2, 0.3])
    np.testing.assert_allclose(two.jacobian, (1 - two.values[-1] ** 2)[:, None] * weight)
    with pytest.raises(cj.NotDifferentiableError, match=r"conjac\.confusion_jacobian"):
        jacobian(torch.nn.Threshold(0.3, 0.0), torch.tensor([0.1]))


@pytest.mark.parametrize("x", [POINTS[name] for name in ("text", "complex", "ragged", "none")], ids=repr)
@pytest.mark.parametrize("kind", ["module", "jit"])
def test_points_for_a_library_s_function_are_checked_too(kind, x):
    f = needs("torch").nn.Tanh() if kind == "module" else needs("jax").jit(needs("jax.numpy").tanh)
    with pytest.raises(cj.InvalidInputError, match=r"^x"):
        jacobian(f, x)


def test_a_derivative_that_torch_was_told_not_to_take_is_not_0():
    torch = needs("torch")
    stopped = torch.no_grad()(lambda x: torch.sin(x) + 1)
    with pytest.raises(cj.ConjacError):
        jacobian(stopped, torch.tensor([0.5]))
    with torch.no_grad():
        np.testing.assert_allclose(jacobian(torch.sin, torch.tensor([0.5])), [[np.cos(0.5)]], rtol=1e-6)


@pytest.mark.parametrize("compiled", [False, True])
def test_jax_takes_numpy_s_points(compiled):
    jax, jnp = needs("jax"), needs("jax.numpy")
    for f in (lambda x: jnp.stack([x[0] * x[1], jnp.sin(x[0])]), lambda x: [x[0] * x[1], jnp.sin(x[0])]):
        J = jacobian(jax.jit(f) if compiled else f, np.array([0.5, 2.0]))
        np.testing.assert_allclose(J, [[2, 0.5], [np.cos(0.5), 0]], rtol=1e-6)
        assert J.method == "jax.jacrev, float32"


def test_nothing_outside_is_changed():
    torch, jax, jnp = needs("torch"), needs("jax"), needs("jax.numpy")

    def state():
        torch_s = torch.is_grad_enabled(), torch.get_default_dtype(), torch.random.get_rng_state().tolist()
        return (
            np.geterr(),
            list(warnings.filters),
            torch_s,
            jax.config.jax_enable_x64,
            np.random.get_state()[1].tolist(),
        )

    warnings.simplefilter("ignore", cj.ConjacWarning)
    before = state()
    for f, x in ((np.sqrt, 0.0), (np.log, 1e-9), (torch.sin, torch.ones(2)), (jnp.sin, [1.0]), (np.exp, 0.1)):
        jacobian(f, x), jvp(f, x, np.ones(np.shape(x) or 1)), vjp(f, x, np.ones(np.shape(x) or 1))
    for f in (np.floor, np.abs):
        with pytest.raises(cj.NotDifferentiableError):
            jacobian(f, 0.0)
    newton(np.log, 30.0), substitute(np.exp, np.square, 0, 1)
    assert state() == before
