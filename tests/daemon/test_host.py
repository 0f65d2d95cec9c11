import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from garrison.base.errors import NotFound
from garrison.daemon.bus import Bus
from garrison.daemon.door import Call
from garrison.daemon.host import ComponentHost, Reporter
from garrison.daemon.inbox import Inbox
from garrison.daemon.jobs import Answer
from garrison.daemon.journal import Journal
from garrison.daemon.reports.query import Query
from garrison.daemon.store import Store
from garrison.sdk import Caller, Question, Text
from tests.daemon.parts import ANNA, clock, store
from tests.sdk.samples import ThingSeen


class Echo:
    """A door that tells who asked for what."""

    async def call(self, call: Call) -> Answer:
        if call.operation != "echo.it":
            raise NotFound("No.")
        return Answer([call.caller.uid, dict(call.arguments)])


def host(opened: Store) -> ComponentHost:
    bus = Bus()
    reporter = Reporter(Journal(opened, clock()), bus)
    echo: Any = Echo()
    return ComponentHost("scan", reporter, bus, Inbox(opened, clock()), echo, lambda _: None)


def test_an_event_is_written_down_and_handed_on(tmp_path: Path) -> None:
    async def run(opened: Store) -> None:
        made = host(opened)
        async with made.events() as events:
            made.report(ThingSeen(what="x", path="/\udcff"), 1001)
            made.report(ThingSeen(what="y", path="/"))
            assert (await anext(events))[0] == "scan"

    with store(tmp_path) as opened:
        asyncio.run(run(opened))
        rows = Journal(opened, clock()).rows(Query())
    assert [(row.component, row.owner) for row in rows] == [("scan", os.geteuid()), ("scan", 1001)]


def test_a_full_disk_never_stops_whoever_reports(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with store(tmp_path) as opened:
        reporter = Reporter(Journal(opened, clock()), Bus())
        pages = opened.connection.execute("PRAGMA page_count").fetchone()[0]
        opened.connection.execute(f"PRAGMA max_page_count = {pages}")
        for _ in range(3):
            reporter.report("scan", ThingSeen(what="x" * 1_000_000, path="/"), None)
        assert "full" in reporter.trouble
        assert len(caplog.records) == 1
        opened.connection.execute("PRAGMA max_page_count = 100000")
        reporter.report("scan", ThingSeen(what="x", path="/"), None)
        assert reporter.trouble == ""


def test_it_asks_others_on_its_own_or_a_callers_behalf(tmp_path: Path) -> None:
    with store(tmp_path) as opened:
        made = host(opened)
        assert asyncio.run(made.call("echo.it", a=1)) == [os.geteuid(), {"a": 1}]
        assert asyncio.run(made.call("echo.it", ANNA)) == [1001, {}]
        with pytest.raises(NotFound):
            asyncio.run(made.call("no.such"))


def test_it_asks_people(tmp_path: Path) -> None:
    question = Question("keep", Text("Keep?"), {"no": "No"}, default="no", wait_seconds=0.01)
    with store(tmp_path) as opened:
        assert asyncio.run(host(opened).ask(question)) == "no"
        (card,) = Inbox(opened, clock()).cards(Caller.myself(), with_answered=True)
        assert card.owner == os.geteuid()
