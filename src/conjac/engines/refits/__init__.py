"""Models fitted anew on either side of a hyper-parameter, and their rows counted again."""

from conjac.engines.refits.refitting import refitted

__all__ = ["refitted"]
