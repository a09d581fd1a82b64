"""A model's parameters as its library holds them, and as one flat vector."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from conjac._typing import AnyArray, FloatArray
from conjac.errors import InvalidInputError


@dataclass(frozen=True)
class Names(Sequence[str]):
    """The name of each parameter, made when it is asked for: there may be many millions.

    Examples
    --------
    >>> found = Names(("w", "b"), ((1, 2), ()))
    >>> list(found), found[-1], found[:2], len(found)
    (['w[0, 0]', 'w[0, 1]', 'b'], 'b', ('w[0, 0]', 'w[0, 1]'), 3)
    """

    leaves: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        """Count them."""
        return sum(map(math.prod, self.shapes))

    def __iter__(self) -> Iterator[str]:
        """Yield all, in the order of the flat vector."""
        for leaf, shape in zip(self.leaves, self.shapes, strict=True):
            for place in np.ndindex(shape):
                yield _named(leaf, place)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        """Return the name at a place, or those of a slice."""
        if isinstance(place, slice):
            return tuple(self[each] for each in range(len(self))[place])
        rest = range(len(self))[place]
        for leaf, shape in zip(self.leaves, self.shapes, strict=True):
            if rest < math.prod(shape):
                return _named(leaf, tuple(map(int, np.unravel_index(rest, shape))) if shape else ())
            rest -= math.prod(shape)
        raise IndexError(place)


@dataclass(frozen=True)
class Repeated(Sequence[str]):
    """The same words for each parameter.

    Examples
    --------
    >>> list(Repeated("1 of it", 2)), Repeated("1 of it", 2)[5:]
    (['1 of it', '1 of it'], ())
    """

    words: str
    times: int

    def __len__(self) -> int:
        """Count them."""
        return self.times

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[str, ...]: ...
    def __getitem__(self, place: int | slice) -> str | tuple[str, ...]:
        """Return the words, or those of a slice."""
        places = range(self.times)[place]
        return self.words if isinstance(places, int) else (self.words,) * len(places)


def _named(leaf: str, place: tuple[int, ...]) -> str:
    return f"{leaf}[{', '.join(map(str, place))}]" if place else leaf


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
    >>> found.flatten({"w": [[5.0, 6.0]], "b": 7.0}).tolist(), list(found.entries)
    ([5.0, 6.0, 7.0], ['w[0, 0]', 'w[0, 1]', 'b'])
    """

    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    build: Callable[[list[FloatArray]], Any]
    take_apart: Callable[[Any], Sequence[Any]]

    @property
    def size(self) -> int:
        """Number of parameters."""
        return len(self.entries)

    @property
    def entries(self) -> Names:
        """The name of each parameter."""
        return Names(self.names, self.shapes)

    def leaves(self, flat: AnyArray) -> list[AnyArray]:
        """Return views of a flat vector, one a leaf."""
        stops = np.cumsum([math.prod(shape) for shape in self.shapes])
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
            Another tree than the model's, other shapes, or an entry that is missing or infinite.
        """
        is_flat = isinstance(tree, np.ndarray) and tree.shape == (self.size,)
        try:
            given = self.leaves(tree) if is_flat else self.take_apart(tree)
            leaves = [np.asarray(leaf, dtype=np.float64) for leaf in given]
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise InvalidInputError(f"expected the parameters' own structure, {self._told()}; got {error}") from error
        if tuple(leaf.shape for leaf in leaves) != self.shapes:
            raise InvalidInputError(
                f"expected the parameters' own structure, {self._told()}; got shapes {[leaf.shape for leaf in leaves]}"
            )
        for name, leaf in zip(self.names, leaves, strict=True):
            if not np.isfinite(leaf).all():
                raise InvalidInputError(f"{name} has entries that are missing or infinite; expected numbers")
        return np.concatenate([leaf.ravel() for leaf in leaves]) if leaves else np.zeros(0)

    def _told(self) -> str:
        shown = ", ".join(f"{name} {shape}" for name, shape in list(zip(self.names, self.shapes, strict=True))[:6])
        return shown + (", ..." if len(self.names) > 6 else "")
