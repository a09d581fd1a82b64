"""Jacobians of vector functions, and what is built on them, against closed forms."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from scipy.integrate import quad
from scipy.special import expit, logit

import conjac as cj
from conjac import calculus
from conjac.calculus import Chain, change_of_variables, jacobian, newton, stability, substitute

ROUNDING = 1e-12
few = settings(max_examples=25)


def close(found, expected, scale=1.0):
    """Assert that differences found what a formula says, on the scale of the numbers at hand."""
    np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-8 * np.max(scale))


@dataclass(frozen=True)
class Form:
    """A map with its Jacobian by hand, on a box; ``function`` also takes complex numbers, and a row for each point."""

    function: Callable
    jacobian: Callable
    lower: tuple
    upper: tuple

    def points(self):
        return st.tuples(*map(st.floats, self.lower, self.upper)).map(np.array)


def polar(x):
    r, angle = x.T
    return np.array([r * np.cos(angle), r * np.sin(angle)]).T


def polar_slope(x):
    r, (c, s) = x[0], (np.cos(x[1]), np.sin(x[1]))
    return np.array([[c, -r * s], [s, r * c]])


def spherical(x):
    r, theta, phi = x.T
    return np.array([r * np.sin(theta) * np.cos(phi), r * np.sin(theta) * np.sin(phi), r * np.cos(theta)]).T


def spherical_slope(x):
    r, (s, c), (sp, cp) = x[0], (np.sin(x[1]), np.cos(x[1])), (np.sin(x[2]), np.cos(x[2]))
    return np.array([[s * cp, r * c * cp, -r * s * sp], [s * sp, r * c * sp, r * s * cp], [c, -r * s, 0]])


def softmax(x):
    powers = np.exp(x)
    return powers / powers.sum(axis=-1, keepdims=True)


def softmax_slope(x):
    p = softmax(x)
    return np.diag(p) - np.outer(p, p)


def rational(x):
    a, b = x.T
    return np.array([a / b, 1 / (1 + a**2), a * b]).T


def rational_slope(x):
    a, b = x
    return np.array([[1 / b, -a / b**2], [-2 * a / (1 + a**2) ** 2, 0], [b, a]])


FORMS = {
    "polar": Form(polar, polar_slope, (0.1, -3), (5, 3)),
    "spherical": Form(spherical, spherical_slope, (0.1, 0.1, -3), (5, 3, 3)),
    "softmax": Form(softmax, softmax_slope, (-4,) * 4, (4,) * 4),
    "rational": Form(rational, rational_slope, (-3, 0.3), (3, 4)),
    "logit": Form(lambda p: np.log(p / (1 - p)), lambda p: np.diag(1 / (p * (1 - p))), (0.01, 0.01), (0.99, 0.99)),
    "expit": Form(lambda z: 1 / (1 + np.exp(-z)), lambda z: np.diag(expit(z) * expit(-z)), (-6,), (6,)),
    "volume": Form(lambda x: np.prod(x, axis=-1, keepdims=True), lambda x: [x.prod() / x], (0.1,) * 5, (3,) * 5),
}
every_form = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
square_matrices = arrays(float, (3, 3), elements=st.floats(-1, 1)).map(lambda A: A + 4 * np.eye(3))
vectors = arrays(float, 3, elements=st.floats(-2, 2))


# --- the matrix and its products


@every_form
@given(data=st.data())
@few
def test_the_jacobian_is_that_of_the_formula(form, data):
    x = data.draw(form.points())
    J, exact = jacobian(form.function, x), form.jacobian(x)
    size = np.abs(exact).max() + np.abs(J.value).max()
    assert J.success
    close(J, exact, size)
    np.testing.assert_array_equal(J.value, form.function(x))
    # The error that is told holds what is left, but for rounding.
    assert (np.abs(J.jacobian - exact) <= J.error + ROUNDING * size).all()


@every_form
@given(data=st.data())
@few
def test_products_agree_with_the_matrix_and_with_each_other(form, data):
    x, exact = (x := data.draw(form.points())), np.asarray(form.jacobian(x))
    direction, cotangent = (data.draw(arrays(float, n, elements=st.floats(-3, 3))) for n in exact.shape[::-1])
    size = 10 * np.abs(exact).max() + 1
    forward, backward = calculus.jvp(form.function, x, direction), calculus.vjp(form.function, x, cotangent)
    close(forward, exact @ direction, size)
    close(backward, cotangent @ exact, size)
    close(cotangent @ forward, backward @ direction, 10 * size)
    for operator in (calculus.as_linear_operator(form.function, x), jacobian(form.function, x).as_linear_operator()):
        assert operator.shape == exact.shape
        close(operator @ direction, forward, size)
        close(operator.T @ cotangent, backward, size)


@every_form
@given(data=st.data())
@few
def test_the_complex_step_is_exact_at_many_points(form, data):
    points = np.array(data.draw(st.lists(form.points(), min_size=1, max_size=4)))
    found = calculus.complex_step(form.function, points)
    exact = np.array([form.jacobian(x) for x in points])
    np.testing.assert_allclose(found, exact, rtol=1e-12, atol=1e-12 * np.abs(exact).max())
    close(jacobian(form.function, points[0]), found[0], np.abs(exact).max() + 1)


@given(x=FORMS["polar"].points(), y=FORMS["spherical"].points())
@few
def test_the_determinants_of_polar_and_spherical_coordinates(x, y):
    for J, volume in ((jacobian(polar, x), x[0]), (jacobian(spherical, y), y[0] ** 2 * np.sin(y[1]))):
        np.testing.assert_allclose(calculus.determinant(J), volume, rtol=1e-7)
        np.testing.assert_allclose(calculus.log_abs_det(J), np.log(volume), rtol=1e-7, atol=1e-7)


@given(A=square_matrices, b=vectors, x=vectors)
@few
def test_an_affine_map_s_jacobian_is_its_matrix(A, b, x):
    J = jacobian(lambda x: A @ x + b, x)
    close(J, A)
    np.testing.assert_allclose(calculus.determinant(J), np.linalg.det(A), rtol=1e-7)
    close(jacobian(lambda y: np.linalg.solve(A, y - b), J.value), np.linalg.inv(A))


@given(x=FORMS["softmax"].points())
@few
def test_softmax_moves_probability_about_and_makes_none(x):
    J = jacobian(softmax, x)
    for axis in (0, 1):
        np.testing.assert_allclose(J.jacobian.sum(axis=axis), 0, atol=1e-9)
    assert abs(calculus.determinant(J)) <= np.abs(J.error).max() + 1e-9
    assert calculus.log_abs_det(softmax_slope(np.zeros(2))) == -np.inf


def unpolar(y):
    return np.array([np.hypot(*y), np.arctan2(y[1], y[0])])


def unspherical(y):
    r = np.linalg.norm(y)
    return np.array([r, np.arccos(y[2] / r), np.arctan2(y[1], y[0])])


@pytest.mark.parametrize(
    ("name", "inverse"), [("polar", unpolar), ("spherical", unspherical), ("logit", expit), ("expit", logit)]
)
@given(data=st.data())
@few
def test_the_inverse_s_jacobian_is_the_inverse_matrix(name, inverse, data):
    form = FORMS[name]
    x = data.draw(form.points())
    there = jacobian(form.function, x)
    back = jacobian(inverse, there.value)
    np.testing.assert_allclose(back.jacobian @ there.jacobian, np.eye(len(x)), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(calculus.determinant(back) * calculus.determinant(there), 1, rtol=1e-5)


# --- chains


@given(sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5), seed=st.integers(0, 99))
@few
def test_a_chain_s_jacobian_is_the_product_of_its_steps(sizes, seed):
    rng = np.random.default_rng(seed)
    matrices = [rng.normal(size=(high, wide)) for wide, high in pairwise(sizes)]
    chain = Chain([(str(i), lambda x, A=A: np.tanh(A @ x)) for i, A in enumerate(matrices)])
    x = rng.normal(size=sizes[0])
    trace, exact, value = chain.at(x), np.eye(sizes[0]), x
    for A in matrices:
        value = np.tanh(A @ value)
        exact = (1 - value**2)[:, None] * A @ exact
    for found in (trace.forward(), trace.backward(), trace.jacobian, chain.jacobian(x), jacobian(chain.__call__, x)):
        close(found, exact, 1 + np.abs(exact).max())
    np.testing.assert_array_equal(trace.values[-1], chain(x))
    direction, cotangent = rng.normal(size=sizes[0]), rng.normal(size=sizes[-1])
    pushed, pulled = trace.push(direction), trace.pull(cotangent)
    assert list(pushed) == list(pulled)[::-1] == list(trace.names)
    close(pushed[trace.names[-1]], exact @ direction, 10)
    close(pulled[trace.names[0]], cotangent @ exact, 10)
    assert trace.cost[trace.order] == min(trace.cost.values())
    assert trace.cost["forward"] == sum(A.size * sizes[0] for A in matrices[1:])
    assert trace.cost["backward"] == sum(A.size * sizes[-1] for A in matrices[:-1])


# --- densities


@given(y=st.floats(0.01, 30))
@few
def test_densities_of_functions_of_a_normal_variable(y):
    normal = stats.norm.pdf
    log_normal = change_of_variables(normal, np.exp, np.log)
    chi_squared = change_of_variables(normal, np.square, [np.sqrt, lambda y: -np.sqrt(y)])
    np.testing.assert_allclose(log_normal(y), stats.lognorm(1).pdf(y), rtol=1e-7)
    np.testing.assert_allclose(chi_squared(y), stats.chi2(1).pdf(y), rtol=1e-7)
    assert log_normal(-y) == chi_squared(-y) == 0


@given(A=arrays(float, (2, 2), elements=st.floats(-1, 1)), b=vectors, y=vectors)
@few
def test_an_affine_map_of_a_normal_vector_is_normal(A, b, y):
    A, b, y = A + 3 * np.eye(2), b[:2], y[:2]
    normal = stats.multivariate_normal(np.zeros(2))
    found = change_of_variables(normal.pdf, lambda x: A @ x + b, lambda y: np.linalg.solve(A, y - b))
    np.testing.assert_allclose(found(y), stats.multivariate_normal(b, A @ A.T).pdf(y), rtol=1e-7)


def test_probability_is_neither_lost_nor_made():
    uniform_squared = change_of_variables(stats.uniform.pdf, np.square, [np.sqrt, lambda y: -np.sqrt(y)])
    exponential = change_of_variables(stats.uniform.pdf, lambda u: -np.log(u), lambda y: np.exp(-y))
    assert uniform_squared(0.3) == pytest.approx(0.5 / np.sqrt(0.3), rel=1e-9)
    assert exponential(0.7) == pytest.approx(np.exp(-0.7), rel=1e-9)
    for density, end in ((uniform_squared, 1), (exponential, 40)):
        assert quad(density, 0, end, epsabs=1e-6, limit=30)[0] == pytest.approx(1, abs=1e-5)


# --- integrals


def one(_):
    return 1.0


def disc(r):
    """Return the ranges of a disc: of the first coordinate given the second, and of the second."""
    return [lambda second: (-np.sqrt(r**2 - second**2), np.sqrt(r**2 - second**2)), (-r, r)]


@given(r=st.floats(0.01, 100))
@settings(max_examples=10)
def test_the_area_of_a_disc(r):
    found = substitute(one, polar, [0, 0], [r, 2 * np.pi], region=disc(r))
    assert (found.success, found.agrees) == (True, True)
    np.testing.assert_allclose([found.value, found.direct], np.pi * r**2, rtol=1e-7)


@pytest.mark.parametrize("r", [0.5, 20.0])
def test_the_volume_of_a_ball(r):
    ball = substitute(one, spherical, [0, 0, 0], [r, np.pi, 2 * np.pi])
    assert (ball.success, ball.agrees, ball.direct) == (True, None, None)
    np.testing.assert_allclose(ball.value, 4 / 3 * np.pi * r**3, rtol=1e-7)


def test_the_bell_over_the_whole_plane():
    plane = [(-np.inf, np.inf)] * 2
    found = substitute(lambda y: np.exp(-(y @ y)), polar, [0, 0], [np.inf, 2 * np.pi], region=plane)
    assert (found.success, found.agrees) == (True, True)
    assert abs(found.value - np.pi) <= found.error + 1e-7


@pytest.mark.parametrize("sign", [1, -1])
@given(a=st.floats(-2, 0.9), width=st.floats(0.1, 2))
@settings(max_examples=10)
def test_one_variable_with_its_interval_mapped(a, width, sign):
    found = substitute(np.cos, lambda x: sign * np.exp(x), a, a + width)
    ends = sorted(sign * np.exp([a, a + width]))
    assert (found.success, found.agrees) == (True, True)
    np.testing.assert_allclose(found.region, [ends], rtol=1e-12)
    np.testing.assert_allclose(found.value, np.diff(np.sin(ends))[0], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize(("turns", "region"), [(2, [(-1, 1), (-1, 1)]), (4, disc(1))], ids=["square", "twice around"])
def test_two_ways_that_disagree_are_told(turns, region):
    with pytest.warns(cj.ConjacWarning, match="by substitution and .* over the region itself"):
        found = substitute(one, polar, [0, 0], [1, turns * np.pi], region=region)
    assert found.agrees is False
    assert found.value == pytest.approx(np.pi * turns / 2)


# --- roots


def is_the_way_to(found, f, start, root):
    np.testing.assert_allclose(found.x, root, rtol=1e-7, atol=1e-7)
    np.testing.assert_array_equal(found.steps[0].x, start)
    np.testing.assert_array_equal(found.steps[-1].x, found.x)
    for step in found.steps:
        assert step.residual == pytest.approx(np.abs(f(step.x)).max(), rel=1e-12)
    assert found.residual == found.steps[-1].residual == np.abs(found.value).max()
    assert found.condition == pytest.approx(np.linalg.cond(jacobian(f, found.x)), rel=1e-3)


@given(root=st.tuples(st.floats(0.5, 3), st.floats(0.5, 3)), off=st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)))
@few
def test_newton_finds_the_root_of_a_rational_system(root, off):
    target = rational(np.array(root))[:2]

    def f(x):
        return rational(x)[:2] - target

    is_the_way_to(newton(f, np.add(root, off)), f, np.add(root, off), root)


@given(n=st.integers(1, 4), seed=st.integers(0, 999))
@few
def test_newton_finds_the_known_root_of_a_polynomial_system(n, seed):
    rng = np.random.default_rng(seed)
    A, B = 3 * np.eye(n) + rng.uniform(-0.5, 0.5, (n, n)), rng.uniform(-0.2, 0.2, (n, n, n))
    root = rng.uniform(-1, 1, n)

    def f(x):
        return A @ (x - root) + np.einsum("ijk,j,k", B, x - root, x - root) + (x - root) ** 3

    def slope(x):
        return A + np.einsum("ijk,k->ij", B + B.swapaxes(1, 2), x - root) + np.diag(3 * (x - root) ** 2)

    start = root + rng.uniform(-0.2, 0.2, n)
    is_the_way_to(newton(f, start), f, start, root)
    is_the_way_to(newton(f, start, derivative=slope), f, start, root)


@pytest.mark.parametrize("start", [1.0, 1.2, 2.0])
def test_newton_converges_quadratically(start):
    found = newton(lambda x: [x[0] ** 2 - 2, x[1] ** 3 - x[0]], [start, start])
    root = [2**0.5, 2 ** (1 / 6)]
    off = [np.abs(step.x - root).max() for step in found.steps]
    near = [k for k in range(len(off) - 1) if off[k] < 0.1]
    assert len(near) >= 2
    for k in near:
        assert off[k + 1] <= 2 * off[k] ** 2 + 1e-14


# --- stability


def logistic(r):
    return lambda x: r * x * (1 - x)


@given(r=st.floats(0.1, 4).filter(lambda r: min(abs(r - 1), abs(r - 3)) > 1e-6))
@few
def test_the_logistic_map_settles_between_one_and_three(r):
    nothing, something = stability(logistic(r), 0.0), stability(logistic(r), 1 - 1 / r)
    np.testing.assert_allclose([nothing.eigenvalues[0], something.eigenvalues[0]], [r, 2 - r], rtol=1e-7, atol=1e-9)
    assert nothing.verdict == ("stable" if r < 1 else "unstable")
    assert something.verdict == ("stable" if 1 < r < 3 else "unstable")


@pytest.mark.parametrize(
    ("f", "x_star", "kind"),
    [
        (logistic(3), 2 / 3, "discrete"),
        (logistic(1), 0.0, "discrete"),
        (lambda x: x, [0.0, 0.0], "discrete"),
        (lambda x: np.array([x[1], -x[0]]), [0.0, 0.0], "discrete"),
        (lambda x: np.array([x[1], -x[0]]), [0.0, 0.0], "continuous"),
        (lambda x: np.array([x[1], -np.sin(x[0])]), [0.0, 0.0], "continuous"),
        (lambda x: -(x**3), 0.0, "continuous"),
        (lambda x: x - x**3, 0.0, "discrete"),
    ],
    ids=["r=3", "r=1", "identity", "rotation", "oscillator", "pendulum", "cubic flow", "cubic step"],
)
def test_nothing_is_decided_on_the_limit(f, x_star, kind):
    assert stability(f, x_star, kind).verdict == "undecided"


@given(damping=st.floats(-3, 5).filter(lambda c: abs(c) > 1e-3 and abs(abs(c) - 2) > 0.01))
@few
def test_a_damped_oscillator_s_eigenvalues(damping):
    found = stability(lambda x: [x[1], -x[0] - damping * x[1]], [0.0, 0.0], "continuous")
    root = np.sqrt(complex(damping**2 - 4))
    assert found.verdict == ("stable" if damping > 0 else "unstable")
    assert found.limit == 0
    close(np.poly(found.eigenvalues), np.poly([(-damping + root) / 2, (-damping - root) / 2]), 10)
    assert found.measure == pytest.approx(found.eigenvalues.real.max(), rel=1e-9)


def test_critical_damping_settles():
    """A double eigenvalue of -1 is far from 0, although it is defective."""
    assert stability(lambda x: [x[1], -x[0] - 2 * x[1]], [0.0, 0.0], "continuous").verdict == "stable"


@pytest.mark.parametrize(("kind", "limit"), [("discrete", 1), ("continuous", 0)])
@given(n=st.integers(1, 5), seed=st.integers(0, 999))
@few
def test_stability_of_a_random_matrix_is_that_of_its_eigenvalues(kind, limit, n, seed):
    A = np.random.default_rng(seed).normal(size=(n, n))
    values = np.linalg.eigvals(A)
    measure = np.abs(values).max() if kind == "discrete" else values.real.max()
    found = stability(lambda x: A @ x, np.zeros(n), kind)
    close(np.poly(found.eigenvalues), np.poly(A), np.abs(np.poly(A)).max())
    assert found.measure == pytest.approx(measure, rel=1e-6)
    first = found.eigenvalues[0]
    assert (abs(first) if kind == "discrete" else first.real) == pytest.approx(measure, rel=1e-6)
    assert found.verdict == ("stable" if measure < limit else "unstable")
    wide = stability(lambda x: A @ x, np.zeros(n), kind, jacobian_error=np.full((n, n), abs(measure - limit) + 1))
    assert wide.verdict == "undecided"
