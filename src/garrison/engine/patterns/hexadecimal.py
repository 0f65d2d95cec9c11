"""ClamAV's language for byte patterns, taken apart into elements of fixed length and the gaps between them.

The language is told in ClamAV's manual, "Body-based signature content format". A pattern becomes a list of elements; an
element is one or more alternatives, each a regular expression of fixed length, and follows the element before it at a
distance between two bounds. So nothing in it ever backtracks.
"""

import re
from dataclasses import dataclass, field
from itertools import product
from typing import Final

ENDLESS: Final = -1  # a gap without an upper bound
_MOST_TOKENS: Final = 65_536
_MOST_ALTERNATIVES: Final = 1_024
_WIDEST_INSIDE: Final = 64  # a longer gap of fixed length is no part of an element
_FARTHEST: Final = 1 << 31
_FARTHEST_ANCHOR: Final = 32
_MOST_INLINE: Final = 127  # clamscan makes a longer gap of fixed length a boundary between parts
_DEEPEST: Final = 15
_PAIR = re.compile(r"[0-9a-fA-F?]{2}")
_RANGE = re.compile(r"(\d*)(-?)(\d*)")

Byte = tuple[int, int]  # value and mask


@dataclass(frozen=True, slots=True)
class Gap:
    """So many bytes of anything. most: ENDLESS for no bound."""

    least: int
    most: int


@dataclass(frozen=True, slots=True)
class Anchor:
    """One byte before the rest or behind it, so many bytes away; the pattern begins and ends without it."""

    byte: Byte
    least: int
    most: int
    is_before: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One of several runs of bytes; negated, anything of their length but them."""

    runs: tuple[tuple[Byte, ...], ...]
    is_negated: bool


@dataclass(frozen=True, slots=True)
class Special:
    """(B), (L) or (W): the end of a word in an address, of a line, of a word."""

    letter: str
    is_negated: bool


Token = Byte | Gap | Group | Special | Anchor


@dataclass(frozen=True, slots=True)
class Modifiers:
    """What ::iwfa say: any case, two bytes a character, whole words only, and one byte a character besides."""

    any_case: bool = False
    wide: bool = False
    full_word: bool = False
    ascii: bool = False


@dataclass(slots=True)
class Run:
    """Fixed bytes at a distance from an element's start."""

    at: int
    content: bytes


@dataclass(slots=True)
class Element:
    """Alternatives (expression, length) after a gap. runs: of the one alternative; choices: the fixed run of each."""

    least: int
    most: int
    alternatives: list[tuple[str, int]] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    choices: list[bytes] = field(default_factory=list)

    def to_plain(self) -> list[object]:
        """Return what is kept in a database."""
        return [self.least, self.most, [list(each) for each in self.alternatives]]


def tokens(pattern: str, *, has_anchors: bool = True) -> list[Token]:
    """Take a pattern apart. has_anchors: whether [n-m] is about one byte, and not a gap. Raises ValueError."""
    found: list[Token] = []
    at = 0
    is_inline = True  # as in clamscan up to the first {n-m}
    while at < len(pattern):
        letter = pattern[at]
        if letter == "[":
            at = _bracket(pattern, at, found, has_anchors=has_anchors)
            continue
        token, at = _token(pattern, at)
        if letter == "{" and isinstance(token, Gap):
            is_inline = is_inline and token.least == token.most <= _MOST_INLINE
        found += [(0, 0)] * token.least if letter == "{" and is_inline and isinstance(token, Gap) else [token]
        if len(found) > _MOST_TOKENS:
            raise ValueError("the pattern is too long")
    while found and isinstance(found[0], Gap) and found[0].least == 0 and found[0].most == ENDLESS:
        del found[0]
    if not found or isinstance(found[0], Gap) or isinstance(found[-1], Gap):
        raise ValueError("a pattern cannot begin or end with a gap")
    return found


