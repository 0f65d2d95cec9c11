import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.text import plural, printable, size


@given(st.binary(max_size=60))
def test_any_name_is_safe_to_show(name: bytes) -> None:
    shown = printable(os.fsdecode(name))
    assert shown.isprintable()
    shown.encode("utf-8")
    assert printable(shown) == shown


@given(st.text(max_size=60))
def test_any_text_is_safe_to_show(text: str) -> None:
    assert printable(text).isprintable()


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain ünï.txt", "plain ünï.txt"),
        ("a\x1b[31mb", "a\\x1b[31mb"),
        ("a\nb", "a\\x0ab"),
        ("\udcff", "\\xff"),
        ("a\u202egpj.exe", "a\\u202egpj.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("a\u00a0b", "a b"),
    ],
)
def test_escapes(name: str, shown: str) -> None:
    assert printable(name) == shown


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (1023, "1,023 bytes"),
        (1024, "1.0 KiB"),
        (3_565_158, "3.4 MiB"),
        (2**50, "1.0 PiB"),
        (2**70, "1048576.0 PiB"),
    ],
)
def test_sizes(count: int, shown: str) -> None:
    assert size(count) == shown


def test_counts() -> None:
    assert (plural(1, "file", "files"), plural(2000, "file", "files")) == ("1 file", "2,000 files")
