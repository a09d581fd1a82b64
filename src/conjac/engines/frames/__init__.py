"""Frames of any library to tallies: one staged expression of narwhals, of which only sums leave the engine."""

from conjac.engines.frames.tallied import FrameTallies, tally_frame

__all__ = ["FrameTallies", "tally_frame"]
