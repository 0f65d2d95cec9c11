"""Names files by the handles that file systems give them: a number is given again to the next new file, a handle not.

See name_to_handle_at(2).
"""

import ctypes
import os

from garrison.linux.fanotify_events import Handle

HEADER_BYTES = 8  # struct file_handle: handle_bytes and handle_type
_MOST_HANDLE = 128
_EMPTY_PATH = 0x1000  # AT_EMPTY_PATH
_libc = ctypes.CDLL(None, use_errno=True)


def handle_of(descriptor: int) -> Handle:
    """Return the handle of an open file. Raises OSError where there are none."""
    buffer = ctypes.create_string_buffer(_MOST_HANDLE.to_bytes(4, "little"), HEADER_BYTES + _MOST_HANDLE)
    mount = ctypes.c_int()
    if _libc.name_to_handle_at(descriptor, b"", buffer, ctypes.byref(mount), _EMPTY_PATH) < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    size, kind = int.from_bytes(buffer.raw[:4], "little"), int.from_bytes(buffer.raw[4:8], "little", signed=True)
    return Handle("self", b"", kind, buffer.raw[HEADER_BYTES : HEADER_BYTES + size], b"")


def identity(handle: Handle) -> str:
    """Return what names a file in records."""
    return f"{handle.kind}:{handle.handle.hex()}"


def identity_of(descriptor: int) -> str:
    """Return what names an open file in records: by its number where there are no handles. Raises OSError."""
    try:
        return identity(handle_of(descriptor))
    except OSError:
        status = os.fstat(descriptor)
        return f"inode:{status.st_dev}:{status.st_ino}"
