"""Small programs for the emulator."""

from garrison.engine.budget import Limits, Unbounded
from garrison.engine.emulation.cpu import Cpu
from garrison.engine.emulation.decoder import Decoder
from garrison.engine.emulation.instructions import TABLES
from garrison.engine.emulation.loader import load_image
from garrison.engine.emulation.machine import Machine
from garrison.engine.emulation.memory import Memory, Region
from garrison.engine.guard import Guard
from garrison.engine.programs.pe import read_headers
from tests.engine.opening import Spent
from tests.engine.programs import making

BASE = 0x401000
PACKER = 0xE0000060
PLAIN = b"\xc3 what was packed: a text that no signature would find before it is unpacked " * 3


class Alone:
    """A processor with one page of memory and no system around it."""

    def __init__(self, code: bytes) -> None:
        self.memory = Memory(Region(BASE, bytearray(code.ljust(0x1000, b"\x90"))))
        self.cpu = Cpu(self.memory)
        self.decoder = Decoder(self.cpu, TABLES)

    def run(self, steps: int = 1) -> int:
        """Run so many instructions from the first on; return where to go on."""
        at = BASE
        for _ in range(steps):
            at = self.decoder.decode(at)()
        return at


def machine(content: bytes, budget: Spent | None = None) -> Machine:
    headers = read_headers(content)
    assert headers is not None
    image = load_image(headers)
    assert image is not None
    return Machine(headers, image, Guard(Limits(), budget or Unbounded(), len(content)))


def xored(stub: bytes = b"") -> bytes:
    """Return a program that XORs its first section and goes on there; the stub runs before."""
    size = len(PLAIN).to_bytes(4, "little")
    code = stub + b"\xbe\x00\x10\x40\x00\xb9" + size + b"\x80\x36\x5a\x46\xe2\xfa\x68\x00\x10\x40\x00\xc3"
    packed = bytes(byte ^ 0x5A for byte in PLAIN)
    return making.pe((b".text", packed, PACKER), (b".pack", code, PACKER), entry=0x2000)
