import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.vba import Module, modules, source_start, unpacked
from garrison.engine.guard import Guard, Incomplete
from tests.engine.documents import ovba, vba_dir


def text(container: bytes) -> bytes:
    return b"".join(unpacked(container, Guard(Limits(), Unbounded(), len(container))))


def test_the_examples_of_the_specification_come_out() -> None:
    # [MS-OVBA] 3.2: no compression, some, and the most
    plain = "0119B000616263646566676800696A6B6C6D6E6F70007172737475762E"
    some = "012FB000236161616263646582660070616768696A013808616B6C00306D6E6F700671027004107273747576107778797A003C"
    most = "0103B002614500"
    assert text(bytes.fromhex(plain)) == b"abcdefghijklmnopqrstuv."
    assert text(bytes.fromhex(some)) == b"#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa"
    assert text(bytes.fromhex(most)) == b"a" * 73


@given(st.binary(max_size=9000))
def test_what_is_packed_comes_out(content: bytes) -> None:
    assert text(ovba(content)) == content


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(content: bytes) -> None:
    try:
        assert len(text(b"\x01" + content)) <= 4096 * len(content)
    except Incomplete as reason:
        assert reason.remark.startswith("damaged")  # noqa: PT017 # either is right
    modules(content)
    source_start(content)


def test_a_chunk_may_be_stored() -> None:
    assert text(b"\x01" + struct.pack("<H", 0x3FFF) + b"x" * 4096) == b"x" * 4096


def test_a_cut_one_gives_what_is_there() -> None:
    kept: list[bytes] = []
    with pytest.raises(Incomplete, match="too early"):
        kept.extend(unpacked(ovba(b"y" * 3000)[:-900], Guard(Limits(), Unbounded(), 100)))
    assert set(b"".join(kept)) == set(b"y")


def test_the_list_of_modules_is_read() -> None:
    assert modules(vba_dir([("One", 5), ("Two", 70_000)])) == [Module("One", "One", 5), Module("Two", "Two", 70_000)]
