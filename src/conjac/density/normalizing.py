r"""A scale on which one class's margins are nearly normal: skewness, long tails and hard edges undone.

The scale z is that of Johnson's system S_U (1949, Biometrika 36:149), which has the normal (:math:`a \to 0`) and the
log-normal (:math:`r = \pm 1`) as its limits:

.. math:: u = \mu + \sigma\, \frac{\sinh(a z) - r\,(\cosh(a z) - 1)}{a}, \qquad |r| < 1.

Location and scale are those of weighted least squares of the quantiles; (a, r) is the average over a grid of shapes,
weighted by Schwarz's criterion (1978, Annals of Statistics 6:461), so that nothing jumps where one shape overtakes
another. It need not fit: what is estimated on the scale is taken back by its derivative, whatever it is.

A hard edge is first moved to infinity, by a logarithm: as log-odds do for the ends of the unit interval. At an edge
with rows up to it, as many lie in the second half of a stretch as in the first; in a tail most lie further in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Self

import numpy as np
from scipy.special import ndtri, softmax

from conjac._typing import BoolArray, FloatArray
from conjac.tally import Atoms

POINTS = (np.arange(40) + 0.5) / 40
TAILS = np.linspace(0.1, 1.6, 16)
SKEWS = np.tanh(np.linspace(-5, 5, 11))
STRAIGHT = 1e-4
"""Tail below which the shape is taken as normal: what is divided by it would be rounding."""
FEWEST = 10
"""Rows below which a normal shape is taken."""
STRETCH = 17
"""Least rows in half of the stretch by which an edge is told."""
EVEN = 0.63
"""Largest share of the stretch that its outer half may take: a half at an edge, three quarters and more in a tail."""
ENOUGH_FOR_EDGES = 100


@dataclass(frozen=True)
class Normalizing:
    """A smooth increasing map from margins to z.

    Attributes
    ----------
    lower, upper : float
        Hard edges of the margins; infinite where there is none.
    tail, skew, location, scale : float
        a, r, mu and sigma.
    """

    lower: float = -np.inf
    upper: float = np.inf
    tail: float = 0.0
    skew: float = 0.0
    location: float = 0.0
    scale: float = 1.0

    @classmethod
    def of(cls, atoms: Atoms, step: float, n: float) -> Self:
        """Fit one class's margins.

        Parameters
        ----------
        atoms : Atoms
        step : float
            Their bin width.
        n : float
            Effective number of rows.
        """
        mirrored = Atoms(-atoms.position[::-1], atoms.rows[::-1], atoms.weight[::-1], atoms.weight2[::-1])
        edges = cls(_edge(atoms, step), -_edge(mirrored, step))
        weight = atoms.weight.sum(axis=1)
        used = weight > 0
        if n < FEWEST or np.count_nonzero(used) < FEWEST:
            return edges
        weight = weight[used]
        middles = (np.cumsum(weight) - weight / 2) / weight.sum()
        quantiles = np.interp(POINTS, middles, edges._unbounded(atoms.position[used]))
        return cls(edges.lower, edges.upper, *_likely(quantiles, n))

    def __call__(self, margin: FloatArray) -> FloatArray:
        """Return z; infinite at the edges and past them."""
        if not self.tail:
            return (self._unbounded(margin) - self.location) / self.scale
        return np.asarray((np.arctanh(self.skew) + np.arcsinh(self._arc(margin))) / self.tail)

    def slope(self, margin: FloatArray) -> FloatArray:
        """Return dz/du; 0 at the edges and past them."""
        inside, stretched, _ = self._stretched(margin)
        with np.errstate(invalid="ignore"):
            straight = _steepness(self.skew) / self.scale / np.hypot(1, self._arc(margin))
        return np.where(inside, stretched * straight, 0.0)

    def bend(self, margin: FloatArray) -> FloatArray:
        """Return the derivative of the logarithm of `slope`; 0 at the edges and past them."""
        inside, stretched, bent = self._stretched(margin)
        with np.errstate(invalid="ignore"):
            arc = self._arc(margin)
            return np.where(
                inside, bent - arc / (1 + arc**2) * self.tail * _steepness(self.skew) / self.scale * stretched, 0
            )

    @property
    def edges(self) -> tuple[float, float]:
        """Hard edges of the margins, infinite where there is none."""
        return self.lower, self.upper

    def _arc(self, margin: FloatArray) -> FloatArray:
        straight = (self._unbounded(margin) - self.location) / self.scale
        return _arc(straight, self.tail, self.skew)

    def _unbounded(self, margin: FloatArray) -> FloatArray:
        """Return the margin with its edges moved to infinity."""
        below, above = (np.maximum(gap, 0) for gap in (margin - self.lower, self.upper - margin))
        with np.errstate(divide="ignore"):
            match bool(np.isfinite(self.lower)), bool(np.isfinite(self.upper)):
                case True, True:
                    return np.asarray(np.log(below) - np.log(above))
                case True, False:
                    return np.asarray(np.log(below))
                case False, True:
                    return np.asarray(-np.log(above))
        return margin

    def _stretched(self, margin: FloatArray) -> tuple[BoolArray, FloatArray, FloatArray]:
        """Tell what lies between the edges; return the slope of `_unbounded`, and that of the slope's logarithm."""
        below, above = margin - self.lower, self.upper - margin
        inside = (below > 0) & (above > 0)
        with np.errstate(divide="ignore"):
            toward = 1 / below + 1 / above  # an edge at infinity adds nothing
            bounded = np.isfinite(self.lower) or np.isfinite(self.upper)
            return inside, toward if bounded else np.ones_like(toward), 1 / above - 1 / below


