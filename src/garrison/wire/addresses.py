"""Addresses of what can be fetched: http, https, file, or the plain path of a file or folder."""

import ipaddress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from garrison.base.errors import Invalid

_MOST_CHARACTERS = 4096
_HINT = "An address begins with https://, http:// or file://, or is the path of a file or folder: /media/stick/feeds"


@dataclass(frozen=True, slots=True)
class Address:
    """An address taken apart.

    scheme: http, https or file. host: in lower case and ASCII, "" for a file. text: the whole, without a sign-in; of a
    file its path. user, password: the sign-in that stood in it.
    """

    scheme: str
    host: str
    text: str
    user: str = ""
    password: str = ""

    @property
    def is_file(self) -> bool:
        """Whether it lies on this computer, so that no request is made."""
        return self.scheme == "file"


def parse_address(text: str) -> Address:
    """Take an address apart. Raises Invalid."""
    if not text or len(text) > _MOST_CHARACTERS:
        raise Invalid("The address is empty, or too long to be one.", _HINT)
    if text.startswith("/") and "\0" not in text:
        return Address("file", "", text)
    if not text.isprintable() or " " in text:
        raise Invalid("The address holds blanks or characters that cannot be printed.", _HINT)
    try:
        parts = urlsplit(text)
        port, host = parts.port, _ascii(parts.hostname or "").rstrip(".")
    except ValueError as error:
        raise Invalid("{why} is no address.", _HINT, why=_shown(text)) from error
    if parts.scheme == "file":
        return _file(text, host, unquote(parts.path, errors="surrogateescape"))
    if parts.scheme not in {"http", "https"} or not host:
        raise Invalid("Nothing can be fetched from {why}.", _HINT, why=_shown(text))
    place = f"[{host}]" if ":" in host else host
    whole = urlunsplit((parts.scheme, place if port is None else f"{place}:{port}", parts.path, parts.query, ""))
    return Address(parts.scheme, host, whole, unquote(parts.username or ""), unquote(parts.password or ""))


def _shown(text: str) -> str:
    """Return how an address stands in a sentence: not, where a sign-in may be in it."""
    return "What was given" if "@" in text else f"“{text}”"


def _ascii(host: str) -> str:
    """Return a name as the network knows it. Raises ValueError (UnicodeError is one)."""
    return host if host.isascii() else host.encode("idna").decode("ascii")


def _file(text: str, host: str, path: str) -> Address:
    if host not in {"", "localhost"} or not path.startswith("/") or "\0" in path:
        raise Invalid("{why} names no file of this computer.", _HINT, why=_shown(text))
    return Address("file", "", path)


def is_own_network(host: str) -> bool:
    """Return whether a host is, by its name, this computer or one of the same network."""
    try:
        return not is_public(host)
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal", ".home.arpa"))


def is_public(number: str) -> bool:
    """Return whether an IP address is one that all the world may ask. Raises ValueError when it is none."""
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None:
            return inner.is_global and not inner.is_multicast
    return address.is_global and not address.is_multicast
