"""ClamAV's containers of databases: .cvd (signed), .cld (updated in place, its list signed), .cud (unsigned).

A header of 512 bytes, padded with blanks, then a tar, usually in gzip (libclamav/cvd.c):

    ClamAV-VDB:time:version:signatures:functionality level:MD5 of the rest:signature:builder:seconds since 1970

NAME.info inside lists `name:size:SHA-256` of each member, and ends with `DSIG:` and a signature of what is above.
"""

import hashlib
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust, proves_file, proves_md5, proves_sha256

HEADER_BYTES: Final = 512
_BLOCK = 512
_PIECE = 256 * 1024
_MOST_UNPACKED = 4 * 1024**3
_MOST_MEMBERS = 1000
_INFO_BYTES = 1024 * 1024
_UNSIGNED = {b"", b"X"}


@dataclass(frozen=True, slots=True)
class _Header:
    version: int
    md5: bytes
    signature: bytes


class Container:
    """One container. name: its file's, whose end tells which of the three it is. version: as its header says.

    file: can be sought, and stays the caller's. Raises Invalid when it is no such container, OSError.
    """

    def __init__(self, name: str, file: BinaryIO) -> None:
        self._name = name
        self._file = file
        self._end = name.lower().rpartition(".")[2]
        file.seek(0)
        self._header = _header(file.read(HEADER_BYTES), name)
        self.version = self._header.version

    def check(self, trust: Trust, proof: bytes = b"") -> frozenset[str]:
        """Make sure that somebody we trust has signed it, and that no member was changed; return the members' names.

        proof: a .sign file, or b"". Raises Invalid with the reason, OSError.
        """
        is_signed = self._is_signed(trust, proof)
        digests: dict[str, tuple[int, str]] = {}
        info = b""
        for name, content in self.members():
            if name.endswith(".info"):
                info = content.read(_INFO_BYTES)
            elif name in digests:
                raise self._refused(f"{name} is in it twice")
            else:
                digests[name] = _digest_of(content)
        listed, is_list_signed = self._list(info, trust)
        for name, (size, digest) in digests.items():
            if name != "COPYING" and info and listed.get(name) != (size, digest):
                raise self._refused(f"{name} in it is not what its own list says")
        if not (is_signed or is_list_signed or self._end == "cud" or trust.allow_unsigned):
            raise self._refused("nobody has signed it")
        return frozenset(digests)

    def _is_signed(self, trust: Trust, proof: bytes) -> bool:
        md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        self._file.seek(0)
        sha256.update(self._file.read(HEADER_BYTES))
        while piece := self._file.read(_PIECE):
            md5.update(piece)
            sha256.update(piece)
        if proof:
            if not proves_file(sha256.digest(), proof, trust):
                raise self._refused("the signature beside it is not by anybody we trust, or not of this file")
            return True
        if self._end != "cvd":
            return False  # the others are written by who updates them: only their list of members is signed
        if md5.hexdigest().encode("ascii") != self._header.md5:
            raise self._refused("it is damaged: its MD5 is another than its header says")
        if self._header.signature in _UNSIGNED:
            return False
        if not proves_md5(md5.digest(), self._header.signature, trust.header_key):
            raise self._refused("its signature is not right")
        return True

    def _list(self, info: bytes, trust: Trust) -> tuple[dict[str, tuple[int, str]], bool]:
        """Return size and SHA-256 of each member by name, as the list in it says, and whether the list is signed."""
        body, found, signature = info.partition(b"DSIG:")
        listed: dict[str, tuple[int, str]] = {}
        for line in body.splitlines():
            fields = line.decode("utf-8", "replace").split(":")
            if len(fields) == 3 and fields[1].isdigit() and len(fields[1]) < 18:
                listed[fields[0]] = (int(fields[1]), fields[2].strip().lower())
        if not found or signature.strip() in _UNSIGNED:
            return listed, False
        if not proves_sha256(hashlib.sha256(body).digest(), signature.strip(), trust.pss_key):
            raise self._refused("the signature of its list of members is not right")
        return listed, True

    def members(self) -> Iterator[tuple[str, BinaryIO]]:
        """Yield name and content of each file in it; a content is to be read before the next one.

        Raises Invalid when it is damaged, OSError.
        """
        self._file.seek(HEADER_BYTES)
        tar = io.BufferedReader(_Unpacked(self._file, self._name), _PIECE)
        for _ in range(_MOST_MEMBERS):
            header = tar.read(_BLOCK)
            if not header.strip(b"\0"):
                return
            name, size, is_file = self._member(header)
            part = _Part(tar, size)
            if is_file:
                yield name, io.BufferedReader(part, _PIECE)
            part.drain()
            tar.read(-size % _BLOCK)
            if part.left:
                raise self._refused("it ends too early")
        raise self._refused("there are too many files in it")

    def _member(self, header: bytes) -> tuple[str, int, bool]:
        try:
            total = sum(header[:148]) + 8 * 32 + sum(header[156:])
            told = int(header[148:156].strip(b" \0"), 8)
            size = int(header[124:136].strip(b" \0") or b"0", 8)
        except ValueError as error:
            raise self._refused("it is damaged") from error
        if size < 0 or told != total or len(header) != _BLOCK:
            raise self._refused("it is damaged")
        name = header[:100].split(b"\0", 1)[0].decode("utf-8", "replace").removeprefix("./")
        return name.rpartition("/")[2], size, header[156:157] in {b"0", b"\0"}

    def _refused(self, why: str) -> Invalid:
        return _refused(self._name, why)


