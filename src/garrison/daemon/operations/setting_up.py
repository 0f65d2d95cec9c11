"""Setting Garrison up: the first questions, answered by a person or a file."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from garrison.abilities.rights import Scope
from garrison.base.errors import GarrisonError
from garrison.daemon.door import Call
from garrison.daemon.operations.password import PasswordOperations
from garrison.daemon.setting_up import TERMS, Answers, read_answers
from garrison.daemon.settings_ledger import SettingsLedger
from garrison.sdk import Access, Event, Job, Purpose, Result, Secret, Text, UntrustedText, about, task
from garrison.wire.manifest import SUITE

_TERMS = f"{SUITE}.{TERMS.id}"


class SetUp(Event):
    """Garrison was set up."""

    says: ClassVar[str] = "Garrison was set up by account {uid}"
    uid: int


class SettingUp(Result):
    """What was done. failed: what of it did not work; the rest is done all the same."""

    lines: tuple[UntrustedText, ...]
    failed: tuple[UntrustedText, ...] = ()

    def sentences(self) -> list[Text]:
        """Say it."""
        return [Text("{line}", line=line) for line in (*self.lines, *self.failed)]

    def exit_code(self) -> int:
        """Return 3 when something did not work."""
        return 3 if self.failed else 0


class SettingUpOperations(PasswordOperations):
    """Set Garrison up."""

    events: ClassVar[tuple[type[Event], ...]] = (SetUp,)
    purposes: ClassVar[tuple[Purpose, ...]] = (TERMS,)
    aliases: ClassVar[dict[str, str]] = {}

    @task("Set up", access=Access.CONFIGURE)
    async def set_up(
        self,
        job: Job,
        answers: Annotated[str, about("The answers, as TOML")],
        password: Annotated[Secret, about("A password to protect the management, or none")] = Secret(""),  # noqa: B008
    ) -> SettingUp:
        """Set Garrison up by the answers to its first questions; a mistake in them, and nothing is done."""
        secret = password.get_secret_value()
        names = [consent.id for consent in self._consents.all(job.caller) if consent.id != _TERMS]
        found = read_answers(answers, secret, names)
        if secret:
            self._parts.door.tickets.check(job.caller, Scope.PASSWORD)
        lines = [*await self._settle(job, found), *await self._protect(job, password)]
        self.host.report(SetUp(uid=job.caller.uid), job.caller.uid)
        failed: list[str] = []
        for flag, operation, doing in (
            ("first-update", "updates.update", "Update"),
            ("first-scan", "suite.first-scan", "Scan"),
        ):
            if found.wants(flag):
                job.progress(0, None, doing)
                await self._first(job, operation, lines, failed)
        return SettingUp(lines=tuple(lines), failed=tuple(failed))

    async def _settle(self, job: Job, found: Answers) -> Sequence[str]:
        """Write the consents down and take the settings over."""
        if found.wants("recommended-settings"):
            ledger = SettingsLedger(self._parts, self._desk)
            await ledger.defaults(job.caller, (), with_lists=False, really=True)
        if found.language:
            await self._desk.change(job.caller, SUITE, {"language": found.language})
        self._consents.record(job.caller, _TERMS, given=True)
        for name, given in found.consents.items():
            self._consents.record(job.caller, name, given=given)
        given_names = [name for name, given in found.consents.items() if given]
        told = Text("You agreed to: {names}.", names=", ".join(["the terms", *given_names]))
        return [str(told)]

    async def _protect(self, job: Job, password: Secret) -> Sequence[str]:
        if not password.get_secret_value():
            return ()
        return (await self.password_set(password, job.caller)).lines

    async def _first(self, job: Job, operation: str, lines: list[str], failed: list[str]) -> None:
        try:
            call = Call(operation, {}, job.caller)
            call.on_progress = lambda now: job.progress(now.done, now.total, now.text)
            answer = await self._parts.door.call(call)
        except GarrisonError as error:
            failed.append(error.text)
        else:
            lines += [str(text) for text in answer.says]
