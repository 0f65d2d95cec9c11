import random
import struct
import zipfile

import pytest

from garrison.engine.budget import Limits
from garrison.engine.formats.zip import members
from garrison.engine.formats.zip_directory import Directory, find, find_directory, has_directory
from garrison.engine.source import Source
from garrison.engine.verdict import Remark
from tests.engine.archives import (
    central_entry,
    local_header,
    make_streamed_zip,
    make_zip,
    raw_deflate,
    zip_end,
)
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

NOISE = random.Random(3).randbytes(5000)
FILES = [("one", EICAR), ("two/three", NOISE), ("empty", b"")]
EXPECTED = {(name,): content for name, content in FILES}
METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


@pytest.mark.parametrize("method", METHODS)
def test_it_opens_what_python_packs(method: int) -> None:
    found = opened(members, make_zip(FILES, method))
    assert contents(found) == EXPECTED
    assert remarks(found) == []


@pytest.mark.parametrize("method", METHODS)
def test_sizes_may_follow_the_data(method: int) -> None:
    found = opened(members, make_streamed_zip(FILES, method))
    assert contents(found) == EXPECTED
    assert remarks(found) == []


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("make", [make_zip, make_streamed_zip])
def test_without_its_list_the_local_headers_tell(method: int, make: object) -> None:
    whole = make_zip(FILES, method) if make is make_zip else make_streamed_zip(FILES, method)
    at = whole.index(b"PK\x01\x02")
    found = opened(members, whole[:at])
    assert {key: value for key, value in contents(found).items() if value} == {
        key: value for key, value in EXPECTED.items() if value
    }
    assert remarks(found)[0] == "damaged: its list of members cannot be read"


def test_a_damaged_list_is_read_as_far_as_it_goes() -> None:
    whole = bytearray(make_zip(FILES))
    second = whole.index(b"PK\x01\x02", whole.index(b"PK\x01\x02") + 4)
    whole[second] ^= 0xFF
    found = opened(members, bytes(whole))
    assert contents(found) == EXPECTED
    assert remarks(found) == ["damaged: its list of members cannot be read"]


@pytest.mark.parametrize("prefix", [b"#!/bin/sh\nexit\n", b"\x7fELF" + bytes(9000), b"MZ" + NOISE])
def test_data_before_it_does_not_hide_it(prefix: bytes) -> None:
    whole = prefix + make_zip(FILES)
    assert contents(opened(members, whole)) == EXPECTED
    assert has_directory(Source(whole))
    assert [finding.inner for finding in check(whole, detector()).findings] == [("one",)]


def test_two_zips_in_one_file_are_both_opened() -> None:
    found = opened(members, make_zip([("first", EICAR)]) + make_zip([("second", NOISE)]))
    assert contents(found) == {("first",): EICAR, ("second",): NOISE}


def test_a_member_that_the_list_hides_is_found() -> None:
    hidden = local_header(b"hidden", EICAR)
    shown = local_header(b"shown", NOISE)
    entry = central_entry(b"shown", len(NOISE), len(hidden))
    body = hidden + shown
    found = opened(members, body + entry + zip_end(1, len(entry), len(body)))
    assert contents(found) == {("shown",): NOISE, ("hidden",): EICAR}


def test_what_a_lying_length_covers_is_found() -> None:
    shown = local_header(b"shown", raw_deflate(NOISE), 8)
    hidden = local_header(b"hidden", EICAR)
    body = shown + hidden
    entry = central_entry(b"shown", len(body) - 35, 0, 8, size=len(NOISE))
    found = opened(members, body + entry + zip_end(1, len(entry), len(body)))
    assert contents(found)["hidden",] == EICAR


def test_headers_that_differ_in_the_method_are_both_believed() -> None:
    packed = raw_deflate(EICAR)
    local = local_header(b"name", packed, 8)
    entry = central_entry(b"name", len(packed), 0, 0, size=len(packed))
    found = opened(members, local + entry + zip_end(1, len(entry), len(local)))
    assert [member.content for member in found] == [packed, EICAR]


def test_an_encrypted_member_is_named_and_not_opened() -> None:
    local = local_header(b"secret", NOISE, 8, flags=1)
    other = local_header(b"plain", EICAR)
    entries = central_entry(b"secret", len(NOISE), 0, 8, flags=1) + central_entry(b"plain", 68, len(local))
    body = local + other
    found = opened(members, body + entries + zip_end(2, len(entries), len(body)))
    assert [(member.names, member.remark) for member in found] == [
        (("secret",), "encrypted: not opened"),
        (("plain",), ""),
    ]
    assert remarks(opened(members, body)) == ["damaged: its list of members cannot be read", "encrypted: not opened"]


