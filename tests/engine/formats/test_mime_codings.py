import base64

from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats.mime_codings import base64_pieces, decode_base64, quoted_pieces
from garrison.engine.guard import Guard


def guard() -> Guard:
    return Guard(Limits(), Unbounded(), 1000)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_padding_in_the_middle_begins_a_new_run(first: bytes, second: bytes) -> None:
    assert decode_base64(base64.b64encode(first) + b"\n" + base64.b64encode(second)) == first + second


def test_foreign_letters_and_a_missing_end_do_no_harm() -> None:
    assert decode_base64(b"a*G V\nsbG8") == b"hello"
    assert decode_base64(b"aGVsbG8=x") == b"hello"


def test_long_runs_are_the_same_in_pieces() -> None:
    content = bytes(range(256)) * 4000
    assert b"".join(base64_pieces(base64.encodebytes(content), guard())) == content
    assert b"".join(quoted_pieces(b"=41\n" * 200_000, guard())) == b"A\n" * 200_000
