"""Instructions that calculate."""

from collections.abc import Callable

from garrison.engine.emulation.cpu import EAX, EDX, MASKS, SIGNS, Cpu, Step
from garrison.engine.emulation.decoder import Decoder, Get, Set
from garrison.engine.emulation.memory import ILLEGAL, Fault

_COMPARE = 7


def _binary(cpu: Cpu, number: int, left: tuple[Get, Set], right: Get, size: int, behind: int) -> Step:
    operation, mask, top = cpu.alu[number], MASKS[size], SIGNS[size]
    get, put = left

    def compare() -> int:
        operation(get(), right(), mask, top)
        return behind

    def change() -> int:
        put(operation(get(), right(), mask, top))
        return behind

    return compare if number == _COMPARE else change


def binary(decoder: Decoder, op: int) -> Step:
    """ADD, OR, ADC, SBB, AND, SUB, XOR, CMP."""
    size = decoder.size(op)
    if op & 4:
        left = decoder.operand(EAX, size)
        value = decoder.number(size)
        return _binary(decoder.cpu, op >> 3, left, lambda: value, size, decoder.next)
    left = decoder.modified(size)
    right = decoder.operand(decoder.register, size)
    if op & 2:
        left, right = right, left
    return _binary(decoder.cpu, op >> 3, left, right[0], size, decoder.next)


def binary_with_number(decoder: Decoder, op: int) -> Step:
    """Do the same with a number in the instruction."""
    size = decoder.size(op)
    left = decoder.modified(size)
    value = decoder.signed(1) & MASKS[size] if op == 0x83 else decoder.number(size)
    return _binary(decoder.cpu, decoder.register, left, lambda: value, size, decoder.next)


def test(decoder: Decoder, op: int) -> Step:
    """TEST."""
    size = decoder.size(op)
    if op >= 0xA8:
        get, _ = decoder.operand(EAX, size)
        value = decoder.number(size)
        return _test(decoder, get, lambda: value, size)
    get, _ = decoder.modified(size)
    return _test(decoder, get, decoder.operand(decoder.register, size)[0], size)


def _test(decoder: Decoder, left: Get, right: Get, size: int) -> Step:
    operation, mask, top, behind = decoder.cpu.bit_and, MASKS[size], SIGNS[size], decoder.next

    def step() -> int:
        operation(left(), right(), mask, top)
        return behind

    return step


def _count(decoder: Decoder, operand: tuple[Get, Set], size: int, *, is_up: bool) -> Step:
    cpu, mask, top, behind = decoder.cpu, MASKS[size], SIGNS[size], decoder.next
    get, put = operand
    change, edge = (1, top) if is_up else (-1, top - 1)

    def step() -> int:
        old = get()
        value = old + change & mask
        put(value)
        cpu.half = old ^ 1 ^ value
        cpu.overflow = value == edge
        cpu.result(value, top)
        return behind

    return step


def count(decoder: Decoder, op: int) -> Step:
    """INC and DEC of a register."""
    return _count(decoder, decoder.operand(op & 7, decoder.width), decoder.width, is_up=op < 0x48)


def count_in_place(decoder: Decoder, operand: tuple[Get, Set], size: int, *, is_up: bool) -> Step:
    """INC and DEC of what the second byte tells."""
    return _count(decoder, operand, size, is_up=is_up)


def shift(decoder: Decoder, op: int) -> Step:
    """Shifts and rotations, by a number, by one, or by CL."""
    size = decoder.size(op)
    get, put = decoder.modified(size)
    kind, cpu = decoder.register, decoder.cpu
    if op < 0xD0:
        amount = decoder.number(1)
        by: Get = lambda: amount  # noqa: E731 # one of three
    else:
        by = (lambda: 1) if op < 0xD2 else decoder.operand(1, 1)[0]
    behind = decoder.next

    def step() -> int:
        put(cpu.shift(kind, get(), by(), size))
        return behind

    return step


def shift_double(decoder: Decoder, op: int) -> Step:
    """SHLD and SHRD."""
    size = decoder.width
    get, put = decoder.modified(size)
    other, _ = decoder.operand(decoder.register, size)
    cpu, bits, mask, top = decoder.cpu, 8 * size, MASKS[size], SIGNS[size]
    amount = 0 if op & 1 else decoder.number(1)
    by = decoder.operand(1, 1)[0] if op & 1 else lambda: amount
    is_left = op < 0xA8
    behind = decoder.next

    def step() -> int:
        number = by() & 31
        if number and number <= bits:
            value = get()
            if is_left:
                cpu.carry = value >> (bits - number) & 1
                value = value << number | other() >> (bits - number)
            else:
                cpu.carry = value >> (number - 1) & 1
                value = value >> number | other() << (bits - number)
            put(cpu.result(value & mask, top))
        return behind

    return step


