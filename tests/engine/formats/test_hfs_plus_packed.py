"""Files that HFS Plus packs by itself."""

import random
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Unbounded
from garrison.engine.formats import hfs_plus, hfs_plus_packed
from garrison.engine.guard import Guard, Incomplete
from tests.engine.forms_images import hfs_file, hfs_fork, hfs_key, hfs_node, make_hfs
from tests.engine.opening import SMALL, contents, opened, remarks

NOISE = random.Random(4).randbytes(100_000)


def attribute(kind: int, size: int, data: bytes = b"") -> bytes:
    return b"fpmc" + struct.pack("<LQ", kind, size) + data


def volume(value: bytes, fork: bytes = b"") -> bytes:
    """Return a volume with one packed file."""
    key = hfs_key(2, "x")
    record = bytearray(hfs_file(2, "x", 40, hfs_fork(0), hfs_fork(len(fork), (16, -(-len(fork) // 4096)))))
    record[len(key) + 41] = 0x20
    name = hfs_plus_packed.ATTRIBUTE.encode("utf-16-be")
    entry = struct.pack(">HHLLH", 12 + len(name), 0, 40, 0, len(name) // 2) + name
    entry += struct.pack(">L8xL", 0x10, len(value)) + value + bytes(len(value) % 2)
    return make_hfs([hfs_node([bytes(record)])], fork, attributes=hfs_node([entry]))


def fork_of(*blocks: bytes) -> bytes:
    table = struct.pack("<L", len(blocks))
    at = 4 + 8 * len(blocks)
    for block in blocks:
        table += struct.pack("<LL", at, len(block))
        at += len(block)
    data = table + b"".join(blocks)
    return struct.pack(">LLLL", 256, 0, 0, 0).ljust(256, b"\x00") + struct.pack(">L", len(data)) + data


@pytest.mark.parametrize(
    ("value", "fork", "content"),
    [
        (attribute(1, 3, b"abc"), b"", b"abc"),
        (attribute(3, 500, zlib.compress(b"a" * 500)), b"", b"a" * 500),
        (attribute(3, 3, b"\xffabc"), b"", b"abc"),
        (attribute(4, 100_000), fork_of(b"\xff" + NOISE[:65536], zlib.compress(NOISE[65536:])), NOISE),
    ],
    ids=["stored", "zlib", "zlib-stored", "blocks"],
)
def test_every_known_form_is_unpacked(value: bytes, fork: bytes, content: bytes) -> None:
    members = opened(hfs_plus.members, volume(value, fork))
    assert contents(members) == {("x",): content}
    assert members[0].listed is not None
    assert members[0].listed.size == len(content)
    assert remarks(members) == []


@pytest.mark.parametrize(
    ("value", "remark"),
    [
        (attribute(8, 9), "not opened: packed by LZVN"),
        (attribute(99, 9), "not opened: packed by method 99"),
        (b"else", "damaged: cannot be unpacked"),
        (attribute(4, 9), "damaged: cannot be unpacked"),
    ],
)
def test_what_cannot_be_unpacked_is_said(value: bytes, remark: str) -> None:
    assert remarks(opened(hfs_plus.members, volume(value))) == [remark]


@given(value=st.binary(max_size=60), fork=st.binary(max_size=60))
def test_any_bytes_are_survived(value: bytes, fork: bytes) -> None:
    def read(at: int, length: int) -> bytes:
        return fork[at : at + length].ljust(length, b"\x00")

    try:
        for piece in hfs_plus_packed.unpack(b"fpmc" + value, read, Guard(SMALL, Unbounded(), 100)):
            assert isinstance(piece, bytes)
    except Incomplete:
        pass
