"""Reports: pages of the journal, charts, exports, its proof, and the weekly letter."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, ClassVar

from garrison.base.errors import Invalid
from garrison.base.languages import ENGLISH, translator
from garrison.daemon.door import Call
from garrison.daemon.journal_verify import Verifying
from garrison.daemon.operations.base import Operations
from garrison.daemon.reports.asking import Asked
from garrison.daemon.reports.charts import Step, events_counted
from garrison.daemon.reports.export import Export
from garrison.daemon.reports.formats import Format
from garrison.daemon.reports.letter import DAYS, MOST_TOLD, TELLING, News, as_html, as_text, letter_of
from garrison.daemon.reports.query import Group, Query, Sort
from garrison.daemon.reports.results import (
    ChartRow,
    Exported,
    GroupCount,
    JournalRow,
    Letter,
    LetterReady,
    ProblemRow,
    ReportPage,
    Streamed,
    Verified,
)
from garrison.sdk import Access, Caller, Counted, Event, Job, Severity, about, action, task

_PART = "suite.report-part"
Days = Annotated[int, about("Of the last so many days; 0: all", ge=0, le=36_500)]
Since = Annotated[str, about("From this day or moment on (2026-01-31, 2026-01-31T18:30)", max_length=40)]
Until = Annotated[str, about("Before this day or moment", max_length=40)]
Severities = Annotated[list[Severity], about("Of this severity only (several)", max_length=10)]
Components = Annotated[list[str], about("Of this component only (several)", max_length=100)]
Events = Annotated[list[str], about("Of this event only, as in ThreatFound (several)", max_length=100)]
Words = Annotated[str, about("With this text in its sentence or details", max_length=1000)]
Columns = Annotated[list[str], about("COLUMN=TEXT: with the text in a column or detail (several)", max_length=20)]
After = Annotated[str, about("Go on where the page before ended, as it said", max_length=40)]
Kinds = Annotated[Format, about("How it is written")]


class ReportOperations(Operations):
    """Report on what happened."""

    events: ClassVar[tuple[type[Event], ...]] = (LetterReady,)
    aliases: ClassVar[dict[str, str]] = {
        "report": "report-list",
        "report list": "report-list",
        "report chart": "report-chart",
        "report export": "report-export",
        "report verify": "report-verify",
        "report letter": "report-letter",
    }

    @action("Report", access=Access.VIEW)
    async def report_list(  # noqa: PLR0913 # each narrows down what is shown
        self,
        caller: Caller,
        days: Days = 0,
        since: Since = "",
        until: Until = "",
        severity: Severities = [],
        component: Components = [],
        event: Events = [],
        text: Words = "",
        column: Columns = [],
        group: Annotated[
            Group, about("Put together by; with the count of each where no text is asked for")
        ] = Group.NONE,
        sort: Annotated[Sort, about("In which order")] = Sort.NEWEST,
        after: After = "",
        limit: Annotated[int, about("So many at the most", ge=1, le=1000)] = 50,
    ) -> ReportPage:
        """Show what happened, page by page, as it is asked for."""
        desk = self._reports
        asked = Asked(caller, desk.since(days), since, until, severity, component, event, text, column)
        query = replace(asked.query(desk.zone, sort, group), after=after, limit=limit)
        page = await desk.page(query)
        counted = group is not Group.NONE and not (text or column or after)
        groups = await desk.groups(query, group) if counted else {}
        return ReportPage(
            rows=[JournalRow.of(row) for row in page.rows],
            groups=[GroupCount(name=name, count=count) for name, count in groups.items()],
            total=page.total,
            is_exact=page.is_exact,
            after=page.after,
            is_whole=page.is_whole,
        )

    @action("Chart", access=Access.VIEW)
    async def report_chart(
        self,
        caller: Caller,
        kind: Annotated[Counted | None, about("Of this only")] = None,
        days: Annotated[int, about("Of the last so many days", ge=1, le=3660)] = 30,
        since: Since = "",
        until: Until = "",
        step: Annotated[Step, about("How long each step is")] = Step.DAY,
    ) -> list[ChartRow]:
        """Show how many threats, scans, blocked accesses and updates there were over time."""
        asked = Asked(caller, self._reports.since(days), since, until, (), (), (), "", ())
        base = asked.query(self._reports.zone)
        wanted = self._counted()
        queries = {
            counted.value: replace(base, events=wanted[counted] or ("",))
            for counted in Counted
            if kind in {None, counted}
        }
        points = await self._reports.points(queries, step)
        names = [counted.value for counted in Counted]
        return [
            ChartRow(start=point.start.isoformat(), **{name: point.counts.get(name) for name in names})
            for point in points
        ]

    def _counted(self) -> dict[Counted, tuple[str, ...]]:
        return events_counted(type(component) for component in self._parts.components.values())

    @task("Export a report")
    async def report_export(  # noqa: PLR0913 # each narrows down what is written
        self,
        job: Job,
        to: Annotated[Path | None, about("Into this file; without one it is shown")] = None,
        format: Kinds = Format.CSV,  # noqa: A002 # the name that people know
        days: Days = 0,
        since: Since = "",
        until: Until = "",
        severity: Severities = [],
        component: Components = [],
        event: Events = [],
        text: Words = "",
        column: Columns = [],
        replace: Annotated[bool, about("Also when the file is there already")] = False,
    ) -> Exported | Streamed:
        """Write what happened into a file: CSV, JSON lines, syslog (RFC 5424), CEF, or a page to print."""
        asked = Asked(job.caller, self._reports.since(days), since, until, severity, component, event, text, column)
        export = self._export(asked, format)
        if to is None:
            part, following, _ = await export.part("")
            return Streamed(stream=part, next=following, operation=_PART)
        rows = await export.write(to, job.caller, replace, job.progress)
        return Exported(path=str(to), rows=rows)

    @action("A part of an export", access=Access.VIEW)
    async def report_part(  # noqa: PLR0913 # likewise
        self,
        caller: Caller,
        format: Kinds = Format.CSV,  # noqa: A002 # likewise
        days: Days = 0,
        since: Since = "",
        until: Until = "",
        severity: Severities = [],
        component: Components = [],
        event: Events = [],
        text: Words = "",
        column: Columns = [],
        after: After = "",
    ) -> Streamed:
        """Give a part of an export as text, for a surface that hands it on."""
        asked = Asked(caller, self._reports.since(days), since, until, severity, component, event, text, column)
        part, following, _ = await self._export(asked, format).part(after)
        return Streamed(stream=part, next=following, operation=_PART)

    def _export(self, asked: Asked, kind: Format) -> Export:
        today = self._parts.clock.now().date().isoformat()
        return Export(self._reports, asked.query(self._reports.zone), kind, f"Garrison: report of {today}")

    @action("Verify the journal", access=Access.VIEW)
    async def report_verify(
        self, head: Annotated[str, about("Look for the mark that a weekly letter gave, too", max_length=64)] = ""
    ) -> Verified:
        """Check that no row of the journal was changed, added or removed, and that its end is the one written last."""
        try:
            wanted = bytes.fromhex(head)
        except ValueError:
            raise Invalid("head: a mark is 64 letters from 0 to 9 and a to f.") from None
        journal = self._parts.journal
        looking = Verifying.of(journal, *([wanted] if wanted else []))
        problems = await looking.run()
        return Verified(
            intact=not problems,
            first_broken=problems[0].row if problems else None,
            problems=[
                ProblemRow(wrong=problem.wrong.value, row=problem.row, last=problem.last, text=str(problem.text()))
                for problem in problems
            ],
            rows=looking.rows,
            cut=journal.cut_rows(),
            sealed_since=journal.sealed.since,
            head=journal.sealed.event,
            chain=journal.sealed.chain.hex(),
            known_head=looking.heads[wanted] if wanted else None,
        )

    @action("Weekly letter", access=Access.VIEW)
    async def report_letter(self, caller: Caller) -> Letter:
        """Tell on one page what happened in the last seven days, and what needs you."""
        letter = letter_of(await self._news(caller))
        t = translator(self.settings.language or ENGLISH)
        lines = [line for part in letter for line in (part.title, *part.lines)]
        sealed = self._parts.journal.sealed
        return Letter(
            subject=t.message(str(letter[0].title)),
            text=as_text(letter, t),
            html=as_html(letter, t),
            head=sealed.event,
            chain=sealed.chain.hex(),
            lines=lines,
        )

    @task("Write the weekly letter", schedule="every 7 days at 09:00, if missed")
    async def weekly_letter(self, job: Job) -> Letter:
        """Write the weekly letter, and tell that it is there."""
        letter = await self.report_letter(job.caller)
        self.host.report(LetterReady(text=letter.text, row=letter.head, mark=letter.chain), job.caller.uid)
        return letter

    async def _news(self, caller: Caller) -> News:
        desk, sealed = self._reports, self._parts.journal.sealed
        base = replace(TELLING, owner=None if caller.is_owner else caller.uid, since=desk.since(DAYS))
        page = await desk.page(base)
        counts = {
            counted.value: await self._count(replace(base, severities=(), events=names or ("",)))
            for counted, names in self._counted().items()
        }
        status = (await self._parts.door.call(Call("suite.status", {}, caller))).result
        rows = await self._count(Query(owner=base.owner))
        return News(
            until=self._parts.clock.now(),
            colour=status["colour"],
            counts=counts,
            worst=page.rows,
            more=max(0, (page.total or 0) - MOST_TOLD),
            needs=[issue["text"] for issue in status["issues"]],
            rows=rows,
            head=sealed.event,
            chain=sealed.chain.hex(),
        )

    async def _count(self, query: Query) -> int:
        return sum((await self._reports.groups(query, Group.NONE)).values())
