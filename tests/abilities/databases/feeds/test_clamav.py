from pathlib import Path

import pytest

from garrison.abilities.databases.feeds import clamav
from garrison.abilities.databases.feeds.clamav import ClamAV
from garrison.base.errors import Invalid
from garrison.engine.signatures.proofs import Trust
from tests.abilities.databases.feeds.kit import Desk, feed
from tests.engine.signatures import keys

LINE = b"0" * 32 + b":5:Nothing\n"
MORE = b"1" * 32 + b":9:More"
ADDRESS = "https://mirror.example/clam"


def desk_of(tmp_path: Path, address: str = ADDRESS) -> Desk:
    return Desk(tmp_path, ClamAV(), feed("clamav", address))


def cvd(name: str, content: bytes = LINE, version: int = 7) -> bytes:
    body = keys.tar(keys.with_list({f"{name}.hdb": content}))
    return keys.container(body, version=version)


def step(version: int) -> bytes:
    return keys.cdiff(b"OPEN daily.hdb\nADD %s-%d\nCLOSE\n" % (MORE, version), version)


def begun(tmp_path: Path) -> Desk:
    """Return a desk where both databases were taken in version 7."""
    desk = desk_of(tmp_path)
    for name in ("main", "daily"):
        desk.put(f"{name}.cvd", cvd(name))
    desk.accept("main-7.cvd.sign", "daily-7.cvd.sign")
    desk.keep()
    return desk


def test_first_both_databases_are_wanted_whole(tmp_path: Path) -> None:
    files = ClamAV().first(feed("clamav", f"{ADDRESS}/"), tmp_path)
    assert [file.address for file in files] == [f"{ADDRESS}/main.cvd", f"{ADDRESS}/daily.cvd"]
    assert not any(file.is_optional for file in files)


def test_then_the_next_differences(tmp_path: Path) -> None:
    desk = begun(tmp_path)
    files = ClamAV().first(desk.feed, desk.kept)
    assert [(file.name, file.is_optional) for file in files] == [("main-8.cdiff", True), ("daily-8.cdiff", True)]


def test_a_whole_database_asks_for_its_proof_and_is_unpacked(tmp_path: Path) -> None:
    desk = desk_of(tmp_path)
    for name in ("main", "daily"):
        desk.put(f"{name}.cvd", cvd(name))
    assert [file.address for file in desk.accept().more] == [
        f"{ADDRESS}/main-7.cvd.sign",
        f"{ADDRESS}/daily-7.cvd.sign",
    ]
    assert desk.accept("main-7.cvd.sign", "daily-7.cvd.sign").about == {"main": "7", "daily": "7"}
    written = desk.written()
    assert written["daily/daily.hdb"] == LINE
    assert written["daily.version"] == b"7"
    assert "main/COPYING" not in written


def test_differences_are_asked_for_until_there_are_no_more(tmp_path: Path) -> None:
    desk = begun(tmp_path)
    desk.put("daily-8.cdiff", step(8))
    wanted = [file.name for file in desk.accept("main-8.cdiff").more]
    assert wanted[:2] == ["main.cvd", "daily-8.cdiff.sign"]
    assert wanted[2:] == [f"daily-{version}.cdiff" for version in range(9, 17)]
    desk.put("daily-9.cdiff", step(9))
    desk.put("daily-11.cdiff", step(11))
    tried = ["main-8.cdiff", *wanted, "daily-9.cdiff.sign", *(f"daily-{version}.cdiff" for version in range(10, 18))]
    assert desk.accept(*tried).about == {"main": "7", "daily": "9"}
    assert desk.written()["daily/daily.hdb"] == LINE + MORE + b"-8\n" + MORE + b"-9\n"
    assert desk.written()["main/main.hdb"] == LINE


def test_no_end_of_differences_is_taken_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clamav, "_MOST_STEPS", 3)
    desk = begun(tmp_path)
    for version in range(8, 11):
        desk.put(f"daily-{version}.cdiff", step(version))
    more = [file.name for file in desk.accept("main-8.cdiff", "main.cvd").more]
    assert more == ["daily-8.cdiff.sign", "daily-9.cdiff.sign", "daily-10.cdiff.sign"]


