"""Installers made with NSIS 2 and 3: the sources of NSIS 3.08 tell their data (fileform.h, fileform.c).

The data begin on a multiple of 512 bytes: flags, a signature, the size of the header and of everything. Then either
every block is packed by itself, with its size before it (the highest bit says that it is packed), or all blocks are one
packed run in which each has its size before it. The first block is the header: the script's code and texts.
"""

import lzma
from collections.abc import Callable, Iterator

from garrison.engine.formats.forward import Forward
from garrison.engine.formats.nsis_bzip2 import blocks
from garrison.engine.formats.opener import CORRUPT, TOO_SHORT, Member, collect, stored
from garrison.engine.formats.unpack import Decoder, Inflater, Unpacking
from garrison.engine.guard import Guard, Incomplete
from garrison.engine.source import Source

_SIGNATURE = b"\xef\xbe\xad\xdeNullsoftInst"
_FIRST_HEADER = 28
_BLOCKS = 10_000
_LOOK = 64 * 1024 * 1024
_PACKED = 0x80000000


def members(source: Source, guard: Guard, name: str) -> Iterator[Member]:  # noqa: ARG001 # every opener gets the name
    """Yield the header and every file of an installer; their names are in its code and are not read. Raises OSError."""
    start = _find(source)
    if start < 0:
        return
    head = source.read_at(start, _FIRST_HEADER + 12)
    if len(head) < _FIRST_HEADER + 5:
        yield Member((), None, TOO_SHORT)
        return
    following = int.from_bytes(head[24:28], "little")
    end = min(source.size, start + max(following, _FIRST_HEADER))
    first = int.from_bytes(head[28:32], "little")
    begin = start + _FIRST_HEADER
    fits = first & _PACKED and (first & ~_PACKED) <= end - begin
    if fits and (_is_known(head[32:]) or not _is_known(head[28:])):
        yield from _single_blocks(source, begin, end, guard)
    else:
        yield from _one_run(source, begin, end, guard)


def _find(source: Source) -> int:
    content = source.read_at(0, _LOOK)
    at = content.find(_SIGNATURE)
    for _ in range(64):
        if at < 0 or (at - 4) % 512 == 0:
            break
        at = content.find(_SIGNATURE, at + 1)
    return at - 4 if at >= 4 and (at - 4) % 512 == 0 else -1


def _single_blocks(source: Source, at: int, end: int, guard: Guard) -> Iterator[Member]:
    for number in range(_BLOCKS):
        size = int.from_bytes(source.read_at(at, 4), "little")
        length = size & ~_PACKED
        if at + 4 >= end or not length or at + 4 + length > end or guard.stopped:
            return
        at += 4
        run = (_unpacked if size & _PACKED else stored)(source, at, length, guard)
        yield collect((_name(number),), run, guard, is_derived=number == 0)
        at += length


def _one_run(source: Source, at: int, end: int, guard: Guard) -> Iterator[Member]:
    run = Forward(_unpacked(source, at, end - at, guard), guard)
    for number in range(_BLOCKS):
        size = run.read(4)
        if len(size) < 4:
            break
        yield collect((_name(number),), run.run(int.from_bytes(size, "little")), guard, is_derived=number == 0)
        if run.remark or guard.stopped:
            break
    if run.remark:
        yield Member((), None, run.remark)


def _name(number: int) -> str:
    return "(installer's header)" if number == 0 else f"file {number}"


def _is_known(head: bytes) -> bool:
    """Return whether packed data begin as LZMA or bzip2 do; DEFLATE begins anyhow."""
    return _is_bzip2(head) or _lzma_at(head) >= 0


def _is_bzip2(head: bytes) -> bool:
    return head[:1] == b"\x31" and head[1:2] < b"\x0e"


def _lzma_at(head: bytes) -> int:
    """Return where LZMA's properties are, or -1; a byte before them may say whether there is a filter for x86 code."""
    for at in (0, 1):
        if head[at : at + 3] == b"\x5d\x00\x00" and head[at + 5 : at + 6] == b"\x00" and head[0] in {0x5D, 0, 1}:
            return at
    return -1


def _unpacked(source: Source, at: int, length: int, guard: Guard) -> Iterator[bytes]:
    """Yield what was packed; a run without a mark at its end is whole when all bytes were used. Raises Incomplete."""
    head = source.read_at(at, 8)
    if _is_bzip2(head):
        yield from _bzip2(source.read_at(at, min(length, guard.limits.object_bytes)), guard)
        return
    properties = _lzma_at(head)
    make: Callable[[], Decoder] = Inflater
    skipped = 0
    if properties >= 0:
        skipped = properties + 5
        dictionary = int.from_bytes(head[properties + 1 : skipped], "little")
        make = _lzma(dictionary, guard.limits.object_bytes, properties == 1 and head[0] == 1)
    got = 0
    try:
        for piece in Unpacking(source, guard, make, at + skipped, length - skipped):
            got += len(piece)
            yield piece
    except Incomplete as reason:
        if reason.remark != TOO_SHORT or not got:
            raise


def _bzip2(packed: bytes, guard: Guard) -> Iterator[bytes]:
    try:
        for block in blocks(packed, guard.check):
            guard.grew(len(block))
            yield block
    except EOFError as error:
        raise Incomplete(TOO_SHORT) from error
    except ValueError as error:
        raise Incomplete(CORRUPT) from error


def _lzma(dictionary: int, most: int, is_filtered: bool) -> Callable[[], Decoder]:
    size = max(4096, min(dictionary, most))
    chain: list[dict[str, int]] = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": 3, "lp": 0, "pb": 2}]
    if is_filtered:
        chain.insert(0, {"id": lzma.FILTER_X86})
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
