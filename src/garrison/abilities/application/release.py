"""What a publisher says of a version of Garrison: the target `application.json`.

    {"format": 1, "version": "1.2.3", "created": ISO 8601, "python": "3.11", "machine": "x86_64", "min_previous": "",
     "wheels": {name: {"bytes": n, "sha256": hex}}}

`wheels` are the targets application/VERSION/NAME: Garrison's own, those of all it depends on, and pip's, which installs
them. python, machine: what the wheels are made for. min_previous: the oldest version that can change to this one.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from garrison.base.errors import Failed
from garrison.base.installed import version_key

TARGET: Final = "application.json"
PRODUCT: Final = "garrison"
INSTALLER: Final = "pip"
MOST_BYTES: Final = 1024 * 1024
MOST_WHEEL_BYTES: Final = 512 * 1024 * 1024
_FORMAT = 1
_MOST_WHEELS = 200
# Binary distribution format (PyPA specifications): name-version[-build]-python-abi-platform.whl
_WHEEL = re.compile(
    r"([A-Za-z0-9_.]{1,80})-([A-Za-z0-9_.!+]{1,40})(-[0-9][A-Za-z0-9_.]{0,20})?(-[A-Za-z0-9_.]{1,80}){3}\.whl"
)
_DIGEST = re.compile(r"[0-9a-f]{64}")
_SHORT = re.compile(r"[A-Za-z0-9_.:+-]{1,40}")


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel. sha256: as hex."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    """A version that is published."""

    version: str
    created: str
    python: str
    machine: str
    wheels: Mapping[str, Wheel]
    min_previous: str = ""

    @property
    def bytes(self) -> int:
        """Bytes of all wheels."""
        return sum(wheel.bytes for wheel in self.wheels.values())

    def target(self, name: str) -> str:
        """Return the target of a wheel."""
        return f"application/{self.version}/{name}"


def distribution_of(name: str) -> tuple[str, str]:
    """Return what a wheel holds: name (as indexes write it) and version. Raises ValueError."""
    match = _WHEEL.fullmatch(name)
    if match is None:
        raise ValueError("no name of a wheel")
    return re.sub(r"[-_.]+", "-", match[1]).lower(), match[2]


def written(release: Release) -> bytes:
    """Return the content of the target."""
    plain = {"format": _FORMAT, **asdict(release)}
    return (json.dumps(plain, indent=1, sort_keys=True) + "\n").encode("ascii")


def read_release(untrusted: bytes) -> Release:
    """Return what a publisher says. Raises Failed."""
    try:
        plain = json.loads(untrusted)
        if plain["format"] != _FORMAT:
            raise Failed("The published version is told in a form that this one does not know.")
        texts = {name: _matched(plain[name], _SHORT) for name in ("version", "created", "python", "machine")}
        release = Release(**texts, wheels=_wheels(plain["wheels"]), min_previous=_version(plain["min_previous"]))
        version_key(release.version)
        _check_complete(release)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Failed("What the publisher says of its version of Garrison is not understood.") from error
    return release


def _check_complete(release: Release) -> None:
    held = [distribution_of(name) for name in release.wheels]
    if (PRODUCT, release.version) not in held or INSTALLER not in {name for name, _ in held}:
        raise ValueError("not complete")


def _wheels(plain: Any) -> dict[str, Wheel]:
    if not 0 < len(plain) <= _MOST_WHEELS:
        raise ValueError("too many")
    return {_matched(name, _WHEEL): _wheel(told) for name, told in plain.items()}


def _wheel(plain: Any) -> Wheel:
    count = plain["bytes"]
    if type(count) is not int or not 0 < count <= MOST_WHEEL_BYTES:
        raise ValueError("no such count")
    return Wheel(count, _matched(plain["sha256"], _DIGEST))


def _version(value: Any) -> str:
    if value != "":
        version_key(_matched(value, _SHORT))
    return str(value)


def _matched(value: Any, form: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not form.fullmatch(value):
        raise ValueError("no such text")
    return value
