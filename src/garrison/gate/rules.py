"""What the plan leaves out: private folders, trusted programs, masks, kinds of files, places that are not watched."""

import fnmatch
import os
import re
import stat
from collections.abc import Callable, Iterable

from garrison.linux.mounted import Location, Mounts, is_below, mount_of
from garrison.wire.guarding import Place, Plan, Reach, Types

# Names of what programs run or open with more than looking at it in mind. No name at all says nothing: examined.
RISKY = frozenset(
    [
        "7z",
        "ace",
        "ade",
        "adp",
        "apk",
        "app",
        "appimage",
        "application",
        "arj",
        "asp",
        "aspx",
        "autorun",
        "bas",
        "bat",
        "bin",
        "bz2",
        "cab",
        "cgi",
        "chm",
        "class",
        "cmd",
        "com",
        "command",
        "cpl",
        "crt",
        "csh",
        "csv",
        "deb",
        "desktop",
        "dll",
        "dmg",
        "doc",
        "docm",
        "docx",
        "dot",
        "dotm",
        "dotx",
        "dylib",
        "ear",
        "elf",
        "eml",
        "exe",
        "fon",
        "gadget",
        "gz",
        "hlp",
        "hta",
        "htm",
        "html",
        "img",
        "inf",
        "ini",
        "ins",
        "iqy",
        "iso",
        "isp",
        "jar",
        "job",
        "js",
        "jse",
        "jsp",
        "ko",
        "ksh",
        "lib",
        "lnk",
        "lua",
        "lz",
        "lzh",
        "lzma",
        "mam",
        "mda",
        "mdb",
        "mde",
        "mht",
        "mhtml",
        "mjs",
        "msc",
        "msg",
        "msi",
        "msix",
        "msp",
        "mst",
        "odp",
        "ods",
        "odt",
        "one",
        "out",
        "ova",
        "pdf",
        "php",
        "pif",
        "pkg",
        "pl",
        "pm",
        "potm",
        "potx",
        "ppa",
        "ppam",
        "pps",
        "ppsm",
        "ppsx",
        "ppt",
        "pptm",
        "pptx",
        "ps",
        "ps1",
        "psd1",
        "psm1",
        "pst",
        "py",
        "pyc",
        "pyo",
        "pyw",
        "rar",
        "rb",
        "reg",
        "rpm",
        "rtf",
        "run",
        "scr",
        "sct",
        "service",
        "sh",
        "shar",
        "shb",
        "shs",
        "slk",
        "so",
        "sql",
        "svg",
        "swf",
        "sys",
        "tar",
        "tcl",
        "tgz",
        "url",
        "vb",
        "vba",
        "vbe",
        "vbs",
        "vhd",
        "vhdx",
        "vmdk",
        "war",
        "wasm",
        "wsc",
        "wsf",
        "wsh",
        "xar",
        "xht",
        "xhtml",
        "xla",
        "xlam",
        "xll",
        "xls",
        "xlsb",
        "xlsm",
        "xlsx",
        "xlt",
        "xltm",
        "xml",
        "xps",
        "xsl",
        "xz",
        "z",
        "zip",
        "zsh",
        "zst",
    ]
)
# How sound, pictures and films begin that no program runs (RFC 9639, RFC 3533, PNG, JPEG, GIF89a, EBML).
_PASSIVE = (b"fLaC", b"OggS", b"ID3", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"\x1aE\xdf\xa3")
_DELETED = " (deleted)"


def path_of(descriptor: int) -> str:
    """Return the path of what is open, as it is now; "" when that cannot be told."""
    try:
        path = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""
    if path.endswith(_DELETED) and not os.fstat(descriptor).st_nlink:
        path = path.removesuffix(_DELETED)
    return path


