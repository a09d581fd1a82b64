"""The checker of a built site's links: what it follows, and that it finds what is missing."""

import subprocess
import sys

import pytest
from support import ROOT

WHOLE = {
    "index.html": '<h1 id="here"></h1><a href="#here">1</a><a href="part/">2</a><img src="pixel.png"><a href="#">3</a>'
    '<a href="part/a%20b.html?x=1#c%C3%A9">4</a><a href="https://example.org/none">5</a><a href="mailto:a@b.org">6</a>',
    "part/index.html": '<a href="../index.html#here">up</a><script>"<a href=\'none.html\'>"</script>',
    "part/a b.html": '<p id="cé"></p><a href="../pixel.png">file</a><a href="/index.html">root</a>',
    "pixel.png": "",
    "_static/shell.html": '<a href="none.html">no page of the site</a>',
}


def checked(folder, pages):
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, ROOT / "docs" / "check_links.py", folder]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_whole_site_passes(tmp_path):
    done = checked(tmp_path, WHOLE)
    assert (done.returncode, done.stdout) == (0, "10 links of 3 pages: 0 faults\n")


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ('<a href="none.html">', "none.html: no such file"),
        ('<a href="part/index.html#none">', "part/index.html#none: no such part #none"),
        ('<a href="#none">', "#none: no such part #none"),
        ('<link href="none.css">', "none.css: no such file"),
        ('<img src="none.png">', "none.png: no such file"),
        ('<a href="none/">', "none/: no such file"),
    ],
)
def test_what_is_missing_is_told_with_its_page_and_line(tmp_path, link, why):
    done = checked(tmp_path, WHOLE | {"page.html": f"<p>\n{link}"})
    assert done.returncode == 1
    assert done.stdout.splitlines()[:-1] == [f"page.html:2: {why}"]


def test_a_folder_without_pages_is_no_site(tmp_path):
    assert checked(tmp_path, {}).returncode == 1
    assert checked(tmp_path / "none", {}).returncode == 1
