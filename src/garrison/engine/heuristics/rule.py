"""What a heuristic rule is, and what it is given to look at."""

import re
from collections.abc import Callable
from functools import cache, cached_property
from typing import NamedTuple

from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Kind

MOST_BYTES = 1024 * 1024
SHORT = 128 * 1024  # what people write without a mark of its type is read as a script up to this size

WRITTEN = frozenset({Type.TEXT, Type.SHELL, Type.SCRIPT})
SCRIPTS = frozenset({
    *WRITTEN, Type.PYTHON, Type.PERL, Type.RUBY, Type.PHP, Type.JAVASCRIPT, Type.VBSCRIPT, Type.POWERSHELL, Type.BATCH,
})  # fmt: skip
PROGRAMS = frozenset({Type.PE, Type.ELF, Type.MACHO, Type.DOS})


class Look:
    """One object as the rules see it. text: its first MiB. lower: the same in small letters."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self.text = subject.content if len(subject.content) <= MOST_BYTES else subject.content[:MOST_BYTES]

    @cached_property
    def lower(self) -> bytes:
        """The first MiB in small letters."""
        return self.text.lower()


class Test(NamedTuple):
    """What decides a rule. check: the decision, asked only where one of the gates occurs (or all of them).

    gates: words in small letters; none means that the check is always made. Every gate costs the same, whatever their
    number: one pass over the object finds them all.
    """

    check: Callable[[Look], bool]
    gates: tuple[bytes, ...] = ()
    is_all: bool = False


class Rule(NamedTuple):
    """One fact that speaks against an object.

    name: what the threat is called when this fact weighs most. weight: what it adds to the score. sentence: for people.
    types: which objects it looks at. most: of larger objects than this many bytes it says nothing.
    """

    id: str
    name: str
    kind: Kind
    weight: int
    sentence: str
    types: frozenset[Type]
    test: Test
    most: int = MOST_BYTES * 100


def matching(pattern: bytes, *gates: bytes, flags: int = re.IGNORECASE) -> Test:
    """Return a test for a pattern, which is tried only where one of the gates (in small letters) occurs.

    Patterns are linear: every repeat is bounded, and none stands next to another that takes the same bytes.
    """

    @cache
    def expression() -> re.Pattern[bytes]:  # most are never asked: together they would take 5 ms of each start
        return re.compile(pattern, flags)

    return Test(lambda look: expression().search(look.text) is not None, gates)


def having(*words: bytes) -> Test:
    """Return a test for all of these words, given in small letters."""
    return Test(lambda _: True, words, is_all=True)
