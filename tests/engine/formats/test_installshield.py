"""InstallShield's cabinets."""

import struct

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats import installshield
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from tests.engine.forms_images import make_shield, shield_chunks, shield_entry
from tests.engine.opening import contents, opened, remarks

CONTENT = b"harmless " * 5000


def cabinet(entries: list[bytes], names: bytes, version: int = 0x01009500) -> bytes:
    """Return a header with a list, for data elsewhere."""
    table = struct.pack("<L", 4 + 87 * len(entries)) + b"".join(entries) + names
    head = struct.pack("<4sLLLLL", b"ISc(", version, 0, 512, 64, 0xFFFFFF)
    descriptor = bytes(12) + struct.pack("<L12xL8xLL", 64, 1, len(entries), 4)
    return head.ljust(512, b"\x00") + descriptor.ljust(64, b"\x00") + table


def masked(content: bytes) -> bytes:
    out = bytearray()
    for place, byte in enumerate(content):
        value = (byte + place % 71) & 0xFF
        out.append((value << 2 | value >> 6) & 0xFF ^ 0xD5)
    return bytes(out)


def read(header: bytes, volumes: dict[int, bytes]) -> dict[tuple[str, ...], bytes]:
    sources = {number: Source(content) for number, content in volumes.items()}
    return contents(list(installshield.read(Source(header), sources, Guard(Limits(), Unbounded(), 10**6))))


def test_a_cabinet_in_one_file_tells_sizes_and_places() -> None:
    members = opened(installshield.members, make_shield(CONTENT))
    assert contents(members) == {("inner",): CONTENT}
    assert members[0].listed is not None
    assert (members[0].listed.size, members[0].listed.position) == (len(CONTENT), 1)


def test_masked_files_are_read() -> None:
    data = masked(CONTENT)
    header = cabinet([shield_entry(2, len(CONTENT), 0, 100, 4 + 87 + 1)], b"\x00x\x00")
    assert read(header, {1: bytes(100) + data}) == {("x",): CONTENT}


def test_a_file_in_two_volumes_is_put_together() -> None:
    data = shield_chunks(CONTENT)
    header = cabinet([shield_entry(5, len(CONTENT), len(data), 100, 4 + 87 + 1)], b"\x00x\x00")
    second = bytes(36) + struct.pack("<QQQ", 64, len(CONTENT), len(data) - 50)
    assert read(header, {1: bytes(100) + data[:50], 2: second.ljust(64, b"\x00") + data[50:]}) == {("x",): CONTENT}
    assert read(header, {1: bytes(100) + data[:50]}) == {("x",): b""}


def test_wide_names_of_newer_versions_are_read() -> None:
    names = b"\x00\x00" + "folder\\näme".encode("utf-16-le") + b"\x00\x00"
    header = cabinet([shield_entry(0, 3, 3, 1, 4 + 87 + 2)], names, version=0x04000000 | 1800)
    assert read(header, {1: b".abc"}) == {("folder/näme",): b"abc"}


def test_a_stored_file_in_two_volumes_is_put_together() -> None:
    header = cabinet([shield_entry(1, len(CONTENT), 0, 100, 4 + 87 + 1)], b"\x00x\x00")
    second = bytes(36) + struct.pack("<QQQ", 64, len(CONTENT) - 50, 0)
    assert read(header, {1: bytes(100) + CONTENT[:50], 2: second.ljust(64, b"\x00") + CONTENT[50:]}) == {
        ("x",): CONTENT
    }


def test_what_is_in_another_file_is_said() -> None:
    header = cabinet([shield_entry(0, 3, 3, 1, 4 + 87 + 1)], b"\x00x\x00")
    assert remarks(opened(installshield.members, header)) == ["not opened: its data is in another file"]
    volume = b"ISc(" + struct.pack("<LLLL", 0x01009500, 0, 512, 0) + bytes(100)
    assert remarks(opened(installshield.members, volume)) == ["not opened: its list of members is in another file"]


def of_version_5(place: int) -> bytes:
    """Return a header that lists one file of three bytes. place: where its bytes lie."""
    table = struct.pack("<LL", 8, 12) + b"\x00abc"
    entry = (struct.pack("<LLHLL", 12 + 42, 0, 0, 3, 3) + bytes(20)).ljust(38, b"\x00") + struct.pack("<L", place)
    head = struct.pack("<4sLLLLL", b"ISc(", 0x01005000, 0, 512, 64, 700)
    descriptor = bytes(12) + struct.pack("<L12xL8xLL", 64, 1, 1, 0)
    return head.ljust(512, b"\x00") + descriptor.ljust(64, b"\x00") + table + entry + b"old\x00"


def test_files_of_version_5_are_in_the_volume_that_counts_them() -> None:
    header = of_version_5(70)
    assert read(header, {1: b"".ljust(70) + b"abc"}) == {("old",): b"abc"}
    none = bytes(32) + b"\xff\xff\xff\xff"
    assert read(header, {2: none.ljust(70, b"\x00") + b"two"}) == {("old",): b"two"}


def test_the_smaller_entries_of_version_5_are_read() -> None:
    made = of_version_5(700)
    assert contents(opened(installshield.members, made.ljust(700, b"\x00") + b"abc")) == {("old",): b"abc"}
