"""What the tests of fetching share: a fetcher on a home of its own, and one call that fetches."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from garrison.abilities.fetching import Fetcher, Got, Line, Wanted
from garrison.abilities.outgoing import Outgoing, Request
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.sdk.testing import START

MIB = 1024 * 1024
QUICK = Line(seconds=10.0, tries=1)


class Fetching:
    """A fetcher whose every request is in `ledger`."""

    def __init__(self, folder: Path, line: Line = QUICK, consents: bool | None = True) -> None:
        home = Home(folder / "home")
        home.prepare()
        self.home = home
        self.folder = home.root / "fetch"
        self.ledger: list[Request] = []
        self.progress: list[tuple[int, int | None]] = []
        outgoing = Outgoing(lambda _: consents)
        outgoing.on_request = self.ledger.append
        self.fetcher = Fetcher(home, FakeClock(START), outgoing)
        self.fetcher.line = line

    def all(self, *wanted: Wanted, **how: Any) -> list[tuple[Got, bytes | None]]:
        """Fetch, and return what came with its content."""

        async def fetch() -> list[tuple[Got, bytes | None]]:
            with self.fetcher.spool() as spool:
                everything = await self.fetcher.get(
                    wanted,
                    spool,
                    component="updates",
                    purpose="databases",
                    progress=lambda *now: self.progress.append(now),
                    **how,
                )
                for got in everything:
                    assert got.path is None or got.path.lstat().st_uid == os.geteuid()
                return [(got, got.path.read_bytes() if got.path else None) for got in everything]

        return asyncio.run(fetch())

    def one(self, address: str, most_bytes: int = MIB, **more: Any) -> tuple[Got, bytes | None]:
        return self.all(Wanted(address, "file", most_bytes, **more))[0]

    def failure(self, address: str, most_bytes: int = MIB, **more: Any) -> str:
        """Return why a file cannot be had, after a look that nothing of it is left over."""
        got, body = self.one(address, most_bytes, **more)
        assert body is None
        assert got.path is None
        assert not list(self.folder.glob("spool-*"))
        return got.failure

    def with_line(self, **changes: Any) -> "Fetching":
        self.fetcher.line = replace(self.fetcher.line, **changes)
        return self
