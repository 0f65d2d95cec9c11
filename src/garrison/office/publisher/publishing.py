"""Publishing: feeds and our own rules become one compiled set, which is tested, made into small updates, and signed."""

import fcntl
import hashlib
import mmap
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from garrison import __version__
from garrison.abilities.databases.building import name_of
from garrison.abilities.databases.compiler import ask
from garrison.abilities.databases.delta import INDEXED, MOST_BYTES, SAME, WHOLE, derived, is_derivable, pieces_of
from garrison.abilities.databases.proving import prove
from garrison.abilities.databases.published import LIST, Packed, Published, Update, read_published, written
from garrison.abilities.databases.sets import described, own_rules
from garrison.base.clock import Clock
from garrison.base.errors import Failed, Unavailable
from garrison.base.files import explain
from garrison.engine.patterns.layout import INDEX, RECORDS
from garrison.engine.set_files import SET
from garrison.office.publisher.differing import best_update, index_update, packed
from garrison.office.publisher.feeds import Feeds
from garrison.office.publisher.repository import Repository

_MOST_OF_WHOLE = 0.5  # a chain of updates that comes to more than so much of the whole set is of no use
_MOST_UPDATES = 120
_SMALL_BYTES = 8 * 1024 * 1024
_SMALL_LEVEL = 19
_LARGE_LEVEL = 9


@dataclass(frozen=True, slots=True)
class Options:
    """What goes into a set. pua: signatures on what is merely unwanted. unsigned: containers without a signature too.

    outbreak: whether clients are to look for updates more often from now on.
    """

    pua: bool = False
    unsigned: bool = False
    outbreak: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was published. is_new: false when the feeds brought nothing new, and the set of before was signed anew.

    bytes: of the whole set as it is fetched; update_bytes: of the update from the set before, 0 without one.
    failures: by feed, why it brought nothing. report: what compiling told.
    """

    name: str
    created: str
    signatures: int
    is_new: bool
    bytes: int
    update_bytes: int
    failures: Mapping[str, str]
    report: Mapping[str, Any] = field(default_factory=dict)


class Publisher:
    """One publisher's folder: `public` is served, `keys` never is, `work` is nobody else's business."""

    def __init__(self, folder: Path, repository: Repository, clock: Clock) -> None:
        self._work = folder / "work"
        self._sets = self._work / "sets"
        self._repository = repository
        self._clock = clock

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one that changes something here. Raises Unavailable, and what `explain` makes of an OSError."""
        try:
            self._work.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._work / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise explain(error, f"work in {self._work}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError as error:
            raise Unavailable("Something is being published here just now.", "Try again when it is done.") from error
        finally:
            os.close(descriptor)

    def last(self) -> Published | None:
        """Return what was published last, None when nothing was. Raises Failed, NotFound."""
        path = self._repository.target_file(LIST)
        if path is None:
            return None
        try:
            return read_published(path.read_bytes())
        except OSError as error:
            raise explain(error, f"read {path}") from error

    async def publish(self, feeds: Feeds, addresses: Sequence[str], options: Options) -> Outcome:
        """Fetch, compile, test and publish. Raises Failed and others; what is published then stays as it was."""
        fresh, stage = self._work / "fresh", self._work / "stage"
        for left in (fresh, stage):
            shutil.rmtree(left, ignore_errors=True)
        try:
            brought = await feeds.gather(addresses)
            report = await self._compile(brought.paths, fresh, options)
            await prove(fresh)
            stage.mkdir(mode=0o700)
            outcome = self._publish(fresh, stage, options)
        except OSError as error:
            raise explain(error, "publish") from error
        finally:
            for left in (fresh, stage):
                shutil.rmtree(left, ignore_errors=True)
        return replace(outcome, failures=brought.failures, report=report)

    async def _compile(self, paths: Sequence[Path], to: Path, options: Options) -> Mapping[str, Any]:
        rules = self._work / "rules"
        shutil.rmtree(rules, ignore_errors=True)
        rules.mkdir(mode=0o700)
        for name, text in own_rules():
            (rules / name).write_text(text, "utf-8")
        made = await ask(
            {
                "sources": [str(path) for path in (rules, *paths)],
                "to": str(to),
                "cache": "",
                "pua": options.pua,
                "unsigned": options.unsigned,
                "about": {"built": self._now()},
            }
        )
        return made.report

    def _now(self) -> str:
        return self._clock.now().isoformat(timespec="seconds")

    def _publish(self, fresh: Path, stage: Path, options: Options) -> Outcome:
        last = self.last()
        old = None if last is None else self._sets / last.set
        if last is not None and old is not None and _content(fresh) == _content(old):
            listed = replace(last, checked=self._now(), outbreak=options.outbreak)
            self._release(listed, {}, stage)
            return _outcome(listed, is_new=False)
        name = name_of(fresh)
        described_as = described(fresh)
        targets: dict[str, Path] = {}
        listed = Published(
            set=name,
            created=str(described_as["about"]["built"]),
            checked=self._now(),
            signatures=sum(described_as["counts"].values()),
            machine=platform.machine(),
            garrison=__version__,
            files=self._whole(fresh, name, last, stage, targets),
            outbreak=options.outbreak,
        )
        if last is not None and old is not None and old.is_dir():
            update = _update(old, fresh, Update(last.set, name, {}), stage, targets)
            listed = replace(listed, deltas=_useful((*last.deltas, update), listed.packed))
        self._keep(fresh, name)
        self._release(listed, targets, stage)
        self._forget(name)
        return _outcome(listed, is_new=True)

    def _whole(
        self, fresh: Path, name: str, last: Published | None, stage: Path, targets: dict[str, Path]
    ) -> dict[str, Packed]:
        """Pack every file of a set; what has not changed since the last one is there already."""
        files = {}
        for file, told in described_files(fresh).items():
            if told["bytes"] > MOST_BYTES:
                raise Failed("{file} is larger than what can be published.", file=file)
            target, place = f"sets/{name}/{file}.zst", stage / f"{file}.zst"
            known = last.files.get(file) if last is not None else None
            before = self._repository.target_file(last.target(file)) if last is not None and known is not None else None
            if known is not None and known.sha256 == told["sha256"] and before is not None and before.is_file():
                os.link(before, place)
            else:
                with mapped(fresh / file) as view:
                    place.write_bytes(packed(view, _SMALL_LEVEL if len(view) <= _SMALL_BYTES else _LARGE_LEVEL))
            targets[target] = place
            files[file] = Packed(told["bytes"], told["sha256"], place.stat().st_size)
        return files

    def _release(self, listed: Published, targets: Mapping[str, Path], stage: Path) -> None:
        """Sign, and put into the served folder."""
        path = stage / LIST
        path.write_bytes(written(listed))
        kept = (f"sets/{listed.set}/", *(f"deltas/{each.before}-{each.after}/" for each in listed.deltas))

        def is_kept(target: str) -> bool:
            return target.startswith(kept) or not target.startswith(("sets/", "deltas/"))

        self._repository.publish({**targets, LIST: path}, is_kept)

    def _keep(self, fresh: Path, name: str) -> None:
        """Keep a set as it is, so that the next one can be told as an update of it."""
        self._sets.mkdir(mode=0o700, exist_ok=True)
        target = self._sets / name
        if target.exists():
            shutil.rmtree(target)
        fresh.rename(target)

    def _forget(self, name: str) -> None:
        for path in self._sets.iterdir():
            if path.name != name:
                shutil.rmtree(path, ignore_errors=True)


def _outcome(listed: Published, *, is_new: bool) -> Outcome:
    last = listed.deltas[-1] if listed.deltas else None
    return Outcome(
        name=listed.set,
        created=listed.created,
        signatures=listed.signatures,
        is_new=is_new,
        bytes=listed.packed,
        update_bytes=last.packed if last is not None else 0,
        failures={},
    )


def described_files(folder: Path) -> dict[str, dict[str, Any]]:
    """Return size and digest of each file of a set, its description included. Raises Failed."""
    files: dict[str, dict[str, Any]] = dict(described(folder)["files"])
    with mapped(folder / SET) as view:
        files[SET] = {"bytes": len(view), "sha256": _digest(view)}
    return files


def _digest(view: memoryview) -> str:
    return hashlib.sha256(view).hexdigest()


def _content(folder: Path) -> object:
    """Return what tells two sets apart, but for when they were made; None when there is none."""
    try:
        plain = described(folder)
    except Failed:
        return None
    return plain["files"], plain["about"].get("garrison")


@contextmanager
def mapped(path: Path) -> Iterator[memoryview]:
    """Give a file's content; no file of a set is empty. Raises OSError."""
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
        memoryview(content) as view,
    ):
        yield view


