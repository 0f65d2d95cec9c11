"""What an object is, by its content and never by its name.

Signatures are from the formats' own specifications; each is looked for in the first 4 KiB only.
"""

import binascii
from collections.abc import Callable

from garrison.engine.source import Source
from garrison.engine.type import Type
from garrison.engine.writing import written

_MAGIC: tuple[tuple[bytes, Type], ...] = (
    (b"\x7fELF", Type.ELF),
    (b"PK\x03\x04", Type.ZIP),
    (b"PK\x05\x06", Type.ZIP),  # an empty one
    (b"PK\x07\x08", Type.ZIP),  # the first part of a split one
    (b"\x1f\x8b\x08", Type.GZIP),
    (b"\xfd7zXZ\x00", Type.XZ),
    (b"\x28\xb5\x2f\xfd", Type.ZSTD),
    (b"7z\xbc\xaf\x27\x1c", Type.SEVEN_ZIP),
    (b"Rar!\x1a\x07", Type.RAR),
    (b"%PDF-", Type.PDF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Type.OLE),
    (b"{\\rt", Type.RTF),  # Word opens what has only this much of the signature
    (b"\x04\x22\x4d\x18", Type.LZ4),
    (b"\x02\x21\x4c\x18", Type.LZ4),  # its legacy frame
    (b"LZIP", Type.LZIP),
    (b"\x1f\x9d", Type.COMPRESS),
    (b"MSCF", Type.CAB),
    (b"ITSF\x03\x00", Type.CHM),
    (b"SZDD\x88\xf0\x27\x33", Type.SZDD),
    (b"KWAJ\x88\xf0\x27\xd1", Type.SZDD),
    (b"ALZ\x01", Type.ALZ),
    (b"EGGA\x00\x01", Type.EGG),
    (b"ISc(", Type.INSTALLSHIELD),
    (b"\x00\x05\x16\x00\x00\x01\x00\x00", Type.APPLE_DOUBLE),  # AppleSingle, versions 1 and 2
    (b"\x00\x05\x16\x00\x00\x02\x00\x00", Type.APPLE_DOUBLE),
    (b"\x00\x05\x16\x07\x00\x01\x00\x00", Type.APPLE_DOUBLE),
    (b"\x00\x05\x16\x07\x00\x02\x00\x00", Type.APPLE_DOUBLE),
    (b"!<arch>\n", Type.AR),
    (b"\xed\xab\xee\xdb", Type.RPM),
    (b"xar!\x00\x1c", Type.XAR),
    (b"hsqs", Type.SQUASHFS),
    (b"070701", Type.CPIO),
    (b"070702", Type.CPIO),
    (b"070707", Type.CPIO),
    (b"\xc7\x71", Type.CPIO),
    (b"\x71\xc7", Type.CPIO),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", Type.ONENOTE),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x46", Type.LNK),
    (b"\x78\x9f\x3e\x22", Type.TNEF),
    (b"\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d", Type.AUTOIT),
    (b"II*\x00", Type.TIFF),
    (b"MM\x00*", Type.TIFF),
    (b"FWS", Type.SWF),
    (b"CWS", Type.SWF),
    (b"ZWS", Type.SWF),
    (b"\x89PNG\r\n\x1a\n", Type.PNG),
    (b"\xff\xd8\xff", Type.JPEG),
    (b"GIF87a", Type.GIF),
    (b"GIF89a", Type.GIF),
    (b"\xfe\xed\xfa\xce", Type.MACHO),
    (b"\xfe\xed\xfa\xcf", Type.MACHO),
    (b"\xce\xfa\xed\xfe", Type.MACHO),
    (b"\xcf\xfa\xed\xfe", Type.MACHO),
)
_VOLUME = 16 * 2048
_MAY_BE_IMAGES = {Type.DATA, Type.BZIP2, Type.DISK, Type.DOS, Type.GZIP, Type.LZMA}
_BY_FIRST_BYTE: dict[int, tuple[tuple[bytes, Type], ...]] = {
    first: tuple(entry for entry in _MAGIC if entry[0][0] == first) for first in {magic[0] for magic, _ in _MAGIC}
}


