"""The Python that the pages show runs, top to bottom."""

import re

import matplotlib.pyplot as plt
import pytest
from support import ROOT

FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted(path for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")] if FENCE.search(path.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_a_page_runs(page, capsys):
    namespace = {"__name__": "page"}
    for block in FENCE.findall(page.read_text()):
        exec(compile(block, str(page), "exec"), namespace)
    plt.close("all")
    capsys.readouterr()


def test_there_are_pages():
    assert {"README.md", "quickstart.md"} <= {page.name for page in PAGES}
