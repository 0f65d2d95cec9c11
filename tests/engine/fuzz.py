"""A fuzz campaign over every opener: damaged containers, and what must hold for each of them."""

import random
from collections.abc import Callable

from garrison.engine.databases import Detector
from garrison.engine.type import Type
from garrison.engine.verdict import Verdict
from tests.engine.archives import OPEN, WRAP, make_gzip, make_streamed_zip, make_tar, make_zip
from tests.engine.opening import PIECE, SMALL, opened
from tests.engine.samples import EICAR, check
from tests.engine.samples import detector as make_detector

Change = Callable[[random.Random, bytearray], None]


def campaign(seed: int, times: int) -> None:
    """Damage containers `times` times and check every promise; the same seed damages the same bytes.

    Raises AssertionError when a promise is broken, and whatever an opener should not have raised.
    """
    chance = random.Random(seed)
    with make_detector() as known:
        samples = corpus()
        for _ in range(times):
            kind, sample = chance.choice(samples)
            damaged = bytearray(sample)
            for _ in range(chance.randint(1, 4)):
                chance.choice(CHANGES)(chance, damaged)
            attempt(kind, bytes(damaged), known)


def attempt(kind: Type, content: bytes, known: Detector) -> None:
    """Open and examine one damaged container."""
    opened(OPEN[kind], content, limits=SMALL)
    verdict = check(content, known, "sample.tar.gz", SMALL)
    assert verdict.objects <= SMALL.members
    assert verdict.bytes <= len(content) + SMALL.total_bytes + PIECE
    assert bool(verdict.sha256) == bool(verdict.findings)
    assert Verdict.from_plain(verdict.to_plain()) == verdict


def corpus() -> list[tuple[Type, bytes]]:
    """Return what is damaged: every format, alone, twice and in the others."""
    noise = random.Random(0).randbytes(900)
    files = [("one", EICAR), ("two" * 25 + "/" + "x" * 80, noise), ("zeros", bytes(3000))]
    samples = [(kind, wrap(b"".join(content for _, content in files))) for kind, wrap in WRAP.items()]
    samples += [(kind, wrap(inner(EICAR))) for kind, wrap in WRAP.items() for inner in WRAP.values()]
    samples += [(Type.ZIP, make(files, method)) for make in (make_zip, make_streamed_zip) for method in (0, 8, 12, 14)]
    samples += [(Type.TAR, make_tar(files, form)) for form in (0, 1, 2)]
    samples += [(kind, WRAP[kind](make_tar(files))) for kind in (Type.GZIP, Type.BZIP2, Type.XZ, Type.ZSTD)]
    samples.append((Type.GZIP, make_gzip(EICAR, "name", b"extra", "comment", check=True) * 3))
    return samples


def flip_bit(chance: random.Random, content: bytearray) -> None:
    if content:
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def set_byte(chance: random.Random, content: bytearray) -> None:
    if content:
        content[chance.randrange(len(content))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF))


def set_number(chance: random.Random, content: bytearray) -> None:
    width = chance.choice((2, 4, 8))
    if len(content) >= width:
        at = chance.randrange(len(content) - width + 1)
        value = chance.choice((0, 1, (1 << (8 * width)) - 1, 1 << (8 * width - 1), chance.getrandbits(8 * width)))
        content[at : at + width] = value.to_bytes(width, "little")


def cut(chance: random.Random, content: bytearray) -> None:
    del content[chance.randrange(len(content) + 1) :]


def take_out(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) + 1)
    del content[at : at + chance.randint(1, 600)]


def repeat(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) + 1)
    content[at:at] = content[at : at + chance.randint(1, 600)] * chance.randint(1, 5)


def put_noise(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) + 1)
    content[at : at + chance.randint(0, 40)] = chance.randbytes(chance.randint(0, 40))


CHANGES: tuple[Change, ...] = (flip_bit, flip_bit, set_byte, set_number, cut, take_out, repeat, put_noise)
