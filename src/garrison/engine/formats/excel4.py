"""Excel's binary workbooks: sheets of Excel 4 macros, which no macro tool shows. [MS-XLS] 2.4.28 (BoundSheet8)."""

import struct
from collections.abc import Iterator

from garrison.engine.formats.ole import wide

_BOUND_SHEET, _FILE_PASS, _FORMULA = 0x0085, 0x002F, 0x0006
_STATES = ("visible", "hidden", "very hidden")
_MOST_RECORDS = 500_000
_MOST_CHARS = 1 << 20


def records(stream: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield the records of a stream called Workbook or Book: type, offset of the content, length."""
    at = 0
    for _ in range(_MOST_RECORDS):
        if at + 4 > len(stream):
            return
        kind, length = struct.unpack_from("<HH", stream, at)
        yield kind, at + 4, length
        at += 4 + length


def is_encrypted(stream: bytes) -> bool:
    """Return whether a workbook needs a password: the record for it is among the first."""
    for count, (kind, _, _) in enumerate(records(stream)):
        if kind == _FILE_PASS:
            return True
        if kind == _BOUND_SHEET or count > 200:
            break
    return False


def macro_sheets(stream: bytes) -> str:
    """Return what there is of Excel 4 macros, a line a sheet and the texts in formulas; "" without macro sheets."""
    lines: list[str] = []
    texts: list[str] = []
    room = _MOST_CHARS
    for kind, at, length in records(stream):
        if kind == _BOUND_SHEET and length >= 8 and len(stream) >= at + 8 and stream[at + 5] == 1:
            name = _short_text(stream, at + 6)
            state = _STATES[min(stream[at + 4] & 3, 2)]
            lines.append(f"Excel 4 macro sheet ({state}): {name}")
        elif kind == _FORMULA and room > 0:
            found = _formula_texts(stream[at : at + length])
            room -= sum(map(len, found)) + 1
            texts += found
    return "\n".join(lines + texts) if lines else ""


def _short_text(stream: bytes, at: int) -> str:
    count, is_wide = stream[at], stream[at + 1] & 1
    if is_wide:
        return wide(stream[at + 2 : at + 2 + 2 * count])
    return stream[at + 2 : at + 2 + count].decode("latin-1")


def _formula_texts(formula: bytes) -> list[str]:
    """Return the texts in a formula's tokens: PtgStr is 0x17, a count, a flag, the characters (2.5.198.89)."""
    found: list[str] = []
    at = formula.find(b"\x17", 22)
    while 0 <= at < len(formula) - 3:
        count, flag = formula[at + 1], formula[at + 2]
        size = count * (flag + 1)
        if count and flag in {0, 1} and at + 3 + size <= len(formula):
            text = formula[at + 3 : at + 3 + size]
            found.append(wide(text) if flag else text.decode("latin-1"))
            at += 2 + size
        at = formula.find(b"\x17", at + 1)
    return found
