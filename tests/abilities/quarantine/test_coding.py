import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.abilities.quarantine.coding import MAGIC, hide, pour, show
from garrison.base.errors import Failed
from tests.abilities.things import EICAR, needs_root, small_disk

BLOCK = 64 * 1024


@pytest.fixture
def target(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "blob", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def memory(content: bytes) -> int:
    descriptor = os.memfd_create("content")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(content)
    return descriptor


def hidden(content: bytes) -> tuple[int, str]:
    source, blob = memory(content), memory(b"")
    try:
        return blob, hide(source, blob, len(content))
    finally:
        os.close(source)


@given(st.integers(0, 3), st.integers(-2, 2), st.binary(max_size=50))
def test_shows_what_was_hidden(blocks: int, beside: int, more: bytes) -> None:
    content = (b"garrison" * BLOCK)[: max(0, blocks * BLOCK + beside)] + more
    blob, sha256 = hidden(content)
    try:
        assert b"".join(show(blob)) == content
        assert sha256 == hashlib.sha256(content).hexdigest()
        assert os.fstat(blob).st_size == len(content) + 24
    finally:
        os.close(blob)


def test_nothing_of_the_content_lies_open() -> None:
    blobs = []
    for _ in range(2):
        blob, _ = hidden(EICAR * 2000)
        blobs.append(os.pread(blob, 1_000_000, 0))
        os.close(blob)
    assert all(blob.startswith(MAGIC) and b"EICAR" not in blob for blob in blobs)
    assert blobs[0] != blobs[1]  # a seed of its own for each


@pytest.mark.parametrize("size", [0, 99, 101, BLOCK])
def test_a_file_of_another_length_is_refused(target: int, size: int) -> None:
    source = memory(b"x" * 100)
    try:
        with pytest.raises(Failed, match="was changed"):
            hide(source, target, size)
    finally:
        os.close(source)


def test_a_file_without_end_is_given_up_soon(target: int) -> None:
    source = os.open("/dev/zero", os.O_RDONLY)
    try:
        with pytest.raises(Failed):
            hide(source, target, 100)
    finally:
        os.close(source)
    assert os.fstat(target).st_size < 2 * BLOCK


@pytest.mark.parametrize("blob", [b"", b"GARRISQ1", b"something else that is longer than the head"])
def test_what_is_no_blob_is_damaged(target: int, blob: bytes) -> None:
    os.write(target, blob)
    with pytest.raises(Failed, match="damaged"):
        list(show(target))


def test_pours_only_what_was_meant(target: int) -> None:
    pour([b"ab", b"c"], target, hashlib.sha256(b"abc").hexdigest())
    assert os.pread(target, 10, 0) == b"abc"
    with pytest.raises(Failed, match="damaged"):
        pour([b"abd"], target, hashlib.sha256(b"abc").hexdigest())


@needs_root
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    source = memory(bytes(2 * 1024 * 1024))
    try:
        with small_disk(tmp_path / "disk") as disk, (disk / "blob").open("wb") as blob:
            with pytest.raises(OSError, match="No space left"):
                hide(source, blob.fileno(), 2 * 1024 * 1024)
            assert blob.tell() <= 1024 * 1024
    finally:
        os.close(source)
