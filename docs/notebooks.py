"""Run the gallery's notebooks from top to bottom, in a kernel of their own each.

    python docs/notebooks.py [--folder docs/auto_gallery] [NAME ...]

The notebooks are those that building the documentation made from the scripts. Those that show the same figures as the
pages are not kept; what matters is that each of them runs.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

MOST_SECONDS = 300


def run(path: Path) -> str | None:
    """Run one notebook; return what went wrong."""
    notebook = nbformat.read(path, as_version=4)
    start = perf_counter()
    with TemporaryDirectory() as folder:
        client = NotebookClient(notebook, timeout=MOST_SECONDS, resources={"metadata": {"path": folder}})
        try:
            client.execute()
        except CellExecutionError as error:
            return f"{path.name}: {error}"
    print(f"{path.name}: {perf_counter() - start:.0f} s", flush=True)
    return None


def main() -> None:
    """Run them, two at a time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only those whose name holds one of these")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "auto_gallery")
    given = parser.parse_args()
    found = sorted(given.folder.rglob("*.ipynb"))
    chosen = [path for path in found if not given.names or any(name in path.name for name in given.names)]
    if not chosen:
        sys.exit(f"{given.folder} holds no such notebook; build the documentation first (make docs)")
    with ThreadPoolExecutor(2) as pool:
        wrong = [error for error in pool.map(run, chosen) if error]
    sys.exit("\n\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
