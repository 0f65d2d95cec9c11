import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.examine import examine
from garrison.engine.source import Source
from tests.engine.samples import EICAR, descriptor, detector

CONTENT = bytes(range(256)) * 4096


@pytest.fixture(params=["bytes", "descriptor"])
def source(request: pytest.FixtureRequest) -> Iterator[Source]:
    number = descriptor(CONTENT)
    yield Source(CONTENT if request.param == "bytes" else number)
    os.close(number)


def test_it_is_read_anywhere(source: Source) -> None:
    assert source.size == len(CONTENT)
    assert source.head() == CONTENT[:4096]
    assert source.read_at(100, 50) == CONTENT[100:150]
    assert source.read_at(len(CONTENT) - 3, 50) == CONTENT[-3:]
    assert source.read_at(len(CONTENT), 1) == b""
    assert source.read_at(0, 1 << 40) == CONTENT


@pytest.mark.parametrize("offset", [-1, 1 << 62, 1 << 63, 1 << 64])
def test_offsets_that_cannot_be_give_nothing(source: Source, offset: int) -> None:
    assert source.read_at(offset, 10) == b""
    assert source.read_at(0, -5) == b""


def test_it_comes_in_pieces(source: Source) -> None:
    assert b"".join(source.pieces()) == CONTENT
    assert b"".join(source.pieces(100, 300_000)) == CONTENT[100:300_100]
    assert max(map(len, source.pieces(0, None, 1000))) == 1000


def test_it_is_a_file(source: Source) -> None:
    file = source.file()
    assert file.read(3) == CONTENT[:3]
    assert file.seek(-5, io.SEEK_END) == len(CONTENT) - 5
    assert file.read() == CONTENT[-5:]
    assert file.seek(10) == 10
    assert file.seek(5, io.SEEK_CUR) == 15
    assert file.tell() == 15
    assert file.seekable()
    with pytest.raises(ValueError, match="before the start"):
        file.seek(-1)


def test_the_shared_offset_is_let_alone() -> None:
    number = descriptor(CONTENT)
    os.lseek(number, 7, os.SEEK_SET)
    source = Source(number)
    list(source.pieces())
    source.file().read(100)
    assert os.lseek(number, 0, os.SEEK_CUR) == 7
    os.close(number)


def test_a_file_that_shrinks_and_grows_is_read_as_it_is() -> None:
    number = descriptor(CONTENT)
    source = Source(number)
    os.ftruncate(number, 10)
    assert source.read_at(0, 100) == CONTENT[:10]
    os.pwrite(number, CONTENT * 2, 0)
    assert source.read_at(0, len(CONTENT) * 3) == CONTENT * 2
    os.close(number)


def test_what_has_no_size_is_read_all_the_same() -> None:
    number = os.open("/proc/self/status", os.O_RDONLY)
    source = Source(number)
    assert source.size == 0
    assert source.read_at(0, 100_000).startswith(b"Name:")
    os.close(number)


def test_a_file_that_is_cut_while_it_is_examined_kills_nobody() -> None:
    class Shrinking(Source):
        def read_at(self, offset: int, length: int) -> bytes:
            os.ftruncate(number, self.size // 2)
            return super().read_at(offset, length)

    number = descriptor(EICAR)
    verdict = examine(Shrinking(number), "name", detector(), Limits(), Unbounded())
    assert verdict.bytes == len(EICAR) // 2
    os.close(number)


def test_a_pipe_and_a_folder_cannot_be_read(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    folder = os.open(tmp_path, os.O_RDONLY)
    known = detector()
    for number, reason in ((reading, "illegal seek"), (folder, "is a directory")):
        verdict = examine(Source(number), "name", known, Limits(), Unbounded())
        assert [remark.what for remark in verdict.remarks] == [f"could not be read: {reason}"]
    for number in (reading, writing, folder):
        os.close(number)
