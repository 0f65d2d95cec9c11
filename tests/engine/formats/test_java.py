from garrison.engine.formats.java import members
from tests.engine.documents import make_class
from tests.engine.opening import contents, opened, remarks


def test_its_texts_come_out_a_line_each() -> None:
    found = opened(members, make_class([b"java/lang/Runtime", b"exec"]))
    assert contents(found) == {("(constants)",): b"java/lang/Runtime\nexec"}
    assert remarks(found) == []


def test_a_damaged_pool_says_so() -> None:
    found = opened(members, make_class([b"text"])[:-24])
    assert remarks(found) == ["damaged: ends too early"]
