"""How tests of the shell run a command and read what it writes."""

import csv
import io

from typer.testing import CliRunner

from conjac.cli.app import app

ANOTHER = ("names another", "names another order")
"""How a line ends that tells what was chosen by default."""


def run(*args):
    """Run a command in this process."""
    done = CliRunner().invoke(app, [str(arg) for arg in args])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def records(text):
    return list(csv.DictReader(io.StringIO(text, newline="")))


def refuse(folder, monkeypatch, command, text, args, message):
    """Check that a command ends with one line and status 2, and writes nothing."""
    monkeypatch.chdir(folder)
    (folder / "scores.csv").write_text(text)
    done = run(command, *args)
    assert done.exit_code == 2
    assert done.stdout == ""
    told = [line for line in done.stderr.splitlines() if "warning: " not in line and not line.endswith(ANOTHER)]
    assert len(told) == 1
    assert told[0].startswith("conjac: ")
    assert message in told[0]
    assert [path.name for path in folder.iterdir()] == ["scores.csv"]
