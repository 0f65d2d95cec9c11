import contextlib
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.rar import members
from garrison.engine.formats.rar_2 import Unpacker
from garrison.engine.guard import Incomplete
from tests.engine.formats.rar_packing import Packer2, archive, noise, sounds
from tests.engine.opening import SMALL, Spent, contents, opened, remarks


# The digests are of what The Unarchiver 1.10.7 unpacks the same bytes to.
@pytest.mark.parametrize(("seed", "size", "checksum"), [(1, 91671, 1802908542), (2, 90162, 2470281590)])
def test_every_kind_of_symbol_is_unpacked(seed: int, size: int, checksum: int) -> None:
    packed = noise(seed, 1500, Packer2())
    assert zlib.crc32(b"".join(Unpacker().unpacked(packed, size))) == checksum


@pytest.mark.parametrize(("channels", "checksum"), [(1, 3276350885), (2, 1500188401), (3, 3399079356), (4, 435270003)])
def test_sounds_are_put_together(channels: int, checksum: int) -> None:
    packed = sounds(channels, channels, 3000)
    assert zlib.crc32(b"".join(Unpacker().unpacked(packed, 3256))) == checksum


def solid() -> tuple[bytes, bytes]:
    first, second = Packer2(), Packer2()
    first.codes()
    for byte in b"hello world, ":
        first.byte(byte)
    for byte in b"again ":
        second.byte(byte)
    second.match(19, 13)
    return first.bits.done(), second.bits.done()


def test_a_solid_run_goes_on_from_member_to_member() -> None:
    first, second = solid()
    whole = archive([(first, 13, 0), (second, 19, 0)], 20, is_solid=True)
    found = opened(members, whole)
    assert contents(found) == {("member0",): b"hello world, ", ("member1",): b"again hello world, "}
    assert remarks(found) == []


def test_codes_at_the_end_are_those_of_the_next_member() -> None:
    first = Packer2()
    first.codes()
    first.byte(65)
    first.new_codes()
    unpacker = Unpacker()
    assert b"".join(unpacker.unpacked(first.bits.done(), 1)) == b"A"
    assert b"".join(unpacker.unpacked(solid()[1], 6)) == b"again "


def test_cut_and_changed_it_is_survived() -> None:
    for packed in (noise(3, 50, Packer2()), sounds(1, 2, 100)):
        for at in random.Random(2).sample(range(len(packed)), 60):
            changed = bytearray(packed)
            changed[at] ^= 1 << at % 8
            for data in (packed[:at], bytes(changed)):
                opened(members, archive([(data, 10_000, 0)], 20), limits=SMALL)


def test_what_is_cut_gives_what_came_before() -> None:
    packed = noise(3, 50, Packer2())
    found = opened(members, archive([(packed[:-20], 100_000, 0)], 20))
    assert found[0].remark == "damaged: ends too early"
    assert (found[0].content or b"")[:256] == bytes(range(256))


def test_the_time_is_asked_for_where_codes_follow_codes() -> None:
    packer = Packer2()
    packer.codes()
    for _ in range(50):
        packer.new_codes()
    found = opened(members, archive([(packer.bits.done(), 1000, 0)], 20), budget=Spent(20))
    assert found[0].remark == "limit reached: time"


@given(st.binary(max_size=400), st.integers(0, 100_000))
def test_any_bytes_are_survived(data: bytes, size: int) -> None:
    with contextlib.suppress(Incomplete):
        assert sum(map(len, Unpacker().unpacked(data, size))) <= size
