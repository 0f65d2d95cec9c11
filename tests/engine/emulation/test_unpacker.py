"""From a packed program to the program that was packed."""

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.emulation.unpacker import unpack
from garrison.engine.guard import Guard
from garrison.engine.programs import pe
from tests.engine.emulation.running import PACKER, PLAIN, xored
from tests.engine.programs import making


def unpacked(content: bytes) -> list[bytes]:
    headers = pe.read_headers(content)
    assert headers is not None
    return list(unpack(headers, Guard(Limits(), Unbounded(), len(content))))


def test_the_image_is_a_program_that_begins_where_the_packer_went() -> None:
    (image,) = unpacked(xored())
    program = pe.read(image)
    assert program is not None
    assert PLAIN in image
    assert image[program.entry_point :].startswith(PLAIN)
    assert [section.name for section in program.sections][:2] == [".text", ".pack"]


def test_a_program_that_writes_nothing_gives_nothing() -> None:
    assert unpacked(making.pe((b".text", b"\xc3", PACKER))) == []


def test_headers_that_make_no_sense_are_survived() -> None:
    content = xored()
    for at in range(64, 0x200, 2):
        for value in (b"\xff\xff", b"\x00\x00", b"\x01\x80"):
            headers = pe.read_headers(content[:at] + value + content[at + 2 :])
            if headers is not None:
                list(unpack(headers, Guard(Limits(), Unbounded(), len(content))))
