import gzip
import io
import zipfile
from pathlib import Path

import pytest

from garrison.abilities.databases.feeds import unpacking
from garrison.abilities.databases.feeds.unpacking import files_in, lines_of
from garrison.base.errors import Invalid
from tests.abilities.databases.feeds.kit import packings, tarred, zipped

MEMBERS = {"a/one.txt": b"1" * 3000, "two.txt": b"2", "three": b""}


def read(path: Path, most_bytes: int = 10_000) -> dict[str, bytes]:
    return {name: content.read() for name, content in files_in(path, most_bytes)}


def put(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "list.gz"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_files_come_out_of_every_packing(tmp_path: Path, packing: str) -> None:
    assert read(put(tmp_path, packings(MEMBERS)[packing])) == MEMBERS


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_contents_need_not_be_read_to_their_end(tmp_path: Path, packing: str) -> None:
    path = put(tmp_path, packings(MEMBERS)[packing])
    assert [content.read(1) for _, content in files_in(path, 10_000)] == [b"1", b"2", b""]


@pytest.mark.parametrize("content", [b"", b"x", b"PK", b"text\n" * 1000, b"\x1f", b"0" * 600])
def test_anything_else_is_the_file_itself(tmp_path: Path, content: bytes) -> None:
    assert read(put(tmp_path, content)) == {"list.gz": content}
    assert read(put(tmp_path, gzip.compress(content))) == {"list": content}


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_a_file_that_is_too_large_makes_it_unusable(tmp_path: Path, packing: str) -> None:
    path = put(tmp_path, packings(MEMBERS)[packing])
    assert read(path, 3000) == MEMBERS
    with pytest.raises(Invalid, match="unpacks to too much"):
        read(path, 2999)


@pytest.mark.parametrize("packing", ["zip", "tar", "tar in gzip"])
def test_so_do_too_many_files_and_too_much_in_all(
    tmp_path: Path, packing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, packings(MEMBERS)[packing])
    with monkeypatch.context() as patch:
        patch.setattr(unpacking, "_MOST_FILES", 2)
        with pytest.raises(Invalid, match="unpacks to too much"):
            read(path)
    monkeypatch.setattr(unpacking, "_Whole", lambda name, most: _Whole(name, most, 3000))
    with pytest.raises(Invalid, match="unpacks to too much"):
        read(path)


_Whole = unpacking._Whole


@pytest.mark.parametrize("packing", ["zip", "tar in gzip"])
def test_a_flipped_bit_anywhere_in_a_content_is_noticed(tmp_path: Path, packing: str) -> None:
    whole = packings({"a": bytes(range(256)) * 4})[packing]
    for at in range(40, len(whole) - 100, 7):
        content = bytearray(whole)
        content[at] ^= 16
        try:
            found = read(put(tmp_path, bytes(content)))
        except Invalid:
            continue
        assert list(found.values()) == [bytes(range(256)) * 4], f"byte {at} was changed, and nobody noticed"


def test_an_encrypted_zip_is_told(tmp_path: Path) -> None:
    content = bytearray(zipped({"a": b"x"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(mark) + offset] |= 1
    with pytest.raises(Invalid, match="damaged"):
        read(put(tmp_path, bytes(content)))


def test_a_zip_whose_list_says_to_be_huge_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(70_000):  # with more than 65,535 the sizes stand elsewhere
            archive.writestr(f"{number}", b"")
    path = put(tmp_path, file.getvalue())
    assert len(read(path)) == 70_000
    monkeypatch.setattr(unpacking, "_DIRECTORY_BYTES", 3_000_000)
    with pytest.raises(Invalid, match="unpacks to too much"):
        read(path)


def test_a_tar_that_says_to_be_larger_than_it_is_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="damaged"):
        read(put(tmp_path, tarred({"a": b"x" * 5000})[:2000]))


def test_lines_are_read_one_by_one_and_endless_ones_left_out() -> None:
    text = b"one\r\ntwo\n\n" + b"x" * (3 * 1024 * 1024) + b"\nthree"
    assert list(lines_of(io.BytesIO(text))) == [b"one", b"two", b"three"]
    assert list(lines_of(io.BytesIO(b"x" * (2 * 1024 * 1024)))) == []


def test_there_is_an_end_of_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "_MOST_LINES", 3)
    assert list(lines_of(io.BytesIO(b"a\n\nb"))) == [b"a", b"b"]
    with pytest.raises(Invalid, match="too many lines"):
        list(lines_of(io.BytesIO(b"\n\n\n\n")))
