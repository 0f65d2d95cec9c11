"""The suite's own operations, asked as the door asks them."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from garrison.abilities.rights import Rights
from garrison.base.errors import Invalid, NotFound, Refused, Unexpected
from garrison.daemon.boot import Boot, _begin
from garrison.daemon.bus import Bus
from garrison.daemon.consents import Consents
from garrison.daemon.door import Call, Door
from garrison.daemon.host import ComponentHost, Reporter
from garrison.daemon.inbox import Inbox
from garrison.daemon.jobs import Jobs
from garrison.daemon.journal import Journal
from garrison.daemon.parts import Parts
from garrison.daemon.password import PasswordBook
from garrison.daemon.pausing import Pausing
from garrison.daemon.scheduler import Scheduler, Senses
from garrison.daemon.settings_book import SettingsBook
from garrison.daemon.suite import Suite, SuiteSettings
from garrison.daemon.supervisor import Supervisor
from garrison.linux.circumstances import Circumstances
from garrison.sdk import Caller, Question, Text, describe
from garrison.sdk.testing import FakeHost
from garrison.wire.manifest import SUITE
from tests.daemon.parts import ANNA, BERND, ROOT, clock, store
from tests.sdk.samples import Sample, SampleSettings, ThingSeen


async def _around(_: datetime) -> Circumstances:
    return Circumstances()


SENSES = Senses(lambda: False, _around, lambda: "")


class Stage:
    """A suite with one component."""

    def __init__(self, group: asyncio.TaskGroup, folder: Path, opened: Any) -> None:
        when = clock()
        journal = Journal(opened, when)
        reporter = Reporter(journal, Bus())
        jobs = Jobs(group, when)
        self.door = Door(Rights(), jobs, lambda event, caller: reporter.report(SUITE, event, caller.uid))
        self.fails: list[Exception] = []
        self.sample = Sample(FakeHost(), SampleSettings(), when, self.fails)
        components: dict[str, Any] = {"sample": self.sample}
        supervisor = Supervisor(group, components, Rights(), lambda _: None, when)
        book = SettingsBook(folder, {SUITE: Suite, "sample": Sample})
        self.inbox = Inbox(opened, when)
        self.reporter = reporter
        self.group = group
        self.parts = Parts(
            opened, book, journal, reporter, jobs, self.inbox, self.door, supervisor, when,
            lambda: None, lambda: None, components, is_lasting=True,
        )  # fmt: skip
        self.parts.pausing = Pausing(folder, when, supervisor, lambda event, uid: reporter.report(SUITE, event, uid))
        self.parts.password = PasswordBook(folder, when)
        self.door.tickets.is_protected = self.parts.password.protects
        described = (describe(Sample),)
        scheduler = Scheduler(folder, when, UTC, described, lambda *_: None, SENSES)
        host = ComponentHost(SUITE, reporter, Bus(), self.inbox, self.door, lambda _: None)
        self.door.add(
            Suite(host, SuiteSettings(), self.parts, scheduler, Consents(opened, when, (*described, describe(Suite))))
        )
        self.door.add(self.sample)

    async def call(self, operation: str, caller: Caller = ROOT, /, **arguments: Any) -> Any:
        return (await self.door.call(Call(f"suite.{operation}", arguments, caller))).result


def on_stage(tmp_path: Path, script: Callable[[Stage], Awaitable[Any]]) -> None:
    async def run(opened: Any) -> None:
        async with asyncio.TaskGroup() as group:
            await script(Stage(group, tmp_path, opened))

    with store(tmp_path) as opened:
        asyncio.run(run(opened))


def test_secrets_are_never_shown(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        said = [await stage.call("settings-set", name="sample.password", values=["hunter2"])]
        said += [await stage.call("settings-set", name="sample.password", values=["hunter3"])]
        said += [await stage.call("settings-list"), await stage.call("settings-get", name="sample.password")]
        rows = await stage.call("journal")
        assert "hunter" not in repr((said, rows))
        assert [row["name"] for row in rows].count("SettingChanged") == 2  # also from one secret to another
        assert b"hunter3" in (tmp_path / "settings.json").read_bytes()

    on_stage(tmp_path, script)
    assert b"hunter" not in (tmp_path / "journal.sqlite3").read_bytes()


def test_settings(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await stage.call("settings-set", name="sample.count", values=["7"])
        assert stage.sample.settings.count == 7
        assert stage.sample.taken_up[-1].count == 7
        await stage.call("settings-set", name="sample.places", values=["/\udcff", "/b"])
        assert stage.sample.settings.places == [Path("/\udcff"), Path("/b")]
        await stage.call("settings-set", name="sample.places", values=[])
        for name, values in (("sample.count", ["x"]), ("sample.count", []), ("sample.places", ["relative"])):
            with pytest.raises(Invalid):
                await stage.call("settings-set", name=name, values=values)
        for name in ("sample.no", "no.such", "sample", "", "suite.enabled"):
            with pytest.raises(NotFound):
                await stage.call("settings-get", name=name)
        await stage.call("settings-restore-defaults", components=["sample"])
        assert stage.sample.settings == SampleSettings()

    on_stage(tmp_path, script)


def test_settings_are_shown_to_the_owner_only(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        for operation, arguments in (("settings-list", {}), ("settings-get", {"name": "sample.count"})):
            await stage.call(operation, ROOT, **arguments)
            with pytest.raises(Refused, match="owner only"):
                await stage.call(operation, ANNA, **arguments)

    on_stage(tmp_path, script)


def test_the_suites_own_settings_say_how_much_of_the_journal_is_kept(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        rows = {row["name"]: row["value"] for row in await stage.call("settings-list", component="suite")}
        assert (rows["suite.journal_days"], rows["suite.journal_mib"]) == (365, 256)
        for number in range(5000):
            stage.reporter.report("sample", ThingSeen(what=f"{number}", path="x" * 1000), None)
        await stage.call("settings-set", name="suite.journal_mib", values=["2"])
        stage.parts.journal.retention.all()  # what is left goes by and by
        proof = await stage.call("report-verify")
        assert (proof["intact"], proof["cut"] > 2000) == (True, True)
        newest = await stage.call("journal", limit=3)
        assert [row["name"] for row in newest] == ["JournalCut", "OperationCalled", "SettingChanged"]
        with pytest.raises(Invalid):
            await stage.call("settings-set", name="suite.journal_days", values=["0"])
        for operation in ("start", "stop", "restart"):
            with pytest.raises(NotFound):
                await stage.call(operation, component="suite")
        await stage.call("settings-restore-defaults", components=["suite"])
        assert (await stage.call("settings-get", name="suite.journal_mib"))["value"] == 256

    on_stage(tmp_path, script)


def test_the_journal_is_read_page_by_page(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        for number in range(5):
            stage.reporter.report("sample", ThingSeen(what=f"{number}", path="x"), None)
        page = await stage.call("journal", limit=3)
        rest = await stage.call("journal", limit=3, before=page[-1]["id"])
        assert [row["details"]["what"] for row in page + rest] == ["4", "3", "2", "1", "0"]
        with pytest.raises(Invalid):
            await stage.call("journal", limit=1001)

    on_stage(tmp_path, script)


def test_a_component_that_cannot_take_a_setting_up(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.fails.append(KeyError("x"))
        with pytest.raises(Unexpected):
            await stage.call("settings-set", name="sample.count", values=["7"])
        assert "SettingChanged" in [row["name"] for row in await stage.call("journal")]
        assert (await stage.call("status"))["issues"][0]["id"] == "sample.defect"

    on_stage(tmp_path, script)


def test_people_see_their_own(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        stage.reporter.report("sample", ThingSeen(what="it", path="/\udcff"), ANNA.uid)
        question = Question("keep", Text("Keep {x}?", x="{\udcff}"), {"yes": "Yes", "no": "No"}, default="no")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await stage.inbox.ask("sample", question, ANNA.uid)
        assert [row["text"] for row in await stage.call("journal", ANNA)] == ["it was seen in /\udcff"]
        assert await stage.call("journal", BERND) == []
        assert [row["question"] for row in await stage.call("inbox", ANNA)] == ["Keep {\udcff}?"]
        assert await stage.call("inbox", BERND) == []
        for caller, sees in ((ANNA, True), (BERND, False), (ROOT, True)):
            issues = [row["id"] for row in (await stage.call("status", caller))["issues"]]
            assert ("suite.questions" in issues) is sees
        with pytest.raises(NotFound):
            await stage.call("inbox-answer", BERND, question=1, choice="yes")
        await stage.call("inbox-answer", ANNA, question=1, choice="yes")
        await stage.call("consent-give", ANNA, purpose="sample.tell")
        assert [row["given"] for row in await stage.call("consents", ANNA)] == [True, False]
        assert [row["given"] for row in await stage.call("consents", BERND)] == [False, False]

    on_stage(tmp_path, script)


def test_the_schedule_and_the_journals_proof(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        with pytest.raises(Invalid, match="it needs paths"):
            await stage.call("schedule-set", operation="sample.look-at", when="every 1 hour")
        await stage.call("schedule-set", operation="sample.look-at", when="manual")
        assert [row["schedule"] for row in await stage.call("schedule")] == ["manual"]
        assert (await stage.call("report-verify"))["intact"]
        stage.parts.store.connection.execute("DELETE FROM event")
        assert not (await stage.call("report-verify"))["intact"]

    on_stage(tmp_path, script)


def test_a_scheduled_task_that_fails_is_told_to_whom_it_is_for(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        boot = cast("Boot", SimpleNamespace(parts=stage.parts, group=stage.group))
        for paths in (["/a"], []):
            _begin(boot, "sample.look-at", {"paths": paths}, ANNA)
            while stage.parts.jobs.running() or len(asyncio.all_tasks()) > 1:  # noqa: ASYNC110 # until it has ended
                await asyncio.sleep(0)
        rows = [row for row in await stage.call("journal", ANNA) if row["name"] == "TaskFailed"]
        assert [row["details"]["operation"] for row in rows] == ["sample.look-at"]
        assert rows[0]["text"].startswith("Look, as scheduled, did not work: paths: ")

    on_stage(tmp_path, script)
