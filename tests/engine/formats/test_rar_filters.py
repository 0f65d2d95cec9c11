import contextlib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats import rar_filters
from garrison.engine.formats.rar_3 import Unpacker
from garrison.engine.guard import Incomplete
from tests.engine.formats.rar_packing import Packer3

PROGRAM = b"stands for one of RAR's own"


def filtered(kind: int, content: bytes, monkeypatch: pytest.MonkeyPatch, channels: int = 0) -> bytes:
    """Return what a filter makes of content."""
    monkeypatch.setattr(rar_filters, "_KNOWN", {(len(PROGRAM), zlib.crc32(PROGRAM)): kind})
    packer = Packer3()
    packer.codes()
    packer.filter(PROGRAM, len(content), channels)
    for byte in content:
        packer.byte(byte)
    return b"".join(Unpacker().unpacked(packer.bits.done(), len(content)))


def test_calls_tell_distances_again(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"1234\xe8" + (0x1005).to_bytes(4, "little") + b"5\xe9" + (0x1005).to_bytes(4, "little") + b"rest"
    plain = b"1234\xe8" + (0x1000).to_bytes(4, "little") + b"5\xe9" + (0x1005).to_bytes(4, "little") + b"rest"
    assert filtered(0, content, monkeypatch) == plain
    both = plain[:11] + (0x1005 - 11).to_bytes(4, "little") + b"rest"
    assert filtered(1, content, monkeypatch) == both


def test_a_distance_before_the_start_comes_round(monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"12345678\xe8" + (-3).to_bytes(4, "little", signed=True) + b"rest"
    assert filtered(0, content, monkeypatch)[9:13] == (0x1000000 - 3).to_bytes(4, "little")


def test_differences_are_summed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert filtered(2, bytes((255, 255, 255, 254, 254)), monkeypatch, channels=2) == bytes((1, 2, 2, 4, 3))


@pytest.mark.parametrize("size", [0, 1, 4])
def test_what_is_too_short_stays(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert filtered(1, b"\xe8" * size, monkeypatch) == b"\xe8" * size


def test_too_much_for_its_memory_is_damage() -> None:
    packer = Packer3()
    packer.codes()
    packer.filter(PROGRAM, 1 << 20)
    with pytest.raises(Incomplete):
        list(Unpacker().unpacked(packer.bits.done() + bytes(100), 1 << 21))


@given(st.binary(max_size=60))
def test_any_filter_is_survived(data: bytes) -> None:
    packer = Packer3()
    packer.codes()
    packer.bits.put(257, 9)
    for byte in data:
        packer.bits.put(byte, 8)
    for _ in range(100):
        packer.byte(7)
    with contextlib.suppress(Incomplete):
        list(Unpacker().unpacked(packer.bits.done(), 100))
