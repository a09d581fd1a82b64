"""Results that cannot be changed: arrays, and mappings that, unlike `types.MappingProxyType`, can be pickled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conjac._typing import AnyArray


class ReadOnly(Mapping[str, Any]):
    """A read-only copy of a mapping.

    Examples
    --------
    >>> ReadOnly({"n_samples": 3})["n_samples"]
    3
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Any]) -> None:
        self._items = dict(items)

    def __getitem__(self, name: str) -> Any:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return repr(self._items)


def locked(array: AnyArray) -> AnyArray:
    """Return a view of an array that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view
