"""What a program asks of Windows."""

from garrison.engine.emulation.cpu import EAX, ESP
from garrison.engine.emulation.loader import THREAD
from garrison.engine.emulation.windows import MODULE
from tests.engine.emulation.running import PACKER, PLAIN, machine, xored
from tests.engine.programs import making


def test_imports_are_linked_and_called() -> None:
    code = b"\xff\x15" + (0x402000 + 40 + 8).to_bytes(4, "little") + b"\xa3\x00\x10\x40\x00\xeb\xfe"
    table = making.imports(0x2000, {b"KERNEL32.dll": [b"IsDebuggerPresent", b"Sleep", b"GetCurrentProcess"]})
    runs = machine(making.pe((b".text", code, PACKER), (b".idata", table, making.DATA), directories={1: (0x2000, 40)}))
    step = runs.memory.read32(0x402000 + 40 + 8)
    assert step > MODULE
    cpu = runs._cpu
    cpu.push(0x401006)
    before = cpu.registers[ESP]
    assert runs._decode(step)() == 0x401006
    assert cpu.registers[EAX] == 0xFFFFFFFF
    assert cpu.registers[ESP] == before + 4


def test_memory_is_given_and_bounded() -> None:
    windows = machine(xored())._windows
    assert windows.allocate(100) > 0
    assert windows.allocate(1 << 30) == 0
    assert sum(windows.allocate(1) > 0 for _ in range(500)) < 100


def test_a_function_has_one_address() -> None:
    windows = machine(xored())._windows
    assert windows.function("Sleep") == windows.function("Sleep") != windows.function("Beep")


def test_the_library_lists_its_functions() -> None:
    runs = machine(xored())
    assert runs.memory.read(MODULE, 2) == b"MZ"
    assert runs.memory.text(MODULE + 0x2080) == "KERNEL32.dll"
    assert runs.memory.read32(THREAD + 0x30) == THREAD + 0x1000


def test_a_program_that_ends_is_at_its_end() -> None:
    runs = machine(xored(b"\x90"))
    runs.run()
    assert runs.why == "it ended"
    assert PLAIN in runs.snapshots[-1].image
