"""garrison console: opens the console in the browser, signed in."""

import os
import shutil
from pathlib import Path

import click

from garrison.base.errors import EXIT_DONE
from garrison.base.files import explain, write_atomically
from garrison.base.text import phrase
from garrison.cli import show
from garrison.cli.session import Session

_OPENERS = ("xdg-open", "sensible-browser", "x-www-browser")
_NAME = "garrison-console.html"


def add_opening(root: click.Group, session: Session) -> None:
    """Let `garrison console` open the browser, which the suite itself has no screen for."""
    group = root.commands.get("console")
    if isinstance(group, click.Group):
        group.add_command(_open_command(session), "open")
        group.add_command(_scan_command(session), "scan")


def _open_command(session: Session) -> click.Command:
    """Return the command that opens the console."""

    @click.command(
        "open",
        short_help="Open the console in your browser.",
        help="Open the console in your browser, signed in. Its address works once, and for a minute; with --print-url "
        "it is printed, for a browser elsewhere on this computer.",
    )
    @click.option("--print-url", is_flag=True, help="Print the address instead of opening it.")
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    def command(print_url: bool, as_json: bool) -> int:
        session.start_lasting()  # the console is there for as long as the suite runs
        answer = session.suite().call("console.open", {})
        if print_url or as_json:
            return session.show(answer, as_json)
        return _shown(str(answer["result"]["url"]))

    return command


def _scan_command(session: Session) -> click.Command:
    """Return the command behind “Scan with Garrison” in file managers."""

    @click.command(
        "scan",
        short_help="Scan files and folders, and watch it in your browser.",
        help="Scan files and folders, and watch it in your browser; file managers call this.",
    )
    @click.argument("paths", nargs=-1, required=True, type=click.Path())
    def command(paths: tuple[str, ...]) -> int:
        session.start_lasting()
        arguments = {"paths": [os.path.abspath(path) for path in paths]}
        job = session.suite().call("scan.files", arguments, background=True)["result"]["job"]
        url = str(session.suite().call("console.open", {})["result"]["url"])
        return _shown(f"{url}&next=/jobs/{job}")

    return command


def _shown(url: str) -> int:
    if _open(url):
        show.sentence("The console opens in your browser.", as_json=False)
    else:
        text = phrase("Open this address in your browser, once, within a minute: {url}", url=url)
        show.sentence(text, as_json=False)
    return EXIT_DONE


def _own_folder() -> str:
    from tempfile import mkdtemp  # noqa: PLC0415 # late: few need it, and it costs 10 ms

    return mkdtemp(prefix="garrison-")


def _open(url: str) -> bool:
    """Have the browser open an address; return whether there is one.

    The address is handed over in a file that only this account may read: everybody may read the command lines of
    programs (proc(5)), and whoever is first to use it is let in.
    """
    opener = next((found for name in _OPENERS if (found := shutil.which(name))), None)
    if opener is None or not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    address = url.replace("&", "&amp;")
    page = f'<!doctype html><meta http-equiv="refresh" content="0; url={address}"><title>Garrison</title>\n'
    path = Path(os.environ.get("XDG_RUNTIME_DIR") or _own_folder()) / _NAME
    write_atomically(path, page.encode("utf-8"))
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    try:
        os.posix_spawn(opener, [opener, str(path)], os.environ, file_actions=nothing, setsid=True)
    except OSError as error:
        raise explain(error, "start {path}", path=opener) from error
    return True
