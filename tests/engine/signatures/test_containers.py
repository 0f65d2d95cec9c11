import gzip
import io
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from garrison.base.errors import Invalid
from garrison.engine.signatures.build import Options
from garrison.engine.signatures.containers import Container
from tests.engine.samples import LISTED, built, check, knowing
from tests.engine.signatures.clamscan import needs_sigtool, sigtool
from tests.engine.signatures.keys import container, cvd, pem, proof, tar, trust, with_list
from tests.engine.signatures.lines import EVIL, LINE

MEMBERS: Mapping[str, bytes] = {"test.hdb": LINE, "test.ign2": b"", "test.cbc": b"code\n"}
GOOD = cvd(MEMBERS)
BODY = gzip.compress(tar(with_list(MEMBERS)), mtime=0)
UNSIGNED_LIST = gzip.compress(tar(with_list(MEMBERS, is_signed=False)), mtime=0)


def checked(content: bytes, name: str = "test.cvd", sign: bytes = b"", **how: object) -> Container:
    made = Container(name, io.BytesIO(content))
    made.check(trust(**how), sign)  # type: ignore[arg-type]
    return made


def test_a_right_one_gives_its_members() -> None:
    made = checked(GOOD)
    assert made.version == 7
    assert [name for name, _ in made.members()] == ["COPYING", "test.info", *MEMBERS]
    assert {name: content.read() for name, content in made.members() if name in MEMBERS} == MEMBERS


def test_the_three_kinds_are_signed_in_their_ways() -> None:
    checked(container(tar(with_list(MEMBERS)), signature=b"X"), "test.cld")
    checked(container(UNSIGNED_LIST), "test.cvd")
    checked(container(UNSIGNED_LIST, signature=b"X"), "test.cud")
    for name in ("test.cvd", "test.cld"):
        with pytest.raises(Invalid, match="nobody has signed it"):
            checked(container(UNSIGNED_LIST, signature=b"X"), name)
        checked(container(UNSIGNED_LIST, signature=b"X"), name, allow_unsigned=True)


def test_a_signature_beside_it_counts_for_all_of_it() -> None:
    content = container(UNSIGNED_LIST, signature=b"X")
    root = (pem("root"),)
    checked(content, sign=proof(content), certificates=root)
    with pytest.raises(Invalid, match="not by anybody we trust"):
        checked(content, sign=proof(content, "stranger"), certificates=root)
    with pytest.raises(Invalid, match="not by anybody we trust"):
        checked(content, sign=proof(content + b"x"), certificates=root)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "does not begin like"),
        (b"ClamAV-VDB:" + bytes(600), "does not begin like"),
        (GOOD[:-1], "is damaged"),
        (GOOD + b"x", "is damaged"),
        (container(BODY, signature=b"abc"), "signature is not right"),
        (container(gzip.compress(b"no tar at all" * 100, mtime=0)), "is damaged"),
        (container(gzip.compress(tar(with_list(MEMBERS))[:1800], mtime=0)), "(ends too early|damaged)"),
        (container(BODY[:300]), "(ends too early|damaged|nobody)"),
        (
            container(gzip.compress(tar(with_list(MEMBERS) | {"test.hdb": b"other"}), mtime=0)),
            r"test\.hdb in it is not what",
        ),
        (
            container(gzip.compress(tar(with_list(MEMBERS) | {"more.hdb": LINE}), mtime=0)),
            r"more\.hdb in it is not what",
        ),
    ],
)
def test_others_are_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        checked(content)


def test_a_member_that_comes_twice_is_refused() -> None:
    twice = tar(with_list(MEMBERS))[:-1024].rstrip(b"\0")
    twice += bytes(-len(twice) % 512) + tar({"test.hdb": b"other"})
    with pytest.raises(Invalid, match=r"test\.hdb is in it twice"):
        checked(container(twice))


def test_a_list_with_a_wrong_signature_is_refused_whatever_is_allowed() -> None:
    members = with_list(MEMBERS)
    info = members["test.info"].replace(b"test.cbc", b"test.cbd")
    with pytest.raises(Invalid, match="list of members is not right"):
        checked(container(gzip.compress(tar(members | {"test.info": info}))), allow_unsigned=True)


