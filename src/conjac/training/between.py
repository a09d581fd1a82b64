r"""Margins between the points that were fitted: an interpolation of their values and derivatives.

Each row's margin is a smooth function of the logarithms of the hyper-parameters, and at every point visited its value
and its derivative are known without noise. All rows share one linear map from these to their margins elsewhere:
kriging with a Matern kernel of order 5/2 and a linear trend (Stein 1999, Interpolation of Spatial Data), which goes
through the values and the derivatives; of a single point it is the tangent.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from conjac._typing import FloatArray

LENGTH = 10.0
"""Of the kernel, in logarithms: a factor of 2e4."""
JITTER = 1e-8
"""Of the kernel's diagonal, for rounding."""


def shares(points: FloatArray, wanted: FloatArray) -> FloatArray:
    """Return what margins elsewhere take of each margin and derivative that is known.

    Parameters
    ----------
    points : array of shape (n_points, n_axes)
    wanted : array of shape (n_wanted, n_axes)

    Returns
    -------
    array of shape (n_wanted, n_points, 1 + n_axes)
        Of the margin at each point, and of its derivatives.

    Examples
    --------
    >>> import numpy as np
    >>> shares(np.array([[0.0]]), np.array([[2.0]])).round(6)
    array([[[1., 2.]]])
    """
    n_known = points.shape[0] * (1 + points.shape[1])
    known = _kernel(points, points).reshape(n_known, n_known)
    known += JITTER * np.diag(np.diag(known))
    trend = _trend(points).reshape(n_known, -1)
    n_trend = trend.shape[1]
    whole = np.block([[known, trend], [trend.T, np.zeros((n_trend, n_trend))]])
    right = np.hstack([_kernel(wanted, points)[:, 0].reshape(len(wanted), -1), _trend(wanted)[:, 0]])
    found = linalg.solve(whole, right.T, assume_a="sym")[:n_known]
    return np.asarray(found.T.reshape(len(wanted), *points.shape[:1], 1 + points.shape[1]))


def _trend(points: FloatArray) -> FloatArray:
    """Return 1 and the coordinates, and their derivatives, array of shape (n_points, 1 + n_axes, 1 + n_axes)."""
    n_points, n_axes = points.shape
    found = np.broadcast_to(np.eye(1 + n_axes), (n_points, 1 + n_axes, 1 + n_axes)).copy()
    found[:, 0, 1:] = points
    return found


def _kernel(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return covariances of values and derivatives, array of shape (n_a, 1 + n_axes, n_b, 1 + n_axes)."""
    n_axes = a.shape[1]
    step = np.sqrt(5) / LENGTH * (a[:, None] - b)
    distance = np.linalg.norm(step, axis=2)
    decay = np.exp(-distance)
    slope = (1 + distance) * decay / 3
    found = np.empty((len(a), 1 + n_axes, len(b), 1 + n_axes))
    found[:, 0, :, 0] = (1 + distance + distance**2 / 3) * decay
    found[:, 0, :, 1:] = slope[:, :, None] * step
    found[:, 1:, :, 0] = -np.moveaxis(found[:, 0, :, 1:], 2, 1)
    bend = slope[:, :, None, None] * np.eye(n_axes) - decay[:, :, None, None] / 3 * step[..., None] * step[..., None, :]
    found[:, 1:, :, 1:] = np.moveaxis(bend, 2, 1)
    found[:, 0, :, 1:] *= np.sqrt(5) / LENGTH
    found[:, 1:, :, 0] *= np.sqrt(5) / LENGTH
    found[:, 1:, :, 1:] *= 5 / LENGTH**2
    return found
