"""What people are told, kept until they have read it: numbered, an account's own, in any language."""

from dataclasses import dataclass
from typing import Any, Protocol

from garrison.base.text import Message, message
from garrison.sdk import Caller, Severity, UntrustedText
from garrison.sdk.values import render


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told to an account. says, details: the sentence with {names}, and the values for them.

    more: how many of the same kind came with it. on_desktop: whether it is to be shown there too. id, at: as it was
    kept, 0 and "" before.
    """

    component: str
    name: str
    severity: Severity
    owner: int
    says: str
    details: dict[str, Any]
    more: int = 0
    on_desktop: bool = False
    id: int = 0
    at: str = ""
    is_read: bool = False

    @property
    def text(self) -> Message:
        """The sentence."""
        told = render(self.says, self.details)
        if not self.more:
            return told
        many = "{what}, and {count} more of this kind"
        return message("{what}, and {count} more of this kind", {"what": told}, many, self.more)

    @property
    def kind(self) -> str:
        """What rules are about: COMPONENT.EVENT."""
        return f"{self.component}.{self.name}"


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that waits for an answer. choices: id -> what the button says."""

    id: int
    text: UntrustedText
    choices: dict[str, str]


class Notices(Protocol):
    """Where notices are kept. Numbers only grow, and are those of questions too."""

    def keep(self, notice: Notice) -> int:
        """Keep a notice; return its number."""
        ...

    def newest(self) -> int:
        """Return the number of the newest notice or question that there ever was."""
        ...

    def after(self, caller: Caller, number: int, limit: int) -> list[Notice]:
        """Return what an account is to be told that is newer than a number, oldest first."""
        ...

    def unread(self, caller: Caller) -> int:
        """Return how many notices an account has not read."""
        ...

    def questions(self, caller: Caller) -> list[OpenQuestion]:
        """Return the questions that wait for an account's answer, oldest first."""
        ...

    def limit(self, days: int, most: int) -> None:
        """Keep notices for so many days, and so many of them."""
        ...

    async def changed(self) -> None:
        """Wait until there is a notice more, or a question more or less."""
        ...
