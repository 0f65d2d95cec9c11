import json
from typing import Any

import pytest

from garrison.base.errors import NotFound, Unavailable
from garrison.cli import show


def test_values_are_filled_in_once() -> None:
    assert show.fill("{a} and {b}", {"a": "{b}", "b": None}) == "{b} and "
    assert show.fill("{absent} {{a}}", {"a": 1}) == "{absent} {a}"


def test_no_name_can_move_the_cursor_or_pose_as_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[2Jb\nScanned: no threat found\udcff\u202e"
    show.answer({"result": {}, "says": [["Threat in {path}", {"path": name}]]}, as_json=False)
    show.answer({"result": [{"path": name}]}, as_json=False)
    show.answer({"result": {"path": name, name: [name, {"a": True}]}}, as_json=False)
    show.error(NotFound(f"no {name}", f"look at {name}"), as_json=False)
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert not any(line.startswith("Scanned") for line in (shown.out + shown.err).splitlines())
    assert "a\\x1b[2Jb\\x0aScanned: no threat found\\xff\\u202e" in shown.out


@pytest.mark.parametrize("result", [None, [], {}, [{"a": "\udcff"}], "text", 3])
def test_json_is_one_text(capsys: pytest.CaptureFixture[str], result: Any) -> None:
    show.answer({"result": result, "says": [["Something.", {}]]}, as_json=True)
    assert json.loads(capsys.readouterr().out) == result


def test_errors_in_json_are_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    show.error(Unavailable("It is not there.", "Look elsewhere.", "x.fix"), as_json=True)
    shown = capsys.readouterr()
    expected = {"code": "unavailable", "text": "It is not there.", "hint": "Look elsewhere.", "fix": "x.fix"}
    assert json.loads(shown.out) == {"error": expected}
    assert shown.err == ""
    show.error(Unavailable("It is not there.", fix="suite.start"), as_json=False)
    assert capsys.readouterr().err == "garrison: It is not there.\n  To mend it: garrison suite start\n"


def test_tables_leave_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    show.answer({"result": [{"a": 1, "b": "", "c": [], "d": 0}, {"a": None, "c": {}, "d": False}]}, as_json=False)
    assert capsys.readouterr().out == "a\td\n1\t0\n\tno\n"
    show.answer({"result": []}, as_json=False)
    show.answer({"result": ["one", "two"]}, as_json=False)
    assert capsys.readouterr().out == "Nothing.\none\ntwo\n"
