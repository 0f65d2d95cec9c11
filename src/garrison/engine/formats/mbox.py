"""Folders of mails in one file: RFC 4155, read from front to end."""

from collections.abc import Iterator

from garrison.engine.formats.opener import Member, collect
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from garrison.engine.type import Type

_MARK = b"\nFrom "
_PIECE = 16 * 1024


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the mails. Raises OSError."""
    folder = _Folder(source, guard)
    number = 0
    while folder.is_more and not guard.stopped:
        number += 1
        pieces = folder.mail()
        yield collect((f"mail {number}",), pieces, guard, kind=Type.EMAIL)
        if not guard.stopped:
            for _ in pieces:  # what is over the limit of one object
                pass


class _Folder:
    """The mails, one after the other. is_more: whether one follows."""

    def __init__(self, source: Source, guard: Guard) -> None:
        self._pieces = source.pieces(most=_PIECE)
        self._guard = guard
        self._left = next(self._pieces, b"")
        self.is_more = bool(self._left)

    def mail(self) -> Iterator[bytes]:
        """Yield one mail without the line before it. Raises Incomplete at a limit, OSError."""
        if self._left.startswith(_MARK[1:]):
            self._left = self._left.partition(b"\n")[2]
        while True:
            stop = self._left.find(_MARK)
            if stop >= 0:
                piece, self._left = self._left[: stop + 1], self._left[stop + 1 :]
                self._guard.grew(len(piece))
                yield piece
                return
            following = next(self._pieces, b"")
            keep = len(_MARK) - 1 if following else 0
            cut = max(len(self._left) - keep, 0)
            piece, self._left = self._left[:cut], self._left[cut:] + following
            self.is_more = bool(following)
            self._guard.grew(len(piece))
            if piece:
                yield piece
            if not following:
                return
