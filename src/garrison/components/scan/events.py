"""What scans tell of."""

from garrison import sdk
from garrison.abilities.response import Handled
from garrison.engine.verdict import Finding


class ThreatFound(sdk.Event):
    """A threat was found in a file."""

    says = "{threat} was found in {path}: {result}"
    severity = sdk.Severity.CRITICAL
    path: sdk.UntrustedText
    inner: list[sdk.UntrustedText]
    threat: str
    kind: str
    certainty: str
    result: str


class ScanFinished(sdk.Event):
    """A scan came to its end."""

    says = "{task} ended. Files: {files}; threats: {threats}, of them out of the way: {handled}"
    task: str
    files: int
    threats: int
    handled: int
    errors: int
    seconds: float
    complete: bool


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
