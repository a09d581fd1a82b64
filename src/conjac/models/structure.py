"""A model's parameters as its library holds them, and as one flat vector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError


@dataclass(frozen=True, eq=False)
class Structure:
    """The leaves of a model's parameters, in a fixed order, and the tree that holds them.

    Attributes
    ----------
    names : tuple of str
        Of the leaves: keys of a state dict, paths in a pytree.
    shapes : tuple of tuple of int
    build : callable
        From the leaves, as NumPy's arrays of double precision, to the model's own tree, in its own dtype and on its own
        device.
    take_apart : callable
        From such a tree to its leaves as NumPy's arrays.

    Examples
    --------
    >>> import numpy as np
    >>> found = Structure(("w", "b"), ((1, 2), ()), lambda leaves: dict(zip("wb", leaves)), lambda tree: tree.values())
    >>> found.unflatten(np.arange(3.0))
    {'w': array([[0., 1.]]), 'b': array(2.)}
    >>> found.flatten({"w": [[5.0, 6.0]], "b": 7.0}).tolist(), list(found.entries())
    ([5.0, 6.0, 7.0], ['w[0, 0]', 'w[0, 1]', 'b'])
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    build: Callable[[list[FloatArray]], Any]
    take_apart: Callable[[Any], Sequence[Any]]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(int(np.prod(shape)) for shape in self.shapes)

    def leaves(self, flat: AnyArray) -> list[AnyArray]:
        """Return views of a flat vector, one a leaf."""
        stops = np.cumsum([int(np.prod(shape)) for shape in self.shapes])
        parts = np.split(flat, stops[:-1])
        return [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]

    def unflatten(self, flat: AnyArray) -> Any:
        """Return a flat vector as the model's own tree."""
        return self.build(self.leaves(flat))

    def flatten(self, tree: Any) -> FloatArray:
        """Return a tree, or a flat vector, as a vector of shape (n_parameters,).

        Raises
        ------
        InvalidInputError
            Another tree than the model's, or other shapes.
        """
        if isinstance(tree, np.ndarray) and tree.shape == (self.size,):
            return tree.astype(np.float64)
        try:
            leaves = [np.asarray(leaf, dtype=np.float64) for leaf in self.take_apart(tree)]
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise InvalidInputError(f"expected the parameters' own structure, {self._told()}; got {error}") from error
        if tuple(leaf.shape for leaf in leaves) != self.shapes:
            raise InvalidInputError(
                f"expected the parameters' own structure, {self._told()}; got shapes {[leaf.shape for leaf in leaves]}"
            )
        return np.concatenate([leaf.ravel() for leaf in leaves]) if leaves else np.zeros(0)

    def entries(self) -> Iterator[str]:
        """Yield the name of each parameter."""
        for name, shape in zip(self.names, self.shapes, strict=True):
            for place in np.ndindex(shape):
                yield f"{name}[{', '.join(map(str, place))}]" if shape else name

    def _told(self) -> str:
        shown = ", ".join(f"{name} {shape}" for name, shape in list(zip(self.names, self.shapes, strict=True))[:6])
        return shown + (", ..." if len(self.names) > 6 else "")
