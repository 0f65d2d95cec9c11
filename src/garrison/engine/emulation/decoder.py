"""Instructions, read once and kept as functions: prefixes, operands and immediate values of IA-32."""

from collections.abc import Callable

from garrison.engine.emulation.cpu import ESP, Cpu, Step
from garrison.engine.emulation.memory import ILLEGAL, Fault

Get = Callable[[], int]
Set = Callable[[int], None]
Maker = Callable[["Decoder", int], Step]
_ALL = 0xFFFFFFFF
_PREFIXES = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65, 0x66, 0x67, 0xF0, 0xF2, 0xF3}
_SHORT = ((3, 6), (3, 7), (5, 6), (5, 7), (6, -1), (7, -1), (5, -1), (3, -1))  # 16-bit addressing: base, index


class Decoder:
    """Reads one instruction. width: its operands' size in bytes, but for those of one byte.

    repeat: 0, 0xF2 or 0xF3. register: the number in the instruction's second byte. address_of: of its memory operand.
    """

    def __init__(self, cpu: Cpu, tables: tuple[list[Maker], list[Maker]]) -> None:
        self.cpu = cpu
        self._tables = tables
        self._registers = {1: _bytes(cpu.registers), 2: _words(cpu.registers), 4: _doubles(cpu.registers)}
        memory = cpu.memory
        self._readers = {1: memory.read8, 2: memory.read16, 4: memory.read32}
        self._writers = {1: memory.write8, 2: memory.write16, 4: memory.write32}
        self._reset(0, b"")

    def _reset(self, address: int, code: bytes) -> None:
        self._code = code
        self._at = 0
        self.address = address
        self.width = 4
        self.repeat = 0
        self.is_fs = False
        self.is_short = False
        self.register = 0
        self.address_of: Get | None = None

    def decode(self, address: int) -> Step:
        """Return the instruction at an address. Raises Fault."""
        self._reset(address, self.cpu.memory.code_at(address))
        op = self.byte()
        while op in _PREFIXES:
            self._prefix(op)
            op = self.byte()
        table = self._tables[0]
        if op == 0x0F:
            op, table = self.byte(), self._tables[1]
        step = table[op](self, op)
        self.cpu.memory.decoded(address, self._at)
        return step

    def _prefix(self, op: int) -> None:
        if op == 0x66:
            self.width = 2
        elif op == 0x67:
            self.is_short = True
        elif op == 0x64:
            self.is_fs = True
        elif op in {0xF2, 0xF3}:
            self.repeat = op
        elif op != 0xF0:
            self.is_fs = False

    @property
    def next(self) -> int:
        """The address behind what was read so far."""
        return self.address + self._at & _ALL

    def byte(self) -> int:
        """Return the next byte of the instruction. Raises Fault."""
        self._at += 1
        if self._at > len(self._code):
            raise Fault(ILLEGAL)
        return self._code[self._at - 1]

    def number(self, size: int) -> int:
        """Return the next number of the instruction, without sign. Raises Fault."""
        run = self._code[self._at : self._at + size]
        self._at += size
        if len(run) < size:
            raise Fault(ILLEGAL)
        return int.from_bytes(run, "little")

    def signed(self, size: int) -> int:
        """Return the next number of the instruction, with sign. Raises Fault."""
        value = self.number(size)
        return value - ((value >> (8 * size - 1)) << 8 * size)

    def size(self, op: int) -> int:
        """Return the operands' size: the lowest bit of most instructions tells bytes from others."""
        return self.width if op & 1 else 1

    def operand(self, number: int, size: int) -> tuple[Get, Set]:
        """Return how to read and write a register."""
        return self._registers[size][number]

    def modified(self, size: int) -> tuple[Get, Set]:
        """Read the second byte; return how to read and write its register or memory. Raises Fault."""
        second = self.byte()
        mode, self.register, low = second >> 6, second >> 3 & 7, second & 7
        if mode == 3:
            self.address_of = None
            return self._registers[size][low]
        self.address_of = self._short_address(mode, low) if self.is_short else self._address(mode, low)
        return self.memory_operand(self.address_of, size)

    def memory_operand(self, address_of: Get, size: int) -> tuple[Get, Set]:
        """Return how to read and write memory."""
        reader, writer = self._readers[size], self._writers[size]
        return lambda: reader(address_of()), lambda value: writer(address_of(), value)

    def plain_address(self, address: int) -> Get:
        """Return the address that an instruction holds itself."""
        if self.is_fs:
            cpu = self.cpu
            return lambda: cpu.fs_base + address & _ALL
        return lambda: address

    def _address(self, mode: int, low: int) -> Get:
        base, index, scale = low, -1, 0
        if low == ESP:
            second = self.byte()
            scale, index, base = second >> 6, second >> 3 & 7, second & 7
            index = -1 if index == ESP else index
        if mode == 0 and base == 5:
            base, offset = -1, self.number(4)
        else:
            offset = 0 if not mode else self.signed(1) if mode == 1 else self.number(4)
        return self._sum(base, index, scale, offset)

    def _short_address(self, mode: int, low: int) -> Get:
        if mode == 0 and low == 6:
            return self.plain_address(self.number(2))
        base, index = _SHORT[low]
        offset = 0 if not mode else self.signed(mode)
        inner = self._sum(base, index, 0, offset)
        return lambda: inner() & 0xFFFF

    def _sum(self, base: int, index: int, scale: int, offset: int) -> Get:
        registers = self.cpu.registers
        if self.is_fs:
            offset += self.cpu.fs_base
        if base >= 0 and index < 0:
            return lambda: registers[base] + offset & _ALL
        if base >= 0:
            return lambda: registers[base] + (registers[index] << scale) + offset & _ALL
        if index >= 0:
            return lambda: (registers[index] << scale) + offset & _ALL
        return lambda: offset & _ALL


def _doubles(registers: list[int]) -> list[tuple[Get, Set]]:
    def pair(number: int) -> tuple[Get, Set]:
        def put(value: int) -> None:
            registers[number] = value

        return lambda: registers[number], put

    return [pair(number) for number in range(8)]


def _words(registers: list[int]) -> list[tuple[Get, Set]]:
    def pair(number: int) -> tuple[Get, Set]:
        def put(value: int) -> None:
            registers[number] = registers[number] & 0xFFFF0000 | value & 0xFFFF

        return lambda: registers[number] & 0xFFFF, put

    return [pair(number) for number in range(8)]


def _bytes(registers: list[int]) -> list[tuple[Get, Set]]:
    def low(number: int) -> tuple[Get, Set]:
        def put(value: int) -> None:
            registers[number] = registers[number] & 0xFFFFFF00 | value & 0xFF

        return lambda: registers[number] & 0xFF, put

    def high(number: int) -> tuple[Get, Set]:
        def put(value: int) -> None:
            registers[number] = registers[number] & 0xFFFF00FF | (value & 0xFF) << 8

        return lambda: registers[number] >> 8 & 0xFF, put

    return [low(number) for number in range(4)] + [high(number) for number in range(4)]
