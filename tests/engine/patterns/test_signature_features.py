"""Every feature of ClamAV's pattern signatures: what matches, and what barely does not."""

import time

import pytest

from garrison.base.errors import Failed
from garrison.engine.patterns.layout import INDEX
from garrison.engine.patterns.signature import parse_extended, parse_logical
from garrison.engine.patterns.stage import PatternStage
from garrison.engine.patterns.writer import PatternWriter
from garrison.engine.programs.program import Program, Section
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from tests.engine.patterns.matching import found, opened

TEXT = b"xxx hello wonderful world, this is the END aaa123bbb\n"
PROGRAM = Program(
    "PE32",
    100,
    (Section(".text", 100, 50, 0x1000, 50), Section(".data", 200, 60, 0x2000, 60)),
    300,
    version_strings=((220, 10),),
)


def hexed(text: str) -> str:
    return text.encode().hex()


@pytest.mark.parametrize(
    ("pattern", "offset"),
    [
        (hexed("wonderful"), 10),
        (hexed("hello") + "*" + hexed("END"), 4),
        (hexed("hello") + "{11-20}" + hexed("world"), 4),
        (hexed("hello") + "{12-20}" + hexed("world"), -1),
        (hexed("hello") + "{11}" + hexed("world"), 4),
        (hexed("hello") + "{10}" + hexed("world"), -1),
        (hexed("hello") + "{5-}" + hexed("world"), 4),
        (hexed("hello") + "{12-}" + hexed("world"), -1),
        (hexed("hello") + "{-11}" + hexed("world"), 4),
        (hexed("hello") + "{-10}" + hexed("world"), -1),
        ("6c[0-3]" + hexed("wonder"), 10),
        ("6c[0-1]" + hexed("wonder"), -1),
        (hexed("wonder") + "[3-5]" + hexed("w"), 10),
        (hexed("wonder") + "[5-6]" + hexed("w"), -1),
        ("6f[1-1]" + hexed("wo") + "[5-7]" + hexed("l"), 10),
        ("{2}" + hexed("hello"), 2),
        (hexed("hel") + "(6c(6f|30)|78(79|7a))" + hexed(" won"), 4),
        ("68??6c6c6f", 4),
        ("6?656c6c6f", 4),
        ("?8656c6c6f", 4),
        ("7?656c6c6f", -1),
        (hexed("wo") + "(6e|72)" + hexed("derful"), 10),
        (hexed("wo") + "!(6e|72)" + hexed("derful"), -1),
        (hexed("wo") + "!(6161|6262)" + hexed("erful"), 10),
        (hexed("won") + "(64|646572|6465726675)" + hexed("ful"), 10),
        (hexed("won") + "(65|6465)" + hexed("ful"), -1),
        ("(W)" + hexed("world") + "(W)", 20),
        ("(W)" + hexed("orld"), -1),
        (hexed("bbb") + "(L)", 49),
        ("(B)" + hexed("hello") + "(B)", 4),
        ("!(W)" + hexed("ello"), 5),
    ],
)
def test_the_language_of_patterns(pattern: str, offset: int) -> None:
    assert found(TEXT, [f"A:0:*:{pattern}"]) == ({"A": offset} if offset >= 0 else {})


@pytest.mark.parametrize(
    ("place", "matches"),
    [
        ("4", True), ("5", False), ("0,4", True), ("0,3", False), ("EOF-49", True), ("EOF-48", False),
        ("EOF-52,3", True), ("*", True), ("EP+0", False), ("S0+0", False), ("VI", False),
    ],
)  # fmt: skip
def test_offsets_in_any_file(place: str, matches: bool) -> None:
    assert bool(found(TEXT, [f"A:0:{place}:{hexed('hello')}"])) == matches