def _update(old: Path, fresh: Path, update: Update, stage: Path, targets: dict[str, Path]) -> Update:
    """Make the update from one set to the next: for each file whatever is smallest."""
    before = described_files(old)
    files = {}
    for name, told in described_files(fresh).items():
        if name in before and before[name]["sha256"] == told["sha256"]:
            files[name] = Packed(told["bytes"], told["sha256"], 0, SAME)
            continue
        whole = stage / f"{name}.zst"
        form, place = WHOLE, stage / f"{name}.update"
        if name in before:
            best = _smallest(name, old, fresh)
            if best is not None and len(best[1]) < whole.stat().st_size:
                form = best[0]
                place.write_bytes(best[1])
        if form == WHOLE:
            os.link(whole, place)
        targets[update.target(name)] = place
        files[name] = Packed(told["bytes"], told["sha256"], place.stat().st_size, form, _is_derivable(fresh, name))
    return replace(update, files=files)


def _is_derivable(fresh: Path, name: str) -> bool:
    """Return whether a file is what compiling it from the index of patterns makes."""
    if not is_derivable(name):
        return False
    with mapped(fresh / name) as content, mapped(fresh / INDEX) as index:
        try:
            return derived(name, index) == content
        except Failed:
            return False


def _smallest(name: str, old: Path, fresh: Path) -> tuple[str, bytes] | None:
    """Return the smallest update of a file that is in both sets, and its form."""
    with mapped(old / name) as was, mapped(fresh / name) as now:
        best = best_update(name, was, now)
        if name != INDEX:
            return best
        with mapped(old / RECORDS) as old_records, mapped(fresh / RECORDS) as new_records:
            index = index_update((was, now), (old_records, new_records))
        if index is None or (best is not None and len(best[1]) <= len(index)):
            return best
        made = b"".join(pieces_of(INDEXED, name, was, index, len(now)))
        return (INDEXED, index) if made == now else best


def _useful(updates: Sequence[Update], whole: int) -> tuple[Update, ...]:
    """Return the end of a chain of updates that is worth to be followed."""
    kept: list[Update] = []
    total = 0
    for update in reversed(updates[-_MOST_UPDATES:]):
        total += update.packed
        if total > _MOST_OF_WHOLE * whole:
            break
        kept.insert(0, update)
    return tuple(kept)
