"""One signature, read from its record, and what it says of an object."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from garrison.engine.patterns import pictures
from garrison.engine.patterns.around import lies_in
from garrison.engine.patterns.automaton import Automaton
from garrison.engine.patterns.comparing import compares
from garrison.engine.patterns.expression import holds, numbers
from garrison.engine.patterns.macros import recount
from garrison.engine.patterns.offsets import ANYWHERE, Ranges, entry_points, ranges, sections
from garrison.engine.patterns.possible import possible
from garrison.engine.patterns.search import Known, Variant
from garrison.engine.subject import Subject

_MOST_COUNT: Final = 2_000  # occurrences of one part that are counted
_SOMEWHERE: Final = 0xFF
_MOST_TRIED: Final = 256  # places of an atom that are tried one by one; then the buffer is searched once
_ALL: Final = [(0, 1 << 40)]
_EXPRESSION_BYTES: Final = 25 * 1024 * 1024  # clamscan matches regular expressions in no larger object either

Place = tuple[int, int, int]  # variant, element, its start; element 255 for somewhere
Hits = Mapping[int, set[Place]]  # by part


@dataclass(slots=True)
class View:
    """A buffer that is searched: the object itself or its text in another form. hits: places of atoms by record.

    is_page: whether it was made of a page, so that it has a size of its own.
    """

    subject: Subject
    content: bytes
    is_page: bool = False
    hits: dict[int, dict[int, set[Place]]] = field(default_factory=dict)


class Record:
    """A signature. packed: as the writer kept it. Raises ValueError, KeyError, TypeError or re.error when damaged."""

    __slots__ = ("_about", "_automata", "_expressions", "_parts", "_tree", "_variants", "name", "source", "target")

    def __init__(self, packed: bytes) -> None:
        self.name, self.target, self._about, self._parts, self._tree, self.source = json.loads(packed)
        self._variants: dict[int, list[Variant]] = {}
        self._expressions: dict[int, re.Pattern[bytes]] = {}
        self._automata: dict[int, Automaton] = {}

    def match(self, view: View, hits: Hits) -> int:
        """Return the offset of the first part that matched, -1 when the signature does not match.

        Raises Spent.
        """
        if self._about and not self._is_for(view):
            return -1
        evaluation = _Evaluation(self, view, hits)
        if self._tree is None:
            return min(evaluation.starts(0), default=-1)
        if not possible(self._tree, self._present(hits)):
            return -1
        counts = [len(evaluation.starts(number)) for number in range(len(self._parts))]
        if not holds(self._tree, counts) and not (
            any(part[0] == "m" for part in self._parts) and holds(self._tree, evaluation.recounted(counts))
        ):
            return -1
        return min((min(evaluation.starts(n), default=0) for n in numbers(self._tree) if counts[n]), default=0)

    def _present(self, hits: Hits) -> set[int]:
        """Return the parts that may occur: those that no atom rules out."""
        return {number for number, part in enumerate(self._parts) if number in hits or part[0] != "x" or not part[3]}

    @property
    def tree_is_plain(self) -> bool:
        """Whether it has one part, of which one occurrence is enough."""
        return self._tree is None

    def part(self, number: int) -> list[Any]:
        """Return a part as it was kept."""
        part: list[Any] = self._parts[number]
        return part

    def variants(self, number: int, plain: list[Any]) -> list[Variant]:
        """Return the patterns of a part."""
        if number not in self._variants:
            self._variants[number] = [Variant(each) for each in plain]
        return self._variants[number]

    def expression(self, number: int) -> re.Pattern[bytes]:
        """Return the regular expression of a part."""
        if number not in self._expressions:
            part = self._parts[number]
            self._expressions[number] = re.compile(part[2].encode("latin-1"), part[3])
        return self._expressions[number]

    def occurs(self, number: int, content: bytes) -> bool:
        """Return whether the regular expression of a part may match somewhere: False is certain."""
        packed = self._parts[number][6]
        if packed and number not in self._automata:
            self._automata[number] = Automaton(packed)
        return self._automata[number].occurs(content) if packed else True

    def _is_for(self, view: View) -> bool:
        about, subject = self._about, view.subject
        # How long clamscan's own form of a page is nobody knows: somewhere between ours and the page itself.
        least, most = sorted((len(view.content) if view.is_page else len(subject.content), len(subject.content)))
        if "size" in about and not (about["size"][0] <= most and least <= about["size"][1]):
            return False
        if not lies_in(about, subject, 1 if view.is_page else 0):
            return False
        if "entry" not in about and "sections" not in about:
            return True
        program = subject.program()
        if program is None:
            return False
        entry, count = about.get("entry"), about.get("sections")
        places = entry_points(subject.kind, program)
        return (entry is None or any(entry[0] <= place <= entry[1] for place in places)) and (
            count is None or count[0] <= len(sections(subject, program)) <= count[1]
        )


class _Evaluation:
    """The parts of one signature in one view, each worked out when first asked for."""

    def __init__(self, record: Record, view: View, hits: Hits) -> None:
        self._record = record
        self._view = view
        self._hits = hits
        self._known: dict[int, list[int]] = {}

    def starts(self, number: int) -> list[int]:
        if number not in self._known:
            self._known[number] = []  # what a part says of itself
            part = self._record.part(number)
            self._known[number] = _KINDS[part[0]](self, number, part)
        return self._known[number]

    def pattern(self, number: int, part: list[Any]) -> list[int]:
        hits = self._hits.get(number)
        if not hits and part[3]:
            return []
        view = self._view
        where = ranges(part[1], view.subject, len(view.content))
        if not where:
            return []
        variants = self._record.variants(number, part[2])
        if hits and len(hits) <= _MOST_TRIED and all(element != _SOMEWHERE for _, element, _ in hits):
            sound = [place for place in hits if variants[place[0]].fits(view.content, place[1], place[2])]
            if not sound:
                return []
            if all(variant.is_one for variant in variants):
                return sorted({start for _, _, start in sound if _is_within(start, where)})
            known = _by_variant(sound) if part[3] else {}
        else:
            known = {}
        found: list[int] = []
        most = 1 if self._record.tree_is_plain else _MOST_COUNT
        for at, variant in enumerate(variants):
            if not known or at in known:
                found += variant.starts(view.content, where, most, view.subject.budget, known.get(at))
        return found if len(variants) == 1 else sorted(found)

    def expression(self, number: int, part: list[Any]) -> list[int]:
        _, tree, _, _, offset, how, _, is_enough = part
        if not holds(
            tree, [len(self.starts(n)) if n in numbers(tree) else 0 for n in range(number + 1 + max(numbers(tree)))]
        ):
            return []
        content = self._view.content[:_EXPRESSION_BYTES]
        expression = self._record.expression(number)
        where = [(0, 0)] if offset == ANYWHERE or offset[0] == "V" else ranges(offset, self._view.subject, len(content))
        is_here = "A" in how
        found: list[int] = []
        for low, high in where:
            shift = high - low
            if not 0 <= low < len(content):
                continue
            end = min(low + shift, len(content)) if "e" in how and shift else len(content)
            piece = content[low:end] if low or end < len(content) else content
            if not self._record.occurs(number, piece):
                continue
            if is_enough:
                return [len(content)]  # where it begins is not told
            is_fixed = is_here or (offset != ANYWHERE and not shift and "r" not in how)
            least = shift if shift and "e" not in how else len(content)
            found += _matches(expression, piece, is_fixed, "g" in how, least, low)
        return found

    def comparison(self, number: int, part: list[Any]) -> list[int]:
        """As in clamscan what is compared later counts for nothing, and a comparison that holds lies at 0."""
        about = self._record.part(part[1])[0]
        if about in {"r", "f"} or (about == "c" and part[1] >= number):
            return []
        starts = self.starts(part[1])
        start = 0 if about == "c" else max(starts, default=0)
        return [start] if starts and compares(self._view.content, start, part[2:]) else []

    def macro(self, number: int, part: list[Any]) -> list[int]:
        before = self.starts(part[1])
        where: Ranges = [(start + part[2], start + part[3]) for start in before]
        variants = self._record.variants(number, part[4])
        content, budget = self._view.content, self._view.subject.budget
        return sorted({start for each in variants for start in each.starts(content, where, 1, budget)})

    def recounted(self, counts: list[int]) -> list[int]:
        """Return the counts as clamscan has them where there are macros."""
        counted = list(counts)
        content, budget = self._view.content, self._view.subject.budget
        for number in range(1, len(counts)):
            part = self._record.part(number)
            if part[0] == "m":
                variants = self._record.variants(number, part[4])
                group = sorted({at for each in variants for at in each.starts(content, _ALL, _MOST_COUNT, budget)})
                counted[number - 1], counted[number] = recount(self.starts(number - 1), group, part[2], part[3])
        return counted

    def picture(self, _number: int, part: list[Any]) -> list[int]:
        return [0] if pictures.hash_of(self._view.subject) == part[1] else []


_KINDS: Final = {
    "x": _Evaluation.pattern,
    "r": _Evaluation.expression,
    "c": _Evaluation.comparison,
    "m": _Evaluation.macro,
    "f": _Evaluation.picture,
}


def _matches(  # what the flags say
    expression: re.Pattern[bytes], content: bytes, is_fixed: bool, is_global: bool, farthest: int, base: int
) -> list[int]:
    """Return where an expression matches: once, or as often as it does behind itself."""
    find = expression.match if is_fixed else expression.search
    found: list[int] = []
    at = 0
    while at < len(content) and len(found) < _MOST_COUNT:
        match = find(content, at)
        if match is None or match.start() > farthest:
            break
        found.append(base + match.start())
        at = match.end() + (match.end() == match.start())
        if not is_global:
            break
    return found


def _by_variant(places: list[Place]) -> dict[int, Known]:
    """Return for each variant the element that was looked for in it, and where it lies."""
    found: dict[int, tuple[int, set[int]]] = {}
    for variant, element, start in places:
        found.setdefault(variant, (element, set()))[1].add(start)
    return {variant: (element, sorted(starts)) for variant, (element, starts) in found.items()}


def _is_within(start: int, where: Ranges) -> bool:
    return any(low <= start <= high for low, high in where)
