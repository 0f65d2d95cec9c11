"""Instructions that move values: between registers and memory, and on the stack."""

from garrison.engine.emulation.cpu import EAX, EBP, EBX, ECX, EDX, ESP, Step
from garrison.engine.emulation.decoder import Decoder, Get, Set
from garrison.engine.emulation.memory import ILLEGAL, Fault

_ALL = 0xFFFFFFFF
_SEGMENTS = (0x23, 0x1B, 0x23, 0x23, 0x3B, 0, 0, 0)


def _move(put: Set, get: Get, behind: int) -> Step:
    def step() -> int:
        put(get())
        return behind

    return step


def move(decoder: Decoder, op: int) -> Step:
    """MOV between a register and what the second byte tells."""
    size = decoder.size(op)
    one = decoder.modified(size)
    two = decoder.operand(decoder.register, size)
    return _move(two[1], one[0], decoder.next) if op & 2 else _move(one[1], two[0], decoder.next)


def move_number(decoder: Decoder, op: int) -> Step:
    """MOV of a number."""
    if op < 0xC0:
        size = decoder.width if op & 8 else 1
        _, put = decoder.operand(op & 7, size)
    else:
        size = decoder.size(op)
        _, put = decoder.modified(size)
    value = decoder.number(size)
    return _move(put, lambda: value, decoder.next)


def move_direct(decoder: Decoder, op: int) -> Step:
    """MOV between the accumulator and an address."""
    size = decoder.size(op)
    address = decoder.number(2 if decoder.is_short else 4)
    memory = decoder.memory_operand(decoder.plain_address(address), size)
    held = decoder.operand(EAX, size)
    return _move(memory[1], held[0], decoder.next) if op & 2 else _move(held[1], memory[0], decoder.next)


def move_wider(decoder: Decoder, op: int) -> Step:
    """MOVZX and MOVSX."""
    size = 2 if op & 1 else 1
    get, _ = decoder.modified(size)
    _, put = decoder.operand(decoder.register, decoder.width)
    top, mask = 1 << (8 * size - 1), (1 << 8 * decoder.width) - 1
    if op < 0xB8:
        return _move(put, get, decoder.next)

    def signed() -> int:
        value = get()
        return value - ((value & top) << 1) & mask

    return _move(put, signed, decoder.next)


def move_segment(decoder: Decoder, op: int) -> Step:
    """MOV of segment registers: reading them gives what Windows puts there, writing does nothing."""
    _, put = decoder.modified(2)
    value = _SEGMENTS[decoder.register]
    return _move(put, lambda: value, decoder.next) if op == 0x8C else nothing(decoder, op)


def push_segment(decoder: Decoder, op: int) -> Step:
    """PUSH and POP of segment registers."""
    cpu, value, behind = decoder.cpu, _SEGMENTS[op >> 3 & 7], decoder.next

    def push() -> int:
        cpu.push(value)
        return behind

    def pop() -> int:
        cpu.pop()
        return behind

    return pop if op & 1 else push


