import base64
import importlib.util
import marshal

from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.pyc import members
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR, check, detector

SOURCE = '''
"""What it does."""
import os
class Thing(dict):
    LIMIT = -12345678901234567890
    def go(self, a, *, b={1: 2.5, "k": 3j}):
        return lambda: [os.sep + "inner text" + str(a in {"x", "y"}), b"raw" * 2, 1e300, ...]
'''
PAYLOAD = bytes(range(256)) * 16


def compiled(source: str) -> bytes:
    return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(compile(source, "module.py", "exec"))


def test_short_texts_are_no_objects_of_their_own() -> None:
    assert opened(members, compiled(SOURCE)) == []


def test_a_large_constant_is_an_object_of_its_own() -> None:
    assert contents(opened(members, compiled(f"exec({PAYLOAD!r})")))["(constant 1)",] == PAYLOAD


def test_a_large_constant_comes_out_of_cut_code() -> None:
    content = compiled(f"exec({PAYLOAD!r})")
    cut = content[: content.index(PAYLOAD) + len(PAYLOAD)]
    found = opened(members, cut)
    assert contents(found)["(constant 1)",] == PAYLOAD
    assert remarks(found) == []


def test_a_long_script_is_an_object_and_prose_and_instructions_are_not() -> None:
    script = "<!doctype html><p>" * 100
    prose = "a long text\n" * 100
    many = "\n".join(f"name_{number} = name_{number}" for number in range(1000))
    found = contents(opened(members, compiled(f"{many}\nsaid({script!r}, {prose!r})")))
    assert script.encode() in found.values()
    assert prose.encode() not in found.values()
    instructions = compile(many, "module.py", "exec").co_code
    assert len(instructions) > 4096
    assert not any(content[:100] in instructions for content in found.values())


def test_what_begins_like_a_file_is_an_object_however_short() -> None:
    program = b"\x7fELF" + bytes(60)
    page = "<script>" + "x" * 40
    found = contents(opened(members, compiled(f"one({program!r}); two({page!r})")))
    assert set(found.values()) == {program, page.encode()}


def test_what_is_written_in_base64_or_hex_is_decoded() -> None:
    code = b"import os; os.system('echo ' + name)  # " * 3
    for call in (f"b64decode('{base64.b64encode(code).decode()}')", f"bytes.fromhex('{code.hex()}')"):
        assert code in contents(opened(members, compiled(f"exec({call})"))).values()


def test_a_short_base64_text_loses_nothing_to_the_letter_before_it() -> None:
    for size in range(32, 150):
        code = (b"import os; os.system('echo ' + name)" * 5)[:size]
        made = compiled(f"exec(b64decode('{base64.b64encode(code).decode()}'))")
        assert code in contents(opened(members, made)).values(), size


def test_a_threat_in_a_constant_is_found() -> None:
    with detector() as known:
        encoded = base64.b64encode(EICAR).decode()
        assert check(compiled(f"exec(b64decode({encoded!r}))"), known, "module.pyc").findings


@given(st.binary(max_size=300))
def test_any_bytes_are_survived(content: bytes) -> None:
    for version in (b"\xa7\x0d", b"\x5b\x0d", b"\x42\x0d"):
        opened(members, version + b"\r\n" + bytes(12) + content)
        opened(members, version + b"\r\n" + bytes(12) + b"\xe3" + content)


@given(
    st.lists(
        st.sampled_from([b"s\x00\x04\x00\x00", b"\xfa\x40MZ\x00", b"u\x30\x00\x00\x00\x7fELF", b"x" * 700]), max_size=40
    )
)
def test_constants_do_not_overlap(parts: list[bytes]) -> None:
    content = b"\xa7\x0d\r\n" + bytes(12) + b"".join(parts)
    assert sum(map(len, contents(opened(members, content)).values())) <= len(content)
