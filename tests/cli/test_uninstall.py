"""Uninstalling removes what Garrison made, and nothing else."""

import os
import shutil
import sys
from pathlib import Path

import pytest

from garrison.base.paths import Home
from garrison.cli import launch
from garrison.cli import uninstall as removing
from tests.cli.program import Program
from tests.suite import EICAR


@pytest.fixture
def used(garrison: Program, tmp_path: Path) -> Program:
    """A home in which everything was made, with a file in quarantine."""
    (tmp_path / "bad").write_bytes(EICAR)
    assert garrison("start", "--no-scan").code == 0
    assert garrison("scan", str(tmp_path / "bad"), "--action", "quarantine").code == 101
    return garrison


def names(garrison: Program) -> set[str]:
    return {path.name for path in garrison.home.root.iterdir()}


def test_it_asks_and_nobody_is_there(used: Program) -> None:
    before = names(used)
    outcome = used("uninstall", "--json")
    assert outcome.code == 1
    assert outcome.json["error"]["hint"] == "Say --yes to go on without asking."
    assert names(used) == before
    assert launch.is_locked(used.home)


def test_by_default_quarantine_settings_and_exclusions_are_kept(used: Program) -> None:
    outcome = used("uninstall", "--yes")
    assert outcome.code == 0, outcome.errors
    assert names(used) == {"settings", "quarantine", "exclusions"}
    assert not launch.is_locked(used.home)
    held = used("quarantine", "list", "--json").json
    assert used("quarantine", "restore", held[0]["id"]).code == 0


def test_what_is_said_is_kept(used: Program) -> None:
    outcome = used("uninstall", "--yes", "--keep", "journal", "--json")
    assert outcome.json["left"] == ["journal"]
    assert names(used) == {"journal"}


def test_nothing_is_kept_when_so_said(used: Program) -> None:
    everything = names(used)
    assert used("uninstall", "--yes", "--keep-nothing").code == 0
    assert not used.home.root.exists(), f"{names(used)} of {everything}"
    assert used("uninstall", "--yes").code == 0  # again: no harm


def test_nothing_that_is_not_ours_is_removed(used: Program, tmp_path: Path) -> None:
    root, elsewhere = used.home.root, tmp_path / "elsewhere"
    used("stop")
    (root / "Documents").mkdir()
    (root / "Documents" / "letter").write_text("dear")
    (root / "log" / "mine.log").write_text("mine")
    shutil.move(root / "journal", elsewhere)
    (root / "journal").symlink_to(elsewhere)  # moved to a larger disk by its owner
    (root / "scan" / "version").unlink()  # perhaps somebody else's folder
    (root / "false-alarms" / "version").write_text("not a version")
    assert used("uninstall", "--yes", "--keep-nothing").code == 0
    assert names(used) == {"Documents", "log", "journal", "scan", "false-alarms"}
    assert (root / "Documents" / "letter").read_text() == "dear"
    assert [path.name for path in (root / "log").iterdir()] == ["mine.log"]
    assert list(elsewhere.iterdir())


def test_only_our_own_sign_in_entry_is_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GARRISON_HOME", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    entry = tmp_path / "autostart" / "garrison.desktop"
    entry.parent.mkdir()
    removing._remove_sign_in(Home(tmp_path / "state"))
    entry.write_text("[Desktop Entry]\nName=Garrison of another kind\n")
    removing._remove_sign_in(Home(tmp_path / "state"))
    assert entry.exists()
    entry.write_text("[Desktop Entry]\nType=Application\nName=Garrison\n")
    monkeypatch.setenv("GARRISON_HOME", str(tmp_path / "state"))
    removing._remove_sign_in(Home(tmp_path / "state"))
    assert entry.exists()  # a portable suite is not what starts at sign-in
    monkeypatch.delenv("GARRISON_HOME")
    tray = entry.with_name("garrison-sign-in-tray.desktop")
    tray.write_text("[Desktop Entry]\nType=Application\nName=Garrison\n")
    removing._remove_sign_in(Home(tmp_path / "state"))
    assert not entry.exists()
    assert not tray.exists()


def test_the_environment_is_removed_only_where_the_script_made_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = tmp_path / "checkout" / ".venv"
    environment.mkdir(parents=True)
    monkeypatch.setattr(sys, "prefix", str(environment))
    monkeypatch.delenv("GARRISON_HOME", raising=False)
    monkeypatch.delenv("GARRISON_LAUNCHER", raising=False)
    assert removing._remove_environment() is False
    monkeypatch.setenv("GARRISON_LAUNCHER", str(tmp_path / "checkout" / "garrison"))
    assert removing._remove_environment() is False
    (environment / "source").write_text(str(tmp_path / "another"))
    assert removing._remove_environment() is False
    (environment / "source").write_bytes(os.fsencode(tmp_path / "checkout"))
    assert removing._remove_environment() is True
    assert not environment.exists()


def test_every_folder_of_state_is_known(used: Program) -> None:
    """A new component's folder has to be named in uninstall.py: kept, or removed."""
    assert names(used) <= {*removing._KEEP, *removing._OTHERS, *removing._LOOSE}
