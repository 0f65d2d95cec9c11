import json
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from garrison.base.errors import Invalid
from garrison.cli.grow import Group, grow
from garrison.wire.golden import golden
from garrison.wire.manifest import Manifest, Operation, Value

_PATHS = Value("paths", "path", "Files and folders", required=True, many=True)
_CHECK = Operation(
    "watch.check",
    "Check",
    "Check things.\nMore of it.",
    "operate",
    is_task=True,
    parameters=(
        _PATHS,
        Value("how", "choice", "How", default="fast", choices=("fast", "slow")),
        Value("deep", "flag", "Look deeper", default=False),
        Value("follow", "flag", "Follow links", default=True),
        Value("most_files", "integer", "At the most"),
        Value("ratio", "number", "Ratio"),
        Value("leave_out", "text", "Leave out", many=True),
        Value("password", "secret", "Password"),
    ),
)
_WATCH = Manifest(
    "watch",
    "Watch",
    "Watches over things, with a sentence that is far too long for a single line of eighty columns.",
    "protection",
    operations=(_CHECK, Operation("watch.all", "All", "Check all.", "operate", is_task=True)),
    aliases={"look": "watch.check", "list": "watch.all", "list all": "watch.all", "odd": "watch.absent"},
    default="check",
)


class Calls:
    def __init__(self) -> None:
        self.made: list[tuple[str, dict[str, Any], bool, bool]] = []

    def __call__(self, operation: Operation, arguments: dict[str, Any], as_json: bool, background: bool) -> int:
        self.made.append((operation.id, arguments, as_json, background))
        return 101


def run(*arguments: str, manifests: tuple[Manifest, ...] = (_WATCH,)) -> tuple[Result, Calls]:
    calls, root = Calls(), Group("garrison")
    grow(root, manifests, calls)
    return CliRunner().invoke(root, list(arguments), standalone_mode=False), calls


def test_arguments_reach_the_door() -> None:
    given = (
        "/a /b --how slow --deep --no-follow --most-files 3 --ratio .5 --leave-out x --leave-out y --json --background"
    )
    for name in (["watch", "check"], ["watch"], ["look"]):
        result, calls = run(*name, *given.split())
        assert result.return_value == 101, result.exception
        wanted = {
            "paths": ["/a", "/b"],
            "how": "slow",
            "deep": True,
            "follow": False,
            "most_files": 3,
            "ratio": 0.5,
            "leave_out": ["x", "y"],
        }
        assert calls.made == [("watch.check", wanted, True, True)]


def test_what_is_not_given_is_not_sent() -> None:
    assert run("look", "/a")[1].made == [("watch.check", {"paths": ["/a"]}, False, False)]


def test_an_operation_s_name_is_reserved() -> None:
    assert run("watch", "all")[1].made[0][0] == "watch.all"
    assert run("watch", "./all")[1].made[0][0] == "watch.check"
    assert run("watch", "--", "all")[1].made[0][0] == "watch.check"


def test_nothing_named_points_to_other_ways() -> None:
    result, calls = run("watch")
    assert isinstance(result.exception, Invalid)
    assert "Nothing was named: Files and folders." in result.exception.text
    assert "garrison watch all" in result.exception.hint
    assert calls.made == []


@pytest.mark.parametrize("arguments", [("look", "--how", "odd", "/a"), ("look", "--most-files", "x"), ("watch", "-z")])
def test_wrong_usage(arguments: tuple[str, ...]) -> None:
    result, calls = run(*arguments)
    assert isinstance(result.exception, click.UsageError)
    assert calls.made == []


def test_an_alias_that_a_daemon_has_wrong_is_left_out() -> None:
    assert isinstance(run("odd")[0].exception, click.UsageError)
    assert run("list")[1].made == run("list", "all")[1].made == [("watch.all", {}, False, False)]


def test_no_sentence_is_cut() -> None:
    help_text = " ".join(run("--help")[0].output.split())
    assert _WATCH.help in help_text
    assert "..." not in help_text.replace("[ARGS]...", "")
    assert "More of it" not in help_text


def test_every_grown_command_of_this_release_has_help() -> None:
    calls, root = Calls(), Group("garrison")
    grow(root, golden(), calls)

    def walk(group: click.Group, context: click.Context) -> None:
        for name, command in group.commands.items():
            inner = click.Context(command, info_name=name, parent=context)
            assert command.get_help(inner).startswith("Usage:")
            assert command.get_short_help_str(1000), name
            if isinstance(command, click.Group):
                walk(command, inner)

    walk(root, click.Context(root, info_name="garrison"))
    assert json.dumps(calls.made) == "[]"
