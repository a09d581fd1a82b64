"""From standardised rows to points of a plane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE

from conjac._typing import FloatArray
from conjac.embedding.umap import umap
from conjac.errors import InvalidInputError

PERPLEXITY, NEIGHBOURS = 30.0, 15
"""Defaults of t-SNE and of UMAP, where there are rows enough."""
FEWEST = 5
"""Rows that neighbours can be told of."""
FIRST = 50
"""Principal components that neighbours are found by, at most."""
COLUMNS = "the columns, standardised and cut at 3 standard deviations"
NOT_TO_SCALE = "neighbours stay together; distances between groups, and the axes, are not to scale"


@dataclass(frozen=True, eq=False)
class Embedding:
    """Points of a plane.

    Attributes
    ----------
    points : array of shape (n_rows, 2)
    axes : tuple of two str
        What the axes are.
    told : str
        How it was made, and how to read it.
    """

    points: FloatArray
    axes: tuple[str, str]
    told: str


def embed(values: FloatArray, method: str, random_state: Any = None) -> Embedding:
    """Place rows in a plane.

    Parameters
    ----------
    values : array of shape (n_rows, n_columns)
        Standardised.
    method : {"pca", "tsne", "umap"}
    random_state : None, int or RandomState

    Raises
    ------
    InvalidInputError
        Another method, or too few rows to have neighbours.
    MissingDependencyError
        UMAP is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> embed(np.array([[1.0, 1.0], [0.0, 0.0], [-1.0, -1.0]]), "pca").axes
    ('component 1 (100 %)', 'component 2 (0 %)')
    """
    if method not in METHODS:
        raise InvalidInputError(f"method={method!r}: expected one of {', '.join(METHODS)}")
    if method != "pca" and len(values) < FEWEST:
        raise InvalidInputError(f"method={method!r} of {len(values)} rows: expected {FEWEST} at least; pass 'pca'")
    return METHODS[method](values, random_state)


def _pca(values: FloatArray, random_state: Any) -> Embedding:
    points, share = _components(values, 2, random_state)
    first, second = (f"component {which} ({100 * part:.0f} %)" for which, part in zip((1, 2), share, strict=True))
    return Embedding(points, (first, second), f"Principal components of {COLUMNS}, with their shares of the variance.")


def _tsne(values: FloatArray, random_state: Any) -> Embedding:
    perplexity = min(PERPLEXITY, (len(values) - 1) / 3)
    some, _ = _components(values, FIRST, random_state)
    points = TSNE(init="pca", perplexity=perplexity, random_state=random_state).fit_transform(some)
    told = f"t-SNE (perplexity {perplexity:.3g}) of {COLUMNS}: {NOT_TO_SCALE}."
    return Embedding(points.astype(np.float64), ("t-SNE 1", "t-SNE 2"), told)


def _umap(values: FloatArray, random_state: Any) -> Embedding:
    neighbours = min(NEIGHBOURS, len(values) - 1)
    some, _ = _components(values, FIRST, random_state)
    told = f"UMAP ({neighbours} neighbours) of {COLUMNS}: {NOT_TO_SCALE}."
    return Embedding(umap(some, neighbours, random_state), ("UMAP 1", "UMAP 2"), told)


METHODS: Final = MappingProxyType[str, Callable[[FloatArray, Any], Embedding]](
    {"pca": _pca, "tsne": _tsne, "umap": _umap}
)


def _components(values: FloatArray, n: int, random_state: Any) -> tuple[FloatArray, FloatArray]:
    """Return principal components, two at least, and their shares of the variance; 0 beyond what there is."""
    have = min(n, *values.shape)
    n = max(2, have)
    found, share = np.zeros((len(values), n)), np.zeros(n)
    if values.any():
        pca = PCA(have, random_state=random_state)
        found[:, :have] = pca.fit_transform(values)
        share[:have] = np.nan_to_num(pca.explained_variance_ratio_)
    return found, share
