"""Takes members out of a ZIP archive, and macros out of the documents that are one; what stays is copied as it is.

Source: PKWARE APPNOTE 6.3, sections 4.3 and 4.4; ECMA-376 part 2 (relationships, content types); ODF 1.3 part 2.
"""

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from garrison.engine.curing.parts import Questions, harmful_parts

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_MOST_COMMENT = 0xFFFF
_WIDE = 0xFFFF_FFFF  # the true number is in a ZIP64 field
_STORED, _DEFLATED = 0, 8
_ENCRYPTED, _SIZES_FOLLOW = 0x1, 0x8
_MOST_XML = 16 * 1024 * 1024

_OFFICE_MACROS = re.compile(
    rb"(?:^|/)(?:vbaProject(?:Signature\w*)?\.bin|vbaData\.xml|macrosheets/.*)\Z", re.IGNORECASE
)
_OPEN_MACROS = re.compile(rb"(?:^|/)(?:Basic|Scripts)/", re.IGNORECASE)
# Bounded, and never past the next "<": hostile text would be read again from each of its beginnings to its end.
_RELATIONSHIP = re.compile(
    rb"<(?:\w{1,99}:)?Relationship\b[^<>]{0,999}?Type=\"[^<\"]{0,999}/(?:vbaProject|wordVbaData|xlMacrosheet)"
    rb"[^<\"]{0,999}\"[^<>]{0,999}?/>"
)
_OVERRIDE = re.compile(
    rb"<(?:\w{1,99}:)?Override\b[^<>]{0,999}?PartName=\"[^<\"]{0,999}(?:vbaProject[^<\"]{0,99}\.bin|vbaData\.xml)"
    rb"\"[^<>]{0,999}?/>"
)
_MANIFEST_ENTRY = re.compile(
    rb"<manifest:file-entry\b[^<>]{0,999}?full-path=\"(?:[^<\"]{0,999}/)?(?:Basic|Scripts)/[^<\"]{0,999}\""
    rb"[^<>]{0,999}?/>"
)
_LISTENERS = re.compile(
    rb"<office:event-listeners\b(?:[^<]++|<(?!/?office:event-listeners\b))*+</office:event-listeners>"
)


class NoZip(ValueError):  # what it is, not an error of ours
    """It is no archive that can be written again member by member. The words say why."""


@dataclass(frozen=True, slots=True)
class _Member:
    """central: its entry in the directory. local: its header and all its bytes. data: where these begin in local."""

    name: bytes
    central: bytes
    local: bytes
    data: int

    @property
    def flags(self) -> int:
        return int(_CENTRAL.unpack_from(self.central)[3])

    @property
    def method(self) -> int:
        return int(_CENTRAL.unpack_from(self.central)[4])

    @property
    def size(self) -> int:
        return int(_CENTRAL.unpack_from(self.central)[9])


def without_members(content: bytes, questions: Questions) -> tuple[bytes, list[str]]:
    """Return the archive without the members in which something is found, and their names.

    Raises NoZip, TooManyQuestions.
    """
    members = _members(content)
    found = harmful_parts(members, _archive, questions)
    kept = [member for number, member in enumerate(members) if number not in found]
    if not kept:
        raise NoZip("nothing harmless is in it")
    return _archive(kept), [_shown(members[number].name) for number in sorted(found)]


def without_macros(content: bytes) -> tuple[bytes, list[str]]:
    """Return a document (OOXML, ODF) without its macros, and the names of what was taken out. Raises NoZip."""
    members = _members(content)
    is_open = bool(members) and members[0].name == b"mimetype"
    macros = _OPEN_MACROS if is_open else _OFFICE_MACROS
    edits = _open_edits if is_open else _office_edits
    gone = [member for member in members if macros.search(member.name)]
    if not gone:
        raise NoZip("no macros are in it")
    kept = [_edited(member, edits) for member in members if not macros.search(member.name)]
    return _archive(kept), [_shown(member.name) for member in gone]


def _office_edits(name: bytes) -> re.Pattern[bytes] | None:
    if name.endswith(b".rels"):
        return _RELATIONSHIP
    return _OVERRIDE if name == b"[Content_Types].xml" else None


def _open_edits(name: bytes) -> re.Pattern[bytes] | None:
    if name.endswith(b"META-INF/manifest.xml"):
        return _MANIFEST_ENTRY
    return _LISTENERS if name.endswith((b"content.xml", b"styles.xml")) else None


def _edited(member: _Member, edits: Callable[[bytes], re.Pattern[bytes] | None]) -> _Member:
    """Return a member without what refers to macros. Raises NoZip."""
    pattern = edits(member.name)
    if pattern is None:
        return member
    before = _unpacked(member)
    after = pattern.sub(b"", before)
    return member if after == before else _packed(member, after)


