import base64

import pytest

from garrison.engine.formats import scripts
from garrison.engine.type import Type
from tests.engine.forms_texts import in_binhex, in_uuencode
from tests.engine.opening import contents, opened
from tests.engine.samples import EICAR, check, detector


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_wide_text_is_seen_as_a_narrow_one(encoding: str) -> None:
    text = "Set a = CreateObject(\u00e4) and more words"
    members = opened(scripts.opener(Type.VBSCRIPT), text.encode(encoding))
    assert contents(members) == {("(text)",): text.encode()}
    assert members[0].kind is Type.VBSCRIPT


def test_an_ordinary_text_gives_nothing() -> None:
    assert opened(scripts.opener(Type.TEXT), b"hello, these are words; begin 644 is none of them\n") == []


def test_files_written_into_a_text_come_out() -> None:
    text = b"words\n" + in_uuencode(EICAR, b"one") + in_binhex(EICAR, b"two")
    assert list(contents(opened(scripts.opener(Type.TEXT), text))) == [("one",), ("two",)]


def test_what_is_hidden_twice_is_found() -> None:
    inner = b"#!/bin/sh\n# base64: " + base64.b64encode(EICAR)
    verdict = check(b"#!/bin/sh\n# base64: " + base64.b64encode(inner), detector())
    assert {finding.name for finding in verdict.findings} == {"EICAR-Test-File"}
