import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.databases.assembling import assemble
from garrison.abilities.databases.delta import PATCH, SAME, WHOLE
from garrison.base.errors import GarrisonError
from garrison.office.publisher.differing import packed, patch

FIRST, SECOND, THIRD = b"first " * 50, b"second " * 60, b"third " * 70


def told(content: bytes) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def written(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    folder.mkdir()
    (folder / "a").write_bytes(FIRST)
    (folder / "b").write_bytes(FIRST)
    return folder


def step(tmp_path: Path, name: str, form: str, before: bytes, after: bytes) -> dict[str, Any]:
    """Return a step that makes `a` anew, and keeps `b`."""
    update = packed(after) if form == WHOLE else patch(before, after)
    made = {"a": {"form": form, "path": written(tmp_path / name, update)}, "b": {"form": SAME, "path": ""}}
    return {"files": {"a": told(after), "b": told(FIRST)}, "made": made}


def test_each_step_goes_on_from_the_one_before(tmp_path: Path, old: Path) -> None:
    steps = [
        step(tmp_path, "1", PATCH, FIRST, SECOND),
        step(tmp_path, "2", WHOLE, SECOND, FIRST),
        step(tmp_path, "3", PATCH, FIRST, THIRD),
    ]
    assemble({"old": str(old), "to": str(tmp_path / "to"), "steps": steps})
    assert (tmp_path / "to" / "a").read_bytes() == THIRD
    assert (tmp_path / "to" / "b").stat().st_ino == (old / "b").stat().st_ino
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["old", "to"]
    assert (old / "a").read_bytes() == FIRST


@pytest.mark.parametrize("failing", range(3))
def test_a_step_that_fails_leaves_nothing(tmp_path: Path, old: Path, failing: int) -> None:
    steps = [
        step(tmp_path, "1", PATCH, FIRST, SECOND),
        step(tmp_path, "2", PATCH, SECOND, THIRD),
        step(tmp_path, "3", WHOLE, THIRD, FIRST),
    ]
    steps[failing]["files"]["a"]["sha256"] = "0" * 64
    answer = assemble({"old": str(old), "to": str(tmp_path / "to"), "steps": steps})
    assert answer["why"] == "a did not become what was published."
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["old"]


def test_an_old_file_that_is_missing_or_a_link_is_refused(tmp_path: Path, old: Path) -> None:
    (old / "a").unlink()
    request = {"old": str(old), "to": str(tmp_path / "to"), "steps": [step(tmp_path, "1", PATCH, FIRST, SECOND)]}
    assert assemble(request)["why"] == "a cannot be read."
    (old / "a").symlink_to(old / "b")
    assert assemble(request)["why"] == "a cannot be read."
    (old / "b").unlink()
    request["steps"] = [step(tmp_path, "1", WHOLE, FIRST, SECOND)]
    assert assemble(request)["why"] == "b is missing."
    assert not (tmp_path / "to").exists()


def test_a_full_disk_is_told_as_such(tmp_path: Path, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GarrisonError, match="the disk is full"):
        assemble({"old": str(old), "to": str(tmp_path / "to"), "steps": [step(tmp_path, "1", PATCH, FIRST, SECOND)]})
    assert not (tmp_path / "to").exists()
