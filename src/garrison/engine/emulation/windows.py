"""What a packed program asks of Windows: a few functions are answered, all others return nothing.

How many arguments each takes is from Microsoft's documentation of the Windows API; a function takes its own arguments
off the stack.
"""

import struct
from collections.abc import Callable

from garrison.engine.emulation.cpu import EAX, ESP, Cpu, Step
from garrison.engine.emulation.memory import Fault, Memory

MODULE, MODULE_END = 0x7C800000, 0x7C900000
_STUBS = MODULE + 0x20000
_STUB_BYTES = 16
_MOST_STUBS = 8192
_HEAP, _HEAP_BYTES = 0x01000000, 32 * 1024 * 1024
_ALL = 0xFFFFFFFF
_ARGUMENTS = {
    0: "GetTickCount GetVersion GetCommandLineA GetCommandLineW GetCurrentProcess GetCurrentThread GetCurrentProcessId "
    "GetCurrentThreadId GetLastError IsDebuggerPresent GetProcessHeap TlsAlloc GetACP GetOEMCP GetDesktopWindow "
    "GetEnvironmentStrings GetEnvironmentStringsW GetForegroundWindow GetActiveWindow",
    1: "LoadLibraryA LoadLibraryW GetModuleHandleA GetModuleHandleW ExitProcess ExitThread Sleep CloseHandle "
    "GetVersionExA GetStartupInfoA SetLastError GlobalFree LocalFree GlobalLock GlobalUnlock FreeLibrary lstrlenA "
    "lstrlenW QueryPerformanceCounter QueryPerformanceFrequency SetUnhandledExceptionFilter UnhandledExceptionFilter "
    "InitializeCriticalSection EnterCriticalSection LeaveCriticalSection DeleteCriticalSection TlsGetValue "
    "GetSystemTimeAsFileTime GetSystemTime GetLocalTime OutputDebugStringA SetErrorMode GetFileAttributesA DeleteFileA "
    "GetDriveTypeA GetSystemInfo PostQuitMessage DestroyWindow GetFileType GetStdHandle SuspendThread ResumeThread "
    "GlobalMemoryStatus SetHandleCount GetDC GetSystemMetrics Process32First GetPriorityClass",
    2: "GetProcAddress GlobalAlloc LocalAlloc TlsSetValue TerminateProcess TerminateThread lstrcmpA lstrcmpiA lstrcpyA "
    "lstrcatA FindWindowA GetWindowsDirectoryA GetSystemDirectoryA GetTempPathA GetCurrentDirectoryA WinExec "
    "CreateToolhelp32Snapshot GetFileSize Process32Next WaitForSingleObject RemoveVectoredExceptionHandler "
    "AddVectoredExceptionHandler IsBadReadPtr IsBadWritePtr IsBadCodePtr SetThreadPriority SetPriorityClass ShowWindow "
    "GetThreadContext SetThreadContext CheckRemoteDebuggerPresent SetFileAttributesA GetComputerNameA ZwContinue",
    3: "LoadLibraryExA VirtualFree HeapAlloc HeapFree HeapCreate GetModuleFileNameA VirtualQuery CreateMutexA "
    "OpenProcess lstrcpynA FlushInstructionCache GetEnvironmentVariableA CopyFileA OpenMutexA GetWindowTextA "
    "GetFullPathNameA wvsprintfA OpenThread CreateDirectoryA",
    4: "VirtualAlloc VirtualProtect MessageBoxA MessageBoxW RaiseException SetFilePointer GetTempFileNameA "
    "SendMessageA PostMessageA HeapReAlloc DuplicateTokenEx DefWindowProcA CallNextHookEx SetWindowsHookExA "
    "CreateEventA",
    5: "ReadFile WriteFile VirtualProtectEx VirtualAllocEx ReadProcessMemory WriteProcessMemory "
    "NtQueryInformationProcess ZwQueryInformationProcess NtSetInformationThread DialogBoxParamA MapViewOfFile "
    "PeekMessageA",
    6: "CreateThread CreateFileMappingA MultiByteToWideChar ShellExecuteA RegOpenKeyExA",
    7: "CreateFileA CreateRemoteThread",
    8: "WideCharToMultiByte DeviceIoControl",
    10: "CreateProcessA",
    12: "CreateWindowExA",
}  # fmt: skip
_COUNTS = {name: count for count, names in _ARGUMENTS.items() for name in names.split()}
_REGIONS = 64
_FILE = 0x44
_ENDS = {"ExitProcess", "TerminateProcess", "ExitThread"}


