"""Gathers what comes of a scan, and no more of it than a daemon should hold."""

import json
from typing import Any, Generic, TypeVar

from garrison import sdk
from garrison.abilities.response import Action, Handled
from garrison.abilities.scanner import Progress
from garrison.components.scan.results import ErrorRow, FindingRow, RunningRow, ScanSummary
from garrison.engine.verdict import Finding, Verdict
from garrison.sdk.plain import to_plain

_MOST_ROWS = 10_000
_MOST_BYTES = 8 * 1024 * 1024  # of the threats, and as much of the other lines
_ROW_BYTES = 200
Row = TypeVar("Row", bound=sdk.Frozen)


class Rows(Generic[Row]):
    """Rows up to a number and a size. more: how many there were beyond that."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.more = 0
        self._bytes = 0

    def has_room(self, *texts: str) -> bool:
        """Return whether a row of these texts is to be kept; it is counted either way."""
        self._bytes += _ROW_BYTES + sum(len(json.dumps(text)) for text in texts) if not self.more else 0
        if self.more or len(self.rows) >= _MOST_ROWS or self._bytes > _MOST_BYTES:
            self.more += 1
            return False
        return True

    def plain(self) -> dict[str, Any]:
        """Return them for a file."""
        return {"rows": to_plain(self.rows), "more": self.more, "bytes": self._bytes}

    def take_back(self, kind: type[Row], untrusted: Any) -> None:
        """Take up what `plain` gave. Raises ValueError, TypeError, KeyError."""
        self.rows = [kind(**row) for row in untrusted["rows"]]
        self.more, self._bytes = int(untrusted["more"]), int(untrusted["bytes"])


class Gathered:
    """What came of one scan so far. startup: what files have to do with starting by themselves, by path."""

    def __init__(self) -> None:
        self._findings = Rows[FindingRow]()
        self._errors = Rows[ErrorRow]()
        self._running = Rows[RunningRow]()
        self.startup: dict[str, str] = {}
        self._objects = self._bytes = self._handled = self._unreadable_roots = 0

    def trouble(self, path: str, what: str, is_root: bool = False) -> None:
        """Take up what could not be examined."""
        self._unreadable_roots += is_root
        if self._errors.has_room(path, what):
            self._errors.rows.append(ErrorRow(path=path, what=what))

    def verdict(self, path: str, verdict: Verdict) -> None:
        """Take up what was seen in a file, and what could not be."""
        self._objects += verdict.objects
        self._bytes += verdict.bytes
        for remark in verdict.remarks:
            self.trouble(path, ": ".join([*remark.inner, remark.what]))

    def finding(self, path: str, finding: Finding, handled: Handled) -> bool:
        """Take up a threat; return whether it is listed and not only counted."""
        self._handled += handled.done
        if not self._findings.has_room(path, *finding.inner, finding.name, finding.why, handled.result):
            return False
        self._findings.rows.append(_row(path, finding, handled, self.startup.get(path, "")))
        return True

    def oddity(self, row: RunningRow, is_done: bool) -> bool:
        """Take up a threat that is no file; return whether it is listed and not only counted."""
        self._handled += is_done
        if not self._running.has_room(row.place, row.program, row.why):
            return False
        self._running.rows.append(row)
        return True

    def undecided(self) -> list[str]:
        """Return the files with threats that a person is to be asked about."""
        rows = self._findings.rows
        return sorted({row.path for row in rows if row.action == Action.ASK.value and not row.quarantine_id})

    @property
    def handled(self) -> int:
        """How many threats are out of the way."""
        return self._handled

    def plain(self) -> dict[str, Any]:
        """Return it for a file."""
        return {
            "findings": self._findings.plain(),
            "errors": self._errors.plain(),
            "running": self._running.plain(),
            "counts": [self._objects, self._bytes, self._handled, self._unreadable_roots],
        }

    def take_back(self, untrusted: Any) -> None:
        """Take up what `plain` gave. Raises ValueError, TypeError, KeyError."""
        self._findings.take_back(FindingRow, untrusted["findings"])
        self._errors.take_back(ErrorRow, untrusted["errors"])
        self._running.take_back(RunningRow, untrusted["running"])
        self._objects, self._bytes, self._handled, self._unreadable_roots = map(int, untrusted["counts"])

    def summary(self, progress: Progress, seconds: float, complete: bool) -> ScanSummary:
        """Return all that came of it, in the order of paths."""
        return ScanSummary(
            objects=self._objects + progress.unchanged,
            files=progress.done,
            unchanged=progress.unchanged,
            bytes=self._bytes + progress.unchanged_bytes,
            seconds=seconds,
            findings=sorted(self._findings.rows, key=lambda row: (row.path, row.inner)),
            errors=sorted(self._errors.rows, key=lambda row: (row.path, row.what)),
            running=sorted(self._running.rows, key=lambda row: (row.pid, row.place, row.name)),
            more_findings=self._findings.more + self._running.more,
            more_errors=self._errors.more,
            unreadable_roots=self._unreadable_roots,
            handled=self._handled,
            complete=complete,
        )


def _row(path: str, finding: Finding, handled: Handled, startup: str) -> FindingRow:
    return FindingRow(
        path=path,
        inner=list(finding.inner),
        name=finding.name,
        kind=finding.kind.value,
        certainty=finding.certainty.value,
        action=handled.action,
        result=handled.result,
        why=finding.why,
        quarantine_id=handled.quarantine_id,
        signature=finding.signature,
        offset=finding.offset,
        score=finding.score,
        startup=startup,
    )
