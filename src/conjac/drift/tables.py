"""A ranking of drifts as two tables, of numbers and of categories, and as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from conjac._typing import AnyArray
from conjac.metrics.rejection import resolve_outcomes
from conjac.perturbations import SHARE_UNIT
from conjac.rules import outcomes_of

if TYPE_CHECKING:
    from conjac.drift.ranking import DriftRanking
    from conjac.jacobian import ConfusionJacobian

WHAT_IT_IS = "sensitivity, not importance"


def numbers(ranking: DriftRanking, level: float) -> dict[str, list[Any]]:
    """Return the numeric inputs as columns, what moves the metric the most first."""
    J, told = ranking.jacobian, ranking.told
    if J is None or told is None:
        return {}
    places = [J.parameters.index(name) for name in ranking.order]
    figures = {
        **told.figures(level),
        "sd": np.array(list(J.diagnostics["spread"].values())),
    }
    if J.method == "secant":
        figures |= {"bias": _bias(ranking, J), "step": np.array(list(J.diagnostics["step"].values()))}
    n = len(places)
    return {
        "feature": list(ranking.order),
        "metric": [told.metric] * n,
        "value": [told.value] * n,
        **{name: figure[places].tolist() for name, figure in figures.items()},
        "unit": [J.units[place] for place in places],
        "method": [J.method] * n,
        "note": [ranking.notes.get(name, "") for name in ranking.order],
    }


def _bias(ranking: DriftRanking, J: ConfusionJacobian) -> AnyArray:
    """Return the estimated bias of difference quotients as derivatives."""
    row = resolve_outcomes(ranking.metric, outcomes_of(J.labels, J.cells.weight.shape[-1]), len(J.labels))
    gradient = row.gradient(J.cells.weight[0].astype(np.float64))
    return np.asarray(np.tensordot(np.nan_to_num(gradient), J.diagnostics["bias"], axes=2))


def categories(ranking: DriftRanking, level: float) -> dict[str, list[Any]]:
    """Return the categories as columns, what moves the metric the most first, and what has no interval last."""
    rows = []
    for name, J in ranking.shares.items():
        told = J.of(ranking.metric)
        lower, upper = told.confint(level)
        of_category = zip(
            J.diagnostics["shares"].items(), told.gradient, told.stderr, lower, upper, told.elasticity, strict=True
        )
        rows += [(name, category, share, *figures) for (category, share), *figures in of_category]
    rows.sort(key=lambda row: (np.isnan(row[4]), -np.nan_to_num(abs(row[3]), nan=-1.0)))
    keys = ("column", "category", "share", "gradient", "stderr", "lower", "upper", "elasticity")
    found: dict[str, list[Any]] = {key: [] for key in keys}
    for row in rows:
        for key, value in zip(keys, row, strict=True):
            found[key].append(value if isinstance(value, str) else float(value))
    return {**found, "unit": [SHARE_UNIT] * len(rows)}


def text(ranking: DriftRanking) -> str:
    """Return both tables for a terminal."""
    numeric, shares = ranking.to_columns("numeric"), ranking.to_columns("categories")
    name = numeric["metric"][0] if numeric else str(ranking.metric)
    value = f" = {numeric['value'][0]:.4g}" if numeric else ""
    lines = [f"What a drift of each input does to {name}{value}: {WHAT_IT_IS}"]
    if numeric:
        assert ranking.jacobian is not None
        width = max(map(len, numeric["feature"]))
        lines.append(f"  numbers, {ranking.jacobian.method}")
        rows = zip(*(numeric[key] for key in ("feature", "gradient", "stderr", "unit", "note")), strict=True)
        lines += [
            f"  {feature:<{width}}  {slope:>+10.4g} ± {error:<8.2g} per {unit}{note and f'  ({note})'}"
            for feature, slope, error, unit, note in rows
        ]
    if shares["column"]:
        told = [f"{column} = {category}" for column, category in zip(shares["column"], shares["category"], strict=True)]
        width = max(map(len, told))
        lines.append("  categories, by their share")
        rows = zip(told, shares["share"], shares["gradient"], shares["stderr"], strict=True)
        lines += [
            f"  {which:<{width}}  {slope / 100:>+10.4g} ± {error / 100:<8.2g} per .01 of share, now {share:.3g}"
            for which, share, slope, error in rows
        ]
    lines += [f"  left out: {column}, {why}" for column, why in ranking.left_out.items()]
    return "\n".join(lines)
