"""The command line's front: finds the suite, grows the commands, runs one, maps errors to exit codes."""

import contextlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import click

from garrison import __version__
from garrison.base.errors import EXIT_CANCELLED, EXIT_DONE, EXIT_INVALID, GarrisonError
from garrison.base.paths import Home, choose_home
from garrison.cli import launch, show
from garrison.cli.commands import add_own_commands
from garrison.cli.grow import Group, grow
from garrison.wire.client import Client
from garrison.wire.golden import golden_text
from garrison.wire.manifest import Manifest, Operation, digest, from_plain

_STATUS_USAGE = 64
_HELP = """Garrison protects the computers of small offices.

Begin with: garrison start
"""


class Session:
    """One run of the command line. client: the running suite, once it is known to run."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.client: Client | None = launch.connect(home)

    def manifests(self) -> tuple[Manifest, ...]:
        """Return what the running suite says of itself, else what this release does."""
        text = golden_text()
        if self.client is not None and self.client.greeting.get("manifests") != digest(text):
            # A daemon of another release may describe itself in another form: stop and restart must work all the same.
            with contextlib.suppress(GarrisonError, KeyError, TypeError):
                return from_plain(self.client.describe())
        return from_plain(json.loads(text))

    def suite(self) -> Client:
        """Return the suite; a short-lived one is started when none runs."""
        if self.client is None:
            self.client, _ = launch.connect_or_launch(self.home)
        return self.client

    def call(self, operation: Operation, arguments: dict[str, Any], as_json: bool, background: bool) -> None:
        """Ask for an operation, show the answer, and end with its exit code."""
        try:
            with show.Progress(operation.title, quiet=as_json and not sys.stderr.isatty()) as progress:
                message = self.suite().call(operation.id, arguments, progress, background=background)
        except GarrisonError as error:
            show.error(error, as_json)
            raise SystemExit(error.exit_code) from None
        show.answer(message, as_json)
        raise SystemExit(int(message.get("exit", EXIT_DONE)))


def build(session: Session) -> click.Group:
    """Return the whole command line."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
    root = Group("garrison", help=_HELP, context_settings=settings, no_args_is_help=True)
    root.params.append(click.Option(["--system"], is_flag=True, help="The whole computer's suite, not your own."))
    click.version_option(__version__, prog_name="garrison")(root)
    add_own_commands(root, session)
    grow(root, session.manifests(), session.call)
    return root


def main() -> None:
    """Run a command and exit."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # they are text files here
    arguments = sys.argv[1:]
    code = _guarded(lambda: _run(arguments), "--json" in arguments)
    if code == EXIT_INVALID and arguments[:1] == ["status"]:
        code = _STATUS_USAGE  # a status of 1 means that something needs attention
    _flush()
    raise SystemExit(code)


def _run(arguments: list[str]) -> int:
    root = build(Session(choose_home(system="--system" in arguments[:1])))
    try:
        outcome = root.main(arguments, prog_name="garrison", standalone_mode=False)
    except click.UsageError as error:
        error.show()
        return EXIT_INVALID
    except click.Abort:
        return EXIT_CANCELLED
    return outcome if isinstance(outcome, int) else EXIT_DONE


def _guarded(run: Callable[[], int], as_json: bool) -> int:
    try:
        return run()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else EXIT_DONE
    except GarrisonError as error:
        show.error(error, as_json)
        return error.exit_code
    except KeyboardInterrupt:
        return EXIT_CANCELLED
    except BrokenPipeError:
        return EXIT_DONE


def _flush() -> None:
    """Write what is left; nobody may be reading any more (a pipe into head)."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
