"""The application: its commands and what it says of itself."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from conjac._version import __version__
from conjac.cli.demo import demo
from conjac.cli.explore import explore
from conjac.cli.jacobian import jacobian
from conjac.cli.messages import end
from conjac.cli.report import report
from conjac.cli.tune import tune

INTERRUPTED = 130


class OneLine(TyperGroup):
    """Commands whose usage errors are one line."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **more: Any,
    ) -> Any:
        """Run a command and leave with its status, as the shell expects; not standalone, return instead."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, False, windows_expand_args, **more)
        try:
            status = super().main(args, prog_name, complete_var, False, windows_expand_args, **more)
        except typer.Abort:
            status = INTERRUPTED
        except Exception as error:
            # Which class a usage error is of depends on Typer's version; each of them can word itself.
            if not hasattr(error, "format_message"):
                raise
            context = getattr(error, "ctx", None)
            command = "conjac" if context is None else context.command_path
            end(f"{error.format_message().rstrip('.')} (see {command} --help)", 2)
        if status == INTERRUPTED:
            end("interrupted", INTERRUPTED)
        sys.exit(status)


app = typer.Typer(
    name="conjac",
    cls=OneLine,
    help="How every cell and metric of a classifier's confusion matrix moves with its threshold, with errors.",
    epilog="conjac demo writes a first report. Exit status: 0; 2 for bad input; 130 for Ctrl-C; 1 for a bug.",
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (report, explore, jacobian, tune, demo):
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"conjac {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    del version
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), nl=False)
        raise typer.Exit(2)
