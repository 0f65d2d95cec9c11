import base64

from garrison.engine.formats.lzip import members
from tests.engine.archives import make_lzip, make_tar
from tests.engine.opening import contents, opened, remarks

WORDS = b"".join(b"word %d\n" % number for number in range(40))
SAMPLE = base64.b64decode(
    "TFpJUAEMADubyqrRDW8fG5rnGsAutTUAfXM20AyJWVzHnysMqUhRNoe0LO5BHS2Jr9VAPb/9Bocyagy5jpw092ggYalcjLqfKhHq"
    "gHsBYqsW//0lsAAdxz/6NgEAAAAAAABqAAAAAAAAAA=="
)


def test_it_opens_what_lzip_packs() -> None:
    found = opened(members, SAMPLE, "a.txt.lz")
    assert contents(found) == {("a.txt",): WORDS}
    assert remarks(found) == []


def test_members_follow_each_other() -> None:
    assert list(contents(opened(members, make_lzip(b"one") + make_lzip(b"two"))).values()) == [b"onetwo"]


def test_a_tar_inside_is_opened() -> None:
    found = opened(members, make_lzip(make_tar([("inner", b"content")])), "x.tar.lz")
    assert contents(found) == {("x.tar", "inner"): b"content"}


def test_an_unknown_version_is_damage() -> None:
    assert remarks(opened(members, b"LZIP\x02\x14" + bytes(30))) == ["damaged: cannot be unpacked"]
