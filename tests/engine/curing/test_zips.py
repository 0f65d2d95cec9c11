"""Members of ZIP archives and macros of documents are taken out; what stays is byte for byte what it was."""

import contextlib
import io
import os
import struct
import time
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.curing.parts import Questions
from garrison.engine.curing.zips import NoZip, without_macros, without_members

BAD = b"something harmful"


def zipped(members: dict[str, bytes], *, streamed: bool = False) -> bytes:
    out = _Unseekable() if streamed else io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            kind = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(name, content, kind)
    return out.getvalue()


class _Unseekable(io.BytesIO):
    """Where sizes can only follow the data."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


def unzipped(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def _questions() -> Questions:
    return Questions(lambda content: all(BAD not in member for member in unzipped(content).values()))


@pytest.mark.parametrize("streamed", [False, True])
def test_the_harmful_member_goes_and_the_others_stay(streamed: bool) -> None:
    members = {"a.txt": b"one" * 100, "ä/b.exe": BAD, "c": b""}
    cured, names = without_members(zipped(members, streamed=streamed), _questions())
    assert names == ["ä/b.exe"]
    assert unzipped(cured) == {"a.txt": b"one" * 100, "c": b""}


def test_an_archive_of_nothing_else_is_not_cured() -> None:
    with pytest.raises(NoZip, match="nothing harmless"):
        without_members(zipped({"a": BAD}), _questions())


OFFICE = {
    "[Content_Types].xml": b'<Types><Default Extension="xml"/>'
    b'<Override PartName="/word/vbaProject.bin" ContentType="x"/><Override PartName="/word/document.xml"/></Types>',
    "word/_rels/document.xml.rels": b'<Relationships><Relationship Id="1" '
    b'Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="vbaProject.bin"/>'
    b'<Relationship Id="2" Type="http://x/styles" Target="styles.xml"/></Relationships>',
    "word/document.xml": b"<w:document>Dear customer</w:document>",
    "word/vbaProject.bin": BAD,
}


def test_macros_go_out_of_an_office_document_with_all_that_refers_to_them() -> None:
    cured, names = without_macros(zipped(OFFICE))
    left = unzipped(cured)
    assert names == ["word/vbaProject.bin"]
    assert left["word/document.xml"] == OFFICE["word/document.xml"]
    assert b"vbaProject" not in b"".join(left.values())
    assert b"styles.xml" in left["word/_rels/document.xml.rels"]
    assert b"/word/document.xml" in left["[Content_Types].xml"]


def test_macros_go_out_of_an_open_document() -> None:
    document = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "Basic/Standard/Module1.xml": BAD,
        "content.xml": b'<a><office:event-listeners><e x="vnd.sun.star.script:S"/></office:event-listeners>Hi</a>',
        "META-INF/manifest.xml": b'<m><manifest:file-entry manifest:full-path="Basic/Standard/Module1.xml"/>'
        b'<manifest:file-entry manifest:full-path="content.xml"/></m>',
    }
    cured, names = without_macros(zipped(document))
    assert names == ["Basic/Standard/Module1.xml"]
    assert unzipped(cured) == {
        "mimetype": document["mimetype"],
        "content.xml": b"<a>Hi</a>",
        "META-INF/manifest.xml": b'<m><manifest:file-entry manifest:full-path="content.xml"/></m>',
    }
    assert cured.startswith(b"PK\x03\x04")
    assert cured[30:38] == b"mimetype"


def test_a_document_without_macros_has_none_to_take_out() -> None:
    with pytest.raises(NoZip, match="no macros"):
        without_macros(zipped({"word/document.xml": b"x"}))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_archives_are_refused_in_words_or_cured(data: st.DataObject) -> None:
    content = bytearray(zipped({"a": b"one" * 50, "b": BAD, "word/vbaProject.bin": b"x"}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(NoZip):
        without_macros(cut)
    with contextlib.suppress(NoZip):
        without_members(cut, Questions(lambda _: True))


def test_members_that_lie_over_each_other_are_not_copied_each() -> None:
    content = zipped({"a": os.urandom(5000), "b": BAD})
    start = content.index(b"PK\x01\x02")
    end = content.index(b"PK\x05\x06")
    first = content[start : content.index(b"PK\x01\x02", start + 4)]
    directory = first * 1000 + content[start + len(first) : end]
    closing = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1001, 1001, len(directory), start, 0)
    with pytest.raises(NoZip, match="over each other"):
        without_members(content[:start] + directory + closing, _questions())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("_rels/.rels", b"<Relationship " * 60_000),
        ("_rels/.rels", b'<Relationship Type="/vbaProject" ' * 30_000),
        ("_rels/.rels", b"<Relationship " + b'Type="/vbaProject" ' * 40_000),
        ("[Content_Types].xml", b"<Override " + b'PartName="vbaProject' * 40_000),
        ("content.xml", b"<office:event-listeners " * 40_000),
        ("META-INF/manifest.xml", b'<manifest:file-entry full-path="/' * 30_000),
    ],
)
def test_hostile_text_in_a_document_takes_no_time(name: str, text: bytes) -> None:
    macros = {"mimetype": b"x", "Basic/a.xml": b""} if not name.endswith((".rels", "Types].xml")) else {}
    began = time.process_time()
    without_macros(zipped({**macros, name: text, "word/vbaProject.bin": b""}))
    assert time.process_time() - began < 5
