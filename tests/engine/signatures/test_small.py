import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from garrison.engine.formats.opener import Listed
from garrison.engine.identify import identify_source
from garrison.engine.signatures.sources import READERS, reader_of
from garrison.engine.source import Source
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.engine.samples import built, knowing
from tests.engine.signatures.clamscan import clamscan, needs_clamscan
from tests.engine.signatures.lines import EVIL, LINE


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("a.txt", "b.exe", "dir/c.txt"):
            archive.writestr(zipfile.ZipInfo(name), EVIL * (1 + len(name)), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def tarred() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name in ("a.txt", "b.exe"):
            info = tarfile.TarInfo(name)
            info.size = len(EVIL)
            archive.addfile(info, io.BytesIO(EVIL))
    return file.getvalue()


def listings(content: bytes) -> Iterator[Listed]:
    """Yield what the list of an archive says."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for position, each in enumerate(archive.infolist(), 1):
                is_encrypted = bool(each.flag_bits & 1)
                yield Listed(each.filename, each.compress_size, each.file_size, is_encrypted, position, each.CRC)
    else:
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            for position, member in enumerate(tar.getmembers(), 1):
                yield Listed(member.name, member.size, member.size, position=position)


def found(databases: dict[str, bytes], content: bytes) -> set[str]:
    """Return what matches the list of an archive."""
    container = Subject(content, identify_source(Source(content)))
    with knowing(*databases.items()) as known:
        matches = [known.match_listed(listed, container) for listed in listings(content)]
    return {match.name for each in matches for match in each.found}


SIZE = len(EVIL) * 6
CRC = zlib.crc32(EVIL * 6)


@needs_clamscan
@pytest.mark.parametrize(
    "line",
    [
        r"*:*:^a\.txt$:*:*:*:*:*:*",
        r"CL_TYPE_ZIP:*:\.exe$:*:*:*:*:*:*",
        r"CL_TYPE_ZIP:*:[a-z]\.EXE$:*:*:*:*:*:*",
        r"CL_TYPE_ZIP:*:[a-z][.]exe$:*:*:*:*:*:*",
        r"CL_TYPE_ZIP:*:^(dir/)?c\.(txt|doc)$:*:*:*:*:*:*",
        r"CL_TYPE_RAR:*:*:*:*:*:*:*:*",
        r"CL_TYPE_POSIX_TAR:*:a\.txt:*:*:*:*:*:*",
        r"CL_TYPE_ZIP:1-200:*:*:*:*:*:*:*",
        r"CL_TYPE_ZIP:100-900:*:*:*:*:*:*:*",
        rf"CL_TYPE_ZIP:*:*:*:{SIZE}:*:*:*:*",
        rf"CL_TYPE_ZIP:*:*:*:{SIZE + 1}:*:*:*:*",
        rf"CL_TYPE_ZIP:*:*:*:{SIZE - 5}-{SIZE}:*:*:*:*",
        rf"CL_TYPE_ZIP:*:*:*:0-{SIZE}:*:*:*:*",
        r"CL_TYPE_ZIP:*:*:1-20:*:*:*:*:*",
        r"CL_TYPE_ZIP:*:*:20-100:*:*:*:*:*",
        r"CL_TYPE_ZIP:*:*:*:*:1:*:*:*",
        r"CL_TYPE_ZIP:*:*:*:*:0:*:*:*",
        r"*:*:^a:*:*:*:1:*:*",
        r"*:*:^b:*:*:*:2:*:*",
        r"CL_TYPE_ZIP:*:*:*:*:*:0:*:*",
        rf"CL_TYPE_ZIP:*:*:*:*:*:*:{CRC:x}:*",
        r"CL_TYPE_ZIP:*:a:*:*:*:*:*:*:1:215",
        r"CL_TYPE_ZIP:*:a:*:*:*:*:*:*:1:255",
    ],
)
def test_lists_of_archives_are_matched_as_clamscan_matches_them(line: str, tmp_path: Path) -> None:
    databases = {"a.cdb": f"Evil.List:{line}\n".encode(), "b.hdb": b"0" * 32 + b":1:X\n"}
    for archive in (zipped(), tarred()):
        assert found(databases, archive) == clamscan(tmp_path, databases, archive)


def test_checksums_are_compared_as_the_manual_says_though_clamscan_does_not() -> None:
    assert found({"a.cdb": f"Evil.List:CL_TYPE_ZIP:*:*:*:*:*:*:{CRC:x}:*\n".encode()}, zipped()) == {"Evil.List"}
    assert found({"a.cdb": f"Evil.List:CL_TYPE_ZIP:*:*:*:*:*:*:{CRC ^ 1:x}:*\n".encode()}, zipped()) == set()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("A:CL_TYPE_ZIP:*", "it has not the fields of such a line"),
        ("A:CL_TYPE_SWF:*:*:*:*:*:*:*:*", "CL_TYPE_SWF is no container we list"),
        ("A:*:x:*:*:*:*:*:*:*", "x is no size or range"),
        ("A:*:*:(:*:*:*:*:*:*", "its pattern cannot be understood"),
        ("A:*:*:" + "x" * 2000 + ":*:*:*:*:*:*", "its pattern is too long"),
        ("A:*:*:*:*:*:*:*:" + "f" * 5000 + ":*", "its checksum is no CRC-32"),
        ("A:*:*:*:" + "1" * 19 + ":*:*:*:*:*", "1111111111111111111 is no size or range"),
        ("A:*:*:*:*:*:7:*:*:*", "whether it is encrypted is neither 0, 1 nor *"),
    ],
)
def test_signatures_on_lists_that_cannot_be_used_are_named(line: str, why: str) -> None:
    _, report = built([("a.cdb", line.encode())])
    assert [skipped.why for skipped in report.skipped] == [why]


def test_an_allowed_container_is_not_told_by_its_list() -> None:
    container = Subject(EVIL, Type.ZIP)
    listed = Listed("a.txt", position=1)
    signature = ("a.cdb", b"Evil.List:*:*:a:*:*:*:*:*:*\n")
    with knowing(signature) as known:
        assert [match.name for match in known.match_listed(listed, container).found] == ["Evil.List"]
    with knowing(signature, ("a.fp", LINE)) as known:
        assert known.match_listed(listed, container).found == ()
    with knowing() as known:
        assert known.match_listed(listed, container).found == ()


def test_passwords_are_handed_on() -> None:
    lines = (
        b"A;Engine:81-255,Container:CL_TYPE_ZIP;0;open sesame\n"
        b"B;Engine:81-255;1;ff00\n"
        b"C;Engine:81-90;0;old\n"
        b"D;Engine:81-255;7;x\n"
        b"E;short\n"
    )
    with knowing(("a.pwdb", lines)) as known:
        assert known.passwords == (b"open sesame", b"\xff\x00")
    _, report = built([("a.pwdb", lines)])
    assert [skipped.why for skipped in report.skipped] == [
        "it is for other versions of ClamAV",
        "its way of writing a password is unknown",
        "it has not the fields of such a line",
    ]


def test_signatures_on_links_are_kept_as_they_are() -> None:
    folder, report = built([("a.pdb", b"R:.+:good.example\n"), ("b.pdb", b"H:x\n"), ("a.gdb", b"S:P:abc\n")])
    assert folder.files["url-pdb.txt"] == b"R:.+:good.example\nH:x\n"
    assert folder.files["url-gdb.txt"] == b"S:P:abc\n"
    assert report.counts["url-pdb.txt"] == 2


def test_names_tell_what_a_file_is() -> None:
    assert reader_of("some/where/daily.HDB") is READERS[".hdb"]
    assert reader_of("list") is reader_of("list.txt") is reader_of("dir.d/list")
    assert reader_of("picture.png") is None
    _, report = built([("picture.png", b"x")])
    assert [skipped.why for skipped in report.skipped] == ["it is no kind of database we know"]
