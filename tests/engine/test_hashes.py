import hashlib
import io
import random
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.errors import Failed
from garrison.engine.hashes import ANY_SIZE, FOOT, HashTable, Threat
from garrison.engine.signatures.tables import TableWriter
from garrison.engine.verdict import Kind

OBJECT = b"some object"
SHA256 = hashlib.sha256(OBJECT).digest()
Record = tuple[bytes, int, str]


def file_of(*records: Record, algorithm: str = "sha256") -> bytes:
    writer = TableWriter(algorithm, io.BytesIO)
    for digest, size, name in records:
        writer.add(digest, size, name.encode(), Kind.TROJAN, "list")
    file = io.BytesIO()
    writer.write(file, lambda source, digest, name: None)
    return file.getvalue()


def table(*records: Record, algorithm: str = "sha256") -> HashTable:
    return HashTable(algorithm, memoryview(file_of(*records, algorithm=algorithm)))


def test_a_size_must_fit() -> None:
    found = table((SHA256, 12, "Other"))
    assert not found.wants(11)
    assert found.wants(12)
    assert found.find(SHA256, 11) is None
    assert found.find(SHA256, 12) == Threat("Other", Kind.TROJAN, "list")
    assert found.find(SHA256, None) == Threat("Other", Kind.TROJAN, "list")


def test_any_size_wants_all_and_the_exact_size_comes_first() -> None:
    found = table((SHA256, ANY_SIZE, "Any"), (SHA256, 12, "Exact"))
    assert found.wants(1)
    assert [threat.name for size in (11, 12) if (threat := found.find(SHA256, size))] == ["Any", "Exact"]


def test_an_empty_table_wants_nothing() -> None:
    empty = table(algorithm="md5")
    assert not any(empty.wants(size) for size in range(1000))
    assert empty.find(bytes(16), 1) is None


def test_digests_that_begin_alike_are_told_apart() -> None:
    digests = [bytes(15) + bytes([last]) for last in range(100)] + [b"\xff" * 15 + bytes([last]) for last in range(100)]
    found = table(*((digest, 1, digest.hex()) for digest in digests), algorithm="md5")
    names = [threat.name for digest in digests if (threat := found.find(digest, 1))]
    assert names == [digest.hex() for digest in digests]
    assert found.find(bytes(14) + b"\1\0", 1) is None


def test_a_digest_that_lies_across_two_records_is_none() -> None:
    found = table((bytes(16), 0x00000000, "A"), (bytes(15) + b"\1", 0, "B"), algorithm="md5")
    assert found.find(bytes(12) + b"\0\0\0\2", 0) is None
    assert found.find(bytes(15) + b"\1", 0) is not None


def test_many_are_found_and_others_are_not() -> None:
    objects = [b"%d" % number for number in range(30_000)]
    records = [(hashlib.md5(each).digest(), len(each), f"N{each.decode()}") for each in objects]
    found = table(*records[::2], algorithm="md5")
    assert found.count == 15_000
    names = [threat.name if (threat := found.find(digest, size)) else None for digest, size, _ in records]
    assert names == [None if number % 2 else f"N{number}" for number in range(30_000)]


def test_what_does_not_fit_into_memory_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(1)
    records = [(chance.randbytes(20), chance.randrange(1 << 31), f"Name.{number % 700}") for number in range(5000)]
    whole = file_of(*records, algorithm="sha1")
    monkeypatch.setattr("garrison.engine.signatures.tables._BLOCK", 100)
    monkeypatch.setattr("garrison.engine.signatures.spool._PIECE", 777)
    assert file_of(*records, algorithm="sha1") == whole


def test_size_maps_grow_with_the_list() -> None:
    found = table(*((hashlib.md5(b"%d" % n).digest(), n * 1009, "x") for n in range(2000)), algorithm="md5")
    assert all(found.wants(n * 1009) for n in range(2000))
    assert sum(found.wants(size) for size in range(100_000)) < 5000


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 60, -1])
def test_a_cut_file_is_refused(cut: int) -> None:
    with pytest.raises(Failed, match="damaged"):
        HashTable("sha256", memoryview(file_of((SHA256, 11, "x"))[:cut]))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Failed):
        HashTable("md5", memoryview(b"GARHASH2" + content))


WHOLE = file_of(*((hashlib.sha256(b"%d" % n).digest(), n, f"Name.{n % 5}") for n in range(200)))


@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8))
def test_a_damaged_file_is_refused_or_survived(changes: list[tuple[int, int]]) -> None:
    content = bytearray(WHOLE)
    for at, value in changes:
        content[at] = value
    try:
        damaged = HashTable("sha256", memoryview(bytes(content)))
    except Failed:
        return
    for number in range(200):
        damaged.wants(number)
        damaged.find(hashlib.sha256(b"%d" % number).digest(), number)


@given(
    st.lists(st.integers(0, (1 << 64) - 1), min_size=4, max_size=4),
    st.lists(st.integers(0, (1 << 32) - 1), min_size=5, max_size=5),
)
def test_absurd_feet_are_refused(places: list[int], counts: list[int]) -> None:
    body = WHOLE[: -FOOT.size]
    with pytest.raises(Failed):
        HashTable("sha256", memoryview(body + struct.pack("<QQQQLLLLLL8s", *places, *counts, 0, b"GARHASH2")))
