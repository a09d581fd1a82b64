r"""How fast rows move where they cross: :math:`r = E[v \mid m = 0]` for each parameter, class and facet.

A regression of the velocities on the margins at the facet: local linear for the estimate, local quadratic at the same
bandwidth for the centre of intervals, which takes the first one's bias away (Calonico, Cattaneo & Farrell 2018,
Journal of the American Statistical Association 113:767). The bandwidth is 1/2, 1 or 2 times that of the density, of
least estimated squared error for each parameter by itself: where velocities nearly cancel, that of the density does
not serve. One row's worth of a flat line is added to slope and curvature, not to the level; so velocities that are all
alike are told exactly.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self, TypeAlias

import numpy as np
from scipy import sparse

from conjac._typing import AnyArray, FloatArray, IntArray, Sparse
from conjac.density.crossing import Crossing
from conjac.density.local import gauss
from conjac.density.near import or_one
from conjac.density.velocity_moments import VelocityMoments
from conjac.weights import Weights

WIDTHS = np.array([0.5, 1.0, 2.0])
SAME, WIDEST = 1, 2
PRIOR_ROWS = 1.0
FREEDOM = 3
"""Parameters of a local quadratic."""
Part: TypeAlias = tuple[slice, FloatArray, FloatArray, AnyArray]
"""Some entries, their mean velocities, mean squares of these, and the share of their rows that move."""
FEWEST = 10
"""Effective rows under a kernel that is narrower than the widest."""


class Speeds(Protocol):
    """Velocities of the entries of a crossing."""

    @property
    def n_parameters(self) -> int:
        """How many parameters move them."""
        ...

    @property
    def alike(self) -> bool:
        """Whether all rows move at speed 1, by the one parameter."""
        ...

    @property
    def together(self) -> bool:
        """Whether parameters are coordinates of what moves, so that one bandwidth has to serve all."""
        ...

    def blocks(self) -> Iterable[tuple[slice, FloatArray]]:
        """Yield slices of entries with their velocities, arrays of shape (n_entries, n_parameters)."""
        ...


@dataclass(frozen=True, eq=False)
class Known:
    """Velocities of all entries by one parameter; as `Speeds`.

    Attributes
    ----------
    velocity : array of shape (n_entries,)
    """

    velocity: FloatArray

    n_parameters: ClassVar[int] = 1
    alike: ClassVar[bool] = False
    together: ClassVar[bool] = False

    def blocks(self) -> Iterable[tuple[slice, FloatArray]]:
        """Yield all entries at once."""
        yield slice(0, len(self.velocity)), self.velocity[:, None]


@dataclass(frozen=True, eq=False)
class Velocity:
    """Mean velocities at facets, and what each row adds to them.

    Attributes
    ----------
    value, center : array of shape (n_facets, n_parameters)
        Of the local linear and of the local quadratic.
    width : array of shape (n_facets, n_parameters)
        Place in `WIDTHS`.
    curve : array of shape (n_facets, n_parameters, 3)
        The local quadratic, by powers of margin in the density's bandwidths.
    level : array of shape (n_widths, n_facets, 3)
        What a unit of kernel mass adds to the level of the local quadratic, by powers of margin.
    square, moving : array of shape (n_facets, n_parameters)
        Mean squared velocity near the facet, and the share of rows there that move at all.
    kernels : array of shape (n_widths, n_entries)
        Each entry's weight under the kernel of each width.
    inflation : array of shape (n_widths, n_facets)
        By which residuals are enlarged for the parameters that were fitted to them.
    """

    value: FloatArray
    center: FloatArray
    width: IntArray
    curve: FloatArray
    level: FloatArray
    square: FloatArray
    moving: FloatArray
    kernels: FloatArray
    inflation: FloatArray

    @classmethod
    def of(cls, crossing: Crossing, weight: FloatArray | None, speeds: Speeds) -> Self:
        """Fit all parameters at all facets.

        Parameters
        ----------
        crossing : Crossing
        weight : array of shape (n_samples,) or None
        speeds : Speeds
        """
        if speeds.alike:
            return cls._alike(crossing)
        parts = ((part, v, v * v, v != 0) for part, v in speeds.blocks())
        return cls._fitted(crossing, Weights.of(weight), parts, speeds.n_parameters, speeds.together)

    @classmethod
    def of_moments(cls, crossing: Crossing, weights: Weights, moments: VelocityMoments) -> Self:
        """Do as `of`, of entries that are sums of rows.

        Parameters
        ----------
        crossing : Crossing
        weights : Weights
            Of what it calls rows.
        moments : VelocityMoments
            Of its entries.
        """
        parts = [(slice(None), moments.mean, moments.square, moments.moving)]
        return cls._fitted(crossing, weights, parts, moments.mean.shape[1], together=False)

    @classmethod
    def _fitted(
        cls, crossing: Crossing, weights: Weights, parts: Iterable[Part], n_parameters: int, together: bool
    ) -> Self:
        n, (kernels, powers, grams, squares) = crossing.n_facets, _moments(crossing, weights)
        sums = np.zeros((len(kernels), FREEDOM, n, n_parameters))
        square, moving = np.zeros((2, n, n_parameters))
        for part, v, v_square, moves in parts:
            facet = crossing.facet[part]
            for place, kernel in enumerate(kernels[:, part]):
                for power in range(FREEDOM):
                    sums[place, power] += by_facet(facet, kernel * powers[power, part], n) @ v
            wide = by_facet(facet, kernels[WIDEST, part], n)
            square += wide @ v_square
            moving += wide @ moves
        mass = or_one(grams[WIDEST, 0])[:, None]
        return cls._solved(kernels, grams, squares, sums, square / mass, moving / mass, together)

    @classmethod
    def _alike(cls, crossing: Crossing) -> Self:
        """Return velocities of 1, from which no row departs."""
        one, none = np.ones((crossing.n_facets, 1)), np.zeros((0, crossing.n_facets))
        curve = np.stack([one, 0 * one, 0 * one], axis=-1)
        width, level = np.zeros(one.shape, dtype=np.intp), np.zeros((*none.shape, FREEDOM))
        return cls(one, one, width, curve, level, one, one, np.zeros((0, len(crossing.row))), none)

    @classmethod
    def _solved(
        cls,
        kernels: FloatArray,
        grams: FloatArray,
        squares: FloatArray,
        sums: FloatArray,
        square: FloatArray,
        moving: FloatArray,
        together: bool,
    ) -> Self:
        """Solve the local regressions.

        Parameters
        ----------
        grams : array of shape (n_widths, 5, n_facets)
            Kernel mass times powers of margin.
        squares : array of shape (n_widths, n_facets)
            Sums of squared kernel mass.
        sums : array of shape (n_widths, 3, n_facets, n_parameters)
            Kernel mass times powers times velocity.
        kernels, square, moving
            As the attributes.
        together : bool
            As in `Speeds`.
        """
        mass, scatter = or_one(grams[:, 0]), _scatter(grams, squares)
        rows = 1 / or_one(scatter)
        inverse = {degree: _inverse(grams, rows, degree) for degree in (1, 2)}
        fits = {degree: np.einsum("cfij,cjfp->cfpi", inv, sums[:, : degree + 1]) for degree, inv in inverse.items()}
        wide, inflation = fits[2][WIDEST], rows / np.maximum(rows - FREEDOM, 1.0)
        fitted = np.einsum("fpi,ifp->fp", wide, sums[WIDEST]) / mass[WIDEST][:, None]
        noise = np.maximum(square - fitted, 0) * inflation[WIDEST][:, None]
        doubt = noise * (inverse[2][WIDEST, :, 2, 2] * squares[WIDEST] / mass[WIDEST])[:, None]
        bias = np.maximum(wide[..., 2] ** 2 - doubt, 0) * WIDTHS[:, None, None] ** 4
        error = bias + noise * scatter[..., None]
        error[:WIDEST][rows[:WIDEST] < FEWEST] = np.inf
        if together:
            error = np.broadcast_to(error.sum(axis=2, keepdims=True), error.shape)
        width = error.argmin(axis=0)
        linear, curve = (np.take_along_axis(fits[d], width[None, ..., None], axis=0)[0] for d in (1, 2))
        level = inverse[2][:, :, 0]
        return cls(linear[..., 0], curve[..., 0], width, curve, level, square, moving, kernels, np.sqrt(inflation))

    def departures(self, crossing: Crossing, part: slice) -> tuple[FloatArray, FloatArray]:
        """Return the curve at entries, and what they add to ``center`` for each unit by which they depart from it.

        Parameters
        ----------
        crossing : Crossing
        part : slice
            Of its entries.

        Returns
        -------
        two arrays of shape (n_part, n_parameters)
        """
        facet, u = crossing.facet[part], crossing.distance[part]
        powers = u ** np.arange(FREEDOM)[:, None]
        fitted = np.einsum("epi,ie->ep", self.curve[facet], powers)
        share = np.zeros(fitted.shape)
        for place, kernel in enumerate(self.kernels[:, part]):
            level = np.einsum("ei,ie->e", self.level[place, facet], powers)
            share += (kernel * level * self.inflation[place, facet])[:, None] * (self.width[facet] == place)
        return fitted, share


def levels(crossing: Crossing, weight: FloatArray | None) -> tuple[FloatArray, FloatArray]:
    """Return what a unit of each entry's velocity adds to the mean at its facet, arrays of shape (n_entries,).

    By the local linear and by the local quadratic, at the density's bandwidth for whatever moves: both are linear in
    the velocities, with weights that margins alone decide.

    Parameters
    ----------
    crossing : Crossing
    weight : array of shape (n_samples,) or None
    """
    kernels, powers, grams, squares = _moments(crossing, Weights.of(weight))
    rows = 1 / or_one(_scatter(grams, squares))
    linear, quadratic = (
        kernels[SAME]
        * np.einsum("ei,ie->e", _inverse(grams, rows, degree)[SAME, crossing.facet, 0], powers[: degree + 1])
        for degree in (1, 2)
    )
    return linear, quadratic


def _moments(crossing: Crossing, weights: Weights) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return kernels, powers of the distance, and by facet the kernels' masses times powers, and their squares."""
    bare = gauss(crossing.distance / WIDTHS[:, None]) / WIDTHS[:, None]
    kernels = np.array([weights.first(crossing.row, kernel) for kernel in bare])
    powers = crossing.distance ** np.arange(2 * FREEDOM - 1)[:, None]
    sum_by = by_facet(crossing.facet, np.ones(len(crossing.facet)), crossing.n_facets)
    grams = np.array([[sum_by @ (k * p) for p in powers] for k in kernels])
    return kernels, powers, grams, np.array([sum_by @ weights.second(crossing.row, k * k) for k in bare])