def _arc(straight: FloatArray, tail: Any, skew: Any) -> FloatArray:
    """Return what z is the inverse hyperbolic sine of, but for shift and tail."""
    return np.asarray((tail * straight - skew) * _steepness(skew))


def _steepness(skew: Any) -> Any:
    return 1 / np.sqrt(1 - skew**2)


def _edge(atoms: Atoms, step: float) -> float:
    """Return the lower hard edge; -inf where there is none."""
    before = np.cumsum(atoms.rows)
    if not len(before) or before[-1] < ENOUGH_FOR_EDGES:
        return -np.inf
    half = max(STRETCH, int(np.sqrt(before[-1])))
    first, middle, last = atoms.position[np.searchsorted(before, [1, half + 1, 2 * half + 1])]
    if middle - first > EVEN * (last - first):
        return -np.inf
    return float(first - max((middle - first) / half, step / 2))


def _likely(quantiles: FloatArray, n: float) -> tuple[float, float, float, float]:
    """Return tail, skew, location and scale of the average of the shapes, by their likelihood at the quantiles."""
    tail, skew, inverse = _shapes()
    location, scale = np.moveaxis(inverse @ quantiles, -1, 0)[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        straight = (quantiles - location) / scale
        arc = _arc(straight, tail, skew)
        z = np.where(tail > 0, (np.arctanh(skew) + np.arcsinh(arc)) / tail, straight)
        logarithm = np.log(_steepness(skew) / scale / np.hypot(1, arc)) - z**2 / 2
    gain = n * np.nan_to_num(logarithm, nan=-np.inf).mean(axis=1) - np.where(tail[:, 0] > 0, np.log(n), 0)
    if not np.isfinite(gain).any():
        return 0.0, 0.0, float(quantiles.mean()), 1.0
    share = softmax(gain)
    mean_tail, bent = float(share @ tail[:, 0]), float(share @ (tail * skew)[:, 0])
    mean_tail, mean_skew = (mean_tail, bent / mean_tail) if mean_tail > STRAIGHT else (0.0, 0.0)
    found = _inverse(np.array([[mean_tail]]), np.array([[mean_skew]]))[0] @ quantiles
    return mean_tail, mean_skew, float(found[0]), float(found[1])


@cache
def _shapes() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return tails and skews, arrays of shape (n_shapes, 1), the normal shape first, and their `_inverse`."""
    tail, skew = (np.append(0.0, grid).reshape(-1, 1) for grid in np.meshgrid(TAILS, SKEWS))
    return tail, skew, _inverse(tail, skew)


def _inverse(tail: FloatArray, skew: FloatArray) -> FloatArray:
    """Return the map from quantiles to location and scale, array of shape (n_shapes, 2, n_points)."""
    z = ndtri(POINTS)
    bent = np.maximum(tail, STRAIGHT)
    quantiles = (np.sinh(bent * z) - skew * (np.cosh(bent * z) - 1)) / bent
    slope = np.cosh(bent * z) - skew * np.sinh(bent * z)
    noise = slope * np.sqrt(POINTS * (1 - POINTS) * 2 * np.pi) * np.exp(z**2 / 2)
    design = np.stack([np.ones_like(quantiles), quantiles], axis=-1) / noise[..., None]
    return np.asarray(np.linalg.pinv(design) / noise[:, None, :])
