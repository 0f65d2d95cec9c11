import struct
import zlib
from pathlib import Path

import pytest

from garrison.engine.formats.ole_streams import members
from garrison.engine.type import Type
from tests.engine.documents import CLAM, make_ole, native, ovba, vba_dir
from tests.engine.opening import contents, opened, remarks
from tests.engine.samples import EICAR

SOURCE = b'Attribute VB_Name = "Module1"\r\nSub AutoOpen()\r\n  MsgBox "hello"\r\nEnd Sub\r\n'


@pytest.mark.parametrize("name", ["clam.ole.doc", "clam.ppt"])
def test_the_file_in_a_real_document_comes_out(name: str) -> None:
    path = Path(CLAM + name)
    if not path.exists():
        pytest.skip("the package clamav-testfiles is not installed")
    wanted = Path(CLAM + "clam.exe").read_bytes()
    found = opened(members, path.read_bytes())
    inner = [each for content in contents(found).values() for each in contents(opened(members, content)).values()]
    assert wanted in [*contents(found).values(), *inner]
    assert remarks(found) == []


def test_a_packed_file_has_its_own_name() -> None:
    found = opened(members, make_ole({"ObjectPool/_1/\x01Ole10Native": native(b"a.exe", EICAR)}))
    assert contents(found) == {("a.exe",): EICAR, ("(package)",): b"a.exe\nC:\\a.exe\nC:\\a.exe"}


def test_a_packed_file_that_is_cut_says_so() -> None:
    whole = native(b"a.exe", EICAR)[:-10]
    found = opened(members, make_ole({"\x01Ole10Native": whole}))
    assert contents(found)["a.exe",] == EICAR[:-10]
    assert remarks(found) == ["damaged: ends too early"]


def test_macros_come_out_as_text_one_by_one_and_together() -> None:
    streams = {
        "Macros/VBA/dir": ovba(vba_dir([("Module1", 3), ("Module2", 0)])),
        "Macros/VBA/Module1": b"\x07\x07\x07" + ovba(SOURCE),
        "Macros/VBA/Module2": ovba(SOURCE.replace(b"hello", b"good bye")),
    }
    found = opened(members, make_ole(streams))
    texts = contents(found)
    assert texts["(macros: Module1)",] == SOURCE
    assert b"good bye" in texts["(macros: Module2)",]
    assert b"hello" in texts["(macros)",]
    assert b"good bye" in texts["(macros)",]
    assert {member.kind for member in found if member.is_derived} == {Type.VBSCRIPT}
    assert remarks(found) == []


def test_macros_are_found_though_the_list_of_modules_is_lost() -> None:
    found = opened(members, make_ole({"VBA/ThisDocument": b"cache" * 20 + packed_source()}))
    assert contents(found)["(macros: ThisDocument)",] == b"Attribute VB_Name"


def packed_source() -> bytes:
    tokens = b"\x00Attribut\x00e VB_Nam\x00e"
    return b"\x01" + struct.pack("<H", 0xB000 | len(tokens) - 1) + tokens


@pytest.mark.parametrize("is_compressed", [True, False])
def test_objects_in_slides_come_out(is_compressed: bool) -> None:
    inner = make_ole({"\x01Ole10Native": native(b"a.exe", EICAR)})
    body = struct.pack("<I", len(inner)) + zlib.compress(inner) if is_compressed else inner
    record = struct.pack("<HHI", 0x10 if is_compressed else 0, 0x1011, len(body)) + body
    found = opened(members, make_ole({"PowerPoint Document": b"before" + record * 2 + b"after"}))
    assert contents(found)["object 1",] == contents(found)["object 2",] == inner


def test_an_excel_4_sheet_is_told() -> None:
    sheet = struct.pack("<HHIBBBB", 0x85, 13, 0, 2, 1, 5, 0) + b"Macro"
    formula = struct.pack("<HH", 6, 22 + 8) + bytes(22) + b"\x17\x05\x00shell"
    found = opened(members, make_ole({"Workbook": sheet + formula}))
    assert contents(found)["(Excel 4 macros)",] == b"Excel 4 macro sheet (very hidden): Macro\nshell"


def test_an_encrypted_document_is_told() -> None:
    word = b"\xec\xa5" + bytes(9) + b"\x01" + bytes(500)
    assert remarks(opened(members, make_ole({"WordDocument": word}))) == ["encrypted: not opened"]
    book = struct.pack("<HH2x", 0x2F, 2) + bytes(50)
    assert remarks(opened(members, make_ole({"Workbook": book}))) == ["encrypted: not opened"]


def test_streams_of_a_package_for_windows_have_their_names() -> None:
    name = "\u4840" + chr(0x3800 + 15 + (10 << 6)) + chr(0x4800 + 36)
    assert list(contents(opened(members, make_ole({name: b"x"})))) == [("!FAa",)]
