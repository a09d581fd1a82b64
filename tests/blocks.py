"""The blocks of code that the pages show."""

import re
from dataclasses import dataclass
from pathlib import Path

from support import ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts),
]
FENCE = re.compile(r"^(?P<indent> *)(?P<ticks>`{3,}|~{3,}|:{3,})(?P<kind>[^`\n]*)$")
NEEDS = re.compile(r"<!-- needs ([\w. ]+) -->")


@dataclass(frozen=True)
class Block:
    """One fenced block: where it is, of what kind, its text, and the libraries that the line before it asks for."""

    page: Path
    line: int
    kind: str
    text: str
    needs: tuple[str, ...] = ()

    @property
    def at(self):
        """Its place, as an id of a test."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def blocks_of(page):
    """Yield the blocks of a page; of a directive its kind alone, for what it holds is read as the rest of the page."""
    lines = page.read_text().splitlines()
    start = 0
    while start < len(lines):
        here, start = start, start + 1
        found = FENCE.match(lines[here])
        if not found or not (kind := found["kind"].strip()):
            continue
        if kind.startswith("{"):
            yield Block(page, here + 1, kind, "")
            continue
        while lines[start].strip() != found["ticks"]:
            start += 1
        text = "".join(line.removeprefix(found["indent"]) + "\n" for line in lines[here + 1 : start])
        asked = NEEDS.fullmatch(lines[here - 1].strip()) if here else None
        start += 1
        yield Block(page, here + 1, kind, text, tuple(asked[1].split()) if asked else ())


def blocks(kind):
    """Return the blocks of one kind, of all pages."""
    return [block for page in PAGES for block in blocks_of(page) if block.kind == kind]
