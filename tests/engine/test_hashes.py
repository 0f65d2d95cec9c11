import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.errors import Failed
from garrison.engine.hashes import ALGORITHMS, HashLists, HashTable, Threat
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Kind

OBJECT = b"some object"
MD5 = hashlib.md5(OBJECT).hexdigest()
SHA1 = hashlib.sha1(OBJECT).hexdigest()
SHA256 = hashlib.sha256(OBJECT).hexdigest()


def lists(*lines: str, name: str = "list") -> HashLists:
    gathered = HashLists()
    gathered.add(name, "\n".join(lines).encode())
    return gathered


def table(gathered: HashLists, algorithm: str) -> HashTable:
    return HashTable(algorithm, memoryview(gathered.file(algorithm)))


@pytest.mark.parametrize(
    ("line", "algorithm", "threat"),
    [
        (MD5, "md5", Threat("list", Kind.TROJAN, "list")),
        (SHA1.upper(), "sha1", Threat("list", Kind.TROJAN, "list")),
        (SHA256, "sha256", Threat("list", Kind.TROJAN, "list")),
        (f"{SHA256}:11:Some.Name", "sha256", Threat("Some.Name", Kind.TROJAN, "list")),
        (f"{SHA256}:*:Some.Name:73", "sha256", Threat("Some.Name", Kind.TROJAN, "list")),
        (f"{MD5}:11:Some.Name:miner", "md5", Threat("Some.Name", Kind.MINER, "list")),
        (f"{SHA1},Some.Name", "sha1", Threat("Some.Name", Kind.TROJAN, "list")),
        (f"{SHA1}, Some.Name ,backdoor, 11", "sha1", Threat("Some.Name", Kind.BACKDOOR, "list")),
        (f'"{SHA1}", "Some, Name", "web-shell"', "sha1", Threat("Some, Name", Kind.WEB_SHELL, "list")),
        (f"\ufeff  {SHA256}  ", "sha256", Threat("list", Kind.TROJAN, "list")),
    ],
)
def test_lines(line: str, algorithm: str, threat: Threat) -> None:
    gathered = lists("# a comment", "", line)
    assert gathered.skipped == []
    assert {name: gathered.count(name) for name in ALGORITHMS} == {name: int(name == algorithm) for name in ALGORITHMS}
    assert table(gathered, algorithm).find(Subject(OBJECT, Type.DATA)) == threat


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal"),
        ("g" * 64, "it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal"),
        (f"{SHA256}  file", "it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal"),
        (f"{SHA256}:eleven:Name", "eleven is no size in bytes"),
        (f"{SHA256}:-1:Name", "-1 is no size in bytes"),
        (f"{SHA256}:{'9' * 30}:Name", f"{'9' * 30} is no size in bytes"),
        (f"{SHA256},Name,monster", "monster is no kind of threat"),
        (hashlib.sha256(b"").hexdigest(), "it is the digest of an empty file"),
    ],
)
def test_bad_lines_are_skipped_and_named(line: str, why: str) -> None:
    gathered = lists(SHA256, line)
    assert [(skipped.where, skipped.what, skipped.why) for skipped in gathered.skipped] == [("list:2", line, why)]
    assert gathered.count("sha256") == 1


def test_the_same_digest_under_another_name_is_named() -> None:
    gathered = lists(f"{SHA256},One", f"{SHA256},One", f"{SHA256},Two")
    assert [skipped.where for skipped in gathered.skipped] == ["list:3"]
    found = table(gathered, "sha256").find(Subject(OBJECT, Type.DATA))
    assert found is not None
    assert found.name == "One"


def test_a_size_must_fit() -> None:
    found = table(lists(f"{SHA256}:12:Other", f"{MD5}:11:Right"), "sha256")
    assert not found.wants(11)
    assert found.wants(12)
    assert found.find(Subject(OBJECT, Type.DATA)) is None


def test_any_size_wants_all() -> None:
    found = table(lists(f"{SHA256}:*:Any", f"{SHA256}:12:Other"), "sha256")
    assert found.wants(1)
    assert found.find(Subject(OBJECT, Type.DATA)) == Threat("Any", Kind.TROJAN, "list")


def test_an_empty_table_wants_nothing() -> None:
    empty = table(lists(), "md5")
    assert not any(empty.wants(size) for size in range(1000))
    assert empty.find(Subject(OBJECT, Type.DATA)) is None


def test_many_are_found_and_others_are_not() -> None:
    objects = [b"%d" % number for number in range(3000)]
    gathered = lists(*(f"{hashlib.md5(each).hexdigest()}:{len(each)}:N{each.decode()}" for each in objects[::2]))
    found = table(gathered, "md5")
    names = [threat.name if (threat := found.find(Subject(each, Type.DATA))) else None for each in objects]
    assert names == [None if number % 2 else f"N{number}" for number in range(3000)]


def test_the_order_of_lines_changes_nothing_in_what_is_found() -> None:
    one = lists(f"{SHA256},A", f"{MD5}", f"{SHA256}:12:B")
    two = lists(f"{SHA256},A", f"{MD5}", f"{SHA256}:12:B")
    assert all(one.file(name) == two.file(name) for name in ALGORITHMS)


def test_size_maps_grow_with_the_list() -> None:
    gathered = lists(*(f"{hashlib.md5(b'%d' % n).hexdigest()}:{n * 1009}:x" for n in range(2000)))
    found = table(gathered, "md5")
    assert all(found.wants(n * 1009) for n in range(2000))
    assert sum(found.wants(size) for size in range(100_000)) < 5000


@pytest.mark.parametrize("cut", [0, 1, 31, 32, 60, -1])
def test_a_cut_file_is_refused(cut: int) -> None:
    whole = lists(SHA256).file("sha256")
    with pytest.raises(Failed, match="damaged"):
        HashTable("sha256", memoryview(whole[:cut]))


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(Failed):
        HashTable("md5", memoryview(content))


@given(st.binary(max_size=200), st.integers(0, 1 << 64), st.integers(0, 1 << 64), st.integers(0, 1 << 32))
def test_absurd_headers_are_refused(rest: bytes, count: int, at: int, bits: int) -> None:
    header = struct.pack("<8sQQLL", b"GARHASH1", min(count, 2**64 - 1), min(at, 2**64 - 1), min(bits, 2**32 - 1), 0)
    with pytest.raises(Failed):
        HashTable("md5", memoryview(header + rest))


@given(st.binary(max_size=2000))
def test_any_list_is_survived(content: bytes) -> None:
    gathered = HashLists()
    gathered.add("hostile", content)
    for name in ALGORITHMS:
        table(gathered, name)
