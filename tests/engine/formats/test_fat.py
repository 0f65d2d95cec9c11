"""FAT file systems."""

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits
from garrison.engine.formats import disk, fat
from garrison.engine.identify import identify
from garrison.engine.type import Type
from tests.engine.disk_samples import mbr
from tests.engine.fat_samples import entry, in_fat, in_fat_32, in_fat_on_disk, long_name, make_fat
from tests.engine.opening import SMALL, contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
MKFS = shutil.which("mkfs.vfat", path=_PATH)
needs_mtools = pytest.mark.skipif(
    MKFS is None or shutil.which("mcopy") is None, reason="needs mkfs.vfat (package dosfstools) and mtools"
)
FILES = {
    "EFI/BOOT/BOOTX64.EFI": b"MZ" + bytes(range(256)) * 300,
    "EFI/debian/a loader with a long name.efi": EICAR,
    "EFI/debian/grub.cfg": b"configfile /boot/grub/grub.cfg\n",
    "empty": b"",
}


def made(folder: Path, bits: int, mib: int, *options: str) -> bytes:
    """Return an image that mkfs.vfat and mtools made."""
    assert MKFS is not None
    image = folder / "image"
    with image.open("wb") as file:
        file.truncate(mib << 20)
    subprocess.run([MKFS, "-F", str(bits), *options, str(image)], check=True, capture_output=True)
    for name, content in FILES.items():
        path = folder / "tree" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    copied = map(str, sorted((folder / "tree").iterdir()))
    subprocess.run(["mcopy", "-s", "-i", str(image), *copied, "::"], check=True, capture_output=True)
    return image.read_bytes()


@needs_mtools
@pytest.mark.parametrize(("bits", "mib", "options"), [(12, 2, ("-s", "4")), (16, 20, ()), (32, 40, ())])
def test_what_other_programs_made_is_opened(tmp_path: Path, bits: int, mib: int, options: tuple[str, ...]) -> None:
    image = made(tmp_path, bits, mib, *options)
    assert identify(image[:4096]) is Type.FAT
    members = opened(fat.members, image)
    assert remarks(members) == []
    assert contents(members) == {(name,): content for name, content in FILES.items()}


