"""A command that is ended from outside leaves no half-written output, and nothing else that it can put away."""

import os
import signal
import subprocess
import sys
import time

import pytest
from test_cli import ENV, Y_P

from conjac.engines.database import write_parquet

SLOW = (
    "import signal, sys, time; from conjac.cli import main, output\n"
    "signal.signal(signal.SIGHUP, signal.SIG_DFL)\n"  # under nohup it is inherited as ignored
    "def slow(*args):\n"
    "    args[2].write_text('half'); print('writing', file=sys.stderr, flush=True); time.sleep(30)\n"
    "output.write_file = slow; sys.argv = ['conjac', *sys.argv[1:]]; main()"
)

LONG = (  # and it holds nothing: whatever goes wrong, it ends by itself
    "import sys; from conjac.cli.signals import ended_by_signals; from conjac.engines.database import database\n"
    "def told(share):\n"
    "    print('working', file=sys.stderr, flush=True)\n"
    "with ended_by_signals(), database(told=told) as con:\n"
    "    con.execute('SELECT max(hash(i)) FROM range(20000000000) AS t(i)')"
)


@pytest.fixture
def folder(tmp_path):
    write_parquet({"y": [0, 1] * 200, "p": [(7 * k % 400) / 400 for k in range(400)]}, tmp_path / "scores.parquet")
    (tmp_path / "out.csv").write_text("old")
    (tmp_path / "spill").mkdir()
    return tmp_path


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGKILL"])
def test_a_command_that_is_ended_while_it_writes(folder, name):
    number = getattr(signal, name)
    command = [sys.executable, "-c", SLOW, "jacobian", "scores.parquet", *Y_P, "-o", "out.csv"]
    env = {**(ENV or os.environ), "TMPDIR": str(folder / "spill")}
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stderr.readline() == "writing\n"
        time.sleep(0.1)
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == -number
    assert (folder / "out.csv").read_text() == "old"
    if name != "SIGKILL":  # which leaves no time to put anything away
        assert said == "conjac: interrupted\n"
        assert sorted(path.name for path in folder.iterdir()) == ["out.csv", "scores.parquet", "spill"]
    assert list((folder / "spill").iterdir()) == []


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_query_that_is_ended_leaves_no_folder(folder, name):
    env = {**(ENV or os.environ), "TMPDIR": str(folder / "spill")}
    with subprocess.Popen([sys.executable, "-c", LONG], stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stderr.readline() == "working\n"
        assert len(list((folder / "spill").iterdir())) == 1
        process.send_signal(getattr(signal, name))
        try:
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == -getattr(signal, name)
    assert list((folder / "spill").iterdir()) == []
