"""Numbers and phrases for a page: each number is written by one of these, and carries its full value with it."""

from __future__ import annotations

import math
from typing import Any

from markupsafe import Markup

from conjac.views.charts.canvas import shorten
from conjac.views.summary import Measure, Step
from conjac.views.summary.lineplot import UNITS

DIGITS = 3
NOTHING = Markup('<span class="none" title="undefined">—</span>')
HIGH = 1e12
LONGEST = 60
"""Characters of a label."""
THIN = "\u202f"


def decimals(value: float, width: float = math.nan) -> int:
    """Return how many decimals to show: what the interval's width can bear, else three significant digits."""
    if math.isfinite(width) and width > 0:
        return max(0, 1 - math.floor(math.log10(width) + 1e-9))
    size = abs(value)
    return max(0, DIGITS - 1 - math.floor(math.log10(size) + 1e-9)) if 0 < size < HIGH else 0


def plain(value: float, places: int, *, signed: bool = False) -> str:
    """Return a number as text, with a true minus.

    Examples
    --------
    >>> plain(-1234.5, 1), plain(0.25, 2, signed=True)
    ('−1,234.5', '+0.25')
    """
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if abs(value) >= HIGH:
        return f"{value:.3g}".replace("-", "−")
    text = f"{value:+,.{places}f}" if signed else f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")


def tag(value: float, text: str) -> Markup:
    """Return text that carries the number it tells."""
    return Markup('<data value="{}">{}</data>').format(f"{value:.6g}", text)


def num(value: float | None, places: int | None = None, *, signed: bool = False, percent: bool = False) -> Markup:
    """Write one number: to so many decimals, else to three significant digits; a dash where undefined."""
    if value is None or math.isnan(value):
        return NOTHING
    shown = 100 * value if percent else value
    text = plain(shown, decimals(shown) if places is None else places, signed=signed)
    return tag(value, text + (THIN + "%" if percent else ""))


def count(value: float | None, *, signed: bool = False) -> Markup:
    """Write a number of rows: whole if it is, else to one decimal."""
    if value is None or math.isnan(value):
        return NOTHING
    return tag(value, plain(value, 0 if value == round(value) else 1, signed=signed))


def exact(value: float | None) -> Markup:
    """Write a number that was given and not estimated, such as a threshold or a step."""
    if value is None or math.isnan(value):
        return NOTHING
    return tag(value, "∞" if math.isinf(value) else f"{value:.6g}".replace("-", "−"))


def label(text: str) -> Markup:
    """Write a string that came from the data: shortened, its whole in the tooltip, in its own direction."""
    short = shorten(text, LONGEST)
    whole = Markup(' title="{}"').format(text) if short != text else Markup("")
    return Markup("<bdi{}>{}</bdi>").format(whole, short)


def cutoff(value: float) -> Markup:
    """Write a threshold so that it can be used: to three decimals, or more where it is small."""
    if math.isnan(value):
        return NOTHING
    places = max(DIGITS, decimals(value)) if abs(value) < 1 else max(1, decimals(value))
    while places > DIGITS and round(value, places - 1) == round(value, places):
        places -= 1
    return num(value, places)


def measure(told: Measure, *, signed: bool = False, percent: bool = False, whole: bool = False) -> Markup:
    """Write a figure with its interval."""
    if math.isnan(told.value):
        return NOTHING
    scale = 100 if percent else 1
    places = decimals(told.value * scale, (told.upper - told.lower) * scale)
    if whole and told.value == round(told.value):
        value = num(told.value, 0, signed=signed)
        places = max(0, decimals(told.value, told.upper - told.lower))
    else:
        value = num(told.value, places, signed=signed, percent=percent)
    return Markup("{} {}").format(value, limits(told, places, signed=signed, percent=percent))


def points(told: Measure, *, signed: bool = False) -> Markup:
    """Write a difference of shares with its interval, in hundredths."""
    if math.isnan(told.value):
        return NOTHING
    places = decimals(100 * told.value, 100 * (told.upper - told.lower))
    value = tag(told.value, plain(100 * told.value, places, signed=signed))
    return Markup("{} points {}").format(value, limits(told, places, signed=signed, percent=True))


def p_value(p: float) -> Markup:
    """Write a p-value: to three decimals, and small ones as a bound."""
    if math.isnan(p):
        return NOTHING
    return tag(p, "< 0.001" if p < 0.001 else plain(p, 3))


def limits(told: Measure, places: int | None = None, *, signed: bool = False, percent: bool = False) -> Markup:
    """Write the limits of an interval."""
    if math.isnan(told.lower) or math.isnan(told.upper):
        return Markup('<span class="ci">(no interval)</span>')
    scale = 100 if percent else 1
    if places is None:
        places = decimals(told.value * scale, (told.upper - told.lower) * scale)
    low, high = (tag(side, plain(scale * side, places, signed=signed)) for side in (told.lower, told.upper))
    return Markup('<span class="ci">[{}, {}]</span>').format(low, high)


def arrow(told: Measure) -> Markup:
    """Write which way a figure moves; nothing where its interval holds zero."""
    return Markup({1: "↗", -1: "↘"}.get(told.sign, "→"))


WAYS = {
    "up": ("raise the threshold", "alert more"),
    "down": ("lower the threshold", "alert fewer"),
    "unclear": ("no clear direction", "no clear direction"),
    "undirected": ("neither is better", "neither is better"),
    "undefined": ("cannot be told", "cannot be told"),
}


def per(step: Step) -> Markup:
    """Write the unit of a slope: per .01 of probability."""
    return Markup("{} {}").format(exact(step.size), UNITS[step.coordinate])


def way(improves: str, coordinate: str) -> str:
    """Say which way to move for a better value."""
    return WAYS[improves][coordinate == "percentile"]


FILTERS: dict[str, Any] = {
    function.__name__: function
    for function in (num, count, exact, label, cutoff, measure, points, p_value, limits, arrow, per, way)
}
