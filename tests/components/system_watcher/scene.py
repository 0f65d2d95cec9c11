"""The System Watcher on a stage, with what stands where the guard stands."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from garrison.abilities.guard import Hearing
from garrison.abilities.quarantine import Quarantine
from garrison.abilities.rewinding import Rewinding
from garrison.base.clock import SystemClock
from garrison.base.paths import Home
from garrison.components.system_watcher.component import SystemWatcher
from garrison.components.system_watcher.settings import SystemWatcherSettings
from garrison.sdk.testing import Staged, stage
from garrison.wire.watching import ALARMS, Alarm, Documents, Scarce, Watched

ONLY_NAMED = SystemWatcherSettings(home_folders=False)


@dataclass
class Wanted:
    """Stands where the guard stands, and remembers what it was told to watch."""

    blocks: bool = True
    documents: Mapping[str, Any] | None = None
    standing: Any = None
    hearings: list[Hearing[Any]] = field(default_factory=list)
    trouble: str = ""
    is_silent: bool = False

    def may_block(self) -> bool:
        return self.blocks

    def watch_documents(self, documents: Mapping[str, Any] | None) -> None:
        self.documents = documents
        if documents is not None and not self.is_silent:
            refused = {path: "no such device" for path in documents["folders"] if path.endswith("refused")}
            self.tell("watched", Watched(documents["folders"], refused))

    @contextlib.contextmanager
    def hear(self, decode: Any) -> Iterator[Hearing[Any]]:
        hearing = Hearing(decode)
        self.hearings.append(hearing)
        yield hearing

    def tell(self, word: str, fact: Alarm | Scarce | Watched) -> None:
        for hearing in self.hearings:
            hearing.take({"fact": word, **asdict(fact)})

    def plan(self) -> Documents:
        assert self.documents is not None
        return Documents.from_plain(self.documents)


@dataclass
class Scene:
    """The component, and what it stands on."""

    staged: Staged[SystemWatcher]
    guard: Any
    rewinding: Rewinding

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self.staged.component.run())
            while not self.staged.host.is_ready:  # noqa: ASYNC110 # the stage has no event for it
                await asyncio.sleep(0.01)
            yield
            task.cancel()

    async def until(self, kind: type[Any], seconds: float = 20.0) -> Any:
        async with asyncio.timeout(seconds):
            while True:
                for event in self.staged.reported:
                    if isinstance(event, kind):
                        return event
                await asyncio.sleep(0.01)


def make_scene(
    root: Path, settings: SystemWatcherSettings = ONLY_NAMED, guard: Any = None, protects: bool = True
) -> Scene:
    home = Home(root)
    home.prepare()
    rewinding = Rewinding(home, Quarantine(home, SystemClock()))
    guard = guard or Wanted()
    staged = stage(SystemWatcher, settings, guard=guard, rewinding=rewinding)
    if protects:
        staged.component._memory.protect(str(root))
    return Scene(staged, guard, rewinding)


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def alarm(stopped: bool = True, program: str = "/opt/evil", identifier: str = "ab12cd34", uid: int = 0) -> Alarm:
    held = {"group": "", "processes": {"7": 70}, "origins": {}, "left": {}} if stopped else {}
    return Alarm(identifier, "process:7.70", program, program, uid, 1.0, 601.0, 3.0, {"/d/a": "why"}, held, 7)


def keep(scene: Scene, kept: Alarm) -> None:
    folder = scene.rewinding.folder / ALARMS
    folder.mkdir(exist_ok=True)
    (folder / f"{kept.id}.json").write_text(json.dumps(asdict(kept)), "ascii")
