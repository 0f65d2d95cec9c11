from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.lnk import members
from tests.engine.documents import make_lnk
from tests.engine.opening import contents, opened
from tests.engine.samples import EICAR


def test_what_it_starts_is_told_and_what_is_behind_it_comes_out() -> None:
    found = contents(opened(members, make_lnk("Invoice", "/c calc") + EICAR))
    assert found == {
        ("(shortcut)",): b"name: Invoice\narguments: /c calc\ntarget: %windir%\\cmd.exe",
        ("behind the shortcut",): EICAR,
    }


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(content: bytes) -> None:
    opened(members, make_lnk("", "")[:20] + content)
    opened(members, make_lnk("", "")[:20] + b"\xff\x00\x00\x00" + content)
