"""What a scan gives back, and the list of past scans."""

from garrison import sdk
from garrison.base.errors import EXIT_ALL_HANDLED, EXIT_DONE, EXIT_FAILED, EXIT_NOT_ALL_HANDLED
from garrison.base.text import phrase, plural, printable, size

_SHOWN = 100


class FindingRow(sdk.Frozen):
    """A threat. inner: names down the containers. action: what was asked. result: what came of it.

    signature: what matched, as its database names it. offset: of its first pattern in the innermost object, -1 when
    that says nothing. score: of heuristics, 0 otherwise. startup: what it has to do with starting by itself, or "".
    """

    path: sdk.UntrustedText
    inner: list[sdk.UntrustedText]
    name: str
    kind: str
    certainty: str
    action: str
    result: sdk.UntrustedText
    why: sdk.UntrustedText
    quarantine_id: str
    signature: str = ""
    offset: int = -1
    score: int = 0
    startup: sdk.UntrustedText = ""


class RunningRow(sdk.Frozen):
    """A threat that is no file: in a process, in a boot sector, or something that hides. place: where, in words.

    pid, program: of the process, 0 and "" for the system's own. action: what was asked. result: what came of it.
    """

    place: sdk.UntrustedText
    pid: int
    program: sdk.UntrustedText
    name: str
    kind: str
    certainty: str
    action: str
    result: sdk.UntrustedText
    why: sdk.UntrustedText


class ErrorRow(sdk.Frozen):
    """What could not be examined, whole or in part, and why."""

    path: sdk.UntrustedText
    what: sdk.UntrustedText


class ScanSummary(sdk.Result):
    """All that came of a scan. objects, bytes: files and what was unpacked from them. complete: not cut short.

    more_findings, more_errors: how many there were that are not listed. kept: whether it is among the past scans.
    explained: whether a person asked why. unchanged: how many files were passed over, clean and unchanged since.
    running: threats that are no files. waits: the number of a scan that was paused, 0 otherwise.
    shut_down: what came of shutting the computer down, where that was asked for.
    """

    objects: int
    files: int
    bytes: int
    seconds: float
    findings: list[FindingRow]
    errors: list[ErrorRow]
    more_findings: int = 0
    more_errors: int = 0
    unreadable_roots: int = 0
    handled: int = 0
    complete: bool = True
    kept: bool = True
    explained: bool = False
    unchanged: int = 0
    waits: int = 0
    shut_down: sdk.UntrustedText = ""
    running: list[RunningRow] = []  # noqa: RUF012 # pydantic copies it

    @property
    def threats(self) -> int:
        """How many threats there were, listed or not."""
        return len(self.findings) + len(self.running) + self.more_findings

    def exit_code(self) -> int:
        """Return 101 when all threats are out of the way, 102 when not, 3 when a given path could not be read."""
        if self.threats:
            return EXIT_ALL_HANDLED if self.handled == self.threats else EXIT_NOT_ALL_HANDLED
        return EXIT_FAILED if self.unreadable_roots else EXIT_DONE

    def sentences(self) -> list[sdk.Text]:
        """Say what was found, what could not be seen, and the sum of it."""
        lines = [line for row in self.findings[:_SHOWN] for line in _finding(row, self.explained)]
        lines += [line for row in self.running[:_SHOWN] for line in _running(row)]
        lines += _more(max(len(self.findings), len(self.running)), self.more_findings, "threat", "threats")
        lines += [
            sdk.Text("Not examined: {path}: {what}", path=printable(row.path), what=printable(row.what))
            for row in self.errors[:_SHOWN]
        ]
        lines += _more(len(self.errors), self.more_errors, "line", "lines")
        if not self.kept:
            lines.append(sdk.Text("This scan could not be kept in the list of past scans."))
        lines.append(self._sum())
        if any(row.action == "ask" and not row.quarantine_id for row in self.findings):
            how = "garrison inbox, or: garrison scan resolve --action cure|quarantine|delete|leave"
            lines.append(sdk.Text("It is for you to decide what is to be done: {how}", how=how))
        if self.shut_down:
            lines.append(sdk.Text("After the scan: {what}.", what=self.shut_down))
        if self.waits:
            lines.append(sdk.Text("It is paused: garrison scan resume {number} goes on with it.", number=self.waits))
        return lines

    def _sum(self) -> sdk.Text:
        threats = plural(self.threats, "threat", "threats") if self.threats else phrase("no threat")
        dealt = phrase(", {handled} out of the way", handled=f"{self.handled:,}") if self.threats else ""
        return sdk.Text(
            "{how}: {threats} found{dealt} in {files} ({objects}, {size}{unchanged}) in {seconds} s.",
            how=phrase("Scanned" if self.complete else "Scanned in part"),
            threats=threats,
            dealt=dealt,
            files=plural(self.files, "file", "files"),
            objects=plural(self.objects, "object", "objects"),
            size=size(self.bytes),
            unchanged=phrase("; {unchanged} clean and unchanged", unchanged=f"{self.unchanged:,}")
            if self.unchanged
            else "",
            seconds=f"{self.seconds:.1f}",
        )


