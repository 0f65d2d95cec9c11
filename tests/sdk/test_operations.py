from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import Invalid
from garrison.sdk import Access
from garrison.sdk.operations import signatures
from tests.sdk.samples import Colour, Sample

OPERATIONS = signatures(Sample)


def test_operations_are_found_in_the_order_they_were_written() -> None:
    assert list(OPERATIONS) == ["look-at", "keep", "of-another"]
    assert OPERATIONS["keep"].mark.access is Access.WEAKEN
    assert OPERATIONS["keep"].takes == {"caller"}
    assert OPERATIONS["look-at"].takes == {"job"}
    assert OPERATIONS["look-at"].help.splitlines()[0] == "Look at some paths."


def test_arguments_are_checked() -> None:
    decoded = OPERATIONS["look-at"].decode({"paths": ["/\udcff"], "colour": "blue"})
    assert decoded == {"paths": [Path("/\udcff")], "deep": False, "colour": Colour.BLUE}


@pytest.mark.parametrize(
    ("arguments", "mistakes"),
    [
        ({}, ["paths: is required"]),
        ({"paths": []}, ["paths: list should have at least 1 item"]),
        ({"paths": ["x"], "deep": "perhaps", "job": 1}, ["paths: a path", "deep: ", "job: there is no such name"]),
        ({"caller": 0}, ["caller: there is no such name", "paths: is required"]),
    ],
)
def test_every_mistake_is_named(arguments: dict[str, Any], mistakes: list[str]) -> None:
    with pytest.raises(Invalid) as raised:
        OPERATIONS["look-at"].decode(arguments)
    for mistake in mistakes:
        assert mistake in raised.value.text


def test_an_heir_may_do_it_differently() -> None:
    class Heir(Sample):
        async def keep(self, name: str) -> str:  # type: ignore[override]
            """Keep all."""
            return name

    assert signatures(Heir)["keep"].takes == frozenset()
    assert signatures(Heir)["keep"].mark.title == "Keep"
