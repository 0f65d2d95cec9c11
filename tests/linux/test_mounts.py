import os
from pathlib import Path

from garrison.linux.mounts import MADE_UP, OF_DEVICES, devices_of

TABLE = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw,relatime shared:5 - proc proc rw
24 22 0:22 / /a\\040-\\040b rw - tmpfs none rw
25 22 0:5 / /dev rw shared:2 master:7 - devtmpfs udev rw
"""


def test_reads_the_kernels_table(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE, "ascii")
    assert devices_of(MADE_UP, table) == {os.makedev(0, 21)}
    assert devices_of(OF_DEVICES, table) == {os.makedev(0, 5)}
    assert devices_of(frozenset({"tmpfs", "ext4"}), table) == {os.makedev(8, 1), os.makedev(0, 22)}


def test_proc_is_made_up_and_people_s_folders_are_not(tmp_path: Path) -> None:
    found = devices_of(MADE_UP)
    assert Path("/proc").stat().st_dev in found
    assert Path("/sys").stat().st_dev in found
    assert tmp_path.stat().st_dev not in found


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    assert devices_of(MADE_UP, tmp_path / "missing") == frozenset()
    (tmp_path / "empty").touch()
    assert devices_of(MADE_UP, tmp_path / "empty") == frozenset()
