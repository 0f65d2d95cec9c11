"""Bringing a program into the emulated memory."""

from garrison.engine.emulation.loader import load_image
from garrison.engine.programs.pe import read_headers
from tests.engine.emulation.running import PACKER
from tests.engine.programs import making


def test_sections_lie_where_they_belong() -> None:
    headers = read_headers(making.pe((b".a", b"first", PACKER), (b".b", b"second", PACKER)))
    assert headers is not None
    image = load_image(headers)
    assert image is not None
    assert image.base == 0x400000
    assert image.data[0x1000:0x1005] == b"first"
    assert image.data[0x2000:0x2006] == b"second"
    assert image.data[:2] == b"MZ"


def test_an_absurd_image_is_refused() -> None:
    content = bytearray(making.pe((b".a", b"first", PACKER)))
    at = content.index(b".a") + 8
    content[at : at + 4] = b"\xff\xff\xff\x7f"
    headers = read_headers(bytes(content))
    assert headers is not None
    assert load_image(headers) is None
