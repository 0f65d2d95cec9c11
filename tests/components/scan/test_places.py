"""Tests of what matters most."""

import os
from pathlib import Path

import pytest

from garrison.components.scan.places import quick_places, risky_on, user_folders


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


def test_a_quick_look_at_a_drive_is_at_what_can_do_harm(tmp_path: Path) -> None:
    is_risky = risky_on(str(tmp_path))
    for name in (
        "autorun.inf",
        "photo.jpg",
        "deep/PHOTO.JPG",
        "deep/Letter.DocM",
        "deep/setup.exe",
        "deep/tool",
        "deep/x",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch(0o755 if name == "deep/tool" else 0o644)
    large = tmp_path / "huge.exe"
    with large.open("wb") as file:
        file.truncate(65 * 1024 * 1024)
    assert is_risky(str(tmp_path))
    assert is_risky(str(tmp_path / "gone"))
    every = [path for path in sorted(tmp_path.rglob("*")) if path.is_file()]
    told = {str(path.relative_to(tmp_path)) for path in every if is_risky(str(path))}
    assert told == {"autorun.inf", "photo.jpg", "deep/Letter.DocM", "deep/setup.exe", "deep/tool"}
