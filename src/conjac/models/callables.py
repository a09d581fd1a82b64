"""Any function from inputs to scores."""

from __future__ import annotations

from typing import Any

from conjac.errors import InvalidInputError
from conjac.models.contract import Model


class Callables:
    """Functions of X: what is asked last, since much can be called that is more than a function."""

    def owns(self, estimator: Any) -> bool:
        """Tell whether it can be called."""
        return callable(estimator) and not isinstance(estimator, type)

    def bind(self, estimator: Any, output: str) -> Model:
        """Return the function as a model; what its scores are, they tell themselves."""
        if output != "auto":
            raise InvalidInputError(f"output={output!r}: a function has one output; let it return what you want")
        return Model(estimator, response=getattr(estimator, "__name__", type(estimator).__name__))
