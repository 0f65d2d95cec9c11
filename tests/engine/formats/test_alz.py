import pytest

from garrison.engine.formats.alz import members
from tests.engine.archives import make_alz
from tests.engine.opening import holds, opened, survives


@pytest.mark.parametrize("method", range(3))
def test_every_method_is_opened_and_survived_cut_or_changed(method: int) -> None:
    whole = make_alz(b"content" * 50, method)
    holds(opened(members, whole), "inner", b"content" * 50)
    survives(members, whole)