def test_a_bomb_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("garrison.engine.signatures.containers._MOST_UNPACKED", 1_000_000)
    bomb = container(gzip.compress(tar({"a.hdb": bytes(2_000_000)})))
    with pytest.raises(Invalid, match="unpacks to too much"):
        checked(bomb)
    monkeypatch.setattr("garrison.engine.signatures.containers._MOST_MEMBERS", 10)
    with pytest.raises(Invalid, match="too many files"):
        checked(container(gzip.compress(tar({f"{number}.hdb": b"" for number in range(20)}))))


@settings(max_examples=60)
@given(st.integers(512, len(GOOD) - 1), st.integers(1, 255), st.booleans())
def test_a_changed_one_is_refused(at: int, change: int, is_signed_anew: bool) -> None:
    changed = GOOD[:at] + bytes([GOOD[at] ^ change]) + GOOD[at + 1 :]
    if is_signed_anew:
        changed = container(changed[512:])
    try:
        made = checked(changed)
    except Invalid:
        return
    assert is_signed_anew, "the signature is of something else"
    assert {name: content.read() for name, content in made.members() if name in MEMBERS} == MEMBERS


def test_a_set_is_built_from_one_and_its_members_are_told() -> None:
    content = cvd({"test.hdb": LINE, "test.cbc": b"one\ntwo\n", "odd.xyz": b"x"})
    folder, report = built([("daily.cvd", content)], Options(trust=trust()))
    told = {tally.source: (tally.read, tally.compiled, tally.skipped) for tally in report.tallies}
    assert told == {
        "daily.cvd/test.hdb": (1, 1, {}),
        "daily.cvd/test.cbc": (2, 0, {"bytecode: not run": 2}),
        "daily.cvd/odd.xyz": (1, 0, {"it is no kind of database we know": 1}),
    }
    assert "hashes-md5.bin" in folder.files


def test_ignore_lists_inside_are_read_before_all_else() -> None:
    content = cvd({"test.hdb": LINE, "test.ign2": b"Evil.Thing\n"})
    with knowing(("more.hdb", LINE), ("z.cvd", content), options=Options(trust=trust())) as known:
        assert check(EVIL, known).findings == ()


def test_one_that_is_refused_gives_nothing_and_the_rest_is_built() -> None:
    sources = [("test.cvd", container(BODY, signature=b"abc")), ("list.hdb", LINE)]
    _, report = built(sources, Options(trust=trust()))
    assert [(each.where, each.why) for each in report.skipped] == [
        ("test.cvd", "test.cvd cannot be used: its signature is not right.")
    ]
    assert report.hashes["md5"] == 1


def test_the_proof_beside_is_found_by_name_and_version() -> None:
    content = container(UNSIGNED_LIST, signature=b"X")
    options = Options(trust=trust(certificates=(pem("root"),)))
    for name in ("daily-7.cvd.sign", "daily.cvd.sign"):
        _, report = built([("daily.cvd", content), (name, proof(content))], options)
        assert report.hashes["md5"] == 1
    _, report = built([("daily.cvd", content), ("daily-8.cvd.sign", proof(content))], options)
    assert report.hashes["md5"] == 0
    assert check(LISTED, knowing()).findings == ()


@needs_sigtool
def test_what_sigtool_builds_is_read(tmp_path: Path) -> None:
    (tmp_path / "COPYING").write_text("free")
    (tmp_path / "test.hdb").write_bytes(LINE)
    (tmp_path / "test.ndb").write_bytes(b"X:0:*:00112233445566\n")
    sigtool(tmp_path, "--build=test.cud", "--unsigned", "--cvd-version=3", "--hybrid", asked="x\n")
    content = (tmp_path / "test.cud").read_bytes()
    made = checked(content, "test.cud")
    assert made.version == 3
    assert {name: member.read() for name, member in made.members() if name.startswith("test.h")} == {"test.hdb": LINE}
    with knowing(("test.cud", content)) as known:
        assert [finding.name for finding in check(EVIL, known).findings] == ["Evil.Thing"]
    with pytest.raises(Invalid, match="nobody has signed it"):
        checked(content, "test.cvd")
