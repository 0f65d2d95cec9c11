"""The limits, kept while one file is unpacked."""

from garrison.base import text
from garrison.engine.budget import Budget, Limits

# What people who exchange samples, and mails that carry malware, encrypt with.
PASSWORDS = (b"infected", b"virus", b"malware", b"password", b"1234", b"123")


class Incomplete(Exception):  # no error of ours: the object ends before its end, and this is why
    """An object could be read only in part. remark: the sentence that says why."""

    def __init__(self, remark: str) -> None:
        super().__init__(remark)
        self.remark = remark


class Guard:
    """Counts what comes out of one file, over all depths, and ends the unpacking when a limit is reached.

    size: of the file itself, in bytes, for the ratio. passwords: what encrypted members are tried with, the likeliest
    first. stopped: why everything ends now, or "". emulated: instructions that were run for it. made: hashes of the
    programs that the emulator ran or gave, which are not run once more.
    """

    __slots__ = (
        "_budget",
        "_packed",
        "_passed",
        "emulated",
        "limits",
        "made",
        "objects",
        "passwords",
        "stopped",
        "unpacked",
    )

    def __init__(self, limits: Limits, budget: Budget, size: int, passwords: tuple[bytes, ...] = PASSWORDS) -> None:
        self.limits = limits
        self.objects = 1
        self.unpacked = 0
        self.stopped = ""
        self.passwords = passwords
        self.emulated = 0
        self.made: set[int] = set()
        self._budget = budget
        self._packed = max(size, 1)
        self._passed = 0

    def check(self) -> None:
        """Raise Incomplete when the time is over or a limit was reached before."""
        if not self.stopped and self._budget.spent():
            self.stopped = "limit reached: time"
        if self.stopped:
            raise Incomplete(self.stopped)

    def admit(self) -> None:
        """Count one more object. Raises Incomplete when there are too many, or the time is over."""
        if not self.stopped and self.objects >= self.limits.members:
            self.stopped = f"limit reached: more than {self.limits.members:,} objects"
        self.check()
        self.objects += 1

    def pass_over(self) -> None:
        """Count one more member that is not opened; hostile lists of them are as long as the file allows."""
        self._passed += 1
        if not self.stopped and self._passed > self.limits.members:
            self.stopped = f"limit reached: more than {self.limits.members:,} objects"

    def grew(self, count: int) -> None:
        """Count bytes that were unpacked. Raises Incomplete when it is too much for the file, or the time is over."""
        self.unpacked += count
        if not self.stopped and self.unpacked > self.limits.total_bytes:
            self.stopped = f"limit reached: unpacks to over {_size(self.limits.total_bytes)}"
        elif not self.stopped and self.is_bomb(self.unpacked, self._packed):
            self.stopped = self.ratio_remark
        self.check()

    def is_bomb(self, unpacked: int, packed: int) -> bool:
        """Return whether so much out of so little, in bytes, is what no honest archive does."""
        return unpacked >= self.limits.ratio_from_bytes and unpacked > packed * self.limits.ratio

    @property
    def room(self) -> int:
        """The most that is worth unpacking in one go, in bytes: one more than may still come."""
        return max(0, self.limits.total_bytes - self.unpacked) + 1

    @property
    def ratio_remark(self) -> str:
        """The sentence for what unpacks to far too much."""
        return f"limit reached: unpacks to over {self.limits.ratio} times its size"

    @property
    def size_remark(self) -> str:
        """The sentence for an object of which only the beginning was checked."""
        return f"only the first {_size(self.limits.object_bytes)} were checked"


def _size(count: int) -> str:
    return text.size(count).replace(".0 ", " ")
