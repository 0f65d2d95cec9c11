"""What the reports' operations give back."""

from typing import Any, ClassVar, Self

from garrison.base.text import printable
from garrison.daemon.reports.query import Row
from garrison.sdk import Event, Frozen, Result, Text, UntrustedText
from garrison.sdk.values import render


class JournalRow(Frozen):
    """Something that happened, as a sentence."""

    id: int
    at: str
    severity: str
    component: str
    text: UntrustedText
    name: str
    details: dict[str, Any]

    @classmethod
    def of(cls, row: Row) -> Self:
        """Return a row of the journal with its sentence put together."""
        return cls(
            id=row.id,
            at=row.at,
            severity=row.severity,
            component=row.component,
            text=render(row.says, row.details),
            name=row.name,
            details=row.details,
        )


class GroupCount(Frozen):
    """How many rows a group has."""

    name: UntrustedText
    count: int


class ReportPage(Result):
    """A page of a report.

    total: how many rows there are in all, where that is known. is_exact: False where it is estimated. after: where the
    next page begins, "" at the end. is_whole: False when time was up before the page was full; the next goes on.
    """

    rows: list[JournalRow]
    groups: list[GroupCount]
    total: int | None
    is_exact: bool
    after: str
    is_whole: bool

    def sentences(self) -> list[Text]:
        """Say it, a row a line."""
        lines = [Text("{name}: {count}", name=group.name or "-", count=group.count) for group in self.groups]
        lines += [
            Text(
                "{at}  {severity}  {component}  {text}",
                at=row.at,
                severity=row.severity,
                component=row.component,
                text=row.text,
            )
            for row in self.rows
        ]
        return lines + self._ends()

    def _ends(self) -> list[Text]:
        if not self.rows and not self.after:
            return [Text("Nothing.")]
        lines = []
        if self.total is not None:
            about = Text("{count} row in all.", many="{count} rows in all.", count=self.total)
            lines.append(about if self.is_exact else Text("About {total} rows in all.", total=self.total))
        if self.after:
            lines.append(Text("There is more: --after {after}", after=self.after))
        return lines


class ChartRow(Frozen):
    """What there was in one step. start: ISO 8601 with the time zone. None: not asked for."""

    start: str
    threats: int | None
    scans: int | None
    blocked: int | None
    updates: int | None


class Streamed(Result):
    """A part of a text that goes on. next: where it does, "" at the end; `operation` gives it, asked with `after`."""

    stream: UntrustedText
    next: str
    operation: str

    def sentences(self) -> list[Text]:
        """Say nothing: it is the text itself that counts."""
        return []


class Exported(Result):
    """A file that was written."""

    path: UntrustedText
    rows: int

    def sentences(self) -> list[Text]:
        """Say it."""
        return [
            Text(
                "{count} row was written to {path}.",
                many="{count} rows were written to {path}.",
                count=self.rows,
                path=printable(self.path),
            )
        ]


class ProblemRow(Frozen):
    """What is wrong with the journal. wrong: its kind; row, last: the rows that it concerns."""

    wrong: str
    row: int
    last: int
    text: UntrustedText


class Verified(Result):
    """Whether the journal is as it was written.

    cut: how many rows its limits had removed from its old end. head, chain: its newest row and that row's mark.
    known_head: the row that bears the mark that was asked for, 0 when there is none, None when none was.
    """

    intact: bool
    first_broken: int | None
    problems: list[ProblemRow]
    rows: int
    cut: int
    sealed_since: int
    head: int
    chain: str
    known_head: int | None

    def sentences(self) -> list[Text]:
        """Say it."""
        if not self.intact:
            said = [Text("The journal is not as it was written.")]
            return said + [Text("  {what}", what=problem.text) for problem in self.problems] + self._known()
        whole = Text("The journal is intact: every row follows from the one before, and its end is sealed.")
        end = Text("It ends with row {row}. Its mark: {chain}", row=self.head, chain=self.chain)
        return [whole, *self._cut(), *self._known(), end]

    def _known(self) -> list[Text]:
        if self.known_head is None:
            return []
        if self.known_head:
            return [
                Text("The mark is that of row {row}: what is before it was not changed since.", row=self.known_head)
            ]
        return [Text("No row bears that mark: the journal is another, or the row was cut off by its limits.")]

    def _cut(self) -> list[Text]:
        if not self.cut:
            return []
        return [
            Text(
                "{count} older row was removed, as the limits of age and size say.",
                many="{count} older rows were removed, as the limits of age and size say.",
                count=self.cut,
            )
        ]

    def exit_code(self) -> int:
        """Return 3 when it was changed, or does not bear the mark that was asked for."""
        return 0 if self.intact and self.known_head != 0 else 3


class Letter(Result):
    """The weekly letter. text, html: in the language of letters; lines: a sentence each, for the reader's language."""

    subject: UntrustedText
    text: UntrustedText
    html: UntrustedText
    head: int
    chain: str
    lines: list[Text]

    def sentences(self) -> list[Text]:
        """Say the letter."""
        return self.lines


class LetterReady(Event):
    """The weekly letter was written. text: the letter. mark: the chain of the journal's newest row, row: which."""

    says: ClassVar[str] = "The weekly letter is ready (garrison report letter); the journal's end is row {row}, {mark}"
    text: UntrustedText
    row: int
    mark: str
