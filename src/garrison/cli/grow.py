"""Grows commands from manifests. Nothing here knows a component."""

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from garrison.base.errors import Invalid
from garrison.wire.manifest import SUITE, Manifest, Operation, Value

Call = Callable[[Operation, dict[str, Any], bool, bool], None]  # operation, arguments, as JSON, in the background
_OPTIONAL = {"text": str, "integer": int, "number": float}


class Group(click.Group):
    """A group that keeps its commands in order, and may take what is no command as its default command's arguments."""

    def __init__(self, *args: Any, default: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.default = default
        if default:
            self.no_args_is_help = False

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order they were added."""
        return [name for name in self.commands if ctx is not None]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command in where none is named."""
        if self.default and not (args and (args[0] in self.commands or args[0] in {"--help", "-h"})):
            args = [self.default, *args]
        return super().parse_args(ctx, args)


def grow(root: click.Group, manifests: Sequence[Manifest], call: Call) -> None:
    """Add all commands: a group for each component, and the short names that manifests declare."""
    by_id = {manifest.id: manifest for manifest in manifests}
    for manifest in manifests:
        for alias, operation in manifest.aliases.items():
            _add_alias(root, manifest, alias, operation, call)
    for manifest in by_id.values():
        root.add_command(_component(manifest, call))


def _component(manifest: Manifest, call: Call) -> Group:
    group = Group(
        manifest.id, help=manifest.help, default=manifest.default, hidden=manifest.id == SUITE, no_args_is_help=True
    )
    for operation in manifest.operations:
        group.add_command(command(operation.name, operation, call))
    return group


def _add_alias(root: click.Group, manifest: Manifest, alias: str, target: str, call: Call) -> None:
    operation = manifest.operation(target.partition(".")[2])
    assert operation is not None
    first, _, second = alias.partition(" ")
    has_more = any(other.startswith(first + " ") for other in manifest.aliases)
    if not has_more:
        root.add_command(command(first, operation, call))
        return
    group = root.commands.get(first)
    if not isinstance(group, Group):
        group = Group(first, help=first_line(operation), no_args_is_help=True)
        root.add_command(group)
    if second:
        group.add_command(command(second, operation, call))
    else:
        group.default = "show"
        group.no_args_is_help = False
        group.add_command(command("show", operation, call))


def first_line(operation: Operation) -> str:
    """Return the sentence that is an operation's help."""
    return (operation.help.splitlines() or [operation.title])[0]


def command(name: str, operation: Operation, call: Call) -> click.Command:
    """Return the command for an operation."""

    def run(**given: Any) -> None:
        as_json, background = given.pop("as_json"), given.pop("background", False)
        call(operation, _arguments(operation, given), as_json, background)

    parameters: list[click.Parameter] = [_parameter(value) for value in operation.parameters]
    parameters.append(click.Option(["--json", "as_json"], is_flag=True, help="Print the result as JSON."))
    if operation.is_task:
        parameters.append(click.Option(["--background"], is_flag=True, help="Answer at once; let it go on by itself."))
    return click.Command(
        name,
        callback=run,
        params=parameters,
        help=operation.help,
        short_help=first_line(operation),
        hidden=operation.hidden,
    )


def _parameter(value: Value) -> click.Parameter:
    name, title = value.name.replace("_", "-"), value.title + "."
    if value.kind == "secret":
        return click.Option([f"--{name}-file", value.name], type=click.Path(), help=f"A file that holds it: {title}")
    kind = _type(value)
    if value.required:
        required = not value.many or bool(value.limits.get("minItems"))
        return click.Argument(
            [value.name], type=kind, nargs=-1 if value.many else 1, required=required, metavar=value.name.upper()
        )
    if value.kind == "flag" and not value.many:
        flags = [f"--{name}/--no-{name}"] if value.default else [f"--{name}"]
        return click.Option([*flags, value.name], is_flag=True, default=None, help=title)
    shown = "" if value.default in (None, "", [], False) else f" Default: {value.default}."
    return click.Option([f"--{name}", value.name], type=kind, multiple=value.many, default=None, help=title + shown)


def _type(value: Value) -> Any:
    if value.kind == "choice":
        return click.Choice(value.choices)
    if value.kind == "path":
        return click.Path(path_type=str)
    return _OPTIONAL.get(value.kind, str)


def _arguments(operation: Operation, given: dict[str, Any]) -> dict[str, Any]:
    """Return what the door is to get: what was given, paths absolute, secrets read."""
    arguments = {}
    for value in operation.parameters:
        raw = given[value.name]
        if raw is None or (value.many and not raw and not value.required):
            continue
        if value.kind == "path":
            raw = _paths(raw) if value.many else os.path.abspath(raw)
        elif value.kind == "secret":
            raw = _secret(raw)
        elif value.many:
            raw = list(raw)
        arguments[value.name] = raw
    return arguments


def _paths(given: Sequence[str]) -> list[str]:
    """Make paths absolute; @FILE stands for the paths in a file, one a line."""
    paths: list[str] = []
    for entry in given:
        paths += _listed(entry[1:]) if entry.startswith("@") else [os.path.abspath(entry)]
    return paths


def _listed(name: str) -> list[str]:
    try:
        content = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise Invalid(f"The list {name} cannot be read: {(error.strerror or '').lower()}.") from error
    return [os.path.abspath(os.fsdecode(line)) for line in content.splitlines() if line]


def _secret(path: str) -> str:
    """Return a secret from a file, less one trailing newline."""
    try:
        return Path(path).read_text("utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"The file {path} cannot be read.") from error
