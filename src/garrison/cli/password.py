"""Asking a person for a password, on the terminal, or taking it from a file; never from the command itself."""

import sys
from getpass import getpass
from pathlib import Path

from garrison.base.errors import GarrisonError, Invalid, PasswordNeeded, Refused
from garrison.base.text import printable
from garrison.cli.reader import _
from garrison.wire.client import Client

_TRIES = 3


def secret_in(path: str) -> str:
    """Return a secret from a file, less one trailing newline; for - it is asked for, or read from the input."""
    if path == "-":
        return asked(_("It stays unseen: ")) if sys.stdin.isatty() else sys.stdin.readline().removesuffix("\n")
    try:
        return Path(path).read_text("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid("The file {path} cannot be read.", path=path) from error


def asked(prompt: str, again: str = "") -> str:
    """Return what a person typed unseen; typed twice alike where `again` asks for that. Raises Invalid."""
    given = getpass(prompt)
    if again and getpass(again) != given:
        raise Invalid("The two are not the same.", "Try again.")
    return given


def required(title: str, option: str, *, twice: bool) -> str:
    """Return a secret that an operation needs and the command did not name a file for. Raises Invalid."""
    if not sys.stdin.isatty():
        raise Invalid("Nobody is there to be asked: {title}.", "Name a file that holds it: {option} FILE, or - for "
                      "the standard input.", title=title, option=option)  # fmt: skip
    return asked(f"{_(title)}: ", _("Once more: ") if twice else "")


def unlock(client: Client, needed: PasswordNeeded, file: str) -> None:
    """Give the password that something needs, so that it can be asked for again. Raises what refused it."""
    if file:
        client.call("suite.unlock", {"password": secret_in(file)})
        return
    if not sys.stdin.isatty():
        hint = "On a terminal it is asked for; else: garrison --password-file FILE COMMAND"
        raise PasswordNeeded(needed.text, hint)
    print(printable(_(needed.text)), file=sys.stderr)
    for left in range(_TRIES - 1, -1, -1):
        try:
            client.call("suite.unlock", {"password": asked(_("Password: "))})
        except Refused as error:
            if not left:
                raise
            _say(error)
        else:
            return


def _say(error: GarrisonError) -> None:
    print(f"  {printable(_(error.text))}", file=sys.stderr)
