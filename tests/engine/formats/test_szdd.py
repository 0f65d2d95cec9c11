from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.szdd import members
from tests.engine.archives import make_szdd
from tests.engine.opening import contents, opened

SAMPLES = Path("/usr/share/clamav-testfiles")


def test_the_last_letter_of_the_name_is_put_back() -> None:
    packed = bytearray(make_szdd(b"content"))
    packed[9] = ord("e")
    assert contents(opened(members, bytes(packed), "clam.ex_")) == {("clam.exe",): b"content"}


@pytest.mark.parametrize(("method", "data"), [(0, b"plain"), (1, bytes(255 - byte for byte in b"plain"))])
def test_the_newer_kind_has_more_methods(method: int, data: bytes) -> None:
    head = b"KWAJ\x88\xf0\x27\xd1" + bytes((method, 0, 22, 0, 8, 0)) + b"NAME\x00".ljust(8, b"\x00")
    assert contents(opened(members, head + data)) == {("NAME",): b"plain"}


def test_the_sample_of_clamav_is_opened() -> None:
    if not (SAMPLES / "clam.exe.szdd").exists():
        pytest.skip("clamav-testfiles is not installed")
    found = opened(members, (SAMPLES / "clam.exe.szdd").read_bytes())
    assert list(contents(found).values()) == [(SAMPLES / "clam.exe").read_bytes()]


@given(st.binary(max_size=300), st.sampled_from([b"SZDD\x88\xf0\x27\x33", b"KWAJ\x88\xf0\x27\xd1"]))
def test_any_bytes_are_survived(data: bytes, magic: bytes) -> None:
    opened(members, magic + data)
