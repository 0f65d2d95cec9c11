"""Whether an object lies where a signature wants it: in what container, and through what others."""

import zlib
from typing import Any, Final

from garrison.engine.identify import is_tar
from garrison.engine.patterns.targets import CONTAINERS, ROOT, STREAMS
from garrison.engine.subject import Subject
from garrison.engine.type import Type

_MOST_STREAMS: Final = 4  # of which both readings are tried
_ENOUGH: Final = 64 * 1024  # packed bytes that give the first block of a tar
_BLOCK: Final = 512


def lies_in(about: dict[str, Any], subject: Subject, more: int) -> bool:
    """Return whether an object lies where the signature wants it. more: layers that are no containers.

    As in clamscan CL_TYPE_ANY is any layer among the intermediates, and none as a container.
    """
    if "container" not in about and "intermediates" not in about:
        return True
    wanted = about.get("intermediates", [])
    named = [name for name in reversed(wanted) if name != ROOT]
    return any(
        ("container" not in about or _is_a(about["container"][-1], chain[:1]))
        and len(wanted) <= len(chain) + more
        and all(_is_a(name, chain[at : at + 1]) for at, name in enumerate(named))
        for chain in _chains(subject)
    )


def _chains(subject: Subject) -> list[tuple[Type, ...]]:
    """Return what the containers may be, the innermost first.

    A tar in a stream is opened with it, and is no parent. What lies in it counts as lying in the stream, too: clamscan
    matches the tar as a whole, which we do not.
    """
    chains: list[tuple[Type, ...]] = [()]
    outer, streams = subject.parent, 0
    while outer is not None:
        without = [(*chain, outer.kind) for chain in chains]
        with_tar: list[tuple[Type, ...]] = []
        if outer.kind in STREAMS and streams < _MOST_STREAMS and _may_have_tar(outer):
            streams += 1
            with_tar = [(*chain, Type.TAR, outer.kind) for chain in chains]
        chains = without + with_tar
        outer = outer.parent
    return chains


def _may_have_tar(stream: Subject) -> bool:
    """Return whether a tar may be in a stream; of gzip alone it is known."""
    if stream.kind != Type.GZIP:
        return True
    known = stream.facts.get("has tar")
    if not isinstance(known, bool):
        try:
            start = zlib.decompressobj(wbits=31).decompress(stream.content[:_ENOUGH], _BLOCK)
        except zlib.error:
            start = b""
        known = stream.facts["has tar"] = is_tar(start)
    return known


def _is_a(name: str, found: tuple[Type, ...]) -> bool:
    return not found if name == ROOT else bool(found) and found[0] in CONTAINERS[name]
