"""What the engine says of an object. Only these plain results cross the sandbox's border."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a found object is."""

    VIRUS = "virus"
    TROJAN = "trojan"
    BACKDOOR = "backdoor"
    MINER = "miner"
    RANSOMWARE = "ransomware"
    WEB_SHELL = "web-shell"
    EXPLOIT = "exploit"
    RISKWARE = "riskware"
    ADWARE = "adware"
    TEST = "test"
    ANOMALY = "anomaly"  # nothing known, but no harmless file behaves so (it crashes or hangs the scanner)


class Certainty(StrEnum):
    """How sure a finding is."""

    KNOWN = "known"
    PROBABLE = "probable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One threat in one innermost object.

    inner: the names down the containers, outermost first, () for the file itself. why: what matched (rule or list).
    """

    name: str
    kind: Kind
    certainty: Certainty
    inner: tuple[str, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What could not be seen, and where: encrypted, damaged, over a limit."""

    what: str
    inner: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was learned of one file. objects and bytes count the file and what was unpacked from it."""

    type: str = "data"
    objects: int = 0
    bytes: int = 0
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Remark, ...] = ()
    sha256: str = ""  # of the file, hexadecimal, when something was found in it

    def to_plain(self) -> dict[str, Any]:
        """Return what crosses the border."""
        return {
            "type": self.type,
            "objects": self.objects,
            "bytes": self.bytes,
            "sha256": self.sha256,
            "findings": [
                [finding.name, finding.kind, finding.certainty, list(finding.inner), finding.why]
                for finding in self.findings
            ],
            "remarks": [[remark.what, list(remark.inner)] for remark in self.remarks],
        }

    @classmethod
    def from_plain(cls, untrusted: Any) -> "Verdict":
        """Return the verdict that a worker sent. Raises ValueError when it is malformed: workers are not trusted."""
        try:
            return cls(
                type=_text(untrusted["type"]),
                objects=_count(untrusted["objects"]),
                bytes=_count(untrusted["bytes"]),
                sha256=_text(untrusted["sha256"]),
                findings=tuple(
                    Finding(_text(name), Kind(kind), Certainty(certainty), _names(inner), _text(why))
                    for name, kind, certainty, inner, why in untrusted["findings"]
                ),
                remarks=tuple(Remark(_text(what), _names(inner)) for what, inner in untrusted["remarks"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("a worker sent a malformed verdict") from error


def _text(untrusted: object) -> str:
    if not isinstance(untrusted, str) or len(untrusted) > 10_000:
        raise ValueError("not a text of sane length")
    return untrusted


def _count(untrusted: object) -> int:
    if not isinstance(untrusted, int) or isinstance(untrusted, bool) or untrusted < 0:
        raise ValueError("not a count")
    return untrusted


def _names(untrusted: object) -> tuple[str, ...]:
    if not isinstance(untrusted, list) or len(untrusted) > 100:
        raise ValueError("not a list of names")
    return tuple(_text(name) for name in untrusted)
