import io
import random
import tarfile

import pytest

from garrison.engine.budget import Limits
from garrison.engine.formats.tar import members
from tests.engine.archives import make_tar
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

NOISE = random.Random(4).randbytes(5000)
FORMS = [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]
FILES = [("one", EICAR), ("two/three", NOISE), ("empty", b""), ("block", bytes(512))]


def checksummed(block: bytearray) -> bytes:
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def header(name: bytes, size: bytes, kind: bytes = b"0", magic: bytes = b"ustar\x0000") -> bytearray:
    block = bytearray(512)
    block[: len(name)] = name
    block[100:108] = b"0000644\0"
    block[124 : 124 + len(size)] = size
    block[156:157] = kind
    block[257 : 257 + len(magic)] = magic
    return block


def padded(content: bytes) -> bytes:
    return content + bytes(-len(content) % 512)


def entry(name: bytes, content: bytes, kind: bytes = b"0", magic: bytes = b"ustar\x0000") -> bytes:
    return checksummed(header(name, b"%011o\0" % len(content), kind, magic)) + padded(content)


@pytest.mark.parametrize("form", FORMS)
def test_every_dialect_is_read(form: int) -> None:
    found = opened(members, make_tar(FILES, form))
    assert contents(found) == {(name,): content for name, content in FILES}
    assert remarks(found) == []


def test_the_oldest_dialect_is_read() -> None:
    assert contents(opened(members, entry(b"old", EICAR, b"\0", b""))) == {("old",): EICAR}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", [99, 100, 101, 155, 185])
def test_long_names_are_read(form: int, length: int) -> None:
    name = "d" * 90 + "/" + "f" * (length - 91)
    assert list(contents(opened(members, make_tar([(name, EICAR)], form)))) == [(name,)]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_endless_names_are_cut(form: int) -> None:
    assert list(contents(opened(members, make_tar([("n" * 70_000, EICAR)], form)))) == [("n" * 1000 + "…",)]


def test_a_folder_of_the_oldest_dialect_is_no_object() -> None:
    assert opened(members, entry(b"folder/", b"", b"\0", b"")) == []


def test_names_that_are_no_utf8_are_kept() -> None:
    assert list(contents(opened(members, entry(b"\xff\xfe", EICAR)))) == [("\udcff\udcfe",)]


def test_links_devices_and_folders_are_no_objects() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (
            tarfile.SYMTYPE,
            tarfile.LNKTYPE,
            tarfile.CHRTYPE,
            tarfile.BLKTYPE,
            tarfile.DIRTYPE,
            tarfile.FIFOTYPE,
        ):
            special = tarfile.TarInfo(f"special {kind!r}")
            special.type = kind
            special.linkname = "/etc/shadow"
            archive.addfile(special)
        last = tarfile.TarInfo("last")
        last.size = len(EICAR)
        archive.addfile(last, io.BytesIO(EICAR))
    assert contents(opened(members, out.getvalue())) == {("last",): EICAR}


def test_a_type_that_nobody_knows_is_a_file() -> None:
    assert contents(opened(members, entry(b"what", EICAR, b"Z"))) == {("what",): EICAR}


def test_a_cut_tar_gives_what_came_before() -> None:
    whole = make_tar([(str(n), NOISE) for n in range(5)], tarfile.USTAR_FORMAT)
    found = opened(members, whole[: 3 * (512 + 5120) + 1000])
    assert [len(content) for content in contents(found).values()] == [5000, 5000, 5000, 488]
    assert remarks(found) == ["damaged: ends too early", "damaged after member 4"]


def test_a_damaged_header_is_passed_over() -> None:
    whole = bytearray(make_tar([(str(n), NOISE) for n in range(5)], tarfile.USTAR_FORMAT))
    whole[512 + 5120 + 10] ^= 0xFF
    found = opened(members, bytes(whole))
    assert list(contents(found)) == [("0",), ("2",), ("3",), ("4",)]
    assert remarks(found) == ["damaged after member 1"]


def test_what_follows_the_end_mark_is_read() -> None:
    assert len(contents(opened(members, make_tar([("a", EICAR)]) + make_tar([("b", EICAR)])))) == 2


@pytest.mark.parametrize("size", [b"77777777777\0", b"\x80" + b"\xff" * 11, b"\x80\0\0\0" + b"\x7f" + b"\xff" * 7])
@pytest.mark.parametrize("kind", [b"0", b"L", b"K", b"x", b"g", b"S"])
def test_absurd_sizes_are_survived(size: bytes, kind: bytes) -> None:
    found = opened(members, checksummed(header(b"big", size, kind)) + NOISE)
    assert remarks(found)[-1] == ("damaged after member 1" if kind in b"0S" else "damaged after member 0")


@pytest.mark.parametrize("size", [b"nonsense", b"-1", b"\xff" * 12, b""])
def test_sizes_that_are_none_count_as_nothing(size: bytes) -> None:
    found = opened(members, checksummed(header(b"a", size)) + entry(b"b", EICAR))
    assert contents(found) == {("a",): b"", ("b",): EICAR}


