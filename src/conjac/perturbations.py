"""What moves. A perturbation tells how fast each margin, or each row's weight, moves per unit of its parameter.

``m = tau_row - tau(t)``, so under the threshold every margin moves at ``-dtau/dt``: one number for all rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from conjac.errors import InvalidInputError, NotSupportedError
from conjac.reading import as_number

PLANNED = ("hyperparameters", "parameters", "training_weights")

OFFSET_UNITS = {"logit": "1 unit of log-probability", "score": "1 unit of score"}
"""What an offset of 1 is, by the scale of what it is added to."""
SHARE_UNIT = "1.0 of share"


@dataclass(frozen=True)
class Threshold:
    """The decision threshold of a binary classifier moves; parameter shape ``()``.

    Examples
    --------
    >>> Threshold().name
    'threshold'
    """

    name: str = "threshold"


@dataclass(frozen=True)
class Offsets:
    """The offset of each class moves: what is added to its score before the largest is taken; parameter shape (K,).

    Examples
    --------
    >>> Offsets().name
    'offsets'
    """

    name: str = "offsets"


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


@dataclass(frozen=True, eq=False)
class Features:
    r"""Each numeric input drifts: :math:`x_j \to x_j + \delta`, all else unchanged; parameter shape (n_features,).

    The drift is of what is measured, before the model's own preprocessing: labels and other columns stay, and what is
    missing stays missing. Where margins have a derivative in the inputs, it moves them ("tangent"); where they have
    none, as those of trees, rows are scored again on either side ("secant"). A column of categories has no drift: its
    shares move, by `Mix`; so do the shares of a flag with two values, and those of one-hot columns together.

    Parameters
    ----------
    columns : str, int, or sequence of these, optional
        Which numeric columns, by name; of an array by number too. Default: all.
    unit : {"sd", "raw"}
        What a step of 1 is: one weighted standard deviation of the rows evaluated, taken as known, or 1 of the column.
    where : array of shape (n_samples,) of bool, callable, or label, optional
        Which rows drift: a slice of them, ``where(X)``, or those of one true class. Default: all.
    categorical : sequence of str or int
        Columns of numbers that stand for categories.
    step : float, optional
        Count rows again at this drift either way, in units, whatever the model: the figures are difference quotients at
        that step. Default: derivatives where margins have them, else a recount at steps chosen by bias and variance.

    Notes
    -----
    Sensitivity is not importance: a feature that decides much may barely matter where it stands, and does not tell
    what another would have done in its place.

    Examples
    --------
    >>> Features(["age"], unit="raw").unit
    'raw'
    """

    columns: Any = None
    unit: Literal["sd", "raw"] = "sd"
    where: Any = None
    categorical: Sequence[Any] = ()
    step: float | None = None

    def __post_init__(self) -> None:
        """Refuse a unit that is none, and a step that is none."""
        if self.step is not None and not 0 < as_number(self.step, "Features(step=...)") < float("inf"):
            raise InvalidInputError(f"Features(step={self.step!r}): expected a positive number of units")
        if self.unit not in ("sd", "raw"):
            raise InvalidInputError(f"Features(unit={self.unit!r}): expected 'sd' or 'raw'")


Perturbation: TypeAlias = Threshold | Offsets | Mix | Features


def resolve(wrt: Any, n_columns: int = 1) -> Perturbation:
    """Return the perturbation that ``wrt`` names; None is the threshold of two classes, and the offsets of more.

    Parameters
    ----------
    wrt : str, perturbation or None
    n_columns : int
        Scores a row.

    Raises
    ------
    NotSupportedError
        A perturbation that this version does not serve.
    InvalidInputError
        An unknown name.
    """
    if isinstance(wrt, Threshold | Offsets | Mix | Features):
        return wrt
    if wrt is None:
        return Offsets() if n_columns > 2 else Threshold()
    if isinstance(wrt, str) and wrt in ("threshold", "offsets"):
        return Threshold() if wrt == "threshold" else Offsets()
    if isinstance(wrt, str) and wrt == "features":
        return Features()
    if isinstance(wrt, str) and wrt in PLANNED:
        raise NotSupportedError(f"wrt={wrt!r} is not in this version; it serves 'threshold', 'offsets' and 'features'")
    if isinstance(wrt, str) and wrt == "mix":
        raise InvalidInputError("wrt='mix': of what? Pass conjac.Mix('class'), or conjac.Mix(values) with each row's")
    raise InvalidInputError(f"wrt={wrt!r}: expected 'threshold', 'offsets', 'features', a conjac.Mix or None")
