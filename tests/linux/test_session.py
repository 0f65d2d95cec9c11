"""What the desktop's services know, asked on a private bus with services that say what a test wants."""

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from garrison.linux.circumstances import Circumstances
from garrison.linux.session import circumstances, power_off, watching, why_no_power_off
from tests.linux.desktop_bus import desktop_bus

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
needs_bus = pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is missing (apt install dbus)")


def _ask(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    sessions: list[tuple[str, bool]],
    metered: int | None = 4,
    idle_for: timedelta | None = None,
) -> Circumstances:
    async def ask() -> Circumstances:
        async with desktop_bus(folder, sessions, metered) as (address, manager):
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            if idle_for is not None:
                manager.idle, manager.since = True, int((NOW - idle_for).timestamp() * 1e6)
            return await circumstances(NOW)

    return asyncio.run(ask())


def test_without_a_bus_nobody_can_tell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    assert asyncio.run(circumstances(NOW)) == Circumstances(None, None, None)
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "nonsense")
    assert asyncio.run(circumstances(NOW)) == Circumstances(None, None, None)


@needs_bus
@pytest.mark.parametrize(
    ("sessions", "locked"),
    [
        ([], True),
        ([("tty", False)], True),
        ([("x11", False)], False),
        ([("wayland", True)], True),
        ([("wayland", True), ("x11", False)], False),
        ([("wayland", True), ("tty", False)], True),
    ],
)
def test_locked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, sessions: list[tuple[str, bool]], locked: bool
) -> None:
    assert _ask(monkeypatch, tmp_path, sessions).locked is locked


@needs_bus
def test_idle(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert _ask(monkeypatch, tmp_path, [("x11", False)]).idle_seconds == 0.0
    idle = _ask(monkeypatch, tmp_path, [("x11", True)], idle_for=timedelta(minutes=7)).idle_seconds
    assert idle == pytest.approx(420)


@needs_bus
@pytest.mark.parametrize(
    ("metered", "expected"), [(0, None), (1, True), (2, False), (3, True), (4, False), (None, None)]
)
def test_metered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, metered: int | None, expected: bool | None) -> None:
    assert _ask(monkeypatch, tmp_path, [], metered).metered is expected


@needs_bus
def test_it_is_told_at_once_when_the_computer_is_used_or_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def ask() -> None:
        async with desktop_bus(tmp_path, [("x11", False)], None) as (address, manager):
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            async with watching() as changed:
                assert not changed.is_set()
                for since in (int(NOW.timestamp() * 1e6), None):
                    manager.is_used(since)
                    async with asyncio.timeout(5):
                        await changed.wait()
                    changed.clear()
                    idle = (await circumstances(NOW + timedelta(minutes=1))).idle_seconds
                    assert idle == (0.0 if since is None else pytest.approx(60))

    asyncio.run(ask())


def test_without_a_bus_nothing_is_ever_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")

    async def ask() -> bool:
        async with watching() as changed:
            await asyncio.sleep(0)
            return changed.is_set()

    assert not asyncio.run(ask())


@needs_bus
@pytest.mark.parametrize(
    ("word", "sentence"),
    [("yes", ""), ("no", "may not"), ("na", "by software"), ("challenge", "password"), ("\x1b", "logind says")],
)
def test_whether_and_that_the_computer_is_shut_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, word: str, sentence: str
) -> None:
    async def ask() -> None:
        async with desktop_bus(tmp_path, [], None) as (address, manager):
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            manager.can_power_off = word
            said = await why_no_power_off()
            assert sentence in said
            assert said.isprintable()
            assert bool(said) is (word != "yes")
            assert bool(await power_off()) is (word != "yes")
            assert manager.powered_off == ([False] if word == "yes" else [])

    asyncio.run(ask())


def test_without_logind_nothing_is_shut_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/none")
    assert "no logind" in asyncio.run(why_no_power_off())
    assert asyncio.run(power_off())
