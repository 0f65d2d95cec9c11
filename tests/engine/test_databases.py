import hashlib
import json
import os
from pathlib import Path

import pytest

from garrison.base.errors import Failed
from garrison.engine import words
from garrison.engine.databases import Detector
from garrison.engine.set_files import RULES, SET, check_set
from garrison.engine.signatures.build import build
from garrison.engine.subject import Subject
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Kind
from tests.engine.samples import EICAR, LISTED, SOURCES, Folder, built, check, descriptor, open_set

FILES = frozenset({SET, RULES, "hashes-sha256.bin"})


def test_a_set_is_built_and_opened() -> None:
    folder = Folder()
    report = build(SOURCES, folder, {"version": "1"})
    assert (report.rules, dict(report.hashes)) == (2, {"md5": 0, "sha1": 0, "sha256": 1})
    assert report.skipped == ()
    assert report.digest == hashlib.sha256(folder.files[SET]).hexdigest()
    assert set(folder.files) == FILES | {words.FILE}
    assert list(folder.files)[-1] == SET, "the description comes last: without it there is no set"
    with open_set(folder.files) as known:
        assert known.about == {"version": "1"}
        assert known.rules == 2
        assert known.hashes["sha256"] == 1
        assert [match.name for match in known.match(Subject(EICAR, Type.TEXT)).found] == ["EICAR-Test-File"]
        found = known.match(Subject(LISTED, Type.TEXT)).found
        assert [(m.name, m.kind, m.certainty) for m in found] == [("Listed.Thing", Kind.TEST, Certainty.KNOWN)]
        assert found[0].why == "sha256 in list list"
        assert known.match(Subject(LISTED, Type.TEXT, is_whole=False)).found == ()


def test_the_same_input_gives_the_same_bytes() -> None:
    assert built()[0].files == built()[0].files


def test_what_was_left_out_is_named() -> None:
    _, report = built([("bad.yar", b"rule bad { condition: x }"), ("bad", b"nonsense")])
    assert [(skipped.where, skipped.what) for skipped in report.skipped] == [
        ("bad:1", "nonsense"),
        ("bad.yar", "rule bad"),
    ]


def test_an_empty_set_finds_nothing() -> None:
    with open_set(built([])[0].files) as known:
        assert check(EICAR, known).findings == ()


def open_descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_no_descriptor_is_left_open() -> None:
    folder, _ = built()
    before = open_descriptors()
    for _ in range(3):
        open_set(folder.files).close()
        broken = dict(folder.files)
        broken["hashes-sha256.bin"] = b"x"
        with pytest.raises(Failed):
            open_set(broken)
    assert open_descriptors() == before


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_named(name: str) -> None:
    files = {key: value for key, value in built()[0].files.items() if key != name}
    with pytest.raises(Failed, match=f"{name} is missing"):
        open_set(files)


@pytest.mark.parametrize("name", sorted(FILES))
@pytest.mark.parametrize("how", ["empty", "cut", "grown"])
def test_a_file_of_another_size_is_named(name: str, how: str) -> None:
    files = dict(built()[0].files)
    whole = files[name]
    files[name] = {"empty": b"", "cut": whole[:-3], "grown": whole + b"x"}[how]
    with pytest.raises(Failed, match=f"{name} is (damaged|empty)"):
        open_set(files)
    with pytest.raises(Failed, match=f"{name} is (damaged|empty)"):
        checked(files)


def checked(files: dict[str, bytes]) -> None:
    opened = {name: descriptor(content) for name, content in files.items()}
    try:
        check_set(opened)
    finally:
        for number in opened.values():
            os.close(number)


@pytest.mark.parametrize("name", sorted(FILES - {SET}))
def test_any_changed_bit_is_found_when_all_is_read(name: str) -> None:
    files = dict(built()[0].files)
    checked(files)
    whole = files[name]
    middle = len(whole) // 2
    files[name] = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    with pytest.raises(Failed, match=f"{name} is damaged"):
        checked(files)
    with pytest.raises(Failed, match="more does not belong"):
        checked(dict(built()[0].files) | {"more": b"x"})


@pytest.mark.parametrize(
    "description", [b"[]", b"5", b"{}", b'{"format": 2}', b'{"format": 2, "about": {}, "files": 1}']
)
def test_a_description_that_is_none_is_damage(description: bytes) -> None:
    with pytest.raises(Failed, match=r"set\.json is damaged"):
        open_set(built()[0].files | {SET: description})


def described(files: dict[str, bytes], **changes: object) -> dict[str, bytes]:
    description = json.loads(files[SET]) | changes
    for name in sorted(set(files) - {SET}):
        told = {"bytes": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        description["files"][name] = told
    return files | {SET: json.dumps(description).encode()}


def test_another_version_is_told_apart_from_damage() -> None:
    with pytest.raises(Failed, match="another version of Garrison"):
        open_set(described(built()[0].files, format=1))
    with pytest.raises(Failed, match=r"(another version|damaged)"):
        open_set(described(built()[0].files | {RULES: b"YARA-X and nonsense"}))


def test_nonsense_with_a_right_digest_is_refused() -> None:
    with pytest.raises(Failed, match="sha1 digests is damaged"):
        open_set(described(built()[0].files | {"hashes-sha1.bin": b"nonsense"}))


def test_a_descriptor_that_is_none_is_told() -> None:
    reading, writing = os.pipe()
    with pytest.raises(Failed, match=r"set\.json"):
        Detector.open({SET: reading})
    os.close(reading)
    os.close(writing)
    number = descriptor(b"x")
    os.close(number)
    with pytest.raises(Failed, match=r"set\.json cannot be read"):
        Detector.open({SET: number})


def told(*sources: tuple[str, bytes]) -> dict[str, tuple[int, int]]:
    _, report = built(sources)
    return {tally.source: (tally.read, tally.compiled) for tally in report.tallies}


def test_the_rules_of_each_file_are_counted() -> None:
    good, bad = b"rule a { condition: true } rule b { condition: true }", b"rule c { condition: nonsense }"
    assert told(("good.yar", good), ("more.yar", good + bad)) == {"more.yar": (3, 2), "good.yar": (2, 2)}
    assert told(("good.yar", good), ("other.yar", b'include "good.yar"')) == {
        "good.yar": (0, 0),
        "other.yar": (0, 0),
        "rules": (4, 4),
    }
    assert told(("none.yar", b"")) == {"none.yar": (0, 0)}
