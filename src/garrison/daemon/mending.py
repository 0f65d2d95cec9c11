"""Mending what status shows: one issue or all of them, or only saying what would be done."""

from collections.abc import Awaitable, Callable, Sequence

from garrison.base.errors import GarrisonError, NotFound
from garrison.daemon.door import Call
from garrison.daemon.ignored import IssueRow
from garrison.daemon.isolation import outcome_of
from garrison.daemon.jobs import Answer
from garrison.sdk import Caller, Frozen, Result, Text, UntrustedText

_START = "suite.start"


class MendedRow(Frozen):
    """An issue, the operation that mends it ("" when only a person can), and what came of it; done: None: not tried."""

    issue: str
    text: UntrustedText
    operation: str
    done: bool | None
    said: UntrustedText


class Mended(Result):
    """What was mended, or would be."""

    rows: list[MendedRow]
    preview: bool

    def sentences(self) -> list[Text]:
        """Say it, an issue a line."""
        if not self.rows:
            return [Text("There is nothing to mend.")]
        return [line for row in self.rows for line in _said(row)]

    def exit_code(self) -> int:
        """Return 3 when something that was tried could not be mended."""
        return 3 if any(row.done is False for row in self.rows) else 0


def _said(row: MendedRow) -> list[Text]:
    if row.done is not None:
        return [Text("{what}: {said}", what=row.text, said=row.said)]
    if row.operation:
        return [Text("{what}. To be mended by: {operation}", what=row.text, operation=row.operation)]
    return [Text("{what}. Only a person can mend it.", what=row.text)]


class Mender:
    """Mends issues for a caller. issues: asks for those there are now. call: the door."""

    def __init__(
        self, caller: Caller, issues: Callable[[], Sequence[IssueRow]], call: Callable[[Call], Awaitable[Answer]]
    ) -> None:
        self._caller = caller
        self._issues = issues
        self._call = call

    async def named(self, names: Sequence[str], really: bool) -> Mended:
        """Mend some issues. Raises NotFound, before anything is done; and what mending raises."""
        there = {row.id: row for row in self._issues()}
        for name in names:
            if name not in there:
                raise NotFound("There is no issue “{name}” now.", "garrison status shows what is wrong.", name=name)
            if not there[name].fix:
                raise NotFound("“{what}” cannot be mended by Garrison itself.", what=there[name].text)
        rows = [await self._mend(there[name], really) for name in names]
        return Mended(rows=rows, preview=not really)

    async def all(self, really: bool) -> Mended:
        """Mend all that can be mended; what fails is told, and the others go on."""
        rows = []
        for row in self._issues():
            if really and not any(now.id == row.id for now in self._issues()):
                continue  # mending another has mended it
            work = await outcome_of(self._mend(row, really and bool(row.fix)), f"mend {row.id}")
            rows.append(_row(row, done=False, said=work.text) if isinstance(work, GarrisonError) else work)
        return Mended(rows=rows, preview=not really)

    async def _mend(self, row: IssueRow, really: bool) -> MendedRow:
        if not really:
            return _row(row, done=None, said="")
        arguments = {"component": row.component} if row.fix == _START else {}
        answer = await self._call(Call(row.fix, arguments, self._caller))
        return _row(row, done=answer.exit_code == 0, said=" ".join(str(text) for text in answer.says) or "Done.")


def _row(row: IssueRow, done: bool | None, said: str) -> MendedRow:
    return MendedRow(issue=row.id, text=row.text, operation=row.fix, done=done, said=said)
