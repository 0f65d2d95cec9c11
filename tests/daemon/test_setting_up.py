from pathlib import Path

import pytest

from garrison.abilities.rights import Scope
from garrison.base.errors import Invalid, PasswordNeeded
from garrison.daemon import password
from garrison.daemon.setting_up import Answers, read_answers
from tests.daemon.test_suite import Stage, on_stage

WHOLE = """
language = "de"
accept-terms = true
recommended-settings = true
first-update = true
password-file = "x"
[consents]
"sample.tell" = true
"""


def test_answers_are_read() -> None:
    assert read_answers(WHOLE, "Correct-horse-7", ["sample.tell"]) == Answers(
        "de", frozenset({"accept-terms", "recommended-settings", "first-update"}), {"sample.tell": True}
    )
    assert read_answers("accept-terms = true", "", []).consents == {}


def test_every_mistake_is_named_at_once() -> None:
    text = 'language = "xx"\nfirst-scan = 3\nmore = 1\n[consents]\n"no.such" = true\n"sample.tell" = "yes"\n'
    with pytest.raises(Invalid) as raised:
        read_answers(text, "short", ["sample.tell"])
    for named in ("more: ", "first-scan: ", "accept-terms: ", "no.such", "sample.tell", "language: ", "password: "):
        assert named in raised.value.text
    assert "short" not in raised.value.text


@pytest.mark.parametrize("text", ["", "x = ", "accept-terms = false", "consents = 3", "language = 3", "\udcff"])
def test_nothing_is_assumed(text: str) -> None:
    with pytest.raises(Invalid):
        read_answers(text, "", [])


def test_nothing_is_done_where_there_is_a_mistake_and_all_is_done_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password, "_KIB", 64)

    async def script(stage: Stage) -> None:
        await stage.call("settings-set", name="sample.count", values=["7"])
        answers = WHOLE.replace("first-update = true\n", "")
        with pytest.raises(Invalid):
            await stage.call("set-up", answers=answers + '"no.such" = true\n', password="Correct-horse-7")
        assert stage.sample.settings.count == 7
        assert not stage.parts.password.protects(Scope.EXIT)
        assert not any(row["given"] for row in await stage.call("consents"))
        said = await stage.call("set-up", answers=answers, password="Correct-horse-7")
        assert said["lines"][0] == "You agreed to: the terms, sample.tell."
        assert stage.sample.settings.count == 3
        assert {row["id"] for row in await stage.call("consents") if row["given"]} == {"suite.terms", "sample.tell"}
        assert (await stage.call("settings-get", name="suite.language"))["value"] == "de"
        assert stage.parts.password.protects(Scope.EXIT)
        with pytest.raises(PasswordNeeded):
            await stage.call("set-up", answers="accept-terms = true")

    on_stage(tmp_path, script)


def test_what_of_it_does_not_work_is_told(tmp_path: Path) -> None:
    async def script(stage: Stage) -> None:
        said = await stage.call("set-up", answers="accept-terms = true\nfirst-update = true\n")
        assert said["failed"] == ["There is no operation “updates.update”."]

    on_stage(tmp_path, script)
