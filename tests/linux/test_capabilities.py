"""Tests of what a process knows of its own rights."""

import os
import subprocess
from pathlib import Path

import pytest

from garrison.linux.capabilities import SYS_ADMIN, has_capability


@pytest.mark.parametrize(("mask", "expected"), [("000001ffffffffff", True), ("0000000000200000", True), ("00", False)])
def test_the_kernels_word_is_read(tmp_path: Path, mask: str, expected: bool) -> None:
    status = tmp_path / "status"
    status.write_text(f"Name:\tx\nCapPrm:\t000001ffffffffff\nCapEff:\t{mask}\n")
    assert has_capability(SYS_ADMIN, status) is expected


@pytest.mark.parametrize("text", ["", "CapEff:\n", "CapEff:\tnonsense\n"])
def test_what_cannot_be_told_is_no_right(tmp_path: Path, text: str) -> None:
    (tmp_path / "status").write_text(text)
    assert not has_capability(SYS_ADMIN, tmp_path / "status")
    assert not has_capability(SYS_ADMIN, tmp_path / "none")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_our_own_rights_are_known() -> None:
    assert has_capability(SYS_ADMIN)
    # util-linux' setpriv starts a program that lacks one.
    command = [
        "setpriv",
        "--bounding-set",
        "-sys_admin",
        "--inh-caps",
        "-sys_admin",
        "grep",
        "CapEff",
        "/proc/self/status",
    ]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert not int(said.split()[1], 16) >> SYS_ADMIN & 1
