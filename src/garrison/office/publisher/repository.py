"""The signed repository that a publisher serves: The Update Framework's four roles (specification 1.0).

    metadata/N.root.json, root.json (the newest again, to be pinned), N.targets.json, N.snapshot.json, timestamp.json
    targets/FOLDER/DIGEST.NAME

The timestamp is replaced last and atomically: whoever reads meanwhile has what was there, whole. Files that nothing
names any more stay until the publication after, for those who are just reading them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from tuf.api.exceptions import RepositoryError, UnsignedMetadataError
from tuf.api.metadata import Metadata, MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp
from tuf.api.serialization.json import JSONSerializer

from garrison.base.clock import Clock
from garrison.base.errors import Failed, NotFound
from garrison.base.files import explain, sync_folder, write_atomically
from garrison.office.publisher.keys import Keys

ROLES: Final = ("root", "targets", "snapshot", "timestamp")
_PUBLIC_FILE = 0o644
_KEPT_VERSIONS = 2
_COMPACT = JSONSerializer(compact=True)


@dataclass(frozen=True, slots=True)
class Terms:
    """How many keys each role has and how many of them have to sign, and for how long their signatures hold."""

    keys: Mapping[str, int]
    thresholds: Mapping[str, int]
    days: Mapping[str, int]


class Repository:
    """One repository. folder: what is served. days: how long each role's signatures hold."""

    def __init__(self, folder: Path, keys: Keys, clock: Clock, days: Mapping[str, int]) -> None:
        self._metadata = folder / "metadata"
        self._targets = folder / "targets"
        self._keys = keys
        self._clock = clock
        self._days = days

    def exists(self) -> bool:
        """Return whether there is one."""
        return (self._metadata / "root.json").is_file()

    def init(self, terms: Terms) -> None:
        """Make an empty repository, with new keys. Raises what `explain` makes of an OSError."""
        try:
            for folder in (self._metadata, self._targets):
                folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        except OSError as error:
            raise explain(error, f"make the folder {folder}") from error
        root = Root(expires=self._end("root"), consistent_snapshot=True)
        for role in ROLES:
            for _ in range(terms.keys[role]):
                root.add_key(self._keys.make(role).public_key, role)
            root.roles[role].threshold = terms.thresholds[role]
        self._write_root(Metadata(root), None)
        self._sign_all(Targets(expires=self._end("targets")))

    def root(self) -> Root:
        """Return the newest root."""
        return cast("Root", self._load("root").signed)

    def signed(self, role: str) -> Any:
        """Return what a role signed last."""
        return self._load(role).signed

    def root_content(self) -> bytes:
        """Return the root that clients are to pin."""
        try:
            return self._newest_root().read_bytes()
        except OSError as error:
            raise NotFound("There is no publisher in {parent}.", _INIT, parent=self._metadata.parent.parent) from error

    def _newest_root(self) -> Path:
        """Return the root with the highest number; whatever was cut short, clients follow to it."""
        numbers = (path.name.partition(".")[0] for path in self._metadata.glob("*.root.json"))
        newest = max((int(number) for number in numbers if number.isdigit()), default=0)
        return self._metadata / f"{newest}.root.json"

    def target_file(self, target: str) -> Path | None:
        """Return where a target lies, None when there is none."""
        info = self.signed("targets").targets.get(target)
        return None if info is None else self._place(info)

    def publish(self, fresh: Mapping[str, Path], is_kept: Callable[[str], bool]) -> None:
        """Publish files as targets, beside those of before that are kept. The files are moved away.

        Raises Failed when keys are missing, and what `explain` makes of an OSError.
        """
        old = cast("Targets", self.signed("targets"))
        targets = {name: info for name, info in old.targets.items() if is_kept(name)}
        try:
            for name, path in fresh.items():
                targets[name] = TargetFile.from_file(name, str(path), ["sha256"])
                self._put(path, self._place(targets[name]))
        except OSError as error:
            raise explain(error, f"write to {self._targets}") from error
        signed = Targets(old.version + 1, expires=self._end("targets"), targets=targets)
        self._sign_all(signed)
        self._forget(old)

    def renew(self) -> None:
        """Sign again what there is, so that it holds for longer. Raises as `publish`."""
        old = cast("Targets", self.signed("targets"))
        self._sign_all(Targets(old.version + 1, expires=self._end("targets"), targets=old.targets))

    def rotate(self, role: str) -> None:
        """Give a role new keys in place of those it has, and sign anew; the root's own keys have to be here for it."""
        metadata = self._load("root")
        before, root = self.root(), cast("Root", metadata.signed)
        if len(self._keys.signers(before.roles["root"].keyids)) < before.roles["root"].threshold:
            raise _too_few(before)
        gone = list(root.roles[role].keyids)
        for _ in gone:
            root.add_key(self._keys.make(role).public_key, role)
        for key in gone:
            root.revoke_key(key, role)
        root.version += 1
        root.expires = self._end("root")
        if role != "root":  # signed by old and new keys it holds before and after the root changes
            old = cast("Targets", self.signed("targets"))
            targets = Targets(old.version + 1, expires=self._end("targets"), targets=old.targets)
            self._sign_all(targets, root, before)
        self._write_root(Metadata(root), before)
        self._keys.retire(role, gone)

    def _end(self, role: str) -> datetime:
        return self._clock.now().astimezone(UTC).replace(microsecond=0) + timedelta(days=self._days[role])

    def _place(self, info: TargetFile) -> Path:
        folder, _, name = info.path.rpartition("/")
        return self._targets / folder / f"{next(iter(info.hashes.values()))}.{name}"

    def _load(self, role: str) -> Metadata[Any]:
        try:
            path = self._newest_root() if role == "root" else self._newest(role)
            found: Metadata[Any] = Metadata.from_bytes(path.read_bytes())
        except (RepositoryError, OSError) as error:
            raise NotFound(
                "There is no publisher in {parent}, or it is damaged.", _INIT, parent=self._metadata.parent.parent
            ) from error
        return found

    def _newest(self, role: str) -> Path:
        """Return the last version that the timestamp tells of: one that was cut short is no version."""
        path = self._metadata / "timestamp.json"
        if role == "timestamp":
            return path
        timestamp = cast("Timestamp", Metadata.from_bytes(path.read_bytes()).signed)
        snapshot = self._metadata / f"{timestamp.snapshot_meta.version}.snapshot.json"
        if role == "snapshot":
            return snapshot
        listed = cast("Snapshot", Metadata.from_bytes(snapshot.read_bytes()).signed)
        return self._metadata / f"{listed.meta['targets.json'].version}.targets.json"

    def _write_root(self, metadata: Metadata[Any], before: Root | None) -> None:
        """Sign a root by its own keys and by those of the one before it, and write it."""
        root = cast("Root", metadata.signed)
        signing = [*root.roles["root"].keyids, *(before.roles["root"].keyids if before is not None else ())]
        for signer in self._keys.signers(signing):
            metadata.sign(signer, append=True)
        if not root.get_root_verification_result(before, metadata.signed_bytes, metadata.signatures):
            raise _too_few(before or root)
        content = metadata.to_bytes(_COMPACT)
        for name in (f"{root.version}.root.json", "root.json"):
            write_atomically(self._metadata / name, content, _PUBLIC_FILE)

    def _sign_all(self, targets: Targets, new: Root | None = None, before: Root | None = None) -> None:
        """Sign targets, a snapshot of them and a timestamp of that, and write them in this order.

        new, before: the root that is going to be, and the one that is; the keys of both then sign, if they are here.
        """
        root = new or self.root()
        keys = {role: [*root.roles[role].keyids, *(before.roles[role].keyids if before else ())] for role in ROLES}
        if new is None:
            write_atomically(self._metadata / "root.json", self.root_content(), _PUBLIC_FILE)
        version = 1
        if (self._metadata / "timestamp.json").exists():
            version = self.signed("timestamp").version + 1
        content = self._write(root, keys, targets, f"{targets.version}.targets.json")
        snapshot = Snapshot(
            version, expires=self._end("snapshot"), meta={"targets.json": _meta(targets.version, content)}
        )
        content = self._write(root, keys, snapshot, f"{version}.snapshot.json")
        timestamp = Timestamp(version, expires=self._end("timestamp"), snapshot_meta=_meta(version, content))
        self._write(root, keys, timestamp, "timestamp.json")

    def _write(self, root: Root, keys: Mapping[str, Sequence[str]], signed: Any, name: str) -> bytes:
        metadata: Metadata[Any] = Metadata(signed)
        role = signed.type
        for signer in self._keys.signers(keys[role]):
            metadata.sign(signer, append=True)
        try:
            root.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        except UnsignedMetadataError as error:
            raise Failed(
                "Publishing takes {threshold} of the keys of “{role}”, and fewer are here.",
                "Name the folder they are kept in (--keys FOLDER), or make new ones: garrison publisher rotate",
                threshold=root.roles[role].threshold,
                role=role,
            ) from error
        content: bytes = metadata.to_bytes(_COMPACT)
        write_atomically(self._metadata / name, content, _PUBLIC_FILE)
        return content

    def _put(self, path: Path, place: Path) -> None:
        place.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        path.chmod(_PUBLIC_FILE)
        os.replace(path, place)
        sync_folder(place.parent)

    def _forget(self, before: Targets) -> None:
        """Remove what neither the newest targets nor those before name, and old versions of what was signed."""
        now = cast("Targets", self.signed("targets"))
        named = {self._place(info) for signed in (before, now) for info in signed.targets.values()}
        with suppress(OSError):  # what is left does no harm
            for path in sorted(self._targets.rglob("*"), reverse=True):
                if path.is_dir():
                    with suppress(OSError):
                        path.rmdir()  # only when it is empty
                elif path not in named:
                    path.unlink()
            for role in ("targets", "snapshot"):
                newest = self.signed(role).version
                for path in self._metadata.glob(f"*.{role}.json"):
                    number = path.name.partition(".")[0]
                    if number.isdigit() and int(number) <= newest - _KEPT_VERSIONS:
                        path.unlink()


_INIT = "Make one: garrison publisher init DIR"


def _too_few(root: Root) -> Failed:
    return Failed(
        "Signing a root takes {threshold} of the root's keys, and fewer are here.",
        "Name the folder they are kept in: --keys FOLDER, and for encrypted ones --passphrase-file FILE",
        threshold=root.roles["root"].threshold,
    )


def _meta(version: int, content: bytes) -> MetaFile:
    return MetaFile.from_data(version, content, ["sha256"])
