import base64
import gzip
import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.formats.deobfuscate import ROUNDS, Found, one_round
from garrison.engine.type import Type

SAID = b"the hidden words are here, plain"
CODED = base64.b64encode(SAID)
PROGRAM = b"MZ" + bytes(58) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0" + bytes(100)


def seen(text: bytes, kind: Type = Type.TEXT) -> Found:
    found = Found(text)
    for _ in range(ROUNDS):
        if not one_round(found, kind):
            break
    return found


CASES: list[tuple[Type, bytes, bytes]] = [
    (Type.JAVASCRIPT, b'x = "po"+"we" + "rs"+ "he" + "ll";', b'"powershell"'),
    (Type.VBSCRIPT, b'x = "po" & "w" & "er" & "s" & "he" & _\r\n "ll"', b'"powershell"'),
    (Type.JAVASCRIPT, b"x = '\\x70\\x6f\\x77\\u0065\\x72\\x73\\x68\\x65ll'", b"'powershell'"),
    (Type.JAVASCRIPT, b"unescape('%70%6f%77%65%72%73%68%65ll')", b"'powershell'"),
    (Type.JAVASCRIPT, b"String.fromCharCode(112,0x6f,119, 101,114,115,104,101,108,108)", b'"powershell"'),
    (Type.VBSCRIPT, b"x = Chr(112) & Chr(111) & Chr(&H77) & ChrW(101) & chr(114)", b'"power"'),
    (Type.POWERSHELL, b"([char]112+[char]0x6f+[char]119+[char]101+[char]114)", b'"power"'),
    (Type.POWERSHELL, b"('{1}{0}{2}' -f 'wer','po',\"shell\")", b'"powershell"'),
    (Type.POWERSHELL, b"inv`ok`e-expr`ess`ion", b"invoke-expression"),
    (Type.BATCH, b"p^o^w^e^r^s^h^ell", b"powershell"),
    (Type.VBSCRIPT, b'StrReverse("llehsrewop")', b'"powershell"'),
    (Type.JAVASCRIPT, b"'llehsrewop'.split('').reverse().join('')", b'"powershell"'),
    (Type.VBSCRIPT, b'Replace("pZZowZZershell", "ZZ", "")', b'"powershell"'),
    (Type.POWERSHELL, b"'pZZowZZershell'.replace('ZZ','')", b'"powershell"'),
    (Type.JAVASCRIPT, b"eval(atob('" + CODED + b"'))", SAID),
    (Type.POWERSHELL, b"powershell -e " + base64.b64encode(SAID.decode().encode("utf-16-le")), SAID),
    (Type.SHELL, b"echo " + CODED + b" | base64 -d | sh", SAID),
    (Type.PYTHON, b"exec(bytes.fromhex('" + SAID.hex().encode() + b"'))", SAID),
    (Type.JAVASCRIPT, b"new Uint8Array([" + b",".join(b"%d" % byte for byte in SAID) + b"])", SAID),
    (Type.JAVASCRIPT, b"atob('" + CODED[:10] + b"'+'" + CODED[10:14] + b"'+'" + CODED[14:18] + b"'+'" + CODED[18:20]
     + b"'+'" + CODED[20:] + b"')", SAID),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "meant"), CASES, ids=[str(number) for number in range(len(CASES))])
def test_the_text_is_what_the_language_would_see(kind: Type, text: bytes, meant: bytes) -> None:
    assert meant in seen(text, kind).text


@pytest.mark.parametrize(
    "text",
    [
        b"x = base64('" + base64.b64encode(PROGRAM) + b"')",
        b"x = '" + PROGRAM.hex().encode() + b"'; unhexlify(x)",
        b"[byte[]] $x = " + b",".join(b"0x%02x" % byte for byte in PROGRAM),
    ],
)
def test_a_program_in_a_literal_is_an_object(text: bytes) -> None:
    assert seen(text).objects == [PROGRAM]


@pytest.mark.parametrize(
    "text",
    [
        b"a honest line: 'one' + 'two' and chr(65), base64 too",
        b"integrity='sha512-" + base64.b64encode(bytes(range(200, 256)) * 2) + b"' base64",
        b"/[\\x00-\\x20\\x7f-\\x9f]/ unescape 100%",
        b"a table: [1, 2, 3], byte[]",
    ],
)
def test_what_honest_scripts_write_stays(text: bytes) -> None:
    assert seen(text, Type.JAVASCRIPT) == Found(text)


@pytest.mark.parametrize(
    "piece",
    [b'"+"', b"\\x41", b"%41unescape", b"fromCharCode(1", b"Chr(65)", b"'{0}{1}' -f '",
     b"atob(aGVsbG8gaGVsbG8gaGVsbG8 ", b"aGVsbG8gaGVsbG8gaGVsbG8gaGVs\natob\n", b"base64aGVsbG8gaGVsbG8gaGVsbG8gaGVs\n",
     b"unhexlify 4d5a",
     b"[1,uint8array", b'StrReverse("', b'Replace("a","', b"'a'.replace('", b".reverse().join(\"'"],
)  # fmt: skip
def test_no_text_takes_long(piece: bytes) -> None:
    text = piece * (300_000 // len(piece))
    start = time.process_time()
    for kind in (Type.TEXT, Type.POWERSHELL, Type.BATCH):
        seen(text, kind)
    assert time.process_time() - start < 6


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([text for _, text, _ in CASES]), max_size=4), st.binary(max_size=40))
def test_any_mixture_is_survived(texts: list[bytes], noise: bytes) -> None:
    seen(noise.join(texts))


@pytest.mark.parametrize("size", [100, 171, 172, 173, 1000, 65_000])
@pytest.mark.parametrize("width", [60, 64, 76])
@pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n\t\t"])
def test_base64_that_a_program_wrapped_is_one_object(size: int, width: int, between: bytes) -> None:
    content = gzip.compress(random.Random(size).randbytes(size), mtime=0)
    coded = base64.b64encode(content)
    lines = between.join(coded[at : at + width] for at in range(0, len(coded), width))
    found = seen(b"base64 -d > there << EOF" + between + lines + b"\nEOF\nrm there\n", Type.SHELL)
    assert [each[: len(content)] for each in found.objects] == [content]
    assert found.text.endswith(b"\nrm there\n")


def test_a_file_goes_on_in_lines_of_any_length() -> None:
    content = gzip.compress(random.Random(1).randbytes(999), mtime=0)
    coded = base64.b64encode(content)
    lines = b"\n".join((coded[:38], coded[38:138], coded[138:230], coded[230:]))
    assert seen(b'x = b64decode("""' + lines + b'""")', Type.PYTHON).objects == [content]
    each = [base64.b64encode(gzip.compress(SAID * times, mtime=0)).rstrip(b"=") for times in (1, 2)]
    assert len(seen(b"b64decode " + b"\n".join(each), Type.PYTHON).objects) == 2


def test_lines_that_are_not_wrapped_are_decoded_each_by_itself() -> None:
    lines = [base64.b64encode(SAID * times) for times in (1, 2, 3)]
    found = seen(b"base64\n" + b"\n".join(line.rstrip(b"=") for line in lines) + b"\nexit\n")
    assert found.objects == [SAID, SAID * 2, SAID * 3]
    assert found.text.endswith(b"exit\n")
    assert b'"' + SAID[:30] + b'"\nexit' in seen(b"powershell -e " + base64.b64encode(SAID[:30]) + b"\nexit").text
    dull = b"base64\n" + b"\n  ".join([b"A" * 30, b"B" * 40]) + b"\n"
    assert seen(dull).text == dull
