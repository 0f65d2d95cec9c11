"""What a scan gives back, and the list of past scans."""

from pathlib import Path
from typing import Any

from garrison import sdk
from garrison.base.errors import EXIT_ALL_HANDLED, EXIT_DONE, EXIT_FAILED, EXIT_NOT_ALL_HANDLED
from garrison.base.files import read_json, write_json
from garrison.base.text import plural, printable, size
from garrison.sdk.plain import to_plain

_SHOWN = 100
_KEPT_SCANS = 50
_KEPT_LINES = 1000


class FindingRow(sdk.Frozen):
    """A threat. inner: names down the containers. action: what was asked. result: what came of it."""

    path: sdk.UntrustedText
    inner: list[sdk.UntrustedText]
    name: str
    kind: str
    certainty: str
    action: str
    result: str
    why: sdk.UntrustedText
    quarantine_id: str


class ErrorRow(sdk.Frozen):
    """What could not be examined, whole or in part, and why."""

    path: sdk.UntrustedText
    what: sdk.UntrustedText


class ScanSummary(sdk.Result):
    """All that came of a scan. objects, bytes: files and what was unpacked from them. complete: not cut short."""

    objects: int
    files: int
    bytes: int
    seconds: float
    findings: list[FindingRow]
    errors: list[ErrorRow]
    unreadable_roots: int = 0
    handled: int = 0
    complete: bool = True

    def exit_code(self) -> int:
        """Return 101 when all threats are out of the way, 102 when not, 3 when a given path could not be read."""
        if self.findings:
            return EXIT_ALL_HANDLED if self.handled == len(self.findings) else EXIT_NOT_ALL_HANDLED
        return EXIT_FAILED if self.unreadable_roots else EXIT_DONE

    def sentences(self) -> list[sdk.Text]:
        """Say what was found, what could not be seen, and the sum of it."""
        lines = [_finding(row) for row in self.findings[:_SHOWN]]
        lines += _more(len(self.findings) - _SHOWN, "threat", "threats")
        lines += [
            sdk.Text("Not examined: {path}: {what}", path=printable(row.path), what=printable(row.what))
            for row in self.errors[:_SHOWN]
        ]
        lines += _more(len(self.errors) - _SHOWN, "line", "lines")
        lines.append(self._sum())
        return lines

    def _sum(self) -> sdk.Text:
        threats = plural(len(self.findings), "threat", "threats") if self.findings else "no threat"
        dealt = f", {self.handled:,} out of the way" if self.findings else ""
        return sdk.Text(
            "{how}: {threats} found{dealt} in {files} ({objects}, {size}) in {seconds} s.",
            how="Scanned" if self.complete else "Scanned in part",
            threats=threats,
            dealt=dealt,
            files=plural(self.files, "file", "files"),
            objects=plural(self.objects, "object", "objects"),
            size=size(self.bytes),
            seconds=f"{self.seconds:.1f}",
        )


def _finding(row: FindingRow) -> sdk.Text:
    place = " > ".join(printable(part) for part in [row.path, *row.inner])
    return sdk.Text("Threat: {name} in {place}: {result}", name=row.name, place=place, result=row.result)


def _more(count: int, one: str, many: str) -> list[sdk.Text]:
    return [sdk.Text("... and {more} more: --json shows all.", more=plural(count, one, many))] if count > 0 else []


class Past(ScanSummary):
    """A past scan, shown again: a shell learns only that it could be shown."""

    def exit_code(self) -> int:
        """Return 0."""
        return EXIT_DONE


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


class PastScans:
    """The list of past scans, on disk, newest last; each account sees its own."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scans.json"

    def all(self) -> list[dict[str, Any]]:
        """Return what is kept."""
        try:
            kept = read_json(self._file)
        except (OSError, ValueError):
            return []
        return kept if isinstance(kept, list) else []

    def add(self, task: str, at: str, owner: int, summary: ScanSummary) -> int:
        """Keep a scan; return its number."""
        kept = self.all()
        number = max((entry["id"] for entry in kept), default=0) + 1
        plain = to_plain(summary)
        plain["findings"], plain["errors"] = plain["findings"][:_KEPT_LINES], plain["errors"][:_KEPT_LINES]
        kept.append({"id": number, "task": task, "at": at, "owner": owner, "summary": plain})
        write_json(self._file, kept[-_KEPT_SCANS:])
        return number
