"""What of the System Watcher runs by itself: it has folders watched, and acts on alarms."""

import asyncio
import os
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from garrison import sdk
from garrison.abilities.guard import Guard
from garrison.abilities.rewinding import Rewinding
from garrison.base.clock import Clock
from garrison.base.errors import GarrisonError
from garrison.base.text import printable
from garrison.components.system_watcher import results
from garrison.components.system_watcher.places import document_folders, homes, start_folders
from garrison.components.system_watcher.results import Undone
from garrison.components.system_watcher.settings import THRESHOLDS, SystemWatcherSettings, WhenSeen
from garrison.components.system_watcher.shares import Shares
from garrison.components.system_watcher.state import Memory
from garrison.wire.watching import Alarm, Decision, Documents, Scarce, Watched

READY_SECONDS = 15.0
_MIB = 1024 * 1024
_MOST_HANDLED = 1000


class Watching(sdk.Component[SystemWatcherSettings]):
    """Stops programs that destroy documents. Who inherits this adds what people can ask."""

    def __init__(  # each is an ability that the suite hands in
        self, host: sdk.Host, settings: SystemWatcherSettings, guard: Guard, rewinding: Rewinding, clock: Clock
    ) -> None:
        super().__init__(host, settings)
        self._guard = guard
        self._rewinding = rewinding
        self._clock = clock
        self._memory = Memory(rewinding.folder)
        self._shares = Shares()
        self._scarce: tuple[datetime, Scarce] | None = None
        self._is_running = False
        self._watched: Watched | None = None
        self._news = asyncio.Condition()
        self._proving = ""  # the folder, while it proves itself
        self._proof_alarm: asyncio.Future[Alarm] | None = None
        self._handled: deque[str] = deque(maxlen=_MOST_HANDLED)

    # -- what is watched --

    def unsupported(self) -> sdk.Text | None:
        """Return why it cannot work."""
        if self._guard.may_block():
            return None
        return sdk.Text(
            "Documents can be protected from ransomware only where Garrison runs as the system's own service."
        )

    def settings_changed(self) -> None:
        """Have the gate go by the settings."""
        if self._is_running:
            self._guard.watch_documents(self._wanted())

    def _wanted(self) -> Mapping[str, Any] | None:
        """Return what the gate is to do; None when there is nothing to protect and nobody stopped."""
        is_waiting = any(alarm.stopped and not alarm.decision for alarm in self._rewinding.alarms())
        return self._plan().to_plain() if is_waiting or self._folders() else None

    def _folders(self) -> dict[str, str]:
        """Return the protected folders with who named them."""
        found = dict.fromkeys([self._proving] if self._proving else [], "proof")
        found |= dict.fromkeys(self._memory.folders, "owner")
        if self.settings.home_folders:
            for home in homes():
                found |= {path: "home" for path in document_folders(home) if path not in found}
        return found

    def _plan(self) -> Documents:
        settings = self.settings
        return Documents(
            store=str(self._rewinding.folder),
            folders=tuple(self._folders()),
            traces=start_folders(),
            trusted=(*map(str, settings.trusted), *self._memory.forgiven),
            threshold=THRESHOLDS[settings.sensitivity],
            window_seconds=settings.window_minutes * 60.0,
            budget_bytes=settings.copies_mib * _MIB,
            stops=settings.action is not WhenSeen.TELL,
            copies_on_read=settings.copies_on_read,
            decided=self._memory.decided,
        )

    async def run(self) -> None:
        """Protect documents until cancelled."""
        if self.unsupported() is not None:
            self.host.ready()
            await asyncio.Event().wait()
        try:
            with self._guard.hear(_understood) as hearing:
                self._is_running = True
                self._guard.watch_documents(await asyncio.to_thread(self._wanted))
                self.host.ready()
                async with asyncio.TaskGroup() as group:
                    for alarm in self._rewinding.alarms():  # raised while nobody listened
                        if alarm.stopped and not alarm.decision and alarm.id not in self._memory.decided:
                            group.create_task(self._take(alarm))
                    async for fact in hearing:
                        if isinstance(fact, Alarm):
                            group.create_task(self._take(fact))
                        elif isinstance(fact, Scarce | Watched):
                            await self._hear(fact)
        finally:
            self._is_running, self._watched = False, None
            self._guard.watch_documents(None)

    async def _hear(self, fact: Scarce | Watched) -> None:
        if isinstance(fact, Scarce):
            self._scarce = (self._clock.now(), fact)
            self.host.report(results.SpaceTooSmall(path=fact.path, why=fact.why), max(0, fact.uid))
            return
        self._watched = fact
        async with self._news:
            self._news.notify_all()

    async def _until_watched(self, path: str) -> str:
        """Have the gate go by what is wanted now, wait until it watches a folder, and return why not, or ""."""
        self.settings_changed()
        try:
            async with asyncio.timeout(READY_SECONDS), self._news:
                await self._news.wait_for(lambda: self._watched is not None and path in self._watched.folders)
        except TimeoutError:
            return self._problem(path)
        return self._problem(path)

    def _problem(self, path: str) -> str:
        """Return why a folder is not watched now, "" when it is."""
        if not self._is_running:
            return "the System Watcher does not run"
        if self._guard.standing is not None and self._guard.standing.fuse:
            return "after crashes of the guard of files nobody is stopped (garrison file-protection arm)"
        if self._watched is None or path not in self._watched.folders:
            return self._guard.trouble.rstrip(".") or "the guard of files has not answered yet"
        return str(self._watched.refused.get(path, ""))

    def _is_of_proof(self, alarm: Alarm) -> bool:
        """Return whether an alarm is about our own test program: about nothing else than the files made for it."""
        return bool(alarm.reasons) and all(is_within(path, self._rewinding.proof_folder) for path in alarm.reasons)

    # -- what follows an alarm --

    async def _take(self, alarm: Alarm) -> None:
        """Do about an alarm what the settings say."""
        if alarm.id in self._handled:
            return
        self._handled.append(alarm.id)
        if self._is_of_proof(alarm):
            self._take_proof(alarm)
            return
        self._tell(alarm)
        if os.path.basename(alarm.program) == "smbd" and self.settings.block_minutes:
            await self._shut_out(alarm)
        if not alarm.stopped:
            return
        if self.settings.action is WhenSeen.ASK and await self._ask(alarm) == Decision.RELEASE:
            self._release(alarm, sdk.Caller.myself())
            return
        try:
            await self._undo(alarm)
        finally:
            self._decide(alarm, Decision.END)

    def _take_proof(self, alarm: Alarm) -> None:
        if self._proof_alarm is not None and not self._proof_alarm.done():
            self._proof_alarm.set_result(alarm)
        elif alarm.stopped:  # of a suite that ended in the middle of it
            self._decide(alarm, Decision.END)

    def _tell(self, alarm: Alarm) -> None:
        files, stopped = len(alarm.reasons), alarm.stopped
        if not stopped:
            self.host.report(results.RansomwareSeen(alarm=alarm.id, program=alarm.program, files=files), alarm.uid)
            return
        event = results.RansomwareStopped(
            alarm=alarm.id, program=alarm.program, files=files, processes=len(stopped["processes"])
        )
        self.host.report(event, alarm.uid)
        if left := stopped["left"]:
            why = "; ".join(sorted(set(left.values())))
            self.host.report(results.ProcessesLeft(alarm=alarm.id, count=len(left), why=why), alarm.uid)

    async def _ask(self, alarm: Alarm) -> str:
        text = sdk.Text(
            "{program} destroyed {files} document(s) and was stopped. Restore them and end it?",
            program=printable(alarm.program),
            files=len(alarm.reasons),
        )
        choices = {str(Decision.END): "Restore and end it", str(Decision.RELEASE): "A false alarm: let it go on"}
        question = sdk.Question(f"alarm-{alarm.id}", text, choices, str(Decision.END))
        return await self.host.ask(question, alarm.uid)

    async def _undo(self, alarm: Alarm) -> Undone:
        outcome = await self._rewinding.undo(alarm)
        event = results.DocumentsRestored(
            alarm=alarm.id,
            restored=len(outcome.restored) + len(outcome.moved),
            quarantined=len(outcome.quarantined),
            failed=len(outcome.failed),
        )
        self.host.report(event, alarm.uid)
        return results.undone(alarm.id, outcome)

    def _decide(self, alarm: Alarm, decision: Decision) -> None:
        self._memory.decide(alarm.id, decision)
        self.settings_changed()

    def _release(self, alarm: Alarm, caller: sdk.Caller) -> bool:
        is_remembered = self._memory.forgive(alarm.program)
        self._decide(alarm, Decision.RELEASE)
        self.host.report(results.ProgramReleased(alarm=alarm.id, program=alarm.program, uid=caller.uid), alarm.uid)
        return is_remembered

    async def _shut_out(self, alarm: Alarm) -> None:
        """Block the computer that an smbd served."""
        minutes = self.settings.block_minutes
        try:
            for address in await asyncio.to_thread(self._shares.clients_of, alarm.pid):
                await asyncio.to_thread(self._shares.block, address, minutes)
                self.host.report(results.ClientBlocked(alarm=alarm.id, address=address, minutes=minutes))
        except GarrisonError as error:
            self.host.report(results.ClientNotBlocked(alarm=alarm.id, why=error.text))


def is_within(path: str, folder: Path) -> bool:
    """Return whether a path is in a folder."""
    return path.startswith(f"{folder}/")


def _understood(untrusted: Mapping[str, Any]) -> Alarm | Scarce | Watched | None:
    """Return the fact that was told when it is one of ours. Raises TypeError when it is damaged."""
    fields = {name: value for name, value in untrusted.items() if name != "fact"}
    kind = untrusted.get("fact")
    if kind == "alarm":
        return Alarm.from_plain(fields)
    if kind == "watched":
        return Watched.from_plain(fields)
    return Scarce(**fields) if kind == "scarce" else None
