"""Compile lines and match a buffer against them, in one call."""

from collections.abc import Iterable

from garrison.engine.patterns.stage import PatternStage
from garrison.engine.patterns.writer import PatternWriter
from garrison.engine.programs.program import Program
from garrison.engine.subject import Subject
from garrison.engine.type import Type


def opened(extended: Iterable[str] = (), logical: Iterable[str] = ()) -> PatternStage:
    """Return a stage that knows these lines."""
    writer = PatternWriter()
    for line in extended:
        writer.extended(line, "test.ndb")
    for line in logical:
        writer.logical(line, "test.ldb")
    return PatternStage.open({name: memoryview(content) for name, content in writer.write().items()})


def found(
    content: bytes,
    extended: Iterable[str] = (),
    logical: Iterable[str] = (),
    kind: Type = Type.DATA,
    program: Program | None = None,
    parent: Subject | None = None,
) -> dict[str, int]:
    """Return what matches, by name, with the offset."""
    subject = Subject(content, kind, parent=parent)
    if program is not None:
        subject._program = program
        subject._is_program_read = True
    return {match.name: match.offset for match in opened(extended, logical).match(subject)}
