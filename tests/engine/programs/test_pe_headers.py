"""PE headers that a loader takes and the specification does not."""

from garrison.engine.programs.pe import read_headers
from garrison.engine.programs.pe_headers import Headers, directory, find_headers
from tests.engine.programs import making


def headers(content: bytes) -> Headers:
    found = read_headers(content)
    assert found is not None
    return found


def test_an_address_in_the_headers_is_its_own_offset() -> None:
    found = headers(making.pe((b".text", b"abc\x00", making.EXECUTABLE)))
    assert found.offset_of(0x40) == 0x40
    assert found.offset_of(0x1002) == 0x402
    assert found.offset_of(0x5000) == -1
    assert found.text_at(0x1000) == b"abc"


def test_an_offset_that_is_not_aligned_is_rounded_down() -> None:
    content = bytearray(making.pe((b".text", bytes(512), making.EXECUTABLE)))
    at = content.index(b".text") + 20
    content[at : at + 4] = (0x401).to_bytes(4, "little")
    assert headers(bytes(content)).sections[0].offset == 0x400


def test_a_section_behind_the_end_has_no_bytes() -> None:
    content = making.pe((b".text", bytes(512), making.EXECUTABLE))[:0x300]
    section = headers(content).sections[0]
    assert (section.offset, section.size) == (0x300, 0)


def test_a_directory_that_is_not_there_is_empty() -> None:
    content = making.pe((b".text", b"", making.EXECUTABLE), directories={1: (5, 6)})
    assert directory(headers(content), 1) == (5, 6)
    assert directory(headers(content), 20) == (0, 0)


def test_the_signature_has_to_be_there() -> None:
    assert find_headers(making.pe()) == 64
    assert find_headers(making.pe().replace(b"PE\x00\x00", b"NE\x00\x00")) == -1
