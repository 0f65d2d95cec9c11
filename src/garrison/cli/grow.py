"""Grows commands from manifests. Nothing here knows a component."""

from collections.abc import Callable, Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from garrison.base.errors import Invalid
from garrison.base.text import phrase
from garrison.cli.reader import _, reader
from garrison.cli.values import arguments_of
from garrison.wire.manifest import SUITE, Manifest, Operation, Value

Call = Callable[[Operation, dict[str, Any], bool, bool], int]  # operation, arguments, as JSON, in the background
_OPTIONAL = {"text": str, "integer": int, "number": float}
_WHOLE = 1000  # a short help is never cut
_LIST_HINT = phrase("@FILE stands for the paths in a file, @- for those on standard input.")


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
        """Put the default command in where none is named; while completing, only where something else is."""
        is_named = bool(args) and (args[0] in self.commands or args[0] in {"--help", "-h"})
        if self.default and not is_named and (args or not ctx.resilient_parsing):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the commands, and what the default command takes."""
        offered = super().shell_complete(ctx, incomplete)
        default = self.commands.get(self.default)
        if default is not None:
            inner = default.make_context(self.default, [], parent=ctx, resilient_parsing=True)
            known = {item.value for item in offered}
            offered += [item for item in default.shell_complete(inner, incomplete) if item.value not in known]
            for parameter in default.get_params(inner)[:1]:
                if isinstance(parameter, click.Argument):  # first: bash forgets what stands before "any file"
                    offered = [*parameter.shell_complete(inner, incomplete), *offered]
        return offered

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show how the default command is used, then that there are others."""
        default = self.commands.get(self.default)
        if default is not None and default.params:
            pieces = default.collect_usage_pieces(click.Context(default, parent=ctx))
            formatter.write_usage(ctx.command_path, " ".join(pieces))
            formatter.write_usage(ctx.command_path, "COMMAND [OPTIONS] [ARGUMENTS]", prefix="       ")
        else:
            super().format_usage(ctx, formatter)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say which command is meant when none is named."""
        super().format_epilog(ctx, formatter)
        if self.default:
            path = f"{ctx.command_path} {self.default}"
            formatter.write_paragraph()
            formatter.write_text(
                _("Where no command is named, {command} is meant: {path} --help", command=self.default, path=path)
            )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands, none of their sentences cut."""
        write_commands(self, ctx, formatter, _("Commands"), self.list_commands(ctx))


def write_commands(
    group: click.Group, ctx: click.Context, formatter: click.HelpFormatter, title: str, names: Sequence[str]
) -> None:
    """Write a section of a group's help."""
    found = [(name, group.get_command(ctx, name)) for name in names]
    rows = [(name, entry.get_short_help_str(_WHOLE)) for name, entry in found if entry is not None and not entry.hidden]
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows, col_max=16)


def grow(root: click.Group, manifests: Sequence[Manifest], call: Call) -> None:
    """Add all commands: a group for each component, and the short names that manifests declare."""
    for manifest in manifests:
        for alias, operation in manifest.aliases.items():
            _add_alias(root, manifest, alias, operation, call)
    for manifest in manifests:
        root.add_command(_component(manifest, call))


def _component(manifest: Manifest, call: Call) -> Group:
    group = Group(
        manifest.id,
        help=_(manifest.help),
        short_help=first_line(_(manifest.help)),
        default=manifest.default,
        hidden=manifest.id == SUITE,
        no_args_is_help=True,
    )
    tasks = [operation for operation in manifest.operations if operation.is_task]
    others = [task.name for task in tasks if not any(value.required for value in task.parameters)]
    for operation in manifest.operations:
        ways = [f"garrison {manifest.id} {name}" for name in others] if operation.name == manifest.default else []
        group.add_command(command(operation.name, operation, call, ways))
    return group


