"""How things stand: one colour, one sentence, and what is wrong with the operation that mends it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

from garrison.base.errors import GarrisonError
from garrison.daemon.ignored import IssueRow, parted
from garrison.daemon.isolation import outcome
from garrison.daemon.supervisor import Condition, Supervisor
from garrison.sdk import AnyComponent, Caller, Frozen, Issue, Result, Severity, Text, UntrustedText
from garrison.wire.manifest import SUITE


class Colour(StrEnum):
    """Green: fine. Yellow: needs attention. Red: danger."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


_COLOURS = {Severity.CRITICAL: Colour.RED, Severity.IMPORTANT: Colour.YELLOW, Severity.INFO: Colour.GREEN}
_EXIT = {Colour.GREEN: 0, Colour.YELLOW: 1, Colour.RED: 2}
_RANK = list(_COLOURS)
_RESTING = frozenset({Condition.OFF, Condition.PAUSED, Condition.UNSUPPORTED, Condition.UNLICENSED})


class ComponentRow(Frozen):
    """A component. proof: when and how it last proved itself, "" when it never did."""

    id: str
    title: str
    condition: Condition
    reason: UntrustedText
    proof: UntrustedText
    proved_at: str


class Status(Result):
    """How things stand. ignored: issues that somebody wants to be told of no more."""

    colour: Colour
    sentence: UntrustedText
    issues: list[IssueRow]
    components: list[ComponentRow]
    ignored: list[IssueRow] = []  # noqa: RUF012 # pydantic copies it

    def exit_code(self) -> int:
        """Return 0 for green, 1 for yellow, 2 for red."""
        return _EXIT[self.colour]

    def sentences(self) -> list[Text]:
        """Return the sentence, and what to do about each issue."""
        lines = [Text("{sentence}", sentence=self.sentence)]
        for issue in self.issues:
            lines.append(
                Text("  {mark} {text}", mark="!" if issue.severity is not Severity.INFO else "-", text=issue.text)
            )
            if issue.fix:
                lines.append(Text("    To mend it: garrison fix {id}", id=issue.id))
        proved = [component for component in self.components if component.proof]
        return lines + [Text("  {title}: {proof}", title=tile.title, proof=tile.proof) for tile in proved]


def sentence_for(issues: list[IssueRow]) -> str:
    """Return the one sentence."""
    for severity in (Severity.CRITICAL, Severity.IMPORTANT):
        found = [issue.text for issue in issues if issue.severity is severity]
        if found:
            return str(_risk(*found) if severity is Severity.CRITICAL else _attention(*found))
    return str(Text("You are protected."))


def _risk(issue: str, *more: str) -> Text:
    if not more:
        return Text("This computer is at risk: {issue}.", issue=issue)
    return Text(
        "This computer is at risk: {issue} (and {count} more).",
        many="This computer is at risk: {issue} (and {count} more).",
        count=len(more),
        issue=issue,
    )


def _attention(issue: str, *more: str) -> Text:
    if not more:
        return Text("You are protected, but something needs attention: {issue}.", issue=issue)
    return Text(
        "You are protected, but something needs attention: {issue} (and {count} more).",
        many="You are protected, but something needs attention: {issue} (and {count} more).",
        count=len(more),
        issue=issue,
    )


def status_of(
    components: Mapping[str, AnyComponent],
    supervisor: Supervisor,
    own_issues: Iterable[Issue],
    caller: Caller,
    ignored: Iterable[str] = (),
) -> Status:
    """Return how things stand for a caller, from what every component says now."""
    rows = [_issue(SUITE, issue) for issue in own_issues]
    described = []
    for component in components.values():
        condition, reason = supervisor.condition(component.id)
        described.append(_component(component, condition, reason))
        if condition not in _RESTING:
            rows += _said_by(component, caller)
        rows += _of_condition(component, condition, reason)
    rows.sort(key=lambda row: _RANK.index(row.severity))
    rows, left_out = parted(rows, ignored)
    worst = rows[0].severity if rows else Severity.INFO
    return Status(
        colour=_COLOURS[worst], sentence=sentence_for(rows), issues=rows, components=described, ignored=left_out
    )


def _issue(component: str, issue: Issue) -> IssueRow:
    return IssueRow(
        id=f"{component}.{issue.id}", component=component, severity=issue.severity, text=str(issue.text), fix=issue.fix
    )


def _said_by(component: AnyComponent, caller: Caller) -> list[IssueRow]:
    said = outcome(
        lambda: [_issue(component.id, issue) for issue in component.issues_for(caller)] + _of_proof(component),
        f"ask {component.id} what is wrong",
    )
    if not isinstance(said, GarrisonError):
        return said
    text = Text("{title} cannot tell how it is: {why}", title=component.title, why=said.text.rstrip("."))
    return [_issue(component.id, Issue(id="defect", severity=Severity.IMPORTANT, text=text))]


def _component(component: AnyComponent, condition: Condition, reason: str) -> ComponentRow:
    said = outcome(component.proof, f"ask {component.id} for its proof")
    proof = None if isinstance(said, GarrisonError) else said
    return ComponentRow(
        id=component.id,
        title=component.title,
        condition=condition,
        reason=reason,
        proof=str(proof.text) if proof else "",
        proved_at=proof.at.isoformat(timespec="seconds") if proof else "",
    )


def _of_proof(component: AnyComponent) -> list[IssueRow]:
    proof = component.proof()
    if proof is None or proof.passed:
        return []
    issue = Issue(id="proof-failed", severity=Severity.CRITICAL, text=proof.text)
    return [_issue(component.id, issue)]


def _of_condition(component: AnyComponent, condition: Condition, reason: str) -> list[IssueRow]:
    values: dict[str, Any] = {"title": component.title, "reason": reason}
    texts = {
        Condition.OFF: ("off", Severity.IMPORTANT, Text("{title} is switched off", **values), "suite.start"),
        Condition.UNLICENSED: (
            "unlicensed",
            Severity.IMPORTANT,
            Text("{title} is not in your subscription", **values),
            "",
        ),
        Condition.RESTARTING: ("failing", Severity.CRITICAL, Text("{title} keeps stopping: {reason}", **values), ""),
    }
    if condition not in texts:
        return []
    name, severity, text, fix = texts[condition]
    return [_issue(component.id, Issue(id=name, severity=severity, text=text, fix=fix))]
