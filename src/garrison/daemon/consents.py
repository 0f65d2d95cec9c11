"""Consents: who agreed to which purpose, and to which words. Nothing is assumed."""

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass

from garrison.base.clock import Clock
from garrison.base.errors import NotFound
from garrison.daemon.store import Store
from garrison.sdk import Caller
from garrison.wire.manifest import Manifest, Purpose


@dataclass(frozen=True, slots=True)
class Consent:
    """A purpose and whether an account agreed to it as it is worded today. at: ISO 8601, "" when never asked."""

    id: str
    title: str
    text: str
    given: bool
    at: str
    outdated: bool  # agreed once, but the words have changed since


class Consents:
    """The ledger of consents. Root and the account that the suite runs as speak for it with one voice."""

    def __init__(self, store: Store, clock: Clock, manifests: Iterable[Manifest]) -> None:
        self._store = store
        self._clock = clock
        self._purposes = {
            f"{manifest.id}.{purpose.id}": (manifest.id, purpose)
            for manifest in manifests
            for purpose in manifest.purposes
        }

    def all(self, caller: Caller) -> list[Consent]:
        """Return every purpose, with the caller's own word on it."""
        return [self._consent(caller, name, purpose) for name, (_, purpose) in self._purposes.items()]

    def has(self, caller: Caller, name: str) -> bool:
        """Return whether a caller's consent to a purpose is in force."""
        _, purpose = self._find(name)
        return self._consent(caller, name, purpose).given

    def word(self, caller: Caller, name: str) -> bool | None:
        """Return a caller's last word on a purpose as it is worded today; None when there is none."""
        _, purpose = self._find(name)
        consent = self._consent(caller, name, purpose)
        return consent.given if consent.at and not consent.outdated else None

    def record(self, caller: Caller, name: str, given: bool) -> Consent:
        """Write down that a caller gives or withdraws consent. Raises NotFound."""
        component, purpose = self._find(name)
        self._store.write(
            "INSERT INTO consent (at, uid, component, purpose, text_sha256, given) VALUES (?, ?, ?, ?, ?, ?)",
            (self._clock.now().isoformat(timespec="seconds"), caller.uid, component, purpose.id, _sha(purpose), given),
        )
        return self._consent(caller, name, purpose)

    def _find(self, name: str) -> tuple[str, Purpose]:
        if name not in self._purposes:
            raise NotFound("There is no purpose “{name}”.", "garrison consents list shows them.", name=name)
        return self._purposes[name]

    def _consent(self, caller: Caller, name: str, purpose: Purpose) -> Consent:
        component, _ = self._purposes[name]
        uids = (0, os.geteuid()) if caller.is_owner else (caller.uid, caller.uid)
        row = self._store.read(
            "SELECT * FROM consent WHERE uid IN (?, ?) AND component = ? AND purpose = ? ORDER BY id DESC LIMIT 1",
            (*uids, component, purpose.id),
        ).fetchone()
        agreed = bool(row and row["given"])
        current = bool(row and row["text_sha256"] == _sha(purpose))
        at = row["at"] if row else ""
        return Consent(name, purpose.title, purpose.text, agreed and current, at, agreed and not current)


def _sha(purpose: Purpose) -> str:
    return hashlib.sha256(purpose.text.encode()).hexdigest()
