"""OpenDocument's macros: a module of Basic is a text in an XML file of its own.

OpenOffice's module.dtd describes it.
"""

import re
from collections.abc import Iterator
from contextlib import suppress

from garrison.engine.formats.ooxml import unescaped
from garrison.engine.formats.opener import Member, clean_name, derived
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type

_MOST_BYTES = 16 * 1024 * 1024
_MODULE = re.compile(rb"<script:module\b([^<>]{0,2000})>")
_NAME = re.compile(rb'script:name="([^"]{1,200})"')
_END = b"</script:module>"


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the module as plain text. Raises OSError."""
    if b"<script:module" not in source.head():
        return
    content = source.read_at(0, _MOST_BYTES)
    with suppress(Incomplete):  # told at the end
        guard.check()
    start = _MODULE.search(content)
    if start is not None:
        end = content.rfind(_END, start.end())
        named = _NAME.search(start[1])
        shown = clean_name(unescaped(named[1])) if named else "module"
        text = unescaped(content[start.end() : end if end >= 0 else len(content)])
        yield derived(f"macros: {shown}", text, guard, Type.VBSCRIPT)
    if guard.stopped:
        yield Member((), None, guard.stopped)
