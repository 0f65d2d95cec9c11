"""Fetches files and signed repositories, in a process of its own without rights: `garrison.fetch`."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from garrison.abilities import spools
from garrison.abilities.outgoing import Outgoing, Request
from garrison.base.clock import Clock
from garrison.base.errors import Failed, GarrisonError, Invalid, Unavailable
from garrison.base.files import explain
from garrison.base.paths import Home, own_program
from garrison.wire.addresses import is_own_network, parse_address
from garrison.wire.fetching import (
    LINE_BYTES,
    MOST_AHEAD,
    MOST_WANTED,
    TARGETS,
    Ahead,
    Arrived,
    Asking,
    Done,
    GetJob,
    Job,
    Line,
    Mail,
    Message,
    Nonsense,
    Post,
    Problem,
    Progress,
    Proxy,
    Refreshed,
    RequestMade,
    SendJob,
    TrustedJob,
    Wanted,
    decode_message,
    encode_job,
    is_name,
    part_name,
)

__all__ = ["Ahead", "Fetcher", "Got", "Line", "Mail", "Post", "Proxy", "Trusted", "Wanted"]

_VERSION = 1
_SPOOL = "spool-"
_PARTS = "parts"
_PASSED_ON = ("SSL_CERT_FILE", "SSL_CERT_DIR")  # whom an office trusts, as OpenSSL has it
_SLACK_SECONDS = 30.0
_PAUSES_SECONDS = 240.0  # that may lie between the tries of one file
_MOST_REQUESTS = 20_000  # of one job, each of which the ledger keeps
_METADATA_FILES = 50  # of a repository, whose time refreshing may take
_SEND_SECONDS = 60.0  # for one message
_SLOW_SECONDS = 86_400.0  # for a set of databases on a line that is kept slow

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Got:
    """What became of a wanted file. path: None when it failed (then failure says why) or has not changed.

    bytes: its size. transferred: how much of it came over the network now. etag, modified: to be given when it is
    wanted the next time.
    """

    name: str
    path: Path | None
    bytes: int
    transferred: int
    etag: str = ""
    modified: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What refreshing a repository brought: the named targets, verified, in the spool.

    source: which of the sources served. expires: ISO 8601. failures: by source, why it did not serve.
    """

    targets: dict[str, Path]
    version: int
    expires: str
    source: str
    transferred: int
    is_stale: bool
    failures: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class _Heard:
    """What the process said so far."""

    arrived: dict[int, Arrived] = field(default_factory=dict)
    refreshed: Refreshed | None = None
    problem: GarrisonError | None = None
    is_done: bool = False


