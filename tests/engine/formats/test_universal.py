"""Universal Mach-O programs."""

from garrison.engine.formats import universal
from tests.engine.opening import contents, opened
from tests.engine.programs import making


def test_each_machine_has_its_program() -> None:
    first, second = making.macho(b"a" * 10, is_64=False), making.macho(b"b" * 10)
    assert contents(opened(universal.members, making.universal(first, second))) == {("x86",): first, ("ARM",): second}


def test_what_follows_a_single_one_is_found() -> None:
    found = contents(opened(universal.members, making.macho(b"code") + b"behind"))
    assert found == {("overlay",): b"behind"}
