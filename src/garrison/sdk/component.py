"""The one small abstraction: a protection that describes itself."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Generic, TypeVar

from garrison.sdk.events import Event, Severity
from garrison.sdk.host import Caller, Host
from garrison.sdk.values import Frozen, Settings, Text
from garrison.wire.manifest import Purpose

SettingsType = TypeVar("SettingsType", bound=Settings)


class Feature(StrEnum):
    """What a licence must include for a component to work."""

    CORE = "core"  # always included
    PROTECTION = "protection"  # protecting the computer and running scan tasks


class Issue(Frozen):
    """Something that is wrong now. fix: the operation that mends it, "" when only a person can."""

    id: str
    severity: Severity
    text: Text
    fix: str = ""


class Proof(Frozen):
    """When, and how, a component last proved that it works."""

    at: datetime
    text: Text
    passed: bool = True


class Component(Generic[SettingsType]):
    """What a person can switch, see on a page, or ask to do something.

    A subclass gives `id` (words with hyphens, the folder's name), `title`, and a docstring whose first line is the
    help. It may take abilities of the suite by annotated constructor parameters, after host and settings.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    feature: ClassVar[Feature] = Feature.CORE
    events: ClassVar[tuple[type[Event], ...]] = ()
    purposes: ClassVar[tuple[Purpose, ...]] = ()
    aliases: ClassVar[dict[str, str]] = {}
    default_operation: ClassVar[str] = ""

    def __init__(self, host: Host, settings: SettingsType) -> None:
        self.host = host
        self.settings = settings

    async def run(self) -> None:
        """Protect until cancelled; raise, and be restarted. Not overridden: nothing runs between operations."""
        raise NotImplementedError

    @classmethod
    def runs(cls) -> bool:
        """Whether it has something to run."""
        return cls.run is not Component.run

    def settings_changed(self) -> None:
        """Take up `self.settings`, which were just given or changed."""

    def completed(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return changes that a person makes to its settings, as yet unchecked, with those that go with them."""
        return values

    def catch_up(self, since: datetime) -> None:
        """Take note that nothing was watched since a time: what was changed is looked at when `run` begins anew."""

    def issues(self) -> Iterable[Issue]:
        """Return what is wrong now."""
        return ()

    def issues_for(self, caller: Caller) -> Iterable[Issue]:  # noqa: ARG002 # whoever overrides it looks
        """Return what is wrong as far as a caller is to know. Overridden where the issues tell of people's files."""
        return self.issues()

    def proof(self) -> Proof | None:
        """Return when it last proved itself; None when it never did or has no way to."""
        return None

    def unsupported(self) -> Text | None:
        """Return why it cannot work on this computer, kindly; None when it can."""
        return None

    @classmethod
    def settings_type(cls) -> type[Settings]:
        """Return the Settings that its class was written with."""
        for base in cls.__mro__:
            for generic in base.__dict__.get("__orig_bases__", ()):
                for argument in getattr(generic, "__args__", ()):
                    if isinstance(argument, type) and issubclass(argument, Settings):
                        return argument
        return Settings


AnyComponent = Component[Any]
