"""Hold our matcher against clamscan: seeded signatures of every feature, and files that match them, or nearly.

python -m tests.engine.patterns.campaign SEED TIMES  (TIMES signatures, half of them logical, as many files)
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.databases import Detector
from garrison.engine.examine import examine
from garrison.engine.formats.opener import Listed
from garrison.engine.matches import Matches
from garrison.engine.source import Source
from garrison.engine.subject import Subject
from tests.engine.patterns.joints import Maker
from tests.engine.patterns.lines import extended, logical, with_macro
from tests.engine.patterns.lists import listing
from tests.engine.samples import built, open_set

CLAMSCAN = shutil.which("clamscan")
Pairs = set[tuple[str, str]]  # (file, signature)


@dataclass(slots=True)
class Result:
    """What both found. only_*: (file, signature); skipped: what we refused, with the reason."""

    files: int = 0
    signatures: int = 0
    both: int = 0
    only_clamscan: list[tuple[str, str]] = field(default_factory=list)
    only_ours: list[tuple[str, str]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)


class Recorder:
    """A detector that notes every signature that matches, not only the one that a verdict names."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self.names: set[str] = set()
        self.passwords = detector.passwords

    def match(self, subject: Subject) -> Matches:
        return self._noted(self._detector.match(subject))

    def match_listed(self, listed: Listed, container: Subject) -> Matches:
        return self._noted(self._detector.match_listed(listed, container))

    def allows(self, subject: Subject) -> bool:
        return self._detector.allows(subject)

    def _noted(self, matches: Matches) -> Matches:
        self.names.update(match.signature for match in matches.found)
        return matches


def campaign(seed: int, times: int) -> Result:
    """Compare both on `times` files and signatures. Needs clamscan."""
    result = Result()
    databases, files = made(seed, times, result.lines)
    result.files, result.signatures = len(files), len(result.lines)
    compare(result, databases, files)
    for number in range(times // 25):
        _compare_macro(result, Maker(1_000_000 * seed + number), f"Macro.{number}")
    assert not result.only_clamscan, result.only_clamscan
    assert result.both, "nothing was found at all"
    return result


def _compare_macro(result: Result, maker: Maker, name: str) -> None:
    """Compare one macro alone: with two or more in a database clamscan 1.4.6 takes one for another, and crashes."""
    macro, line, file = with_macro(maker)
    line = line.replace("Log.0", name)
    alone = Result()
    compare(alone, {"test.ndb": macro + "\n", "test.ldb": line + "\n"}, {"macro.bin": file})
    result.lines[name] = line
    result.files += 1
    result.signatures += 1
    result.both += alone.both
    result.only_clamscan += alone.only_clamscan
    result.only_ours += alone.only_ours


def made(seed: int, times: int, lines: dict[str, str]) -> tuple[dict[str, str], dict[str, bytes]]:
    """Return databases and files. lines: takes each signature by its name."""
    maker = Maker(seed)
    files: dict[str, bytes] = {}
    databases = {"test.ndb": "", "test.ldb": ""}
    for ending, make, mark in (("ndb", extended, ":"), ("ldb", logical, ";")):
        for number in range(times // 2):
            line, files[f"{ending}{number}.bin"] = make(maker, number)
            lines[line.partition(mark)[0]] = line
            databases[f"test.{ending}"] += line + "\n"
    for number in range(times // 4):
        listed = listing(maker, number)
        files[f"list{number}.bin"] = listed.file
        for ending, each in listed.lines.items():
            databases[f"test.{ending}"] = "".join(
                (databases.get(f"test.{ending}", ""), *(f"{line}\n" for line in each))
            )
        lines[f"List.{number}"] = " ".join(line for each in listed.lines.values() for line in each)
    return databases, files


def compare(result: Result, databases: Mapping[str, str], files: Mapping[str, bytes]) -> None:
    """Let both look at files, and note what they find."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in databases.items():
            _written(Path(folder, "known", name), content.encode("ascii"))
        for name, file in files.items():
            _written(Path(folder, "files", name), file)
        theirs = clamscan(Path(folder, "known"), Path(folder, "files"))
    made, report = built([(name, content.encode("ascii")) for name, content in databases.items()])
    result.skipped = [(each.what, each.why) for each in report.skipped]
    ours = set(_found(open_set(made.files), files))
    result.both = len(ours & theirs)
    result.only_clamscan, result.only_ours = sorted(theirs - ours), sorted(ours - theirs)


def _written(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def clamscan(databases: Path, targets: Path) -> Pairs:
    """Return what clamscan finds in a folder of files."""
    command = [str(CLAMSCAN), "--database", str(databases), "--infected", "--allmatch", "--no-summary", "--recursive"]
    done = subprocess.run([*command, str(targets)], capture_output=True, text=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    found = set()
    for line in done.stdout.splitlines():
        path, _, said = line.rpartition(": ")
        found.add((Path(path).name, said.removesuffix(" FOUND").removesuffix(".UNOFFICIAL")))
    return found


def _found(detector: Detector, files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    with detector:
        for name, content in files.items():
            recorder = Recorder(detector)
            examine(Source(content), name, recorder, Limits(), Unbounded())  # type: ignore[arg-type] # all it asks for
            for signature in recorder.names:
                yield name, signature


if __name__ == "__main__":
    told = campaign(int(sys.argv[1]), int(sys.argv[2]))
    for title, pairs in (("only clamscan", told.only_clamscan), ("only ours", told.only_ours)):
        for file_, signature in pairs:
            print(title, file_, told.lines[signature])  # noqa: T201
    for line_, why in told.skipped:
        print("skipped", why, line_)  # noqa: T201
    print(told.files, told.signatures, told.both, len(told.only_clamscan), len(told.only_ours))  # noqa: T201
