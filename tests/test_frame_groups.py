"""Groups of a frame's rows: what is done once for all of them, and their clusters."""

import numpy as np
import pytest
from test_frame_engine import FRAMES, assert_tallies, curve_of

from conjac.engines.frames import bundle_frame, bundled, collected, passes, tally_frame
from conjac.validation.arguments import blocks_of


def columns_of(n_groups, n_clusters):
    """Return rows of three classes: so many clusters of text and of numbers in each group, of four rows each."""
    rng = np.random.default_rng(1)
    n = n_groups * n_clusters * 4
    scores = {name: rng.normal(size=n) for name in "abc"}
    cluster = np.arange(n) // 4
    text = np.char.add("c", cluster.astype(str))
    return {"y": np.arange(n) % 2, "y3": np.arange(n) % 3, "p": rng.random(n), "g": cluster % n_groups,
            "k": cluster, "t": text, **scores}  # fmt: skip


@pytest.mark.parametrize("made", ["pandas", "duckdb"])
@pytest.mark.parametrize("groups", [None, "k", "t"])
@pytest.mark.parametrize("several", [False, True])
def test_what_all_groups_share_is_looked_at_once(monkeypatch, made, groups, several):
    looked = []

    class Looked(dict):
        def __getitem__(self, name):
            looked.append(name)
            return super().__getitem__(name)

    for module in (passes, bundled):
        monkeypatch.setattr(module, "collected", lambda *given: Looked(collected.collected(*given)))
    counts = []
    for n_groups in (3, 30):
        frame = FRAMES[made](columns_of(n_groups, 12))
        looked.clear()
        if several:
            bundle_frame(frame, label="y3", score=list("abc"), groups=groups, by="g")
        else:
            tally_frame(frame, label="y", score="p", groups=groups, by="g", named=lambda _: (0.5,))
        counts.append(len(looked))
    assert counts[0] == counts[1]


def test_clusters_of_all_groups_are_counted_in_one_go(monkeypatch):
    compared = []

    class Name(int):
        __hash__ = int.__hash__

        def __eq__(self, other):
            compared.append(other)
            return int(self) == int(other)

    def named(*given):
        found = collected.collected(*given)
        return {**found, "by": [Name(name) for name in found["by"]]} if "by" in found else found

    monkeypatch.setattr(passes, "collected", named)
    curves = curve_of("pandas", columns_of(40, 12), by="g", groups="k")
    assert {curve.diagnostics["n_clusters"] for curve in curves.values()} == {12}
    assert len(compared) < 10 * 40 * 12


@pytest.mark.parametrize("told", [{}, {"labels": [0, 1], "coordinate": "logit"}])
@pytest.mark.parametrize("key", ["k", "t"])
def test_blocks_are_kept_apart_in_no_finer_bins_than_are_needed(monkeypatch, told, key):
    columns = columns_of(3, 300)
    seen, summed = [], passes._summed

    def spied(frame, form, named, keys, step):
        seen.append((bool({"block", "groups"} & set(keys)), step))
        return summed(frame, form, named, keys, step)

    monkeypatch.setattr(passes, "_summed", spied)
    curves = curve_of("duckdb", columns, by="g", groups=key, thresholds=[0.3], **told)
    kept = [step for blocks, step in seen if blocks]
    assert {curve.tally.step for curve in curves.values()} == set(kept)
    assert len(kept) == 1
    assert kept[0] > min(step for _, step in seen)
    monkeypatch.undo()
    alone = curve_of("duckdb", columns, thresholds=[0.3], **told)
    assert alone.tally.step == kept[0]
    hashed = blocks_of(columns[key])
    for name, curve in curves.items():
        mine = columns["g"] == name
        assert_tallies(curve.tally, columns["y"][mine], columns["p"][mine], None, hashed[mine])
