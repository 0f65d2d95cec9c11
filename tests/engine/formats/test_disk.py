"""Tests of images of disks."""

import gzip
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.formats import disk
from garrison.engine.guard import Guard
from garrison.engine.source import Source
from tests.engine.disk_samples import EFI, in_gpt, in_logical, in_mbr, mbr
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
SFDISK = shutil.which("sfdisk", path=_PATH)
needs_sfdisk = pytest.mark.skipif(SFDISK is None, reason="needs sfdisk (package fdisk)")


def damaged(image: bytes, at: int) -> bytes:
    return image[:at] + bytes([image[at] ^ 0xFF]) + image[at + 1 :]


def made_by_sfdisk(path: Path, script: str) -> bytes:
    assert SFDISK is not None
    path.write_bytes(bytes(8 * 1024 * 1024))
    subprocess.run([SFDISK, "--quiet", str(path)], input=script.encode(), check=True, capture_output=True)
    return path.read_bytes()


@needs_sfdisk
@pytest.mark.parametrize("kind", ["dos", "gpt"])
def test_what_lies_in_partitions_that_sfdisk_made_is_found(tmp_path: Path, kind: str) -> None:
    image = bytearray(made_by_sfdisk(tmp_path / "disk", f"label: {kind}\nstart=2048,size=2048\nstart=4096,size=100\n"))
    image[4096 * 512 : 4096 * 512 + len(EICAR)] = EICAR
    members = opened(disk.members, bytes(image))
    assert remarks(members) == []
    assert contents(members)["partition 2",].startswith(EICAR)
    assert len(contents(members)["partition 1",]) == 2048 * 512


@needs_sfdisk
def test_logical_partitions_that_sfdisk_made_are_all_there(tmp_path: Path) -> None:
    script = "label: dos\n1: start=2048,size=8192,type=5\n5: size=2048\n6: size=1024\n"
    members = contents(opened(disk.members, made_by_sfdisk(tmp_path / "disk", script)))
    sizes = {names[0]: len(content) for names, content in members.items()}
    assert sizes["partition 5"] == 2048 * 512
    assert sizes["partition 6"] == 1024 * 512


@needs_sfdisk
def test_a_table_of_sfdisk_that_was_damaged_is_read_from_its_second_copy(tmp_path: Path) -> None:
    image = made_by_sfdisk(tmp_path / "disk", "label: gpt\nstart=2048,size=100,name=first\n")
    for at in (512 + 16, 512 + 60, 1024 + 32):
        members = opened(disk.members, damaged(image, at))
        assert remarks(members) == [disk.WRONG_CHECKSUM]
        assert ("partition 1 (first)",) in contents(members)


def test_a_table_without_its_first_copy_is_read_all_the_same() -> None:
    image = in_gpt(EICAR)
    members = opened(disk.members, image[:512] + bytes(512) + image[1024:])
    assert remarks(members) == [disk.NO_TABLE]
    assert contents(members)["partition 1 (root)",].startswith(EICAR)


def test_a_second_copy_that_is_missing_or_differs_is_told() -> None:
    image = in_gpt(EICAR)
    assert remarks(opened(disk.members, image[:-512] + bytes(512))) == [disk.NO_SECOND_COPY]
    assert remarks(opened(disk.members, damaged(image, len(image) - 512 - 100))) == [disk.OTHER_SECOND_COPY]


def test_what_starts_the_disk_and_what_hides_before_the_first_partition_are_objects() -> None:
    image = bytearray(mbr([(0x83, 10, 1)], code=b"\xeb\x63boot") + bytes(10 * 512))
    image[1024 : 1024 + 6] = b"hidden"
    members = contents(opened(disk.members, bytes(image)))
    assert members["boot code",].startswith(b"\xeb\x63boot")
    assert b"hidden" in members["before the first partition",]


def test_a_chain_of_tables_that_bites_its_tail_ends() -> None:
    image = in_logical(EICAR)
    loop = mbr([(0x83, 1, 1), (0x05, 0, 2)])
    members = opened(disk.members, image[:512] + loop + image[1024:])
    assert contents(members)["partition 5",].startswith(EICAR)


def test_a_partition_beyond_the_end_is_told() -> None:
    assert remarks(opened(disk.members, in_mbr(EICAR)[:512])) == ["damaged: ends too early"]


def test_a_threat_in_a_partition_is_found_by_the_whole_engine() -> None:
    (finding,) = check(in_gpt(gzip.compress(EICAR)), detector()).findings
    assert (finding.name, finding.inner[0]) == ("EICAR-Test-File", "partition 1 (root)")


@given(st.binary(max_size=64), st.integers(0, 40 * 512), st.binary(min_size=1, max_size=16))
def test_no_table_however_broken_breaks_the_reader(content: bytes, at: int, scribble: bytes) -> None:
    for wrap in (in_mbr, in_logical, in_gpt):
        image = bytearray(wrap(content))
        at %= len(image)
        image[at : at + len(scribble)] = scribble
        opened(disk.members, bytes(image[: len(image)]))


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (in_gpt(EICAR, kind=EFI), [(1, (34 * 512, 512))]),
        (in_gpt(EICAR), []),
        (mbr([(0x83, 1, 1), (0xEF, 2, 3)]) + bytes(2048), [(2, (1024, 1536))]),
        (in_gpt(EICAR, kind=EFI)[:600], []),
        (b"", []),
    ],
)
def test_the_partitions_that_computers_start_from_are_told(image: bytes, found: object) -> None:
    guard = Guard(Limits(), Unbounded(), len(image))
    assert disk.efi_partitions(Source(image), guard) == found


@needs_sfdisk
@pytest.mark.parametrize(("kind", "efi"), [("dos", "ef"), ("gpt", "uefi")])
def test_an_efi_partition_that_sfdisk_made_is_told(tmp_path: Path, kind: str, efi: str) -> None:
    script = f"label: {kind}\nstart=2048,size=100\nstart=4096,size=2048,type={efi}\n"
    image = made_by_sfdisk(tmp_path / "disk", script)
    assert disk.efi_partitions(Source(image), Guard(Limits(), Unbounded(), len(image))) == [(2, (4096 * 512, 1 << 20))]
