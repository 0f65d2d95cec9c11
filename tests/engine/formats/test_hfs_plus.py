"""HFS Plus volumes."""

import struct

from garrison.engine.formats import hfs_plus
from tests.engine.forms_images import hfs_file, hfs_folder, hfs_fork, hfs_key, hfs_node, make_hfs
from tests.engine.image_samples import sample
from tests.engine.opening import contents, opened, remarks


def test_what_another_program_made_is_opened() -> None:
    members = opened(hfs_plus.members, sample("hfs-plus"))
    came = contents(members)
    assert came["A long name, in two cases.txt",] == b"harmless long content 1\n"
    assert came["sub/second.file",] == b"two"
    assert came["hole",] == bytes(300_000)
    assert len(came) == 7
    assert remarks(members) == []


def test_files_in_folders_have_their_path_and_both_forks() -> None:
    records = [
        hfs_folder(2, "Apps", 30),
        hfs_folder(30, "a/b", 31),
        hfs_file(31, "run", 40, hfs_fork(4, (16, 1)), hfs_fork(3, (17, 1))),
        hfs_key(31, "") + struct.pack(">H", 3) + bytes(20),
    ]
    members = opened(hfs_plus.members, make_hfs([hfs_node(records)], b"data".ljust(4096, b"\x00") + b"res"))
    assert contents(members) == {("Apps/a:b/run",): b"data", ("Apps/a:b/run/..namedfork/rsrc",): b"res"}
    assert [member.listed.size for member in members if member.listed] == [4, 3]
    assert remarks(members) == []


def test_leaves_are_walked_in_turn_and_a_circle_ends() -> None:
    first = hfs_node([hfs_file(2, "one", 40, hfs_fork(1, (16, 1)))], following=2)
    second = hfs_node([hfs_file(2, "two", 41, hfs_fork(1, (16, 1)))], following=1)
    members = opened(hfs_plus.members, make_hfs([first, second], b"x"))
    assert contents(members) == {("one",): b"x", ("two",): b"x"}


def test_extents_that_have_no_room_in_the_catalog_are_looked_up() -> None:
    fork = hfs_fork(3 * 4096, (18, 1), (17, 1))
    key = struct.pack(">HBBLL", 10, 0, 0, 40, 2)
    overflow = hfs_node([key + struct.pack(">LL", 16, 1).ljust(64, b"\x00")])
    content = b"c" * 4096 + b"b" * 4096 + b"a" * 4096
    made = make_hfs([hfs_node([hfs_file(2, "x", 40, fork)])], content, overflow)
    assert contents(opened(hfs_plus.members, made)) == {("x",): content[::-1]}


def test_a_file_that_the_system_packed_is_said() -> None:
    record = bytearray(hfs_file(2, "x", 40, hfs_fork(0)))
    record[len(hfs_key(2, "x")) + 41] = 0x20
    members = opened(hfs_plus.members, make_hfs([hfs_node([bytes(record)])], b""))
    assert remarks(members) == ["not opened: packed by the file system"]


def test_extents_beyond_the_end_are_said() -> None:
    members = opened(hfs_plus.members, make_hfs([hfs_node([hfs_file(2, "x", 40, hfs_fork(9, (1 << 30, 1)))])], b"x"))
    assert remarks(members) == ["damaged: ends too early"]


def test_a_node_that_is_no_leaf_is_damage() -> None:
    members = opened(hfs_plus.members, make_hfs([hfs_node([], kind=0)], b"x"))
    assert remarks(members) == ["damaged: cannot be unpacked"]
