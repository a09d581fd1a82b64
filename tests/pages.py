"""How tests of the report read a page and the summary behind it."""

from functools import lru_cache
from html.parser import HTMLParser

from conjac.views.report import render


class Page(HTMLParser):
    """What a page is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.ids, self.values, self.links, self.visible = [], [], [], [], []
        self.open = []
        self.feed(text)
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found[name] for name in ("href", "src", "action", "data") if name in found]
        self.values += [float(found["value"])] if tag == "data" else []
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, text):
        if not {"svg", "style", "title", "data"} & set(self.open):
            self.visible.append(text)


@lru_cache(maxsize=16)
def rendered(*summaries):
    """Return the page of summaries, painted once for all tests that read it."""
    return render(summaries)


def numbers_in(plain):
    """Yield every number in a nested plain structure."""
    if isinstance(plain, dict):
        plain = list(plain.values())
    if isinstance(plain, list):
        for item in plain:
            yield from numbers_in(item)
    elif isinstance(plain, int | float):
        yield float(plain)
