"""One object under examination, and what was learned of it so far."""

import hashlib
from dataclasses import dataclass, field
from typing import Optional

from garrison.engine.budget import Budget, Unbounded
from garrison.engine.programs.program import Program
from garrison.engine.programs.reader import read_program
from garrison.engine.type import Type


@dataclass(slots=True, eq=False)
class Subject:
    """One object. Facts that cost time are worked out when first asked for, and kept.

    name: its own name, "" when it has none. parent: the container it came from, None for the file itself.
    is_whole: whether the bytes are all of it; else digests say nothing. is_derived: whether it was made from its parent
    by the engine (unpacked code, the text of macros), and exists nowhere as a file.
    """

    content: bytes
    kind: Type
    name: str = ""
    parent: Optional["Subject"] = None
    is_whole: bool = True
    is_derived: bool = False
    budget: Budget = field(default_factory=Unbounded)
    facts: dict[str, object] = field(default_factory=dict)  # each stage's own, by the stage's name
    _digests: dict[str, bytes] = field(default_factory=dict)
    _program: Program | None = None
    _is_program_read: bool = False

    @property
    def containers(self) -> tuple[Type, ...]:
        """The types of what it lies in, the innermost first."""
        types: list[Type] = []
        outer = self.parent
        while outer is not None:
            types.append(outer.kind)
            outer = outer.parent
        return tuple(types)

    def program(self) -> Program | None:
        """Return what its headers say when it is a program, else None."""
        if not self._is_program_read:
            self._is_program_read = True
            if self.kind in {Type.PE, Type.ELF, Type.MACHO}:
                self._program = read_program(self.content, self.kind)
        return self._program

    def digest(self, algorithm: str) -> bytes:
        """Return the MD5, SHA-1 or SHA-256 of the content."""
        known = self._digests.get(algorithm)
        if known is None:
            known = hashlib.new(algorithm, self.content, usedforsecurity=False).digest()
            self._digests[algorithm] = known
        return known
