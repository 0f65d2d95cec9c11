import configparser
from pathlib import Path

import pytest

from garrison.base.errors import GarrisonError, Unavailable
from garrison.daemon import sign_in


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("GARRISON_LAUNCHER", '/opt/my garrison/100% "$x"/garrison')
    return tmp_path


def test_on_and_off(config: Path) -> None:
    assert not sign_in.is_on()
    path = sign_in.switch(on=True)
    assert sign_in.is_on()
    entry = configparser.RawConfigParser()
    entry.read(path, "utf-8")
    expected = '"/opt/my garrison/100%% \\\\"\\\\$x\\\\"/garrison" start --no-scan'
    assert entry["Desktop Entry"]["Exec"] == expected
    entry.read(path.with_name("garrison-sign-in-tray.desktop"), "utf-8")
    assert entry["Desktop Entry"]["Exec"] == expected.replace("start --no-scan", "tray")
    sign_in.switch(on=False)
    sign_in.switch(on=False)
    assert not sign_in.is_on()
    assert list(path.parent.iterdir()) == []


def test_nobody_knows_how_it_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GARRISON_LAUNCHER")
    with pytest.raises(Unavailable):
        sign_in.switch(on=True)


def test_a_folder_that_cannot_be_made_is_said(config: Path) -> None:
    (config / "autostart").write_bytes(b"")
    for on in (True, False):
        with pytest.raises(GarrisonError):
            sign_in.switch(on=on)


def test_without_a_place_of_its_own_the_home_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "anna"))
    assert sign_in.switch(on=True) == tmp_path / "anna" / ".config" / "autostart" / "garrison.desktop"
