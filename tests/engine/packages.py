"""Debian's packages, examined whole, with our rules and heuristics: python -m tests.engine.packages [SEED [TIMES]].

Which ones: all of common_packages.txt that apt offers, all that every system has (Priority required, important,
standard), and then the ones that most others need, one of each source, up to 450 or TIMES. Fewer than that are a seeded
sample of these. Every package is fetched with apt-get and examined as it is, so that every opener is at work as well.
"""

import fnmatch
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from garrison.abilities.databases import compile_sources
from garrison.engine.budget import MIB, Limits, Unbounded
from garrison.engine.databases import Detector
from garrison.engine.examine import examine
from garrison.engine.heuristics.levels import THRESHOLDS, Level
from garrison.engine.source import Source
from garrison.engine.verdict import Finding, Verdict
from tests.engine.rules.honest import RULES
from tests.engine.samples import open_set

PICKED = Path(__file__).with_name("common_packages.txt")
POOL = 450
LARGEST = 100_000_000
FILES_PER_DEEP_FINDING = 20_000
# All of a package is to be looked at; what is left of the limits are those of single objects.
LIMITS = Limits(object_bytes=512 * MIB, total_bytes=16 * 1024 * MIB, members=2_000_000)
_MOST_SHOWN = 3
_FIELDS = ("Package: ", "Source: ", "Size: ", "Priority: ", "Pre-Depends: ", "Depends: ", "Recommends: ")
_NEEDS = ("Pre-Depends", "Depends", "Recommends")


@dataclass(frozen=True)
class Package:
    """What apt says of a package. size: of its file, in bytes. needs: names that it depends on or recommends."""

    name: str
    source: str
    size: int
    priority: str
    needs: frozenset[str]


@dataclass
class Told:
    """What was looked at and what was said of it.

    files, objects, bytes: unpacked. missing: packages that could not be fetched. deep: all findings, and where.
    remarks: how often each was made. examples: the first places of each.
    """

    packages: int = 0
    files: int = 0
    objects: int = 0
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    deep: list[tuple[str, Finding]] = field(default_factory=list)
    remarks: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    @property
    def medium(self) -> list[tuple[str, Finding]]:
        """What is found at the level that is set at first. Rules have no score; they know no levels."""
        return [(where, found) for where, found in self.deep if not 0 < found.score < THRESHOLDS[Level.MEDIUM]]

    def add(self, package: str, files: int, verdict: Verdict) -> None:
        """Count a package."""
        self.packages += 1
        self.files += files
        self.objects += verdict.objects
        self.bytes += verdict.bytes
        self.deep += [(f"{package}: {' > '.join(found.inner)}", found) for found in verdict.findings]
        for remark in verdict.remarks:
            self.remarks[remark.what] += 1
            examples = self.examples.setdefault(remark.what, [])
            if len(examples) < _MOST_SHOWN:
                examples.append(f"{package}: {' > '.join(remark.inner)}")

    def lines(self) -> Iterator[str]:
        """Yield what people want to read."""
        for what, count in self.remarks.most_common():
            yield f"remark {count:6,}  {what}: {'; '.join(self.examples[what])}"
        for where, found in self.deep:
            yield f"finding {found.name} {found.score or ''} [{found.signature}] {where}: {found.why}"
        yield f"not to be had: {' '.join(self.missing) or 'none'}"
        yield (
            f"{self.packages:,} packages, {self.files:,} files, {self.objects:,} objects, {self.bytes:,} bytes;"
            f" found at medium: {len(self.medium)}, at deep: {len(self.deep)}"
        )


