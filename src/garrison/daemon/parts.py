"""What the suite is made of, for its own operations."""

from collections.abc import Callable
from dataclasses import dataclass, field

from garrison.base.clock import Clock
from garrison.daemon.door import Door
from garrison.daemon.host import Reporter
from garrison.daemon.inbox import Inbox
from garrison.daemon.jobs import Jobs
from garrison.daemon.journal import Journal
from garrison.daemon.password import PasswordBook
from garrison.daemon.pausing import Pausing
from garrison.daemon.settings_book import SettingsBook
from garrison.daemon.store import Store
from garrison.daemon.supervisor import Supervisor
from garrison.sdk import AnyComponent


@dataclass(slots=True)
class Parts:
    """What the suite is made of."""

    store: Store
    book: SettingsBook
    journal: Journal
    reporter: Reporter
    jobs: Jobs
    inbox: Inbox
    door: Door
    supervisor: Supervisor
    clock: Clock
    shut_down: Callable[[], None]
    become_lasting: Callable[[], None]
    components: dict[str, AnyComponent] = field(default_factory=dict)
    is_lasting: bool = False
    pausing: Pausing = field(init=False)
    password: PasswordBook = field(init=False)
