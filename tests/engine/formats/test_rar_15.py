"""What RAR 1.5 packed; the sample is a test file of the rarfile project (ISC licence)."""

import base64
import contextlib
import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.rar import members
from garrison.engine.formats.rar_15 import Unpacker
from garrison.engine.guard import Incomplete
from tests.engine.formats.rar_15_packing import noise
from tests.engine.formats.rar_packing import archive
from tests.engine.opening import SMALL, Spent, contents, opened, remarks

SAMPLE = base64.b64decode(
    "UmFyIRoHADoicwIALAAAAAAAAACwYnUAAB8AEAAPNPLQD5LlB6P1/rSPSg9d7RXhNEAAlgZ0CIBIAAcAAAAHAAAAAKkHf+IwnmM9DzMJ"
    "ACAAAABGSUxFMS5UWFS03HUAAB8AEgAPMKuxZmlsZTFjb21tZW50IC0tLS0tE9N68IAInBTfdAiASAAIAAAACAAAAAD3BkM8M55jPQ8w"
    "CQAgAAAARklMRTIuVFhUJxR1AAAfABIADzBwlGZpbGUyY29tbWVudCAtLS0tLWJhYWFhcg0K"
)


def test_an_archive_of_rar_itself_is_unpacked() -> None:
    found = opened(members, SAMPLE)
    assert {names: zlib.crc32(content) for names, content in contents(found).items()} == {
        ("FILE1.TXT",): 3799975849,
        ("FILE2.TXT",): 1011025655,
    }
    assert remarks(found) == []


# The digests are of what The Unarchiver 1.10.7 unpacks the same bytes to; what lies before the start is zeros to it.
@pytest.mark.parametrize(
    ("seed", "size", "checksum"), [(4, 34235, 1534588682), (9, 30865, 2914418299), (10, 31052, 694121259)]
)
def test_every_kind_of_step_is_unpacked(seed: int, size: int, checksum: int) -> None:
    unpacker = Unpacker()
    unpacker._out += bytes(1 << 16)
    packed = noise(seed, 200_000)[1] + bytes(100)
    assert zlib.crc32(b"".join(unpacker.unpacked(packed, size))) == checksum


def test_a_solid_run_goes_on_from_member_to_member() -> None:
    packed = SAMPLE[123:130]  # seven bytes, all literals
    whole = archive([(packed, 7, 0), (packed, 7, 0)], 15, is_solid=True)
    first, second = opened(members, whole)
    assert first.content == opened(members, SAMPLE)[0].content
    assert second.content != first.content  # the tables are those at the end of the first


def test_what_is_cut_gives_what_came_before() -> None:
    found = opened(members, archive([(SAMPLE[123:130], 100_000, 0)], 15))
    assert found[0].remark.startswith("damaged: ")
    assert (found[0].content or b"").startswith(opened(members, SAMPLE)[0].content or b"?")


def test_the_time_is_kept() -> None:
    packed = noise(4, 200_000)[1]
    found = opened(members, archive([(b"\xff" * 40 + packed, 100_000, 0)], 15), budget=Spent(3))
    assert found[0].remark == "limit reached: time"


def test_changed_it_is_survived() -> None:
    packed = noise(1, 1000)[1]
    for at in random.Random(2).sample(range(len(packed)), 50):
        changed = bytearray(packed)
        changed[at] ^= 1 << at % 8
        opened(members, archive([(bytes(changed), 10_000, 0)], 15), limits=SMALL)


@given(st.binary(max_size=400), st.integers(0, 100_000))
def test_any_bytes_are_survived(data: bytes, size: int) -> None:
    unpacker = Unpacker()
    unpacker._out += bytes(1 << 16)
    with contextlib.suppress(Incomplete):
        assert sum(map(len, unpacker.unpacked(data, size))) <= size
