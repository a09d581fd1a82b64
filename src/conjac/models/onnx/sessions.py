"""Sessions of ONNX Runtime as classifiers, and the files that they are of."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError, MissingDependencyError
from conjac.models.contract import Model
from conjac.models.onnx.feeds import Feeds
from conjac.models.onnx.graph import Graph
from conjac.models.onnx.outputs import Output

SILENT = 4
"""What goes wrong is raised, and need not be logged as well."""


class Onnx:
    """The library: sessions that were opened elsewhere.

    A session tells neither its classes nor whether it is of trees, which `conjac.models.load` reads from the file.
    """

    def owns(self, estimator: Any) -> bool:
        """Tell whether the estimator is a session."""
        runtime = sys.modules.get("onnxruntime")
        return runtime is not None and isinstance(estimator, runtime.InferenceSession)

    def bind(self, estimator: Any, output: str) -> Model:
        """Return a session as functions of its inputs.

        Parameters
        ----------
        estimator : onnxruntime.InferenceSession
        output : "auto" or str
            The only output of scores, or one by its name: a graph does not tell which are probabilities.

        Raises
        ------
        InvalidInputError
            Inputs that are no columns, or no such output.
        """
        return _model(estimator, None if output == "auto" else output, Graph())


def load_onnx(path: Path, output: str | None = None) -> Model:
    """Return the classifier in an ONNX file.

    Parameters
    ----------
    path : Path
    output : str, optional
        Name of the output of scores, where there are several.

    Raises
    ------
    InvalidInputError
        A file that ONNX Runtime does not read, inputs that are no columns, or no such output.
    MissingDependencyError
        ONNX Runtime is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingDependencyError(
            f"{path} is an ONNX file, and onnxruntime is not installed; pip install 'conjac[onnx]'"
        ) from None
    options = onnxruntime.SessionOptions()
    options.log_severity_level = SILENT
    with _told(f"{path} does not load as ONNX"):
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    try:
        return _model(session, output, Graph.of(path.read_bytes()))
    except InvalidInputError as error:
        raise InvalidInputError(f"{path}: {error}") from None


def _model(session: Any, output: str | None, graph: Graph) -> Model:
    feeds = Feeds.of(session.get_inputs())
    chosen = Output.of(session.get_outputs(), output, graph)

    def scores(X: Any) -> AnyArray:
        fed = feeds(X)
        n = len(next(iter(fed.values())))
        return np.concatenate([_run(session, chosen, part, size) for part, size in _batches(fed, n, feeds.batch)])

    whole = ", ".join(repr(tensor.name) for tensor in feeds.tensors if tensor.dtype.kind == "i")
    return Model(
        scores,
        classes=chosen.classes,
        response=f"ONNX output {chosen.name!r}",
        columns=feeds.columns,
        derivative=f"the model takes whole numbers alone for {whole}" if whole else "",
        stepwise=graph.stepwise or bool(whole),
    )


def _run(session: Any, chosen: Output, fed: dict[str, AnyArray], n_rows: int) -> AnyArray:
    with _told("ONNX Runtime cannot score these rows"):
        (found,) = session.run([chosen.name], fed)
    return chosen.read(found, len(next(iter(fed.values()))))[:n_rows]


def _batches(fed: dict[str, AnyArray], n: int, size: int | None) -> Iterator[tuple[dict[str, AnyArray], int]]:
    """Yield the rows in batches of a fixed size, the last of them filled up with its last row; and how many count."""
    if size is None:
        yield fed, n
        return
    for start in range(0, n, size):
        rows = np.minimum(np.arange(start, start + size), n - 1)
        yield {name: values[rows] for name, values in fed.items()}, min(size, n - start)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn what ONNX Runtime raises, which has no class in common but Exception, into one line."""
    try:
        yield
    except Exception as error:
        if not type(error).__module__.startswith("onnxruntime"):
            raise
        reason = " ".join(str(error).rpartition(" : ")[2].split())
        raise InvalidInputError(f"{what}: {reason}") from None
