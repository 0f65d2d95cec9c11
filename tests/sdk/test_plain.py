import contextlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.errors import Invalid
from garrison.sdk import Frozen, Secret, Text, about, field
from garrison.sdk.plain import to_plain, validate
from garrison.sdk.values import values_of
from tests.sdk.samples import Colour, SampleSettings

KNOWN = values_of(SampleSettings)
paths = (
    st.binary(min_size=1, max_size=30).filter(lambda name: b"\0" not in name).map(lambda name: "/" + os.fsdecode(name))
)


def checked(**values: Any) -> SampleSettings:
    return validate(SampleSettings, values, KNOWN)


@dataclass(frozen=True)
class Pair:
    one: Path
    other: "Pair | None" = None


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Colour.BLUE, "blue"),
        (Path("/\udcff"), "/\udcff"),
        (datetime(2026, 1, 5, tzinfo=UTC), "2026-01-05T00:00:00+00:00"),
        (date(2026, 1, 5), "2026-01-05"),
        (timedelta(minutes=2), 120.0),
        (Secret("x"), "********"),
        (Secret(""), ""),
        ({Colour.RED: (1, None, True)}, {"red": [1, None, True]}),
        (Pair(Path("/a"), Pair(Path("/b"))), {"one": "/a", "other": {"one": "/b", "other": None}}),
        (Text("{a}", a=Path("/\udcff")), {"text": "{a}", "values": {"a": "/\udcff"}, "many": "", "count": 1}),
        (frozenset({3}), [3]),
    ],
)
def test_values_as_json_holds_them(value: Any, plain: Any) -> None:
    assert to_plain(value) == plain
    json.dumps(to_plain(value))


@given(
    count=st.integers(1, 9),
    share=st.floats(allow_nan=False, allow_infinity=False),
    colour=st.sampled_from(Colour),
    places=st.lists(paths, max_size=4),
    password=st.text(),
    passwords=st.lists(st.text(), max_size=2),
)
def test_settings_survive_being_stored(**values: Any) -> None:
    settings = checked(**values)
    stored = json.loads(json.dumps(to_plain(settings, reveal=True)))
    assert checked(**stored) == settings
    assert [os.fsencode(place) for place in settings.places] == [os.fsencode(Path(place)) for place in values["places"]]


def test_secrets_are_masked_wherever_they_are() -> None:
    settings = checked(password="hunter2", passwords=["hunter3", ""])
    shown = json.dumps(to_plain({"deep": [settings, (settings.password,)]})) + repr(settings) + str(settings)
    assert "hunter" not in shown


def test_every_mistake_is_named_at_once() -> None:
    with pytest.raises(Invalid) as raised:
        checked(count=10, colour="green", places=["relative", "/ok"], **{"no_such": 1, "\udcff": 2}, enabled="maybe")
    text = raised.value.text
    for mistake in (
        "count: input should be less than or equal to 9",
        "colour: input should be 'red' or 'blue'",
        "places: a path must be absolute here",
        "no_such: there is no such name (known: enabled, count,",
        "\udcff: there is no such name",
        "enabled: input should be a valid boolean",
    ):
        assert mistake in text
    assert text.endswith(".")


def test_a_mistake_tells_no_secret() -> None:
    with pytest.raises(Invalid) as raised:
        checked(password=["hunter2"], passwords="hunter3")
    assert "hunter" not in raised.value.text


@pytest.mark.parametrize(
    "values",
    [
        {"count": None},
        {"count": float("nan")},
        {"count": "\udcff"},
        {"count": 10**400},
        {"share": float("nan")},
        {"share": float("inf")},
        {"places": "/a"},
        {"places": ["/a\0b"]},
        {"places": [[["/a"]]]},
        {"places": [3]},
        {"places": {"/a": 1}},
        {"masks": [None]},
        {"password": 3},
        {"enabled": []},
    ],
)
def test_wrong_types_are_refused(values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as raised:
        checked(**values)
    assert next(iter(values)) in raised.value.text


def test_a_mistake_is_told_once_with_its_place() -> None:
    with pytest.raises(Invalid) as raised:
        checked(masks=["a", 3])
    assert raised.value.text == "masks.1: input should be a valid string."


@given(st.dictionaries(st.text(max_size=10), st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=5))
def test_anything_is_settings_or_invalid(values: dict[str, Any]) -> None:
    with contextlib.suppress(Invalid):
        checked(**values)


def test_names_that_are_no_utf_8_are_taken_as_they_are() -> None:
    assert checked(places=["/\udcff"], masks=["*\udcff"]).places == [Path("/\udcff")]


class Much(Frozen):
    text: str = ""
    long: Annotated[str, about("Long", max_length=100_000)] = ""
    texts: list[str] = field([], title="Texts")
    few: list[str] = field([], title="Few", max_length=3)
    paths: list[Path] = field([], title="Paths")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"text": "x" * 65_537}, "text: a text of at most 65,536 characters, not 65,537."),
        ({"long": "x" * 100_001}, "long: a text of at most 100,000 characters, not 100,001."),
        ({"texts": ["x"] * 10_001}, "texts: at most 10,000 entries, not 10,001."),
        ({"texts": ["x" * 65_537]}, "texts: a text of at most 65,536 characters, not 65,537."),
        ({"few": ["x"] * 4}, "few: at most 3 entries, not 4."),
        ({"paths": ["/x"] * 10_001}, "paths: at most 10,000 entries, not 10,001."),
    ],
)
def test_what_is_too_large_is_not_looked_at(values: dict[str, Any], said: str) -> None:
    with pytest.raises(Invalid) as refused:
        validate(Much, values, values_of(Much))
    assert refused.value.text == said


def test_what_is_just_not_too_large() -> None:
    values = {"text": "x" * 65_536, "long": "x" * 100_000, "texts": ["x"] * 10_000, "paths": ["/x"] * 10_000}
    assert len(validate(Much, values, values_of(Much)).paths) == 10_000


def test_so_many_mistakes_are_named_at_once() -> None:
    with pytest.raises(Invalid) as refused:
        validate(Much, {"texts": list(range(10_000))}, values_of(Much))
    assert refused.value.text.endswith("; and 9980 more mistakes.")
    assert len(refused.value.text) < 2000
