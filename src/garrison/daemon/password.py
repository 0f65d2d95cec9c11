"""The password that protects the management: its rules, its hash, and the wait after wrong ones.

Argon2id (RFC 9106) with the parameters that section 4 recommends second: 64 MiB, three passes, four lanes. They stand
in the stored hash (the PHC string format), so that later ones can differ. The hash is never shown, and the password is
kept nowhere. How many wrong ones an account gave is on disk: a restart forgives nothing, and no account's mistakes keep
another one waiting.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from garrison.abilities.rights import Scope
from garrison.base.clock import Clock
from garrison.base.errors import Invalid, NotFound, Refused
from garrison.base.files import explain, read_json, write_json
from garrison.sdk import Secret

log = logging.getLogger(__name__)
_VERSION = 1
_PASSES, _LANES, _KIB = 3, 4, 64 * 1024
_SALT_BYTES, _HASH_BYTES = 16, 32
_SHORTEST, _LONGEST = 8, 256
_FREE_TRIES = 3  # before there is a wait
_LONGEST_WAIT_SECONDS = 900.0
_MOST_ACCOUNTS = 1000
CHOSEN = tuple(scope for scope in Scope if scope is not Scope.PASSWORD)
USUAL = frozenset(CHOSEN) - {Scope.REPORTS}
_FILE = "password.json"


@dataclass(frozen=True, slots=True)
class Protection:
    """hash: of the password, "" when the file is damaged: then nothing opens. scopes: what it protects."""

    hash: str
    scopes: frozenset[Scope]


@dataclass(frozen=True, slots=True)
class _Tries:
    wrong: int = 0
    not_before: float = 0.0  # seconds of the clock


class PasswordBook:
    """Keeps the password's hash, and counts wrong ones."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        """Read it. What is damaged protects all the same, and opens to nobody."""
        self.folder = folder
        self._file = folder / _FILE
        self._tries_file = folder / "tries.json"
        self._clock = clock
        self._trying: set[int] = set()
        self._room = asyncio.Semaphore(2)  # each hash takes 64 MiB
        self.protection = self._read()
        self._tries = self._read_tries()

    def _read(self) -> Protection | None:
        try:
            plain = read_json(self._file)
            return Protection(str(plain["hash"]), frozenset(Scope(name) for name in plain["scopes"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError, KeyError) as error:
            log.error("the password's file %s cannot be read: %s", self._file, error)  # noqa: TRY400 # no trace needed
            return Protection("", USUAL)

    def _read_tries(self) -> dict[int, _Tries]:
        try:
            return {
                int(uid): _Tries(int(wrong), float(until))
                for uid, (wrong, until) in read_json(self._tries_file).items()
            }
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def protects(self, scope: Scope) -> bool:
        """Whether the password is asked for something."""
        return self.protection is not None and (scope is Scope.PASSWORD or scope in self.protection.scopes)

    async def set(self, password: Secret) -> None:
        """Have another password. Raises Invalid that names every rule it breaks, and what writing raises."""
        text = password.get_secret_value()
        check_rules(text)
        async with self._room:
            hashed = await asyncio.to_thread(_hash, text)
        scopes = self.protection.scopes if self.protection else USUAL
        self._write(Protection(hashed, scopes))
        self._forget_tries()

    def protect(self, scopes: Iterable[Scope]) -> None:
        """Ask for the password for these. Raises NotFound without one, and what writing raises."""
        if self.protection is None:
            raise NotFound("There is no password.", "Set one: garrison password set")
        self._write(replace(self.protection, scopes=frozenset(scopes) - {Scope.PASSWORD}))

    def remove(self) -> bool:
        """Have no password any more; return whether there was one. Raises what removing a file raises."""
        was = self.protection is not None
        try:
            self._file.unlink(missing_ok=True)
        except OSError as error:
            raise explain(error, "remove {path}", path=self._file) from error
        self.protection = None
        self._forget_tries()
        return was

    async def is_right(self, uid: int, password: Secret) -> bool:
        """Return whether it is the password. Raises NotFound, and Refused while the account has to wait.

        A try counts as wrong until it was right: a kill in between gives nobody another one.
        """
        if self.protection is None:
            raise NotFound("There is no password.", "Set one: garrison password set")
        seconds = self.wait_seconds(uid)
        if seconds > 0:
            raise Refused("After so many wrong passwords, wait {seconds} seconds.", seconds=int(seconds) + 1)
        if uid in self._trying:
            raise Refused("A password is being checked already.", "Try again in a moment.")
        self._trying.add(uid)
        try:
            self._count_wrong(uid)
            async with self._room:
                hashed, text = self.protection.hash, password.get_secret_value()
                is_right = await asyncio.to_thread(_matches, hashed, text)
            if is_right:
                self._tries.pop(uid, None)
                self._write_tries()
        finally:
            self._trying.discard(uid)
        return is_right

    def wait_seconds(self, uid: int) -> float:
        """Return how long an account has to wait; 0 when it has not. A clock that was set back makes it no longer."""
        left = self._tries.get(uid, _Tries()).not_before - self._clock.now().timestamp()
        return max(0.0, min(left, _LONGEST_WAIT_SECONDS))

    def _count_wrong(self, uid: int) -> None:
        wrong = self._tries.get(uid, _Tries()).wrong + 1
        over = wrong - _FREE_TRIES
        wait = min(2.0 ** min(over, 20), _LONGEST_WAIT_SECONDS) if over >= 0 else 0.0
        if uid not in self._tries and len(self._tries) >= _MOST_ACCOUNTS:
            self._tries.pop(next(iter(self._tries)))
        self._tries[uid] = _Tries(wrong, self._clock.now().timestamp() + wait)
        self._write_tries()

    def _forget_tries(self) -> None:
        self._tries = {}
        self._write_tries()

    def _write_tries(self) -> None:
        write_json(self._tries_file, {str(uid): [each.wrong, each.not_before] for uid, each in self._tries.items()})

    def _write(self, protection: Protection) -> None:
        scopes = sorted(scope.value for scope in protection.scopes)
        plain: dict[str, Any] = {"version": _VERSION, "hash": protection.hash, "scopes": scopes}
        write_json(self._file, plain)
        self.protection = protection


def check_rules(untrusted: str) -> None:
    """Raise Invalid that names every rule that a password breaks."""
    missing = [
        what
        for what, is_met in (
            (f"at least {_SHORTEST} characters", len(untrusted) >= _SHORTEST),
            (f"at most {_LONGEST} characters", len(untrusted) <= _LONGEST),
            ("a digit", any(char.isdigit() for char in untrusted)),
            ("an upper-case letter", any(char.isupper() for char in untrusted)),
            ("a lower-case letter", any(char.islower() for char in untrusted)),
        )
        if not is_met
    ]
    if missing:
        raise Invalid("The password is not good enough. It needs: {missing}.", missing=", ".join(missing))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _hash(text: str) -> str:
    salt = secrets.token_bytes(_SALT_BYTES)
    made = Argon2id(salt=salt, length=_HASH_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_KIB)
    return str(made.derive_phc_encoded(_bytes(text)))


def _matches(hashed: str, untrusted: str) -> bool:
    try:
        Argon2id.verify_phc_encoded(_bytes(untrusted), hashed)
    except (InvalidKey, ValueError):  # another password, or a damaged file
        return False
    return True
