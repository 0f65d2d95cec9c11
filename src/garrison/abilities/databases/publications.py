"""Published sets: taking them from signed repositories, by small updates where what is here allows it.

A publisher's repository has the target `databases.json` (see `published`). It is signed, and all the same nothing in it
is believed that can be checked: whatever comes has to be, byte for byte, the set that is named by its digest.
"""

import hashlib
import json
import platform
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from garrison.abilities.databases.building import name_of
from garrison.abilities.databases.compiler import do
from garrison.abilities.databases.delta import ATOMS, DERIVED, SAME
from garrison.abilities.databases.published import (
    LIST,
    MOST_LIST_BYTES,
    Packed,
    Published,
    Update,
    read_published,
    update_prefix,
)
from garrison.abilities.fetching import Ahead, Fetcher, Trusted
from garrison.base.errors import Failed, Invalid
from garrison.base.files import explain, read_json, write_atomically
from garrison.base.paths import own_program
from garrison.engine.set_files import SET

COMPONENT = "updates"
PURPOSE = "databases"
_ROOT_SECONDS = 60
_MOST_OF_LEAST = 1.4  # of the bytes, to compile less: 1 MB of atoms takes 0.1 s to compile, and none to patch
_MOST_OF_WHOLE = 0.5  # updates that come to more than so much of the whole set are not worth their work
_MOST_AHEAD_BYTES = 2 * 1024 * 1024  # of updates that come with the list; larger ones are worth another process
_FINGERPRINT_CHARS = 32

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Taken:
    """What was taken. folder: the complete set, ready to be adopted; that in use when is_new is false.

    created, checked: ISO 8601, when the set was compiled, and when its publisher last looked for anything newer.
    transferred: bytes that came over the network. is_stale: its signature has expired (a folder, on a stick).
    failures: by source, why it did not serve. is_outbreak: the publisher asks everybody to look more often.
    """

    folder: Path
    name: str
    created: str
    signatures: int
    source: str
    transferred: int
    is_new: bool
    checked: str = ""
    is_stale: bool = False
    is_outbreak: bool = False
    is_delta: bool = False
    failures: Mapping[str, str] | None = None


async def take(  # noqa: PLR0913 # whom to ask, what is here, where to
    fetcher: Fetcher,
    sources: Sequence[str],
    trust: Path,
    current: Path | None,
    to: Path,
    progress: Tell | None = None,
    *,
    by_hand: bool = False,
) -> Taken:
    """Take the newest published set into a folder, on the disk of the sets; what is left there of an earlier try goes.

    sources: addresses, tried in turn. trust: the folder with the pinned root. current: the set in use. progress: bytes
    so far, and of all. Raises what `Fetcher.trusted` does, and Failed; then there is no such folder.
    """
    asked = _Asked(fetcher, sources, trust, progress, by_hand)
    try:
        return await _take(asked, current, to)
    except _OtherByNow:
        return await _take(asked, current, to)


async def _take(asked: "_Asked", current: Path | None, to: Path) -> Taken:
    with asked.fetcher.spool() as spool:
        before = "" if current is None else current.name
        published, listed = await asked.list(spool, before)
        return await _follow(asked, published, listed, current, to)


async def _follow(asked: "_Asked", published: Published, listed: Trusted, current: Path | None, to: Path) -> Taken:
    """Take what is published. listed: what came with the list."""
    before = None if current is None else current.name
    if published.set == before:
        assert current is not None
        return _taken(published, current, listed, listed.transferred, is_new=False, is_delta=False)
    if published.machine != platform.machine():
        raise Failed("The published databases are for another kind of processor, {machine}.", machine=published.machine)
    transferred = listed.transferred
    plans = _plans(published, current)
    while True:
        plan = plans.pop(0)
        with asked.fetcher.spool() as spool:
            brought = await asked.bring(plan.targets(), spool, listed)
            transferred += brought.transferred if brought is not listed else 0
            why = await _assembled(plan, brought, current, to)
        if not why:
            break
        if not plans:
            raise Failed(why)
    if name_of(to) != published.set:
        shutil.rmtree(to, ignore_errors=True)
        raise Failed("The published databases are not those that their name tells.")
    return _taken(published, to, brought, transferred, is_new=True, is_delta=plan.is_delta)


