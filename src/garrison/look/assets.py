"""Style sheets, scripts and pictures by names that hold their digest, so that a browser may keep them for ever."""

import gzip
import hashlib
import json
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

PREFIX = "/assets/"
FOR_EVER = "public, max-age=31536000, immutable"
_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file. content: as it is; packed: by gzip."""

    address: str
    type: str
    content: bytes = field(repr=False)
    packed: bytes = field(repr=False)


@cache
def assets() -> dict[str, Asset]:
    """Return all assets by their plain names."""
    folder = resources.files("garrison.look").joinpath("assets")
    found = {}
    for file in folder.iterdir():
        stem, _, ending = file.name.rpartition(".")
        if ending in _TYPES:
            content = file.read_bytes()
            name = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
            found[file.name] = Asset(PREFIX + name, _TYPES[ending], content, gzip.compress(content, 9, mtime=0))
    return found


def address(name: str) -> str:
    """Return where a page finds an asset. Raises KeyError when there is none of that name."""
    return assets()[name].address


def at(untrusted_path: str) -> Asset | None:
    """Return the asset at an address, None when there is none."""
    return next((asset for asset in assets().values() if asset.address == untrusted_path), None)


@cache
def icons() -> dict[str, str]:
    """Return the drawings of icons by name: SVG, 24 by 24, without its frame."""
    text = resources.files("garrison.look").joinpath("assets", "icons.json").read_text("utf-8")
    drawn: dict[str, str] = json.loads(text)
    return drawn


@cache
def vendored() -> str:
    """Return the list of others' work among the assets, as TOML."""
    return resources.files("garrison.look").joinpath("assets", "vendored.toml").read_text("utf-8")
