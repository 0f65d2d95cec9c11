import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from garrison.abilities.databases.compiler import do
from garrison.base.errors import Invalid, NotFound
from garrison.base.paths import own_program
from tests.abilities.databases.test_building import LINE, finds


def request(sources: list[str], to: str) -> dict[str, object]:
    return {"sources": sources, "to": to, "cache": "", "pua": False, "unsigned": False}


def run(asked: dict[str, object]) -> subprocess.CompletedProcess[bytes]:
    command = own_program("garrison.abilities.databases.compiling")
    return subprocess.run(command, input=json.dumps(asked).encode(), capture_output=True, check=False)


def test_it_compiles_and_answers(tmp_path: Path) -> None:
    (tmp_path / "a.hdb").write_text(LINE)
    told = asyncio.run(do(request([str(tmp_path / "a.hdb")], str(tmp_path / "set"))))
    assert told["report"]["compiled"] == 1
    assert finds(tmp_path / "set") == ["Listed.Hello"]


def test_errors_come_back_as_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        asyncio.run(do(request(["/nowhere"], str(tmp_path / "set"))))
    with pytest.raises(Invalid, match="no set of databases"):
        asyncio.run(do(request([], str(own_folder(tmp_path)))))


def own_folder(tmp_path: Path) -> Path:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter").touch()
    return tmp_path / "letters"


def test_it_does_not_outlive_who_asked(tmp_path: Path) -> None:
    (tmp_path / "a.hdb").write_text(LINE)
    asked = request([str(tmp_path / "a.hdb")], str(tmp_path / "set"))
    assert run(asked | {"parent": os.getpid()}).returncode == 0
    (tmp_path / "set").rename(tmp_path / "first")
    gone = run(asked | {"parent": 2**22})  # whoever asked has ended already, and another process is its parent now
    assert gone.returncode == -signal.SIGKILL
    assert not (tmp_path / "set").exists()
