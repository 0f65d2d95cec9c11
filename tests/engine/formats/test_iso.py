"""Images of optical discs."""

import struct

import pytest

from garrison.engine.formats import iso
from tests.engine.forms_images import iso_record, iso_volume, make_iso
from tests.engine.image_samples import sample
from tests.engine.opening import SMALL, contents, opened, remarks

NAMES = ["A long name, in two cases.txt", "boot.img", "empty", "sub/second.file"]


@pytest.mark.parametrize("name", ["iso-joliet-udf", "iso-joliet"])
def test_long_names_are_shown_and_every_file_comes_once(name: str) -> None:
    members = opened(iso.members, sample(name))
    came = [member.names[0] for member in members if member.names[0] != "boot.catalog"]
    assert came == NAMES
    assert contents(members)["sub/second.file",] == b"two"
    assert remarks(members) == []
    listed = {member.listed.name: member.listed.size for member in members if member.listed}
    assert listed["boot.img"] == 2048


def test_a_file_in_several_extents_is_one() -> None:
    records = iso_record(b"BIG.;1", 22, 2048, 128) + iso_record(b"BIG.;1", 21, 5)
    assert contents(opened(iso.members, make_iso(records, b"tail!", b"h" * 2048))) == {
        ("BIG.",): b"h" * 2048 + b"tail!"
    }


def test_a_name_of_rock_ridge_in_parts_is_put_together() -> None:
    fields = b"NM" + bytes([7, 1, 1]) + b"a " + b"NM" + bytes([9, 1, 0]) + b"name"
    members = opened(iso.members, make_iso(iso_record(b"X.;1", 21, 1, 0, fields), b"x"))
    assert members[0].names == ("a name",)


def test_a_link_is_no_file() -> None:
    fields = b"SL" + bytes([8, 1, 0, 0, 1, 97])
    assert opened(iso.members, make_iso(iso_record(b"X.;1", 21, 0, 0, fields))) == []


def test_a_short_file_does_not_hide_a_longer_one_in_the_same_place() -> None:
    records = iso_record(b"A.;1", 21, 1) + iso_record(b"B.;1", 21, 4) + iso_record(b"C.;1", 21, 4)
    assert contents(opened(iso.members, make_iso(records, b"abcd"))) == {("A.",): b"a", ("B.",): b"abcd"}


def test_folders_that_lead_to_each_other_end() -> None:
    records = iso_record(b"UP", 20, 2048, 2) + iso_record(b"DOWN", 21, 2048, 2)
    inner = iso_record(b"\x00", 21, 2048, 2) + iso_record(b"AGAIN", 20, 2048, 2) + iso_record(b"F.;1", 22, 1)
    assert list(contents(opened(iso.members, make_iso(records, inner, b"f")))) == [("DOWN/F.",)]


def test_a_boot_image_that_no_folder_names_comes_out() -> None:
    volume = iso_volume(0, b"")
    volume = volume[:7] + b"EL TORITO SPECIFICATION".ljust(64, b"\x00") + struct.pack("<L", 21) + bytes(1973)
    catalog = b"\x01".ljust(30, b"\x00") + b"\x55\xaa" + struct.pack("<BBHBBHL", 0x88, 0, 0, 0, 0, 1, 22)
    members = opened(iso.members, make_iso(b"", catalog, b"loader".ljust(512, b"!"), more=volume[:2048]))
    assert contents(members)["boot image",].startswith(b"loader!!")


def test_an_extent_beyond_the_end_is_said() -> None:
    members = opened(iso.members, make_iso(iso_record(b"A.;1", 0xFFFFFFF0, 99)))
    assert remarks(members) == ["damaged: ends too early"]


def test_a_folder_of_four_gigabytes_ends() -> None:
    records = b"".join(iso_record(b"D%d" % number, 20 + number, 0xFFFFFFFF, 2) for number in range(1, 40))
    members = opened(iso.members, make_iso(records, bytes(300_000)), limits=SMALL)
    assert any(remark.startswith(("limit", "damaged")) for remark in remarks(members))
