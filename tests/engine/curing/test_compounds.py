"""Taking macros out of old Office documents."""

import shutil
import struct
import subprocess
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.curing import NotCurable, cure
from garrison.engine.curing.compound_files import STORAGE, STREAM, NoCompound, Node, read, write
from garrison.engine.curing.compounds import without_macros
from garrison.engine.formats import ppt
from tests.engine.curing.test_compound_files import contents, wide
from tests.engine.documents import make_ole, ovba, vba_dir
from tests.engine.samples import check, detector

OFFICE = shutil.which("soffice")
PROJECT = {
    "PROJECT": b'ID="{0}"\r\nModule=Evil\r\n',
    "PROJECTwm": b"Evil\0",
    "VBA/dir": ovba(vba_dir([("Evil", 0)])),
    "VBA/_VBA_PROJECT": b"\xcc\x61\xff\xff" + bytes(3),
    "VBA/Evil": ovba(b'Attribute VB_Name = "Evil"\r\nSub AutoOpen()\r\n Shell "harm"\r\nEnd Sub\r\n'),
}
WORD = {"WordDocument": b"\xec\xa5" + b"w" * 5000, "1Table": b"t" * 300, "\x05SummaryInformation": b"me" * 40}
EXCEL = {"Workbook": b"\x09\x08\x10\x00" + bytes(16) + b"\x0a\x00\x00\x00"}
SHEET = struct.pack("<HHIBBBB", 0x85, 9, 0, 0, 1, 1, 0) + b"X"
MORE = bytes(10)


def under(folder: str, streams: dict[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}" if folder else name: content for name, content in streams.items()}


def record(kind: int, content: bytes, version: int = 0) -> bytes:
    return struct.pack("<HHI", version, kind, len(content)) + content


def slides(project: bytes, *, is_packed: bool = True) -> bytes:
    """Return slides with two objects, the second of them a project that they say to be one."""
    other = make_ole({"CONTENTS": b"mine"})
    says = record(0x03FF, record(0x0400, struct.pack("<III", 2, 1, 2), 2), 15)
    packed = struct.pack("<I", len(project)) + zlib.compress(project)
    return (
        record(0x03E8, b"slides" * 90, 15)
        + says
        + record(0x1011, other)
        + (record(0x1011, packed, 0x10) if is_packed else record(0x1011, project))
        + record(0x1772, b"the end")
    )


@pytest.mark.parametrize(
    ("document", "folder", "removed"),
    [
        (WORD, "Macros", ["Macros"]),
        (EXCEL, "_VBA_PROJECT_CUR", ["_VBA_PROJECT_CUR"]),
        (WORD | EXCEL, "ObjectPool/_1/Macros", ["ObjectPool/_1/Macros"]),
        (WORD, "Odd", ["Odd/PROJECT", "Odd/PROJECTwm", "Odd/VBA"]),
        ({"Own": b"x"}, "", ["PROJECT", "PROJECTwm", "VBA"]),
    ],
)
def test_the_project_goes_and_every_other_stream_stays(
    document: dict[str, bytes], folder: str, removed: list[str]
) -> None:
    cured, names = without_macros(make_ole(document | under(folder, PROJECT)))
    assert sorted(names) == removed
    assert contents(cured) == document


@pytest.mark.parametrize("is_packed", [True, False])
def test_a_project_in_slides_is_overwritten_where_it_is(is_packed: bool) -> None:  # a parameter of pytest
    before = slides(make_ole(PROJECT), is_packed=is_packed)
    whole = make_ole({"PowerPoint Document": before, "Current User": b"u" * 20})
    cured, names = without_macros(whole)
    after = contents(cured)["PowerPoint Document"]
    assert names == ["PowerPoint Document (macros)"]
    assert len(after) == len(before)
    kept = [after[at : at + length] for at, length, _ in ppt.objects(after)]
    assert kept == [make_ole({"CONTENTS": b"mine"})]
    assert struct.pack("<HHIIII", 2, 0x0400, 12, 0, 0, 2) in after
    assert after.endswith(b"the end")


def test_what_the_engine_saw_in_it_it_no_longer_sees() -> None:
    whole = make_ole(WORD | under("Macros", PROJECT))
    seen = check(whole, detector())
    cured = cure(whole, lambda content: b"Macros".decode().encode("utf-16-le") not in content)
    assert seen.objects > check(cured.content, detector()).objects
    assert cured.removed == ("Macros",)


@pytest.mark.parametrize(
    ("whole", "why"),
    [
        (make_ole(WORD), "there are no macros in it"),
        (make_ole(EXCEL | {"Book": SHEET} | under("_VBA_PROJECT_CUR", PROJECT)), "Excel 4 macro sheets"),
        (make_ole(WORD | under("Macros", PROJECT))[:3000], "cannot be rewritten"),
        (b"{\\rtf1 {\\object\\objdata 01}}", "embedded"),
    ],
)
def test_what_cannot_be_cured_says_why(whole: bytes, why: str) -> None:
    with pytest.raises(NotCurable, match=why):
        cure(whole, lambda _: False)


def test_slides_that_unpack_to_too_much_are_refused() -> None:
    stream = slides(bytes(65 << 20))
    with pytest.raises(NoCompound, match="too large"):
        without_macros(make_ole({"PowerPoint Document": stream}))


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(1, 255)), min_size=1, max_size=8), st.booleans())
def test_damaged_documents_are_cured_or_refused(flips: list[tuple[int, int]], is_slides: bool) -> None:  # drawn
    streams = {"PowerPoint Document": slides(make_ole(PROJECT))} if is_slides else WORD | under("Macros", PROJECT)
    whole = bytearray(make_ole(streams))
    for at, value in flips:
        whole[at % len(whole)] ^= value
    try:
        cured = cure(bytes(whole), lambda _: True)
    except NotCurable:
        return
    assert read(cured.content)


