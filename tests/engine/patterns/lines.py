"""Lines of .ndb and .ldb files with every feature, each with a file that (mostly) matches it."""

import io

from PIL import Image

from garrison.engine.identify import identify
from garrison.engine.patterns import pictures
from garrison.engine.subject import Subject
from tests.engine.patterns.hosts import PACKED, TARGETS, TEXTS, Host, host, packed
from tests.engine.patterns.joints import Maker, anchored

_ENDS = {"B": b"-", "L": b"\n", "W": b"!"}


def extended(maker: Maker, number: int) -> tuple[str, bytes]:
    """Return a line of an .ndb, and its file."""
    target = maker.random.choice(TARGETS)
    text = target in TEXTS
    pattern, content = anchored(maker, text) if maker.one_in(8) else maker.pattern(text)
    if "[" not in pattern and maker.one_in(10):
        letter, end = maker.random.choice("BLW"), maker.random.choice("BLW")
        pattern, content = f"({letter}){pattern}({end})", _ENDS[letter] + content + _ENDS[end]
    before = maker.filler(maker.random.randint(0, 300), text)
    after = maker.filler(maker.random.randint(0, 300), text)
    made = host(maker, target, before + content + after)
    place = "*"
    if not text and maker.random.random() < 0.5 and not pattern.startswith("("):
        place = _placed(maker, made, made.at + len(before))
    if place == "VI":
        pattern = made.file[made.places["VI"] :][: maker.random.choice((6, 8, 20))].hex()
    file = made.file.upper() if text and maker.one_in(3) else made.file
    if maker.one_in(6):
        file = _damaged(maker, file, made.at + len(before))
    return f"Ext.{number}:{target}:{place}:{pattern}", file


def _placed(maker: Maker, made: Host, at: int) -> str:
    """Return an offset at which something lies, or one beside it."""
    off = maker.random.choice((0, 0, 0, 1, -1))
    end = len(made.file) - at
    forms = [str(max(0, at + off)), f"{max(0, at - 5)},{5 + off}", f"EOF-{end + off}", f"EOF-{end + 2},{3 + off}"]
    for kind, start in made.places.items():
        distance = at - start + off
        if kind == "VI":
            forms.append("VI")
        elif distance >= 0:
            forms += [f"{kind}+{distance}", f"{kind}+{max(0, distance - 4)},{4 + off}"]
        elif kind == "EP":
            forms.append(f"EP-{-distance}")
        if kind[1:].isdigit():
            forms.append(f"SE{kind[1:]}")
    return maker.random.choice(forms)


def _damaged(maker: Maker, file: bytes, start: int) -> bytes:
    at = maker.random.randrange(start, len(file))
    return file[:at] + bytes(((file[at] + 1) & 0x7F,)) + file[at + 1 :]


def with_macro(maker: Maker) -> tuple[str, str, bytes]:
    """Return a line of an .ndb that is the macro, a line of an .ldb, and its file.

    The part before the macro occurs once or more, with the macro near it or too far away.
    """
    group = maker.random.randrange(32)
    macro, inside = maker.piece(text=False)
    pattern, content = maker.piece(text=False)
    low = len(content) + maker.random.randint(0, 5)
    high = low + maker.random.randint(0, 10)
    file = maker.blob(5, 50)
    for _ in range(maker.random.randint(1, 3)):
        gap = maker.random.randint(low - maker.one_in(5), high + maker.one_in(5)) - len(content)
        file += content + maker.random.randbytes(max(gap, 0)) + inside + maker.blob(0, 20)
    expression = maker.random.choice(("0&1", "1", "1>1", "0>1&1", "1=1", "0&1=0"))
    line = f"Log.0;Engine:81-255,Target:0;{expression};{pattern};${{{low}-{high}}}{group}$"
    return f"Group.1:0:${group}{maker.random.choice(('', '$'))}:{macro}", line, file


