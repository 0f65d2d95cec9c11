"""Shows answers: sentences, tables; or plain JSON."""

import json
import os
import re
import sys
from collections.abc import Mapping
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.base.text import printable
from garrison.cli import reader
from garrison.cli.reader import _

NOTHING: Mapping[str, Any] = {}
_NAMED = re.compile(r"\{(\w+)\}|\{\{|\}\}")


def fill(text: str, values: dict[str, Any]) -> str:
    """Return a sentence with its values, as the door sent them. A value that looks like a name is left alone."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name is None:
            return match[0][0]
        found = values.get(name, match[0])
        return "" if found is None else str(found)

    return _NAMED.sub(value, text)


def answer(message: dict[str, Any], as_json: bool) -> None:
    """Show what the door answered. Whoever reads may have gone (a pipe into head): that changes no exit code."""
    try:
        _answer(message, as_json)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _answer(message: dict[str, Any], as_json: bool) -> None:
    result, says = message.get("result"), message.get("says") or []
    if as_json:
        print(json.dumps(result, indent=2, ensure_ascii=True))
    elif says:
        for text in _sentences(message):
            print(printable(text))  # one line each: a line break in a name is shown as an escape
    elif isinstance(result, list):
        table(result, message.get("texts") or {})
    elif isinstance(result, dict):
        for name, value in result.items():
            print(f"{printable(reader.heading(name))}: {cell(value, message.get('texts') or {})}")


def _sentences(message: dict[str, Any]) -> list[str]:
    """Return what an answer says, in the reader's language."""
    texts, sentences = message.get("texts"), message.get("sentences")
    if texts is not None and sentences is not None:
        return [reader.told(sentence, texts) for sentence in sentences]
    return [fill(reader._(text), values) for text, values in message["says"]]


def raw(text: str) -> bool:
    """Write a text that was made to be read by programs; return whether there still is somebody who reads."""
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return False
    return True


def sentence(text: str, as_json: bool, **result: Any) -> None:
    """Show a sentence of the command line's own."""
    answer({"result": {"text": text, **result}, "says": [["{text}", {"text": text if as_json else _(text)}]]}, as_json)


def error(problem: GarrisonError, as_json: bool) -> None:
    """Show what went wrong."""
    if as_json:
        answer({"result": {"error": problem.to_plain()}}, as_json)
        return
    print(f"garrison: {printable(_(problem.text))}", file=sys.stderr)
    if problem.hint:
        print(f"  {printable(_(problem.hint))}", file=sys.stderr)
    elif problem.fix:
        mend = _("To mend it: garrison {command}", command=problem.fix.replace(".", " "))
        print(f"  {printable(mend)}", file=sys.stderr)


def cancelled(as_json: bool) -> None:
    """Show that a command was cut short by whoever ran it; on a terminal they know."""
    if as_json:
        answer({"result": {"error": {"code": "cancelled", "text": "Cancelled.", "hint": "", "fix": ""}}}, as_json)


def cell(value: Any, texts: Mapping[str, Any] = NOTHING) -> str:
    """Return a value as a table shows it. texts: what those of an answer were made of (wire.texts)."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dict):
        return printable(", ".join(f"{name}={cell(entry, texts)}" for name, entry in value.items()))
    if isinstance(value, list):
        return printable(", ".join(cell(entry, texts) for entry in value))
    if isinstance(value, str):
        return printable(reader.told(value, texts))
    return "" if value is None else printable(str(value))


def table(rows: list[Any], texts: Mapping[str, Any] = NOTHING) -> None:
    """Show rows: as a table when a person looks on, with tabs between the cells when a program does."""
    if not rows:
        print(_("Nothing."))
        return
    if not isinstance(rows[0], dict):
        print("\n".join(cell(row, texts) for row in rows))
        return
    # What is empty everywhere tells nothing; details are for programs, the sentence beside them is for people.
    filled = [name for name in rows[0] if any(row.get(name) not in (None, "", [], {}) for row in rows)]
    names = [name for name in filled if name != "details"]
    if not sys.stdout.isatty():
        print("\t".join(map(reader.heading, names)))
        for row in rows:
            print("\t".join(cell(row.get(name), texts) for name in names))
        return
    from rich.console import Console  # noqa: PLC0415 # late: most commands need no table
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        shown.add_column(Text(reader.heading(name).replace("_", " ")), overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell(row.get(name), texts)) for name in names))
    Console(markup=False, highlight=False).print(shown)
