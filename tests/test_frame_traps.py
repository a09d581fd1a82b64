"""Every trap of frames, on every engine: the same integers as from arrays in NumPy."""

from pathlib import Path

import narwhals.stable.v2 as nw
import numpy as np

from conjac.engines.files import read_columns


def columns_of(frame, names):
    """Return columns as lists, by narwhals or from a file."""
    if not isinstance(frame, Path):
        native = nw.from_native(frame).lazy().collect()
        return {name: native[name].to_list() for name in names}
    read = read_columns([frame], label="y", score="p")
    return {"y": read.label.tolist(), "p": read.score.tolist()}


def test_engines_hold_the_columns_they_are_given(frames):
    y, p = [1, 0, 1, 0, 1, 1, 0], np.float32([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7])
    held = columns_of(frames({"y": y, "p": p}), ["y", "p"])
    order = np.argsort(held["p"])
    assert [int(held["y"][i]) for i in order] == y
    np.testing.assert_array_equal(np.float32(held["p"])[order], p)
