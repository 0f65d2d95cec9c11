import pytest

from garrison.engine.formats.egg import members
from tests.engine.archives import make_egg
from tests.engine.opening import holds, opened, survives


@pytest.mark.parametrize("method", range(3))
def test_every_method_is_opened_and_survived_cut_or_changed(method: int) -> None:
    whole = make_egg(b"content" * 50, method)
    holds(opened(members, whole), "inner", b"content" * 50)
    survives(members, whole)
