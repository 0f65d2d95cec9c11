"""Tests of opening the test file by a program of its own."""

import asyncio
from pathlib import Path

import pytest

from garrison.base.errors import GarrisonError
from garrison.components.file_protection.proving import try_to_open, write_test_file
from tests.suite import EICAR


def test_the_test_file_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / "eicar.com").write_text("old")
    assert write_test_file(tmp_path).read_bytes() == EICAR
    with pytest.raises(GarrisonError):
        write_test_file(tmp_path / "none")


def test_what_opens_is_not_refused(tmp_path: Path) -> None:
    refused, milliseconds = asyncio.run(try_to_open(write_test_file(tmp_path)))
    assert not refused
    assert milliseconds < 5000


def test_what_does_not_open_for_another_reason_is_no_proof(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        asyncio.run(try_to_open(tmp_path / "missing"))
