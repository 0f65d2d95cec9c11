"""The parts of signatures: byte patterns, regular expressions, comparisons of bytes, macros and hashes of pictures."""

import re
from dataclasses import dataclass
from typing import Any, Final

from garrison.engine.patterns.atoms import Atom, choose
from garrison.engine.patterns.expression import Tree, numbers, parse_expression
from garrison.engine.patterns.hexadecimal import Element, Modifiers, elements, tokens, widened
from garrison.engine.patterns.offsets import ANYWHERE, Offset, parse_offset

_MODIFIERS = re.compile(r"(.*)::([iwfa]{1,4})", re.DOTALL)
_MACRO = re.compile(r"\$\{(\d{1,9})-(\d{1,9})\}(\d{1,3})\$")
_COMPARE = re.compile(r"(\d{1,3})\((>>|<<)(\d{1,9})#([hdai])([lb]?)(e?)(\d{1,3})#([^)]*)\)")
_COMPARISON = re.compile(r"([<>=])(0[xX][0-9a-fA-F]{1,16}|\d{1,19})")
_EXPRESSION = re.compile(r"(?:([^/]*?):)?([0-9&|()=<>,]+)/(.*)/([a-zA-Z]*)", re.DOTALL)
_FUZZY = re.compile(r"fuzzy_img#([0-9a-fA-F]{16})(?:#0)?")
_QUANTIFIED = re.compile(r"\([^()]*[*+}][^()]*\)[*+{]")
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
    found = tokens(text)
    kinds = []
    if modifiers.wide:
        kinds.append((widened(found), modifiers))
    if modifiers.ascii or not modifiers.wide:
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
        return _expression(text, count)
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
    number, way, distance, kind, order, exact, length, wanted = told.groups()
    comparisons = []
    for each in wanted.split(","):
        comparison = _COMPARISON.fullmatch(each.strip())
        if comparison is None:
            raise ValueError("its comparison of bytes cannot be understood")
        comparisons.append(
            [comparison[1], int(comparison[2], 0) if "x" in comparison[2].lower() else int(comparison[2])]
        )
    if int(number) >= count or not 0 < int(length) <= 18 or len(comparisons) > 2:
        raise ValueError("its comparison of bytes is out of bounds")
    if kind == "i" and int(length) not in {1, 2, 4, 8}:
        raise ValueError("its comparison of bytes has an odd length")
    distance_ = int(distance) if way == ">>" else -int(distance)
    return Plain(
        ["c", int(number), distance_, kind, order == "l", bool(exact), int(length), comparisons], {int(number)}
    )


def _expression(text: str, count: int) -> Plain:
    told = _EXPRESSION.fullmatch(text)
    if told is None:
        raise ValueError("its regular expression cannot be understood")
    place, trigger, body, letters = told.groups()
    unknown = set(letters) - set("gresmixAEU")
    if unknown or "U" in letters:
        raise ValueError(f"its regular expression has a flag that is not supported: {''.join(sorted(unknown)) or 'U'}")
    if _QUANTIFIED.search(body) and re.search(r"\([^()]*[*+][^()]*\)[*+]", body):
        raise ValueError("its regular expression may take for ever")
    flags = 0
    for letter in letters:
        flags |= int(_PCRE_FLAGS.get(letter, 0))
    source = _translated(body, ends_only="E" in letters)
    try:
        re.compile(source.encode("latin-1"), flags)
    except (re.error, UnicodeEncodeError, OverflowError, RecursionError) as error:
        raise ValueError("its regular expression is none that Python knows") from error
    tree: Tree = parse_expression(trigger, count)
    how = "".join(letter for letter in "reA" if letter in letters)
    return Plain(["r", tree, source, flags, parse_offset(place or "*"), how], numbers(tree))


_CLASSES: Final = (("[:alpha:]", "a-zA-Z"), ("[:digit:]", "0-9"), ("[:alnum:]", "a-zA-Z0-9"), ("[:space:]", r"\s"))


def _translated(body: str, *, ends_only: bool) -> str:
    """Return an expression of PCRE as Python spells it."""
    body = body.replace("\\/", "/")
    for theirs, ours in (*_CLASSES, ("[:xdigit:]", "0-9a-fA-F"), ("[:punct:]", r"!-/:-@\[-`{-~")):
        body = body.replace(theirs, ours)
    pieces: list[str] = []
    inside = False
    for piece in re.findall(r"\\x\{[0-9a-fA-F]{1,2}\}|\\.|.", body, re.DOTALL):
        if piece.startswith("\\x{"):
            pieces.append(rf"\x{int(piece[3:-1], 16):02x}")
        elif piece in {"\\h", "\\z", "\\Z", "\\e"}:
            pieces.append(_spelled(piece, inside=inside))
        elif piece == "$" and ends_only and not inside:
            pieces.append(r"\Z")
        else:
            inside = (inside or piece == "[") and piece != "]"
            pieces.append(piece)
    return "".join(pieces).replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!")


def _spelled(piece: str, *, inside: bool) -> str:
    if piece == "\\h":
        return r"\t\x20" if inside else r"[\t\x20]"
    return {"\\z": r"\Z", "\\Z": r"(?=\n?\Z)", "\\e": r"\x1b"}[piece]