def identify_source(source: Source) -> Type:
    """Return the type of an object, looking also where the types without a beginning have their marks. Raises OSError.

    ISO 9660 (ECMA-119, 7.1.1) and UDF (ECMA-167, 2/9.1) keep them in sector 16 and after, an Apple disk image at its
    end.
    """
    kind = identify(source.head())
    if kind not in _MAY_BE_IMAGES or source.size < 512:
        return kind
    if source.read_at(source.size - 512, 8) == b"koly\x00\x00\x00\x04":
        return Type.DMG
    volume = source.read_at(_VOLUME, 7 * 2048) if source.size > _VOLUME + 2048 else b""
    marks = {volume[at + 1 : at + 6] for at in range(0, len(volume), 2048)}
    if marks & {b"NSR02", b"NSR03"} and b"CD001" not in marks:
        return Type.UDF
    return Type.ISO if volume[1:6] == b"CD001" else kind


def magic_of(head: bytes, kind: Type) -> bytes:
    """Return the signature at the start by which a type is told, or b"" when it is told otherwise."""
    return next((magic for magic, known in _MAGIC if known == kind and head.startswith(magic)), b"")


def identify(head: bytes) -> Type:
    """Return the type of an object from its first 4 KiB (fewer only when it is smaller)."""
    if not head:
        return Type.DATA
    for magic, kind in _BY_FIRST_BYTE.get(head[0], ()):
        if head.startswith(magic):
            return kind
    found = _structured(head)
    if found is not None:
        return found
    if is_tar(head):
        return Type.TAR
    return written(head)


def _structured(head: bytes) -> Type | None:
    """Return the type of a format whose signature needs a second look."""
    for looks_so, kind in _LOOKS_BY_FIRST_BYTE[head[0]]:
        if looks_so(head):
            return kind
    return None


def _is_universal(head: bytes) -> bool:
    # Java class files and universal Mach-O share a signature; a class file's version is 45 or more.
    return head.startswith(b"\xca\xfe\xba\xbe") and len(head) >= 8 and int.from_bytes(head[4:8], "big") < 45


def _is_class(head: bytes) -> bool:
    return head.startswith(b"\xca\xfe\xba\xbe") and int.from_bytes(head[4:8], "big") >= 45


def _is_dos(head: bytes) -> bool:
    return head.startswith(b"MZ") and len(head) >= 28 and b"\x00" in head[:28]


