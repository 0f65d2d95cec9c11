"""Shows answers: sentences, tables; or plain JSON."""

import json
import os
import re
import sys
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.base.text import printable

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
        for text, values in says:
            print(printable(fill(text, values)))  # one line each: a line break in a name is shown as an escape
    elif isinstance(result, list):
        table(result)
    elif isinstance(result, dict):
        for name, value in result.items():
            print(f"{printable(name)}: {cell(value)}")


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
    answer({"result": {"text": text, **result}, "says": [["{text}", {"text": text}]]}, as_json)


def error(problem: GarrisonError, as_json: bool) -> None:
    """Show what went wrong."""
    if as_json:
        answer({"result": {"error": problem.to_plain()}}, as_json)
        return
    print(f"garrison: {printable(problem.text)}", file=sys.stderr)
    if problem.hint:
        print(f"  {printable(problem.hint)}", file=sys.stderr)
    elif problem.fix:
        print(f"  To mend it: garrison {printable(problem.fix.replace('.', ' '))}", file=sys.stderr)


def cancelled(as_json: bool) -> None:
    """Show that a command was cut short by whoever ran it; on a terminal they know."""
    if as_json:
        answer({"result": {"error": {"code": "cancelled", "text": "Cancelled.", "hint": "", "fix": ""}}}, as_json)


def cell(value: Any) -> str:
    """Return a value as a table shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return printable(", ".join(f"{name}={cell(entry)}" for name, entry in value.items()))
    if isinstance(value, list):
        return printable(", ".join(cell(entry) for entry in value))
    return "" if value is None else printable(str(value))


def table(rows: list[Any]) -> None:
    """Show rows: as a table when a person looks on, with tabs between the cells when a program does."""
    if not rows:
        print("Nothing.")
        return
    if not isinstance(rows[0], dict):
        print("\n".join(cell(row) for row in rows))
        return
    # What is empty everywhere tells nothing; details are for programs, the sentence beside them is for people.
    filled = [name for name in rows[0] if any(row.get(name) not in (None, "", [], {}) for row in rows)]
    names = [name for name in filled if name != "details"]
    if not sys.stdout.isatty():
        print("\t".join(names))
        for row in rows:
            print("\t".join(cell(row.get(name)) for name in names))
        return
    from rich.console import Console  # noqa: PLC0415 # late: most commands need no table
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        shown.add_column(Text(name.replace("_", " ")), overflow="fold")
    for row in rows:
        shown.add_row(*(Text(cell(row.get(name))) for name in names))
    Console(markup=False, highlight=False).print(shown)
