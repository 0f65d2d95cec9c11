"""Universal Mach-O programs: one for each machine, in one file (<mach-o/fat.h>)."""

from collections.abc import Iterator

from garrison.engine.formats import overlay
from garrison.engine.formats.opener import Member, collect, stored
from garrison.engine.guard import Guard
from garrison.engine.programs import macho
from garrison.engine.source import Source


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:
    """Yield each machine's program, or what follows a program for one machine. Raises OSError."""
    parts = macho.slices(source.read_at(0, 4096), source.size)
    if not parts:
        yield from overlay.members(source, guard, name)
    for machine, at, size in parts:
        if not guard.stopped:
            yield collect((machine,), stored(source, at, size, guard), guard)