def _is_bzip2(head: bytes) -> bool:
    is_block = head[4:10] in {b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90"}
    return head.startswith(b"BZh") and is_block and 0x31 <= head[3] <= 0x39


def _is_skippable(head: bytes) -> bool:
    return head[1:4] == b"\x2a\x4d\x18" and head[0] & 0xF0 == 0x50  # RFC 8878, 3.1.2


def _is_lha(head: bytes) -> bool:
    return head[2:4] == b"-l" and head[6:7] == b"-" and head[4:5] in {b"h", b"z"}


def _is_arj(head: bytes) -> bool:
    return head.startswith(b"\x60\xea") and len(head) >= 34 and 20 < int.from_bytes(head[2:4], "little") <= 2600


def _is_compiled_python(head: bytes) -> bool:
    # CPython 3: a number of the version, CR LF (importlib/_bootstrap_external.py).
    return head[2:4] == b"\r\n" and len(head) >= 16 and 0x0A00 <= int.from_bytes(head[:2], "little") <= 0x0F00


def _is_macbinary(head: bytes) -> bool:
    # MacBinary II: three zeros, a name, and a checksum over all before it. III has a signature as well.
    if len(head) < 128 or head[0] or head[74] or head[82] or not 1 <= head[1] <= 63 or head[123] not in {129, 130}:
        return False
    return head[102:106] == b"mBIN" or binascii.crc_hqx(head[:124], 0) == int.from_bytes(head[124:126], "big")


def _is_sis(head: bytes) -> bool:
    # Symbian: UID 3 of EPOC releases 3 to 5, UID 1 of release 9.
    return head[8:12] == b"\x19\x04\x00\x10" or head.startswith(b"\x7a\x1a\x20\x10")


def _is_bitmap(head: bytes) -> bool:
    return head.startswith(b"BM") and head[6:10] == bytes(4) and head[15:18] == bytes(3)


def _is_hfs_plus(head: bytes) -> bool:
    return head[1024:1026] in {b"H+", b"HX"} and not head[:1024].strip(b"\x00")


def _is_disk(head: bytes) -> bool:
    """Return whether it begins with a boot sector whose partition table makes sense: a file system's own has none."""
    if head[510:512] != b"\x55\xaa":
        return False
    entries = [head[at : at + 16] for at in range(446, 510, 16)]
    used = [entry for entry in entries if entry.strip(b"\x00")]
    return bool(used) and all(
        entry[0] in {0, 0x80} and entry[4] and any(entry[8:12]) and any(entry[12:]) for entry in used
    )


def is_fat(head: bytes) -> bool:
    """Return whether it begins with the boot sector of a FAT file system.

    Microsoft, "FAT: General Overview of On-Disk Format" 1.03: what the fields from 11 on may be. The boot signature is
    not asked for: programs do without.
    """
    if len(head) < 512 or head[0] not in {0xE9, 0xEB} or not (head[21] == 0xF0 or head[21] >= 0xF8):
        return False
    sector, per_cluster, copies = int.from_bytes(head[11:13], "little"), head[13], head[16]
    sizes_fit = sector in {512, 1024, 2048, 4096} and per_cluster and not per_cluster & (per_cluster - 1)
    has_tables = any(head[14:16]) and 1 <= copies <= 4 and (any(head[22:24]) or any(head[36:40]))
    return bool(sizes_fit and has_tables and (any(head[19:21]) or any(head[32:36])))


def _is_program(head: bytes) -> bool:
    """Return whether an MZ file has a newer header where it says (PE, NE, LE, LX), or says it is further on."""
    if len(head) < 64 or not head.startswith(b"MZ"):
        return False
    at = int.from_bytes(head[60:64], "little")
    if at + 4 > len(head):
        return 0 < at < 0x10000000 and b"\x00" in head[:64]
    return head[at : at + 2] in {b"PE", b"NE", b"LE", b"LX"}


def is_lzma(head: bytes) -> bool:
    """Return whether it starts like an .lzma file: no signature, but a header that few other things have.

    LZMA specification 2015 (Igor Pavlov), "lzma file format": properties, dictionary size, unpacked size.
    """
    if not head.startswith(b"\x5d") or len(head) < 14 or head[13] != 0:  # the range coder's first byte is always 0
        return False
    dictionary = int.from_bytes(head[1:5], "little")
    size = int.from_bytes(head[5:13], "little")
    low = dictionary & -dictionary
    sane_dictionary = dictionary >= 4096 and dictionary in {low, low * 3}
    return sane_dictionary and (size == 0xFFFFFFFFFFFFFFFF or size < 1 << 38)


def is_tar(block: bytes) -> bool:
    """Return whether a 512-byte block is a tar header: by its checksum, whatever the dialect.

    POSIX.1-2017, pax, "ustar Interchange Format": the sum of all bytes with the checksum field taken as spaces; some
    old programs summed signed characters.
    """
    if len(block) < 512 or not block[0]:
        return False
    stored = _octal(block[148:156])
    if stored is None:
        return False
    counted = block[:148] + b"        " + block[156:512]
    total = sum(counted)
    high = sum(1 for byte in counted if byte > 0x7F) if stored != total else 0
    return stored in {total, total - 256 * high}


def _octal(field: bytes) -> int | None:
    digits = field.strip(b" \x00")
    if not digits or digits.translate(None, b"01234567"):
        return None
    return int(digits, 8)


_ANY = bytes(range(0x100))
# With the bytes that may come first: most heads are asked four questions, not fifteen.
_SECOND_LOOKS: tuple[tuple[Callable[[bytes], bool], Type, bytes], ...] = (
    (_is_program, Type.PE, b"M"),
    (_is_dos, Type.DOS, b"M"),
    (_is_universal, Type.MACHO, b"\xca"),
    (_is_class, Type.JAVA_CLASS, b"\xca"),
    (_is_bzip2, Type.BZIP2, b"B"),
    (_is_skippable, Type.ZSTD, bytes(range(0x50, 0x60))),
    (is_lzma, Type.LZMA, b"\x5d"),
    (_is_macbinary, Type.MACBINARY, b"\x00"),
    (_is_lha, Type.LHA, _ANY),
    (_is_arj, Type.ARJ, b"\x60"),
    (_is_compiled_python, Type.PYC, _ANY),
    (_is_sis, Type.SIS, _ANY),
    (_is_bitmap, Type.BMP, b"B"),
    (_is_hfs_plus, Type.HFS_PLUS, b"\x00"),
    (_is_disk, Type.DISK, _ANY),
    (is_fat, Type.FAT, b"\xe9\xeb"),
)
_LOOKS_BY_FIRST_BYTE = tuple(
    tuple((looks_so, kind) for looks_so, kind, firsts in _SECOND_LOOKS if first in firsts) for first in _ANY
)
