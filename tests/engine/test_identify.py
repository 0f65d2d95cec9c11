import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from garrison.engine.identify import identify, identify_source, is_tar
from garrison.engine.source import Source
from garrison.engine.type import Type
from tests.engine.archives import make_macbinary, make_tar
from tests.engine.disk_samples import in_gpt, in_mbr
from tests.engine.fat_samples import in_fat, in_fat_32

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
    (b"MZ\x90\x00" + bytes(60), Type.DOS),
    (b"\x04\x22\x4d\x18", Type.LZ4),
    (b"LZIP\x01", Type.LZIP),
    (b"\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        ", Type.APPLE_DOUBLE),
    (b"\x00\x05\x16\x07\x00\x00\x00\x00", Type.DATA),
    (make_macbinary(b"text"), Type.MACBINARY),
    (make_macbinary(b"text").replace(b"inner", b"other"), Type.DATA),
    (make_macbinary(b"text").replace(b"inner", b"other")[:102] + b"mBIN" + bytes(17) + b"\x81" * 5, Type.MACBINARY),
    (b"\x1f\x9d\x90", Type.COMPRESS),
    (b"MSCF" + bytes(40), Type.CAB),
    (b"ITSF\x03\x00\x00\x00", Type.CHM),
    (b"SZDD\x88\xf0\x27\x33", Type.SZDD),
    (b"\x60\xea\x29\x00" + bytes(40), Type.ARJ),
    (b"\x1c\x20-lh5-" + bytes(20), Type.LHA),
    (b"ALZ\x01", Type.ALZ),
    (b"EGGA\x00\x01", Type.EGG),
    (b"ISc(" + bytes(20), Type.INSTALLSHIELD),
    (b"!<arch>\ndebian-binary", Type.AR),
    (b"070701" + b"0" * 104, Type.CPIO),
    (b"\xed\xab\xee\xdb", Type.RPM),
    (b"xar!\x00\x1c", Type.XAR),
    (b"hsqs" + bytes(20), Type.SQUASHFS),
    (in_mbr(b"x"), Type.DISK),
    (in_gpt(b"x"), Type.DISK),
    (in_fat(b"x"), Type.FAT),
    (in_fat_32(b"x"), Type.FAT),
    (bytes(510) + b"\x55\xaa", Type.DATA),
    (b"\xeb\x3c\x90" + b"no table of partitions " * 22 + b"\x00\x55\xaa", Type.DATA),
    (bytes(1024) + b"H+" + bytes(510), Type.HFS_PLUS),
    (bytes.fromhex("e4525c7b8cd8a74daeb15378d02996d3"), Type.ONENOTE),
    (bytes.fromhex("4c0000000114020000000000c000000000000046"), Type.LNK),
    (b"\x78\x9f\x3e\x22", Type.TNEF),
    (bytes.fromhex("a3484bbe986c4aa9994c530a86d6487d"), Type.AUTOIT),
    (b"\xa7\x0d\r\n" + bytes(20), Type.PYC),
    (bytes(8) + b"\x19\x04\x00\x10", Type.SIS),
    (b"II*\x00", Type.TIFF),
    (b"BM" + (70).to_bytes(4, "little") + bytes(4) + b"\x36\0\0\0\x28\0\0\0", Type.BMP),
    (b"CWS\x06", Type.SWF),
    (b"Subject: matters\nand nothing else\n", Type.TEXT),
]


@pytest.mark.parametrize(("head", "kind"), CASES, ids=[f"{n}-{kind}" for n, (_, kind) in enumerate(CASES)])
def test_types(head: bytes, kind: Type) -> None:
    assert identify(head) == kind


# Told by what is further on (see below), or by the tests of what people write.
ELSEWHERE = {Type.TAR, Type.ISO, Type.UDF, Type.DMG}
WRITTEN = {Type.SVG, Type.MBOX, Type.UUENCODE, Type.BINHEX, Type.JAVASCRIPT, Type.VBSCRIPT, Type.POWERSHELL, Type.BATCH}


def test_every_type_has_a_case() -> None:
    assert {kind for _, kind in CASES} | ELSEWHERE | WRITTEN == set(Type)


def test_images_of_disks_are_told_by_what_is_further_on() -> None:
    volume = bytes(16 * 2048) + b"\x01CD001\x01" + bytes(2041)
    assert identify_source(Source(volume + bytes(4096))) == Type.ISO
    bridge = bytes(16 * 2048) + b"".join(b"\x00" + mark + bytes(2042) for mark in (b"BEA01", b"NSR02", b"TEA01"))
    assert identify_source(Source(bridge + bytes(4096))) == Type.UDF
    assert identify_source(Source(bytes(5000) + b"koly\x00\x00\x00\x04" + bytes(504))) == Type.DMG
    assert identify_source(Source(bytes(50_000))) == Type.DATA


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
