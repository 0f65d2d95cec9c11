"""The real tray, on a real bus of its own, with a real suite: what people see of it, and what their clicks do."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from garrison.base.paths import Home
from tests.suite import EICAR, RunningSuite
from tests.tray.desktop import WATCHER, Desktop, desktop, until

pytestmark = pytest.mark.skipif(not shutil.which("dbus-daemon"), reason="there is no dbus-daemon here")


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSuite]:
    with RunningSuite(Home(tmp_path_factory.mktemp("tray") / "home")) as running:
        yield running


async def ask(suite: RunningSuite, operation: str, **arguments: Any) -> Any:
    return await asyncio.to_thread(lambda: suite.call(operation, **arguments))


async def invoke(session: Desktop, number: int, key: str) -> None:
    session.notifications.ActionInvoked(number, key)
    await asyncio.sleep(0)


def unread(suite: RunningSuite) -> list[str]:
    return [row["notice"] for row in suite.call("suite.inbox") if row["notice"]]


def test_the_tray_shows_the_state_and_its_menu_works(suite: RunningSuite, tmp_path: Path) -> None:
    async def run() -> None:
        async with desktop(tmp_path) as session, session.tray(suite.home) as process:
            await until(lambda: bool(session.watcher.items))
            status = await ask(suite, "suite.status")
            item = await session.item()
            assert item["IconName"] == f"garrison-{status['colour']}"
            assert (Path(item["IconThemePath"]) / f"{item['IconName']}.svg").is_file()
            assert item["ToolTip"][3] == status["sentence"]
            assert list(await session.menu()) == [
                "Open the console",
                "Scan (quick)",
                "Pause protection for 15 minutes",
                "End the tray",
            ]
            await session.choose("Pause protection for 15 minutes")
            await session.showing("Protection is paused")
            assert (await ask(suite, "suite.status"))["colour"] == "red"
            await until(lambda: bool(session.notifications.shown))
            await ask(suite, "suite.resume")
            # Whoever shows tray items may be started anew.
            await session.bus.release_name(WATCHER)
            session.watcher.items.clear()
            await session.bus.request_name(WATCHER)
            await until(lambda: bool(session.watcher.items))
            second = await session.start(suite.home)
            assert await second.wait() == 0  # one is enough
            await second.communicate()
            await session.choose("End the tray")
            _, words = await asyncio.wait_for(process.communicate(), 10)
            assert (process.returncode, words) == (0, b"")

    asyncio.run(run())


def test_a_notice_is_shown_read_and_muted_by_its_buttons(suite: RunningSuite, tmp_path: Path) -> None:
    async def run() -> None:
        async with desktop(tmp_path) as session, session.tray(suite.home):
            await until(lambda: bool(session.watcher.items))
            await ask(suite, "suite.inbox-read")
            tested = await ask(suite, "notifications.test", way="desktop")
            assert tested["is_shown"]
            shown = await session.showing("This is a test")
            assert shown.hints["urgency"] == 0
            assert shown.actions == {"open": "Open the console"}
            assert unread(suite)
            session.notifications.NotificationClosed(shown.number, 2)  # waved off
            await until(lambda: not unread(suite))
            await ask(suite, "exclusions.add", by="mask", value="/tmp/<b>x</b>/*")
            shown = await session.showing("Left out of scans")
            assert "&lt;b&gt;x&lt;/b&gt;" in shown.body
            assert shown.actions == {"open": "Open the console", "mute": "Do not tell again"}
            assert (shown.hints["urgency"], shown.hints["suppress-sound"]) == (1, False)
            await invoke(session, shown.number, "mute")
            await session.showing("You are told no more of exclusions.ExclusionAdded")
            assert [rule["what"] for rule in await ask(suite, "notifications.list")] == ["exclusions.ExclusionAdded"]
            await ask(suite, "notifications.unmute")

    asyncio.run(run())


@pytest.mark.parametrize("always", [False, True])
def test_a_question_is_answered_on_the_desktop(suite: RunningSuite, tmp_path: Path, always: bool) -> None:
    eicar = tmp_path / "found"
    eicar.mkdir()
    (eicar / "test.com").write_bytes(EICAR)

    async def run() -> None:
        async with desktop(tmp_path) as session, session.tray(suite.home):
            await until(lambda: bool(session.watcher.items))
            scan = asyncio.get_running_loop().run_in_executor(
                None, lambda: suite.call("scan.files", paths=[str(eicar)], action="ask")
            )
            await until(
                lambda: any(any(key.startswith("choice:") for key in e.actions) for e in session.notifications.shown)
            )
            asked = session.notifications.shown[-1]
            choices = [key for key in asked.actions if key.startswith("choice:")]
            assert list(asked.actions)[-1] == "always"
            if always:
                await invoke(session, asked.number, "always")
                again = await session.showing("Your answer will be remembered.")
                assert again.replaces == asked.number
                assert list(again.actions) == choices
            leave = next(key for key in choices if key != choices[0])
            await invoke(session, asked.number, leave)
            await asyncio.wait_for(scan, 60)
            await until(lambda: asked.number in session.notifications.closed)
            remembered = await ask(suite, "suite.inbox-remembered")
            assert [row["choice"] for row in remembered] == ([leave.removeprefix("choice:")] if always else [])
            await ask(suite, "suite.inbox-forget")

    asyncio.run(run())


def test_while_nobody_wants_to_be_disturbed_all_but_critical_ones_wait(suite: RunningSuite, tmp_path: Path) -> None:
    async def run() -> None:
        async with desktop(tmp_path) as session, session.tray(suite.home):
            await until(lambda: bool(session.watcher.items))
            session.notifications.inhibited = True
            await ask(suite, "notifications.test", way="desktop")
            await asyncio.sleep(1.0)
            assert not any("This is a test" in each.body for each in session.notifications.shown)
            session.notifications.inhibited = False
            await session.showing("This is a test")
            await ask(suite, "suite.settings-set", name="notifications.quiet_full_screen", values=["false"])
            await ask(suite, "suite.settings-set", name="notifications.sound", values=["false"])
            await ask(suite, "suite.settings-set", name="notifications.tray", values=["false"])
            session.notifications.inhibited = True
            session.notifications.shown.clear()
            await ask(suite, "notifications.test", way="desktop")
            shown = await session.showing("This is a test")
            assert shown.hints["suppress-sound"] is True
            name = session.watcher.items[-1]
            await until_gone(session, name)
            for setting in ("quiet_full_screen", "sound", "tray"):
                await ask(suite, "suite.settings-set", name=f"notifications.{setting}", values=["true"])

    asyncio.run(run())


async def until_gone(session: Desktop, name: str) -> None:
    async with asyncio.timeout(20):
        while await session.call(  # noqa: ASYNC110 # there is no event to wait for
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "NameHasOwner", "s", name
        ):
            await asyncio.sleep(0.05)


def test_a_desktop_without_services_is_told_once_and_a_missed_notice_waits(suite: RunningSuite, tmp_path: Path) -> None:
    async def run() -> None:
        async with desktop(tmp_path, shows=False, has_tray=False) as session:
            process = await session.start(suite.home)
            assert process.stderr is not None
            first, second = await process.stderr.readline(), await process.stderr.readline()
            assert b"nobody shows notices" in first
            assert b"no tray" in second
            await ask(suite, "notifications.test", way="desktop")
            process.terminate()
            assert await process.wait() == 0
            assert (await process.communicate())[1] == b""
        assert await asyncio.to_thread(unread, suite)

    asyncio.run(run())


def test_what_was_missed_is_told_at_the_beginning(suite: RunningSuite, tmp_path: Path) -> None:
    suite.call("notifications.test", way="desktop")
    count = len(unread(suite))

    async def run() -> None:
        async with desktop(tmp_path) as session, session.tray(suite.home):
            await session.showing(f"{count} notice")

    asyncio.run(run())


def test_without_a_suite_it_waits_for_one_in_grey(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.prepare()

    async def run() -> None:
        async with desktop(tmp_path) as session, session.tray(home):
            await until(lambda: bool(session.watcher.items))
            item = await session.item()
            assert (item["IconName"], item["ToolTip"][3]) == ("garrison-grey", "Garrison is not running.")
            assert list(await session.menu()) == ["End the tray"]

    asyncio.run(run())


def test_the_console_is_opened_by_a_click(suite: RunningSuite, tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    opener = programs / "xdg-open"
    opener.write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/opened\n')
    opener.chmod(0o755)

    async def run() -> None:
        async with desktop(tmp_path) as session:
            variables = {"PATH": f"{programs}:/usr/bin:/bin", "DISPLAY": ":99", "XDG_RUNTIME_DIR": str(tmp_path)}
            async with session.tray(suite.home, **variables):
                await until(lambda: bool(session.watcher.items))
                await session.choose("Open the console")
                await until(lambda: (tmp_path / "opened").exists() and b"ticket" in (tmp_path / "opened").read_bytes())

    asyncio.run(run())
