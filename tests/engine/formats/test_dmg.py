"""Apple's disk images."""

import bz2
import lzma
import random
import zlib

import pytest

from garrison.engine.budget import Limits
from garrison.engine.formats import dmg
from tests.engine.forms_images import dmg_of, dmg_table, in_hfs, make_dmg
from tests.engine.opening import SMALL, contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

SECTOR = random.Random(3).randbytes(512)
END = (0xFFFFFFFF, 0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "packed"),
    [
        (1, SECTOR),
        (0x80000004, b"".join(b"\xff" + SECTOR[at : at + 128] for at in range(0, 512, 128))),
        (0x80000005, zlib.compress(SECTOR)),
        (0x80000006, bz2.compress(SECTOR)),
        (0x80000008, lzma.compress(SECTOR)),
    ],
    ids=["stored", "adc", "zlib", "bzip2", "xz"],
)
def test_every_kind_of_block_is_unpacked(kind: int, packed: bytes) -> None:
    table = dmg_table([(2, 1, 0, 0), (0x7FFFFFFE, 0, 0, 0), (kind, 1, 4, len(packed)), (0, 2, 0, 0), END])
    members = opened(dmg.members, make_dmg(b"data" + packed, table))
    assert contents(members) == {("part 0",): bytes(512) + SECTOR + bytes(1024)}
    assert members[0].listed is not None
    assert members[0].listed.size == 2048
    assert remarks(members) == []


def test_a_packing_that_is_not_known_is_said_by_name() -> None:
    made = make_dmg(b"x" * 9, dmg_table([(0, 1, 0, 0), (0x80000007, 1, 0, 9), END]))
    members = opened(dmg.members, made)
    assert contents(members) == {("part 0",): bytes(512)}
    assert remarks(members) == ["not opened: packed by LZFSE"]


def test_a_volume_in_it_is_opened_down_to_its_files() -> None:
    verdict = check(dmg_of(in_hfs(EICAR)), detector())
    assert [finding.inner for finding in verdict.findings] == [("part 0", "inner")]
    assert verdict.remarks == ()


def test_a_volume_that_is_too_large_for_one_object_is_read_in_place() -> None:
    made = dmg_of(in_hfs(EICAR) + bytes(2 << 20))
    limits = Limits(object_bytes=1 << 20)
    verdict = check(made, detector(), limits=limits)
    assert [finding.inner for finding in verdict.findings] == [("part 0", "inner")]
    assert contents(opened(dmg.members, made, limits=limits)) == {("part 0", "inner"): EICAR}


def test_partitions_are_told_apart() -> None:
    tables = (dmg_table([(1, 1, 0, 512), END]), b"mish", dmg_table([(1, 1, 512, 512), END]))
    assert list(contents(opened(dmg.members, make_dmg(SECTOR + bytes(512), *tables))).values()) == [SECTOR, bytes(512)]


def test_an_image_without_a_property_list_is_said() -> None:
    made = bytearray(make_dmg(b"x"))
    made[-512 + 224 : -512 + 232] = bytes(8)
    assert remarks(opened(dmg.members, bytes(made))) == ["not opened: disk image with an old list of partitions"]


def test_sectors_without_number_end_at_a_limit() -> None:
    made = make_dmg(b"x", dmg_table([(0, 1 << 60, 0, 0), END]))
    assert remarks(opened(dmg.members, made, limits=SMALL))


def test_a_large_block_is_unpacked_no_further_than_the_limit() -> None:
    content = bytes(1 << 20)
    made = make_dmg(zlib.compress(content), dmg_table([(0x80000005, 2048, 0, len(zlib.compress(content))), END]))
    assert remarks(opened(dmg.members, made, limits=SMALL)) == ["limit reached: unpacks to over 256 KiB"]


@pytest.mark.parametrize("packed", [b"", b"\x00", b"\x80", b"\x00\x05", b"\x7f\xff\xff", b"\xffabc"])
def test_damaged_blocks_of_adc_are_survived(packed: bytes) -> None:
    made = make_dmg(packed, dmg_table([(0x80000004, 1, 0, len(packed)), END]))
    assert remarks(opened(dmg.members, made)) == ["damaged: cannot be unpacked"]
