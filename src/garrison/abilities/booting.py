"""Looks at how this computer starts: boot sectors, partitions that are not mounted, the boot loader's settings."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator

from garrison.abilities.scanner import Scanner
from garrison.base.errors import Failed, Unavailable
from garrison.base.text import phrase, printable
from garrison.engine.booting.grub import Says
from garrison.engine.formats.opener import TOO_SHORT
from garrison.engine.type import Type
from garrison.engine.verdict import Certainty, Finding, Kind, Remark, Verdict
from garrison.linux import boot_menu
from garrison.linux.acting import Acting
from garrison.linux.disks import Disk, boot_sectors, copied, disks, is_scanned_as_files
from garrison.linux.lending import asked, lent
from garrison.linux.walk import Trouble
from garrison.wire.booting import MENU, MOST_BYTES, PROGRAM, TABLE, Told, decode, extent

_SECONDS = 60.0
_MOST_SHOWN = 200  # characters
_BEGINNING = "only the first"  # how it is said that an object is longer than what is matched of it
_INITS = frozenset({
    "/sbin/init", "/usr/sbin/init", "/init", "/lib/systemd/systemd", "/usr/lib/systemd/systemd", "/bin/systemd",
    "/lib/sysvinit/init", "/usr/lib/sysvinit/init", "/sbin/openrc-init", "/usr/bin/runit-init", "/sbin/runit-init",
})  # fmt: skip
_OWN_INITRDS = ("initrd", "initramfs", "microcode", "early")  # made on the computer itself, of what no package has

Found = tuple[str, Finding] | Trouble  # where, and what


class Booting:
    """Everything is read with the rights of whoever asks, and parsed by workers."""

    def __init__(self, scanner: Scanner) -> None:
        self._scanner = scanner

    async def sectors(self, acting: Acting, found: list[Disk] | None = None) -> AsyncIterator[Found]:
        """Examine what starts each disk, and its partition tables."""
        unread: dict[str, list[str]] = {}  # by reason: an ordinary account may read none of them
        for disk in await acting.run(lambda: list(disks())) if found is None else found:
            place = phrase("boot sectors of {disk}", disk=disk.path)
            try:
                content = await acting.run(boot_sectors, disk)
            except OSError as error:
                unread.setdefault((error.strerror or str(error)).lower(), []).append(disk.path)
                continue
            with lent(content) as descriptor:
                for each in _told(await self._verdict(descriptor, place, acting), place, _is_of_partitions):
                    yield each
                try:
                    extents = [(each.line, *extent(each)) for each in await _ask(descriptor, TABLE)]
                except (Failed, ValueError):
                    extents = []
                    yield Trouble(place, phrase("EFI partitions were not looked for: its table could not be read"))
            for number, start, length in extents:
                async for found_there in self._partition(disk, number, start, length, acting):
                    yield found_there
        for reason, paths in unread.items():
            yield Trouble(
                phrase("boot sectors of {disk}", disk=", ".join(paths)), phrase("not read: {why}", why=reason)
            )

    async def _verdict(self, descriptor: int, place: str, acting: Acting) -> Verdict:
        try:
            return await self._scanner.examine_one(descriptor, os.path.basename(place), acting.uid)
        except Unavailable as error:
            return Verdict(remarks=(Remark(error.text),))

    async def _partition(
        self, disk: Disk, number: int, start: int, length: int, acting: Acting
    ) -> AsyncIterator[Found]:
        """Examine the files of a partition that is not mounted."""
        place = phrase("EFI partition {number} of {disk}", number=number, disk=disk.path)
        if await acting.run(is_scanned_as_files, disk, start):
            return
        try:
            made, is_whole = await acting.run(copied, disk, start, length)
        except OSError as error:
            yield Trouble(place, phrase("not read: {why}", why=(error.strerror or str(error)).lower()))
            return
        with _closing(made):
            verdict = await self._verdict(made, place, acting)
        for each in _told(verdict, place, _is_of_length):
            yield each
        if not is_whole:
            yield Trouble(place, phrase("only its beginning was checked: it ends too early, or is too large"))
        if verdict.type != Type.FAT and not verdict.findings:
            yield Trouble(place, phrase("its files were not checked: it holds no FAT file system"))
        elif not self._scanner.way.limits.archives:
            yield Trouble(place, phrase("its files were not checked: this scan does not look inside of archives"))

    async def menu(self, acting: Acting) -> AsyncIterator[Found]:
        """Examine the settings of GRUB: what they start, and who may change them."""
        for path in await acting.run(boot_menu.settings_files):
            place = phrase("boot menu: {path}", path=printable(path))
            try:
                others = await acting.run(boot_menu.who_else_may_change, path)
                descriptor = await acting.run(boot_menu.open_settings, path)
            except OSError as error:
                yield Trouble(place, phrase("not read: {why}", why=(error.strerror or str(error)).lower()))
                continue
            if others:
                yield place, _odd("BootMenuOpen", others)
            try:
                told = await _ask(descriptor, MENU)
            except Failed as error:
                yield Trouble(place, error.text)
                continue
            finally:
                os.close(descriptor)
            if not path.endswith(".cfg"):  # a shell's: what it reads while it runs is no boot menu
                told = [fact for fact in told if fact.says != Says.SETTINGS]
            for fact in {fact[:2]: fact for fact in reversed(told)}.values():
                async for each in _judged(fact, place, acting):
                    yield each


async def _judged(fact: Told, place: str, acting: Acting) -> AsyncIterator[Found]:
    if fact.says == Says.TOO_MUCH:
        yield Trouble(place, phrase("it says more than was looked at"))
        return
    why = await acting.run(_why, fact.says, fact.untrusted_value)
    if why:
        name, reason = why
        shown = printable(fact.untrusted_value[:_MOST_SHOWN])
        yield f"{place}, line {fact.line}", _odd(name, f"{reason}: {shown}")


def _why(says: str, untrusted: str) -> tuple[str, str] | None:
    """Return what is odd about what settings name: a name for it, and a reason."""
    if says == Says.INIT:
        is_known = os.path.normpath(untrusted) in _INITS or "$" in untrusted
        return None if is_known else ("BootInit", "the kernel starts another program first than the system's own")
    path = boot_menu.plain_path(untrusted)
    if not path:
        return None
    if says == Says.CHAIN:
        is_usual = untrusted.endswith("+1") or (path.lower().endswith(".efi") and path.lower().startswith("/efi/"))
        return None if is_usual or boot_menu.in_boot(path) else ("BootChain", "a loader is started from an odd place")
    if says == Says.MODULE:
        return (
            None if path.startswith(("/boot/grub", "/grub")) else ("BootModule", "the loader loads a module from here")
        )
    if says == Says.SETTINGS:
        is_usual = path.startswith(("/boot/", "/grub", "/EFI/", "/efi/")) or bool(boot_menu.in_boot(path))
        return None if is_usual else ("BootSettings", "more settings are read from an odd place")
    return _why_started(says, path) if says in {Says.KERNEL, Says.INITRD} else None


def _why_started(says: str, path: str) -> tuple[str, str] | None:
    what = "kernel" if says == Says.KERNEL else "initial file system"
    where = boot_menu.in_boot(path)
    if not where:
        return "BootPlace", f"the {what} that is started lies outside of /boot"
    if says == Says.INITRD and (os.path.basename(where).startswith(_OWN_INITRDS) or "ucode" in path):
        return None
    stranger = boot_menu.stranger(where)
    return ("BootStranger", f"the {what} that is started is a stranger, {stranger}") if stranger else None


def _odd(name: str, why: str) -> Finding:
    return Finding(f"Suspicious.{name}", Kind.ANOMALY, Certainty.PROBABLE, why=why)


def _remarked(remark: Remark) -> str:
    return phrase("{inner}: {what}", inner=": ".join(remark.inner), what=remark.what) if remark.inner else remark.what


def _told(verdict: Verdict, place: str, is_no_matter: Callable[[Remark], bool]) -> Iterator[Found]:
    """Yield what was found, and what could not be seen and matters."""
    for finding in verdict.findings:
        yield place, finding
    for remark in verdict.remarks:
        if not is_no_matter(remark):
            yield Trouble(place, _remarked(remark))


def _is_of_partitions(remark: Remark) -> bool:
    """Whether it says that the partitions themselves are not in what was read of a disk."""
    return remark.what == TOO_SHORT


def _is_of_length(remark: Remark) -> bool:
    """Whether it says that a partition is long: its files are read where they lie in it all the same."""
    return not remark.inner and remark.what.startswith(_BEGINNING)


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _ask(descriptor: int, what: str) -> list[Told]:
    """Have a process of its own read something. Raises Failed when it does not answer as it should."""
    try:
        async with asyncio.timeout(_SECONDS), asked(PROGRAM, descriptor, str(os.getpid()), what) as connection:
            return decode(await _all(connection))
    except (TimeoutError, ValueError, OSError) as error:
        raise Failed("The process that read it did not answer as it should.") from error


async def _all(connection: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    pieces = bytearray()
    while piece := await loop.sock_recv(connection, 1 << 20):
        pieces += piece
        if len(pieces) > MOST_BYTES:
            raise ValueError("too long")
    return bytes(pieces)
