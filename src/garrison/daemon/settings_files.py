"""Settings as a file that people can read, change and carry to another computer: TOML (toml.io, v1.0.0), signed.

    # Settings of Garrison.
    format = 1
    made = "2026-01-05T12:00:00+00:00"

    [settings.scan]
    # Look inside archives.
    archives = true

    [signature]
    key = "..."
    value = "..."

Secrets are left out. A text that is no UTF-8 (the name of a file may be any bytes) is written { bytes = "2fff" }.
The signature (Ed25519, RFC 8032) is over all bytes before its table: it tells a file of this computer from one of
another, and one that was changed since. It is no permission: a file without it is as good, once its owner has looked.
"""

import base64
import binascii
import json
import os
import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from garrison.base.errors import Failed, Invalid, NotFound, Refused, Unavailable
from garrison.base.files import explain, write_atomically
from garrison.sdk import Settings
from garrison.sdk.plain import to_plain
from garrison.sdk.values import values_of
from garrison.wire.manifest import SUITE

FORMAT = 1
SWITCH = "enabled"  # the suite itself is started and stopped, not switched
_CAP_BYTES = 2 * 1024 * 1024
_FIRST_LINE = "# Settings of Garrison."
_SIGNATURE = b"\n[signature]\n"
_TAIL = 'key = "{key}"\nvalue = "{value}"\n'
_KEY_FILE = "signing.key"
_BYTES = "bytes"
# Strings and comments of TOML; what is left is keys, numbers and punctuation.
_STRINGS = re.compile(
    r'"""(?:[^\\]|\\.)*?"""' r"|'''.*?'''" r'|"(?:[^"\\\n]|\\.)*"' r"|'[^'\n]*'" r"|(#[^\n]*)", re.DOTALL
)
# tomllib takes time and memory by the square of the number of parts in a dotted name.
_DEEP = re.compile(r"(?:[\w-]+[ \t]*\.[ \t]*){4}")


class Origin(StrEnum):
    """Where a file comes from, as far as its signature tells."""

    HERE = "here"
    ELSEWHERE = "elsewhere"
    CHANGED = "changed"  # signed, but not as it is now
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What was read. values: by component and setting, not yet checked."""

    values: dict[str, dict[str, Any]]
    origin: Origin


class Signer:
    """Signs with the key of this computer, which is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _KEY_FILE

    def sign(self, content: bytes) -> tuple[str, str]:
        """Return the public key and the signature, in base 64. Raises Failed."""
        key = self._key()
        public = key.public_key().public_bytes_raw()
        return base64.b64encode(public).decode("ascii"), base64.b64encode(key.sign(content)).decode("ascii")

    def is_own(self, public: bytes) -> bool:
        """Whether a public key is this computer's. Raises Failed."""
        return self._path.exists() and self._key().public_key().public_bytes_raw() == public

    def _key(self) -> Ed25519PrivateKey:
        try:
            return Ed25519PrivateKey.from_private_bytes(bytes.fromhex(self._path.read_text("ascii")))
        except FileNotFoundError:
            key = Ed25519PrivateKey.generate()
            write_atomically(self._path, (key.private_bytes_raw().hex() + "\n").encode("ascii"))
            return key
        except (OSError, ValueError) as error:
            raise Failed(
                "The key {path} cannot be read: {why}.", "Move it away; a new one is made.", path=self._path, why=error
            ) from error


def render(settings: Mapping[str, Settings], titles: Mapping[str, str], made: str, signer: Signer) -> bytes:
    """Return the file. settings, titles: by component. made: ISO 8601. Raises Failed."""
    lines = [_FIRST_LINE, "# Import them with: garrison settings import FILE", f"format = {FORMAT}", f'made = "{made}"']
    for name, each in settings.items():
        lines += ["", f"# {_one_line(titles[name])}", f"[settings.{name}]"]
        lines += _lines_of(each, without=SWITCH if name == SUITE else "")
    content = ("\n".join(lines) + "\n").encode("utf-8")
    key, value = signer.sign(content)
    return content + _SIGNATURE + _TAIL.format(key=key, value=value).encode("ascii")


