"""What scripts hide in strings, read as the language would: joins, escapes, numbers for letters, base64, hexadecimal.

Nothing is run. Every step is a linear pass over the text, looks first whether the words it needs occur at all, and
changes something only where honest scripts do not write so: a page of numbers of characters, letters written as
escapes. What decodes to a program or another file is an object of its own.
"""

import binascii
import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from garrison.engine.formats.mime_codings import decode_base64
from garrison.engine.identify import identify
from garrison.engine.type import Type
from garrison.engine.words import Words
from garrison.engine.writing import is_wide

ROUNDS = 3
_MOST_OBJECTS = 64
_MOST_LITERALS = 2000  # in one round
_FEWEST = 4  # of anything, before it counts as hiding
_ALL = re.IGNORECASE | re.DOTALL
_LETTER_ESCAPE = re.compile(rb"\\(?:x|u00)(?:3[0-9]|[46][1-9a-f]|[57][0-9a])", re.IGNORECASE)
_ESCAPE = re.compile(rb"\\(?:x|u00)([2-7][0-9a-f])", re.IGNORECASE)
_PERCENT = re.compile(rb"%([2-7][0-9a-f])", re.IGNORECASE)
_WIDE_PERCENT = re.compile(rb"(?:%u[0-9a-f]{4}){16,}", re.IGNORECASE)
_FROM_CODES = re.compile(rb"fromcharcode\s{0,20}\(([\d\sxa-f,]{1,1000000})\)", re.IGNORECASE)
_ONE_CODE = re.compile(
    rb"(?:\bchrw?\$?|\[char\])\s{0,5}\(?\s{0,5}(&h[0-9a-f]{1,4}|0x[0-9a-f]{1,4}|\d{1,5})(?:\s{0,5}\)|(?![\d\s]))",
    re.IGNORECASE,
)
_SHORT_JOINS = re.compile(rb"[\"'][ \t]?[+&.][ \t]?[\"'][^\"'\r\n]{0,8}[\"'][ \t]?[+&.][ \t]?[\"']")
_JOIN = re.compile(rb"([\"'])[^\"'\r\n]{0,8}\1\s{0,20}[+&.]\s{0,20}(?=\1)")
_JOIN = re.compile(rb"(?<=[^\s(,=+&.\[])([\"'])\s{0,20}[+&.]\s{0,20}(?:_\r?\n\s{0,40})?\1")
_FORMAT = re.compile(
    rb"([\"'])((?:\{\d{1,2}\}){2,60})\1\s{0,9}-f\s{0,9}((?:'[^']{0,400}'|\"[^\"]{0,400}\")(?:\s{0,9},\s{0,9}(?:'[^']{0,400}'|\"[^\"]{0,400}\")){0,60})",
    _ALL,
)
_STRING = re.compile(rb"'([^']{0,400})'|\"([^\"]{0,400})\"")
_NUMBER = re.compile(rb"0x[0-9a-f]{1,6}|\d{1,7}", re.IGNORECASE)
_REVERSE = re.compile(rb"strreverse\s{0,9}\(\s{0,9}\"([^\"]{1,100000})\"\s{0,9}\)", re.IGNORECASE)
_REVERSE_JS = re.compile(
    rb"([\"'])([^\"']{1,100000})\1\.split\([\"']{2}\)\.reverse\(\)\.join\([\"']{2}\)", re.IGNORECASE
)
_REPLACE = re.compile(
    rb"\breplace\s{0,9}\(\s{0,9}\"([^\"]{1,100000})\"\s{0,9},\s{0,9}\"([^\"]{1,200})\"\s{0,9},\s{0,9}\"([^\"]{0,200})\"\s{0,9}\)",
    re.IGNORECASE,
)
_REPLACE_METHOD = re.compile(
    rb"([\"'])([^\"']{1,100000})\1\.replace\(\s{0,9}([\"'])([^\"']{1,200})\3\s{0,9},\s{0,9}([\"'])([^\"']{0,200})\5\s{0,9}\)",
    re.IGNORECASE,
)
_TICK = re.compile(rb"`(?=[^\s0abfnrtv`\"'$])")
_TICKED = re.compile(rb"[a-z]`[a-z]", re.IGNORECASE)
_CARET = re.compile(rb"\^(?=[a-z0-9 \"./:%-])", re.IGNORECASE)
_CARETED = re.compile(rb"[a-z]\^[a-z]", re.IGNORECASE)
_B64 = rb"[A-Za-z0-9+/]"
_BASE64 = re.compile(  # on one line, or wrapped: the last line is shorter and ends with a whole four
    rb"(?<![A-Za-z0-9+/_-])%b{24,}+(?:\r?\n[ \t]{0,16}%b{24,}+)*+" % (_B64, _B64)
    + rb"(?:={1,2}|\r?\n[ \t]{0,16}(?:%b{4}){0,30}+(?:%b{2}==|%b{3}=|(?<=%b{4})(?!%b)))?" % ((_B64,) * 5)
)
_BASE64_LINE = re.compile(_B64 + rb"{24,}={0,2}")
_HEX = re.compile(rb"(?<![0-9A-Za-z])(?:[0-9a-fA-F]{2}){32,}(?![0-9A-Za-z])")
_NUMBERS = re.compile(
    rb"[\[({=]\s{0,9}(?:(?:0x[0-9a-f]{1,2}|\d{1,3})\s{0,4},\s{0,4}){31,}(?:0x[0-9a-f]{1,2}|\d{1,3})", re.IGNORECASE
)


