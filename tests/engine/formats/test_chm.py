from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.chm import members
from tests.engine.opening import contents, opened, remarks

SAMPLES = Path("/usr/share/clamav-testfiles")
needs_samples = pytest.mark.skipif(not (SAMPLES / "clam.chm").exists(), reason="clamav-testfiles is not installed")


@needs_samples
def test_the_sample_of_clamav_is_opened() -> None:
    found = opened(members, (SAMPLES / "clam.chm").read_bytes())
    assert contents(found)["clam.exe.txt",] == (SAMPLES / "clam.exe").read_bytes()
    assert remarks(found) == []


@needs_samples
def test_cut_and_changed_it_is_survived() -> None:
    whole = (SAMPLES / "clam.chm").read_bytes()
    for at in range(0, len(whole), 97):
        opened(members, whole[:at])
        changed = bytearray(whole)
        changed[at] ^= 0x55
        opened(members, bytes(changed))


@given(st.binary(max_size=600))
def test_any_bytes_are_survived(data: bytes) -> None:
    opened(members, b"ITSF\x03" + data)
