"""Tests of the databases component, in a real suite."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Failed, Invalid, NotFound
from tests.suite import EICAR, RunningSuite

SOME = b"a harmless text that only this list names\n"
LIST = f"{hashlib.sha256(SOME).hexdigest()}:{len(SOME)}:Test.Listed-1\nnonsense\n"


def ask(suite: RunningSuite, operation: str, arguments: dict[str, Any]) -> Any:
    with suite.connected() as client:
        return client.call(operation, arguments)["result"]


def sources(folder: Path) -> Path:
    (folder / "signatures").mkdir()
    (folder / "signatures" / "list.hsb").write_text(LIST)
    (folder / "signatures" / "notes.cbc").write_text("bytecode\n")
    return folder / "signatures"


def test_compiles_counts_and_names_what_it_leaves_out(suite: RunningSuite, tmp_path: Path) -> None:
    to = tmp_path / "set"
    answer = ask(suite, "databases.compile", {"sources": [str(sources(tmp_path))], "to": str(to)})
    assert answer["compiled"] == 1
    assert answer["read"] == 1 + sum(answer["skipped"].values())
    assert len(answer["left_out"]) == sum(answer["skipped"].values()) >= 2
    assert json.loads((to / "set.json").read_text())["hashes"]["sha256"] == 1
    assert ask(suite, "databases.info", {"folder": str(to)})["hashes"]["sha256"] == 1
    assert ask(suite, "databases.test", {"folder": str(to)})["passed"]


def test_a_flipped_bit_is_found(suite: RunningSuite, tmp_path: Path) -> None:
    to = tmp_path / "set"
    ask(suite, "databases.compile", {"sources": [str(sources(tmp_path))], "to": str(to)})
    table = to / "hashes-sha256.bin"
    content = bytearray(table.read_bytes())
    content[-1] ^= 1
    table.chmod(0o600)
    table.write_bytes(content)
    assert not ask(suite, "databases.test", {"folder": str(to)})["passed"]


def test_a_scan_uses_these_and_not_the_installed_ones(suite: RunningSuite, tmp_path: Path) -> None:
    database = sources(tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "listed").write_bytes(SOME)
    (tmp_path / "files" / "eicar").write_bytes(EICAR)
    for _ in range(2):  # compiled, and found again
        answer = ask(suite, "scan.files", {"paths": [str(tmp_path / "files")], "database": [str(database)]})
        assert [(os.path.basename(row["path"]), row["name"]) for row in answer["findings"]] == [
            ("listed", "Test.Listed-1")
        ]
    assert answer["findings"][0]["signature"] == "Test.Listed-1"


def test_what_is_installed_is_told_and_whole(suite: RunningSuite) -> None:
    info = ask(suite, "databases.info", {})
    assert info["rules"] > 50
    assert info["about"]["built"]
    assert ask(suite, "databases.test", {})["passed"]


def test_wrong_folders_are_named(suite: RunningSuite, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        ask(suite, "databases.compile", {"sources": [str(tmp_path / "none")], "to": str(tmp_path / "set")})
    with pytest.raises(Invalid):
        ask(suite, "databases.compile", {"sources": [str(sources(tmp_path))]})
    with pytest.raises(Invalid):
        ask(suite, "databases.compile", {"sources": [str(tmp_path)], "to": str(tmp_path)})
    with pytest.raises(Failed):
        ask(suite, "databases.info", {"folder": str(tmp_path)})


def test_of_the_installed_set_is_told_what_outside_programs_ask_for(suite: RunningSuite) -> None:
    info = ask(suite, "databases.info", {})
    assert info["set"] == info["name"]
    assert info["created"] == info["about"]["built"]
    assert (info["source"], info["transferred_bytes"]) == ("built-in", 0)
    assert 0 <= info["age_hours"] < 24
    assert info["signatures"] >= info["rules"]
    (row,) = ask(suite, "databases.history", {})
    assert row["set"] == info["set"]


def test_feeds_survive_a_restart(suite: RunningSuite) -> None:
    ask(suite, "databases.add", {"address": "https://lists.example/own.ndb", "id": "own"})
    suite.stop()
    suite.start()
    assert [row["id"] for row in ask(suite, "databases.list", {}) if row["on"]] == ["own"]
    ask(suite, "databases.remove", {"id": "own"})
    assert not any(row["on"] for row in ask(suite, "databases.list", {}))
