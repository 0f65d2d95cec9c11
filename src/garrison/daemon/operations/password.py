"""The password that protects the management."""

from typing import Annotated, ClassVar, Self

from garrison.abilities.rights import SCOPE_TITLES, Scope
from garrison.base.errors import Refused
from garrison.base.paths import SYSTEM_HOME
from garrison.daemon.operations.base import Operations
from garrison.daemon.password import CHOSEN
from garrison.daemon.password_advice import advice
from garrison.sdk import (
    Access,
    Caller,
    Event,
    Frozen,
    Result,
    Secret,
    Severity,
    Text,
    UntrustedText,
    about,
    action,
)

_OWN_ACCOUNT = Text(
    "This Garrison runs under your own account: the password keeps others from changing it at your unlocked screen, "
    "not programs of yours, which could remove its file."
)
_LOST = "Stop Garrison and remove the file “password.json” in the folder {folder}: that takes this account's rights."


class PasswordSet(Event):
    """A password was set, or another one."""

    says: ClassVar[str] = "The password was set by account {uid}"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    uid: int


class PasswordRemoved(Event):
    """There is no password any more."""

    says: ClassVar[str] = "The password was removed by account {uid} ({how})"
    severity: ClassVar[Severity] = Severity.CRITICAL
    uid: int
    how: str


class PasswordWrong(Event):
    """Somebody gave a wrong password."""

    says: ClassVar[str] = "Account {uid} gave a wrong password; the next try has to wait {seconds} seconds"
    severity: ClassVar[Severity] = Severity.IMPORTANT
    uid: int
    seconds: int


class Unlocked(Event):
    """Somebody gave the password."""

    says: ClassVar[str] = "Account {uid} gave the password"
    uid: int


class ScopeRow(Frozen):
    """What the password can protect, and whether it does."""

    scope: str
    title: str
    protected: bool


class Advised(Result):
    """What was done, and what is to be known of it."""

    lines: tuple[UntrustedText, ...]

    @classmethod
    def of(cls, *texts: Text) -> Self:
        """Return what these say."""
        return cls(lines=tuple(str(text) for text in texts))

    def sentences(self) -> list[Text]:
        """Say it."""
        return [Text("{line}", line=line) for line in self.lines]


class PasswordOperations(Operations):
    """Protect the management by a password."""

    events: ClassVar[tuple[type[Event], ...]] = (PasswordSet, PasswordRemoved, PasswordWrong, Unlocked)
    aliases: ClassVar[dict[str, str]] = {
        "password scopes": "password-scopes",
        "password set": "password-set",
        "password protect": "password-protect",
        "password remove": "password-remove",
        "password reset": "password-reset",
        "unlock": "unlock",
        "lock": "lock",
    }

    @action("What the password protects", access=Access.VIEW)
    def password_scopes(self) -> list[ScopeRow]:
        """List what the password can protect, and what it does."""
        book = self._parts.password
        return [
            ScopeRow(scope=scope.value, title=SCOPE_TITLES[scope], protected=book.protects(scope)) for scope in CHOSEN
        ]

    @action("Set a password", access=Access.CONFIGURE)
    async def password_set(self, password: Annotated[Secret, about("The new password")], caller: Caller) -> Advised:
        """Protect the management of Garrison by a password, or change it.

        At least 8 characters, with a digit, an upper-case and a lower-case letter. It cannot be recovered.
        """
        await self._parts.password.set(password)
        self._parts.door.tickets.take_back_all()
        self.host.report(PasswordSet(uid=caller.uid), caller.uid)
        weak = advice(password.get_secret_value())
        own = [] if self._is_shared() else [_OWN_ACCOUNT]
        return Advised.of(Text("The password is set. garrison password scopes says what for."), *weak, *own)

    @action("Choose what the password protects", access=Access.CONFIGURE)
    def password_protect(
        self, scopes: Annotated[list[Scope], about("These, and nothing else", max_length=20)]
    ) -> Advised:
        """Say what the password is asked for."""
        self._parts.password.protect(scopes)
        names = [scope.value for scope in CHOSEN if self._parts.password.protects(scope)]
        return Advised.of(Text("The password protects: {names}.", names=", ".join(names) or "only itself"))

    @action("Remove the password", access=Access.WEAKEN)
    def password_remove(self, caller: Caller) -> Advised:
        """Protect the management by no password any more."""
        return self._remove(caller, "with the password")

    @action("Remove a forgotten password", access=Access.WEAKEN)
    def password_reset(self, caller: Caller) -> Advised:
        """Remove a password that was forgotten. Only root can, and the journal tells of it."""
        if caller.uid != 0:
            folder = self._parts.password.folder
            raise Refused("Only root can remove a password without knowing it.", _LOST, folder=folder)
        return self._remove(caller, "as root, without it")

    def _remove(self, caller: Caller, how: str) -> Advised:
        if not self._parts.password.remove():
            return Advised.of(Text("There was no password."))
        self._parts.door.tickets.take_back_all()
        self.host.report(PasswordRemoved(uid=caller.uid, how=how), caller.uid)
        return Advised.of(Text("The password is removed."))

    @action("Unlock", access=Access.VIEW)
    async def unlock(self, password: Annotated[Secret, about("The password")], caller: Caller) -> Advised:
        """Give the password: for five minutes it is not asked for again in this session."""
        book = self._parts.password
        if not await book.is_right(caller.uid, password):
            event = PasswordWrong(uid=caller.uid, seconds=round(book.wait_seconds(caller.uid)))
            self.host.report(event, caller.uid)
            raise Refused("The password is wrong.")
        if not self._parts.door.tickets.give(caller):
            raise Refused("It is not known which session this is.", "Use a terminal of this computer.")
        self.host.report(Unlocked(uid=caller.uid), caller.uid)
        return Advised.of(Text("Unlocked for five minutes."))

    @action("Lock", access=Access.VIEW)
    def lock(self, caller: Caller) -> Advised:
        """Have the password asked for again at once in this session."""
        self._parts.door.tickets.take_back(caller)
        return Advised.of(Text("Locked."))

    @action("Allow removing Garrison", access=Access.WEAKEN)
    def allow_removal(self) -> Advised:
        """Say that Garrison may be removed: whoever may ask this may do so."""
        return Advised.of(Text("Garrison may be removed."))

    def _is_shared(self) -> bool:
        return self._parts.password.folder.parent == SYSTEM_HOME