@pytest.mark.parametrize(
    "record", [b"", b"x", b"999999999999 path=a\n", b"0 path=b\n", b"12 path=cc\n", b"-5 path=d\n", b"5 a\n"]
)
def test_malformed_pax_records_are_survived(record: bytes) -> None:
    assert EICAR in contents(opened(members, entry(b"p", record, b"x") + entry(b"name", EICAR))).values()


def test_a_pax_size_overrules_the_header() -> None:
    block = checksummed(header(b"name", b"00000000000\0"))
    found = opened(members, entry(b"p", b"11 size=68\n", b"x") + block + padded(EICAR))
    assert contents(found) == {("name",): EICAR}


def test_holes_are_zeros() -> None:
    block = header(b"holes", b"%011o\0" % 1024, b"S", b"ustar  \0")
    block[386:410] = b"%011o\0%011o\0" % (4096, 512)
    block[410:434] = b"%011o\0%011o\0" % (8192, 512)
    block[483:495] = b"%011o\0" % 10_000
    data = NOISE[:1024]
    expected = bytes(4096) + data[:512] + bytes(8192 - 4608) + data[512:] + bytes(10_000 - 8704)
    found = opened(members, checksummed(block) + data + entry(b"next", EICAR))
    assert contents(found) == {("holes",): expected, ("next",): EICAR}


def test_a_map_that_goes_on_in_the_next_block() -> None:
    block = header(b"holes", b"%011o\0" % 1024, b"S", b"ustar  \0")
    block[386:410] = b"%011o\0%011o\0" % (0, 512)
    block[482] = 1
    block[483:495] = b"%011o\0" % 2048
    more = bytearray(512)
    more[:24] = b"%011o\0%011o\0" % (1536, 512)
    found = opened(members, checksummed(block) + bytes(more) + NOISE[:1024] + entry(b"next", EICAR))
    assert contents(found) == {("holes",): NOISE[:512] + bytes(1024) + NOISE[512:1024], ("next",): EICAR}


def record(key: str, value: str) -> bytes:
    body = f" {key}={value}\n".encode()
    length = len(body) + len(str(len(body) + 2))
    return str(length).encode() + body


@pytest.mark.parametrize("version", ["0.0", "0.1", "1.0"])
def test_holes_in_pax_headers(version: str) -> None:
    parts = [(100, 50), (1000, 18)]
    data = EICAR
    expected = bytes(100) + EICAR[:50] + bytes(850) + EICAR[50:] + bytes(2000 - 1018)
    notes = record("GNU.sparse.realsize" if version == "1.0" else "GNU.sparse.size", "2000")
    if version == "0.0":
        for at, length in parts:
            notes += record("GNU.sparse.offset", str(at)) + record("GNU.sparse.numbytes", str(length))
    elif version == "0.1":
        notes += record("GNU.sparse.map", "100,50,1000,18")
    else:
        notes += record("GNU.sparse.major", "1") + record("GNU.sparse.minor", "0") + record("GNU.sparse.name", "real")
        data = padded(b"2\n100\n50\n1000\n18\n") + EICAR
    found = opened(members, entry(b"p", notes, b"x") + entry(b"holes", data))
    assert contents(found) == {("real" if version == "1.0" else "holes",): expected}
    assert remarks(found) == []


def test_a_hole_of_petabytes_ends_at_the_limit() -> None:
    notes = record("GNU.sparse.map", "0,1") + record("GNU.sparse.realsize", str(1 << 50))
    found = opened(
        members, entry(b"p", notes, b"x") + entry(b"h", b"x") + entry(b"n", EICAR), limits=Limits(object_bytes=1 << 20)
    )
    assert remarks(found) == ["only the first 1 MiB were checked"]
    assert contents(found)["n",] == EICAR


@pytest.mark.parametrize("start", [b"", b"x", b"5\n1\n", b"999999999\n" + b"1\n" * 1000])
def test_a_broken_map_in_the_data_is_damage(start: bytes) -> None:
    notes = record("GNU.sparse.major", "1") + record("GNU.sparse.realsize", "100")
    found = opened(members, entry(b"p", notes, b"x") + entry(b"h", start) + entry(b"n", EICAR))
    assert remarks(found) == ["damaged: cannot be unpacked"]
    assert contents(found)["n",] == EICAR


def test_the_verdict_counts_the_members() -> None:
    verdict = check(make_tar(FILES), detector())
    assert verdict.type == "tar"
    assert verdict.objects == 5
    assert [finding.inner for finding in verdict.findings] == [("one",)]


def test_megabytes_of_garbage_behind_it_take_no_time() -> None:
    found = opened(members, entry(b"a", EICAR) + NOISE * 4000)
    assert remarks(found) == ["damaged after member 1"]
