"""The explorer: every figure follows what is moved, in a file, in a notebook, or live."""

from conjac.views.explorer.explorer import Explorer

__all__ = ["Explorer"]
