import hashlib
from pathlib import Path

import pytest

from garrison.engine.identify import identify
from garrison.engine.signatures.build import Options
from garrison.engine.subject import Subject
from tests.engine.samples import built, knowing
from tests.engine.signatures.clamscan import clamscan, needs_clamscan
from tests.engine.signatures.lines import EVIL, MD5, SIZE

HEX = b"something evil".hex()
NDB = f"Evil.Bytes:0:*:{HEX}\n".encode()
LDB = f"Evil.Logic;Engine:51-255,Target:0;0&1;{b'harmless'.hex()};{HEX}\n".encode()
CASES = {
    "bytes": {"a.ndb": NDB},
    "logic": {"a.ldb": LDB},
    "bytes for newer": {"a.ndb": f"Evil.Bytes:0:*:{HEX}:217\n".encode(), "b.ndb": b"X:0:*:00112233445566\n"},
    "logic for older": {"a.ldb": LDB.replace(b"51-255", b"51-200"), "b.ndb": b"X:0:*:00112233445566\n"},
    "bytes ignored": {"a.ndb": NDB, "a.ign2": b"Evil.Bytes\n"},
    "logic ignored": {"a.ldb": LDB, "a.ign2": b"Evil.Logic\n"},
    "logic ignored by its md5": {
        "a.ldb": LDB,
        "a.ign2": f"Evil.Logic:{hashlib.md5(LDB[:-1]).hexdigest()}\n".encode(),
    },
    "bytes allowed": {"a.ndb": NDB, "a.fp": f"{MD5}:{SIZE}:Good\n".encode()},
    "unwanted": {"a.ndu": NDB, "a.ldu": LDB, "b.ndb": b"X:0:*:00112233445566\n"},
}


def found(databases: dict[str, bytes], *, pua: bool = False) -> set[str]:
    with knowing(*databases.items(), options=Options(pua=pua)) as known:
        matches = known.match(Subject(EVIL, identify(EVIL)))
    return {match.name for match in matches.found}


@needs_clamscan
@pytest.mark.parametrize("case", CASES)
def test_patterns_are_taken_as_clamscan_takes_them(case: str, tmp_path: Path) -> None:
    assert found(CASES[case]) == clamscan(tmp_path, CASES[case], EVIL)


def test_unwanted_ones_are_found_when_asked_for() -> None:
    assert found(CASES["unwanted"], pua=True) == {"Evil.Bytes", "Evil.Logic"}


def test_lines_that_are_no_patterns_are_named() -> None:
    _, report = built([("a.ndb", NDB + b"nonsense\n"), ("a.ldb", LDB + b"nonsense\n"), ("b.ndb", b"\xff:0:*:00\n")])
    assert [each.where for each in report.skipped] == ["a.ndb:2", "a.ldb:2", "b.ndb:1"]
    assert report.counts["patterns-records.bin"] == 2