def _token(pattern: str, at: int) -> tuple[Token, int]:
    letter = pattern[at]
    if letter == "*":
        return Gap(0, ENDLESS), at + 1
    if letter == "{":
        end = pattern.find("}", at)
        if end < 0:
            raise ValueError("a gap is not closed")
        return _gap(pattern[at + 1 : end]), end + 1
    negated = letter == "!"
    if negated or letter == "(":
        start = at + negated
        end = _closing(pattern, start)
        if end < 0 or pattern[start : start + 1] != "(":
            raise ValueError("a group is not closed")
        return _group(pattern[start + 1 : end], is_negated=negated), end + 1
    return _byte(pattern[at : at + 2]), at + 2


def _closing(pattern: str, start: int) -> int:
    """Return where the parenthesis that opens at an offset is closed, -1 when it is not."""
    depth = 0
    for at in range(start, len(pattern)):
        depth += (pattern[at] == "(") - (pattern[at] == ")")
        if not depth:
            return at
    return -1


def _bracket(pattern: str, at: int, found: list[Token], *, has_anchors: bool) -> int:
    """Read [n-m] at an offset, and what it is about. Return the offset behind it."""
    end = pattern.find("]", at)
    if end < 0:
        raise ValueError("a gap is not closed")
    gap = _gap(pattern[at + 1 : end])
    if not has_anchors:
        found.append(gap)
        return end + 1
    if not 0 <= gap.most <= _FARTHEST_ANCHOR and gap.least != 0:
        raise ValueError("a gap is too wide")
    is_first = len(found) == 1 or (len(found) > 1 and isinstance(found[-2], Gap))
    if is_first and isinstance(found[-1], tuple):
        found[-1] = Anchor(found[-1], gap.least, gap.most, is_before=True)
        return end + 1
    if pattern[end + 3 : end + 4] not in {"", "*", "{"}:
        raise ValueError("[n-m] stands between one byte and the rest of a part")
    found.append(Anchor(_byte(pattern[end + 1 : end + 3]), gap.least, gap.most, is_before=False))
    return end + 3


def _byte(pair: str) -> Byte:
    if not _PAIR.fullmatch(pair):
        raise ValueError("it is no hexadecimal pattern")
    value = int(pair.replace("?", "0"), 16)
    mask = (0 if pair[0] == "?" else 0xF0) | (0 if pair[1] == "?" else 0x0F)
    return value, mask


def _gap(inside: str) -> Gap:
    told = _RANGE.fullmatch(inside)
    if told is None or not (told[1] or told[3]):
        raise ValueError("a gap has no bounds")
    least = int(told[1] or 0)
    most = ENDLESS if told[2] and not told[3] else int(told[3] or told[1])
    if not told[2]:
        most = least
    if most == 0:
        most = ENDLESS  # clamscan's "no more than 0" is no bound
    if most >= 0 and least > most:
        raise ValueError("a gap ends before it begins")
    if max(least, most) > _FARTHEST:
        raise ValueError("a gap is too wide")
    return Gap(least, most)


def _group(inside: str, *, is_negated: bool) -> Token:
    if inside in {"B", "L", "W"}:
        return Special(inside, is_negated)
    runs = _runs(inside, 0)
    if is_negated and ("(" in inside or len({len(run) for run in runs}) > 1):
        raise ValueError("negated alternatives must be of one length")
    return Group(tuple(dict.fromkeys(runs)), is_negated)


