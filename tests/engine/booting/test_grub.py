"""Settings of GRUB, as its manual describes its shell."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.booting.grub import MOST_BYTES, MOST_FACTS, Fact, Says, read

MENU = b"""
set timeout=5   # linux /not/this
if [ -s $prefix/grubenv ]; then load_env; fi
menuentry 'A system; with { odd } words' --class x $id 'gnulinux' {
    insmod gzio
    linux   /boot/vmlinuz-6.1 root=UUID=1 ro "quiet splash" init=/sbin/init
    initrd  /boot/ucode.img /boot/initrd.img-6.1
}
submenu more {
    menuentry "Another" { linux16 (hd1,gpt2)/boot/"old kernel" rdinit=/x\\ y; initrd16 --nonce /i }
}
menuentry fw { chainloader --force /EFI/Microsoft/Boot/bootmgfw.efi }
password_pbkdf2 root grub.pbkdf2.sha512.1
insmod (hd0,1)/own/evil.mod
source "${config_directory}/custom.cfg"
"""


def said(content: bytes) -> list[tuple[Says, str]]:
    return [(fact.says, fact.untrusted_value) for fact in read(content)]


def test_what_a_menu_starts_is_told_with_its_line() -> None:
    assert read(MENU) == [
        Fact(Says.KERNEL, "/boot/vmlinuz-6.1", 6),
        Fact(Says.INIT, "/sbin/init", 6),
        Fact(Says.INITRD, "/boot/ucode.img", 7),
        Fact(Says.INITRD, "/boot/initrd.img-6.1", 7),
        Fact(Says.KERNEL, "(hd1,gpt2)/boot/old kernel", 10),
        Fact(Says.INIT, "/x", 10),
        Fact(Says.INITRD, "/i", 10),
        Fact(Says.CHAIN, "/EFI/Microsoft/Boot/bootmgfw.efi", 12),
        Fact(Says.PASSWORD, "root", 13),
        Fact(Says.MODULE, "(hd0,1)/own/evil.mod", 14),
        Fact(Says.SETTINGS, "${config_directory}/custom.cfg", 15),
    ]


@pytest.mark.parametrize(
    ("text", "kernel"),
    [
        (b"set a=/tmp; set b=$a/evil\nlinux $b", "/tmp/evil"),
        (b"a='/t m'\nlinux \"${a}\"/x", "/t m/x"),
        (b"set a=1\nlinux '$a'", "$a"),
        (b"linux \\\n  /on/the/next/line", "/on/the/next/line"),
        (b"if true; then linux /a; fi", "/a"),
        (b"l'inu'x /quoted", "/quoted"),
        (b"linux /a#b", "/a#b"),
        (b'linux "/a\\"b\\\nc"', '/a"bc'),
        (b"linux /\xff", "/\udcff"),
        (b"linux '/never closed", "/never"),
    ],
)
def test_words_are_read_as_the_shell_of_the_loader_reads_them(text: bytes, kernel: str) -> None:
    assert said(text)[0][1] == kernel if kernel != "/never" else said(text)[0][1].startswith("/never")


def test_defaults_for_kernels_are_read() -> None:
    text = b'# x\nGRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="quiet init=/tmp/x"\n'
    assert read(text) == [Fact(Says.INIT, "/tmp/x", 3)]


def test_too_much_is_said() -> None:
    assert said(b"linux /a\n" * (MOST_FACTS + 5))[-1] == (Says.TOO_MUCH, "")
    assert said(b"#" * (MOST_BYTES + 1)) == [(Says.TOO_MUCH, "")]


@pytest.mark.parametrize(
    "piece", [b"${", b'"', b"'", b"\\", b"$a$a ", b"a=$a$a\n", b'"\\', b"{", b"x", b"set a=$a$a;linux $a;", b"#", b"''"]
)
def test_no_text_keeps_it_busy(piece: bytes) -> None:
    begun = time.process_time()
    read((piece * MOST_BYTES)[: MOST_BYTES // 4])
    assert time.process_time() - begun < 5


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(content: bytes) -> None:
    for fact in read(content):
        assert fact.line <= content.count(b"\n") + 1


def test_a_menu_with_any_damage_is_survived() -> None:
    chance = random.Random(3)
    for _ in range(500):
        whole = bytearray(MENU)
        for _ in range(3):
            whole[chance.randrange(len(whole))] = chance.randrange(256)
        read(bytes(whole[: chance.randrange(len(whole))]))
        read(bytes(whole))
