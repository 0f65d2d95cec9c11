"""The imports of PE programs."""

import hashlib

from garrison.engine.programs import pe
from garrison.engine.programs.pe_imports import import_hash
from garrison.engine.programs.program import Imports
from tests.engine.programs import making


def read(functions: dict[bytes, list[bytes | int]], is_64: bool = False) -> Imports:
    table = making.imports(0x1000, functions, 8 if is_64 else 4)
    program = pe.read(making.pe((b".idata", table, making.DATA), directories={1: (0x1000, 40)}, is_64=is_64))
    assert program is not None
    return program.imports


def test_names_and_ordinals_are_read_in_order() -> None:
    functions: dict[bytes, list[bytes | int]] = {b"KERNEL32.dll": [b"LoadLibraryA", 12], b"other.ocx": [b"B"]}
    for is_64 in (False, True):
        assert read(functions, is_64) == (("KERNEL32.dll", "LoadLibraryA"), ("KERNEL32.dll", "#12"), ("other.ocx", "B"))


def test_the_digest_is_of_small_letters_without_endings() -> None:
    expected = hashlib.md5(b"kernel32.loadlibrarya,kernel32.ord12,some.exe.x").digest()
    assert import_hash((("KERNEL32.dll", "LoadLibraryA"), ("KERNEL32.dll", "#12"), ("some.exe", "X"))) == expected
    assert import_hash(()) == b""


def test_a_table_that_never_ends_is_cut() -> None:
    endless = making.imports(0x1000, {b"a": [b"b"]})[:20] * 4000
    program = pe.read(making.pe((b".idata", endless, making.DATA), directories={1: (0x1000, 40)}))
    assert program is not None
    assert len(program.imports) <= 8192
