"""What one figure shows, computed once: `Picture`, from which painters paint and the table behind it is read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from conjac._typing import AnyArray
from conjac.frames import as_plain, to_frame

Table = tuple[tuple[float, ...], ...]


def table(values: AnyArray) -> tuple[tuple[Any, ...], ...]:
    """Return an array of shape (n_rows, n_columns) as plain types."""
    return tuple(map(tuple, values.tolist()))


@dataclass(frozen=True, kw_only=True)
class Picture(ABC):
    """Finished figures of one picture: plain types, ready for JSON, and nothing of the rows behind them.

    Attributes
    ----------
    schema : str
        Name and version of what `to_dict` returns.
    title : str
    description : str
        What there is to see, in a sentence, for those who cannot.
    """

    schema: ClassVar[str]
    title: str
    description: str = ""

    @abstractmethod
    def to_columns(self) -> dict[str, list[Any]]:
        """Return the table behind the picture as columns, one value a cell."""

    def to_frame(self, backend: str = "pandas") -> Any:
        """Return the table behind the picture as a tidy frame: {"pandas", "polars", "pyarrow"}."""
        return to_frame(self.to_columns(), backend)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain types, ready for JSON; nan becomes None."""
        plain: dict[str, Any] = as_plain({"schema": self.schema, **asdict(self)})
        return plain
