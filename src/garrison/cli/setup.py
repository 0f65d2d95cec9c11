"""garrison setup: the first questions, on the terminal or from a file, and what follows from the answers."""

import json
import os
import sys
import tomllib
from collections.abc import Iterable

import click

from garrison.base.errors import Invalid
from garrison.base.text import printable
from garrison.cli import password, reader
from garrison.cli.reader import _
from garrison.cli.session import Session
from garrison.wire.manifest import SUITE, Purpose

_OPERATION = "suite.set-up"
_CAP_BYTES = 64 * 1024


def setup_command(session: Session) -> click.Command:
    """Return the command."""

    @click.command(
        "setup",
        short_help="Set Garrison up: language, consents, settings, first update and scan.",
        help="Set Garrison up: asks for the language, the terms, your consents, a password, and whether to update and "
        "scan now. With --preseed, the answers are in a file (TOML), and nobody is asked; a mistake in it, and nothing "
        "is done.",
    )
    @click.option("--preseed", type=click.Path(), help="A file with the answers.")
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    def setup(preseed: str | None, as_json: bool) -> int:
        if preseed is None and not sys.stdin.isatty():
            raise Invalid("Nobody is there to answer.", "Give the answers in a file: garrison setup --preseed FILE")
        answers, secret = _asked(session) if preseed is None else _given(preseed)
        session.start_lasting()
        arguments = {"answers": answers, **({"password": secret} if secret else {})}
        return session.show(session.ask(_OPERATION, arguments, "Set up", as_json), as_json)

    return setup


def _given(file: str) -> tuple[str, str]:
    """Return the answers in a file, and the password in the file that it names."""
    try:
        with open(file, "rb") as opened:
            text = opened.read(_CAP_BYTES + 1).decode("utf-8")
    except OSError as error:
        raise Invalid("{file} cannot be read: {why}.", file=file, why=(error.strerror or "").lower()) from error
    except UnicodeDecodeError as error:
        raise Invalid("{file} is no text in UTF-8.", file=file) from error
    if len(text) > _CAP_BYTES:
        raise Invalid("{file} is too long for a few answers.", file=file)
    try:
        named = tomllib.loads(text).get("password-file", "")
    except (ValueError, RecursionError):
        return text, ""  # the suite says what is wrong with it
    if not isinstance(named, str) or not named:
        return text, ""
    return text, password.secret_in(os.path.join(os.path.dirname(os.path.abspath(file)), named))


def _asked(session: Session) -> tuple[str, str]:
    """Ask a person, and return the answers as the file would hold them, and the password."""
    language = _language()
    reader.speak(language)
    lines = [f"language = {json.dumps(language)}"]
    consents = []
    for name, purpose in _purposes(session):
        is_given = _agreed(purpose)
        if name == f"{SUITE}.terms":
            lines.append(f"accept-terms = {_word(is_given)}")
        else:
            consents.append(f"{json.dumps(name)} = {_word(is_given)}")
    for flag, question in (
        ("recommended-settings", _("Use the recommended settings?")),
        ("first-update", _("Update the databases now?")),
        ("first-scan", _("Scan what matters most now?")),
    ):
        lines.append(f"{flag} = {_word(click.confirm(question, default=True, err=True))}")
    secret = ""
    if click.confirm(_("Protect the management by a password?"), default=False, err=True):
        secret = password.asked(_("The new password:") + " ", _("Once more: "))
    return "\n".join([*lines, "[consents]", *consents]) + "\n", secret


def _language() -> str:
    """Ask for one of the languages that there are, that of the surroundings by default."""
    from garrison.base.languages import ENGLISH, LANGUAGES, available  # noqa: PLC0415 # late: only this wants them

    there = available()
    for code in there:
        click.echo(f"  {code}  {LANGUAGES[code].name}", err=True)
    t = reader.reader()
    default = ENGLISH if t is None else t.language.code
    choice = click.Choice(there)
    return str(click.prompt(_("Language"), default=default, type=choice, show_choices=False, err=True))


def _purposes(session: Session) -> Iterable[tuple[str, Purpose]]:
    """Return the purposes to ask for now by their names, the terms first."""
    found = [
        (f"{manifest.id}.{purpose.id}", purpose)
        for manifest in session.manifests()
        for purpose in manifest.purposes
        if not purpose.later
    ]
    return sorted(found, key=lambda each: not each[0].startswith(f"{SUITE}."))


def _agreed(purpose: Purpose) -> bool:
    click.echo(f"\n{printable(_(purpose.title))}\n  {printable(_(purpose.text))}", err=True)
    return click.confirm(_("Do you agree?"), default=False, err=True)


def _word(is_so: bool) -> str:
    return "true" if is_so else "false"