def _of_picture(maker: Maker, number: int) -> tuple[str, bytes]:
    """Return a line with the hash of a picture."""
    width, height = maker.random.randint(20, 90), maker.random.randint(20, 90)
    coarse = Image.frombytes("RGB", (8, 8), maker.random.randbytes(192))
    picture = coarse.resize((width, height), Image.Resampling.BICUBIC)
    file = io.BytesIO()
    picture.save(file, maker.random.choice(("PNG", "JPEG", "GIF", "BMP")))
    content = file.getvalue()
    told = pictures.hash_of(Subject(content, identify(content)))
    if maker.one_in(5):
        told = f"{int(told, 16) ^ 1 << maker.random.randrange(64):016x}"
    return f"Log.{number};Engine:150-255,Target:{maker.random.choice((0, 5))};0;fuzzy_img#{told}", content


def logical(maker: Maker, number: int) -> tuple[str, bytes]:
    """Return a line of an .ldb, and its file."""
    if maker.one_in(25):
        return _of_picture(maker, number)
    target = maker.random.choice(TARGETS)
    text = target in TEXTS
    count = maker.random.randint(2, 5)
    parts, contents = [], []
    for at in range(count):
        part, content = _part(maker, at, text)
        parts.append(part)
        contents.append(content * maker.random.choice((1, 1, 1, 0, 2, 3)))
    body = b"".join(maker.filler(maker.random.randint(1, 80), text) + content for content in contents)
    made = host(maker, target, body)
    about, file = _described(maker, target, made)
    return ";".join([f"Log.{number}", about, _expression(maker, count), *parts]), file


def _described(maker: Maker, target: int, made: Host) -> tuple[str, bytes]:
    about = f"Engine:81-{maker.random.choice((255,) * 30 + (100,))},Target:{target}"
    file = made.file
    off = maker.random.choice((0, 0, 0, 1))
    if maker.one_in(7):
        about += f",FileSize:{len(file) - maker.random.randint(-1, 20)}-{len(file) + 20}"
    if "EP" in made.places and maker.one_in(4):
        about += f",EntryPoint:{made.places['EP'] + off}-{made.places['EP'] + 9}"
    if made.sections and maker.one_in(4):
        about += f",NumberOfSections:{made.sections + off}-{made.sections + 3}"
    if maker.one_in(5):
        kinds = [maker.random.choice(PACKED) for _ in range(maker.random.randint(1, 2))]
        for kind in reversed(kinds):
            file = packed(kind, file)
        about += _around(maker, kinds)
    return about, file


def _around(maker: Maker, kinds: list[str]) -> str:
    """Return what a signature asks of the containers; one in four asks for others."""
    if maker.one_in(4):
        kinds = [maker.random.choice(PACKED) for _ in kinds]
    if maker.one_in(2):
        return f",Container:{kinds[-1]}"
    wanted = kinds if maker.one_in(2) else kinds[-1:]
    if maker.one_in(5):
        wanted = ["CL_TYPE_ANY", *wanted]
    return f",Intermediates:{'>'.join(wanted)}"


def _part(maker: Maker, at: int, text: bool) -> tuple[str, bytes]:  # noqa: PLR0911 # one a kind
    kind = maker.random.randrange(14)
    if kind == 0:
        word = maker.word()
        return word.hex() + "::" + maker.random.choice(("i", "ai")), word if text else word.upper()
    if kind == 1 and not text:
        return _wide(maker)
    if kind == 2:
        word = maker.word()
        return word.hex() + maker.random.choice(("::f", "::fi")), b" " + word + maker.random.choice((b" ", b"x"))
    if kind in {3, 4} and at:
        return _expression_part(maker, at, text)
    if kind in {5, 6} and at:
        return _comparison(maker, at)
    if kind == 7:
        return anchored(maker, text)
    if kind == 8 and not text:
        source, content = maker.piece(text)
        return f"{maker.random.choice(('0,900:', 'EOF-900,900:', '200,200:'))}{source}", content
    return maker.pattern(text)


