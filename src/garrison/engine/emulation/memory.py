"""The emulated program's memory: a few runs of bytes with addresses."""

import struct
from collections.abc import Callable

ACCESS, DIVIDE, BREAK, STEP, ILLEGAL, PRIVILEGED = (
    0xC0000005, 0xC0000094, 0x80000003, 0x80000004, 0xC000001D, 0xC0000096,
)  # fmt: skip
_ONES = b"\x01" * 8
_U16, _U32 = struct.Struct("<H"), struct.Struct("<I")
_LONGEST = 15  # bytes of one instruction


class Fault(Exception):  # no error of ours: what the emulated program would be told
    """An exception in the emulated program. code: as Windows calls it. address: what it wanted to reach."""

    def __init__(self, code: int = ACCESS, address: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.address = address


class Region:
    """A run of bytes. dirty: 1 for each byte that the program wrote. code: 1 for each byte that was decoded."""

    __slots__ = ("base", "code", "data", "dirty", "end", "has_code")

    def __init__(self, base: int, data: bytearray) -> None:
        self.base = base
        self.end = base + len(data)
        self.data = data
        self.dirty = bytearray(len(data))
        self.code = bytearray(len(data))
        self.has_code = False


class Memory:
    """All regions; the image is asked first. steps: decoded instructions by address, forgotten when written over."""

    def __init__(self, image: Region) -> None:
        self.image = image
        self.regions = [image]
        self.steps: dict[int, Callable[[], int]] = {}

    def add(self, base: int, data: bytearray) -> Region:
        """Add a region; its addresses must be free."""
        region = Region(base, data)
        self.regions.append(region)
        return region

    def region(self, address: int, size: int) -> Region:
        """Return the region that holds a whole run. Raises Fault."""
        image = self.image
        if image.base <= address and address + size <= image.end:
            return image
        for region in self.regions:
            if region.base <= address and address + size <= region.end:
                return region
        raise Fault(ACCESS, address)

    def read8(self, address: int) -> int:
        """Return a byte. Raises Fault."""
        region = self.region(address, 1)
        return region.data[address - region.base]

    def read16(self, address: int) -> int:
        """Return two bytes. Raises Fault."""
        region = self.region(address, 2)
        value: int = _U16.unpack_from(region.data, address - region.base)[0]
        return value

    def read32(self, address: int) -> int:
        """Return four bytes. Raises Fault."""
        region = self.region(address, 4)
        value: int = _U32.unpack_from(region.data, address - region.base)[0]
        return value

    def write8(self, address: int, value: int) -> None:
        """Write a byte. Raises Fault."""
        region = self.region(address, 1)
        at = address - region.base
        region.data[at] = value & 0xFF
        region.dirty[at] = 1
        if region.code[at]:
            self._forget(address, 1)

    def write16(self, address: int, value: int) -> None:
        """Write two bytes. Raises Fault."""
        self.write(address, _U16.pack(value & 0xFFFF))

    def write32(self, address: int, value: int) -> None:
        """Write four bytes. Raises Fault."""
        region = self.region(address, 4)
        at = address - region.base
        _U32.pack_into(region.data, at, value & 0xFFFFFFFF)
        region.dirty[at : at + 4] = b"\x01\x01\x01\x01"
        if region.has_code and region.code.find(1, at, at + 4) >= 0:
            self._forget(address, 4)

    def read(self, address: int, size: int) -> bytes:
        """Return a run of bytes. Raises Fault."""
        region = self.region(address, size)
        return bytes(region.data[address - region.base : address - region.base + size])

    def write(self, address: int, content: bytes) -> None:
        """Write a run of bytes. Raises Fault."""
        size = len(content)
        region = self.region(address, size)
        at = address - region.base
        region.data[at : at + size] = content
        region.dirty[at : at + size] = _ONES[:size] if size <= 8 else b"\x01" * size
        if region.has_code and region.code.find(1, at, at + size) >= 0:
            self._forget(address, size)

    def text(self, address: int, most: int = 256) -> str:
        """Return zero-terminated text, cut where memory ends or at `most`. Raises Fault."""
        region = self.region(address, 1)
        at = address - region.base
        run = region.data[at : at + most]
        return run[: run.find(0)].decode("latin-1") if 0 in run else run.decode("latin-1")

    def code_at(self, address: int) -> bytes:
        """Return the bytes of at most one instruction. Raises Fault."""
        region = self.region(address, 1)
        at = address - region.base
        return bytes(region.data[at : at + _LONGEST])

    def decoded(self, address: int, size: int) -> None:
        """Note that an instruction was decoded."""
        region = self.region(address, 1)
        at = address - region.base
        size = min(size, region.end - address)
        region.code[at : at + size] = b"\x01" * size
        region.has_code = True

    def _forget(self, address: int, size: int) -> None:
        """Drop what was decoded from bytes that are written now; an instruction may begin some bytes before them."""
        region = self.region(address, size)
        code, steps = region.code, self.steps
        start, end = address - region.base, address - region.base + size
        at = code.find(1, max(0, start - _LONGEST), end)
        while at >= 0:
            steps.pop(region.base + at, None)
            at = code.find(1, at + 1, end)
        code[start:end] = bytes(size)
