"""The file protection component: what people can ask of it."""

import asyncio
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated

from garrison import sdk
from garrison.base.errors import GarrisonError, Invalid, NotFound, Refused
from garrison.base.text import message, phrase, printable
from garrison.components.file_protection import events, proving
from garrison.components.file_protection.memory import Blocked
from garrison.components.file_protection.planning import ID
from garrison.components.file_protection.results import PlaceRow, Proved, RequestRow
from garrison.components.file_protection.watching import READY_SECONDS, Watching

_Path = Annotated[Path, sdk.about("A folder, or where a file system is mounted")]
_Id = Annotated[int, sdk.about("Its number, as requests shows it", ge=1, le=2**53)]


class FileProtection(Watching):
    """Examines files when they are opened, run or changed, and keeps people from those with a threat in them."""

    id = ID
    title = "File protection"
    feature = sdk.Feature.PROTECTION
    events = events.EVENTS
    default_operation = "list"

    # -- what can be asked --

    @sdk.action("Watched places", access=sdk.Access.VIEW)
    def list(self) -> "Sequence[PlaceRow]":
        """List what is watched, and how."""
        return [
            PlaceRow(path=place.path, reach=place.reach.value, how=self._how(place.path)) for place in self._places()
        ]

    @sdk.action("Watch a place", access=sdk.Access.CONFIGURE)
    async def watch(self, path: _Path, caller: sdk.Caller) -> sdk.Said:
        """Watch a folder with all below, or a whole file system given by where it is mounted."""
        real, name = _folder(path)
        chosen = [str(each) for each in getattr(self.settings, name)]
        if real not in chosen:
            await self._set(name, [*chosen, real], caller)
        if self._group is not None and self._guard.may_block() and not self._is_paused():
            await self._guard.until(lambda standing: real in {*standing.watched, *standing.refused}, READY_SECONDS)
        return sdk.Said.of("{real}: {how}.", real=printable(real), how=printable(self._how(real)))

    @sdk.action("No longer watch a place", access=sdk.Access.WEAKEN)
    async def unwatch(self, path: _Path, caller: sdk.Caller) -> sdk.Said:
        """No longer watch a place that was chosen."""
        wanted = _names_of(path)
        for name in ("folders", "mounts"):
            chosen = [str(each) for each in getattr(self.settings, name)]
            if wanted & set(chosen):
                await self._set(name, [each for each in chosen if each not in wanted], caller)
                return sdk.Said.of("{path} is not watched any more.", path=printable(str(path)))
        raise NotFound(
            "{path} is not among the chosen places.", "garrison file-protection list", path=printable(str(path))
        )

    async def _set(self, name: str, values: Sequence[str], caller: sdk.Caller) -> None:
        await self.host.call("suite.settings-set", caller, name=f"{ID}.{name}", values=[*values])

    @sdk.action("Pause file protection", access=sdk.Access.WEAKEN)
    def pause(self, minutes: Annotated[int, sdk.about("For so many minutes", ge=1, le=10_080)] = 15) -> sdk.Said:
        """Watch nothing for a while; what is changed meanwhile is scanned afterwards."""
        now = self._clock.now()
        until = now.timestamp() + minutes * 60
        self._memory.change(paused_from=self._memory.state.paused_from or now.timestamp(), paused_until=until)
        self._update()
        how = message("for {count} minute", {}, "for {count} minutes", minutes)
        self.host.report(events.ProtectionPaused(how=how))
        return sdk.Said.of(
            "File protection is paused for {count} minute.",
            many="File protection is paused for {count} minutes.",
            count=minutes,
        )

    @sdk.action("Go on protecting files")
    def resume(self) -> sdk.Said:
        """End a pause."""
        since = self._memory.state.paused_from
        if not since:
            return sdk.Said.of("File protection is not paused by the clock.")
        self._memory.change(paused_from=0.0, paused_until=0.0)
        self._go_on(since)
        return sdk.Said.of("File protection goes on; what was changed meanwhile is being scanned.")

    @sdk.action("Confirm file protection", access=sdk.Access.CONFIGURE)
    def confirm(self, caller: sdk.Caller) -> sdk.Said:
        """Let every local file be protected: until then threats are told of, and nobody is kept from anything."""
        if not self._memory.state.confirmed:
            self._memory.change(confirmed=True)
            self.host.report(events.ProtectionConfirmed(uid=caller.uid), caller.uid)
        self._update()
        return sdk.Said.of("Threats are blocked from now on, wherever files are watched.")

    @sdk.action("Block again", access=sdk.Access.CONFIGURE)
    async def arm(self) -> sdk.Said:
        """Block threats again after crashes had made file protection only tell of them."""
        await self._guard.arm()
        return sdk.Said.of("Threats are blocked again.")

    @sdk.action("Ask for a blocked file")
    def release(self, path: Annotated[Path, sdk.about("The file that was blocked")], caller: sdk.Caller) -> sdk.Said:
        """Ask the owner of this computer to release a file that you were kept from."""
        for entry in reversed(self._memory.blocked):
            if entry.path == str(path) and caller.sees(entry.uid):
                if not entry.state:
                    self._memory.set(entry, "asked")
                    event = events.ReleaseRequested(uid=caller.uid, path=entry.path, threat=entry.threat)
                    self.host.report(event)
                return sdk.Said.of(
                    "Request {id}: {state}.",
                    id=entry.id,
                    state=entry.state or "the owner of this computer has been asked",
                )
        raise NotFound(
            "You were not kept from {path}.", "Give its full path, as it was blocked.", path=printable(str(path))
        )

    @sdk.action("Blocked files", access=sdk.Access.VIEW)
    def requests(self, caller: sdk.Caller) -> "Sequence[RequestRow]":
        """List the files that were blocked, and what became of requests to release them."""
        return [
            RequestRow(**{key: value for key, value in asdict(entry).items() if key in RequestRow.model_fields})
            for entry in reversed(self._memory.blocked)
            if caller.sees(entry.uid)
        ]

    def _request(self, number: int) -> Blocked:
        for entry in self._memory.blocked:
            if entry.id == number:
                return entry
        raise NotFound("There is no request {number}.", "garrison file-protection requests lists them.", number=number)

    @sdk.action("Allow a blocked file", access=sdk.Access.WEAKEN)
    async def allow(self, id: _Id, caller: sdk.Caller) -> sdk.Said:
        """Release a file: this very content is left out from now on, and comes back from quarantine."""
        entry = self._request(id)
        if not entry.sha256:
            raise Refused("This file's content is not known, so it cannot be told from others.")
        self._judge.allow(entry.sha256, printable(entry.path))
        self._memory.set(entry, "allowed")
        self.host.report(events.ReleaseAnswered(path=entry.path, answer="allowed"), entry.uid)
        text = f"{printable(entry.path)} is released."
        if entry.quarantine_id:
            try:
                await self.host.call("quarantine.restore", caller, id=entry.quarantine_id)
            except GarrisonError as error:
                text += f" It could not be put back: {error.text}"
        return sdk.Said(text=text)

    @sdk.action("Refuse a request", access=sdk.Access.CONFIGURE)
    def refuse(self, id: _Id) -> sdk.Said:
        """Leave a file blocked that somebody asked for."""
        entry = self._request(id)
        self._memory.set(entry, "refused")
        self.host.report(events.ReleaseAnswered(path=entry.path, answer="refused"), entry.uid)
        return sdk.Said.of("{path} stays blocked.", path=printable(entry.path))

    # -- how it stands --

    @sdk.task("Prove file protection", schedule="start, every 1 day, if missed")
    async def prove(self, job: sdk.Job) -> Proved:
        """Really open the EICAR test file in a watched folder of our own, and see that it is refused."""
        job.progress(0, 1)
        proved = await self._prove()
        job.progress(1, 1)
        if proved.passed is not None:
            self._memory.change(proof={"at": self._clock.now().isoformat(), **proved.model_dump()})
            event = events.ProtectionProved(what=proved.what)
            self.host.report(event if proved.passed else events.ProtectionNotProved(why=proved.what))
        return proved

    async def _prove(self) -> Proved:
        if self._group is None or self._is_paused() or not self._places():
            return Proved(passed=None, milliseconds=0, what="nothing is watched now")
        folder = str(self._proof_folder)
        blocks = self._guard.may_block()
        if blocks and not await self._guard.until(lambda standing: folder in standing.watched, READY_SECONDS):
            return Proved(
                passed=False, milliseconds=0, what=self._guard.trouble.rstrip(".") or phrase("the guard is silent")
            )
        self._proof_seen.clear()
        began = self._clock.monotonic()
        path = proving.write_test_file(self._proof_folder)
        try:
            return await self._attempt(path, began, blocks)
        except (OSError, ValueError, TimeoutError) as error:
            return Proved(passed=False, milliseconds=0, what=str(error) or phrase("nothing came of it in time"))
        finally:
            path.unlink(missing_ok=True)

    async def _attempt(self, path: Path, began: float, blocks: bool) -> Proved:
        refused, took = await proving.try_to_open(path) if blocks else (False, 0)
        if refused:
            return Proved(passed=True, milliseconds=took, what=phrase("EICAR refused in {took} ms", took=took))
        standing = self._guard.standing
        if blocks and (standing is None or standing.watched.get(str(path.parent)) == "blocking"):
            return Proved(passed=False, milliseconds=took, what=phrase("the test file could be opened"))
        async with asyncio.timeout(READY_SECONDS):
            await self._proof_seen.wait()
        took = round((self._clock.monotonic() - began) * 1000)
        return Proved(passed=True, milliseconds=took, what=phrase("EICAR found in {took} ms, not blocked", took=took))

    def proof(self) -> sdk.Proof | None:
        """Return when the test file was last tried."""
        try:
            said = dict(self._memory.state.proof or {})
            at = datetime.fromisoformat(said.pop("at"))
            return Proved(**said).proof(at)
        except (KeyError, ValueError, TypeError):
            return None

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        return self.issues_for(sdk.Caller.myself())

    def issues_for(self, caller: sdk.Caller) -> Iterable[sdk.Issue]:
        """Return what is wrong as far as a caller is to know."""
        important = sdk.Severity.IMPORTANT
        if self._is_paused():
            text, fix = sdk.Text("File protection is paused"), "" if self._paused_by else "file-protection.resume"
            yield sdk.Issue(id="paused", severity=important, text=text, fix=fix)
        elif self._group is not None and self._places():
            yield from self._issues_of_watching()
        asked = sum(entry.state == "asked" for entry in self._memory.blocked)
        if asked and caller.is_owner:
            text = sdk.Text(
                "{count} person asks for a blocked file: garrison file-protection requests",
                many="{count} people ask for a blocked file: garrison file-protection requests",
                count=asked,
            )
            yield sdk.Issue(id="asked", severity=important, text=text)


def _names_of(path: Path) -> set[str]:
    """Return what a place may be called."""
    return {str(path)} if "\0" in str(path) else {str(path), os.path.realpath(path)}


def _folder(path: Path) -> tuple[str, str]:
    """Return the real path of a folder, and which list of places it belongs to. Raises Invalid, NotFound."""
    if not path.is_absolute() or "\0" in str(path):
        raise Invalid("{path} is no full path.", "Example: /home/you/Downloads", path=printable(str(path)))
    real = os.path.realpath(path)
    if not os.path.isdir(real):
        raise NotFound(
            "There is no folder {real}.", "Name a folder, or where a file system is mounted.", real=printable(real)
        )
    return real, "mounts" if os.path.ismount(real) else "folders"
