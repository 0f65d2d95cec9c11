"""A publisher of versions, and a computer that trusts it. What the versions depend on is what is installed here."""

import asyncio
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from garrison.abilities.application import Prepared, Versions
from garrison.abilities.application.release import Release
from garrison.base.clock import FakeClock
from garrison.base.paths import Home
from garrison.office.publisher.applications import publish_application
from garrison.sdk.testing import START
from tests.abilities.application import wheels as made
from tests.fetch.fetching import Fetching
from tests.fetch.repositories import Office


class Publishing(Office):
    """A repository with published versions."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.wheels = folder / "wheels"
        for name in ("wheels", "stage"):
            (folder / name).mkdir(exist_ok=True)
        made.installer(self.wheels)
        made.surroundings(self.wheels)

    def release(self, version: str, changes: Mapping[str, tuple[str, str]] | None = None, oldest: str = "") -> Release:
        made.garrison(self.wheels, version, changes)
        return self.announce(version, oldest)

    def announce(self, version: str, oldest: str = "") -> Release:
        """Publish what lies there."""
        return publish_application(self.repository, self.clock, self.wheels, self.folder / "stage", version, oldest)


class Computer:
    """A computer that trusts an office."""

    def __init__(self, folder: Path, office: Office) -> None:
        self.fetching = Fetching(folder)
        self.home = folder / "home"
        self.pinned = folder / "root.json"
        self.pinned.write_bytes(office.repository.root_content())
        if not (self.home / "databases").exists():
            (self.home / "databases").mkdir(mode=0o700)
        self.versions = self.started()

    def started(self) -> Versions:
        """Return the versions as the suite finds them at a start."""
        self.versions = Versions(Home(self.home), FakeClock(START), self.fetching.fetcher, self.pinned)
        return self.versions

    def prepare(self, *sources: str | Path, refused: str = "") -> Prepared:
        named = [str(source) for source in sources]
        return asyncio.run(
            self.versions.prepare(named, by_hand=True, refused=refused, tell=lambda what, done, total: None)
        )

    def left(self) -> list[str]:
        """Return what lies in the folder of versions, but for what is always there."""
        names = set(os.listdir(self.home / "versions")) - {"version", "trust", "wheels", "switch.json"}
        return sorted(names)

    def forget(self, version: str) -> None:
        shutil.rmtree(self.home / "versions" / version)
