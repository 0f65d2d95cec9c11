import contextlib
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats import libarchive
from garrison.engine.formats.rar import members
from garrison.engine.formats.rar_3 import Unpacker
from garrison.engine.guard import Incomplete
from tests.engine.formats.rar_packing import Packer3, archive, noise
from tests.engine.formats.test_rar import PACKED_3
from tests.engine.opening import SMALL, Spent, contents, opened, remarks


# The digests are of what The Unarchiver 1.10.7 unpacks the same bytes to.
@pytest.mark.parametrize(("seed", "size", "checksum"), [(1, 92181, 1798137914), (2, 90670, 2806381684)])
def test_every_kind_of_symbol_is_unpacked(seed: int, size: int, checksum: int) -> None:
    packer = Packer3()
    noise(seed, 1500, packer)
    packer.end(is_new_code=True)
    assert zlib.crc32(b"".join(Unpacker().unpacked(packer.bits.done(), size))) == checksum


def test_a_solid_run_of_rar_itself_is_unpacked() -> None:
    found = opened(members, PACKED_3)
    assert {names: zlib.crc32(content) for names, content in contents(found).items()} == {
        ("stest1.txt",): 3317163682,
        ("stest2.txt",): 3317163682,
    }
    assert remarks(found) == []


def test_what_is_packed_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    assert remarks(opened(members, PACKED_3)) == []


def test_codes_that_libarchive_refuses_are_read() -> None:
    packer = Packer3()
    packer.codes()  # they are not complete
    for byte in b"hello world":
        packer.byte(byte)
    packer.end(is_new_code=True)
    member = (packer.bits.done(), 11, zlib.crc32(b"hello world"))
    found = opened(members, archive([member, member], 29))
    assert contents(found) == {("member0",): b"hello world", ("member1",): b"hello world"}
    assert remarks(found) == []


def test_damage_is_said_where_both_find_it() -> None:
    assert remarks(opened(members, archive([(b"\xff" * 20, 11, 0)], 29))) == ["damaged: cannot be unpacked"]


def test_a_member_goes_on_with_the_codes_of_the_last_one_or_its_own() -> None:
    first, second, third = Packer3(), Packer3(), Packer3()
    first.codes()
    for byte in b"hello world, ":
        first.byte(byte)
    first.end(is_new_code=False)
    for byte in b"again ":
        second.byte(byte)
    second.match(19, 13)
    second.end(is_new_code=True)
    third.codes()
    third.match(19, 19)
    unpacker = Unpacker()
    sizes = zip((first, second, third), (13, 19, 19), strict=True)
    found = [b"".join(unpacker.unpacked(packer.bits.done(), size)) for packer, size in sizes]
    assert found == [b"hello world, ", b"again hello world, ", b"again hello world, "]


def test_what_another_packing_packed_is_named() -> None:
    with pytest.raises(Incomplete, match="not opened: packed by PPMd"):
        list(Unpacker().unpacked(b"\x80" + bytes(20), 10))


def test_what_an_unknown_filter_changed_is_given_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    packer = Packer3()
    packer.codes()
    packer.byte(65)
    packer.filter(b"a program of nobody", 3)
    for byte in b"BCDE":
        packer.byte(byte)
    monkeypatch.setattr(libarchive, "_library", None)
    found = opened(members, archive([(packer.bits.done(), 5, 0)], 29))
    assert (found[0].content, found[0].remark) == (b"ABCDE", "damaged: packed with an unknown filter")


def test_a_window_of_several_megabytes_is_kept() -> None:
    packer = Packer3()
    packer.codes()
    for byte in b"0123456789":
        packer.byte(byte)
    for _ in range(20_000):
        packer.match(10, 250)
    packer.byte(33)
    packer.match(3_900_001, 200)
    size = 10 + 250 * 20_000 + 201
    content = b"".join(Unpacker().unpacked(packer.bits.done(), size))
    assert len(content) == size
    assert content[-201:] == b"!" + content[10 + 250 * 20_000 - 3_900_000 :][:200]


def test_the_time_is_asked_for_where_codes_follow_codes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    packer = Packer3()
    packer.codes()
    for _ in range(50):
        packer.new_codes()
    found = opened(members, archive([(packer.bits.done(), 1000, 0)], 29), budget=Spent(20))
    assert found[0].remark == "limit reached: time"


def test_cut_and_changed_it_is_survived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    packer = Packer3()
    noise(3, 50, packer)
    packer.filter(b"a program of nobody", 3)
    packed = packer.bits.done()
    for at in random.Random(2).sample(range(len(packed)), 100):
        changed = bytearray(packed)
        changed[at] ^= 1 << at % 8
        for data in (packed[:at], bytes(changed)):
            opened(members, archive([(data, 10_000, 0)], 29), limits=SMALL)


@given(st.binary(max_size=400), st.integers(0, 100_000))
def test_any_bytes_are_survived(data: bytes, size: int) -> None:
    with contextlib.suppress(Incomplete):
        assert sum(map(len, Unpacker().unpacked(data, size))) <= size
