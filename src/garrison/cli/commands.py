"""The few commands that are not grown: those that begin and end the suite itself, and those of other programs."""

import os
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from garrison.base.errors import EXIT_CANCELLED, EXIT_DONE, GarrisonError, Invalid
from garrison.base.paths import Home, own_program
from garrison.base.text import phrase
from garrison.cli import show
from garrison.cli.completion import completion_command
from garrison.cli.reader import _
from garrison.cli.session import Session
from garrison.cli.setup import setup_command
from garrison.cli.uninstall import uninstall_command
from garrison.cli.upgrade import upgrade_command
from garrison.cli.values import paths as absolute_paths
from garrison.wire.manifest import SUITE, Manifest

_NEXT = phrase("""
What next?
  garrison status             how things stand
  garrison scan PATH          scan a file or folder
  garrison quarantine         what was taken out of the way
  garrison console            all of it in your browser
  garrison sign-in on         start Garrison when you sign in (it does not by itself)
  garrison --help             everything else""")

_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


def add_own_commands(root: click.Group, session: Session, manifests: Sequence[Manifest]) -> None:
    """Add start, stop, restart, upgrade, completion, uninstall and publisher."""
    components = [manifest.id for manifest in manifests if manifest.id != SUITE]
    for command in (_start(session), _stop(session), _restart(session)):
        for parameter in command.params:
            if parameter.name == "component":
                parameter._custom_shell_complete = _offer(components)  # noqa: SLF001 # click takes it at birth only
        root.add_command(command)
    root.add_command(completion_command())
    root.add_command(upgrade_command(session))
    root.add_command(uninstall_command(session))
    root.add_command(setup_command(session))
    root.add_command(_handed_over("tray", "garrison.tray", "Show notices and Garrison's state on your desktop."))
    root.add_command(_handed_over("publisher", "garrison.office.publisher", "Publish signed databases for an office."))


def _offer(names: Sequence[str]) -> Any:
    def offer(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]

    return offer


def _handed_over(name: str, module: str, about: str) -> click.Command:
    """Return the command that another program of ours takes over, with all that follows it."""

    @click.command(
        name,
        help=about,
        add_help_option=False,
        context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    )
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def run(arguments: tuple[str, ...]) -> None:
        command = [*own_program(module), *arguments]
        os.execv(command[0], command)  # noqa: S606 # it is our own interpreter

    return run


def _start(session: Session) -> click.Command:
    @click.command(
        "start",
        short_help="Start Garrison and make a first scan; or switch a component on.",
        help="Start Garrison in the background and make a first scan of what matters most: documents, downloads, "
        "desktop, and what starts by itself. The rest of the home folder goes on in the background. "
        "With COMPONENT, switch that component on, and start Garrison for it.",
    )
    @click.argument("component", required=False)
    @click.option("--scan", "paths", multiple=True, type=click.Path(path_type=str), help="Scan this (repeatable).")
    @click.option("--no-scan", is_flag=True, help="Make no first scan.")
    @_json
    def start(component: str | None, paths: tuple[str, ...], no_scan: bool, as_json: bool) -> int:
        if no_scan and paths:
            raise Invalid("--scan and --no-scan exclude each other.")
        if component is not None:
            if paths or no_scan:
                raise Invalid(
                    "A component is switched on without a scan.", "garrison start {component}", component=component
                )
            answer = session.ask("suite.start", {"component": component}, "", as_json)
            session.start_lasting()  # it protects for as long as the suite runs
            return session.show(answer, as_json)
        return _start_suite(session, absolute_paths(paths), not no_scan, as_json)

    return start


def _start_suite(session: Session, paths: list[str], is_to_scan: bool, as_json: bool) -> int:
    is_started = session.start_lasting()
    if not as_json:
        show.sentence(_running(is_started, session.home), as_json)
        if session.is_of_another_release:
            show.sentence("It is of another release; to change to this one: garrison restart", as_json)
    code = _first_scan(session, paths, as_json) if is_to_scan else EXIT_DONE
    if code == EXIT_CANCELLED and as_json:
        return code
    session.show(session.suite().call("suite.status", {}), as_json)
    if not as_json:
        print(_(_NEXT))
    return code


def _running(is_started: bool, home: Home) -> str:
    if is_started and home.is_system:
        return phrase("Garrison is running for this computer. Its files: {path}", path=home.root)
    if is_started:
        return phrase("Garrison is running for your account. Its files: {path}", path=home.root)
    if home.is_system:
        return phrase("Garrison was running already for this computer. Its files: {path}", path=home.root)
    return phrase("Garrison was running already for your account. Its files: {path}", path=home.root)


def _first_scan(session: Session, paths: list[str], as_json: bool) -> int:
    """Return the scan's code where --scan named what to scan; else the suite is up, and that is what counts."""
    try:
        message = session.ask("suite.first-scan", {"paths": paths}, "First scan", as_json)
    except GarrisonError as error:
        if paths or as_json:
            raise
        show.error(error, as_json)
        return EXIT_DONE
    code = int(message.get("exit", EXIT_DONE))
    is_cancelled = code == EXIT_CANCELLED
    if not as_json and message.get("says"):
        show.answer(message, as_json)
        if not paths and not is_cancelled:
            show.sentence("The rest of your home folder is being scanned in the background: garrison jobs", as_json)
    elif is_cancelled:
        show.cancelled(as_json)
    return code if paths or is_cancelled else EXIT_DONE


def _stop(session: Session) -> click.Command:
    @click.command("stop", help="Stop Garrison and all it started; or switch a component off.")
    @click.argument("component", required=False)
    @_json
    def stop(component: str | None, as_json: bool) -> int:
        if component is not None:
            return session.show(session.ask("suite.stop", {"component": component}, "", as_json), as_json)
        was_running = session.stop_suite()
        text = phrase("Garrison has stopped." if was_running else "Garrison was not running.")
        show.sentence(text, as_json, was_running=was_running)
        return EXIT_DONE

    return stop


def _restart(session: Session) -> click.Command:
    @click.command("restart", help="Stop Garrison and start it again; or restart a component.")
    @click.argument("component", required=False)
    @_json
    def restart(component: str | None, as_json: bool) -> int:
        if component is not None:
            return session.show(session.ask("suite.restart", {"component": component}, "", as_json), as_json)
        session.stop_suite()
        session.start_lasting()
        session.show(session.suite().call("suite.status", {}), as_json)
        return EXIT_DONE

    return restart
