"""The one ES module of the explorer, joined from its parts; it needs no build step and no tool."""

from __future__ import annotations

import re
from functools import cache
from graphlib import TopologicalSorter
from importlib.resources import files

IMPORT = re.compile(r'^import (\{[^}]*\}) from "\./(\w+)\.mjs";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)

LEFT_OUT = re.compile(r"^ *(?://.*\n)?|(?<=\n)\n", re.MULTILINE)
"""Comments, indentation and empty lines: no text of these parts runs over a line."""


@cache
def module(entry: str) -> str:
    """Return a part with all that it imports, as one module without imports.

    Each part that is imported becomes a function that is called once and returns its exports, so that parts keep their
    own names, as modules do.

    Parameters
    ----------
    entry : str
        "file", "widget" or "live": a host.

    Examples
    --------
    >>> text = module("file")
    >>> "import {" in text, "const part_unpack = " in text
    (False, True)
    """
    parts: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in parts:
            parts[name] = (files("conjac.views.explorer") / "parts" / f"{name}.mjs").read_text(encoding="utf-8")
            needs[name] = {needed for _, needed in IMPORT.findall(parts[name])}
            waiting += sorted(needs[name])
    order = TopologicalSorter({name: sorted(needs[name]) for name in sorted(needs)}).static_order()
    return LEFT_OUT.sub("", "\n".join(_joined(name, parts[name], name == entry) for name in order))


def _joined(name: str, text: str, last: bool) -> str:
    """Return one part as it stands among the others; the last of them is the module itself."""
    text = IMPORT.sub(r"const \1 = part_\2;\n", text)
    if last:
        return text
    exports = ", ".join(EXPORT.findall(text))
    return f"const part_{name} = (() => {{\n{EXPORT.sub('', text)}return {{ {exports} }};\n}})();\n"