def _taken(
    published: Published, folder: Path, trusted: Trusted, transferred: int, *, is_new: bool, is_delta: bool
) -> Taken:
    return Taken(
        folder=folder,
        name=published.set,
        created=published.created,
        signatures=published.signatures,
        source=trusted.source,
        transferred=transferred,
        is_new=is_new,
        checked=published.checked,
        is_stale=trusted.is_stale,
        is_outbreak=published.outbreak,
        is_delta=is_delta,
        failures=trusted.failures,
    )


class _OtherByNow(Failed):
    """Something newer was published while the list was read."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whom to ask, and how."""

    fetcher: Fetcher
    sources: Sequence[str]
    trust: Path
    progress: Tell | None
    by_hand: bool

    async def list(self, spool: Path, before: str) -> tuple[Published, Trusted]:
        """Return what is published, and what came with that: small updates of the set before too. Raises Failed."""
        ahead = Ahead(update_prefix(before), ATOMS, _MOST_OF_LEAST - 1, _MOST_AHEAD_BYTES) if before else None
        trusted = await self._trusted([LIST], spool, ahead)
        if LIST not in trusted.targets:
            raise Failed("{source} has no databases yet.", source=trusted.source)
        with trusted.targets[LIST].open("rb") as file:
            content = file.read(MOST_LIST_BYTES + 1)
        if len(content) > MOST_LIST_BYTES:
            raise Failed("What the publisher says of its databases is too long.")
        return read_published(content), trusted

    async def bring(self, targets: Sequence[str], spool: Path, listed: Trusted) -> Trusted:
        """Fetch those targets that did not come with the list. Raises _OtherByNow when one of them is missing."""
        missing = [target for target in targets if target not in listed.targets]
        if not missing:
            return listed
        trusted = await self._trusted(missing, spool)
        if set(missing) - set(trusted.targets):
            raise _OtherByNow(f"{trusted.source} has other databases by now.", "Update again.")
        return replace(trusted, targets={**listed.targets, **trusted.targets})

    async def _trusted(self, targets: Sequence[str], spool: Path, ahead: Ahead | None = None) -> Trusted:
        trusted = await self.fetcher.trusted(
            self.sources,
            self.trust,
            list(targets),
            spool,
            component=COMPONENT,
            purpose=PURPOSE,
            progress=self.progress,
            by_hand=self.by_hand,
            ahead=ahead,
        )
        await _verified(self.trust, trusted.targets)
        return trusted


async def _verified(trust: Path, targets: Mapping[str, Path]) -> None:
    """Have a process that never had the network look at the signatures once more. Raises Failed."""
    request = {"trust": str(trust), "targets": {name: str(path) for name, path in targets.items()}}
    await do(request, "garrison.abilities.databases.verifying")


@dataclass(frozen=True, slots=True)
class _Step:
    """One step of the way: the files of the set it makes, and the target of each that has one."""

    files: Mapping[str, Packed]
    targets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """How to get to the published set. is_delta: by updates of the one in use."""

    steps: tuple[_Step, ...]
    is_delta: bool

    def targets(self) -> list[str]:
        return [target for step in self.steps for target in step.targets.values()]


def _plans(published: Published, current: Path | None) -> list[_Plan]:
    """Return the ways to the published set, that with the fewest bytes first; each may turn out not to lead there.

    By updates, of which a computer of the publisher's kind needs fewer; or the whole set, but for files that are here;
    or all of it.
    """
    here = {} if current is None else _files_of(current)
    rest = {
        name: Packed(file.bytes, file.sha256, 0, SAME) if here.get(name) == file.sha256 else file
        for name, file in published.files.items()
    }
    plans = []
    way = published.way_from(current.name) if current is not None and here else ()
    if way and sum(update.packed for update in way) < _MOST_OF_WHOLE * sum(file.packed for file in rest.values()):
        if any(file.derivable for update in way for file in update.files.values()):
            plans.append(_Plan(_derived(way), is_delta=True))
        plans.append(_Plan(tuple(_Step(each.files, _targets(each.files, each.target)) for each in way), is_delta=True))
    elif here:
        plans.append(_Plan((_Step(rest, _targets(rest, published.target)),), is_delta=False))
    return [*plans, _Plan((_Step(published.files, _targets(published.files, published.target)),), is_delta=False)]


