"""RAR archives; the small samples are test files of the rarfile project."""

import base64
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats import libarchive
from garrison.engine.formats.rar import members
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


@pytest.mark.parametrize("packed", [STORED_3, STORED_5], ids=["3", "5"])
def test_stored_members_need_no_library(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    found = opened(members, packed)
    assert set(contents(found)) == {("owner1.txt",), ("owner2.txt",)}
    assert remarks(found) == []


@pytest.mark.parametrize("packed", [PACKED_3, PACKED_5], ids=["3", "5"])
def test_packed_members_without_the_library_name_it(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_library", None)
    assert "not opened: install libarchive13" in remarks(opened(members, packed))


@needs_library
@pytest.mark.parametrize("packed", [PACKED_3, PACKED_5], ids=["3", "5"])
def test_packed_members_come_out(packed: bytes) -> None:
    found = contents(opened(members, packed))
    assert len(found["stest1.txt",]) == 2048


def test_encrypted_members_are_named() -> None:
    found = opened(members, LOCKED)
    assert set(remarks(found)) == {"encrypted: not opened"}
    assert all(member.listed and member.listed.is_encrypted for member in found)


@pytest.mark.parametrize("packed", [STORED_3, STORED_5, PACKED_3, PACKED_5, LOCKED], ids=["a", "b", "c", "d", "e"])
def test_cut_and_changed_it_is_survived(packed: bytes) -> None:
    for at in random.Random(2).sample(range(len(packed)), 100):
        opened(members, packed[:at], limits=SMALL)
        changed = bytearray(packed)
        changed[at] ^= 1 << at % 8
        opened(members, bytes(changed), limits=SMALL)


@given(st.binary(max_size=300), st.sampled_from([b"Rar!\x1a\x07\0", b"Rar!\x1a\x07\1\0"]))
def test_any_bytes_are_survived(data: bytes, magic: bytes) -> None:
    opened(members, magic + data, limits=SMALL)
