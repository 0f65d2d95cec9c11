"""Scans that wait, and go on later."""

from typing import Annotated

from garrison import sdk
from garrison.base.errors import GarrisonError, NotFound
from garrison.components.scan.keeping import Kept
from garrison.components.scan.results import KeptRow, ScanSummary, WentOn
from garrison.components.scan.scanning import Scanning
from garrison.components.scan.settings import MOST_NUMBERS, GoOn


class GoingOn(Scanning):
    """Looks for malware in files and folders, and inside archives."""

    @sdk.action("Pause scans", access=sdk.Access.OPERATE)
    async def pause(
        self,
        caller: sdk.Caller,
        scan: Annotated[list[int], sdk.about("Its number; none: all", max_length=MOST_NUMBERS)],
    ) -> list[KeptRow]:
        """Let scans under way wait; they keep what they have found, also across restarts."""
        running = {number: each for number, each in self._checkpoints.running.items() if caller.sees(each.kept.owner)}
        for number in scan:
            if number not in running:
                raise NotFound(
                    "There is no scan {number} under way.", "garrison scan paused lists them.", number=number
                )
        wanted = [running[number] for number in scan or running]
        for each in wanted:
            each.stop()
        for each in wanted:
            await each.ended.wait()
        return self.paused(caller)

    @sdk.action("Paused scans", access=sdk.Access.VIEW)
    def paused(self, caller: sdk.Caller) -> list[KeptRow]:
        """List the scans that are paused, were cut short, or are under way."""
        running = [(each.now(), "under way") for each in self._checkpoints.running.values()]
        waiting = [(each, "paused" if each.paused else "cut short") for each in self._checkpoints.waiting()]
        return [
            KeptRow(
                id=kept.id,
                task=kept.title,
                began=kept.began,
                state=state,
                files=kept.progress[0],
                threats=kept.threats,
                by_itself=kept.by_itself,
            )
            for kept, state in sorted([*running, *waiting], key=lambda pair: pair[0].id)
            if caller.sees(kept.owner)
        ]

    @sdk.task("Resume a scan")
    async def resume(
        self, job: sdk.Job, scan: Annotated[list[int], sdk.about("Its number; none: the newest", max_length=1)]
    ) -> ScanSummary:
        """Go on with a scan that was paused or cut short, where it was; anew when the databases have changed since."""
        waiting = [each for each in self._checkpoints.waiting() if job.caller.sees(each.owner)]
        for kept in reversed(waiting):
            if not scan or kept.id in scan:
                return await self._go_on_with(job, kept)
        raise NotFound("There is no such scan to go on with.", "garrison scan paused lists them.")

    @sdk.task("Go on with scans", schedule="start")
    async def go_on(self, job: sdk.Job) -> WentOn:
        """Go on with all scans that were cut short; by itself, with those that the settings name."""
        waiting = [each for each in self._checkpoints.waiting() if job.caller.sees(each.owner) and not each.paused]
        if job.by_itself:
            waiting = [each for each in waiting if self._goes_on(each)]
        failed = []
        for number, kept in enumerate(waiting):
            job.progress(number, len(waiting), kept.title)
            try:
                await self.host.call("scan.resume", kept.asker, scan=[kept.id])
            except GarrisonError as error:
                failed.append(f"{kept.title}: {error.text}")
        return WentOn(scans=len(waiting) - len(failed), failed=failed)

    def _goes_on(self, kept: Kept) -> bool:
        if kept.is_of_background:
            return False
        wanted = self.settings.go_on
        return wanted is GoOn.ALL or (wanted is GoOn.OWN and kept.by_itself)
