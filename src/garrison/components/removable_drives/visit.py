"""A drive while it is connected, as far as it is mounted."""

import asyncio
import os
import pwd
import re
from dataclasses import dataclass, field

from garrison.base.text import printable
from garrison.linux.removable import Drive, Naming, Volume

_OF_PERSON = re.compile(r"^/(?:run/)?media/([^/]+)/[^/]")


def mark_of(volume: Volume) -> str:
    """Return what tells a volume from all others since the computer started."""
    return beginning_of_marks(volume.drive) + volume.device


def beginning_of_marks(drive: Drive) -> str:
    """Return what the marks of all volumes of a drive, as it is connected now, begin with."""
    return f"{drive.connection or drive.name} "


def person_at(path: str) -> int:
    """Return whose a mounted drive is: desktops mount it in a folder that bears the name of who sits there.

    Else it is the suite's own account that counts.
    """
    found = _OF_PERSON.match(path)
    if found is not None and os.geteuid() == 0:
        try:
            return pwd.getpwnam(found[1]).pw_uid
        except KeyError:
            pass
    return os.geteuid()


def title_of(drive: Drive, label: str = "") -> str:
    """Return what people call a drive: its label, else its model, else its device."""
    return printable(label or drive.model or drive.path)


@dataclass(eq=False, slots=True)
class Visit:
    """Volumes of one drive that came together. state: what became of them. gone: set when one of them is away."""

    volumes: tuple[Volume, ...]
    namings: tuple[Naming, ...] = ()
    state: str = "new"
    is_over: bool = False
    gone: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def drive(self) -> Drive:
        """The drive."""
        return self.volumes[0].drive

    @property
    def title(self) -> str:
        """What people call it."""
        return title_of(self.drive, next((each.label for each in self.namings if each.label), ""))

    @property
    def places(self) -> list[str]:
        """Where it is mounted."""
        return [volume.path for volume in self.volumes]

    @property
    def marks(self) -> list[str]:
        """What tells its volumes from others."""
        return [mark_of(volume) for volume in self.volumes]

    @property
    def keys(self) -> list[str]:
        """What its volumes are known by when they come again, "" each where there is nothing."""
        serial = self.drive.serial
        return [f"{serial}/{each.uuid}" if serial or each.uuid else "" for each in self.namings]

    @property
    def person(self) -> int:
        """The account that is asked."""
        return person_at(self.volumes[0].path)
