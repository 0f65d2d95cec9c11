"""What follows a program."""

from garrison.engine.formats import overlay
from tests.engine.opening import contents, opened
from tests.engine.programs import making

CODE = (b".text", b"\x90" * 40, making.EXECUTABLE)


def behind(content: bytes) -> list[bytes]:
    return list(contents(opened(overlay.members, content)).values())


def test_a_certificate_is_no_overlay() -> None:
    assert behind(making.pe(CODE, directories={4: (0x600, 16)}, behind=b"c" * 16)) == []


def test_what_hides_behind_a_certificate_is_one() -> None:
    assert behind(making.pe(CODE, directories={4: (0x600, 16)}, behind=b"c" * 16 + b"hidden")) == [b"hidden"]


def test_what_lies_before_a_certificate_is_one() -> None:
    assert behind(making.pe(CODE, directories={4: (0x620, 16)}, behind=b"o" * 32 + b"c" * 16)) == [b"o" * 32]


def test_a_program_and_nothing_more_has_none() -> None:
    assert behind(making.elf(b"\x90")) == []
    assert behind(b"\x7fELF") == []
