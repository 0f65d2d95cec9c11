"""Tests of looking whether threats are still there."""

import os
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from garrison.abilities.quarantine import Identity
from garrison.abilities.response import LeftInPlace
from garrison.components.scan import there as there_module
from garrison.components.scan.there import StillThere


def _left(path: Path, owner: int = 0) -> LeftInPlace:
    return LeftInPlace(str(path), "T", "test", "known", owner, "", Identity.of(path.lstat()))


def test_what_is_gone_or_another_file_is_not_there(tmp_path: Path) -> None:
    entries = []
    for name in "abcd":
        (tmp_path / name).write_text(name)
        entries.append(_left(tmp_path / name))
    (tmp_path / "a").unlink()
    (tmp_path / "b").write_text("longer")
    (tmp_path / "c").chmod(0o600)  # still the same threat
    entries.append(replace(entries[3], path="/\0"))
    assert [os.path.basename(entry.path) for entry in StillThere().among(entries)] == ["c", "d"]


def test_a_disk_that_hangs_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("hangs", "gone"):
        (tmp_path / name).touch()
    hanging, gone = _left(tmp_path / "hangs", 1), _left(tmp_path / "gone", 2)
    (tmp_path / "gone").unlink()
    release = threading.Event()
    real = there_module._is_there

    def slow(entry: LeftInPlace) -> bool:
        if entry.owner == 1:
            release.wait(30)
        return real(entry)

    monkeypatch.setattr(there_module, "_is_there", slow)
    still_there = StillThere()
    start = time.monotonic()
    try:
        for _ in range(20):
            assert still_there.among([hanging, gone]) == [hanging]
        assert time.monotonic() - start < 2
    finally:
        release.set()
