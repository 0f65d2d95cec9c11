import asyncio
import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from garrison.abilities.databases import Databases, check_folder, compile_sources, name_of, own_rules, sets
from garrison.base.clock import FakeClock
from garrison.base.errors import Failed, GarrisonError, NotFound, Unavailable
from garrison.base.paths import Home
from garrison.engine.databases import Detector
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.abilities.databases.campaign import campaign
from tests.abilities.databases.test_building import LINE, finds
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
    assert (after.name == before.name) == (damage == "no link")
    is_kept = damage in {"other rules", "no note", "odd note"}
    kept = [after.name, before.name, "previous"] if is_kept else [after.name]
    notes = ["built-from", "built-in", "current", "history.json", "version"]
    assert sorted(os.listdir(folder)) == sorted([*kept, *notes])


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


def made(home: Home, name: str, line: str = LINE) -> Path:
    """Compile a set of our rule for the test file and one signature, beside the sets."""
    source = home.root / f"{name}.hdb"
    source.write_text(line.replace("Listed", name))
    rules = home.root / "eicar.yar"
    rules.write_text(dict(sets.own_rules())["eicar.yar"])
    to = home.root / "databases" / f".new-{name}"
    compile_sources([source, rules], to, {"built": f"2026-01-01T00:00:00+00:00 {name}"})
    return to


def adopted(home: Home, name: str) -> str:
    return asyncio.run(opened(home)[0].adopt(made(home, name), f"from {name}", 7))


def test_a_set_is_taken_into_use_and_noted(home: Home) -> None:
    before = opened(home)[0].name()
    name = adopted(home, "One")
    databases, _ = opened(home)
    assert databases.name() == name != before
    assert finds(databases.current()) == ["One.Hello"]
    first, built_in = databases.history()
    assert (first.name, first.source, first.transferred_bytes, first.signatures) == (name, "from One", 7, 2)
    assert (built_in.name, built_in.source) == (before, "built-in")
    assert ensured(home).name == name, "an adopted set stays at the next start"


def test_what_follows_is_told_before_the_old_set_goes(home: Home) -> None:
    databases, _ = opened(home)
    adopted(home, "One")
    seen = []

    async def follow(folder: Path) -> None:
        seen.append((folder.name, databases.name(), sorted(path.name for path in databases.folder.iterdir())))

    databases.on_switch.append(follow)
    name = asyncio.run(databases.adopt(made(home, "Two"), "Two"))
    ((told, current, there),) = seen
    assert told == current == name
    assert len([entry for entry in there if len(entry) == 32]) == 3
    adopted(home, "Three")
    assert len([entry for entry in os.listdir(databases.folder) if len(entry) == 32]) == 3


def test_it_goes_back_to_the_one_before_and_to_the_built_in(home: Home) -> None:
    built_in, one, two = opened(home)[0].name(), adopted(home, "One"), adopted(home, "Two")
    databases, _ = opened(home)
    assert asyncio.run(databases.roll_back()) == one
    assert databases.name() == one
    assert asyncio.run(databases.roll_back(two)) == two
    assert asyncio.run(databases.roll_back("built-in")) == built_in
    assert [note.source for note in databases.history()[:3]] == ["rollback"] * 3
    with pytest.raises(NotFound, match="no databases deadbeef"):
        asyncio.run(databases.roll_back("deadbeef"))
    with pytest.raises(NotFound):
        asyncio.run(databases.roll_back("../../etc"))


def test_without_one_before_there_is_nowhere_to_go(home: Home) -> None:
    with pytest.raises(NotFound, match="before these"):
        asyncio.run(opened(home)[0].roll_back())


def damaged(folder: Path) -> None:
    table = folder / "hashes-md5.bin"
    table.chmod(0o600)
    content = bytearray(table.read_bytes())
    content[-9] ^= 1
    table.write_bytes(content)


def test_a_damaged_set_is_refused_and_the_old_one_stays(home: Home) -> None:
    databases, _ = opened(home)
    before, fresh = databases.name(), made(home, "One")
    damaged(fresh)
    with pytest.raises(Failed, match=r"hashes-md5\.bin is damaged"):
        asyncio.run(databases.adopt(fresh, "One"))
    assert databases.name() == before
    assert not fresh.exists()


