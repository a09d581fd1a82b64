"""What a model is trained with moves: its hyper-parameters, and the weights of its training rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from conjac.errors import InvalidInputError
from conjac.reading import as_number

METHODS = ("auto", "implicit", "refit")
UNITS = ("log", "raw")


@dataclass(frozen=True, eq=False, init=False)
class Hyperparameters:
    r"""Hyper-parameters move, and the model is trained anew; parameter shape (n_names,).

    Where the training problem is smooth and solved (logistic regression, ridge, linear machines with a squared hinge),
    parameters follow by the implicit function theorem, and rows by their margins ("tangent"). Everything else is fitted
    again on either side, with the same random numbers, for several seeds, and rows are counted again ("secant").

    Parameters
    ----------
    *names : str
        Such as "C" or, within a pipeline, "logisticregression__C"; "class_weight[spam]" is the weight of one class,
        and "penalty[age]" a factor on the penalty of one column's coefficients. Default: all that the training problem
        has, but for penalties of columns.
    method : {"auto", "implicit", "refit"}
        "auto" differentiates where it can, and refits elsewhere; the result says which.
    unit : {"log", "raw"}
        What a step of 1 is: 1 of the logarithm, for positive ones, or 1 of the hyper-parameter.
    step : float, optional
        Refit at this step either way, in units, whatever the model. Default: chosen by refits with seeds of their own.
    n_seeds : int
        Pairs of refits, of models that draw random numbers.
    n_jobs : int, optional
        Refits at a time, as joblib's; within ``joblib.parallel_config`` its own backend serves.
    cache : str or path, optional
        A folder that keeps what was refitted, so that a run that was stopped goes on. Read only your own: joblib
        stores pickles.
    progress : bool or callable
        True shows a bar on standard error; a callable is told the share of the refits that are done.

    Raises
    ------
    InvalidInputError
        A name that is no text or occurs twice, or another method, unit, step or number of seeds.

    Notes
    -----
    By the implicit function theorem :math:`d\theta/d\lambda = -H^{-1}\, \partial_\lambda \nabla L` at the optimum of
    the training problem L with Hessian H (Bengio 2000, Neural Computation 12:1889). Preprocessing stays as it was
    fitted, and so do class weights that are "balanced".

    Refits estimate the mean, over the random numbers of training, of the population's difference quotient at the step
    that is reported: see `conjac.motion.refitted`. Whole numbers stay whole, and differ on both sides. All parts of the
    model are fitted anew. Numbers that tell how a solution is sought (``tol``) are refused.

    Examples
    --------
    >>> Hyperparameters("C", "class_weight[spam]").names
    ('C', 'class_weight[spam]')
    """

    names: tuple[str, ...]
    method: Literal["auto", "implicit", "refit"]
    unit: Literal["log", "raw"]
    step: float | None
    n_seeds: int
    n_jobs: int | None
    cache: Any
    progress: bool | Callable[[float], None]

    def __init__(
        self,
        *names: Any,
        method: Literal["auto", "implicit", "refit"] = "auto",
        unit: Literal["log", "raw"] = "log",
        step: float | None = None,
        n_seeds: int = 5,
        n_jobs: int | None = None,
        cache: Any = None,
        progress: bool | Callable[[float], None] = False,
    ) -> None:
        bad = [name for name in names if not isinstance(name, str)]
        if bad:
            raise InvalidInputError(f"Hyperparameters({bad[0]!r}): expected names, such as 'C'")
        if len(set(names)) < len(names):
            raise InvalidInputError(f"Hyperparameters{names}: a name occurs twice")
        if method not in METHODS:
            raise InvalidInputError(f"Hyperparameters(method={method!r}): expected one of {METHODS}")
        if unit not in UNITS:
            raise InvalidInputError(f"Hyperparameters(unit={unit!r}): expected 'log' or 'raw'")
        if step is not None and not 0 < as_number(step, "Hyperparameters(step=...)") < float("inf"):
            raise InvalidInputError(f"Hyperparameters(step={step!r}): expected a positive number of units")
        if step is not None and method == "implicit":
            raise InvalidInputError("Hyperparameters(step=...): a step is that of refits; leave out method='implicit'")
        seeds = as_number(n_seeds, "Hyperparameters(n_seeds=...)")
        if seeds < 2 or seeds % 1:
            raise InvalidInputError(
                f"Hyperparameters(n_seeds={n_seeds!r}): expected a whole number, 2 or more, to tell their noise"
            )
        told = {"method": method, "unit": unit, "step": step, "n_seeds": n_seeds, "n_jobs": n_jobs, "cache": cache}
        for name, value in {"names": names, **told, "progress": progress}.items():
            object.__setattr__(self, name, value)


@dataclass(frozen=True)
class TrainingWeights:
    r"""The weight of each training row moves, and the model is trained anew; parameter shape (n_training_rows,).

    A unit is one row: a weight of 1 more lets it count once more, of 1 less leaves it out, to first order.

    Notes
    -----
    With :math:`g_i` the gradient of row i's loss, :math:`d\theta/dw_i = -H^{-1} g_i` (Cook & Weisberg 1982; Koh & Liang
    2017, ICML), and cells follow as rows cross the boundary. One factorisation serves all rows.

    Examples
    --------
    >>> TrainingWeights().name
    'training_weights'
    """

    name: ClassVar[str] = "training_weights"
