"""Assets: hashed, packed, and others' work as it was taken."""

import gzip
import hashlib
import tomllib
from importlib import resources

import pytest

from garrison.look import assets as module
from garrison.look.assets import address, assets, at, icons, vendored


def test_names_change_with_content_and_are_found_again() -> None:
    for name, asset in assets().items():
        digest = hashlib.sha256(asset.content).hexdigest()[:12]
        assert digest in asset.address
        assert gzip.decompress(asset.packed) == asset.content
        assert at(address(name)) is asset
    for strange in ("/assets/", "/assets/../pages.py", "/assets/garrison.css", ""):
        assert at(strange) is None
    with pytest.raises(KeyError):
        address("none.css")


def test_what_is_others_is_as_it_was_taken() -> None:
    told = tomllib.loads(vendored())
    folder = resources.files("garrison.look").joinpath("assets")
    for name, entry in told.items():
        assert hashlib.sha256(folder.joinpath(name).read_bytes()).hexdigest() == entry["sha256"]
        assert entry["licence"] in {"MIT", "0BSD"}
    assert {entry["package"] for entry in told.values()} == {"@tabler/core", "@tabler/icons", "htmx.org"}
    own = {"garrison.css", "garrison.js", "mark.svg", "vendored.toml"}
    assert {file.name for file in folder.iterdir()} == own | set(told)


def test_all_of_it_is_small() -> None:
    assert sum(len(asset.packed) for asset in assets().values()) < 80 * 1024
    assert module.PREFIX == "/assets/"


def test_icons_are_drawings_and_nothing_else() -> None:
    for drawing in icons().values():
        assert drawing.startswith("<path")
        assert "script" not in drawing
