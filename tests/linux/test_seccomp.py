import errno
import fcntl
import re
import signal
import struct
from pathlib import Path

import pytest

from garrison.base.errors import Unavailable
from garrison.linux import seccomp, syscalls
from garrison.linux.syscalls import AARCH64, X86_64, Architecture

KILL, ALLOW, ERRNO = 0x8000_0000, 0x7FFF_0000, 0x0005_0000
OWN = 4711
MACHINES = [pytest.param(machine, id=machine.name) for machine in (X86_64, AARCH64)]
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


def answer(machine: Architecture, name: str | int, *arguments: int, audit: int | None = None) -> int:
    """Run the filter as the kernel would and return what it says."""
    number = machine.numbers[name] if isinstance(name, str) else name
    padded = (*arguments, *(0,) * (6 - len(arguments)))
    data = struct.pack("=IIQ6Q", number, machine.audit if audit is None else audit, 0, *padded)
    steps = seccomp.program(machine, OWN)
    at = value = 0
    while True:
        step = steps[at]
        at += 1
        if step.code == 0x06:
            return step.value
        if step.code == 0x20:
            (value,) = struct.unpack_from("=I", data, step.value)
            continue
        holds = {0x15: value == step.value, 0x35: value >= step.value, 0x45: bool(value & step.value)}[step.code]
        at += step.yes if holds else step.no


@pytest.mark.parametrize("machine", MACHINES)
def test_only_what_is_named_passes(machine: Architecture) -> None:
    by_number = {number: name for name, number in machine.numbers.items()}
    argued = {"mmap", "mprotect", "tgkill", "newfstatat", "fcntl"}
    for number in range(600):
        name = by_number.get(number, "")
        if name in argued:
            continue
        expected = ALLOW if name in seccomp.ALLOWED else KILL
        if name in seccomp.REFUSED:
            expected = ERRNO | seccomp.REFUSED[name]
        assert answer(machine, number) == expected


@pytest.mark.parametrize("machine", MACHINES)
def test_arguments_decide(machine: Architecture) -> None:
    for name in ("mmap", "mprotect"):
        assert answer(machine, name, 0, 4096, 3) == ALLOW
        assert answer(machine, name, 0, 4096, 4) == KILL
        assert answer(machine, name, 0, 4096, 7) == KILL
    assert answer(machine, "tgkill", OWN, OWN, 6) == ALLOW
    assert answer(machine, "tgkill", OWN + 1, OWN, 6) == KILL
    assert answer(machine, "tgkill", OWN, OWN, signal.SIGKILL) == KILL
    assert answer(machine, "newfstatat", 5, 0, 0, 0x1000) == ALLOW
    assert answer(machine, "newfstatat", 5, 0, 0, 0) == ERRNO | errno.EACCES
    for command in (fcntl.F_GETFD, fcntl.F_SETFD, fcntl.F_GETFL):
        assert answer(machine, "fcntl", 5, command) == ALLOW
    for command in (fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_SETFL, fcntl.F_SETOWN):
        assert answer(machine, "fcntl", 5, command) == ERRNO | errno.EPERM


@pytest.mark.parametrize("machine", MACHINES)
def test_another_architecture_is_killed(machine: Architecture) -> None:
    assert answer(machine, "read", audit=0x4000_0003) == KILL


def test_x32_is_killed() -> None:
    assert answer(X86_64, 0x4000_0000) == KILL
    assert answer(X86_64, 0x4000_0000 + X86_64.numbers["getpid"]) == KILL
    assert answer(X86_64, 0xFFFF_FFFF) == KILL


@pytest.mark.parametrize("machine", MACHINES)
def test_the_filter_fits_and_every_path_ends(machine: Architecture) -> None:
    steps = seccomp.program(machine, OWN)
    assert len(steps) < 4096
    for at, step in enumerate(steps):
        assert at + 1 + max(step.yes, step.no) < len(steps) or step.code == 0x06
    assert steps[-1] == seccomp.Step(0x06, KILL)


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels(machine: Architecture) -> None:
    header = HEADERS[machine.name]
    if not header.exists():
        pytest.skip(f"needs {header} (linux-libc-dev)")
    text = header.read_text("utf-8")
    found = {name: int(number) for name, number in re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)", text)}
    found.setdefault("newfstatat", found.get("fstatat", -1))
    assert {name: found.get(name) for name in machine.numbers} == dict(machine.numbers)


@pytest.mark.parametrize("machine", MACHINES)
def test_every_call_named_has_a_number_somewhere(machine: Architecture) -> None:
    assert {*seccomp.ALLOWED} <= {*machine.numbers}
    assert {*seccomp.REFUSED} <= {*X86_64.numbers, *AARCH64.numbers}
    assert {*seccomp.ALLOWED}.isdisjoint(seccomp.REFUSED)


def test_a_processor_without_a_table_is_told_kindly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert syscalls.architecture("riscv64") is None
    monkeypatch.setattr(seccomp, "architecture", lambda: None)
    with pytest.raises(Unavailable, match="kind of processor"):
        seccomp.supported_architecture()
