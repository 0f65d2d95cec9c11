"""xar archives."""

import bz2
import gzip
import lzma
import zlib

import pytest

from garrison.engine.formats import xar
from tests.engine.forms_images import make_xar, xar_file
from tests.engine.image_samples import sample
from tests.engine.opening import contents, opened, remarks

TEXT = b"harmless " * 100


@pytest.mark.parametrize(
    ("style", "packed"),
    [
        ("application/x-gzip", zlib.compress(TEXT)),
        ("application/x-gzip", gzip.compress(TEXT, mtime=0)),
        ("application/x-bzip2", bz2.compress(TEXT)),
        ("application/x-xz", lzma.compress(TEXT)),
        ("application/x-lzma", lzma.compress(TEXT, lzma.FORMAT_ALONE)),
        ("application/octet-stream", TEXT),
    ],
)
def test_every_way_of_packing_is_opened_and_the_list_told(style: str, packed: bytes) -> None:
    members = opened(xar.members, make_xar(xar_file("a &amp; b", packed, len(TEXT), 3, style), b"..." + packed))
    assert contents(members) == {("a & b",): TEXT}
    assert members[0].listed is not None
    assert (members[0].listed.packed, members[0].listed.size) == (len(packed), len(TEXT))
    assert remarks(members) == []


def test_what_another_program_made_is_opened() -> None:
    came = contents(opened(xar.members, sample("xar")))
    assert came["A long name, in two cases.txt",] == b"harmless long content 1\n"
    assert came["sub/second.file",] == b"two"
    assert came["hole",] == bytes(300_000)


def test_an_encoding_of_its_own_is_not_looked_up() -> None:
    toc = zlib.compress(b'<?xml version="1.0" encoding="no-such"?><xar><toc>' + xar_file("x", b"1", 1, 0, "").encode())
    members = opened(xar.members, b"xar!\x00\x1c\x00\x01" + len(toc).to_bytes(8, "big") + bytes(12) + toc + b"1")
    assert contents(members) == {("x",): b"1"}


def test_files_in_folders_have_their_path() -> None:
    inner = xar_file("x", b"1", 1, 0, "") + xar_file("y", b"2", 1, 1, "")
    table = f'<file id="0"><name>folder</name><type>directory</type>{inner}</file>' + xar_file("z", b"3", 1, 2, "")
    assert contents(opened(xar.members, make_xar(table, b"123"))) == {
        ("folder/x",): b"1",
        ("folder/y",): b"2",
        ("z",): b"3",
    }


def test_an_unknown_packing_is_said() -> None:
    members = opened(xar.members, make_xar(xar_file("x", b"1", 1, 0, "application/odd"), b"1"))
    assert remarks(members) == ["not opened: packed by an unknown method"]


@pytest.mark.parametrize(
    "bad",
    [
        "<open>",
        "&undefined;",
        "<a>" * 300,
        "\x00",
    ],
)
def test_a_list_that_breaks_off_keeps_what_came_before(bad: str) -> None:
    members = opened(xar.members, make_xar(xar_file("x", b"1", 1, 0, "") + bad, b"1"))
    assert contents(members) == {("x",): b"1"}
    assert remarks(members) == ["damaged: its list of members cannot be read"]


def test_entities_are_refused() -> None:
    toc = b'<!DOCTYPE xar [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]><xar><toc>&a;&b;</toc></xar>'
    packed = zlib.compress(toc)
    members = opened(xar.members, b"xar!\x00\x1c\x00\x01" + len(packed).to_bytes(8, "big") + bytes(12) + packed)
    assert contents(members) == {}
    assert remarks(members) == ["damaged: its list of members cannot be read"]


def test_numbers_beyond_the_heap_are_said() -> None:
    members = opened(xar.members, make_xar(xar_file("x", b"1" * 9, 9, 10**18, ""), b"1"))
    assert remarks(members) == ["damaged: ends too early"]
