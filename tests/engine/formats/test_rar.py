"""RAR archives; the small samples are test files of the rarfile project (ISC licence), in whole or their beginning."""

import base64
import random
import struct
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats import libarchive
from garrison.engine.formats.rar import members
from garrison.engine.formats.rar_crypto import Keys
from garrison.engine.formats.rar_headers import MAGIC_5, Entry, entries
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from tests.engine.archives import make_rar, rar_block, rar_number
from tests.engine.formats.rar_packing import Packer2, Packer3, archive, block, noise
from tests.engine.opening import SMALL, contents, opened, remarks

needs_library = pytest.mark.skipif(not libarchive.preload(), reason="libarchive13 is not installed")
STORED_3 = base64.b64decode(
    "UmFyIRoHAM+QcwAADQAAAAAAAABNZHQgkC8AAgAAAAIAAAADU/xRZwW2/lAdMAoApIEAAG93bmVyMS50eHQA8NWtNzEK/wZ6EIAq"
    "AAAAAAAAAAAAAwAAAABDtv5QHTADAAAAAABVT1diaW4Ac3lzq+R0IJAvAAIAAAACAAAAA5CvfEwItv5QHTAKAKSBAABvd25lcjIu"
    "dHh0ALA+CjUyCsQ9ewBABwA="
)
STORED_5 = base64.b64decode(
    "UmFyIRoHAQAzkrXlCgEFBgAFAQGAgADsGKBrMwIDFoIABIIApIMCU/xRZ4AAAQpvd25lcjEudHh0CgMT+yMjX4LnvxUKBgMDYmlu"
    "A3N5czEKij1U3C8CAxKCAASCAKSDApCvfEyAAAEKb3duZXIyLnR4dAoDEwAkI19aALgUBgYMkAP0AzIKHXdWUQMFBAA="
)
PACKED_3 = base64.b64decode(
    "UmFyIRoHADvQcwgADQAAAAAAAAArNHSAkCwAXAAAAAAIAAADoua3xbBmzD4dMwoApIEAAHN0ZXN0MS50eHQAwBEMzP6MnrD+MYGr"
    "rLG7QHeoCmTWSzeDwQe8AeCFku77th0ACCAACIjpeAzSDAdhOkF4S7Nun1IK2sonQLrnC2SKYnH7uACRnlAv2FX/+sZY6+vE14h+"
    "VJaHH03s2RZ0kJAsAA4AAAAACAAAA6Lmt8WwZsw+HTMKAKSBAABzdGVzdDIudHh0AMCxIACIB+vyCmn6/JTe0MQ9ewBABwA="
)
PACKED_5 = base64.b64decode(
    "UmFyIRoHAQAJ78hvCwEFBwQGAQGAgIAA3vVwchwCAroABIAQtoMCoua3xYAbAQpzdGVzdDEudHh0waw3REQj+iP2l/1iU1G+TJGB"
    "QQKMwQN5XL9Ho6otoDaT3aBYAEACANRQBHb2xH8y6p8ypcTM14PfABDoLYkcAgKNAASAELaDAqLmt8XAGwEKc3Rlc3QyLnR4dEUV"
    "CmABAAgD37f79vwdd1ZRAwUEAA=="
)
LOCKED = base64.b64decode(
    "UmFyIRoHAL0BcwIAMwAAAAAAAAD4BXUAACYACgAUNO5QEABMAAAAAAABCm2gqCufB5X+B6ujga2pgBACdAyAQgAgAAAABwAAAAC6"
    "fRl6bgNjPRQzCQAgAAAARklMRTEuVFhUIVF1AAAZAAwADzDeWWZpbGUxY29tbWVudFPmfX5zzgYruwTthRwQKva/q0wthOc1jNdn"
    "NS+MxrznJeJ0DIBCACAAAAAHAAAAAOPDX3hxA2M9FDMJACAAAABGSUxFMi5UWFStZHUAABkADAAPMD1eZmlsZTJjb21tZW5005C+"
    "HUPv1L95WpV8La7DSRITBPuX1rf553cSqgZewKg="
)
# The password of the following is "password".
LOCKED_5 = base64.b64decode(
    "UmFyIRoHAQDz4YLrCwEFBwAGAQGAgIAA1maebhMDAp8ABJ8AACJDfqmAAAEDQ01UUkFSNSBhcmNoaXZlIC0gbm9oZHItcGFzc3dvcmQK"
    "AJib2Y5ZAgM8wAAEgBCkgwLq7ii6gAMBCnN0ZXN0MS50eHQwAQADD36YLN0a4hw2x6OR2o0IimigOq0m9IJ7h9VMclznO2lngVHP9jZJ"
    "wW4YaiIPCgMCgMwgl+YozAFvXOSKu4lkW22a9BUVMg/KTEgfLmj8fkUbh1+PPsmRIRwPkcBeDl2ssikAolPsTaFiZXO/K9VBSFSBmxJS"
    "N991"
)
HIDDEN_5 = base64.b64decode(
    "UmFyIRoHAQCv9WlFIQQAAAEPp5jL+1yF6lQKQtTUwocnkB0ppI/CHmPqSl9A01xS1RtNzie6O2Pyqrkm9CHVoC+wFESN1iDKe692E7oj"
    "/tITADp6Bq7WC7/KBLRbqzL3WKAEY/+0n1Vq45qZf/Krrq54+XUHy8/033enQAeu1XvNyc6qFRQg4NL7QwayUdLntINUaLyK6i3MpV9R"
    "/ugIneFvQ22aMpp5Fp8oMPqvNTpEjfenGm3IFfgitUrggiBG+AyNDsGp/9dVqewDslH5YTE07qjUp/r071FJyfPQKlci/s7TqdO9Rs6z"
    "dv6LJLeYS3mNi+znZ+cBE06vgdTlff+KPyDmd6DIYo0h519aMR6k97cKgCKE/5op/G12GA/q7UDHQEGtoMI0DBgpSVuXEIRfQQo3enVU"
    "GQzjqo+uVZQfAOkTZmFy2XiBbdGquRvCH/j3+z+Cq58N6lxq6tIxAekQP12xi+3RhffV9uEMKWxx/YZ0EzhMPUq9lGZJQw=="
)
HIDDEN_3 = base64.b64decode(
    "UmFyIRoHAM6Zc4AADQAAAAAAAACY1Tq5m8CEetYBvlQkcAN6cyEpKUCXohc1cprF8D3HQC5hCrn2MVuFgqTv/LM+JOWSkOKBJtX2wmRB"
    "7i77ioOPQi4iqlBdTFwQcuX7mT93DVrpSjrY7wkbmNU6uZvAhHrgk6bgBhhZgRckD0gYRCZWzW3Il1n5yk+V/eyFQeD/gRUK0PH1FYhq"
    "gwo0Dt/+cVtpBmRzjL/o9eJZbr4WjZ26d1KB1TV7gf0yMPF0Xp0orZjVOrmbwIR6dIy81NU11D/kThYdYR8m0/Q0386INhTRDFu591U2"
    "4qTRWsmoeCTTV7Pbytd0QmK/KTvemhS0e7+CD3hh8RGhLlmOAwyqyYLM0lkh0Q0nU8mY1Tq5m8CEeiFJy/Kkf8qh7lpaFqOduVm4qHdR"
    "d4RikUFNk+MW3RDETPeZFQgxvtea461h2iBZTsc5KJPBOCQP5YLdUag94813UoHVNXuB/TIw8XRenSitmNU6uZvAhHr+K+c+7BoP0loh"
    "9TTiLQXDBNQmWBgpFMkwbcxZPeTL7ukZoSK0czQe+YMmTw3TTWZnvwax5cWy7HR9RC6q8ilw79Adzh03/BChsuTURg7LHJjVOrmbwIR6"
    "Lp7OhWfY9IXm3WrcZPa2fA=="
)


