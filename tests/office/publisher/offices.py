"""A publisher with sets that are quickly made: a rule for the test file, and lists of digests."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from garrison.abilities.databases.building import compile_sources
from garrison.abilities.databases.publications import Taken, take
from garrison.office.publisher.publishing import Options, Outcome, Publisher
from tests.abilities.databases.tables import Row
from tests.engine.samples import RULES
from tests.fetch.repositories import Client, Office


class Publishing(Office):
    """A repository with published sets."""

    def __init__(self, folder: Path, **thresholds: int) -> None:
        super().__init__(folder, **thresholds)
        self.publisher = Publisher(folder, self.repository, self.clock)
        (folder / "work").mkdir(exist_ok=True)

    def release(
        self, rows: list[Row], built: str = "2026-11-24T06:00:00+00:00", patterns: Sequence[str] = ()
    ) -> Outcome:
        """Publish a set with these digests and extended signatures."""
        work = self.folder / "work"
        (work / "list.hsb").write_text("".join(f"{row[0].hex()}:{row[1]}:{row[2].decode()}\n" for row in rows), "ascii")
        (work / "eicar.yar").write_text(RULES, "utf-8")
        (work / "more.ndb").write_text("\n".join(patterns), "ascii")
        (work / "stage").mkdir()
        compile_sources([work / "eicar.yar", work / "list.hsb", work / "more.ndb"], work / "fresh", {"built": built})
        try:
            return self.publisher._publish(work / "fresh", work / "stage", Options())
        finally:
            for path in (work / "stage").iterdir():
                path.unlink()
            (work / "stage").rmdir()
            if (work / "fresh").exists():
                (work / "fresh").rename(work / f"left-{built.replace(':', '')}")


def take_from(client: Client, *sources: str | Path, current: Path | None = None, to: str = "taken") -> Taken:
    """Have a client take what is published."""
    folder = client.trust.parent / to
    names = [str(source) for source in sources]
    return asyncio.run(take(client.fetching.fetcher, names, client.trust, current, folder))


def same(one: Path, other: Path) -> bool:
    """Return whether two sets are the same, byte for byte."""
    files = {path.name: path.read_bytes() for path in one.iterdir()}
    return files == {path.name: path.read_bytes() for path in other.iterdir()}
