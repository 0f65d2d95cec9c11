"""What the daemon and the fetching process say to each other: one job in, then one message a line out.

It fetches files and signed repositories, and sends messages that people want sent out.

The job is one JSON document on standard input; the process works in the folder that it was started in, its spool. Each
message is one line of JSON on standard output. What it says is checked here before it is believed.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from garrison.base.errors import GarrisonError, error_from_plain

LINE_BYTES = 1024 * 1024  # the longest message
MOST_WANTED = 1000
MOST_AHEAD = 64  # targets
TARGETS = "targets"  # the folder in the spool for what a repository signed: a file for each name, called by its index
TRUST = "trust"  # the folder in the spool with what is known of a repository: a copy of the pinned root.json, and
METADATA = "metadata"  # the folder in `trust` that TUF's client keeps for itself from one time to the next
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+@-]{0,199}")
_MOST_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Proxy:
    """The way out. address: http://HOST:PORT or https://HOST:PORT. The password is in no message but the job."""

    address: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Line:
    """How requests are made.

    bytes_per_second: 0 for as fast as it goes. is_metered: the line is billed by volume. seconds: for one file, beside
    the time that the limit of its speed takes. tries: of one file, the first included.
    """

    proxy: Proxy | None = None
    bytes_per_second: int = 0
    is_metered: bool = False
    seconds: float = 600.0
    tries: int = 3


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be fetched.

    address: http(s)://, file:// or an absolute path. name: what it is to be called in the spool. etag, modified: what
    the server said of the file that is there, so that it is not sent again unchanged. hosts: those, beside its own and
    what is under it, that the server may refer to. header: name and value of one more header of the request, a secret
    that goes to the address's own server and to none that it refers to; () for none.
    """

    address: str
    name: str
    most_bytes: int
    etag: str = ""
    modified: str = ""
    hosts: tuple[str, ...] = ()
    header: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class GetJob:
    """Fetch files."""

    line: Line
    wanted: tuple[Wanted, ...]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Targets that will be wanted next, brought by the same process when they are small.

    prefix: of their names. spare: what the last part of a name begins with that is brought only as long as all such
    come to no more than this share of the others, the smallest first. most_bytes: of all; else none is brought.
    """

    prefix: str
    spare: str
    share: float
    most_bytes: int


@dataclass(frozen=True, slots=True)
class TrustedJob:
    """Refresh what is known of a repository (TUF), and fetch targets that it signed.

    sources: addresses of the repository's served folder, tried in turn. names: of targets. now: ISO 8601, with a time
    zone. The spool has the folders `trust` and `targets`; the targets belong into the latter, each called by its index
    in names, and those brought ahead by the numbers behind.
    """

    line: Line
    sources: tuple[str, ...]
    names: tuple[str, ...]
    now: str
    ahead: Ahead | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A message to an address (HTTP POST). headers: names and values. body: sent as UTF-8."""

    address: str
    body: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter for a mail server (RFC 5321).

    security: "tls" from the first byte, "starttls", or "none". message: RFC 5322, all ASCII. user: "" for no
    sign-in.
    """

    host: str
    port: int
    security: str
    sender: str
    recipient: str
    message: str = field(repr=False)
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class SendJob:
    """Send a message out, once; its end without a problem says that the server took it."""

    line: Line
    what: Post | Mail


Job = GetJob | TrustedJob | SendJob


@dataclass(frozen=True, slots=True)
class Asking:
    """A request is about to go out; what came of it follows, if nobody ends the process before."""

    host: str


