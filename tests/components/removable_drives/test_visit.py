"""Tests of what a connected drive is called, and whose it is."""

import os
import pwd

import pytest

from garrison.components.removable_drives.visit import Visit, mark_of, person_at, title_of
from garrison.linux.removable import Drive, Naming, Volume

DRIVE = Drive("sdb", 1 << 30, 41, "Maker Stick", "A1", is_removable=True)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: else it is always the account's own")


def volume(path: str = "/mnt", device: str = "8:17", drive: Drive = DRIVE) -> Volume:
    return Volume(drive, device, path)


def test_a_drive_is_called_by_its_label_else_its_model_else_its_device() -> None:
    assert title_of(DRIVE, "HOLIDAY\x1b[1m") == "HOLIDAY\\x1b[1m"
    assert title_of(DRIVE) == "Maker Stick"
    assert title_of(Drive("sdb", 1, 1)) == "/dev/sdb"
    visit = Visit((volume(), volume("/srv", "8:18")), (Naming(), Naming("u", "DATA")))
    assert visit.title == "DATA"
    assert visit.places == ["/mnt", "/srv"]


def test_a_volume_is_known_by_the_serial_number_and_what_the_file_system_is_known_by() -> None:
    assert Visit((volume(),), (Naming("1a2b"),)).keys == ["A1/1a2b"]
    assert Visit((volume(drive=Drive("sdb", 1, 1)),), (Naming(),)).keys == [""]


def test_each_connection_is_another_one() -> None:
    assert mark_of(volume()) == "41 8:17"
    assert mark_of(volume(drive=Drive("sdb", 1, 0))) == "sdb 8:17"


@needs_root
def test_a_drive_is_that_of_whom_the_desktop_mounted_it_for() -> None:
    name, uid = next((each.pw_name, each.pw_uid) for each in pwd.getpwall() if each.pw_uid)
    assert person_at(f"/media/{name}/STICK") == uid
    assert person_at(f"/run/media/{name}/STICK") == uid
    for other in (f"/media/{name}", "/media/no-such-account/x", f"/srv/media/{name}/x", "/mnt"):
        assert person_at(other) == 0
