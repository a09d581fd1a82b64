"""The explorer as one offline file, or in a frame."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conjac._version import __version__
from conjac.views.explorer.module import module
from conjac.views.interactive.surface import surface, surface_flat
from conjac.views.summary.scene import Scene, pack
from conjac.views.theme import DARK, LIGHT, css

ROOT = ".conjac"
IN_HTML = str.maketrans("<>&", ":.,")
MANY = 16
"""Numbers in a row from which they are kept as an array."""


def render(scene: Scene, *, host: str = "file") -> str:
    """Return a page that needs nothing outside itself.

    Parameters
    ----------
    scene : Scene
    host : {"file", "live"}
        Which part of the module starts it.

    Returns
    -------
    str
        HTML. A policy within it forbids all code but its own, and every request; of a live page, but to its server.
    """
    environment = Environment(
        loader=PackageLoader("conjac.views.explorer", "templates"), autoescape=True, undefined=StrictUndefined
    )
    tree, arrays = held(scene)
    code = module(host)
    return environment.get_template("explorer.html.jinja").render(
        title=scene.title,
        version=__version__,
        style=Markup(stylesheet()),
        code=Markup(code),
        digest=base64.b64encode(hashlib.sha256(code.encode()).digest()).decode(),
        scene=in_text(tree),
        arrays=in_text(arrays),
        plotly=in_text(plotly()),
        live=host == "live",
    )


def held(scene: Scene) -> tuple[bytes, bytes]:
    """Return the tree of a scene as JSON, and its arrays, each as `zipped`."""
    packed = pack({**scene.to_tree(), "pictures": pictures(scene)})
    return zipped(as_json(packed.tree).encode()), zipped(packed.blob)


def pictures(scene: Scene) -> dict[str, Any]:
    """Return the pictures that are painted here, as Plotly's JSON in the light, with the colours of the dark."""
    shown = scene.surface
    points = None if scene.points is None else _numbers_apart(asdict(scene.points))
    return {
        "surfaceTitle": "" if shown is None else shown.title,
        "surface": None if shown is None else _figure(surface(shown, LIGHT)),
        "flat": None if shown is None else _figure(surface_flat(shown, LIGHT)),
        "points": points,
        "dark": dict(zip(LIGHT.variables().values(), DARK.variables().values(), strict=True)),
    }


def _figure(figure: Any) -> dict[str, Any]:
    """Return a figure as plain types, its numbers as arrays."""
    plain: dict[str, Any] = figure.to_plotly_json()
    return {name: _numbers_apart(plain[name]) for name in ("data", "layout")}


def _numbers_apart(one: Any) -> Any:
    """Return nested lists whose runs of many numbers are arrays, of which `pack` makes less than text is."""
    if isinstance(one, dict) and "bdata" in one:  # Plotly's own way to keep an array
        return _numbers_apart(np.frombuffer(base64.b64decode(one["bdata"]), one["dtype"]).reshape(_shape(one)))
    if isinstance(one, dict):
        return {key: _numbers_apart(item) for key, item in one.items()}
    if isinstance(one, np.ndarray):
        return [_numbers_apart(row) for row in one] if one.ndim > 1 else one.astype(np.float32)
    if isinstance(one, list | tuple):
        if len(one) >= MANY and all(isinstance(item, int | float) for item in one):
            return np.array(one, dtype=np.float32)
        return [_numbers_apart(item) for item in one]
    return one


def as_json(value: Any) -> str:
    """Return JSON without white space."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def zipped(data: bytes) -> bytes:
    """Return bytes as gzip, the same every time."""
    return gzip.compress(data, 9, mtime=0)


def in_text(data: bytes) -> str:
    """Return bytes as base 85, a sixteenth less than base64, in letters that HTML leaves as they are."""
    return base64.b85encode(data).decode().translate(IN_HTML)


def _shape(one: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(size) for size in str(one.get("shape", "-1")).split(","))


@cache
def plotly() -> bytes:
    """Return the script that the package of Plotly carries, as `zipped`."""
    return zipped((files("plotly") / "package_data" / "plotly.min.js").read_bytes())


@cache
def stylesheet() -> str:
    """Return the styles of an explorer, its colours light and dark, and the steps of its scales."""
    steps = [
        f"{ROOT} .{kind}{k} {{ background: var(--{name}-{k}); color: var(--{LIGHT.text_named(colour)}); }}"
        for kind, name in (("q", "sequential"), ("d", "diverging"))
        for k, colour in enumerate(getattr(LIGHT, name))
    ]
    own = (files("conjac.views.explorer") / "explorer.css").read_text(encoding="utf-8")
    return "\n".join([css(ROOT), own, *steps])
