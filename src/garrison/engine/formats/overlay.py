"""What follows a program in its file."""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member, collect, stored
from garrison.engine.formats.zip_directory import has_directory
from garrison.engine.guard import Guard
from garrison.engine.identify import identify_source
from garrison.engine.programs.program import Program
from garrison.engine.programs.reader import read_program
from garrison.engine.source import Source


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the bytes behind a program, but not its certificate, and no zip: those are found at any file's end."""
    program = source.program or _read(source.read_at(0, guard.limits.object_bytes))
    if program is not None:
        yield from behind(source, program, guard)


def _read(content: bytes) -> Program | None:
    return read_program(content, identify_source(Source(content)))


def behind(source: Source, program: Program, guard: Guard) -> Iterator[Member]:
    """Yield what follows a program whose headers were read. Raises OSError."""
    start, end = extent(program, source.size)
    if end > start and not (source.read_at(start, 4) == b"PK\x03\x04" and has_directory(source)):
        yield collect(("overlay",), stored(source, start, end - start, guard), guard)


def extent(program: Program, size: int) -> tuple[int, int]:
    """Return where the overlay begins and ends. A certificate ends it, or is jumped over when it comes first."""
    start, end = program.overlay, size
    signed, length = program.certificate
    if length and signed >= start:
        if signed - start < 8:
            start = signed + length + -length % 8
        else:
            end = signed
    return min(start, end), end
