"""What a format is to the engine: a function that yields what is inside a container.

The contract, checked for every format by tests/engine/formats/test_conformance.py. An opener

- is a function `members(source, guard, name)`; `name` is the container's own name, for formats that store none;
- yields a Member for every object inside, and one with `names == ()` for what is wrong with the container itself;
- reads forward in pieces, and has every piece that it unpacks counted by `guard.grew`, every object by `guard.admit`;
- never raises anything but OSError (the source cannot be read); damage is a remark, and what came before is yielded;
- yields nothing more once `guard.stopped` says so, and ends for every input;
- never takes a stored name for a path: it is text for people.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source
from garrison.engine.type import Type

NAME_CHARS = 1000
TOO_SHORT = "damaged: ends too early"
CORRUPT = "damaged: cannot be unpacked"
ENCRYPTED = "encrypted: not opened"


@dataclass(frozen=True, slots=True)
class Listed:
    """What an archive's list says of a member. Sizes in bytes, -1 when it does not tell.

    position: its number in the archive, from 1. checksum: CRC-32, -1 when there is none.
    """

    name: str
    packed: int = -1
    size: int = -1
    is_encrypted: bool = False
    position: int = 0
    checksum: int = -1


@dataclass(frozen=True, slots=True)
class Member:
    """One object inside a container.

    names: its names from the container down, usually one; two when a compressed tar was opened in one go; none when
    the remark is about the container itself. content: its bytes, cut at the limit for one object; None when it was not
    opened. remark: what could not be seen of it, or "". kind: its type, when the format knows it better than the
    content (the text of macros). is_derived: whether the engine made it (unpacked code, decoded text); its name then
    stands in round brackets, as "(unpacked: UPX)". listed: what the archive's own list says of it, for signatures on
    such lists.
    """

    names: tuple[str, ...]
    content: bytes | None
    remark: str = ""
    kind: Type | None = None
    is_derived: bool = False
    listed: Listed | None = None


Opener = Callable[[Source, Guard, str], Iterator[Member]]


def collect(  # the fields of a Member
    names: tuple[str, ...],
    pieces: Iterable[bytes],
    guard: Guard,
    *,
    kind: Type | None = None,
    is_derived: bool = False,
    listed: Listed | None = None,
) -> Member:
    """Return the member whose content the pieces are, as far as they come. Raises OSError when the source does."""
    kept: list[bytes] = []
    room = guard.limits.object_bytes
    try:
        guard.admit()
    except Incomplete as reason:
        return Member(names, None, reason.remark, kind, is_derived, listed)
    remark = ""
    try:
        for piece in pieces:
            kept.append(piece[:room])
            room -= len(piece)
            if room < 0:
                remark = guard.size_remark
                break
    except Incomplete as reason:
        remark = reason.remark
    return Member(names, b"".join(kept), remark, kind, is_derived, listed)


def closed(names: tuple[str, ...], why: str, guard: Guard, listed: Listed | None = None) -> Member:
    """Return the member that is not opened."""
    guard.pass_over()
    return Member(names, None, why, listed=listed)


def by_method(  # where it lies, what it is, and how it is packed
    source: Source, guard: Guard, at: int, method: int, listed: Listed, unpack: Callable[[], Iterable[bytes] | None]
) -> Member:
    """Return a member of an archive: not opened when it is encrypted, as it is when its method is 0, else unpacked.

    at: where its bytes begin. unpack: gives the pieces, already counted, or None for a method that is not known.
    Raises OSError.
    """
    names = (listed.name,)
    if listed.is_encrypted:
        return closed(names, ENCRYPTED, guard, listed)
    pieces = unpack() if method else stored(source, at, listed.packed, guard)
    if pieces is None:
        return closed(names, f"not opened: packed by method {method}", guard, listed)
    return collect(names, pieces, guard, listed=listed)


def derived(name: str, content: bytes, guard: Guard, kind: Type | None = None) -> Member:
    """Return what the engine made out of an object. name: what it is, for people, without brackets."""
    return collect((f"({name})",), _counted(content, guard), guard, kind=kind, is_derived=True)


def _counted(content: bytes, guard: Guard) -> Iterator[bytes]:
    guard.grew(len(content))
    yield content


def stored(source: Source, start: int, length: int, guard: Guard) -> Iterator[bytes]:
    """Yield a run of bytes that is not compressed. Raises Incomplete when it ends too early or at a limit, OSError."""
    got = 0
    for piece in source.pieces(start, length):
        got += len(piece)
        guard.grew(len(piece))
        yield piece
    if got < length:
        raise Incomplete(TOO_SHORT)


def part_name(whole: str, what: str) -> str:
    """Return the name of a part of something that has a name: "NAME (what it is)", no longer than names are."""
    return f"{whole[: NAME_CHARS - len(what) - 3]} ({what})"


def clean_name(untrusted: bytes) -> str:
    """Return a stored name as text: UTF-8, other bytes as surrogates (PEP 383), cut when absurdly long."""
    name = untrusted[: NAME_CHARS * 4].decode("utf-8", "surrogateescape")
    return name if len(name) <= NAME_CHARS else name[:NAME_CHARS] + "…"
