"""The Python that the pages show runs, top to bottom; what they show of its output is what it prints."""

import doctest
import re

import matplotlib.pyplot as plt
import pytest
from support import ROOT, needs

FENCE = re.compile(r"^(?:<!-- needs (\w+) -->\n)?```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if FENCE.search(path.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_runs(page, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some write files
    namespace = {"__name__": "page"}
    for library, block in FENCE.findall(page.read_text()):
        if library:
            needs(library)
        exec(compile(block, str(page), "exec"), namespace)
    plt.close("all")
    capsys.readouterr()


TOLD = sorted(path for path in (ROOT / "docs").rglob("*.md") if "```pycon" in path.read_text())


@pytest.mark.parametrize("page", TOLD, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_a_page_shows_is_what_is_printed(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=flags)
    assert tried > 0
    assert failed == 0


def test_there_are_pages():
    assert "jacobian.md" in {page.name for page in TOLD}
    assert {"README.md", "quickstart.md"} <= {page.name for page in PAGES}
