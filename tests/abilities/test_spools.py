"""Spools are lent and taken back: what comes back is never a link to somewhere else."""

import os
import stat
import subprocess
from pathlib import Path

import pytest

from garrison.abilities import spools
from garrison.base.errors import Failed
from garrison.linux import online
from garrison.wire.fetching import part_name

PART = part_name("http://a.example/file")


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    spool, parts = tmp_path / "spool", tmp_path / "parts"
    spool.mkdir(mode=0o700)
    parts.mkdir(mode=0o700)
    return spool, parts


def test_parts_go_in_and_come_out(folders: tuple[Path, Path]) -> None:
    spool, parts = folders
    other = part_name("http://a.example/other")
    for name in (PART, f"{PART}.json", other):
        (parts / name).write_bytes(b"x")
    with spools.lent(spool, parts, [PART]):
        assert {path.name for path in spool.iterdir()} == {PART, f"{PART}.json"}
        (spool / PART).write_bytes(b"more")
        (spool / "file").write_bytes(b"done")
    assert (parts / PART).read_bytes() == b"more"
    assert {path.name for path in spool.iterdir()} == {"file"}
    with spools.lent(spool, parts, None):
        assert (spool / other).exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_the_process_of_root_owns_its_spool_for_its_time_only(folders: tuple[Path, Path]) -> None:
    spool, parts = folders
    account = online.account()
    assert account is not None
    (spool / "trust").mkdir()
    with spools.lent(spool, parts, []):
        assert spool.stat().st_uid == (spool / "trust").stat().st_uid == account[0]
        (spool / "file").write_bytes(b"x")
        os.chown(spool / "file", *account)
        (spool / "file").chmod(0o777)
    assert spool.stat().st_uid == 0
    about = (spool / "file").stat()
    assert (about.st_uid, stat.S_IMODE(about.st_mode)) == (0, 0o600)


def test_links_pipes_and_second_names_are_removed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    spool, parts = folders
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    secret.chmod(0o640)
    with spools.lent(spool, parts, []):
        (spool / "link").symlink_to(secret)
        (spool / "folder").symlink_to(tmp_path)
        os.link(secret, spool / "second")
        os.mkfifo(spool / "pipe")
        (spool / "real").mkdir()
        (spool / "real" / "link").symlink_to(secret)
        (spool / part_name("x")).symlink_to(secret)
    assert [path.name for path in spool.iterdir()] == ["real"]
    assert list((spool / "real").iterdir()) == []
    assert list(parts.iterdir()) == []
    assert stat.S_IMODE(secret.stat().st_mode) == 0o640


def test_folders_however_deep_are_removed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    spool, parts = folders
    with spools.lent(spool, parts, []):
        before = os.getcwd()
        os.chdir(spool)
        for _ in range(1200):
            os.mkdir("d")
            os.chdir("d")
        Path("file").write_bytes(b"x")
        Path("link").symlink_to(tmp_path)
        os.chmod(".", 0)
        os.chdir(before)
    assert sum(1 for _ in spool.rglob("*")) <= 5
    spools.remove(spool)
    assert not spool.exists()
    assert parts.exists()


def test_trust_goes_in_and_its_pin_never_comes_back(folders: tuple[Path, Path], tmp_path: Path) -> None:
    spool, parts = folders
    trust = tmp_path / "trust"
    trust.mkdir()
    with pytest.raises(Failed, match="trusted yet"):
        spools.bring_trust(trust, tmp_path / "other")
    (trust / "root.json").write_bytes(b"pinned")
    spools.bring_trust(trust, spool)
    with spools.lent(spool, parts, None):
        (spool / "trust" / "root.json").write_bytes(b"another")
        (spool / "trust" / "metadata" / "root_history").mkdir()
        (spool / "trust" / "metadata" / "root_history" / "2.root.json").write_bytes(b"two")
        (spool / "trust" / "metadata" / "timestamp.json").write_bytes(b"now")
    spools.keep_known(spool, trust)
    assert (trust / "root.json").read_bytes() == b"pinned"
    assert (trust / "metadata" / "timestamp.json").read_bytes() == b"now"
    again = tmp_path / "again"
    again.mkdir()
    spools.bring_trust(trust, again)
    assert (again / "trust" / "metadata" / "root_history" / "2.root.json").read_bytes() == b"two"
    (again / "trust" / "metadata" / "timestamp.json").unlink()
    spools.keep_known(again, trust)
    assert not (trust / "metadata" / "timestamp.json").exists()


def test_metadata_without_end_is_not_kept(folders: tuple[Path, Path], tmp_path: Path) -> None:
    spool, _ = folders
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "root.json").write_bytes(b"pinned")
    spools.bring_trust(trust, spool)
    with (spool / "trust" / "metadata" / "targets.json").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    with pytest.raises(Failed, match="larger"):
        spools.keep_known(spool, trust)
    assert not (trust / "metadata").exists()


def test_old_parts_and_too_many_are_forgotten(folders: tuple[Path, Path]) -> None:
    _, parts = folders
    for number in range(80):
        (parts / part_name(str(number))).touch()
        os.utime(parts / part_name(str(number)), (1_000_000 + number, 1_000_000 + number))
    spools.forget_old(parts, 1_000_100)
    assert len(list(parts.iterdir())) == 64
    assert (parts / part_name("79")).exists()
    spools.forget_old(parts, 1_000_100 + 8 * 86_400)
    assert list(parts.iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_trust_that_does_not_fit_is_told_as_it_is(folders: tuple[Path, Path], tmp_path: Path) -> None:
    spool, _ = folders
    trust = tmp_path / "trust"
    trust.mkdir()
    (trust / "root.json").write_bytes(b"x" * 100_000)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", spool], check=True)
    try:
        with pytest.raises(Failed, match=r"Could not copy .*: the disk is full"):
            spools.bring_trust(trust, spool)
    finally:
        subprocess.run(["umount", spool], check=True)
