"""Tests of what starts by itself."""

import os
from pathlib import Path

import pytest

from garrison.linux.startup import StartupObject, startup_objects

PLACES = {
    "etc/systemd/system/x.service": ("ExecStartPre=-/opt/pre --now\nExecStart=/bin/sh -c '/opt/evil -x'\n", "unit"),
    "etc/systemd/system/x.timer": ("[Timer]\nOnBootSec=1\n", "unit"),
    "usr/lib/systemd/user/y.service": ("[Service]\nExecStart=@/opt/evil evil\n", "every user"),
    "etc/crontab": ("# x\nMAILTO=root\n*/5 * * * * root /opt/evil >/dev/null\n@reboot root /opt/pre\n", "cron"),
    "var/spool/cron/crontabs/me": ("1 2 3 4 5 /opt/evil\n", "cron"),
    "etc/cron.daily/job": ("#!/bin/sh\n", "cron"),
    "etc/xdg/autostart/a.desktop": ("[Desktop Entry]\nExec=evil %u\n", "XDG"),
    "etc/profile.d/z.sh": ("evil\n", "shell"),
    "etc/modules-load.d/m.conf": ("evilmod\n", "module"),
    "etc/ld.so.preload": ("/opt/evil.so\n", "preloads"),
    "etc/pam.d/login": ("auth [success=1 default=ignore] pam_evil.so quiet\n", "PAM"),
    "etc/udev/rules.d/9.rules": ('ACTION=="add", RUN+="/opt/evil %k"\n', "udev"),
    "etc/initramfs-tools/hooks/h": ("#!/bin/sh\n", "initramfs"),
}  # fmt: skip
OWN = {
    ".config/autostart/b.desktop": ('[Desktop Entry]\nExec="/opt/evil" --hidden\n', "XDG"),
    ".config/systemd/user/z.service": ("[Service]\nExecStart=\\\n  /opt/evil\n", "this account"),
    ".bashrc": ("evil\n", "shell"),
}


def made(folder: Path, files: dict[str, tuple[str, str]]) -> None:
    for name, (text, _) in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def found(tmp_path: Path) -> dict[str, StartupObject]:
    root, home = tmp_path / "root", tmp_path / "home"
    made(root, PLACES)
    made(home, OWN)
    security = root / "lib" / f"{os.uname().machine}-linux-gnu" / "security" / "pam_evil.so"
    for program in (root / "opt/evil", root / "opt/pre", root / "opt/evil.so", root / "usr/bin/evil", security):
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_bytes(b"x")
    return {os.path.relpath(each.path, tmp_path): each for each in startup_objects(home, root)}


def test_every_kind_is_found_and_said_what_it_is(found: dict[str, StartupObject]) -> None:
    wanted = {f"root/{name}": what for name, (_, what) in PLACES.items()}
    wanted |= {f"home/{name}": what for name, (_, what) in OWN.items()}
    assert set(found) == set(wanted)
    assert all(wanted[name] in each.what for name, each in found.items())


@pytest.mark.parametrize(
    ("name", "programs"),
    [
        ("root/etc/systemd/system/x.service", ["opt/pre", "opt/evil"]),
        ("root/usr/lib/systemd/user/y.service", ["opt/evil"]),
        ("root/etc/crontab", ["opt/evil", "opt/pre"]),
        ("root/var/spool/cron/crontabs/me", ["opt/evil"]),
        ("root/etc/xdg/autostart/a.desktop", ["usr/bin/evil"]),
        ("root/etc/ld.so.preload", ["opt/evil.so"]),
        ("root/etc/pam.d/login", [f"lib/{os.uname().machine}-linux-gnu/security/pam_evil.so"]),
        ("root/etc/udev/rules.d/9.rules", ["opt/evil"]),
        ("home/.config/autostart/b.desktop", ["opt/evil"]),
        ("home/.config/systemd/user/z.service", ["opt/evil"]),
    ],
)
def test_the_programs_that_it_starts_are_told(
    found: dict[str, StartupObject], tmp_path: Path, name: str, programs: list[str]
) -> None:
    assert list(found[name].starts) == [str(tmp_path / "root" / each) for each in programs]


def test_a_file_under_two_names_is_told_once(tmp_path: Path) -> None:
    made(tmp_path, {"etc/systemd/system/x.service": ("", "")})
    wants = tmp_path / "etc/systemd/system/multi-user.target.wants"
    wants.mkdir()
    (wants / "x.service").symlink_to("../x.service")
    assert len(list(startup_objects(tmp_path / "none", tmp_path))) == 1


def test_pipes_loops_and_bytes_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "etc/cron.d"
    folder.mkdir(parents=True)
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to("loop")
    (folder / "bytes").write_bytes(b"\xff\x00* * * * * root '/open quote\n")
    assert [os.path.basename(each.path) for each in startup_objects(tmp_path / "none", tmp_path)] == ["bytes"]
