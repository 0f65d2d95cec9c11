"""The seal on the journal's end: an HMAC that only who has the key can make; only the suite's owner can read it.

Source: RFC 2104 (HMAC), FIPS 198-1; with SHA-256. The chain of hashes shows what was changed in the middle of the
journal; the seal shows that its end, and what its limits cut off, are those that the suite wrote.
"""

import contextlib
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from garrison.base.files import explain, sync_folder, write_atomically

_FILE = "seal.key"
_BYTES = 32
START = b"\0" * 32  # the chain before the first row


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is sealed: where the journal ends and begins. since, broken: see the table `seal`."""

    event: int = 0
    chain: bytes = START
    cut_event: int = 0
    cut_chain: bytes = START
    cut: int = 0
    cut_broken: int = 0
    since: int = 0
    broken: int = 0

    def message(self) -> bytes:
        """Return it as the bytes that are authenticated."""
        values = [getattr(self, name) for name in self.__slots__]
        plain = [value.hex() if isinstance(value, bytes) else value for value in values]
        return b"garrison journal seal 1\n" + json.dumps(plain).encode("ascii")

    def with_head(self, event: int, chain: bytes) -> "Sealed":
        """Return it with another end."""
        return replace(self, event=event, chain=chain)

    def with_break(self, row: int) -> "Sealed":
        """Return it with the row that tells of a seal that was not genuine."""
        return replace(self, broken=row)

    def with_cut(self, event: int, chain: bytes, cut: int, broken: int) -> "Sealed":
        """Return it with another beginning."""
        return replace(self, cut_event=event, cut_chain=chain, cut=cut, cut_broken=broken)


class SealKey:
    """The key. is_new: whether there was none before.

    A new one is written down beside its name before the first seal, and takes the name after it: a kill in between
    leaves neither a key without a seal nor a seal without its key.
    """

    def __init__(self, folder: Path, sealed: Sealed, mac: bytes) -> None:
        """Read it, or make one; a damaged one is kept aside. mac: the seal that is there. Raises Failed."""
        self._path = folder / _FILE
        self._fresh = folder / f"{_FILE}.new"
        self._is_written = True
        self.is_new = False
        try:
            self._read(sealed, mac)
        except FileNotFoundError:
            self._use(secrets.token_bytes(_BYTES))
            self._is_written, self.is_new = False, True
        except OSError as error:
            raise explain(error, f"read {self._path}") from error

    def _read(self, sealed: Sealed, mac: bytes) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._use(_key_in(self._path))
            return
        self._use(_key_in(self._fresh))
        if not self.is_genuine(sealed, mac):
            raise FileNotFoundError(self._fresh)
        self._fresh.replace(self._path)

    def _use(self, key: bytes) -> None:
        self._key = key
        self.name = hashlib.sha256(self._key).hexdigest()[:16]

    def write(self) -> None:
        """Write a new key down, before the first seal is. Raises what `files.explain` makes of an OSError."""
        if not self._is_written:
            write_atomically(self._fresh, (self._key.hex() + "\n").encode("ascii"))

    def confirm(self) -> None:
        """Give a new key its name, after the first seal was written down. Raises Failed."""
        if self._is_written:
            return
        try:
            self._fresh.replace(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise explain(error, f"write {self._path}") from error
        self._is_written = True

    def mac(self, sealed: Sealed) -> bytes:
        """Return the seal."""
        return hmac.digest(self._key, sealed.message(), "sha256")

    def is_genuine(self, sealed: Sealed, mac: Any) -> bool:
        """Whether a seal was made with this key over just this."""
        return isinstance(mac, bytes) and hmac.compare_digest(self.mac(sealed), mac)


def _key_in(path: Path) -> bytes:
    """Return a key. Raises FileNotFoundError when there is none, or none any more since it was damaged; OSError."""
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        path.replace(path.with_name(f"{path.name}.damaged"))
        raise FileNotFoundError(path)
    return key


def link(previous: bytes, row: tuple[Any, ...]) -> bytes:
    """Return the chain of a row: at, component, name, severity, owner, says, details."""
    return hashlib.sha256(previous + json.dumps(row, ensure_ascii=True).encode("ascii")).digest()
