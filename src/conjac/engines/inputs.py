"""The columns of files that a model takes: no row is faulty for them, and what is missing stays missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from conjac._typing import AnyArray
from conjac.engines.sources import Source
from conjac.errors import InvalidInputError, MissingDependencyError
from conjac.frames import EXTRAS, to_frame
from conjac.inputs import Inputs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

OTHERS = "others"
"""In place of the names of inputs: every column that has no other role."""


def input_roles(inputs: Sequence[str] | str | None, taken: Sequence[str], sources: Sequence[Source]) -> dict[str, str]:
    """Return the names of the inputs by their roles.

    Parameters
    ----------
    inputs : sequence of str, "others" or None
    taken : sequence of str
        Columns that have another role.
    sources : sequence of Source

    Raises
    ------
    InvalidInputError
        No column is left.
    """
    if inputs is None:
        return {}
    if isinstance(inputs, str):
        inputs = [name for name, _, _ in sources[0].columns if name not in taken]
    if not inputs:
        raise InvalidInputError(f"{sources[0].paths[0]} has no column left for the model: all have another role")
    return {f"input {place}": name for place, name in enumerate(inputs)}


def fetch_inputs(con: DuckDBPyConnection, types: Mapping[str, str], names: Mapping[str, str]) -> dict[str, AnyArray]:
    """Return the inputs of the rows without a fault, by name.

    Missing numbers are nan, missing times nat, and what else is missing None.
    """
    if not names:
        return {}
    chosen = ", ".join(f'TRY_CAST("{role}" AS {types[role]}) AS "{role}"' for role in names)
    found = con.execute(f'SELECT {chosen} FROM "rows" WHERE fault IS NULL').fetchnumpy()
    return {name: _filled(found[role]) for role, name in names.items()}


def _filled(values: AnyArray) -> AnyArray:
    data, missing = np.ma.getdata(values), np.ma.getmaskarray(values)
    if not missing.any():
        return data
    if data.dtype.kind in "iuf":
        return np.where(missing, np.nan, data)
    if data.dtype.kind == "M":
        return np.where(missing, np.datetime64("NaT"), data)
    filled = data.astype(object)
    filled[missing] = None
    return filled


def framed(columns: Mapping[str, AnyArray], named: bool) -> Inputs:
    """Return columns as a model takes them.

    Parameters
    ----------
    columns : mapping of str to array of shape (n_samples,)
    named : bool
        Whether the model knows its inputs by name, and so takes a frame: that of the first library that is installed.
        An array, where they are numbers all, if it does not, or if no library is.

    Raises
    ------
    MissingDependencyError
        Columns that are no numbers, and no library of frames.
    """
    backend = next((name for name in EXTRAS if find_spec(name) is not None), None)
    odd = next((name for name, values in columns.items() if values.dtype.kind not in "biuf"), None)
    if odd is None and (backend is None or not named):
        return Inputs.of(np.column_stack(list(columns.values())), list(columns))
    if backend is None:
        raise MissingDependencyError(
            f"column {odd!r} holds no numbers, and a model takes it from a frame; pip install 'conjac[pandas]'"
        )
    lists = {name: values.tolist() if values.dtype == object else values for name, values in columns.items()}
    return Inputs.of(to_frame(lists, backend))
