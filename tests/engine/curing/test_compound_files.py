"""Compound files, read whole and written anew."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.curing.compound_files import (
    MAGIC,
    STORAGE,
    STREAM,
    CompoundFile,
    NoCompound,
    Node,
    read,
    write,
)
from garrison.engine.formats.ole import Compound
from garrison.engine.source import Source
from tests.engine.documents import CLAM, make_ole

STREAMS = {"WordDocument": b"w" * 9000, "1Table": b"t" * 4096, "Data/Small": b"s" * 70, "Data/Deep/One": b"1"}


def contents(whole: bytes) -> dict[str, bytes]:
    """Return the streams as the engine's own reader finds them, which is another than the one under test."""
    compound = Compound(Source(whole))
    assert compound.is_sound
    return {stream.path: b"".join(compound.pieces(stream)) for stream in compound.streams()}


def wide(name: str) -> bytes:
    return name.encode("utf-16-le")


def flat(names: list[str], version: int = 3, size: int = 10) -> CompoundFile:
    root = Node(wide("Root Entry"), 5)
    root.inside = [Node(wide(name), STREAM, content=name.encode() * size) for name in names]
    return CompoundFile(root, version)


@pytest.mark.parametrize("version", [3, 4])
def test_what_is_read_and_written_is_the_same_to_another_reader(version: int) -> None:
    file = read(make_ole(STREAMS))
    file.version = version
    written = write(file)
    assert contents(written) == STREAMS
    assert contents(write(read(written))) == STREAMS
    assert len(written) % (512 if version == 3 else 4096) == 0


def test_classes_states_and_times_stay() -> None:
    file = flat(["a"])
    facts = (b"C" * 16, 7, 1 << 60, 2 << 60)
    file.root.facts = file.root.inside[0].facts = facts
    again = read(write(file))
    assert (again.root.facts, again.root.inside[0].facts) == (facts, facts)


def test_a_table_of_sectors_that_the_header_cannot_hold_is_read_and_written() -> None:
    big = bytes(range(256)) * 32 * 1024  # 8 MiB: more than 109 sectors of table list
    file = CompoundFile(Node(wide("Root Entry"), 5, inside=[Node(wide("Big"), STREAM, content=big)]))
    written = write(file)
    assert struct.unpack_from("<I", written, 72)[0] > 0
    assert contents(written) == {"Big": big}
    assert read(written).root.inside[0].content == big


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 8, 20])
def test_names_are_in_a_tree_that_programs_search_by_halves(count: int) -> None:
    names = [("n" * (1 + number % 3)) + chr(65 + number) for number in range(count)]
    written = write(flat(names))
    start = struct.unpack_from("<I", written, 48)[0]
    entries = [written[at : at + 128] for at in range((start + 1) * 512, len(written) - 127, 128)]

    def links(number: int) -> tuple[int, int, int, int]:
        colour, left, right, child = struct.unpack_from("<BIII", entries[number], 67)
        return colour, left, right, child

    def walked(number: int, blacks: int) -> tuple[list[bytes], set[int]]:
        if number == 0xFFFFFFFF:
            return [], {blacks}
        colour, left, right, _ = links(number)
        if colour == 0:
            assert all(side == 0xFFFFFFFF or links(side)[0] == 1 for side in (left, right))
        low, some = walked(left, blacks + colour)
        high, more = walked(right, blacks + colour)
        length = struct.unpack_from("<H", entries[number], 64)[0]
        return [*low, entries[number][: length - 2], *high], some | more

    order, blacks = walked(links(0)[3], 0)
    expected = sorted(names, key=lambda name: (len(name), name.upper()))
    assert order == [wide(name) for name in expected]
    assert len(blacks) == 1  # as many black ones on every way down


@pytest.mark.skipif(not Path(CLAM, "clam.ole.doc").exists(), reason="needs clamav-testfiles")
@pytest.mark.parametrize("name", ["clam.ole.doc", "clam.ppt"])
def test_documents_of_real_programs_are_the_same_after(name: str) -> None:
    whole = Path(CLAM, name).read_bytes()
    assert contents(write(read(whole))) == contents(whole)


def circle() -> bytes:
    whole = bytearray(write(flat(["a"], size=9000)))
    table = struct.unpack_from("<I", whole, 76)[0]
    struct.pack_into("<I", whole, (table + 1) * 512 + 4, 0)  # the second sector is followed by the first
    return bytes(whole)


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (b"", "cut off"),
        (MAGIC + bytes(2000), "header"),
        (make_ole(STREAMS)[:4000], "damaged|cut off"),
        (circle(), "over each other|cut off"),
        (write(flat(["a", "A"])), "same name"),
    ],
)
def test_what_is_not_sound_is_refused(whole: bytes, why: str) -> None:
    with pytest.raises(NoCompound, match=why):
        read(whole)


def test_storages_in_each_other_without_end_are_refused() -> None:
    file = flat([])
    holder = file.root
    for _ in range(300):
        holder.inside = [Node(wide("s"), STORAGE)]
        holder = holder.inside[0]
    with pytest.raises(NoCompound, match="too deep"):
        read(write(file))


@given(
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6),
    st.integers(0, 1 << 20),
)
def test_no_damage_breaks_it_and_what_is_accepted_does_not_grow(scribbles: list[tuple[int, bytes]], cut: int) -> None:
    whole = bytearray(make_ole(STREAMS))
    for place, scribble in scribbles:
        at = place % len(whole)
        whole[at : at + len(scribble)] = scribble
    for candidate in (bytes(whole), bytes(whole[: cut % len(whole)])):
        try:
            file = read(candidate)
        except NoCompound:
            continue
        written = write(file)
        assert len(written) <= len(candidate) + 4096
        assert write(read(written)) == written