@pytest.mark.parametrize(
    ("place", "at", "matches"),
    [
        ("EP+5", 105, True), ("EP+5", 106, False), ("EP-5", 95, True), ("EP+5,3", 108, True),
        ("S0+5", 105, True), ("S1+0", 200, True), ("S2+0", 200, False), ("SL+3", 203, True),
        ("SE1", 230, True), ("SE0", 230, False), ("VI", 220, True), ("VI", 222, False),
    ],
)  # fmt: skip
def test_offsets_in_programs(place: str, at: int, matches: bool) -> None:
    content = bytearray(b"." * 400)
    content[at : at + 5] = b"hello"
    told = found(bytes(content), [f"A:1:{place}:{hexed('hello')}"], kind=Type.PE, program=PROGRAM)
    assert told == ({"A": at} if matches else {})


@pytest.mark.parametrize(
    ("parts", "expression", "matches"),
    [
        (("hello", "world"), "0&1", True),
        (("hello", "absent"), "0&1", False),
        (("hello", "absent"), "0|1", True),
        (("hello", "absent"), "0&1=0", True),
        (("a1", "hello"), "0=1&1", True),
        (("wo", "hello"), "0=2&1", True),
        (("wo", "hello"), "0>2&1", False),
        (("wo", "hello"), "0<3&1", True),
        (("wo", "hello", "absent"), "(0|1|2)>2,2", True),
        (("wo", "hello", "absent"), "(0|1|2)>2,3", False),
        (("wo", "hello", "absent"), "(0|1|2)=3", True),
        (("absent", "hello", "world"), "0=0&(1&(2|0))", True),
        (("absent", "missing"), "0=0&1=0", True),
    ],
)
def test_logical_expressions(parts: tuple[str, ...], expression: str, matches: bool) -> None:
    line = ";".join(["L", "Engine:81-255,Target:0", expression, *(hexed(part) for part in parts)])
    assert bool(found(TEXT, logical=[line])) == matches


def test_in_parentheses_the_last_operator_comes_first() -> None:
    line = f"L;Target:0;0&(1&2=0|3);{';'.join(hexed(part) for part in ('hello', 'absent', 'wo', 'END'))}"
    assert found(TEXT, logical=[line])


@pytest.mark.parametrize(
    ("part", "content", "matches"),
    [
        (hexed("HELLO") + "::i", b"-hello-", True),
        (hexed("HELLO"), b"-hello-", False),
        (hexed("hello") + "::w", b"h\0e\0l\0l\0o\0", True),
        (hexed("hello") + "::w", b"hello", False),
        (hexed("hello") + "::wa", b"hello", True),
        (hexed("HELLO") + "::wi", b"h\0e\0l\0l\0o\0", True),
        (hexed("hello") + "::f", b"a hello b", True),
        (hexed("hello") + "::f", b"a hellob", False),
        (hexed("hello") + "::wf", b"h\0e\0l\0l\0o\0x\0", False),
        ("3:" + hexed("hello"), b"123hello", True),
        ("3:" + hexed("hello"), b"12hello", False),
    ],
)
def test_modifiers(part: str, content: bytes, matches: bool) -> None:
    assert bool(found(content, logical=[f"L;Target:0;0;{part}"])) == matches


@pytest.mark.parametrize(
    ("part", "matches"),
    [
        ("0/w.+d/U", True), ("0/[[:alpha:]]{5}d/", False), ("0/[[:alpha:]]{9}ul/", False), ("0/o\\b/g", True),
        ("0/w[a-z]+l/", True), ("0/W[A-Z]+L/i", True), ("0/W[A-Z]+L/", False), ("1/world/", False),
        ("20:0/world/", True), ("19:0/world/", False), ("0,30:0/world/e", True), ("0,10:0/world/e", False),
        (r"0/\x{77}orld;|world,/", True), (r"0/\d{3}\h?b/", True),
    ],
)  # fmt: skip
def test_regular_expressions(part: str, matches: bool) -> None:
    line = f"L;Target:0;0&2;{hexed('hello')};{hexed('absent')};{part}"
    assert bool(found(TEXT, logical=[line])) == matches