def test_without_a_next_difference_the_whole_is_looked_for(tmp_path: Path) -> None:
    desk = begun(tmp_path)
    assert [file.name for file in desk.accept("main-8.cdiff", "daily-8.cdiff").more] == ["main.cvd", "daily.cvd"]


def test_a_whole_database_that_is_older_than_what_is_here_is_left_alone(tmp_path: Path) -> None:
    desk = begun(tmp_path)
    desk.put("daily.cvd", cvd("daily", b"2" * 32 + b":5:Old\n", version=6))
    tried = ("main-8.cdiff", "daily-8.cdiff", "main.cvd", "daily-6.cvd.sign")
    assert desk.accept(*tried).about == {"main": "7", "daily": "7"}
    assert desk.written()["daily/daily.hdb"] == LINE
    desk.put("daily.cvd", cvd("daily", b"2" * 32 + b":5:New\n", version=9))
    assert desk.accept(*tried, "daily-9.cvd.sign").about == {"main": "7", "daily": "9"}
    assert desk.written()["daily/daily.hdb"] == b"2" * 32 + b":5:New\n"


def test_what_a_difference_brought_need_not_come_whole_and_proofs_always_come() -> None:
    assert ClamAV().stands_for("daily-8.cdiff") == "daily.cvd"
    assert ClamAV().stands_for("daily.cvd") == "daily.cvd"
    assert ClamAV().stands_for("daily-8.cdiff.sign") == ClamAV().stands_for("daily-8.cvd.sign") == ""


def test_a_difference_that_leads_elsewhere_than_its_name_says_is_refused(tmp_path: Path) -> None:
    desk = begun(tmp_path)
    desk.put("daily-8.cdiff", step(9))
    with pytest.raises(Invalid, match="another version"):
        desk.accept("main-8.cdiff", "main.cvd", "daily-8.cdiff.sign", *(f"daily-{n}.cdiff" for n in range(9, 17)))


def test_one_container_by_its_address(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "/media/stick/own.cvd")
    (file,) = ClamAV().first(desk.feed, tmp_path)
    assert (file.address, file.name) == ("/media/stick/own.cvd", "own.cvd")
    desk.put("own.cvd", cvd("own"))
    (proof,) = desk.accept().more
    assert proof.address == "/media/stick/own-7.cvd.sign"
    assert desk.accept(proof.name).about == {"own": "7"}


def test_what_nobody_signed_is_taken_only_where_that_is_allowed(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "https://mirror.example/own.cvd")
    desk.put("own.cvd", keys.container(keys.tar({"own.hdb": LINE}), signature=b"X"))
    with pytest.raises(Invalid, match="nobody has signed it"):
        desk.accept("own-7.cvd.sign")
    desk.accept("own-7.cvd.sign", trust=Trust(allow_unsigned=True))
    assert desk.written()["own/own.hdb"] == LINE


@pytest.mark.parametrize("name", ["..", "a/..", "", ".", "/"])
def test_names_inside_lead_nowhere(tmp_path: Path, name: str) -> None:
    desk = desk_of(tmp_path, "https://mirror.example/own.cvd")
    desk.put("own.cvd", keys.container(keys.tar({name: LINE, "../../own.hdb": LINE}), signature=b"X"))
    with pytest.raises((Invalid, OSError)):
        desk.accept("own-7.cvd.sign", trust=Trust(allow_unsigned=True))
    assert {path.name for path in tmp_path.iterdir()} == {"spool", "to-1"}


@pytest.mark.parametrize("tar", [bytes(1024), keys.tar({}), b""])
def test_a_container_of_nothing_is_refused(tmp_path: Path, tar: bytes) -> None:
    desk = desk_of(tmp_path, "https://mirror.example/own.cvd")
    desk.put("own.cvd", keys.container(tar))
    with pytest.raises(Invalid, match="nothing in it"):
        desk.accept("own-7.cvd.sign")


def test_nothing_at_all_is_told(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="none of ClamAV's databases"):
        desk_of(tmp_path).accept("main.cvd", "daily.cvd")
