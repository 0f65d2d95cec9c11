"""Patterns of every kind, each with bytes that match it, or nearly."""

from collections.abc import Callable

from tests.engine.patterns.hosts import Chance

Made = tuple[str, bytes]


class Maker(Chance):
    """Makes patterns with bytes that match."""

    def piece(self, text: bool) -> Made:
        content = self.word() if text else self.blob(4, 12)
        return content.hex(), content

    def pattern(self, text: bool = False) -> Made:
        source, content = self.piece(text)
        for _ in range(self.random.randint(0, 3)):
            more, bytes_ = self.random.choice(_JOINTS)(self, text)
            last, end = self.piece(text)
            source += more + last
            content += bytes_ + end
        return source, content


def _any(maker: Maker, text: bool) -> Made:
    return "??", maker.filler(1, text)


def _high(maker: Maker, text: bool) -> Made:
    byte = maker.filler(1, text)
    return byte.hex()[0] + "?", byte


def _low(maker: Maker, text: bool) -> Made:
    byte = maker.filler(1, text)
    return "?" + byte.hex()[1], byte


def _exact(maker: Maker, text: bool) -> Made:
    length = maker.random.randint(1, 140)
    return f"{{{length}}}", maker.filler(length, text)


def _range(maker: Maker, text: bool) -> Made:
    low = maker.random.randint(0, 10)
    high = low + maker.random.randint(1, 30)
    return f"{{{low}-{high}}}", maker.filler(maker.random.randint(low, high + maker.one_in(5)), text)


def _least(maker: Maker, text: bool) -> Made:
    low = maker.random.randint(1, 10)
    return f"{{{low}-}}", maker.filler(maker.random.randint(low - maker.one_in(5), low + 50), text)


def _most(maker: Maker, text: bool) -> Made:
    high = maker.random.randint(1, 10)
    return f"{{-{high}}}", maker.filler(maker.random.randint(0, high), text)


def _star(maker: Maker, text: bool) -> Made:
    return "*", maker.filler(maker.random.randint(0, 100), text)


def _bytes(maker: Maker, text: bool) -> Made:
    each = [maker.filler(1, text) for _ in range(3)]
    return "(" + "|".join(byte.hex() for byte in each) + ")", maker.random.choice(each)


def _runs(maker: Maker, text: bool) -> Made:
    each = [maker.filler(3, text) for _ in range(3)]
    return "(" + "|".join(run.hex() for run in each) + ")", maker.random.choice(each)


def _unequal(maker: Maker, text: bool) -> Made:
    each = [maker.filler(length, text) for length in (2, 3, 5)]
    return "(" + "|".join(run.hex() for run in each) + ")", maker.random.choice(each)


def _wild(maker: Maker, text: bool) -> Made:
    first, second = maker.filler(4, text), maker.filler(3, text)
    return f"({first[:2].hex()}??{first[3:].hex()}|{second.hex()})", maker.random.choice((first, second))


def _nested(maker: Maker, text: bool) -> Made:
    a, b, c, d = (maker.filler(2, text) for _ in range(4))
    return f"({a.hex()}({b.hex()}|{c.hex()})|{d.hex()})", maker.random.choice((a + b, a + c, d))


def _not(maker: Maker, text: bool) -> Made:
    length = maker.random.randint(1, 3)
    each = sorted({maker.filler(length, text) for _ in range(2)})
    other = b"-" * length if maker.random.random() < 0.7 else each[0]
    return "!(" + "|".join(run.hex() for run in each) + ")", other


def _special(maker: Maker, _text: bool) -> Made:
    letter, content = maker.random.choice((("B", b"-"), ("L", b"\n"), ("L", b"\r\n"), ("W", b"!"), ("W", b"q")))
    return f"({letter})", content


_JOINTS: tuple[Callable[[Maker, bool], Made], ...] = (
    _any, _high, _low, _exact, _range, _least, _most, _star, _bytes, _runs, _unequal, _wild, _nested, _not, _special,
)  # fmt: skip


def anchored(maker: Maker, text: bool) -> Made:
    """Return a pattern with one byte at a distance before it or behind it. The bytes begin with the pattern itself."""
    source, content = maker.piece(text)
    byte = maker.filler(1, text)
    low = maker.random.randint(1, 4)
    high = low + maker.random.randint(0, 6)
    gap = maker.filler(maker.random.randint(low, high) + maker.one_in(5), text)
    return f"{source}[{low}-{high}]{byte.hex()}", content + gap + byte
