"""What is told while work is done: to a function, or on a terminal's standard error."""

import io
import sys

import numpy as np
import pytest

import conjac as cj
from conjac.progress import bar, reporting

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(400, 2)), RNG.integers(0, 2, 400)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def steps(rows):
    return np.where(np.asarray(rows).sum(axis=1) > 0, 0.9, 0.2)


def test_a_recount_tells_its_progress():
    told = []
    cj.rank_drifts(steps, X, Y, progress=told.append)
    assert told
    assert told == sorted(told)
    assert told[-1] == 1


@pytest.mark.parametrize("progress", [True, False])
def test_nothing_is_written_where_there_is_no_terminal(progress, capfd):
    cj.rank_drifts(steps, X, Y, progress=progress)
    assert capfd.readouterr() == ("", "")


def test_a_terminal_has_a_bar_that_names_the_work(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm")
    with bar("counting [bold] rows") as told:
        shown = sys.stderr
        told(0.5)
    written = getattr(shown, "rich_proxied_file", shown).getvalue()
    assert "counting [bold] rows" in written
    assert "50%" in written


def test_what_is_asked_for_is_what_is_told():
    with reporting(False, "x") as told:
        assert told is None
    given = []
    with reporting(given.append, "x") as told:
        told(0.25)
    assert given == [0.25]