class Rules:
    """A plan made ready. Safe to ask from any thread.

    Nothing is left out by its path unless it was opened over a mount that this process sees too: in a namespace of
    their own, people can call any folder by any name.
    """

    def __init__(self, plan: Plan, mounts: Mounts) -> None:
        self._mounts = mounts
        self._programs = frozenset(plan.programs)
        self._private = tuple(filter(None, (mounts.locate(os.path.realpath(path)) for path in plan.private)))
        self._is_masked = _matcher(plan.masks)
        self._types = plan.types
        self._is_everywhere = any(place.reach is Reach.EVERYTHING for place in plan.places)
        self._folders = tuple(filter(None, (_location(place, mounts, Reach.FOLDER) for place in plan.places)))
        wholes = filter(None, (_location(place, mounts, Reach.MOUNT) for place in plan.places))
        self._wholes = frozenset(each.device for each in wholes)
        self._watched_paths = tuple(_path(place, mounts) for place in plan.places)
        self._asks_for_path = bool(
            plan.private or plan.masks or (self._folders and not self._is_everywhere) or plan.types is Types.EXTENSION
        )

    def leave_out(self, descriptor: int, process: int) -> bool:
        """Return whether an open file is none to examine."""
        if self._programs and _runs_one_of(process, self._programs):
            return True
        if self._asks_for_path and self._leaves_out_path(descriptor):
            return True
        return self._types is Types.FORMAT and _begins_passive(descriptor)

    def _leaves_out_path(self, descriptor: int) -> bool:
        path = path_of(descriptor)
        if not path.startswith("/"):
            return False
        is_doubtful = self._is_masked(path) or self._is_elsewhere(path) or self._has_private(path)
        if not is_doubtful and not (self._types is Types.EXTENSION and _is_harmless_name(path, descriptor)):
            return False
        try:
            location = self._mounts.locate_on(mount_of(descriptor), path)
        except (OSError, ValueError, IndexError):
            return False
        if location is None:
            return False
        return (
            self._is_masked(path)
            or any(location.is_in(folder) for folder in self._private)
            or not self._is_watched(location)
            or (self._types is Types.EXTENSION and _is_harmless_name(path, descriptor))
        )

    def _has_private(self, path: str) -> bool:
        return any(path.endswith(folder.path) or f"{folder.path}/" in path for folder in self._private)

    def _is_elsewhere(self, path: str) -> bool:
        """Return whether a path may be in no watched place; where it really is, its mount has to say."""
        return not self._is_everywhere and not any(is_below(path, watched) for watched in self._watched_paths)

    def _is_watched(self, location: Location) -> bool:
        if self._is_everywhere or location.device in self._wholes:
            return True
        return any(location.is_in(folder) for folder in self._folders)


def _location(place: Place, mounts: Mounts, reach: Reach) -> Location | None:
    return mounts.locate(os.path.realpath(place.path)) if place.reach is reach else None


def _path(place: Place, mounts: Mounts) -> str:
    path = os.path.realpath(place.path)
    mount = mounts.at(path) if place.reach is Reach.MOUNT else None
    return path if mount is None else mount.path


def _runs_one_of(process: int, programs: frozenset[str]) -> bool:
    """Return whether a process runs a trusted program: the file itself, not one that has its name in some namespace."""
    link = f"/proc/{process}/exe"
    try:
        program = os.readlink(link)
        return program in programs and os.path.samestat(os.stat(link), os.stat(program))
    except OSError:
        return False


def _begins_passive(descriptor: int) -> bool:
    try:
        return os.pread(descriptor, 8, 0).startswith(_PASSIVE)
    except OSError:
        return False


def _is_harmless_name(path: str, descriptor: int) -> bool:
    extension = os.path.splitext(path)[1][1:].lower()
    if not extension or extension in RISKY:
        return False
    return not os.fstat(descriptor).st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _matcher(masks: Iterable[str]) -> Callable[[str], bool]:
    """Return what masks fit, as the exclusions have it: without a slash the name, with one the path or a folder."""
    masks = [mask for mask in masks if mask.strip("*?/ ")]
    if not masks:
        return lambda _: False
    anchored = [mask if mask[0] in "/*?[" else f"*/{mask}" for mask in masks if "/" in mask]
    whole = [fnmatch.translate(mask.rstrip("/") + below) for mask in anchored for below in ("", "/*")]
    last = [fnmatch.translate(mask) for mask in masks if "/" not in mask]
    by_path, by_name = re.compile("|".join(whole) or r"(?!)"), re.compile("|".join(last) or r"(?!)")
    return lambda path: bool(by_path.match(path) or by_name.match(os.path.basename(path)))
