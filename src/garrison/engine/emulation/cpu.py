"""The registers and flags of a 32-bit x86 processor: Intel 64 and IA-32 Architectures Software Developer's Manual."""

from collections.abc import Callable

from garrison.engine.emulation.memory import DIVIDE, Fault, Memory

EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI = range(8)
MASKS = {1: 0xFF, 2: 0xFFFF, 4: 0xFFFFFFFF}
SIGNS = {1: 0x80, 2: 0x8000, 4: 0x80000000}
_ALL = 0xFFFFFFFF

Step = Callable[[], int]


class Cpu:
    """Registers and flags. The flags are kept as what they follow from.

    zero, sign, parity: the last results (sign is tested with `top`). carry, overflow: true or false. half: bit 4 is
    the auxiliary carry. moved: bytes that repeated instructions moved. ticks: what the time stamp counts.
    """

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.registers = [0] * 8
        self.carry = 0
        self.overflow = 0
        self.zero = 1
        self.sign = 0
        self.parity = 0
        self.half = 0
        self.top = 0x80000000
        self.backward = 0
        self.fs_base = 0
        self.fpu_at = 0
        self.ticks = 0
        self.moved = 0
        self.alu = (self.add, self.bit_or, self.adc, self.sbb, self.bit_and, self.sub, self.bit_xor, self.sub)
        self.conditions: tuple[Callable[[], object], ...] = (
            lambda: self.overflow,
            lambda: not self.overflow,
            lambda: self.carry,
            lambda: not self.carry,
            lambda: not self.zero,
            lambda: self.zero,
            lambda: self.carry or not self.zero,
            lambda: not self.carry and self.zero,
            lambda: self.sign & self.top,
            lambda: not self.sign & self.top,
            self.is_even,
            lambda: not self.is_even(),
            lambda: (self.sign & self.top != 0) != (self.overflow != 0),
            lambda: (self.sign & self.top != 0) == (self.overflow != 0),
            lambda: not self.zero or (self.sign & self.top != 0) != (self.overflow != 0),
            lambda: self.zero and (self.sign & self.top != 0) == (self.overflow != 0),
        )

    def is_even(self) -> bool:
        """Return the parity flag."""
        return not (self.parity & 0xFF).bit_count() & 1

    def result(self, value: int, top: int) -> int:
        """Set the flags that follow from a result alone."""
        self.zero = self.sign = self.parity = value
        self.top = top
        return value

    def add(self, left: int, right: int, mask: int, top: int) -> int:
        """Return the sum, with all flags."""
        total = left + right
        value = total & mask
        self.carry = total > mask
        self.half = left ^ right ^ value
        self.overflow = (left ^ value) & (right ^ value) & top
        self.zero = self.sign = self.parity = value
        self.top = top
        return value

    def adc(self, left: int, right: int, mask: int, top: int) -> int:
        """Return the sum with the carry."""
        total = left + right + (1 if self.carry else 0)
        value = total & mask
        self.carry = total > mask
        self.half = left ^ right ^ value
        self.overflow = (left ^ value) & (right ^ value) & top
        return self.result(value, top)

    def sub(self, left: int, right: int, mask: int, top: int) -> int:
        """Return the difference, with all flags."""
        value = left - right & mask
        self.carry = left < right
        self.half = left ^ right ^ value
        self.overflow = (left ^ right) & (left ^ value) & top
        self.zero = self.sign = self.parity = value
        self.top = top
        return value

    def sbb(self, left: int, right: int, mask: int, top: int) -> int:
        """Return the difference with the borrow."""
        borrow = 1 if self.carry else 0
        value = left - right - borrow & mask
        self.carry = left < right + borrow
        self.half = left ^ right ^ value
        self.overflow = (left ^ right) & (left ^ value) & top
        return self.result(value, top)

    def bit_and(self, left: int, right: int, mask: int, top: int) -> int:  # noqa: ARG002 # all of a kind
        """Return the bits that both have."""
        self.carry = self.overflow = self.half = 0
        return self.result(left & right, top)

    def bit_or(self, left: int, right: int, mask: int, top: int) -> int:  # noqa: ARG002 # all of a kind
        """Return the bits that any has."""
        self.carry = self.overflow = self.half = 0
        return self.result(left | right, top)

    def bit_xor(self, left: int, right: int, mask: int, top: int) -> int:  # noqa: ARG002 # all of a kind
        """Return the bits that one has."""
        self.carry = self.overflow = self.half = 0
        return self.result(left ^ right, top)

    def flags(self) -> int:
        """Return EFLAGS."""
        value = 0x202 | (1 if self.carry else 0) | self.half & 0x10
        value |= 4 if self.is_even() else 0
        value |= 0x40 if not self.zero else 0
        value |= 0x80 if self.sign & self.top else 0
        value |= 0x400 if self.backward else 0
        return value | (0x800 if self.overflow else 0)

    def set_flags(self, value: int) -> None:
        """Set EFLAGS, but for what only the system may."""
        self.carry = value & 1
        self.parity = 0 if value & 4 else 1
        self.half = value & 0x10
        self.zero = 0 if value & 0x40 else 1
        self.top = 0x80000000
        self.sign = self.top if value & 0x80 else 0
        self.backward = value & 0x400
        self.overflow = value & 0x800

    def push(self, value: int) -> None:
        """Put four bytes on the stack. Raises Fault."""
        top = self.registers[ESP] - 4 & _ALL
        self.memory.write32(top, value)
        self.registers[ESP] = top

    def pop(self) -> int:
        """Take four bytes from the stack. Raises Fault."""
        top = self.registers[ESP]
        value = self.memory.read32(top)
        self.registers[ESP] = top + 4 & _ALL
        return value

    def shift(self, kind: int, value: int, count: int, size: int) -> int:
        """Return a value shifted or rotated; kind: as in the instruction (ROL, ROR, RCL, RCR, SHL, SHR, SHL, SAR)."""
        count &= 31
        if not count:
            return value
        return _SHIFTS[kind](self, value, count, 8 * size)

    def multiply(self, factor: int, size: int, *, is_signed: bool) -> None:
        """MUL and IMUL of the accumulator."""
        registers, mask, top = self.registers, MASKS[size], SIGNS[size]
        left = registers[EAX] & mask
        if is_signed:
            left, factor = left - ((left & top) << 1), factor - ((factor & top) << 1)
        product = left * factor
        low, high = product & mask, product >> 8 * size & mask
        if size == 1:
            registers[EAX] = registers[EAX] & 0xFFFF0000 | product & 0xFFFF
        else:
            registers[EAX] = registers[EAX] & ~mask | low
            registers[EDX] = registers[EDX] & ~mask | high
        signed_low = low - ((low & top) << 1)
        self.carry = self.overflow = int(product != signed_low) if is_signed else int(high != 0)

    def divide(self, divisor: int, size: int, *, is_signed: bool) -> None:
        """DIV and IDIV of the accumulator. Raises Fault."""
        registers, mask, top = self.registers, MASKS[size], SIGNS[size]
        bits = 8 * size
        value = (registers[EDX] & mask) << bits | registers[EAX] & mask
        value = registers[EAX] & 0xFFFF if size == 1 else value
        if is_signed:
            value -= (value >> (2 * bits - 1) & 1) << 2 * bits
            divisor -= (divisor & top) << 1
        if not divisor:
            raise Fault(DIVIDE)
        quotient = abs(value) // abs(divisor)
        quotient = -quotient if (value < 0) != (divisor < 0) else quotient
        rest = value - quotient * divisor
        if not (-top <= quotient < top if is_signed else quotient <= mask):
            raise Fault(DIVIDE)
        if size == 1:
            registers[EAX] = registers[EAX] & 0xFFFF0000 | (rest & 0xFF) << 8 | quotient & 0xFF
        else:
            registers[EAX] = registers[EAX] & ~mask | quotient & mask
            registers[EDX] = registers[EDX] & ~mask | rest & mask


