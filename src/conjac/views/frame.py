"""A page in a frame of its own, so that its style and that of what surrounds it do not meet."""

from __future__ import annotations

import html


def frame(page: str, *, title: str, height: str, sandbox: str = "") -> str:
    """Return an element that holds a whole page.

    Parameters
    ----------
    page : str
        HTML.
    title : str
        What a screen reader calls it.
    height : str
        In CSS.
    sandbox : str
        What the page may do, such as "allow-scripts"; by default nothing.

    Examples
    --------
    >>> frame("<p>1</p>", title="a & b", height="9px").partition(" sandbox")[0]
    '<iframe srcdoc="&lt;p&gt;1&lt;/p&gt;" title="a &amp; b"'
    """
    return (
        f'<iframe srcdoc="{html.escape(page)}" title="{html.escape(title)}" sandbox="{sandbox}" '
        f'style="width: 100%; height: {height}; border: 0"></iframe>'
    )
