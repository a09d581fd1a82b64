"""What an explorer shows: every figure at every step of what moves, as arrays to be looked up."""

from conjac.views.summary.scene.move import Move
from conjac.views.summary.scene.packed import Packed, pack
from conjac.views.summary.scene.scene import ALL, Recipe, Scene, metric_rows
from conjac.views.summary.scene.threshold import ThresholdSheet
from conjac.views.summary.scene.track import Figure, Track

__all__ = ["ALL", "Figure", "Move", "Packed", "Recipe", "Scene", "ThresholdSheet", "Track", "metric_rows", "pack"]
