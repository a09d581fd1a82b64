"""UMAP, where umap-learn is installed."""

from __future__ import annotations

from typing import Any

import numpy as np

from conjac._typing import FloatArray
from conjac.errors import MissingDependencyError


def umap(values: FloatArray, n_neighbours: int, random_state: Any) -> FloatArray:
    """Return points of a plane, array of shape (n_rows, 2).

    Raises
    ------
    MissingDependencyError
        umap-learn is not installed.
    """
    try:
        from umap import UMAP
    except ImportError:
        raise MissingDependencyError("method='umap': umap-learn is not installed; pip install 'conjac[umap]'") from None
    fitted = UMAP(n_neighbors=n_neighbours, init="pca", random_state=random_state, n_jobs=1)
    return np.asarray(fitted.fit_transform(values), dtype=np.float64)
