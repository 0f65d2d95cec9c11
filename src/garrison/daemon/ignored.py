"""Issues that somebody wants to be told of no more: kept as settings, so that they are exported, undone and audited.

An entry is SEVERITY:ID. It holds while the issue is no worse than it was then: what becomes worse is told of again.
"""

from collections.abc import Iterable, Sequence

from garrison.sdk import Frozen, Severity, UntrustedText


class IssueRow(Frozen):
    """An issue of a component. id: component.issue. fix: the operation that mends it, "" when there is none."""

    id: str
    component: str
    severity: Severity
    text: UntrustedText
    fix: str


_RANK = {Severity.INFO: 0, Severity.IMPORTANT: 1, Severity.CRITICAL: 2}


def entry_of(row: IssueRow) -> str:
    """Return what is kept for an issue as it is now."""
    return f"{row.severity.value}:{row.id}"


def without(entries: Iterable[str], issue: str) -> list[str]:
    """Return the entries of all other issues."""
    return [entry for entry in entries if entry.partition(":")[2] != issue]


def parted(rows: Sequence[IssueRow], entries: Iterable[str]) -> tuple[list[IssueRow], list[IssueRow]]:
    """Return the issues to be told of, and those to be left out."""
    most = {entry.partition(":")[2]: entry.partition(":")[0] for entry in entries}
    shown: list[IssueRow] = []
    ignored: list[IssueRow] = []
    for row in rows:
        (ignored if _is_covered(row, most.get(row.id, "")) else shown).append(row)
    return shown, ignored


def _is_covered(row: IssueRow, severity: str) -> bool:
    return severity in list(Severity) and _RANK[row.severity] <= _RANK[Severity(severity)]
