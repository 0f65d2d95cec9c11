"""Entries that desktops take, that call us with the right files, and that go again without a trace."""

import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from garrison.base.errors import Failed
from garrison.components.desktop.entries import Places, install, installed, remove

THEIRS = """<?xml version="1.0" encoding="UTF-8"?>
<actions>
<action><name>Open Terminal Here</name><unique-id>1-1</unique-id><command>xfce4-terminal</command></action>
</actions>
"""
ICON = Path("/usr/share/icons/garrison.svg")


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places.of(tmp_path, {})


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    """A launcher in a place with every character that has a meaning to somebody, which writes down what it is given."""
    folder = tmp_path / "a 'b' \"c\" $d `e` %f \\g"
    folder.mkdir()
    path = folder / "garrison"
    path.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {tmp_path}/asked\n")
    path.chmod(0o755)
    return path


def test_what_was_installed_is_shown_and_can_be_taken_out_again(places: Places, tmp_path: Path) -> None:
    assert installed(places) == []
    written = install(places, "/opt/garrison", ICON)
    assert len(written) == 7
    assert installed(places) == written
    assert install(places, "/opt/garrison", ICON) == written
    assert remove(places) == written
    assert installed(places) == []
    assert remove(places) == []
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["uca.xml"]


def test_an_entry_of_somebody_else_is_left_alone(places: Places) -> None:
    theirs = places.data / "applications" / "garrison.desktop"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("[Desktop Entry]\n")
    assert remove(places) == []
    assert theirs.exists()


@pytest.mark.parametrize("manager", ["nautilus", "caja"])
def test_scripts_of_file_managers_pass_files_on_as_they_are_called(
    places: Places, launcher: Path, tmp_path: Path, manager: str
) -> None:
    script = next(Path(each) for each in install(places, str(launcher), ICON) if manager in each)
    names = ["a b", "-rf", "$(touch x)", "Grüße.odt"]
    subprocess.run([script, *names], check=True, cwd=tmp_path)
    assert (tmp_path / "asked").read_text().splitlines() == ["console", "scan", "--", *names]


def test_the_command_for_thunar_calls_us_where_a_shell_reads_it(places: Places, launcher: Path, tmp_path: Path) -> None:
    install(places, str(launcher), ICON)
    (action,) = ET.fromstring((places.config / "Thunar" / "uca.xml").read_text()).iter("action")
    command = action.findtext("command") or ""
    assert command.endswith("%F")
    subprocess.run(["/bin/sh", "-c", command.removesuffix("%F") + "'a b'"], check=True)
    assert (tmp_path / "asked").read_text().splitlines() == ["console", "scan", "--", "a b"]


def test_thunars_other_actions_stay_as_they_are(places: Places) -> None:
    path = places.config / "Thunar" / "uca.xml"
    path.parent.mkdir(parents=True)
    path.write_text(THEIRS)
    install(places, "/opt/garrison", ICON)
    names = [each.findtext("name") for each in ET.fromstring(path.read_text()).iter("action")]
    assert names == ["Open Terminal Here", "Scan with Garrison"]
    remove(places)
    assert path.read_text() == THEIRS


@pytest.mark.parametrize("text", ["not XML at all", "<actions>", "\xff" * 2_000_000])
def test_what_is_no_list_of_thunars_actions_is_left_as_it_is(places: Places, text: str) -> None:
    path = places.config / "Thunar" / "uca.xml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(Failed):
        install(places, "/opt/garrison", ICON)
    assert path.read_text() == text
    assert not (places.data / "applications").exists()


@pytest.mark.parametrize(("system", "command"), [(False, "tray"), (True, "tray --system")])
def test_the_tray_begins_with_the_session(places: Places, tmp_path: Path, system: bool, command: str) -> None:
    install(places, "/opt/my garrison", ICON, system=system)
    entry = (tmp_path / ".config" / "autostart" / "garrison-tray.desktop").read_text()
    assert f'Exec="/opt/my garrison" {command}\n' in entry


@pytest.mark.skipif(not shutil.which("desktop-file-validate"), reason="desktop-file-utils is not installed")
def test_the_menu_entry_is_one_by_the_specification(places: Places, launcher: Path) -> None:
    install(places, str(launcher), ICON)
    told = subprocess.run(
        ["desktop-file-validate", places.data / "applications" / "garrison.desktop"],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert (told.returncode, told.stdout) == (0, "")
