"""The catalogues hold every text, and every translation keeps what stands in for a value."""

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tools import catalogue


def test_the_template_has_every_text_once_and_their_plurals() -> None:
    made = catalogue.template()
    assert len(made) >= 400
    assert made.get("{count} file").id == ("{count} file", "{count} files")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("one", "translation", "what"),
    [
        ("In {path}.", "Dans {path}.", ""),
        ("In {path}.", "", "not translated"),
        ("In {path}.", "Dans {chemin}.", "other {names}"),
        ("In {path}.", "Dans.", "other {names}"),
        (("{count} file", "{count} files"), ("un fichier", "{count} fichiers"), ""),
        (("{count} file of {size}", "{count} files of {size}"), ("un fichier", "{count} fichiers"), "other {names}"),
    ],
)
def test_a_translation_keeps_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one: str, translation: str, what: str
) -> None:
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    made = Catalog(locale="fr")
    made.add(one, translation)
    path = tmp_path / "fr" / "LC_MESSAGES" / "garrison.po"
    path.parent.mkdir(parents=True)
    path.write_bytes(catalogue._written(made))
    assert catalogue.languages() == ["fr"]
    found = [str(each) for each in catalogue.wrong("fr")]
    assert len(found) == bool(what)
    assert all(what in each for each in found)


@pytest.mark.parametrize("language", ["tr", "ar"])
def test_a_language_that_was_begun_is_not_ready(language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    small = Catalog()
    small.add("In {path}.")
    small.add(("{count} file", "{count} files"))
    monkeypatch.setattr(catalogue, "template", lambda: small)
    assert catalogue.main(["--add", language]) == 0
    assert catalogue.load(language).num_plurals == {"tr": 2, "ar": 6}[language]
    assert catalogue.stale() == ""
    assert len(catalogue.wrong(language)) == 2
    assert not list(tmp_path.rglob("*.mo"))  # and so nobody is offered it
    assert catalogue.unready() == ""


def test_a_language_that_stayed_english_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "FOLDER", tmp_path)
    small = Catalog()
    small.add("In {path}.")
    monkeypatch.setattr(catalogue, "template", lambda: small)
    catalogue.main(["--add", "de"])
    path = tmp_path / "de" / "LC_MESSAGES" / "garrison.po"
    for said, is_ready in (("In {path}.", False), ("Unter {path}.", True)):
        made = catalogue.load("de")
        made["In {path}."].string = said
        path.write_bytes(catalogue._written(made))
        assert catalogue.main([]) == 0
        assert (catalogue.unready() == "") is is_ready
