"""Looking at how the computer starts, with the real process that reads."""

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from garrison.abilities.booting import Booting, Found, _ask
from garrison.abilities.scanner import Scanner
from garrison.base.errors import Failed
from garrison.engine.verdict import Verdict
from garrison.linux import boot_menu
from garrison.linux.disks import Disk
from garrison.linux.walk import Trouble
from garrison.wire.booting import MENU
from tests.abilities.things import acting_self, needs_root

GOOD = b"""menuentry 'Debian' {
 search --no-floppy --fs-uuid --set=root 1b2c
 linux /vmlinuz-6.1 root=UUID=1 ro quiet
 initrd /initrd.img-6.1
}
menuentry 'Other' { chainloader /EFI/other/loader.efi }
source $prefix/custom.cfg
"""


def told(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Found]:
    """Return what is said of one file of settings; the menu needs no scanner."""
    monkeypatch.setattr(boot_menu, "settings_files", lambda: [str(path)])

    async def look() -> list[Found]:
        async with acting_self() as acting:
            found: AsyncIterator[Found] = Booting(cast("Scanner", None)).menu(acting)
            return [each async for each in found]

    return asyncio.run(look())


def reasons(found: list[Found]) -> dict[str, tuple[str, str]]:
    return {each[1].name: (each[0], each[1].why) for each in found if not isinstance(each, Trouble)}


@pytest.fixture
def menu(tmp_path: Path) -> Path:
    tmp_path.chmod(0o755)
    path = tmp_path / "grub.cfg"
    path.write_bytes(GOOD)
    path.chmod(0o644)
    return path


@needs_root
def test_nothing_is_said_of_an_ordinary_menu(menu: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(menu, monkeypatch) == []


@needs_root
@pytest.mark.parametrize(
    ("line", "name", "why"),
    [
        ("linux /vmlinuz-6.1 init=/tmp/.x", "BootInit", "/tmp/.x"),
        ("set k=/tmp/.k\nlinux $k", "BootPlace", "the kernel that is started lies outside of /boot: /tmp/.k"),
        ("initrd (hd0,1)/var/x", "BootPlace", "the initial file system that is started lies outside"),
        ("chainloader (hd1,1)/home/x", "BootChain", "/home/x"),
        ("insmod /tmp/x.mod", "BootModule", "/tmp/x.mod"),
        ("configfile /home/x.cfg", "BootSettings", "/home/x.cfg"),
    ],
)
def test_what_is_odd_in_a_menu_is_told_with_its_reason(
    menu: Path, monkeypatch: pytest.MonkeyPatch, line: str, name: str, why: str
) -> None:
    menu.write_bytes(GOOD + line.encode() + b"\n")
    found = reasons(told(menu, monkeypatch))
    assert list(found) == [f"Suspicious.{name}"]
    place, reason = found[f"Suspicious.{name}"]
    assert why in reason
    assert place == f"boot menu: {menu}, line {8 + line.count(chr(10))}"


@needs_root
def test_a_kernel_of_no_package_and_a_menu_open_to_everybody_are_told(
    menu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(boot_menu, "stranger", lambda path: "it is of no package" if "vmlinuz" in path else "")
    menu.chmod(0o666)
    found = reasons(told(menu, monkeypatch))
    assert "it is of no package: /vmlinuz-6.1" in found["Suspicious.BootStranger"][1]
    assert found["Suspicious.BootMenuOpen"][1] == "everybody may change it"


def test_what_cannot_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (trouble,) = told(tmp_path / "none.cfg", monkeypatch)
    assert isinstance(trouble, Trouble)
    assert trouble.what == "not read: no such file or directory"


def test_a_process_that_does_not_answer_is_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrison.linux.lending.own_program", lambda _: [sys.executable, "-c", "print()"])
    with (tmp_path / "x").open("w+b") as file, pytest.raises(Failed, match="did not answer"):
        asyncio.run(_ask(file.fileno(), MENU))


def test_a_table_that_nobody_could_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "disk").write_bytes(bytes(5000))
    monkeypatch.setattr("garrison.linux.lending.own_program", lambda _: [sys.executable, "-c", ""])

    class Nothing:
        async def examine_one(self, *_: object) -> Verdict:
            return Verdict()

    async def look() -> list[Found]:
        async with acting_self() as acting:
            found = Booting(cast("Scanner", Nothing())).sectors(acting, [Disk(str(tmp_path / "disk"), 5000)])
            return [each async for each in found]

    (trouble,) = asyncio.run(look())
    assert isinstance(trouble, Trouble)
    assert trouble.what == "EFI partitions were not looked for: its table could not be read"


_MADE = """
mount -t tmpfs none /boot && mkdir /boot/grub && cd /boot || exit 9
for version in 6.1.0-17-amd64 6.1.0-18-amd64; do echo k > vmlinuz-$version; echo i > initrd.img-$version; done
printf '#!/bin/sh\ncase "$*" in *fs_uuid*) echo 1b2c;; *=fs*) echo ext2;; *=device*) echo /dev/sda1;; esac\n' > probe
chmod +x probe
export grub_probe=/boot/probe pkgdatadir=/usr/share/grub GRUB_DEVICE=/dev/sda1 GRUB_DEVICE_UUID=1b2c GRUB_FS=ext2
export GRUB_DEVICE_BOOT=/dev/sda1 GRUB_DEVICE_BOOT_UUID=1b2c GRUB_DISTRIBUTOR=Debian GRUB_TIMEOUT=5
for part in 00_header 05_debian_theme 10_linux 30_uefi-firmware 40_custom 41_custom; do /etc/grub.d/$part; done
"""


@needs_root
@pytest.mark.skipif(
    shutil.which("grub-mkconfig") is None or not os.path.exists("/etc/grub.d/10_linux"), reason="needs grub-common"
)
def test_nothing_is_said_of_a_menu_and_of_scripts_that_grub_itself_made(
    menu: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = subprocess.run(["unshare", "-m", "sh", "-c", _MADE], capture_output=True, check=True).stdout
    assert made.count(b"linux\t") >= 4
    menu.write_bytes(made)
    assert told(menu, monkeypatch) == []
    for script in sorted(Path("/etc/grub.d").iterdir()):
        assert told(script, monkeypatch) == []
