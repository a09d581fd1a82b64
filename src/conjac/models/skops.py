"""skops: scikit-learn's estimators from files that run no code when they are read."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conjac.errors import InvalidInputError, MissingDependencyError


def load_skops(path: Path, trusted: Sequence[str] = ()) -> Any:
    """Return the estimator in a skops file.

    Parameters
    ----------
    path : Path
    trusted : sequence of str
        Types, beside those that skops knows, that the file may hold.

    Raises
    ------
    InvalidInputError
        A file that skops does not read, or types that are not trusted.
    MissingDependencyError
        skops is not installed.
    """
    try:
        from skops import io
    except ImportError:
        raise MissingDependencyError(
            f"{path} is a skops file, and skops is not installed; pip install 'conjac[skops]'"
        ) from None
    if not zipfile.is_zipfile(path):
        raise InvalidInputError(f"{path} is damaged or cut off: its table of contents is missing; save it again")
    with zipfile.ZipFile(path) as file:
        if "schema.json" not in file.namelist():
            raise InvalidInputError(f"{path} is a ZIP file that skops did not write; save it with skops.io.dump")
    unknown = [name for name in io.get_untrusted_types(file=path) if name not in trusted]
    if unknown:
        raise InvalidInputError(
            f"{path} holds types that skops does not know: {', '.join(unknown)}; read what they do, and if you trust "
            f"them pass trusted={unknown} (at the shell: {' '.join(f'--trust {name}' for name in unknown)})"
        )
    return io.load(path, trusted=list(trusted))
