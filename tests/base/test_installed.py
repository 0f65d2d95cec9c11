"""Tests of the versions that a home holds."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.base.installed import Installed, Switch, SwitchState, version_key
from garrison.base.paths import Home

SWITCH = Switch("1.0", "0.9", "/usr/bin/python3", "", "2026-11-24T06:00:00+00:00", ("settings",))


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    found = Installed(Home(tmp_path))
    found.folder.mkdir(mode=0o700)
    return found


def install(installed: Installed, version: str) -> Path:
    python = installed.python(version)
    python.parent.mkdir(parents=True)
    python.symlink_to("/bin/true")
    return python


def test_versions_are_ordered_as_numbers() -> None:
    ordered = ["0.1", "0.1.2", "0.2", "0.10.0", "1.0", "1.0.0.1", "2026.11"]
    assert sorted(set(ordered), key=version_key) == ordered
    assert version_key("1.0") == version_key("1.0.0")


@pytest.mark.parametrize(
    "text", ["", "1", "1.", "01.2", "1.2a", "1.2\n", "../1.2", "1.2.3.4.5", "1.1234567", "current"]
)
def test_everything_else_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="no version"):
        version_key(text)


def test_a_link_names_the_version_that_runs(installed: Installed) -> None:
    assert installed.linked() == ""
    install(installed, "1.0")
    install(installed, "1.10")
    install(installed, "1.9")
    installed.link("1.0")
    assert installed.linked() == "1.0"
    installed.link("1.10")
    assert installed.linked() == "1.10"
    assert installed.all() == ["1.10", "1.9", "1.0"]
    installed.link("")
    installed.link("")
    assert installed.linked() == ""


def test_a_link_that_leads_elsewhere_is_no_link(installed: Installed, tmp_path: Path) -> None:
    python = install(installed, "1.0")
    current = installed.folder / "current"
    for target in ("../1.0", str(installed.folder / "1.0"), ".", "1.1"):
        current.symlink_to(target)
        assert installed.linked() == "", target
        current.unlink()
    installed.link("1.0")
    python.unlink()
    assert installed.linked() == ""
    python.write_text("not to be run")
    assert installed.linked() == ""


def test_what_others_could_have_made_is_never_run(installed: Installed) -> None:
    install(installed, "1.0")
    installed.link("1.0")
    for folder in (installed.folder, installed.folder / "1.0"):
        folder.chmod(0o777)
        assert installed.linked() == ""
        folder.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(folder, 65534, 65534)
            assert installed.linked() == ""
            os.chown(folder, 0, 0)
    assert installed.linked() == "1.0"
    elsewhere = installed.folder.with_name("elsewhere")
    installed.folder.rename(elsewhere)
    installed.folder.symlink_to(elsewhere)
    assert installed.linked() == "", "the folder itself is a link"


def test_a_change_is_remembered(installed: Installed) -> None:
    assert installed.last_switch() is None
    for state in SwitchState:
        switch = replace(SWITCH, state=state, why="It broke.")
        installed.note(switch)
        assert installed.last_switch() == switch


@given(st.one_of(st.binary(max_size=60), st.sampled_from([b"[]", b"{}", b'{"version": 1}', b"[" * 9999])))
def test_damage_to_what_is_remembered_is_as_if_nothing_were(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    installed = Installed(Home(tmp_path_factory.mktemp("home")))
    installed.folder.mkdir()
    (installed.folder / "switch.json").write_bytes(content)
    assert installed.last_switch() is None


def test_one_at_a_time_may_change_the_version(installed: Installed) -> None:
    assert not installed.is_switching()
    held = installed.lock()
    assert held is not None
    assert installed.lock() is None
    assert installed.is_switching()
    os.close(held)
    assert not installed.is_switching()


def test_copies_of_state_are_put_back_once_they_are_whole(installed: Installed, tmp_path: Path) -> None:
    for name in ("settings", "journal"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("old")
    installed.keep(tmp_path, ["settings", "journal"])
    for name in ("settings", "journal"):
        (tmp_path / name / "file").write_text("new")
    (installed.folder / "before" / "journal").rename(installed.folder / "before" / "journal.new")
    installed.put_back(tmp_path, ["settings", "journal"])
    assert (tmp_path / "settings" / "file").read_text() == "old"
    assert (tmp_path / "journal" / "file").read_text() == "new", "what was being copied when the disk was full"
    installed.put_back(tmp_path, ["settings", "journal"])
    assert (tmp_path / "settings" / "file").read_text() == "old"
    installed.forget_kept()
    assert not (installed.folder / "before").exists()
