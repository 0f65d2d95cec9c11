"""The parts of signatures: byte patterns, regular expressions, comparisons of bytes, macros and hashes of pictures."""

import re
from dataclasses import dataclass
from typing import Any, Final

from garrison.engine.patterns import automaton
from garrison.engine.patterns.atoms import Atom, choose
from garrison.engine.patterns.explosive import may_explode
from garrison.engine.patterns.expression import Tree, numbers, parse_expression
from garrison.engine.patterns.hexadecimal import Element, Modifiers, elements, tokens, widened
from garrison.engine.patterns.offsets import ANYWHERE, Offset, parse_offset

_MODIFIERS = re.compile(r"(.*)::([iwfa]{1,4})", re.DOTALL)
_MACRO = re.compile(r"\$\{(\d{1,9})-(\d{1,9})\}(\d{1,3})\$")
_FIGURE: Final = r"0[xX][0-9a-fA-F]{1,16}|\d{1,19}"
_COMPARE = re.compile(rf"(\d{{1,3}})\((?:(>>|<<)({_FIGURE})|0?)#([hdailbe]+)(0[xX][0-9a-fA-F]+|\d{{1,3}})#([^)]*)\)")
_COMPARISON = re.compile(rf"([<>=])(-?)({_FIGURE})")
_EXPRESSION = re.compile(r"(?:([^/]*?):)?([0-9&|()=<>,]+)/(.*)/([a-zA-Z]*)", re.DOTALL)
_FUZZY = re.compile(r"fuzzy_img#([0-9a-fA-F]{16})(?:#0)?")
_MOST_COMPARED: Final = 18
_PCRE_FLAGS: Final = {"i": re.IGNORECASE, "s": re.DOTALL, "m": re.MULTILINE, "x": re.VERBOSE}


@dataclass(slots=True)
class Pattern:
    """A byte pattern, in one or two variants (two bytes a character, one byte a character)."""

    offset: Offset
    variants: list[list[Element]]
    atoms: list[tuple[int, Atom]]  # with the variant's number; [] when each object has to be searched

    def to_plain(self) -> list[Any]:
        """Return what is kept in a database."""
        plain = [[element.to_plain() for element in variant] for variant in self.variants]
        return ["x", self.offset, plain, bool(self.atoms)]


@dataclass(slots=True)
class Plain:
    """A part that has no bytes to look for by itself. needs: the parts that it depends on; [-1] for a picture."""

    content: list[Any]
    needs: set[int]

    def to_plain(self) -> list[Any]:
        """Return what is kept in a database."""
        return self.content


Part = Pattern | Plain


def parse_pattern(text: str, offset: Offset, modifiers: Modifiers) -> Pattern:
    """Read a byte pattern. Raises ValueError."""
    kinds = []
    if modifiers.wide:
        kinds.append((widened(tokens(text, has_anchors=False)), modifiers))
    if modifiers.ascii or not modifiers.wide:
        found = tokens(text, has_anchors=not modifiers.full_word)
        kinds.append((found, Modifiers(any_case=modifiers.any_case, full_word=modifiers.full_word)))
    variants = [elements(each, how) for each, how in kinds]
    chosen = [choose(variant, any_case=modifiers.any_case) for variant in variants]
    atoms = [(number, atom) for number, each in enumerate(chosen) for atom in each]
    return Pattern(offset, variants, atoms if all(chosen) else [])


def parse_part(text: str, number: int, count: int) -> Part:
    """Read one part of a logical signature. number: its own; count: of all. Raises ValueError."""
    text = text.strip()
    if text.startswith("${"):
        return _macro(text, number)
    if text.startswith("fuzzy_img#"):
        return _fuzzy(text)
    if "#" in text and "/" not in text and (told := _COMPARE.fullmatch(text)):
        return _compare(told, count)
    if "/" in text:
        return _expression(text, number, count)
    modified = _MODIFIERS.fullmatch(text)
    letters = modified[2] if modified else ""
    body = modified[1] if modified else text
    place, colon, pattern = body.rpartition(":")
    offset = parse_offset(place) if colon else ANYWHERE
    return parse_pattern(pattern, offset, Modifiers("i" in letters, "w" in letters, "f" in letters, "a" in letters))


def _macro(text: str, number: int) -> Plain:
    told = _MACRO.fullmatch(text)
    if told is None or int(told[1]) > int(told[2]) or number == 0:
        raise ValueError("its macro cannot be understood")
    return Plain(["m", number - 1, int(told[1]), int(told[2]), int(told[3])], {number - 1})


def _fuzzy(text: str) -> Plain:
    told = _FUZZY.fullmatch(text)
    if told is None:
        raise ValueError("its hash of a picture cannot be understood")
    return Plain(["f", told[1].lower()], {-1})


