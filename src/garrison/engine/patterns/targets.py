"""ClamAV's targets and names of types, told in ours."""

from collections.abc import Iterable
from typing import Final

from garrison.engine.levels import check_levels
from garrison.engine.type import Type

HTML: Final = 3
TEXT: Final = 7
_FARTHEST_MARK: Final = 4_096
_TEXTS: Final = (
    Type.TEXT, Type.PHP, Type.XML, Type.SHELL, Type.PYTHON, Type.PERL, Type.RUBY, Type.JAVASCRIPT, Type.VBSCRIPT,
    Type.POWERSHELL, Type.BATCH, Type.SCRIPT, Type.UUENCODE, Type.RTF,
)  # fmt: skip
TARGETS: Final[dict[Type, int]] = {
    Type.PE: 1,
    Type.DOS: 1,
    Type.OLE: 2,
    Type.HTML: HTML,
    Type.SVG: HTML,
    Type.EMAIL: 4,
    Type.MBOX: 4,
    Type.PNG: 5,
    Type.JPEG: 5,
    Type.GIF: 5,
    Type.TIFF: 5,
    Type.BMP: 5,
    Type.ELF: 6,
    **dict.fromkeys(_TEXTS, TEXT),
    Type.MACHO: 9,
    Type.PDF: 10,
    Type.SWF: 11,
    Type.JAVA_CLASS: 12,
}
STREAMS: Final = frozenset({Type.GZIP, Type.BZIP2, Type.XZ, Type.LZMA, Type.ZSTD, Type.LZ4, Type.LZIP, Type.COMPRESS})
ROOT: Final = "CL_TYPE_ANY"  # what lies in no container
CONTAINERS: Final[dict[str, frozenset[Type]]] = {
    ROOT: frozenset(),
    "CL_TYPE_TEXT_ASCII": frozenset(_TEXTS),
    "CL_TYPE_SCRIPT": frozenset(_TEXTS),
    "CL_TYPE_MSEXE": frozenset({Type.PE, Type.DOS}),
    "CL_TYPE_ELF": frozenset({Type.ELF}),
    "CL_TYPE_MACHO": frozenset({Type.MACHO}),
    "CL_TYPE_POSIX_TAR": frozenset({Type.TAR}),
    "CL_TYPE_OLD_TAR": frozenset({Type.TAR}),
    "CL_TYPE_CPIO_OLD": frozenset({Type.CPIO}),
    "CL_TYPE_CPIO_ODC": frozenset({Type.CPIO}),
    "CL_TYPE_CPIO_NEWC": frozenset({Type.CPIO}),
    "CL_TYPE_CPIO_CRC": frozenset({Type.CPIO}),
    "CL_TYPE_GZ": frozenset({Type.GZIP}),
    "CL_TYPE_ZIP": frozenset({Type.ZIP}),
    "CL_TYPE_OOXML_WORD": frozenset({Type.ZIP}),
    "CL_TYPE_OOXML_PPT": frozenset({Type.ZIP}),
    "CL_TYPE_OOXML_XL": frozenset({Type.ZIP}),
    "CL_TYPE_BZ": frozenset({Type.BZIP2}),
    "CL_TYPE_XZ": frozenset({Type.XZ}),
    "CL_TYPE_RAR": frozenset({Type.RAR}),
    "CL_TYPE_ARJ": frozenset({Type.ARJ}),
    "CL_TYPE_LHA_LZH": frozenset({Type.LHA}),
    "CL_TYPE_ALZ": frozenset({Type.ALZ}),
    "CL_TYPE_EGG": frozenset({Type.EGG}),
    "CL_TYPE_MSSZDD": frozenset({Type.SZDD}),
    "CL_TYPE_MSOLE2": frozenset({Type.OLE}),
    "CL_TYPE_MSCAB": frozenset({Type.CAB}),
    "CL_TYPE_MSCHM": frozenset({Type.CHM}),
    "CL_TYPE_SIS": frozenset({Type.SIS}),
    "CL_TYPE_PDF": frozenset({Type.PDF}),
    "CL_TYPE_HTML": frozenset({Type.HTML}),
    "CL_TYPE_MAIL": frozenset({Type.EMAIL, Type.MBOX}),
    "CL_TYPE_TNEF": frozenset({Type.TNEF}),
    "CL_TYPE_BINHEX": frozenset({Type.BINHEX}),
    "CL_TYPE_UUENCODED": frozenset({Type.UUENCODE}),
    "CL_TYPE_ISO9660": frozenset({Type.ISO}),
    "CL_TYPE_UDF": frozenset({Type.UDF}),
    "CL_TYPE_DMG": frozenset({Type.DMG}),
    "CL_TYPE_XAR": frozenset({Type.XAR}),
    "CL_TYPE_HFSPLUS": frozenset({Type.HFS_PLUS}),
    "CL_TYPE_7Z": frozenset({Type.SEVEN_ZIP}),
    "CL_TYPE_RTF": frozenset({Type.RTF}),
    "CL_TYPE_AUTOIT": frozenset({Type.AUTOIT}),
    "CL_TYPE_ISHIELD_MSI": frozenset({Type.INSTALLSHIELD}),
    "CL_TYPE_SWF": frozenset({Type.SWF}),
    "CL_TYPE_JAVA": frozenset({Type.JAVA_CLASS}),
    "CL_TYPE_ONENOTE": frozenset({Type.ONENOTE}),
    "CL_TYPE_LNK": frozenset({Type.LNK}),
    "CL_TYPE_XML_HWP": frozenset({Type.XML}),
    "CL_TYPE_GRAPHICS": frozenset({Type.PNG, Type.JPEG, Type.GIF, Type.TIFF, Type.BMP}),
    "CL_TYPE_PNG": frozenset({Type.PNG}),
    "CL_TYPE_JPEG": frozenset({Type.JPEG}),
    "CL_TYPE_GIF": frozenset({Type.GIF}),
    "CL_TYPE_TIFF": frozenset({Type.TIFF}),
}

