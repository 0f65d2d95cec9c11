import hashlib
from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.hashes import Hashes
from garrison.base.errors import Invalid
from tests.abilities.databases.feeds.kit import Desk, feed, packings

MD5, SHA1, SHA256 = (hashlib.new(name, b"x").hexdigest() for name in ("md5", "sha1", "sha256"))
HEADER = '# "first_seen_utc","sha256_hash","md5_hash","sha1_hash","reporter","file_name","signature"\n'


def lines(tmp_path: Path, text: str) -> list[str]:
    desk = Desk(tmp_path, Hashes(), feed("hashes"))
    desk.put("list", text.encode())
    accepted = desk.accept()
    written = desk.written()["one.csv"].decode().splitlines()
    assert accepted.about == {"lines": str(len(written))}
    return written


def test_lists_of_digests_stay_as_they_are(tmp_path: Path) -> None:
    text = f"{MD5}:5:Listed.A\n{SHA256}\n{SHA1}  name\n"
    assert lines(tmp_path, f"# about\n; more\n// more\n\n{text}nonsense\n") == text.splitlines()


def test_of_an_export_digest_and_name_are_taken(tmp_path: Path) -> None:
    rows = (
        f'"2026-01-01","{SHA256}","{MD5}","{SHA1}","someone","a, b.exe","Agent Tesla/x"\n'
        f'"2026-01-01", "{SHA256}", "{MD5}", "{SHA1}", "someone", "c.exe", "n/a"\n'
    )
    assert lines(tmp_path, HEADER + rows) == [f"{SHA256},Agent_Tesla_x", f"{SHA256},one"]


def test_a_digest_with_more_around_it_is_none(tmp_path: Path) -> None:
    assert lines(tmp_path, f"x {SHA256}a\nx {MD5}\n") == [f"{MD5},one"]


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_it_may_be_packed(tmp_path: Path, packing: str) -> None:
    desk = Desk(tmp_path, Hashes(), feed("hashes"))
    desk.put("list", packings({"full.csv": f"{MD5}\r\n{SHA1}\r\n".encode()})[packing])
    desk.accept()
    assert desk.written() == {"one.csv": f"{MD5}\n{SHA1}\n".encode()}


@pytest.mark.parametrize("content", [b"", b"\n\n", b"<html>no</html>", b"#" + MD5.encode(), b"\0" * 1000])
def test_without_any_digest_it_is_refused(tmp_path: Path, content: bytes) -> None:
    desk = Desk(tmp_path, Hashes(), feed("hashes"))
    desk.put("list", content)
    with pytest.raises(Invalid, match="holds no digest"):
        desk.accept()
