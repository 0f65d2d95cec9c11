import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.budget import Limits
from garrison.engine.formats import mail
from garrison.engine.type import Type
from tests.engine.formats.clam_samples import holds_program, needs_samples
from tests.engine.forms_texts import ATTACHED, HEAD, in_binhex, in_uuencode
from tests.engine.opening import SMALL, contents, opened
from tests.engine.samples import EICAR

CODED = base64.encodebytes(EICAR)
MIXED = b"Content-Type: multipart/mixed; boundary="


def found(content: bytes) -> dict[tuple[str, ...], bytes]:
    return contents(opened(mail.members, content))


def part(boundary: bytes) -> bytes:
    return b"--" + boundary + b"\n" + ATTACHED.replace(b"\r", b"") + CODED


@needs_samples
def test_the_sample_gives_its_program() -> None:
    assert holds_program("clam.mail")


@pytest.mark.parametrize(
    "headers",
    [
        MIXED + b"one\n",
        MIXED + b'"one" ; x=y\n',
        b"Content-Type: multipart/mixed;\n\tboundary=one\n",
        b"Content-Type(a comment): multipart/mixed; boundary=one\n",
        b"Content-(a (nested: one) of \\) them)Type: multipart/mixed; boundary=one\n",
        b"Content-Type: multipart/(x)mixed; (boundary=two) boundary=(y)one\n",
        MIXED + b"two; boundary=one\n",
        MIXED + b"two\n" + MIXED + b"one\n",
        b"Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=one\n",
        b"Content-Type: multipart/mixed; boundary*0=o; boundary*1=ne\n",
        b"Content-Type: multipart/mixed\n",
        b"",
    ],
)
def test_however_a_boundary_is_declared_the_part_comes_out(headers: bytes) -> None:
    assert found(HEAD + headers + b"\nwords before\n" + part(b"one") + b"--one--\n").get(("inner",)) == EICAR


def test_without_an_end_the_last_part_is_whole() -> None:
    assert found(HEAD + MIXED + b"one\n\n" + part(b"one"))["inner",] == EICAR


def test_parts_in_parts_and_mails_in_mails_are_read_in_one_pass() -> None:
    inner = b"--one\nContent-Type: message/rfc822\n\n" + HEAD + MIXED + b"two\n\n" + part(b"two") + b"--two--\n"
    assert found(HEAD + MIXED + b"one\n\n" + inner + b"--one--\n")["inner",] == EICAR


def test_an_encoded_mail_is_a_mail() -> None:
    headers = b"Content-Type: message/rfc822; name=m\nContent-Transfer-Encoding: base64\n\n"
    (member,) = opened(mail.members, HEAD + headers + base64.encodebytes(HEAD))
    assert member.kind is Type.EMAIL


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (b"BASE64", CODED),
        (b'"base64"', b"!" + CODED[:8] + b"*\n" + CODED[8:]),
        (b"(a comment) base64", CODED),
        (b"7bit\nContent-Transfer-Encoding: base64", CODED),
        (b"quoted-printable", b"".join(b"=%02X" % byte for byte in EICAR)),
        (b"x-uuencode", in_uuencode(EICAR)),
        (b"mac-binhex40", in_binhex(EICAR)),
        (b"7bit", b"some words\n" + in_uuencode(EICAR)),
        (b"7bit", b"=ybegin line=128 size=68 name=inner\n" + bytes((byte + 42) % 256 for byte in EICAR) + b"\n=yend\n"),
        (b"7bit", EICAR),
    ],
)
def test_every_encoding_is_decoded(coding: bytes, body: bytes) -> None:
    content = HEAD + b"Content-Type: x/y; name=inner\nContent-Transfer-Encoding: " + coding + b"\n\n" + body
    assert any(came.startswith(EICAR) for came in found(content).values())


def test_base64_that_no_header_tells_of_is_decoded() -> None:
    content = bytes(range(200))
    assert content in found(HEAD + b"\n" + base64.encodebytes(content)).values()


def test_a_page_without_a_mark_is_a_page() -> None:
    (member,) = opened(mail.members, HEAD + b"Content-Type: text/html\n\nhello")
    assert member.kind is Type.HTML


def test_lines_may_end_as_on_old_macintoshes() -> None:
    content = HEAD + MIXED + b"one\n\n" + part(b"one")
    assert found(content.replace(b"\r", b"").replace(b"\n", b"\r"))["inner",] == EICAR


@pytest.mark.parametrize(
    "piece", [b"\n--", b"\n--a", b"\n--\nContent-Type: multipart/mixed; boundary=a\n", b"(", b"=", b"\n\n"]
)
def test_no_mail_takes_long(piece: bytes) -> None:
    start = time.process_time()
    opened(mail.members, HEAD + MIXED + b"a\n\n" + piece * (200_000 // len(piece)), limits=Limits(members=100))
    assert time.process_time() - start < 2


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_are_survived(content: bytes) -> None:
    opened(mail.members, HEAD + MIXED + b"one\n\n--one\n" + content, limits=SMALL)
