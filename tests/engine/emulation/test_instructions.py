"""The instructions, against what a real processor did."""

import pytest

from garrison.engine.emulation.cpu import EAX, EBX, ECX, EDI, EDX, ESI, ESP
from garrison.engine.emulation.memory import Fault
from tests.engine.emulation.processor import CASES
from tests.engine.emulation.running import BASE, Alone


@pytest.mark.parametrize(("code", "before", "flags", "after", "flags_after", "mask"), CASES, ids=[c[0] for c in CASES])
def test_registers_and_flags_are_those_of_a_real_processor(
    code: str, before: tuple[int, ...], flags: int, after: tuple[int, ...], flags_after: int, mask: int
) -> None:
    alone = Alone(bytes.fromhex(code))
    alone.cpu.registers[:] = before
    alone.cpu.set_flags(flags)
    assert alone.run() == BASE + len(code) // 2
    assert tuple(alone.cpu.registers) == after
    assert (alone.cpu.flags() ^ flags_after) & mask == 0


def alone(code: str, **registers: int) -> Alone:
    numbers = {"eax": EAX, "ecx": ECX, "edx": EDX, "ebx": EBX, "esp": ESP, "esi": ESI, "edi": EDI}
    made = Alone(bytes.fromhex(code))
    made.cpu.registers[ESP] = BASE + 0x800
    for name, value in registers.items():
        made.cpu.registers[numbers[name]] = value
    return made


def test_the_stack_goes_down_and_up() -> None:
    runs = alone("505b", eax=7)
    runs.run(2)
    assert runs.cpu.registers[EBX] == 7
    assert runs.cpu.registers[ESP] == BASE + 0x800


def test_all_registers_are_kept() -> None:
    runs = alone("6031c061", eax=7, esi=9)
    runs.run(3)
    assert (runs.cpu.registers[EAX], runs.cpu.registers[ESI], runs.cpu.registers[ESP]) == (7, 9, BASE + 0x800)


def test_calls_come_back() -> None:
    assert alone("e8fb000000").run() == BASE + 0x100
    runs = alone("e801000000cc" + "c3")
    assert runs.run(2) == BASE + 5


def test_a_run_that_overlaps_itself_repeats() -> None:
    runs = alone("f3a4", esi=BASE + 0x100, edi=BASE + 0x102, ecx=10)
    runs.memory.write(BASE + 0x100, b"ab")
    runs.run()
    assert runs.memory.read(BASE + 0x100, 12) == b"ab" * 6
    assert (runs.cpu.registers[ECX], runs.cpu.registers[EDI]) == (0, BASE + 0x10C)


def test_a_run_may_go_backward() -> None:
    runs = alone("fdf3aa", eax=0x41, edi=BASE + 0x103, ecx=4)
    runs.run(6)
    assert runs.memory.read(BASE + 0x100, 4) == b"AAAA"


def test_a_search_ends_at_what_it_looks_for() -> None:
    runs = alone("f2ae", eax=0, edi=BASE + 0x100, ecx=50)
    runs.memory.write(BASE + 0x100, b"abc\x00")
    runs.run(4)
    assert runs.cpu.registers[EDI] == BASE + 0x104


def test_division_by_nothing_is_an_exception() -> None:
    with pytest.raises(Fault):
        alone("f7f1", eax=5).run()


@pytest.mark.parametrize("code", ["0f0b", "f4", "0fff", "cc", "cd2e", "ff" * 15, "66" * 15])
def test_what_no_program_may_do_is_an_exception(code: str) -> None:
    with pytest.raises(Fault):
        alone(code).run()
