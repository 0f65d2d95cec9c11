"""The worker's use of the engine: databases opened once, then one object after another."""

import encodings
import importlib
import os
import pkgutil
import stat
from collections.abc import Mapping
from pathlib import Path

from garrison.base.errors import Unavailable
from garrison.engine.budget import Limits, Unbounded
from garrison.engine.databases import Detector
from garrison.engine.examine import examine
from garrison.engine.source import Source
from garrison.engine.verdict import Remark, Verdict
from garrison.wire.examination import Setup
from garrison.worker.serving import Budget, Examine

# Neither needs nor has a use inside the sandbox: the first two are for other systems, the last needs a console.
_FOREIGN_CODECS = {"mbcs", "oem", "cp65001"}


def open_examiner(setup: Setup) -> Examine:
    """Open the databases, and bring in all that examining may load later, when no file can be opened any more.

    Raises Unavailable when the databases cannot be used.
    """
    limits = Limits(**setup.limits)
    detector = Detector.open(_open_files(setup.databases))

    def examine_descriptor(descriptor: int, name: str, budget: Budget) -> object:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would keep us waiting
            return Verdict(type="special", remarks=(Remark("not a regular file"),)).to_plain()
        return examine(Source(descriptor), name, detector, limits, budget).to_plain()

    _load_codecs()
    _warm_up(examine_descriptor)
    return examine_descriptor


def _open_files(folder: str) -> Mapping[str, int]:
    """Return a descriptor of each file of a set; they stay open as long as the fork server lives."""
    try:
        with os.scandir(folder) as entries:
            names = sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        return {name: os.open(Path(folder, name), flags) for name in names}
    except OSError as error:
        raise Unavailable(f"The databases in {folder} cannot be read: {error.strerror}.") from error


def _load_codecs() -> None:
    """Import every text encoding: names in archives may ask for any."""
    for module in pkgutil.iter_modules(encodings.__path__):
        if module.name not in _FOREIGN_CODECS:
            importlib.import_module(f"encodings.{module.name}")


def _warm_up(examine_descriptor: Examine) -> None:
    """Examine something harmless once, so that what is made at first use is made before the sandbox closes."""
    descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, b"#!/bin/sh\necho garrison\n")
        examine_descriptor(descriptor, "warm-up", Unbounded())
    finally:
        os.close(descriptor)
