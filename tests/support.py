"""What a test asks for before it runs: an optional part, a program, a data set, a number of draws."""

import importlib
import importlib.util
import math
import os
import shutil
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src" / "conjac"
PART_MISSING = "needs "
DATA_MISSING = "data absent: "
# Times 1 / sqrt(draws), the standard errors of a coverage of .95 and of a ratio of standard deviations.
COVERAGE, RATIO = math.sqrt(0.95 * 0.05), math.sqrt(0.5)


def needs(module: str) -> ModuleType:
    """Import an optional library, or skip: ``polars = needs("polars")``.

    With ``CONJAC_REQUIRE_ALL=1`` the skip is a failure. Only absence skips: a library that is present but
    broken raises.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not (module + ".").startswith(error.name + "."):
            raise
        pytest.skip(PART_MISSING + module)


def needs_present(module: str) -> None:
    """Skip as `needs` does, without importing the library: for tests that import it in another process."""
    if importlib.util.find_spec(module) is None:
        pytest.skip(PART_MISSING + module)


def needs_program(name: str) -> str:
    """Return the path of a program, or skip as `needs` does."""
    return shutil.which(name) or pytest.skip(PART_MISSING + f"the program {name}")


def needs_data(name: str) -> Path:
    """Return the Parquet file of a data set, or skip: data are never committed and never required.

    They are looked for in the folder that ``CONJAC_DATA`` names, else in ``../shared/data`` from the root.
    """
    folder = Path(os.environ.get("CONJAC_DATA") or ROOT.parent / "shared" / "data")
    path = folder / f"{name}.parquet"
    if not path.is_file():
        pytest.skip(DATA_MISSING + f"{path.name} (set CONJAC_DATA to a folder that has it)")
    return path


def draws(n: int) -> int:
    """Return how many draws of a simulation to make: all ``n`` of a thorough run, else two in five."""
    return n if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else round(0.4 * n)


def slack(n: int, error: float) -> float:
    """Return what fewer draws add to a bound that holds at ``n``: twice the growth of the standard error."""
    return 2 * error * (1 / math.sqrt(draws(n)) - 1 / math.sqrt(n))
