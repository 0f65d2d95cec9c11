"""Instructions that say where to go on, and what is on the flags."""

from garrison.engine.emulation import arithmetic, moves
from garrison.engine.emulation.cpu import ECX, ESP, Step
from garrison.engine.emulation.decoder import Decoder
from garrison.engine.emulation.memory import ACCESS, BREAK, ILLEGAL, PRIVILEGED, STEP, Fault

_ALL = 0xFFFFFFFF
_TRAP = 0x100


def jump(decoder: Decoder, op: int) -> Step:
    """JMP by a distance."""
    distance = decoder.signed(1 if op == 0xEB else decoder.width)
    target = decoder.next + distance & _ALL
    return lambda: target


def jump_if(decoder: Decoder, op: int) -> Step:
    """Jcc, both forms."""
    distance = decoder.signed(decoder.width if op >= 0x80 else 1)
    behind = decoder.next
    target = behind + distance & _ALL
    holds = decoder.cpu.conditions[op & 15]
    return lambda: target if holds() else behind


def loop(decoder: Decoder, op: int) -> Step:
    """LOOPNE, LOOPE, LOOP, JECXZ."""
    distance = decoder.signed(1)
    behind = decoder.next
    target = behind + distance & _ALL
    cpu, registers = decoder.cpu, decoder.cpu.registers
    kind = op & 3

    def step() -> int:
        if kind == 3:
            return behind if registers[ECX] else target
        left = registers[ECX] - 1 & _ALL
        registers[ECX] = left
        holds = left and (kind == 2 or (cpu.zero == 0) == (kind == 1))
        return target if holds else behind

    return step


def call(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """CALL by a distance."""
    distance = decoder.signed(4)
    behind, cpu = decoder.next, decoder.cpu
    target = behind + distance & _ALL

    def step() -> int:
        cpu.push(behind)
        return target

    return step


def back(decoder: Decoder, op: int) -> Step:
    """RET, near or far."""
    extra = decoder.number(2) if not op & 1 else 0
    extra += 4 if op >= 0xCA else 0
    cpu, registers = decoder.cpu, decoder.cpu.registers

    def step() -> int:
        target = cpu.pop()
        registers[ESP] = registers[ESP] + extra & _ALL
        return target

    return step


def group(decoder: Decoder, op: int) -> Step:
    """INC, DEC, CALL, JMP, PUSH of what the second byte tells. Raises Fault."""
    size = decoder.size(op)
    operand = decoder.modified(size)
    kind, cpu, behind = decoder.register, decoder.cpu, decoder.next
    get = operand[0]
    if kind < 2:
        return arithmetic.count_in_place(decoder, operand, size, is_up=kind == 0)
    if op == 0xFE or kind in {3, 5, 7}:
        raise Fault(ILLEGAL)
    if kind == 4:
        return get
    if kind == 6:
        return moves.push_value(decoder, get)

    def call_there() -> int:
        target = get()
        cpu.push(behind)
        return target

    return call_there


def push_flags(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """PUSHFD."""
    return moves.push_value(decoder, decoder.cpu.flags)


def pop_flags(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """POPFD; with the trap flag, the next instruction is followed by an exception."""
    cpu, behind = decoder.cpu, decoder.next
    registers, memory, width = cpu.registers, cpu.memory, decoder.width

    def step() -> int:
        top = registers[ESP]
        value = memory.read32(top) if width == 4 else memory.read16(top)
        registers[ESP] = top + width & _ALL
        cpu.set_flags(value)
        if not value & _TRAP:
            return behind
        target = decoder.decode(behind)()
        raise Fault(STEP, target)

    return step


def flag(decoder: Decoder, op: int) -> Step:
    """CMC, CLC, STC, CLD, STD."""
    cpu, behind = decoder.cpu, decoder.next

    def step() -> int:
        if op == 0xF5:
            cpu.carry = 0 if cpu.carry else 1
        elif op < 0xFA:
            cpu.carry = op & 1
        else:
            cpu.backward = op & 1
        return behind

    return step


def flags_and_ah(decoder: Decoder, op: int) -> Step:
    """SAHF and LAHF."""
    cpu, registers, behind = decoder.cpu, decoder.cpu.registers, decoder.next

    def step() -> int:
        if op == 0x9F:
            registers[0] = registers[0] & 0xFFFF00FF | (cpu.flags() & 0xFF) << 8
        else:
            cpu.set_flags(cpu.flags() & ~0xFF | registers[0] >> 8 & 0xFF)
        return behind

    return step


def carry_to_al(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """SALC, which no manual names."""
    cpu, registers, behind = decoder.cpu, decoder.cpu.registers, decoder.next

    def step() -> int:
        registers[0] = registers[0] & 0xFFFFFF00 | (0xFF if cpu.carry else 0)
        return behind

    return step


def interrupt(decoder: Decoder, op: int) -> Step:
    """INT3, INT n, INTO, ICEBP."""
    number = decoder.number(1) if op == 0xCD else 3
    codes = {3: BREAK, 1: ACCESS, 0x2D: BREAK}
    code = STEP if op == 0xF1 else codes.get(number, ACCESS)
    cpu, here, behind = decoder.cpu, decoder.address, decoder.next

    def step() -> int:
        if op == 0xCE and not cpu.overflow:
            return behind
        raise Fault(code, here if op == 0xCC else behind if op == 0xF1 else 0)

    return step


def privileged(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """Give an instruction that only the system may use. Raises Fault."""
    raise Fault(PRIVILEGED)


def illegal(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """Give what is no instruction, or none that is known here. Raises Fault."""
    raise Fault(ILLEGAL)