@pytest.mark.parametrize("packed", [STORED_3, STORED_5], ids=["3", "5"])
def test_stored_members_need_no_library(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    found = opened(members, packed)
    assert set(contents(found)) == {("owner1.txt",), ("owner2.txt",)}
    assert remarks(found) == []


def test_what_rar_5_packed_names_the_library_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    assert "not opened: install libarchive13" in remarks(opened(members, PACKED_5))


@needs_library
@pytest.mark.parametrize("packed", [PACKED_3, PACKED_5], ids=["3", "5"])
def test_packed_members_come_out(packed: bytes) -> None:
    found = contents(opened(members, packed))
    assert len(found["stest1.txt",]) == 2048


@needs_library
def test_without_an_end_the_last_member_comes_out() -> None:
    found = opened(members, PACKED_5[:115])
    assert len(contents(found)["stest1.txt",]) == 2048
    assert remarks(found) == []


def test_what_rar_2_encrypts_is_opened() -> None:
    found = opened(members, LOCKED)
    assert contents(found) == {("FILE1.TXT",): b"file1\r\n", ("FILE2.TXT",): b"file2\r\n"}
    assert remarks(found) == []
    assert all(member.listed and member.listed.is_encrypted for member in found)


@needs_library
@pytest.mark.parametrize("packed", [LOCKED_5, HIDDEN_5], ids=["data", "headers"])
def test_what_the_usual_passwords_encrypt_is_opened(packed: bytes) -> None:
    found = opened(members, packed)
    assert {names: zlib.crc32(content) for names, content in contents(found).items()} == {("stest1.txt",): 3317163682}
    assert remarks(found) == []
    assert all(member.listed and member.listed.is_encrypted for member in found)


def test_hidden_names_of_rar_3_are_read() -> None:
    assert contents(opened(members, HIDDEN_3)) == {("file1.txt",): b"", ("file2.txt",): b""}


@pytest.mark.parametrize("packed", [LOCKED, LOCKED_5, HIDDEN_5, HIDDEN_3], ids=["2", "data", "headers", "3"])
def test_another_password_leaves_it_closed(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Guard, "check", lambda guard: setattr(guard, "passwords", (b"other",)))
    assert set(remarks(opened(members, packed))) == {"encrypted: not opened"}


def test_each_member_may_have_its_own_password() -> None:
    first, second, third = make_rar(b"one", b"virus"), make_rar(b"two", b"secret"), make_rar(b"three", b"infected")
    start, end = len(make_rar(b"")) - len(rar_block(b"\2\2\0\0\0\x20\0\1\5inner")) - 8, 8
    whole = first[:-end] + second[start:-end] + third[start:]
    found = opened(members, whole)
    assert [member.content for member in found] == [b"one", None, b"three"]
    assert remarks(found) == ["encrypted: not opened"]


def test_an_encrypted_member_that_is_cut_gives_its_beginning() -> None:
    whole = make_rar(bytes(range(256)) * 40, b"infected")
    found = opened(members, whole[:-1000])
    assert remarks(found) == ["damaged: ends too early"]
    assert found[0].content == (bytes(range(256)) * 40)[: len(found[0].content or b"")]
    assert len(found[0].content or b"") > 9000


def stream(archive: bytes, name: bytes) -> bytes:
    """Return a RAR 5 archive with its last member as a stream of NTFS, beside a file of its own."""
    entry = list(entries_of(archive))[-1]
    record = b"\x07" + name
    extra = rar_number(len(record)) + record
    sizes = rar_number(len(extra)) + rar_number(entry.packed) + b"\0" + rar_number(entry.size)
    fields = b"\3\3" + sizes + b"\0" + rar_number(entry.packing) + b"\0\3STM" + extra
    file = b"\2\2\0\0\0\x20\0\1\4file"
    data = archive[entry.at : entry.at + entry.packed]
    blocks = (rar_block(b"\1\0\0"), rar_block(file), rar_block(fields), data, rar_block(b"\5\0\0"))
    return MAGIC_5 + b"".join(blocks)


def entries_of(archive: bytes) -> Iterator[Entry]:
    guard = Guard(Limits(), Unbounded(), len(archive))
    return entries(Source(archive), guard, Keys(guard))


@needs_library
@pytest.mark.parametrize("packed", [make_rar(bytes(2048)), PACKED_5[:115]], ids=["stored", "packed"])
def test_streams_of_a_file_are_members(packed: bytes) -> None:
    found = opened(members, stream(packed, b":..\\..\\evil.exe"))
    content = opened(members, packed)[-1].content
    assert contents(found) == {("file",): b"", ("file:..\\..\\evil.exe",): content}
    assert len(content or b"") == 2048
    assert remarks(found) == []


@pytest.mark.parametrize("version", [15, 20, 29])
def test_of_a_member_that_goes_on_elsewhere_the_beginning_is_given(version: int) -> None:
    packer = {15: Packer2, 20: Packer2, 29: Packer3}[version]()
    packed = noise(3, 50, packer)[:-20] if version > 15 else b"\xff" * 100
    found = opened(members, archive([(packed, 100_000, 0)], version, split=2))
    assert remarks(found) == ["only a part was checked: it is spread over several archives"]
    assert version == 15 or (found[0].content or b"").startswith(bytes(range(256)))


@pytest.mark.parametrize("split", [1, 3])
def test_what_is_packed_and_began_elsewhere_is_not_opened(split: int) -> None:
    found = opened(members, archive([(noise(3, 50, Packer2()), 100_000, 0)], 20, split=split))
    assert remarks(found) == ["not opened: it is spread over several archives"]


def test_stored_parts_are_given_wherever_they_are() -> None:
    whole = bytearray(make_rar(b"the middle of something"))
    flags = whole.index(b"\x02\x02", 15) + 1
    whole[flags] |= 0x18
    found = opened(members, bytes(whole))
    assert contents(found) == {("inner",): b"the middle of something"}
    assert remarks(found) == ["only a part was checked: it is spread over several archives"]


def test_streams_of_rar_3_are_members() -> None:
    content = b"harmless"
    fields = struct.pack("<LLBLLBBHL", 8, 8, 2, zlib.crc32(content), 0, 29, 0x30, 3, 0) + b"STM"
    found = opened(members, archive([(b"", 0, 0)], 29)[:-7] + block(0x7A, 0x8000, fields) + content)
    assert contents(found) == {("member0",): b"", ("member0:",): content}


ALL = [STORED_3, STORED_5, PACKED_3, PACKED_5, LOCKED, LOCKED_5, HIDDEN_5, HIDDEN_3]


@pytest.mark.parametrize("packed", ALL, ids="abcdefgh")
def test_cut_and_changed_it_is_survived(packed: bytes) -> None:
    for at in random.Random(2).sample(range(len(packed)), 20):
        opened(members, packed[:at], limits=SMALL)
        changed = bytearray(packed)
        changed[at] ^= 1 << at % 8
        opened(members, bytes(changed), limits=SMALL)


@given(st.binary(max_size=300), st.sampled_from([b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0"]))
def test_any_bytes_are_survived(data: bytes, magic: bytes) -> None:
    opened(members, magic + data, limits=SMALL)