def address(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """LEA. Raises Fault."""
    is_fs, decoder.is_fs = decoder.is_fs, False
    decoder.modified(decoder.width)
    decoder.is_fs = is_fs
    if decoder.address_of is None:
        raise Fault(ILLEGAL)
    _, put = decoder.operand(decoder.register, decoder.width)
    return _move(put, decoder.address_of, decoder.next)


def push_value(decoder: Decoder, get: Get) -> Step:
    """PUSH of what a function gives."""
    cpu, behind = decoder.cpu, decoder.next
    registers, memory = cpu.registers, cpu.memory
    if decoder.width == 2:

        def short() -> int:
            top = registers[ESP] - 2 & _ALL
            memory.write16(top, get())
            registers[ESP] = top
            return behind

        return short

    def step() -> int:
        top = registers[ESP] - 4 & _ALL
        memory.write32(top, get())
        registers[ESP] = top
        return behind

    return step


def push(decoder: Decoder, op: int) -> Step:
    """PUSH of a register."""
    return push_value(decoder, decoder.operand(op & 7, decoder.width)[0])


def push_number(decoder: Decoder, op: int) -> Step:
    """PUSH of a number."""
    value = decoder.signed(1) & _ALL if op == 0x6A else decoder.number(decoder.width)
    return push_value(decoder, lambda: value)


def pop(decoder: Decoder, op: int) -> Step:
    """POP."""
    put = decoder.operand(op & 7, decoder.width)[1] if op != 0x8F else decoder.modified(decoder.width)[1]
    cpu, behind, width = decoder.cpu, decoder.next, decoder.width
    registers = cpu.registers
    read = cpu.memory.read32 if width == 4 else cpu.memory.read16

    def step() -> int:
        top = registers[ESP]
        value = read(top)
        registers[ESP] = top + width & _ALL
        put(value)
        return behind

    return step


def push_all(decoder: Decoder, op: int) -> Step:
    """PUSHAD and POPAD."""
    cpu, behind = decoder.cpu, decoder.next
    registers = cpu.registers

    def push() -> int:
        held = list(registers)
        top = held[ESP] - 32 & _ALL
        cpu.memory.write(top, b"".join(value.to_bytes(4, "little") for value in reversed(held)))
        registers[ESP] = top
        return behind

    def pop() -> int:
        top = registers[ESP]
        run = cpu.memory.read(top, 32)
        values = [int.from_bytes(run[at : at + 4], "little") for at in range(28, -4, -4)]
        values[ESP] = top + 32 & _ALL
        registers[:] = values
        return behind

    return pop if op & 1 else push


def enter(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """ENTER, of the outermost level."""
    size = decoder.number(2)
    decoder.number(1)
    cpu, registers, behind = decoder.cpu, decoder.cpu.registers, decoder.next

    def step() -> int:
        cpu.push(registers[EBP])
        registers[EBP] = registers[ESP]
        registers[ESP] = registers[ESP] - size & _ALL
        return behind

    return step


def leave(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """LEAVE."""
    cpu, registers, behind = decoder.cpu, decoder.cpu.registers, decoder.next

    def step() -> int:
        value = cpu.memory.read32(registers[EBP])
        registers[ESP] = registers[EBP] + 4 & _ALL
        registers[EBP] = value
        return behind

    return step


def translate(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """XLAT."""
    registers, memory, behind = decoder.cpu.registers, decoder.cpu.memory, decoder.next

    def step() -> int:
        value = memory.read8(registers[EBX] + (registers[EAX] & 0xFF) & _ALL)
        registers[EAX] = registers[EAX] & 0xFFFFFF00 | value
        return behind

    return step


def nothing(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """Do nothing."""
    behind = decoder.next
    return lambda: behind


def nothing_there(decoder: Decoder, op: int) -> Step:
    """Do nothing to what the second byte tells."""
    decoder.modified(1)
    return nothing(decoder, op)


def move_if(decoder: Decoder, op: int) -> Step:
    """CMOVcc."""
    get, _ = decoder.modified(decoder.width)
    _, put = decoder.operand(decoder.register, decoder.width)
    holds, behind = decoder.cpu.conditions[op & 15], decoder.next

    def step() -> int:
        value = get()
        if holds():
            put(value)
        return behind

    return step


def set_if(decoder: Decoder, op: int) -> Step:
    """SETcc."""
    _, put = decoder.modified(1)
    holds = decoder.cpu.conditions[op & 15]
    return _move(put, lambda: 1 if holds() else 0, decoder.next)


def read_time(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """RDTSC: it counts what was run, so that nobody finds himself slow."""
    cpu, registers, behind = decoder.cpu, decoder.cpu.registers, decoder.next

    def step() -> int:
        cpu.ticks += 40
        registers[EAX] = 0x2000000 + cpu.ticks & _ALL
        registers[EDX] = 0x51
        return behind

    return step


def identify(decoder: Decoder, op: int) -> Step:  # noqa: ARG001 # all of a kind
    """CPUID: an Intel processor of 2004."""
    registers, behind = decoder.cpu.registers, decoder.next

    def step() -> int:
        answers = {0: (2, 0x756E6547, 0x6C65746E, 0x49656E69), 1: (0xF29, 0x800, 0, 0x3FEBFBFF)}
        registers[EAX], registers[EBX], registers[ECX], registers[EDX] = answers.get(registers[EAX], (0, 0, 0, 0))
        return behind

    return step


def float_operation(decoder: Decoder, op: int) -> Step:
    """Pass over the floating-point unit: its control words and the place of the last operation are all it tells."""
    decoder.modified(4)
    kind, address_of = decoder.register, decoder.address_of
    cpu, here, behind = decoder.cpu, decoder.address, decoder.next
    memory, registers = cpu.memory, cpu.registers

    def step() -> int:
        if address_of is None:
            if op == 0xDF and kind == 4:
                registers[EAX] &= 0xFFFF0000
            cpu.fpu_at = here
        elif op == 0xD9 and kind == 6:
            memory.write(address_of(), b"\x7f\x03\xff\xff" + bytes(8) + cpu.fpu_at.to_bytes(4, "little") + bytes(12))
        elif op == 0xD9 and kind == 7:
            memory.write16(address_of(), 0x37F)
        else:
            cpu.fpu_at = here
        return behind

    return step
