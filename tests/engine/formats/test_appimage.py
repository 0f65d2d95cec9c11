"""AppImages."""

import struct

import pytest

from garrison.engine.budget import Limits
from garrison.engine.formats import appimage
from tests.engine.forms_images import iso_record, make_iso, make_squashfs
from tests.engine.opening import contents, opened
from tests.engine.samples import EICAR, check, detector


def program(kind: int, bits: int = 2) -> bytes:
    """Return an ELF program without sections, which ends behind its head."""
    head = b"\x7fELF" + bytes([bits, 1, 1, 0]) + b"AI" + bytes([kind])
    place = struct.pack("<Q10xHH", 64, 64, 0) if bits == 2 else struct.pack("<L10xHH", 64, 40, 0)
    return (head.ljust(40 if bits == 2 else 32, b"\x00") + place).ljust(64, b"\x00")


@pytest.mark.parametrize("bits", [1, 2])
def test_a_file_system_that_is_too_large_for_one_object_is_read_in_place(bits: int) -> None:
    made = program(2, bits) + make_squashfs(EICAR)
    assert contents(opened(appimage.members, made, limits=Limits(object_bytes=100))) == {("inner",): EICAR}
    assert opened(appimage.members, made) == []


def test_a_file_system_behind_the_program_is_opened_once() -> None:
    verdict = check(program(2) + make_squashfs(EICAR), detector())
    assert [finding.inner[-1] for finding in verdict.findings] == ["inner"]


def test_the_first_type_is_a_disc() -> None:
    disc = make_iso(iso_record(b"INNER.;1", 21, 3), b"abc")
    made = program(1) + disc[64:]
    assert contents(opened(appimage.members, made)) == {("INNER.",): b"abc"}


@pytest.mark.parametrize("content", [b"", b"\x7fELF", program(0), program(2)[:12], program(3)])
def test_other_programs_have_nothing_to_yield(content: bytes) -> None:
    assert opened(appimage.members, content) == []