def test_an_encrypted_mark_in_one_header_only_is_a_lie() -> None:
    local = local_header(b"name", EICAR)
    entry = central_entry(b"name", len(EICAR), 0, flags=1)
    assert contents(opened(members, local + entry + zip_end(1, len(entry), len(local)))) == {("name",): EICAR}


def test_aes_is_encrypted_whatever_the_flags() -> None:
    local = local_header(b"name", NOISE, 99)
    entry = central_entry(b"name", len(NOISE), 0, 99)
    found = opened(members, local + entry + zip_end(1, len(entry), len(local)))
    assert remarks(found) == ["encrypted: not opened"]


@pytest.mark.parametrize("method", [2, 5, 98, 65535])
def test_an_unknown_method_is_named(method: int) -> None:
    local = local_header(b"name", NOISE, method)
    entry = central_entry(b"name", len(NOISE), 0, method)
    found = opened(members, local + entry + zip_end(1, len(entry), len(local)))
    assert remarks(found) == [f"not opened: packed by method {method}"]


@pytest.mark.parametrize("method", [20, 93, 95])
def test_newer_methods_are_opened(method: int) -> None:
    from garrison.engine.type import Type  # noqa: PLC0415
    from tests.engine.archives import WRAP  # noqa: PLC0415 # only here

    packed = WRAP[Type.XZ if method == 95 else Type.ZSTD](NOISE)
    local = local_header(b"name", packed, method, size=len(NOISE))
    entry = central_entry(b"name", len(packed), 0, method, size=len(NOISE))
    found = opened(members, local + entry + zip_end(1, len(entry), len(local)))
    assert contents(found) == {("name",): NOISE}
    assert remarks(found) == []


@pytest.mark.parametrize(
    "header", [b"", b"\x09\x04\x05\x00", b"\x09\x04\x05\x00\xff\xff\xff\xff\xff", b"\x09\x04\x00\x00" + bytes(9)]
)
def test_nonsense_before_lzma_data_is_no_harm(header: bytes) -> None:
    local = local_header(b"name", header, 14)
    entry = central_entry(b"name", len(header), 0, 14, size=100)
    found = opened(members, local + entry + zip_end(1, len(entry), len(local)))
    assert remarks(found) == ["not opened: packed by method 14"]


def test_zip64_is_read() -> None:
    local = local_header(b"wide", EICAR)
    entry = bytearray(central_entry(b"wide", 0xFFFFFFFF, 0xFFFFFFFF, size=0xFFFFFFFF))
    extra = struct.pack("<HHQQQ", 1, 24, len(EICAR), len(EICAR), 0)
    struct.pack_into("<H", entry, 30, len(extra))
    listing = bytes(entry) + extra
    at = len(local)
    end64 = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(listing), at)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at + len(listing), 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    whole = local + listing + end64 + locator + last
    assert contents(opened(members, whole)) == {("wide",): EICAR}
    assert contents(opened(members, NOISE + whole)) == {("wide",): EICAR}


def test_names_are_kept_whatever_they_are() -> None:
    names = [b"../../etc/passwd", b"\xff\xfe.exe", b"a\x00b", b"", b"n" * 60_000, b"same", b"same"]
    body, entries = b"", b""
    for name in names:
        entries += central_entry(name, len(EICAR), len(body))
        body += local_header(name, EICAR)
    found = opened(members, body + entries + zip_end(len(names), len(entries), len(body)))
    assert [member.names[0] for member in found] == [
        "../../etc/passwd",
        "\udcff\udcfe.exe",
        "a\x00b",
        "",
        "n" * 1000 + "…",
        "same",
        "same",
    ]
    assert {member.content for member in found} == {EICAR}


def test_absurd_sizes_and_offsets_are_survived() -> None:
    local = local_header(b"name", EICAR)
    for packed, at in [(0xFFFFFFFE, 0), (68, 0xFFFFFFF0), (0, 5), (0xFFFFFFFF, 0xFFFFFFFF)]:
        entry = central_entry(b"name", packed, at, size=0xFFFFFFFE)
        found = opened(members, local + entry + zip_end(65535, len(entry), len(local)))
        assert any(content.startswith(EICAR) for content in contents(found).values())


