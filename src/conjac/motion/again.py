"""What a result can ask again of the model that made it, as long as both are in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")


class Unsaved:
    """What holds a model and its rows: None where it was saved, and itself in copies."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(None), ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self


@dataclass(frozen=True, eq=False)
class Again(Unsaved, Generic[T]):
    """A function, as of a parameter's place, that holds the model and its rows, and is None where the result was saved.

    A model need not be one that can be saved, and rows would be saved beside every result of theirs.

    Attributes
    ----------
    ask : callable

    Examples
    --------
    >>> import pickle
    >>> again = Again(lambda place: place + 1)
    >>> again(2), pickle.loads(pickle.dumps(again))
    (3, None)
    """

    ask: Callable[[Any], T]

    def __call__(self, what: Any) -> T:
        """Return what is asked for, as of one parameter."""
        return self.ask(what)
