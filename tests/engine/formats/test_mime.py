import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.mime import read_headers, without_comments


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"Content-Type: x/y; name=a.exe", "a.exe"),
        (b'Content-Type: x/y; name="a b.exe"', "a b.exe"),
        (b'Content-Disposition: attachment; filename="a\\"b"', 'a"b'),
        (b"Content-Disposition: attachment; filename*=utf-8''%e4%bd%a0", "\u4f60"),
        (b"Content-Disposition: attachment; filename*0*=utf-8''%41; filename*1=b", "Ab"),
        (b"Content-Type: x/y; name==?utf-8?B?w6Q=?=", "\xe4"),
        (b'Content-Type: x/y; name="=?iso-8859-1?Q?=E4_x?= =?iso-8859-1?Q?y?="', "\xe4 xy"),
        (b"Content-Type: x/y; name=\xe4", "\xe4"),
    ],
)
def test_names_are_read_however_they_are_written(line: bytes, name: str) -> None:
    assert read_headers(line + b"\n\n", 0)[0].name == name


def test_comments_are_left_out_but_not_in_quotes() -> None:
    assert without_comments(b'a(b(c)d)e"(f)"g') == b'ae"(f)"g'


def test_a_long_header_takes_no_time() -> None:
    start = time.process_time()
    for piece in (b"(", b"name=", b'name="', b"; ", b"=?a?b?", b"\\"):
        read_headers(b"Content-Type: " + piece * 50_000, 0)
    assert time.process_time() - start < 2


@given(st.binary(max_size=500))
def test_any_bytes_are_survived(content: bytes) -> None:
    assert read_headers(b"Content-Type: " + content, 0)[1] <= len(content) + 14