def test_a_set_that_does_not_find_the_test_file_is_refused(home: Home) -> None:
    databases, _ = opened(home)
    before = databases.name()
    (home.root / "a.hdb").write_text(LINE)
    to = home.root / "databases" / ".new-a"
    compile_sources([home.root / "a.hdb"], to)
    with pytest.raises(Failed, match="do not find the EICAR test file"):
        asyncio.run(databases.adopt(to, "a"))
    assert databases.name() == before


def test_a_set_that_takes_a_clean_file_for_a_threat_is_refused(home: Home) -> None:
    databases, _ = opened(home)
    before = databases.name()
    content = Path(os.__file__).read_bytes()
    fresh = made(home, "Wrong", f"{hashlib.md5(content).hexdigest()}:{len(content)}:Listed.Os\n")
    with pytest.raises(Failed, match=r"they take os\.py, a clean file, for Wrong\.Os"):
        asyncio.run(databases.adopt(fresh, "a"))
    assert databases.name() == before


def test_it_can_be_told_to_stay(home: Home) -> None:
    databases, clock = opened(home)
    assert databases.held_until() is None
    databases.hold(clock.now() + timedelta(hours=1))
    assert databases.held_until() == clock.now() + timedelta(hours=1)
    clock.advance(timedelta(hours=2))
    assert databases.held_until() is None
    databases.hold(None)
    (home.root / "databases" / "history.json").write_text("{nonsense")
    assert databases.held_until() is None
    assert databases.history() == []


@needs_root
@pytest.mark.parametrize("what", ["adopt", "back"])
@pytest.mark.parametrize("pages", [0, 1, 2])
def test_on_a_full_disk_the_set_in_use_stays_or_the_new_one_is(
    home: Home, tmp_path: Path, what: str, pages: int
) -> None:
    before, one = opened(home)[0].name(), adopted(home, "One")
    made(home, "Two")
    with small_disk(tmp_path / "disk", "size=16m") as disk:
        shutil.copytree(home.root / "databases", disk / "databases", symlinks=True)
        databases, _ = opened(Home(disk))
        fill(disk, pages * 4096)
        told = ""
        try:
            name = asyncio.run(
                databases.adopt(databases.folder / ".new-Two", "Two") if what == "adopt" else databases.roll_back()
            )
        except GarrisonError as error:
            name, told = one, error.text
        assert (name == one) == (pages == 0) == ("the disk is full" in told)
        assert databases.name() == name
        check_folder(databases.current())
        assert databases.history()[0].name == name
        (disk / "filler").unlink()
        asyncio.run(databases.ensure())
        assert databases.name() == name
        assert not list(databases.folder.glob(".*"))
        assert {before, name} <= {path.name for path in databases.folder.iterdir()}


def test_what_was_taken_into_use_stays_though_its_note_is_lost(home: Home) -> None:
    name = adopted(home, "One")
    (home.root / "databases" / "history.json").write_text("{broken")
    assert ensured(home).name == name


def test_of_a_switch_that_fails_no_note_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    databases, _ = opened(home)
    before, fresh = databases.name(), made(home, "One")

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "symlink_to", fails)
    with pytest.raises(Failed, match="disk is full"):
        asyncio.run(databases.adopt(fresh, "One"))
    monkeypatch.undo()
    assert databases.name() == before
    assert [note.name for note in databases.history()] == [before]


@pytest.mark.parametrize("left", [".new-1", "..new-update.77.new", ".compiled/.ab.77.new"])
def test_what_a_kill_left_half_made_goes_at_the_next_start(home: Home, left: str) -> None:
    folder = home.root / "databases" / left
    folder.mkdir(parents=True)
    (folder / "rules.yrx").touch(0o400)
    (home.root / "databases" / ".current.new").symlink_to("x")
    (home.root / "databases" / ".history.json.7.new").write_text("{")
    ensured(home)
    assert not folder.exists()
    assert {path.name for path in (home.root / "databases").glob(".*")} <= {".compiled"}


def test_a_short_campaign_of_kills() -> None:
    campaign(seed=1, times=10)
