import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.identify import identify, is_tar
from garrison.engine.type import Type
from tests.engine.archives import make_tar

PE = b"MZ" + bytes(58) + (128).to_bytes(4, "little") + bytes(64) + b"PE\0\0" + bytes(100)

CASES: list[tuple[bytes, Type]] = [
    (b"", Type.DATA),
    (b"\x7fELF\x02\x01\x01" + bytes(50), Type.ELF),
    (PE, Type.PE),
    (b"MZ is how this text begins, and it goes on for long enough to hold a header, it really does", Type.TEXT),
    (b"\xcf\xfa\xed\xfe" + bytes(20), Type.MACHO),
    (b"\xca\xfe\xba\xbe\x00\x00\x00\x02" + bytes(20), Type.MACHO),
    (b"\xca\xfe\xba\xbe\x00\x00\x00\x34" + bytes(20), Type.JAVA_CLASS),
    (b"PK\x03\x04", Type.ZIP),
    (b"PK\x05\x06" + bytes(18), Type.ZIP),
    (b"PK are letters", Type.TEXT),
    (b"\x1f\x8b\x08\x00", Type.GZIP),
    (b"BZh91AY&SY", Type.BZIP2),
    (b"BZh9 as a text", Type.TEXT),
    (b"\xfd7zXZ\x00", Type.XZ),
    (b"\x5d\x00\x00\x80\x00" + b"\xff" * 8 + b"\x00abc", Type.LZMA),
    (b"] a bracket begins this text, and more", Type.TEXT),
    (b"\x28\xb5\x2f\xfd", Type.ZSTD),
    (b"\x50\x2a\x4d\x18\x00\x00\x00\x00", Type.ZSTD),
    (b"7z\xbc\xaf\x27\x1c", Type.SEVEN_ZIP),
    (b"Rar!\x1a\x07\x00", Type.RAR),
    (b"Rar!\x1a\x07\x01\x00", Type.RAR),
    (b"%PDF-1.7\n", Type.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Type.OLE),
    (b"{\\rtf1 hello}", Type.RTF),
    (b"\x89PNG\r\n\x1a\n", Type.PNG),
    (b"\xff\xd8\xff\xe0", Type.JPEG),
    (b"GIF89a\x01", Type.GIF),
    (b"<!DOCTYPE html><title>x</title>", Type.HTML),
    (b"\n  <!-- one --><!-- <p> -->\n<HTML>", Type.HTML),
    (b"\xef\xbb\xbf<html>", Type.HTML),
    ("\ufeff<html>".encode("utf-16-le"), Type.HTML),
    (b"<?xml version='1.0'?><!DOCTYPE html><html>", Type.HTML),
    (b"<?xml version='1.0'?><svg/>", Type.XML),
    (b"<?php echo 1;", Type.PHP),
    (b"some page\n<?= $x ?>", Type.PHP),
    (b"GIF89a<?php system($_GET[0]);", Type.GIF),
    (b"\xff\xfe\x00\x01<?PHP x", Type.PHP),
    (b"#!/bin/sh\n", Type.SHELL),
    (b"#! /bin/bash -e\n", Type.SHELL),
    (b"#!/usr/bin/env bash\n", Type.SHELL),
    (b"#!/usr/bin/env -S VAR=1 python3 -u\n", Type.PYTHON),
    (b"#!/usr/bin/python3.11\n", Type.PYTHON),
    (b"#!/opt/pypy3/bin/pypy3\n", Type.PYTHON),
    (b"#!/usr/bin/perl -w", Type.PERL),
    (b"#!/usr/bin/env ruby", Type.RUBY),
    (b"#!/usr/bin/env node\n", Type.JAVASCRIPT),
    (b"#!/usr/bin/php\n<?php", Type.PHP),
    (b"#!/usr/bin/awk -f\n", Type.SCRIPT),
    (b"#!/usr/bin/env\n", Type.SCRIPT),
    (b"#!\n", Type.SCRIPT),
    (b"\xef\xbb\xbf#!/bin/sh\n", Type.SHELL),
    (b"plain text\n", Type.TEXT),
    ("Grüße".encode(), Type.TEXT),
    ("Grüße aus München".encode("latin-1"), Type.TEXT),
    ("Grüße aus München".encode("utf-16"), Type.TEXT),
    (b"text\x00with a zero", Type.DATA),
    (b"\x80\x81\x82\x83", Type.DATA),
    (bytes(4096), Type.DATA),
    (b"From: a@b\r\nTo: c@d\r\nSubject: x\r\n\r\nbody", Type.EMAIL),
    (b"Received: from x\n by y\nMessage-ID: <1>\n\n", Type.EMAIL),
    (b"Subject: matters\nand nothing else\n", Type.TEXT),
]


@pytest.mark.parametrize(("head", "kind"), CASES, ids=[f"{n}-{kind}" for n, (_, kind) in enumerate(CASES)])
def test_types(head: bytes, kind: Type) -> None:
    assert identify(head) == kind


def test_every_type_but_tar_has_a_case() -> None:
    assert {kind for _, kind in CASES} | {Type.TAR} == set(Type)


def test_a_character_cut_at_the_end_is_still_text() -> None:
    assert identify(("x" * 4095 + "ä").encode()[:4096]) == Type.TEXT


def test_a_header_further_on_is_a_program() -> None:
    assert identify(b"MZ\x00" + bytes(57) + (10_000).to_bytes(4, "little") + bytes(4032)) == Type.PE


@pytest.mark.parametrize("form", [0, 1, 2])
def test_a_tar_is_told_by_its_checksum(form: int) -> None:
    block = make_tar([("name", b"content")], form)[:512]
    assert identify(block) == Type.TAR
    assert not is_tar(block[:511])
    assert not is_tar(bytes([block[0] ^ 1]) + block[1:])


def test_a_checksum_of_signed_characters_counts() -> None:
    block = bytearray(make_tar([("name", b"")], 0)[:512])
    block[0] = 0xE4
    block[148:156] = b" " * 8
    signed = sum(byte - 256 if byte > 127 else byte for byte in block)
    block[148:156] = b"%06o\0 " % signed
    assert is_tar(bytes(block))


@pytest.mark.parametrize("piece", [b"<!---->", b"<!-- ", b"<?", b"<", b"From:\n", b"#!", b" ", b"\n<!--x-->"])
def test_no_text_takes_long(piece: bytes) -> None:
    start = time.process_time()
    identify((piece * 4096)[:4096])
    assert time.process_time() - start < 0.1


@given(st.binary(max_size=600))
def test_anything_has_a_type(head: bytes) -> None:
    assert identify(head) in set(Type)
