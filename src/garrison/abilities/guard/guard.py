"""Steers the guard of files: one plan out of what several components want, and one stream of facts for them all.

Two connections, both in the guard's state folder: orders to the keeper, plans to the gate and facts from it. Whichever
of the two is gone is brought back, and told again what it is to do. Nothing of it runs while nothing is to be watched.
"""

import asyncio
import contextlib
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from garrison.abilities.databases import Databases
from garrison.abilities.guard.hearing import Hearing
from garrison.abilities.guard.keeping import Keeper
from garrison.abilities.guard.links import Link, connect
from garrison.base.clock import Clock
from garrison.base.errors import Unavailable
from garrison.base.paths import Home, own_program
from garrison.base.text import printable
from garrison.engine.budget import Limits
from garrison.linux.capabilities import SYS_ADMIN, has_capability
from garrison.sdk.plain import to_plain
from garrison.wire.frames import decode, encode
from garrison.wire.guarding import MOST_LINE, SOCKET, Examining, Gap, Plan, Standing, fact_from_plain, fact_to_plain

KEEPER = "garrison.keeper"
SHOWN = frozenset({"file-protection", "system-watcher-proof"})  # of our folders: protection proves itself there
_VERSION = 1
_LOOK_SECONDS = 0.02
_KNOWN_SECONDS = 0.6  # the gate hears its keeper every half second
log = logging.getLogger(__name__)
T = TypeVar("T")


