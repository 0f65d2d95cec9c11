import zlib
from pathlib import Path

import pytest

from garrison.engine.formats.pdf import members
from garrison.engine.type import Type
from tests.engine.documents import CLAM, make_pdf
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR

SCRIPT = b"app.alert('hello (world)');"


def test_the_file_in_a_real_one_comes_out_by_its_name() -> None:
    path = Path(CLAM + "clam.pdf")
    if not path.exists():
        pytest.skip("the package clamav-testfiles is not installed")
    found = opened(members, path.read_bytes())
    assert contents(found)["clam.exe",] == Path(CLAM + "clam.exe").read_bytes()
    assert remarks(found) == []


@pytest.mark.parametrize(
    "head",
    [
        rb"<</S/JavaScript/JS(app.alert\('hello \050world\)'\);)>>",
        b"<</S/JavaScript/#4aS(app.alert('hello (world)');)>>",
        b"<</S/JavaScript/J#53 <" + SCRIPT.hex().encode() + b">>>",
        b"<</S/JavaScript/JS <FEFF" + SCRIPT.decode().encode("utf-16-be").hex().encode() + b">>>",
    ],
)
def test_a_script_in_a_text_comes_out(head: bytes) -> None:
    found = opened(members, make_pdf([(head, None)]))
    assert [(member.names, member.content, member.kind) for member in found] == [
        (("(script 1)",), SCRIPT, Type.JAVASCRIPT)
    ]


def test_a_script_in_a_stream_comes_out_as_one() -> None:
    stream = (b"/Filter[/ASCIIHexDecode/Fl#61teDecode]", zlib.compress(SCRIPT).hex().encode() + b">")
    found = opened(members, make_pdf([(b"<</JS 2 0 R>>", None), stream]))
    assert [(member.content, member.kind) for member in found] == [(SCRIPT, Type.JAVASCRIPT)]


def test_scripts_and_files_in_streams_of_objects_are_seen() -> None:
    first = b"7 0 8 40 ".ljust(12)
    inner = first + (b"<</JS(" + SCRIPT + b")>>").ljust(40) + b"<</S/URI/URI(http://example.org)>>"
    stream = (b"/Type/ObjStm/N 2/First 12/Filter/FlateDecode", zlib.compress(inner))
    texts = contents(opened(members, make_pdf([stream])))
    assert texts["(script 1)",] == SCRIPT
    assert texts["(actions)",] == b"URI\n/URI http://example.org"


def test_what_a_document_starts_is_told() -> None:
    head = b"<</OpenAction<</S/Launch/Win<</F(cmd.exe)/P(/c calc)>>>>>>"
    texts = contents(opened(members, make_pdf([(head, None)])))
    assert texts["(actions)",] == b"OpenAction\nLaunch\n/F cmd.exe\n/P /c calc"


def test_filters_may_stand_in_an_object_of_their_own() -> None:
    found = opened(members, make_pdf([(b"/Filter 2 0 R", zlib.compress(EICAR)), (b"[/FlateDecode]", None)]))
    assert contents(found) == {("object 1",): EICAR}


def test_pictures_are_left_out() -> None:
    picture = (b"/Subtype/Image/Filter/DCTDecode", b"\xff\xd8\xff")
    assert opened(members, make_pdf([picture])) == []


def test_a_wrong_length_hides_nothing() -> None:
    whole = make_pdf([(b"/Filter/FlateDecode", zlib.compress(EICAR * 9))]).replace(b"/Length ", b"/Length 9")
    assert contents(opened(members, whole)) == {("object 1",): EICAR * 9}


def test_damage_is_told_and_what_came_before_is_there() -> None:
    data = bytes(range(256)) * 40
    packed = bytearray(zlib.compress(data))
    packed[60:] = b"\xff" * (len(packed) - 60)
    found = opened(members, make_pdf([(b"/Filter/FlateDecode", bytes(packed))]))
    assert contents(found)["object 1",].startswith(data[:30])
    assert remarks(found) in (["damaged: cannot be unpacked"], ["damaged: ends too early"])


def test_many_streams_are_not_as_many_objects() -> None:
    found = opened(members, make_pdf([(b"/Filter/FlateDecode", zlib.compress(b"page %d" % n)) for n in range(1500)]))
    assert 1000 < len(found) < 1020
    assert any(b"page 1499" in content for content in contents(found).values())


@pytest.mark.parametrize(
    "junk", [b"1 0 obj<</P(" * 4000, b"1 0 obj" * 9000, b"9" * 60_000 + b" 0 obj", b"/JS(" * 9000, b"<<" * 30_000]
)
def test_hostile_repetition_ends(junk: bytes) -> None:
    opened(members, b"%PDF-1.7\n" + junk)
    opened(members, b"%PDF-1.7\n1 0 obj<</S/Launch" + junk + b">>endobj")
