"""What updates do for the other computers of an office: a mirror of what the publisher serves, if that is wanted."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence

from garrison import sdk
from garrison.abilities.databases import publications
from garrison.abilities.databases.mirror_process import MirrorProcess, Wish
from garrison.abilities.databases.mirroring import Mirror
from garrison.abilities.databases.updating import Updater
from garrison.abilities.fetching import Fetcher
from garrison.base.errors import GarrisonError
from garrison.base.paths import Home
from garrison.base.text import plural, size

_NO_PUBLISHER = "Only what a publisher signed can be served, and this computer takes its databases from none."


class MirrorInfo(sdk.Result):
    """What this computer serves to others. port: 0 while it serves nothing. problem: why it does not."""

    is_on: bool
    port: int
    host: str
    files: int
    bytes: int
    problem: str

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if not self.is_on:
            return [
                sdk.Text("Other computers take nothing from this one: garrison settings set updates.mirror_port PORT")
            ]
        lines = []
        if self.port:
            files = plural(self.files, "file", "files")
            lines += [
                sdk.Text("Other computers can take {files} from here ({size}).", files=files, size=size(self.bytes)),
                sdk.Text("They do so by: garrison settings set updates.sources http://{host}:{port}", host=self.host,
                         port=self.port),
            ]  # fmt: skip
        if self.problem:
            lines.append(sdk.Text("{problem}", problem=self.problem))
        return lines


class OfficeMirror:
    """The mirror and the process that serves it. failure: why what is served could not be brought up to date."""

    def __init__(self, home: Home, fetcher: Fetcher, updater: Updater) -> None:
        self._mirror = Mirror(home, fetcher, updater.trust)
        self._process = MirrorProcess(self._mirror.public, self._mirror.prepare)
        self._updater = updater
        self._changed = asyncio.Event()
        self._is_on = False
        self.failure = ""

    def set(self, address: str, port: int) -> None:
        """Serve there from now on; nothing where the port is 0."""
        self._is_on = port > 0
        self._process.want(Wish(address, port) if port else None)
        self._changed.set()

    async def run(self, sources: Callable[[], Sequence[str]], lock: asyncio.Lock) -> None:
        """Serve until cancelled. sources: of what is not here yet. lock: who holds it may change the databases."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._process.run())
            while True:
                self._changed.clear()
                async with lock:
                    if not self._is_on:
                        await asyncio.to_thread(self._mirror.remove)
                    elif not self._mirror.is_current() and not self._is_new():
                        await self.follow(sources(), by_hand=False)
                await self._changed.wait()

    def _is_new(self) -> bool:
        """Return whether nothing was taken yet from the publisher that is trusted: the next update fills the mirror."""
        trust = self._updater.trust
        return bool(publications.pinned(trust)) and not (trust / "metadata" / "timestamp.json").exists()

    async def follow(
        self, sources: Sequence[str], *, by_hand: bool, tell: Callable[[int, int | None], None] | None = None
    ) -> None:
        """Bring what is served up to date, if anything is; when that fails, it stays as it is, and is an issue."""
        if not self._is_on:
            return
        if not sources or not publications.pinned(self._updater.trust):
            self.failure = _NO_PUBLISHER
            return
        try:
            await self._mirror.follow(sources, by_hand=by_hand, tell=tell)
            self.failure = ""
        except GarrisonError as error:
            self.failure = f"{error.text} {error.hint}".strip()

    def info(self) -> MirrorInfo:
        """Return what is served."""
        served = self._mirror.served()
        files, total = (served.files, served.bytes) if served is not None else (0, 0)
        return MirrorInfo(
            is_on=self._is_on,
            port=self._process.port,
            host=socket.gethostname(),
            files=files,
            bytes=total,
            problem=" ".join(self._problems()),
        )

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        for why in self._problems():
            text = sdk.Text("Other computers cannot take the newest databases from this one: {why}", why=why)
            yield sdk.Issue(id="mirror", severity=sdk.Severity.IMPORTANT, text=text)
            return  # one at a time is enough to be told

    def _problems(self) -> list[str]:
        if not self._is_on:
            return []
        problem = self._process.problem
        told = f"{problem.text} {problem.hint}".strip() if problem is not None else ""
        return [why for why in (told, self.failure) if why]