def _finding(row: FindingRow, explained: bool) -> list[sdk.Text]:
    place = " > ".join(printable(part) for part in [row.path, *row.inner])
    lines = [sdk.Text("Threat: {name} in {place}: {result}", name=row.name, place=place, result=row.result)]
    if row.startup:
        lines.append(sdk.Text("  It starts by itself: {what}", what=printable(row.startup)))
    if explained:
        lines.append(sdk.Text("  Why: {why}", why=printable(row.why)))
        lines.append(sdk.Text("  Signature: {signature}; kind: {kind}; {certainty}{offset}{score}", **_evidence(row)))
    return lines


def _running(row: RunningRow) -> list[sdk.Text]:
    place, why = printable(row.place), printable(row.why)
    return [
        sdk.Text("Threat: {name} in {place}: {result}", name=row.name, place=place, result=row.result),
        sdk.Text("  Why: {why}", why=why),
    ]


def _evidence(row: FindingRow) -> dict[str, str]:
    return {
        "signature": printable(row.signature or row.name),
        "kind": row.kind,
        "certainty": row.certainty,
        "offset": phrase("; at offset {offset}", offset=f"{row.offset:,}") if row.offset >= 0 else "",
        "score": phrase("; score {score}", score=row.score) if row.score else "",
    }


def _more(listed: int, unlisted: int, one: str, many: str) -> list[sdk.Text]:
    count = max(0, listed - _SHOWN) + unlisted
    if unlisted:
        return [sdk.Text("... and {more} more, too many to list all.", more=plural(count, one, many))]
    return [sdk.Text("... and {more} more: --json shows all.", more=plural(count, one, many))] if count else []


class Resolved(sdk.Result):
    """What became of threats that had been left in place. moved: out of the way, also what was cured.

    harmless: nothing is found there any more.
    """

    moved: int
    harmless: list[sdk.UntrustedText]
    failed: list[sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [
            sdk.Text(
                "{count} threat was put out of the way.",
                many="{count} threats were put out of the way.",
                count=self.moved,
            )
        ]
        lines += [sdk.Text("Nothing is found any more in: {path}", path=printable(path)) for path in self.harmless]
        return lines + [sdk.Text("{what}", what=printable(what)) for what in self.failed]

    def exit_code(self) -> int:
        """Return 3 when one could not be moved."""
        return 3 if self.failed else 0


class WentOn(sdk.Result):
    """What came of going on with scans: how many came to their end, and what the others say."""

    scans: int
    failed: list[sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        lines = [sdk.Text("Went on with {count} scan.", many="Went on with {count} scans.", count=self.scans)]
        return lines + [sdk.Text("{what}", what=printable(what)) for what in self.failed]

    def exit_code(self) -> int:
        """Return 3 when one did not come to its end."""
        return EXIT_FAILED if self.failed else EXIT_DONE


class Identified(sdk.Result):
    """What a file is. subtype: more of it in words, or "". why: by what it was told."""

    path: sdk.UntrustedText
    type: str
    subtype: sdk.UntrustedText
    why: sdk.UntrustedText

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        more = f", {printable(self.subtype)}" if self.subtype else ""
        told = sdk.Text("{path}: {type}{more}", path=printable(self.path), type=self.type, more=more)
        return [told, sdk.Text("  Because: {why}", why=printable(self.why))]


class Past(ScanSummary):
    """A past scan, shown again: a shell learns only that it could be shown."""

    def exit_code(self) -> int:
        """Return 0."""
        return EXIT_DONE


class KeptRow(sdk.Frozen):
    """A scan that is under way or waits to go on. state: which of them. files: done so far. began: ISO 8601.

    by_itself: whether it was not begun by a person.
    """

    id: int
    task: str
    began: str
    state: str
    files: int
    threats: int
    by_itself: bool = False


class LeftRow(sdk.Frozen):
    """A threat that was left where it is."""

    path: sdk.UntrustedText
    threat: str
    kind: str
    certainty: str
    at: str


class ScanRow(sdk.Frozen):
    """A past scan, for people."""

    id: int
    at: str
    task: str
    files: int
    threats: int
    handled: int
    errors: int
    seconds: float
    complete: bool
