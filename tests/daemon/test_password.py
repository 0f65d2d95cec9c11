import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from garrison.abilities.rights import Scope
from garrison.base.clock import FakeClock
from garrison.base.errors import Invalid, NotFound, PasswordNeeded, Refused
from garrison.daemon import password
from garrison.daemon.door import Call
from garrison.daemon.password import PasswordBook, check_rules
from garrison.sdk import Caller, Secret
from tests.daemon.parts import ANNA, NOON, ROOT, clock
from tests.daemon.test_suite import Stage, on_stage

GOOD = Secret("Correct-horse-7")
WRONG = Secret("Wrong-horse-7")


@pytest.fixture(autouse=True)
def _light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes that take no time: the parameters stand in the hash."""
    monkeypatch.setattr(password, "_KIB", 64)


def book(folder: Path, when: FakeClock | None = None) -> PasswordBook:
    return PasswordBook(folder, when or clock())


def tried(kept: PasswordBook, secret: Secret, uid: int = 1001) -> bool:
    return asyncio.run(kept.is_right(uid, secret))


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "at least 8 characters, a digit, an upper-case letter, a lower-case letter"),
        ("Short1a", "at least 8 characters"),
        ("nouppercase1", "an upper-case letter"),
        ("NOLOWERCASE1", "a lower-case letter"),
        ("NoDigitsHere", "a digit"),
        ("Aa1" * 100, "at most 256 characters"),
    ],
)
def test_every_rule_that_is_broken_is_named(text: str, missing: str) -> None:
    with pytest.raises(Invalid) as raised:
        check_rules(text)
    assert raised.value.text.endswith(f"It needs: {missing}.")
    assert not text or text not in raised.value.text


def test_it_opens_to_the_right_one_only_also_after_a_restart(tmp_path: Path) -> None:
    asyncio.run(book(tmp_path).set(GOOD))
    assert tried(book(tmp_path), GOOD)
    for wrong in (WRONG, Secret(""), Secret("\udcff"), Secret("Correct-horse-7 ")):
        assert not tried(book(tmp_path), wrong, uid=len(wrong.get_secret_value()))
    stored = (tmp_path / "password.json").read_text("ascii")
    assert "Correct" not in stored
    assert json.loads(stored)["hash"].startswith("$argon2id$v=19$m=64,t=3,p=4$")
    assert (tmp_path / "password.json").stat().st_mode & 0o777 == 0o600


def test_the_real_parameters_are_those_of_rfc_9106(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    made = password._hash("x")
    assert made.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert password._matches(made, "x")
    assert not password._matches(made, "y")


def test_scopes(tmp_path: Path) -> None:
    kept = book(tmp_path)
    assert not any(kept.protects(scope) for scope in Scope)
    with pytest.raises(NotFound):
        kept.protect([Scope.EXIT])
    asyncio.run(kept.set(GOOD))
    assert [scope for scope in Scope if not kept.protects(scope)] == [Scope.REPORTS]
    kept.protect([Scope.REPORTS, Scope.EXIT])
    asyncio.run(kept.set(WRONG))  # another one protects the same
    again = book(tmp_path)
    assert {scope for scope in Scope if again.protects(scope)} == {Scope.REPORTS, Scope.EXIT, Scope.PASSWORD}
    assert again.remove()
    assert not book(tmp_path).remove()


def test_wrong_ones_make_an_account_wait_longer_and_longer_and_nobody_else(tmp_path: Path) -> None:
    when = clock()
    kept = book(tmp_path, when)
    asyncio.run(kept.set(GOOD))
    waits = []
    for _ in range(16):
        assert not tried(kept, WRONG)
        waits.append(kept.wait_seconds(1001))
        kept = book(tmp_path, when)  # a restart forgives nothing
        if waits[-1]:
            with pytest.raises(Refused, match="wait"):
                tried(kept, GOOD)
        when.advance(timedelta(seconds=waits[-1]))
    assert waits == [0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]
    assert tried(kept, GOOD, uid=1002)
    assert tried(kept, GOOD)
    assert not tried(kept, WRONG)
    assert kept.wait_seconds(1001) == 0  # the right one makes it begin anew


def test_a_clock_that_is_set_back_makes_no_wait_longer(tmp_path: Path) -> None:
    when = clock()
    kept = book(tmp_path, when)
    asyncio.run(kept.set(GOOD))
    for _ in range(3):
        tried(kept, WRONG)
    when.set(NOON - timedelta(days=400))
    assert kept.wait_seconds(1001) == 900


def test_many_at_a_time_of_one_account_are_one(tmp_path: Path) -> None:
    async def script() -> None:
        kept = book(tmp_path)
        await kept.set(GOOD)
        outcomes = await asyncio.gather(*(kept.is_right(1001, WRONG) for _ in range(9)), return_exceptions=True)
        assert [outcome for outcome in outcomes if outcome is False] == [False]
        assert sum(isinstance(outcome, Refused) for outcome in outcomes) == 8

    asyncio.run(script())


@pytest.mark.parametrize("content", ["", "{}", '{"hash": "x", "scopes": []}', '{"hash": "", "scopes": ["no"]}'])
def test_a_damaged_file_opens_to_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "password.json").write_text(content, "ascii")
    kept = book(tmp_path)
    assert kept.protects(Scope.PASSWORD)
    assert not tried(kept, GOOD)


def test_damaged_tries_are_forgotten(tmp_path: Path) -> None:
    asyncio.run(book(tmp_path).set(GOOD))
    for content in ("[]", "{", '{"x": 3}'):
        (tmp_path / "tries.json").write_text(content, "ascii")
        assert tried(book(tmp_path), GOOD)


async def asked(stage: Stage, session: str, operation: str, caller: Caller = ROOT, **arguments: Any) -> Any:
    call = Call(f"suite.{operation}", arguments, caller, session=session)
    return (await asyncio.get_running_loop().create_task(stage.door.call(call))).result


def test_what_is_protected_is_asked_for_at_the_door_of_everybody(tmp_path: Path) -> None:
    set_count: dict[str, Any] = {"name": "sample.count", "values": ["7"]}

    async def script(stage: Stage) -> None:
        await asked(stage, "one", "password-set", password=GOOD.get_secret_value())
        protected: tuple[tuple[str, dict[str, Any]], ...] = (
            ("settings-set", set_count),
            ("settings-import", {"path": "/nonexistent", "preview": True}),
            ("stop", {"component": "sample"}),
            ("pause", {"for_": "1m", "reason": "x"}),
            ("shutdown", {}),
            ("allow-removal", {}),
            ("password-set", {"password": "Another-horse-7"}),
            ("password-protect", {"scopes": []}),
            ("password-remove", {}),
        )
        for operation, arguments in protected:
            for session in ("one", ""):
                with pytest.raises(PasswordNeeded):
                    await asked(stage, session, operation, **arguments)
        for operation in ("status", "settings-list", "journal", "resume", "stay", "password-scopes"):
            await asked(stage, "one", operation)
        with pytest.raises(Refused, match="wrong"):
            await asked(stage, "one", "unlock", password=WRONG.get_secret_value())
        await asked(stage, "one", "unlock", password=GOOD.get_secret_value())
        await asked(stage, "one", "settings-set", **set_count)
        for session, caller in (("two", ROOT), ("one", ANNA)):
            with pytest.raises(Refused):
                await asked(stage, session, "settings-set", caller, **set_count)
        await asked(stage, "one", "lock")
        with pytest.raises(PasswordNeeded):
            await asked(stage, "one", "settings-set", **set_count)
        rows = repr(await stage.call("journal"))
        assert "horse" not in rows
        assert "PasswordWrong" in rows
        assert "password-needed" in rows

    on_stage(tmp_path, script)


def test_reports_and_ways_round_the_switch_are_protected_when_that_was_chosen(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await asked(stage, "one", "password-set", password=GOOD.get_secret_value())
        await asked(stage, "one", "unlock", password=GOOD.get_secret_value())
        await asked(stage, "one", "password-protect", scopes=["reports", "pause"])
        await asked(stage, "one", "settings-set", name="sample.enabled", values=["off"])
        await asked(stage, "one", "settings-set", name="sample.enabled", values=["on"])
        await asked(stage, "one", "lock")
        await asked(stage, "one", "settings-set", name="sample.count", values=["7"])
        protected: tuple[tuple[str, dict[str, Any]], ...] = (
            ("journal", {}),
            ("report-list", {}),
            ("settings-set", {"name": "sample.enabled", "values": ["off"]}),
        )
        for operation, arguments in protected:
            with pytest.raises(PasswordNeeded):
                await asked(stage, "one", operation, **arguments)

    on_stage(tmp_path, script)


def test_a_component_asks_no_more_than_who_asked_it_may(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await asked(stage, "one", "password-set", password=GOOD.get_secret_value())
        inner = Call("suite.shutdown", {}, ROOT)
        with pytest.raises(PasswordNeeded):
            await stage.door.call(inner)
        await stage.door.call(Call("suite.shutdown", {}, ROOT, by_itself=True))  # the suite's own doing
        await asked(stage, "one", "unlock", password=GOOD.get_secret_value())
        with pytest.raises(PasswordNeeded):
            await stage.door.call(inner)

    on_stage(tmp_path, script)


def test_only_root_forgets_a_password_and_the_journal_tells(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        await asked(stage, "one", "password-set", password=GOOD.get_secret_value())
        with pytest.raises(Refused):
            await asked(stage, "one", "password-reset", ANNA)
        await asked(stage, "two", "password-reset")
        rows = await stage.call("journal")
        assert [row["text"] for row in rows if row["name"] == "PasswordRemoved"] == [
            "The password was removed by account 0 (as root, without it)"
        ]
        await asked(stage, "two", "password-remove")

    on_stage(tmp_path, script)
