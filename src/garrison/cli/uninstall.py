"""Removes what Garrison made, and nothing else: only names it knows, and only where they bear its mark."""

import os
import shutil
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from garrison.base.errors import EXIT_DONE, Invalid, Refused
from garrison.base.files import explain
from garrison.base.paths import SYSTEM_HOME, Home, account_home
from garrison.base.text import message, phrase
from garrison.cli import show
from garrison.cli.reader import _
from garrison.cli.session import Session

_KEEP = ("settings", "quarantine", "journal", "exclusions", "false-alarms", "schedule", "scan")
_KEPT_BY_DEFAULT = ("settings", "quarantine", "exclusions")
_OTHERS = (
    "background-scan",
    "databases",
    "fetch",
    "file-protection",
    "guard",
    "mirror",
    "notifications",
    "password",
    "pause",
    "removable-drives",
    "response",
    "self-test",
    "system-watcher",
    "system-watcher-proof",
    "unchanged",
    "updates",
    "versions",
)  # state, besides what may be kept: each with a version file
_SIGN_IN = ("garrison.desktop", "garrison-sign-in-tray.desktop")
_LOOSE = {  # in folders without a version file, only these files are ours
    "run": ("door.sock", "lock"),
    "log": ("daemon.log", "daemon.log.1", "daemon.log.2", "daemon.log.3", "daemon.stderr"),
}
_VERSION_LENGTH = 20


def uninstall_command(session: Session) -> click.Command:
    """Return the command."""

    @click.command(
        "uninstall",
        short_help="Stop Garrison and remove what it made; you say what to keep.",
        help="Stop Garrison and remove what it made. The settings, the exclusions and the files in quarantine are "
        "kept unless you say otherwise.",
    )
    @click.option("--keep", multiple=True, type=click.Choice(_KEEP), help="Keep this, and only this (repeatable).")
    @click.option("--keep-nothing", is_flag=True, help="Keep nothing; files in quarantine are then lost.")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    def uninstall(keep: tuple[str, ...], keep_nothing: bool, yes: bool, as_json: bool) -> int:
        if keep and keep_nothing:
            raise Invalid("--keep and --keep-nothing exclude each other.")
        kept = () if keep_nothing else keep or _KEPT_BY_DEFAULT
        _check_owner(session.home)
        if not yes:
            _confirm(session.home, kept)
        if (session.home.root / "password" / "password.json").exists():
            session.ask("suite.allow-removal", {}, "Remove Garrison", as_json)
        session.stop_suite()
        left = _remove_state(session.home, kept)
        _remove_sign_in(session.home)
        is_alone = _remove_environment()
        text = phrase("Garrison was removed.")
        if left:
            text = phrase(
                "Garrison was removed. Left in {path}: {names}.", path=session.home.root, names=", ".join(left)
            )
        if is_alone:
            checkout = Path(os.environ["GARRISON_LAUNCHER"]).parent
            text = phrase("{text} What remains is the checkout itself: {path}", text=text, path=checkout)
        show.sentence(text, as_json, left=left)
        return EXIT_DONE

    return uninstall


def _check_owner(home: Home) -> None:
    try:
        owner = home.root.stat().st_uid
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain(error, f"look at {home.root}") from error
    if owner != os.geteuid():
        raise Refused("{root} belongs to another account.", "Run this as that account.", root=home.root)


def _confirm(home: Home, kept: Sequence[str]) -> None:
    blobs = 0 if "quarantine" in kept else len(list((home.root / "quarantine").glob("*.blob")))
    but = ", ".join(kept) or phrase("nothing")
    text = phrase("This removes Garrison's files in {path}, but for: {kept}.", path=home.root, kept=but)
    if blobs:
        lost = message(
            "{count} file in quarantine will be lost.",
            {},
            many="{count} files in quarantine will be lost.",
            count=blobs,
        )
        text = phrase("{text} {lost}", text=text, lost=lost)
    if not sys.stdin.isatty():
        raise Invalid("{why} Nobody is there to confirm it.", "Say --yes to go on without asking.", why=text)
    click.echo(_(text), err=True)
    if not click.confirm(_("Go on?"), err=True):
        raise click.Abort


def _remove_state(home: Home, kept: Sequence[str]) -> list[str]:
    """Remove state, but for what is kept and what is not certain to be ours; return the names that are left."""
    if not home.root.is_dir():
        return []
    for name in _known(home):
        if name not in kept:
            _remove_tree(home.root / name)
    for name, files in _LOOSE.items():
        _remove_loose(home.root / name, files)
    left = sorted(path.name for path in home.root.iterdir())
    if not left:
        _try_rmdir(home.root)
    return left


def _known(home: Home) -> Iterator[str]:
    for name in (*_KEEP, *_OTHERS):
        if _is_ours(home.root / name):
            yield name


def _is_ours(folder: Path) -> bool:
    """Return whether a folder of state was made by us: a real folder, of this account, with a version in it."""
    try:
        about = folder.lstat()
        marker = (folder / "version").lstat()
        if not stat.S_ISDIR(about.st_mode) or not stat.S_ISREG(marker.st_mode):
            return False
        if about.st_uid != os.geteuid() or marker.st_size > _VERSION_LENGTH or os.path.ismount(folder):
            return False
        return (folder / "version").read_text("ascii").strip().isdigit()
    except (OSError, UnicodeDecodeError):
        return False


def _remove_tree(path: Path) -> None:
    try:
        shutil.rmtree(path)
    except OSError as error:
        raise explain(error, f"remove {path}") from error


def _remove_loose(folder: Path, files: Sequence[str]) -> None:
    if folder.is_symlink() or not folder.is_dir():
        return
    for name in files:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise explain(error, f"remove {folder / name}") from error
    _try_rmdir(folder)


def _try_rmdir(folder: Path) -> None:
    """Remove a folder if it is empty."""
    try:
        folder.rmdir()
    except OSError:
        return


def _remove_sign_in(home: Home) -> None:
    """Remove the sign-in entries, which start the account's own suite: not when a portable one is removed."""
    if os.environ.get("GARRISON_HOME") or home.root == SYSTEM_HOME:
        return
    config = os.environ.get("XDG_CONFIG_HOME", "")
    folder = Path(config) if config.startswith("/") else Path(os.environ.get("HOME") or account_home()) / ".config"
    for name in _SIGN_IN:
        _remove_entry(folder / "autostart" / name)


def _remove_entry(entry: Path) -> None:
    try:
        if b"Name=Garrison\n" in entry.read_bytes():
            entry.unlink()
    except FileNotFoundError:
        return
    except OSError as error:
        raise explain(error, f"remove {entry}") from error


def _remove_environment() -> bool:
    """Remove, last of all, the environment that ./garrison set up for this very checkout, and that this runs in.

    A portable suite leaves it: the account's own uses it too.
    """
    launcher, environment = os.environ.get("GARRISON_LAUNCHER"), Path(sys.prefix)
    if not launcher or os.environ.get("GARRISON_HOME"):
        return False
    try:
        source = os.fsdecode((environment / "source").read_bytes())
    except OSError:
        return False
    if source != os.path.dirname(launcher) or not environment.name.startswith((".venv", "venv-")):
        return False
    _remove_tree(environment)
    environment.with_name(f"{environment.name}.lock").unlink(missing_ok=True)
    if environment.name.startswith("venv-"):
        _try_rmdir(environment.parent)
    return True
