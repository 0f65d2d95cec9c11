"""The worker's use of the engine: databases opened once, then one object after another."""

import contextlib
import gc
import os
import stat
from collections.abc import Mapping
from typing import Any

from garrison.base.errors import Failed
from garrison.engine.budget import Limits, Unbounded
from garrison.engine.databases import Detector
from garrison.engine.examine import examine
from garrison.engine.heuristics.levels import Level
from garrison.engine.preload import preload, preload_more, preload_rest
from garrison.engine.source import Source
from garrison.engine.verdict import Remark, Verdict
from garrison.engine.yara.rulebook import Unopened
from garrison.linux.memory import give_back
from garrison.wire.examination import EVERYTHING, Setup
from garrison.worker.foresight import foresee
from garrison.worker.serving import Budget, Unprepared


class DatabaseExaminer:
    """Examines with one opened set of databases."""

    def __init__(self, detector: Detector, limits: Limits, level: Level) -> None:
        self._detector = detector
        self._limits = limits
        self._level = level

    def prepare(self, needs: str) -> None:
        """Open YARA rules. needs: numbers with commas between, EVERYTHING for all. Raises Failed on damage."""
        numbers = (
            None
            if needs == EVERYTHING
            else {int(word) for word in needs.split(",") if word.isascii() and word.isdigit() and len(word) < 6}
        )
        preload_more()
        give_back()  # before more is needed
        self._detector.open_rules(numbers)
        self.settle()

    def look_ahead(self) -> None:
        """Load what workers would else load one by one, each for itself."""
        preload_rest()
        self.settle()

    def settle(self) -> None:
        """Make what is in memory cheap to share with the workers, and give back what was needed only to get here."""
        self._detector.rest()
        gc.freeze()  # a collection would write to every page
        gc.enable()
        give_back()

    def warm_up(self) -> None:
        """Start the matchers' threads, and examine something harmless once."""
        self._detector.seal()
        descriptor = os.memfd_create("warm-up", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, b"#!/bin/sh\necho garrison\n")
            with contextlib.suppress(Unprepared):
                self.examine(descriptor, "warm-up", Unbounded())
        finally:
            os.close(descriptor)

    def examine(self, descriptor: int, name: str, budget: Budget) -> Any:
        """Return the verdict on an object."""
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):  # a pipe would keep us waiting
            return Verdict(type="special", remarks=(Remark("not a regular file"),)).to_plain()
        return self._examine(Source(descriptor), name, budget)

    def examine_content(self, content: bytes, name: str, budget: Budget) -> Any:
        """Return the verdict on what is in memory."""
        return self._examine(Source(content), name, budget)

    def _examine(self, source: Source, name: str, budget: Budget) -> Any:
        try:
            return examine(source, name, self._detector, self._limits, budget, self._level).to_plain()
        except Unopened as reason:
            raise Unprepared(",".join(map(str, reason.buckets))) from None


def open_examiner(setup: Setup) -> DatabaseExaminer:
    """Open the databases, and import all that examining may want later, when no file can be opened any more.

    Raises GarrisonError when the databases cannot be used.
    """
    foresee()
    files = _open_files(setup.databases)
    try:
        # Half of the time for one match, so that the rest of an archive, or at least the verdict, has the other half.
        detector = Detector.open(files, max(1, int(setup.seconds / 2)))
    finally:
        for descriptor in files.values():
            os.close(descriptor)
    preload()
    examiner = DatabaseExaminer(detector, Limits(**setup.limits), Level(setup.heuristics))
    examiner.settle()
    return examiner


def _open_files(folder: str) -> Mapping[str, int]:
    """Return a descriptor of each file of a set."""
    files: dict[str, int] = {}
    try:
        for name in os.listdir(folder):
            files[name] = os.open(
                os.path.join(folder, name), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
            )
    except OSError as error:
        for descriptor in files.values():
            os.close(descriptor)
        raise Failed(
            "Could not open the databases in {folder}: {why}.",
            folder=folder,
            why=(error.strerror or str(error)).lower(),
        ) from error
    return files
