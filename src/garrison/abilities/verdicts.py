"""What is to be believed of a worker's answer."""

from garrison.base.text import printable
from garrison.engine.verdict import Certainty, Finding, Kind, Verdict
from garrison.linux.workers import Outcome

_MOST_DETAIL = 200  # characters
_ANOMALIES = {
    "crashed": ("Anomaly.Scan.Crash", "the scanner died while it examined this ({detail})"),
    "timeout": ("Anomaly.Scan.Timeout", "the scanner did not finish with this in time"),
    "memory": ("Anomaly.Scan.Memory", "the scanner ran out of memory on this"),
}


def verdict_of(outcome: Outcome) -> Verdict:
    """Return the checked verdict; a worker that died, hung or talks nonsense is itself a finding about the object."""
    failure, detail = outcome.failure, outcome.detail
    if not failure:
        try:
            return Verdict.from_plain(outcome.untrusted_verdict)
        except ValueError as error:
            failure, detail = "crashed", printable(str(error))
    name, why = _ANOMALIES[failure]
    finding = Finding(name, Kind.ANOMALY, Certainty.PROBABLE, why=why.format(detail=detail[:_MOST_DETAIL]))
    return Verdict(objects=1, findings=(finding,))
