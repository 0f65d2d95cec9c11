from garrison.engine.formats.onenote import members
from tests.engine.documents import make_onenote
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR


def test_all_files_come_out() -> None:
    found = opened(members, make_onenote([EICAR, b"", b"second"]))
    assert contents(found) == {("file 1",): EICAR, ("file 2",): b"second"}


def test_a_length_beyond_the_end_hides_nothing() -> None:
    whole = bytearray(make_onenote([EICAR, b"second"]))
    whole[1024 + 20] = 0xFF
    found = opened(members, bytes(whole))
    assert contents(found)["file 1",].startswith(EICAR)
    assert contents(found)["file 2",] == b"second"
    assert remarks(found) == ["damaged: ends too early"]
