"""Several classes, from bundles of rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conjac._typing import ConditionOn, Normalize
from conjac.bundles import Bundles
from conjac.diagnostics import warned
from conjac.engines.classes import of_bundles
from conjac.errors import InvalidInputError
from conjac.validation import check_condition, check_normalize


class BundledJacobian:
    """A Jacobian of bundles."""

    @classmethod
    def from_bundles(
        cls: Any, bundles: Bundles, *, normalize: Normalize | None = None, condition_on: ConditionOn | None = None
    ) -> Any:
        """Do as `from_predictions` for the offsets of several classes, from sums over rows that merge.

        Parameters
        ----------
        bundles : Bundles
            Of the rule that they were made for.
        normalize : {"true", "pred", "all"}, optional
            As for `from_predictions`.
        condition_on : "class", optional
            As for `from_predictions`.

        Returns
        -------
        ConfusionJacobian
            Without rows: `contributions` and `explore` cannot be asked of it.

        Raises
        ------
        InvalidInputError
            Bundles of no rows, or of none of any weight.

        Examples
        --------
        >>> import numpy as np
        >>> import conjac as cj
        >>> from conjac.bundles import Bundles
        >>> from conjac.rules import ArgmaxRule
        >>> rng = np.random.default_rng(0)
        >>> y, score = np.arange(3000) % 3, rng.normal(size=(3000, 3))
        >>> score[np.arange(3000), y] += 1
        >>> empty = Bundles.zero(("a", "b", "c"), ArgmaxRule(np.zeros(3), "score"))
        >>> yesterday, today = empty.add(y[:2000], score[:2000]), empty.add(y[2000:], score[2000:])
        >>> cj.ConfusionJacobian.from_bundles(yesterday.merge(today)).jacobian[0, 0, 0] > 0
        np.True_
        """
        return warned(cls._of_bundles(bundles, {}, normalize, condition_on, True))

    @classmethod
    def _of_bundles(
        cls: Any,
        bundles: Bundles,
        notes: Mapping[str, Any],
        normalize: Normalize | None,
        condition_on: ConditionOn | None,
        by_default: bool,
    ) -> Any:
        if not isinstance(bundles, Bundles):
            raise InvalidInputError(f"bundles is a {type(bundles).__name__}; expected Bundles")
        check_normalize(normalize)
        check_condition(condition_on)
        return cls(normalize=normalize, **of_bundles(bundles, condition_on, by_default, notes))
