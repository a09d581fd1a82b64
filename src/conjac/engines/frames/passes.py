"""The passes over a frame that sum: one, and another where its bins turn out too wide for the scores."""

from __future__ import annotations

from collections import Counter
from typing import Any

import narwhals.stable.v2 as nw
import numpy as np

from conjac.coordinates import scores_of
from conjac.engines.frames.blocks import is_hashed
from conjac.engines.frames.collected import collected
from conjac.engines.frames.cuts import Cuts
from conjac.engines.frames.form import Form
from conjac.engines.frames.opened import Frame
from conjac.engines.frames.parts import in_parts
from conjac.engines.frames.placed import Placed
from conjac.engines.frames.staged import Rows
from conjac.engines.frames.steps import FIRST_STEP, farthest, step_across, step_of, unresolved
from conjac.engines.frames.sums import Checked, Sums


def summed(frame: Frame, form: Form, named: tuple[float, ...]) -> tuple[Placed, float]:
    """Return the sums of a frame's rows, and the bin width that suits their scores, at least that of the sums.

    Blocks make many keys of each bin: where rows come in clusters, a pass without them finds the width first.

    Parameters
    ----------
    frame : narwhals DataFrame or LazyFrame
    form : Form
    named : tuple of float
        Named thresholds on the scores' own scale.
    """
    columns = form.rows.columns
    keys = [key for key in ("by", "groups") if key in columns.names]
    if "groups" not in keys:
        return _resolved(frame, form, named, keys)
    if is_hashed(columns):
        keys[keys.index("groups")] = "block"
    placed, step = _resolved(frame, form, (), [])
    return (_summed(frame, form, named, keys, step) if placed.valid.any() else placed), step


def _resolved(frame: Frame, form: Form, named: tuple[float, ...], keys: list[str]) -> tuple[Placed, float]:
    """Return the sums in bins that resolve the middle half of the scores, and the bin width that suits these."""
    scale = form.unit.scale
    step = FIRST_STEP if form.reach is None else step_across(*form.reach, scale)
    looked = False
    while True:
        placed = _summed(frame, form, named, keys, step)
        if not placed.valid.any():
            return placed, step
        suits, shared = step_of(placed.binned, scale), unresolved(placed.binned)
        finer = suits
        if shared is not None and not looked:  # the middle half of the rows in one bin: one score, or a narrow heap?
            looked = True
            low, high = _ends_within(frame, form.rows, *scores_of(np.array([shared, shared + 1]) * step, scale))
            if low < high:
                finer = step_across(low, high, scale, farthest(placed.binned))
        if finer >= step:
            return placed, max(step, suits)
        step = finer


def _summed(frame: Frame, form: Form, named: tuple[float, ...], keys: list[str], step: float) -> Placed:
    columns, scale = form.rows.columns, form.unit.scale
    cuts = Cuts.of(named, columns.dtype, scale, step)
    sums = collected(frame, lambda part: form.rows.binned(part, step, cuts, keys))
    return Placed(sums, columns.dtype, scale, step, cuts)


def _ends_within(frame: Frame, rows: Rows, low: float, high: float) -> tuple[float, float]:
    """Return the range of the scores between two."""

    def query(part: Frame) -> Any:
        inside = (nw.col("true") >= 0) & (nw.col("p") >= low) & (nw.col("p") < high)
        within = in_parts(part, rows.columns, lambda some: rows.checked(some).filter(inside).select("p"))
        return within.select(low=nw.col("p").min(), high=nw.col("p").max())

    found = collected(frame, query)
    return float(np.nanmin(found["low"], initial=np.inf)), float(np.nanmax(found["high"], initial=-np.inf))


def count_clusters(frame: Frame, rows: Checked, placed: Sums) -> dict[Any, int]:
    """Return the number of clusters of each group, of rows without a fault."""
    if "groups" in placed.sums:
        return {name: placed.n_keys(places) for name, places in placed.groups()}
    by = ["by"] if "by" in rows.columns.names else []

    def distinct(part: Frame) -> Any:
        def named(some: Frame) -> Any:
            return rows.checked(some).filter(nw.col("true") >= 0).select(*by, "groups")

        return in_parts(part, rows.columns, named).group_by(*by, "groups").agg(rows=nw.len())

    if isinstance(frame, nw.LazyFrame):
        found = collected(
            frame, lambda part: distinct(part).with_columns(one=nw.lit(1)).group_by(*by, "one").agg(n=nw.len())
        )
        return dict(zip(found["by"] if by else [None], found["n"].astype(int).tolist(), strict=True))
    found = collected(frame, distinct)
    names = found["by"] if by else [None] * len(found["groups"])
    return Counter(name for name, _ in set(zip(names, found["groups"], strict=True)))
