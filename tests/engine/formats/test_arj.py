import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.arj import members
from tests.engine.archives import make_arj
from tests.engine.opening import SMALL, contents, opened, remarks, survives

CLAMAV = Path("/usr/share/clamav-testfiles")
WORDS = b"".join(b"word %d\n" % number for number in range(40))
SAMPLES = {
    1: base64.b64decode(
        "YOopACILAQIQAALghYMFa4WDBWsAAAAAAAAAAAAAAAAAAAAAAABzLmFyagAAI1UxJwAAYOo1AC4LAQIQAQCFmIEFa10AAAA2AQAA"
        "Hcc/+gAApBEAAAAAAACYgQVrmIEFawAAAABhLnR4dAAAt84cDQAAAFNVcaxDINHYAemLa4bgWR3vILDsv9SAEAy/e/Ov2un1K07U"
        "tbWv9re1xa5tYN7IYDoEIEoFIFoGIGoHIHsHvPLg9g9g9g9g9g9g9g+A+A+Z+gHwHwHwHwHwHzGgYOoAAA=="
    ),
    2: base64.b64decode(
        "YOopACILAQIQAALghYMFa4WDBWsAAAAAAAAAAAAAAAAAAAAAAABzLmFyagAAI1UxJwAAYOo1AC4LAQIQAgCFmIEFa10AAAA2AQAA"
        "Hcc/+gAApBEAAAAAAACYgQVrmIEFawAAAABhLnR4dAAA0/vOSwAAAFNVcaxDINHYAemLa4bgWR3vILDsv9SAEAy/e/Ov2un1K07U"
        "tbWv9re1xa5tYN7IYDoEIEoFIFoGIGoHIHsHvPLg9g9g9g9g9g9g9g+A+A+Z+gHwHwHwHwHwHzGgYOoAAA=="
    ),
    3: base64.b64decode(
        "YOopACILAQIQAALghYMFa4WDBWsAAAAAAAAAAAAAAAAAAAAAAABzLmFyagAAI1UxJwAAYOo1AC4LAQIQAwCFmIEFa10AAAA2AQAA"
        "Hcc/+gAApBEAAAAAAACYgQVrmIEFawAAAABhLnR4dAAADxd/dgAAAFNVcaxDINHYAemLa4bgWR3vILDsv9SAEAy/e/Ov2un1K07U"
        "tbWv9re1xa5tYN7IYDoEIEoFIFoGIGoHIHsHvPLg9g9g9g9g9g9g9g+A+A+Z+gHwHwHwHwHwHzGgYOoAAA=="
    ),
    4: base64.b64decode(
        "YOopACILAQIQAALghYMFa4WDBWsAAAAAAAAAAAAAAAAAAAAAAABzLmFyagAAI1UxJwAAYOo1AC4LAQIQBACFmIEFa3sAAAA2AQAA"
        "Hcc/+gAApBEAAAAAAACYgQVrmIEFawAAAABhLnR4dAAALohqbgAAO5vORkEAwBWAGGOQGGWQGGeQGGmQGGuQGG2QGG+QGHGQGHOg"
        "+2I2hHGOhIGOhJGOhKGOhLGOhMGOhNGOhOGOhPGWhPGWyX0J4y0J4y0J4y0J4y0J4y0J4y0J4y0J4z0J4z0J4z2dGhPGehPGehPG"
        "ehPGehPGehPGY5BQYOoAAA=="
    ),
}


@pytest.mark.parametrize("method", SAMPLES)
def test_it_opens_what_arj_packs(method: int) -> None:
    found = opened(members, SAMPLES[method])
    assert contents(found) == {("a.txt",): WORDS}
    assert remarks(found) == []
    assert found[0].listed
    assert found[0].listed.size == len(WORDS)


@pytest.mark.parametrize("method", SAMPLES)
def test_cut_and_changed_it_is_survived(method: int) -> None:
    survives(members, SAMPLES[method], 3)


def test_what_is_garbled_or_unknown_is_named() -> None:
    whole = bytearray(make_arj(b"content"))
    at = whole.index(b"\x60\xea", 4) + 4
    whole[at + 4] = 1
    assert remarks(opened(members, bytes(whole))) == ["encrypted: not opened"]
    assert remarks(opened(members, make_arj(b"content", 9))) == ["not opened: packed by method 9"]


def test_the_sample_of_clamav_is_opened() -> None:
    if not (CLAMAV / "clam.arj").exists():
        pytest.skip("clamav-testfiles is not installed")
    found = opened(members, (CLAMAV / "clam.arj").read_bytes())
    assert list(contents(found).values()) == [(CLAMAV / "clam.exe").read_bytes()]


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(data: bytes) -> None:
    opened(members, b"\x60\xea\x22\0\x1e" + data, limits=SMALL)
