"""The reader's language on the command line."""

import json
from pathlib import Path

import click
import pytest

from garrison.base.errors import NotFound
from garrison.base.text import message, phrase
from garrison.cli import reader, show
from garrison.cli.grow import localise


@pytest.mark.parametrize(
    ("environment", "codes"),
    [
        ({}, ()),
        ({"LANG": "C.UTF-8", "LANGUAGE": "de"}, ()),
        ({"LANG": "de_AT.UTF-8"}, ("de_AT",)),
        ({"LANG": "de_AT.UTF-8", "LC_MESSAGES": "ar_EG"}, ("ar_EG",)),
        ({"LANG": "de_AT.UTF-8", "LC_ALL": "ja_JP.UTF-8@x"}, ("ja_JP",)),
        ({"LANG": "de_AT.UTF-8", "LANGUAGE": "fr:de"}, ("fr", "de")),
    ],
)
def test_the_language_is_found_as_gettext_finds_it(environment: dict[str, str], codes: tuple[str, ...]) -> None:
    assert reader.wanted(environment) == codes


@pytest.fixture
def pseudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GARRISON_PSEUDO", "1")
    monkeypatch.setenv("LC_ALL", "qps")
    reader._chosen.cache_clear()


def test_english_stays_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "en_GB.UTF-8")
    assert reader.reader() is None
    assert reader._("In {path}.", path="/x") == "In /x."
    assert (reader.heading("at_once"), reader.told("a", {})) == ("at_once", "a")


@pytest.mark.usefixtures("pseudo")
def test_answers_and_errors_are_told_in_the_readers_language(capsys: pytest.CaptureFixture[str]) -> None:
    made = message("{count} file", {}, "{count} files", 2)
    texts = {"2 files": made.plain()}
    show.answer({"result": {}, "says": [["x", {}]], "sentences": ["2 files"], "texts": texts}, as_json=False)
    show.answer({"result": [{"what": "2 files", "is_done": True}], "texts": texts}, as_json=False)
    show.sentence(phrase("In {path}.", path="/x"), as_json=False)
    show.error(NotFound("There is no {name}.", "Look at {name}.", name="“x”"), as_json=False)
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[0].startswith("[2 files~")
    assert lines[1].startswith("[What~") and "\t[Is done~" in lines[1]  # noqa: PT018
    assert lines[2].startswith("[2 files~") and "\t[yes~" in lines[2]  # noqa: PT018
    assert lines[3].startswith("[In ") and "/x" in lines[3]  # noqa: PT018
    assert err.startswith("garrison: [There is no ") and "\n  [Look at " in err  # noqa: PT018


@pytest.mark.usefixtures("pseudo")
def test_json_stays_english(capsys: pytest.CaptureFixture[str]) -> None:
    show.sentence(phrase("In {path}.", path="/x"), as_json=True)
    assert json.loads(capsys.readouterr().out) == {"text": "In /x."}
    show.error(NotFound("There is no {name}.", name="x"), as_json=True)
    assert json.loads(capsys.readouterr().out)["error"]["text"] == "There is no x."


@pytest.mark.usefixtures("pseudo")
def test_help_is_put_into_the_readers_language_once() -> None:
    group = click.Group("a", help="Do it.")
    group.add_command(click.Command("b", help="Do that.", params=[click.Option(["--c"], help="With that.")]))
    localise(group)
    localise(group)
    inner = group.commands["b"]
    option = inner.params[0]
    assert isinstance(option, click.Option)
    assert [str(text)[:4] for text in (group.help, inner.help, option.help)] == ["[Do ", "[Do ", "[Wit"]
    assert "[[" not in str(inner.help)


def test_nothing_of_other_languages_is_loaded_for_english() -> None:
    source = Path(reader.__file__).read_text("utf-8")
    assert "\nfrom garrison.base.languages" not in source
