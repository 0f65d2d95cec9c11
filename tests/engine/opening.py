"""Openers, run the way the engine runs them, with their contract checked on the way."""

from garrison.engine.budget import Budget, Limits, Unbounded
from garrison.engine.formats.opener import NAME_CHARS, Member, Opener
from garrison.engine.guard import Guard
from garrison.engine.source import Source

SMALL = Limits(object_bytes=64 * 1024, total_bytes=256 * 1024, members=50, ratio=50, ratio_from_bytes=32 * 1024)
PIECE = 512 * 1024  # the most that comes in one go after a limit was reached


class Spent:
    """A budget that is over after so many questions."""

    def __init__(self, after: int = 0) -> None:
        self.left = after

    def spent(self) -> bool:
        self.left -= 1
        return self.left < 0


def opened(
    opener: Opener, content: bytes, name: str = "sample", limits: Limits | None = None, budget: Budget | None = None
) -> list[Member]:
    """Return what an opener yields, having checked what every opener promises."""
    used = limits or Limits()
    guard = Guard(used, budget or Unbounded(), len(content))
    members: list[Member] = []
    contents_after_stop = 0
    for member in opener(Source(content), guard, name):
        check_member(member, used)
        members.append(member)
        contents_after_stop += bool(guard.stopped) and member.content is not None
    assert contents_after_stop <= 1, "only the object in which the limit was reached may still come"
    assert guard.objects <= used.members
    assert guard.unpacked <= used.total_bytes + PIECE
    return members


def check_member(member: Member, limits: Limits) -> None:
    assert all(len(name) <= NAME_CHARS + 1 for name in member.names)
    assert len(member.names) <= 2
    assert member.content is None or len(member.content) <= limits.object_bytes
    assert member.content is not None or member.remark, "what was not opened has a reason"
    assert member.names or member.content is None, "a container's own remark has no content"
    assert member.remark == member.remark.strip()
    assert member.remark.isprintable(), "a remark goes to people's terminals"


def contents(members: list[Member]) -> dict[tuple[str, ...], bytes]:
    return {member.names: member.content for member in members if member.content is not None}


def remarks(members: list[Member]) -> list[str]:
    return [member.remark for member in members if member.remark]


def survives(opener: Opener, whole: bytes, step: int = 1) -> None:
    """Open a container cut, and with one bit changed, at every so many bytes; `opened` checks what it promises."""
    for at in range(0, len(whole), step):
        opened(opener, whole[:at], limits=SMALL)
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        opened(opener, bytes(changed), limits=SMALL)


def holds(members: list[Member], name: str, content: bytes) -> None:
    """Check that this is the one member, sound and listed."""
    assert contents(members) == {(name,): content}
    assert remarks(members) == []
    assert members[0].listed
    assert (members[0].listed.name, members[0].listed.size) == (name, len(content))
