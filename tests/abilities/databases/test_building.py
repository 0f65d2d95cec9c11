import hashlib
import os
from pathlib import Path

import pytest

from garrison.abilities.databases import check_folder, compile_sources, compiled_in
from garrison.base.errors import Failed, Invalid, NotFound
from garrison.engine.databases import Detector
from garrison.engine.subject import Subject
from garrison.engine.type import Type

HELLO = b"hello, I am on a list\n"
LINE = f"{hashlib.md5(HELLO).hexdigest()}:{len(HELLO)}:Listed.Hello\n"


def finds(folder: Path) -> list[str]:
    files = {path.name: os.open(path, os.O_RDONLY) for path in folder.iterdir()}
    with Detector.open(files) as detector:
        found = [match.name for match in detector.match(Subject(HELLO, Type.TEXT)).found]
    for descriptor in files.values():
        os.close(descriptor)
    return found


def test_compiles_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "more" / "deep" / "one.hdb").write_text(LINE)
    (tmp_path / "more" / "deep" / "README").write_text("no signatures")
    (tmp_path / "one.hdb").write_text(LINE.replace("Listed", "Other") + "nonsense\n")
    to = tmp_path / "set"
    report = compile_sources([tmp_path / "one.hdb", tmp_path / "more"], to)
    assert finds(to) == ["Other.Hello"]
    assert [tally.source for tally in report.tallies] == ["one.hdb", "deep/one.hdb"]
    assert report.to_plain()["read"] == 3
    assert report.to_plain()["compiled"] == 1
    assert {path.stat().st_mode & 0o777 for path in to.iterdir()} == {0o400}
    check_folder(to)


def test_a_set_that_was_there_is_kept_beside(tmp_path: Path) -> None:
    source, to = tmp_path / "a.hdb", tmp_path / "set"
    for name in ("One", "Two", "Three"):
        source.write_text(LINE.replace("Listed", name))
        compile_sources([source], to)
    assert (finds(to), finds(tmp_path / "set.old")) == (["Three.Hello"], ["Two.Hello"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.hdb", "set", "set.old"]


def test_nothing_else_is_overwritten(tmp_path: Path) -> None:
    source, to = tmp_path / "a.hdb", tmp_path / "precious"
    source.write_text(LINE)
    to.mkdir()
    (to / "letter").touch()
    with pytest.raises(Invalid, match="no set of databases"):
        compile_sources([source], to)
    assert os.listdir(to) == ["letter"]
    with pytest.raises(NotFound, match="nowhere"):
        compile_sources([tmp_path / "nowhere"], tmp_path / "set")


def test_a_build_that_fails_leaves_all_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, to = tmp_path / "a.hdb", tmp_path / "set"
    source.write_text(LINE)
    compile_sources([source], to)
    monkeypatch.setattr(os, "fsync", lambda number: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(Failed, match="disk is full"):
        compile_sources([source], to)
    assert finds(to) == ["Listed.Hello"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.hdb", "set"]


def test_a_private_set_is_built_once_and_again_when_its_source_changes(tmp_path: Path) -> None:
    source, cache = tmp_path / "a.hdb", tmp_path / "cache"
    source.write_text(LINE)
    first = compiled_in(cache, [source])
    status = (first / "set.json").stat()
    assert compiled_in(cache, [source]) == first
    assert (first / "set.json").stat() == status
    source.write_text(LINE.replace("Listed", "Longer.Listed"))
    assert finds(compiled_in(cache, [source])) == ["Longer.Listed.Hello"]


def test_of_private_sets_the_last_used_are_kept(tmp_path: Path) -> None:
    cache, first = tmp_path / "cache", tmp_path / "0.hdb"
    folders = []
    for number in range(6):
        source = tmp_path / f"{number}.hdb"
        source.write_text(LINE)
        folders.append(compiled_in(cache, [source]))
        for age, folder in enumerate(reversed(folders)):
            if folder.exists():
                os.utime(folder, (1000 - age, 1000 - age))
        compiled_in(cache, [first])
    assert set(cache.iterdir()) == {folders[0], *folders[3:]}