@dataclass(slots=True)
class Found:
    """What comes out of a script. text: the script with its strings decoded. objects: what else was decoded."""

    text: bytes
    objects: list[bytes] = field(default_factory=list)

    def add(self, content: bytes) -> None:
        """Keep an object that was decoded, if there are not too many."""
        if len(self.objects) < _MOST_OBJECTS and content not in self.objects:
            self.objects.append(content)


def one_round(found: Found, kind: Type) -> bool:
    """Decode what can be seen now; return whether anything changed. kind: the language, TEXT for any."""
    before = found.text
    present = WORDS.present(before)
    for number, (_, kinds, step) in enumerate(_STEPS):
        if number in present and (not kinds or kind in kinds):
            found.text = step(found.text, found)
    return found.text != before


def hidden_in(content: bytes) -> list[bytes]:
    """Return the objects that any bytes, of which parts are text, hold in base64 and in hexadecimal."""
    found = Found(content)
    _hex(content, found)
    _base64(content, found)
    return found.objects


def _escapes(text: bytes, _: Found) -> bytes:
    return _ESCAPE.sub(_letter, text) if len(_LETTER_ESCAPE.findall(text)) >= 2 * _FEWEST else text


def _letter(match: re.Match[bytes]) -> bytes:
    letter = bytes((int(match[1], 16),))
    return match[0] if letter in b"\"'\\\x7f" else letter


def _percents(text: bytes, found: Found) -> bytes:
    for run in _WIDE_PERCENT.findall(text):
        pairs = binascii.unhexlify(run.lower().replace(b"%u", b""))
        swapped = bytearray(pairs)
        swapped[::2], swapped[1::2] = pairs[1::2], pairs[::2]
        found.add(bytes(swapped))
    return _PERCENT.sub(_letter, text) if text.count(b"%") >= 2 * _FEWEST else text


def _from_codes(text: bytes, _: Found) -> bytes:
    return _FROM_CODES.sub(lambda match: b'"' + _letters(_NUMBER.findall(match[1])) + b'"', text)


def _letters(numbers: list[bytes]) -> bytes:
    values = (int(number, 16) if number[:2].lower() == b"0x" else int(number) for number in numbers)
    return "".join(chr(value) for value in values if value < 0x10000).encode("utf-8", "replace")


def _one_code(text: bytes, _: Found) -> bytes:
    return _ONE_CODE.sub(_code, text) if len(_ONE_CODE.findall(text)) >= _FEWEST else text


def _code(match: re.Match[bytes]) -> bytes:
    number = match[1].lower().replace(b"&h", b"0x")
    value = int(number, 16) if number.startswith(b"0x") else int(number)
    return b'"%c"' % value if value < 0x80 and value not in {0x22, 0x27} else match[0]


def _joins(text: bytes, _: Found) -> bytes:
    if len(_SHORT_JOINS.findall(text)) < 2:
        return text
    return _JOIN.sub(b"", text)


def _formats(text: bytes, _: Found) -> bytes:
    return _FORMAT.sub(_formatted, text)


def _formatted(match: re.Match[bytes]) -> bytes:
    values = [single or double for single, double in _STRING.findall(match[3])]
    chosen = [int(number) for number in _NUMBER.findall(match[2])]
    return b'"' + b"".join(values[number] for number in chosen if number < len(values)) + b'"'


def _reversals(text: bytes, _: Found) -> bytes:
    text = _REVERSE.sub(lambda match: b'"' + match[1][::-1] + b'"', text)
    return _REVERSE_JS.sub(lambda match: b'"' + match[2][::-1] + b'"', text)


def _replacements(text: bytes, _: Found) -> bytes:
    return _REPLACE.sub(lambda match: b'"' + _swap(match[1], match[2], match[3]) + b'"', text)


def _replacement_methods(text: bytes, _: Found) -> bytes:
    return _REPLACE_METHOD.sub(lambda match: b'"' + _swap(match[2], match[4], match[6]) + b'"', text)


def _swap(text: bytes, old: bytes, new: bytes) -> bytes:
    return text.replace(old, new) if len(new) <= 2 * len(old) else text


def _ticks(text: bytes, _: Found) -> bytes:
    return _TICK.sub(b"", text) if len(_TICKED.findall(text)) >= 2 else text


def _carets(text: bytes, _: Found) -> bytes:
    return _CARET.sub(b"", text) if len(_CARETED.findall(text)) >= _FEWEST else text


def _base64(text: bytes, found: Found) -> bytes:
    return _BASE64.sub(lambda match: _base64_lines(match[0], found), text, count=_MOST_LITERALS)


