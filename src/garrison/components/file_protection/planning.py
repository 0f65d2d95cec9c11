"""Makes the guard's plan of the settings."""

import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace

from garrison.abilities.exclusions import By, Exclusion, make_filter
from garrison.components.file_protection.settings import Action, FileProtectionSettings, Scope
from garrison.engine.budget import Limits
from garrison.wire.guarding import Examining, Occasion, Place, Plan, Reach

ID = "file-protection"


@dataclass(frozen=True, slots=True)
class Left:
    """What is left out: the shared list's entries and file protection's own."""

    masks: tuple[str, ...]
    names: tuple[str, ...]
    hashes: tuple[str, ...]


def left_out(settings: FileProtectionSettings, shared: Iterable[Exclusion]) -> Left:
    """Return what is left out of file protection. Raises Invalid for a mask or hash that cannot be."""
    applying = [entry for entry in shared if not entry.applies_to or ID in entry.applies_to]
    by = {kind: [entry.value for entry in applying if entry.by is kind] for kind in By}
    masks = (*by[By.MASK], *settings.exclude_masks)
    names = (*by[By.NAME], *settings.exclude_names)
    hashes = tuple(value.lower() for value in (*by[By.HASH], *settings.exclude_hashes))
    make_filter(masks, names, hashes)  # says what is wrong with them
    return Left(masks, names, hashes)


def watches_everything(settings: FileProtectionSettings, is_system: bool) -> bool:
    """Return whether every local file system is to be watched."""
    return settings.scope is Scope.EVERYTHING or (settings.scope is Scope.AUTOMATIC and is_system)


def places_of(settings: FileProtectionSettings, is_system: bool) -> tuple[Place, ...]:
    """Return what is to be watched."""
    if watches_everything(settings, is_system):
        return (Place(Reach.EVERYTHING, "/"),)
    mounts = [Place(Reach.MOUNT, str(path)) for path in settings.mounts]
    return (*mounts, *(Place(Reach.FOLDER, str(path)) for path in settings.folders))


def plan_of(settings: FileProtectionSettings, places: tuple[Place, ...], left: Left, observes: bool) -> Plan:
    """Return the plan."""
    wanted = {
        Occasion.OPEN: settings.on_open,
        Occasion.RUN: settings.on_run,
        Occasion.CHANGE: settings.on_change,
    }
    limits = replace(Limits(), archives=int(settings.archives))
    examining = Examining(
        databases="",
        limits=asdict(limits),
        heuristics=settings.heuristics.value,
        seconds=float(settings.seconds_per_object),
        workers=max(1, os.cpu_count() or 1),
    )
    return Plan(
        examining,
        places=places,
        occasions=tuple(occasion for occasion, is_wanted in wanted.items() if is_wanted),
        types=settings.types,
        observes=observes or settings.action is Action.TELL,
        late=settings.late,
        deadline_seconds=float(settings.deadline_seconds),
        skip_over_bytes=settings.skip_over_mib * 1024 * 1024,
        masks=left.masks,
        names=left.names,
        hashes=left.hashes,
        programs=tuple(settings.trusted_programs),
    )
