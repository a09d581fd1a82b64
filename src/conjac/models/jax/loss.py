"""A training loss from the confusion matrix, for JAX: the one file that imports the library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError, MissingDependencyError
from conjac.metrics import Metric
from conjac.models.softened import Library, Running, Softened, check_shapes, check_values

try:
    import jax
    import jax.numpy as jnp
except ModuleNotFoundError as error:
    raise MissingDependencyError("JAX is not installed; pip install 'conjac[jax]'") from error


def _on_host(f: Callable[[AnyArray], tuple[AnyArray, AnyArray]], x: jax.Array) -> tuple[Any, Any]:
    # In single precision: where double precision is switched on for one thread, callbacks come from others.
    cells = jax.lax.stop_gradient(x).astype(jnp.float32)
    shapes = jax.ShapeDtypeStruct((), cells.dtype), jax.ShapeDtypeStruct(x.shape, cells.dtype)
    value, slope = jax.pure_callback(f, shapes, cells, vmap_method="broadcast_all")
    return value.astype(x.dtype), slope.astype(x.dtype)


JAX = Library(jnp, jax.scipy.special, lambda array, x: jnp.asarray(array, x.dtype), jax.lax.stop_gradient, _on_host)


class ConfusionLoss:
    """A metric of the confusion matrix, or a cost matrix, as a training loss: a function of a state and a batch.

    The same as `conjac.models.torch.ConfusionLoss`, where the loss and its bandwidth are described, with the state
    handed from call to call. It can be compiled, differentiated and vectorised (``jit``, ``grad``, ``vmap``).

    Parameters
    ----------
    metric : str, Metric or array-like of shape (n_classes, n_classes)
        A name, such as ``"f1"`` or ``"f1_macro"``, an object of `conjac.metrics`, or costs as
        ``cost_matrix[true, predicted]``.
    n_classes : int, optional
        Default: that of the cost matrix, else 2.
    threshold : float, default 0.0
        Of two classes: from which score on a row is positive, in units of the scores.
    anneal_steps : int, default 1000
        Batches until the bandwidth is the data's own: about half of those that there will be.
    memory : float, default 0.9
        Share of the sums that is kept at each batch; with 0 a batch is all there is.
    min_bandwidth : float, default 0.1
        Floor of the bandwidth, in units of the scores: it counts where all scores start near the threshold.

    Raises
    ------
    UnknownMetricError
        If there is no such metric for so many classes.
    InvalidInputError
        If another argument is not as described.

    References
    ----------
    As for `conjac.models.torch.ConfusionLoss`: D. Han, N. Moniz, N. V. Chawla, KDD 2024; G. Bénédict and others 2022.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> scores, y = jnp.array([-2.0, -1.0, 0.5, 2.0]), jnp.array([0, 0, 1, 1])
    >>> loss = ConfusionLoss("f1")
    >>> state = loss.init()
    >>> step = jax.jit(jax.value_and_grad(lambda scores, state: loss(state, scores, y), has_aux=True))
    >>> (value, state), gradient = step(scores, state)
    >>> round(float(value), 4), jnp.sign(gradient).tolist()
    (0.245, [1.0, 1.0, -1.0, -1.0])
    """

    def __init__(
        self,
        metric: str | Metric | npt.ArrayLike,
        *,
        n_classes: int | None = None,
        threshold: float = 0.0,
        anneal_steps: int = 1000,
        memory: float = 0.9,
        min_bandwidth: float = 0.1,
    ) -> None:
        self.softened = Softened.of(metric, n_classes, threshold, anneal_steps, memory, min_bandwidth)

    def init(self) -> Running:
        """Return the state before the first batch: arrays in a tuple, to save and restore as any.

        Returns
        -------
        Running
            A named tuple of arrays, the cells' of shape (n_classes, n_classes), the others of shape (n_classes,) or ().
        """
        k = self.softened.n_classes
        return Running(jnp.zeros((k, k)), jnp.zeros(k), jnp.zeros(k), jnp.full(k, jnp.inf), jnp.zeros((), jnp.int32))

    def __call__(
        self, state: Running, scores: jax.Array, y: jax.Array, sample_weight: jax.Array | None = None
    ) -> tuple[jax.Array, Running]:
        """Return the loss of the rows remembered, with the gradient of these, and the state after them.

        Parameters
        ----------
        state : Running
            Of `init`, or of the call before.
        scores : array of shape (n_samples,), (n_samples, 1) or (n_samples, n_classes)
            Logits or other scores before any softmax; of two columns the difference counts.
        y : integer array of shape (n_samples,)
            Class numbers from 0 on.
        sample_weight : array of shape (n_samples,), optional

        Returns
        -------
        value : array of shape ()
        state : Running

        Raises
        ------
        InvalidInputError
            If shapes are not as described; nor numbers, unless a transformation hides them. In a compiled function
            rows of unknown classes count nowhere.
        """
        check_shapes(self.softened.n_classes, scores, y, sample_weight)
        if not jnp.issubdtype(y.dtype, jnp.integer) and y.dtype != bool:
            raise InvalidInputError(f"y is of {y.dtype}; expected class numbers: pass y.astype(int)")
        if not any(isinstance(array, jax.core.Tracer) for array in (scores, y, sample_weight)):
            check_values(JAX, self.softened.n_classes, scores, y, sample_weight)
        wide = jnp.promote_types(scores.dtype, jnp.float32)
        weight = None if sample_weight is None else sample_weight.astype(wide)
        seen = Running(*(part if part.dtype == jnp.int32 else part.astype(wide) for part in state))
        value, now = self.softened.step(JAX, seen, scores.astype(wide), y, weight)
        # in the dtypes that it came in, as the carry of a scan must be
        return value, Running(*(part.astype(was.dtype) for part, was in zip(now, state, strict=True)))
