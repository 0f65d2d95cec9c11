"""Tests of which folders there are to protect."""

import os
from pathlib import Path

from garrison.components.system_watcher.places import document_folders, homes, start_folders


def test_the_folders_that_a_person_named_are_taken_and_none_outside_of_their_home(tmp_path: Path) -> None:
    home = tmp_path.resolve() / "ann"
    for name in ("Dokumente", "Desktop", ".config", "Pictures"):
        (home / name).mkdir(parents=True)
    (home / ".config" / "user-dirs.dirs").write_text(
        'XDG_DOCUMENTS_DIR="$HOME/Dokumente"\nXDG_PICTURES_DIR="$HOME/../bob"\nXDG_MUSIC_DIR="$HOME/Music"\n', "ascii"
    )
    (tmp_path / "bob").mkdir()
    assert sorted(document_folders(home)) == [str(home / "Desktop"), str(home / "Dokumente")]


def test_a_link_out_of_the_home_folder_is_not_followed(tmp_path: Path) -> None:
    home = tmp_path.resolve() / "ann"
    home.mkdir()
    (home / "Documents").symlink_to("/etc")
    assert list(document_folders(home)) == []


def test_home_folders_and_places_of_starts_are_there() -> None:
    assert all(os.path.isdir(path) for path in [*map(str, homes()), *start_folders()])