class Finished(Exception):  # no error of ours: the program came to an end
    """The emulated program cannot or need not go on."""


class Windows:
    """The functions, each an address in one library that is all libraries."""

    def __init__(self, memory: Memory, cpu: Cpu, image_base: int, file: bytes) -> None:
        self._memory = memory
        self._cpu = cpu
        self._image_base = image_base
        self._file = file
        self._names: list[str] = []
        self._addresses: dict[str, int] = {}
        self._heap = max(_HEAP, memory.image.end + 0x10000 & ~0xFFFF)
        self._granted = 0
        self._module = memory.add(MODULE, bytearray(MODULE_END - MODULE))
        self._answers: dict[str, Callable[[list[int]], int]] = {
            "GetProcAddress": self._get_function,
            "GetModuleHandleA": lambda arguments: MODULE if arguments[0] else self._image_base,
            "GetModuleHandleW": lambda arguments: MODULE if arguments[0] else self._image_base,
            "LoadLibraryA": lambda _: MODULE,
            "LoadLibraryW": lambda _: MODULE,
            "LoadLibraryExA": lambda _: MODULE,
            "VirtualAlloc": lambda arguments: self.allocate(arguments[1], arguments[0]),
            "GlobalAlloc": lambda arguments: self.allocate(arguments[1]),
            "LocalAlloc": lambda arguments: self.allocate(arguments[1]),
            "HeapAlloc": lambda arguments: self.allocate(arguments[2]),
            "VirtualProtect": self._protect,
            "VirtualFree": lambda _: 1,
            "GetProcessHeap": lambda _: 0x140000,
            "HeapCreate": lambda _: 0x140000,
            "GlobalLock": lambda arguments: arguments[0],
            "GetTickCount": lambda _: 0x1000000 + self._cpu.ticks // 1000,
            "GetVersion": lambda _: 0x0A280105,
            "GetCommandLineA": lambda _: MODULE + 0x1000,
            "GetCurrentProcess": lambda _: _ALL,
            "GetCurrentThread": lambda _: _ALL - 1,
            "GetCurrentProcessId": lambda _: 0x4D8,
            "GetCurrentThreadId": lambda _: 0x4DC,
            "MessageBoxA": lambda _: 1,
            "CreateFileA": lambda _: _FILE,
            "GetFileSize": lambda _: len(self._file),
            "ReadFile": self._read_file,
            "CloseHandle": lambda _: 1,
            "GetModuleFileNameA": self._write_name,
            "lstrlenA": lambda arguments: len(self._memory.text(arguments[0], 65536)),
        }
        for name in _COUNTS:
            self.function(name)
        self._write_module()

    def function(self, name: str) -> int:
        """Return the address of a function, known or not."""
        found = self._addresses.get(name)
        if found is None:
            if len(self._names) >= _MOST_STUBS:
                return 0
            found = _STUBS + _STUB_BYTES * len(self._names)
            self._names.append(name)
            self._addresses[name] = found
            at = found - MODULE
            # As library functions begin: those who look find no breakpoint.
            code = b"\x8b\xff\x55\x8b\xec\x5d\xc2" + struct.pack("<H", 4 * _COUNTS.get(name, 0))
            self._module.data[at : at + len(code)] = code
        return found

    def step(self, address: int) -> Step:
        """Return what a call of an address in the library does. Raises Finished when there is nothing."""
        number, rest = divmod(address - _STUBS, _STUB_BYTES)
        if rest or not 0 <= number < len(self._names):
            raise Finished
        name = self._names[number]
        count = _COUNTS.get(name, 0)
        answer = self._answers.get(name)
        cpu, memory = self._cpu, self._memory

        def call() -> int:
            if name in _ENDS:
                raise Finished
            top = cpu.registers[ESP]
            back = memory.read32(top)
            arguments = [memory.read32(top + 4 + 4 * number) for number in range(count)]
            value = answer(arguments) if answer is not None else 0
            cpu.registers[ESP] = top + 4 + 4 * count & _ALL
            cpu.registers[EAX] = value & _ALL
            return back

        return call

    def allocate(self, size: int, wanted: int = 0) -> int:
        """Return the address of new memory, 0 when there is no more."""
        size = size + 0xFFF & ~0xFFF
        if not size or self._granted + size > _HEAP_BYTES or len(self._memory.regions) > _REGIONS:
            return 0
        if wanted:
            try:
                self._memory.region(wanted, 1)
            except Fault:
                pass
            else:
                return wanted
        self._granted += size
        address = self._heap
        self._heap += size + 0x10000 & ~0xFFFF
        self._memory.add(address, bytearray(size))
        return address

    def _get_function(self, arguments: list[int]) -> int:
        name = arguments[1]
        if name < 0x10000:
            return self.function(f"#{name}")
        try:
            text = self._memory.text(name, 128)
        except Fault:  # Windows catches this itself; there are packers whose list ends so
            return 0
        return self.function(text) if text.isascii() and text.isprintable() and text else 0

    def _read_file(self, arguments: list[int]) -> int:
        """Give the program its own file, from the start: there are packers that check it."""
        _, target, count, told, _ = arguments
        content = self._file[: min(count, _HEAP_BYTES)]
        try:
            self._memory.write(target, content)
            self._memory.write32(told, len(content))
        except Fault:
            return 0
        return 1

    def _write_name(self, arguments: list[int]) -> int:
        name = b"C:\\a.exe\x00"[: arguments[2]]
        try:
            self._memory.write(arguments[1], name)
        except Fault:
            return 0
        return max(0, len(name) - 1)

    def _protect(self, arguments: list[int]) -> int:
        try:
            self._memory.write32(arguments[3], 0x40)
        except Fault:
            return 0
        return 1

    def _write_module(self) -> None:
        """Give the library headers and a list of its functions, for those who look them up themselves."""
        data = self._module.data
        names = sorted(self._names)
        header = b"MZ".ljust(60, b"\x00") + struct.pack("<I", 0x80) + bytes(64) + b"PE\x00\x00"
        header += struct.pack("<HHIIIHH", 0x14C, 0, 0, 0, 0, 224, 0x210E)
        header += struct.pack("<H26xI", 0x10B, MODULE).ljust(92, b"\x00") + struct.pack("<III", 16, 0x2000, 0x4000)
        data[: len(header)] = header
        count = len(names)
        addresses, pointers, ordinals = 0x2100, 0x2100 + 4 * count, 0x2100 + 8 * count
        texts = 0x2100 + 12 * count
        struct.pack_into("<10I", data, 0x2000, 0, 0, 0, 0x2080, 1, count, count, addresses, pointers, ordinals)
        data[0x2080:0x208D] = b"KERNEL32.dll\x00"
        for number, name in enumerate(names):
            struct.pack_into("<I", data, addresses + 4 * number, self._addresses[name] - MODULE)
            struct.pack_into("<I", data, pointers + 4 * number, texts)
            struct.pack_into("<H", data, ordinals + 2 * number, number)
            data[texts : texts + len(name)] = name.encode("latin-1")
            texts += len(name) + 1