def _derived(way: Sequence[Update]) -> tuple[_Step, ...]:
    """Return the steps with files compiled that can be, at their last change; before that they are not needed.

    Those with the smallest updates are not compiled, as long as that brings little more over the network.
    """
    last = {
        name: number for number, update in enumerate(way) for name, file in update.files.items() if file.form != SAME
    }
    compiled = _worth_compiling(way, {name for name, number in last.items() if way[number].files[name].derivable})
    steps = []
    for number, update in enumerate(way):
        files = {}
        for name, file in update.files.items():
            if name not in compiled or number > last[name]:
                files[name] = file
            elif number == last[name]:
                files[name] = replace(file, form=DERIVED, packed=0)
        steps.append(_Step(files, _targets(files, update.target)))
    return tuple(steps)


def _worth_compiling(way: Sequence[Update], derivable: set[str]) -> set[str]:
    """Return which files are compiled, as fetching their updates too would come to more than a little more."""
    sizes = dict.fromkeys(sorted(derivable), 0)
    least = 0
    for update in way:
        for name, file in update.files.items():
            if name in sizes:
                sizes[name] += file.packed
            else:
                least += file.packed
    left = (_MOST_OF_LEAST - 1) * least
    compiled = derivable.copy()
    for name in sorted(sizes, key=sizes.__getitem__):
        left -= sizes[name]
        if left < 0:
            break
        compiled.remove(name)
    return compiled


def _targets(files: Mapping[str, Packed], target: Callable[[str], str]) -> dict[str, str]:
    return {name: target(name) for name, file in files.items() if file.form not in {SAME, DERIVED}}


def _files_of(folder: Path) -> dict[str, str]:
    """Return the digest of each file of a set, {} when it does not say."""
    try:
        plain = read_json(folder / SET)
        return {str(name): str(told["sha256"]) for name, told in plain["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


async def _assembled(plan: _Plan, brought: Trusted, current: Path | None, to: Path) -> str:
    """Have a plan carried out; return why it does not lead to what was published, "" when it does. Raises Failed."""
    steps: list[dict[str, Any]] = []
    for step in plan.steps:
        made = {
            name: {"form": file.form, "path": str(brought.targets[step.targets[name]]) if name in step.targets else ""}
            for name, file in step.files.items()
        }
        files = {name: {"bytes": file.bytes, "sha256": file.sha256} for name, file in step.files.items()}
        steps.append({"files": files, "made": made})
    for left in (to, *to.parent.glob(f"{to.name}.step-*")):
        shutil.rmtree(left, ignore_errors=True)
    told = await do({"assemble": {"old": None if current is None else str(current), "to": str(to), "steps": steps}})
    return str(told["why"])


def fingerprint(root: bytes) -> str:
    """Return what people compare before they trust a root: eight groups of four."""
    digest = hashlib.sha256(root).hexdigest()[:_FINGERPRINT_CHARS]
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def check_root(root: bytes) -> str:
    """Return the fingerprint of a root that holds by its own keys. It blocks for a moment. Raises Invalid, Failed."""
    try:
        done = subprocess.run(
            own_program("garrison.abilities.databases.rooting"),
            input=root,
            capture_output=True,
            timeout=_ROOT_SECONDS,
            check=True,
        )
        told = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise Failed("The root could not be looked at.") from error
    if "error" in told:
        raise Invalid(
            "This is no root of a publisher: {told}.",
            "It is the file DIR/public/metadata/root.json of the publisher.",
            told=told["error"],
        )
    return fingerprint(root)


def pin(trust: Path, root: bytes) -> str:
    """Trust a publisher from now on, and return the root's fingerprint. What another one had published is forgotten.

    It blocks for a moment. Raises Invalid when this is no root, Failed, and what `explain` makes of an OSError.
    """
    found = check_root(root)
    try:
        trust.mkdir(mode=0o700, parents=True, exist_ok=True)
        pinned = trust / "root.json"
        if not pinned.is_file() or pinned.read_bytes() != root:
            shutil.rmtree(trust / "metadata", ignore_errors=True)
            write_atomically(pinned, root)
    except OSError as error:
        raise explain(error, "write {path}", path=trust) from error
    return found


def pinned(trust: Path) -> str:
    """Return the fingerprint of the root that is trusted, "" when there is none."""
    try:
        return fingerprint((trust / "root.json").read_bytes())
    except OSError:
        return ""