def _lines_of(settings: Settings, without: str) -> Iterable[str]:
    for value in values_of(type(settings)):
        if value.name == without:
            continue
        yield f"# {_one_line(value.title)}."
        if value.kind == "secret":
            yield f"# {value.name}: a secret, which is not in this file"
        else:
            yield f"{value.name} = {_toml(to_plain(getattr(settings, value.name)))}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list):
        if len(value) <= 1:
            return "[" + "".join(map(_toml, value)) + "]"
        return "[\n" + "".join(f"    {_toml(entry)},\n" for entry in value) + "]"
    text = str(value)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return f'{{ {_BYTES} = "{text.encode("utf-8", "surrogateescape").hex()}" }}'
    # JSON's escapes are TOML's, but for DEL, which only TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def write(path: Path, content: bytes) -> None:
    """Write the file. Raises Refused where something else is, and what writing raises."""
    try:
        is_file = stat.S_ISREG(path.lstat().st_mode)
        is_other = not is_file or not _begins_like_ours(path)
    except FileNotFoundError:
        is_other = False
    except OSError as error:
        raise explain(error, "write {path}", path=path) from error
    if is_other:
        raise Refused("{path} is something else than a file of settings.", "Choose another name.", path=path)
    write_atomically(path, content)


def _begins_like_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_FIRST_LINE)) == _FIRST_LINE.encode()


def read(path: Path, signer: Signer) -> SettingsFile:
    """Return what a file says. Raises NotFound, Unavailable, Invalid that says what is wrong with it."""
    untrusted = _content(path)
    plain = parse(untrusted)
    version = plain.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise Unavailable("The file was made by a newer Garrison.", "Upgrade Garrison; nothing was changed.")
    values = plain.get("settings")
    if version != FORMAT or not isinstance(values, dict) or not all(isinstance(each, dict) for each in values.values()):
        raise Invalid("This is no file of settings: it has no format = 1, or no [settings.COMPONENT].")
    unknown = sorted(set(plain) - {"format", "made", "settings", "signature"})
    if unknown:
        raise Invalid("The file has parts that are not known: {names}.", names=", ".join(unknown))
    decoded = {name: {key: _decoded(value) for key, value in each.items()} for name, each in values.items()}
    return SettingsFile(decoded, _origin(untrusted, plain.get("signature"), signer))


def _content(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Invalid("{path} is no file.", path=path)
            content = file.read(_CAP_BYTES + 1)
    except FileNotFoundError as error:
        raise NotFound("There is no file {path}.", path=path) from error
    except OSError as error:
        raise explain(error, "read {path}", path=path) from error
    if len(content) > _CAP_BYTES:
        raise Invalid("The file is too large for settings: more than {mib} MiB.", mib=_CAP_BYTES // 1024**2)
    return content


def parse(untrusted: bytes) -> dict[str, Any]:
    """Return what a TOML text says. Raises Invalid, also for what would take tomllib very long."""
    try:
        text = untrusted.decode("utf-8")
        _check_shape(text)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise Invalid("The file is no text in UTF-8.") from error
    except RecursionError as error:
        raise Invalid("The file is no TOML: it is nested too deeply.") from error
    except ValueError as error:
        why = str(error)[:200]
        raise Invalid("The file is no TOML: {why}.", why=why[:1].lower() + why[1:].rstrip(".")) from error


def _check_shape(untrusted: str) -> None:
    """Raise ValueError for what tomllib would choke on."""
    bare = _STRINGS.sub(lambda found: "" if found[1] else "s", untrusted)
    if _DEEP.search(bare):
        raise ValueError("it is nested too deeply")
    if '"' in bare or "'" in bare:
        raise ValueError("a text in it does not end")


def _decoded(untrusted: Any) -> Any:
    if isinstance(untrusted, list):
        return [_decoded(entry) for entry in untrusted]
    if isinstance(untrusted, dict) and set(untrusted) == {_BYTES} and isinstance(untrusted[_BYTES], str):
        try:
            return bytes.fromhex(untrusted[_BYTES]).decode("utf-8", "surrogateescape")
        except ValueError:
            return untrusted  # a mistake, which is named with the others
    return untrusted


def _origin(content: bytes, untrusted: Any, signer: Signer) -> Origin:
    if not isinstance(untrusted, dict):
        return Origin.UNSIGNED
    signed, _, tail = content.rpartition(_SIGNATURE)
    if tail.decode("utf-8") != _TAIL.format(key=untrusted.get("key"), value=untrusted.get("value")):
        return Origin.CHANGED  # something follows it
    try:
        public = base64.b64decode(str(untrusted.get("key")), validate=True)
        value = base64.b64decode(str(untrusted.get("value")), validate=True)
        Ed25519PublicKey.from_public_bytes(public).verify(value, signed)
    except (InvalidSignature, ValueError, binascii.Error):
        return Origin.CHANGED
    return Origin.HERE if signer.is_own(public) else Origin.ELSEWHERE
