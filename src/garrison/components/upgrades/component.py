"""The upgrades component."""

import asyncio
from collections.abc import Iterable
from typing import Annotated

from garrison import __version__, sdk
from garrison.abilities.application import Versions
from garrison.base.errors import GarrisonError, Refused
from garrison.base.files import explain, write_atomically
from garrison.base.installed import Switch, SwitchState

_LOOK_SECONDS = 1.0
_TOLD = "told"
_Source = Annotated[sdk.Place, sdk.about("Source", max_length=4096)]


class Upgraded(sdk.Event):
    """Another version of Garrison is in use."""

    says = "Garrison {version} is in use; before, it was {before}"
    counts = (sdk.Counted.UPDATES,)
    version: str
    before: str


class UpgradeReturned(sdk.Event):
    """A new version of Garrison did not work, and the one of before is in use again."""

    says = "Garrison {version} did not work, and {before} is in use again: {why}"
    severity = sdk.Severity.IMPORTANT
    version: str
    before: str
    why: sdk.UntrustedText


class UpgradeFailed(sdk.Event):
    """A new version of Garrison could not be taken, or did not pass its check; nothing was changed."""

    says = "No new version of Garrison was taken into use: {why}"
    severity = sdk.Severity.IMPORTANT
    why: sdk.UntrustedText


class UpgradesSettings(sdk.Settings):
    """Whether and from where new versions of Garrison are taken."""

    automatic: bool = sdk.field(False, title="Change to new versions by itself")
    sources: list[_Source] = sdk.field(
        [], title="Take new versions from these publishers, the first that serves", max_length=20
    )


class UpgradeResult(sdk.Result):
    """What came of looking for a new version. is_begun: the suite now ends, and the new version starts.

    failures: by source, why it brought nothing.
    """

    version: str
    before: str
    is_begun: bool
    source: sdk.UntrustedText
    transferred_bytes: int
    failures: dict[str, sdk.UntrustedText]

    def sentences(self) -> list[sdk.Text]:
        """Say it."""
        if not self.is_begun:
            return [sdk.Text("Garrison {version} is in use, and nothing newer is to be had.", version=self.before)]
        return [sdk.Text("Garrison {version} is installed and has passed its check.", version=self.version)]


class VersionRow(sdk.Frozen):
    """A version that is here. state: what is to be known of it, "" for nothing."""

    version: str
    in_use: bool
    state: sdk.UntrustedText


class Upgrades(sdk.Component[UpgradesSettings]):
    """Changes to new versions of Garrison itself, and returns by itself when one does not work."""

    id = "upgrades"
    title = "Upgrades"
    feature = sdk.Feature.CORE
    events = (Upgraded, UpgradeReturned, UpgradeFailed)
    default_operation = "versions"
    purposes = (
        sdk.Purpose(
            "versions",
            "Fetch new versions",
            "Garrison asks the publisher that you trust for new versions of itself, and for the packages they consist "
            "of. It learns the address of your computer's line, the time, and which packages you do not have yet. "
            "What it publishes then runs on this computer.",
        ),
    )

    def __init__(self, host: sdk.Host, settings: UpgradesSettings, versions: Versions) -> None:
        super().__init__(host, settings)
        self._versions = versions
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Tell what came of the last change of version, once that is known."""
        self.host.ready()
        while self._versions.is_changing():  # noqa: ASYNC110 # by another process
            await asyncio.sleep(_LOOK_SECONDS)
        last = self._versions.settled()
        if last is not None and (last.state, last.version) != (SwitchState.INTERRUPTED, __version__):
            self._tell(last)  # else it is told by the version of before, from the next start on
        await asyncio.Event().wait()

    def _tell(self, last: Switch) -> None:
        """Report a change of version once, however often the suite starts."""
        marker, told = self._versions.installed.folder / _TOLD, f"{last.at} {last.state}".encode("ascii")
        try:
            if marker.exists() and marker.read_bytes() == told:
                return
            write_atomically(marker, told)
        except OSError as error:
            raise explain(error, "read {path}", path=marker) from error
        if last.state is SwitchState.WORKS:
            self.host.report(Upgraded(version=last.version, before=last.before))
        elif last.state in {SwitchState.RETURNED, SwitchState.INTERRUPTED}:
            self.host.report(UpgradeReturned(version=last.version, before=last.before, why=last.why))

    @sdk.task("Upgrade", access=sdk.Access.CONFIGURE)
    async def upgrade(
        self, job: sdk.Job, sources: Annotated[list[_Source], sdk.about("Source", max_length=20)]
    ) -> UpgradeResult:
        """Take the newest version of Garrison from a trusted publisher, try it, and change to it."""
        _owner_only(job.caller)
        return await self._upgrade(job, sources or self.settings.sources, by_hand=True)

    @sdk.task("Look for a new version", schedule="every 1 day, if missed", access=sdk.Access.CONFIGURE)
    async def check(self, job: sdk.Job) -> UpgradeResult:
        """Change to a newer version if that is to happen by itself; not to one that did not work here before."""
        _owner_only(job.caller)
        settings = self.settings
        if not settings.automatic or not settings.sources:
            return _nothing()
        return await self._upgrade(job, settings.sources, by_hand=False)

    @sdk.action("Versions", access=sdk.Access.VIEW)
    def versions(self) -> list[VersionRow]:
        """List the versions of Garrison that are here."""
        last = self._versions.settled()
        return [
            VersionRow(version=version, in_use=version == __version__, state=_state(version, last))
            for version in sorted({*self._versions.installed.all(), __version__}, reverse=True)
        ]

    def issues(self) -> Iterable[sdk.Issue]:
        """Return what is wrong now."""
        last = self._versions.settled()
        if last is None or last.state is SwitchState.WORKS or last.version == __version__:
            return
        text = sdk.Text(
            "Garrison {version} does not work here, and {before} is in use: {why}",
            version=last.version,
            before=__version__,
            why=last.why,
        )
        yield sdk.Issue(id="returned", severity=sdk.Severity.IMPORTANT, text=text)

    async def _upgrade(self, job: sdk.Job, sources: list[str], *, by_hand: bool) -> UpgradeResult:
        async with self._one_at_a_time:
            last = self._versions.settled()
            try:
                prepared = await self._versions.prepare(
                    sources,
                    by_hand=by_hand,
                    refused=last.version if last is not None and not by_hand and last.why else "",
                    tell=lambda what, done, total: job.progress(done, total, what),
                )
                if prepared.is_new:
                    await self._versions.begin(prepared)
            except GarrisonError as error:
                self.host.report(UpgradeFailed(why=f"{error.text} {error.hint}".strip()))
                raise
        return UpgradeResult(
            version=prepared.version,
            before=__version__,
            is_begun=prepared.is_new,
            source=prepared.source,
            transferred_bytes=prepared.transferred,
            failures=dict(prepared.failures),
        )


def _nothing() -> UpgradeResult:
    return UpgradeResult(
        version=__version__, before=__version__, is_begun=False, source="", transferred_bytes=0, failures={}
    )


def _state(version: str, last: Switch | None) -> str:
    if last is None or version not in {last.version, last.before}:
        return ""
    if version == last.version:
        return f"does not work here: {last.why}" if last.why else ""
    return "returned to" if last.why else "before"


def _owner_only(caller: sdk.Caller) -> None:
    """Refuse anybody who is not the owner of the suite. Raises Refused."""
    if not caller.is_owner:
        raise Refused("Only the owner of this suite may change its version.")
