"""Tests of taking versions from a publisher and installing them, with real wheels, pip and trials."""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from garrison import __version__
from garrison.abilities.application import installing, versions
from garrison.abilities.application.release import TARGET, read_release, written
from garrison.abilities.databases.sets import own_rules
from garrison.base.errors import Failed, GarrisonError, Unavailable
from garrison.base.installed import SwitchState
from tests.abilities.application import wheels as made
from tests.abilities.application.offices import Computer, Publishing
from tests.cli.seeds import lend
from tests.fetch.fetching import MIB
from tests.fetch.repositories import served
from tests.fetch.servers import Server


@pytest.fixture
def office(tmp_path: Path) -> Publishing:
    return Publishing(tmp_path / "office")


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a publisher of version 1.0."""
    folder = tmp_path_factory.mktemp("once") / "office"
    Publishing(folder).release("1.0")
    return folder


@pytest.fixture
def published(tmp_path: Path, once: Path) -> Publishing:
    subprocess.run(["cp", "-a", once, tmp_path / "office"], check=True)
    return Publishing(tmp_path / "office")


@pytest.fixture
def computer(tmp_path: Path, built_databases: Path, request: pytest.FixtureRequest) -> Computer:
    """Make a computer with the built-in set of version 1.0, so that no trial has to compile it."""
    name = "published" if "published" in request.fixturenames else "office"
    databases = tmp_path / "computer" / "home" / "databases"
    lend(built_databases, databases)
    (databases / "built-from").unlink()
    (databases / "built-from").write_text(hashlib.sha256(repr(("1.0", own_rules())).encode()).hexdigest())
    return Computer(tmp_path / "computer", request.getfixturevalue(name))


def test_a_version_is_installed_beside_and_tried_and_nothing_is_fetched_twice(
    office: Publishing, computer: Computer
) -> None:
    with pytest.raises(Unavailable, match="no version of Garrison yet"):
        computer.prepare(office.public)
    release = office.release("1.0")
    prepared = computer.prepare(office.public)
    assert (prepared.version, prepared.is_new, prepared.changes) == ("1.0", True, ())
    assert computer.left() == ["1.0"]
    assert sorted(os.listdir(computer.home / "versions" / "wheels")) == sorted(release.wheels)
    python = computer.versions.installed.python("1.0")
    said = subprocess.check_output(
        [python, "-I", "-c", "import garrison; print(garrison.__version__, garrison.__file__)"]
    )
    assert said.decode().split()[0] == "1.0"
    assert str(computer.home) in said.decode()

    served = list((office.public / "targets").rglob("*.whl"))
    assert len(served) == len(release.wheels) == 3
    for path in served:
        path.unlink()
    assert computer.prepare(office.public).is_new, "it is there already"
    computer.forget("1.0")
    assert computer.prepare(office.public).is_new, "its wheels are there already"
    (wheel,) = (computer.home / "versions" / "wheels").glob("garrison-*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    computer.forget("1.0")
    with pytest.raises(GarrisonError, match=r"garrison-1\.0"):
        computer.prepare(office.public)
    assert computer.left() == []


def test_every_request_is_in_the_ledger(published: Publishing, computer: Computer) -> None:
    with Server(served(published.public), closes=False) as server:
        prepared = computer.prepare(server.url("/"))
    assert (prepared.is_new, prepared.source) == (True, server.url("/"))
    ledger = computer.fetching.ledger
    assert {(request.component, request.purpose) for request in ledger} == {("upgrades", "versions")}
    assert 0 < prepared.transferred <= sum(request.bytes_received for request in ledger)


def test_all_that_garrison_depends_on_is_installed_from_its_wheels(office: Publishing, computer: Computer) -> None:
    for wheel in office.wheels.iterdir():
        wheel.unlink()
    made.installer(office.wheels)
    made.locked(office.wheels)
    made.garrison(office.wheels, "1.0", is_whole=True)
    assert len(office.announce("1.0").wheels) == 2 + len(locked())
    assert computer.prepare(office.public).is_new
    listed = "from importlib.metadata import distributions; print(*sorted(d.name.lower() for d in distributions()))"
    python = computer.versions.installed.python("1.0")
    found = subprocess.check_output([python, "-I", "-c", listed], text=True).split()
    assert {name.replace("_", "-").replace(".", "-") for name in found} == {"garrison", *locked()}


def locked() -> set[str]:
    lines = (made.REPOSITORY / "requirements.lock").read_text().splitlines()
    return {line.split("==")[0] for line in lines if "==" in line}


def test_what_is_not_newer_or_was_refused_is_not_taken(office: Publishing, computer: Computer) -> None:
    office.release("0.0.1")
    assert not computer.prepare(office.public).is_new
    office.release("1.0")
    assert not computer.prepare(office.public, refused="1.0").is_new
    assert computer.left() == []


def _lists(office: Publishing, **changes: str) -> None:
    """Publish a version that says something else of itself."""
    path = office.repository.target_file(TARGET)
    assert path is not None
    release = read_release(path.read_bytes())
    office.publish(written(replace(release, **changes)), TARGET)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"machine": "riscv64"}, "another kind of processor"),
        ({"python": "3.9"}, "published for Python 3.9"),
        ({"min_previous": "0.9"}, "takes over from 0.9 or later"),
    ],
)
def test_what_does_not_fit_is_refused_before_it_is_fetched(
    published: Publishing, computer: Computer, changes: dict[str, str], why: str
) -> None:
    _lists(published, **changes)
    with pytest.raises(Unavailable, match=why):
        computer.prepare(published.public)
    assert not (computer.home / "versions" / "wheels").exists()


def test_what_somebody_else_signed_is_refused(
    tmp_path: Path, office: Publishing, computer: Computer, once: Path
) -> None:
    subprocess.run(["cp", "-a", once, tmp_path / "other"], check=True)
    other = Publishing(tmp_path / "other")
    with pytest.raises(Failed):
        computer.prepare(other.public)
    assert computer.left() == []
    computer.pinned.write_bytes(other.repository.root_content())
    assert computer.prepare(other.public).is_new, "whom the owner trusts now is trusted here too"


def _missing(wheel: Path) -> None:
    wheel.unlink()


def _flipped(wheel: Path) -> None:
    content = bytearray(wheel.read_bytes())
    content[len(content) // 2] ^= 1
    wheel.write_bytes(content)


def _cut(wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes()[:-100])


@pytest.mark.parametrize("spoil", [_missing, _flipped, _cut])
def test_a_wheel_that_is_missing_or_not_as_signed_leaves_all_as_it_was(
    published: Publishing, computer: Computer, spoil: Callable[[Path], None]
) -> None:
    (wheel,) = (published.public / "targets").rglob("*.garrison-1.0-*.whl")
    spoil(wheel)
    with pytest.raises(GarrisonError):
        computer.prepare(published.public)
    assert computer.left() == []


def test_a_version_that_cannot_be_imported_is_told_and_not_switched_to(office: Publishing, computer: Computer) -> None:
    office.release("1.0", {"garrison/cli/main.py": ("import click\n", "import click, nothing_like_it\n")})
    with pytest.raises(Failed, match=r"Garrison 1\.0 does not work here: .*nothing_like_it") as caught:
        computer.prepare(office.public)
    assert f"Garrison {__version__} stays" in caught.value.hint
    last = computer.versions.settled()
    assert last is not None
    assert (last.state, last.version) == (SwitchState.FAILED, "1.0")
    assert computer.versions.installed.linked() == ""


def test_a_full_disk_is_seen_before(published: Publishing, computer: Computer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_ROOM_BYTES", 1 << 60)
    with pytest.raises(Unavailable, match="no room for a new version"):
        computer.prepare(published.public)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_disk_that_gets_full_is_told_and_leaves_all_as_it_was(
    tmp_path: Path, published: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = sum(path.stat().st_size for path in published.wheels.iterdir())
    monkeypatch.setattr(versions, "_ROOM_BYTES", -(1 << 60))
    for mib in (1, wheels // MIB + 3):  # while the wheels come, and while they are installed
        small = tmp_path / f"small-{mib}"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mib}m", "tmpfs", small], check=True)
        try:
            computer = Computer(small, published)
            with pytest.raises(GarrisonError, match=r"(?i)disk is full|no space left"):
                computer.prepare(published.public)
            assert computer.left() == [], mib
        finally:
            subprocess.run(["umount", small], check=True)


def test_a_start_removes_what_was_cut_short_and_what_nobody_returns_to(office: Publishing, computer: Computer) -> None:
    folder = computer.home / "versions"
    for name in (".new-a", ".trial-b", "0.5", "0.6", "0.7"):
        (folder / name / "bin").mkdir(parents=True)
        (folder / name / "bin" / "python").symlink_to(sys.executable)
        (folder / name).chmod(0o700)
    computer.versions.installed.link("0.6")
    computer.started()
    assert computer.left() == ["0.6", "current"]


def test_environments_are_made_from_the_interpreter_itself() -> None:
    assert not Path(installing.base_python()).is_symlink()
    assert platform.python_version() in subprocess.check_output([installing.base_python(), "-V"], text=True)


def test_the_form_of_a_release_survives(office: Publishing) -> None:
    release = office.release("1.0", oldest="0.1")
    path = office.repository.target_file(TARGET)
    assert path is not None
    assert read_release(path.read_bytes()) == release
    shutil.rmtree(office.folder / "stage")
