"""What displays from an estimator ask of it."""

from __future__ import annotations

from typing import Any

from conjac._typing import AnyArray
from conjac.engines.decided import order_of
from conjac.models import bind, oriented, scored


def scores_of(estimator: Any, X: Any, y: Any, output: str, options: dict[str, Any]) -> tuple[AnyArray, dict[str, Any]]:
    """Return a fitted classifier's scores, and the options with the labels that they are in the order of."""
    model = bind(estimator, output)
    order = order_of(model, y, options.get("labels"), options.get("pos_label"))
    return oriented(model, order, scored(model, X))[1], {**options, "labels": order}
