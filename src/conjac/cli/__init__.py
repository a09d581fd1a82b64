"""The command line: parse, call, print.

Results go to standard output; progress and warnings to standard error. Exit status 0; 2 for bad input, with one line
that says what and the way out; 130 for Ctrl-C; 1 for a bug. What a command holds is put away before a signal ends it.
"""

from __future__ import annotations

import sys

from conjac.cli.signals import ended_by_signals


def main() -> None:
    """Run ``conjac`` with the arguments of this process."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if reconfigure := getattr(stream, "reconfigure", None):
                reconfigure(errors="backslashreplace")  # a label the terminal's encoding lacks is no reason to fail
        with ended_by_signals():
            from conjac.cli.app import app

            app(prog_name="conjac")
    except KeyboardInterrupt:  # before the command has begun; libraries are still being read
        sys.stderr.write("conjac: interrupted\n")
        sys.exit(130)
