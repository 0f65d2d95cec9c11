"""Tests of what a publisher says of a version."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.abilities.application.release import Release, Wheel, distribution_of, read_release, written
from garrison.base.errors import Failed

RELEASE = Release(
    "1.2",
    "2026-11-24T06:00:00+00:00",
    "3.11",
    "x86_64",
    {"garrison-1.2-py3-none-any.whl": Wheel(10, "ab" * 32), "pip-26.3-py3-none-any.whl": Wheel(20, "cd" * 32)},
    "0.9",
)


def test_it_is_read_as_it_was_written() -> None:
    assert read_release(written(RELEASE)) == RELEASE
    assert RELEASE.bytes == 30
    assert RELEASE.target("a.whl") == "application/1.2/a.whl"


@pytest.mark.parametrize(
    ("name", "held"),
    [
        ("dbus_fast-5.2.0-cp311-cp311-manylinux_2_17_x86_64.whl", ("dbus-fast", "5.2.0")),
        ("Markdown.It-4.3-1-py2.py3-none-any.whl", ("markdown-it", "4.3")),
    ],
)
def test_a_name_tells_what_a_wheel_holds(name: str, held: tuple[str, str]) -> None:
    assert distribution_of(name) == held


@pytest.mark.parametrize("name", ["", "a.whl", "../a-1-py3-none-any.whl", "a-1-py3-none.whl", "a-1-py3-none-any.zip"])
def test_other_names_are_none(name: str) -> None:
    with pytest.raises(ValueError, match="no name"):
        distribution_of(name)


def _changed(**changes: Any) -> bytes:
    return json.dumps({**json.loads(written(RELEASE)), **changes}).encode()


@pytest.mark.parametrize(
    "content",
    [
        _changed(version="1"),
        _changed(version="1.3"),  # whose wheel is not there
        _changed(min_previous="x"),
        _changed(machine="a b"),
        _changed(python=3.11),
        _changed(wheels={}),
        _changed(wheels=[1, 2]),
        _changed(wheels={"garrison-1.2-py3-none-any.whl": {"bytes": 10, "sha256": "ab" * 32}}),
        _changed(wheels={"../garrison-1.2-py3-none-any.whl": {"bytes": 10, "sha256": "ab" * 32}}),
        _changed(wheels={"garrison-1.2-py3-none-any.whl": {"bytes": True, "sha256": "ab" * 32}}),
        b"[" * 100_000,
        b"7",
    ],
)
def test_nonsense_is_refused(content: bytes) -> None:
    with pytest.raises(Failed, match="not understood"):
        read_release(content)


def test_another_form_is_told_apart_from_nonsense() -> None:
    with pytest.raises(Failed, match="form that this one does not know"):
        read_release(_changed(format=2))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_release_or_a_sentence(content: bytes) -> None:
    with pytest.raises(Failed):
        read_release(content)
