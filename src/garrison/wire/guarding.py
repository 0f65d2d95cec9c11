"""What the suite and the gate say to each other: plans go down, facts come up, one JSON object a line.

The gate answers the kernel whether a file may be opened or run. It works on by its last plan when nobody speaks to it.
Paths that are no UTF-8 travel as `garrison.wire.frames` says.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any, Self

from garrison.wire.watching import Alarm, Scarce, Watched

MOST_LINE = 4 * 1024 * 1024  # bytes of a plan or a fact
SOCKET = "gate.sock"  # in the guard's state folder, mode 0600: who may connect may steer the gate
KEEPER_SOCKET = "keeper.sock"  # beside it, likewise: plans go to the gate, orders (below) to the keeper


class Reach(StrEnum):
    """How much a watched place is."""

    EVERYTHING = "everything"  # every local file system, also those that come later
    MOUNT = "mount"  # the file system that a path lies on
    FOLDER = "folder"  # a folder, with all that is below it


class Late(StrEnum):
    """What is answered when a verdict takes longer than it may."""

    ALLOW = "allow"
    DENY = "deny"


class Types(StrEnum):
    """Which files are examined."""

    ALL = "all"
    FORMAT = "format"  # those whose content can carry something harmful
    EXTENSION = "extension"  # those whose name says that it can


class Occasion(StrEnum):
    """When a file is examined."""

    OPEN = "open"
    RUN = "run"
    CHANGE = "change"  # closed after it was written


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is watched. path: full; "/" for everything."""

    reach: Reach
    path: str


@dataclass(frozen=True, slots=True)
class Examining:
    """How files are examined. limits: the fields of `garrison.engine.budget.Limits`; seconds and memory: a worker's."""

    databases: str
    limits: Mapping[str, int]
    heuristics: str = "medium"
    seconds: float = 30.0
    memory_mib: int = 1536
    workers: int = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """All that the gate goes by. One with no places watches nothing.

    observes: nothing is refused; what would be is told. deadline_seconds: how long somebody may wait at the gate for a
    verdict; what a late one then means is `late`, and the file is examined to the end all the same.
    skip_over_bytes: larger files are let through when opened, and examined afterwards. masks, names, hashes: the
    exclusions (`garrison.abilities.exclusions`). programs: full paths of trusted programs, whose opens are not asked
    about. private: folders of our own, never asked about. documents: what the System Watcher is to do, None for
    nothing, as `garrison.wire.watching` says.
    """

    examining: Examining
    places: tuple[Place, ...] = ()
    occasions: tuple[Occasion, ...] = (Occasion.OPEN, Occasion.RUN, Occasion.CHANGE)
    types: Types = Types.ALL
    observes: bool = False
    late: Late = Late.ALLOW
    deadline_seconds: float = 8.0
    skip_over_bytes: int = 64 * 1024 * 1024
    masks: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    documents: Mapping[str, Any] | None = None

    def to_plain(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return asdict(self)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """Return the plan that was said. Raises ValueError, TypeError or KeyError when it is none."""
        unknown = set(plain) - {field.name for field in fields(cls)}
        if unknown:
            raise ValueError(f"a plan has no {', '.join(sorted(unknown))}")
        taken = dict(plain)
        taken["examining"] = Examining(**taken["examining"])
        taken["places"] = tuple(Place(Reach(each["reach"]), str(each["path"])) for each in taken.get("places", ()))
        if "occasions" in taken:
            taken["occasions"] = tuple(Occasion(each) for each in taken["occasions"])
        taken["types"] = Types(taken.get("types", Types.ALL))
        taken["late"] = Late(taken.get("late", Late.ALLOW))
        for name in ("masks", "names", "hashes", "programs", "private"):
            taken[name] = tuple(str(each) for each in taken.get(name, ()))
        return cls(**taken)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: program is the path of what it runs, "" when it was gone already."""

    pid: int
    uid: int
    program: str


@dataclass(frozen=True, slots=True)
class Found:
    """A fact: something was found in a file. verdict: plain, as the worker said it, checked by whoever acts on it.

    path: as it was when it was found. device, inode, size, modified_ns, changed_ns: which file that was.
    blocked: whether the one who opened or ran it was refused.
    """

    path: str
    occasion: Occasion
    blocked: bool
    actor: Actor
    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    untrusted_verdict: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Unexamined:
    """A fact: a file passed, or was refused, without a verdict. why: "late", "too large", or what became of its worker.

    It is examined afterwards where that is possible (then `Found` may follow).
    """

    path: str
    occasion: Occasion
    blocked: bool
    actor: Actor
    why: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A fact: what happened in between was not seen. seconds: how long; why: a sentence. Its places need a scan."""

    seconds: float
    why: str
    places: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """A fact: how the gate stands, told after each plan and when it changes.

    watched: the places with what is watched of them: "blocking", "telling". refused: places that cannot be watched,
    each with the reason. counts: since the gate began: asked, examined, blocked, late, forgotten. fuse: why nothing is
    refused any more until `Arm` is ordered, a sentence; "" while the fuse is whole.
    """

    watched: Mapping[str, str]
    refused: Mapping[str, str]
    counts: Mapping[str, int]
    fuse: str = ""


@dataclass(frozen=True, slots=True)
class Hello:
    """An order, and the first one: who speaks (SO_PEERCRED tells) is the daemon.

    command: how it is started again when it dies without having said `End`; () for not at all.
    """

    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Arm:
    """An order: the fuse is whole again, and what is to be refused is refused."""


@dataclass(frozen=True, slots=True)
class End:
    """An order: all ends. The groups are closed, gate and keeper end, their sockets go; then the connection closes."""


Order = Hello | Arm | End
_ORDERS: dict[str, type[Hello | Arm | End]] = {"hello": Hello, "arm": Arm, "end": End}


def order_to_plain(order: Order) -> dict[str, Any]:
    """Return what JSON can hold: the order's fields, and `order`, its word."""
    word = next(word for word, kind in _ORDERS.items() if kind is type(order))
    return {"order": word, **asdict(order)}


def order_from_plain(plain: Mapping[str, Any]) -> Order:
    """Return the order that was given. Raises ValueError, TypeError or KeyError when it is none."""
    taken = dict(plain)
    kind = _ORDERS[taken.pop("order")]
    if "command" in taken:
        taken["command"] = tuple(str(each) for each in taken["command"])
    return kind(**taken)


Fact = Found | Unexamined | Gap | Standing | Alarm | Scarce | Watched
_FACTS: dict[str, type[Found | Unexamined | Gap | Standing | Alarm | Scarce | Watched]] = {
    "found": Found,
    "unexamined": Unexamined,
    "gap": Gap,
    "standing": Standing,
    "alarm": Alarm,
    "scarce": Scarce,
    "watched": Watched,
}
_WORDS = {kind: word for word, kind in _FACTS.items()}


def fact_to_plain(fact: Fact) -> dict[str, Any]:
    """Return what JSON can hold: the fact's fields, and `fact`, its word."""
    return {"fact": _WORDS[type(fact)], **asdict(fact)}


def fact_from_plain(plain: Mapping[str, Any]) -> Fact:
    """Return the fact that was said. Raises ValueError, TypeError or KeyError when it is none."""
    taken = dict(plain)
    kind = _FACTS[taken.pop("fact")]
    if "actor" in taken:
        taken["actor"] = Actor(**taken["actor"])
    if "occasion" in taken:
        taken["occasion"] = Occasion(taken["occasion"])
    if "places" in taken:
        taken["places"] = tuple(str(each) for each in taken["places"])
    if kind is Watched:
        return Watched.from_plain(taken)
    return kind(**taken)
