"""What the System Watcher and the gate say to each other, and the records that the gate leaves on disk for it.

The gate copies what an untrusted program is about to change and writes down who did what; the suite reads that and puts
things back. In the store's folder: `copies/NUMBER.UID` (contents, with whose share of the space they are in), `journal`
with `journal.1` before it (one `Deed` a line), `alarms/ID.json` (one `Alarm` each).
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any, Self

COPIES, JOURNAL, OLDER_JOURNAL, ALARMS = "copies", "journal", "journal.1", "alarms"


class Decision(StrEnum):
    """What is to become of processes that were stopped."""

    END = "end"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Documents:
    """The System Watcher's part of a plan.

    store: the folder of copies and journal. folders: protected, with all below. traces: watched without what is below,
    and never a reason for an alarm: places from which programs start by themselves. trusted: full paths of programs
    that may do what they like. threshold: the score at which a program is stopped. budget_bytes: what all copies may
    take, with an equal share for each account whose programs had some made. stops: whether processes are stopped at an
    alarm. copies_on_read: copies are also made when a file is read, for kernels that cannot ask before a truncation.
    decided: alarm -> `Decision`.
    """

    store: str
    folders: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    threshold: float = 3.0
    window_seconds: float = 600.0
    budget_bytes: int = 1024 * 1024 * 1024
    stops: bool = True
    copies_on_read: bool = True
    decided: Mapping[str, str] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the part that was said. Raises ValueError, TypeError or KeyError when it is none."""
        unknown = set(plain) - {each.name for each in fields(cls)}
        if unknown:
            raise ValueError(f"the System Watcher's part of a plan has no {', '.join(sorted(unknown))}")
        taken = dict(plain)
        for name in ("folders", "traces", "trusted"):
            taken[name] = tuple(str(each) for each in taken.get(name, ()))
        taken["decided"] = {str(key): str(Decision(value)) for key, value in taken.get("decided", {}).items()}
        return cls(**taken)


class Did(StrEnum):
    """What a program did to a file."""

    CHANGED = "changed"  # a copy from before was made
    READ = "read"  # likewise, where the kernel cannot ask before a truncation
    DELETED = "deleted"
    REPLACED = "replaced"  # by a renaming over it
    RENAMED = "renamed"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class Deed:
    """One line of the journal.

    at: seconds since 1970. to: the new path of a renaming, "" when it left what is watched. process: "PID.START";
    lineage: likewise, itself first and then its ancestors up to what a person or the system started. copy: the name of
    the copy, "" when there is none.
    metadata: of the file as it was: uid, gid, mode, atime_ns, mtime_ns, xattrs (name -> base64), size, sha256 unknown.
    file: which one it was (`garrison.linux.handles.identity`), "" when that is not known.
    """

    at: float
    did: Did
    path: str
    process: str
    lineage: tuple[str, ...]
    session: int
    program: str
    uid: int
    to: str = ""
    copy: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the deed in a line. Raises ValueError, TypeError or KeyError when it is none."""
        taken = dict(plain)
        taken["did"] = Did(taken["did"])
        taken["lineage"] = tuple(str(each) for each in taken["lineage"])
        return cls(**taken)

    def is_of(self, node: str) -> bool:
        """Return whether it belongs to a node, as `Alarm` names them."""
        kind, _, rest = node.partition(":")
        if kind == "process":
            return rest in self.lineage
        if kind == "session":
            return rest == str(self.session)
        return rest == f"{self.uid}:{self.program}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """A fact, also kept on disk: programs behaved as ransomware does.

    node: whose deeds they were: "process:PID.START" (with all its descendants), "session:NUMBER" or
    "program:UID:PATH". began: of the deeds, at: of the alarm, seconds since 1970. processes: which are stopped, as
    `garrison.linux.freezing` keeps them; empty when none was. reasons: path -> what was seen. decision: what became of
    them, "" while they wait.
    """

    id: str
    node: str
    program: str
    command: str
    uid: int
    began: float
    at: float
    score: float
    reasons: Mapping[str, str]
    stopped: Mapping[str, Any] = field(default_factory=dict)
    pid: int = 0
    decision: str = ""

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the alarm that was said. Raises TypeError when it is none."""
        return cls(**plain)


@dataclass(frozen=True, slots=True)
class Scarce:
    """A fact: a file could not be copied, or copies that may still be needed were dropped.

    path: of the file that was not copied, "" when others were dropped for it. why: a sentence. dropped: how many.
    youngest_seconds: how old the youngest dropped copy was. uid: the account whose copies those are.
    """

    path: str
    why: str
    dropped: int = 0
    youngest_seconds: float = 0.0
    uid: int = 0


@dataclass(frozen=True, slots=True)
class Watched:
    """A fact: the gate goes by a plan from now on. folders: of that plan. refused: folder -> why it is not watched."""

    folders: tuple[str, ...]
    refused: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the fact that was said. Raises TypeError or KeyError when it is none."""
        return cls(tuple(str(each) for each in plain["folders"]), dict(plain["refused"]))
