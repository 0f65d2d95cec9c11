import os
import pwd
import sys
from pathlib import Path

import pytest

from garrison.base import paths
from garrison.base.errors import Failed, Unavailable
from garrison.base.paths import Home, account_home, choose_home, own_program


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_only_the_owner_sees_into_it(home: Home) -> None:
    home.prepare()
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home.root, home.socket.parent, home.log.parent)}
    assert modes == {"home": 0o700, "run": 0o700, "log": 0o700}


def test_the_systems_socket_can_be_reached_whatever_the_umask(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "SYSTEM_HOME", home.root)
    before = os.umask(0o077)
    try:
        home.prepare()
    finally:
        os.umask(before)
    assert home.is_system
    modes = {path.name: path.stat().st_mode & 0o777 for path in (home.root, home.socket.parent, home.log.parent)}
    assert modes == {"home": 0o755, "run": 0o755, "log": 0o700}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a folder away")
def test_another_accounts_folder_is_left_alone(home: Home) -> None:
    home.root.mkdir()
    os.chown(home.root, 12345, 12345)
    with pytest.raises(Unavailable, match="belongs to another account"):
        home.prepare()
    assert os.listdir(home.root) == []


def test_a_file_in_its_place_is_said(home: Home) -> None:
    home.root.write_bytes(b"")
    with pytest.raises(Failed, match="make the folder"):
        home.prepare()


def test_a_folder_carries_its_version(home: Home) -> None:
    folder = home.folder("things", 2)
    assert (folder / "version").read_bytes() == b"2\n"
    assert home.folder("things", 2) == folder
    assert home.folder("things", 3) == folder  # an older one can be upgraded


def test_a_newer_folder_is_refused_and_left_alone(home: Home) -> None:
    folder = home.folder("things", 3)
    with pytest.raises(Unavailable, match="newer Garrison"):
        home.folder("things", 2)
    assert (folder / "version").read_bytes() == b"3\n"


@pytest.mark.parametrize("content", [b"", b"x", b"\xff", b"1.5"])
def test_a_damaged_version_is_made_anew(home: Home, content: bytes) -> None:
    (home.folder("things", 1) / "version").write_bytes(content)
    home.folder("things", 1)
    assert (home.root / "things" / "version").read_bytes() == b"1\n"


def test_what_a_kill_left_half_written_is_cleared_away(home: Home) -> None:
    leftover = home.folder("things", 1) / ".list.json.77.new"
    leftover.write_bytes(b"{")
    home.folder("things", 1)
    assert not leftover.exists()


def test_where_state_is_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("GARRISON_HOME", raising=False)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert choose_home().root == tmp_path / ".local" / "state" / "garrison"
    assert choose_home(system=True).root == paths.SYSTEM_HOME
    monkeypatch.setenv("XDG_STATE_HOME", "relative is not allowed")
    assert choose_home().root == tmp_path / ".local" / "state" / "garrison"
    monkeypatch.setenv("XDG_STATE_HOME", "/state")
    assert choose_home().root == Path("/state/garrison")
    monkeypatch.setenv("GARRISON_HOME", "here")
    assert choose_home(system=True).root == Path.cwd() / "here"


def test_the_home_of_an_account() -> None:
    assert account_home(0) == Path(pwd.getpwuid(0).pw_dir)
    assert account_home(123_456_789) == Path("/")
    assert account_home() == Path(pwd.getpwuid(os.geteuid()).pw_dir)


def test_our_programs_are_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "pycache_prefix", None)
    assert own_program("garrison.worker") == [sys.executable, "-I", "-m", "garrison.worker"]
    monkeypatch.setattr(sys, "pycache_prefix", "/cache")
    assert own_program("garrison.worker")[1:4] == ["-I", "-X", "pycache_prefix=/cache"]


@pytest.mark.parametrize("name", ["", "run", "log", "things"])
def test_a_folder_that_others_prepared_is_not_used(home: Home, tmp_path: Path, name: str) -> None:
    def use() -> None:
        home.prepare()
        home.folder("things", 1)

    use()
    path = home.root / name
    for mode in (0o777, 0o770, 0o1777):
        path.chmod(mode)
        with pytest.raises(Unavailable, match="Other accounts may write"):
            use()
    path.chmod(0o755)
    use()
    assert path.stat().st_mode & 0o777 == 0o700
    target = tmp_path / "elsewhere"
    path.rename(target)
    before = sorted(os.listdir(target))
    path.symlink_to(target)
    with pytest.raises(Unavailable, match="is a link"):
        use()
    assert sorted(os.listdir(target)) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give a folder away")
@pytest.mark.parametrize("name", ["", "run", "log", "things"])
def test_a_folder_that_came_to_another_account_is_not_used(home: Home, name: str) -> None:
    def use() -> None:
        home.prepare()
        home.folder("things", 1)

    use()
    os.chown(home.root / name, 12345, 12345)
    with pytest.raises(Unavailable, match="belongs to another account"):
        use()
    os.chown(home.root / name, os.geteuid(), os.getegid())
    use()
