import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.formats.compress import members
from tests.engine.opening import SMALL, contents, opened, remarks

WORDS = b"".join(b"word %d\n" % number for number in range(300))
WIDE = base64.b64decode(
    "H52Qd97IIQMChoKAA0HEOCiQoAyGCWdAJEhjIogaFm1YvGERh8UcFmMYREgwxkKSCh+ijCFxZcWVGFdqXMlxpceVIFHKGNkQhIyT"
    "PWWoDNoy6MugMYPODFoz6M2gOXvO4BkRaMShEYtGPBoxacSlEZtGfBoxakIaVClapYiVolaKXCl6pQiWoliKZCmaJVgj7cW1F9te"
    "fHsx7sW5F+tevHsx78W9IGz4tQHYhmAbhG0YtoHYhmIbjG04tgH5ht8bgG8IvkH4huEbiG8ovsH4huMbkHH4xQEYh2AchHEYxoEY"
    "h2IcjHE4xgE5h98cgHMIzkE4h+EciHMozsE4h+MckEX6FQlYpGCRhEUaFolYpGKRjEU6FhleZEiT98+zvL8+RvsY78UQXwzzxRDe"
    "TiH9lOB5MqQnw3oytCfDezLEJ8N8MoQ3VUgzlDfDeTOkN8N6M7Q3w3szxDfDfDOEh1ZINJRHw3k0pEfDejS0R8N7NMRHw3w0hNdX"
    "SDWUV8N5NaRXw3o1tFfDezXEV8N8NYQnWUiUYXkeZliuxxmW74GG5XykhWSameWpZmZ6rpnZnmxmxmebmeHpFhJvd54H3J3rEXfn"
    "e8jdOR9zITlXaHnSFZqedYW2p12h8XlXKGQ7+bUTYDsJthNhOxm2E2I7KbYTYzs5thOl9umEn6qa7qeqp/5Z9JOoAspKoK2UIqiT"
    "grtq2qCsDwIL6oTAknohsJRuqFOHsn7YLKcjNgvqic2SumKzlL6oU4yyztgtpzd2C+qO3ZL6Y7eUDqlTkbIe2S6nS7YL6pPtkjpl"
    "u5ReqVOW+2rK5b6efrmvqGLua2qZOp2ZMKZqJsxpmwmDCmfCpM6ZMKV26oSnxpruqbGnfmosaqAam0qoToaijGmiKHPKKMqgPooy"
    "qZKiDBI="
)
NARROW = WIDE[:2] + b"\x8a" + WIDE[3:]  # what -b 10 gives: the same codes, they fill no table


@pytest.mark.parametrize("packed", [WIDE, NARROW], ids=["16 bits", "10 bits"])
def test_it_opens_what_compress_packs(packed: bytes) -> None:
    found = opened(members, packed, "c.txt.Z")
    assert contents(found) == {("c.txt",): WORDS}
    assert remarks(found) == []


def test_a_string_may_use_itself() -> None:
    packed = (97 | 257 << 9 | 258 << 18).to_bytes(4, "little")
    assert list(contents(opened(members, b"\x1f\x9d\x90" + packed)).values()) == [b"a" * 6]


@given(st.binary(max_size=400))
def test_any_bytes_are_survived(data: bytes) -> None:
    opened(members, b"\x1f\x9d" + data, limits=SMALL)
    opened(members, b"\x1f\x9d\x90" + data, limits=SMALL)