def test_an_expression_that_waits_for_nothing_is_tried_on_every_object() -> None:
    line = f"L;Target:0;2=1|0&1;{hexed('absent')};{hexed('missing')};0=0/wonder/"
    assert "L" in found(TEXT, logical=[line])


@pytest.mark.parametrize(
    ("part", "matches"),
    [
        ("0(>>3#de3#=123)", True), ("0(>>3#de3#>123)", False), ("0(>>3#d3#<124)", True),
        ("0(>>3#hbe3#=0x123)", True), ("0(>>3#he3#=0x123)", False), ("0(<<4#ib1#=0x45)", True),
        ("0(<<4#ib1#=0x45,>0x46)", False), ("0(>>3#ib2#=0x3132)", True), ("0(>>3#il2#=0x3231)", True),
        ("0(>>3#abe3#=123)", True), ("0(>>3#ae3#=123)", False), ("0(#ib1#=0x61)", True),
        ("0(>>2#db2#<9,>-1)", True), ("0(>>3#hl3#=0x2301)", True),
        ("0(>>999#ib2#>0)", False), ("0(>>4#de3#=23)", False),
    ],
)  # fmt: skip
def test_comparisons_of_bytes(part: str, matches: bool) -> None:
    assert bool(found(TEXT, logical=[f"L;Target:0;0&1;{hexed('aaa')};{part}"])) == matches


@pytest.mark.parametrize(("distances", "matches"), [("6-7", True), ("0-5", False), ("7-9", False)])
def test_macros(distances: str, matches: bool) -> None:
    told = found(TEXT, ["D:0:$12:626262"], [f"M;Engine:51-255,Target:0;0&1;616161;${{{distances}}}12$"])
    assert told == ({"M": 43} if matches else {})


@pytest.mark.parametrize(
    ("about", "matches"),
    [
        ("FileSize:400-500", True), ("FileSize:1-399", False), ("NumberOfSections:2", True),
        ("NumberOfSections:3-9", False), ("EntryPoint:100", True), ("EntryPoint:0-99", False),
        ("Container:CL_TYPE_ZIP", True), ("Container:CL_TYPE_7Z", False), ("Container:CL_TYPE_ANY", False),
        ("Intermediates:CL_TYPE_MAIL>CL_TYPE_ZIP", True), ("Intermediates:CL_TYPE_ZIP>CL_TYPE_MAIL", False),
    ],
)  # fmt: skip
def test_what_the_description_asks_for(about: str, matches: bool) -> None:
    around = Subject(b"", Type.ZIP, parent=Subject(b"", Type.EMAIL))
    line = f"L;Engine:81-255,Target:1,{about};0;{hexed('hello')}"
    content = b"hello" + bytes(395)
    assert bool(found(content, logical=[line], kind=Type.PE, program=PROGRAM, parent=around)) == matches


@pytest.mark.parametrize(
    ("target", "kind"),
    [(1, Type.PE), (2, Type.OLE), (4, Type.EMAIL), (5, Type.PNG), (6, Type.ELF), (9, Type.MACHO), (10, Type.PDF),
     (11, Type.SWF), (12, Type.JAVA_CLASS), (3, Type.HTML), (7, Type.SHELL)],
)  # fmt: skip
def test_a_target_is_one_kind_of_file(target: int, kind: Type) -> None:
    line = f"A:{target}:*:{hexed('hello')}"
    assert found(TEXT, [line], kind=kind)
    assert not found(TEXT + bytes(3), [line], kind=Type.DATA)


def test_text_and_pages_are_seen_as_clamscan_sees_them() -> None:
    assert found(b"Hello \t\n WORLD", [f"A:7:*:{hexed('hello world')}"], kind=Type.TEXT)
    page = b"<html>A<!-- between -->B <b>bold</b>  Text<script>Evil ( )</script></html>"
    for text in ("<html>ab", "bold text", "evil ( )"):
        assert found(page, [f"A:3:*:{hexed(text)}"], kind=Type.HTML), text


