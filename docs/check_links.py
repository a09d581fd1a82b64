"""Check the links of a built site: ``python docs/check_links.py docs/_build/html``.

Every relative ``href`` and ``src`` of every page must name a file that is there, and its ``#part`` an id of that page.
Links to other sites are not followed.
"""

import sys
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The ids of a page, and what it links to, each with its line."""

    def __init__(self, path):
        super().__init__()
        self.ids, self.links = {"", "top"}, []  # the top of a page needs no id
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id" or (name == "name" and tag == "a"):
                self.ids.add(value)
            elif name in ("href", "src"):
                self.links.append((self.getpos()[0], value or ""))


page_of = cache(Page)


def fault(path, link, root):
    """Return what is wrong with a link of a page, or None."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    named = unquote(parts.path)
    target = path if not named else root / named[1:] if named.startswith("/") else path.parent / named
    if target.is_dir():
        target /= "index.html"
    if not target.is_file():
        return "no such file"
    part = unquote(parts.fragment)
    if "_modules" in path.parts:  # viewcode finds the way back to the page of a class, and not always the place on it
        return None
    if target.suffix == ".html" and part not in page_of(target.resolve()).ids:
        return f"no such part #{part}"
    return None


def check(root):
    """Return the number of pages and of links, and a line for each fault."""
    pages = sorted(path for path in root.rglob("*.html") if "_static" not in path.parts)
    links = [(path, line, link) for path in pages for line, link in page_of(path.resolve()).links]
    wrong = [(path, line, link, why) for path, line, link in links if (why := fault(path, link, root))]
    return (
        len(pages),
        len(links),
        [f"{path.relative_to(root)}:{line}: {link}: {why}" for path, line, link, why in wrong],
    )


if __name__ == "__main__":
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        sys.exit(f"usage: python {sys.argv[0]} FOLDER, of a site that was built")
    n_pages, n_links, faults = check(Path(sys.argv[1]).resolve())
    print(*faults, f"{n_links} links of {n_pages} pages: {len(faults)} faults", sep="\n")
    sys.exit(bool(faults) or not n_pages)
