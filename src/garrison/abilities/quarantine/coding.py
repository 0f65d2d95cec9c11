"""The form in which quarantined files lie on disk: nothing can run them, no scanner trips over them.

It is a veil, not a lock: the folder's permissions keep people out. A file is 8 bytes of magic, 16 bytes of seed, then
the content XORed with a pad of 64 KiB that SHAKE-256 (FIPS 202) makes from the seed.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator

from garrison.base.errors import Failed

MAGIC = b"GARRISQ1"
_PAD = 64 * 1024
_SEED = 16


class Veil:
    """Hides and shows bytes; the same step does both."""

    def __init__(self, seed: bytes) -> None:
        self._pad = hashlib.shake_256(seed).digest(_PAD)
        self._pad_number = int.from_bytes(self._pad, "little")

    def turn(self, chunk: bytes) -> bytes:
        """Return a chunk hidden or shown. Chunks are _PAD long, but for the last."""
        pad = self._pad_number if len(chunk) == _PAD else int.from_bytes(self._pad[: len(chunk)], "little")
        return (int.from_bytes(chunk, "little") ^ pad).to_bytes(len(chunk), "little")


def hide(source: int, target: int, size: int) -> str:
    """Copy `size` bytes of an open file, hidden, into another; return the SHA-256 of the content.

    Raises OSError, and Failed when the file is not that long any more or has grown.
    """
    seed = os.urandom(_SEED)
    veil = Veil(seed)
    digest = hashlib.sha256()
    done = 0
    with open(target, "wb", closefd=False) as file:
        file.write(MAGIC + seed)
        while chunk := os.pread(source, _PAD, done):
            if len(chunk) < _PAD:  # a read may stop early; only the last chunk may be short
                chunk += _rest(source, done + len(chunk), _PAD - len(chunk))
            done += len(chunk)
            if done > size:
                break
            digest.update(chunk)
            file.write(veil.turn(chunk))
        file.flush()
        os.fsync(file.fileno())
    if done != size:
        raise Failed("The file was changed while it was put into quarantine; it was left in its place.")
    return digest.hexdigest()


def _rest(source: int, offset: int, wanted: int) -> bytes:
    parts = b""
    while wanted and (more := os.pread(source, wanted, offset)):
        parts += more
        offset += len(more)
        wanted -= len(more)
    return parts


def show(blob: int) -> Iterator[bytes]:
    """Return the content of a hidden file in chunks. Raises OSError, and Failed when it is none of ours."""
    head = os.pread(blob, len(MAGIC) + _SEED, 0)
    if len(head) != len(MAGIC) + _SEED or not head.startswith(MAGIC):
        raise Failed("The copy in quarantine is damaged.")
    veil = Veil(head[len(MAGIC) :])
    offset = len(head)
    while chunk := os.pread(blob, _PAD, offset):
        if len(chunk) < _PAD:
            chunk += _rest(blob, offset + len(chunk), _PAD - len(chunk))
        offset += len(chunk)
        yield veil.turn(chunk)


def pour(content: Iterable[bytes], target: int, sha256: str) -> None:
    """Write content into an open file. Raises OSError, and Failed when it is not what the SHA-256 says."""
    digest = hashlib.sha256()
    with open(target, "wb", closefd=False) as file:
        for chunk in content:
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sha256:
        raise Failed("The copy in quarantine is damaged.")
