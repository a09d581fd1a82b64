"""Colours of every view, light and dark: told apart without red or green, and with contrast enough to be read.

A picture is painted in one theme; a page holds both, as CSS variables, and the reader's system chooses.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

N_DIVERGING, N_SEQUENTIAL = 21, 16
"""Steps of the scales: few enough that each is a variable of the page."""
DARK_BELOW = 0.4
"""Relative luminance of a background below which it counts as dark."""

Scale = tuple[str, ...]


@dataclass(frozen=True)
class Theme:
    """A palette.

    Attributes
    ----------
    name : {"light", "dark"}
    paper, wash, accent_wash, warm_wash : str
        Backgrounds: of the page, of what is set apart, of what is right, and of a warning.
    ink, muted, faint, rule : str
        Text, labels, marks that only guide the eye, and rules.
    accent, warm : str
        Of what rises and of what falls, and of the first two lines.
    pale, strong : str
        Text on the pale part of a scale, and on its strong ends.
    series : tuple of str
        Of lines and groups; their dashes and markers differ too.
    diverging, sequential : tuple of str
        Scales of `N_DIVERGING` and `N_SEQUENTIAL` steps: around zero, and from nothing to much.
    """

    name: str
    paper: str
    wash: str
    accent_wash: str
    warm_wash: str
    ink: str
    muted: str
    faint: str
    rule: str
    accent: str
    warm: str
    pale: str
    strong: str
    series: Scale
    diverging: Scale
    sequential: Scale

    def text_on(self, colour: str) -> str:
        """Return which text can be read on a step of a scale; the same one in either theme."""
        return max(self.pale, self.strong, key=lambda text: contrast(text, colour))

    def text_named(self, colour: str) -> str:
        """Return the name of the text that can be read on a step of a scale."""
        return "pale" if self.text_on(colour) == self.pale else "strong"

    def variables(self) -> dict[str, str]:
        """Return every colour by the name of its CSS variable."""
        found: dict[str, str] = {}
        for one in fields(self)[1:]:
            name, value = one.name.replace("_", "-"), getattr(self, one.name)
            found |= {name: value} if isinstance(value, str) else {f"{name}-{k}": v for k, v in enumerate(value)}
        return found


def ramp(stops: tuple[str, ...], n_steps: int) -> Scale:
    """Return so many colours along straight lines between stops.

    Examples
    --------
    >>> ramp(("#000000", "#ffffff"), 3)
    ('#000000', '#808080', '#ffffff')
    """
    known = np.array([_channels(stop) for stop in stops])
    places = np.linspace(0, len(stops) - 1, n_steps)
    mixed = [np.interp(places, np.arange(len(stops)), channel) for channel in known.T]
    return tuple("#" + "".join(f"{round(c):02x}" for c in colour) for colour in zip(*mixed, strict=True))


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (WCAG 2.2), from 0 for black to 1 for white.

    Examples
    --------
    >>> luminance("#000000"), luminance("#ffffff")
    (0.0, 1.0)
    """
    share = np.array(_channels(colour)) / 255
    linear = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    return round(float(linear @ [0.2126, 0.7152, 0.0722]), 10)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2), from 1 to 21."""
    dim, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dim + 0.05)


def theme_on(background: str) -> Theme:
    """Return the theme that can be read on a background."""
    return DARK if luminance(background) < DARK_BELOW else LIGHT


def css(root: str = ":root") -> str:
    """Return both themes as CSS variables; what is printed is light.

    Parameters
    ----------
    root : str
        Selector of the element that holds them, whose ``data-theme`` may say which one it is to be.
    """
    light, dark = (
        " ".join(f"--{k}: {v};" for k, v in {"theme": theme.name, **theme.variables()}.items())
        for theme in (LIGHT, DARK)
    )
    asked = f'{root}:not([data-theme="light"])'
    return (
        f"{root} {{ color-scheme: light dark; {light} }}\n"
        f"@media screen and (prefers-color-scheme: dark) {{ {asked} {{ {dark} }} }}\n"
        f'@media screen {{ {root}[data-theme="dark"] {{ color-scheme: dark; {dark} }} }}\n'
        f'{root}[data-theme="light"] {{ color-scheme: light; }}'
    )


def _channels(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[k : k + 2], 16) for k in (1, 3, 5))


LIGHT = Theme(
    name="light",
    paper="#ffffff",
    wash="#f5f7fa",
    accent_wash="#e9f0f8",
    warm_wash="#fcf6f2",
    ink="#1b2430",
    muted="#5b6675",
    faint="#9aa3af",
    rule="#d9dee5",
    accent="#1d5fa6",
    warm="#b4531c",
    pale="#06080b",
    strong="#fefefe",
    series=("#1d5fa6", "#b4531c", "#141b26", "#00855f", "#8a4fa3", "#8f6a00"),
    diverging=ramp(("#87380c", "#e0a67d", "#f8f7f5", "#8cb2da", "#134a86"), N_DIVERGING),
    sequential=ramp(("#f3f6fb", "#a9c6e5", "#5b93cb", "#134a87", "#0d2f57"), N_SEQUENTIAL),
)
DARK = Theme(
    name="dark",
    paper="#12171e",
    wash="#1a212a",
    accent_wash="#1b2c40",
    warm_wash="#2c2019",
    ink="#e6eaf0",
    muted="#a3adba",
    faint="#6d7885",
    rule="#2c3540",
    accent="#6db1f5",
    warm="#f0975c",
    pale="#fdfdfd",
    strong="#050709",
    series=("#6db1f5", "#f0975c", "#f2f5f9", "#3fc79d", "#c79be0", "#d9b13b"),
    diverging=ramp(("#f5a268", "#664230", "#1e252d", "#2b4c6d", "#7dbcf8"), N_DIVERGING),
    sequential=ramp(("#1b222b", "#223b56", "#3d6c9b", "#7dbcf9", "#d6eaff"), N_SEQUENTIAL),
)