class Guard:
    """Steers the keeper and the gate.

    standing: how the gate stands by its own word, None while there is none. trouble: why there is none, a sentence, ""
    when nobody knows of any. program: the command of the keeper, () for the product's own.
    """

    def __init__(self, home: Home, clock: Clock, databases: Databases, program: tuple[str, ...] = ()) -> None:
        self.folder = home.folder("guard", _VERSION)
        self.standing: Standing | None = None
        self.trouble = ""
        self._home = home
        self._clock = clock
        self._databases = databases
        daemon = [*own_program("garrison.daemon"), "--home", str(home.root)]
        self._keeper = Keeper(self.folder, [*(program or own_program(KEEPER)), str(self.folder)], daemon, clock)
        self._files: Plan | None = None
        self._documents: Mapping[str, Any] | None = None
        self._hearings: list[Hearing[Any]] = []
        self._keeper_wakes, self._gate_wakes = asyncio.Event(), asyncio.Event()
        self._is_known = asyncio.Event()
        self._news = asyncio.Condition()
        self._lost_at: float | None = None  # when the gate was last heard of
        self._keeper_then: float | None = None  # when the keeper had begun that was there then
        databases.on_switch.append(self._follow)

    @staticmethod
    def may_block() -> bool:
        """Return whether this suite has the right to answer the kernel before a file is opened."""
        return has_capability(SYS_ADMIN)

    # -- what is asked of it --

    def watch_files(self, plan: Plan | None) -> None:
        """Say how files are to be guarded; None for not at all. Databases and private folders are filled in here."""
        self._set(plan, self._documents)

    def watch_documents(self, documents: Mapping[str, Any] | None) -> None:
        """Say what the System Watcher is to do, as `garrison.wire.watching` says; None for nothing."""
        self._set(self._files, documents)

    def _set(self, files: Plan | None, documents: Mapping[str, Any] | None) -> None:
        if (files, documents) != (self._files, self._documents):
            self._files, self._documents = files, documents
            self._wake()

    async def _follow(self, _: Path) -> None:
        self._wake()

    def _wake(self) -> None:
        self._keeper_wakes.set()
        self._gate_wakes.set()

    def is_wanted(self) -> bool:
        """Return whether there is anything to be watched."""
        return self._documents is not None or bool(self._files and self._files.places)

    def plan(self) -> Plan:
        """Return the whole plan, as the gate gets it. Raises Unavailable while there are no databases."""
        files = self._files or Plan(Examining("", to_plain(Limits())))
        examining = replace(files.examining, databases=str(self._databases.current()))
        return replace(files, examining=examining, private=self._private(), documents=self._documents)

    def _private(self) -> tuple[str, ...]:
        """Return our own folders: what lies there looks like threats, and nobody else opens it."""
        with os.scandir(self._home.root) as entries:
            return tuple(
                sorted(each.path for each in entries if each.name not in SHOWN and each.is_dir(follow_symlinks=False))
            )

    @contextlib.contextmanager
    def hear(self, decode_fact: Callable[[Mapping[str, Any]], T | None]) -> Iterator[Hearing[T]]:
        """Listen to what the gate tells, such as with `fact_from_plain`."""
        hearing = Hearing(decode_fact)
        self._hearings.append(hearing)
        try:
            yield hearing
        finally:
            self._hearings.remove(hearing)

    async def until(self, condition: Callable[[Standing], bool], seconds: float) -> bool:
        """Wait until the gate stands so; return whether it did in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self.standing is not None and condition(self.standing))
                return True
        return False

    async def arm(self) -> None:
        """Have what is to be refused be refused again, after the fuse has blown. Raises Unavailable."""
        await self._keeper.arm()

    # -- what it does --

    async def run(self) -> None:
        """Have the keeper and the gate do what is wanted, until this is cancelled. `end` ends them."""
        if self.may_block():
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep_keeper())
                group.create_task(self._keep_gate())

    async def end(self) -> None:
        """End the keeper and the gate, also those of a suite that died, and leave nothing behind."""
        self.standing, self.trouble, self._lost_at = None, "", None
        self._is_known.clear()
        if self.may_block():
            await self._keeper.end()

    async def _keep_keeper(self) -> None:
        while True:
            self._keeper_wakes.clear()
            if not self.is_wanted():
                await self.end()
                await self._keeper_wakes.wait()
                continue
            try:
                link = await self._keeper.reach()
            except (OSError, Unavailable) as error:
                self._fail("started", error)
                await asyncio.sleep(self._keeper.pause_seconds)
            else:
                await self._hold_keeper(link)

    async def _hold_keeper(self, link: Link) -> None:
        """Stay connected to the keeper until it is gone, or not wanted any more."""
        try:
            await asyncio.sleep(_KNOWN_SECONDS)
            self._is_known.set()
            async with asyncio.TaskGroup() as group:
                ending = group.create_task(self._until_ended(link))
                while self.is_wanted() and link.is_open:
                    await self._keeper_wakes.wait()
                    self._keeper_wakes.clear()
                ending.cancel()
        finally:
            self._keeper.leave(link)

    async def _until_ended(self, link: Link) -> None:
        while await link.line():
            pass
        log.warning("the keeper has ended")
        self._keeper_wakes.set()

    async def _keep_gate(self) -> None:
        while True:
            self._gate_wakes.clear()
            if not self.is_wanted():
                await self._gate_wakes.wait()
                continue
            # The gate lets the daemon at blocked files once the keeper has told it who that is.
            await self._is_known.wait()
            try:
                link = await connect(self.folder / SOCKET)
            except OSError:
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                await self._hold_gate(link)

    async def _hold_gate(self, link: Link) -> None:
        """Tell the gate its plan, and again whenever that changes, and hear what it tells, until it is gone."""
        try:
            async with asyncio.TaskGroup() as group:
                hearing = group.create_task(self._hear(link))
                while self.is_wanted() and link.is_open:
                    self._gate_wakes.clear()
                    await self._tell_plan(link)
                    await self._gate_wakes.wait()
                hearing.cancel()
        finally:
            link.close()
            self._lost_at = self._clock.monotonic() if self.is_wanted() else None
            self.standing = None

    async def _tell_plan(self, link: Link) -> None:
        try:
            line = encode(self.plan().to_plain())
        except (OSError, Unavailable) as error:
            self._fail("told what to do", error)
            return
        if len(line) > MOST_LINE:
            self._fail("told what to do", Unavailable("There is more to watch, or to leave out, than it can hold."))
        else:
            await link.send(line)

    async def _hear(self, link: Link) -> None:
        while line := await link.line():
            try:
                untrusted = decode(line)
                if untrusted.get("fact") == "standing":
                    await self._stand(fact_from_plain(untrusted))
                for hearing in self._hearings:
                    hearing.take(untrusted)
            except (ValueError, TypeError, KeyError) as error:
                log.warning("the gate told what is no fact: %s", printable(str(error)))
        log.warning("the gate has ended")
        self._gate_wakes.set()

    async def _stand(self, standing: Any) -> None:
        self._tell_gap()
        self.standing, self.trouble = standing, ""
        async with self._news:
            self._news.notify_all()

    def _tell_gap(self) -> None:
        """Tell of the time in which there was neither keeper nor gate. What only one of them missed, the gate tells."""
        lost, self._lost_at = self._lost_at, None
        before, self._keeper_then = self._keeper_then, self._keeper.began
        if lost is None or self._keeper.began == before:
            return
        places = tuple(place.path for place in self._files.places) if self._files else ()
        gap = Gap(self._clock.monotonic() - lost, "The guard of files had to be started again.", places)
        for hearing in self._hearings:
            hearing.take(fact_to_plain(gap))

    def _fail(self, what: str, error: OSError | Unavailable) -> None:
        why = error.text if isinstance(error, Unavailable) else f"{error.strerror or error}."
        sentence = f"The guard of files could not be {what}: {why[:1].lower()}{why[1:]}"
        if sentence != self.trouble:
            log.error("%s", sentence)
        self.trouble = sentence
