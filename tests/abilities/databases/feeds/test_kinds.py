"""Every kind of feed, before hostile bytes: it takes them, or says why not; nothing else ever comes of them."""

import gzip
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from garrison.abilities.databases.feeds.kinds import KINDS
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust
from tests.abilities.databases.feeds.kit import Desk, feed, packings
from tests.engine.signatures import keys

LINES = b"".join(b"%032x:%d:Listed.Number\n" % (number, number + 1) for number in range(40))
RULES = b"rule One { condition: true }\nrule Two { condition: false }\n"
CONTENTS = {
    "clamav": {"own.hdb": LINES, "own.ndb": b"A:0:*:00\n"},
    "yara": {"one.yar": RULES, "two.yara": RULES},
    "hashes": {"one.txt": LINES, "two.csv": LINES},
    "signatures": {"one.ndb": b"A:0:*:00\n", "two.hdb": LINES},
    "urls": {"one": b"http://bad.example/x\n", "two": b"0.0.0.0 ads.example\n" * 20},
    "vulnerabilities": {"one.json": b'{"a": [1, {"b": null}]}', "two.json": b"{}"},
}
NAMES = {"clamav": "own.cvd", "yara": "rules", "hashes": "list", "signatures": "signatures", "urls": "list"}
ROUNDS = 40
UNSIGNED = Trust(allow_unsigned=True)


def name_of(kind: str) -> str:
    return NAMES.get(kind, "dump")


def good(kind: str) -> list[bytes]:
    """Return what a feed of this kind may send, in every packing."""
    members = CONTENTS[kind]
    if kind == "clamav":
        tar = keys.tar(keys.with_list(members, is_signed=False))
        return [keys.container(body, signature=b"X") for body in (tar, gzip.compress(tar, mtime=0))]
    first = next(iter(members.values()))
    return [*packings(members).values(), first, gzip.compress(first, mtime=0)]


def cut(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def flipped(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 20))):
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
    return bytes(damaged)


def huge(content: bytes, chance: random.Random) -> bytes:
    """Have some bytes, which may be a count or a size, as large as they can be."""
    at, length = chance.randrange(len(content)), chance.choice((1, 2, 4, 8, 12))
    return content[:at] + chance.choice((b"\xff", b"7", b"9", b"\0")) * length + content[at + length :]


def doubled(content: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(content))
    return content[:at] + content[chance.randrange(len(content)) :] + content[at:]


def other(content: bytes, chance: random.Random) -> bytes:
    return content[:4] + chance.randbytes(chance.choice((0, 1, 100, 5000)))


def deeper(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 5)):
        content = gzip.compress(content, mtime=0)
    return content


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (cut, flipped, huge, doubled, other, deeper)


def hostile(kind: str, chance: random.Random) -> Iterator[bytes]:
    for content in good(kind):
        for damage in DAMAGES:
            for _ in range(ROUNDS if len(content) < 20_000 else ROUNDS // 4):
                yield damage(content, chance)


def desk_of(kind: str, tmp_path: Path) -> Desk:
    address = {"clamav": "https://x.example/own.cvd", "signatures": "https://x.example/own.ndb"}
    return Desk(tmp_path, KINDS[kind], feed(kind, address.get(kind, "https://x.example/x")))


def tried(kind: str) -> tuple[str, ...]:
    return ("own-7.cvd.sign",) if kind == "clamav" else ()


@pytest.mark.parametrize("kind", list(KINDS))
def test_what_is_right_is_taken(kind: str, tmp_path: Path) -> None:
    desk = desk_of(kind, tmp_path)
    for content in good(kind):
        desk.put(name_of(kind), content)
        assert desk.accept(*tried(kind), trust=UNSIGNED).about
        assert desk.written()


@pytest.mark.parametrize("kind", list(KINDS))
def test_whatever_comes_is_taken_or_refused_in_a_sentence(kind: str, tmp_path: Path) -> None:
    desk, chance = desk_of(kind, tmp_path), random.Random(7)
    refused = 0
    for content in hostile(kind, chance):
        desk.put(name_of(kind), content)
        refused += not is_taken(desk, kind)
    assert refused > 100
    assert {path.name for path in tmp_path.iterdir() if not path.name.startswith("to-")} == {"spool"}


def is_taken(desk: Desk, kind: str) -> bool:
    """Return whether a feed was taken; what is raised otherwise has to be one of two."""
    may_be = (Invalid, OSError) if kind == "clamav" else (Invalid,)  # names of members make no file there, at times
    try:
        desk.accept(*tried(kind), trust=UNSIGNED)
    except may_be:
        return False
    return True


@pytest.mark.parametrize("kind", list(KINDS))
def test_nothing_is_no_feed(kind: str, tmp_path: Path) -> None:
    desk = desk_of(kind, tmp_path)
    desk.put(name_of(kind), b"")
    with pytest.raises(Invalid):
        desk.accept(*tried(kind))