def test_offsets_of_64_bits_are_survived() -> None:
    local = local_header(b"name", EICAR)
    for offset in (1 << 62, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        entry = bytearray(central_entry(b"name", 68, 0xFFFFFFFF, size=68))
        extra = struct.pack("<HHQ", 1, 8, offset)
        struct.pack_into("<H", entry, 30, len(extra))
        listing = bytes(entry) + extra
        found = opened(members, local + listing + zip_end(1, len(listing), len(local)))
        assert contents(found) == {("name",): EICAR}


def fifield(count: int, kernel: bytes) -> bytes:
    """Return a zip whose members overlap: each quotes the next one's header in front of one shared run of data.

    David Fifield, "A better zip bomb" (WOOT 2019), section 3: quoting by non-final stored DEFLATE blocks.
    """
    body = local_header(b"%05d" % count, raw_deflate(kernel), 8)
    sizes = [(len(body) - 35, len(kernel))]
    for number in range(count - 1, 0, -1):
        quoted = body[:35]
        block = b"\x00" + struct.pack("<HH", len(quoted), len(quoted) ^ 0xFFFF) + quoted
        data = block + body[35:]
        unpacked = sizes[-1][1] + len(quoted)
        sizes.append((len(data), unpacked))
        body = local_header(b"%05d" % number, data, 8, size=unpacked)
    entries = b""
    total = len(body)
    for number, (packed, unpacked) in enumerate(reversed(sizes), 1):
        entries += central_entry(b"%05d" % number, packed, total - packed - 35, 8, size=unpacked)
    return body + entries + zip_end(count, len(entries), total)


def test_members_that_overlap_are_a_bomb() -> None:
    bomb = fifield(500, bytes(4 * 1024 * 1024))
    assert len(bomb) < 100_000
    verdict = check(bomb, detector())
    assert verdict.bytes < 40 * 1024 * 1024
    assert Remark("limit reached: unpacks to over 250 times its size") in verdict.remarks


def test_members_that_are_the_same_bytes_are_checked_once() -> None:
    local = local_header(b"name", raw_deflate(bytes(1_000_000)), 8)
    entries = b"".join(central_entry(b"%05d" % n, len(local) - 34, 0, 8) for n in range(5000))
    found = opened(members, local + entries + zip_end(5000, len(entries), len(local)))
    assert len(found) == 1


def nested_bomb(levels: int, width: int) -> bytes:
    content = make_zip([("zeros", bytes(20_000_000))])
    for _ in range(levels):
        content = make_zip([(f"lib {n}.zip", content) for n in range(width)])
    return content


def test_a_nested_bomb_ends_early() -> None:
    bomb = nested_bomb(4, 16)
    verdict = check(bomb, detector())
    assert verdict.bytes < 450 * 1024 * 1024
    assert {remark.what for remark in verdict.remarks} == {"limit reached: unpacks to over 250 times its size"}


def test_more_members_than_the_limit_are_left_unopened() -> None:
    whole = make_zip([(str(n), b"x") for n in range(300)], zipfile.ZIP_STORED)
    verdict = check(whole, detector(), limits=Limits(members=100))
    assert verdict.objects == 100
    assert [remark.what for remark in verdict.remarks] == ["limit reached: more than 100 objects"]


def test_folders_are_no_objects() -> None:
    assert opened(members, make_zip([("folder/", b""), ("folder/file", EICAR)]))[0].names == ("folder/file",)


def test_a_folder_whose_size_follows_is_no_object() -> None:
    found = opened(members, make_streamed_zip([("folder/", b""), ("folder/file", EICAR)]))
    assert [member.names for member in found] == [("folder/file",)]


def test_what_is_called_a_folder_and_has_content_is_opened() -> None:
    assert contents(opened(members, make_zip([("folder/", EICAR)]))) == {("folder/",): EICAR}


def test_many_headers_without_data_take_no_quadratic_time() -> None:
    whole = local_header(b"n", b"", 0, flags=8) * 30_000
    found = opened(members, whole, limits=Limits(members=1_000_000))
    assert len(found) >= 30_000


@pytest.mark.parametrize(("method", "flags"), [(2, 0), (8, 1)])
def test_members_that_are_not_opened_are_counted_too(method: int, flags: int) -> None:
    found = opened(members, local_header(b"n", b"x", method, flags) * 30_000)
    assert len(found) == 10_003
    assert remarks(found)[-1] == "limit reached: more than 10,000 objects"


def test_the_end_record_is_found_behind_a_comment_and_garbage() -> None:
    whole = make_zip(FILES)
    with_comment = whole[:-2] + struct.pack("<H", 60_000) + b"c" * 60_000
    at = whole.index(b"PK\x01\x02")
    for content in (whole, with_comment, whole + b"garbage" * 100):
        assert find_directory(Source(content)) == Directory(at, len(whole) - at - 22, 0)
    assert find_directory(Source(b"PK\x05\x06" + bytes(17))) is None
    assert find_directory(Source(b"PK\x05\x06" * 10_000)) is None


def test_a_signature_across_two_reads_is_found() -> None:
    content = bytes(256 * 1024 - 2) + b"PK\x03\x04" + bytes(1000)
    assert find(Source(content), b"PK\x03\x04", 0, len(content)) == 256 * 1024 - 2
    assert find(Source(content), b"PK\x03\x04", 0, 256 * 1024) == -1
