"""Curing a whole file, by what it is."""

import gzip

import pytest

from garrison.engine.curing import Cured, NotCurable, cure
from tests.engine.curing.test_tars import tarred
from tests.engine.curing.test_zips import BAD, OFFICE, unzipped, zipped


def _is_clean(content: bytes) -> bool:
    if content.startswith(b"PK"):
        return all(BAD not in member for member in unzipped(content).values())
    return BAD not in (gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content)


@pytest.mark.parametrize(
    ("content", "removed"),
    [
        (zipped({"a": b"1", "b": BAD}), ("b",)),
        (zipped(OFFICE), ("word/vbaProject.bin",)),
        (tarred({"a": b"1", "b": BAD}), ("b",)),
        (gzip.compress(tarred({"a": b"1", "b": BAD}), mtime=0), ("b",)),
        (b"#!/bin/sh\necho 'one long line of my own'\necho " + BAD + b"\nexit 0\n", ("line 3",)),
    ],
)
def test_what_can_be_cured_is_clean_afterwards(content: bytes, removed: tuple[str, ...]) -> None:
    cured = cure(content, _is_clean)
    assert isinstance(cured, Cured)
    assert (cured.removed, _is_clean(cured.content)) == (removed, True)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x7fELF" + bytes(100) + BAD, "files of this kind"),
        (b"#!/bin/sh\n" + BAD, "nothing in it"),
        (zipped({**OFFICE, "word/vbaProject.bin": b"mine", "word/document.xml": BAD}), "could not be told"),
        (zipped({"[Content_Types].xml": BAD}), "no macros"),
        (zipped({"a": BAD})[:-10], "cannot be rewritten"),
        (gzip.compress(BAD, mtime=0), "cannot be rewritten"),
    ],
)
def test_what_cannot_be_cured_says_why(content: bytes, why: str) -> None:
    with pytest.raises(NotCurable, match=why):
        cure(content, lambda _: False if b"\x7fELF" in content else _is_clean(_))
