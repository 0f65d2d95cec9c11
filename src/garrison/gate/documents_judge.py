"""Follows what untrusted programs do to documents: copies first, compares afterwards, adds up by who it was."""

import contextlib
import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

from garrison.gate.documents_actors import Actor
from garrison.gate.documents_places import Places
from garrison.gate.documents_reading import handle_bytes, sample
from garrison.gate.documents_scoring import Sample, Scores, damage, is_opaque
from garrison.gate.documents_store import Store, metadata_of
from garrison.linux.fanotify import What
from garrison.linux.handles import identity_of
from garrison.wire.watching import Deed, Did

_MOST_HELD = 400  # descriptors of files that were read, and of files being written
_HELD_SECONDS = 600.0
_MOST_SAMPLES = 1000
_MOST_RECHECKED = 8
_EVERYWHERE = What.OPEN_PERM | What.CLOSE_WRITE
Key = tuple[int, int, bytes]  # device, inode, and its handle: a number is given again to the next new file


@dataclass(slots=True)
class _Held:
    """A file that somebody untrusted opened. descriptor: ours, from the kernel. before: as it was when written to."""

    descriptor: int
    path: str
    actor: Actor
    since: float
    before: Sample | None = None


class Judge:
    """Judges. pre_access: the kernel asks before a truncation (else copies are made when a file is read)."""

    def __init__(self, store: Store, places: Places, pre_access: bool) -> None:
        self._store = store
        self._places = places
        self._pre_access = pre_access
        self.copies_on_read = True
        self.scores = Scores(600.0)
        self._read: OrderedDict[Key, _Held] = OrderedDict()
        self._written: OrderedDict[Key, _Held] = OrderedDict()
        self._samples: OrderedDict[Key, Sample] = OrderedDict()
        self._copied: OrderedDict[tuple[Key, str], str] = OrderedDict()
        self._created: OrderedDict[str, tuple[str, ...]] = OrderedDict()  # path -> lineage
        self._closed: OrderedDict[Key, Sample] = OrderedDict()

    # -- opened --

    def opened_to_read(self, descriptor: int, status: os.stat_result, path: str, actor: Actor) -> None:
        """Keep a file that is read, for its content once it has no name."""
        key = _key(descriptor, status)
        self._let_go(self._read.pop(key, None))
        self._read[key] = _Held(os.dup(descriptor), path, actor, self._store.now())
        if self._pre_access:
            self._places.follow(descriptor, What.PRE_ACCESS)
        elif self.copies_on_read and status.st_size and not self._is_copied(key, actor):
            self._copy(descriptor, key, path, actor, Did.READ)
        self._trim(self._read)

    def opened_to_write(self, descriptor: int, status: os.stat_result, path: str, actor: Actor) -> None:
        """Copy a file before it is written to."""
        key = _key(descriptor, status)
        self._recheck(actor)
        before = self._samples.get(key) if not status.st_size else None
        if status.st_size:
            before = self.about_to_change(descriptor, status, path, actor)
        old = self._written.pop(key, None)
        held = _Held(os.dup(descriptor), path, actor, self._store.now(), before or Sample(0))
        if old is not None:
            held.before = old.before
            self._let_go(old)
        self._written[key] = held
        self._trim(self._written)

    def about_to_change(self, descriptor: int, status: os.stat_result, path: str, actor: Actor) -> Sample:
        """Copy a file, unless this process's copy of it is still there; return what it was like."""
        key = _key(descriptor, status)
        found = sample(descriptor)
        self._samples[key] = found
        self._samples.move_to_end(key)
        if len(self._samples) > _MOST_SAMPLES:
            self._samples.popitem(last=False)
        is_own = self._created.get(path, ("",))[0] == actor.process.name
        if not is_own and not self._is_copied(key, actor):
            self._copy(descriptor, key, path, actor, Did.CHANGED)
        self._places.leave(descriptor, What.PRE_ACCESS)
        return found

    def _is_copied(self, key: Key, actor: Actor) -> bool:
        name = self._copied.get((key, actor.process.name), "")
        return bool(name) and self._store.has(name)

    def _copy(self, descriptor: int, key: Key, path: str, actor: Actor, did: Did) -> None:
        name = self._store.copy(descriptor, path, actor.process.uid)
        file, metadata = identity_of(descriptor), metadata_of(descriptor)
        self._note(did, path, actor, copy=name, metadata=metadata, file=file)
        self._copied[key, actor.process.name] = name
        if len(self._copied) > 4 * _MOST_SAMPLES:
            self._copied.popitem(last=False)
        if did is Did.READ:
            self._samples[key] = sample(descriptor)

    def _note(self, did: Did, path: str, actor: Actor, **more: Any) -> None:
        process = actor.process
        self._store.note(
            Deed(
                self._store.now(), did, path, process.name, actor.lineage, process.session, process.program,
                process.uid, **more,
            )
        )  # fmt: skip

    # -- changed --

    def closed(self, descriptor: int, status: os.stat_result) -> Actor | None:
        """Compare a file that was written with what it was; return whose deed that was. The descriptor stays."""
        key = _key(descriptor, status)
        held = self._written.pop(key, None)
        if held is None:
            return None
        after = sample(descriptor)
        self._closed[key] = after
        if len(self._closed) > _MOST_SAMPLES:
            self._closed.popitem(last=False)
        self._weigh(held, after)
        self._let_go(held)
        return held.actor

    def _weigh(self, held: _Held, after: Sample) -> None:
        assert held.before is not None
        now = self._store.now()
        if self._places.is_trace(held.path):
            return
        if held.before.size:
            self._compare(held.actor.nodes, held.path, held.before, after)
        elif is_opaque(after):
            self.scores.add_output(held.actor.nodes, now, held.path)
        elif after.size:
            self.scores.put_back(held.path)

    def _compare(self, nodes: tuple[str, ...], path: str, before: Sample, after: Sample) -> None:
        weight, why = damage(before, after)
        self.scores.add_damage(nodes, self._store.now(), path, weight, why)
        if before.size and after.size and not weight:  # emptied first, as many programs save
            self.scores.mend(path)

    def _recheck(self, actor: Actor) -> None:
        """Compare files that the same programs still have open: some write to all and close none."""
        nodes = set(actor.nodes)
        mine = [held for held in reversed(self._written.values()) if nodes & set(held.actor.nodes)]
        for held in mine[:_MOST_RECHECKED]:
            with contextlib.suppress(OSError):
                self._weigh(held, sample(held.descriptor))

    # -- names --

    def created(self, path: str, actor: Actor | None, file: str) -> None:
        """Take up that a file got a name for the first time. file: its identity."""
        if actor is not None:
            self._created[path] = actor.lineage
            if len(self._created) > 4 * _MOST_SAMPLES:
                self._created.popitem(last=False)
            self._note(Did.CREATED, path, actor, file=file)

    def deleted(self, path: str, actor: Actor | None) -> Actor | None:
        """Take up that a name is gone; return whose deed that was."""
        self.scores.take_output(path)
        makers = set(self._created.pop(path, ()))
        held = self._nameless(path)
        actor = actor or (held.actor if held is not None else None)
        if held is None or actor is None:
            if actor is not None:
                self._note(Did.DELETED, path, actor)
            return actor
        self._keep_nameless(held, path, actor, Did.DELETED)
        is_moved = actor.moves and held.actor.process == actor.process
        if makers.isdisjoint(actor.lineage) and not is_moved and not self._places.is_trace(path):
            self.scores.add_deletion(_both(held.actor, actor), self._store.now(), path)
        return actor

    def renamed(self, old: str, new: str, actor: Actor | None, file: str) -> Actor | None:
        """Take up that a file got another name, perhaps another file's; return whose deed that was. file: identity."""
        replaced = self._nameless(new) if new else None
        actor = actor or (replaced.actor if replaced is not None else None)
        if actor is None:
            return None
        if replaced is not None:
            self._keep_nameless(replaced, new, actor, Did.REPLACED)
            self._compare_replaced(replaced, new, actor)
        if old in self._created and new:
            self._created[new] = self._created.pop(old)
        self.scores.take_output(old)
        if old:
            self._note(Did.RENAMED, old, actor, to=new or self._whereabouts(old), file=file)
        if old and new:
            for held in (*self._read.values(), *self._written.values()):
                if held.path == old:
                    held.path = new
        if old and self._places.is_protected(old) and not (new and self._places.is_protected(new)):
            self._follow_out(old)
        return actor

    def _whereabouts(self, old: str) -> str:
        """Return where a file is now that was carried out of what is watched; "" when nobody holds it."""
        for held in (*self._read.values(), *self._written.values()):
            if held.path == old and os.fstat(held.descriptor).st_nlink:
                return self._places.own_path(held.descriptor)
        return ""

    def _compare_replaced(self, replaced: _Held, new: str, actor: Actor) -> None:
        with contextlib.suppress(OSError):
            descriptor = os.open(new, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                key = _key(descriptor, os.fstat(descriptor))
            finally:
                os.close(descriptor)
            after = self._last_seen(key)
            if after is not None:
                self._compare(_both(replaced.actor, actor), new, self._earlier(replaced), after)

    def _last_seen(self, key: Key) -> Sample | None:
        """Return what a file holds now, as far as it is known."""
        held = self._written.get(key)
        if held is None and key in self._closed:
            return self._closed[key]
        held = held or self._read.get(key)
        return sample(held.descriptor) if held is not None else None

    def _earlier(self, replaced: _Held) -> Sample:
        """Return what a file held that was replaced: before it was emptied, should it have been."""
        status = os.fstat(replaced.descriptor)
        known = None if status.st_size else self._samples.get(_key(replaced.descriptor, status))
        return known or sample(replaced.descriptor)

    def _follow_out(self, old: str) -> None:
        """Ask about a file also when it was carried out of the protected folders."""
        for held in self._read.values():
            if held.path == old:
                self._places.follow(held.descriptor, _EVERYWHERE)

    def _nameless(self, path: str) -> _Held | None:
        """Return a file that was read under that name and has none any more."""
        for held in (*self._read.values(), *self._written.values()):
            if held.path == path and not os.fstat(held.descriptor).st_nlink:
                return held
        return None

    def _keep_nameless(self, held: _Held, path: str, actor: Actor, did: Did) -> None:
        """Copy a file that nobody else can reach any more."""
        key = _key(held.descriptor, os.fstat(held.descriptor))
        name = self._copied.get((key, held.actor.process.name), "")
        if not (name and self._store.has(name)):
            name = self._store.copy(held.descriptor, path, held.actor.process.uid)
        file, metadata = identity_of(held.descriptor), metadata_of(held.descriptor)
        self._note(did, path, actor, copy=name, metadata=metadata, file=file)

    # -- what is held --

    def _trim(self, held: OrderedDict[Key, _Held]) -> None:
        oldest = self._store.now() - _HELD_SECONDS
        while held and (len(held) > _MOST_HELD or next(iter(held.values())).since < oldest):
            self._let_go(held.popitem(last=False)[1])

    def _let_go(self, held: _Held | None) -> None:
        if held is not None:
            os.close(held.descriptor)

    def prune(self) -> None:
        """Let go of what has been held for long."""
        self._trim(self._read)
        self._trim(self._written)
        self.scores.prune(self._store.now())

    def close(self) -> None:
        """Let go of everything."""
        for held in (*self._read.values(), *self._written.values()):
            self._let_go(held)
        self._read.clear()
        self._written.clear()


def _key(descriptor: int, status: os.stat_result) -> Key:
    return status.st_dev, status.st_ino, handle_bytes(descriptor)


def _both(first: Actor, second: Actor) -> tuple[str, ...]:
    """Return the nodes of two actors, narrowest first: what both share comes after what each has alone."""
    return tuple(dict.fromkeys((*second.nodes, *first.nodes)))
