"""What a notebook shows of an explorer: a widget where one can live, else a frame that says why."""

from __future__ import annotations

import html
import sys
from dataclasses import dataclass

from conjac.views.frame import frame

HEIGHT = 760
"""Of a frame, in pixels."""
NO_KERNEL = "No notebook runs here"
STILL = "this frame does all but recompute."


@dataclass(frozen=True)
class Frame:
    """The whole page of an explorer in a frame: it outlives the kernel, and what a notebook is converted to.

    Attributes
    ----------
    page : str
        HTML.
    title : str
    height : int
        In pixels.
    note : str
        Why it is shown, if that should be said.
    """

    page: str
    title: str
    height: int = HEIGHT
    note: str = ""

    def _repr_html_(self) -> str:
        """Return the frame; the page in it runs its own script, and can reach neither the notebook nor a network."""
        note = f'<p style="font-size: 85%; margin: 0 0 4px">{html.escape(self.note)}</p>\n' if self.note else ""
        title = f"conjac explorer: {self.title}"
        return note + frame(self.page, title=title, height=f"{self.height}px", sandbox="allow-scripts")

    def __repr__(self) -> str:
        """Show what is in it."""
        return f"Frame({self.title!r}, {self.height} px)"


def in_kernel() -> bool:
    """Return whether this runs in the kernel of a notebook, which can speak to a widget."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None
