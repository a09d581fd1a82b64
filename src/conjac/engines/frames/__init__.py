"""Frames of any library to tallies: one staged expression of narwhals, whose small result is all that leaves the engine."""

from conjac.engines.frames.tallied import FrameTallies, tally_frame

__all__ = ["FrameTallies", "tally_frame"]
