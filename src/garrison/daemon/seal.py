"""The seal on the journal's end: an HMAC that only who has the key can make; only the suite's owner can read it.

Source: RFC 2104 (HMAC), FIPS 198-1; with SHA-256. The chain of hashes shows what was changed in the middle of the
journal; the seal shows that its end, and what its limits cut off, are those that the suite wrote.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from garrison.base.files import explain, write_atomically

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
    """The key. is_new: whether there was none before."""

    def __init__(self, folder: Path) -> None:
        """Read it, or make one; a damaged one is kept aside. Raises Failed when it can be neither read nor written."""
        path = folder / _FILE
        self.is_new = False
        try:
            self._key = _read(path)
        except FileNotFoundError:
            self._key = secrets.token_bytes(_BYTES)
            write_atomically(path, (self._key.hex() + "\n").encode("ascii"))
            self.is_new = True
        except OSError as error:
            raise explain(error, f"read {path}") from error
        self.name = hashlib.sha256(self._key).hexdigest()[:16]

    def mac(self, sealed: Sealed) -> bytes:
        """Return the seal."""
        return hmac.digest(self._key, sealed.message(), "sha256")

    def is_genuine(self, sealed: Sealed, mac: Any) -> bool:
        """Whether a seal was made with this key over just this."""
        return isinstance(mac, bytes) and hmac.compare_digest(self.mac(sealed), mac)


def _read(path: Path) -> bytes:
    """Return the key. Raises FileNotFoundError when there is none, or none any more since it was damaged; OSError."""
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
