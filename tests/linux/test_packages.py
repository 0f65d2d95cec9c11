"""What packages have, from packages that are really installed, and one that is made here."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest

from garrison.linux import packages
from garrison.linux.packages import Owner

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no packages of Debian's kind here")
CONTENT = b"what the package has\n"


@pytest.mark.parametrize("path", ["/bin/true", "/usr/bin/true"])
def test_a_file_belongs_to_its_package_under_either_name_of_its_folder(path: str) -> None:
    owner = packages.owner_of(path)
    assert owner is not None
    assert owner.name == "coreutils"
    assert owner.md5 == hashlib.md5(Path(path).read_bytes(), usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("path", ["/etc/passwd", "/etc/bash.bashrc", "/none", "/a\udcff", "/usr/bin/*"])
def test_settings_and_strangers_belong_to_none(path: str) -> None:
    assert packages.owner_of(path) is None


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN" / "control").write_text(
        "Package: tea\nVersion: 1:2.0\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n"
    )
    (tree / "usr" / "bin").mkdir(parents=True)
    (tree / "usr" / "bin" / "tea").write_bytes(CONTENT)
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "-b", str(tree), str(tmp_path / "tea_1%3a2.0_all.deb")],
        check=True,
        capture_output=True,
    )
    return tmp_path


def _owner(content: bytes = CONTENT, path: str = "/usr/bin/tea", version: str = "1:2.0") -> Owner:
    return Owner("tea", "all", version, path, hashlib.md5(content, usedforsecurity=False).hexdigest())


def test_the_content_comes_from_the_cache(cache: Path) -> None:
    assert packages.from_cache(_owner(), cache) == CONTENT


@pytest.mark.parametrize(
    "owner", [_owner(b"other"), _owner(path="/usr/bin/coffee"), _owner(version="3"), _owner(path="/../x")]
)
def test_what_is_not_what_was_installed_is_not_taken(cache: Path, owner: Owner) -> None:
    assert packages.from_cache(owner, cache) is None


def test_a_damaged_package_gives_nothing(cache: Path) -> None:
    package = cache / "tea_1%3a2.0_all.deb"
    package.write_bytes(package.read_bytes()[:200])
    assert packages.from_cache(_owner(), cache) is None