def unary(decoder: Decoder, op: int) -> Step:
    """TEST, NOT, NEG, MUL, IMUL, DIV, IDIV."""
    size = decoder.size(op)
    get, put = decoder.modified(size)
    kind, cpu, mask, top = decoder.register, decoder.cpu, MASKS[size], SIGNS[size]
    if kind < 2:
        value = decoder.number(size)
        return _test(decoder, get, lambda: value, size)
    behind = decoder.next
    actions: dict[int, Callable[[], None]] = {
        2: lambda: put(get() ^ mask),
        3: lambda: put(cpu.sub(0, get(), mask, top)),
        4: lambda: cpu.multiply(get(), size, is_signed=False),
        5: lambda: cpu.multiply(get(), size, is_signed=True),
        6: lambda: cpu.divide(get(), size, is_signed=False),
        7: lambda: cpu.divide(get(), size, is_signed=True),
    }
    action = actions[kind]

    def step() -> int:
        action()
        return behind

    return step


def multiply(decoder: Decoder, op: int) -> Step:
    """IMUL of two or three operands."""
    size = decoder.width
    left, _ = decoder.modified(size)
    get, put = decoder.operand(decoder.register, size)
    value = 0
    if op != 0xAF:
        value = decoder.signed(1) if op == 0x6B else decoder.signed(size)
    cpu, mask, top, behind = decoder.cpu, MASKS[size], SIGNS[size], decoder.next

    def step() -> int:
        one = left()
        two = value if op != 0xAF else get()
        product = (one - ((one & top) << 1)) * (two - ((two & top) << 1) if two >= 0 else two)
        low = product & mask
        put(low)
        cpu.carry = cpu.overflow = int(product != low - ((low & top) << 1))
        return behind

    return step


def widen(decoder: Decoder, op: int) -> Step:
    """CBW, CWDE, CWD, CDQ."""
    registers, width, behind = decoder.cpu.registers, decoder.width, decoder.next
    mask, top = MASKS[width], SIGNS[width]
    half_mask, half_top = (0xFFFF, 0x8000) if width == 4 else (0xFF, 0x80)

    def step() -> int:
        value = registers[EAX]
        if op == 0x98:
            low = value & half_mask
            registers[EAX] = value & ~mask | (low - ((low & half_top) << 1)) & mask
        else:
            registers[EDX] = registers[EDX] & ~mask | (mask if value & top else 0)
        return behind

    return step


def adjust(decoder: Decoder, op: int) -> Step:
    """DAA, DAS, AAA, AAS, AAM, AAD: decimal numbers, as far as anybody uses them."""
    base = decoder.number(1) if op in {0xD4, 0xD5} else 10
    cpu, registers, behind = decoder.cpu, decoder.cpu.registers, decoder.next
    if not base:
        raise Fault(ILLEGAL)

    def step() -> int:
        low, high = registers[EAX] & 0xFF, registers[EAX] >> 8 & 0xFF
        if op == 0xD4:
            high, low = divmod(low, base)
        elif op == 0xD5:
            high, low = 0, low + high * base & 0xFF
        else:
            low, high = _adjusted(cpu, op, low, high)
        registers[EAX] = registers[EAX] & 0xFFFF0000 | high << 8 | low
        cpu.result(low, 0x80)
        return behind

    return step


def _adjusted(cpu: Cpu, op: int, low: int, high: int) -> tuple[int, int]:
    sign = -1 if op & 8 else 1
    is_half = low & 15 > 9 or cpu.half & 0x10
    if op >= 0x30:
        cpu.carry = cpu.half = 0x10 if is_half else 0
        return (low + 6 * sign & 15, high + sign & 0xFF) if is_half else (low & 15, high)
    is_full = low > 0x99 or cpu.carry
    value = low + (6 * sign if is_half else 0) + (0x60 * sign if is_full else 0)
    cpu.carry, cpu.half = int(bool(is_full)), 0x10 if is_half else 0
    return value & 0xFF, high
