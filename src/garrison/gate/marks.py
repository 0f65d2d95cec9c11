"""What the kernel asks about and tells: marks on file systems, and ignore marks on what was found clean."""

import contextlib
import errno
import os
from collections.abc import Iterable, Mapping

from garrison.linux import fanotify
from garrison.linux.fanotify import Features, Mark, What
from garrison.linux.mounted import Mounts, is_below
from garrison.wire.guarding import Occasion, Place, Plan, Reach

PERMISSION, CHANGES, OPENS = "permission", "changes", "opens"  # the groups, by name; OPENS when the fuse has blown
GROUPS = {
    PERMISSION: fanotify.Init.CLASS_CONTENT | fanotify.Init.UNLIMITED_QUEUE | fanotify.Init.UNLIMITED_MARKS,
    CHANGES: fanotify.Init.CLASS_NOTIF | fanotify.Init.UNLIMITED_MARKS,
    OPENS: fanotify.Init.CLASS_NOTIF | fanotify.Init.UNLIMITED_MARKS,
}
_ASKED = int(What.OPEN_PERM | What.OPEN_EXEC_PERM)
_EVERY = {
    PERMISSION: What.OPEN_PERM | What.OPEN_EXEC_PERM,
    OPENS: What.OPEN | What.OPEN_EXEC,
    CHANGES: What.CLOSE_WRITE,
}
_MOST_MARKS = 100_000  # of those that keep their files in memory, where the kernel has no others
_GONE = {errno.ENOENT, errno.ENODEV, errno.EINVAL}


def _masks(plan: Plan) -> dict[str, What]:
    """Return what each group is told, or asked, on a watched file system."""
    opened = Occasion.OPEN in plan.occasions
    run = Occasion.RUN in plan.occasions
    return {
        PERMISSION: (What.OPEN_PERM if opened else What(0)) | (What.OPEN_EXEC_PERM if run or opened else What(0)),
        OPENS: (What.OPEN if opened else What(0)) | (What.OPEN_EXEC if run or opened else What(0)),
        CHANGES: What.CLOSE_WRITE,  # also when changes are not examined: what was clean may not be any more
    }


class Marks:
    """Keeps the marks of all groups as the plan has them.

    watched: "blocking" or "telling" by place. refused: places that cannot be watched, each with the reason.
    """

    def __init__(self, groups: Mapping[str, int], features: Features) -> None:
        self._groups = dict(groups)
        self._permission = groups.get(PERMISSION)
        self._ignoring = int(Mark.IGNORED_MASK | (Mark.EVICTABLE if features.evictable else 0))
        self._left = -1 if features.evictable else _MOST_MARKS
        self._survives = features.surviving_ignore
        self._private: tuple[str, ...] = ()
        self.watched: dict[str, str] = {}
        self.refused: dict[str, str] = {}

    def apply(self, plan: Plan, mounts: Mounts) -> None:
        """Watch the plan's places, and nothing else; ask again about all that was found clean."""
        devices, masks = _devices(plan.places, mounts), _masks(plan)
        problems: dict[str, str] = {}
        for device, path in (mounts.local() | devices).items():
            for name, group in self._groups.items():
                if problem := _watch(group, masks[name] if device in devices else What(0), _EVERY[name], path):
                    problems[device] = problem
        word = "blocking" if self._permission is not None and not plan.observes else "telling"
        refused = {place.path: why for place in plan.places if (why := _refusal(place, mounts, problems))}
        self.watched = {place.path: word for place in plan.places if place.path not in refused}
        if any(place.reach is Reach.EVERYTHING for place in plan.places):
            refused |= {path: problems[device] for device, path in mounts.local().items() if device in problems}
        self.refused = refused
        self._private = plan.private
        self.forget()

    def ignore(self, descriptor: int) -> bool:
        """Have the kernel ask no more about a file until it is written to. Return whether it does."""
        if self._permission is None or self._left == 0:
            return False
        try:
            fanotify.mark_open(self._permission, Mark.ADD | self._ignoring, _ASKED, descriptor)
        except OSError:  # out of memory, or a file system without marks: it is asked about again, no more
            return False
        if self._left > 0:
            self._left -= 1
        return True

    def ask_again(self, descriptor: int) -> None:
        """Have the kernel ask about a file again."""
        if self._permission is not None:
            with contextlib.suppress(OSError):  # no mark there, most often
                fanotify.mark_open(self._permission, Mark.REMOVE | Mark.IGNORED_MASK, _ASKED, descriptor)

    def forget(self) -> None:
        """Have the kernel ask again about everything but our own folders."""
        if self._permission is None:
            return
        fanotify.flush(self._permission)
        if self._left >= 0:
            self._left = _MOST_MARKS
        flags = Mark.ADD | Mark.IGNORE | Mark.IGNORED_SURV_MODIFY | Mark.ONLYDIR
        for path in self._private if self._survives else ():
            with contextlib.suppress(OSError):  # not there, or not on such a file system: `Rules` knows it too
                fanotify.mark(self._permission, flags, What(_ASKED) | What.EVENT_ON_CHILD, path)


def _watch(group: int, what: What, every: What, path: str) -> str:
    """Mark a file system for some of every kind of event of a group; return "" or why that cannot be."""
    try:
        if every & ~what:
            with contextlib.suppress(OSError):  # no mark there
                fanotify.mark(group, Mark.REMOVE | Mark.FILESYSTEM, every & ~what, path)
        if what:
            fanotify.mark(group, Mark.ADD | Mark.FILESYSTEM, what, path)
    except OSError as error:
        return "gone" if error.errno in _GONE else (error.strerror or str(error)).lower()
    return ""


def _refusal(place: Place, mounts: Mounts, problems: Mapping[str, str]) -> str:
    """Return why a place cannot be watched, "" when it is."""
    mount = mounts.at(os.path.realpath(place.path))
    if mount is None or not os.path.isdir(place.path):
        return "no such folder"
    return "" if place.reach is Reach.EVERYTHING else problems.get(mount.device, "")


def _devices(places: Iterable[Place], mounts: Mounts) -> dict[str, str]:
    """Return a path of each file system to watch, by its device."""
    found: dict[str, str] = {}
    for place in places:
        if place.reach is Reach.EVERYTHING:
            found |= mounts.local()
            continue
        path = os.path.realpath(place.path)
        mount = mounts.at(path)
        if mount is not None:
            found[mount.device] = path
        if place.reach is Reach.FOLDER:
            found |= {device: below for device, below in mounts.local().items() if is_below(below, path)}
    return found