def converted(folder: Path, kind: str, *paths: Path) -> None:
    assert OFFICE is not None
    profile = f"-env:UserInstallation=file://{folder}/profile"
    options = ["--headless", "--norestore", "--convert-to", kind, "--outdir", str(folder / kind)]
    subprocess.run([OFFICE, profile, *options, *map(str, paths)], check=True, capture_output=True, timeout=120)


@pytest.mark.skipif(OFFICE is None, reason="needs LibreOffice (packages libreoffice-writer and libreoffice-calc)")
def test_libreoffice_opens_what_was_cured(tmp_path: Path) -> None:
    text, table = tmp_path / "letter.txt", tmp_path / "table.csv"
    text.write_text("Dear reader, this is a letter.\n" * 300)
    table.write_text("".join(f"{number},cell {number}\n" for number in range(500)))
    converted(tmp_path, "doc", text)
    converted(tmp_path, "xls", table)
    for name, folder in (("doc/letter.doc", "Macros"), ("xls/table.xls", "_VBA_PROJECT_CUR")):
        file = read((tmp_path / name).read_bytes())
        modules = Node(wide("VBA"), STORAGE)
        modules.inside = [
            Node(wide(each.removeprefix("VBA/")), STREAM, content=content)
            for each, content in PROJECT.items()
            if each.startswith("VBA/")
        ]
        file.root.inside.append(Node(wide(folder), STORAGE, inside=[modules]))
        cured, names = without_macros(write(file))
        assert names == [folder]
        assert contents(cured) == contents((tmp_path / name).read_bytes())
        (tmp_path / name).write_bytes(cured)
    converted(tmp_path, "txt", tmp_path / "doc/letter.doc")
    converted(tmp_path, "csv", tmp_path / "xls/table.xls")
    assert (tmp_path / "txt/letter.txt").read_text("utf-8-sig").split() == text.read_text().split()
    assert (tmp_path / "csv/table.csv").read_text() == table.read_text()
