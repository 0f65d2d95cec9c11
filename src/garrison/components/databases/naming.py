"""What a feed is taken for, and called, when its owner gave an address only."""

import re
from collections.abc import Container
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from garrison.base.errors import Invalid
from garrison.components.databases.results import FeedKind
from garrison.engine.signatures.sources import CONTAINERS, LISTS, READERS, ending
from garrison.wire.addresses import parse_address

_NAME = re.compile(r"[A-Za-z0-9_-]+")
_NO_ID = re.compile(r"[^a-z0-9]+")
_KEY = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])[A-Za-z0-9_-]{16,}|[0-9a-fA-F]{16,}")
_ID_CHARS = 32
_VAGUE = {"", ".txt", ".csv", ".list"}


def kind_of(address: str) -> FeedKind:
    """Return what kind of feed an address is, as far as its last name tells. Raises Invalid when it does not.

    Of a folder of this computer, what lies in it tells.
    """
    if _NAME.fullmatch(address):
        raise Invalid(
            "There is no feed “{address}”.",
            "garrison databases list shows them. A file or folder that is called so: ./{address}",
            address=address,
        )
    name = PurePosixPath(_path(address)).name.lower()
    if ending(name) in CONTAINERS or _is_mirror(address):
        return FeedKind.CLAMAV
    if name.endswith((".yar", ".yara")):
        return FeedKind.YARA
    if ending(name) in READERS:
        return FeedKind.SIGNATURES
    if ending(name) in LISTS - _VAGUE:
        return FeedKind.HASHES
    kinds = ", ".join(FeedKind)
    raise Invalid(
        "The address does not tell what is there.",
        "Say it: --kind KIND, one of {kinds}. A folder is a mirror of ClamAV's databases, of the "
        "kind clamav; of any other kind it takes a file, or many in a zip.",
        kinds=kinds,
    )


def id_of(address: str, taken: Container[str]) -> str:
    """Return a name for a feed that no other one has."""
    parsed = parse_address(address)
    stem = PurePosixPath(_path(address)).name.partition(".")[0]
    stem = "" if _KEY.fullmatch(stem) else stem  # a name is shown to everybody
    told = stem if parsed.is_file else f"{parsed.host.removeprefix('www.')} {stem}"
    base = _NO_ID.sub("-", told.lower()).strip("-")[:_ID_CHARS].strip("-") or "feed"
    found, number = base, 2
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found


def shown(address: str, public: Container[str] = ()) -> str:
    """Return an address as everybody may see it: of a server its name, as a key may stand in what follows.

    public: addresses that are shown whole.
    """
    try:
        parsed = parse_address(address)
    except Invalid:
        return ""
    if parsed.is_file or parsed.text in public:
        return parsed.text
    parts = urlsplit(parsed.text)
    return f"{parts.scheme}://{parts.netloc}{'/…' if parts.path.strip('/') or parts.query else parts.path}"


def _is_mirror(address: str) -> bool:
    """Return whether an address is a folder of this computer with ClamAV's databases."""
    parsed = parse_address(address)
    return parsed.is_file and any(Path(parsed.text, name).is_file() for name in ("main.cvd", "daily.cvd"))


def _path(address: str) -> str:
    return address if address.startswith("/") else urlsplit(address).path