@dataclass(frozen=True, slots=True)
class RequestMade:
    """A request went out. Bytes are those on the line. outcome: the status, or what went wrong in words."""

    host: str
    sent: int
    received: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is, in bytes. total: None while nobody knows."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of one wanted file. has_file: false also when the file has not changed."""

    index: int
    has_file: bool
    size: int
    transferred: int
    etag: str = ""
    modified: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What refreshing brought. targets: indices of the names that lie verified in the spool. ahead: names likewise.

    failures: by source, why it did not serve. expires: ISO 8601, of what was signed for the shortest time.
    """

    targets: tuple[int, ...]
    version: int
    expires: str
    source: str
    transferred: int
    is_stale: bool
    failures: Mapping[str, str] = field(default_factory=dict)
    ahead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """The job as a whole failed."""

    error: GarrisonError


@dataclass(frozen=True, slots=True)
class Done:
    """The job has come to its end; nothing follows."""


Message = Asking | RequestMade | Progress | Arrived | Refreshed | Problem | Done


class Nonsense(Exception):
    """A message is none of ours."""


def is_name(name: str) -> bool:
    """Return whether a file in the spool may be called so: no folder, nothing hidden, nothing that a shell minds."""
    return _NAME.fullmatch(name) is not None


def part_name(address: str) -> str:
    """Return what the beginning of a file is called in the spool, until the rest has come. What it is of: NAME.json."""
    return "." + hashlib.sha256(address.encode("utf-8", "surrogateescape")).hexdigest()[:32] + ".part"


_JOBS: dict[type[Any], str] = {GetJob: "get", TrustedJob: "trusted", Post: "post", Mail: "mail"}


def encode_job(job: Job) -> bytes:
    """Return a job as it stands on the process's standard input."""
    kind = job.what if isinstance(job, SendJob) else job
    return json.dumps({"kind": _JOBS[type(kind)], **asdict(job)}).encode("ascii")


def decode_job(content: bytes) -> Job:
    """Return the job. Raises ValueError, KeyError, TypeError: nobody but our daemon writes one."""
    plain = json.loads(content)
    line = dict(plain["line"])
    proxy = line.pop("proxy")
    how = Line(proxy=Proxy(**proxy) if proxy else None, **line)
    if plain["kind"] == "get":
        return GetJob(how, tuple(_wanted(entry) for entry in plain["wanted"]))
    if plain["kind"] in {"post", "mail"}:
        return SendJob(how, Post(**plain["what"]) if plain["kind"] == "post" else Mail(**plain["what"]))
    ahead = Ahead(**plain["ahead"]) if plain["ahead"] else None
    return TrustedJob(how, tuple(plain["sources"]), tuple(plain["names"]), plain["now"], ahead)


def _wanted(plain: dict[str, Any]) -> Wanted:
    return Wanted(**{**plain, **{name: tuple(plain[name]) for name in ("hosts", "header")}})


_KINDS: dict[str, type[Any]] = {
    "asking": Asking,
    "request": RequestMade,
    "progress": Progress,
    "arrived": Arrived,
    "refreshed": Refreshed,
    "done": Done,
}
_WORDS = {kind: word for word, kind in _KINDS.items()}


def encode_message(message: Message) -> bytes:
    """Return a message as one line."""
    if isinstance(message, Problem):
        plain: dict[str, Any] = {"say": "problem", "error": message.error.to_plain()}
    else:
        plain = {"say": _WORDS[type(message)], **asdict(message)}
    return json.dumps(plain).encode("ascii") + b"\n"


def decode_message(untrusted: bytes) -> Message:
    """Return the message in a line. Raises Nonsense."""
    try:
        plain = json.loads(untrusted)
        word = plain.pop("say")
        if word == "problem":
            return Problem(error_from_plain(plain["error"]))
        kind = _KINDS[word]
        values = {name: _CHECKS[kind.__annotations__[name]](value) for name, value in plain.items()}
        message: Message = kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Nonsense(str(error)) from error
    return message


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value[:_MOST_TEXT]


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("not a flag")
    return value


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**63:
        raise TypeError("not a count")
    return value


def _perhaps_count(value: Any) -> int | None:
    return None if value is None else _count(value)


def _counts(value: Any) -> tuple[int, ...]:
    return tuple(_count(entry) for entry in value)


def _names(value: Any) -> tuple[str, ...]:
    if len(value) > MOST_AHEAD:
        raise ValueError("more than it may bring ahead")
    return tuple(_text(entry) for entry in value)


def _texts(value: Any) -> dict[str, str]:
    return {_text(name): _text(entry) for name, entry in value.items()}


_CHECKS: dict[Any, Any] = {
    str: _text,
    bool: _flag,
    int: _count,
    int | None: _perhaps_count,
    tuple[int, ...]: _counts,
    tuple[str, ...]: _names,
    Mapping[str, str]: _texts,
}
