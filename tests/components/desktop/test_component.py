"""Tests of the desktop component."""

import asyncio
from pathlib import Path

import pytest

from garrison.base.errors import Unavailable
from garrison.base.paths import Home
from garrison.components.desktop.component import Desktop
from garrison.sdk import Caller, Settings
from garrison.sdk.testing import FakeHost


@pytest.fixture(autouse=True)
def _own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("GARRISON_LAUNCHER", "/opt/garrison/garrison")


def test_on_show_and_off_say_what_is_there(tmp_path: Path) -> None:
    async def run() -> None:
        desktop = Desktop(FakeHost(), Settings(), Home(tmp_path))
        me = Caller.myself()
        assert "is not in the menus" in str((await desktop.show(me)).sentences()[0])
        on = await desktop.on(me)
        assert len(on.files) == 7
        assert (await desktop.show(me)).files == on.files
        assert all(each.startswith(str(tmp_path)) for each in on.files)
        off = await desktop.off(me)
        assert str(off.sentences()[0]).startswith("7 entries were")
        assert (await desktop.show(me)).files == []

    asyncio.run(run())


def test_a_garrison_that_nobody_knows_how_to_start_is_in_no_menu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GARRISON_LAUNCHER")
    with pytest.raises(Unavailable):
        asyncio.run(Desktop(FakeHost(), Settings(), Home(tmp_path)).on(Caller.myself()))
