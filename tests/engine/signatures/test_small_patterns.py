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


TYPES = (
    b"0:0:736f6d65:Some:CL_TYPE_ANY:CL_TYPE_GRAPHICS:1\n0:4:7468696e67:Thing:CL_TYPE_ANY:CL_TYPE_SWF::300\n"
    b"0:0:6f74686572:Other:CL_TYPE_ANY:CL_TYPE_ELF\n0:0:00:Zero:CL_TYPE_ANY:CL_TYPE_BINARY_DATA\n"
)


def found(databases: dict[str, bytes], *, pua: bool = False) -> set[str]:
    with knowing(*databases.items(), options=Options(pua=pua)) as known:
        matches = known.match(Subject(EVIL, identify(EVIL)))
    return {match.name for match in matches.found}


@needs_clamscan
@pytest.mark.parametrize("case", CASES)
def test_patterns_are_taken_as_clamscan_takes_them(case: str, tmp_path: Path) -> None:
    assert found(CASES[case]) == clamscan(tmp_path, CASES[case], EVIL)


@needs_clamscan
def test_own_marks_tell_the_target_as_they_do_for_clamscan(tmp_path: Path) -> None:
    file = b"something \x00\x01 evil" + bytes(range(40))
    for target in (5, 6, 11):
        databases = {"a.ndb": f"T:{target}:*:{b' evil'.hex()}\n".encode(), "a.ftm": TYPES}
        with knowing(*databases.items()) as known:
            names = {match.name for match in known.match(Subject(file, identify(file))).found}
        assert names >= clamscan(tmp_path, databases, file)
        assert names == ({"T"} if target in {5, 11} else set())


def test_types_that_no_signature_is_for_are_named() -> None:
    lines = b"1:*:6162:P:CL_TYPE_ANY:CL_TYPE_ELF\n0:0:zz:P:CL_TYPE_ANY:CL_TYPE_ELF\n0:0:61\n"
    _, report = built([("a.ftm", TYPES + lines)])
    assert [each.where for each in report.skipped] == [f"a.ftm:{line}" for line in (4, 5, 6, 7)]


def test_unwanted_ones_are_found_when_asked_for() -> None:
    assert found(CASES["unwanted"], pua=True) == {"Evil.Bytes", "Evil.Logic"}


def test_lines_that_are_no_patterns_are_named() -> None:
    _, report = built([("a.ndb", NDB + b"nonsense\n"), ("a.ldb", LDB + b"nonsense\n"), ("b.ndb", b"\xff:0:*:00\n")])
    assert [each.where for each in report.skipped] == ["a.ndb:2", "a.ldb:2", "b.ndb:1"]
    assert report.counts["patterns-records.bin"] == 2
