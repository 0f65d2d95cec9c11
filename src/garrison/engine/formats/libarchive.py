"""The system's libarchive, for what only it unpacks freely (RAR, PPMd): by ctypes, from memory, when it is installed.

It is loaded once, by preload(), before the sandbox forbids opening files; nothing is mapped or opened later.
"""

from collections.abc import Iterator
from types import ModuleType
from typing import Any, ClassVar

from garrison.engine.formats.opener import CORRUPT
from garrison.engine.guard import Incomplete

MISSING = "not opened: install libarchive13"
_NAME = "libarchive.so.13"
_END, _WARNING = 1, -20
_READ_BYTES = 64 * 1024

_library: Any = None
_ctypes: ModuleType | None = None


def preload() -> bool:
    """Load the library. Return whether it is there."""
    global _library, _ctypes  # once a process
    import ctypes  # noqa: PLC0415 # takes milliseconds that only this needs

    try:
        library = ctypes.CDLL(_NAME)
    except OSError:
        return False
    pointer, size, number = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    shapes: dict[str, tuple[list[Any], Any]] = {
        "archive_read_new": ([], pointer),
        "archive_read_free": ([pointer], number),
        "archive_read_support_format_7zip": ([pointer], number),
        "archive_read_support_format_rar": ([pointer], number),
        "archive_read_support_format_rar5": ([pointer], number),
        "archive_read_open_memory": ([pointer, ctypes.c_char_p, size], number),
        "archive_read_next_header": ([pointer, ctypes.POINTER(pointer)], number),
        "archive_entry_size": ([pointer], ctypes.c_int64),
        "archive_read_data": ([pointer, pointer, size], ctypes.c_ssize_t),
    }
    for name, (arguments, result) in shapes.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = result
    _library, _ctypes = library, ctypes
    return True


def is_loaded() -> bool:
    """Return whether there is a library to ask."""
    return _library is not None


class _Reader:
    _FORMATS: ClassVar[tuple[str, ...]]

    def __init__(self, data: bytes) -> None:
        self._data = data  # the library reads from it as long as the reader lives
        self._archive = _library.archive_read_new()
        for name in self._FORMATS:
            getattr(_library, f"archive_read_support_format_{name}")(self._archive)
        self._is_open = _library.archive_read_open_memory(self._archive, data, len(data)) >= _WARNING

    def next(self) -> int | None:
        """Go on to the next entry. Return its size in bytes, or None when there is none, or no sound one."""
        if not self._is_open or _ctypes is None:
            return None
        entry = _ctypes.c_void_p()
        result = _library.archive_read_next_header(self._archive, _ctypes.byref(entry))
        if result == _END or result < _WARNING:
            self._is_open = False
            return None
        return int(_library.archive_entry_size(entry))

    def pieces(self) -> Iterator[bytes]:
        """Yield the content of the entry. Raises Incomplete at damage."""
        if _ctypes is None:
            return
        buffer = _ctypes.create_string_buffer(_READ_BYTES)
        while self._is_open:
            got = _library.archive_read_data(self._archive, buffer, _READ_BYTES)
            if got < 0:
                self._is_open = got > -30  # its "fatal" is -30
                raise Incomplete(CORRUPT)
            if not got:
                return
            yield buffer.raw[:got]
        raise Incomplete(CORRUPT)

    def close(self) -> None:
        """Free what the library holds."""
        self._is_open = False
        if self._archive:
            _library.archive_read_free(self._archive)
            self._archive = None


class RarReader(_Reader):
    """Reads a RAR archive forward. data: the whole archive, or as much of it as there is; close() when done."""

    _FORMATS = ("rar", "rar5")


class SevenZipReader(_Reader):
    """Reads a 7z archive forward. data: the whole archive; close() when done."""

    _FORMATS = ("7zip",)