def _runs(inside: str, depth: int) -> list[tuple[Byte, ...]]:
    """Return all that alternatives stand for; some may have alternatives inside."""
    if depth > _DEEPEST:
        raise ValueError("groups are nested too deeply")
    runs: list[tuple[Byte, ...]] = []
    pieces: list[list[tuple[Byte, ...]]] = []
    at = 0
    while at <= len(inside):
        letter = inside[at : at + 1]
        if letter in {"", "|"}:
            if not pieces:
                raise ValueError("an alternative is no hexadecimal pattern")
            runs += [tuple(byte for piece in each for byte in piece) for each in product(*pieces)]
            pieces = []
            at += 1
        elif letter == "(":
            end = _closing(inside, at)
            if end < 0:
                raise ValueError("a group is not closed")
            pieces.append(_runs(inside[at + 1 : end], depth + 1))
            at = end + 1
        else:
            pieces.append([(_byte(inside[at : at + 2]),)])
            at += 2
        count = 1
        for piece in pieces:
            count *= len(piece)
        if len(runs) + count > _MOST_ALTERNATIVES:
            raise ValueError("a group has too many alternatives")
    return runs


def widened(found: list[Token]) -> list[Token]:
    """Return the pattern of the same text with two bytes a character."""
    wide: list[Token] = []
    for token in found:
        if isinstance(token, Group):
            wide.append(Group(tuple(_widen(run) for run in token.runs), token.is_negated))
        elif isinstance(token, (Gap, Special, Anchor)):
            wide.append(token)
        else:
            wide += _widen((token,))
    return wide


def _widen(run: tuple[Byte, ...]) -> tuple[Byte, ...]:
    return tuple(half for byte in run for half in (byte, (0, 0xFF)))


def elements(found: list[Token], modifiers: Modifiers) -> list[Element]:
    """Return the elements of a pattern. Raises ValueError."""
    return _Builder(found, modifiers).build()


