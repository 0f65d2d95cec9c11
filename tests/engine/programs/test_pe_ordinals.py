"""Numbers of imports, and their names."""

import pytest

from garrison.engine.programs.pe_ordinals import name_of


@pytest.mark.parametrize(
    ("library", "number", "name"),
    [
        ("ws2_32", 1, "accept"),
        ("wsock32", 23, "socket"),
        ("ws2_32", 115, "WSAStartup"),
        ("oleaut32", 2, "SysAllocString"),
        ("oleaut32", 443, "UnRegisterTypeLibForUser"),
        ("oleaut32", 9999, "ord9999"),
        ("kernel32", 2, "ord2"),
    ],
)
def test_three_libraries_have_names_for_their_numbers(library: str, number: int, name: str) -> None:
    assert name_of(library, number) == name