@pytest.mark.parametrize(
    "line",
    [
        "A:0:*", "A:0:*:", "A:0:*:zz", "A:0:*:6", "A:99:*:68656c6c6f", "A:0:+4:68656c6c6f",
        "A:0:*:68{2656c", "A:0:*:68(65|66", "A:0:*:68??6c??", "A:0:*:68656c{9-2}6c6f", "A:0:*:68656c6c6f:999",
        "A:0:*:68656c6c6f:1:50", "A:0:*:68!(6565|66)6c6c6f", "A:0:$99:616161", "A:0:*:6865((61|62)6c",
        "A:0:*:6865!((61)|62)6c6c6c", "A:0:*:6865[1-2]6c6c", "A:0:*:6865[1-99]6c", "A:0:*:68656c{5}*",
    ],
)  # fmt: skip
def test_a_wrong_extended_line_says_why(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse_extended(line)


@pytest.mark.parametrize(
    "line",
    [
        "L;Target:0;0", "L;;0;616161", "L;Target:0;0&5;616161", "L;Target:0;(0;616161", "L;Target:0;0&;616161",
        "L;Target:0,IconGroup1:x;0;616161", "L;Target:0,Unknown:1;0;616161", "L;Engine:900-999,Target:0;0;616161",
        "L;Target:0;0&1;616161;0/(a/", "L;Target:0;0&1;616161;0/(a+)+b/g",
        "L;Target:0;0&1;616161;0(>>x#de3#=1)", "L;Target:0;0;${1-2}3$", "L;Target:0;0;fuzzy_img#12",
        "L;Target:0,Container:CL_TYPE_NEVER;0;616161", "L;Target:0;" + "(" * 99 + "0" + ")" * 99 + ";616161",
    ],
)  # fmt: skip
def test_a_wrong_logical_line_says_why(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        parse_logical(line)


def test_the_same_lines_give_the_same_bytes() -> None:
    def written() -> dict[str, bytes]:
        writer = PatternWriter()
        for number in range(50):
            writer.extended(f"A{number}:{number % 2}:*:{number:04x}776f6e64657266756c", "x")
        return writer.write()

    assert written() == written()


def test_without_files_nothing_matches_and_a_damaged_index_is_told() -> None:
    assert PatternStage.open({}).match(Subject(TEXT, Type.DATA)) == []
    assert PatternWriter().write() == {}
    with pytest.raises(Failed):
        PatternStage.open({INDEX: memoryview(b"something else entirely")})


@pytest.mark.parametrize(
    "pattern", [hexed("ab") * 8 + "*" + hexed("never-there"), hexed("abab") + "{-9000}" + hexed("abac")]
)
def test_a_hostile_file_takes_linear_time(pattern: str) -> None:
    stage = opened([f"A:0:*:{pattern}"], [f"L;Target:0;0&1;{pattern};{hexed('baba')}"])
    started = time.process_time()
    assert stage.match(Subject(b"ab" * 1_000_000, Type.DATA)) == []
    assert time.process_time() - started < 5


class Spent:
    def spent(self) -> bool:
        return True


def test_a_spent_budget_ends_the_search() -> None:
    stage = opened([f"A:0:*:{hexed('hello')}*{hexed('END!')}"])
    assert stage.match(Subject(b"hello" * 200_000, Type.DATA, budget=Spent())) == []


@pytest.mark.parametrize("times", [10, 100])
def test_of_an_atom_that_is_everywhere_the_place_counts_where_the_rest_is(times: int) -> None:
    atom = b"Qz7#kW9!"
    line = f"Crowd:0:*:{(atom + b'eeeaaee').hex()}"
    assert found(atom * times + b"eeeaae" + b" " * 300_000 + atom * times, [line]) == {}
    assert found(atom * times + b"eeeaaee" + atom * times, [line]) == {"Crowd": 8 * (times - 1)}
    assert found(atom * times + b"." * 300_000 + atom * times + b"eeeaaee" + atom, [line]) == {
        "Crowd": 8 * (2 * times - 1) + 300_000
    }