class _Builder:
    def __init__(self, found: list[Token], modifiers: Modifiers) -> None:
        self._tokens = found
        self._modifiers = modifiers
        self._elements: list[Element] = []
        self._gap = Gap(0, 0)
        self._start()

    def _start(self) -> None:
        self._source: list[str] = []
        self._length = 0
        self._runs: list[Run] = []
        self._choices: list[bytes] = []

    def build(self) -> list[Element]:
        last = len(self._tokens) - 1
        for at, token in enumerate(self._tokens):
            first = at == 0 or isinstance(self._tokens[at - 1], Gap)
            final = at == last or isinstance(self._tokens[at + 1], Gap)
            if isinstance(token, Gap):
                self._take_gap(token)
            elif isinstance(token, Group):
                self._take_group(token)
            elif isinstance(token, Anchor):
                self._take_anchor(token)
            elif isinstance(token, Special):
                self._take_special(token, is_first=first, is_last=final)
            else:
                self._take_byte(*token)
        self._finish()
        self._fence()
        return self._elements

    def _fence(self) -> None:
        if self._modifiers.full_word:
            wide = r"\x00" if self._modifiers.wide else ""
            after = r"(?:\x00|(?![\s\S]))" if wide else ""
            first, last = self._elements[0], self._elements[-1]
            first.alternatives = [(rf"(?<![0-9A-Za-z]{wide})(?:{each})", n) for each, n in first.alternatives]
            last.alternatives = [(rf"(?:{each})(?![0-9A-Za-z]{after})", n) for each, n in last.alternatives]

    def _take_gap(self, gap: Gap) -> None:
        if gap.least == gap.most <= _WIDEST_INSIDE and self._source:
            self._source.append(f".{{{gap.least}}}")
            self._length += gap.least
            return
        self._finish()
        most = ENDLESS if ENDLESS in {self._gap.most, gap.most} else self._gap.most + gap.most
        self._gap = Gap(self._gap.least + gap.least, most)

    def _finish(self) -> None:
        if self._source:
            self._add([("".join(self._source), self._length)], self._runs, self._choices)
            self._start()

    def _add(self, alternatives: list[tuple[str, int]], runs: list[Run], choices: list[bytes]) -> None:
        self._elements.append(Element(self._gap.least, self._gap.most, alternatives, runs, choices))
        self._gap = Gap(0, 0)

    def _take_byte(self, value: int, mask: int) -> None:
        if mask == 0xFF:
            if self._runs and self._runs[-1].at + len(self._runs[-1].content) == self._length:
                self._runs[-1].content += bytes((value,))
            else:
                self._runs.append(Run(self._length, bytes((value,))))
        is_plain = mask == 0xFF and not self._modifiers.any_case
        self._source.append(_ESCAPED[value] if is_plain else self._one(value, mask))
        self._length += 1

    def _take_group(self, group: Group) -> None:
        sources = ["".join(self._one(*byte) for byte in run) for run in group.runs]
        lengths = {len(run) for run in group.runs}
        fixed = [bytes(value for value, _ in run) for run in group.runs if all(mask == 0xFF for _, mask in run)]
        choices = fixed if len(fixed) == len(group.runs) and not group.is_negated else []
        if len(lengths) > 1:
            self._finish()
            self._add([(source, len(run)) for source, run in zip(sources, group.runs, strict=True)], [], choices)
            return
        length = lengths.pop()
        joined = "|".join(sources)
        self._source.append(f"(?!{joined}).{{{length}}}" if group.is_negated else f"(?:{joined})")
        self._choices = self._choices or choices
        self._length += length

    def _take_anchor(self, anchor: Anchor) -> None:
        byte = self._one(*anchor.byte)
        if anchor.is_before:
            each = [rf"(?<={byte}.{{{distance}}})" for distance in range(anchor.least, anchor.most + 1)]
            self._source.append(f"(?:{'|'.join(each)})")
        else:
            self._source.append(rf"(?=.{{{anchor.least},{anchor.most}}}{byte})")

    def _take_special(self, special: Special, *, is_first: bool, is_last: bool) -> None:
        before, after, inside = _SPECIALS[special.letter]
        negated = special.is_negated
        if is_first:
            self._source.append(_NOT_BEFORE[special.letter] if negated else before)
        elif is_last:
            self._source.append(f"(?!{after})" if negated else f"(?={after})")
        elif special.letter == "L" and not negated:
            self._finish()
            self._add([(r"\n", 1), (r"\r\n", 2)], [], [])
        else:
            self._source.append(f"[^{inside}]" if negated else f"[{inside}]")
            self._length += 1

    def _one(self, value: int, mask: int) -> str:
        if mask == 0:
            return "."
        if mask == 0xF0:
            return rf"[\x{value:02x}-\x{value | 0x0F:02x}]"
        if mask == 0x0F:
            return "[" + "".join(rf"\x{high << 4 | value:02x}" for high in range(16)) + "]"
        letter = value | 0x20
        if self._modifiers.any_case and 0x61 <= letter <= 0x7A and value & 0xDF == letter & 0xDF:
            return rf"[\x{letter:02x}\x{letter & 0xDF:02x}]"
        return rf"\x{value:02x}"


_ESCAPED: Final = tuple(rf"\x{value:02x}" for value in range(256))
_WORD_END = r"\n\r\x20\x22\x27\x2d\x2f\x3d\x3e\x5f"
_WORD_START = r"\x20\x2d\x2e\x2f\x3c\x40\x5f"
_EITHER = r"\n\r\x20\x22\x27\x2d\x2e\x2f\x3c-\x3e\x40\x5f"
_SPECIALS: Final = {  # at the start of a part, at its end, and inside of it, where a byte stands for it
    "B": (rf"(?<![^{_WORD_START}])", rf"[{_WORD_END}]|(?![\s\S])", _EITHER),
    "L": (r"(?<![^\n])", r"\r?\n|(?![\s\S])", r"\n"),
    "W": (r"(?<![0-9A-Za-z])", r"[^0-9A-Za-z]|(?![\s\S])", r"^0-9A-Za-z"),
}
_NOT_BEFORE: Final = {"B": rf"(?<=[^{_WORD_START}])", "L": r"(?<=[^\n])", "W": r"(?<=[0-9A-Za-z])"}
