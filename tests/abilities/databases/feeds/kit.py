"""What the tests of feeds share: looking at what came, as the compiling process does."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from garrison.abilities.databases.feeds.feed import Accepted, Came, Feed, Kind
from garrison.engine.signatures.proofs import Trust
from tests.engine.signatures import keys


def feed(kind: str, address: str = "https://feeds.example/x") -> Feed:
    return Feed("one", kind, address, "The feed", is_on=True)


class Desk:
    """A folder for what came, one for what is written, one for what was kept before."""

    def __init__(self, root: Path, kind: Kind, of: Feed) -> None:
        self.kind = kind
        self.feed = of
        self.spool = root / "spool"
        self.kept = root / "kept"
        self.to = root / "to"
        self.spool.mkdir()
        self._made = 0
        self._root = root

    def put(self, name: str, content: bytes) -> None:
        """Have a file come."""
        (self.spool / name).write_bytes(content)

    def accept(self, *tried: str, trust: Trust | None = None) -> Accepted:
        """Look at what came. tried: names that were asked for, beside what came."""
        self._made += 1
        self.to = self._root / f"to-{self._made}"
        self.to.mkdir()
        names = {path.name for path in self.spool.iterdir()} | set(tried)
        return self.kind.accept(
            Came(self.feed, self.spool, frozenset(names), self.kept), self.to, trust or keys.trust()
        )

    def written(self) -> dict[str, bytes]:
        """Return what was written, by its path."""
        found = self.to.rglob("*")
        return {str(path.relative_to(self.to)): path.read_bytes() for path in found if path.is_file()}

    def keep(self) -> None:
        """Take what was written for what the feed is from now on."""
        self.kept = self.to
        for path in self.spool.iterdir():
            path.unlink()


def zipped(members: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(members: Mapping[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def packings(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the same files in every form that a feed may have."""
    return {
        "zip": zipped(members),
        "tar": tarred(members),
        "tar in gzip": gzip.compress(tarred(members, tarfile.GNU_FORMAT), mtime=0),
    }
