"""What scans tell of."""

from garrison import sdk
from garrison.abilities.response import Handled
from garrison.components.scan.results import RunningRow
from garrison.engine.verdict import Finding


class ThreatFound(sdk.Event):
    """A threat was found in a file."""

    says = "{threat} was found in {path}: {result}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.THREATS,)
    path: sdk.UntrustedText
    inner: list[sdk.UntrustedText]
    threat: str
    kind: str
    certainty: str
    result: str


class RunningThreatFound(sdk.Event):
    """A threat was found that is no file: in a process, a boot sector, or something that hides."""

    says = "{threat} was found in {place}: {result}"
    severity = sdk.Severity.CRITICAL
    counts = (sdk.Counted.THREATS,)
    place: sdk.UntrustedText
    pid: int
    program: sdk.UntrustedText
    threat: str
    why: sdk.UntrustedText
    result: str


class ScanFinished(sdk.Event):
    """A scan came to its end."""

    says = "{task} ended. Files: {files}; threats: {threats}, of them out of the way: {handled}"
    counts = (sdk.Counted.SCANS,)
    task: str
    files: int
    threats: int
    handled: int
    errors: int
    seconds: float
    complete: bool


class ShutDownSoon(sdk.Event):
    """The computer is about to be shut down, as whoever began the scan wanted it."""

    says = "{task} ended. The computer is shut down in {seconds} seconds, unless somebody uses it"
    severity = sdk.Severity.IMPORTANT
    task: str
    seconds: int


def threat_found(path: str, finding: Finding, handled: Handled) -> ThreatFound:
    """Return the event that tells of a threat in a file."""
    return ThreatFound(
        path=path,
        inner=list(finding.inner),
        threat=finding.name,
        kind=finding.kind.value,
        certainty=finding.certainty.value,
        result=handled.result,
    )


def running_threat_found(row: RunningRow) -> RunningThreatFound:
    """Return the event that tells of a threat that is no file."""
    return RunningThreatFound(
        place=row.place, pid=row.pid, program=row.program, threat=row.name, why=row.why, result=row.result
    )
