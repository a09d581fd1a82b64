"""What a fitted classifier is to conjac, and the door by which a library's classifiers come in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from conjac._typing import AnyArray, FloatArray, Scale
from conjac.models.parametric import Parametric

Pull = Callable[[Any, AnyArray], FloatArray]
"""From inputs and cotangents of the class scores to cotangents of the inputs: see `Model.pull`."""

Push = Callable[[Any], FloatArray]
"""From inputs to the derivatives of the class scores by what moves: see `Model.push`."""


@dataclass(frozen=True, eq=False)
class Model:
    r"""A fitted classifier as functions of its inputs.

    Attributes
    ----------
    scores : callable
        From inputs, as the model takes them, to its scores: array of shape (n_rows,) of the positive of two classes,
        (n_rows, 2), or (n_rows, n_classes).
    classes : tuple or None
        Labels in the order of the scores' columns; of two, the positive one is last. None where the model tells none.
    response : str
        What gave the scores, such as "predict_proba".
    columns : tuple of str or None
        Inputs by name, where the model knows names.
    pull : callable or None
        The vector-Jacobian product: from inputs and a cotangent to an array of shape (n_rows, n_columns),
        :math:`\sum_k c_{ik}\, \partial u_{ik} / \partial x_i`, with u what margins are made of: of probabilities their
        log-odds (two classes, one column) or logarithms (more; up to a term that all classes of a row share, so that
        cotangents sum to 0), else the scores as they are. The cotangent has the shape (n_outputs,), one for all rows,
        or (n_rows, n_outputs); n_outputs is 1 for two classes. A linear model returns a read-only array with one row
        for all (stride 0). None where the model has no derivative, or none is known.
    push : callable or None
        What moves the model itself does to its scores: from inputs to an array of shape
        (n_rows, n_outputs, n_parameters), of the same u as ``pull``. None where nothing does.
    scale : {"logit", "score"}
        Whether ``pull`` and ``push`` are of log-odds and logarithms of probabilities, or of scores as they are.
    derivative : str
        Whose formula ``pull`` is.
    stepwise : bool
        Whether scores are known to be step functions, as those of trees.
    categorical : tuple of int
        Inputs that the model takes as categories, whatever they hold; places among ``columns``, where it knows names.
    columnwise : bool
        Whether cotangents have a column for each of the scores' columns, for two classes too.
    parametric : callable or None
        How scores follow the model's own parameters: from names of some of these (none for all that are trained) to a
        `conjac.models.parametric.Parametric`.

    Examples
    --------
    A score whose derivative is known, for `conjac.ConfusionJacobian.from_estimator` with ``wrt="features"``:

    >>> import numpy as np
    >>> w = np.array([1.0, -0.5])
    >>> model = Model(scores=lambda X: X @ w, pull=lambda X, c: np.broadcast_to(c[..., :1] * w, X.shape))
    >>> model.pull(np.zeros((3, 2)), np.ones(1)).shape
    (3, 2)
    """

    scores: Callable[[Any], AnyArray]
    classes: tuple[Any, ...] | None = None
    response: str = "model"
    columns: tuple[str, ...] | None = None
    pull: Pull | None = None
    push: Push | None = None
    scale: Scale = "score"
    derivative: str = ""
    stepwise: bool = False
    categorical: tuple[int, ...] = ()
    columnwise: bool = False
    parametric: Callable[[Sequence[str]], Parametric] | None = None

    def coded(self, names: Sequence[str]) -> list[str]:
        """Return the inputs that it takes as categories by name: its own, or where it knows none, those given.

        Parameters
        ----------
        names : sequence of str
            Of the inputs, where the model knows none.

        Returns
        -------
        list of str
            In the order of ``categorical``.
        """
        return [(self.columns or names)[place] for place in self.categorical]


class Adapter(Protocol):
    """A library's classifiers.

    Examples
    --------
    >>> class Constants:
    ...     def owns(self, estimator):
    ...         return isinstance(estimator, float)
    ...
    ...     def bind(self, estimator, output):
    ...         return Model(scores=lambda X: np.full(len(X), estimator))
    >>> import numpy as np
    >>> Constants().bind(0.3, "auto").scores(np.zeros((2, 1)))
    array([0.3, 0.3])
    """

    def owns(self, estimator: Any) -> bool:
        """Tell whether the estimator is this library's: by a look in `sys.modules`, never an import.

        Parameters
        ----------
        estimator : object
            Whatever was passed.

        Returns
        -------
        bool
            Whether `bind` takes it.
        """
        ...

    def bind(self, estimator: Any, output: str) -> Model:
        """Return the estimator as functions of its inputs.

        Parameters
        ----------
        estimator : fitted classifier
            One that it owns.
        output : {"auto", "probabilities", "scores", "logits"}
            What scores are to be.

        Returns
        -------
        Model
            With derivatives, where they are known.

        Raises
        ------
        InvalidInputError
            An output that the estimator does not have.
        """
        ...


_REGISTERED: list[Adapter] = []


def register(adapter: Adapter) -> None:
    """Let conjac take the classifiers of a library; what is registered last is asked first.

    Parameters
    ----------
    adapter : Adapter
        Of one library.

    Examples
    --------
    >>> from conjac.models import contract
    >>> class Nobody:
    ...     def owns(self, estimator):
    ...         return False
    >>> nobody = Nobody()
    >>> register(nobody)
    >>> contract._REGISTERED.remove(nobody)  # as a test does
    """
    _REGISTERED.insert(0, adapter)


def adapter_of(estimator: Any) -> Adapter | None:
    """Return the adapter that an estimator belongs to."""
    return next((adapter for adapter in _REGISTERED if adapter.owns(estimator)), None)
