import pytest

from garrison.engine.formats import libarchive
from garrison.engine.guard import Incomplete

needs_library = pytest.mark.skipif(not libarchive.preload(), reason="libarchive13 is not installed")


@needs_library
@pytest.mark.parametrize("kind", [libarchive.RarReader, libarchive.SevenZipReader])
def test_what_is_no_archive_has_no_entries(
    kind: type[libarchive.RarReader] | type[libarchive.SevenZipReader],
) -> None:
    reader = kind(b"nothing of the kind")
    assert reader.next() is None
    with pytest.raises(Incomplete):
        list(reader.pieces())
    reader.close()
    reader.close()


def test_without_the_library_nothing_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libarchive, "_NAME", "libnothing.so.99")
    monkeypatch.setattr(libarchive, "_library", None)
    assert not libarchive.preload()
    assert not libarchive.is_loaded()
