"""UDF file systems."""

import struct

from garrison.engine.formats import iso, udf
from tests.engine.forms_images import make_udf, udf_file, udf_name, udf_set
from tests.engine.image_samples import sample
from tests.engine.opening import contents, opened, remarks


def folder(*names: tuple[bytes, int]) -> bytes:
    table = udf_name(b"", 1, 10) + b"".join(udf_name(name, block) for name, block in names)
    return udf_file(4, len(table), table, 3)


def test_what_another_program_made_is_opened() -> None:
    members = opened(udf.members, sample("iso-joliet-udf"))
    assert contents(members)["A long name, in two cases.txt",] == b"harmless long content 1\n"
    assert contents(members)["sub/second.file",] == b"two"
    assert remarks(members) == []


def test_what_only_the_udf_tree_of_a_disc_names_is_found() -> None:
    disc = bytearray(sample("iso-joliet-udf"))
    for at in range(0, len(disc), 2048):
        if disc[at + 1 : at + 6] == b"CD001" and disc[at] == 2:
            disc[at] = 3  # the disc has no Joliet any more
    root = disc.index(b"\x22\x00", 16 * 2048 + 156)
    disc[root + 2 : root + 10] = struct.pack("<L", 0x100) + struct.pack(">L", 0x100)  # a place without a folder
    members = opened(iso.members, bytes(disc))
    assert contents(members)["sub/second.file",] == b"two"


def test_inline_extended_and_long_descriptors_are_read() -> None:
    made = make_udf(
        udf_set(),
        folder((b"\x08inline", 2), (b"\x10\x00l\x00o\x00n\x00g", 3), (b"\x08hole", 4)),
        udf_file(5, 6, b"inline", 3, tag=266),
        udf_file(5, 4, struct.pack("<LLH6x", 4, 5, 0), 1),
        udf_file(5, 2052, struct.pack("<LLLL", 2048 | 1 << 30, 0, 4, 5), 0),
        b"data",
    )
    members = opened(udf.members, made)
    assert contents(members) == {("inline",): b"inline", ("long",): b"data", ("hole",): bytes(2048) + b"data"}
    assert [member.listed.size for member in members if member.listed] == [6, 4, 2052]


def test_descriptors_go_on_in_another_block_and_end_when_they_go_round() -> None:
    more = struct.pack("<HHBBHHHLLL", 258, 2, 0, 0, 0, 0, 0, 0, 0, 16) + struct.pack("<LLLL", 4, 4, 3 << 30 | 2048, 3)
    made = make_udf(
        udf_set(), folder((b"\x08x", 2)), udf_file(5, 4, struct.pack("<LL", 3 << 30 | 2048, 3), 0), more, b"data"
    )
    assert contents(opened(udf.members, made)) == {("x",): b"data"}


def test_deleted_files_and_folders_in_themselves_are_passed_over() -> None:
    table = udf_name(b"\x08gone", 2, 4) + udf_name(b"\x08again", 1, 2) + udf_name(b"\x08x", 2)
    made = make_udf(udf_set(), udf_file(4, len(table), table, 3), udf_file(5, 1, b"x", 3))
    assert contents(opened(udf.members, made)) == {("x",): b"x"}


def test_a_metadata_partition_is_read_where_its_file_says() -> None:
    meta = b"\x02\x40\x00\x00\x00*UDF Metadata Partition".ljust(38, b"\x00") + struct.pack("<HL", 0, 0)
    maps = b"\x01\x06\x01\x00\x00\x00" + meta.ljust(64, b"\x00")
    blocks = (udf_file(250, 6 * 2048, struct.pack("<LL", 6 * 2048, 1), 0), udf_set(1, 1))
    made = make_udf(*blocks, folder((b"\x08x", 2)), udf_file(5, 1, b"x", 3), maps=maps)
    at = made.index(udf_set(1, 1)[:16], 257 * 2048)
    assert at == 258 * 2048
    logical = made.index(maps) - 440
    made = made[: logical + 252] + struct.pack("<LH", 0, 1) + made[logical + 258 :]
    made = made.replace(udf_name(b"\x08x", 2), udf_name(b"\x08x", 2)[:28] + b"\x01\x00" + udf_name(b"\x08x", 2)[30:])
    assert contents(opened(udf.members, made)) == {("x",): b"x"}


def test_a_virtual_partition_is_said_not_to_be_opened() -> None:
    virtual = b"\x02\x40\x00\x00\x00*UDF Virtual Partition".ljust(64, b"\x00")
    members = opened(udf.members, make_udf(udf_set(), maps=virtual))
    assert remarks(members) == ["not opened: UDF of a kind that is written track by track"]
