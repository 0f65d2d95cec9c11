import asyncio
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from garrison.abilities.surroundings import Surroundings
from tests.linux.desktop_bus import desktop_bus

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_the_battery_that_is_looked_at_is_the_one_it_was_given(tmp_path: Path) -> None:
    assert not Surroundings(tmp_path).on_battery()
    (tmp_path / "BAT0").mkdir()
    (tmp_path / "BAT0/type").write_text("Battery\n")
    (tmp_path / "BAT0/status").write_text("Discharging\n")
    assert Surroundings(tmp_path).on_battery()


@pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is missing (apt install dbus)")
def test_it_looks_and_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def work() -> None:
        around = Surroundings()
        async with desktop_bus(tmp_path, [("x11", False)], None) as (address, manager):
            monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
            async with around.watching() as changed:
                manager.is_used(int((NOW.timestamp() - 600) * 1e6))
                async with asyncio.timeout(5):
                    await changed.wait()
                assert (await around.look(NOW)).idle_seconds == pytest.approx(600)

    asyncio.run(work())
