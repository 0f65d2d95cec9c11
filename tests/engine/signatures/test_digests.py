import hashlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.engine.identify import identify
from garrison.engine.signatures.build import Options
from garrison.engine.signatures.sources import READERS
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Kind
from tests.engine.archives import WRAP
from tests.engine.samples import built, check, knowing
from tests.engine.signatures.clamscan import TEST_FILES, clamscan, needs_clamscan, needs_test_files
from tests.engine.signatures.lines import EVIL, LINE, MD5, SHA1, SHA256, SIZE


def found(databases: dict[str, bytes], content: bytes = EVIL, *, pua: bool = False) -> set[str]:
    """Return the names of what the set made of these databases finds in an object."""
    with knowing(*databases.items(), options=Options(pua=pua)) as known:
        matches = known.match(Subject(content, identify(content[:4096])))
    return {match.name for match in matches.found}


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (MD5, Kind.TROJAN),
        (SHA1.upper(), Kind.TROJAN),
        (SHA256, Kind.TROJAN),
        (f"{SHA256}:{SIZE}:list", Kind.TROJAN),
        (f"{SHA256}:*:list:73", Kind.TROJAN),
        (f"{MD5}:{SIZE}:list:miner", Kind.MINER),
        (f"{SHA1},list", Kind.TROJAN),
        (f"{SHA1}, list ,backdoor, {SIZE}", Kind.BACKDOOR),
        (f'"{SHA1}", "list", "web-shell"', Kind.WEB_SHELL),
        (f"\ufeff  {SHA256}  ", Kind.TROJAN),
    ],
)
def test_plain_lists(line: str, kind: Kind) -> None:
    with knowing(("list", f"# a comment\n\n{line}\n".encode())) as known:
        matches = known.match(Subject(EVIL, Type.TEXT)).found
    assert [(match.name, match.kind) for match in matches] == [("list", kind)]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nonsense", "it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal"),
        ("g" * 64, "it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal"),
        (f"{SHA256}  file", "it does not begin with an MD5, SHA-1 or SHA-256 in hexadecimal"),
        (f"{SHA256}:eleven:Name", "eleven is no size in bytes"),
        (f"{SHA256}:-1:Name", "-1 is no size in bytes"),
        (f"{SHA256}:{'9' * 30}:Name", f"{'9' * 30} is no size in bytes"),
        (f"{SHA256}:{1 << 40}:Name", "no object of this size is hashed"),
        (f"{SHA256},Name,monster", "monster is no kind of threat"),
        (hashlib.sha256(b"").hexdigest(), "it is the digest of an empty file"),
    ],
)
def test_bad_lines_are_skipped_and_named(line: str, why: str) -> None:
    _, report = built([("list", f"{SHA256}\n{line}\n".encode())])
    assert [(skipped.where, skipped.what, skipped.why) for skipped in report.skipped] == [("list:2", line, why)]
    assert report.hashes["sha256"] == 1
    assert report.to_plain()["skipped"] == {why: 1}


@pytest.mark.parametrize(
    ("name", "line", "why"),
    [
        ("a.hdb", f"{MD5}:{SIZE}", "it has not the fields of such a line"),
        ("a.hdb", f"{MD5}x:{SIZE}:A", "it holds no MD5, SHA-1 or SHA-256 in hexadecimal"),
        ("a.hdb", f"{'g' * 32}:{SIZE}:A", "it holds no MD5, SHA-1 or SHA-256 in hexadecimal"),
        ("a.hdb", f"{MD5}:*:A", "any size (*) needs a minimum level of 73"),
        ("a.hsb", f"{SHA256}:{SIZE}:A:900", "it is for newer versions of ClamAV"),
        ("a.hsb", f"{SHA256}:{SIZE}:A:1:90", "it is for older versions of ClamAV"),
        ("a.imp", f"{SHA256}:{SIZE}:A", "imports are compared by MD5 only"),
        ("a.hdu", f"{MD5}:{SIZE}:A", "potentially unwanted: not asked for"),
        ("a.cbc", "ClamBC", "bytecode: not run"),
        ("a.idb", "icon", "icons: not compared"),
        ("a.hdb", "x" * (1 << 21), "the line is too long"),
    ],
)
def test_lines_of_clamav_that_are_not_taken_are_named(name: str, line: str, why: str) -> None:
    _, report = built([(name, line.encode() + b"\n" + (LINE if name == "a.hdb" else b""))])
    assert [(skipped.where, skipped.why) for skipped in report.skipped] == [(f"{name}:1", why)]
    assert report.hashes["md5"] == (name == "a.hdb")


def test_the_same_digest_under_another_name_is_named() -> None:
    lines = "".join(f"{SHA256},{name}\n" for name in ("One", "One", "Two"))
    _, report = built([("list", lines.encode())])
    assert [(each.where, each.what, each.why) for each in report.skipped] == [
        ("list", f"{SHA256}:Two", "already listed under another name")
    ]
    assert found({"list": lines.encode()}) == {"One"}
    assert [(tally.read, tally.compiled) for tally in report.tallies] == [(3, 2)]


def test_names_of_what_is_skipped_end_and_the_count_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrison.engine.signatures.ledger._MOST_NAMED", 5)
    monkeypatch.setattr("garrison.engine.signatures.ledger._MOST_REASONS", 3)
    lines = "".join(f"{SHA256}:size{number}:A\n" for number in range(20))
    _, report = built([("list", lines.encode())])
    assert len(report.skipped) == 5
    assert sum(report.tallies[0].skipped.values()) == 20
    assert report.tallies[0].skipped["another reason"] == 17


