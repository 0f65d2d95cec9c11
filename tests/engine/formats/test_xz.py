import lzma

import pytest

from garrison.engine.formats.xz import members, members_of_lzma
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector


@pytest.mark.parametrize("check_sum", [lzma.CHECK_NONE, lzma.CHECK_CRC32, lzma.CHECK_CRC64, lzma.CHECK_SHA256])
def test_every_checksum_is_read(check_sum: int) -> None:
    content = lzma.compress(EICAR, check=check_sum)
    assert contents(opened(members, content, "a.xz")) == {("a",): EICAR}


@pytest.mark.parametrize("padding", [0, 4, 4096])
def test_streams_one_after_the_other_are_one_object(padding: int) -> None:
    content = lzma.compress(EICAR[:30]) + bytes(padding) + lzma.compress(EICAR[30:])
    assert list(contents(opened(members, content)).values()) == [EICAR]


def test_a_filter_chain_is_read() -> None:
    filters = [{"id": lzma.FILTER_X86}, {"id": lzma.FILTER_LZMA2, "preset": 6}]
    assert list(contents(opened(members, lzma.compress(EICAR, filters=filters))).values()) == [EICAR]


def test_what_needs_gigabytes_of_memory_is_not_opened() -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 4096}]
    content = bytearray(lzma.compress(EICAR, filters=filters))
    block = 12  # behind the stream header
    size = (content[block] + 1) * 4
    at = content.index(b"\x21\x01", block) + 2  # filter, length of its properties, dictionary size
    content[at] = 40  # 4 GiB less one byte (5.3.1)
    import zlib  # noqa: PLC0415 # only here

    content[block + size - 4 : block + size] = zlib.crc32(content[block : block + size - 4]).to_bytes(4, "little")
    assert remarks(opened(members, bytes(content))) == ["not opened: unpacking it needs too much memory"]


def test_lzma_with_and_without_its_size() -> None:
    content = lzma.compress(EICAR, lzma.FORMAT_ALONE)
    assert contents(opened(members_of_lzma, content, "a.lzma")) == {("a",): EICAR}
    sized = content[:5] + len(EICAR).to_bytes(8, "little") + content[13:]
    assert list(contents(opened(members_of_lzma, sized)).values()) == [EICAR]
    assert check(content, detector(), "a.lzma").findings[0].inner == ("a",)


def test_what_is_none_is_damage() -> None:
    assert remarks(opened(members, b"\xfd7zXZ\x00nonsense nonsense")) == ["damaged: cannot be unpacked"]