def _scatter(grams: FloatArray, squares: FloatArray) -> FloatArray:
    """Return what a unit of variance of each velocity is of their mean."""
    mass = or_one(grams[:, 0])
    return np.asarray(squares / mass / mass)  # mass squared may be less than the smallest number


def _inverse(grams: FloatArray, rows: FloatArray, degree: int) -> FloatArray:
    """Return inverses of the normal equations, array of shape (n_widths, n_facets, degree + 1, degree + 1)."""
    size = degree + 1
    matrix = np.stack([[grams[:, i + j] for j in range(size)] for i in range(size)])
    matrix = np.moveaxis(matrix, (0, 1), (-2, -1)).copy()
    prior = PRIOR_ROWS * np.where(rows > 0, grams[:, 0] / rows, 1.0)
    for power in range(1, size):
        matrix[..., power, power] += prior * WIDTHS[:, None] ** (2 * power)
    empty = grams[:, 0] <= 0
    matrix[empty] = np.eye(size)
    return np.asarray(np.linalg.inv(matrix))


def by_facet(facet: IntArray, values: FloatArray, n: int) -> Sparse:
    """Return the matrix that sums entries by facet, each with a factor."""
    return sparse.csc_array((values, facet, np.arange(len(facet) + 1)), shape=(n, len(facet)))
