"""Tests of what matters most."""

import os
from pathlib import Path

import pytest

from garrison.components.scan.places import quick_places, user_folders


def test_folders_have_the_names_that_the_account_gave_them(tmp_path: Path) -> None:
    config = tmp_path / ".config"
    config.mkdir()
    (config / "user-dirs.dirs").write_text(
        '# comment\nXDG_DOWNLOAD_DIR="$HOME/Téléchargements"\n'
        'XDG_DOCUMENTS_DIR="/data/docs"\nXDG_DESKTOP_DIR="$HOME/"\n',
        "utf-8",
    )
    assert user_folders(tmp_path) == [tmp_path / "Téléchargements", tmp_path, Path("/data/docs")]


def test_without_a_file_the_usual_names(tmp_path: Path) -> None:
    assert user_folders(tmp_path) == [tmp_path / "Downloads", tmp_path / "Desktop", tmp_path / "Documents"]


def test_a_folder_that_is_the_whole_home_is_none(tmp_path: Path) -> None:
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config" / "user-dirs.dirs").write_text('XDG_DESKTOP_DIR="$HOME/"\n')
    assert str(tmp_path) not in quick_places(tmp_path, exists=lambda _: True)


def test_what_starts_by_itself_comes_first_and_only_what_exists(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").touch()
    (tmp_path / "Downloads").mkdir()
    places = quick_places(tmp_path)
    assert places[:2] == [str(tmp_path / ".bashrc"), str(tmp_path / "Downloads")]


@pytest.mark.parametrize("what", ["pipe", "link", "folder", "huge"])
def test_what_is_no_small_file_of_settings_is_not_read(tmp_path: Path, what: str) -> None:
    """Give it what would hang, or be read with more rights than one's own, or eat memory."""
    path = tmp_path / ".config" / "user-dirs.dirs"
    path.parent.mkdir()
    text = 'XDG_DOWNLOAD_DIR="/secret"\n'
    if what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        (tmp_path / "real").write_text(text)
        path.symlink_to(tmp_path / "real")
    elif what == "folder":
        path.mkdir()
    elif what == "huge":
        path.write_text("#\n" * 40_000 + text)
    assert user_folders(tmp_path)[0] == tmp_path / "Downloads"
