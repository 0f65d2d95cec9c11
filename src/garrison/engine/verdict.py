"""What the engine says of an object. Only these plain results cross the sandbox's border.

`to_plain` keeps a verdict within what `from_plain` takes, so that a file with absurd names is told, cut, and not
mistaken for one that took the worker over.
"""

import json
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

MOST_COUNT = 2**53 - 1  # what every reader of JSON takes for a whole number
MOST_ENTRIES = 1004  # findings, and remarks: the engine's thousand, and last words on how many more there were
MOST_CHARS = 1_200_000  # of all texts together: the engine stops adding at a million
MOST_TEXT = 4096  # characters of a reason, a remark, or one name of an inner object
MOST_DEPTH = 100  # names of one inner object
MOST_NAME = 200
_MOST_JSON_BYTES = 3_500_000  # of all texts together: below one frame (garrison.wire.examination)
_NAME = re.compile(rf"[\w.:+/!-]{{1,{MOST_NAME}}}")
_SIGNATURE = re.compile(rf"(?:{_NAME.pattern})?")
_NO_NAME = re.compile(r"[^\w.:+/!-]+")
_TYPE = re.compile(r"[a-z0-9-]{1,40}")
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")


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
    signature: as its database names it. offset: where in the object the first of its patterns lies, -1 when that says
    nothing. score: of heuristics, 0 otherwise.
    """

    name: str
    kind: Kind
    certainty: Certainty
    inner: tuple[str, ...] = ()
    why: str = ""
    signature: str = ""
    offset: int = -1
    score: int = 0


@dataclass(frozen=True, slots=True)
class Remark:
    """What could not be seen, and where: encrypted, damaged, over a limit."""

    what: str
    inner: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that was learned of one file. objects and bytes count the file and what was unpacked from it.

    subtype: the type in words, "" when there is no more to say. type_why: by what the type was told.
    """

    type: str = "data"
    objects: int = 0
    bytes: int = 0
    findings: tuple[Finding, ...] = ()
    remarks: tuple[Remark, ...] = ()
    sha256: str = ""  # of the file, hexadecimal, when something was found in it
    subtype: str = ""
    type_why: str = ""

    def to_plain(self) -> dict[str, Any]:
        """Return what crosses the border."""
        room = _Room()
        findings = [plain for plain in map(_finding_to_plain, self.findings[:MOST_ENTRIES]) if room.takes(plain)]
        remarks = [plain for plain in map(_remark_to_plain, self.remarks[: MOST_ENTRIES - 1]) if room.takes(plain)]
        missing = len(self.findings) + len(self.remarks) - len(findings) - len(remarks)
        if missing:
            remarks.append([f"limit reached: {missing:,} more findings and remarks are not listed", []])
        return {
            "type": self.type,
            "objects": min(self.objects, MOST_COUNT),
            "bytes": min(self.bytes, MOST_COUNT),
            "sha256": self.sha256,
            "subtype": self.subtype[:MOST_NAME],
            "type_why": self.type_why[:MOST_NAME],
            "findings": findings,
            "remarks": remarks,
        }

    @classmethod
    def from_plain(cls, untrusted: Any) -> "Verdict":
        """Return the verdict that a worker sent. Raises ValueError when it is malformed: workers are not trusted."""
        try:
            verdict = cls(
                type=_matching(_TYPE, untrusted["type"]),
                objects=_count(untrusted["objects"]),
                bytes=_count(untrusted["bytes"]),
                sha256=_matching(_SHA256, untrusted["sha256"]),
                findings=tuple(map(_finding_from_plain, _entries(untrusted["findings"]))),
                subtype=_text(untrusted["subtype"]),
                type_why=_text(untrusted["type_why"]),
                remarks=tuple(Remark(_text(what), _names(inner)) for what, inner in _entries(untrusted["remarks"])),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("a worker sent a malformed verdict") from error
        if verdict._chars() > MOST_CHARS:
            _refuse("a verdict of sane length")
        return verdict

    def _chars(self) -> int:
        findings = sum(
            len(each.name) + len(each.why) + len(each.signature) + sum(map(len, each.inner)) for each in self.findings
        )
        return findings + sum(len(each.what) + sum(map(len, each.inner)) for each in self.remarks)


class _Room:
    """How much may still cross the border."""

    def __init__(self) -> None:
        self._chars = MOST_CHARS - MOST_TEXT
        self._json_bytes = _MOST_JSON_BYTES

    def takes(self, plain: list[Any]) -> bool:
        """Return whether one more finding or remark fits; it then has its place."""
        chars = sum(
            len(part) if isinstance(part, str) else sum(map(len, part)) for part in plain if not isinstance(part, int)
        )
        json_bytes = len(json.dumps(plain))
        if chars > self._chars or json_bytes > self._json_bytes:
            return False
        self._chars -= chars
        self._json_bytes -= json_bytes
        return True


def _finding_to_plain(finding: Finding) -> list[Any]:
    inner = [name[:MOST_TEXT] for name in finding.inner[:MOST_DEPTH]]
    why, signature = finding.why[:MOST_TEXT], finding.signature and _threat_name(finding.signature)
    offset, score = max(-1, min(finding.offset, MOST_COUNT)), max(0, min(finding.score, MOST_COUNT))
    return [_threat_name(finding.name), finding.kind, finding.certainty, inner, why, signature, offset, score]


def _finding_from_plain(untrusted: Any) -> Finding:
    name, kind, certainty, inner, why, signature, offset, score = untrusted
    where = -1 if offset == -1 else _count(offset)
    return Finding(
        _matching(_NAME, name),
        Kind(kind),
        Certainty(certainty),
        _names(inner),
        _text(why),
        _matching(_SIGNATURE, signature),
        where,
        _count(score),
    )


def _remark_to_plain(remark: Remark) -> list[Any]:
    return [remark.what[:MOST_TEXT], [name[:MOST_TEXT] for name in remark.inner[:MOST_DEPTH]]]


def _threat_name(name: str) -> str:
    """Return a threat's name as one word: those of other people's rules and lists may be any text."""
    return _NO_NAME.sub("_", name)[:MOST_NAME] or "Unnamed"


def _refuse(expected: str) -> NoReturn:
    raise ValueError(f"a worker sent what is not {expected}")


def _matching(pattern: re.Pattern[str], untrusted: object) -> str:
    if not isinstance(untrusted, str) or not pattern.fullmatch(untrusted):
        _refuse("a word of its kind")
    return untrusted


def _text(untrusted: object) -> str:
    if not isinstance(untrusted, str) or len(untrusted) > MOST_TEXT:
        _refuse("a text of sane length")
    return untrusted


def _count(untrusted: object) -> int:
    if not isinstance(untrusted, int) or isinstance(untrusted, bool) or not 0 <= untrusted <= MOST_COUNT:
        _refuse("a count")
    return untrusted


def _entries(untrusted: object) -> list[Any]:
    if not isinstance(untrusted, list) or len(untrusted) > MOST_ENTRIES:
        _refuse("a list of sane length")
    return untrusted


def _names(untrusted: object) -> tuple[str, ...]:
    if not isinstance(untrusted, list) or len(untrusted) > MOST_DEPTH:
        _refuse("a list of names")
    return tuple(_text(name) for name in untrusted)
