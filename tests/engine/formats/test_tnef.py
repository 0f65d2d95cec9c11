import struct

from garrison.engine.formats import tnef
from tests.engine.formats.clam_samples import holds_program, needs_samples
from tests.engine.forms_texts import in_tnef, tnef_attribute
from tests.engine.opening import contents, opened


def properties(*entries: tuple[int, int, bytes]) -> bytes:
    out = struct.pack("<L", len(entries))
    for form, tag, value in entries:
        out += struct.pack("<HHLL", form, tag, 1, len(value)) + value + bytes(-len(value) % 4)
    return out


@needs_samples
def test_the_sample_gives_its_program() -> None:
    assert holds_program("clam.tnef")


def test_the_long_name_is_the_name() -> None:
    more = tnef_attribute(0x9005, properties((0x1F, 0x3707, "l\xf6ng.exe\0".encode("utf-16-le"))))
    assert list(contents(opened(tnef.members, in_tnef(b"x", more)))) == [("l\xf6ng.exe",)]


def test_an_object_among_the_properties_comes_out() -> None:
    more = tnef_attribute(0x9005, properties((0x0D, 0x3701, bytes(16) + b"object")))
    assert b"object" in [member.content for member in opened(tnef.members, in_tnef(b"x", more))]


def test_texts_come_out() -> None:
    page = tnef_attribute(0x9003, properties((0x102, 0x1013, b"<html>")), 1)
    assert contents(opened(tnef.members, in_tnef(b"x", page)))["body.html",] == b"<html>"