def _base64_lines(literal: bytes, found: Found) -> bytes:
    """Decode lines that belong together as one, and else each by itself."""
    lines = literal.split()
    if len(lines) == 1 or _is_wrapped(lines) or _is_file(lines[0]) > _is_file(lines[1]):
        return _object(literal, decode_base64(literal), found)
    return _BASE64_LINE.sub(lambda match: _object(match[0], decode_base64(match[0]), found), literal)


def _is_wrapped(lines: list[bytes]) -> bool:
    """Return whether the lines are of one length, as programs wrap them."""
    width, last = len(lines[0]), lines[-1]
    if width % 4 or {*map(len, lines[:-1])} != {width} or len(last) > width:
        return False
    # After a single line, a short word of letters is the next command.
    return len(lines) > 2 or len(last) >= 24 or last.endswith(b"=")


def _is_file(line: bytes) -> bool:
    return len(line) >= 24 and identify(decode_base64(line)[:4096]) in _FILES


def _hex(text: bytes, found: Found) -> bytes:
    return _HEX.sub(lambda match: _object(match[0], binascii.unhexlify(match[0]), found), text, count=_MOST_LITERALS)


def _numbers(text: bytes, found: Found) -> bytes:
    return _NUMBERS.sub(lambda match: _from_numbers(match[0], found), text, count=_MOST_LITERALS)


def _from_numbers(literal: bytes, found: Found) -> bytes:
    values = [int(number, 16) if number[:2].lower() == b"0x" else int(number) for number in _NUMBER.findall(literal)]
    return _object(literal, bytes(values), found) if max(values) < 256 else literal


def _object(literal: bytes, content: bytes, found: Found) -> bytes:
    """Return what stands for a literal in the text: what it says, nothing for a file, itself when it says nothing."""
    kind = identify(content[:4096])
    if is_wide(content):
        content = codecs.utf_16_le_decode(content, "replace", True)[0].encode("utf-8", "replace")
    elif kind in _NOTHING:
        return literal
    elif b"\x00" in content[:64] or kind in _FILES:
        found.add(content)
        return b""
    if not _is_plain(content) or content.startswith(_SOURCE_MAP):
        return literal
    if len(content) >= 16:
        found.add(content)
    return b'"' + content + b'"'


def _is_plain(content: bytes) -> bool:
    start = content[:512]
    return len(start.translate(None, _PLAIN)) <= len(start) // 50


_SOURCE_MAP = b'{"version":'
_PLAIN = bytes(range(0x20, 0x7F)) + b"\t\r\n"
_NOTHING = frozenset({Type.DATA, Type.PNG, Type.JPEG, Type.GIF})
_FILES = frozenset({
    Type.PE, Type.DOS, Type.ELF, Type.MACHO, Type.ZIP, Type.GZIP, Type.RAR, Type.SEVEN_ZIP, Type.CAB, Type.PDF,
    Type.OLE, Type.BZIP2, Type.XZ, Type.ZSTD, Type.ISO, Type.LNK, Type.JAVA_CLASS, Type.PYC,
})  # fmt: skip
Step = Callable[[bytes, Found], bytes]
# The words of which one must occur, as expressions; the languages (none for all); what is done then.
_STEPS: tuple[tuple[tuple[bytes, ...], frozenset[Type], Step], ...] = (
    ((rb"[a-z]`[a-z]",), frozenset({Type.POWERSHELL}), _ticks),
    ((rb"[a-z]\^[a-z]",), frozenset({Type.BATCH}), _carets),
    ((rb"\\x[34567]", rb"\\u00[34567]"), frozenset(), _escapes),
    ((b"unescape", b"decodeuri"), frozenset(), _percents),
    ((b"fromcharcode",), frozenset(), _from_codes),
    ((rb"chrw?\$?\s?\(\s?[\d&]", rb"\[char\]"), frozenset(), _one_code),
    ((rb"strreverse\s?\(", rb"\.reverse\(\)\.join"), frozenset(), _reversals),
    ((rb"\" ?[+&.] ?\"", rb"' ?[+&.] ?'"), frozenset(), _joins),
    ((rb"-f ?['\"]",), frozenset(), _formats),
    ((rb"replace ?\( ?\"",), frozenset(), _replacements),
    ((rb"['\"]\.replace\(['\"]",), frozenset(), _replacement_methods),
    (
        (b"atob", b"base64", b"b64decode", b"[-/]enc", rb"[-/]ec? ['\"]?[a-z0-9+/]{12}", b"TVqQAA", b"TVpQAA"),
        frozenset(),
        _base64,
    ),
    ((b"4d5a[0-9a-f]{8}", b"7f454c46", b"fromhex", b"hex2bin", b"xxd -r", b"unhexlify"), frozenset(), _hex),
    ((b"77, ?90,", b"0x4d, ?0x5a", rb"byte\[\]", b"uint8array", b"bytearray", rb"bytes\(\["), frozenset(), _numbers),
)  # fmt: skip
WORDS = Words(words for words, _, _ in _STEPS)
