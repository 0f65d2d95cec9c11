import json
import random

import pytest

from garrison.abilities.databases.delta import SAME, TABLE
from garrison.abilities.databases.published import Packed, Published, Update, read_published, written
from garrison.base.errors import Failed

FILE = Packed(10, "ab" * 32, 5)


def name(number: int) -> str:
    return f"{number:032x}"


def published() -> Published:
    files = {"set.json": FILE, "hashes-sha256.bin": Packed(90, "cd" * 32, 60)}
    updates = tuple(
        Update(
            name(number),
            name(number + 1),
            {"set.json": Packed(10, "ab" * 32, 3, TABLE), "words.bin": Packed(9, "ef" * 32, 0, SAME)},
        )
        for number in range(3)
    )
    return Published(name(3), "2026-11-24", "2026-11-25", 7, "x86_64", "1.0", files, updates, outbreak=True)


def test_what_was_written_is_read_again() -> None:
    assert read_published(written(published())) == published()
    assert published().packed == 65


def test_the_way_is_the_chain_of_updates() -> None:
    found = published()
    assert [len(found.way_from(name(number))) for number in range(5)] == [3, 2, 1, 0, 0]
    assert [each.before for each in found.way_from(name(1))] == [name(1), name(2)]
    assert found.deltas[0].target("a") == f"deltas/{name(0)}-{name(1)}/a"
    assert found.target("a") == f"sets/{name(3)}/a.zst"


def test_a_circle_of_updates_ends() -> None:
    circle = Published(
        name(3), "", "", 0, "", "", {"set.json": FILE}, (Update(name(3), name(3), {}), Update(name(9), name(3), {}))
    )
    assert circle.way_from(name(1)) == ()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["set"], "../etc"),
        (["set"], 7),
        (["created"], "\x1b[2J"),
        (["created"], "x" * 101),
        (["signatures"], -1),
        (["signatures"], True),
        (["signatures"], 1.5),
        (["files"], {}),
        (["files"], []),
        (["files"], {"../set.json": {}}),
        (["files", "set.json", "bytes"], 2**31),
        (["files", "set.json", "sha256"], "AB" * 32),
        (["files", "set.json", "packed"], "5"),
        (["files", "set.json", "form"], "other"),
        (["files", "set.json"], None),
        (["deltas"], 5),
        (["deltas", 0, "from"], None),
        (["deltas", 0, "files"], {}),
        (["format"], 2),
    ],
)
def test_what_is_not_understood_is_refused(path: list[str | int], value: object) -> None:
    plain = json.loads(written(published()))
    place = plain
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    with pytest.raises(Failed):
        read_published(json.dumps(plain).encode())


@pytest.mark.parametrize("seed", range(50))
def test_damage_is_a_sentence_or_a_description(seed: int) -> None:
    chance = random.Random(seed)
    content = bytearray(written(published()))
    for _ in range(chance.randrange(1, 5)):
        content[chance.randrange(len(content))] = chance.randrange(256)
    try:
        read_published(bytes(content))
    except Failed as error:
        assert error.text  # noqa: PT017
