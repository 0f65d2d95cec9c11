"""The text of compiled AutoIt scripts."""

import struct

from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.autoit_script import script_text


def word(kind: int, letters: str) -> bytes:
    size = len(letters)
    plain = letters.encode("utf-16-le")
    return (
        bytes([kind]) + struct.pack("<I", size) + bytes(byte ^ (0, size)[at % 2 == 0] for at, byte in enumerate(plain))
    )


def test_items_become_text() -> None:
    script = struct.pack("<I", 2) + word(0x33, "A") + b"\x41" + b"\x05" + struct.pack("<i", 7) + b"\x7f"
    script += word(0x31, "MsgBox") + b"\x47" + word(0x36, 'say "hi"') + b"\x40" + word(0x32, "TempDir") + b"\x48\x7f"
    assert script_text(script) == b'$A = 7\r\nMsgBox("say ""hi""", @TempDir)\r\n'


def test_text_stays_text() -> None:
    assert script_text(b"MsgBox(0)") == b"MsgBox(0)"
    assert script_text(b"\xff\xfe" + "Über".encode("utf-16-le")) == "Über".encode()


@given(st.binary(max_size=200))
def test_nonsense_is_survived(content: bytes) -> None:
    script_text(b"\x01\x00\x00\x00\x05" + content)
