"""The application: its commands and what it says of itself."""

from __future__ import annotations

from typing import Annotated

import typer

from conjac._version import __version__
from conjac.cli.jacobian import jacobian
from conjac.cli.report import demo, report
from conjac.cli.tune import tune

app = typer.Typer(
    name="conjac",
    help="How every cell and metric of a classifier's confusion matrix moves with its threshold, with errors.",
    epilog="conjac demo writes a first report. Exit status: 0; 2 for bad input; 130 for Ctrl-C; 1 for a bug.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (report, jacobian, tune, demo):
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"conjac {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    del version
