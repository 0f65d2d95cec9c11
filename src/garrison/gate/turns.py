"""Whose files are examined next: accounts take turns, however many of its files wait."""

from collections import Counter, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Turns(Generic[T]):
    """What waits, by account; within one in the order in which it came."""

    def __init__(self) -> None:
        self._lines: dict[int, deque[T]] = {}  # the account whose turn is next is first
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def put(self, account: int, item: T) -> None:
        """Put something at the end of its account's line."""
        self._lines.setdefault(account, deque()).append(item)
        self._count += 1

    def take(self, most: int) -> list[T]:
        """Return what is next, all of one account, which then comes after all others; nothing when nothing waits."""
        account = next(iter(self._lines), None)
        if account is None:
            return []
        line = self._lines.pop(account)
        taken = [line.popleft() for _ in range(min(max(1, most), len(line)))]
        if line:
            self._lines[account] = line
        self._count -= len(taken)
        return taken


class Share:
    """How many of `most` places each account has, so that none has all: the last fourth is for those with few."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[int] = Counter()
        self._total = 0

    def take(self, account: int) -> bool:
        """Take a place for an account; return False when there is none for it."""
        is_crowded = self._total >= self._most - self._most // 4
        if self._total >= self._most or (is_crowded and self._taken[account] >= self._most // 16):
            return False
        self._taken[account] += 1
        self._total += 1
        return True

    def give_back(self, account: int) -> None:
        """Give a place of an account back."""
        self._total -= 1
        self._taken[account] -= 1
        if not self._taken[account]:
            del self._taken[account]
