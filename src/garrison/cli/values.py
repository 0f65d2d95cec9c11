"""What was typed, as the door takes it: paths absolute, lists and secrets read from their files."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from garrison.base.errors import Invalid
from garrison.cli import password
from garrison.wire.manifest import Operation

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def arguments_of(operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the door is to get; what was not given is left to its defaults."""
    arguments = {}
    for value in operation.parameters:
        raw = given[value.name]
        if raw is None and value.kind == "secret" and value.required:
            option = f"--{value.name.replace('_', '-')}-file"
            arguments[value.name] = password.required(value.title, option, twice=operation.name.endswith("-set"))
            continue
        if raw is None or (value.many and not raw and not value.required):
            continue
        if value.kind == "path":
            raw = paths(raw) if value.many else absolute(raw)
        elif value.kind == "place":
            raw = [place(each) for each in raw] if value.many else place(raw)
        elif value.kind == "place-or-name":
            raw = raw if _is_name(raw) else place(raw)
        elif value.kind == "secret":
            raw = password.secret_in(raw)
        elif value.many:
            raw = list(raw)
        arguments[value.name] = raw
    return arguments


def absolute(path: str) -> str:
    """Return a path that means the same from anywhere. `..` leaves the folder a link leads to, as the kernel has it."""
    if not path:
        raise Invalid("An empty text is no path.")
    try:
        if ".." in path.split("/"):
            folder, name = os.path.split(path.rstrip("/"))
            if name in {"", ".", ".."}:
                return os.path.realpath(path)
            return os.path.join(os.path.realpath(folder), name)
        return os.path.abspath(path)
    except FileNotFoundError as error:
        raise Invalid("The folder this runs in does not exist any more.", "Change to another one.") from error


def place(text: str) -> str:
    """Return an address as it is, and a path that means the same from anywhere; ~ is the home folder, as in shells."""
    return text if "://" in text else absolute(os.path.expanduser(text))


def _is_name(text: str) -> bool:
    """Return whether a text is a name and no path: ./NAME is the file that is called so."""
    return bool(text) and "/" not in text and not text.startswith((".", "~"))


def paths(given: Sequence[str]) -> list[str]:
    """Make paths absolute; @FILE stands for the paths in a file, @- for those on standard input."""
    found: list[str] = []
    for entry in given:
        found += _listed(entry[1:]) if entry.startswith("@") else [absolute(entry)]
    return found


def _listed(name: str) -> list[str]:
    """Return the paths in a list: one a line, or ended by NUL bytes (find -print0) where there are any."""
    shown = "on standard input" if name == "-" else name
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name or ".").read_bytes()
    except OSError as error:
        raise Invalid(
            "The list {shown} cannot be read: {why}.", shown=shown, why=(error.strerror or "").lower()
        ) from error
    content = content.removeprefix(_BYTE_ORDER_MARK)
    lines = content.split(b"\0") if b"\0" in content else [line.removesuffix(b"\r") for line in content.split(b"\n")]
    found = [absolute(os.fsdecode(line)) for line in lines if line]
    if not found:
        raise Invalid("The list {shown} is empty.", shown=shown)
    return found
