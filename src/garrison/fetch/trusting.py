"""Signed repositories: The Update Framework's client, over our own requests and folders.

A repository is a served folder with `metadata` and `targets` (TUF specification 1.0, consistent snapshots). What is
known of it lies in a folder `trust`: `root.json`, pinned by the owner and never written here, and in `metadata` what
was signed since, so that nothing older is taken again.
"""

import _strptime  # type: ignore[import-not-found] # noqa: F401 # datetime loads it late, when files are out of reach
import contextlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO

import tuf.api.serialization.json  # noqa: F401 # likewise
from tuf.api import exceptions as refused
from tuf.api.metadata import Metadata, TargetFile, Timestamp
from tuf.ngclient.config import UpdaterConfig
from tuf.ngclient.fetcher import FetcherInterface
from tuf.ngclient.updater import Updater

from garrison.base.errors import Failed, GarrisonError, Invalid, Unavailable
from garrison.fetch.getting import Getter, Progress
from garrison.fetch.trouble import Trouble
from garrison.wire.addresses import parse_address
from garrison.wire.fetching import MOST_AHEAD, TARGETS, TRUST, Ahead, Refreshed, TrustedJob, Wanted

_METADATA_BYTES = 4 * 1024 * 1024
_SERVED = "/public"  # what a publisher serves of its folder; either may be named
_CONFIG = UpdaterConfig(
    max_root_rotations=256,
    root_max_length=512 * 1024,
    timestamp_max_length=16 * 1024,
    snapshot_max_length=_METADATA_BYTES,
    targets_max_length=_METADATA_BYTES,
)
_DOWNLOAD = "metadata.part"


def refresh(job: TrustedJob, getter: Getter, progress: Progress) -> Refreshed:
    """Refresh what is known of a repository, and bring targets, from the first of the sources that serves them.

    The current folder is the spool. Raises Invalid without a pinned root, Failed when what the
    sources have is not to be trusted, Unavailable when none could be reached.
    """
    failures: dict[str, str] = {}
    is_distrusted = False
    now = datetime.fromisoformat(job.now)
    os.makedirs(TARGETS, exist_ok=True)
    for source in job.sources:
        before = getter.transferred
        try:
            brought = _from_source(source, job, getter, now, progress)
        except Distrust as distrust:
            failures[source] = distrust.text
            is_distrusted = True
        except Trouble as trouble:
            failures[source] = trouble.text
        else:
            came = getter.transferred - before
            told = (brought.version, brought.expires, source, came, brought.is_stale, failures)
            return Refreshed(brought.indices, *told, brought.ahead)
    raise _none_served(failures, is_distrusted=is_distrusted)


def _none_served(failures: dict[str, str], *, is_distrusted: bool) -> GarrisonError:
    text = " ".join(dict.fromkeys(failures.values())) or "No source of databases is named."
    return Failed(text, "The databases in use stay.") if is_distrusted else Unavailable(text, "Try again later.")


class Distrust(Trouble):
    """What a source has is not what the pinned root vouches for."""


@dataclass(frozen=True, slots=True)
class _Brought:
    """What one source brought."""

    indices: tuple[int, ...]
    version: int
    expires: str
    is_stale: bool
    ahead: tuple[str, ...]


class _Requests(FetcherInterface):
    """What the library asks for, by our requests."""

    def __init__(self, getter: Getter) -> None:
        self._getter = getter

    def _fetch(self, url: str) -> Iterator[bytes]:
        with self.download_file(url, _METADATA_BYTES) as file:
            yield file.read()

    @contextmanager
    def download_file(self, url: str, max_length: int) -> Iterator[IO[bytes]]:
        """Download a file of metadata. Raises DownloadHTTPError when there is none, and DownloadError."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_DOWNLOAD)
        try:
            self._getter.take(Wanted(url, _DOWNLOAD, max_length), _quiet)
        except Trouble as trouble:
            if trouble.status in {403, 404}:
                raise refused.DownloadHTTPError(trouble.text, 404) from trouble
            raise refused.DownloadError(trouble.text) from trouble
        with open(_DOWNLOAD, "rb") as file:
            yield file


class _Client(Updater):
    """The library's client, in a folder that only the current folder leads to."""

    def _persist_file(self, filename: str, data: bytes) -> None:
        fresh = f"{filename}.new"
        Path(fresh).write_bytes(data)
        os.replace(fresh, filename)


def _quiet(done: int, total: int | None) -> None:
    del done, total


@dataclass(frozen=True, slots=True)
class _Want:
    """What is wanted of a source. is_offline: it is a folder, whose age nobody can help."""

    names: tuple[str, ...]
    ahead: Ahead | None
    now: datetime
    progress: Progress
    is_offline: bool


def _from_source(source: str, job: TrustedJob, getter: Getter, now: datetime, progress: Progress) -> _Brought:
    try:
        address = parse_address(source)
    except Invalid as error:
        raise Trouble(error.text) from error
    want = _Want(job.names, job.ahead, now, progress, address.is_file)
    base = (address.text if address.is_file else source).rstrip("/")
    try:
        return _from_base(base, want, getter)
    except _NoRepository as missing:
        with contextlib.suppress(_NoRepository):
            return _from_base(base + _SERVED, want, getter)
        raise missing from None


