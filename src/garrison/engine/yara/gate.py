"""Which rules an object can hit at all: by its type, and by what one of their strings must bring.

A rule is gated when its condition cannot hold unless some of its strings are there. All strings of all gated rules
stand in one Vectorscan database; a rule runs only over objects in which enough of them were seen. The gate may let too
much through, never too little.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import hyperscan

from garrison.engine.yara.condition import Need, needs
from garrison.engine.yara.literals import literals_in
from garrison.engine.yara.sieve import UNKNOWN, Word
from garrison.engine.yara.text import RuleText, StringText

_ESCAPES = {"n": b"\n", "t": b"\t", "r": b"\r", '"': b'"', "\\": b"\\"}
_ESCAPED = re.compile(r"\\(x[0-9A-Fa-f]{2}|.)|([^\\]+)", re.DOTALL)
_BLOCK = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_LEAST_BYTES = 3
_SOME_BYTES, _LONG_BYTES = 6, 8  # of a literal that not many objects hold, that few do
_REGEX_IS_LIKE = 4  # a literal of so many bytes
_COMMON = hyperscan.HS_FLAG_SINGLEMATCH | hyperscan.HS_FLAG_DOTALL

Expression = tuple[bytes, int]
Choices = tuple[tuple[Expression, ...], ...]  # a string is there only when one expression out of each choice is


def types_of(rule: RuleText) -> frozenset[str]:
    """Return the types that a rule says it can hit, `*` for any."""
    named = frozenset(part.strip() for part in rule.meta.get("types", "*").split(",") if part.strip())
    return frozenset({"*"}) if not named or "*" in named else named


@dataclass(frozen=True, slots=True)
class Group:
    """So many of these strings must be there. strings: what each is told by, the rarest choice first."""

    count: int
    strings: tuple[Choices, ...]

    def rarity(self) -> tuple[int, int]:
        """Return how rarely it is met, at a guess: the length of its shortest literal, then how few it looks for."""
        first = [expression for string in self.strings for expression in string[0]]
        return min(map(_length, first)), -len(first)


def _length(expression: Expression) -> int:
    """Return how many bytes an expression looks for; more than some make it no rarer."""
    text, flags = expression
    return _REGEX_IS_LIKE if flags & hyperscan.HS_FLAG_PREFILTER else min(len(text) // len(b"\\x00"), _LONG_BYTES)


def is_long(expression: Expression) -> bool:
    """Return whether an expression looks for so much that few objects hold it."""
    return _length(expression) >= _SOME_BYTES


def word_of(expression: Expression) -> Word:
    """Return what `sieve` looks for by itself."""
    text, flags = expression
    if flags & hyperscan.HS_FLAG_PREFILTER:
        return UNKNOWN
    word = bytes.fromhex(text.replace(b"\\x", b"").decode("ascii"))
    is_any = bool(flags & hyperscan.HS_FLAG_CASELESS)
    return (word.lower() if is_any else word).decode("latin-1"), int(is_any)


def groups(rule: RuleText) -> tuple[Group, ...]:
    """Return what must be seen before the rule has to run, the rarest first; () when it must always run."""
    found = [_group(need, rule) for need in needs(rule.condition, rule.strings)]
    return tuple(sorted((group for group in found if group.count > 0), key=Group.rarity, reverse=True))


def _group(need: Need, rule: RuleText) -> Group:
    each = [_choices(rule.strings[name]) for name in sorted(need.strings)]
    usable = [choices for choices in each if choices]
    return Group(need.count - (len(each) - len(usable)), tuple(usable))  # what cannot be looked for may be there


@lru_cache(maxsize=4096)
def _is_understood(expression: Expression) -> bool:
    try:
        compile_gate([expression], [0])
    except hyperscan.error:
        return False
    return True


def compile_gate(expressions: list[Expression], numbers: list[int]) -> bytes:
    """Return the serialized Vectorscan database. Raises hyperscan.error."""
    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=[text for text, _ in expressions],
        ids=numbers,
        elements=len(expressions),
        flags=[flags for _, flags in expressions],
    )
    return bytes(hyperscan.dumpb(database))


def _choices(string: StringText) -> Choices:
    """Return what a string is told by, () when it cannot be looked for."""
    if string.words & {"xor", "base64", "base64wide"} or not string.body.isascii():
        return ()
    flags = _COMMON | (hyperscan.HS_FLAG_CASELESS if string.words & {"nocase", "i"} else 0)
    if string.kind == "regex":
        found = literals_in(string.body)
        if not found:  # Vectorscan takes it as it is, or not at all
            expression = (string.body.encode("ascii"), flags | hyperscan.HS_FLAG_PREFILTER)
            return ((expression,),) if "wide" not in string.words and _is_understood(expression) else ()
    else:
        found = [[_unescaped(string.body) if string.kind == "text" else _longest_run(string.body)]]
    return tuple(
        tuple((_literal(form), flags) for content in choice for form in _forms(content, string.words))
        for choice in found
        if min(map(len, choice)) >= _LEAST_BYTES
    )


def _forms(content: bytes, words: frozenset[str]) -> list[bytes]:
    wide = b"".join(bytes((byte, 0)) for byte in content)
    if "wide" not in words:
        return [content]
    return [wide, content] if "ascii" in words else [wide]


def _literal(content: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in content)


def _unescaped(body: str) -> bytes:
    parts: list[bytes] = []
    for match in _ESCAPED.finditer(body):
        escaped, plain = match.groups()
        if plain is not None:
            parts.append(plain.encode("utf-8"))
        elif len(escaped) == 3:
            parts.append(bytes.fromhex(escaped[1:]))
        else:
            parts.append(_ESCAPES.get(escaped, b""))
    return b"".join(parts)


def _longest_run(body: str) -> bytes:
    """Return the longest run of whole, known bytes outside alternatives; b"" when there is none."""
    body = re.sub(r"\s+", "", _BLOCK.sub("", body))
    while "(" in body:
        simpler = re.sub(r"\([^()]*\)", "[]", body)
        if simpler == body:
            return b""
        body = simpler
    runs = (_run(part) for part in re.split(r"\[[^\]]*\]", body))
    return max((run for found in runs for run in found), key=len, default=b"")


def _run(part: str) -> Iterator[bytes]:
    run: list[str] = []
    at = 0
    while at + 1 < len(part):
        step = 3 if part[at] == "~" else 2
        pair = part[at : at + step]
        if step == 2 and re.fullmatch("[0-9A-Fa-f]{2}", pair):
            run.append(pair)
        else:
            yield bytes.fromhex("".join(run))
            run = []
        at += step
    yield bytes.fromhex("".join(run))
