import base64
import time

import pytest

from garrison.engine.budget import Limits
from garrison.engine.formats import html
from garrison.engine.type import Type
from tests.engine.formats.clam_samples import holds_program, needs_samples
from tests.engine.opening import contents, opened
from tests.engine.samples import EICAR

CODED = base64.b64encode(EICAR)


@needs_samples
def test_the_sample_gives_its_program() -> None:
    assert holds_program("clam.exe.html")


@pytest.mark.parametrize(
    "page",
    [
        b"<a href='data:;base64," + CODED + b"'>",
        b"<a href=DATA:x/y;charset=z;base64," + CODED + b">",
        b"<a href='data:x/y;base64," + CODED.replace(b"=", b"%3d").replace(b"+", b"%2B") + b"'>",
        b"<a href='data:x/y," + b"".join(b"%%%02x" % byte for byte in EICAR) + b"'>",
        b"<!--[if IE]><img src='data:image/svg+xml;base64," + CODED + b"'><![endif]-->",
    ],
)
def test_addresses_of_data_are_decoded(page: bytes) -> None:
    assert contents(opened(html.members, page)) == {("data 1",): EICAR}


def test_scripts_that_run_something_are_objects() -> None:
    page = b"<html><SCRIPT type=x>eval(a)</script><script language=VBScript>Execute(b)</script><script>c</script>"
    members = opened(html.members, page)
    assert [(member.kind, member.content) for member in members] == [
        (Type.JAVASCRIPT, b"eval(a)"),
        (Type.VBSCRIPT, b"Execute(b)"),
    ]


def test_a_page_in_a_page_is_a_page() -> None:
    (member,) = opened(html.members, b'<iframe srcdoc="&lt;script&gt;&#101;val()">')
    assert member.kind is Type.HTML
    assert member.content == b"<script>eval()"


def test_letters_written_as_numbers_are_read() -> None:
    page = b"<html>" + b"".join(b"&#%d;" % byte for byte in b"javascript:something()")
    assert contents(opened(html.members, page)) == {("(text)",): b"<html>javascript:something()"}


def test_an_ordinary_page_gives_nothing() -> None:
    picture = b"<img src='data:image/png;base64,iVBORw0KGgo='>"
    assert opened(html.members, b"<html><script>var a = 1;</script>&#169; data: words" + picture) == []


@pytest.mark.parametrize("piece", [b"<script", b"<script>eval(", b"data:", b"data:;base64,", b"srcdoc='", b"&#65;"])
def test_no_page_takes_long(piece: bytes) -> None:
    start = time.process_time()
    opened(html.members, b"<html>eval(" + piece * (300_000 // len(piece)), limits=Limits(members=100))
    assert time.process_time() - start < 3