def _refused(name: str, why: str) -> Invalid:
    return Invalid("{name} cannot be used: {why}.", name=name, why=why)


def _header(content: bytes, name: str) -> _Header:
    fields = content.rstrip(b" \n\0").split(b":")
    if len(content) < HEADER_BYTES or len(fields) < 8 or fields[0] != b"ClamAV-VDB":
        raise _refused(name, "it does not begin like a database of ClamAV")
    if len(fields) > 8 and not fields[8].isdigit():  # what follows are blanks, which nobody signs
        raise _refused(name, "its header is damaged")
    if not fields[2].isdigit() or len(fields[2]) > 9:
        raise _refused(name, "its header tells no version")
    return _Header(int(fields[2]), fields[5].lower(), fields[6])


def _digest_of(content: BinaryIO) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    while piece := content.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    return size, digest.hexdigest()


class _Unpacked(io.RawIOBase):
    """What is in the container: a tar, out of gzip when it is in one."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        super().__init__()
        self._file = file
        self._name = name
        at = file.tell()
        is_packed = file.read(2) == b"\x1f\x8b"
        file.seek(at)
        self._inflate = zlib.decompressobj(31) if is_packed else None
        self._left = _MOST_UNPACKED

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's is narrower than the docs
        piece = self._next(len(buffer))
        self._left -= len(piece)
        if self._left < 0:
            raise _refused(self._name, "it unpacks to too much")
        buffer[: len(piece)] = piece
        return len(piece)

    def _next(self, most: int) -> bytes:
        if self._inflate is None:
            return self._file.read(most)
        try:
            while not self._inflate.eof:
                packed = self._inflate.unconsumed_tail or self._file.read(_PIECE)
                piece = self._inflate.decompress(packed, most)
                if piece or not packed:
                    return piece
        except zlib.error as error:
            raise _refused(self._name, "it is damaged") from error
        return b""


class _Part(io.RawIOBase):
    """One member. left: bytes of it that were not read yet."""

    def __init__(self, tar: BinaryIO, size: int) -> None:
        super().__init__()
        self._tar = tar
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's is narrower than the docs
        piece = self._tar.read(min(len(buffer), self.left))
        self.left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    def drain(self) -> None:
        """Read what nobody wanted."""
        while self.left and (piece := self._tar.read(min(_PIECE, self.left))):
            self.left -= len(piece)
