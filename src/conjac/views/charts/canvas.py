"""A blank figure in the page's style, and its SVG: the same bytes for the same figures, whatever the user has set.

Never through pyplot, whose figures are global. Text stays text, so the browser draws it, in its own fonts; colours of
the theme become the page's variables, so that a reader's dark mode reaches them.
"""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text

from conjac.views.summary.picture import Picture
from conjac.views.theme import LIGHT

P = TypeVar("P", bound=Picture)

STYLE: Any = {
    "font.size": 9.5,
    "axes.edgecolor": LIGHT.faint,
    "axes.labelcolor": LIGHT.muted,
    "axes.labelsize": 9.5,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "savefig.facecolor": "none",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.6,
    "text.color": LIGHT.ink,
    "text.parse_math": False,
    "xtick.color": LIGHT.muted,
    "ytick.color": LIGHT.muted,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "svg.fonttype": "none",
    "svg.hashsalt": "conjac",
}
SHORT = 15
"""Characters of a name up to which three fit side by side in a legend."""
NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}
LONG = re.compile(r"(?<![\w#])-?\d+\.\d{3,}(?![\w%])")
FONT = re.compile(r"\s*font-family:[^;]*;?")
NO_TURN = re.compile(r"^rotate\(-?0 ")
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
VARIABLES = {colour: f"var(--{name}, {colour})" for name, colour in LIGHT.variables().items()}


@dataclass
class Canvas:
    """A figure being painted.

    Attributes
    ----------
    axes : Axes
    markup : str
        The SVG, once the `canvas` is closed.
    """

    axes: Axes
    markup: str = field(default="")

    def __html__(self) -> str:
        """Return the SVG, which is safe: its strings are escaped."""
        return self.markup


@contextmanager
def canvas(name: str, title: str, description: str, *, width: float = 4.8, height: float = 3.0) -> Iterator[Canvas]:
    """Open a blank figure; on leaving, its SVG is in ``markup``.

    Parameters
    ----------
    name : str
        Prefix of every id in the SVG: unique on the page.
    title, description : str
        For those who cannot see it.
    width, height : float
        In inches, at 9.5 points of text.
    """
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(STYLE)
        figure = Figure(figsize=(width, height), layout="constrained")
        made = Canvas(figure.add_subplot())
        yield made
        names = made.axes.get_legend_handles_labels()[1]
        if names:
            columns = 3 if max(map(len, names)) <= SHORT else 2
            figure.legend(loc="outside upper left", ncols=columns, handlelength=1.7, columnspacing=1.2, borderaxespad=0)
        for text in figure.findobj(Text):
            text.set_parse_math(False)
        for artist in figure.findobj():
            artist.set_rasterized(False)  # pixels would keep their colours in the dark
        buffer = io.StringIO()
        with warnings.catch_warnings():
            # Matplotlib only measures the text here; the browser draws it and has the glyph.
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
            # `savefig` draws twice, for the layout.
            FigureCanvasSVG(figure).print_svg(buffer, metadata=NO_METADATA)  # type: ignore[no-untyped-call]
    made.markup = inline(buffer.getvalue(), name, title, description)


def drawn(name: str, picture: P, paint: Callable[[Axes, P], None], **size: float) -> Markup:
    """Return the SVG of a picture; ``size`` is as for `canvas`."""
    with canvas(name, picture.title, picture.description, **size) as made:
        paint(made.axes, picture)
    return Markup(made.markup)


def inline(text: str, name: str, title: str, description: str) -> str:
    """Return an SVG fit for the inside of a page: titled, without what a page has already, ids unique to it."""
    root = ET.fromstring(text)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        element.tail = None
        if element.tag != "text":
            element.text = None
        attributes = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
        element.attrib.clear()
        element.attrib.update(_tidy(attributes))
    used = set(re.findall(r"#([\w.-]+)", " ".join(v for e in root.iter() for v in e.attrib.values())))
    for element in root.iter():
        if element.get("id") not in used:
            element.attrib.pop("id", None)
        for key, value in element.attrib.items():
            if key == "id":
                element.set(key, f"{name}-{value}")
            elif key in ("href", "clip-path"):
                element.set(key, value.replace("#", f"#{name}-"))
    _without(root, {"metadata", "style"})
    view = root.get("viewBox") or ""
    root.attrib.clear()
    root.attrib.update(
        {
            "viewBox": view,
            "role": "img",
            "aria-labelledby": f"{name}-title {name}-desc",
            "stroke-linejoin": "round",
            "id": name,
        }
    )
    for place, (tag, words) in enumerate((("title", title), ("desc", description))):
        child = ET.Element(tag, {"id": f"{name}-{tag}"})
        child.text = words
        root.insert(place, child)
    return ET.tostring(root, encoding="unicode")


def _tidy(attributes: dict[str, str]) -> dict[str, str]:
    for key in ("d", "x", "y", "width", "height", "transform"):
        if key in attributes:
            rounded = LONG.sub(lambda found: f"{float(found[0]):.2f}", attributes[key])
            attributes[key] = " ".join(rounded.split())
    if "style" in attributes:
        plain = FONT.sub("", attributes["style"]).strip()
        attributes["style"] = COLOUR.sub(lambda found: VARIABLES.get(found[0], found[0]), plain)
    if NO_TURN.match(attributes.get("transform", "")):
        del attributes["transform"]
    return attributes


def _without(parent: ET.Element, tags: set[str]) -> None:
    for child in list(parent):
        if child.tag in tags:
            parent.remove(child)
        else:
            _without(child, tags)


def shorten(text: str, most: int) -> str:
    """Return text of at most so many characters, cut in the middle, so that both ends can be told apart.

    Examples
    --------
    >>> shorten("a very long label indeed", 11)
    'a ver…ndeed'
    """
    if len(text) <= most:
        return text
    head = (most - 1) // 2
    return f"{text[:head]}…{text[len(text) - (most - 1 - head) :]}"
