import importlib.util
import marshal

from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.pyc import members
from tests.engine.opening import contents, opened, remarks

SOURCE = '''
"""What it does."""
import os
class Thing(dict):
    LIMIT = -12345678901234567890
    def go(self, a, *, b={1: 2.5, "k": 3j}):
        return lambda: [os.sep + "inner text" + str(a in {"x", "y"}), b"raw" * 2, 1e300, ...]
'''


def compiled(source: str) -> bytes:
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(source, "module.py", "exec"))


def test_texts_of_all_functions_come_out_and_names_do_not() -> None:
    found = opened(members, compiled(SOURCE))
    text = contents(found)["(constants)",]
    assert b"What it does." in text
    assert b"inner text" in text
    assert b"rawraw" in text
    assert b"module.py" not in text
    assert remarks(found) == []


def test_a_large_constant_is_an_object_of_its_own() -> None:
    payload = bytes(range(256)) * 8
    assert contents(opened(members, compiled(f"exec({payload!r})")))["(constant 1)",] == payload


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(content: bytes) -> None:
    for version in (b"\xa7\x0d", b"\x5b\x0d", b"\x42\x0d"):
        opened(members, version + b"\r\n" + bytes(12) + content)
        opened(members, version + b"\r\n" + bytes(12) + b"\xe3" + content)


def test_what_is_nested_endlessly_ends() -> None:
    opened(members, b"\xa7\x0d\r\n" + bytes(12) + b"[\xff\xff\xff\x7f" * 60_000)
