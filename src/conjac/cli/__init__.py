"""The command line: parse, call, print.

Results go to standard output; progress and warnings to standard error. Exit status 0; 2 for bad input, with one line
that says what and the way out; 130 for Ctrl-C; 1 for a bug.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``conjac`` with the arguments of this process."""
    try:
        from conjac.cli.app import app
    except KeyboardInterrupt:
        sys.exit(130)
    for stream in (sys.stdout, sys.stderr):
        if reconfigure := getattr(stream, "reconfigure", None):
            reconfigure(errors="backslashreplace")  # a label that the terminal's encoding lacks is no reason to fail
    app(prog_name="conjac")
