"""ClamAV's hash of pictures that look alike: 64 bits of the lowest frequencies (pHash)."""

import io
import math
import struct
import warnings
from typing import Any, Final

from garrison.engine.subject import Subject
from garrison.engine.type import Type

_SIDE: Final = 32
_LOW: Final = 8
_MOST_PIXELS: Final = 50_000_000
_KINDS: Final = frozenset({Type.PNG, Type.JPEG, Type.GIF, Type.TIFF, Type.BMP})
_WAVES: Final[list[list[float]]] = []
_LIBRARY: Final[list[Any]] = []


def prepare() -> None:
    """Load what reads pictures; call it before the sandbox closes."""
    if not _LIBRARY:
        from PIL import Image  # noqa: PLC0415 # 30 ms that only databases with such signatures cost

        Image.init()
        _LIBRARY.append(Image)


def hash_of(subject: Subject) -> str:
    """Return the hash of a picture in hexadecimal, "" of what is none."""
    known = subject.facts.get("picture")
    if not isinstance(known, str):
        known = subject.facts["picture"] = _hash(subject.content) if subject.kind in _KINDS else ""
    return known


def _hash(content: bytes) -> str:
    prepare()
    library = _LIBRARY[0]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            picture = library.open(io.BytesIO(content))
            if picture.width * picture.height > _MOST_PIXELS:
                return ""
            # Shrunk with fractions: clamscan rounds only once.
            shades = picture.convert("RGB").convert("L").convert("F")
            small = shades.resize((_SIDE, _SIDE), library.Resampling.LANCZOS)
            return _folded([min(max(math.floor(shade + 0.5), 0), 255) for shade in _floats(small.tobytes())])
    except Exception:  # noqa: BLE001 # a library that reads hostile files raises what it likes
        return ""


def _floats(raw: bytes) -> tuple[float, ...]:
    return struct.unpack(f"={len(raw) // 4}f", raw)


def _folded(pixels: list[int]) -> str:
    rows = [_transformed(pixels[at : at + _SIDE]) for at in range(0, _SIDE * _SIDE, _SIDE)]
    columns = [_transformed([row[number] for row in rows]) for number in range(_LOW)]
    low = [columns[x][y] for y in range(_LOW) for x in range(_LOW)]
    ordered = sorted(low)
    median = (ordered[31] + ordered[32]) / 2
    bits = 0
    for value in low:
        bits = bits << 1 | (value > median)
    return f"{bits:016x}"


def _transformed(values: list[int] | list[float]) -> list[float]:
    """Return the lowest frequencies of 32 values (DCT-II)."""
    if not _WAVES:
        for frequency in range(_LOW):
            _WAVES.append([math.cos(math.pi / _SIDE * (at + 0.5) * frequency) for at in range(_SIDE)])
    return [sum(value * wave for value, wave in zip(values, waves, strict=True)) for waves in _WAVES]
