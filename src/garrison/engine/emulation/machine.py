"""Running a PE program until it has unpacked itself."""

import struct
from dataclasses import dataclass

from garrison.engine.emulation import loader
from garrison.engine.emulation.cpu import EAX, ECX, ESP, Cpu, Step
from garrison.engine.emulation.decoder import Decoder
from garrison.engine.emulation.instructions import TABLES
from garrison.engine.emulation.memory import ACCESS, BREAK, STEP, Fault, Memory, Region
from garrison.engine.emulation.windows import MODULE, MODULE_END, Finished, Windows
from garrison.engine.guard import Guard
from garrison.engine.programs.pe_headers import Headers

_STEPS = 8_000_000
_AFTERWARDS = 1_000_000  # steps, once the unpacked program seems to run
_AT_ONCE = 10_000
_FAULTS = 2_000
_DECODING = 10  # steps that reading an instruction is worth
_KNOWN = 50_000  # instructions that are kept
_HANDLED = loader.EXIT + 0x10  # where an exception handler returns to
_RECORD, _CONTEXT = 80, 0x2CC
_ORDER = (0x9C, 0xA0, 0xA4, 0xA8, 0xAC, 0xB0, 0xB4)  # EDI, ESI, EBX, EDX, ECX, EAX, EBP in a context
_NUMBERS = (7, 6, 3, 2, 1, 0, 5)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The image at one moment. entry: where the program is about to go on, relative to its base; -1: nowhere."""

    entry: int
    image: bytes


class Machine:
    """One program in its memory.

    snapshots: the image when code that the program wrote was run in another section, the first and the last time.
    why: what ended it.
    """

    def __init__(self, headers: Headers, image: Region, guard: Guard) -> None:
        self._guard = guard
        self._headers = headers
        self._image = image
        self.memory = Memory(image)
        self._cpu = Cpu(self.memory)
        self._windows = Windows(self.memory, self._cpu, headers.image_base, headers.content)
        loader.link(headers, image, self._windows)
        loader.start(headers, self.memory, self._cpu)
        self._decoder = Decoder(self._cpu, TABLES)
        self._left = _STEPS
        self._faults = 0
        self._handling: list[tuple[int, int]] = []
        self._section = self._section_of(headers.entry)
        self.steps = 0
        self.snapshots: list[Snapshot] = []
        self.why = "it ran too long"

    def run(self) -> None:
        """Run to an end or to the limit. Raises Incomplete when the time is over."""
        at = self._headers.image_base + self._headers.entry
        try:
            while self._left > 0:
                at = self._some(at)
                self._guard.check()
        except Finished:
            self.why = "it ended"

    def _some(self, at: int) -> int:
        """Run a number of instructions; return where to go on. Raises Finished."""
        known = self.memory.steps
        try:
            for _ in range(_AT_ONCE):
                step = known.get(at)
                if step is None:
                    step = self._decode(at)
                at = step()
        except Fault as fault:
            self._left -= _AT_ONCE // 10
            return self._dispatch(fault, at)
        except (struct.error, OverflowError, RecursionError) as error:
            raise Finished from error
        self._left -= _AT_ONCE + (self._cpu.moved >> 8)
        self._cpu.moved = 0
        self.steps += _AT_ONCE
        return at

    def _decode(self, at: int) -> Step:
        if MODULE <= at < MODULE_END:
            if at == _HANDLED:
                return self._handled
            return self._windows.step(at)
        self._look(at)
        step = self._decoder.decode(at)
        self._left -= _DECODING
        if len(self.memory.steps) >= _KNOWN:
            self.memory.steps.clear()
        self.memory.steps[at] = step
        return step

    def _look(self, at: int) -> None:
        """Take a snapshot when this is code that was written, in another section than before."""
        image = self._image
        if not image.base <= at < image.end or not image.dirty[at - image.base]:
            return
        section = self._section_of(at - image.base)
        if section != self._section:
            self._section = section
            del self.snapshots[1:]  # the first and the last of them count
            self.snapshots.append(Snapshot(at - image.base, bytes(image.data)))
            self._left = min(self._left, _AFTERWARDS) - _AT_ONCE

    def _section_of(self, address: int) -> int:
        for number, section in enumerate(self._headers.sections):
            if section.address <= address < section.address + max(section.virtual_size, section.size):
                return number
        return -1

    def _dispatch(self, fault: Fault, at: int) -> int:
        """Call the program's handler of an exception; return its address. Raises Finished when it has none."""
        self._faults += 1
        if self._faults > _FAULTS or len(self._handling) > 16:
            raise Finished
        place = fault.address if fault.code in {BREAK, STEP} else at
        try:
            frame = self.memory.read32(self._cpu.fs_base)
            context = self._write_context(fault, place)
            return self._call_handler(frame, context)
        except Fault as error:
            raise Finished from error

    def _write_context(self, fault: Fault, place: int) -> int:
        cpu = self._cpu
        registers = cpu.registers
        context = (registers[ESP] - _CONTEXT & ~3) - 16
        run = bytearray(_CONTEXT)
        struct.pack_into("<I", run, 0, 0x1003F)
        for offset, number in zip(_ORDER, _NUMBERS, strict=True):
            struct.pack_into("<I", run, offset, registers[number])
        struct.pack_into("<IIIII", run, 0xB8, place, 0x1B, cpu.flags(), registers[ESP], 0x23)
        self.memory.write(context, bytes(run))
        record = struct.pack("<IIII", fault.code, 0, 0, place)
        record += struct.pack("<III", 2, 0, fault.address) if fault.code == ACCESS else struct.pack("<I", 0)
        self.memory.write(context - _RECORD, record.ljust(_RECORD, b"\x00"))
        return context

    def _call_handler(self, frame: int, context: int) -> int:
        if frame == 0xFFFFFFFF:
            raise Finished
        handler = self.memory.read32(frame + 4)
        if handler == loader.EXIT:
            raise Finished
        self._handling.append((frame, context))
        record = context - _RECORD
        top = record - 0x40
        self.memory.write(top, struct.pack("<IIIII", _HANDLED, record, frame, context, top + 0x30))
        self._cpu.registers[ESP] = top
        self._cpu.registers[EAX] = 0
        self._cpu.registers[ECX] = handler
        return handler

    def _handled(self) -> int:
        """Go on as an exception's handler says. Raises Finished."""
        if not self._handling:
            raise Finished
        frame, context = self._handling.pop()
        if self._cpu.registers[EAX]:  # not his: ask the next
            return self._call_handler(self.memory.read32(frame), context)
        run = self.memory.read(context, _CONTEXT)
        for offset, number in zip(_ORDER, _NUMBERS, strict=True):
            self._cpu.registers[number] = int.from_bytes(run[offset : offset + 4], "little")
        place, _, flags, top = struct.unpack_from("<IIII", run, 0xB8)
        self._cpu.set_flags(flags)
        self._cpu.registers[ESP] = top
        return int(place)
