"""ClamAV's databases: the official ones, any mirror of them, or one container by its address.

A mirror serves NAME.cvd, NAME-VERSION.cdiff for the step to each version, and beside both, since ClamAV 1.5, a .sign
file (docs.clamav.net, "CVD and CDIFF files", "Private local mirrors"). What is kept are the files inside, so that a
difference can be applied, and NAME.version.
"""

import shutil
from pathlib import Path, PurePosixPath

from garrison.abilities.databases.feeds.feed import MIB, Accepted, Came, Feed, File, Kind
from garrison.base.errors import Invalid
from garrison.engine.signatures.cdiff import apply, version_of
from garrison.engine.signatures.containers import Container
from garrison.engine.signatures.proofs import Trust
from garrison.engine.signatures.sources import CONTAINERS, PROOF, ending

_NAMES = ("main", "daily")
_CONTAINER_BYTES = 1024 * MIB
_STEP_BYTES = 64 * MIB
_PROOF_BYTES = MIB
_AT_ONCE = 8  # differences that are asked for in one round
_MOST_STEPS = 64  # that are taken at once; the next time goes on
_PIECE = MIB


class ClamAV(Kind):
    """A folder that is served with ClamAV's databases, or one container."""

    compiles = True

    def first(self, feed: Feed, kept: Path) -> tuple[File, ...]:
        """Return the next difference of each database that is there, and the whole of the others."""
        if _is_container(feed):
            return (_whole(feed, _single(feed)),)
        found = ((name, _version(kept, name)) for name in _NAMES)
        return tuple(
            _whole(feed, name) if version is None else _step(feed, name, version + 1) for name, version in found
        )

    def stands_for(self, name: str) -> str:
        """Return the whole database that is not wanted once a difference came; what proves a file is always wanted."""
        if name.endswith(PROOF):
            return ""
        return f"{name.rpartition('-')[0]}.cvd" if name.endswith(".cdiff") else name

    def accept(self, came: Came, to: Path, trust: Trust) -> Accepted:
        """Check what came, and unpack it or apply the differences."""
        names = (_single(came.feed),) if _is_container(came.feed) else _NAMES
        more = [file for name in names for file in _more(came, name) if file.name not in came.tried]
        if more:
            return Accepted(tuple(more))
        about = {}
        for name in names:
            version = _take(came, name, to, trust)
            if version is not None:
                about[name] = str(version)
        if not about:
            raise Invalid("{title} has none of ClamAV's databases.", "Is the address right?", title=came.feed.title)
        return Accepted(about=about)


def _is_container(feed: Feed) -> bool:
    return ending(feed.address) in CONTAINERS


def _single(feed: Feed) -> str:
    return PurePosixPath(feed.address).name.rpartition(".")[0]


def _whole(feed: Feed, name: str) -> File:
    if _is_container(feed):
        return File(feed.address, f"{name}{ending(feed.address)}", _CONTAINER_BYTES)
    return File(_beside(feed, f"{name}.cvd"), f"{name}.cvd", _CONTAINER_BYTES)


def _step(feed: Feed, name: str, version: int) -> File:
    file = f"{name}-{version}.cdiff"
    return File(_beside(feed, file), file, _STEP_BYTES, is_optional=True)


def _proof(feed: Feed, file: str) -> File:
    return File(_beside(feed, f"{file}.sign"), f"{file}.sign", _PROOF_BYTES, is_optional=True)


def _beside(feed: Feed, file: str) -> str:
    folder = feed.address.rpartition("/")[0] if _is_container(feed) else feed.address.rstrip("/")
    return f"{folder}/{file}"


def _version(kept: Path, name: str) -> int | None:
    try:
        return int((kept / f"{name}.version").read_text("ascii"))
    except (OSError, ValueError):
        return None


def _more(came: Came, name: str) -> list[File]:
    """Return what else is worth asking for: the next differences, what proves them, the whole when there are none."""
    whole = _whole(came.feed, name)
    container = came.file(whole.name)
    if container is not None:
        with container.open("rb") as file:
            signed = Container(whole.name, file).version
        return [_proof(came.feed, f"{name}-{signed}{ending(whole.name)}")]
    version = _version(came.kept, name)
    if version is None or _is_container(came.feed):
        return []
    steps = _steps(came, name, version)
    if not steps:
        return [whole]  # nothing leads from here to the next: there is no next one, or it is too long ago
    following = [_step(came.feed, name, steps[-1] + more) for more in range(1, _AT_ONCE + 1)]
    is_end = following[0].name in came.tried or len(steps) >= _MOST_STEPS
    return [*(_proof(came.feed, f"{name}-{step}.cdiff") for step in steps), *([] if is_end else following)]


def _steps(came: Came, name: str, version: int) -> list[int]:
    """Return the versions to which differences lead without a gap."""
    steps = []
    while came.file(f"{name}-{version + 1}.cdiff") is not None:
        version += 1
        steps.append(version)
    return steps


def _take(came: Came, name: str, to: Path, trust: Trust) -> int | None:
    """Write one database as it is now; return its version, None when there is none. Raises Invalid."""
    whole = _whole(came.feed, name).name
    container = came.file(whole)
    version = _version(came.kept, name)
    if container is not None and not _is_older(container, version):
        return _unpack(came, container, name, to, trust)
    if version is None:
        return None
    (to / name).mkdir()
    steps = _steps(came, name, version)
    if not steps:
        shutil.copytree(came.kept / name, to / name, copy_function=_link, dirs_exist_ok=True)
    else:
        version = _patch(came, name, steps, to / name, trust)
    (to / f"{name}.version").write_text(str(version), "ascii")
    return version


def _is_older(path: Path, version: int | None) -> bool:
    """Return whether a container, be it signed by whom it may, is older than what is here. Raises Invalid, OSError."""
    with path.open("rb") as file:
        return version is not None and Container(path.name, file).version < version


def _unpack(came: Came, path: Path, name: str, to: Path, trust: Trust) -> int:
    (to / name).mkdir()
    with path.open("rb") as file:
        container = Container(path.name, file)
        proof = came.file(f"{name}-{container.version}{ending(path.name)}.sign")
        names = container.check(trust, proof.read_bytes() if proof is not None else b"")
        for member, content in container.members():
            if member in names and member != "COPYING":
                with (to / name / member).open("wb") as out:
                    shutil.copyfileobj(content, out, _PIECE)
        version = container.version
    if not any((to / name).iterdir()):
        raise Invalid("{name} cannot be used: there is nothing in it.", name=path.name)
    (to / f"{name}.version").write_text(str(version), "ascii")
    return version


def _patch(came: Came, name: str, steps: list[int], to: Path, trust: Trust) -> int:
    files = {path.name: path.read_bytes() for path in (came.kept / name).iterdir()}
    for step in steps:
        path = came.folder / f"{name}-{step}.cdiff"
        diff, proof = path.read_bytes(), came.file(f"{path.name}.sign")
        if version_of(diff) != step:
            raise Invalid("{name} leads to another version than its name says.", name=path.name)
        files = apply(files, diff, trust, proof.read_bytes() if proof is not None else b"")
    for file, content in files.items():
        (to / file).write_bytes(content)
    return steps[-1]


def _link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target
