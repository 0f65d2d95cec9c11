"""Rules of the kernel's packet filter, through libnftables (nft(8), libnftables-json(5)) by ctypes.

Only tables of our own are touched. The library is loaded when it is first needed, for not every computer has it.
"""

import ctypes
import ctypes.util
import json
from typing import Any, Self

from garrison.base.errors import Failed, Unavailable

_JSON_OUTPUT = 1 << 4  # NFT_CTX_OUTPUT_JSON, nftables/libnftables.h
_NAMES = ("libnftables.so.1", "libnftables.so")


def _load() -> ctypes.CDLL:
    for name in _NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.nft_ctx_new.restype = ctypes.c_void_p
        library.nft_ctx_new.argtypes = (ctypes.c_uint32,)
        library.nft_ctx_free.argtypes = (ctypes.c_void_p,)
        for call in (library.nft_ctx_buffer_output, library.nft_ctx_buffer_error):
            call.argtypes = (ctypes.c_void_p,)
        for call in (library.nft_ctx_get_output_buffer, library.nft_ctx_get_error_buffer):
            call.argtypes, call.restype = (ctypes.c_void_p,), ctypes.c_char_p
        library.nft_ctx_output_set_flags.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
        library.nft_run_cmd_from_buffer.argtypes = (ctypes.c_void_p, ctypes.c_char_p)
        return library
    raise Unavailable("Computers cannot be blocked: nftables is missing.", "Install the package libnftables1.")


class Filter:
    """The packet filter of this network namespace. A context manager. Raises Unavailable without the library."""

    def __init__(self) -> None:
        self._library = _load()
        self._context = self._library.nft_ctx_new(0)
        self._library.nft_ctx_buffer_output(self._context)
        self._library.nft_ctx_buffer_error(self._context)
        self._library.nft_ctx_output_set_flags(self._context, _JSON_OUTPUT)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._library.nft_ctx_free(self._context)

    def run(self, commands: str) -> str:
        """Do all of some commands or nothing of them; return what they print. Raises Failed with the reason."""
        code = self._library.nft_run_cmd_from_buffer(self._context, commands.encode("utf-8"))
        output: bytes = self._library.nft_ctx_get_output_buffer(self._context) or b""
        problem: bytes = self._library.nft_ctx_get_error_buffer(self._context) or b""
        if code:
            lines = problem.decode("utf-8", "replace").splitlines()
            raise Failed("The packet filter refused a rule: {lines}.", lines=lines[0] if lines else code)
        return output.decode("utf-8", "replace")

    def elements(self, family: str, table: str, name: str) -> list[str]:
        """Return the addresses in a set. Raises Failed when there is no such set."""
        told: dict[str, Any] = json.loads(self.run(f"list set {family} {table} {name}"))
        found: dict[str, Any] = next((each["set"] for each in told["nftables"] if "set" in each), {})
        return [str(each["elem"]["val"] if isinstance(each, dict) else each) for each in found.get("elem", ())]
