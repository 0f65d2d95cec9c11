import base64

from garrison.engine.formats import uuencode
from tests.engine.forms_texts import in_uuencode
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR


def test_several_files_among_words_come_out_with_their_names() -> None:
    text = b"words\n" + in_uuencode(EICAR, b"a b.exe") + b"begin again\n" + in_uuencode(b"second", b"two")
    assert contents(opened(uuencode.members, text)) == {("a b.exe",): EICAR, ("two",): b"second"}


def test_blanks_that_were_lost_at_the_ends_of_lines_count_as_zeros() -> None:
    text = b"begin 644 x\n!\n#AB\n`\nend\n"
    assert not remarks(opened(uuencode.members, text))


def test_the_variant_in_base64_is_read() -> None:
    text = b"begin-base64 644 x\n" + base64.encodebytes(EICAR) + b"====\n"
    assert contents(opened(uuencode.members, text)) == {("x",): EICAR}
    assert remarks(opened(uuencode.members, text[:-10])) == ["damaged: ends too early"]