def _add_alias(root: click.Group, manifest: Manifest, alias: str, target: str, call: Call) -> None:
    operation = manifest.operation(target.partition(".")[2])
    if operation is None:  # a daemon of another release may have it wrong; the rest works
        return
    first, second = (*alias.split(" ", 1), "")[:2]
    has_more = any(other.startswith(first + " ") for other in manifest.aliases)
    if not has_more:
        root.add_command(command(first, operation, call))
        return
    group = root.commands.get(first)
    if not isinstance(group, Group):
        line = first_line(_(operation.help))
        group = Group(first, help=line, short_help=line, no_args_is_help=True)
        root.add_command(group)
    if second:
        group.add_command(command(second, operation, call))
    else:
        group.default = "show"
        group.no_args_is_help = False
        group.add_command(command("show", operation, call))


def localise(command: click.Command) -> None:
    """Put the help of commands that are not grown into the reader's language; what is in it already stays."""
    t = reader()
    if t is None:
        return
    command.help = command.help and t.message(command.help)
    command.short_help = command.short_help and t.message(command.short_help)
    command.epilog = command.epilog and t.message(command.epilog)
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.help:
            parameter.help = t.message(parameter.help)
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        localise(inner)


def first_line(text: str) -> str:
    """Return the sentence that is the short help."""
    return (text.splitlines() or [""])[0]


def command(name: str, operation: Operation, call: Call, other_ways: Sequence[str] = ()) -> click.Command:
    """Return the command for an operation. other_ways: commands to point to when nothing was given to this one."""

    def run(**given: Any) -> int:
        as_json, background = given.pop("as_json"), given.pop("background", False)
        for value in operation.parameters:
            if value.required and value.many and value.kind == "path" and not given[value.name]:
                raise Invalid(
                    "Nothing was named: {title}.",
                    "{advice}",
                    title=value.title,
                    advice=_hint(other_ways),
                )
        return call(operation, arguments_of(operation, given), as_json, background)

    parameters: list[click.Parameter] = [_parameter(value) for value in operation.parameters]
    parameters.append(click.Option(["--json", "as_json"], is_flag=True, help=_("Print the result as JSON.")))
    if operation.is_task:
        parameters.append(
            click.Option(["--background"], is_flag=True, help=_("Answer at once; let it go on by itself."))
        )
    takes_lists = any(value.required and value.many and value.kind == "path" for value in operation.parameters)
    return click.Command(
        name,
        callback=run,
        params=parameters,
        help=f"{_(operation.help)}\n\n{_(_LIST_HINT)}" if takes_lists else _(operation.help),
        short_help=first_line(_(operation.help)) or _(operation.title),
        hidden=operation.hidden,
    )


def _hint(other_ways: Sequence[str]) -> str:
    if not other_ways:
        return _LIST_HINT
    return phrase("{hint} Or: {commands}.", hint=_LIST_HINT, commands=", ".join(other_ways))


def _parameter(value: Value) -> click.Parameter:
    name, title = value.name.rstrip("_").replace("_", "-"), _(value.title) + "."
    if value.kind == "secret":
        return click.Option(
            [f"--{name}-file", value.name],
            type=click.Path(),
            help=_("A file that holds it, - to be asked: {title}", title=title),
        )
    kind = _type(value)
    if value.required:
        return click.Argument(
            [value.name], type=kind, nargs=-1 if value.many else 1, required=not value.many, metavar=value.name.upper()
        )
    if value.kind == "flag" and not value.many:
        flags = [f"--{name}/--no-{name}"] if value.default else [f"--{name}"]
        return click.Option([*flags, value.name], is_flag=True, default=None, help=title)
    shown = "" if value.default in (None, "", [], False) else " " + _("Default: {default}.", default=value.default)
    return click.Option([f"--{name}", value.name], type=kind, multiple=value.many, default=None, help=title + shown)


def _type(value: Value) -> Any:
    if value.kind == "choice":
        return click.Choice(value.choices)
    if value.kind == "path":
        return click.Path(path_type=str)
    return _OPTIONAL.get(value.kind, str)
