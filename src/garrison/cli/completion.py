"""Completion for bash, zsh and fish: the scripts, and how to install them."""

import os
import re
import shlex

import click

from garrison.base.errors import EXIT_DONE, Invalid

_SHELLS = ("bash", "zsh", "fish")
_INSTALL = {
    "bash": 'Put this into ~/.bashrc:  eval "$({garrison} completion bash)"',
    "zsh": 'Put this into ~/.zshrc, after compinit:  eval "$({garrison} completion zsh)"',
    "fish": "Run this once:  {garrison} completion fish > ~/.config/fish/completions/garrison.fish",
}


def completion_command() -> click.Command:
    """Return the command that prints a completion script."""

    @click.command(
        "completion",
        short_help="Complete commands with the Tab key: how, and the script for it.",
        help="Print the completion script for a shell; without SHELL, say how to install it.",
    )
    @click.argument("shell", required=False, type=click.Choice(_SHELLS))
    @click.pass_context
    def completion(context: click.Context, shell: str | None) -> int:
        print(_script(context, shell) if shell else _how_to())
        return EXIT_DONE

    return completion


def _program() -> str:
    """Return how the shell calls this: by its path where it runs from a checkout."""
    return shlex.quote(os.environ.get("GARRISON_LAUNCHER") or "garrison")


def _how_to() -> str:
    own = os.path.basename(os.environ.get("SHELL", ""))
    shells = [own] if own in _SHELLS else list(_SHELLS)
    return "\n".join(f"{shell}: {_INSTALL[shell].format(garrison=_program())}" for shell in shells)


def _script(context: click.Context, shell: str) -> str:
    from click.shell_completion import get_completion_class  # noqa: PLC0415 # late: only this needs it

    kind = get_completion_class(shell)
    if kind is None:
        raise Invalid("There is no completion for {shell}.", shell=shell)
    source = kind(context.find_root().command, {}, "garrison", "_GARRISON_COMPLETE").source()
    # zsh and fish call the program by name; a checkout's is not on PATH.
    program = _program()
    source = re.sub(rf"({shell}_complete) garrison\b", lambda match: f"{match[1]} {program}", source)
    source = source.replace('string split "," ', 'string split -m 1 "," ')  # fish: a help may have commas
    return f"# {_INSTALL[shell].format(garrison=program)}\n{source}"
