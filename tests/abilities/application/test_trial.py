"""Which state a new version would change the form of."""

import sqlite3
from contextlib import closing
from pathlib import Path

from garrison.abilities.application.trial import forms


def test_of_several_databases_the_highest_form_counts_whichever_is_found_first(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    (tmp_path / "journal" / "version").write_text("1")
    assert forms(tmp_path) == {"journal": (1, 0)}
    for name, form in (("search", 1), ("journal", 6), ("another", 2)):
        with closing(sqlite3.connect(tmp_path / "journal" / f"{name}.sqlite3")) as connection:
            connection.execute(f"PRAGMA user_version = {form}")
    assert forms(tmp_path) == {"journal": (1, 6)}
