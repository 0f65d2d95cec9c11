import asyncio
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from garrison.abilities.databases import Databases, check_folder, name_of, own_rules, sets
from garrison.base.clock import FakeClock
from garrison.base.errors import Failed, GarrisonError, Unavailable
from garrison.base.paths import Home
from garrison.engine.databases import Detector
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.abilities.things import EICAR, START, fill, needs_root, small_disk


@pytest.fixture(scope="module", autouse=True)
def few_rules() -> Iterator[None]:
    """Build from one file of our rules: all of them take a second."""
    few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sets, "own_rules", lambda: few)
        yield


@pytest.fixture(scope="module")
def built(few_rules: None, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose databases were built once; tests that change it copy it."""
    home = Home(tmp_path_factory.mktemp("built").resolve())
    asyncio.run(opened(home)[0].ensure())
    return home


@pytest.fixture
def home(built: Home, tmp_path: Path) -> Home:
    shutil.copytree(built.root, tmp_path / "home", symlinks=True)
    return Home(tmp_path.resolve() / "home")


def opened(home: Home) -> tuple[Databases, FakeClock]:
    clock = FakeClock(START)
    return Databases(home, clock), clock


def ensured(home: Home) -> Path:
    """Make sure of the databases a day later, and return the set."""
    databases, clock = opened(home)
    clock.advance(timedelta(days=1))
    asyncio.run(databases.ensure())
    assert name_of(databases.current()) == databases.current().name
    return databases.current()


def test_the_own_rules_are_there() -> None:
    rules = own_rules()
    assert rules == sorted(rules)
    assert all(name.endswith(".yar") and "rule " in text for name, text in rules)


def test_a_home_without_databases_says_so(tmp_path: Path) -> None:
    databases, _ = opened(Home(tmp_path))
    with pytest.raises(Unavailable, match="no databases yet"):
        databases.current()
    with pytest.raises(Unavailable):
        databases.describe()
    assert databases.folder == tmp_path / "databases"


def test_builds_a_set_that_detects(built: Home) -> None:
    current = opened(built)[0].current()
    files = {path.name: os.open(path, os.O_RDONLY) for path in current.iterdir()}
    with Detector.open(files) as detector:
        assert detector.match(Subject(EICAR, Type.TEXT)).found
    for descriptor in files.values():
        os.close(descriptor)
    assert {path.stat().st_mode & 0o777 for path in current.iterdir()} == {0o400}


def test_says_what_it_is(built: Home) -> None:
    described = opened(built)[0].describe()
    about = described["about"]
    assert isinstance(about, dict)
    assert about["built"] == "2026-03-01T12:00:00+00:00"


def test_a_whole_set_is_kept(home: Home) -> None:
    before = opened(home)[0].current()
    assert ensured(home) == before


@pytest.mark.parametrize("damage", ["flip", "missing", "more", "no link", "other rules", "no note", "odd note"])
def test_anything_else_is_built_anew(home: Home, damage: str) -> None:
    before = opened(home)[0].current()
    folder = home.root / "databases"
    rules = before / "rules.yrx"
    if damage == "flip":
        rules.chmod(0o600)
        content = bytearray(rules.read_bytes())
        content[len(content) // 2] ^= 1
        rules.write_bytes(content)
    elif damage == "missing":
        rules.unlink()
    elif damage == "more":
        (before / "more").touch()
    elif damage == "no link":
        (folder / "current").unlink()
    elif damage == "other rules":
        (folder / "built-from").write_text("0" * 64, "ascii")
    elif damage == "no note":
        (folder / "built-from").unlink()
    else:
        (folder / "built-from").write_bytes(b"\xff")
    (folder / ".new-1").mkdir()  # what a kill left
    (folder / ".current.new").symlink_to("x")
    after = ensured(home)
    assert after.name != before.name
    is_kept = damage in {"other rules", "no note", "odd note"}
    kept = [after.name, before.name] if is_kept else [after.name]
    assert sorted(os.listdir(folder)) == sorted([*kept, "built-from", "current", "version"])


def test_only_one_old_set_is_kept(home: Home) -> None:
    folder = home.root / "databases"
    databases, clock = opened(home)
    names = [databases.name()]
    for _ in range(2):
        (folder / "built-from").unlink()
        clock.advance(timedelta(days=1))
        asyncio.run(databases.ensure())
        names.append(databases.name())
    assert len(set(names)) == 3
    assert {path.name for path in folder.iterdir() if path.is_dir() and not path.is_symlink()} == set(names[1:])


def test_a_large_set_is_not_read_to_its_end(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "_CHECKED_BYTES", 0)
    before = opened(home)[0].current()
    rules = before / "rules.yrx"
    rules.chmod(0o600)
    with rules.open("r+b") as file:
        file.seek(rules.stat().st_size // 2)
        file.write(b"\0\1\2\3")
    assert ensured(home) == before
    with pytest.raises(Failed, match=r"rules\.yrx is damaged"):
        check_folder(before)
    with rules.open("ab") as file:
        file.write(b"x")
    assert ensured(home) != before


def test_a_damaged_description_is_told(home: Home) -> None:
    databases, _ = opened(home)
    (databases.current() / "set.json").unlink()
    with pytest.raises(Failed, match="damaged"):
        databases.describe()


@needs_root
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=64k") as disk:
        databases, _ = opened(Home(disk))
        with pytest.raises(GarrisonError, match="disk is full"):
            asyncio.run(databases.ensure())
        assert sorted(os.listdir(disk / "databases")) == ["version"]


@needs_root
def test_a_full_disk_keeps_the_set_in_use(home: Home, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "size=8m") as disk:
        shutil.copytree(home.root / "databases", disk / "databases", symlinks=True)
        databases, _ = opened(Home(disk))
        before = databases.current()
        (disk / "databases" / "built-from").unlink()
        fill(disk, 8192)
        with pytest.raises(GarrisonError, match="disk is full"):
            asyncio.run(databases.ensure())
        assert databases.current() == before
        assert name_of(before) == before.name
