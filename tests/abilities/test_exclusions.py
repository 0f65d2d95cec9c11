import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.abilities.exclusions import By, Exclusions, make_filter
from garrison.base.clock import FakeClock
from garrison.base.errors import Failed, Invalid, NotFound
from garrison.base.paths import Home
from tests.abilities.things import START

HASH = "0123456789abcdef" * 4


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def opened(home: Home) -> Exclusions:
    return Exclusions(home, FakeClock(START))


@pytest.mark.parametrize(
    ("mask", "path", "fits"),
    [
        ("*.iso", "/a/b.iso", True),
        ("*.iso", "/a/b.iso/c", False),
        ("*.iso", "/a/b.ISO", False),
        ("node_modules", "/a/node_modules", True),
        ("/home/*/cache", "/home/u/cache", True),
        ("/home/*/cache/", "/home/u/cache", True),
        ("/home/*/cache", "/home/u/cache/deep/er", True),
        ("/home/*/cache", "/home/u/cache2", False),
        ("/home/u/x.txt", "/home/u/x.txt", True),
        ("/home/u/x.txt", "/backup/home/u/x.txt", False),
        ("cache/*", "/home/u/cache/x", True),
        ("cache/*", "/home/u/nocache/x", False),
        ("*/cache", "/home/u/cache", True),
        ("/a\nb", "/a\nb", True),
        ("/a\udcff*", "/a\udcff\udcfe", True),
        ("/a[b]", "/ab", True),
        ("/a.b", "/axb", False),
    ],
)
def test_masks(mask: str, path: str, fits: bool) -> None:
    assert make_filter([mask], [], []).skips_path(path) is fits
    assert make_filter(["/other", mask, "*.other"], [], []).skips_path(path) is fits


def test_no_mask_skips_nothing() -> None:
    assert not make_filter([], [], []).skips_path("/a")


@given(st.text(min_size=1), st.text(min_size=1))
def test_any_mask_is_taken_or_refused(mask: str, path: str) -> None:
    try:
        made = make_filter([mask], [], [])
    except Invalid:
        return
    made.skips_path(path)
    made.skips_path(os.fsdecode(b"\xff/" + path.encode("utf-8", "surrogatepass")))


@pytest.mark.parametrize("mask", ["", "*", "/", "/*", "**/*", "?", " "])
def test_a_mask_for_everything_is_refused(mask: str) -> None:
    with pytest.raises(Invalid, match="leave everything out"):
        make_filter([mask], [], [])


def test_names_and_hashes() -> None:
    made = make_filter([], ["Eicar*", "Test.X"], [HASH.upper()])
    assert made.excludes("Eicar.Test", "")
    assert made.excludes("Test.X", "")
    assert not made.excludes("Test.Xy", "")
    assert not made.excludes("eicar", "")
    assert made.excludes("Other", HASH)
    with pytest.raises(Invalid, match="not a SHA-256"):
        make_filter([], [], ["abc"])


def test_a_list_outlives_a_start(home: Home) -> None:
    first = opened(home)
    assert first.entries() == []
    entry = first.add(By.MASK, "/x\udcff", ("scan",), "why")
    assert (entry.id, entry.added) == (1, "2026-03-01T12:00:00+00:00")
    assert first.add(By.HASH, HASH.upper()).value == HASH
    assert first.add(By.MASK, "/x\udcff", ("scan",), "again") == entry
    assert opened(home).entries() == first.entries()
    assert first.remove(1) == entry
    with pytest.raises(NotFound, match="no exclusion 1"):
        first.remove(1)
    assert [left.id for left in opened(home).entries()] == [2]


@pytest.mark.parametrize(("by", "value"), [(By.MASK, "*"), (By.NAME, "*"), (By.NAME, ""), (By.HASH, "x")])
def test_what_cannot_be_is_not_added(home: Home, by: By, value: str) -> None:
    exclusions = opened(home)
    with pytest.raises(Invalid):
        exclusions.add(by, value)
    assert exclusions.entries() == []


def test_each_component_gets_what_applies_to_it(home: Home) -> None:
    exclusions = opened(home)
    exclusions.add(By.MASK, "/all")
    exclusions.add(By.MASK, "/scan", ("scan",))
    exclusions.add(By.NAME, "Eicar*", ("other",))
    exclusions.add(By.HASH, HASH)
    made = exclusions.filter_for("scan", ["/own"], ["Own"], [])
    assert [made.skips_path(path) for path in ("/all", "/scan", "/own", "/more")] == [True, True, True, False]
    assert not made.excludes("Eicar", "")
    assert made.excludes("Own", "")
    assert made.excludes("X", HASH)
    assert not exclusions.filter_for("other", [], [], []).skips_path("/scan")


ENTRY: dict[str, Any] = {"id": 1, "by": "mask", "value": "/x", "applies_to": [], "note": "", "added": ""}


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "5",
        "null",
        '["x"]',
        '{"a": 1}',
        *(
            json.dumps([{**ENTRY, **change}])
            for change in (
                {"id": "1"},
                {"by": "x"},
                {"value": 5},
                {"value": "*"},
                {"by": "hash"},
                {"applies_to": 5},
                {"applies_to": [5]},
                {"note": None},
                {"more": 1},
            )
        ),
    ],
)
def test_a_damaged_list_is_not_passed_over(home: Home, content: str) -> None:
    opened(home)
    file = home.root / "exclusions" / "list.json"
    file.write_text(content, "ascii")
    with pytest.raises(Failed, match="damaged"):
        opened(home)
    assert file.read_text("ascii") == content


def test_when_the_list_cannot_be_kept_nothing_changes(home: Home) -> None:
    exclusions = opened(home)
    exclusions.add(By.MASK, "/x")
    (home.root / "exclusions").rename(home.root / "away")
    with pytest.raises(Failed):
        exclusions.add(By.MASK, "/y")
    with pytest.raises(Failed):
        exclusions.remove(1)
    assert [entry.value for entry in exclusions.entries()] == ["/x"]
