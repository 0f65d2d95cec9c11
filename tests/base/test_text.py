import copy
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.text import message, plural, printable, size


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


def test_a_sentence_remembers_what_it_was_made_of() -> None:
    made = message(
        "{files} of {size} in {path}", {"files": plural(2, "file", "files"), "size": size(2048), "path": "/a"}
    )
    assert made == "2 files of 2.0 KiB in /a"
    files = {"text": "{count} file", "values": {"count": 2}, "many": "{count} files", "count": 2}
    assert made.plain() == {
        "text": "{files} of {size} in {path}",
        "values": {"files": files, "size": {"bytes": 2048}, "path": "/a"},
    }
    assert copy.deepcopy(made).plain() == made.plain()


@pytest.mark.parametrize(("count", "said"), [(0, "0 were in /"), (1, "1 was in /"), (2000, "2,000 were in /")])
def test_a_sentence_may_depend_on_a_number(count: int, said: str) -> None:
    assert message("{count} was in {place}", {"place": "/"}, "{count} were in {place}", count) == said


def test_values_of_a_sentence_are_plain() -> None:
    made = message("{error} at {path}, {count}", {"error": OSError("no"), "path": Path("/a"), "count": 3})
    assert made.plain()["values"] == {"error": "no", "path": "/a", "count": 3}