Mark = tuple[int, bytes, int]  # offset, bytes there, target
MARKS: Final[tuple[Mark, ...]] = (
    (0, b"MZ", 1), (0, b"BM", 5), (0, b"MM", 5), (0, b"GIF", 5), (0, b"\x89PNG", 5),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", 5),
    *((0, start, 4) for start in (
        b"From: ", b"From ", b">From ", b"For: ", b"To: ", b"Date: ", b"Subject: ", b"Received: ", b"Return-Path: ",
        b"Return-path: ", b"Message-ID: ", b"Message-Id: ", b"Delivered-To: ", b"Delivery-date: ", b"Envelope-to: ",
        b"X-Apparently-To: ", b"X-EVS", b"X-Envelope-From: ", b"X-Original-To: ", b"X-Real-To: ", b"X-Sieve: ",
        b"X-Symantec-", b"X-UIDL: ", b"Received-SPF: ", b"Hi. This is the qmail-send",
    )),
)  # fmt: skip
_NAMES: Final[dict[str, int]] = {
    "MSEXE": 1, "MSOLE2": 2, "HTML": 3, "MAIL": 4, "GRAPHICS": 5, "PNG": 5, "JPEG": 5, "GIF": 5, "TIFF": 5, "ELF": 6,
    "TEXT_ASCII": 7, "MACHO": 9, "MACHO_UNIBIN": 9, "PDF": 10, "SWF": 11, "JAVA": 12,
}  # fmt: skip


def parse_mark(line: str) -> Mark:
    """Read a line of an .ftm: 0:offset:bytes:name:type so far:type[:levels]. Raises ValueError."""
    fields = line.strip().split(":")
    if not 6 <= len(fields) <= 8:
        raise ValueError("it has not the fields of a type")
    check_levels(fields[6:])
    if fields[0] != "0" or not fields[1].isdecimal():
        raise ValueError("types that a pattern tells come from our own table")
    target = _NAMES.get(fields[5].removeprefix("CL_TYPE_"))
    if target is None:
        raise ValueError("no signatures are kept for objects of this type")
    mark = bytes.fromhex(fields[2])
    if not mark or int(fields[1]) + len(mark) > _FARTHEST_MARK:
        raise ValueError("its mark does not lie at the start of a file")
    return int(fields[1]), mark, target


class Marks:
    """Marks by their place and the byte there: hardly any is compared wholly."""

    __slots__ = ("_places",)

    def __init__(self, marks: Iterable[Mark]) -> None:
        places: dict[int, dict[int, list[tuple[bytes, int]]]] = {}
        for at, mark, target in marks:
            places.setdefault(at, {}).setdefault(mark[0], []).append((mark, target))
        self._places = tuple(places.items())

    def targets(self, content: bytes) -> set[int]:
        """Return the targets that an object has by its marks alone."""
        found: set[int] = set()
        for at, firsts in self._places:
            for mark, target in firsts.get(content[at], ()) if at < len(content) else ():
                if content.startswith(mark, at):
                    found.add(target)
        return found