def _from_base(base: str, want: _Want, getter: Getter) -> _Brought:
    """Refresh and bring from one served folder. Raises Trouble."""
    where = parse_address(base).text
    try:
        with _explained(where):
            updater = _updater(base, getter)
            is_stale = _refreshed(updater, want)
            found = {name: updater.get_targetinfo(name) for name in want.names}
    except GarrisonError as error:
        raise Trouble(error.text) from error
    known = updater._trusted_set  # noqa: SLF001 # the library shows versions and times nowhere else
    signed = (known.root, known.timestamp, known.snapshot, known.targets)
    named = {index: info for index, name in enumerate(want.names) if (info := found[name]) is not None}
    ahead = dict(enumerate(chosen_ahead(want.ahead, known.targets.targets), len(want.names)))
    total = sum(info.length for info in (*named.values(), *ahead.values()))
    before = 0

    def bring(index: int, info: TargetFile) -> None:
        nonlocal before
        with _explained(where):
            _bring(f"{base}/targets/", index, info, getter, lambda done, _: want.progress(before + done, total))
        before += info.length

    for index, info in named.items():
        bring(index, info)
    came: list[str] = []
    with contextlib.suppress(Trouble):  # whoever wants one of the rest asks for it by name, and hears what was wrong
        for index, info in ahead.items():
            bring(index, info)
            came.append(info.path)
    expires = min(each.expires for each in signed).isoformat()
    return _Brought(tuple(named), known.targets.version, expires, is_stale, tuple(came))


def chosen_ahead(ahead: Ahead | None, targets: Mapping[str, TargetFile]) -> list[TargetFile]:
    """Return which targets are brought ahead, as `Ahead` says; none when they are many."""
    if ahead is None:
        return []
    found = [info for name, info in sorted(targets.items()) if name.startswith(ahead.prefix)]
    spare = [info for info in found if info.path.rpartition("/")[2].startswith(ahead.spare)]
    chosen = [info for info in found if info not in spare]
    left = ahead.share * sum(info.length for info in chosen)
    for info in sorted(spare, key=lambda info: info.length):
        left -= info.length
        if left < 0:
            break
        chosen.append(info)
    is_small = sum(info.length for info in chosen) <= ahead.most_bytes and len(chosen) <= MOST_AHEAD
    return chosen if is_small else []


def _updater(base: str, getter: Getter) -> Updater:
    metadata = Path(TRUST, "metadata")
    metadata.mkdir(exist_ok=True)
    try:
        root = Path(TRUST, "root.json").read_bytes()
    except OSError as error:
        raise Invalid("No publisher of databases is trusted.", "garrison databases trust ADDRESS") from error
    return _Client(
        str(metadata),
        f"{base}/metadata/",
        target_base_url=f"{base}/targets/",
        fetcher=_Requests(getter),
        config=_CONFIG,
        bootstrap=root,
    )


def _refreshed(updater: Updater, want: _Want) -> bool:
    """Refresh; return whether what was signed has expired, which is let pass for a folder only.

    A folder is as old as it is, and nobody gains by handing over an old one: it cannot be older than what is known. The
    root has to hold in any case.
    """
    known = updater._trusted_set  # noqa: SLF001 # the library takes the time from nobody
    known.reference_time = want.now
    if not want.is_offline:
        updater.refresh()
        return False
    ends = _end_of(updater)
    if ends is None or ends > want.now:
        updater.refresh()
        return False
    known.reference_time = ends - timedelta(seconds=1)
    updater.refresh()
    if known.root.is_expired(want.now):
        raise refused.ExpiredMetadataError("root")
    return True


def _end_of(updater: Updater) -> datetime | None:
    """Return until when the timestamp of a folder is signed, as it says itself; None when it cannot be read."""
    content = updater._download_metadata(Timestamp.type, _CONFIG.timestamp_max_length)  # noqa: SLF001 # as it does
    try:
        return Metadata[Timestamp].from_bytes(content).signed.expires
    except (refused.RepositoryError, RecursionError):
        return None


def _bring(base: str, index: int, info: TargetFile, getter: Getter, progress: Progress) -> None:
    """Bring a target to its place in the spool, unless an earlier source brought it; it is verified there."""
    place = f"{TARGETS}/{index}"
    with contextlib.suppress(OSError, refused.LengthOrHashMismatchError), open(place, "rb") as file:
        info.verify_length_and_hashes(file)
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(place)
    folder, slash, name = info.path.rpartition("/")
    digest = next(iter(info.hashes.values()))
    getter.take(Wanted(f"{base}{folder}{slash}{digest}.{name}", place, info.length), progress)
    with open(place, "rb") as file:
        info.verify_length_and_hashes(file)


class _NoRepository(Trouble):
    """There is nothing of a repository at an address."""


@contextmanager
def _explained(where: str) -> Iterator[None]:
    """Say what the library found wrong in a sentence. Raises Distrust or Trouble."""
    try:
        yield
    except refused.DownloadHTTPError as error:
        raise _NoRepository(f"{where} has no signed databases: {error}", status=404) from error
    except refused.DownloadError as error:
        raise Trouble(str(error)) from error
    except (refused.RepositoryError, RecursionError, ValueError, KeyError, TypeError) as error:
        says = next((text for kind, text in _SAYS if isinstance(error, kind)), _NOT_UNDERSTOOD)
        raise Distrust(f"{where} {says}.") from error
    except OSError as error:
        raise Trouble(
            f"What is known of {where} could not be kept: {(error.strerror or str(error)).lower()}."
        ) from error


_NOT_UNDERSTOOD = "does not keep to the rules of a signed repository, so nothing is taken from it"
_SAYS: tuple[tuple[type[Exception], str], ...] = (
    (
        refused.ExpiredMetadataError,
        "has only databases whose signature has expired: its publisher has stopped, or newer ones are being held back",
    ),
    (refused.UnsignedMetadataError, "has databases that are not signed by the keys that are trusted"),
    (refused.BadVersionNumberError, "has older databases than it had before, or parts of different ones"),
    (refused.LengthOrHashMismatchError, "has files that are not those that were signed"),
)
