"""Squashfs images."""

import struct

import pytest

from garrison.engine.budget import Limits
from garrison.engine.formats import squashfs
from tests.engine.forms_images import make_squashfs
from tests.engine.image_samples import sample
from tests.engine.opening import SMALL, contents, opened, remarks

WORDS = b"many words\n" * 20_000


@pytest.mark.parametrize("method", ["gzip", "lzma", "xz", "lz4", "zstd"])
def test_what_another_program_made_is_opened(method: str) -> None:
    members = opened(squashfs.members, sample(f"squashfs-{method}"))
    assert remarks(members) == []
    came = contents(members)
    assert came["A long name, in two cases.txt",] == b"harmless long content 1\n"
    assert came["sub/second.file",] == b"two"
    assert came["hole",] == bytes(300_000)
    assert came["empty",] == b""
    assert WORDS.startswith(came["sub/linked",])
    assert len(came["sub/linked",]) == 200_000
    assert ("words",) not in came  # the same file under another name
    sizes = {member.listed.name: member.listed.size for member in members if member.listed}
    assert sizes["hole"] == 300_000


def test_an_unknown_method_is_said() -> None:
    made = bytearray(make_squashfs(b"x"))
    made[20] = 3
    assert remarks(opened(squashfs.members, bytes(made))) == ["not opened: packed by method 3"]


def test_a_folder_in_itself_ends() -> None:
    made = bytearray(make_squashfs(b"x"))
    at = made.rindex(struct.pack("<HhHH", 32, 1, 2, 4))
    made[at : at + 8] = struct.pack("<HhHH", 0, 1, 1, 4)  # the root
    assert opened(squashfs.members, bytes(made)) == []


def test_a_folder_that_names_the_same_for_ever_ends() -> None:
    made = bytearray(make_squashfs(b"x" * 200_000))
    root = made.index(struct.pack("<LLHHL", 0, 2, 28, 0, 3))
    made[root : root + 16] = struct.pack("<LLHHL", 0, 2, 65535, 0, 3)
    names = made.rindex(struct.pack("<LLL", 0, 0, 1)) - 2
    listing = (struct.pack("<LLL", 255, 0, 1) + (struct.pack("<HhHH", 0, 1, 1, 0) + b"x") * 256) * 28
    blocks = b"".join(struct.pack("<H", 8192 | 0x8000) + listing[at : at + 8192] for at in range(0, 65536 - 8192, 8192))
    assert any(
        "limit" in each or "damaged" in each
        for each in remarks(opened(squashfs.members, bytes(made[:names]) + blocks, limits=SMALL))
    )


def test_a_size_of_exabytes_ends_at_a_limit() -> None:
    made = make_squashfs(b"x" * 10)
    table = made.index(struct.pack("<LLLL", 96, 0xFFFFFFFF, 0, 10))
    members = opened(squashfs.members, made[: table + 12] + b"\xff\xff\xff\xff" + made[table + 16 :], limits=SMALL)
    assert remarks(members)


def test_a_large_block_is_unpacked_no_further_than_the_limit() -> None:
    members = opened(squashfs.members, make_squashfs(bytes(1 << 20), 1 << 20), limits=SMALL)
    assert remarks(members) == ["limit reached: unpacks to over 256 KiB"]


def test_a_large_block_of_lz4_is_over_the_limit_and_not_damaged() -> None:
    members = opened(squashfs.members, sample("squashfs-lz4"), limits=Limits(total_bytes=3000))
    assert set(remarks(members)) == {"limit reached: unpacks to over 2.9 KiB"}


def test_a_damaged_block_keeps_what_came_before() -> None:
    made = bytearray(make_squashfs(bytes(range(256)) * 1024))
    second = made.index(b"\x78", 200)
    made[second : second + 2] = b"\x00\x00"
    members = opened(squashfs.members, bytes(made))
    assert remarks(members) == ["damaged: cannot be unpacked"]


@pytest.mark.parametrize("at", range(0, 96, 4))
def test_numbers_in_the_head_that_are_too_large_are_survived(at: int) -> None:
    made = bytearray(make_squashfs(b"x"))
    made[at : at + 4] = b"\xff\xff\xff\x7f"
    opened(squashfs.members, bytes(made), limits=SMALL)
