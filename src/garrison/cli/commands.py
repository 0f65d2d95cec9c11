"""The few commands that are not grown: those that begin and end the suite itself."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any, Protocol

import click

from garrison.base.errors import EXIT_DONE, Invalid
from garrison.base.files import explain
from garrison.base.paths import Home
from garrison.cli import launch, show
from garrison.wire.client import Client

_KEEP = ("settings", "quarantine", "journal", "exclusions", "false-alarms", "schedule", "scan")
_KEPT_BY_DEFAULT = ("settings", "quarantine", "exclusions")
_NEXT = """
What next?
  garrison status             how things stand
  garrison scan PATH          scan a file or folder
  garrison quarantine         what was taken out of the way
  garrison sign-in on         start Garrison when you sign in (it does not by itself)
  garrison --help             everything else"""


class Session(Protocol):
    """What the commands need of the run."""

    home: Home
    client: Client | None

    def suite(self) -> Client:
        """Return the suite; a short-lived one is started when none runs."""
        ...


_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def add_own_commands(root: click.Group, session: Session) -> None:
    """Add start, stop, restart, completion and uninstall."""
    for make in (_start, _stop, _restart, _completion, _uninstall):
        root.add_command(make(session))


def _start(session: Session) -> click.Command:
    @click.command("start", help="Start Garrison in the background and make a first scan; or switch a component on.")
    @click.argument("component", required=False)
    @click.option(
        "--scan", "paths", multiple=True, type=click.Path(path_type=str), help="Scan this instead (repeatable)."
    )
    @click.option("--no-scan", is_flag=True, help="Make no first scan.")
    @_json
    def start(component: str | None, paths: tuple[str, ...], no_scan: bool, as_json: bool) -> int:
        if component:
            return _simple(session, "suite.start", {"component": component}, as_json)
        client, started = launch.connect_or_launch(session.home, lasting=True)
        session.client = client
        if not started:
            client.call("suite.stay", {})
        if not as_json:
            where = "for this computer" if session.home.is_system else "for your account"
            print(
                f"Garrison {'is running' if started else 'was running already'} {where}. Its files: {session.home.root}"
            )
        code = _first_scan(client, paths, as_json) if paths or not no_scan else EXIT_DONE
        status = client.call("suite.status", {})
        show.answer(status, as_json)
        if not as_json:
            print(_NEXT)
        return code

    return start


def _first_scan(client: Client, paths: tuple[str, ...], as_json: bool) -> int:
    arguments = {"paths": [os.path.abspath(path) for path in paths]}
    with show.Progress("First scan", quiet=as_json and not sys.stderr.isatty()) as progress:
        message = client.call("suite.first-scan", arguments, progress)
    if not as_json and message.get("says"):
        show.answer(message, as_json=False)
        if not paths:
            print("The rest of your home folder is being scanned in the background: garrison jobs")
    return int(message.get("exit", EXIT_DONE)) if paths else EXIT_DONE


def _simple(session: Session, operation: str, arguments: dict[str, Any], as_json: bool) -> int:
    message = session.suite().call(operation, arguments)
    show.answer(message, as_json)
    return int(message.get("exit", EXIT_DONE))


def _stop(session: Session) -> click.Command:
    @click.command("stop", help="Stop Garrison and everything it started; or switch a component off.")
    @click.argument("component", required=False)
    @_json
    def stop(component: str | None, as_json: bool) -> int:
        if component:
            return _simple(session, "suite.stop", {"component": component}, as_json)
        text = "Garrison has stopped." if _stop_suite(session) else "Garrison was not running."
        show.answer({"result": {"text": text}, "says": [[text, {}]]}, as_json)
        return EXIT_DONE

    return stop


def _stop_suite(session: Session) -> bool:
    if session.client is not None:
        session.client.close()
        session.client = None
    return launch.stop(session.home)


def _restart(session: Session) -> click.Command:
    @click.command("restart", help="Stop Garrison and start it again; or restart a component.")
    @click.argument("component", required=False)
    @_json
    def restart(component: str | None, as_json: bool) -> int:
        if component:
            return _simple(session, "suite.restart", {"component": component}, as_json)
        _stop_suite(session)
        session.client, _ = launch.connect_or_launch(session.home, lasting=True)
        show.answer(session.client.call("suite.status", {}), as_json)
        return EXIT_DONE

    return restart


def _completion(_: Session) -> click.Command:
    @click.command("completion", help="Print the completion script for a shell.")
    @click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
    @click.pass_context
    def completion(context: click.Context, shell: str) -> int:
        from click.shell_completion import get_completion_class  # noqa: PLC0415 # late: only this needs it

        kind = get_completion_class(shell)
        assert kind is not None
        print(kind(context.find_root().command, {}, "garrison", "_GARRISON_COMPLETE").source())
        return EXIT_DONE

    return completion


def _uninstall(session: Session) -> click.Command:
    @click.command("uninstall", help="Stop Garrison and remove what it made, but for what you want to keep.")
    @click.option(
        "--keep",
        multiple=True,
        type=click.Choice(_KEEP),
        help=f"Keep this (repeatable). Default: {', '.join(_KEPT_BY_DEFAULT)}.",
    )
    @click.option("--keep-nothing", is_flag=True, help="Keep nothing; files in quarantine are then lost.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    def uninstall(keep: tuple[str, ...], keep_nothing: bool, yes: bool) -> int:
        if keep and keep_nothing:
            raise Invalid("--keep and --keep-nothing exclude each other.")
        kept = () if keep_nothing else keep or _KEPT_BY_DEFAULT
        _confirm(session.home, kept, yes)
        _stop_suite(session)
        _remove(session.home, kept)
        print("Garrison was removed." + (f" Kept in {session.home.root}: {', '.join(kept)}." if kept else ""))
        return EXIT_DONE

    return uninstall


def _confirm(home: Home, kept: tuple[str, ...], yes: bool) -> None:
    blobs = list((home.root / "quarantine").glob("*.blob"))
    lost = f" {len(blobs)} file(s) in quarantine will be lost." if blobs and "quarantine" not in kept else ""
    print(f"This removes Garrison's files in {home.root}, but for: {', '.join(kept) or 'nothing'}.{lost}")
    if yes:
        return
    if not sys.stdin.isatty():
        raise Invalid("Nobody is there to confirm it.", "Say --yes to go on without asking.")
    if not click.confirm("Go on?"):
        raise click.Abort


def _remove(home: Home, kept: tuple[str, ...]) -> None:
    """Remove state, the sign-in entry and, last, the environment that ./garrison set up and this runs in."""
    config = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    (Path(config) / "autostart" / "garrison.desktop").unlink(missing_ok=True)
    if home.root.is_dir():
        for path in home.root.iterdir():
            if path.name not in kept:
                _remove_path(path)
        if not any(home.root.iterdir()):
            home.root.rmdir()
    environment = Path(sys.prefix)
    if (environment / "source").is_file() and environment.name.startswith((".venv", "venv-")):
        _remove_path(environment)


def _remove_path(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    except OSError as error:
        raise explain(error, f"remove {path}") from error
