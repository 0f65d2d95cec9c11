"""Where the boot menu lies, and what it names."""

import hashlib
import os
from pathlib import Path

import pytest

from garrison.linux import boot_menu, packages
from garrison.linux.boot_menu import in_boot, open_settings, plain_path, settings_files, stranger, who_else_may_change


def test_the_files_of_the_boot_menu_are_found(tmp_path: Path) -> None:
    names = ["boot/grub/grub.cfg", "boot/efi/EFI/debian/grub.cfg", "etc/default/grub", "etc/grub.d/40_custom"]
    for name in [*names, "etc/grub.cfg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "etc/grub.d/folder").mkdir()
    assert settings_files(tmp_path) == [str(tmp_path / name) for name in names]
    assert settings_files(tmp_path / "nowhere") == []


def test_only_a_regular_file_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        open_settings(str(tmp_path / "pipe"))


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who owns what nobody else may change")
def test_who_may_change_a_file_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    path = tmp_path / "grub.cfg"
    path.write_text("")
    path.chmod(0o644)
    assert who_else_may_change(str(path)) == ""
    path.chmod(0o646)
    assert who_else_may_change(str(path)) == "everybody may change it"
    path.chmod(0o644)
    tmp_path.chmod(0o757)
    assert who_else_may_change(str(path)) == "everybody may change its folder"
    tmp_path.chmod(0o755)
    os.chown(path, 1000, 0)
    assert "belongs to another account" in who_else_may_change(str(path))


@pytest.mark.parametrize(
    ("named", "plain"),
    [
        ("/boot/vmlinuz", "/boot/vmlinuz"),
        ("(hd0,gpt2)/vmlinuz", "/vmlinuz"),
        ("/@rootfs/boot/vmlinuz", "/boot/vmlinuz"),
        ("/boot/../tmp/evil", "/tmp/evil"),
        ("($root)/tmp/evil", "/tmp/evil"),
        ("$prefix/custom.cfg", ""),
        ("relative", "/relative"),
    ],
)
def test_a_path_is_freed_of_device_and_subvolume(named: str, plain: str) -> None:
    assert plain_path(named) == plain


def test_boot_may_be_a_file_system_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "boot/debian").mkdir(parents=True)
    (tmp_path / "boot/debian/linux").write_text("")
    boot = str(tmp_path / "boot")
    assert in_boot("/boot/vmlinuz", tmp_path) == f"{boot}/vmlinuz"
    assert in_boot("/vmlinuz", tmp_path) == f"{boot}/vmlinuz"
    assert in_boot("/debian/linux", tmp_path) == f"{boot}/debian/linux"
    assert in_boot("/tmp/linux", tmp_path) == ""


def test_a_stranger_is_of_no_package_or_not_what_its_package_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "vmlinuz"
    path.write_bytes(b"kernel")
    monkeypatch.setattr(boot_menu, "_DPKG", path)
    md5 = hashlib.md5(b"kernel", usedforsecurity=False).hexdigest()
    owner = packages.Owner("linux-image", "amd64", "1", str(path), md5)
    monkeypatch.setattr(packages, "owner_of", lambda _: owner)
    assert stranger(str(path)) == ""
    path.write_bytes(b"another")
    assert stranger(str(path)) == "it is not what its package has there (linux-image)"
    monkeypatch.setattr(packages, "owner_of", lambda _: None)
    assert stranger(str(path)) == "it is of no package"
    assert stranger(str(tmp_path / "none")) == ""
