"""What a model has learned moves: its own parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from conjac.errors import InvalidInputError
from conjac.reading import as_number

METHODS = ("auto", "dense", "pull")


@dataclass(frozen=True, eq=False, init=False)
class Parameters:
    r"""Each parameter of the model moves; parameter shape (n_parameters,), flat, in the order of their names.

    Of networks (PyTorch, JAX, Keras), and of scikit-learn's linear classifiers and perceptrons. ``J.vjp(cotangent)`` is
    the gradient of any combination of cells, and ``J.of(metric).gradient`` that of any metric, both in the model's own
    structure; ``J.jvp(direction)`` and ``J.along(direction)`` tell what a step does, the latter with its errors.

    Parameters
    ----------
    *names : str
        Which, by the names of the model's own structure (keys of a state dict, paths in a pytree), or what these begin
        with. Default: all that are trained.
    method : {"auto", "dense", "pull"}
        "dense" differentiates each row near the boundary by each parameter, so that every figure of the Jacobian has
        the bandwidth and the error that serve it best; it takes memory of rows times parameters. "pull" weighs the rows
        first, by one forward pass, and then pulls the weighted sum back: it costs about one ordinary gradient, however
        many parameters there are. "auto" is dense up to 1,024 parameters.
    bandwidth : float, optional
        Of a Gaussian kernel, in units of margin, for all rows. The slopes are then exactly those of the soft count
        :math:`\sum_i w_i \Phi(m_i / h)`. Default: chosen by the density of the margins, of each class at each boundary.

    Raises
    ------
    InvalidInputError
        A name that is no text, another method, or a bandwidth that is no positive number.

    Notes
    -----
    The method is in :doc:`/parameters`.

    Examples
    --------
    >>> Parameters("head").names, Parameters(bandwidth=0.5).bandwidth
    (('head',), 0.5)
    """

    name: ClassVar[str] = "parameters"

    names: tuple[str, ...]
    method: Literal["auto", "dense", "pull"]
    bandwidth: float | None

    def __init__(
        self, *names: Any, method: Literal["auto", "dense", "pull"] = "auto", bandwidth: float | None = None
    ) -> None:
        bad = [name for name in names if not isinstance(name, str)]
        if bad:
            raise InvalidInputError(f"Parameters({bad[0]!r}): expected names, such as 'head.weight'")
        if method not in METHODS:
            raise InvalidInputError(f"Parameters(method={method!r}): expected one of {METHODS}")
        if bandwidth is not None and not 0 < as_number(bandwidth, "Parameters(bandwidth=...)") < float("inf"):
            raise InvalidInputError(f"Parameters(bandwidth={bandwidth!r}): expected a positive number of margin units")
        for name, value in {"names": names, "method": method, "bandwidth": bandwidth}.items():
            object.__setattr__(self, name, value)
