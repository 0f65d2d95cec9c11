"""Lines of ClamAV's pattern databases, read: extended (.ndb, .ndu) and logical (.ldb, .ldu) signatures."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

from garrison.engine.levels import LEVEL, check_levels
from garrison.engine.patterns.expression import Tree, parse_expression
from garrison.engine.patterns.hexadecimal import Modifiers
from garrison.engine.patterns.offsets import parse_offset
from garrison.engine.patterns.parts import Part, Pattern, parse_part, parse_pattern
from garrison.engine.patterns.targets import CONTAINERS

_NAME = re.compile(r"[!-~]{1,512}")
_TARGETS: Final = frozenset({0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12})
_RANGE = re.compile(r"(\d{1,10})(?:-(\d{1,10}))?")
_MOST_PARTS: Final = 64
_BARE_IDS: Final = {"FileSize": "size", "EntryPoint": "entry", "NumberOfSections": "sections"}


@dataclass(slots=True)
class Extended:
    """One pattern. group: of macros, -1 for a signature that stands by itself."""

    name: str
    target: int
    part: Pattern
    group: int = -1


@dataclass(slots=True)
class Logical:
    """Several parts and what has to hold of their counts. about: ranges and containers, as a database keeps them."""

    name: str
    target: int
    about: dict[str, Any]
    tree: Tree
    parts: list[Part] = field(default_factory=list)


def parse_extended(line: str) -> Extended:
    """Read a line of an .ndb: Name:Target:Offset:Pattern[:least level[:most level]]. Raises ValueError."""
    fields = line.strip().split(":")
    if not 4 <= len(fields) <= 6:
        raise ValueError("it has not the fields of an extended signature")
    name, target, place, pattern = fields[:4]
    check_levels(fields[4:])
    group = -1
    if place.startswith("$"):
        told = place[1:].removesuffix("$")
        if not told.isdecimal() or int(told) >= 32:
            raise ValueError("its group of macros cannot be understood")
        group, place = int(told), "*"
    part = parse_pattern(pattern, parse_offset(place), Modifiers())
    return Extended(_name(name), _target(target), part, group)


def parse_logical(line: str) -> Logical:
    """Read a line of an .ldb: Name;Target description;Expression;part 0;part 1;... Raises ValueError."""
    fields = _fields(line.strip())
    if len(fields) < 4:
        raise ValueError("it has not the fields of a logical signature")
    name, described, expression = fields[:3]
    texts = fields[3:]
    if len(texts) > _MOST_PARTS:
        raise ValueError("it has more than 64 parts")
    target, about = _described(described)
    tree = parse_expression(expression.replace(" ", ""), len(texts))
    parts = [parse_part(text, number, len(texts)) for number, text in enumerate(texts)]
    return Logical(_name(name), target, about, tree, parts)


def _fields(line: str) -> list[str]:
    """Part a line at its semicolons, but for those inside a regular expression."""
    found: list[str] = []
    for piece in line.split(";"):
        if len(found) > 3 and _is_open(found[-1]):
            found[-1] += ";" + piece
        else:
            found.append(piece)
    return found


def _is_open(text: str) -> bool:
    slashes = len(re.findall(r"(?<!\\)(?:\\\\)*/", text))
    return slashes == 1 and "#" not in text.partition("/")[0]


def _name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError("its name is none")
    return name


def _target(text: str) -> int:
    if not text.isdecimal() or len(text) > 3 or int(text) not in _TARGETS:
        raise ValueError("its target is of no kind we know")
    return int(text)


def _described(text: str) -> tuple[int, dict[str, Any]]:
    target = -1
    about: dict[str, Any] = {}
    for each in text.split(","):
        key, colon, value = each.partition(":")
        if not colon:
            raise ValueError("its target description cannot be understood")
        if key == "Target":
            target = _target(value)
        elif key == "Engine":
            least, most = _range(value)
            check_levels([str(least), str(most if most >= least else LEVEL)])
        elif key in _BARE_IDS:
            about[_BARE_IDS[key]] = list(_range(value))
        elif key in {"Container", "Intermediates"}:
            about[key.lower()] = _containers(value)
        elif key in {"IconGroup1", "IconGroup2"}:
            raise ValueError("icons are not compared")
        elif key == "HandlerType":
            raise ValueError("handlers of other types are not supported")
        else:
            raise ValueError(f"its target description says {key[:40]}, which is not known")
    if target < 0:
        raise ValueError("it names no target")
    return target, about


def _containers(value: str) -> list[str]:
    names = value.split(">")
    unknown = [name for name in names if name not in CONTAINERS]
    if unknown:
        raise ValueError(f"it asks for a container of a kind we do not know: {unknown[0][:40]}")
    return names


def _range(value: str) -> tuple[int, int]:
    told = _RANGE.fullmatch(value)
    if told is None:
        raise ValueError("a range in its target description cannot be understood")
    return int(told[1]), int(told[2] or told[1])