@settings(max_examples=200)
@given(st.sampled_from(["a", "a.csv", "a.cvd", "a.cld", "a.sign", *READERS]), st.binary(max_size=300))
def test_any_list_is_survived(name: str, content: bytes) -> None:
    _, report = built([(name, content)])
    for tally in report.tallies:
        assert tally.read == tally.compiled + sum(tally.skipped.values())


CASES = {
    "md5": {"a.hdb": LINE},
    "sha1 in hdb": {"a.hdb": f"{SHA1}:{SIZE}:Evil.Thing\n".encode()},
    "sha256": {"a.hsb": f"{SHA256}:{SIZE}:Evil.Thing\n".encode()},
    "capitals": {"a.hsb": f"{SHA256.upper()}:{SIZE}:Evil.Thing\n".encode()},
    "another size": {"a.hsb": f"{SHA256}:{SIZE + 1}:Evil.Thing\n".encode()},
    "any size": {"a.hsb": f"{SHA256}:*:Evil.Thing:73\n".encode()},
    "newer": {"a.hsb": f"{SHA256}:{SIZE}:Evil.Thing:217\n".encode(), "b.hdb": f"{'0' * 32}:1:X\n".encode()},
    "this level": {"a.hsb": f"{SHA256}:{SIZE}:Evil.Thing:216:216\n".encode()},
    "older": {"a.hsb": f"{SHA256}:{SIZE}:Evil.Thing:1:215\n".encode(), "b.hdb": f"{'0' * 32}:1:X\n".encode()},
    "unwanted": {"a.hdu": LINE, "b.hdb": f"{'0' * 32}:1:X\n".encode()},
    "allowed by md5": {"a.hdb": LINE, "a.fp": f"{MD5}:{SIZE}:Good\n".encode()},
    "allowed by sha256": {"a.hdb": LINE, "a.sfp": f"{SHA256}:{SIZE}:Good\n".encode()},
    "allowed by sha1, any size": {"a.hdb": LINE, "a.sfp": f"{SHA1}:*:Good:73\n".encode()},
    "allowed, another size": {"a.hdb": LINE, "a.sfp": f"{SHA1}:7:Good\n".encode()},
    "ignored": {"a.hdb": LINE, "a.ign2": b"Evil.Thing\n"},
    "ignored with its old form": {"a.hdb": LINE, "a.ign": b"a.hdb:1:Evil.Thing\n"},
    "ignored by its md5": {"a.hdb": LINE, "a.ign2": f"Evil.Thing:{hashlib.md5(LINE[:-1]).hexdigest()}\n".encode()},
    "ignored by another md5": {"a.hdb": LINE, "a.ign2": f"Evil.Thing:{MD5}\n".encode()},
    "another one ignored": {"a.hdb": LINE, "a.ign2": b"Evil.Thin\nEvil.Things\n"},
    "ignored by a longer name": {"a.hdb": LINE, "a.ign2": b"Evil.Thing.UNOFFICIAL\n"},
}


@needs_clamscan
@pytest.mark.parametrize("case", CASES)
def test_we_find_what_clamscan_finds(case: str, tmp_path: Path) -> None:
    assert found(CASES[case]) == clamscan(tmp_path, CASES[case], EVIL)


@needs_clamscan
def test_what_is_unwanted_is_found_when_asked_for(tmp_path: Path) -> None:
    databases = {"a.hdu": LINE}
    assert found(databases, pua=True) == clamscan(tmp_path, databases, EVIL, "--detect-pua=yes") == {
        "PUA.Evil.Thing"
    } or (found(databases, pua=True) == {"Evil.Thing"})


@needs_clamscan
@pytest.mark.parametrize("is_allowed", [False, True])
def test_an_allowed_container_allows_what_is_in_it(tmp_path: Path, *, is_allowed: bool) -> None:
    archive = WRAP[Type.ZIP](EVIL)
    databases = {"a.hdb": LINE}
    if is_allowed:
        databases["a.fp"] = f"{hashlib.md5(archive).hexdigest()}:{len(archive)}:Good\n".encode()
    with knowing(*databases.items()) as known:
        ours = {finding.name for finding in check(archive, known).findings}
    assert ours == clamscan(tmp_path, databases, archive) == (set() if is_allowed else {"Evil.Thing"})


@needs_clamscan
@needs_test_files
@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256"])
def test_sections_of_programs(algorithm: str, tmp_path: Path) -> None:
    content = (TEST_FILES / "clam.exe").read_bytes()
    program = Subject(content, Type.PE).program()
    assert program is not None
    for section in program.sections:
        if not section.size:
            continue
        digest = hashlib.new(algorithm, content[section.offset : section.offset + section.size]).hexdigest()
        databases = {"a.mdb" if algorithm == "md5" else "a.msb": f"{section.size}:{digest}:Evil.Part\n".encode()}
        assert found(databases, content) == clamscan(tmp_path, databases, content) == {"Evil.Part"}
        databases = {"a.mdb": f"{section.size + 1}:{digest}:Evil.Part\n".encode()}
        assert found(databases, content) == set()


@needs_clamscan
@needs_test_files
def test_imports_of_programs(tmp_path: Path) -> None:
    for name in ("clam.exe", "clam-nsis.exe"):
        content = (TEST_FILES / name).read_bytes()
        program = Subject(content, Type.PE).program()
        assert program is not None
        databases = {"a.imp": f"{program.import_hash.hex()}:*:Evil.Imports:73\n".encode()}
        assert found(databases, content) == clamscan(tmp_path, databases, content) == {"Evil.Imports"}