def _rol(cpu: Cpu, value: int, count: int, bits: int) -> int:
    count %= bits
    mask = (1 << bits) - 1
    value = (value << count | value >> (bits - count)) & mask
    cpu.carry = value & 1
    cpu.overflow = value >> (bits - 1) ^ value & 1
    return value


def _ror(cpu: Cpu, value: int, count: int, bits: int) -> int:
    count %= bits
    mask = (1 << bits) - 1
    value = (value >> count | value << (bits - count)) & mask
    cpu.carry = value >> (bits - 1)
    cpu.overflow = (value >> (bits - 1) ^ value >> (bits - 2)) & 1
    return value


def _rcl(cpu: Cpu, value: int, count: int, bits: int) -> int:
    wide = value | (1 if cpu.carry else 0) << bits
    count %= bits + 1
    wide = (wide << count | wide >> (bits + 1 - count)) & (1 << (bits + 1)) - 1
    cpu.carry = wide >> bits
    value = wide & (1 << bits) - 1
    cpu.overflow = cpu.carry ^ value >> (bits - 1)
    return value


def _rcr(cpu: Cpu, value: int, count: int, bits: int) -> int:
    wide = value | (1 if cpu.carry else 0) << bits
    count %= bits + 1
    wide = (wide >> count | wide << (bits + 1 - count)) & (1 << (bits + 1)) - 1
    cpu.carry = wide >> bits
    value = wide & (1 << bits) - 1
    cpu.overflow = (value >> (bits - 1) ^ value >> (bits - 2)) & 1
    return value


def _shl(cpu: Cpu, value: int, count: int, bits: int) -> int:
    wide = value << count
    cpu.carry = wide >> bits & 1
    value = wide & (1 << bits) - 1
    cpu.overflow = cpu.carry ^ value >> (bits - 1)
    return cpu.result(value, 1 << (bits - 1))


def _shr(cpu: Cpu, value: int, count: int, bits: int) -> int:
    cpu.carry = value >> (count - 1) & 1
    cpu.overflow = value >> (bits - 1)
    return cpu.result(value >> count, 1 << (bits - 1))


def _sar(cpu: Cpu, value: int, count: int, bits: int) -> int:
    top = 1 << (bits - 1)
    signed = value - ((value & top) << 1)
    cpu.carry = signed >> (count - 1) & 1
    cpu.overflow = 0
    return cpu.result(signed >> count & (1 << bits) - 1, top)


_SHIFTS = (_rol, _ror, _rcl, _rcr, _shl, _shr, _shl, _sar)
