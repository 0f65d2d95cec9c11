"""The settings of the System Watcher."""

from enum import StrEnum
from pathlib import Path

from garrison import sdk

_TRUSTED = (
    "/usr/lib/libreoffice/program/soffice.bin", "/opt/libreoffice/program/soffice.bin", "/usr/bin/git",
    "/usr/lib/git-core/git", "/usr/bin/rsync", "/usr/bin/gzip", "/usr/bin/bzip2", "/usr/bin/xz", "/usr/bin/zstd",
    "/usr/libexec/tracker-extract-3", "/usr/libexec/tracker-miner-fs-3", "/usr/bin/baloo_file",
)  # fmt: skip
THRESHOLDS = {"high": 2.0, "recommended": 3.0, "low": 6.0}


class Sensitivity(StrEnum):
    """How much a program may do before it is stopped: 2, 3 or 6 files."""

    HIGH = "high"
    RECOMMENDED = "recommended"
    LOW = "low"


class WhenSeen(StrEnum):
    """What is done at an alarm. automatic: stop, restore, end; ask: stop and ask; tell: nothing but telling."""

    AUTOMATIC = "automatic"
    ASK = "ask"
    TELL = "tell"


class SystemWatcherSettings(sdk.Settings):
    """How documents are protected from ransomware."""

    home_folders: bool = sdk.field(True, title="Protect documents, desktop and pictures in everybody's home folder")
    action: WhenSeen = sdk.field(WhenSeen.AUTOMATIC, title="When a program destroys documents")
    sensitivity: Sensitivity = sdk.field(Sensitivity.RECOMMENDED, title="Sensitivity")
    window_minutes: int = sdk.field(10, title="Add up what a program does over (minutes)", ge=1, le=1440)
    copies_mib: int = sdk.field(1024, title="Space for copies (MiB)", ge=1, le=1024 * 1024)
    trusted: tuple[Path, ...] = sdk.field(
        tuple(Path(path) for path in _TRUSTED), title="Programs that may do what they like (full paths)", max_length=200
    )
    block_minutes: int = sdk.field(60, title="Block a computer that destroys a share for (minutes)", ge=0, le=10080)
    copies_on_read: bool = sdk.field(
        True, title="Copy documents also when they are read, on kernels before 6.14 that need it"
    )
