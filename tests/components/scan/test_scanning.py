"""Each setting of scans counts when a scan is made; those of one kind, in that kind only."""

import hashlib
import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.databases import own_rules, sets
from garrison.abilities.scanner import Way
from garrison.components.scan.component import Scan
from garrison.components.scan.run import Run
from garrison.components.scan.settings import Kind, ScanSettings, gives_way, way_of
from garrison.linux.acting import Acting
from garrison.sdk.testing import Staged
from tests.components.scan.test_component_staged import MYSELF, Bench, scan
from tests.suite import EICAR


class Watched(Bench):
    """A bench that notes in which way scans examine, and whether they give way."""

    def __init__(self, root: Path, patch: pytest.MonkeyPatch) -> None:
        super().__init__(root)
        few = [rule for rule in own_rules() if rule[0] == "eicar.yar"]  # built in no time
        patch.setattr(sets, "own_rules", lambda: few)
        patch.setattr("garrison.components.scan.component._ROOT", str(self.files))
        patch.setattr("garrison.components.scan.component.quick_places", lambda _: [str(self.files)])
        patch.setattr("garrison.components.scan.component.os.path.ismount", lambda _: True)
        self.seen: list[tuple[Way | None, bool]] = []
        real = self.scanner.scan

        async def spy(roots: list[str], acting: Acting, *rest: Any, **more: Any) -> None:
            ways = [each for each in (*rest, *more.values()) if isinstance(each, Way)]
            self.seen.append((ways[0], acting.gives_way))
            await real(roots, acting, *rest, **more)

        async def nothing(*_: object, **__: object) -> None: ...

        patch.setattr(self.scanner, "scan", spy)
        for name in ("look", "look_beneath", "look_last", "look_again"):  # areas are no files
            patch.setattr(Run, name, nothing)

    def options(self, operation: str) -> dict[str, Any]:
        """Return what an operation has to be told to scan the files."""
        where: dict[str, dict[str, Any]] = {
            "files": {"paths": [str(self.files)]},
            "removable": {"path": str(self.files)},
        }
        return where.get(operation, {})

    def with_settings(self, work: Callable[[Staged[Scan]], Awaitable[None]], **settings: Any) -> None:
        async def inside(staged: Staged[Scan]) -> None:
            staged.component.settings = ScanSettings(**settings)
            staged.component.settings_changed()
            await work(staged)

        self.run(inside)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(tmp_path, monkeypatch)


_OWN = [("quick", Kind.QUICK), ("full", Kind.FULL), ("background", Kind.BACKGROUND), ("removable", Kind.REMOVABLE)]


@pytest.mark.parametrize(("operation", "kind"), [*_OWN, ("files", Kind.USUAL)])
def test_each_kind_of_scan_goes_by_its_own_settings(bench: Watched, operation: str, kind: Kind) -> None:
    (bench.files / "letter").write_text("dear reader")
    settings: dict[str, Any] = {f"{each.value}_level": "low" for _, each in _OWN if each is kind}
    settings |= {f"{name}_low_priority": name == kind.value for name in ("quick", "full", "background")}
    settings |= {"depth": 7}

    async def work(staged: Staged[Scan]) -> None:
        assert (await staged.ask(operation, MYSELF, **bench.options(operation))).files == 1
        own = staged.component.settings
        assert bench.seen == [(way_of(own, kind), gives_way(own, kind))]
        assert (way_of(own, kind).limits.depth == 7) is (kind is Kind.USUAL)

    bench.with_settings(work, **settings)


def test_a_scan_that_goes_on_goes_by_the_settings_of_its_kind(bench: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(staged: Staged[Scan]) -> None:
        real = bench.scanner.scan

        async def stopped(*rest: Any) -> None:
            await real(*rest)
            if len(bench.seen) == 1:
                staged.component._checkpoints.running[1].stop()

        monkeypatch.setattr(bench.scanner, "scan", stopped)
        assert (await staged.ask("full", MYSELF)).waits == 1
        assert (await staged.ask("resume", MYSELF, scan=[1])).complete
        own = staged.component.settings
        assert bench.seen == [(way_of(own, Kind.FULL), False)] * 2

    bench.with_settings(work, full_level="low")


@pytest.mark.parametrize(
    "settings",
    [
        {"exclude_masks": ["*.com"]},
        {"exclude_names": ["EICAR-*"]},
        {"exclude_hashes": [hashlib.sha256(EICAR).hexdigest()]},
    ],
)
def test_what_the_settings_leave_out_is_left_out(bench: Watched, settings: dict[str, Any]) -> None:
    path = bench.make("eicar.com")

    async def work(staged: Staged[Scan]) -> None:
        assert (await scan(staged, path)).threats == 0
        staged.component.settings = ScanSettings()
        assert (await scan(staged, path)).threats == 1

    bench.with_settings(work, **settings)


def test_archives_are_left_shut_where_the_settings_say_so(bench: Watched) -> None:
    with zipfile.ZipFile(bench.files / "archive.zip", "w") as archive:
        archive.writestr("eicar.com", EICAR)

    async def work(staged: Staged[Scan]) -> None:
        assert (await scan(staged, bench.files)).threats == 0
        staged.component.settings = ScanSettings()
        staged.component.settings_changed()
        assert (await scan(staged, bench.files)).threats == 1

    bench.with_settings(work, archives=False)


def test_a_quick_scan_ends_when_its_time_is_over(bench: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    limits: list[float | None] = []
    real = Scan._scan

    async def spy(component: Scan, *rest: Any, **more: Any) -> Any:
        limits.append(more["limit_seconds"])
        return await real(component, *rest, **{**more, "limit_seconds": 0.0})

    monkeypatch.setattr(Scan, "_scan", spy)

    async def work(staged: Staged[Scan]) -> None:
        assert not (await staged.ask("quick", MYSELF)).complete
        await staged.ask("quick", MYSELF, seconds=9)
        assert limits == [17.0, 9.0]

    bench.with_settings(work, quick_seconds=17)


@pytest.mark.parametrize(
    ("operation", "name"),
    [("files", "action"), *((operation, "automatic_action") for operation, _ in _OWN)],
)
def test_what_is_done_about_threats_is_as_set(bench: Watched, operation: str, name: str) -> None:
    path = bench.make("eicar.com")

    async def work(staged: Staged[Scan]) -> None:
        summary = await staged.ask(operation, MYSELF, **bench.options(operation))
        assert [row.action for row in summary.findings] == ["delete"]
        assert not path.exists()

    bench.with_settings(work, **{name: "delete", "background_low_priority": False})
