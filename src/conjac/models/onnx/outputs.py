"""Which output of a session holds its scores, and how they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from conjac._typing import AnyArray
from conjac.errors import InvalidInputError
from conjac.models.onnx.feeds import describe
from conjac.models.onnx.graph import Graph

REAL = ("tensor(float)", "tensor(double)", "tensor(float16)")
MAPS = ("seq(map(int64,tensor(float)))", "seq(map(string,tensor(float)))")
"""What ZipMap makes: a dict of scores a row."""
CHOOSE = "name one: load(path, output=NAME), at the shell --output-name NAME"


@dataclass(frozen=True)
class Output:
    """The output that holds scores.

    Attributes
    ----------
    name : str
    classes : tuple or None
        Labels in the order of the columns.
    """

    name: str
    classes: tuple[Any, ...] | None

    @classmethod
    def of(cls, outputs: Sequence[Any], name: str | None, graph: Graph) -> Output:
        """Choose the output that is named, or the only one that may hold scores.

        Parameters
        ----------
        outputs : sequence
            Of the session.
        name : str or None
        graph : Graph

        Raises
        ------
        InvalidInputError
            No such output, none of scores, or several.
        """
        shown = ", ".join(map(describe, outputs))
        if name is not None and name not in [one.name for one in outputs]:
            raise InvalidInputError(f"the model has no output {name!r}; its outputs are {shown}")
        able = [one for one in outputs if _holds_scores(one) and name in (None, one.name)]
        if len(able) > 1:
            raise InvalidInputError(
                f"the model has {len(able)} outputs of scores, {', '.join(map(describe, able))}; {CHOOSE}"
            )
        if not able:
            which = "none of its outputs holds" if name is None else f"output {name!r} does not hold"
            raise InvalidInputError(
                f"{which} scores of shape (n,) or (n, n_classes); its outputs are {shown}; export one that does"
            )
        (chosen,) = able
        makers = [chosen, *(one for one in outputs if not _holds_scores(one))]
        classes = next((found for one in makers if (found := graph.labels_of(one.name))), None)
        width = chosen.shape[1] if len(chosen.shape) == 2 else None
        if classes is not None and isinstance(width, int) and width not in (len(classes), 1):
            classes = None
        return cls(chosen.name, classes)

    def read(self, found: Any, n_rows: int) -> AnyArray:
        """Return what the session returned as scores, array of shape (n_rows,) or (n_rows, n_classes).

        Raises
        ------
        InvalidInputError
            Another number of rows, or of axes.
        """
        if isinstance(found, list):
            keys = self.classes or tuple(found[0])
            found = np.array([[row[key] for key in keys] for row in found])
        if found.ndim == 2 and found.shape[1] == 1:
            found = found[:, 0]
        if found.ndim not in (1, 2) or len(found) != n_rows:
            raise InvalidInputError(
                f"output {self.name!r} has shape {found.shape} for {n_rows} rows; expected ({n_rows},) or "
                f"({n_rows}, n_classes): {CHOOSE}"
            )
        return np.asarray(found)


def _holds_scores(output: Any) -> bool:
    return output.type in MAPS or (output.type in REAL and len(output.shape) <= 2)
