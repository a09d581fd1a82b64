"""A tally's ways to disk and back: JSON, Parquet, plain arrays; exact, bit for bit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.tally.heads import check_columns, check_head, head_of
from conjac.tally.moments import moment_columns
from conjac.tally.sums import KEYS
from conjac.writing import write_text


class Stored:
    """What is written of a tally, and read again."""

    def to_json(self: Any, path: str | Path | None = None) -> str:
        """Return the tally as JSON text; of a path, write it there too, whole or not at all.

        Its ``schema`` is "conjac.tally/1". A column of keys that is one number throughout is told as that number.

        Parameters
        ----------
        path : str or Path, optional
            Where to write it. Default: nowhere.

        Returns
        -------
        str
            The text.

        Raises
        ------
        InvalidInputError
            Labels that JSON does not know, or a file that cannot be written.

        Examples
        --------
        >>> import conjac as cj
        >>> text = cj.Tally.zero("score", 0.5).update([0, 1], [0.0, 0.75]).to_json()
        >>> cj.Tally.from_json(text).rows
        array([1, 1])
        """
        columns = {name: _told(column) for name, column in columns_of(self).items()}
        text = json.dumps({**head_of(self), **columns}, allow_nan=False, separators=(",", ":"))
        if path is not None:
            write_text(Path(path), text)
        return text

    @classmethod
    def from_json(cls: Any, source: str | Path) -> Any:
        """Read what `to_json` wrote.

        Parameters
        ----------
        source : str or Path
            The text, or a path.

        Returns
        -------
        Tally
            Equal to the one written, bit for bit.

        Raises
        ------
        InvalidInputError
            A file that is not there, was cut off, is no tally, or is one of another version.
        """
        where, text = _text(source)
        told = _parsed(text, where)
        return cls._read(told, told, where)

    def to_parquet(self: Any, path: str | Path) -> None:
        """Write the tally as a Parquet file, whole or not at all: a row a key, plain columns.

        What the columns are of (schema, scale, step, thresholds, labels) is JSON text under the key "conjac.tally" of
        the file's metadata.

        Parameters
        ----------
        path : str or Path
            Where to write it.

        Raises
        ------
        InvalidInputError
            Labels that JSON does not know, or a file that cannot be written.
        """
        from conjac.engines.kept import write_tally

        write_tally(json.dumps(head_of(self), allow_nan=False), columns_of(self), Path(path))

    @classmethod
    def from_parquet(cls: Any, path: str | Path) -> Any:
        """Read what `to_parquet` wrote.

        Parameters
        ----------
        path : str or Path
            Of the file.

        Returns
        -------
        Tally
            Equal to the one written, bit for bit.

        Raises
        ------
        InvalidInputError
            A file that is not there, was cut off, is no tally, or is one of another version.
        """
        from conjac.engines.kept import read_tally

        head, columns = read_tally(Path(path))
        return cls._read(_parsed(head, str(path)), columns, str(path))

    def to_arrays(self: Any) -> dict[str, Any]:
        """Return the tally as plain arrays and a text, for any other storage, such as ``numpy.savez``.

        Returns
        -------
        dict of str to array or str
            The text under "head", the keys under "keys", of shape (n_keys, 5), and each sum, of shape (n_keys,).

        Raises
        ------
        InvalidInputError
            Labels that JSON does not know.
        """
        sums = {name: column for name, column in columns_of(self).items() if name not in KEYS}
        return {"head": json.dumps(head_of(self), allow_nan=False), "keys": self.keys, **sums}

    @classmethod
    def from_arrays(cls: Any, arrays: Mapping[str, Any]) -> Any:
        """Return the tally that `to_arrays` told, also by way of an ``.npz`` file.

        Parameters
        ----------
        arrays : mapping of str to array or str, each of shape (n_keys,) but for the head and the keys
            What `to_arrays` told.

        Returns
        -------
        Tally
            Equal to the one that was told, bit for bit.

        Raises
        ------
        InvalidInputError
            Arrays that are no tally, or one of another version.
        """
        told = dict(arrays)
        keys = np.reshape(told.pop("keys", ()), (-1, len(KEYS))).T
        head = _parsed(str(told.pop("head", "{}")), "the head of the arrays")
        return cls._read(head, told | dict(zip(KEYS, keys, strict=True)), "the mapping of arrays")

    @classmethod
    def _read(cls: Any, head: Any, columns: Mapping[str, Any], where: str) -> Any:
        form = check_head(head, where)
        keys, sums = check_columns(columns, form, head["n_rows"], where)
        return cls.of_sums(keys=keys, sums=sums, **form)


def columns_of(tally: Any) -> dict[str, AnyArray]:
    """Return the keys and their sums, column by column; weights where rows do not count 1 each."""
    columns = {**dict(zip(KEYS, tally.columns, strict=True)), "rows": tally.rows, "offset": tally.offset}
    if tally.weight is not tally.rows:
        columns |= {"weight": tally.weight, "weight2": tally.weight2}
    moments = [tally.moments[:, *place] for place in np.ndindex(tally.moments.shape[1:])]
    return columns | dict(zip(moment_columns(tally.velocities), moments, strict=True))


def _told(column: AnyArray) -> Any:
    """Return a column as plain numbers; one that is one number throughout as that number."""
    return column[0].item() if column.strides == (0,) and len(column) else column.tolist()


def _text(source: str | Path) -> tuple[str, str]:
    """Return what holds the JSON, in words, and the JSON."""
    if isinstance(source, str) and source.lstrip().startswith("{"):
        return "the text", source
    try:
        return str(source), Path(source).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InvalidInputError(f"{str(source)[:200]} is neither a tally's JSON nor a file of it: {reason}") from None


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(
            f"{where} does not read as JSON ({error}); if it was cut off, take a whole copy of what to_json wrote"
        ) from None