@needs_mtools
def test_an_image_of_other_programs_survives_cuts_and_flips(tmp_path: Path) -> None:
    whole = made(tmp_path, 12, 1)
    for cut in range(50):
        members = opened(fat.members, whole[: len(whole) * cut // 50], limits=SMALL)
        assert cut > 25 or remarks(members)
    chance = random.Random(5)
    used = len(whole.rstrip(b"\x00"))
    for _ in range(1000):
        image = bytearray(whole)
        at = chance.randrange(used if chance.random() < 0.3 else 20_000)  # mostly tables and folders
        image[at] ^= 1 << chance.randrange(8)
        opened(fat.members, bytes(image), limits=SMALL)


def test_clusters_are_read_in_the_order_of_the_table() -> None:
    image = make_fat({3: b"b" * 512, 9: b"a" * 512, 4: b"c" * 512}, entry(b"A       TXT", 9, 1030), [(9, 3, 4)])
    assert contents(opened(fat.members, image)) == {("A.TXT",): b"a" * 512 + b"b" * 512 + b"c" * 6}


def test_folders_long_names_and_cases_are_read() -> None:
    short = b"LONGNA~1EFI"
    folder = entry(b".          ", 3, 0, 0x10) + entry(b"..         ", 0, 0, 0x10)
    folder += long_name("A long name, in two parts.efi", short) + entry(short, 4, 3)
    folder += b"\xe5" + entry(b"xDELETED   ", 4, 3)[1:]
    folder += long_name("not of the next", b"OTHER   EFI") + entry(b"PLAIN   EFI", 4, 3)
    small = bytearray(entry(b"SMALL   TXT", 4, 2))
    small[12] = 0x18
    root = entry(b"LABEL      ", 0, 0, 0x08) + entry(b"EFI        ", 3, 0, 0x10) + small
    for bits in (12, 16):
        members = opened(fat.members, make_fat({3: folder, 4: b"abc"}, bytes(root), bits=bits))
        assert list(contents(members)) == [
            ("small.txt",), ("EFI/A long name, in two parts.efi",), ("EFI/PLAIN.EFI",)
        ]  # fmt: skip
        assert remarks(members) == []


def test_circles_end_and_are_told() -> None:
    full = entry(b"A       TXT", 5, 3) * 16
    folder = make_fat({3: full, 4: full, 5: b"abc"}, entry(b"EFI        ", 3, 0, 0x10), [(3, 4, 3)])
    assert remarks(opened(fat.members, folder)) == [fat.LOOP]
    parents = make_fat({3: entry(b"UP         ", 3, 0, 0x10)}, entry(b"EFI        ", 3, 0, 0x10))
    assert opened(fat.members, parents) == []
    file = make_fat({3: b"x" * 512}, entry(b"A       TXT", 3, 0xFFFFFFFF), [(3, 3)])
    assert remarks(opened(fat.members, file, limits=SMALL)) != []


def test_files_that_end_before_their_end_are_told() -> None:
    image = make_fat({3: b"x" * 512}, entry(b"A       TXT", 3, 5000) + entry(b"B       TXT", 77, 5))
    members = opened(fat.members, image)
    assert [(member.names, member.content, member.remark) for member in members] == [
        (("A.TXT",), b"x" * 512, "damaged: ends too early"),
        (("B.TXT",), b"", "damaged: ends too early"),
    ]


@pytest.mark.parametrize("at", [0, 11, 13, 14, 16, 21])
def test_what_is_no_boot_sector_is_not_taken_for_one(at: int) -> None:
    image = bytearray(in_fat(EICAR))
    image[at] = 0x33 if at != 14 else 0
    assert identify(bytes(image[:4096])) is not Type.FAT
    assert remarks(opened(fat.members, bytes(image))) == ["damaged: cannot be unpacked"]


def test_a_threat_in_a_loader_is_found_also_where_a_partition_table_is_written_into_its_boot_sector() -> None:
    for image in (in_fat_32(EICAR), in_fat_on_disk(EICAR)):
        (finding,) = check(image, detector()).findings
        assert (finding.name, finding.inner) == ("EICAR-Test-File", ("FILE.BIN",))
    assert identify(image) is Type.DISK


def test_a_large_partition_is_read_in_place() -> None:
    inner = in_fat(EICAR + bytes(30_000))
    image = mbr([(0xEF, 1, len(inner) // 512)]) + inner
    members = opened(disk.members, image, limits=Limits(object_bytes=35_000))
    assert contents(members) == {("partition 1", "FILE.BIN"): EICAR + bytes(30_000)}


def test_a_root_folder_of_megabytes_is_read_in_pieces() -> None:
    image = bytearray(in_fat(EICAR) + bytes(2 << 20))
    image[17:19] = b"\xff\xff"
    image[32:36] = (5000).to_bytes(4, "little")
    at = 3 * 512  # where the folder begins
    image[at:] = entry(b"\xe5          ", 0, 0) * ((len(image) - at) // 32)
    assert remarks(opened(fat.members, bytes(image), limits=SMALL)) == ["limit reached: unpacks to over 256 KiB"]


@given(
    st.sampled_from([12, 16, 32]),
    st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(min_size=1, max_size=4)), min_size=1, max_size=8),
)
def test_no_damage_breaks_the_reader(bits: int, scribbles: list[tuple[int, bytes]]) -> None:
    image = bytearray(
        make_fat({3: entry(b"B       EFI", 4, 700), 4: b"x" * 512, 5: b"y" * 512},
                 entry(b"A          ", 3, 0, 0x10), [(4, 5)], bits)
    )  # fmt: skip
    for place, scribble in scribbles:
        at = place % min(len(image), 20_000)
        image[at : at + len(scribble)] = scribble
    opened(fat.members, bytes(image), limits=SMALL)