def _unpacked(member: _Member) -> bytes:
    data = member.local[member.data :]
    if member.flags & _ENCRYPTED or member.method not in {_STORED, _DEFLATED} or member.size > _MOST_XML:
        raise NoZip(f"{_shown(member.name)} cannot be rewritten")
    if member.method == _STORED:
        return data[: member.size]
    try:
        unpacker = zlib.decompressobj(-15)
        plain = unpacker.decompress(data, _MOST_XML)
    except zlib.error as error:
        raise NoZip(f"{_shown(member.name)} is damaged") from error
    if not unpacker.eof:
        raise NoZip(f"{_shown(member.name)} is damaged, or too large")
    return plain


def _packed(member: _Member, plain: bytes) -> _Member:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = packer.compress(plain) + packer.flush()
    check, sizes = zlib.crc32(plain), (len(data), len(plain))
    mark, needs, flags, _, time, date, *_ = _LOCAL.unpack_from(member.local)
    header = _LOCAL.pack(mark, needs, flags & ~_SIZES_FOLLOW, _DEFLATED, time, date, check, *sizes, len(member.name), 0)
    entry = list(_CENTRAL.unpack_from(member.central))
    entry[3], entry[4] = entry[3] & ~_SIZES_FOLLOW, _DEFLATED
    entry[7:10] = check, *sizes
    entry[11:13] = 0, 0  # no extra fields: they may speak of the old sizes; no comment
    local = header + member.name
    return _Member(member.name, _CENTRAL.pack(*entry) + member.name, local + data, len(local))


def _members(content: bytes) -> list[_Member]:
    """Return the members of an archive that is all there, begins with its first member, and is on one disk."""
    place = content.rfind(_END_MARK, max(0, len(content) - _MOST_COMMENT - _END.size))
    if place < 0 or len(content) < place + _END.size:
        raise NoZip("its directory is missing")
    _, disk, first_disk, here, count, size, start, _ = _END.unpack_from(content, place)
    if disk or first_disk or here != count or start + size != place:
        raise NoZip("something else is around it, or it is in parts")
    members = []
    at, room = start, start
    for _ in range(count):
        member, at = _member(content, at, start)
        room -= len(member.local)
        if room < 0:  # else a small file would become a huge one
            raise NoZip("members lie over each other")
        members.append(member)
    if at != place or not members:
        raise NoZip("its directory is damaged")
    return members


def _member(content: bytes, at: int, directory: int) -> tuple[_Member, int]:
    if at + _CENTRAL.size > len(content):
        raise NoZip("its directory is damaged")
    entry = _CENTRAL.unpack_from(content, at)
    if entry[0] != _CENTRAL_MARK or _WIDE in {entry[8], entry[9], entry[16]}:
        raise NoZip("its directory is damaged, or it is a large one (ZIP64)")
    end = at + _CENTRAL.size + entry[10] + entry[11] + entry[12]
    name = content[at + _CENTRAL.size : at + _CENTRAL.size + entry[10]]
    return _with_data(content, entry, name, content[at:end], directory), end


def _with_data(content: bytes, entry: Sequence[int], name: bytes, central: bytes, directory: int) -> _Member:
    offset, packed = entry[16], entry[8]
    if offset + _LOCAL.size > directory:
        raise NoZip("a member lies outside of it")
    header = list(_LOCAL.unpack_from(content, offset))
    begin = offset + _LOCAL.size + header[9] + header[10]
    if header[0] != _LOCAL_MARK or begin + packed > directory:
        raise NoZip("a member is damaged")
    # The sizes may follow the data; the directory knows them, so they are put where everybody looks first.
    header[2], header[6:9] = header[2] & ~_SIZES_FOLLOW, (entry[7], packed, entry[9])
    local = _LOCAL.pack(*header) + content[offset + _LOCAL.size : begin]
    plain = bytearray(central)
    struct.pack_into("<H", plain, 8, entry[3] & ~_SIZES_FOLLOW)
    return _Member(name, bytes(plain), local + content[begin : begin + packed], len(local))


def _archive(members: Sequence[_Member]) -> bytes:
    out: list[bytes] = []
    directory: list[bytes] = []
    at = 0
    for member in members:
        entry = bytearray(member.central)
        struct.pack_into("<L", entry, 42, at)
        directory.append(bytes(entry))
        out.append(member.local)
        at += len(member.local)
    size = sum(map(len, directory))
    count = len(members)
    return b"".join([*out, *directory, _END.pack(_END_MARK, 0, 0, count, count, size, at, 0)])


def _shown(name: bytes) -> str:
    return name.decode("utf-8", "replace")[:200]
