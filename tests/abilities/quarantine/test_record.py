import base64
import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.abilities.quarantine.record import Identity, Metadata, Record
from tests.abilities.things import NOBODY, needs_root, run

PLAIN_CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")  # cap_net_raw=ep (linux/capability.h)

RECORD = Record(
    id="0123456789ab",
    path="/tmp/x\udcff",
    sha256="0" * 64,
    identity=Identity(1, 2, 3, 4),
    metadata=Metadata(0, 0, 0o644, 1, 2, {"user.a": base64.b64encode(b"\0\xff").decode()}),
    threat="Test.X",
    kind="test",
    certainty="known",
    inner=("a", "b"),
    taken_at="2026-03-01T12:00:00+00:00",
    taken_by=0,
    arriving=False,
)


def metadata_of(path: Path) -> Metadata:
    with path.open("rb") as file:
        return Metadata.of(file.fileno())


def apply(metadata: Metadata, path: Path) -> list[str]:
    with path.open("ab") as file:
        return metadata.apply(file.fileno())


@given(st.binary(min_size=1).map(os.fsdecode).filter(lambda name: "\0" not in name), st.integers(-(2**63), 2**63))
def test_survives_json(name: str, time_ns: int) -> None:
    record = replace(RECORD, path=f"/{name}", identity=Identity(1, 2, 3, time_ns), inner=(name,))
    assert Record.from_plain(json.loads(json.dumps(record.to_plain(), ensure_ascii=True))) == record


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "0123456789aX"),
        ("id", "../../../etc/passwd"),
        ("id", 5),
        ("path", "relative"),
        ("path", "/a\0b"),
        ("sha256", "0" * 63),
        ("restoring", "x"),
        ("arriving", 1),
        ("inner", 5),
        ("identity", {}),
        ("identity", {"device": 1, "inode": 2, "size": "3", "mtime_ns": 4}),
        ("metadata", None),
        ("metadata", {**RECORD.to_plain()["metadata"], "xattrs": {"user.a": "%"}}),
        ("metadata", {**RECORD.to_plain()["metadata"], "xattrs": []}),
        ("more", 1),
    ],
)
def test_a_damaged_record_is_refused(name: str, value: Any) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Record.from_plain({**RECORD.to_plain(), name: value})


def test_what_is_missing_is_refused() -> None:
    plain = RECORD.to_plain()
    del plain["sha256"]
    with pytest.raises(TypeError):
        Record.from_plain(plain)


def test_gives_all_of_it_to_another_file(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_bytes(b"x")
    after.write_bytes(b"x")
    os.setxattr(before, "user.note", b"\0bytes\xff")
    before.chmod(0o4711)
    os.utime(before, ns=(1_000_000_001, 1_600_000_000_123_456_789))
    metadata = metadata_of(before)
    assert apply(metadata, after) == []
    assert metadata_of(after) == metadata


@pytest.mark.skipif(not shutil.which("setfacl"), reason="needs setfacl (Debian package acl)")
def test_access_lists_are_given_and_those_of_the_new_folder_are_not(tmp_path: Path) -> None:
    tree = tmp_path / "folder"
    tree.mkdir()
    with_list, without, fresh = tmp_path / "with", tmp_path / "without", tree / "fresh"
    for path in (with_list, without):
        path.write_bytes(b"")
        path.chmod(0o640)
    subprocess.run(["setfacl", "-m", "u:65534:rw,g:65534:r,m::rw", str(with_list)], check=True)
    subprocess.run(["setfacl", "-d", "-m", "u:12345:rwx", str(tree)], check=True)
    fresh.write_bytes(b"")
    assert "system.posix_acl_access" in metadata_of(fresh).xattrs
    assert apply(metadata_of(without), fresh) == []
    assert metadata_of(fresh).xattrs == {}
    assert fresh.stat().st_mode & 0o7777 == 0o640
    assert apply(metadata_of(with_list), fresh) == []
    assert metadata_of(fresh) == metadata_of(with_list)
    listed = subprocess.run(["getfacl", "-cpn", str(fresh)], check=True, capture_output=True, text=True).stdout
    assert "user:65534:rw-" in listed
    assert "mask::rw-" in listed


@needs_root
def test_owner_and_file_capabilities(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.write_bytes(b"x")
    after.write_bytes(b"x")
    os.chown(before, NOBODY, 12)
    before.chmod(0o6755)
    os.setxattr(before, "security.capability", PLAIN_CAPABILITY)
    metadata = metadata_of(before)
    assert metadata.xattrs["security.capability"]
    assert apply(metadata, after) == []
    assert metadata_of(after) == metadata


@needs_root
def test_an_ordinary_account_gets_no_rights_that_were_lent_by_another(shared: Path) -> None:
    before, after = shared / "before", shared / "after"
    before.write_bytes(b"x")
    before.chmod(0o6755)
    os.setxattr(before, "security.capability", PLAIN_CAPABILITY)
    os.setxattr(before, "trusted.note", b"x")
    after.write_bytes(b"x")
    os.chown(after, NOBODY, NOBODY)
    metadata = metadata_of(before)
    missing = run(lambda acting: acting.run(apply, metadata, after), uid=NOBODY)
    assert missing == [
        "its owner",
        "its right to run as its owner or group",
        "its attribute security.capability",
        "its attribute trusted.note",
    ]
    assert after.stat().st_mode & 0o7777 == 0o755
    assert after.stat().st_uid == NOBODY


@needs_root
def test_a_file_that_its_owner_may_not_write_keeps_its_attributes(shared: Path) -> None:
    path, other = shared / "x", shared / "y"
    for each in (path, other):
        each.write_bytes(b"x")
        os.chown(each, NOBODY, NOBODY)
    os.setxattr(path, "user.note", b"x")
    path.chmod(0o444)
    metadata = metadata_of(path)
    assert run(lambda acting: acting.run(apply, metadata, other), uid=NOBODY) == []
    assert metadata_of(other) == metadata


@needs_root
def test_gigabytes_of_attributes_are_not_remembered(tmp_path: Path) -> None:
    path = Path("/dev/shm") / f"garrison-test-{os.getpid()}"  # some file systems let a file have that many
    path.write_bytes(b"x")
    try:
        for number in range(40):
            os.setxattr(path, f"trusted.{number}", bytes(60_000))
        assert sum(map(len, metadata_of(path).xattrs.values())) < 1.5 * 1024 * 1024
    except OSError as error:
        pytest.skip(f"the file system takes no such attributes: {error}")
    finally:
        path.unlink()


def test_says_what_it_takes_on_disk() -> None:
    assert RECORD.disk_bytes == 3 + 4 + 8192
    assert RECORD.leftover == ".garrison-0123456789ab"
