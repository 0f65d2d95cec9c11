"""The one explicit list of components, in the order people see them."""

from garrison.components.background_scan.component import BackgroundScan
from garrison.components.console.component import Console
from garrison.components.databases.component import DatabasesComponent
from garrison.components.desktop.component import Desktop
from garrison.components.exclusions.component import Exclusions
from garrison.components.file_protection.component import FileProtection
from garrison.components.notifications.component import Notifications
from garrison.components.privacy.component import Privacy
from garrison.components.quarantine.component import QuarantineComponent
from garrison.components.removable_drives.component import RemovableDrives
from garrison.components.scan.component import Scan
from garrison.components.self_test.component import SelfTest
from garrison.components.system_watcher.component import SystemWatcher
from garrison.components.updates.component import Updates
from garrison.components.upgrades.component import Upgrades
from garrison.daemon.suite import Suite
from garrison.sdk import AnyComponent, describe
from garrison.wire.manifest import Manifest

COMPONENTS: tuple[type[AnyComponent], ...] = (
    Scan,
    BackgroundScan,
    RemovableDrives,
    FileProtection,
    SystemWatcher,
    QuarantineComponent,
    Exclusions,
    DatabasesComponent,
    Updates,
    Upgrades,
    Privacy,
    SelfTest,
    Console,
    Desktop,
    Notifications,
)


def manifests() -> tuple[Manifest, ...]:
    """Return what the suite and all its components say of themselves."""
    everything: tuple[type[AnyComponent], ...] = (Suite, *COMPONENTS)
    return tuple(describe(cls) for cls in everything)