class Fetcher:
    """Fetches. line: how requests are made from now on.

    Where a server is to be asked, the purpose needs the owner's consent (`Outgoing.check`), and a line that is billed
    by volume needs somebody who wants it by hand; both do not matter to what lies on this computer, the second not to
    the own network. by_hand: a person asks for it just now.
    """

    def __init__(self, home: Home, clock: Clock, outgoing: Outgoing) -> None:
        self.line = Line()
        self._folder = home.folder("fetch", _VERSION)
        self._parts = self._folder / _PARTS
        self._clock = clock
        self._outgoing = outgoing
        self._parts.mkdir(mode=0o700, exist_ok=True)
        for left in self._folder.glob(f"{_SPOOL}*"):
            spools.rescue(left, self._parts)
        spools.forget_old(self._parts, clock.now().timestamp())

    @contextlib.contextmanager
    def spool(self) -> Iterator[Path]:
        """Make a fresh folder for what is fetched, and remove it afterwards with all that is left in it."""
        try:
            folder = Path(tempfile.mkdtemp(prefix=_SPOOL, dir=self._folder))
        except OSError as error:
            raise explain(error, f"make a folder in {self._folder}") from error
        try:
            yield folder
        finally:
            spools.remove(folder)

    async def get(
        self,
        wanted: Sequence[Wanted],
        spool: Path,
        *,
        component: str,
        purpose: str,
        progress: Tell | None = None,
        by_hand: bool = False,
    ) -> list[Got]:
        """Fetch files into a spool; one that fails keeps none of the others back. progress: bytes so far, and of all.

        Raises Invalid, Refused without consent, Unavailable on a line billed by volume, and Failed.
        """
        _check_wanted(wanted)
        self._may([entry.address for entry in wanted], component, purpose, by_hand=by_hand)
        if not wanted:
            return []
        job = GetJob(self.line, tuple(wanted))
        parts = [part_name(parse_address(entry.address).text) for entry in wanted]
        listener = _Listener(self._outgoing, self._clock, (component, purpose), progress)
        with spools.lent(spool, self._parts, parts):
            heard = await _do(job, spool, listener, len(wanted))
        return [_got(entry, heard.arrived.get(index), spool) for index, entry in enumerate(wanted)]

    async def trusted(  # noqa: PLR0913 # as many as get, and whom to trust
        self,
        sources: Sequence[str],
        trust: Path,
        names: Sequence[str],
        spool: Path,
        *,
        component: str,
        purpose: str,
        progress: Tell | None = None,
        by_hand: bool = False,
        ahead: Ahead | None = None,
    ) -> Trusted:
        """Refresh what is known of a signed repository (TUF), and fetch targets of it into a spool.

        sources: addresses of its served folder, tried in turn. trust: a folder with the pinned `root.json`, which is
        never changed here, and `metadata`, which TUF's client keeps for itself. names: of targets. ahead: which others
        to bring, where that can be. Raises as `get`; Unavailable when no source serves, or what it serves cannot be
        trusted: then nothing of it is in the spool.
        """
        self._may(sources, component, purpose, by_hand=by_hand)
        job = TrustedJob(self.line, tuple(sources), tuple(names), self._clock.now().isoformat(), ahead)
        files = len(names) + _METADATA_FILES + (MOST_AHEAD if ahead else 0)
        listener = _Listener(self._outgoing, self._clock, (component, purpose), progress)
        spools.bring_trust(trust, spool)
        try:
            with spools.lent(spool, self._parts, None):
                heard = await _do(job, spool, listener, len(sources) * files)
        finally:
            spools.keep_known(spool, trust)
        return _trusted(job, heard.refreshed, spool)

    async def send(self, what: Post | Mail, *, component: str, purpose: str, by_hand: bool = False) -> None:
        """Send a message out, once, also on a line that is billed by volume.

        Raises Invalid, Refused without consent, Unavailable where trying again may help, and Failed.
        """
        if isinstance(what, Post) and parse_address(what.address).is_file:
            raise Invalid("{address} is no address that a message can be sent to.", address=what.address)
        self._outgoing.check(component, purpose, by_hand=by_hand)
        job = SendJob(replace(self.line, bytes_per_second=0, seconds=_SEND_SECONDS), what)
        listener = _Listener(self._outgoing, self._clock, (component, purpose), None)
        with self.spool() as spool, spools.lent(spool, self._parts, []):
            await _do(job, spool, listener, 0)

    def _may(self, addresses: Sequence[str], component: str, purpose: str, *, by_hand: bool) -> None:
        if self.line.proxy is not None and parse_address(self.line.proxy.address).is_file:
            raise Invalid("The address of the proxy is none.", "Example: http://proxy.example:3128")
        hosts = [address.host for address in map(parse_address, addresses) if not address.is_file]
        if hosts:
            self._outgoing.check(component, purpose, by_hand=by_hand)
        if self.line.is_metered and not by_hand and not all(map(is_own_network, hosts)):
            raise Unavailable(
                "The internet is billed by volume here, so nothing is fetched by itself.",
                "Fetch it by hand, or wait for another line.",
            )


class _Listener:
    """Takes down what the process says of its requests and its progress."""

    def __init__(self, outgoing: Outgoing, clock: Clock, what_for: tuple[str, str], progress: Tell | None) -> None:
        self._outgoing = outgoing
        self._clock = clock
        self._component, self._purpose = what_for
        self._progress = progress
        self._asking = ""  # the host of a request under way
        self._requests = 0

    def hear(self, message: Message) -> None:
        """Take a message. Raises Failed when there are more requests than can be."""
        if isinstance(message, Asking):
            self._requests += 1
            if self._requests > _MOST_REQUESTS:
                raise Failed("Fetching made more requests than any job takes, and was ended.")
            self._asking = message.host
        elif isinstance(message, RequestMade):
            self._asking = ""
            self._record(message.host, message.sent, message.received, message.outcome)
        elif isinstance(message, Progress) and self._progress is not None:
            self._progress(message.done, message.total)

    def close(self) -> None:
        """Take down a request whose end nobody told. How many bytes it was is not known."""
        if self._asking:
            self._record(self._asking, 0, 0, "ended from here; the bytes are not known")

    def _record(self, host: str, sent: int, received: int, outcome: str) -> None:
        at = self._clock.now().isoformat(timespec="milliseconds")
        self._outgoing.record(Request(at, host, self._purpose, self._component, sent, received, outcome))


