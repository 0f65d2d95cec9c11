"""Sources on this computer."""

import os
from pathlib import Path

import pytest

from garrison.fetch.local import Locals
from garrison.fetch.trouble import Trouble


def test_a_folders_files_are_read_and_nothing_beside_it(tmp_path: Path) -> None:
    served = tmp_path / "public"
    (served / "metadata").mkdir(parents=True)
    (served / "metadata" / "1.root.json").write_bytes(b"root")
    (tmp_path / "secret").write_bytes(b"secret")
    (served / "link").symlink_to(tmp_path / "secret")
    (served / "way").symlink_to(tmp_path)
    opened = Locals([f"{served}/"])
    descriptor, status = opened.open(f"{served}/metadata/1.root.json")
    assert (os.read(descriptor, 10), status.st_size) == (b"root", 4)
    os.close(descriptor)
    for path in ("link", "way/secret", "../secret", "metadata/../../secret", "metadata//1.root.json"):
        with pytest.raises(Trouble):
            opened.open(f"{served}/{path}")
    with pytest.raises(Trouble, match="There is no file") as trouble:
        opened.open(f"{served}/metadata/2.root.json")
    assert trouble.value.status == 404


def test_what_was_not_given_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    with pytest.raises(Trouble, match="There is no file"):
        Locals([str(tmp_path / "b")]).open(str(tmp_path / "a"))


def test_a_source_that_cannot_be_opened_says_so_when_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    opened = Locals([str(tmp_path / "file" / "below"), str(tmp_path)])
    with pytest.raises(Trouble, match="not a directory"):
        opened.open(str(tmp_path / "file" / "below"))
    with pytest.raises(Trouble, match="is not a file"):
        opened.open(str(tmp_path))