def _wide(maker: Maker) -> tuple[str, bytes]:
    word = maker.word()
    source = word[:2].hex() + maker.random.choice(("", "??", "(61|62)")) + word[2:].hex()
    middle = b"" if len(source) == 2 * len(word) else b"a"
    wide = b"".join(bytes((c, 0)) for c in word[:2] + middle + word[2:])
    narrow = word[:2] + middle + word[2:]
    letters = maker.random.choice(("w", "wi", "wa", "wf", "wfa", "wai"))
    return source + "::" + letters, maker.random.choice((wide, wide, narrow, wide + b"\0\0 "))


_FORMS = (
    ("{0}[0-9]+q", "{0}12q"), ("{0}\\d{{2}}q", "{0}12q"), ("{0}.{{1,9}}z", "{0}abcz"), ("^{0}", "\n{0}"),
    ("{0}q$", "{0}q"), ("{0} x q", "{0}xq"), ("{0}\\x41", "{0}A"), ("({0})\\1", "{0}{0}"), ("(?:{0}|zzz)q", "{0}q"),
    ("{0}[^a]q", "{0}bq"), ("{0}.*?q", "{0}aaq"), ("{0}(?=q)", "{0}q"), ("(?<=q){0}", "q{0}"),
    ("{0}[[:digit:]]q", "{0}7q"),
    ("{0}\\bq|{0}!", "{0}!"), ("{0}a{{2,}}", "{0}aaa"), ("{0};:q", "{0};:q"), ("{0}\\/q", "{0}/q"), ("{0}++q", "{0}q"),
)  # fmt: skip


def _expression_part(maker: Maker, at: int, text: bool) -> tuple[str, bytes]:
    word = maker.word(6, 8).decode()
    form, content = maker.random.choice(_FORMS)
    found = content.format(word)
    flags = "".join(letter for letter in "gismxEUA" if maker.one_in(9))
    place = ""
    if not text and maker.one_in(3):
        place = maker.random.choice(("0,2000:", "0:", "EOF-400,399:", "10,50:", "3:"))
        flags += maker.random.choice(("", "r", "e", "re"))
    trigger = maker.random.choice(("0", "0", "0", f"(0|{at - 1})", "0>1", f"{at - 1}=1", "0=0"))
    return f"{place}{trigger}/{form.format(word)}/{flags}", found.encode() * maker.random.choice((1, 1, 2))


def _comparison(maker: Maker, at: int) -> tuple[str, bytes]:
    kind = maker.random.choice("hdai")
    order = maker.random.choice(("l", "b", "b", ""))
    if kind == "d" and order == "l":
        order = "b"
    exact = maker.random.choice(("", "e"))
    length = maker.random.choice((1, 2, 4, 8)) if kind == "i" else maker.random.randint(1, 6)
    figure = maker.random.choice((0, 9, 16, 100, 200, 4000, 1 << 30))
    shape = maker.random.choice((str(figure), hex(figure)))
    sign = maker.random.choice("<>=")
    also = maker.random.choice(("", "", f",<{figure + 99}"))
    way = maker.random.choice((">>", ">>", "<<"))
    digits = maker.random.choice((b"0x1f", b"123 ", b" 42", b"9", b"ff", b"zz", b"\x10\0"))
    where = f"{way}{maker.random.randint(0, 12)}"
    return f"{maker.random.randrange(at)}({where}#{kind}{order}{exact}{length}#{sign}{shape}{also})", digits


def _expression(maker: Maker, count: int) -> str:
    terms = []
    for at in range(count):
        modifier = maker.random.choice(("", "", "", "", "=1", "=2", ">1", "<3", "=0"))
        terms.append(f"{at}{modifier}")
    if count > 2 and maker.random.random() < 0.4:
        inner = maker.random.choice("|&").join(str(at) for at in range(count - 1))
        counted = maker.random.choice(("", ">1", "=2", ">1,2", ">2,2", "<4", "=0"))
        return f"({inner}){counted}{maker.random.choice('&&|')}{terms[-1]}"
    if count > 3 and maker.one_in(3):
        return f"(({terms[0]}&1)|({terms[2]}|3)>1){''.join('&' + term for term in terms[4:])}"
    rest = "".join(term + maker.random.choice("&|") for term in terms[1:-1]) + terms[-1]
    return f"0{maker.random.choice(('', '', '>1', '=2', '=0'))}&({rest})"
