"""Compiled AutoIt scripts."""

from pathlib import Path

import pytest

from garrison.engine.formats import autoit
from tests.engine.formats.autoit_writing import compiled, packed
from tests.engine.opening import SMALL, contents, opened, remarks

SAMPLES = Path("/usr/share/clamav-testfiles")


@pytest.mark.parametrize("version", [b"AU3!EA05", b"AU3!EA06"])
def test_the_script_and_its_files_come_out(version: bytes) -> None:
    content = compiled(version, (">AUTOIT SCRIPT<", "a.au3", b"MsgBox(0)"), ("file", "C:\\tool.exe", b"MZ tool"))
    assert contents(opened(autoit.members, content)) == {("(script)",): b"MsgBox(0)", ("C:\\tool.exe",): b"MZ tool"}


@pytest.mark.parametrize("version", [b"AU3!EA05", b"AU3!EA06"])
def test_a_packed_file_is_unpacked(version: bytes) -> None:
    content = compiled(version, ("file", "a.txt", packed(version[4:], b"some words")), is_packed=True)
    assert contents(opened(autoit.members, content)) == {("a.txt",): b"some words" + b"some wo"}


def test_what_ends_too_early_is_said() -> None:
    content = compiled(b"AU3!EA06", ("file", "a.txt", b"x" * 500))
    members = opened(autoit.members, content[:-100])
    assert contents(members) == {("a.txt",): b"x" * 400}
    assert remarks(members) == ["damaged: ends too early"]
    assert remarks(opened(autoit.members, content[:30])) == ["damaged: ends too early"]


def test_another_version_is_said() -> None:
    content = compiled(b"AU3!EA06", ("file", "a.txt", b"x" * 500)).replace(b"AU3!EA06", b"AU3!EA04")
    assert remarks(opened(autoit.members, content)) == ["not opened: old AutoIt script"]


def test_damage_is_survived() -> None:
    content = compiled(b"AU3!EA05", ("file", "a.txt", packed(b"EA05", b"words and words")), is_packed=True)
    for at in range(40, len(content)):
        opened(autoit.members, content[:at], limits=SMALL)
        opened(autoit.members, content[:at] + b"\xff" + content[at + 1 :], limits=SMALL)


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="clamav-testfiles is not installed")
@pytest.mark.parametrize("name", ["clam.ea05.exe", "clam.ea06.exe"])
def test_the_samples_hold_their_program(name: str) -> None:
    content = (SAMPLES / name).read_bytes()
    found = contents(opened(autoit.members, content[content.index(autoit.MAGIC) :]))
    assert found[("C:\\clam.exe",)] == (SAMPLES / "clam.exe").read_bytes()
    assert b"FileInstall" in found[("(script)",)] or b"FILEINSTALL" in found[("(script)",)].upper()
