"""A publisher's keys: Ed25519, one PEM file each, readable by their owner only."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner

from garrison.base.errors import Failed, Invalid
from garrison.base.files import explain, write_atomically

_SHOWN = 8


class Keys:
    """The private keys in some folders; the first folder takes new ones.

    passphrase: opens those that are encrypted, and encrypts new ones of the root; b"" for none.
    """

    def __init__(self, folders: Sequence[Path], passphrase: bytes = b"") -> None:
        self._folders = list(folders)
        self._passphrase = passphrase

    def make(self, role: str) -> CryptoSigner:
        """Make a key for a role, and keep it. Raises what `explain` makes of an OSError."""
        private = Ed25519PrivateKey.generate()
        signer = CryptoSigner(private)
        is_encrypted = bool(self._passphrase) and role == "root"
        protection = BestAvailableEncryption(self._passphrase) if is_encrypted else NoEncryption()
        content = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
        folder = self._folders[0]
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise explain(error, f"make the folder {folder}") from error
        write_atomically(self._path(role, signer.public_key.keyid), content)
        return signer

    def _path(self, role: str, key: str) -> Path:
        return self._folders[0] / f"{role}-{key[:_SHOWN]}.pem"

    def signers(self, wanted: Iterable[str]) -> list[CryptoSigner]:
        """Return those that are here of the keys with these ids. Raises Invalid for a wrong passphrase."""
        ids = set(wanted)
        found: dict[str, CryptoSigner] = {}
        for path in self._files(ids):
            signer = self._load(path)
            if signer is not None and signer.public_key.keyid in ids:
                found[signer.public_key.keyid] = signer
        return [found[key] for key in sorted(found)]

    def _files(self, ids: set[str]) -> list[Path]:
        short = {key[:_SHOWN] for key in ids}
        every = [path for folder in self._folders for path in sorted(folder.glob("*.pem"))]
        return [path for path in every if path.stem.rpartition("-")[2] in short]

    def _load(self, path: Path) -> CryptoSigner | None:
        """Return a key; None when it is encrypted and no passphrase was given."""
        try:
            content = path.read_bytes()
            private = load_pem_private_key(content, None)
        except OSError as error:
            raise explain(error, f"read {path}") from error
        except TypeError:  # it is encrypted
            if not self._passphrase:
                return None
            try:
                private = load_pem_private_key(content, self._passphrase)
            except ValueError as error:
                raise Invalid("The passphrase does not open {path}.", path=path) from error
        except (ValueError, UnsupportedAlgorithm) as error:
            raise Failed(
                "{path} is no key, or damaged.", "Put it back from a copy, or rotate the key.", path=path
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise Failed("{path} is no Ed25519 key.", path=path)
        return CryptoSigner(private)

    def retire(self, role: str, ids: Iterable[str]) -> None:
        """Put keys aside that sign nothing any more, into the folder `retired`."""
        for path in self._files(set(ids)):
            if path.stem.startswith(f"{role}-"):
                aside = path.parent / "retired"
                aside.mkdir(mode=0o700, exist_ok=True)
                with suppress(FileNotFoundError):
                    os.replace(path, aside / path.name)
