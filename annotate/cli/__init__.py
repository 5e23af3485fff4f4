"""The command `annotate`: parses, calls the library, prints."""

from __future__ import annotations

import os
import signal
import sys

import click

from annotate.cli.lazy import LazyGroup
from annotate.errors import AnnotateError

# In the order of the work; each is a module here with a function of that name.
COMMANDS = (
    "init",
    "schema",
    "corpus",
    "serve",
    "push",
    "assign",
    "invite",
    "pull",
    "import",
    "status",
    "quarantine",
    "history",
    "doctor",
    "build",
    "dataset",
    "publish",
    "ledger",
    "backup",
    "restore",
    "demo",
)

EXIT_INTERRUPTED = 130


@click.command(
    cls=LazyGroup, package=__name__, names=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
@click.version_option(package_name="annotate-corpus", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def annotate(debug: bool) -> None:
    """Annotate a corpus in Label Studio and get it back as a Hugging Face dataset.

    The road: init, corpus add, push, annotate in the browser, pull, build.
    """
    del debug  # for the help; read by `main`


def run() -> None:
    """Be the process of the command."""
    try:
        main()
    except SystemExit as leaving:
        if "daft" in sys.modules:
            from annotate.corpus.engine import leave

            leave(leaving.code)
        raise


def main(args: list[str] | None = None) -> None:
    """Run the command; a failure is one line on stderr and a non-zero exit status."""
    given = list(sys.argv[1:] if args is None else args)
    # Wherever it stands: people add it to the end of the line that failed.
    debug = "--debug" in given
    given = [argument for argument in given if argument != "--debug"]
    # Neither library may tell anyone what is done here.
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # Both unwind like Ctrl-C, so that a server we started is stopped. Under nohup a closed
    # terminal is ignored, and stays so.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    try:
        status = annotate(args=given, prog_name="annotate", standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("annotate: stopped; run the command again to go on", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except Exception as error:
        if debug:
            raise
        known = isinstance(error, AnnotateError)
        line = str(error) if known else f"unexpected {type(error).__name__}: {error}"
        click.echo(f"annotate: {line}", err=True)
        if not known:
            click.echo("This is a fault of annotate; --debug shows where.", err=True)
        sys.exit(1)
    sys.exit(status or 0)
