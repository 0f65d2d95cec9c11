"""Tests of what the System Watcher remembers."""

from pathlib import Path

import pytest

from garrison.base.errors import Failed
from garrison.components.system_watcher.state import Memory
from garrison.wire.watching import Decision


def test_what_was_decided_survives_and_the_oldest_is_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    for number in range(520):
        memory.decide(str(number), Decision.END)
    memory.decide("last", Decision.RELEASE)
    again = Memory(tmp_path)
    assert again.decided == memory.decided
    assert len(again.decided) == 500
    assert again.decided["last"] == "release"
    assert "0" not in again.decided


@pytest.mark.parametrize("program", ["", "/usr/bin/python3.11", "/bin/bash", "/usr/bin/openssl"])
def test_what_runs_anybodys_scripts_is_never_trusted(tmp_path: Path, program: str) -> None:
    assert not Memory(tmp_path).forgive(program)
    assert Memory(tmp_path).forgiven == []


def test_a_program_is_trusted_once(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    assert memory.forgive("/opt/editor")
    assert memory.forgive("/opt/editor")
    assert Memory(tmp_path).forgiven == ["/opt/editor"]


def test_of_many_programs_that_are_trusted_the_oldest_are_forgotten(tmp_path: Path) -> None:
    memory = Memory(tmp_path)
    memory.forgiven = [f"/opt/editor{number}" for number in range(199)]
    for number in range(199, 202):
        assert memory.forgive(f"/opt/editor{number}")
    assert Memory(tmp_path).forgiven == [f"/opt/editor{number}" for number in range(2, 202)]


@pytest.mark.parametrize("damaged", ["{", "[]", '{"folders": 5}', '{"folders": [], "decided": [], "forgiven": []}'])
def test_damaged_state_is_said_and_left(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "state.json").write_text(damaged, "ascii")
    with pytest.raises(Failed, match="damaged"):
        Memory(tmp_path)
    assert (tmp_path / "state.json").read_text("ascii") == damaged
