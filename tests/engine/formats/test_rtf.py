from pathlib import Path

import pytest

from garrison.engine.formats.rtf import members
from tests.engine.documents import CLAM, make_ole, make_rtf, native, ole_one
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR

OBJECT = ole_one(b"Package", native(b"a.exe", EICAR)[4:]).hex().encode()


def test_the_file_in_a_real_one_comes_out() -> None:
    path = Path(CLAM + "clam.exe.rtf")
    if not path.exists():
        pytest.skip("the package clamav-testfiles is not installed")
    found = opened(members, path.read_bytes())
    assert Path(CLAM + "clam.exe").read_bytes() in contents(found).values()
    assert remarks(found) == []


@pytest.mark.parametrize(
    "digits",
    [
        OBJECT.upper(),
        b"\n ".join(OBJECT[at : at + 3] for at in range(0, len(OBJECT), 3)),
        OBJECT[:40] + rb"{\*\nothing 0102030405}" + OBJECT[40:],
        OBJECT[:41] + rb"\par {}{\b}" + OBJECT[41:],
        OBJECT[:40] + b"{" + OBJECT[40:80] + b"}" + OBJECT[80:],
        b"7" + OBJECT,
        b"\\bin%d " % (len(OBJECT) // 2) + bytes.fromhex(OBJECT.decode()),
        OBJECT[:40] + b"xyz-" + OBJECT[40:],
    ],
)
def test_no_trick_between_the_digits_hides_the_file(digits: bytes) -> None:
    found = opened(members, rb"{\rt{\object\objemb{\*\objdata " + digits + b"}}}")
    assert contents(found) == {("a.exe",): EICAR}


def test_an_object_that_is_a_compound_file_comes_out_whole() -> None:
    inner = make_ole({"Equation Native": b"x" * 50})
    assert contents(opened(members, make_rtf(b"Equation.3", inner))) == {("object 1 Equation.3",): inner}
    bare = rb"{\rtf1{\*\objdata 123" + inner.hex().encode() + b"}}"
    assert contents(opened(members, bare)) == {("object 1",): inner}


def test_a_cut_one_gives_what_is_there() -> None:
    found = opened(members, rb"{\rtf1{\*\objdata " + OBJECT[:-20])
    assert contents(found) == {("a.exe",): EICAR[:-10]}
    assert remarks(found) == ["damaged: ends too early"]


def test_fields_templates_and_links_are_told() -> None:
    link = b"0105000001000000" + b"02000000" + b"4f00" + b"04000000" + b"612e6200" + b"00000000"
    text = rb"{\rtf1{\field{\*\fldinst {DDEAUTO c:\\\\cmd.exe}}}{\*\template http://example.org/a}{\*\objdata "
    found = opened(members, text + link + b"}}")
    lines = contents(found)["(fields)",].split(b"\n")
    assert lines[0] == b"link: a.b"
    assert lines[1].startswith(b"fldinst: DDEAUTO c:")
    assert lines[2] == b"template: http://example.org/a"


@pytest.mark.parametrize(
    "junk", [rb"\objdata " * 30_000, rb"{\objdata 0105000002000000" * 9000, b"0105000002000000" * 9000, b"{" * 90_000]
)
def test_hostile_repetition_ends(junk: bytes) -> None:
    opened(members, rb"{\rtf1 {\objdata " + junk)
