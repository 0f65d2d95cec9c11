"""From what matched to what is said: one finding an object."""

from collections.abc import Sequence

from garrison.engine.databases import Match
from garrison.engine.verdict import Certainty, Finding, Remark

MOST = 1000
MOST_CHARS = 1_000_000  # of all names and reasons together: a verdict must fit through a socket
_MOST_REASONS = 10


def judge(matches: Sequence[Match], inner: tuple[str, ...]) -> Finding:
    """Return the one finding for an object. A known threat gives the name; what else matched is added to the reasons.

    Raises IndexError when nothing matched.
    """
    ordered = sorted(matches, key=lambda match: match.certainty != Certainty.KNOWN)  # stable: digests stay first
    first = ordered[0]
    reasons = list(dict.fromkeys(match.why for match in ordered))
    why = "; ".join(reasons[:_MOST_REASONS])
    if len(reasons) > _MOST_REASONS:
        why += f"; and {len(reasons) - _MOST_REASONS:,} more"
    signature = first.signature or first.name
    return Finding(first.name, first.kind, first.certainty, inner, why, signature, first.offset, first.score)


class Said:
    """The findings and remarks of one file, a thousand of each and a last word on how many more there were.

    Names come from the file: all of them together are kept to a million characters, too.
    """

    __slots__ = ("_findings", "_more_findings", "_more_remarks", "_remarks", "_room", "_stop")

    def __init__(self) -> None:
        self._findings: list[Finding] = []
        self._remarks: list[Remark] = []
        self._more_findings = 0
        self._more_remarks = 0
        self._room = MOST_CHARS
        self._stop: tuple[Remark, ...] = ()

    @property
    def found(self) -> bool:
        """Whether there is a finding."""
        return bool(self._findings)

    def find(self, finding: Finding) -> None:
        """Add a finding."""
        if len(self._findings) < MOST and self._fits(finding.inner, finding.name, finding.why):
            self._findings.append(finding)
        else:
            self._more_findings += 1

    def remark(self, what: str, inner: tuple[str, ...] = ()) -> None:
        """Add a remark; an empty one is none, and what was said of an object is not said again."""
        if not what or (self._remarks and self._remarks[-1] == Remark(what, inner)):
            return
        if len(self._remarks) < MOST and self._fits(inner, what):
            self._remarks.append(Remark(what, inner))
        else:
            self._more_remarks += 1

    def stop(self, what: str, inner: tuple[str, ...]) -> None:
        """Say why everything ended; this remark is kept however many there are."""
        self._stop = (Remark(what, inner),)

    def _fits(self, inner: tuple[str, ...], *texts: str) -> bool:
        if self._room <= 0:
            return False
        self._room -= sum(map(len, inner)) + sum(map(len, texts))
        return True

    def findings(self) -> tuple[Finding, ...]:
        """Return the findings."""
        return tuple(self._findings)

    def remarks(self) -> tuple[Remark, ...]:
        """Return the remarks, and the last words."""
        last = list(self._stop)
        if self._more_findings:
            last.append(Remark(f"limit reached: {self._more_findings:,} more findings are not listed"))
        if self._more_remarks:
            last.append(Remark(f"limit reached: {self._more_remarks:,} more remarks are not listed"))
        return (*self._remarks, *last)
