"""What a component may ask of the suite, and who asks a component."""

import os
from dataclasses import dataclass
from typing import Any, Protocol, Self

from garrison.sdk.events import Event
from garrison.sdk.values import Text


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the account at the other end of the socket (SO_PEERCRED), or the owner of a schedule entry."""

    uid: int
    gid: int
    groups: tuple[int, ...] = ()

    @property
    def is_owner(self) -> bool:
        """Whether the suite is theirs: root, or the account it runs as."""
        return self.uid in {0, os.geteuid()}

    def sees(self, owner: int) -> bool:
        """Whether they may see what belongs to an account."""
        return self.is_owner or self.uid == owner

    @classmethod
    def myself(cls) -> "Caller":
        """Return the account this process runs as."""
        return cls(os.geteuid(), os.getegid(), tuple(os.getgroups()))


class Job(Protocol):
    """A task under way. by_itself: whether no person began it. suite_ends: whether it is ended because of that."""

    caller: Caller
    by_itself: bool
    suite_ends: bool

    def progress(self, done: int, total: int | None = None, text: str = "") -> None:
        """Say how far it is. total: None while nobody knows."""
        ...


class Host(Protocol):
    """The suite, as a component sees it."""

    def ready(self) -> None:
        """Say that `run` protects from now on."""
        ...

    def report(self, event: Event, owner: int | None = None) -> None:
        """Tell what happened. owner: the account it concerns; None for the suite's own."""
        ...

    def events(self) -> "EventStream":
        """Return what happens from now on, in all components."""
        ...

    async def call(self, operation: str, caller: Caller | None = None, **arguments: Any) -> Any:
        """Ask another component, through the door, on behalf of a caller (the suite itself by default)."""
        ...

    async def ask(self, question: "Question", owner: int | None = None) -> str:
        """Put a question into the inbox and return the choice when it is answered (or its default when time is up)."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a person. choices: id -> what the button says; default: the choice when nobody answers in time."""

    id: str
    text: Text
    choices: dict[str, str]
    default: str
    wait_seconds: float = 86_400.0


class EventStream(Protocol):
    """Events as they happen: `async for component, event in stream`, in an `async with`."""

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        ...

    async def __aexit__(self, *exception: object) -> None:
        """Stop listening."""
        ...

    def __aiter__(self) -> Self:
        """Return itself."""
        ...

    async def __anext__(self) -> tuple[str, Event]:
        """Wait for the next event; return the component's id with it."""
        ...

    async def next_with_owner(self) -> tuple[str, Event, int]:
        """Wait for the next event; return the component's id, and the account that it concerns, with it."""
        ...
