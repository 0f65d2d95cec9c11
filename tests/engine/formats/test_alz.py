import pytest

from garrison.engine.formats.alz import members
from tests.engine.archives import make_alz
from tests.engine.opening import SMALL, contents, opened, remarks


@pytest.mark.parametrize("method", range(3))
def test_every_method_is_opened(method: int) -> None:
    found = opened(members, make_alz(b"content" * 50, method))
    assert contents(found) == {("inner",): b"content" * 50}
    assert remarks(found) == []
    assert found[0].listed
    assert (found[0].listed.name, found[0].listed.size) == ("inner", 350)


@pytest.mark.parametrize("method", range(3))
def test_cut_and_changed_it_is_survived(method: int) -> None:
    whole = make_alz(b"content" * 50, method)
    for at in range(len(whole)):
        opened(members, whole[:at], limits=SMALL)
        changed = bytearray(whole)
        changed[at] ^= 1 << at % 8
        opened(members, bytes(changed), limits=SMALL)
