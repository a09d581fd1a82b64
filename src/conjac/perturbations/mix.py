"""The shares of categories move: rows gain or lose weight, and no margin moves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SHARE_UNIT = "1.0 of share"


@dataclass(frozen=True, eq=False)
class Mix:
    r"""The share of a category of rows moves, and the others shrink in proportion; parameter shape (n_categories,).

    What is true within each category stays: P(features, label | category). Margins do not move, so nothing is
    smoothed: the derivative is that of a weighted count, ``J.method == "reweighting"``.

    Parameters
    ----------
    by : "class" or array of shape (n_samples,)
        The true classes, or each row's category, of any type that sorts.
    name : str, optional
        What to call the categories.

    Notes
    -----
    With weights w and :math:`\pi_c` the share of category c, :math:`dw_i/d\pi_c = w_i / \pi_c` in it and
    :math:`-w_i / (1 - \pi_c)` elsewhere. The total stays; rows of the Jacobian need not sum to zero, all cells
    together do. A step of 1 is the whole way from no row of the category to no other: read a slope as per .01.
    Standard errors take the shares of these rows as known, so that they are of rows drawn within each category.
    Moving shares of classes is label shift (Saerens, Latinne & Decaestecker 2002, Neural Computation 14:21); under it
    the best rule moves too, which `bayes_offsets` tells.

    Examples
    --------
    A rare class makes accuracy look good and precision bad while the classifier stays the same: recall does not move.
    The slopes say by how much each figure follows the share of the positive class, here .1, and no row need be thrown
    away or drawn twice to balance the classes:

    >>> import numpy as np
    >>> import conjac as cj
    >>> y = np.repeat([0, 1], [900, 100])
    >>> score = np.concatenate([np.linspace(0.05, 0.55, 900), np.linspace(0.3, 0.9, 100)])
    >>> J = cj.confusion_jacobian(y, score, wrt=cj.Mix("class"))
    >>> J.parameters, J.units
    (('share[0]', 'share[1]'), ('1.0 of share', '1.0 of share'))
    >>> for name in ("accuracy", "precision", "recall", "f1", "matthews_corrcoef"):
    ...     told = J.of(name)
    ...     print(f"{name}: {told.value:.3f}, and {told.gradient[1] / 100:+.3f} per .01 of share")
    accuracy: 0.877, and -0.002 per .01 of share
    precision: 0.427, and +0.027 per .01 of share
    recall: 0.670, and +0.000 per .01 of share
    f1: 0.521, and +0.020 per .01 of share
    matthews_corrcoef: 0.470, and +0.014 per .01 of share

    With categories of another kind, such as where rows come from:

    >>> region = np.tile(["north", "south"], 500)
    >>> cj.confusion_jacobian(y, score, wrt=cj.Mix(region, name="region")).jacobian.shape
    (2, 2, 2)
    """

    by: Any
    name: str | None = None
