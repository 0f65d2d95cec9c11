"""Programs that are built like no compiler builds them, or ask the system for what only malware combines."""

# ruff: noqa: E501 - a rule is one row of a table, its pattern one word of it

import struct
import zlib

from garrison.engine.heuristics.rule import Look, Rule, Test, having
from garrison.engine.programs.program import Program, Section
from garrison.engine.type import Type
from garrison.engine.verdict import Kind

_PE = frozenset({Type.PE})
_ELF = frozenset({Type.ELF})
_BOTH = _PE | _ELF
_SAMPLE = 16 * 1024
_TINY = 16 * 1024
_PACKED = 0.97  # compressed code does not become smaller than this
_LOAD = 1  # ELF specification: PT_LOAD, and the segment flags PF_X, PF_W
_EXECUTABLE, _WRITABLE = 1, 2


def _entry(program: Program) -> Section | None:
    at = program.entry_point
    return next((each for each in program.sections if each.offset <= at < each.offset + each.size), None)


def _entropic(content: bytes, section: Section) -> bool:
    start = section.offset + max(0, section.size - _SAMPLE) // 2
    sample = content[start : min(start + _SAMPLE, section.offset + section.size)]
    return len(sample) >= 2048 and len(zlib.compress(sample, 1)) > _PACKED * len(sample)


def _packed(look: Look) -> bool:
    program = look.subject.program()
    section = _entry(program) if program is not None else None
    is_loose = section is not None and section.is_writable and section.is_executable
    return is_loose and program is not None and any(_entropic(look.subject.content, each) for each in program.sections)


def _entry_outside(look: Look) -> bool:
    program = look.subject.program()
    return program is not None and program.entry_point > 0 and bool(program.sections) and _entry(program) is None


def _few_imports(look: Look) -> bool:
    program = look.subject.program()
    names = {name for _, name in program.imports} if program is not None else set()
    return 0 < len(names) <= 8 and {"LoadLibraryA", "GetProcAddress"} <= names


def _importing(*groups: tuple[str, ...]) -> Test:
    """Return a test for at least one import of each group; the endings A and W do not count."""

    def test(look: Look) -> bool:
        program = look.subject.program()
        if program is None:
            return False
        names = {name.rstrip("AW") for _, name in program.imports}
        return all(any(name in names for name in group) for group in groups)

    return Test(test)


def _segments(content: bytes) -> tuple[list[tuple[int, int]], int]:
    """Return type and flags of an ELF's first segments, and how many section headers it has."""
    is_64, order = content[4:5] == b"\x02", "<" if content[5:6] == b"\x01" else ">"
    if len(content) < 64:
        return [], -1
    start = struct.unpack_from(order + ("Q" if is_64 else "I"), content, 32 if is_64 else 28)[0]
    size, count, _, sections = struct.unpack_from(order + "4H", content, 54 if is_64 else 42)
    found: list[tuple[int, int]] = []
    for at in range(start, start + size * min(count, 32), max(size, 32)):
        if at + 32 > len(content):
            break
        found.append(
            (
                struct.unpack_from(order + "I", content, at)[0],
                struct.unpack_from(order + "I", content, at + (4 if is_64 else 24))[0],
            )
        )
    return found, sections


def _without_sections(look: Look) -> bool:
    return _segments(look.subject.content)[1] == 0


def _loose_segment(look: Look) -> bool:
    loose = _EXECUTABLE | _WRITABLE
    return any(kind == _LOAD and flags & loose == loose for kind, flags in _segments(look.subject.content)[0])


def _tiny(look: Look) -> bool:
    segments = _segments(look.subject.content)[0]
    return len(look.subject.content) < _TINY and 0 < len(segments) <= 2 and _loose_segment(look)


def _hidden_packer(look: Look) -> bool:
    program = look.subject.program()
    if program is None or not _without_sections(look) or b"UPX!" in look.text:
        return False
    return any(_entropic(look.subject.content, each) for each in program.sections)


RULES = (
    Rule("pe.packed", "Heuristic.Program.Packed", Kind.TROJAN, 35,
         "its code is packed and unpacks itself when it starts", _PE, Test(_packed)),
    Rule("pe.entry-outside", "Heuristic.Program.OddEntry", Kind.TROJAN, 25,
         "it begins to run outside of all its parts", _PE, Test(_entry_outside)),
    Rule("pe.few-imports", "Heuristic.Program.Packed", Kind.TROJAN, 15,
         "it asks the system for almost nothing but the means to ask for more later", _PE, Test(_few_imports)),
    Rule("pe.injects", "Heuristic.Program.Injector", Kind.TROJAN, 40, "it can put its code into other programs", _PE,
         _importing(("WriteProcessMemory", "NtWriteVirtualMemory"), ("VirtualAllocEx", "NtAllocateVirtualMemory"),
                    ("CreateRemoteThread", "QueueUserAPC", "SetThreadContext", "NtCreateThreadEx"))),
    Rule("pe.downloads", "Heuristic.Program.Downloader", Kind.TROJAN, 50, "it can fetch a program and start it", _PE,
         _importing(("URLDownloadToFile",), ("WinExec", "ShellExecute", "ShellExecuteEx", "CreateProcess"))),
    Rule("pe.listens-to-keys", "Heuristic.Program.KeyLogger", Kind.TROJAN, 35,
         "it can write down what is typed and send it away", _PE,
         _importing(("GetAsyncKeyState", "GetKeyState"), ("SetWindowsHookEx",), ("InternetOpen", "send", "HttpSendRequest"))),
    Rule("elf.no-sections", "Heuristic.Program.OddHeader", Kind.TROJAN, 20,
         "it has no list of its parts, which every compiler writes", _ELF, Test(_without_sections)),
    Rule("elf.tiny", "Heuristic.Program.TinyLoader", Kind.BACKDOOR, 50,
         "it is tiny, and its one piece of memory may be written and run at once", _ELF, Test(_tiny)),
    Rule("elf.loose", "Heuristic.Program.OddHeader", Kind.TROJAN, 15,
         "a piece of its memory may be written and run at once", _ELF, Test(_loose_segment)),
    Rule("elf.hidden-packer", "Heuristic.Program.Packed", Kind.TROJAN, 40,
         "its code is packed, and the packer's mark was taken out", _ELF, Test(_hidden_packer)),
    Rule("elf.floods", "Heuristic.Program.Bot", Kind.BACKDOOR, 75,
         "it names other machines' command boxes, their watchdogs and their network tables, as bots do", _ELF,
         having(b"/dev/watchdog", b"/bin/busybox", b"/proc/net/route", b"enable\x00")),
    Rule("elf.hides", "Heuristic.Program.Hider", Kind.BACKDOOR, 40,
         "it answers in place of the functions that list files, and names the file that plants libraries", _ELF,
         having(b"ld.so.preload", b"readdir64", b"dlsym", b"/proc/net/tcp")),
)  # fmt: skip
