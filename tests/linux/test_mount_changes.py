"""Tests of being told what is mounted."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from garrison.linux.capabilities import SYS_ADMIN, has_capability
from garrison.linux.mount_changes import MountChanges
from garrison.linux.mounted import read

needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not has_capability(SYS_ADMIN), reason="needs root, to mount something"
)


@needs_root
def test_each_change_is_told_once_and_nothing_else(tmp_path: Path) -> None:
    async def watch() -> None:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        with MountChanges() as changes:

            def take() -> None:
                changes.take()
                told.set()

            loop.add_reader(changes, take)
            try:
                for command in (["mount", "-t", "tmpfs", "none", str(tmp_path)], ["umount", str(tmp_path)]) * 3:
                    await asyncio.to_thread(subprocess.run, command, check=True)
                    await asyncio.wait_for(told.wait(), 5)
                    await asyncio.sleep(0.05)
                    told.clear()
                    mount = read().at(str(tmp_path))
                    assert mount is not None
                    assert (mount.path == str(tmp_path)) == (command[0] == "mount")
            finally:
                loop.remove_reader(changes)

    asyncio.run(watch())


def test_a_waiter_leaves_nothing_open() -> None:
    before = len(os.listdir("/proc/self/fd"))
    with MountChanges() as changes:
        assert changes.fileno() >= 0
    with pytest.raises(PermissionError):
        MountChanges(Path("/proc/self/status"))  # which is no table that changes
    assert len(os.listdir("/proc/self/fd")) == before
