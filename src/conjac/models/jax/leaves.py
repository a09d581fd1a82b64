"""A tree of parameters: which of its leaves move, what they are called, and where they lie."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import MissingDependencyError
from conjac.models.networks import chosen

Arrays = dict[int, Any]
"""Leaves that are arrays, by their place."""


class Leaves:
    """A pytree's leaves. Those of floating point can move; all others stay as they are.

    Parameters
    ----------
    parameters : pytree
    names : sequence of str, optional
        Of all leaves; their paths if not given.
    fixed : str or sequence of str
        As for `conjac.models.Applied`.

    Raises
    ------
    InvalidInputError
        Names among ``fixed`` that no leaf has.
    MissingDependencyError
        JAX is not loaded.
    """

    def __init__(self, parameters: Any, names: Sequence[str] | None = None, fixed: str | Sequence[str] = ()) -> None:
        jax = sys.modules.get("jax")
        if jax is None:
            raise MissingDependencyError("Applied takes a function of JAX; pip install 'conjac[jax]' and import jax")
        self.jax = jax
        self._leaves, self._tree = jax.tree_util.tree_flatten(parameters)
        names = paths_of(jax, parameters) if names is None else names
        self.places = {names[place]: place for place, leaf in enumerate(self._leaves) if self._can_move(leaf)}
        self.arrays: Arrays = {
            place: jax.numpy.asarray(leaf)
            for place, leaf in enumerate(self._leaves)
            if place in self.places.values() or isinstance(leaf, jax.Array)
        }
        self.fixed = chosen([fixed] if isinstance(fixed, str) else fixed, list(self.places), "Applied(fixed={!r})")
        self.dtype = str(next((self.arrays[place] for place in self.places.values()), jax.numpy.zeros(0)).dtype)

    def with_arrays(self, arrays: Arrays) -> Any:
        """Return the parameters with other arrays in their places."""
        return self._tree.unflatten([arrays.get(place, leaf) for place, leaf in enumerate(self._leaves)])

    def placed(self, places: Iterable[int], values: Sequence[AnyArray]) -> Arrays:
        """Return values for some places, each in its leaf's dtype and on its device."""
        return {place: self._like(self.arrays[place], value) for place, value in zip(places, values, strict=True)}

    def built(self, places: Iterable[int], values: Sequence[AnyArray]) -> Any:
        """Return the tree with such values in their places, and None in all others."""
        mine = self.placed(places, values)
        return self._tree.unflatten([mine.get(place) for place in range(len(self._leaves))])

    def taken_apart(self, places: Iterable[int], tree: Any) -> list[AnyArray]:
        """Return what lies in some places of such a tree, in double precision."""
        leaves = self._tree.flatten_up_to(tree)
        return [np.asarray(leaves[place]).astype(np.float64) for place in places]

    def _like(self, array: Any, value: AnyArray) -> Any:
        stays = getattr(array, "committed", True)  # to its device, which JAX tells in newer versions
        return self.jax.device_put(value.astype(array.dtype), array.sharding if stays else None)

    def _can_move(self, leaf: Any) -> bool:
        if isinstance(leaf, np.ndarray | np.generic | self.jax.Array):
            return is_floating(self.jax, leaf)
        return isinstance(leaf, float)


def paths_of(jax: Any, parameters: Any) -> list[str]:
    """Return the names of a tree's leaves: their paths, as "params/Dense_0/kernel"."""
    found, _ = jax.tree_util.tree_flatten_with_path(parameters)
    return ["/".join(map(_named, path)) or "parameters" for path, _ in found]


def _named(key: Any) -> str:
    """Return the name of one step of a path: a key, a place or an attribute."""
    return str(getattr(key, "key", getattr(key, "idx", getattr(key, "name", key))))


def is_floating(jax: Any, array: Any) -> bool:
    """Tell whether an array holds numbers of floating point, those that NumPy does not know among them."""
    return bool(jax.numpy.issubdtype(array.dtype, jax.numpy.floating))


def to_numpy(found: Any) -> AnyArray:
    """Return an array of JAX as NumPy's; what NumPy does not know in single precision."""
    array = np.asarray(found)
    return array.astype(np.float32) if array.dtype.kind == "V" else array
