"""Members of TAR archives are taken out."""

import bz2
import contextlib
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.curing.parts import Questions
from garrison.engine.curing.tars import NoTar, without_members
from garrison.engine.type import Type

BAD = b"something harmful"
LONG = "folder/" * 30 + "name"


def tarred(members: dict[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def untarred(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        return {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]


def _questions() -> Questions:
    return Questions(lambda content: BAD not in content)


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_the_harmful_member_goes_and_the_others_stay_with_their_long_names(form: int) -> None:
    members = {LONG: b"one" * 300, "bad": BAD, LONG + "2": b"", "ü": b"two"}
    cured, names = without_members(tarred(members, form), Type.TAR, _questions())
    assert names == ["bad"]
    assert untarred(cured) == {LONG: b"one" * 300, LONG + "2": b"", "ü": b"two"}


@pytest.mark.parametrize(
    ("kind", "pack", "unpack"),
    [
        (Type.GZIP, gzip.compress, gzip.decompress),
        (Type.BZIP2, bz2.compress, bz2.decompress),
        (Type.XZ, lzma.compress, lzma.decompress),
    ],
)
def test_a_compressed_one_stays_compressed(kind: Type, pack: object, unpack: object) -> None:
    content = pack(tarred({"a": b"one", "b": BAD}))  # type: ignore[operator]
    cured, _ = without_members(content, kind, _questions())
    assert untarred(unpack(cured)) == {"a": b"one"}  # type: ignore[operator]


def test_an_archive_of_nothing_else_or_none_is_not_cured() -> None:
    for content, kind in ((tarred({"a": BAD}), Type.TAR), (b"x" * 2000, Type.TAR), (b"\x1f\x8b\x08", Type.GZIP)):
        with pytest.raises(NoTar):
            without_members(content, kind, _questions())


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damaged_archives_are_refused_in_words_or_cured(data: st.DataObject) -> None:
    packers: dict[Type, Callable[[bytes], bytes]] = {
        Type.TAR: bytes,
        Type.GZIP: gzip.compress,
        Type.BZIP2: bz2.compress,
        Type.XZ: lzma.compress,
    }
    kind = data.draw(st.sampled_from(list(packers)))
    content = bytearray(packers[kind](tarred({LONG: b"one" * 50, "b": BAD})))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(NoTar):
        without_members(cut, kind, _questions())


def test_streams_one_after_another_are_one_archive() -> None:
    whole = tarred({"a": b"one", "b": BAD})
    content = gzip.compress(whole[:700]) + gzip.compress(whole[700:]) + bytes(100)
    assert untarred(gzip.decompress(without_members(content, Type.GZIP, _questions())[0])) == {"a": b"one"}


def test_what_unpacks_to_too_much_is_not_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrison.engine.curing.tars._MOST", 1 << 20)
    with pytest.raises(NoTar, match="too large"):
        without_members(gzip.compress(bytes(2 << 20)), Type.GZIP, _questions())


def test_a_size_below_nothing_does_not_keep_us_for_ever() -> None:
    header = bytearray(tarred({"a": b"one"}, tarfile.USTAR_FORMAT)[:512])
    header[124:136] = b"-0000001000\0"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    with pytest.raises(NoTar, match="damaged"):
        without_members(bytes(header) + bytes(1024), Type.TAR, _questions())
