"""Instructions on runs of bytes: MOVS, STOS, LODS, CMPS, SCAS, with and without repetition."""

from garrison.engine.emulation.cpu import EAX, ECX, EDI, ESI, MASKS, SIGNS, Cpu, Step
from garrison.engine.emulation.decoder import Decoder
from garrison.engine.emulation.memory import Fault

_ALL = 0xFFFFFFFF
_AT_ONCE = 1 << 16  # bytes, in one step of the machine


def copy(decoder: Decoder, op: int) -> Step:
    """MOVS."""
    size = decoder.size(op)
    cpu = decoder.cpu
    registers, memory = cpu.registers, cpu.memory

    def one() -> None:
        memory.write(registers[EDI], memory.read(registers[ESI], size))
        _advance(cpu, size, is_source=True, is_target=True)

    def many(count: int) -> int:
        source, target = registers[ESI], registers[EDI]
        length = size * count
        content = memory.read(source, length)
        distance = target - source
        if 0 < distance < length:  # what is written is read again
            content = (content[:distance] * (length // distance + 1))[:length]
        memory.write(target, content)
        return length

    return _repeated(decoder, one, many, (True, True), size)


def fill(decoder: Decoder, op: int) -> Step:
    """STOS."""
    size = decoder.size(op)
    cpu = decoder.cpu
    registers, memory, mask = cpu.registers, cpu.memory, MASKS[size]

    def one() -> None:
        memory.write(registers[EDI], (registers[EAX] & mask).to_bytes(size, "little"))
        _advance(cpu, size, is_source=False, is_target=True)

    def many(count: int) -> int:
        memory.write(registers[EDI], (registers[EAX] & mask).to_bytes(size, "little") * count)
        return size * count

    return _repeated(decoder, one, many, (False, True), size)


def load(decoder: Decoder, op: int) -> Step:
    """LODS."""
    size = decoder.size(op)
    cpu = decoder.cpu
    registers, memory = cpu.registers, cpu.memory
    _, put = decoder.operand(EAX, size)

    def one() -> None:
        put(int.from_bytes(memory.read(registers[ESI], size), "little"))
        _advance(cpu, size, is_source=True, is_target=False)

    return _repeated(decoder, one, None, (True, False), size)


def _advance(cpu: Cpu, by: int, *, is_source: bool, is_target: bool) -> None:
    if cpu.backward:
        by = -by
    if is_source:
        cpu.registers[ESI] = cpu.registers[ESI] + by & _ALL
    if is_target:
        cpu.registers[EDI] = cpu.registers[EDI] + by & _ALL


def _repeated(decoder: Decoder, one: object, many: object, moves: tuple[bool, bool], size: int) -> Step:
    assert callable(one)
    cpu, registers, here, behind = decoder.cpu, decoder.cpu.registers, decoder.address, decoder.next
    if not decoder.repeat:

        def single() -> int:
            one()
            return behind

        return single

    def step() -> int:
        count = registers[ECX]
        if not count:
            return behind
        if callable(many) and not cpu.backward:
            taken = min(count, _AT_ONCE // size)
            try:
                length = many(taken)
            except Fault:  # somewhere on the way: go there step by step
                length = 0
            if length:
                cpu.moved += length
                _advance(cpu, length, is_source=moves[0], is_target=moves[1])
                registers[ECX] = count - taken
                return here if count > taken else behind
        one()
        registers[ECX] = count - 1
        return here if count > 1 else behind

    return step


def compare(decoder: Decoder, op: int) -> Step:
    """CMPS and SCAS."""
    size = decoder.size(op)
    cpu, registers, memory = decoder.cpu, decoder.cpu.registers, decoder.cpu.memory
    is_scan, repeat, here, behind = op >= 0xAE, decoder.repeat, decoder.address, decoder.next
    mask, top = MASKS[size], SIGNS[size]

    def step() -> int:
        if repeat and not registers[ECX]:
            return behind
        left = registers[EAX] & mask if is_scan else int.from_bytes(memory.read(registers[ESI], size), "little")
        right = int.from_bytes(memory.read(registers[EDI], size), "little")
        value = cpu.sub(left, right, mask, top)
        _advance(cpu, size, is_source=not is_scan, is_target=True)
        if not repeat:
            return behind
        registers[ECX] = registers[ECX] - 1 & _ALL
        goes_on = (value == 0) == (repeat == 0xF3)
        return here if goes_on and registers[ECX] else behind

    return step
