"""Who is served next: seats at the workers, shared fairly between accounts however many calls each of them makes."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Collection


class Seat:
    """A seat that a call has. account: whose call. is_lost: it has been given to somebody else."""

    def __init__(self, seats: "Seats", account: int) -> None:
        self._seats = seats
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()
        self._timer: asyncio.TimerHandle | None = None
        self.account = account
        self.is_lost = False

    def is_over(self) -> bool:
        """Return whether the call has had its slice of time, and somebody waits who could have the seat."""
        held_seconds = self._loop.time() - self._since
        return held_seconds >= self._seats.slice_seconds and self._seats.is_wanted(self.account)

    def leave(self, when_lost: Callable[[], None]) -> None:
        """Go about something else until `come_back`; who takes longer than a slice loses the seat to who wants it."""
        self._timer = self._loop.call_later(self._seats.slice_seconds, self._look, when_lost)

    def come_back(self) -> None:
        """Be back, though the seat may be lost."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, when_lost: Callable[[], None]) -> None:
        if self._seats.is_wanted(self.account):
            when_lost()
            self.give_back()
        else:
            self.leave(when_lost)

    def give_back(self) -> None:
        """Let others have it."""
        self.come_back()
        if not self.is_lost:
            self.is_lost = True
            self._seats.stand_up(self.account)


class Seats:
    """Gives out `size` seats.

    Accounts take turns, each with its oldest call. Owners come first, though not twice in a row while others wait; of
    two seats or more, the last is kept for them.
    """

    def __init__(self, size: int, owners: Collection[int], slice_seconds: float) -> None:
        self.slice_seconds = slice_seconds
        self.taken = 0
        self._size = size
        self._guest_seats = max(1, size - 1)
        self._guests = 0  # seats that accounts have who are no owners
        self._owners = frozenset(owners)
        self._waiting: dict[int, deque[asyncio.Future[None]]] = {}  # the account whose turn is next is first
        self._last_was_owner = False

    @contextlib.asynccontextmanager
    async def seat(self, account: int) -> AsyncGenerator[Seat, None]:
        """Wait for a seat, and have it."""
        if self._has_room(account):
            self._sit(account)
        else:
            await self._wait(account)
        seat = Seat(self, account)
        try:
            yield seat
        finally:
            seat.give_back()

    def is_wanted(self, holder: int) -> bool:
        """Return whether somebody would get the seat that an account has, were it free."""
        is_guest = holder not in self._owners
        return any(self._has_room(account, 1, int(is_guest)) for account in self._waiting)

    def _has_room(self, account: int, freed: int = 0, freed_by_guests: int = 0) -> bool:
        may_sit = account in self._owners or self._guests - freed_by_guests < self._guest_seats
        return may_sit and self.taken - freed < self._size

    def _sit(self, account: int) -> None:
        self.taken += 1
        self._guests += account not in self._owners
        self._last_was_owner = account in self._owners

    def stand_up(self, account: int) -> None:
        """Take the seat of an account back, and give it to the next."""
        self.taken -= 1
        self._guests -= account not in self._owners
        while (following := self._next()) is not None:
            line = self._waiting.pop(following)
            turn = line.popleft()
            if line:
                self._waiting[following] = line  # again, after all others
            if not turn.done():  # else its call has just been cancelled
                self._sit(following)
                turn.set_result(None)

    def _next(self) -> int | None:
        """Return the account that gets a seat now, None when there is no seat or nobody for it."""
        could = [account for account in self._waiting if self._has_room(account)]
        first = [account for account in could if (account in self._owners) != self._last_was_owner]
        return next(iter(first or could), None)

    async def _wait(self, account: int) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(account, deque()).append(turn)
        try:
            await turn
        except BaseException:
            if turn.done() and not turn.cancelled():
                self.stand_up(account)
            else:
                self._leave(account, turn)
            raise

    def _leave(self, account: int, turn: asyncio.Future[None]) -> None:
        line = self._waiting.get(account, deque())
        with contextlib.suppress(ValueError):  # it may be out of the line already
            line.remove(turn)
        if not line:
            self._waiting.pop(account, None)
