"""Frames of any library to tallies: one staged expression of narwhals, of which only sums leave the engine."""

from conjac.engines.frames.bundled import FrameBundles, bundle_frame
from conjac.engines.frames.groups import warn_of_groups
from conjac.engines.frames.tallied import FrameTallies, tally_frame

__all__ = ["FrameBundles", "FrameTallies", "bundle_frame", "tally_frame", "warn_of_groups"]
