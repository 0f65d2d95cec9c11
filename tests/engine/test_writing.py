import time

import pytest

from garrison.engine.identify import identify
from garrison.engine.type import Type

CASES: list[tuple[str, Type]] = [
    ("'use strict';\nvar a = require('x');\n", Type.JAVASCRIPT),
    ('var a = new ActiveXObject("WScript.Shell"); a.Run("x");', Type.JAVASCRIPT),
    ("(function(){document.write(unescape('%41'));})();", Type.JAVASCRIPT),
    ('Dim a\nSet a = CreateObject("WScript.Shell")\na.Run "x"\n', Type.VBSCRIPT),
    ("On Error Resume Next\nExecuteGlobal(StrReverse(x))\n", Type.VBSCRIPT),
    ("$a = New-Object Net.WebClient\nIEX($a.DownloadString('x'))\n", Type.POWERSHELL),
    ("powershell -nop -enc AAAA=\n", Type.POWERSHELL),
    ("@echo off\r\nsetlocal\r\nset a=%1\r\n", Type.BATCH),
    ('<svg xmlns="x">', Type.SVG),
    ('<?xml version="1.0"?>\n<svg xmlns="x">', Type.SVG),
    ('<a href="data:x">t</a>', Type.HTML),
    ("<meta http-equiv=refresh>", Type.HTML),
    ("From a@b Thu Jan  1 00:00:00 2026\nFrom: a\n\nx", Type.MBOX),
    ("begin 644 a b.exe\n#AB\n", Type.UUENCODE),
    ("words\n(This file must be converted with BinHex 4.0)\n:", Type.BINHEX),
    ("<?php eval(1);", Type.PHP),
    ("From here on, a text (with brackets) goes on; it says: function and end.\n", Type.TEXT),
    ("begin 644 words are no file", Type.TEXT),
]


@pytest.mark.parametrize(("text", "kind"), CASES, ids=[f"{n}-{kind}" for n, (_, kind) in enumerate(CASES)])
@pytest.mark.parametrize("encoding", ["ascii", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_people_write_is_told_in_every_encoding(text: str, kind: Type, encoding: str) -> None:
    content = text.encode(encoding)
    if len(content) >= 64 or not encoding.startswith("utf-16-"):
        assert identify(content[:4096]) == kind


def test_bytes_that_only_have_zeros_are_no_text() -> None:
    for content in (bytes(4096), b"\x01\x00" * 2000, b"\x00" * 63 + b"a" * 100, b"text\x00with a zero"):
        assert identify(content) == Type.DATA


@pytest.mark.parametrize("piece", [b"<svg", b"From 2026\n", b"begin 644 ", b"$a-", b"<?xml", b" ", b"(;"])
def test_no_text_takes_long(piece: bytes) -> None:
    start = time.process_time()
    identify((piece * 4096)[:4096])
    assert time.process_time() - start < 0.1
