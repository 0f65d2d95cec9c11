import random

from garrison.engine.formats.cab import members
from tests.engine.archives import make_cab
from tests.engine.opening import contents, opened, remarks

NOISE = random.Random(3).randbytes(50_000)
FILES = [("one", b"first"), ("dir\\two", NOISE), ("three", b"third" * 20_000)]


def test_stored_and_packed_folders_are_opened() -> None:
    for method in (0, 1):
        found = opened(members, make_cab(FILES, method))
        assert contents(found) == {(name,): content for name, content in FILES}
        assert remarks(found) == []


def test_what_the_list_says_is_kept() -> None:
    listed = [member.listed for member in opened(members, make_cab(FILES))]
    assert [(each.name, each.size, each.position) for each in listed if each] == [
        (name, len(content), number) for number, (name, content) in enumerate(FILES, 1)
    ]


def test_a_file_of_another_cabinet_is_named() -> None:
    whole = bytearray(make_cab(FILES))
    whole[44 + 8 : 44 + 10] = b"\xfd\xff"
    assert "not opened: it is spread over several cabinets" in remarks(opened(members, bytes(whole)))


def test_a_packing_that_there_is_not_is_damage() -> None:
    whole = bytearray(make_cab(FILES))
    whole[36 + 6] = 4
    assert set(remarks(opened(members, bytes(whole)))) == {"damaged: cannot be unpacked"}


def test_a_damaged_block_ends_its_folder_only() -> None:
    whole = bytearray(make_cab(FILES))
    whole[len(whole) // 2] ^= 0xFF
    found = opened(members, bytes(whole))
    assert contents(found)["one",] == b"first"
