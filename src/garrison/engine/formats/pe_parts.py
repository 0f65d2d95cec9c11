"""What lies in a PE program: resources, other programs and archives, and what follows it."""

from collections.abc import Iterator

from garrison.engine.formats import overlay
from garrison.engine.formats.carve import carve
from garrison.engine.formats.opener import Member, collect, stored
from garrison.engine.guard import Guard
from garrison.engine.identify import identify
from garrison.engine.programs import pe
from garrison.engine.source import Source
from garrison.engine.type import Type

_RESOURCES = 256
_LEAST = 16
_OWN_TYPES = {"10", "23"}  # RCDATA and HTML; types with a name are the program's own as well
# What says nothing more by itself: it was matched with the program.
_PLAIN = {Type.DATA, Type.TEXT, Type.PNG, Type.JPEG, Type.GIF, Type.BMP, Type.TIFF, Type.XML, Type.SVG, Type.SCRIPT}


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield resources that are objects of their own, the overlay, and what lies anywhere in it. Raises OSError."""
    program = source.program or pe.read(source.read_at(0, guard.limits.object_bytes))
    if program is None:
        yield from carve(source, 64, source.size, guard)
        return
    taken: set[int] = set()
    for kind, label, at, size in program.resources:
        if size < _LEAST or at in taken or len(taken) >= _RESOURCES or (kind not in _OWN_TYPES and kind.isdecimal()):
            continue
        if identify(source.read_at(at, min(size, 4096))) not in _PLAIN:
            taken.add(at)
            yield collect((f"resource {kind}/{label}"[:200],), stored(source, at, size, guard), guard)
        if guard.stopped:
            return
    start, _ = overlay.extent(program, source.size)
    yield from carve(source, 64, start, guard, taken)
    if not guard.stopped:
        yield from overlay.behind(source, program, guard)
