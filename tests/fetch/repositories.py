"""A signed repository for tests, what attackers make of it, and a client of ours that trusts its root."""

import asyncio
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import Metadata

from garrison.abilities.fetching import Ahead, Trusted
from garrison.base.clock import FakeClock
from garrison.office.publisher.keys import Keys
from garrison.office.publisher.repository import ROLES, Repository, Terms
from garrison.sdk.testing import START
from tests.fetch.fetching import Fetching
from tests.fetch.servers import Answer, content

DAYS = {"root": 365, "targets": 90, "snapshot": 90, "timestamp": 7}
NAME = "folder/file"


class Office:
    """A repository of its own, with all keys at hand. clock: what its signatures are dated by.

    folder: new, or a copy of another one's.
    """

    def __init__(self, folder: Path, **thresholds: int) -> None:
        self.clock = FakeClock(START)
        self.folder = folder
        self.public = folder / "public"
        self.keys = Keys([folder / "keys"])
        self.repository = Repository(self.public, self.keys, self.clock, DAYS)
        if not self.public.exists():
            counts = {role: thresholds.get(role, 1) for role in ROLES}
            self.repository.init(Terms(counts, counts, DAYS))

    def publish(self, body: bytes, name: str = NAME) -> None:
        path = self.folder / "fresh"
        path.write_bytes(body)
        self.repository.publish({name: path}, lambda _: True)

    def copy(self, name: str = "copy") -> Path:
        """Keep what is served now."""
        shutil.copytree(self.public, self.folder / name)
        return self.folder / name

    def signers(self, role: str) -> list[CryptoSigner]:
        return self.keys.signers(self.repository.root().roles[role].keyids)

    def metadata(self, role: str) -> Any:
        """Return what a role signed last, to be changed."""
        return self.repository.signed(role)


def signed(body: Any, signers: Sequence[CryptoSigner]) -> bytes:
    metadata: Metadata[Any] = Metadata(body)
    for signer in signers:
        metadata.sign(signer, append=True)
    return metadata.to_bytes()


def served(public: Path) -> dict[str, Answer]:
    """Return the answers of a good server of a repository."""
    files = (path for path in public.rglob("*") if path.is_file())
    return {f"/{path.relative_to(public)}": content(path.read_bytes()) for path in files}


class Client:
    """A computer that pinned a root. came: all targets that ever did, by name."""

    def __init__(self, folder: Path, office: Office) -> None:
        self.fetching = Fetching(folder)
        self.trust = folder / "trust"
        self.came: dict[str, bytes] = {}
        self.trust.mkdir()
        (self.trust / "root.json").write_bytes(office.repository.root_content())

    def at(self, days: float) -> None:
        clock = self.fetching.fetcher._clock
        assert isinstance(clock, FakeClock)
        clock.set(START + timedelta(days=days))

    def refresh(
        self, *sources: str | Path, name: str = NAME, ahead: Ahead | None = None
    ) -> tuple[bytes | None, Trusted]:
        """Return the target as it came, None when there is none."""
        return asyncio.run(self._refresh([str(source) for source in sources], name, ahead))

    async def _refresh(self, sources: list[str], name: str, ahead: Ahead | None) -> tuple[bytes | None, Trusted]:
        fetcher = self.fetching.fetcher
        with fetcher.spool() as spool:
            trusted = await fetcher.trusted(
                sources, self.trust, [name], spool, component="updates", purpose="databases", ahead=ahead
            )
            for other, place in trusted.targets.items():
                self.came[other] = place.read_bytes()
            path = trusted.targets.get(name)
            return None if path is None else path.read_bytes(), trusted


def in_days(days: float) -> datetime:
    return (START + timedelta(days=days)).astimezone(UTC).replace(microsecond=0)
