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
