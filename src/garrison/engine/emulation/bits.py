"""Instructions on single bits, and those that compare and exchange."""

from garrison.engine.emulation.cpu import EAX, MASKS, SIGNS, Step
from garrison.engine.emulation.decoder import Decoder, Get, Set
from garrison.engine.emulation.memory import ILLEGAL, Fault

_TEST, _SET, _CLEAR = 0, 1, 2


def bit(decoder: Decoder, op: int) -> Step:
    """BT, BTS, BTR, BTC with a register: of memory, the bit may be far from the operand."""
    size = decoder.width
    operand = decoder.modified(size)
    index, _ = decoder.operand(decoder.register, size)
    kind, bits, address_of, top = op >> 3 & 3, 8 * size, decoder.address_of, SIGNS[size]
    if address_of is None:
        return _bit(decoder, operand, index, kind, bits)
    near = address_of

    def far() -> int:
        value = index()
        signed = value - ((value & top) << 1)
        return near() + signed // bits * size & 0xFFFFFFFF

    return _bit(decoder, decoder.memory_operand(far, size), index, kind, bits)


def bit_by_number(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """BT, BTS, BTR, BTC with a number. Raises Fault."""
    operand = decoder.modified(decoder.width)
    kind = decoder.register - 4
    if kind < 0:
        raise Fault(ILLEGAL)
    number = decoder.number(1)
    return _bit(decoder, operand, lambda: number, kind, 8 * decoder.width)


def _bit(decoder: Decoder, operand: tuple[Get, Set], index: Get, kind: int, bits: int) -> Step:
    get, put = operand
    cpu, behind = decoder.cpu, decoder.next

    def step() -> int:
        mask = 1 << index() % bits
        value = get()
        cpu.carry = int(value & mask != 0)
        if kind == _SET:
            put(value | mask)
        elif kind == _CLEAR:
            put(value & ~mask)
        elif kind != _TEST:
            put(value ^ mask)
        return behind

    return step


def search(decoder: Decoder, op: int) -> Step:
    """BSF and BSR."""
    get, _ = decoder.modified(decoder.width)
    _, put = decoder.operand(decoder.register, decoder.width)
    cpu, behind = decoder.cpu, decoder.next

    def step() -> int:
        value = get()
        cpu.zero = value
        if value:
            put((value & -value).bit_length() - 1 if op == 0xBC else value.bit_length() - 1)
        return behind

    return step


def swap_bytes(decoder: Decoder, op: int) -> Step:
    """BSWAP."""
    registers, number, behind = decoder.cpu.registers, op & 7, decoder.next

    def step() -> int:
        registers[number] = int.from_bytes(registers[number].to_bytes(4, "little"), "big")
        return behind

    return step


def exchange(decoder: Decoder, op: int) -> Step:
    """XCHG."""
    if op >= 0x90:
        size = decoder.width
        one, two = decoder.operand(op & 7, size), decoder.operand(EAX, size)
    else:
        size = decoder.size(op)
        one = decoder.modified(size)
        two = decoder.operand(decoder.register, size)
    behind = decoder.next

    def step() -> int:
        value = one[0]()
        other = two[0]()
        one[1](other)
        two[1](value)
        return behind

    return step


def compare_exchange(decoder: Decoder, op: int) -> Step:
    """CMPXCHG."""
    size = decoder.size(op)
    get, put = decoder.modified(size)
    new, _ = decoder.operand(decoder.register, size)
    held, hold = decoder.operand(EAX, size)
    cpu, mask, top, behind = decoder.cpu, MASKS[size], SIGNS[size], decoder.next

    def step() -> int:
        value = get()
        if cpu.sub(held(), value, mask, top):
            hold(value)
        else:
            put(new())
        return behind

    return step


def exchange_add(decoder: Decoder, op: int) -> Step:
    """XADD."""
    size = decoder.size(op)
    get, put = decoder.modified(size)
    other, keep = decoder.operand(decoder.register, size)
    cpu, mask, top, behind = decoder.cpu, MASKS[size], SIGNS[size], decoder.next

    def step() -> int:
        old = get()
        total = cpu.add(old, other(), mask, top)
        keep(old)
        put(total)
        return behind

    return step
