"""The command line's front: grows the commands, runs one, maps errors to exit codes."""

import os
import signal
import sys
from collections.abc import Callable

import click

from garrison import __version__
from garrison.base.errors import (
    EXIT_CANCELLED,
    EXIT_DONE,
    EXIT_FAILED,
    Failed,
    GarrisonError,
    Invalid,
    Unexpected,
)
from garrison.base.paths import Home, choose_home
from garrison.base.text import phrase
from garrison.cli import show, switching
from garrison.cli.commands import add_own_commands
from garrison.cli.console import add_opening
from garrison.cli.grow import Group, grow, localise, write_commands
from garrison.cli.reader import _
from garrison.cli.session import Session
from garrison.wire.manifest import SUITE, Manifest

_STATUS_USAGE = 64
_EVERY_DAY = ("start", "status", "fix", "stop")
_OFFICE = ("publisher",)
_ITSELF = ("setup", "restart", "upgrade", "completion", "uninstall")
_HELP = phrase(
    """Garrison protects the computers of small offices.

Begin with: garrison start
"""
)
_EPILOG = phrase("Every command tells more with --help, and answers in JSON with --json.")


class Root(Group):
    """The outermost group: its help begins with what is needed every day."""

    manifests: tuple[Manifest, ...] = ()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in sections."""
        components = [manifest.id for manifest in self.manifests if manifest.id != SUITE]
        taken = {*_EVERY_DAY, *_OFFICE, *_ITSELF, *components}
        rest = sorted(name for name in self.commands if name not in taken)
        sections = {
            _("Every day"): _EVERY_DAY,
            _("Protection"): components,
            _("Look and steer"): rest,
            _("Servers of an office"): _OFFICE,
            _("Garrison"): _ITSELF,
        }
        for title, names in sections.items():
            write_commands(self, ctx, formatter, title, names)


def build(session: Session) -> click.Group:
    """Return the whole command line."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
    root = Root("garrison", help=_HELP, epilog=_EPILOG, context_settings=settings, subcommand_metavar="COMMAND ...")
    root.no_args_is_help = False
    root.params.append(click.Option(["--system"], is_flag=True, help="The whole computer's suite, not your own."))
    root.params.append(
        click.Option(
            ["--password-file"],
            type=click.Path(),
            expose_value=False,
            callback=lambda _, __, path: setattr(session, "password_file", path or ""),
            help="A file that holds Garrison's password, for a command that needs it; - for the standard input.",
        )
    )
    click.version_option(__version__, prog_name="garrison")(root)
    root.manifests = session.manifests()
    add_own_commands(root, session, root.manifests)
    grow(root, root.manifests, session.call)
    add_opening(root, session)
    localise(root)
    return root


def main() -> None:
    """Run a command and exit."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # they are text files here
    code = _guarded(lambda: _run(sys.argv[1:]), _wants_json(sys.argv[1:]))
    raise SystemExit(_flushed(code))


def _wants_json(arguments: list[str]) -> bool:
    """Return whether errors are to be JSON too: also those in the command itself."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in own


def _finish_change(home: Home) -> None:
    """Bring a change of version to its end that was interrupted, before a command that does something."""
    command = _command()
    if not command or {"-h", "--help"} & set(sys.argv[1:]) or "_GARRISON_COMPLETE" in os.environ:
        return
    switch = switching.finish(home, command)
    if switch is not None:
        print(f"garrison: {switching.finished(switch)}", file=sys.stderr)


def _run(arguments: list[str]) -> int:
    home = choose_home(system="--system" in arguments[:1])
    _finish_change(home)
    root = build(Session(home))
    try:
        outcome = root.main(arguments or ["--help"], prog_name="garrison", standalone_mode=False)
    except click.UsageError as error:
        known = error.ctx.command_path if error.ctx is not None else "garrison"
        raise Invalid(error.format_message(), phrase("See: {command} --help", command=known)) from error
    except click.ClickException as error:
        raise Invalid(error.format_message()) from error
    except click.Abort as error:
        if sys.stderr.isatty():
            print(file=sys.stderr)  # after the ^C that the terminal shows
        raise KeyboardInterrupt from error
    except SystemExit:  # so click ends when nobody reads any more, and after a completion
        return EXIT_DONE
    return outcome if isinstance(outcome, int) else EXIT_DONE


def _guarded(run: Callable[[], int], as_json: bool) -> int:
    try:
        return run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is ending: one more must not change how
        show.cancelled(as_json)
        return EXIT_CANCELLED
    except BrokenPipeError:
        return EXIT_DONE
    except GarrisonError as error:
        problem = error
    except OSError as error:
        about = f" ({error.filename})" if error.filename else ""
        problem = Failed("It failed: {why}{about}.", why=(error.strerror or str(error)).lower(), about=about)
    except Exception as error:  # the outermost frame: a person gets a sentence, whoever asks for it the trace
        if os.environ.get("GARRISON_TRACEBACK"):
            raise
        what = f"A defect in Garrison: {type(error).__name__}: {error}."
        problem = Unexpected(what, "Please report it; GARRISON_TRACEBACK=1 shows more.")
    show.error(problem, as_json)
    # A status of 1 means that something needs attention.
    is_status = isinstance(problem, Invalid) and _command() == "status"
    return _STATUS_USAGE if is_status else problem.exit_code


def _command() -> str:
    return next((argument for argument in sys.argv[1:] if not argument.startswith("-")), "")


def _flushed(code: int) -> int:
    """Write what is left; nobody may be reading any more (a pipe into head), and a disk may be full."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        pass
    except OSError as error:
        print(f"garrison: the output could not be written: {(error.strerror or '').lower()}.", file=sys.stderr)
        code = code or EXIT_FAILED
    else:
        return code
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