def campaign(seed: int, times: int, largest: int = LARGEST) -> Told:
    """Examine so many packages, none larger than so many bytes; print what was said of them.

    Raises AssertionError when anything is found at medium, or too much at deep. Asks apt and the network.
    """
    told = Told()
    with tempfile.TemporaryDirectory(prefix="packages-") as folder, _detector(Path(folder)) as detector:
        for package in _chosen(seed, times, largest):
            _look(package, Path(folder), detector, told)
    print(*told.lines(), sep="\n", flush=True)  # noqa: T201 - its answer
    assert not told.medium, f"{len(told.medium)} honest files were found at medium"
    assert len(told.deep) * FILES_PER_DEEP_FINDING <= max(told.files, 1), "too many honest files were found at deep"
    return told


@contextmanager
def _detector(folder: Path) -> Iterator[Detector]:
    compile_sources([RULES], folder / "set")
    with open_set({path.name: path.read_bytes() for path in (folder / "set").iterdir()}) as detector:
        yield detector


def _look(package: str, folder: Path, detector: Detector, told: Told) -> None:
    path = _fetched(package, folder)
    if path is None:
        told.missing.append(package)
        return
    try:
        with path.open("rb") as file:
            # What medium finds is what deep finds with a score that high: levels differ in nothing else.
            verdict = examine(Source(file.fileno()), path.name, detector, LIMITS, Unbounded(), Level.DEEP)
        told.add(package, _files_in(path), verdict)
    finally:
        path.unlink()


def _fetched(package: str, folder: Path) -> Path | None:
    place = Path(tempfile.mkdtemp(dir=folder))
    done = subprocess.run(["apt-get", "download", "-qq", package], cwd=place, capture_output=True, check=False)
    return next(place.glob("*.deb"), None) if done.returncode == 0 else None


def _files_in(path: Path) -> int:
    listed = subprocess.run(["dpkg-deb", "--contents", path], capture_output=True, check=True).stdout
    return sum(line.startswith(b"-") for line in listed.splitlines())


def _chosen(seed: int, times: int, largest: int) -> list[str]:
    common = _common(max(times, POOL), largest)
    return common if times >= len(common) else random.Random(seed).sample(common, times)


def _common(count: int, largest: int) -> list[str]:
    """Return the names of so many common packages, of those that are small enough."""
    known = {package.name: package for package in offered() if package.size <= largest}
    names = list(_picked(known))
    names += [name for name, each in known.items() if each.priority in {"required", "important", "standard"}]
    needed = Counter(need for each in known.values() for need in each.needs)
    taken = {known[name].source for name in names}
    for name, _ in sorted(needed.items(), key=lambda item: (-item[1], item[0])):
        if name in known and known[name].source not in taken:
            taken.add(known[name].source)
            names.append(name)
    return list(dict.fromkeys(names))[:count]


def _picked(offered: Mapping[str, Package]) -> Iterator[str]:
    """Yield the names that were picked by hand; of those with a version in them the last one."""
    for line in PICKED.read_text(encoding="utf-8").splitlines():
        for name in line.split() if not line.startswith("#") else ():
            if "*" in name:
                yield from sorted(fnmatch.filter(offered, name))[-1:]
            elif name in offered:
                yield name


@cache
def offered() -> tuple[Package, ...]:
    """Return all packages that apt knows; none where there is no apt."""
    if shutil.which("apt-cache") is None:
        return ()
    listed = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, check=True).stdout
    return tuple(_package(entry) for entry in listed.decode(errors="replace").split("\n\n") if "\nSize: " in entry)


def _package(entry: str) -> Package:
    told = dict(line.split(": ", 1) for line in entry.splitlines() if line.startswith(_FIELDS))
    name = told["Package"]
    needs = ",".join(told.get(each, "") for each in _NEEDS)
    return Package(
        name,
        told.get("Source", name).split(" ")[0],
        int(told["Size"]),
        told.get("Priority", ""),
        frozenset(re.split(r"[ (:]", each.strip())[0] for each in re.split("[,|]", needs) if each.strip()),
    )


def main() -> None:
    """Look at them and tell what was found."""
    numbers = [int(each) for each in sys.argv[1:]]
    campaign(*(numbers + [1, POOL][len(numbers) :])[:2])


if __name__ == "__main__":
    main()
