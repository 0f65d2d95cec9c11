"""The hash of pictures: what clamscan 1.4.6 says of them."""

from garrison.engine.patterns import pictures
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.engine.patterns.hosts import png
from tests.engine.patterns.matching import found


def picture() -> bytes:
    shades = (
        (x * 5 + y * 3 * (c + 1) + x * y % (37 + c)) % 256 for y in range(48) for x in range(60) for c in range(3)
    )
    return png(60, 48, bytes(shades))


def test_the_hash_is_the_one_that_clamscan_makes() -> None:
    assert pictures.hash_of(Subject(picture(), Type.PNG)) == "ca4812be32b7be34"


def test_what_is_no_picture_has_no_hash() -> None:
    assert pictures.hash_of(Subject(picture()[:60], Type.PNG)) == ""
    assert pictures.hash_of(Subject(picture(), Type.DATA)) == ""


def test_a_signature_names_the_hash() -> None:
    line = "L;Engine:150-255,Target:5;0;fuzzy_img#{}"
    assert found(picture(), logical=[line.format("CA4812be32b7be34")], kind=Type.PNG)
    assert not found(picture(), logical=[line.format("ca4812be32b7be35#0")], kind=Type.PNG)