async def _do(job: Job, spool: Path, listener: _Listener, files: int) -> _Heard:
    """Have the process do a job. Raises what it says, and Failed when it does not come to an end."""
    heard = _Heard()
    try:
        async with (
            asyncio.timeout(_most_seconds(job, files)),
            contextlib.aclosing(_messages(job, spool)) as messages,
        ):
            async for message in messages:
                listener.hear(message)
                _hear(message, heard)
    except TimeoutError:
        raise Failed("Fetching took too long, and was ended.") from None
    finally:
        listener.close()
    if not heard.is_done:
        raise Failed("Fetching broke off.")
    if heard.problem is not None:
        raise heard.problem
    return heard


def _check_wanted(wanted: Sequence[Wanted]) -> None:
    if len(wanted) > MOST_WANTED:
        raise Invalid("No more than {most_wanted} files can be fetched at once.", most_wanted=MOST_WANTED)
    if len({entry.name for entry in wanted}) != len(wanted):
        raise Invalid("Two of the files to be fetched have the same name.")
    for entry in wanted:
        if not is_name(entry.name):
            raise Invalid("A fetched file cannot be called “{name}”.", name=entry.name)


def _most_seconds(job: Job, files: int) -> float:
    """Return when a process that has not ended must hang."""
    if isinstance(job, SendJob):
        return job.line.seconds + _SLACK_SECONDS
    seconds = files * (job.line.seconds + _PAUSES_SECONDS) + _SLACK_SECONDS
    rate = job.line.bytes_per_second
    if rate:
        seconds += sum(entry.most_bytes for entry in job.wanted) / rate if isinstance(job, GetJob) else _SLOW_SECONDS
    return seconds


def _hear(message: Message, heard: _Heard) -> None:
    if isinstance(message, Problem):
        heard.problem = message.error
    elif isinstance(message, Arrived):
        heard.arrived[message.index] = message
    elif isinstance(message, Refreshed):
        heard.refreshed = message
    elif isinstance(message, Done):
        heard.is_done = True


async def _messages(job: Job, spool: Path) -> AsyncGenerator[Message, None]:
    """Run the process in a spool and yield what it says. Raises Failed."""
    process = await asyncio.create_subprocess_exec(
        *own_program("garrison.fetch"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(),
        cwd=spool,
        limit=LINE_BYTES,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        with contextlib.suppress(ConnectionError):
            process.stdin.write(encode_job(job))
            await process.stdin.drain()
            process.stdin.close()
        while line := await process.stdout.readline():
            yield decode_message(line)
        code = await process.wait()
        if code != 0:
            words = (await process.stderr.read(4096)).decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
            raise Failed("Fetching ended with {code}.", "{advice}", code=code, advice=words[:200])
    except (Nonsense, ValueError) as error:
        raise Failed("The fetching process said what it never should.") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _environment() -> dict[str, str]:
    passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **passed_on}


def _got(wanted: Wanted, arrived: Arrived | None, spool: Path) -> Got:
    """Return what became of a file. What the process says of it is compared with what lies there."""
    if arrived is None:
        return Got(wanted.name, None, 0, 0, failure="Nothing is known of it.")
    path = spool / wanted.name
    transferred, etag, modified = arrived.transferred, arrived.etag, arrived.modified
    if not arrived.has_file or arrived.failure:
        return Got(wanted.name, None, 0, transferred, etag, modified, arrived.failure)
    size = spools.size_of(path)
    if size is None or size > wanted.most_bytes:
        return Got(wanted.name, None, 0, transferred, failure="What was fetched is not there.")
    return Got(wanted.name, path, size, transferred, etag, modified)


def _trusted(job: TrustedJob, refreshed: Refreshed | None, spool: Path) -> Trusted:
    """Return what refreshing brought, compared with what lies there. Raises Failed."""
    if refreshed is None:
        raise Failed("Nothing is known of the repository.")
    if any(index >= len(job.names) for index in refreshed.targets):
        raise Failed("What was fetched is not there.")
    numbered = [(index, job.names[index]) for index in refreshed.targets]
    numbered += enumerate(refreshed.ahead if job.ahead else (), len(job.names))
    targets = {name: spool / TARGETS / str(index) for index, name in numbered}
    if any(spools.size_of(path) is None for path in targets.values()):
        raise Failed("What was fetched is not there.")
    told = refreshed
    return Trusted(
        targets, told.version, told.expires, told.source, told.transferred, told.is_stale, dict(told.failures)
    )
