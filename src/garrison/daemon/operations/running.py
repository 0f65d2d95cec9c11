"""Starting and stopping: components, the suite, and its first scan."""

from pathlib import Path
from typing import Annotated, ClassVar

from garrison.base.errors import Unavailable
from garrison.daemon import sign_in as at_sign_in
from garrison.daemon.door import Call
from garrison.daemon.operations.base import Operations
from garrison.daemon.suite_results import FirstScan
from garrison.daemon.supervisor import ComponentFailed, ComponentRecovered
from garrison.sdk import Access, Caller, Event, Job, Said, about, action, task


class RunningOperations(Operations):
    """Start and stop components and the suite."""

    events: ClassVar[tuple[type[Event], ...]] = (ComponentFailed, ComponentRecovered)
    aliases: ClassVar[dict[str, str]] = {
        "sign-in": "sign-in",
        "sign-in on": "sign-in-on",
        "sign-in off": "sign-in-off",
    }

    @action("Switch a component on", access=Access.CONFIGURE)
    async def start(self, component: str, caller: Caller) -> Said:
        """Switch a component on."""
        await self._desk.change(caller, component, {"enabled": True})
        return Said.of("{title} is on.", title=self._parts.components[component].title)

    @action("Switch a component off", access=Access.WEAKEN)
    async def stop(self, component: str, caller: Caller) -> Said:
        """Switch a component off."""
        await self._desk.change(caller, component, {"enabled": False})
        return Said.of("{title} is off.", title=self._parts.components[component].title)

    @action("Restart a component", access=Access.CONFIGURE)
    async def restart(self, component: str) -> Said:
        """Stop a component and start it again."""
        if not self._desk.switchable(component).settings.enabled:
            raise Unavailable(
                "{title} is switched off.", fix="suite.start", title=self._parts.components[component].title
            )
        await self._parts.supervisor.stop(component)
        self._parts.supervisor.start(component)
        return Said.of("{title} was restarted.", title=self._parts.components[component].title)

    @action("Stay in the background", access=Access.CONFIGURE)
    def stay(self) -> Said:
        """Make a short-lived suite a lasting one."""
        self._parts.become_lasting()
        return Said.of("Garrison runs in the background.")

    @action("Stop the suite", access=Access.WEAKEN)
    def shutdown(self) -> Said:
        """End the suite and everything it started."""
        self._parts.shut_down()
        return Said.of("Garrison has stopped.")

    @action("Start at sign-in?", access=Access.VIEW)
    def sign_in(self) -> Said:
        """Say whether Garrison starts by itself when you sign in."""
        return Said.of("Garrison starts at sign-in." if at_sign_in.is_on() else "Garrison does not start at sign-in.")

    @action("Start at sign-in", access=Access.CONFIGURE)
    def sign_in_on(self) -> Said:
        """Let Garrison start by itself when you sign in."""
        at_sign_in.switch(on=True)
        return self.sign_in()

    @action("Do not start at sign-in", access=Access.CONFIGURE)
    def sign_in_off(self) -> Said:
        """Do not let Garrison start by itself when you sign in."""
        at_sign_in.switch(on=False)
        return self.sign_in()

    @task("First scan")
    async def first_scan(
        self,
        job: Job,
        paths: Annotated[list[Path], about("Scan these instead of what matters most")] = [],  # never changed
        again: Annotated[bool, about("Also when a scan was made before")] = False,
    ) -> FirstScan:
        """Scan what matters most, once, and let the rest of the home folder go on in the background."""
        door = self._parts.door
        if not paths and not again and (await door.call(Call("scan.results", {}, job.caller))).result:
            return FirstScan(made=False, summary=None, exit=0)
        arguments = {"paths": [str(path) for path in paths], "action": "automatic"} if paths else {}
        call = Call("scan.files" if paths else "scan.quick", arguments, job.caller)
        call.on_progress = lambda now: job.progress(now.done, now.total, now.text)
        answer = await door.call(call)
        if not paths:
            await door.call(Call("scan.home", {}, job.caller, background=True))
        return FirstScan(made=True, summary=answer.result, exit=answer.exit_code, lines=tuple(map(str, answer.says)))
