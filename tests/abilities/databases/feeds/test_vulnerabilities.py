from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.vulnerabilities import Vulnerabilities
from garrison.base.errors import Invalid
from tests.abilities.databases.feeds.kit import Desk, feed, zipped

TRACKER = b'{"bash": {"CVE-2026-1": {"releases": {}}}}'


def desk_of(tmp_path: Path, content: bytes) -> Desk:
    desk = Desk(tmp_path, Vulnerabilities(), feed("vulnerabilities"))
    desk.put("dump", content)
    return desk


@pytest.mark.parametrize("content", [TRACKER, zipped({"DSA-1.json": TRACKER, "DSA-2.json": b"{}"})])
def test_a_dump_is_kept_as_it_came(tmp_path: Path, content: bytes) -> None:
    desk = desk_of(tmp_path, content)
    assert desk.accept().about == {"entries": "1" if content == TRACKER else "2"}
    assert desk.written() == {"dump": content}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no JSON"),
        (TRACKER[:-1], "no JSON"),
        (b"\xff{}", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[1]", "no entry"),
        (b"[" + b"[]," * 5_000_000, "too many parts"),
        (b"[" + b"0," * 17_000_000, "too many parts"),
        (zipped({"a": TRACKER, "b": b"<html>"}), "no JSON"),
        (zipped({}), "damaged|no JSON"),
    ],
)
def test_what_is_no_dump_is_refused(tmp_path: Path, content: bytes, why: str) -> None:
    desk = desk_of(tmp_path, content)
    with pytest.raises(Invalid, match=why):
        desk.accept()
    assert desk.written() == {}
