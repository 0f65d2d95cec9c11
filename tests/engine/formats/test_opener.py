import pytest

from garrison.engine.formats.opener import clean_name


@pytest.mark.parametrize(
    ("stored", "name"),
    [(b"a", "a"), ("ä".encode(), "ä"), (b"\xff", "\udcff"), (b"", ""), (b"x" * 5000, "x" * 1000 + "…")],
)
def test_names_become_text(stored: bytes, name: str) -> None:
    assert clean_name(stored) == name


def test_a_cut_name_stays_text() -> None:
    assert clean_name("ä".encode() * 5000) == "ä" * 1000 + "…"