def _compare(told: re.Match[str], count: int) -> Plain:
    number, way, distance, options, length, wanted = told.groups()
    comparisons = []
    for each in wanted.split(","):
        comparison = _COMPARISON.fullmatch(each.strip())
        if comparison is None:
            raise ValueError("its comparison of bytes cannot be understood")
        comparisons.append([comparison[1], -_c_number(comparison[3]) if comparison[2] else _c_number(comparison[3])])
    kind, order = (_one_of(letters, options) for letters in ("hdai", "lb"))
    size = _c_number(length)
    if int(number) >= count or not 0 < size <= _MOST_COMPARED or len(comparisons) > 2:
        raise ValueError("its comparison of bytes is out of bounds")
    if not kind or (kind == "d" and order == "l") or (kind == "i" and size not in {1, 2, 4, 8}):
        raise ValueError("its comparison of bytes has options that do not go together")
    far = _c_number(distance or "0")
    return Plain(
        ["c", int(number), far if way != "<<" else -far, kind, order, "e" in options, size, comparisons], {int(number)}
    )


def _one_of(letters: str, options: str) -> str:
    """Return the one of the letters that is among the options, "" when there is none. Raises ValueError for two."""
    there = set(letters) & set(options)
    if len(there) > 1:
        raise ValueError("its comparison of bytes has options that do not go together")
    return there.pop() if there else ""


def _c_number(text: str) -> int:
    """Return a number as C writes it: 0x is base 16, a leading 0 base 8."""
    if text[:2] in {"0x", "0X"}:
        return int(text, 16)
    return int(text, 8 if len(text) > 1 and text[0] == "0" else 10)


def _expression(text: str, number: int, count: int) -> Plain:
    told = _EXPRESSION.fullmatch(text)
    if told is None:
        raise ValueError("its regular expression cannot be understood")
    place, trigger, body, letters = told.groups()
    unknown = set(letters) - set("gresmixAEU")
    if unknown:
        raise ValueError(f"its regular expression has a flag that is not supported: {''.join(sorted(unknown))}")
    flags = 0
    for letter in letters:
        flags |= int(_PCRE_FLAGS.get(letter, 0))
    source = _translated(body, ends_only="E" in letters, is_ungreedy="U" in letters)
    offset = parse_offset(place or "*")
    how = "".join(letter for letter in "greA" if letter in letters)
    try:
        re.compile(source.encode("latin-1"), flags)
        packed, is_exact = automaton.build(body, letters)
        is_enough = is_exact and offset == ANYWHERE and "g" not in how
        if not is_enough and may_explode(source.encode("latin-1"), flags):
            raise ValueError("its regular expression may take for ever")
    except (re.error, UnicodeEncodeError, OverflowError, RecursionError) as error:
        raise ValueError("its regular expression is none that Python knows") from error
    tree: Tree = parse_expression(trigger, count)
    if max(numbers(tree)) >= number:
        raise ValueError("its regular expression waits for a part that comes later")
    return Plain(["r", tree, source, flags, offset, how, packed, is_enough], numbers(tree))


_CLASSES: Final = {
    "[:alpha:]": "a-zA-Z", "[:digit:]": "0-9", "[:alnum:]": "a-zA-Z0-9", "[:space:]": r"\s", "[:upper:]": "A-Z",
    "[:lower:]": "a-z", "[:xdigit:]": "0-9a-fA-F", "[:punct:]": r"!-/:-@\[-`{-~", "[:word:]": r"\w",
}  # fmt: skip
_PIECE: Final = re.compile(
    r"\\x\{[0-9a-fA-F]{1,2}\}|\\.|\[:[a-z]{4,6}:\]|\[\^?\]?|\(\?(?:P?<(?=[A-Za-z_]))?|(?:[*+?]|\{\d+(?:,\d*)?\})[?+]?|.",
    re.DOTALL,
)


def _translated(body: str, *, ends_only: bool, is_ungreedy: bool) -> str:
    """Return an expression of PCRE as Python spells it."""
    pieces: list[str] = []
    inside = False
    for piece in _PIECE.findall(body):
        if inside:
            pieces.extend(_in_class(piece))
            inside = piece != "]"
            continue
        if piece == "$" and ends_only:
            piece = r"\Z"  # noqa: PLW2901 # what it stands for
        elif piece.startswith("(?") and piece.endswith("<"):
            piece = "(?P<"  # noqa: PLW2901
        elif is_ungreedy and piece[0] in "*+?{" and len(piece) < len(body):
            piece = _turned(piece)  # noqa: PLW2901
        inside = piece.startswith("[") and not piece.startswith("[:")
        pieces.append(_ESCAPES.get(piece, piece) if not piece.startswith("\\x{") else _code(piece))
    return "".join(pieces)


def _in_class(piece: str) -> list[str]:
    if piece.startswith("\\x{"):
        return [_code(piece)]
    if piece == "\\h":
        return [r"\t\x20"]
    if piece.startswith("[") and piece not in _CLASSES:
        return ["\\[", *piece[1:]]
    return [_CLASSES.get(piece, _ESCAPES.get(piece, piece))]


def _code(piece: str) -> str:
    return rf"\x{int(piece[3:-1], 16):02x}"


def _turned(quantifier: str) -> str:
    """Return a quantifier that is greedy where this one is not, and the other way round."""
    if quantifier.endswith("?") and len(quantifier) > 1:
        return quantifier[:-1]
    return quantifier if quantifier.endswith("+") and len(quantifier) > 1 else quantifier + "?"


_ESCAPES: Final = {"\\/": "/", "\\h": r"[\t\x20]", "\\z": r"\Z", "\\Z": r"(?=\n?\Z)", "\\e": r"\x1b"}
